package lint_test

import (
	"encoding/csv"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	requirement = regexp.MustCompile(`^[1-9][0-9]?\.[1-9][0-9]?\.[1-9][0-9]?$`)
	e2eTitle    = regexp.MustCompile(`(?m)^\s*test\('([^']+)'`)
)

// docs/asvs.csv says how the requirements of OWASP ASVS 5.0 are met, and names
// the tests that show it. A row whose tests are not there shows nothing.
func TestASVS(t *testing.T) {
	file, err := os.Open(filepath.Join("..", "..", "docs", "asvs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if head := strings.Join(rows[0], " "); head != "id level status evidence reason" {
		t.Fatalf("the columns are %q", head)
	}
	tests, seen := everyTest(t), map[string]bool{}
	for _, row := range rows[1:] {
		id, level, status, evidence, reason := row[0], row[1], row[2], row[3], row[4]
		if !requirement.MatchString(id) || !slices.Contains([]string{"1", "2", "3"}, level) || seen[id] {
			t.Errorf("%s, level %s: is no requirement, or stands there twice", id, level)
		}
		seen[id] = true
		switch status {
		case "met":
			if evidence == "" {
				t.Errorf("%s: nothing shows that it is met", id)
			}
		case "not_applicable", "open":
			if reason == "" {
				t.Errorf("%s is %s, and nobody says why", id, status)
			}
		default:
			t.Errorf("%s: %q is no status", id, status)
		}
		for name := range strings.SplitSeq(evidence, "; ") {
			if name != "" && !tests[name] {
				t.Errorf("%s: there is no test %q", id, name)
			}
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d requirements", len(seen))
	}
}

// everyTest of the module by the name of its function, and of the end-to-end
// tests by their titles.
func everyTest(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test() && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				all[f.Name.Name] = true
			}
		}
	}
	e2e := 0
	err := filepath.WalkDir(filepath.Join("..", "..", "frontend", "e2e"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules":
			return fs.SkipDir
		case !strings.HasSuffix(path, ".spec.ts"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range e2eTitle.FindAllStringSubmatch(string(text), -1) {
			e2e++
			all["e2e: "+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 150 || e2e < 5 {
		t.Fatalf("only %d tests were found, %d of them end to end", len(all), e2e)
	}
	return all
}
