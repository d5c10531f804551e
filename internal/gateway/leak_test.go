package gateway_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/upstreamtest"
)

// holdsSecret reports whether anything a client got has the credential in it.
func (s *stand) holdsSecret(a answer) bool {
	text := fmt.Sprint(a.status, a.header, a.trailer, a.body, a.err)
	for _, form := range []string{s.upstreamKey, url.QueryEscape(s.upstreamKey), strings.ReplaceAll(s.upstreamKey, "/", `\/`), strings.ReplaceAll(s.upstreamKey, "+", `\u002b`)} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// Whatever the upstream does with the credential, it does not come out.
func TestGateway_credentialKept(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	secret := s.upstreamKey
	sends := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { say(w, text) }
	}
	zip := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		say(z, text)
		must(t, z.Close())
		return b.String()
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		headers []string
		want    string
	}{
		"echo": {upstreamtest.Echo, nil, "200"},
		"echo, packed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			say(w, zip(`{"a":"`+secret+`"}`))
		}, []string{"Accept-Encoding: gzip"}, "200"},
		"packed unasked": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			say(w, zip(secret))
		}, nil, "200"},
		"brotli": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			say(w, "x")
		}, []string{"Accept-Encoding: br"}, "502 ProviderConnectionError"},
		"in a header": {func(w http.ResponseWriter, r *http.Request) { w.Header()["X-Echo"] = r.Header["Authorization"] }, nil, "200"},
		"as a header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[strings.NewReplacer("/", "", "+", "", "=", "").Replace(secret)] = []string{"1"}
			w.Header()["X-Key"] = []string{"k=" + url.QueryEscape(secret)}
		}, nil, "200"},
		"in a trailer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Last, X-Key")
			say(w, "{}")
			w.Header().Set("X-Last", "fine")
			w.Header().Set("X-Key", secret)
			w.Header().Set(http.TrailerPrefix+"X-Unannounced", secret)
			w.Header().Set(http.TrailerPrefix+"Set-Cookie", "a=b")
		}, nil, "200"},
		"early hints": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Key", secret)
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("X-Key")
			say(w, "{}")
		}, nil, "200"},
		"escaped as JSON": {sends(`{"a":"` + strings.ReplaceAll(secret, "/", `\/`) + `"}`), nil, "200"},
		"escaped as URL":  {sends("https://x/?k=" + url.QueryEscape(secret)), nil, "200"},
		"byte by byte":    {func(w http.ResponseWriter, _ *http.Request) { drip(w, `{"a":"`+secret+secret[:20]+secret+`"}`) }, nil, "200"},
		"many times":      {sends(strings.Repeat(secret, 3000)), nil, "200"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			say(w, "x"+secret)
		}, nil, "broken"},
		"redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example/?k="+secret)
			w.WriteHeader(302)
		}, nil, "502 ProviderConnectionError"},
		"redirect, scheme": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://"+r.Host+"/v2/domains")
			w.WriteHeader(301)
		}, nil, "502 ProviderConnectionError"},
		"redirect, host": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "//evil.example/v2/domains")
			w.WriteHeader(307)
		}, nil, "502 ProviderConnectionError"},
		"redirect, here": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://"+r.Host+"/v2/domains?x="+secret)
			w.WriteHeader(303)
		}, nil, "303"},
		"refused": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401); upstreamtest.Echo(w, r) }, nil, "502 ProviderConnectionError"},
		"failed":  {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); upstreamtest.Echo(w, r) }, nil, "500"},
		"another protocol": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Upgrade", "x")
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("X-Key", secret)
			w.WriteHeader(101)
		}, nil, "502 ProviderConnectionError"},
		"named connection": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "X-Key")
			w.Header().Set("X-Key", secret)
			say(w, "{}")
		}, nil, "200"},
		"bad line":    {hijack("HTTP/1.1 200 " + secret + "\r\nX: \x01" + secret + "\r\n\r\n"), nil, "502 ProviderConnectionError"},
		"status line": {hijack("HTTP/1.1 200 " + secret + "\r\nContent-Length: 2\r\n\r\n{}"), nil, "200"},
		"no HTTP":     {hijack(secret + "\r\n\r\n"), nil, "502 ProviderConnectionError"},
	} {
		s.api.Instead(c.answer)
		got := s.call(key, "GET /v2/tlds/be/info", "", c.headers...)
		if got.kind() != c.want {
			t.Errorf("%s: %s %v, want %s", name, got.kind(), got, c.want)
		}
		if strings.Contains(got.header.Get("Content-Encoding"), "gzip") {
			z, err := gzip.NewReader(strings.NewReader(got.body))
			must(t, err)
			plain, err := io.ReadAll(z)
			must(t, err)
			got.body = string(plain)
		}
		if s.holdsSecret(got) {
			t.Errorf("%s: the credential is in %v", name, got)
		}
		for _, header := range []string{"Set-Cookie", "X-Unannounced-Cookie", "Upgrade"} {
			if _, there := got.header[header]; there {
				t.Errorf("%s: the answer has the header %s", name, header)
			}
		}
		if _, there := got.trailer["Set-Cookie"]; there {
			t.Errorf("%s: the answer has a cookie in its trailer", name)
		}
	}
	s.api.Close() // nobody is there any more
	if got := s.call(key, "GET /v2/tlds/be/info", ""); got.kind() != "502 ProviderConnectionError" || s.holdsSecret(got) || strings.Contains(got.body, "127.0.0.1") {
		t.Errorf("unreachable: %v", got)
	}
	if log := s.log.String(); strings.Contains(log, secret) || strings.Contains(log, key) || strings.Contains(log, base64.StdEncoding.EncodeToString([]byte(secret))) {
		t.Error("the log of the program has a secret")
	}
	if f := s.gate.Figures(); f.Leaks < 8 || f.Failed["redirect"] != 3 || f.Failed["credential_refused"] != 1 || f.Failed["unreachable"] != 1 {
		t.Errorf("the figures are %+v", f)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", s.gate, s.gate, s.gate.Figures())} {
		if strings.Contains(text, secret) {
			t.Error("the gateway prints the credential")
		}
	}
}

// drip sends text byte by byte, each as soon as it is there.
func drip(w http.ResponseWriter, text string) {
	control := http.NewResponseController(w)
	for i := range len(text) {
		say(w, text[i:i+1])
		control.Flush()
	}
}

// hijack sends bytes instead of an answer.
func hijack(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		say(c, text)
	}
}

// What is no credential goes through as it is, in whatever pieces it comes.
func TestGateway_untouched(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	almost := s.upstreamKey[:len(s.upstreamKey)-1]
	for name, text := range map[string]string{
		"almost":       almost + almost + "!" + almost,
		"begun":        "x" + almost,
		"binary":       strings.Repeat("\x00\xff\r\n", 50_000),
		"one byte":     "q",
		"first bytes":  strings.Repeat("q", 1000),
		"empty":        "",
		"large":        strings.Repeat("abcdefgh", 300_000),
		"other secret": strings.ToUpper(s.upstreamKey),
	} {
		for how, send := range map[string]http.HandlerFunc{
			"at once": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(text)))
				say(w, text)
			},
			"pieces": func(w http.ResponseWriter, _ *http.Request) {
				for rest := text; rest != ""; {
					n := min(len(rest), 997)
					say(w, rest[:n])
					w.(http.Flusher).Flush()
					rest = rest[n:]
				}
			},
		} {
			s.api.Instead(send)
			if got := s.call(key, "GET /v2/tlds/be/info", ""); got.body != text || got.err != nil {
				t.Errorf("%s, %s: %d bytes came of %d, %v", name, how, len(got.body), len(text), got.err)
			}
		}
	}
	if f := s.gate.Figures(); f.Leaks != 0 {
		t.Errorf("%d leaks", f.Leaks)
	}
}

// What is sent byte by byte comes as it is sent, packed too: nothing waits for
// more to come.
func TestGateway_streams(t *testing.T) {
	for name, c := range map[string]struct {
		key     string
		headers []string
		packed  bool
	}{"plain": {}, "packed": {headers: []string{"Accept-Encoding: gzip"}, packed: true}} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, options{})
			_, key := s.key(nil)
			next, end := make(chan string), make(chan struct{})
			s.api.Instead(func(w http.ResponseWriter, _ *http.Request) {
				defer close(end)
				var to io.Writer = w
				if c.packed {
					w.Header().Set("Content-Encoding", "gzip")
					to = gzip.NewWriter(w)
				}
				for text := range next {
					say(to, text)
					if z, ok := to.(*gzip.Writer); ok {
						z.Flush()
					}
					http.NewResponseController(w).Flush()
				}
			})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.front.URL+"/v2/tlds/be/info", nil)
			must(t, err)
			r.Header.Set("Authorization", "ApiKey "+key)
			if c.packed {
				r.Header.Set("Accept-Encoding", "gzip")
			}
			go func() { next <- "first" }()
			a, err := http.DefaultTransport.RoundTrip(r)
			must(t, err)
			defer a.Body.Close()
			body := io.Reader(a.Body)
			if c.packed {
				body, err = gzip.NewReader(a.Body)
				must(t, err)
			}
			got := make([]byte, 64)
			for i, text := range []string{"first", "second", "q", "third"} {
				if i > 0 {
					next <- text
				}
				n := 0
				want := text
				if text == "q" { // may be the beginning of the credential
					continue
				}
				if i == 3 {
					want = "q" + text
				}
				for n < len(want) {
					m, err := body.Read(got[n:])
					must(t, err)
					n += m
				}
				if string(got[:n]) != want {
					t.Errorf("got %q, want %q", got[:n], want)
				}
			}
			close(next)
			select {
			case <-end:
			case <-time.After(10 * time.Second):
				t.Error("it does not end")
			}
		})
	}
}
