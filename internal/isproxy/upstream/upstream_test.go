package upstream_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/isproxy"
	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/isproxy/upstream"
	"gatehouse/internal/secret"
	"gatehouse/internal/tlstest"
)

// everybody lets in whoever has the key.
type everybody struct{ logins atomic.Int64 }

func (e *everybody) Verify(_ context.Context, key secret.Text, _ netip.Addr) (isproxy.Session, error) {
	e.logins.Add(1)
	if !key.Equal(secret.New("the-key")) {
		return nil, errors.New("wrong key")
	}
	return session{}, nil
}

func (*everybody) VerifyPassword(context.Context, string, secret.Text, netip.Addr) (isproxy.Session, error) {
	return nil, errors.New("no passwords")
}

type session struct{}

func (session) Allowed(string) bool       { return true }
func (session) Lifetime() context.Context { return context.Background() }
func (session) Used(int)                  {}
func (session) Close()                    {}

type source func(ctx context.Context, domain string) (check.Answer, error)

func (s source) Check(ctx context.Context, domain string) (check.Answer, error) {
	return s(ctx, domain)
}

func echo(_ context.Context, domain string) (check.Answer, error) {
	return check.Answer{Status: check.Taken, Reason: "about " + domain}, nil
}

// door opens a real door to be asked.
func door(t *testing.T, config isproxy.Config) string {
	t.Helper()
	s, err := isproxy.New(config)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(context.Background(), l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
	})
	return l.Addr().String()
}

func client(t *testing.T, config upstream.Config) *upstream.Client {
	t.Helper()
	if config.Key.IsZero() {
		config.Key = secret.New("the-key")
	}
	c, err := upstream.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClient_many(t *testing.T) {
	certificate, trust := certify(t)
	for name, tlsConfig := range map[string]*tls.Config{"clear": nil, "TLS": trust} {
		t.Run(name, func(t *testing.T) {
			keys := &everybody{}
			address := door(t, isproxy.Config{Keys: keys, Source: source(echo), RequireTLS: tlsConfig != nil, TLS: certificate})
			c := client(t, upstream.Config{Address: address, TLS: tlsConfig, Connections: 3, InFlight: 20})
			var all sync.WaitGroup
			for i := range 2000 {
				all.Go(func() {
					domain := fmt.Sprintf("n%d.be", i%1500)
					a, err := c.Check(t.Context(), domain)
					if want := (check.Answer{Status: check.Taken, Reason: "about " + domain}); err != nil || a != want {
						t.Errorf("%s: %v, %v", domain, a, err)
					}
				})
			}
			all.Wait()
			if n := keys.logins.Load(); n < 1 || n > 3 {
				t.Errorf("%d connections were made", n)
			}
		})
	}
}

// The same domain asked many times at once goes out once, and all get the answer.
func TestClient_together(t *testing.T) {
	var asked atomic.Int64
	release := make(chan struct{})
	address := door(t, isproxy.Config{Keys: &everybody{}, Source: source(func(ctx context.Context, domain string) (check.Answer, error) {
		asked.Add(1)
		<-release
		return echo(ctx, domain)
	})})
	c := client(t, upstream.Config{Address: address})
	hasty, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := c.Check(hasty, "a.be"); !errors.Is(err, context.Canceled) {
			t.Errorf("the hasty one got %v", err)
		}
	})
	for asked.Load() == 0 {
		<-time.After(time.Millisecond)
	}
	var started sync.WaitGroup
	started.Add(20)
	for range 20 {
		all.Go(func() {
			started.Done()
			if a, err := c.Check(t.Context(), "a.be"); err != nil || a.Reason != "about a.be" {
				t.Errorf("%v, %v", a, err)
			}
		})
	}
	started.Wait()
	cancel()
	close(release)
	all.Wait()
	if n := asked.Load(); n > 2 { // one may have come just after the answer
		t.Errorf("asked %d times", n)
	}
}

// script is a server that says what a test wants.
func script(t *testing.T, talk func(n int, in *bufio.Reader, out net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				talk(n, bufio.NewReader(conn), conn)
				_ = conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// welcome answers LOGIN and both ENABLE.
func welcome(in *bufio.Reader, out net.Conn) {
	for _, say := range []string{"100 Login ok", "100 ok", "400 what?"} {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		_, _ = out.Write([]byte(say + "\r\n"))
	}
}

func question(in *bufio.Reader) string {
	line, _ := in.ReadString('\n')
	return strings.TrimPrefix(strings.TrimSpace(line), "IS ")
}

func TestClient_lostConnection(t *testing.T) {
	for name, breakIt := range map[string]func(out net.Conn){
		"closed":                 func(net.Conn) {},
		"speaks of other things": func(out net.Conn) { _, _ = out.Write([]byte("HTTP/1.1 400 Bad Request\r\n")) },
		"forgot who we are":      func(out net.Conn) { _, _ = out.Write([]byte("400 not authenticated\r\n")) },
		"endless line":           func(out net.Conn) { _, _ = out.Write([]byte(strings.Repeat("a", 20_000))) },
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			address := script(t, func(n int, in *bufio.Reader, out net.Conn) {
				welcome(in, out)
				for {
					domain := question(in)
					if domain == "" {
						return
					}
					asked.Add(1)
					if n == 1 {
						breakIt(out)
						return
					}
					_, _ = fmt.Fprintf(out, "%s available\r\n", strings.ToUpper(domain))
				}
			})
			c := client(t, upstream.Config{Address: address, Connections: 1})
			for _, domain := range []string{"a.be", "b.be"} {
				if a, err := c.Check(t.Context(), domain); err != nil || a.Status != check.Available {
					t.Errorf("%s: %v, %v", domain, a, err)
				}
			}
			if asked.Load() != 3 {
				t.Errorf("asked %d times", asked.Load())
			}
		})
	}
	t.Run("always", func(t *testing.T) {
		var asked atomic.Int64
		address := script(t, func(_ int, in *bufio.Reader, out net.Conn) {
			welcome(in, out)
			question(in)
			asked.Add(1)
		})
		c := client(t, upstream.Config{Address: address})
		if a, err := c.Check(t.Context(), "a.be"); err == nil || asked.Load() != 2 {
			t.Errorf("%v, %v, asked %d times", a, err, asked.Load())
		}
	})
}

// Answers of others, or out of order, or to nobody, are not taken for one's own.
func TestClient_neverMixes(t *testing.T) {
	address := script(t, func(_ int, in *bufio.Reader, out net.Conn) {
		welcome(in, out)
		a, b := question(in), question(in)
		_, _ = fmt.Fprintf(out, "stranger.be available\r\n%s not available (reason=%s)\r\n%s not available (reason=%s)\r\n", b, b, a, a)
		_, _ = fmt.Fprintf(out, "%s available\r\n", a) // once more
		_ = question(in)
	})
	c := client(t, upstream.Config{Address: address, Connections: 1})
	var all sync.WaitGroup
	for _, domain := range []string{"a.be", "b.be"} {
		all.Go(func() {
			if a, err := c.Check(t.Context(), domain); err != nil || a.Reason != domain {
				t.Errorf("%s: %v, %v", domain, a, err)
			}
		})
	}
	all.Wait()
}

func TestClient_silentServer(t *testing.T) {
	address := script(t, func(n int, in *bufio.Reader, out net.Conn) {
		welcome(in, out)
		for domain := question(in); domain != ""; domain = question(in) {
			if n > 1 {
				_, _ = fmt.Fprintf(out, "%s available\r\n", domain)
			}
		}
	})
	c := client(t, upstream.Config{Address: address, Connections: 1, Timeout: 100 * time.Millisecond})
	if a, err := c.Check(t.Context(), "a.be"); err == nil {
		t.Errorf("%v", a)
	}
	// The connection on which nothing was heard is not used again.
	if a, err := c.Check(t.Context(), "a.be"); err != nil || a.Status != check.Available {
		t.Errorf("%v, %v", a, err)
	}
}

func TestClient_backOff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var dialled atomic.Int64
	go func() {
		for {
			n, err := l.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			_ = n.Close()
		}
	}()
	defer l.Close()
	c := client(t, upstream.Config{Address: l.Addr().String(), BackOff: time.Hour})
	for range 50 {
		if a, err := c.Check(t.Context(), "a.be"); err == nil {
			t.Fatalf("%v", a)
		}
	}
	if n := dialled.Load(); n != 1 {
		t.Errorf("%d attempts within the back-off", n)
	}
}

func TestClient_secrets(t *testing.T) {
	certificate, trust := certify(t)
	keys := &everybody{}
	wrong := trust.Clone()
	wrong.ServerName = "other.example"
	for name, test := range map[string]struct {
		door isproxy.Config
		ask  upstream.Config
	}{
		"no TLS there":   {isproxy.Config{}, upstream.Config{TLS: trust}},
		"not trusted":    {isproxy.Config{TLS: certificate}, upstream.Config{TLS: &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "is.example"}}},
		"another's name": {isproxy.Config{TLS: certificate}, upstream.Config{TLS: wrong}},
	} {
		t.Run(name, func(t *testing.T) {
			test.door.Keys, test.door.Source = keys, source(echo)
			test.ask.Address = door(t, test.door)
			if a, err := client(t, test.ask).Check(t.Context(), "a.be"); err == nil || strings.Contains(err.Error(), "the-key") {
				t.Errorf("%v, %v", a, err)
			}
		})
	}
	if keys.logins.Load() != 0 {
		t.Error("the key was sent")
	}
	t.Run("wrong key", func(t *testing.T) {
		c := client(t, upstream.Config{Address: door(t, isproxy.Config{Keys: keys, Source: source(echo)}), Key: secret.New("my-secret")})
		if _, err := c.Check(t.Context(), "a.be"); err == nil || strings.Contains(err.Error(), "my-secret") || !strings.Contains(err.Error(), "Login failed") {
			t.Errorf("%v", err)
		}
	})
}

func TestClient_closed(t *testing.T) {
	address := door(t, isproxy.Config{Keys: &everybody{}, CheckTimeout: time.Second, Source: source(func(ctx context.Context, _ string) (check.Answer, error) {
		<-ctx.Done()
		return check.Answer{}, ctx.Err()
	})})
	c := client(t, upstream.Config{Address: address, Timeout: time.Minute})
	failed := make(chan error, 1)
	go func() {
		_, err := c.Check(context.Background(), "a.be")
		failed <- err
	}()
	c.Close()
	if err := <-failed; !errors.Is(err, upstream.ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := c.Check(t.Context(), "a.be"); !errors.Is(err, upstream.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestNew(t *testing.T) {
	for _, config := range []upstream.Config{{Address: "no port", Key: secret.New("x")}, {Address: "127.0.0.1:1"}} {
		if _, err := upstream.New(config); err == nil {
			t.Errorf("%q was taken", config.Address)
		}
	}
}

// certify a server, and say what trusts it.
func certify(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	made := tlstest.New(t, "is.example")
	return made.Server(), made.Client("is.example")
}
