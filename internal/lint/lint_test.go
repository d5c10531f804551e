// Package lint_test holds the source to the design: which package may use
// which, what only one of them may do, and that everything says what it is
// for. It reads the source of every build, not only of this one.
package lint_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "gatehouse"

// layers from top to bottom: a package imports only from rows below its own
// (docs: architecture). A new package goes where it belongs.
var layers = [][]string{
	{"internal/securitykey/softkey/cmd"},
	{".", "app/probe", "internal/bench", "internal/securitykey/softkey"}, // softkey: up here nothing that is delivered can use it
	{"internal/cli"},
	{"app"},
	{"internal/gate"},
	{"internal/door"},
	{"internal/rest", "internal/gateway", "internal/isproxy", "internal/site"},
	{"internal/isproxy/upstream", "internal/isproxy/offline", "internal/isproxy/rdap"},
	{"internal/isproxy/check"},
	{"internal/securitykey/handoff"},
	{"internal/page"},
	{"internal/demo"},
	{"internal/ops"},
	{"internal/op"},
	{"internal/auth", "internal/usage"},
	{"internal/store"},
	{"internal/store/sqlite", "internal/store/postgres", "internal/store/migrations"},
	{"internal/signin", "internal/onboarding"},
	{"internal/session", "internal/account", "internal/apikey"},
	{"internal/gateway/profile"},
	{"internal/user", "internal/access", "internal/activity", "internal/auditlog", "internal/mfa", "internal/password", "internal/onetime"},
	{"internal/delivery", "internal/notice", "internal/securitykey", "internal/vault", "internal/entry", "internal/listing"},
	{"internal/calendar", "internal/domain", "internal/securitykey/native"},
	{"internal/field"},
	{"internal/problem", "internal/secret", "internal/id", "internal/config", "internal/crockford"},
}

// source is one file.
type source struct {
	path string // from the root of the module, with slashes
	text []byte
	file *ast.File
	fset *token.FileSet
}

func (s source) pkg() string     { return path.Dir(s.path) }
func (s source) test() bool      { return strings.HasSuffix(s.path, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.file) }

// testOnly reports whether a folder is there for tests: its files may do what
// tests may.
func (s source) testOnly() bool { return s.test() || strings.HasSuffix(s.pkg(), "test") }

func (s source) at(p token.Pos) string {
	at := s.fset.Position(p)
	return s.path + ":" + strconv.Itoa(at.Line)
}

func (s source) imports() (all []string) {
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		all = append(all, p)
	}
	return all
}

func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "frontend", "testdata", "dist", "bin"}, name)) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.ToSlash(rel), text, parser.ParseComments|parser.SkipObjectResolution)
		all = append(all, source{filepath.ToSlash(rel), text, file, fset})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d files were found", len(all))
	}
	return all
}

func TestImports_pointDown(t *testing.T) {
	row := map[string]int{}
	for n, layer := range layers {
		for _, p := range layer {
			row[p] = n
		}
	}
	for _, s := range sources(t) {
		if s.testOnly() || s.pkg() == "internal/lint" {
			continue
		}
		from, ok := row[s.pkg()]
		if !ok {
			t.Errorf("%s: the package %s is in no layer; please put it into the table of this test", s.path, s.pkg())
			continue
		}
		for _, i := range s.imports() {
			p, ours := strings.CutPrefix(i, module+"/")
			to, known := row[p]
			if ours && known && to <= from {
				t.Errorf("%s imports %s, which is not below it", s.path, p)
			}
			if ours && strings.HasSuffix(p, "test") {
				t.Errorf("%s imports %s, which is for tests", s.path, p)
			}
		}
	}
}

func TestImports_onlyStoreSpeaksSQL(t *testing.T) {
	for _, s := range sources(t) {
		if s.testOnly() || s.pkg() == "internal/store" || strings.HasPrefix(s.pkg(), "internal/store/") {
			continue
		}
		for _, i := range s.imports() {
			if i == "database/sql" || strings.HasPrefix(i, "database/sql/") || strings.HasPrefix(i, "modernc.org/sqlite") || strings.HasPrefix(i, "github.com/jackc/pgx") {
				t.Errorf("%s imports %s: only package store speaks SQL", s.path, i)
			}
		}
	}
}

// What makes an actor or a boundary is for those who have verified something.
func TestAccess_makers(t *testing.T) {
	allowed := map[string][]string{
		"NewPerson":  {"internal/auth"},
		"NewKey":     {"internal/auth"},
		"NewConsole": {"internal/auth"},
		"NewSystem":  {"internal/auth"},
		"NewEnded":   {"internal/auth"},
		"Within":     {"internal/store", "internal/ops", "internal/demo", "internal/bench"},
	}
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.testOnly() || !slices.Contains(s.imports(), module+"/internal/access") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if packages, made := allowed[sel.Sel.Name]; ok && made && x.Name == localName(s, "access") {
				used[sel.Sel.Name] = true
				if !slices.Contains(packages, s.pkg()) {
					t.Errorf("%s: access.%s is for %s only", s.at(sel.Pos()), sel.Sel.Name, strings.Join(packages, ", "))
				}
			}
			return true
		})
	}
	for _, name := range []string{"NewPerson", "NewConsole", "NewSystem", "NewEnded", "Within"} {
		if !used[name] {
			t.Errorf("access.%s is used nowhere: was it renamed? Then this test looks for the wrong thing", name)
		}
	}
}

// localName is what a file calls an imported package of ours.
func localName(s source, pkg string) string {
	for _, i := range s.file.Imports {
		if i.Path.Value == strconv.Quote(module+"/internal/"+pkg) && i.Name != nil {
			return i.Name.Name
		}
	}
	return pkg
}

func TestPackages(t *testing.T) {
	comments := map[string]bool{}
	for _, s := range sources(t) {
		if _, seen := comments[s.pkg()]; !seen {
			comments[s.pkg()] = false
		}
		if s.file.Doc != nil {
			comments[s.pkg()] = true
			text := s.file.Doc.Text()
			if name := s.file.Name.Name; name != "main" && !strings.HasPrefix(text, "Package "+name+" ") {
				t.Errorf("%s: the comment does not begin with \"Package %s\"", s.path, name)
			}
		}
		name := strings.TrimSuffix(s.file.Name.Name, "_test")
		if slices.Contains([]string{"utils", "util", "common", "helpers", "helper", "models", "model", "types", "misc", "shared", "base", "lib"}, name) {
			t.Errorf("%s: %q says nothing about what the package is", s.path, name)
		}
		if folder := path.Base(s.pkg()); s.pkg() != "." && name != "main" && name != folder {
			t.Errorf("%s: package %s in the folder %s", s.path, name, folder)
		}
	}
	for p, has := range comments {
		if !has {
			t.Errorf("package %s does not say what it is for", p)
		}
	}
}

func TestFiles(t *testing.T) {
	const most = 500
	for _, s := range sources(t) {
		if lines := bytes.Count(s.text, []byte("\n")); lines > most && !s.generated() {
			t.Errorf("%s has %d lines, more than %d", s.path, lines, most)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: what init does, nobody asked for; call it from where it is needed", s.at(f.Pos()))
			}
		}
	}
}

func TestExported_documented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || s.generated() || s.file.Name.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !wellKnown(d) {
					t.Errorf("%s: %s is not documented", s.at(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, s, d)
			}
		}
	}
}

func undocumented(t *testing.T, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc == nil && d.Doc == nil && spec.Comment == nil {
				t.Errorf("%s: %s is not documented", s.at(spec.Pos()), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && spec.Doc == nil && d.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s is not documented", s.at(name.Pos()), name.Name)
				}
			}
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return true
	}
	name := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return ast.IsExported(name)
}

// wellKnown are methods that an interface of the standard library names: what
// they do is written there.
func wellKnown(f *ast.FuncDecl) bool {
	return f.Recv != nil && slices.Contains([]string{
		"Error", "String", "GoString", "Format", "LogValue", "Unwrap", "Is", "As", "ServeHTTP",
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "Read", "Write", "Close", "Len", "Less", "Swap", "Scan", "Value",
	}, f.Name.Name)
}
