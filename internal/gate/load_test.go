package gate_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/gateway"
	"gatehouse/internal/isproxy/isproxytest"
	"gatehouse/internal/ops"
)

// What is too large is refused at each door with an answer that says so, and
// nothing of it is kept or sent on.
func TestGate_tooLarge(t *testing.T) {
	s := newStand(t, options{})
	key := s.newKey(nil).Secret.Reveal()
	large := strings.Repeat("x", 10<<20)
	body := func(line string, n int) string {
		return line + " HTTP/1.1\r\nHost: gate.example\r\nAuthorization: ApiKey " + key + "\r\nContent-Type: application/json\r\nContent-Length: " + fmt.Sprint(n) + "\r\n\r\n"
	}
	for name, c := range map[string]struct {
		text   string
		status int
		says   string
	}{
		"header at REST":           {"GET /api/v1/users HTTP/1.1\r\nHost: gate.example\r\nX-Large: " + large + "\r\n\r\n", 431, ""},
		"header at the gateway":    {"GET /v2/domains HTTP/1.1\r\nHost: gate.example\r\nX-Large: " + large + "\r\n\r\n", 431, ""},
		"many headers":             {"GET /healthz HTTP/1.1\r\nHost: gate.example\r\n" + strings.Repeat("X-Small: y\r\n", 100_000) + "\r\n", 431, ""},
		"request line":             {"GET /" + large + " HTTP/1.1\r\nHost: gate.example\r\n\r\n", 431, ""},
		"body at REST":             {body("POST /api/v1/session", 10<<20) + large, 413, "too_large"},
		"body at REST, by a byte":  {body("POST /api/v1/session", 1<<20+1) + large[:1<<20+1], 413, "too_large"},
		"looked at by the gateway": {body("POST /v2/domains/new.be", 10<<20) + large, 413, "InvalidMessage"},
		"in pieces without length": {strings.Replace(body("POST /api/v1/session", 0), "Content-Length: 0", "Transfer-Encoding: chunked", 1) + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(large), large), 413, "too_large"},
	} {
		if a := s.raw(s.httpAddress(), c.text); a.status != c.status || !strings.Contains(a.body, c.says) {
			t.Errorf("%s: %.200s, want %d", name, a, c.status)
		}
	}
	if seen := s.api.Seen(); len(seen) != 0 {
		t.Errorf("the upstream saw %d calls", len(seen))
	}
	if limit := gateway.DefaultLimits().Body; limit > 64<<20 {
		t.Errorf("the gateway streams bodies up to %d bytes", limit)
	}
	for _, before := range []string{"", "LOGIN " + key} {
		c := s.lines()
		if before != "" {
			c.Ask(before, "100 Login ok")
		}
		go func() { _, _ = io.WriteString(c, "IS "+large+".be\r\n") }()
		c.Expect("400 Line too long")
	}
}

// A request with two Authorization headers or a key in its address is refused at
// REST and at the gateway, whatever the headers say.
func TestGate_ambiguousKeys(t *testing.T) {
	s := newStand(t, options{})
	key, other := s.newKey(nil).Secret.Reveal(), s.newKey(nil).Secret.Reveal()
	for _, path := range []string{"/api/v1/users", "/v2/domains/example.be"} {
		for name, c := range map[string]struct {
			query   string
			headers []string
			want    int
		}{
			"one":                        {"", []string{"Authorization: ApiKey " + key}, 200},
			"Bearer":                     {"", []string{"Authorization: Bearer " + key}, 200},
			"two":                        {"", []string{"Authorization: ApiKey " + key, "Authorization: ApiKey " + other}, 401},
			"twice the same":             {"", []string{"Authorization: ApiKey " + key, "authorization: ApiKey " + key}, 401},
			"a good one and an empty":    {"", []string{"Authorization: ApiKey " + key, "Authorization:"}, 401},
			"with a comma":               {"", []string{"Authorization: ApiKey " + key + ", ApiKey " + other}, 401},
			"in the query":               {"?apiKey=" + key, nil, 400},
			"in the query, and good":     {"?q=" + key, []string{"Authorization: ApiKey " + key}, 400},
			"in the query, escaped":      {"?q=%67ate%5F" + key[5:], nil, 400},
			"in the query, among others": {"?limit=1&x=y&k=" + key, nil, 400},
			"in a header of its own":     {"", []string{"X-Api-Key: " + key}, 401},
			"in a cookie":                {"", []string{"Cookie: __Host-gatehouse=" + key}, 401},
		} {
			if a := s.ask("GET "+path+c.query, "", c.headers...); a.status != c.want || strings.Contains(a.body, key[5:20]) {
				t.Errorf("%s, %s: %s, want %d", path, name, a, c.want)
			}
		}
	}
	if n := len(s.api.Seen()); n != 2 {
		t.Errorf("the upstream saw %d calls", n)
	}
	if strings.Contains(s.log.String(), key[5:20]) {
		t.Error("the log has a key")
	}
}

// Who sends slower than anybody would is cut off, at every door, while others
// are served.
func TestGate_slowClients(t *testing.T) {
	t.Parallel()
	s := newStand(t, options{})
	key := s.newKey(func(in *ops.CreateKeyInput) { in.Permissions = append(in.Permissions, access.ManageUser) }).Secret.Reveal()
	head := " HTTP/1.1\r\nHost: gate.example\r\nAuthorization: ApiKey " + key + "\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
	var slow sync.WaitGroup
	for name, c := range map[string]struct {
		address string
		atOnce  string
		drips   string
		limit   time.Duration
	}{
		"headers":                  {s.httpAddress(), "", "GET /api/v1/users HTTP/1.1\r\nHost: gate.example\r\nX-Slow: ", 15 * time.Second},
		"headers of metrics":       {s.config.Metrics.Addr().String(), "", "GET /metrics HTTP/1.1\r\nHost: gate.example\r\nX-Slow: ", 15 * time.Second},
		"body at REST":             {s.httpAddress(), "POST /api/v1/users" + head, "{", 40 * time.Second},
		"body at the gateway":      {s.httpAddress(), "POST /v2/domains/new.be" + head, "{", 40 * time.Second},
		"body without a key":       {s.httpAddress(), "POST /v2/domains/new.be" + strings.Replace(head, key, "gate_no", 1), "{", 40 * time.Second},
		"line before LOGIN":        {s.config.Lines.Addr().String(), "", "IS ", 40 * time.Second},
		"empty lines, no LOGIN":    {s.config.Lines.Addr().String(), "", "\n\n\n", 40 * time.Second},
		"handshake that says none": {s.httpAddress(), "", "\x16\x03\x01", 15 * time.Second},
	} {
		slow.Go(func() {
			n, err := net.Dial("tcp", c.address)
			if err != nil {
				t.Error(err)
				return
			}
			defer n.Close()
			begun := time.Now()
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _ = io.Copy(io.Discard, n)
			}()
			if _, err := io.WriteString(n, c.atOnce); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			tick := time.NewTicker(250 * time.Millisecond)
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-gone:
					t.Logf("%s: cut after %s", name, time.Since(begun).Round(100*time.Millisecond))
					return
				case <-tick.C:
				}
				if time.Since(begun) > c.limit {
					t.Errorf("%s: open still after %s", name, c.limit)
					return
				}
				b := byte('x')
				if i < len(c.drips) {
					b = c.drips[i]
				} else if strings.HasPrefix(c.drips, "\n") {
					b = '\n'
				}
				_, _ = n.Write([]byte{b})
			}
		})
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		slow.Wait()
	}()
	for n := 0; ; n++ {
		select {
		case <-served:
			if n < 3 {
				t.Errorf("others were served %d times only", n)
			}
			if seen := s.api.Seen(); len(seen) != n {
				t.Errorf("the upstream saw %d calls, want %d", len(seen), n)
			}
			return
		case <-time.After(time.Second):
		}
		begun := time.Now()
		if a := s.ask("GET /v2/domains/example.be", key); a.status != 200 {
			t.Errorf("somebody else at the gateway: %s", a)
		}
		if a := s.ask("GET /api/v1/users?limit=1", key); a.status != 200 {
			t.Errorf("somebody else at REST: %s", a)
		}
		c := isproxytest.Dial(t, s.config.Lines.Addr().String())
		c.Ask("LOGIN "+key, "100 Login ok")
		_ = c.Close()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("others wait %s", took)
		}
	}
}

// Over HTTP/2 the same rules hold: it has no request line and no bytes to look at,
// so what was tried above is tried again.
func TestGate_overHTTP2(t *testing.T) {
	s := newStand(t, options{secure: true})
	key := s.newKey(nil).Secret.Reveal()
	transport := &http.Transport{TLSClientConfig: s.identity.Client("gate.example"), ForceAttemptHTTP2: true}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", s.httpAddress())
	}
	defer transport.CloseIdleConnections()
	ask := func(method, path, body string, header http.Header) answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://gate.example"+path, strings.NewReader(body))
		must(t, err)
		r.Header = header
		got, err := transport.RoundTrip(r)
		if err != nil {
			return answer{body: err.Error()}
		}
		defer got.Body.Close()
		if got.ProtoMajor != 2 {
			t.Errorf("%s %s went over %s", method, path, got.Proto)
		}
		text, err := io.ReadAll(got.Body)
		must(t, err)
		return answer{got.StatusCode, got.Header, string(text)}
	}
	good := http.Header{"Authorization": {"ApiKey " + key}, "Content-Type": {"application/json"}}
	two := http.Header{"Authorization": {"ApiKey " + key, "ApiKey " + key}}
	for _, c := range []struct {
		method, path, body string
		header             http.Header
		want               int
	}{
		{"GET", "/", "", http.Header{}, 200},
		{"GET", "/metrics", "", good, 404},
		{"GET", "/api/v1/users?limit=1", "", good, 200},
		{"GET", "/api/v1/users?limit=1", "", two, 401},
		{"GET", "/api/v1/users?k=" + key, "", good, 400},
		{"POST", "/api/v1/session", strings.Repeat("x", 2<<20), good, 413},
		{"GET", "/v2/domains/example.be", "", good, 200},
		{"GET", "/v2/domains/example.be/", "", good, 200},
		{"GET", "/v2/domains/example.be", "", two, 401},
		{"GET", "/v2/domains/example.be?k=" + key, "", good, 400},
		{"GET", "/v2/domains/%2e%2e/example.be", "", good, 400},
		{"GET", "//v2/domains/example.be", "", good, 307},
		{"POST", "/v2/domains/new.be", strings.Repeat("x", 2<<20), good, 413},
		{"POST", "/v2/domains/new.be", `{"customer":"acme","registrant":"anna"}`, good, 201},
	} {
		if a := ask(c.method, c.path, c.body, c.header); a.status != c.want {
			t.Errorf("%s %.60s with %d keys: %.200s, want %d", c.method, c.path, len(c.header["Authorization"]), a, c.want)
		}
	}
	if n := len(s.api.Seen()); n != 3 {
		t.Errorf("the upstream saw %d calls", n)
	}
}
