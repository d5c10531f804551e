package isproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/secret"
)

// Answers that are about no domain. Those below the line are our own: the
// protocol has none for these cases, and clients take every 400 for a failure.
const (
	sayOK            = "100 OK"
	sayLoginOK       = "100 Login ok"
	sayLoginFailed   = "400 Login failed"
	sayWrongNumber   = "400 Wrong number of arguments"
	sayAlready       = "400 Already authenticated"
	sayNotLoggedIn   = "400 not authenticated"
	sayUnknown       = "400 Unknown command"
	sayGarbled       = "400 Invalid character"
	sayTooLong       = "400 Line too long"
	sayUnknownOption = "400 Unknown option"
	sayNoTLS         = "400 TLS not available"
	sayTLSAlready    = "400 TLS already active"
)

// lingerTime is how long a connection that has been answered for the last time
// waits for its client to close.
const lingerTime = 2 * time.Second

// namesSize is how many bytes of names share a piece of memory.
const namesSize = 512

// conn is one connection.
//
//	clear ──STARTTLS──▶ TLS
//	  └──────LOGIN───────┴──LOGIN──▶ authenticated ──QUIT, end of input──▶ draining ──▶ closed
//
// One goroutine reads, and writes the answers that are at hand. Each question
// that has to wait gets a goroutine of its own, up to a limit.
type conn struct {
	server  *Server
	socket  *socket
	lines   lines
	out     *outbox
	address netip.Addr

	ctx      context.Context // ends with the connection, for questions under way
	cancel   context.CancelFunc
	over     atomic.Bool // the session has ended, or the network
	draining atomic.Bool // the door closes
	pending  sync.WaitGroup
	slots    chan struct{} // a place for each question that waits

	// Of the goroutine that reads.
	tls     *tls.Conn // nil in clear
	session Session   // nil before LOGIN
	unwatch func() bool
	want    check.Details
	wrong   int             // LOGINs
	asked   int             // questions the session was not told of
	alive   bool            // a line came since the last wait
	names   strings.Builder // of text

	stranger bool // counted among those before LOGIN; of the server's lock
}

func newConn(s *Server, n net.Conn, address netip.Addr) *conn {
	c := &conn{server: s, address: address, stranger: true}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	c.socket = &socket{
		Conn: n, writeTimeout: s.config.WriteTimeout, deadline: time.Now().Add(s.config.LoginTimeout),
		onWait: c.waiting, onInput: c.resumed, onIdle: c.idle, pool: &s.buffers, draining: &c.draining,
	}
	c.out = newOutbox(c.socket, func(error) { c.cut() })
	c.lines.src = c.socket
	return c
}

// run reads until the end, lets pending answers go out, and closes.
func (c *conn) run() {
	defer c.server.ended(c)
	defer c.cancel()
	for c.line() {
	}
	c.out.wait() // whoever still answers sends it, too
	c.pending.Wait()
	c.tell()
	if c.session != nil {
		c.unwatch()
		defer c.session.Close()
	}
	if !c.over.Load() {
		c.out.flush()
		if c.tls != nil {
			_ = c.tls.CloseWrite()
		}
		if !c.draining.Load() {
			c.socket.linger(lingerTime)
		}
	}
	_ = c.socket.Close()
	c.socket.release()
}

// line does what the next line wants, and reports whether to go on.
func (c *conn) line() bool {
	line, err := c.lines.next()
	if c.over.Load() {
		return false // what came before the cut counts for nothing
	}
	if err != nil {
		if errors.Is(err, errLineTooLong) {
			c.out.text(sayTooLong)
		}
		return false
	}
	c.alive = true
	cmd := parse(line)
	switch cmd.verb {
	case verbNone: // keeps the connection alive, and is not answered
	case verbIs:
		c.is(cmd)
	case verbLogin:
		goOn := c.login(cmd)
		clear(line) // it has a secret in it
		return goOn
	case verbStartTLS:
		return c.startTLS(cmd)
	case verbEnable:
		c.enable(cmd)
	case verbQuit:
		return false
	case verbGarbled:
		c.out.text(sayGarbled)
	case verbUnknown:
		c.out.text(sayUnknown)
	}
	return true
}

func (c *conn) is(cmd command) {
	if c.session == nil {
		c.out.text(sayNotLoggedIn)
		return
	}
	if cmd.n != 1 {
		c.out.text(sayWrongNumber)
		return
	}
	q := check.Read(c.text(cmd.args[0]))
	c.asked++
	switch {
	case q.Name == "":
		c.out.answer(check.Answer{Status: check.Invalid}, q.Echo, c.want)
		return
	case !c.session.Allowed(q.Name):
		// With the name in it, so that a client which waits for this answer among
		// thousands finds it; a 400 would leave it waiting.
		c.out.answer(check.Answer{Status: check.Failed}, q.Echo, c.want)
		return
	}
	if c.server.prompt != nil {
		if a, ok := c.server.prompt.TryCheck(q.Name); ok {
			c.out.answer(a, q.Echo, c.want)
			return
		}
	}
	if c.acquire() {
		want := c.want
		c.pending.Go(func() { c.ask(q, want) })
	}
}

// text makes a string of an argument. One piece of memory serves several: a
// string for each question would keep the garbage collector busy.
func (c *conn) text(arg []byte) string {
	if c.names.Cap()-c.names.Len() < len(arg) {
		c.names.Reset()
		c.names.Grow(max(namesSize, len(arg)))
	}
	start := c.names.Len()
	c.names.Write(arg)
	return c.names.String()[start:]
}

// acquire waits for a place among the questions under way; while it waits, the
// connection reads nothing, and the client will notice.
func (c *conn) acquire() bool {
	if c.slots == nil {
		c.slots = make(chan struct{}, c.server.config.MaxPending)
	}
	return c.place(c.slots) && c.place(c.server.pending)
}

func (c *conn) place(in chan struct{}) bool {
	select {
	case in <- struct{}{}:
		return true
	default:
	}
	c.out.wait()
	defer c.out.resume()
	select {
	case in <- struct{}{}:
		return true
	case <-c.ctx.Done():
		return false
	}
}

func (c *conn) ask(q check.Question, want check.Details) {
	ctx, cancel := context.WithTimeout(c.ctx, c.server.config.CheckTimeout)
	a, err := c.server.config.Source.Check(ctx, q.Name)
	cancel()
	if err != nil {
		a = check.Answer{Status: check.Failed}
		if c.ctx.Err() == nil {
			c.server.config.Log.Debug("isproxy: check a domain", "domain", q.Name, "error", err)
		}
	}
	<-c.server.pending
	c.out.late(a, q.Echo, want)
	<-c.slots
}

func (c *conn) enable(cmd command) {
	switch {
	case cmd.n != 1:
		c.out.text(sayWrongNumber)
		return
	case same(cmd.args[0], "REASON"):
		c.want.Reason = true
	case same(cmd.args[0], "PREMIUM"):
		c.want.Premium = true
	default:
		c.out.text(sayUnknownOption)
		return
	}
	c.out.text(sayOK)
}

func (c *conn) login(cmd command) bool {
	if c.session != nil {
		c.out.text(sayAlready)
		return true
	}
	if c.server.config.RequireTLS && c.tls == nil {
		// The secret has been sent in clear; nobody looks whether it is right.
		c.server.config.Log.Warn("isproxy: a LOGIN in clear was refused", "address", c.address)
		c.server.refused.Add(1)
		c.out.text(sayLoginFailed)
		return false
	}
	if cmd.n != 1 && cmd.n != 2 {
		c.out.text(sayWrongNumber)
		return true
	}
	ctx, cancel := context.WithDeadline(c.ctx, c.socket.deadline)
	defer cancel()
	var session Session
	var err error
	if cmd.n == 1 {
		session, err = c.server.config.Keys.Verify(ctx, secret.New(string(cmd.args[0])), c.address)
	} else {
		session, err = c.server.config.Keys.VerifyPassword(ctx, string(cmd.args[0]), secret.New(string(cmd.args[1])), c.address)
	}
	if err != nil {
		c.wrong++
		c.server.refused.Add(1)
		c.out.text(sayLoginFailed)
		return c.wrong < maxWrongLogins
	}
	c.session = session
	c.server.letIn.Add(1)
	c.socket.bulk = true
	c.server.known(c)
	c.unwatch = context.AfterFunc(session.Lifetime(), c.cut)
	c.out.text(sayLoginOK)
	return true
}

// startTLS does the handshake. Whatever came in clear after the command is
// thrown away, since anybody on the way could have put it there, and so is what
// was agreed in clear (RFC 3207 section 4.2).
func (c *conn) startTLS(cmd command) bool {
	switch {
	case cmd.n != 0:
		c.out.text(sayWrongNumber)
		return true
	case c.tls != nil:
		c.out.text(sayTLSAlready)
		return true
	case c.session != nil:
		c.out.text(sayAlready)
		return true
	case c.server.config.TLS == nil:
		c.out.text(sayNoTLS)
		return true
	}
	c.lines.drop()
	c.socket.drop()
	c.want = check.Details{}
	c.out.text(sayOK)
	c.out.flush()
	t := tls.Server(c.socket, c.server.config.TLS)
	// In a goroutine of its own: a handshake needs a deep stack, and this one
	// would keep it for as long as the connection lives.
	done := make(chan error)
	go func() { done <- t.Handshake() }()
	if err := <-done; err != nil {
		c.server.config.Log.Debug("isproxy: TLS handshake", "address", c.address, "error", err)
		c.cut()
		return false
	}
	c.tls = t
	c.lines.src = t
	c.out.w = t
	return true
}

// waiting is called by the socket before it waits for input.
func (c *conn) waiting() {
	c.tell()
	c.out.wait()
	if c.session != nil && c.alive {
		c.socket.deadline = time.Now().Add(c.server.config.IdleTimeout)
	}
	c.alive = false
}

func (c *conn) resumed() { c.out.resume() }

func (c *conn) idle() {
	c.out.release()
	c.names.Reset()
}

// tell counts uses.
func (c *conn) tell() {
	if c.asked > 0 && c.session != nil {
		c.session.Used(c.asked)
		c.server.questions.Add(int64(c.asked))
		c.asked = 0
	}
}

// cut ends the connection now, with whatever is under way on it.
func (c *conn) cut() {
	c.over.Store(true)
	c.cancel()
	_ = c.socket.Conn.Close()
}

// drain makes the connection read no more.
func (c *conn) drain() {
	c.draining.Store(true)
	_ = c.socket.SetReadDeadline(time.Unix(1, 0))
}
