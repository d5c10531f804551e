package rest_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/site"
)

// sent is what came of a request.
type sent struct {
	status int
	body   string
	cookie string // "-" when it was taken back
}

// door is a listener of the gate on loopback, behind proxies or not, and how to
// knock at it from an address of loopback.
func (g *gate) door(t *testing.T, trusted ...string) func(from, method, path, body, token string, header ...string) sent {
	t.Helper()
	var f field.Form
	proxies := entry.ReadProxies(&f, "proxies", trusted)
	if err := f.Err(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site.Behind(proxies, g.server.Config.Handler))
	t.Cleanup(server.Close)
	return func(from, method, path, body, token string, header ...string) sent {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext,
		}}
		r, err := http.NewRequest(method, server.URL+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "gate.example"
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if token != "" {
			r.Header.Set("Cookie", "__Host-gatehouse="+token)
		}
		for n := 0; n < len(header); n += 2 {
			r.Header.Add(header[n], header[n+1])
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		s := sent{status: response.StatusCode, body: string(text)}
		for _, c := range response.Cookies() {
			if s.cookie = c.Value; c.MaxAge < 0 {
				s.cookie = "-"
			}
		}
		return s
	}
}

// restricted is somebody who may come from there only.
func (g *gate) restricted(ranges ...string) *opstest.Person {
	g.T.Helper()
	who := g.Join(g.otter, opstest.Member{Login: "rosa", Role: "Support", NoFactor: true})
	opstest.Must(g.Place, opstest.Console("otter"), g.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, IPRules: ranges})
	return who
}

const rosa = `{"login":"rosa","password":"` + opstest.Password + `"}`

// Two machines: one may come, the other may not, whatever it claims.
func TestLive_addresses(t *testing.T) {
	g := furnished(t)
	g.restricted("127.0.0.1")
	knock := g.door(t)
	in := knock("127.0.0.1", "POST", "/session", rosa, "")
	if in.status != http.StatusOK || len(in.cookie) < 32 {
		t.Fatalf("from the right place: %d %s", in.status, in.body)
	}
	wrong := knock("127.0.0.2", "POST", "/session", `{"login":"rosa","password":"wrong wrong wrong"}`, "")
	for _, header := range [][]string{nil, {"X-Forwarded-For", "127.0.0.1"}} {
		if got := knock("127.0.0.2", "POST", "/session", rosa, "", header...); got.status != wrong.status || cut(got.body) != cut(wrong.body) || got.cookie != "" {
			t.Errorf("from the wrong place: %d %s, a wrong password gives %d %s", got.status, got.body, wrong.status, wrong.body)
		}
	}
	if got := knock("127.0.0.1", "GET", "/profile/sessions", "", in.cookie); !strings.Contains(got.body, "mfa_setup_required") {
		t.Errorf("the session at home: %d %s", got.status, got.body)
	}
	if got := knock("127.0.0.2", "GET", "/profile", "", in.cookie, "X-Forwarded-For", "127.0.0.1"); got.status != http.StatusForbidden || !strings.Contains(got.body, `"code":"address_refused"`) || got.cookie != "-" {
		t.Errorf("the session carried away: %d %s, cookie %q", got.status, got.body, got.cookie)
	}
	if got := knock("127.0.0.1", "GET", "/profile", "", in.cookie); !strings.Contains(got.body, `"code":"session_ended"`) {
		t.Errorf("back home: %d %s", got.status, got.body)
	}
}

// cut leaves out the number of the request, which every answer has its own.
func cut(body string) string {
	body, _, _ = strings.Cut(body, `"requestId"`)
	return body
}

// Behind a proxy that is trusted the client counts, for rules, throttles and
// the log alike; one that is not trusted is a client like any other.
func TestLive_behindProxies(t *testing.T) {
	g := furnished(t)
	g.restricted("203.0.113.0/24")
	knock := g.door(t, "127.0.0.1", "10.0.0.0/8")
	for _, c := range []struct {
		name, from string
		header     []string
		status     int
		address    string
	}{
		{"the right client", "127.0.0.1", []string{"X-Forwarded-For", "203.0.113.9"}, 200, "203.0.113.9"},
		{"with a port, and another proxy", "127.0.0.1", []string{"X-Forwarded-For", "203.0.113.9:40000, 10.1.2.3"}, 200, "203.0.113.9"},
		{"in two headers", "127.0.0.1", []string{"X-Forwarded-For", "198.51.100.7", "X-Forwarded-For", "203.0.113.9"}, 200, "203.0.113.9"},
		{"IPv4 in IPv6", "127.0.0.1", []string{"X-Forwarded-For", "::ffff:203.0.113.9"}, 200, "203.0.113.9"},
		{"a client that claims to be another", "127.0.0.1", []string{"X-Forwarded-For", "203.0.113.9, 198.51.100.7"}, 401, "198.51.100.7"},
		{"the same in two headers", "127.0.0.1", []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "198.51.100.7"}, 401, "198.51.100.7"},
		{"one that is not trusted", "127.0.0.2", []string{"X-Forwarded-For", "203.0.113.9"}, 401, "127.0.0.2"},
		{"something unreadable", "127.0.0.1", []string{"X-Forwarded-For", "203.0.113.9, unknown"}, 401, "127.0.0.1"},
		{"another header", "127.0.0.1", []string{"X-Real-Ip", "203.0.113.9", "Forwarded", "for=203.0.113.9"}, 401, "127.0.0.1"},
		{"no header", "127.0.0.1", nil, 401, "127.0.0.1"},
	} {
		g.Exec(`DELETE FROM throttles`)
		got := knock(c.from, "POST", "/session", rosa, "", c.header...)
		r := g.LastRecord()
		if got.status != c.status || r.Event != "session.signed_in" || r.Source.Address != c.address {
			t.Errorf("%s: %d, and the log says %s from %s", c.name, got.status, opstest.Brief(r), r.Source.Address)
		}
	}
	// One client's wrong guesses do not close the door to all who share the proxy.
	g.Exec(`DELETE FROM throttles`)
	for n := range 70 {
		knock("127.0.0.1", "POST", "/session", `{"login":"nobody`+strconv.Itoa(n)+`","password":"wrong wrong wrong"}`, "", "X-Forwarded-For", "198.51.100.7")
	}
	if got := knock("127.0.0.1", "POST", "/session", rosa, "", "X-Forwarded-For", "198.51.100.7"); got.status != http.StatusTooManyRequests {
		t.Errorf("after many guesses the client gets %d", got.status)
	}
	if got := knock("127.0.0.1", "POST", "/session", rosa, "", "X-Forwarded-For", "203.0.113.9"); got.status != http.StatusOK {
		t.Errorf("another client behind the same proxy gets %d %s", got.status, got.body)
	}
}
