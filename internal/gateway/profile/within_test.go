package profile_test

import (
	"strings"
	"testing"

	"gatehouse/internal/domain"
	"gatehouse/internal/gateway/profile"
)

func patterns(t testing.TB, text string) domain.Patterns {
	t.Helper()
	ps := domain.Patterns{}
	for _, raw := range strings.Fields(text) {
		p, err := domain.ParsePattern(raw)
		if err != nil {
			t.Fatal(raw, err)
		}
		ps = append(ps, p)
	}
	return ps
}

// A key that is bound to domains reaches these and what has nothing to do with
// any, and lists are narrowed to them or refused.
func TestMatch_Within(t *testing.T) {
	p := builtIn(t)
	for _, c := range []struct {
		bound, line, body string
		want              string // the query that is sent, or "!" and the reason
	}{
		// Routes with a domain.
		{"example.be", "GET /v2/domains/example.be", "", ""},
		{"example.be", "GET /v2/domains/EXAMPLE.BE", "", ""},
		{"example.be", "GET /v2/domains/other.be", "", "!domain_refused"},
		{"example.be", "GET /v2/domains/www.example.be", "", "!domain_refused"},
		{"*.be", "DELETE /v2/domains/other.be", "", ""},
		{"*.be", "DELETE /v2/domains/other.com", "", "!domain_refused"},
		{"*.be", "DELETE /v2/domains/other.be.com", "", "!domain_refused"},
		{"*", "DELETE /v2/domains/other.com", "", ""},
		{"", "GET /v2/domains/example.be", "", "!domain_refused"},
		{"xn--bcher-kva.de", "GET /v2/domains/b%c3%bccher.de", "", ""},
		{"example.be", "POST /v2/hosts/ns1.example.be", "{}", "!domain_refused"},
		{"*.example.be", "POST /v2/hosts/ns1.example.be", "{}", ""},
		{"example.be", "POST /v2/dns/zones", `{"name":"example.be"}`, ""},
		{"example.be", "POST /v2/dns/zones", `{"name":"other.be"}`, "!domain_refused"},
		{"example.be", "POST /v2/dns/zones", `{"name":"example.be","x":{"name":"other.be"}}`, ""},
		{"*.be", "POST /v2/ssl/acme", `{"domainNames":["a.be","b.be"]}`, ""},
		{"*.be", "POST /v2/ssl/acme", `{"domainNames":["a.be","b.com"]}`, "!domain_refused"},
		{"*.be", "POST /v2/ssl/acme", `{"domainNames":[]}`, "!route_refused"},
		{"*.be", "POST /v2/ssl/acme", `{}`, "!route_refused"},
		{"*.be", "POST /v2/ssl/acme", `{"domainNames":null}`, "!route_refused"},
		// Routes without.
		{"example.be", "GET /v2/tlds/be/info", "", ""},
		{"example.be", "GET /v2/customers/acme/credit", "", ""},
		{"", "GET /v2/tlds/be/info", "", ""},
		{"example.be", "GET /v2/countries?limit=1", "", "limit=1"},
		{"example.be", "GET /v2/customers/acme/contacts", "", "!route_refused"},
		{"example.be", "GET /v2/dns/zones/12", "", "!route_refused"},
		{"example.be", "GET /v2/processes/12", "", "!route_refused"},
		{"example.be", "POST /v2/ssl/certificates", `{"csr":"x","domainName":"example.be"}`, "!route_refused"},
		{"example.be", "GET /v2/ssl/certificates?domainName=example.be", "", "!route_refused"},
		{"*", "GET /v2/ssl/certificates?domainName=example.be", "", "domainName=example.be"},
		// Lists.
		{"*", "GET /v2/domains?export=true&x:like=%25", "", "export=true&x:like=%25"},
		{"example.be", "GET /v2/domains", "", "domainName:in=example.be"},
		{"a.be b.com", "GET /v2/domains", "", "domainName:in=a.be,b.com"},
		{"*.be", "GET /v2/domains", "", "domainName:like=%25.be"},
		{"*.be a.be *.a.be", "GET /v2/domains", "", "domainName:like=%25.be"},
		{"*.be a.com", "GET /v2/domains", "", "!not_narrowed"},
		{"*.be *.com", "GET /v2/domains", "", "!not_narrowed"},
		{"", "GET /v2/domains", "", "!not_narrowed"},
		{"*.be *.com", "GET /v2/domains?domainName=a.com", "", "domainName:in=a.com"},
		{"*.be *.com", "GET /v2/domains?domainName:eq=A.com", "", "domainName:in=a.com"},
		{"*.be *.com", "GET /v2/domains?domainName%3Ain=a.com%2Cb.be", "", "domainName:in=a.com,b.be"},
		{"*.be", "GET /v2/domains?domainName:in=a.be,b.com", "", "!domain_refused"},
		{"*.be", "GET /v2/domains?domainName=b.com", "", "!domain_refused"},
		{"*.be", "GET /v2/domains?domainName=a.be&domainName=b.com", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName=a.be&domainName:in=b.be", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:like=%25", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:ne=a.be", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:not_in=a.be", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:not_like=%25.be", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:not_null=1", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:gt=a", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainname=b.com", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName:IN=b.com", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?domainName=", "", "!bad_domain"},
		{"*.be", "GET /v2/domains?domainName:in=", "", "!bad_domain"},
		{"*.be", "GET /v2/domains?domainName:in=a.be,", "", "!bad_domain"},
		{"*.be", "GET /v2/domains?domainName:in=a.be,+b.be", "", "!bad_domain"},
		{"*.be", "GET /v2/domains?domainName=a.be.", "", "!bad_domain"},
		{"*.be", "GET /v2/domains?domainName=%25.be", "", "!bad_domain"},
		{"*.be", "GET /v2/domains?export=true&fields=domainName%2CexpiryDate", "", "export=true&fields=domainName,expiryDate&domainName:like=%25.be"},
		{"*.be", "GET /v2/domains?Export=true", "", "!bad_query"},
		{"*.be", "GET /v2/domains?or=1", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?ns=ns1.other.com", "", "!not_narrowed"},
		{"*.be", "GET /v2/domains?limit=5&offset=5&order=-expiryDate&q=x&total=false&fields=domainName&fields=status", "", "limit=5&offset=5&order=-expiryDate&q=x&total=false&fields=domainName&fields=status&domainName:like=%25.be"},
		{"*.be", "GET /v2/domains?status=OK&status:not_in=A,B&expiryDate:lt=2027-01-01T00:00:00+01:00", "", "status=OK&status:not_in=A,B&expiryDate:lt=2027-01-01T00:00:00+01:00&domainName:like=%25.be"},
		{"*.be", "GET /v2/domains?limit=0", "", "limit=0&domainName:like=%25.be"},
		{"*.be", "GET /v2/domains?limit:eq=0", "", "!bad_query"},
		{"a.be", "GET /v2/dns/zones?name=a.be", "", "name:in=a.be"},
		{"a.be", "GET /v2/hosts", "", "hostName:in=a.be"},
		{"*.be", "GET /v2/processes?id=12", "", "id=12&type=domain&identifier:like=%25.be"},
		{"*.be", "GET /v2/processes?identifier%3Aeq=a.be&status=COMPLETED&action%3Ain=outgoingTransfer%2CoutgoingInternalTransfer", "", "status=COMPLETED&action:in=outgoingTransfer,outgoingInternalTransfer&type=domain&identifier:in=a.be"},
		{"*.be", "GET /v2/processes?fields=createdDate%2Cid&order=-createdDate&identifier%3Aeq=a.be&export=true", "", "fields=createdDate,id&order=-createdDate&export=true&type=domain&identifier:in=a.be"},
		{"*.be", "GET /v2/processes?type=contact", "", "!not_narrowed"},
		{"*.be", "GET /v2/processes?type:ne=domain", "", "!not_narrowed"},
		{"*.be", "GET /v2/processes?identifier=a.com", "", "!domain_refused"},
	} {
		m, r := p.Match(request(c.line, c.body))
		if r == nil {
			m, r = m.Within(patterns(t, c.bound))
		}
		got := m.Query
		if r != nil {
			got = "!" + told(r)
		}
		if got != c.want {
			t.Errorf("a key bound to %q sends %s %s: got %q, want %q (%v)", c.bound, c.line, c.body, got, c.want, r)
		}
	}
}

// A key can be bound to more names than a request can hold.
func TestMatch_Within_long(t *testing.T) {
	ps := domain.Patterns{}
	for i := range 100 {
		ps = append(ps, domain.Pattern(strings.Repeat("a", 60)+string(rune('a'+i%26))+string(rune('a'+i/26))+"."+strings.Repeat("b", 60)+".be"))
	}
	m, r := builtIn(t).Match(request("GET /v2/domains", ""))
	if r != nil {
		t.Fatal(r)
	}
	if _, r := m.Within(ps); told(r) != "not_narrowed" {
		t.Errorf("got %v", r)
	}
	if m, r := m.Within(ps[:40]); r != nil || len(m.Query) > profile.MaxQuery {
		t.Errorf("got %v and %d bytes", r, len(m.Query))
	}
}

// A profile whose lists cannot match an end has no answer for patterns such as
// *.be, and one with the domain in a parameter judges that.
func TestMatch_Within_otherProfiles(t *testing.T) {
	p, err := profile.Load([]byte(`
name: Other
base: /
lists: {controls: [page], equal: ["filter.{field}"], among: "filter.{field}.any"}
entries:
  - {route: GET /zones, permission: VIEW_DNS_ZONE, domain: {filter: name}}
  - {route: GET /whois, permission: VIEW_DOMAIN, domain: {query: name}, query: raw}
  - route: PUT /move/{from}
    permission: UPDATE_DOMAIN
    domain: {path: from, body: [/to, /alias/*/name]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ bound, line, body, want string }{
		{"*.be", "GET /zones", "", "!not_narrowed"},
		{"a.be", "GET /zones?page=2", "", "page=2&filter.name.any=a.be"},
		{"*.be", "GET /zones?filter.name=a.be", "", "filter.name.any=a.be"},
		{"*.be", "GET /whois?name=A.be&raw=1", "", "name=a.be&raw=1"},
		{"*.be", "GET /whois?name=a.com", "", "!domain_refused"},
		{"*.be", "GET /whois?name=a.be&name=a.com", "", "!bad_query"},
		{"*.be", "GET /whois?Name=a.com&name=a.be", "", "!bad_query"},
		{"*.be", "GET /whois?name=a.be+", "", "!bad_domain"},
		{"*.be", "GET /whois?name=a.be,b.com", "", "!bad_domain"},
		{"*.be", "GET /whois", "", "!bad_query"},
		{"*.be", "PUT /move/a.be", `{"to":"b.be"}`, ""},
		{"*.be", "PUT /move/a.be", `{"to":"b.be","alias":[{"name":"c.be"},{}]}`, ""},
		{"*.be", "PUT /move/a.be", `{"to":"b.com"}`, "!domain_refused"},
		{"*.be", "PUT /move/a.be", `{"to":"b.be","alias":[{"name":"c.be"},{"name":"c.com"}]}`, "!domain_refused"},
		{"*.be", "PUT /move/a.be", `{"to":"b.be","alias":[{"name":"c.be","Name":"c.com"}]}`, "!bad_body"},
		{"*.be", "PUT /move/a.be", `{"to":"b.be","alias":{"name":"c.com"}}`, "!bad_body"},
		{"*.be", "PUT /move/a.be", `{"alias":[]}`, "!bad_body"},
		{"*.be", "PUT /move/a.com", `{"to":"b.be"}`, "!domain_refused"},
	} {
		m, r := p.Match(request(c.line, c.body))
		if r == nil {
			m, r = m.Within(patterns(t, c.bound))
		}
		got := m.Query
		if r != nil {
			got = "!" + told(r)
		}
		if got != c.want {
			t.Errorf("a key bound to %q sends %s %s: got %q, want %q (%v)", c.bound, c.line, c.body, got, c.want, r)
		}
	}
}
