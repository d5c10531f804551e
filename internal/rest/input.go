package rest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
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

// decode also gives the fields of a list that are wanted; nil: all.
func (in input) decode(r *http.Request, lists sparse, v any) (wanted []string, err error) {
	target := reflect.ValueOf(v).Elem()
	if in.body {
		if r.URL.RawQuery != "" {
			return nil, unreadable("A %s takes no query; please send everything in the body.", r.Method)
		}
		if err := in.decodeBody(r, v); err != nil {
			return nil, err
		}
	} else if wanted, err = in.decodeQuery(r, lists, target); err != nil {
		return nil, err
	}
	for name := range in.pathOnly {
		if err := set(target.FieldByIndex(in.fields[name].index), r.PathValue(name)); err != nil {
			return nil, unreadable("The address cannot be read: %s is not right.", name)
		}
	}
	return wanted, nil
}

func (in input) decodeBody(r *http.Request, v any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return nil // an operation without input
	}
	if err != nil || kind != "application/json" {
		return answered{http.StatusUnsupportedMediaType, unreadable("Please send the request as application/json.")}
	}
	body, err := io.ReadAll(r.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if err != nil {
		return unreadable("The request broke off; please send it again.")
	}
	if err := in.checkNames(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err = d.Decode(v)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		return unreadable("%s cannot be of the type %s; please check it.", orWhole(wrongType.Field), short(wrongType.Value))
	case errors.Is(err, secret.ErrNotText):
		return unreadable("A secret, such as a password or code, must be a text in quotation marks.")
	}
	return errNotJSON
}

var errNotJSON = unreadable("The request is not valid JSON; please check it.")

// deepest nesting of a body. No input comes near it.
const deepest = 16

// checkNames refuses what encoding/json would let pass: a second value, a name
// given twice, another spelling of a name, and nesting that only costs memory.
func (in input) checkNames(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	var open []map[string]bool // names seen in each open object; nil for a list
	name := false              // a name comes next, or the end of an object
	for first := true; first || len(open) > 0; first = false {
		t, err := d.Token()
		if err != nil {
			return errNotJSON
		}
		if text, ok := t.(string); ok && name {
			seen := open[len(open)-1]
			if seen[text] {
				return unreadable("The field %q is given twice; please give it once.", short(text))
			}
			if _, known := in.fields[text]; len(open) == 1 && (!known || in.pathOnly[text]) {
				return unreadable("There is no field %q here; please remove it.", short(text))
			}
			seen[text], name = true, false
			continue
		}
		switch t {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > deepest {
			return unreadable("The request is nested too deeply; please check it.")
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return unreadable("The request holds more than one JSON value; please send one.")
	}
	return nil
}

// short is as much of what was sent as helps to find it: an answer must not be
// as long as the request was.
func short(sent string) string {
	const most = 64
	if letters := []rune(sent); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return sent
}

func orWhole(field string) string {
	if field == "" {
		return "The request"
	}
	return "The field " + field
}

// decodeQuery follows the conventions of registrars' lists: field=value or
// field:operator=value, booleans as 1 or true.
func (in input) decodeQuery(r *http.Request, lists sparse, target reflect.Value) ([]string, error) {
	if r.ContentLength != 0 { // −1: of unknown length
		return nil, unreadable("A %s takes no body; please use the query.", r.Method)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, unreadable("The query cannot be read; please check how it is escaped.")
	}
	wanted, err := lists.take(query)
	if err != nil {
		return nil, err
	}
	given := map[string]bool{}
	for key, values := range query {
		name, operator, _ := strings.Cut(key, ":")
		f, ok := in.fields[name]
		if !ok || in.pathOnly[name] {
			return nil, unreadable("There is no parameter %q here; please remove it.", short(name))
		}
		if target.FieldByIndex(f.index).Type() == reflect.TypeFor[listing.Filter]() {
			asked, err := asFilter(query, name)
			if err != nil {
				return nil, err
			}
			target.FieldByIndex(f.index).SetString(string(asked))
			continue
		}
		text, err := parameter(name, operator, values)
		if err != nil {
			return nil, err
		}
		if given[name] { // once as x and once as x:eq
			return nil, givenTwice(name)
		}
		given[name] = true
		if err := set(target.FieldByIndex(f.index), text); err != nil {
			return nil, unreadable("The parameter %q cannot be %q; please check it.", name, short(text))
		}
	}
	return wanted, nil
}

func givenTwice(name string) error {
	return unreadable("The parameter %q is given more than once; please give it once.", name)
}

// parameter is the text of one that is no filter: given once, and equal.
func parameter(name, operator string, values []string) (string, error) {
	if operator != "" && operator != "eq" {
		return "", unreadable("The parameter %q knows no %q; it takes eq only.", name, short(operator))
	}
	if len(values) > 1 {
		return "", givenTwice(name)
	}
	return values[0], nil
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
