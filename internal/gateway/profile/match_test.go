package profile_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gateway/profile"
)

// meaning is a match in short: what it needs, what it is about, what is sent.
func meaning(m profile.Match) string {
	var b strings.Builder
	for i, p := range m.Permissions {
		if i > 0 {
			b.WriteByte('+')
		}
		b.WriteString(string(p))
	}
	for _, n := range m.Domains {
		b.WriteString(" " + string(n))
	}
	if m.Costs {
		b.WriteString(" costs")
	}
	if m.Changes {
		b.WriteString(" changes")
	}
	if m.Record {
		b.WriteString(" recorded")
	}
	for _, r := range m.Reveals {
		fmt.Fprintf(&b, " reveals %s:%s", r.Field, r.Permission)
	}
	b.WriteString(" > " + m.Path)
	if m.Query != "" {
		b.WriteString("?" + m.Query)
	}
	return b.String()
}

// What real clients send means what it should.
func TestMatch(t *testing.T) {
	p := builtIn(t)
	for _, c := range []struct{ line, body, want string }{
		{"GET /v2/domains/example.be", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be"},
		{"GET /v2/domains/example.be/", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be"},
		{"GET /v2/domains/example.be?", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be"},
		{"GET /v2/domains/EXAMPLE.be", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be"},
		{"GET /v2/domains/b%C3%BCcher.de", "", "VIEW_DOMAIN xn--bcher-kva.de reveals authcode:VIEW_AUTHCODE > /v2/domains/xn--bcher-kva.de"},
		{"GET /v2/domains/XN--bcher-kva.de", "", "VIEW_DOMAIN xn--bcher-kva.de reveals authcode:VIEW_AUTHCODE > /v2/domains/xn--bcher-kva.de"},
		{"GET /v2/domains/ex%61mple%2Ebe", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be"},
		{"GET /v2/dom%61ins/example.be", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be"},
		{"GET /v2/domains/example.be?fields=domainName,status", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields=domainName,status"},
		{"GET /v2/domains/example.be?fields=domainName&fields=status", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields=domainName&fields=status"},
		{"GET /v2/domains/example.be?fields=domainName%2Cstatus", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields=domainName,status"},
		{"GET /v2/domains/example.be?fields=domainName&fields=authcode", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields=domainName&fields=authcode"},
		{"GET /v2/domains/example.be?fields=AuthCode", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields=AuthCode"},
		{"GET /v2/domains/example.be?fields=auth*", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields=auth%2A"},
		{"GET /v2/domains/example.be?fields=", "", "VIEW_DOMAIN example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be?fields="},
		{"GET /v2/domains/example.be/check?renewPrice=true", "", "CHECK_DOMAIN example.be > /v2/domains/example.be/check?renewPrice=true"},
		{"POST /v2/domains/example.be", `{"customer":"c","registrant":"r"}`, "CREATE_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be?quote=true", `{"customer":"c"}`, "CREATE_DOMAIN example.be costs changes recorded > /v2/domains/example.be?quote=true"},
		{"POST /v2/domains/example.be", `{"billables":[{"product":"domain_be","action":"CREATE"}]}`, "CREATE_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"billables":[{"product":"domain_be_premium","action":"CREATE"}]}`, "CREATE_DOMAIN+PREMIUM_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"billables":[{"product":"domain_be_PREMIUM"}]}`, "CREATE_DOMAIN+PREMIUM_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"billables":[{"pro\u0064uct":"domain_be_\u0070remium"}]}`, "CREATE_DOMAIN+PREMIUM_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"billables":[{"product":7}]}`, "CREATE_DOMAIN+PREMIUM_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"authcode":"abc"}`, "CREATE_DOMAIN+VIEW_AUTHCODE example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"zone":{}}`, "CREATE_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", `{"zone":{"template":"t"}}`, "CREATE_DOMAIN+CREATE_DNS_ZONE example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be", "", "CREATE_DOMAIN example.be costs changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be/update", `{"ns":["ns1.other.com"]}`, "UPDATE_DOMAIN example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"billables":[{"product":"domain_be"}]}`, "UPDATE_DOMAIN+UPDATE_DOMAIN_BILLABLE example.be costs changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"billables":[]}`, "UPDATE_DOMAIN example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"billables":null}`, "UPDATE_DOMAIN example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"authcode":""}`, "UPDATE_DOMAIN+VIEW_AUTHCODE example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"designatedAgent":"NONE"}`, "UPDATE_DOMAIN example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"designatedAgent":"BOTH"}`, "UPDATE_DOMAIN+DESIGNATED_AGENT example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/update", `{"designatedAgent":["NONE"]}`, "UPDATE_DOMAIN+DESIGNATED_AGENT example.be changes recorded > /v2/domains/example.be/update"},
		{"POST /v2/domains/example.be/renew", `{"period":12}`, "RENEW_DOMAIN example.be costs changes recorded > /v2/domains/example.be/renew"},
		{"POST /v2/domains/example.be/restore", `{"reason":"x"}`, "RESTORE_DOMAIN example.be costs changes recorded > /v2/domains/example.be/restore"},
		{"DELETE /v2/domains/example.be", "", "DELETE_DOMAIN example.be changes recorded > /v2/domains/example.be"},
		{"DELETE /v2/domains/example.be", "{}", "DELETE_DOMAIN example.be changes recorded > /v2/domains/example.be"},
		{"POST /v2/domains/example.be/transfer", `{"authcode":"from the other side"}`, "TRANSFER_DOMAIN example.be costs changes recorded > /v2/domains/example.be/transfer"},
		{"GET /v2/domains/example.be/transfer/123", "", "VIEW_DOMAIN example.be > /v2/domains/example.be/transfer/123"},
		{"POST /v2/domains/example.be/transfer/push", `{"recipient":"c"}`, "PUSH_TRANSFER_DOMAIN example.be changes recorded > /v2/domains/example.be/transfer/push"},
		{"POST /v2/domains/example.be/push-transfer", `{"recipient":"c"}`, "PUSH_TRANSFER_DOMAIN example.be changes recorded > /v2/domains/example.be/push-transfer"},
		{"POST /v2/domains/example.be/transfer/123/approve", "", "TRANSFER_OUT_DOMAIN example.be changes recorded > /v2/domains/example.be/transfer/123/approve"},
		{"GET /v2/domains/example.be/info?authcode=x", "", "VIEW_DOMAIN+VIEW_AUTHCODE example.be reveals authcode:VIEW_AUTHCODE > /v2/domains/example.be/info?authcode=x"},
		{"GET /v2/domains?limit=10&offset=0&order=-expiryDate", "", "VIEW_DOMAIN reveals authcode:VIEW_AUTHCODE > /v2/domains?limit=10&offset=0&order=-expiryDate"},
		{"GET /v2/domains/?status%3Alike=%25OK%25&total=false", "", "VIEW_DOMAIN reveals authcode:VIEW_AUTHCODE > /v2/domains?status:like=%25OK%25&total=false"},
		{"GET /v2/domains?authcode:like=a%25", "", "VIEW_DOMAIN+VIEW_AUTHCODE reveals authcode:VIEW_AUTHCODE > /v2/domains?authcode:like=a%25"},
		{"GET /v2/domains?order=AuthCode", "", "VIEW_DOMAIN+VIEW_AUTHCODE reveals authcode:VIEW_AUTHCODE > /v2/domains?order=AuthCode"},
		{"GET /v2/domains?fields=domainName&authcode=a", "", "VIEW_DOMAIN+VIEW_AUTHCODE reveals authcode:VIEW_AUTHCODE > /v2/domains?fields=domainName&authcode=a"},
		{"GET /v2/customers/acme/contacts/anna%40shop.be", "", "VIEW_CONTACT > /v2/customers/acme/contacts/anna@shop.be"},
		{"GET /v2/customers/acme/contacts/anna@shop.be", "", "VIEW_CONTACT > /v2/customers/acme/contacts/anna@shop.be"},
		{"POST /v2/customers/acme/contacts/anna", `{"name":"Anna","verifications":[{"method":"x"}]}`, "CREATE_CONTACT+CONTACT_VERIFICATION changes recorded > /v2/customers/acme/contacts/anna"},
		{"POST /v2/customers/acme/contacts/anna/update", `{"name":"Änna"}`, "UPDATE_CONTACT changes recorded > /v2/customers/acme/contacts/anna/update"},
		{"POST /v2/customers/acme/contacts/anna/sidn", `{"properties":{"a":"b","A":"c"}}`, "UPDATE_CONTACT changes recorded > /v2/customers/acme/contacts/anna/sidn"},
		{"POST /v2/customers/acme/contacts/anna/sidn/update", `{}`, "UPDATE_CONTACT changes recorded > /v2/customers/acme/contacts/anna/sidn/update"},
		{"POST /v2/customers/acme/contacts/anna/validate", `{"categories":["x"]}`, "CONTACT_VALIDATION changes recorded > /v2/customers/acme/contacts/anna/validate"},
		{"POST /v2/customers/acme/contacts/anna/split", `{"newHandle":"x"}`, "CREATE_CONTACT+UPDATE_CONTACT changes recorded > /v2/customers/acme/contacts/anna/split"},
		{"POST /v2/customers/acme/brands/b/update", `{"privacyContact":""}`, "MANAGE_BRAND+BRAND_PRIVACY changes recorded > /v2/customers/acme/brands/b/update"},
		{"GET /v2/customers/acme/brands/b/templates/n/preview?context=x%20y+z", "", "VIEW_BRAND > /v2/customers/acme/brands/b/templates/n/preview?context=x%20y+z"},
		{"GET /v2/customers/acme/dnstemplates/my%20template", "", "VIEW_DNS_TEMPLATE > /v2/customers/acme/dnstemplates/my%20template"},
		{"POST /v2/dns/zones/", `{"name":"example.be","service":"BASIC"}`, "CREATE_DNS_ZONE example.be changes recorded > /v2/dns/zones"},
		{"POST /v2/dns/zones", ` { "name" : "example.be" , "records":[{"name":"Example.be"},{"name":"x"}] } `, "CREATE_DNS_ZONE example.be changes recorded > /v2/dns/zones"},
		{"POST /v2/dns/zones", `{"n\u0061me":"ex\u0061mple.be"}`, "CREATE_DNS_ZONE example.be changes recorded > /v2/dns/zones"},
		{"POST /v2/dns/zones", `{"name":"example.be","x":"[[\"` + strings.Repeat("{[", 99) + `"}`, "CREATE_DNS_ZONE example.be changes recorded > /v2/dns/zones"},
		{"POST /v2/dns/zones", `{"name":"example.be","billables":[{}]}`, "CREATE_DNS_ZONE example.be costs changes recorded > /v2/dns/zones"},
		{"GET /v2/dns/zones/12/stats", "", "VIEW_DNS_ZONE_STATS > /v2/dns/zones/12/stats"},
		{"POST /v2/hosts/ns1.example.be", `{"addresses":[]}`, "CREATE_HOST ns1.example.be changes recorded > /v2/hosts/ns1.example.be"},
		{"DELETE /v2/processes/12", "{}", "VIEW_PROCESS+UPDATE_DOMAIN+UPDATE_CERTIFICATE changes recorded > /v2/processes/12"},
		{"GET /v2/customers/acme/notifications/poll", "", "VIEW_NOTIFICATION > /v2/customers/acme/notifications/poll"},
		{"POST /v2/customers/acme/notifications/12/ack/", "{}", "UPDATE_NOTIFICATION changes recorded > /v2/customers/acme/notifications/12/ack"},
		{"GET /v2/providers/REGISTRY/sidn", "", "VIEW_PROVIDER > /v2/providers/REGISTRY/sidn"},
		{"GET /v2/registryAccounts/sidn/login", "", "VIEW_REGISTRY_ACCOUNT > /v2/registryAccounts/sidn/login"},
		{"GET /v2/customers/acme/dnstemplates/a+b=c", "", "VIEW_DNS_TEMPLATE > /v2/customers/acme/dnstemplates/a%2Bb%3Dc"},
		{"GET /v2/customers/acme/dnstemplates/a%2bb", "", "VIEW_DNS_TEMPLATE > /v2/customers/acme/dnstemplates/a%2Bb"},
		{"GET /v2/tlds/co.uk/info", "", "VIEW_TLD > /v2/tlds/co.uk/info"},
		{"POST /v2/ssl/certificates/", `{"csr":"x"}`, "CREATE_CERTIFICATE costs changes recorded > /v2/ssl/certificates"},
		{"POST /v2/ssl/decodecsr", `{"csr":"x"}`, "VIEW_CERTIFICATE > /v2/ssl/decodecsr"},
		{"POST /v2/ssl/acme", `{"domainNames":["a.be","b.be"]}`, "CREATE_CERTIFICATE a.be b.be costs changes recorded > /v2/ssl/acme"},
		{"POST /v2/ssl/acme", `{"product":"p"}`, "CREATE_CERTIFICATE costs changes recorded > /v2/ssl/acme"},
		{"GET /v2/customers/acme/pricelist?currency=EUR", "", "VIEW_PRICELIST > /v2/customers/acme/pricelist?currency=EUR"},
		{"GET /v2/billing/financialtransactions?date:gte=2026-01-01T00:00:00+01:00", "", "VIEW_TRANSACTION > /v2/billing/financialtransactions?date:gte=2026-01-01T00:00:00+01:00"},
		{"GET /v2/exchangerates/EUR", "", "VIEW_PRICELIST > /v2/exchangerates/EUR"},
		{"GET /v2/domains?q=a%3Db=c&&limit=1&", "", "VIEW_DOMAIN reveals authcode:VIEW_AUTHCODE > /v2/domains?q=a%3Db%3Dc&limit=1"},
	} {
		m, r := p.Match(request(c.line, c.body))
		if r != nil {
			t.Errorf("%s %s: refused: %v", c.line, c.body, r)
			continue
		}
		if got := meaning(m); got != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.line, c.body, got, c.want)
		}
	}
}

// There is no way around: whatever could be read in two ways is refused.
func TestMatch_refused(t *testing.T) {
	p := builtIn(t)
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for _, c := range []struct {
		line, body string
		want       profile.Reason
	}{
		// The way the path is written.
		{"GET /", "", profile.BadPath},
		{"GET ", "", profile.BadPath},
		{"GET *", "", profile.BadPath},
		{"GET v2/domains/example.be", "", profile.BadPath},
		{"GET http://api.example/v2/domains/example.be", "", profile.BadPath},
		{"GET //v2/domains/example.be", "", profile.BadPath},
		{"GET /v2//domains/example.be", "", profile.BadPath},
		{"GET /v2/domains//example.be", "", profile.BadPath},
		{"GET /v2/domains/example.be//", "", profile.BadPath},
		{"GET /v2/domains/example.be/./check", "", profile.BadPath},
		{"GET /v2/domains/example.be/../other.be", "", profile.BadPath},
		{"GET /v2/domains/example.be/%2e%2e/other.be", "", profile.BadPath},
		{"GET /v2/domains/example.be/.%2E/other.be", "", profile.BadPath},
		{"GET /v2/domains/example.be/%2e/check", "", profile.BadPath},
		{"GET /v2/domains/example.be/.../check", "", profile.BadPath},
		{"GET /v2/domains/example.be%2fcheck", "", profile.BadPath},
		{"GET /v2/domains/example.be%2F..%2Fother.be", "", profile.BadPath},
		{"GET /v2%2fdomains/example.be", "", profile.BadPath},
		{"GET /v2/domains/example.be%5c..%5cother.be", "", profile.BadPath},
		{"GET /v2/domains/example.be\\..\\other.be", "", profile.BadPath},
		{"GET /v2/domains/example.be;x=1", "", profile.BadPath},
		{"GET /v2/domains;x=1/example.be", "", profile.BadPath},
		{"GET /v2/domains/example.be%3bx", "", profile.BadPath},
		{"GET /v2/domains/example.be/..;/other.be", "", profile.BadPath},
		{"GET /v2/domains/example.be%3fx=1", "", profile.BadPath},
		{"GET /v2/domains/example.be%23", "", profile.BadPath},
		{"GET /v2/domains/example.be#x", "", profile.BadPath},
		{"GET /v2/domains/example.be%00", "", profile.BadPath},
		{"GET /v2/domains/example.be%0a", "", profile.BadPath},
		{"GET /v2/domains/example.be%7f", "", profile.BadPath},
		{"GET /v2/domains/example%252ebe", "", profile.BadPath},
		{"GET /v2/domains/%252e%252e/x", "", profile.BadPath},
		{"GET /v2/domains/example.be%", "", profile.BadPath},
		{"GET /v2/domains/example.be%2", "", profile.BadPath},
		{"GET /v2/domains/example.be%zz", "", profile.BadPath},
		{"GET /v2/domains/example.be%u002e", "", profile.BadPath},
		{"GET /v2/domains/bücher.de", "", profile.BadPath},
		{"GET /v2/domains/\"example.be\"", "", profile.BadPath},
		{"GET /v2/customers/acme/contacts/an%c3%a4", "", profile.BadPath},
		{"GET /v2/customers/acme/contacts/%20anna", "", profile.BadPath},
		{"GET /v2/customers/acme/contacts/anna%20", "", profile.BadPath},
		{"GET /v2/customers/acme/contacts/an*na", "", profile.BadPath},
		{"GET /v2/customers/acme/contacts/an%2ana", "", profile.BadPath},
		{"GET /v2/customers/%c0%ae%c0%ae/contacts", "", profile.BadPath},
		{"GET /v2/customers/acme%00/contacts", "", profile.BadPath},
		{"GET /v2/customers/../customers/acme/contacts", "", profile.BadPath},
		{"GET /v2/domains/" + strings.Repeat("a", 3000) + ".be", "", profile.BadPath},
		// Routes.
		{"GET /v2", "", profile.UnknownRoute},
		{"GET /v2/", "", profile.UnknownRoute},
		{"GET /v3/domains/example.be", "", profile.UnknownRoute},
		{"GET /V2/domains/example.be", "", profile.UnknownRoute},
		{"GET /v2/Domains/example.be", "", profile.UnknownRoute},
		{"GET /v2/DOMAINS/example.be", "", profile.UnknownRoute},
		{"GET /v2/domain\u017f/example.be", "", profile.BadPath},
		{"GET /v2/domain%C5%BF/example.be", "", profile.UnknownRoute},
		{"GET /v2/%20domains/example.be", "", profile.UnknownRoute},
		{"GET /v2/domains%20/example.be", "", profile.UnknownRoute},
		{"GET /v2/domains/example.be/Check", "", profile.UnknownRoute},
		{"GET /v2/domains/example.be/check/more", "", profile.UnknownRoute},
		{"GET /v2/users", "", profile.UnknownRoute},
		{"GET /v2/sitelock/accounts", "", profile.UnknownRoute},
		{"POST /v2/session", "{}", profile.UnknownRoute},
		{"GET /v2/customers/acme", "", profile.UnknownRoute},
		{"GET /v2/customers/acme/notifications/POLL", "", profile.UnknownRoute},
		{"POST /v2/customers/acme/contacts/anna/Update", "{}", profile.UnknownRoute},
		{"POST /v2/customers/acme/contacts/anna/%55pdate", "{}", profile.UnknownRoute},
		{"POST /v2/domains/example.be/transfer/PUSH/approve", "{}", profile.UnknownRoute},
		{"POST /v2/domains/example.be/transfer/push/approve", "{}", profile.UnknownRoute},
		{"GET /v2/" + strings.Repeat("a/", 100), "", profile.UnknownRoute},
		// Methods.
		{"get /v2/domains/example.be", "", profile.UnknownMethod},
		{"Get /v2/domains/example.be", "", profile.UnknownMethod},
		{"delete /v2/domains/example.be", "", profile.UnknownMethod},
		{"HEAD /v2/domains/example.be", "", profile.UnknownMethod},
		{"OPTIONS /v2/domains/example.be", "", profile.UnknownMethod},
		{"PUT /v2/domains/example.be", "{}", profile.UnknownMethod},
		{"PATCH /v2/domains/example.be", "{}", profile.UnknownMethod},
		{"TRACE /v2/domains/example.be", "", profile.UnknownMethod},
		{"CONNECT /v2/domains/example.be", "", profile.UnknownMethod},
		{"POST /v2/domains/example.be/transfer/PUSH", "{}", profile.UnknownRoute},
		{"GET /v2/domains/example.be/transfer/push", "", profile.UnknownMethod},
		{"GET /v2/domains/example.be/renew", "", profile.UnknownMethod},
		// Domains in the path.
		{"GET /v2/domains/example", "", profile.BadDomain},
		{"GET /v2/domains/example.be.", "", profile.BadDomain},
		{"GET /v2/domains/example.be%2e", "", profile.BadDomain},
		{"GET /v2/domains/.example.be", "", profile.BadDomain},
		{"GET /v2/domains/*.be", "", profile.BadDomain},
		{"GET /v2/domains/%2a.be", "", profile.BadDomain},
		{"GET /v2/domains/%25.be", "", profile.BadPath},
		{"GET /v2/domains/a,b.be", "", profile.BadDomain},
		{"GET /v2/domains/example.be,other.be", "", profile.BadDomain},
		{"GET /v2/domains/example.be%20", "", profile.BadDomain},
		{"GET /v2/domains/example.be+", "", profile.BadDomain},
		{"GET /v2/domains/example.be:443", "", profile.BadDomain},
		{"GET /v2/domains/anna@example.be", "", profile.BadDomain},
		{"GET /v2/domains/B%C3%9CCHER.de", "", profile.BadDomain},
		{"GET /v2/domains/example%E3%80%82be", "", profile.BadDomain},
		{"GET /v2/domains/example%EF%BC%8Ebe", "", profile.BadDomain},
		{"GET /v2/domains/%EF%BD%85xample.be", "", profile.BadDomain},
		{"GET /v2/domains/exa%C2%ADmple.be", "", profile.BadDomain},
		{"GET /v2/domains/exa%E2%80%8Bmple.be", "", profile.BadDomain},
		{"GET /v2/domains/exa%E2%80%AEmple.be", "", profile.BadDomain},
		{"GET /v2/domains/%EF%BB%BFexample.be", "", profile.BadDomain},
		{"GET /v2/domains/cafe%CC%81.fr", "", profile.BadDomain},
		{"GET /v2/domains/xn--a.be", "", profile.BadDomain},
		{"GET /v2/domains/xn--example-.be", "", profile.BadDomain},
		{"GET /v2/domains/xn--zzzzzzzz.be", "", profile.BadDomain},
		{"GET /v2/domains/%c0%ae.be", "", profile.BadDomain},
		{"GET /v2/domains/example%c0%aebe", "", profile.BadDomain},
		{"GET /v2/domains/exam%ffple.be", "", profile.BadDomain},
		{"GET /v2/domains/192.0.2.1", "", profile.BadDomain},
		{"GET /v2/domains/exam_ple.be", "", profile.BadDomain},
		{"GET /v2/domains/" + strings.Repeat("a", 64) + ".be", "", profile.BadDomain},
		{"GET /v2/hosts/ns1", "", profile.BadDomain},
		// Queries.
		{"GET /v2/domains/example.be?domain=other.be", "", profile.BadQuery},
		{"GET /v2/domains/example.be?domainName=other.be", "", profile.BadQuery},
		{"GET /v2/domains/example.be?_method=DELETE", "", profile.BadQuery},
		{"POST /v2/domains/example.be?_method=DELETE", "{}", profile.BadQuery},
		{"GET /v2/domains?_method=DELETE", "", profile.BadQuery},
		{"GET /v2/domains?X-HTTP-Method-Override=DELETE", "", profile.BadQuery},
		{"GET /v2/domains?%58-HTTP-Method=DELETE", "", profile.BadQuery},
		{"GET /v2/domains/example.be?Fields=authcode", "", profile.BadQuery},
		{"GET /v2/domains?Fields=authcode", "", profile.BadQuery},
		{"GET /v2/domains?fields=domainName&Fields=authcode", "", profile.BadQuery},
		{"GET /v2/domains?fields:in=authcode", "", profile.BadQuery},
		{"GET /v2/domains?fields[]=authcode", "", profile.BadQuery},
		{"GET /v2/domains?fields%5B0%5D=authcode", "", profile.BadQuery},
		{"GET /v2/domains?LIMIT=1", "", profile.BadQuery},
		{"GET /v2/domains?a;b=1", "", profile.BadQuery},
		{"GET /v2/domains?a=1;b=2", "", profile.BadQuery},
		{"GET /v2/domains?=1", "", profile.BadQuery},
		{"GET /v2/domains?a%00=1", "", profile.BadQuery},
		{"GET /v2/domains?a=%00", "", profile.BadQuery},
		{"GET /v2/domains?a=%0d%0aHost:x", "", profile.BadQuery},
		{"GET /v2/domains?a=%ff", "", profile.BadQuery},
		{"GET /v2/domains?a=%c0%af", "", profile.BadQuery},
		{"GET /v2/domains?a=%e2%80%ae", "", profile.BadQuery},
		{"GET /v2/domains?a=%", "", profile.BadQuery},
		{"GET /v2/domains?a=%g0", "", profile.BadQuery},
		{"GET /v2/domains?a=#x", "", profile.BadQuery},
		{"GET /v2/domains?a=b c", "", profile.BadQuery},
		{"GET /v2/domains?a=ü", "", profile.BadQuery},
		{"GET /v2/domains?a+b=1", "", profile.BadQuery},
		{"GET /v2/domains?status:in:x=1", "", profile.BadQuery},
		{"GET /v2/domains?status:=1", "", profile.BadQuery},
		{"GET /v2/domains?" + strings.Repeat("a=1&", 201), "", profile.BadQuery},
		{"GET /v2/domains?a=" + strings.Repeat("a", 9000), "", profile.BadQuery},
		{"GET /v2/domains?a=" + strings.Repeat("|", 4000), "", profile.BadQuery},
		{"POST /v2/domains/example.be?quote=true&quote=false", "{}", profile.BadQuery},
		{"POST /v2/domains/example.be?Quote=true", "{}", profile.BadQuery},
		{"POST /v2/dns/zones?name=other.be", `{"name":"example.be"}`, profile.BadQuery},
		{"POST /v2/domains/example.be/update?authcode=x", "{}", profile.BadQuery},
		{"POST /v2/domains/example.be/update?billables=x", "{}", profile.BadQuery},
		// Bodies.
		{"GET /v2/domains/example.be", `{}`, profile.BadBody},
		{"POST /v2/dns/zones", "", profile.BadBody},
		{"POST /v2/dns/zones", `{}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":null}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"Name":"example.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","Name":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"NAME":"other.be","name":"example.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","name":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","n\u0061me":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","\u006eame":"example.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","nam\ud800e":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","name\u0000":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","na\u200bme":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","x":1,"x":2}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","x":1,"X":2}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"x":{"name":"example.be"}}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"billables":[{"product":"a","PRODUCT":"domain_be_premium"}]}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"billables":[{"product":"a","product":"domain_be_premium"}]}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":["example.be","other.be"]}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":{"x":"example.be"}}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":12}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":true}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":""}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":"EXAMPLE.be"}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":"example.be."}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":" example.be"}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":"example.be\u0000"}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":"bücher.de"}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":"*.be"}`, profile.BadDomain},
		{"POST /v2/dns/zones", `{"name":"example.be,other.be"}`, profile.BadDomain},
		{"POST /v2/dns/zones", `[{"name":"example.be"}]`, profile.BadBody},
		{"POST /v2/dns/zones", `"example.be"`, profile.BadBody},
		{"POST /v2/dns/zones", `null`, profile.BadBody},
		{"POST /v2/dns/zones", "\ufeff" + `{"name":"example.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be"}{"name":"other.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be"} x`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be",}`, profile.BadBody},
		{"POST /v2/dns/zones", `{'name':'example.be'}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be"/**/}`, profile.BadBody},
		{"POST /v2/dns/zones", `{name:"example.be"}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","x":NaN}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be"`, profile.BadBody},
		{"POST /v2/dns/zones", "{\"name\":\"example.be\xff\"}", profile.BadBody},
		{"POST /v2/dns/zones", "{\"name\":\"example.be\",\"x\":\"a\nb\"}", profile.BadBody},
		{"POST /v2/dns/zones", `name=example.be`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","x":` + deep + `}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, profile.BadBody},
		{"POST /v2/dns/zones", `{"name":"example.be","x":"` + strings.Repeat("a", profile.MaxBody) + `"}`, profile.BodyTooLarge},
		{"POST /v2/domains/example.be", `{"billables":{"product":"domain_be_premium"}}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"billables":"premium"}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"billables":["premium"]}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"Billables":[{"product":"domain_be_premium"}]}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"bi\u017flables":[],"billable\u017f":[{}]}`, profile.BadBody},
		{"POST /v2/domains/example.be", `{"billables":[{"Product":"domain_be_premium"}]}`, profile.BadBody},
		{"POST /v2/domains/example.be/update", `{"AuthCode":"x"}`, profile.BadBody},
		{"POST /v2/ssl/acme", `{"domainNames":"a.be"}`, profile.BadBody},
		{"POST /v2/ssl/acme", `{"domainNames":["a.be",7]}`, profile.BadDomain},
		{"POST /v2/ssl/acme", `{"domainNames":["a.be",["b.be"]]}`, profile.BadDomain},
		{"POST /v2/ssl/acme", `{"domainNames":["a.be",null]}`, profile.BadDomain},
		{"POST /v2/ssl/acme", `{"domainNames":["*.be"]}`, profile.BadDomain},
	} {
		m, r := p.Match(request(c.line, c.body))
		short := c.line[:min(len(c.line), 100)] + " " + c.body[:min(len(c.body), 100)]
		switch {
		case r == nil:
			t.Errorf("%q is allowed: %s", short, meaning(m))
		case r.Reason != c.want:
			t.Errorf("%q is refused as %v, want %s", short, r, c.want)
		case !strings.HasSuffix(r.Text, ".") || r.Problem().Detail != r.Text:
			t.Errorf("%q: %q is no sentence", short, r.Text)
		}
	}
}

// What the headers say of a body is judged too.
func TestMatch_headers(t *testing.T) {
	p := builtIn(t)
	for _, c := range []struct {
		kind, encoding []string
		length         int64
		want           string
	}{
		{kind: []string{"application/json"}},
		{kind: []string{"application/json; charset=utf-8"}},
		{kind: []string{"Application/JSON;charset=UTF-8"}},
		{kind: []string{"application/json"}, length: -1},
		{want: "bad_body"},
		{kind: []string{""}, want: "bad_body"},
		{kind: []string{"text/plain"}, want: "bad_body"},
		{kind: []string{"application/x-www-form-urlencoded"}, want: "bad_body"},
		{kind: []string{"multipart/form-data; boundary=x"}, want: "bad_body"},
		{kind: []string{"application/json, text/plain"}, want: "bad_body"},
		{kind: []string{"application/json", "text/plain"}, want: "bad_body"},
		{kind: []string{"application/json", "application/json"}, want: "bad_body"},
		{kind: []string{"application/json; charset=utf-16"}, want: "bad_body"},
		{kind: []string{"application/json; charset=utf-8; x=y"}, want: "bad_body"},
		{kind: []string{"application/json; boundary=x"}, want: "bad_body"},
		{kind: []string{"application/jsonp"}, want: "bad_body"},
		{kind: []string{"application/json"}, encoding: []string{"gzip"}, want: "bad_body"},
		{kind: []string{"application/json"}, encoding: []string{"identity"}, want: "bad_body"},
		{kind: []string{"application/json"}, length: profile.MaxBody + 1, want: "body_too_large"},
	} {
		for _, line := range []string{"POST /v2/dns/zones", "POST /v2/processes/12/resend"} {
			q := request(line, `{"name":"example.be"}`)
			if q.ContentType, q.ContentEncoding = c.kind, c.encoding; c.length != 0 {
				q.Length = c.length
			}
			if _, r := p.Match(q); told(r) != c.want && !(c.length > 0 && line != "POST /v2/dns/zones") {
				t.Errorf("%s with %q %q %d: %v, want %q", line, c.kind, c.encoding, c.length, r, c.want)
			}
		}
	}
}

// Bodies that nobody needs to see are not read; others once, and they are what
// is sent.
func TestMatch_body(t *testing.T) {
	p := builtIn(t)
	q := request("POST /v2/processes/12/resend", `{"dcv":[]}`)
	q.Body = func(int) ([]byte, error) { t.Error("the body was read"); return nil, nil }
	if m, r := p.Match(q); r != nil || m.Body != nil {
		t.Errorf("got %v, %q", r, m.Body)
	}
	body := ` {"name" : "example.be"} `
	if m, r := p.Match(request("POST /v2/dns/zones", body)); r != nil || string(m.Body) != body {
		t.Errorf("got %v, %q", r, m.Body)
	}
	q = request("POST /v2/dns/zones", body)
	q.Body = func(int) ([]byte, error) { return nil, errors.New("reset") }
	if _, r := p.Match(q); told(r) != "body_unavailable" {
		t.Errorf("got %v", r)
	}
}

// The permissions of an entry are not changed by what one request demands,
// however many are judged at once.
func TestMatch_atOnce(t *testing.T) {
	p := builtIn(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				for body, want := range map[string]string{
					`{"authcode":"x"}`: "CREATE_DOMAIN+VIEW_AUTHCODE",
					`{}`:               "CREATE_DOMAIN",
					`{"zone":{"x":1}}`: "CREATE_DOMAIN+CREATE_DNS_ZONE",
				} {
					m, r := p.Match(request("POST /v2/domains/example.be", body))
					if r != nil {
						t.Error(r)
						continue
					}
					if got, _, _ := strings.Cut(meaning(m), " "); got != want {
						t.Errorf("%s needs %s, want %s", body, got, want)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestMatch_Param(t *testing.T) {
	m, r := builtIn(t).Match(request("GET /v2/domains/EXAMPLE.be/transfer/12", ""))
	if r != nil {
		t.Fatal(r)
	}
	got := []string{m.Param("domain"), m.Param("process"), m.Param("nothing")}
	if diff := cmp.Diff([]string{"example.be", "12", ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Headers that change what a request means are not among those sent on.
func TestForwardedHeaders(t *testing.T) {
	for _, h := range profile.ForwardedHeaders() {
		for _, bad := range []string{"method", "forward", "original", "rewrite", "auth", "cookie", "encoding", "host", "upgrade", "connection", "content", "via"} {
			if strings.Contains(strings.ToLower(h), bad) {
				t.Errorf("%s is sent on", h)
			}
		}
	}
}
