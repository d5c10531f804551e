package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/apikey"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
)

// Ways around a key that is bound to example.be, as bytes on the wire: what the
// upstream gets is about example.be, or it gets nothing.
func TestGateway_waysAround(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(scoped)
	_, writer := s.key(func(k *apikey.Key) { k.Domains = domain.Patterns{"example.be"} })
	auth := "Authorization: ApiKey " + key + "\r\n"
	may := "Authorization: ApiKey " + writer + "\r\n"
	get := func(target string, headers ...string) string {
		return "GET " + target + " HTTP/1.1\r\nHost: gate.example\r\n" + auth + strings.Join(headers, "") + "\r\n"
	}
	post := func(target, body string, headers ...string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: gate.example\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s", target, may, len(body), strings.Join(headers, ""), body)
	}
	const fine = "200 /v2/domains/example.be"
	for name, c := range map[string]struct{ text, want string }{
		"as it is":           {get("/v2/domains/example.be"), fine},
		"capitals":           {get("/v2/domains/EXAMPLE.be"), fine},
		"slash":              {get("/v2/domains/example.be/"), fine},
		"encoded":            {get("/v2/domains/ex%61mple.be"), fine},
		"encoded base":       {get("/%762/domains/example.be"), fine},
		"other":              {get("/v2/domains/example.com"), "403"},
		"dot behind":         {get("/v2/domains/example.be."), "400"},
		"two slashes":        {get("/v2/domains/example.be//"), "400"},
		"slashes first":      {get("//v2/domains/example.com"), "404"},
		"up":                 {get("/v2/domains/example.be/../example.com"), "400"},
		"up, encoded":        {get("/v2/domains/example.be/%2e%2e/example.com"), "400"},
		"up, twice encoded":  {get("/v2/domains/example.be/%252e%252e/example.com"), "400"},
		"slash, encoded":     {get("/v2/domains/example.be%2f..%2fexample.com"), "400"},
		"backslash":          {get(`/v2/domains/example.be\..\example.com`), "400"},
		"parameter":          {get("/v2/domains/example.be;x=example.com"), "400"},
		"NUL":                {get("/v2/domains/example.be%00example.com"), "400"},
		"end of line":        {get("/v2/domains/example.be%0d%0aX-Y:%20z"), "400"},
		"fragment":           {get("/v2/domains/example.be#/../example.com"), "400"},
		"question":           {get("/v2/domains/example.com%3F/example.be"), "400"},
		"full width":         {get("/v2/domains/example%EF%BC%8Ebe"), "400"},
		"Cyrillic":           {get("/v2/domains/ex%D0%B0mple.be"), "403"},
		"IDN":                {get("/v2/domains/b%C3%BCcher.de"), "403"},
		"empty label":        {get("/v2/domains/example..be"), "400"},
		"wildcard":           {get("/v2/domains/*.be"), "400"},
		"fixed in capitals":  {get("/v2/Domains/example.com"), "404"},
		"base in capitals":   {get("/V2/domains/example.com"), "404"},
		"absolute":           {get("http://gate.example/v2/domains/example.be"), "400"},
		"absolute, upstream": {get("http://127.0.0.1/v2/domains/example.com"), "400"},
		"asterisk":           {"OPTIONS * HTTP/1.1\r\nHost: gate.example\r\n" + auth + "\r\n", "200 "}, // by the server itself
		"CONNECT":            {"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n" + auth + "\r\n", "404"},
		"TRACE":              {"TRACE /v2/domains/example.be HTTP/1.1\r\nHost: gate.example\r\n" + auth + "\r\n", "405"},
		"HEAD":               {"HEAD /v2/domains/example.be HTTP/1.1\r\nHost: gate.example\r\n" + auth + "\r\n", "405"},
		"lower method":       {"get /v2/domains/example.be HTTP/1.1\r\nHost: gate.example\r\n" + auth + "\r\n", "405"},
		"list":               {get("/v2/domains"), "200 /v2/domains?domainName:in=example.be"},
		"list of another":    {get("/v2/domains?domainName=example.com"), "403"},
		"list twice":         {get("/v2/domains?domainName=example.be&domainName=example.com"), "403"},
		"list, encoded":      {get("/v2/domains?domain%4Eame:in=example.be,example.com"), "403"},
		"list, other case":   {get("/v2/domains?DomainName=example.com"), "403"},
		"list by semicolon":  {get("/v2/domains?limit=1;domainName=example.com"), "400"},
		"list with a body":   {"GET /v2/domains HTTP/1.1\r\nHost: gate.example\r\n" + auth + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "400"},

		// Headers that some servers take for something else go no further.
		"method override":  {get("/v2/domains/example.be", "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n"), fine},
		"path override":    {get("/v2/domains/example.be", "X-Original-URL: /v2/domains/example.com\r\nX-Rewrite-URL: /v2/domains/example.com\r\n"), fine},
		"forwarded":        {get("/v2/domains/example.be", "X-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Real-IP: 10.0.0.1\r\n"), fine},
		"named hop by hop": {get("/v2/domains/example.be", "Connection: close, Accept, X-Secret\r\nX-Secret: 1\r\nTE: trailers\r\nUpgrade: h2c\r\n"), fine},
		"two hosts":        {get("/v2/domains/example.be", "Host: evil.example\r\n"), "400"},
		"cookie":           {get("/v2/domains/example.be", "Cookie: JSESSIONID=1\r\n"), fine},
		"two keys":         {get("/v2/domains/example.be", "Authorization: ApiKey "+writer+"\r\n"), "401"},
		"folded header":    {get("/v2/domains/example.be", "X-A: b\r\n Authorization: ApiKey x\r\n"), fine},
		"space at name":    {get("/v2/domains/example.be", "Authorization : ApiKey x\r\n"), "400"},

		// Bodies.
		"zone":             {post("/v2/dns/zones", `{"name":"example.be"}`), "200 /v2/dns/zones"},
		"zone of another":  {post("/v2/dns/zones", `{"name":"example.com"}`), "403"},
		"name twice":       {post("/v2/dns/zones", `{"name":"example.com","name":"example.be"}`), "400"},
		"name, other case": {post("/v2/dns/zones", `{"Name":"example.com","name":"example.be"}`), "400"},
		"escaped twice":    {post("/v2/dns/zones", `{"n\u0061me":"example.com","name":"example.be"}`), "400"},
		"two values":       {post("/v2/dns/zones", `{"name":"example.be"}{"name":"example.com"}`), "400"},
		"in the query":     {post("/v2/dns/zones?name=example.com", `{"name":"example.be"}`), "400"},
		"as a form":        {"POST /v2/dns/zones HTTP/1.1\r\nHost: gate.example\r\n" + may + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 15\r\n\r\nname=example.be", "400"},
		"packed":           {post("/v2/dns/zones", `{"name":"example.be"}`, "Content-Encoding: gzip\r\n"), "400"},

		// Two lengths, of which each server could take another.
		"length and chunks":   {"POST /v2/domains/example.be/push-transfer HTTP/1.1\r\nHost: gate.example\r\n" + may + "Content-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /v2/domains/example.com HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n", "200 /v2/domains/example.be/push-transfer"},
		"two lengths":         {post("/v2/dns/zones", `{"name":"example.be"}`, "Content-Length: 5\r\n"), "400"},
		"odd coding":          {post("/v2/dns/zones", `{"name":"example.be"}`, "Transfer-Encoding: xchunked\r\n"), "501"},
		"two codings":         {post("/v2/dns/zones", `{"name":"example.be"}`, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), "501"},
		"chunked":             {"POST /v2/dns/zones HTTP/1.1\r\nHost: gate.example\r\n" + may + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n{\"name\":\"example.be\"}\r\n0\r\n\r\n", "200 /v2/dns/zones"},
		"chunked, of another": {"POST /v2/dns/zones HTTP/1.1\r\nHost: gate.example\r\n" + may + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Name\r\n\r\n16\r\n{\"name\":\"example.com\"}\r\n0\r\nX-Name: example.be\r\n\r\n", "403"},
		"trailers":            {"POST /v2/domains/example.be/push-transfer HTTP/1.1\r\nHost: gate.example\r\n" + may + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-HTTP-Method-Override\r\n\r\n2\r\n{}\r\n0\r\nX-HTTP-Method-Override: DELETE\r\nAuthorization: x\r\n\r\n", "200 /v2/domains/example.be/push-transfer"},
	} {
		s.api.Seen()
		got := s.raw("127.0.0.1", c.text)
		text := fmt.Sprint(got.status)
		seen := s.api.Seen()
		if got.status == http.StatusOK {
			text += " "
			for _, r := range seen {
				text += r.Target
			}
		} else if len(seen) > 0 {
			t.Errorf("%s: refused with %s, and the upstream saw %v", name, text, seen)
		}
		if text != c.want {
			t.Errorf("%s: %s (%v %s), want %s", name, text, got.err, got.body, c.want)
		}
		for _, r := range seen {
			for header := range r.Header {
				if !strings.Contains(" Accept Accept-Encoding Accept-Language User-Agent If-None-Match If-Modified-Since Authorization Content-Type Content-Length ", " "+header+" ") {
					t.Errorf("%s: the upstream got the header %s: %q", name, header, r.Header[header])
				}
			}
			if len(r.Trailer) > 0 || r.Host != s.api.Listener.Addr().String() || len(r.Header["Authorization"]) != 1 {
				t.Errorf("%s: the upstream got %+v", name, r)
			}
		}
	}
}

// What follows a refused request on the same connection is read as what it is,
// and not as a part of the one before.
func TestGateway_pipelined(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(scoped)
	c, err := net.Dial("tcp", s.front.Listener.Addr().String())
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	auth := "Host: gate.example\r\nAuthorization: ApiKey " + key + "\r\n"
	_, err = io.WriteString(c, "GET /v2/domains/example.com HTTP/1.1\r\n"+auth+"\r\nGET /v2/domains/example.be HTTP/1.1\r\n"+auth+"\r\nGET /v2/domains/otter.be HTTP/1.1\r\n"+auth+"\r\n")
	must(t, err)
	in := bufio.NewReader(c)
	for _, want := range []int{403, 200, 403} {
		r, err := http.ReadResponse(in, nil)
		must(t, err)
		_, err = io.Copy(io.Discard, r.Body)
		must(t, err)
		if r.StatusCode != want {
			t.Errorf("got %d, want %d", r.StatusCode, want)
		}
	}
}

// From another address than the rules of the key hold, it is no key; wherever the
// client says that it is.
func TestGateway_address(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(func(k *apikey.Key) { k.Entry.Ranges = entry.RestoreRanges("127.0.0.2/32") })
	for from, want := range map[string]string{"127.0.0.2": "200", "127.0.0.1": "401 AuthenticationError", "127.0.0.3": "401 AuthenticationError"} {
		if got := s.callFrom(from, key, "GET /v2/domains/example.be", "", "X-Forwarded-For: 127.0.0.2", "X-Real-IP: 127.0.0.2"); got.kind() != want {
			t.Errorf("from %s: %s, want %s", from, got.kind(), want)
		}
	}
}
