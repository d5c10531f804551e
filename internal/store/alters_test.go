package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every statement that may change who may do what is of the type that cannot
// be run without moving the version of the rights, on which everybody else's
// decisions rest. The others are named here, each for its reason.
func TestAlters(t *testing.T) {
	harmless := []string{
		"insertAccount", // nobody is in it yet
		"insertUser",    // nothing was decided about somebody who was not there
		"insertSession", // likewise
		"foldAccount",   // a copy of the name
		"renameHolder",  // a copy of the name
		"insertInstallation",
		"setKeyCheck",
		"setHash",      // of the same password
		"setSeen",      // a time
		"touchSession", // a time
		"renewSession", // a token, a time that gives, and where that is
		"deleteDead",   // those have ended by themselves
		"useStep",      // a time
		"renameSecurityKey",
		"useSecurityKey", // a counter and a time
		"noteUpstream",   // a time
	}
	of := regexp.MustCompile(`(?is)^\s*(INSERT INTO|UPDATE|DELETE FROM) (users|user_roles|roles|role_permissions|accounts|authenticator_apps|security_keys|sessions|installation|upstreams)\b`)
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, 0) //nolint:staticcheck // nothing of types is asked
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range packages["store"].Files {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			text, ok := v.Values[0].(*ast.BasicLit)
			if !ok || !of.MatchString(strings.Trim(text.Value, "`\"")) {
				return true
			}
			found++
			name := v.Names[0].Name
			kind, _ := v.Type.(*ast.Ident)
			if typed := kind != nil && kind.Name == "alters"; typed == slices.Contains(harmless, name) {
				t.Errorf("%s changes rights and is not of type alters, or the other way round", name)
			}
			return true
		})
	}
	if found < 12 {
		t.Errorf("only %d statements were looked at", found)
	}
}
