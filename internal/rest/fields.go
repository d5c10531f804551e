package rest

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"gatehouse/internal/op"
)

// sparse is the answer to a list of which only some fields were asked for, as
// registrars' clients do: fields=id,login, also repeated.
type sparse struct {
	names []string // of the entity; none when the answer is no list
}

func newSparse(i op.Info) sparse {
	f, ok := reflect.StructField{}, false
	if i.Out.Kind() == reflect.Struct {
		f, ok = i.Out.FieldByName("Entities")
	}
	if !ok || f.Type.Kind() != reflect.Slice || !strings.HasPrefix(i.Route, "GET ") {
		return sparse{}
	}
	var s sparse
	for _, field := range reflect.VisibleFields(f.Type.Elem()) {
		if name := jsonName(field); name != "" {
			s.names = append(s.names, name)
		}
	}
	return s
}

// take removes the parameter from a query and reads it; nil when it is not
// there.
func (s sparse) take(query url.Values) ([]string, error) {
	values, ok := query["fields"]
	if !ok || s.names == nil {
		return nil, nil
	}
	delete(query, "fields")
	wanted := strings.Split(strings.Join(values, ","), ",")
	for _, name := range wanted {
		if !slices.Contains(s.names, name) {
			return nil, unreadable("There is no field %q here; there are %s.", short(name), strings.Join(s.names, ", "))
		}
	}
	return wanted, nil
}

// project leaves only the wanted fields in the entities of an answer.
func project(out any, wanted []string) (any, error) {
	if wanted == nil {
		return out, nil
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	var page struct {
		Entities   []map[string]json.RawMessage `json:"entities"`
		Pagination json.RawMessage              `json:"pagination"`
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return nil, err
	}
	for _, e := range page.Entities {
		for name := range e {
			if !slices.Contains(wanted, name) {
				delete(e, name)
			}
		}
	}
	return page, nil
}
