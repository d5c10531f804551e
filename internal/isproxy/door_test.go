package isproxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/isproxy"
	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/secret"
	"gatehouse/internal/tlstest"
)

// keyring lets in whoever has the key, and can end what it let in.
type keyring struct {
	key, login, password string

	verified atomic.Int64 // times somebody asked
	from     atomic.Value // netip.Addr of the last one
	used     atomic.Int64
	closed   atomic.Int64
	forbid   string

	mu  sync.Mutex
	all []context.CancelFunc
}

func (k *keyring) Verify(_ context.Context, key secret.Text, from netip.Addr) (isproxy.Session, error) {
	k.verified.Add(1)
	k.from.Store(from)
	if !key.Equal(secret.New(k.key)) {
		return nil, errors.New("wrong key")
	}
	return k.open(), nil
}

func (k *keyring) VerifyPassword(_ context.Context, login string, password secret.Text, from netip.Addr) (isproxy.Session, error) {
	k.verified.Add(1)
	k.from.Store(from)
	if k.login == "" || login != k.login || !password.Equal(secret.New(k.password)) {
		return nil, errors.New("wrong password")
	}
	return k.open(), nil
}

func (k *keyring) open() isproxy.Session {
	ctx, end := context.WithCancel(context.Background())
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, end)
	return admitted{k, ctx}
}

// revoke ends all sessions.
func (k *keyring) revoke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, end := range k.all {
		end()
	}
}

type admitted struct {
	keys *keyring
	life context.Context
}

func (a admitted) Allowed(domain string) bool {
	return a.keys.forbid == "" || !strings.HasSuffix(domain, a.keys.forbid)
}
func (a admitted) Lifetime() context.Context { return a.life }
func (a admitted) Used(n int)                { a.keys.used.Add(int64(n)) }
func (a admitted) Close()                    { a.keys.closed.Add(1) }

// answers is a source with everything at hand.
type answers map[string]check.Answer

func (s answers) Check(_ context.Context, domain string) (check.Answer, error) {
	a, _ := s.TryCheck(domain)
	return a, nil
}

func (s answers) TryCheck(domain string) (check.Answer, bool) {
	if a, ok := s[domain]; ok {
		return a, true
	}
	return check.Answer{Status: check.Available}, true
}

// asked is a source that has to be waited for.
type asked func(ctx context.Context, domain string) (check.Answer, error)

func (s asked) Check(ctx context.Context, domain string) (check.Answer, error) { return s(ctx, domain) }

// door opens a door on loopback.
func door(tb testing.TB, config isproxy.Config) (*isproxy.Server, string) {
	tb.Helper()
	s, err := isproxy.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			tb.Errorf("shut down: %v", err)
		}
		if err := <-served; !errors.Is(err, isproxy.ErrClosed) {
			tb.Errorf("Serve returned %v", err)
		}
	})
	return s, l.Addr().String()
}

// client speaks the protocol like the programs of registrars do: CRLF at the end
// of what it sends, lines trimmed that it reads.
type client struct {
	tb testing.TB
	net.Conn
	in *bufio.Reader
}

func dial(tb testing.TB, address string) *client {
	tb.Helper()
	n, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = n.Close() })
	if err := n.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		tb.Fatal(err)
	}
	return &client{tb, n, bufio.NewReader(n)}
}

func (c *client) send(lines ...string) {
	c.tb.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		c.tb.Fatalf("send %.40q: %v", lines, err)
	}
}

func (c *client) read() string {
	c.tb.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.tb.Fatalf("read an answer: %v (after %q)", err, line)
	}
	if !strings.HasSuffix(line, "\r\n") {
		c.tb.Errorf("the line %q does not end in CRLF", line)
	}
	return strings.TrimSpace(line)
}

func (c *client) expect(want ...string) {
	c.tb.Helper()
	for _, w := range want {
		if got := c.read(); got != w {
			c.tb.Errorf("the answer is %q, not %q", got, w)
		}
	}
}

// ask sends a line and wants an answer.
func (c *client) ask(line, want string) {
	c.tb.Helper()
	c.send(line)
	c.expect(want)
}

// ended wants nothing more to come, and the connection to be closed.
func (c *client) ended() {
	c.tb.Helper()
	if rest, err := io.ReadAll(c.in); len(rest) > 0 {
		c.tb.Errorf("%q came before the end", rest)
	} else if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		c.tb.Errorf("the connection was not closed")
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// secure does STARTTLS, with the certificate and its name verified.
func (c *client) secure(config *tls.Config) {
	c.tb.Helper()
	c.ask("STARTTLS", "100 OK")
	t := tls.Client(c.Conn, config)
	if err := t.Handshake(); err != nil {
		c.tb.Fatalf("handshake: %v", err)
	}
	c.Conn, c.in = t, bufio.NewReader(t)
}

// certificate of a server, and what trusts it.
func certificate(tb testing.TB, name string) (tls.Certificate, *tls.Config) {
	tb.Helper()
	made := tlstest.New(tb, name)
	return made.Certificate, made.Client(name)
}

func withCertificate(c tls.Certificate) *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &c, nil }}
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

// eventually waits for what other goroutines are about to do.
func eventually(tb testing.TB, happened func() bool) {
	tb.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatal("it did not happen")
		}
	}
}
