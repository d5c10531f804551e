package rest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

//go:embed manual.html
var manualPage string

//go:embed manual.css
var manualStyle []byte

// manual describes the API to people: the same table as the OpenAPI document,
// in a page that needs no script.
type manual struct {
	Prefix string
	Cookie string
	Groups []manualGroup
	Codes  []manualCode
}

type manualGroup struct {
	Noun       string
	Operations []manualOperation
}

type manualOperation struct {
	Name, Method, Path, Summary string
	Who, Event                  string
	Parameters                  []manualParameter
	Body, Answer                string // examples
	Creates                     bool
}

type manualParameter struct {
	Name, In, Type string
	Required       bool
}

type manualCode struct {
	Code   problem.Code
	Status int
	Title  string
}

// Manual is the page that documents the API, and its style sheet. It panics
// when the template is broken: such a program must not start.
func Manual(t *op.Table) (page, style []byte) {
	m := manual{Prefix: Prefix, Cookie: cookie}
	values := enums()
	for _, o := range t.All() {
		i := o.Info()
		if i.Route == op.NoRoute {
			continue
		}
		noun, _, _ := strings.Cut(i.Name, ".")
		if n := len(m.Groups); n == 0 || m.Groups[n-1].Noun != noun {
			m.Groups = append(m.Groups, manualGroup{Noun: noun})
		}
		g := &m.Groups[len(m.Groups)-1]
		g.Operations = append(g.Operations, describe(i, values))
	}
	for _, c := range problem.Codes() {
		m.Codes = append(m.Codes, manualCode{c, statusOf(c), http.StatusText(statusOf(c))})
	}
	var b bytes.Buffer
	if err := template.Must(template.New("manual").Parse(manualPage)).Execute(&b, m); err != nil {
		panic(fmt.Sprintf("rest: the manual cannot be written: %v", err))
	}
	return b.Bytes(), manualStyle
}

func describe(i op.Info, values map[reflect.Type]any) manualOperation {
	method, path, _ := strings.Cut(i.Route, " ")
	o := manualOperation{Name: i.Name, Method: method, Path: Prefix + path, Summary: i.Summary, Who: i.Rule.String(), Event: i.Event, Creates: i.Creates != ""}
	body := method == http.MethodPost || method == http.MethodPatch
	inBody := 0
	for _, f := range reflect.VisibleFields(i.In) {
		name := jsonName(f)
		if name == "" {
			continue
		}
		p := manualParameter{Name: name, In: "query", Type: typeText(f.Type, values), Required: !strings.Contains(f.Tag.Get("json"), ",omit")}
		if filter, ok := filterOf(i.In, name); ok {
			p.Type = "filter. " + filterText(filter)
		}
		switch {
		case slices.Contains(i.Parameters(), name):
			p.In, p.Required = "path", true
		case body:
			p.In = "body"
			inBody++
		}
		o.Parameters = append(o.Parameters, p)
	}
	if inBody > 0 {
		o.Body = example(i.In, values, func(f reflect.StructField) bool { return !slices.Contains(i.Parameters(), jsonName(f)) })
	}
	o.Answer = example(i.Out, values, func(reflect.StructField) bool { return true })
	return o
}

// typeText says in few words what a value looks like.
func typeText(t reflect.Type, values map[reflect.Type]any) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time (RFC 3339, UTC)"
	case reflect.TypeFor[secret.Text]():
		return "text, secret"
	}
	if v, ok := values[t]; ok {
		if all := reflect.ValueOf(v); all.Len() <= 8 {
			return oneOf(all)
		}
	}
	if strings.HasSuffix(t.PkgPath(), "/internal/id") {
		return "id: " + strings.ToLower(t.Name())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeText(t.Elem(), values)
	case reflect.Slice:
		return "list of " + typeText(t.Elem(), values)
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "number"
	}
	return "text"
}

func oneOf(all reflect.Value) string {
	var texts []string
	for n := range all.Len() {
		if s := all.Index(n).String(); s != "" {
			texts = append(texts, s)
		}
	}
	return strings.Join(texts, " | ")
}

// example is JSON of that type, with a description for every value.
func example(t reflect.Type, values map[reflect.Type]any, with func(reflect.StructField) bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(sampleOf(t, values, with)); err != nil {
		panic(fmt.Sprintf("rest: no example of %s: %v", t, err))
	}
	return strings.TrimSpace(b.String())
}

func sampleOf(t reflect.Type, values map[reflect.Type]any, with func(reflect.StructField) bool) any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "2026-03-01T09:30:00Z"
	case reflect.TypeFor[secret.Text]():
		return "…"
	case reflect.TypeFor[secret.OneTime]():
		return "… (shown once)"
	}
	if _, ok := values[t]; ok {
		if s := typeText(t, values); s != "text" {
			return s
		}
		return "…"
	}
	if strings.HasSuffix(t.PkgPath(), "/internal/id") {
		return "…"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return sampleOf(t.Elem(), values, with)
	case reflect.Slice:
		return []any{sampleOf(t.Elem(), values, with)}
	case reflect.Map:
		return object{}
	case reflect.Bool:
		return false
	case reflect.Int, reflect.Int64:
		return 0
	case reflect.Struct:
		return sampleStruct(t, values, with)
	}
	return "text"
}

// ordered is an object whose names keep the order in which they are declared.
type ordered []struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for n, p := range o {
		if n > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(p.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func sampleStruct(t reflect.Type, values map[reflect.Type]any, with func(reflect.StructField) bool) any {
	o := ordered{}
	for _, f := range reflect.VisibleFields(t) {
		if name := jsonName(f); name != "" && with(f) {
			o = append(o, struct {
				name  string
				value any
			}{name, sampleOf(f.Type, values, with)})
		}
	}
	return o
}
