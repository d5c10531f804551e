package gate_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/isproxy"
	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/secret"
)

// behind is another ISProxy, whose answers wait until they may come.
type behind struct {
	asked chan string
	free  chan struct{}
}

func (b *behind) Check(ctx context.Context, name string) (check.Answer, error) {
	b.asked <- name
	select {
	case <-b.free:
		return check.Answer{Status: check.Available}, nil
	case <-ctx.Done():
		return check.Answer{}, ctx.Err()
	}
}

// anybody may ask there.
type anybody struct{}

func (anybody) Verify(context.Context, secret.Text, netip.Addr) (isproxy.Session, error) {
	return forever{}, nil
}

func (anybody) VerifyPassword(context.Context, string, secret.Text, netip.Addr) (isproxy.Session, error) {
	return forever{}, nil
}

type forever struct{}

func (forever) Allowed(string) bool       { return true }
func (forever) Lifetime() context.Context { return context.Background() }
func (forever) Used(int)                  {}
func (forever) Close()                    {}

func newBehind(t *testing.T) (b *behind, address string) {
	t.Helper()
	b = &behind{make(chan string, 8), make(chan struct{})}
	server, err := isproxy.New(isproxy.Config{Keys: anybody{}, Source: b})
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	go func() { _ = server.Serve(ctx, l) }()
	t.Cleanup(func() {
		ended, cut := context.WithCancel(context.Background())
		cut()
		_ = server.Shutdown(ended)
		stop()
	})
	return b, l.Addr().String()
}

// What is under way when a gate is told to stop comes to its end, at all doors;
// nothing new begins; and whoever watches sees it.
func TestGate_drains(t *testing.T) {
	lines, at := newBehind(t)
	s := newStand(t, options{source: "isproxy+plain://" + at, key: "a-key"})
	made := s.newKey(nil)
	key := made.Secret.Reveal()
	came, answer := make(chan struct{}), make(chan struct{})
	s.api.Instead(func(w http.ResponseWriter, r *http.Request) {
		close(came)
		select {
		case <-answer:
		case <-r.Context().Done():
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"expiryDate":"2028-04-01T00:00:00Z"}`))
	})
	renewed := s.dial(s.httpAddress())
	defer renewed.Close()
	_, err := renewed.Write([]byte("POST /v2/domains/example.be/renew HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 0\r\nAuthorization: ApiKey " + key + "\r\n\r\n"))
	must(t, err)
	<-came
	c := s.lines()
	c.Ask("LOGIN "+key, "100 Login ok")
	c.Send("IS slow.be")
	if got := <-lines.asked; got != "slow.be" {
		t.Fatal(got)
	}
	idle := s.lines()
	idle.Ask("LOGIN "+key, "100 Login ok")
	watched := s.config.Metrics.Addr().String()

	s.stop()
	until(t, "it to say that it stops", func() bool {
		a := s.askAt(watched, "GET /readyz", "")
		return a.status == 503 && a.body == "stopping\n"
	})
	if a := s.askAt(watched, "GET /healthz", ""); a.status != 200 {
		t.Errorf("it lives: %s", a)
	}
	idle.Ended()
	until(t, "the doors to be closed", func() bool { return refused(s.httpAddress()) && refused(s.config.Lines.Addr().String()) })
	c.Send("IS late.be")
	if got := s.figures()["gatehouse_gateway_calls_open"]; got != "1" {
		t.Errorf("%s calls are open", got)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("it ended before the answers were there: %v", err)
	default:
	}
	close(answer)
	if a := read(renewed); a.status != 200 || !strings.Contains(a.body, "2028-04-01") {
		t.Errorf("the call that was under way: %s", a)
	}
	close(lines.free)
	c.Expect("slow.be available")
	c.Ended() // and late.be was never read
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if !refused(watched) {
		t.Error("metrics are open still")
	}
	var events []string
	for _, r := range s.Records() {
		if strings.HasPrefix(r.Event, "gateway.") {
			events = append(events, r.Event)
		}
	}
	if len(events) != 2 || events[0] != "gateway.called" || events[1] != "gateway.answered" {
		t.Errorf("the log says %v", events)
	}
	must(t, s.Engine.WriteCounts(t.Context())) // as whoever closes the installation does
	if n := s.Count(`SELECT SUM(uses) FROM api_key_uses WHERE key_id = '` + string(made.ID) + `'`); n != 2 {
		t.Errorf("%d uses were counted", n)
	}
}

// What does not come to an end is cut off in time, and the log of the process
// says so; that the call was made is on record.
func TestGate_drainsNotForEver(t *testing.T) {
	t.Parallel()
	lines, at := newBehind(t)
	s := newStand(t, options{source: "isproxy+plain://" + at, key: "a-key"})
	key := s.newKey(nil).Secret.Reveal()
	s.api.Instead(s.api.WaitGone)
	renewed := s.dial(s.httpAddress())
	defer renewed.Close()
	_, err := renewed.Write([]byte("POST /v2/domains/example.be/renew HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 0\r\nAuthorization: ApiKey " + key + "\r\n\r\n"))
	must(t, err)
	// A request that never ends either.
	half := s.dial(s.httpAddress())
	defer half.Close()
	_, err = half.Write([]byte("GET /api/v1/users HTTP/1.1\r\nHost: gate.exa"))
	must(t, err)
	c := s.lines()
	c.Ask("LOGIN "+key, "100 Login ok")
	c.Send("IS slow.be")
	<-lines.asked
	until(t, "the call to be under way", func() bool { return s.figures()["gatehouse_gateway_calls_open"] == "1" && len(s.api.Seen()) > 0 })
	begun := time.Now()
	s.stop()
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(gate.DrainTimeout + 10*time.Second):
		t.Fatal("it does not end")
	}
	if took := time.Since(begun); took < 9*time.Second { // a question ends by itself after ten
		t.Errorf("it waited %s only", took)
	}
	if a := read(renewed); a.status != 0 && a.status != 502 {
		t.Errorf("the call: %s", a)
	}
	if !strings.Contains(s.log.String(), "were cut off") {
		t.Errorf("the log: %s", s.log)
	}
	var called, answered bool
	for _, r := range s.Records() {
		called, answered = called || r.Event == "gateway.called", answered || r.Event == "gateway.answered"
	}
	if !called || answered {
		t.Errorf("called %v, answered %v", called, answered)
	}
}
