package rest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/rest"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing them")

// Everything that is generated from the table of operations is compared with
// what is checked in, so that a change of rights, routes or shapes is a
// visible line in review. 'make generate' writes the files anew.
func TestContract(t *testing.T) {
	table := ops.New(ops.Dependencies{}).Table()
	for path, want := range map[string][]byte{
		"docs/access.md":                     accessPage(table),
		"frontend/openapi.json":              rest.Document(table),
		"frontend/src/api/operations.gen.ts": routes(table),
	} {
		t.Run(path, func(t *testing.T) {
			file := filepath.Join("..", "..", filepath.FromSlash(path))
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s is not what the table says; run 'make generate' (-table +file):\n%s", path, diff)
			}
		})
	}
}

// accessPage says who may do what.
func accessPage(t *op.Table) []byte {
	var b bytes.Buffer
	b.WriteString("# Who may do what\n\nGenerated from the table of operations; `make generate` writes it anew.\n\n" +
		"| operation | route | who | event |\n|---|---|---|---|\n")
	for _, o := range t.All() {
		i := o.Info()
		route, event := "`"+i.Route+"`", i.Event
		if i.Route == op.NoRoute {
			route = "–"
		}
		for _, also := range i.Also {
			event += ", " + also
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", i.Name, route, i.Rule, event)
	}
	return b.Bytes()
}

// routes is the table for the page's client: operation, route, bound method.
func routes(t *op.Table) []byte {
	var b bytes.Buffer
	b.WriteString("// Generated from the table of operations. Do not edit.\nexport const operations = {\n")
	for _, o := range t.All() {
		i := o.Info()
		if i.Route == op.NoRoute {
			continue
		}
		method, path, _ := strings.Cut(i.Route, " ")
		noun, verb, _ := strings.Cut(i.Name, ".")
		fmt.Fprintf(&b, "  '%s': { method: '%s', path: '%s', noun: '%s', verb: '%s', background: %t, stepUp: %t },\n",
			i.Name, method, path, capital(noun), capital(verb), i.Background, i.Rule.StepUp())
	}
	b.WriteString("} as const\n\n/** What the activity log may say happened. */\nexport const events = [\n")
	for _, e := range events(t) {
		fmt.Fprintf(&b, "  '%s',\n", e)
	}
	b.WriteString("] as const\n")
	return b.Bytes()
}

// events are all that operations declare, and the engine's own.
func events(t *op.Table) []string {
	all := append([]string{op.RefusedEvent}, slices.Sorted(maps.Values(op.DoorsRefused()))...)
	for _, o := range t.All() {
		if i := o.Info(); i.Event != "" {
			all = append(append(all, i.Event), i.Also...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// The document is served as it is checked in, and is JSON.
func TestDocument_json(t *testing.T) {
	var d map[string]any
	if err := json.Unmarshal(rest.Document(ops.New(ops.Dependencies{}).Table()), &d); err != nil {
		t.Fatal(err)
	}
	if d["openapi"] != "3.1.0" {
		t.Errorf("openapi is %v", d["openapi"])
	}
}

// What stands in the path is refused in the body, so the document must not ask
// for it there: a client made from it would be refused.
func TestDocument_pathNotInBody(t *testing.T) {
	type schema struct {
		Ref        string                     `json:"$ref"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	var d struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(rest.Document(ops.New(ops.Dependencies{}).Table()), &d); err != nil {
		t.Fatal(err)
	}
	bodies := 0
	for path, methods := range d.Paths {
		for method, o := range methods {
			body, ok := o.RequestBody.Content["application/json"]
			if !ok {
				continue
			}
			bodies++
			s := body.Schema
			if s.Ref != "" {
				s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
			}
			if len(s.Properties) == 0 {
				t.Errorf("%s %s describes an empty body", method, path)
			}
			for name := range s.Properties {
				if strings.Contains(path, "{"+name+"}") {
					t.Errorf("%s %s asks for %s in the body too", method, path, name)
				}
			}
		}
	}
	if bodies == 0 {
		t.Error("no operation has a body")
	}
}
