package app_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
)

// What the page may call is the table and the few things only a window can do:
// a method more here is a method more for whatever runs in the page.
func TestNouns_agreeWithTable(t *testing.T) {
	table := ops.New(ops.Dependencies{}).Table()
	want := []string{
		"Desk.OpenLink(string) (error)",
		"Desk.SaveText(string, string) (bool, error)",
		"SecurityKeys.Ask(app.AskKeyInput) (app.KeyOutcome, error)",
		"SecurityKeys.AskBrowser(app.AskKeyInput) (app.KeyOutcome, error)",
		"SecurityKeys.Cancel(app.KeyCeremony) (ops.None, error)",
		"SecurityKeys.Devices(ops.None) (app.KeyDevices, error)",
		"SecurityKeys.EnterPIN(app.KeyPIN) (ops.None, error)",
		"SecurityKeys.OpenPage(app.KeyPageInput) (app.KeyPage, error)",
		"SecurityKeys.Pick(app.KeyPick) (ops.None, error)",
	}
	for _, o := range table.All() {
		i := o.Info()
		if i.Route == op.NoRoute {
			continue
		}
		noun, verb, _ := strings.Cut(i.Name, ".")
		want = append(want, fmt.Sprintf("%s.%s(%s) (%s, error)", capital(noun), capital(verb), i.In, i.Out))
	}
	var got []string
	for _, noun := range append(app.Nouns(op.NewEngine(nil, nil), ops.New(ops.Dependencies{})), &app.Desk{}, &app.SecurityKeys{}) {
		v := reflect.TypeOf(noun)
		for n := range v.NumMethod() {
			m := v.Method(n)
			var in, out []string
			for i := 1; i < m.Type.NumIn(); i++ {
				in = append(in, m.Type.In(i).String())
			}
			for i := range m.Type.NumOut() {
				out = append(out, m.Type.Out(i).String())
			}
			got = append(got, fmt.Sprintf("%s.%s(%s) (%s)", v.Elem().Name(), m.Name, strings.Join(in, ", "), strings.Join(out, ", ")))
		}
		for i := range v.Elem().NumField() {
			if f := v.Elem().Field(i); f.IsExported() {
				t.Errorf("%s has the exported field %s", v.Elem().Name(), f.Name)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bound methods (-table +window):\n%s", diff)
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// The window keeps the session in Go: signing in at one bound struct signs in
// all of them, and nothing of the token is in an answer.
func TestNouns_session(t *testing.T) {
	p := opstest.New(t, opstest.Options{Place: ops.AtDesk, BaseURL: "-"})
	a := p.Found("harbour", "required")
	anna := p.Join(a, opstest.Member{Login: "anna", Role: "Admin", AdminUser: true})
	var session *app.Session
	var users *app.Users
	for _, noun := range app.Nouns(p.Engine, p.Ops) {
		switch n := noun.(type) {
		case *app.Session:
			session = n
		case *app.Users:
			users = n
		}
	}
	if _, err := users.List(ops.UserList{}); opstest.CodeOf(err) != "unauthenticated" {
		t.Errorf("a bound call without session: %s", opstest.CodeOf(err))
	}
	if _, err := session.SignIn(ops.SignInInput{Login: "anna", Password: secret.New(opstest.Password), Code: anna.Code()}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.List(ops.UserList{}); err != nil {
		t.Errorf("after signing in: %s", opstest.CodeOf(err))
	}
	if got := p.LastRecord().Source; got.Face != "desk" || got.Address != "" {
		t.Errorf("the log says it came from %+v", got)
	}
	if _, err := session.SignOut(ops.None{}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.List(ops.UserList{}); opstest.CodeOf(err) != "unauthenticated" {
		t.Errorf("after signing out: %s", opstest.CodeOf(err))
	}
}
