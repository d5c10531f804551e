package gate_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
)

// One key opens all doors for which it has the channel, and none after it was
// cut.
func TestGate_oneKey(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %v", secure), func(t *testing.T) {
			s := newStand(t, options{secure: secure})
			lines := func(key string) string {
				c := s.lines()
				if secure {
					c.Secure(s.identity.Client("gate.example"))
				}
				c.Send("LOGIN "+key, "IS example.be")
				login, _ := c.Line()
				answer, _ := c.Line()
				return login + ", " + answer
			}
			try := func(key string) []string {
				return []string{
					fmt.Sprint(s.ask("GET /api/v1/users?limit=1", key).status),
					fmt.Sprint(s.ask("GET /v2/domains/example.be", key).status),
					lines(key),
				}
			}
			all, api, check := s.newKey(nil), s.newKey(func(in *ops.CreateKeyInput) { in.Channels = []string{"API"} }), s.newKey(func(in *ops.CreateKeyInput) { in.Channels = []string{"ISPROXY"} })
			const in, out = "100 Login ok, example.be not available", "400 Login failed, 400 not authenticated"
			for name, c := range map[string]struct {
				made ops.KeyMade
				want []string
			}{
				"both channels": {all, []string{"200", "200", in}},
				"API":           {api, []string{"200", "200", out}},
				"ISPROXY":       {check, []string{"401", "401", in}},
			} {
				if diff := cmp.Diff(c.want, try(c.made.Secret.Reveal())); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				opstest.Must(s.Place, s.boss.Caller(), s.Ops.Keys.Cut, ops.KeyID{ID: c.made.ID})
				if diff := cmp.Diff([]string{"401", "401", out}, try(c.made.Secret.Reveal())); diff != "" {
					t.Errorf("%s, cut (-want +got):\n%s", name, diff)
				}
			}
			for _, r := range s.api.Seen() {
				if got := r.Header.Get("Authorization"); strings.Contains(got, "gate_") {
					t.Errorf("the upstream saw %s", got)
				}
			}
			if err := s.end(); err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// A server without upstream knows no route of it, and what is no API at all has
// no key looked at.
func TestGate_withoutGateway(t *testing.T) {
	s := newStand(t, options{change: func(c *gate.Config) { c.Upstream, c.Lines, c.Sources = nil, nil, nil }})
	key := s.newKey(nil).Secret.Reveal()
	if a := s.ask("GET /v2/domains/example.be", key); a.status != 404 {
		t.Errorf("the gateway that is not there: %s", a)
	}
	if a := s.ask("GET /api/v1/users", key); a.status != 200 {
		t.Errorf("REST: %s", a)
	}
	if a := s.askAt(s.config.Metrics.Addr().String(), "GET /metrics", ""); strings.Contains(a.body, "gatehouse_gateway_calls_total") {
		t.Error("it counts at a door that is not there")
	}
}

// The app, REST and the gateway answer to their own names only; health answers
// whoever asks.
func TestGate_names(t *testing.T) {
	s := newStand(t, options{})
	key := s.newKey(nil).Secret.Reveal()
	_, port, _ := net.SplitHostPort(s.httpAddress())
	for _, host := range []string{"gate.example", "GATE.example", "localhost:" + port, "127.0.0.1:" + port} {
		for _, path := range []string{"/", "/api/v1/users", "/v2/domains/example.be"} {
			if a := s.ask("GET "+path, key, "Host: "+host); a.status != 200 {
				t.Errorf("%s as %s: %s", path, host, a)
			}
		}
	}
	for _, host := range []string{"evil.example", "gate.example:1", "gate.example.", "127.0.0.1", ""} {
		for path, want := range map[string]int{"/": 421, "/api/v1/users": 421, "/v2/domains/example.be": 421, "/healthz": 200, "/readyz": 200} {
			if a := s.ask("GET "+path, key, "Host: "+host); a.status != want {
				t.Errorf("%s as %q: %s, want %d", path, host, a, want)
			}
		}
	}
	if seen := s.api.Seen(); len(seen) != 4 {
		t.Errorf("the upstream saw %d calls", len(seen))
	}
}

func TestGate_health(t *testing.T) {
	s := newStand(t, options{})
	key := s.newKey(nil).Secret.Reveal()
	for _, path := range []string{"/healthz", "/readyz"} {
		a := s.ask("GET "+path, "")
		if a.status != 200 || a.body != "ok\n" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %s %v", path, a, a.header)
		}
		if a := s.ask("POST "+path, "", "Content-Length: 0"); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %s", path, a)
		}
	}
	// While the database does not answer, the process lives and is not ready.
	live := s.lines()
	live.Ask("LOGIN "+key, "100 Login ok")
	must(t, s.DB.Close())
	at := s.config.Metrics.Addr().String()
	until(t, "it to be unready", func() bool {
		a := s.ask("GET /readyz", "")
		return a.status == 503 && a.body == "the database does not answer\n"
	})
	if a := s.askAt(at, "GET /readyz", ""); a.status != 503 {
		t.Errorf("at its own address: %s", a)
	}
	if a := s.ask("GET /healthz", ""); a.status != 200 {
		t.Errorf("it lives: %s", a)
	}
	// Nobody is let in or stays in then, and nothing is sent on.
	live.Ended()

	if a := s.ask("GET /v2/domains/example.be", key); a.status != 503 || !strings.Contains(a.body, "ProviderUnavailable") {
		t.Errorf("the gateway: %s", a)
	}
	if a := s.ask("GET /api/v1/users", key); a.status < 500 || strings.Contains(a.body, "sql") {
		t.Errorf("REST: %s", a)
	}
	s.lines().Ask("LOGIN "+key, "400 Login failed")
	if seen := s.api.Seen(); len(seen) != 0 {
		t.Errorf("the upstream saw %v", seen)
	}
	s.Reopen() // for what the place looks at when it closes
}

var metric = regexp.MustCompile(`(?m)^(gatehouse_[a-z_]+(?:\{[^}]*\})?) (\S+)$`)

// figures of the metrics' address, by name.
func (s *stand) figures() map[string]string {
	s.t.Helper()
	a := s.askAt(s.config.Metrics.Addr().String(), "GET /metrics", "")
	if a.status != 200 {
		s.t.Fatal(a)
	}
	all := map[string]string{}
	for _, m := range metric.FindAllStringSubmatch(a.body, -1) {
		all[m[1]] = m[2]
	}
	return all
}

// Metrics are at an address of their own, count what passes through, and name
// nobody.
func TestGate_metrics(t *testing.T) {
	s := newStand(t, options{secure: true})
	made := s.newKey(nil)
	key := made.Secret.Reveal()
	if a := s.ask("GET /metrics", key); a.status != 404 {
		t.Errorf("the public address has metrics: %s", a)
	}
	s.ask("GET /v2/domains/example.be", key)
	s.ask("POST /v2/domains/example.be/renew", key, "Content-Length: 0")
	s.ask("GET /v2/domains/missing.be", key)
	s.ask("GET /v2/domains/example.be", key+"x")
	s.ask("GET /v2/nothing", key)
	c := s.lines()
	c.Secure(s.identity.Client("gate.example"))
	c.Ask("LOGIN "+key+"x", "400 Login failed")
	c.Ask("LOGIN "+key, "100 Login ok")
	c.Ask("IS example.be", "example.be not available")
	s.lines().Ask("IS example.be", "400 not authenticated")
	want := map[string]string{
		"gatehouse_gateway_calls_total":                        "5",
		`gatehouse_gateway_answered_total{status="2xx"}`:       "2",
		`gatehouse_gateway_answered_total{status="4xx"}`:       "1",
		`gatehouse_gateway_refused_total{cause="key_refused"}`: "1",
		"gatehouse_gateway_call_seconds_count":                 "5",
		`gatehouse_isproxy_connections{login="done"}`:          "1",
		`gatehouse_isproxy_connections{login="open"}`:          "1",
		`gatehouse_isproxy_logins_total{outcome="let in"}`:     "1",
		`gatehouse_isproxy_logins_total{outcome="refused"}`:    "1",
		"gatehouse_isproxy_questions_total":                    "1",
	}
	var got map[string]string
	until(t, "the figures", func() bool {
		got = map[string]string{}
		for name, value := range s.figures() {
			if _, ok := want[name]; ok {
				got[name] = value
			}
		}
		return cmp.Equal(want, got) || got["gatehouse_gateway_calls_total"] != "5"
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text := s.askAt(s.config.Metrics.Addr().String(), "GET /metrics", "").body
	for _, secret := range []string{"example.be", "otter", "boss", string(made.ID), made.Shown, key} {
		if strings.Contains(text, secret) {
			t.Errorf("the metrics tell of %q", secret)
		}
	}
	if a := s.askAt(s.config.Metrics.Addr().String(), "GET /api/v1/installation", ""); a.status != 404 {
		t.Errorf("the metrics' address serves the API: %s", a)
	}
}

// Old TLS is refused at both doors.
func TestGate_oldTLS(t *testing.T) {
	s := newStand(t, options{secure: true})
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		trust := s.identity.Client("gate.example")
		trust.MinVersion, trust.MaxVersion = version, version
		d := &tls.Dialer{Config: trust}
		c, err := d.DialContext(t.Context(), "tcp", s.httpAddress())
		if (err == nil) != (version >= tls.VersionTLS12) {
			t.Errorf("%s at HTTP: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = c.Close()
		}
		l := s.lines()
		l.Ask("STARTTLS", "100 OK")
		err = l.Handshake(trust)
		if (err == nil) != (version >= tls.VersionTLS12) {
			t.Errorf("%s at ISProxy: %v", tls.VersionName(version), err)
		}
		if err != nil {
			l.Ended() // and nothing goes on in clear
		}
	}
	// Who speaks without TLS to a door with TLS gets no answer that looks like one of ours.
	c, err := net.Dial("tcp", s.httpAddress())
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	fmt.Fprintf(c, "GET /api/v1/users HTTP/1.1\r\nHost: gate.example\r\n\r\n")
	if a := read(c); a.status != 400 {
		t.Errorf("plain HTTP: %s", a)
	}
}

// public is a listener that others can reach, or would be.
type public struct{ net.Listener }

func (public) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 2001} }

// Where others can reach it, ISProxy takes no key in clear, unless it was told
// to.
func TestGate_plainISProxy(t *testing.T) {
	for name, told := range map[string]bool{"by default": false, "told to": true} {
		t.Run(name, func(t *testing.T) {
			var address string
			s := newStand(t, options{secure: true, change: func(c *gate.Config) {
				address = c.Lines.Addr().String()
				c.Lines, c.PlainISProxy = public{c.Lines}, told
			}})
			key := s.newKey(nil).Secret.Reveal()
			c := s.linesAt(address)
			if told {
				c.Ask("LOGIN "+key, "100 Login ok")
				return
			}
			c.Ask("LOGIN "+key, "400 Login failed")
			c.Ended()
			c = s.linesAt(address)
			c.Secure(s.identity.Client("gate.example"))
			c.Ask("LOGIN "+key, "100 Login ok")
		})
	}
}

// All addresses are taken or none.
func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := free.Addr().String()
	must(t, free.Close())
	for _, given := range [][]string{{address, taken.Addr().String(), ""}, {address, "", taken.Addr().String()}, {address, address, ""}} {
		if l, err := gate.Listen(given[0], given[1], given[2]); err == nil || l.HTTP != nil || !strings.Contains(err.Error(), "listen on 127.0.0.1") {
			t.Errorf("%v: %v", given, err)
		}
		if !refused(address) {
			t.Error("the first listener was left open")
		}
	}
}

// A door that breaks ends all, and says which it was.
func TestGate_brokenDoor(t *testing.T) {
	for name, door := range map[string]func(*stand) net.Listener{
		"HTTP":    func(s *stand) net.Listener { return s.config.HTTP },
		"ISProxy": func(s *stand) net.Listener { return s.config.Lines },
		"metrics": func(s *stand) net.Listener { return s.config.Metrics },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, options{})
			if a := s.ask("GET /readyz", ""); a.status != 200 {
				t.Fatal(a)
			}
			addresses := []string{s.httpAddress(), s.config.Lines.Addr().String(), s.config.Metrics.Addr().String()}
			must(t, door(s).Close())
			select {
			case err := <-s.ended:
				if err == nil || !strings.Contains(err.Error(), "for "+name) {
					t.Errorf("it ended with %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it goes on with a door less")
			}
			if slices.ContainsFunc(addresses, func(a string) bool { return !refused(a) }) {
				t.Error("another door is open still")
			}
		})
	}
}

// Clients that can do no more than HTTP/1.0 offer just that in the handshake, as
// curl does and what stands on it.
func TestGate_oldClients(t *testing.T) {
	s := newStand(t, options{secure: true})
	key := s.newKey(nil).Secret.Reveal()
	for _, offers := range [][]string{nil, {"http/1.0"}, {"http/1.1"}, {"h2", "http/1.1"}, {"http/1.1", "http/1.0"}} {
		trust := s.identity.Client("gate.example")
		trust.NextProtos = offers
		c, err := tls.Dial("tcp", s.httpAddress(), trust)
		if err != nil {
			t.Errorf("%q: %v", offers, err)
			continue
		}
		must(t, c.SetDeadline(time.Now().Add(time.Minute)))
		if spoken := c.ConnectionState().NegotiatedProtocol; spoken == "h2" {
			_ = c.Close()
			continue // the rest of the tests speak it
		}
		_, err = fmt.Fprintf(c, "GET /v2/domains/example.be HTTP/1.0\r\nHost: gate.example\r\nAuthorization: ApiKey %s\r\n\r\n", key)
		must(t, err)
		if a := read(c); a.status != 200 || !strings.Contains(a.body, "example.be") {
			t.Errorf("%q: %v", offers, a)
		}
		_ = c.Close()
	}
}
