package profile_test

import (
	"encoding/json"
	"net/url"
	"path"
	"strings"
	"testing"

	"golang.org/x/net/idna"

	"gatehouse/internal/domain"
	"gatehouse/internal/gateway/profile"
)

// upstream is a naive server, which is as generous with what it is sent as one
// could be, and shares nothing with the matcher. It tells every name of a
// domain that it could mean.
func upstream(t *testing.T, sentPath, sentQuery string, body []byte) (names []string) {
	t.Helper()
	u, err := url.ParseRequestURI("http://upstream" + sentPath + "?" + sentQuery)
	if err != nil {
		t.Fatalf("what is sent on cannot be read: %v", err)
	}
	// Some decode twice, some resolve dots, some cut at ; or NUL, some do not
	// mind case.
	again, err := url.PathUnescape(u.Path)
	if err != nil {
		again = u.Path
	}
	for _, p := range []string{u.EscapedPath(), u.Path, again, path.Clean(u.Path), path.Clean(again)} {
		segments := strings.Split(strings.Trim(p, "/"), "/")
		for i, s := range segments[1:] {
			switch strings.ToLower(segments[i]) {
			case "domains", "hosts", "dcvemailaddresslist":
				names = append(names, cut(s))
			}
		}
	}
	values, err := url.ParseQuery(sentQuery)
	if err != nil {
		t.Fatalf("the query %q cannot be read: %v", sentQuery, err)
	}
	for name, all := range values {
		for _, meant := range []string{"domain", "domainname", "hostname"} {
			if strings.EqualFold(name, meant) {
				names = append(names, all...)
			}
		}
	}
	// encoding/json minds neither case nor keys that come twice.
	var zone struct {
		Name        string
		DomainNames []string
	}
	if len(body) > 0 && strings.HasPrefix(u.Path, "/v2/dns/zones") {
		if json.NewDecoder(strings.NewReader(string(body))).Decode(&zone) == nil {
			names = append(names, zone.Name)
		}
	}
	if len(body) > 0 && u.Path == "/v2/ssl/acme" {
		if json.NewDecoder(strings.NewReader(string(body))).Decode(&zone) == nil {
			names = append(names, zone.DomainNames...)
		}
	}
	return names
}

func cut(s string) string {
	if i := strings.IndexAny(s, ";,?#\x00/\\ "); i >= 0 {
		s = s[:i]
	}
	return s
}

// rows are in the upstream's database.
var rows = []string{"a.be", "b.a.be", "example.com", "www.example.com", "be.com", "xbe", "be", "other.org", "a.be.org"}

// listed are the rows that a list with this query could give, whichever way the
// upstream joins filters: here every filter of the field alone is enough.
func listed(query, field string) (found []string) {
	values, _ := url.ParseQuery(query)
	filtered := false
	for name, all := range values {
		base, operator, _ := strings.Cut(strings.ToLower(name), ":")
		if base != strings.ToLower(field) {
			continue
		}
		filtered = true
		for _, value := range all {
			for _, row := range rows {
				ok := true
				switch operator {
				case "", "eq":
					ok = strings.EqualFold(row, value)
				case "in":
					ok = false
					for one := range strings.SplitSeq(value, ",") {
						ok = ok || strings.EqualFold(row, strings.TrimSpace(one))
					}
				case "like":
					ok = strings.HasPrefix(value, "%") && strings.Count(value, "%") == 1 && strings.HasSuffix(row, value[1:]) || strings.Count(value, "%") > 1
				}
				if ok {
					found = append(found, row)
				}
			}
		}
	}
	if !filtered {
		return rows
	}
	return found
}

// If a request is allowed for a key, nobody who reads what is sent on, however
// they read it, finds a domain that the key is not bound to.
func FuzzMatch(f *testing.F) {
	p := builtIn(f)
	for _, seed := range [][3]string{
		{"GET", "/v2/domains/a.be?fields=x", ""},
		{"GET", "/v2/domains/b%C3%BCcher.be/", ""},
		{"GET", "/v2/domains?domainName:in=a.be,example.com&limit=1", ""},
		{"GET", "/v2/domains?domainName%3Alike=%25.be&status=OK&order=-x", ""},
		{"GET", "/v2/hosts?hostName=a.be", ""},
		{"GET", "/v2/dns/zones", ""},
		{"GET", "/v2/processes?id=1&identifier=a.be", ""},
		{"POST", "/v2/dns/zones/", `{"name":"a.be","Name":"x.com"}`},
		{"POST", "/v2/dns/zones", `{"n\u0061me":"a.be","records":[{"a":1}]}`},
		{"POST", "/v2/ssl/acme", `{"domainNames":["a.be","example.com"]}`},
		{"POST", "/v2/domains/a.be/update?quote=1", `{"billables":[{"product":"x_premium"}]}`},
		{"DELETE", "/v2/domains/example.com", `{}`},
		{"GET", "/v2/domains/a.be%2f..%2fother.org", ""},
		{"GET", "/v2/ssl/dcvemailaddresslist/a.be?product=x", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	bound := domain.Patterns{"*.be"}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		for _, ps := range []domain.Patterns{bound, {"a.be", "example.com"}, {"*.be", "example.com"}} {
			m, r := p.Match(request(method+" "+target, body))
			if r == nil {
				m, r = m.Within(ps)
			}
			if r != nil {
				if r.Reason == "" || r.Text == "" {
					t.Fatalf("refused without a word: %+v", r)
				}
				continue
			}
			for _, c := range []byte(m.Path + m.Query) {
				if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}#;", c) >= 0 {
					t.Fatalf("%q %q is sent on with %q", m.Path, m.Query, c)
				}
			}
			names := upstream(t, m.Path, m.Query, m.Body)
			if m.Entry.Binding == profile.ByDomain && len(names) == 0 {
				t.Fatalf("no domain is found in %s?%s %s", m.Path, m.Query, m.Body)
			}
			for _, name := range names {
				ascii, err := idna.Lookup.ToASCII(strings.TrimRight(name, "."))
				if err != nil {
					ascii = strings.ToLower(strings.TrimRight(name, "."))
				}
				if !ps.Covers(domain.Name(ascii)) && m.Entry.Binding == profile.ByDomain {
					t.Errorf("a key bound to %v reaches %q by %s %s?%s %s", ps, name, method, m.Path, m.Query, m.Body)
				}
			}
			if m.Entry.Binding == profile.Filter {
				field := map[string]string{"/v2/domains": "domainName", "/v2/hosts": "hostName", "/v2/dns/zones": "name", "/v2/processes": "identifier"}[m.Path]
				if field == "" {
					t.Fatalf("%s is narrowed by what?", m.Path)
				}
				for _, row := range listed(m.Query, field) {
					if !ps.Covers(domain.Name(row)) {
						t.Errorf("a key bound to %v sees %s by %s?%s", ps, row, m.Path, m.Query)
					}
				}
			}
			// What is sent on is canonical: judged again it is the same, and it
			// stays within the same.
			again, r := p.Match(request(method+" "+m.Path+"?"+m.Query, body))
			if r != nil || again.Path != m.Path || again.Query != m.Query || again.Entry != m.Entry {
				t.Errorf("%s %s?%s is judged again as %s?%s, %v", method, m.Path, m.Query, again.Path, again.Query, r)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	p := builtIn(b)
	for _, c := range []struct{ name, line, body string }{
		{"read", "GET /v2/domains/example.be", ""},
		{"trailing", "GET /v2/domains/example.be/", ""},
		{"list", "GET /v2/domains?limit=10&offset=20&order=-expiryDate&status=OK", ""},
		{"write", "POST /v2/domains/example.be/update", `{"ns":["ns1.example.be","ns2.example.be"],"autoRenew":true,"contacts":[{"role":"ADMIN","handle":"a"}]}`},
		{"unknown", "GET /v2/nothing/of/the/kind", ""},
	} {
		q := request(c.line, c.body)
		ps := domain.Patterns{"*.com", "*.be"}
		if c.name == "list" {
			ps = ps[1:]
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m, r := p.Match(q); r == nil {
					if _, r := m.Within(ps); r != nil {
						b.Fatal(r)
					}
				}
			}
		})
	}
}
