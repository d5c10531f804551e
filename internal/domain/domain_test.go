package domain_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/domain"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

var (
	label63 = strings.Repeat("a", 63)
	name253 = strings.Repeat(label63+".", 3) + strings.Repeat("b", 61)
)

// People write names in many ways; there is one name behind all of them.
func TestParseName(t *testing.T) {
	for raw, want := range map[string]string{
		"example.be":                      "example.be",
		"  Example.BE ":                   "example.be",
		"example.be.":                     "example.be",
		"bücher.de":                       "xn--bcher-kva.de",
		"BÜCHER.DE":                       "xn--bcher-kva.de",
		"straße.de":                       "xn--strae-oqa.de",
		"xn--bcher-kva.de":                "xn--bcher-kva.de",
		"ｅｘａｍｐｌｅ．ｂｅ":                      "example.be",
		"example。be":                      "example.be",
		"ns1.example.co.uk":               "ns1.example.co.uk",
		"1.example":                       "1.example",
		"παράδειγμα.ευ":                   "xn--hxajbheg2az3al.xn--qxa6a",
		"a--b.be":                         "a--b.be",
		name253:                           name253,
		label63 + ".be":                   label63 + ".be",
		"xn--80ak6aa92e.com":              "xn--80ak6aa92e.com",
		"\u0430pple.com":                  "xn--pple-43d.com", // a Cyrillic letter is another name
		"cafe\u0301.fr":                   "xn--caf-dma.fr",
		"example.xn--vermgensberater-ctb": "example.xn--vermgensberater-ctb",
	} {
		if got, err := domain.ParseName(raw); err != nil || string(got) != want {
			t.Errorf("%q is read as %q, %v, want %q", raw, got, err, want)
		}
	}
}

func TestParseName_refused(t *testing.T) {
	for raw, code := range map[string]problem.FieldCode{
		"":                       problem.Required,
		"   ":                    problem.Required,
		"be":                     problem.BadFormat,
		".be":                    problem.BadFormat,
		"example..be":            problem.BadFormat,
		"example.be..":           problem.BadFormat,
		"-example.be":            problem.BadFormat,
		"example-.be":            problem.BadFormat,
		"exa mple.be":            problem.BadFormat,
		"exa_mple.be":            problem.BadFormat,
		"*.be":                   problem.BadFormat,
		"https://example.be":     problem.BadFormat,
		"example.be/path":        problem.BadFormat,
		"example.be:80":          problem.BadFormat,
		"anna@example.be":        problem.BadFormat,
		"example.be,example.com": problem.BadFormat,
		"192.0.2.1":              problem.BadFormat,
		"example.0x1":            problem.BadFormat,
		"example.be\x00":         problem.BadFormat,
		"example\u200b..be":      problem.BadFormat,
		"ex\u202eample.be":       problem.BadFormat,
		"xn--a.be":               problem.BadFormat,
		"xn--.be":                problem.BadFormat,
		"\xff.be":                problem.BadFormat,
		label63 + "a.be":         problem.BadFormat,
		name253 + "b":            problem.BadFormat,
		strings.Repeat("ü", 600): problem.TooLong,
	} {
		if got, err := domain.ParseName(raw); err == nil || err.Code != code || err.Message == "" {
			t.Errorf("%q is read as %q, %v, want %s", raw, got, err, code)
		}
	}
}

// A program's name is taken as it is, or for what it can only be.
func TestRead(t *testing.T) {
	for raw, want := range map[string]string{
		"example.be":       "example.be",
		"EXAMPLE.Be":       "example.be",
		"bücher.de":        "xn--bcher-kva.de",
		"BüCHER.de":        "xn--bcher-kva.de",
		"straße.de":        "xn--strae-oqa.de",
		"XN--BCHER-KVA.de": "xn--bcher-kva.de",
		name253:            name253,
	} {
		if got, ok := domain.Read(raw); !ok || string(got) != want {
			t.Errorf("%q is read as %q, %v, want %q", raw, got, ok, want)
		}
	}
	for _, raw := range []string{
		"", "be", "example.be.", ".example.be", "example..be", " example.be", "example.be ", "example.be\n", "example.be\x00",
		"BÜCHER.de",                              // needs a mapping
		"ｅxample.be", "example。be", "example．be", // full width
		"exa\u00admple.be", "exa\u200dmple.be", "exa\u200bmple.be", "\ufeffexample.be", // without a shape
		"cafe\u0301.fr",                                                                // not composed
		"xn--a.be", "xn--.be", "xn--example-.be", "xn--BCHER-kva0.de", "xn--zzzzzz.be", // stand for nothing
		"xn--bcher-kvA-.de", "xn--xn--a-.be",
		"*.be", "exa%6dple.be", "example.be/", "example\\.be", "a;b.be", "a,b.be", "192.0.2.1", "127.1", "example.0x7f", "[::1]", "a_b.be",
		"\xff\xfe.be", name253 + "b", strings.Repeat("ü.", 600),
	} {
		if got, ok := domain.Read(raw); ok {
			t.Errorf("%q is read as %q", raw, got)
		}
	}
}

func TestParsePattern(t *testing.T) {
	for raw, want := range map[string]string{
		"*": "*", " * ": "*", "*.be": "*.be", "*.BE": "*.be", "*.be.": "*.be", "example.be": "example.be", "*.example.co.uk": "*.example.co.uk",
		"*.bücher.de": "*.xn--bcher-kva.de", "Bücher.de": "xn--bcher-kva.de", "*.ευ": "*.xn--qxa6a",
	} {
		if got, err := domain.ParsePattern(raw); err != nil || string(got) != want {
			t.Errorf("%q is read as %q, %v, want %q", raw, got, err, want)
		}
	}
	for raw, code := range map[string]problem.FieldCode{
		"": problem.Required, "be": problem.BadFormat, "**": problem.BadFormat, "*be": problem.BadFormat, "*.": problem.BadFormat, "*..be": problem.BadFormat,
		"*.*.be": problem.BadFormat, "a.*.be": problem.BadFormat, "example.*": problem.BadFormat, "exam*.be": problem.BadFormat, ".be": problem.BadFormat,
		"*.be/": problem.BadFormat, "?.be": problem.BadFormat, "%.be": problem.BadFormat, "*.1": problem.BadFormat, "*.xn--a": problem.BadFormat,
		"*." + strings.Repeat("ü", 600): problem.TooLong, "*." + name253: problem.BadFormat,
	} {
		if got, err := domain.ParsePattern(raw); err == nil || err.Code != code {
			t.Errorf("%q is read as %q, %v, want %s", raw, got, err, code)
		}
	}
}

func TestPattern_Covers(t *testing.T) {
	for _, c := range []struct {
		pattern domain.Pattern
		name    domain.Name
		want    bool
	}{
		{"example.be", "example.be", true},
		{"example.be", "www.example.be", false},
		{"example.be", "notexample.be", false},
		{"example.be", "example.bee", false},
		{"*.be", "example.be", true},
		{"*.be", "a.b.example.be", true},
		{"*.be", "be", false},
		{"*.be", "example.xbe", false},
		{"*.be", "example.com", false},
		{"*.example.be", "example.be", false},
		{"*.example.be", "www.example.be", true},
		{"*.example.be", "wwwexample.be", false},
		{"*.example.be", "www.notexample.be", false},
		{"*", "example.be", true},
		{"*", "", false},
		{"", "example.be", false},
		{"", "", false},
		{"*.be", "", false},
	} {
		if got := c.pattern.Covers(c.name); got != c.want {
			t.Errorf("%q covers %q: %v", c.pattern, c.name, got)
		}
	}
	if (domain.Patterns{}).Covers("example.be") || domain.Patterns(nil).Covers("example.be") {
		t.Error("no pattern covers a name")
	}
}

func TestPatterns_Fewest(t *testing.T) {
	for _, c := range []struct{ given, want domain.Patterns }{
		{nil, domain.Patterns{}},
		{domain.Patterns{"a.be", "b.be"}, domain.Patterns{"a.be", "b.be"}},
		{domain.Patterns{"a.be", "*.be", "x.y.be"}, domain.Patterns{"*.be"}},
		{domain.Patterns{"*.a.be", "*.be", "a.com"}, domain.Patterns{"*.be", "a.com"}},
		{domain.Patterns{"*.a.be", "a.be"}, domain.Patterns{"*.a.be", "a.be"}},
		{domain.Patterns{"a.be", "*", "*.be"}, domain.Patterns{"*"}},
		{domain.Patterns{"a.be", "a.be", ""}, domain.Patterns{"a.be"}},
	} {
		if diff := cmp.Diff(c.want, c.given.Fewest()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.given, diff)
		}
	}
}

// Every pattern of a form that is wrong is told at once.
func TestReadPatterns(t *testing.T) {
	var f field.Form
	got := domain.ReadPatterns(&f, "domains", []string{"*.BE", "", "be", "bücher.de", "*.be", "a*"})
	if diff := cmp.Diff(domain.Patterns{"*.be", "xn--bcher-kva.de"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	fields := []string{}
	for _, v := range problem.Of(f.Err()).Violations {
		fields = append(fields, v.Field+" "+string(v.Code))
	}
	if diff := cmp.Diff([]string{"domains[2] bad_format", "domains[4] duplicate", "domains[5] bad_format"}, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var many field.Form
	domain.ReadPatterns(&many, "domains", strings.Split(strings.Repeat("a.be ", domain.MaxPatterns+1), " "))
	if all := problem.Of(many.Err()).Violations; all[len(all)-1].Code != problem.TooMany {
		t.Errorf("101 patterns: %v", all)
	}
}

// Whatever is read as a name is one form of itself, in every parser.
func FuzzName(f *testing.F) {
	for _, s := range []string{"example.be", "Bücher.DE", "xn--bcher-kva.de", "*.be", "a。b", "xn--", "ß.de", "\u0130.be", "a\u0300.be"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for how, read := range map[string]func(string) (domain.Name, bool){
			"person":  func(s string) (domain.Name, bool) { n, err := domain.ParseName(s); return n, err == nil },
			"program": domain.Read,
		} {
			n, ok := read(raw)
			if !ok {
				continue
			}
			for _, c := range []byte(n) {
				if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-.", rune(c)) {
					t.Errorf("%s: %q is read as %q", how, raw, n)
				}
			}
			if again, ok := domain.Read(string(n)); !ok || again != n {
				t.Errorf("%s: %q is read as %q, and that as %q, %v", how, raw, n, again, ok)
			}
			if again, err := domain.ParseName(string(n)); err != nil || again != n {
				t.Errorf("%s: %q is read as %q, and that by a person as %q, %v", how, raw, n, again, err)
			}
			if p, err := domain.ParsePattern(string(n)); err != nil || !p.Covers(n) {
				t.Errorf("%s: %q is a name, and no pattern: %v", how, n, err)
			}
		}
		if p, err := domain.ParsePattern(raw); err == nil {
			if again, err := domain.ParsePattern(string(p)); err != nil || again != p {
				t.Errorf("the pattern %q is read as %q, and that as %q, %v", raw, p, again, err)
			}
			if suffix, below := p.Suffix(); below && (p.Covers(domain.Name(suffix[1:])) || !p.Covers(domain.Name("a"+suffix))) {
				t.Errorf("the pattern %q", p)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		domain.Read("www.example.be")
	}
}
