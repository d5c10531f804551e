package app_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/app"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// bound are the structs that the window of the product binds. What the page of
// the running window really finds is compared with the same file by the
// end-to-end tests.
func bound() []any {
	return append([]any{&app.Desk{}, &app.SecurityKeys{}}, app.Nouns(nil, nil)...)
}

// TestBound keeps the list of what the page can call, before anybody has signed
// in, in a file, so that a change of it is a visible line in review.
func TestBound(t *testing.T) {
	lines := methods(bound())
	text := strings.Join(lines, "\n") + "\n"
	const golden = "testdata/bound.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("the bound methods are not those of %s.\nIf that is meant: go test ./app -run TestBound -update\nhave:\n%s\nwant:\n%s", golden, text, want)
	}
}

// TestBound_form: a method takes the one object that REST takes as well, and
// gives an answer and an error; only Desk is different.
func TestBound_form(t *testing.T) {
	for _, noun := range bound() {
		if _, desk := noun.(*app.Desk); desk {
			continue
		}
		typ := reflect.TypeOf(noun)
		if typ.Elem().PkgPath() != reflect.TypeFor[app.Desk]().PkgPath() {
			t.Errorf("%s is not of package app: the page would not find it under window.go.app", typ)
		}
		for i := range typ.NumMethod() {
			method := typ.Method(i)
			if method.Type.NumIn() != 2 || method.Type.NumOut() != 2 || method.Type.Out(1) != reflect.TypeFor[error]() {
				t.Errorf("%s.%s is %s; want func(In) (Out, error)", typ.Elem().Name(), method.Name, method.Type)
			}
		}
	}
}

// methods lists the exported methods of structs as the page sees them, sorted.
func methods(structs []any) []string {
	var lines []string
	for _, pointer := range structs {
		typ := reflect.TypeOf(pointer)
		for i := range typ.NumMethod() {
			method := typ.Method(i)
			var in, out []string
			for p := 1; p < method.Type.NumIn(); p++ {
				in = append(in, method.Type.In(p).String())
			}
			for p := range method.Type.NumOut() {
				out = append(out, method.Type.Out(p).String())
			}
			lines = append(lines, fmt.Sprintf("%s.%s(%s) (%s)",
				typ.Elem().Name(), method.Name, strings.Join(in, ", "), strings.Join(out, ", ")))
		}
	}
	slices.Sort(lines)
	return lines
}
