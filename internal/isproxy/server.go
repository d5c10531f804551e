// Package isproxy is the door for programs that check whether domains can be
// registered: the line protocol of Realtime Register's ISProxy over TCP, with
// STARTTLS (docs/isproxy.md is its manual). It knows the protocol, its limits
// and its time-outs. Who may come in, and what is known about a domain, it asks
// of the interfaces in Config.
package isproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/secret"
)

// Keys decides who may come in.
type Keys interface {
	// Verify opens a session for an API key. Every error is the same answer to
	// the client. Wrong keys are counted by address in here, too: this package
	// only closes a connection after five.
	Verify(ctx context.Context, key secret.Text, from netip.Addr) (Session, error)
	// VerifyPassword does the same for a login of the form customer/user, which
	// is not looked into here, and a password.
	VerifyPassword(ctx context.Context, login string, password secret.Text, from netip.Addr) (Session, error)
}

// Session is what somebody may do who has come in. Its methods are called for
// every question, by many connections at once, and must not wait.
type Session interface {
	// Allowed reports whether the session may ask about a domain, which comes in
	// lower case, as A-labels, without a dot at its end.
	Allowed(domain string) bool
	// Lifetime is cancelled when the session is over: its key revoked or
	// expired, its address no longer allowed, its account suspended. The
	// connection is then cut at once, whatever is under way on it.
	Lifetime() context.Context
	// Used is told of n more questions, now and then and at the end.
	Used(n int)
	// Close is called once, when the connection is gone.
	Close()
}

// Config is what a Server needs. Zero limits and time-outs are the defaults of
// docs/isproxy.md.
type Config struct {
	Keys   Keys
	Source check.Source // and check.Prompt, if some answers are at hand
	Log    *slog.Logger // nil for none

	// TLS is for STARTTLS, which is refused when it is nil. Its GetCertificate
	// is asked at each handshake, so certificates can be changed while it runs.
	TLS *tls.Config
	// RequireTLS refuses every LOGIN in clear, and closes the connection.
	RequireTLS bool

	MaxConnections     int // in all
	MaxUnauthenticated int // per address, of IPv6 per /64, before LOGIN
	MaxPending         int // questions per connection that wait for their answer
	MaxPendingInAll    int

	LoginTimeout time.Duration // from the connection to the LOGIN that succeeds
	IdleTimeout  time.Duration // between two lines
	WriteTimeout time.Duration // for each write
	CheckTimeout time.Duration // for each question
}

// Limits of the protocol.
const (
	maxLine        = 8 << 10 // bytes, with its end
	maxWrongLogins = 5
)

func (c *Config) defaults() {
	for _, d := range []struct {
		value *int
		or    int
	}{
		{&c.MaxConnections, 4096},
		{&c.MaxUnauthenticated, 20},
		{&c.MaxPending, 256},
		{&c.MaxPendingInAll, 8192},
	} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&c.LoginTimeout, 30 * time.Second},
		{&c.IdleTimeout, 5 * time.Minute},
		{&c.WriteTimeout, 30 * time.Second},
		{&c.CheckTimeout, 10 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("the door is closed")

// Server is the door.
type Server struct {
	config  Config
	prompt  check.Prompt  // nil if the source has nothing at hand
	pending chan struct{} // a place for each question that waits, in all
	buffers sync.Pool     // of *[socketBuffer]byte

	ctx    context.Context // ends when connections must not go on
	cancel context.CancelFunc

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	strangers map[netip.Prefix]int // connections before LOGIN
	running   sync.WaitGroup
}

// New returns a door that Serve opens.
func New(config Config) (*Server, error) {
	if config.Keys == nil || config.Source == nil {
		return nil, errors.New("open the ISProxy door: neither keys nor a source of answers can be missing")
	}
	if config.RequireTLS && config.TLS == nil {
		return nil, errors.New("open the ISProxy door: it demands TLS, so it needs a certificate")
	}
	config.defaults()
	if config.TLS != nil {
		config.TLS = config.TLS.Clone()
		config.TLS.MinVersion = max(config.TLS.MinVersion, tls.VersionTLS12)
	}
	s := &Server{
		config:    config,
		pending:   make(chan struct{}, config.MaxPendingInAll),
		listeners: map[net.Listener]struct{}{},
		conns:     map[*conn]struct{}{},
		strangers: map[netip.Prefix]int{},
	}
	s.buffers.New = func() any { return new([socketBuffer]byte) }
	s.prompt, _ = config.Source.(check.Prompt)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Serve takes connections until ctx ends or Shutdown is called, and closes the
// listener. What is open then goes on; only Shutdown ends it. Several listeners
// can be served at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		_ = l.Close()
		return ErrClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
		_ = l.Close()
	}()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()

	var wait time.Duration
	for {
		n, err := l.Accept()
		if err == nil {
			wait = 0
			s.open(n)
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if s.closed() {
			return ErrClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("take connections for ISProxy: %w", err)
		}
		// The machine may be out of file descriptors: those who are in go on.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.config.Log.Warn("isproxy: take a connection", "error", err, "again in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
	}
}

func (s *Server) closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// open starts a connection, or closes it when there are too many.
func (s *Server) open(n net.Conn) {
	address := remote(n)
	from := network(address)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.conns) >= s.config.MaxConnections || s.strangers[from] >= s.config.MaxUnauthenticated {
		_ = n.Close()
		return
	}
	c := newConn(s, n, address)
	s.conns[c] = struct{}{}
	s.strangers[from]++
	s.running.Add(1)
	go c.run()
}

// known takes a connection out of those before LOGIN.
func (s *Server) known(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(c)
}

func (s *Server) forget(c *conn) {
	if c.stranger {
		c.stranger = false
		from := network(c.address)
		if s.strangers[from]--; s.strangers[from] <= 0 {
			delete(s.strangers, from)
		}
	}
}

func (s *Server) ended(c *conn) {
	s.mu.Lock()
	s.forget(c)
	delete(s.conns, c)
	s.mu.Unlock()
	s.running.Done()
}

// Shutdown takes no more connections and reads no more lines, lets the answers
// that are pending go out, and closes. When ctx ends before that, it closes
// whatever is left and returns the error of ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.conns {
		c.drain()
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	defer s.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.cancel()
	s.mu.Lock()
	for c := range s.conns {
		c.cut()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}

// Connections returns how many are open, and how many of them before LOGIN.
func (s *Server) Connections() (all, strangers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.strangers {
		strangers += n
	}
	return len(s.conns), strangers
}

func remote(n net.Conn) netip.Addr {
	if a, err := netip.ParseAddrPort(n.RemoteAddr().String()); err == nil {
		return a.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// network is what limits count by: whoever has one IPv6 address has a /64.
func network(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
