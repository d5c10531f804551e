package gateway_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/apikey"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/gateway/upstreamtest"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
	"gatehouse/internal/tlstest"
)

const renew = "POST /v2/domains/example.be/renew"

// However an upstream fails, the client is told in the upstream's manner, and the
// log says that no answer came.
func TestGateway_upstreamFails(t *testing.T) {
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	hang := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stuck:
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		read   string
		write  string
		cause  string
	}{
		"drops":        {upstreamtest.Drop, "broken", "broken", "broke_off"},
		"hangs up":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "502 ProviderConnectionError", "502 ProviderConnectionError", "broke_off"},
		"says nothing": {hang, "504 ProviderConnectionError", "504 ProviderConnectionError", "timeout"},
		"stops speaking": {func(w http.ResponseWriter, r *http.Request) {
			say(w, "{")
			w.(http.Flusher).Flush()
			hang(w, r)
		}, "broken", "broken", "timeout"},
		"too many bytes": {hijack("HTTP/1.1 200 OK\r\nX-Y: " + strings.Repeat("a", 100_000) + "\r\n\r\n"), "502 ProviderConnectionError", "502 ProviderConnectionError", "broke_off"},
		"bad gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			say(w, "no gzip at all")
		}, "broken", "broken", "broke_off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, options{
				target: func(g *gateway.Target) { g.Times.FirstByte = 300 * time.Millisecond },
				config: func(g *gateway.Config) { g.Limits.Idle = 300 * time.Millisecond },
			})
			_, key := s.key(nil)
			s.api.Instead(c.answer)
			if got := s.call(key, "GET /v2/tlds/be/info", ""); got.kind() != c.read {
				t.Errorf("a read: %s %v, want %s", got.kind(), got, c.read)
			}
			mark := s.mark()
			got := s.call(key, renew, `{"period":12}`)
			if got.kind() != c.write || got.status >= 500 && !strings.Contains(got.body, "may have been done") {
				t.Errorf("a write: %s %v, want %s", got.kind(), got, c.write)
			}
			s.soon(func() bool { return s.mark() == mark+2 })
			if diff := cmp.Diff([]string{"called: " + renew, "unanswered " + c.cause + ": " + renew}, s.tale(mark)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if f := s.gate.Figures(); f.Failed[c.cause] != 2 || f.Requests != 2 || f.Open != 0 {
				t.Errorf("the figures are %+v", f)
			}
			s.api.Properly()
			if got := s.call(key, "GET /v2/domains/example.be", ""); got.status != 200 {
				t.Errorf("afterwards: %v", got)
			}
		})
	}
}

// soon waits until something is true that another goroutine does.
func (s *stand) soon(is func() bool) {
	s.t.Helper()
	again, late := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			s.t.Fatal("it does not come")
		}
	}
}

// A client that goes away takes its read along; what changes something goes on
// until it is known whether it was done.
func TestGateway_clientGone(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	begun, finish := make(chan struct{}, 1), make(chan struct{})
	leave := func(method, path string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, method, s.front.URL+path, nil)
		must(t, err)
		r.Header.Set("Authorization", "ApiKey "+key)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if a, err := http.DefaultTransport.RoundTrip(r); err == nil {
				a.Body.Close()
			}
		}()
		<-begun
		cancel()
		<-ended
	}
	s.api.Instead(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		s.api.WaitGone(w, r)
	})
	leave(http.MethodGet, "/v2/tlds/be/info")
	select {
	case <-s.api.Cut():
	case <-time.After(10 * time.Second):
		t.Fatal("the upstream goes on")
	}
	s.soon(func() bool { return s.gate.Figures().Failed["client_gone"] == 1 })
	mark := s.mark()
	s.api.Instead(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		select {
		case <-finish:
			w.WriteHeader(http.StatusCreated)
		case <-r.Context().Done():
		}
	})
	leave(http.MethodDelete, "/v2/domains/example.be")
	close(finish)
	s.soon(func() bool { return s.mark() == mark+2 })
	if r := s.last(); r.Detail["status"] != 201.0 {
		t.Errorf("the log says %s %v", r.Event, r.Detail)
	}
}

// A call whose process died in between is found by the next, and the log says that
// no answer is known; one that is recorded late is recorded.
func TestGateway_lost(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	begun, finish := make(chan struct{}), make(chan struct{})
	s.api.Instead(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		say(w, "{}")
	})
	mark := s.mark()
	var got answer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		got = s.call(key, renew, `{"period":12}`)
	}()
	<-begun
	first := s.gate
	for range 3 { // this process lives
		s.Clock.Advance(ops.GatewayHold - time.Second)
		must(t, first.Round(t.Context()))
	}
	s.open(options{}) // another one, on the same database
	must(t, s.gate.Round(t.Context()))
	if n := s.mark() - mark; n != 1 {
		t.Errorf("%d records while it is under way", n)
	}
	s.Clock.Advance(ops.GatewayHold + time.Second) // now it says nothing any more
	must(t, s.gate.Round(t.Context()))
	if r := s.last(); r.Event != "gateway.lost" || r.Object.Name != renew || r.Account != s.otter.ID || s.gate.Figures().Lost != 1 {
		t.Errorf("the log says %+v", r)
	}
	close(finish) // it had only been slow
	<-ended
	if got.status != 200 {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff([]string{"called: " + renew, "lost: " + renew, "answered: " + renew}, s.tale(mark)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Where what became of a call cannot be recorded at once, it is when that can be
// done again.
func TestGateway_recordedLate(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	s.api.Instead(func(w http.ResponseWriter, _ *http.Request) {
		s.Exec(`CREATE TABLE kept AS SELECT checkpoint FROM log_head`)
		s.Exec(`UPDATE log_head SET checkpoint = 'edited'`)
		say(w, "{}")
	})
	mark := s.mark()
	if got := s.call(key, renew, `{"period":12}`); got.status != 200 {
		t.Fatalf("got %v", got)
	}
	if err := s.gate.Round(t.Context()); err == nil {
		t.Error("nothing is wrong")
	}
	s.Exec(`UPDATE log_head SET checkpoint = (SELECT kept.checkpoint FROM kept)`)
	must(t, s.gate.Round(t.Context()))
	if diff := cmp.Diff([]string{"called: " + renew, "answered: " + renew}, s.tale(mark)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who calls too often waits, and the log has that once a minute.
func TestGateway_limits(t *testing.T) {
	s := newStand(t, options{config: func(c *gateway.Config) { c.Limits.PerSecond, c.Limits.Burst = 0.01, 3 }})
	_, key := s.key(nil)
	_, other := s.key(nil)
	mark := s.mark()
	kinds := []string{}
	for range 6 {
		got := s.call(key, "GET /v2/domains/example.be", "")
		kinds = append(kinds, got.kind())
		if got.status == 429 && got.header.Get("Retry-After") == "" {
			t.Error("it does not say how long")
		}
	}
	limited := "429 AuthenticationRatelimitedError"
	if diff := cmp.Diff([]string{"200", "200", "200", limited, limited, limited}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.call(other, "GET /v2/domains/example.be", ""); got.status != 200 {
		t.Errorf("another key: %s", got.kind())
	}
	if n := len(s.tale(mark)); n < 1 || n > 2 { // two when a minute ends just then
		t.Errorf("%d records", n)
	}

	s = newStand(t, options{config: func(c *gateway.Config) { c.Limits.Open = 2 }})
	_, key = s.key(nil)
	begun, finish := make(chan struct{}), make(chan struct{})
	s.api.Instead(func(http.ResponseWriter, *http.Request) { begun <- struct{}{}; <-finish })
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { s.call(key, "GET /v2/tlds/be/info", "") })
		<-begun
	}
	if got := s.call(key, "GET /v2/tlds/be/info", ""); got.kind() != "503 ProviderUnavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("one too many: %v", got)
	}
	close(finish)
	all.Wait()
	s.api.Properly()
	if got := s.call(key, "GET /v2/tlds/be/info", ""); got.status != 200 {
		t.Errorf("afterwards: %v", got)
	}
}

// Bodies that nobody looks at are streamed, up to a limit, and come whole.
func TestGateway_bodies(t *testing.T) {
	s := newStand(t, options{
		config: func(c *gateway.Config) { c.Limits.Body = 1 << 20 },
		server: func(h *http.Server) { h.ReadTimeout, h.WriteTimeout = 5*time.Second, 5*time.Second },
	})
	_, key := s.key(nil)
	const update = "POST /v2/dns/zones/12/retrieve"
	whole := `{"x":"` + strings.Repeat("a", 900_000) + `"}`
	if got := s.call(key, update, whole); got.status != 200 {
		t.Errorf("got %v", got)
	}
	if seen := s.api.Seen(); len(seen) != 1 || seen[0].Body != whole {
		t.Error("it did not come whole")
	}
	if got := s.call(key, update, `{"x":"`+strings.Repeat("a", 1<<20)+`"}`); got.kind() != "413 InvalidMessage" {
		t.Errorf("too large: %v", got)
	}
	if got := s.call(key, "POST /v2/dns/zones", `{"name":"example.be","x":"`+strings.Repeat("a", 1<<20)+`"}`); got.kind() != "413 InvalidMessage" {
		t.Errorf("too large to look at: %v", got)
	}
	mark := s.mark()
	c, err := net.Dial("tcp", s.front.Listener.Addr().String())
	must(t, err)
	_, err = fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: x\r\nAuthorization: ApiKey %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", update, key)
	must(t, err)
	s.soon(func() bool { return s.mark() == mark+1 })
	must(t, c.Close())
	s.soon(func() bool { return s.mark() == mark+2 })
	if r := s.last(); r.Event != "gateway.unanswered" {
		t.Errorf("half a body: %s %v", r.Event, r.Detail)
	}
}

// What a credential is worth is said in words.
func TestUpstream_Try(t *testing.T) {
	p, err := profile.RealtimeRegister()
	must(t, err)
	api := upstreamtest.New(t, true)
	try := func(url string, change func(*gateway.Target)) ops.UpstreamState {
		t.Helper()
		target := gateway.Target{URL: url, Profile: p, Authorities: api.Identity.Client("127.0.0.1").RootCAs, Times: gateway.Times{FirstByte: 300 * time.Millisecond}}
		if change != nil {
			change(&target)
		}
		u, err := gateway.NewUpstream(target)
		must(t, err)
		out := u.Try(t.Context(), secret.New(upstreamtest.Credential))
		if strings.Contains(out.Detail, "127.0.0.1") || strings.Contains(out.Detail, upstreamtest.Credential) || out.Detail == "" {
			t.Errorf("%s", out.Detail)
		}
		return out.State
	}
	if got := try(api.URL, nil); got != ops.UpstreamWorks {
		t.Errorf("good: %s", got)
	}
	if seen := api.Seen(); len(seen) != 1 || seen[0].Method != "GET" || seen[0].Target != "/v2/domains" {
		t.Errorf("it calls %v", seen)
	}
	if got := try(api.URL, func(g *gateway.Target) { g.Authorities = tlstest.New(t, "127.0.0.1").Client("127.0.0.1").RootCAs }); got != ops.UpstreamInsecure {
		t.Errorf("another authority: %s", got)
	}
	if got := try(strings.Replace(api.URL, "127.0.0.1", "localhost", 1), nil); got != ops.UpstreamInsecure {
		t.Errorf("another name: %s", got)
	}
	if got := try(strings.Replace(api.URL, "https", "http", 1), nil); got != ops.UpstreamOdd {
		t.Errorf("without TLS: %s", got)
	}
	for status, want := range map[int]ops.UpstreamState{401: ops.UpstreamRefused, 403: ops.UpstreamRefused, 302: ops.UpstreamOdd, 500: ops.UpstreamOdd, 204: ops.UpstreamWorks} {
		api.Instead(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example/")
			w.WriteHeader(status)
		})
		if got := try(api.URL, nil); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
	api.Instead(api.WaitGone)
	if got := try(api.URL, nil); got != ops.UpstreamSlow {
		t.Errorf("slow: %s", got)
	}
	api.Close()
	if got := try(api.URL, nil); got != ops.UpstreamUnreachable {
		t.Errorf("nobody there: %s", got)
	}
}

func TestNewUpstream(t *testing.T) {
	p, err := profile.RealtimeRegister()
	must(t, err)
	for url, good := range map[string]bool{
		"https://api.yoursrs.com": true, "https://api.yoursrs.com/": true, "https://api.yoursrs.com/v2/": true, "https://api.yoursrs.com:8443/v2": true, "http://127.0.0.1:1": true, "http://localhost:1": true,
		"http://[::1]:1": true, "http://api.yoursrs.com": false, "https://api.yoursrs.com/v3/": false, "https://": false, "": false, "api.yoursrs.com": false, "ftp://x": false,
		"https://a:hunter2@api.yoursrs.com": false, "https://api.yoursrs.com/?key=hunter2": false, "https://api.yoursrs.com/#x": false, "http://127.0.0.1.evil.example": false,
	} {
		_, err := gateway.NewUpstream(gateway.Target{URL: url, Profile: p})
		if (err == nil) != good || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// Uses of keys and credentials are counted.
func TestGateway_uses(t *testing.T) {
	s := newStand(t, options{})
	id, key := s.key(func(k *apikey.Key) { k.Description = "Counted" })
	for range 3 {
		s.call(key, "GET /v2/domains/example.be", "", "User-Agent: WHMCS/8")
	}
	s.call(key, "GET /v2/nothing", "")
	must(t, s.Engine.WriteCounts(t.Context()))
	must(t, s.gate.Round(t.Context()))
	d := opstest.Must(s.Place, s.boss.Caller(), s.Ops.Keys.Show, ops.KeyID{ID: id})
	if len(d.Uses) != 1 || d.Uses[0].Uses != 3 || d.LastAddress != "127.0.0.1" || d.LastProgram != "WHMCS/8" {
		t.Errorf("the key: %+v", d)
	}
	u := opstest.Must(s.Place, s.boss.Caller(), s.Ops.Upstreams.Show, ops.None{})
	if u.LastUsedAt == nil || u.LastStatus != 200 {
		t.Errorf("the credential: %+v", u)
	}
	f := s.gate.Figures()
	if f.Requests != 4 || f.Answered["2xx"] != 3 || f.Refused["unknown_route"] != 1 || f.Open != 0 || len(f.Minutes) == 0 || f.Buckets[len(f.Buckets)-1].Calls != 4 || f.Seconds <= 0 {
		t.Errorf("the figures are %+v", f)
	}
}
