package rest

import (
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"gatehouse/internal/op"
	"gatehouse/internal/problem"
)

// input reads the request of one operation into its input: path parameters by
// name, then the query of a GET or DELETE, or the JSON body of the others.
type input struct {
	fields   map[string]inputField
	body     bool
	pathOnly map[string]bool
}

type inputField struct {
	name  string
	index []int
}

func newInput(i op.Info) input {
	method, path, _ := strings.Cut(i.Route, " ")
	in := input{fields: map[string]inputField{}, pathOnly: map[string]bool{}, body: method == http.MethodPost || method == http.MethodPatch}
	for _, f := range reflect.VisibleFields(i.In) {
		if name := jsonName(f); name != "" {
			in.fields[name] = inputField{name, f.Index}
		}
	}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			in.pathOnly[strings.TrimSuffix(name, "}")] = true
		}
	}
	return in
}

// jsonName of a field; empty for one that is not in the JSON.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if f.Anonymous || name == "-" || !f.IsExported() {
		return ""
	}
	return name
}

func unreadable(format string, args ...any) error {
	return problem.Newf(problem.InvalidRequest, format, args...)
}

func (in input) decode(r *http.Request, v any) error {
	target := reflect.ValueOf(v).Elem()
	if in.body {
		if err := decodeBody(r, v); err != nil {
			return err
		}
	} else if err := in.decodeQuery(r, target); err != nil {
		return err
	}
	for name := range in.pathOnly {
		if err := set(target.FieldByIndex(in.fields[name].index), r.PathValue(name)); err != nil {
			return unreadable("The address cannot be read: %s is not right.", name)
		}
	}
	return nil
}

func decodeBody(r *http.Request, v any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return nil // an operation without input
	}
	if err != nil || kind != "application/json" {
		return unreadable("Please send the request as application/json.")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err = d.Decode(v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			return unreadable("The request holds more than one JSON value; please send one.")
		}
		return nil
	}
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge
	case errors.As(err, &wrongType):
		return unreadable("The field %s cannot be a %s; please check its type.", orWhole(wrongType.Field), wrongType.Value)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return unreadable("There is no field %s here; please remove it.", strings.TrimPrefix(err.Error(), "json: unknown field "))
	}
	return unreadable("The request is not valid JSON; please check it.")
}

func orWhole(field string) string {
	if field == "" {
		return "(the whole request)"
	}
	return field
}

// decodeQuery follows the conventions of registrars' lists: field=value or
// field:eq=value, booleans as 1 or true.
func (in input) decodeQuery(r *http.Request, target reflect.Value) error {
	if r.ContentLength > 0 {
		return unreadable("A %s takes no body; please use the query.", r.Method)
	}
	for key, values := range r.URL.Query() {
		name, operator, _ := strings.Cut(key, ":")
		f, ok := in.fields[name]
		if !ok || in.pathOnly[name] {
			return unreadable("There is no parameter %q here; please remove it.", name)
		}
		if operator != "" && operator != "eq" {
			return unreadable("The parameter %q knows no %q; it takes eq only.", name, operator)
		}
		if len(values) != 1 {
			return unreadable("The parameter %q is given %d times; please give it once.", name, len(values))
		}
		if err := set(target.FieldByIndex(f.index), values[0]); err != nil {
			return unreadable("The parameter %q cannot be %q; please check it.", name, values[0])
		}
	}
	return nil
}

// set parses text into a field of an input.
func set(f reflect.Value, text string) error {
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.New(f.Type().Elem()))
		f = f.Elem()
	}
	if u, ok := f.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		f.SetInt(int64(n))
		return err
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		f.SetBool(b)
		return err
	default:
		return errors.New("no text form")
	}
	return nil
}
