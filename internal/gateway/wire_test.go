package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/apikey"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
)

// What the registrar's own libraries and common clients put on the wire,
// literally, was recorded from them with nothing but address and key changed. It
// comes to the upstream as they meant it.
func TestGateway_wire(t *testing.T) {
	const (
		axios  = "Accept: application/json, text/plain, */*\r\n%sAuthorization: ApiKey KEY\r\nUser-Agent: axios/1.21.1\r\n%sAccept-Encoding: gzip, compress, deflate, br\r\nHost: gate.example\r\nConnection: close\r\n\r\n"
		form   = "Content-Type: application/x-www-form-urlencoded\r\n"
		asJSON = "Content-Type: application/json\r\n"
		guzzle = "Host: gate.example\r\nConnection: close\r\nUser-Agent: GuzzleHttp/7\r\nAuthorization: ApiKey KEY\r\nContent-Type: application/json\r\n%s\r\n"
	)
	length := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }
	const period, reason = `{"period":12}`, `{"reason":"because"}`
	for name, c := range map[string]struct{ sent, want, body string }{
		"TypeScript, list": {
			"GET /v2/domains/?limit=3&order=-createdDate&order=id&total=true&q=%C3%BC%20%26x&fields=domainName&fields=status&createdDate%3Agt=2020-01-01&status%3Ain=A%2CB HTTP/1.1\r\n" + fmt.Sprintf(axios, "", ""),
			"GET /v2/domains?limit=3&order=-createdDate&order=id&total=true&q=%C3%BC%20%26x&fields=domainName&fields=status&createdDate:gt=2020-01-01&status:in=A%2CB", "",
		},
		"TypeScript, nothing to say, but the type of it": {
			"POST /v2/dns/zones/5/retrieve HTTP/1.1\r\n" + fmt.Sprintf(axios, form, length("")), "POST /v2/dns/zones/5/retrieve", "",
		},
		"TypeScript, check in a language": {
			"GET /v2/domains/xn--bcher-kva.com/check?languageCode=de&renewPrice=true HTTP/1.1\r\n" + fmt.Sprintf(axios, "", ""),
			"GET /v2/domains/xn--bcher-kva.com/check?languageCode=de&renewPrice=true", "",
		},
		"TypeScript, quote": {
			"POST /v2/domains/example.be/renew?quote=true HTTP/1.1\r\n" + fmt.Sprintf(axios, asJSON, length(period)) + period,
			"POST /v2/domains/example.be/renew?quote=true", period,
		},
		"TypeScript, delete with a body": {
			"DELETE /v2/ssl/certificates/9 HTTP/1.1\r\n" + fmt.Sprintf(axios, asJSON, length("{}")) + "{}", "DELETE /v2/ssl/certificates/9", "{}",
		},
		"TypeScript, preview": {
			"GET /v2/customers/acme/brands/b/templates/t/preview?context=base HTTP/1.1\r\n" + fmt.Sprintf(axios, "", ""),
			"GET /v2/customers/acme/brands/b/templates/t/preview?context=base", "",
		},
		"PHP, list": {
			"GET /v2/domains?fields=domainName%2Cstatus&total=1&createdDate%3Agt=2020-01-01&limit=3&offset=0&q=%C3%BC+%26x HTTP/1.1\r\n" + fmt.Sprintf(guzzle, ""),
			"GET /v2/domains?fields=domainName,status&total=1&createdDate:gt=2020-01-01&limit=3&offset=0&q=%C3%BC+%26x", "",
		},
		"PHP, nothing to say, but the type of it": {
			"POST /v2/dns/zones/5/retrieve HTTP/1.1\r\n" + fmt.Sprintf(guzzle, length("")), "POST /v2/dns/zones/5/retrieve", "",
		},
		"PHP, check in a language": {
			"GET /v2/domains/example.be/check?languageCode=de&renewPrice=1 HTTP/1.1\r\n" + fmt.Sprintf(guzzle, ""),
			"GET /v2/domains/example.be/check?languageCode=de&renewPrice=1", "",
		},
		"PHP, preview": {
			"GET /v2/customers/acme/brands/b/templates/t/preview?contexts=base HTTP/1.1\r\n" + fmt.Sprintf(guzzle, ""),
			"GET /v2/customers/acme/brands/b/templates/t/preview?contexts=base", "",
		},
		"PHP, delete with a body": {
			"DELETE /v2/ssl/certificates/9 HTTP/1.1\r\n" + fmt.Sprintf(guzzle, length(reason)) + reason, "DELETE /v2/ssl/certificates/9", reason,
		},
		"WHMCS, its processes": {
			"GET /v2/processes?action%3Ain=incomingInternalTransfer%2CincomingTransfer&identifier%3Aeq=example.be&limit=1 HTTP/1.1\r\n" + fmt.Sprintf(guzzle, ""),
			"GET /v2/processes?action:in=incomingInternalTransfer,incomingTransfer&identifier:eq=example.be&limit=1", "",
		},
		"PHP without a library": {
			"POST /v2/domains/example.be/renew HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\nContent-Length: 13\r\nAuthorization: ApiKey KEY\r\nContent-Type: application/json\r\n\r\n" + period,
			"POST /v2/domains/example.be/renew", period,
		},
		"HTTP/1.0, as PHP's streams by default": {
			"POST /v2/domains/example.be/renew HTTP/1.0\r\nHost: gate.example\r\nContent-Length: 13\r\nAuthorization: ApiKey KEY\r\nContent-Type: application/json\r\n\r\n" + period,
			"POST /v2/domains/example.be/renew", period,
		},
		"in pieces": {
			"POST /v2/domains/example.be/renew HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nAuthorization: ApiKey KEY\r\nContent-Type: application/json; charset=utf-8\r\n\r\n5\r\n{\"per\r\n8\r\niod\":12}\r\n0\r\n\r\n",
			"POST /v2/domains/example.be/renew", period,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, options{})
			_, key := s.key(nil)
			s.api.Instead(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
			got := s.raw("127.0.0.1", strings.Replace(c.sent, "KEY", key, 1))
			if got.err != nil || got.status >= 300 {
				t.Fatalf("%d %s (%v)", got.status, got.body, got.err)
			}
			all := s.api.Seen()
			if len(all) != 1 {
				t.Fatalf("the upstream saw %d calls", len(all))
			}
			// A comma may be written either way; which, is the client's choice.
			same := func(target string) string { return strings.ReplaceAll(target, "%2C", ",") }
			if seen := all[0].Method + " " + all[0].Target; same(seen) != same(c.want) || all[0].Body != c.body {
				t.Errorf("the upstream saw %s %q, want %s %q", seen, all[0].Body, c.want, c.body)
			}
		})
	}
}

// The registrar's libraries make an exception of their own of every refusal: of
// those of these statuses by that alone, of others by the type; of a violation
// they want the list.
func TestGateway_exceptions(t *testing.T) {
	byStatus := map[int]bool{401: true, 403: true, 404: true, 429: true}
	byType := map[string]bool{"ConstraintViolationException": true, "ProviderConnectionError": true, "ProviderUnavailable": true, "InvalidMessage": true}
	s := newStand(t, options{})
	_, key := s.key(nil)
	_, narrow := s.key(scoped)
	calls := map[string]func() answer{
		"no key":         func() answer { return s.call("", "GET /v2/domains", "") },
		"wrong key":      func() answer { return s.call("gate_wrong", "GET /v2/domains", "") },
		"key in query":   func() answer { return s.call("", "GET /v2/domains?apiKey="+key, "") },
		"no permission":  func() answer { return s.call(narrow, "DELETE /v2/domains/example.be", "") },
		"another domain": func() answer { return s.call(narrow, "GET /v2/domains/other.be", "") },
		"not narrowed":   func() answer { return s.call(narrow, "GET /v2/domains?registrant:like=%25", "") },
		"no route":       func() answer { return s.call(key, "GET /v2/sitelock/accounts", "") },
		"no such path":   func() answer { return s.call(key, "GET /v2/domains//x", "") },
		"unknown query":  func() answer { return s.call(key, "GET /v2/domains/example.be/check?x=1", "") },
		"no JSON":        func() answer { return s.call(key, "POST /v2/domains/example.be/update", "x=1") },
		"no domain":      func() answer { return s.call(key, "GET /v2/domains/exa+mple.be", "") },
		"too large":      func() answer { return s.call(key, "POST /v2/dns/zones", `{"name":"`+strings.Repeat("a", 1<<20)+`"}`) },
		"no credential": func() answer {
			opstest.Must(s.Place, s.boss.Caller(), s.Ops.Upstreams.Remove, ops.None{})
			return s.call(key, "GET /v2/domains", "")
		},
		"upstream's gone": func() answer {
			s.setCredential(s.upstreamKey)
			s.api.Close()
			return s.call(key, "GET /v2/domains", "")
		},
	}
	last := []string{"no credential", "upstream's gone"}
	try := func(name string) {
		t.Helper()
		got := calls[name]()
		var e struct {
			Type, Message string
			Violations    []struct{ Field, Message string }
		}
		if err := json.Unmarshal([]byte(got.body), &e); err != nil {
			t.Fatalf("%s: %d %q is not JSON: %v", name, got.status, got.body, err)
		}
		if got.status < 400 || !byStatus[got.status] && !byType[e.Type] || e.Message == "" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if (e.Type == "ConstraintViolationException") != (len(e.Violations) == 1) {
			t.Errorf("%s: %d violations in %s", name, len(e.Violations), got.body)
		}
	}
	for name := range calls {
		if name != last[0] && name != last[1] {
			try(name)
		}
	}
	for _, name := range last {
		try(name)
	}
}

// A method that the path does not have is told with those that it has (RFC 9110,
// section 15.5.6).
func TestGateway_allow(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(func(k *apikey.Key) { k.Description = "Probe" })
	for line, want := range map[string]string{
		"HEAD /v2/domains": "GET", "OPTIONS /v2/domains/example.be": "DELETE, GET, POST", "PUT /v2/domains/example.be": "DELETE, GET, POST", "PATCH /v2/dns/zones": "GET, POST",
	} {
		if got := s.call(key, line, ""); got.status != 405 || got.header.Get("Allow") != want {
			t.Errorf("%s: %d, allowed is %q, want %q", line, got.status, got.header.Get("Allow"), want)
		}
	}
}
