package profile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/gateway/profile"
)

// faults of a file that is no profile.
func faults(t *testing.T, text string) profile.Faults {
	t.Helper()
	p, err := profile.Load([]byte(text))
	fs, ok := errors.AsType[profile.Faults](err)
	if !ok || p != nil || len(fs) == 0 {
		t.Fatalf("got %v, %v", p, err)
	}
	return fs
}

// Everything that is wrong with a file is told at once, each with its place.
func TestLoad_everythingAtOnce(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "wrong.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// The file says itself what is to be found in it.
	want := []string{}
	for i, line := range strings.Split(string(text), "\n") {
		if _, says, ok := strings.Cut(line, "#! "); ok {
			for one := range strings.SplitSeq(says, "; ") {
				want = append(want, fmt.Sprintf("%d %s", i+1, one))
			}
		}
	}
	got := []string{}
	for _, f := range faults(t, string(text)) {
		got = append(got, fmt.Sprintf("%d %d", f.Line, f.Column))
		if !strings.HasSuffix(f.Text, ".") || strings.ToUpper(f.Text[:1]) != f.Text[:1] && f.Text[0] != '"' {
			t.Errorf("%q is no sentence", f.Text)
		}
	}
	for i, w := range want {
		at, words, _ := strings.Cut(w, " ")
		column, part, _ := strings.Cut(words, " ")
		want[i] = at + " " + column
		fs := faults(t, string(text))
		if i < len(fs) && !strings.Contains(fs[i].Text, part) {
			t.Errorf("fault %d is %q, want %q in it", i, fs[i].Text, part)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, faults(t, string(text)))
	}
}

// What is wrong with a file as a whole.
func TestLoad_files(t *testing.T) {
	entry := "  - {route: GET /v2/a%d, permission: VIEW_DOMAIN}\n"
	many := strings.Builder{}
	for i := range profile.MaxEntries + 1 {
		fmt.Fprintf(&many, entry, i)
	}
	for _, c := range []struct {
		text string
		line int
		part string
	}{
		{"", 1, "is empty"},
		{"# nothing\n", 1, "is empty"},
		{"---\n", 0, ""},
		{"\xff\xfe", 0, "UTF-8"},
		{strings.Repeat("#", profile.MaxFile+1), 0, "1 MiB"},
		{"name: a\nbase: [\n", 0, "not YAML"},
		{"name: a\n\tbase: /\n", 2, "not YAML"},
		{"name: a\nbase: \"/\u2028\"\n", 2, "cannot be shown"},
		{"name: a\nbase: /\rentries: []", 2, "cannot be shown"},
		{"name: a\r\nbase: v2\r\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\r\n", 2, "base path"},
		{"\ufeffname: a\nbase: v2\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 2, "base path"},
		{"name: a\ufeff\n", 1, "cannot be shown"},
		{"- a\n- b\n", 1, "keys and values"},
		{"just text", 1, "keys and values"},
		{"name: a\n---\nname: b\n", 0, ""},
		{header + many.String(), 5 + profile.MaxEntries + 1, "at most 2000"},
		{"name: a\nbase: /v2/\nentries: []\n", 3, "as a list"},
		{"name: a\nbase: /v2/\nentries: {}\n", 3, "as a list"},
		{"name: a\nbase: v2\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 2, "base path"},
		{"name: a\nbase: /v2\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 2, "base path"},
		{"name: a\nbase: /v2/../\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 2, "base path"},
		{"name: a\nbase: //\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 2, "base path"},
		{"name: a\nbase: /\nentries: [{route: GET /x, permission: VIEW_DOMAIN, domain: {filter: y}}]\n", 3, "how its lists are filtered"},
		{"name: 12\nbase: /\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 1, "as a text"},
		{"name: &a b\nbase: /\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 1, "anchors"},
		{"name: !!binary aGFsbG8=\nbase: /\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 1, "tag"},
		{"name: \"a\\u202eb\"\nbase: /\nentries: [{route: GET /x, permission: VIEW_DOMAIN}]\n", 1, "ordinary"},
		{"name: a\nbase: /\nentries: &x [*x]\n", 3, ""},
		{strings.Repeat("[", 20000), 1, ""},
		{strings.Repeat("- ", 20000), 1, ""},
	} {
		short := c.text[:min(len(c.text), 60)]
		f := faults(t, c.text)[0]
		if c.line > 0 && f.Line != c.line || !strings.Contains(f.Text, c.part) {
			t.Errorf("%q: %+v, want line %d and %q", short, f, c.line, c.part)
		}
	}
}

// A file with very many faults is told the first hundred.
func TestLoad_manyFaults(t *testing.T) {
	fs := faults(t, header+strings.Repeat("  - {route: GET /v2/a}\n", 500))
	if len(fs) != 101 || !strings.Contains(fs[100].Text, "more") {
		t.Errorf("%d faults, the last %v", len(fs), fs[len(fs)-1])
	}
}

// The built-in profile knows what the registrar's documentation names, and is
// as careful as it asks others to be.
func TestRealtimeRegister(t *testing.T) {
	p := builtIn(t)
	used := map[access.Permission]bool{}
	for _, e := range p.Entries {
		for _, perm := range e.Permissions {
			used[perm] = true
		}
		if e.Changes != (e.Method != "GET") && e.Pattern != "/v2/ssl/decodecsr" {
			t.Errorf("%s changes: %v", e.Route(), e.Changes)
		}
		if e.Changes && e.Binding == profile.Free {
			t.Errorf("%s changes something and is free for keys that are bound to domains", e.Route())
		}
		if !slices.Contains([]string{"GET", "POST", "DELETE"}, e.Method) {
			t.Errorf("%s: the upstream has no such method", e.Route())
		}
	}
	// Every permission of the upstream has a use, but for those that are demanded
	// beside others and those over things that its REST API does not have.
	beside := []access.Permission{"PREMIUM_DOMAIN", "UPDATE_DOMAIN_BILLABLE", "VIEW_AUTHCODE", "DESIGNATED_AGENT", "CONTACT_VERIFICATION", "BRAND_PRIVACY"}
	elsewhere := []access.Permission{"ADAC_ACCES", "VIEW_INVOICE", "CREATE_PAYMENT", "VIEW_CUSTOMER", "UPDATE_CUSTOMER"}
	for _, d := range access.Catalogue() {
		if d.Group == "Users" || d.Installation || slices.Contains(beside, d.Permission) || slices.Contains(elsewhere, d.Permission) {
			continue
		}
		if !used[d.Permission] {
			t.Errorf("no route needs %s", d.Permission)
		}
	}
	for _, route := range []string{
		"GET /v2/domains", "POST /v2/domains/{domain}", "GET /v2/domains/{domain}/check", "POST /v2/domains/{domain}/transfer",
		"POST /v2/domains/{domain}/renew", "POST /v2/domains/{domain}/restore", "POST /v2/domains/{domain}/push-transfer",
		"GET /v2/customers/{customer}/pricelist", "GET /v2/customers/{customer}/credit", "GET /v2/tlds/{tld}/info",
	} {
		if !slices.ContainsFunc(p.Entries, func(e *profile.Entry) bool { return e.Route() == route }) {
			t.Errorf("%s is missing", route)
		}
	}
}

// The examples of the manual are profiles.
func TestManual(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "gateway-profiles.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("the manual has no example")
	}
	for _, b := range blocks {
		if _, err := profile.Load(b[1]); err != nil {
			t.Errorf("%v in\n%s", err, b[1])
		}
	}
	for _, reason := range []profile.Reason{
		profile.BadPath, profile.UnknownRoute, profile.UnknownMethod, profile.BadQuery, profile.BadBody, profile.BodyTooLarge,
		profile.BodyUnavailable, profile.BadDomain, profile.DomainRefused, profile.RouteRefused, profile.NotNarrowed,
	} {
		if !strings.Contains(string(text), "`"+string(reason)+"`") {
			t.Errorf("the manual does not explain %s", reason)
		}
	}
}

// Whatever a file says, it is a profile or has faults with a place in it.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"realtimeregister.yaml", filepath.Join("testdata", "wrong.yaml")} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(header + "  - {route: GET /v2/x/{domain}, permission: VIEW_DOMAIN, domain: {path: domain}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := profile.Load([]byte(text))
		if fs, ok := errors.AsType[profile.Faults](err); err != nil && (!ok || len(fs) == 0 || p != nil) {
			t.Fatalf("got %v, %v", p, err)
		}
		lines := strings.Count(text, "\n") + 1
		if fs, ok := errors.AsType[profile.Faults](err); ok {
			for _, x := range fs {
				if x.Line < 0 || x.Line > lines || x.Line > 0 && x.Column < 1 || x.Text == "" {
					t.Errorf("%+v in a file of %d lines", x, lines)
				}
			}
			return
		}
		// Every route that was read is reached by what it says itself.
		for _, e := range p.Entries {
			path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(e.Pattern, "example.be")
			if _, r := p.Match(profile.Request{Method: e.Method, Path: path}); r != nil && (r.Reason == profile.UnknownMethod || r.Reason == profile.BadPath) {
				t.Errorf("%s: %v", e.Route(), r)
			}
		}
	})
}
