// Package handoff lets the system's browser ask a security key in place of a
// window whose webview cannot: it serves one small page on loopback, for one
// ceremony and two minutes at most, and is gone then.
//
// It carries options to the page and an answer back. What is asked, and whether
// the answer counts, is for the relying party to say; the package knows no
// users, sessions or windows. What keeps others away is in guard.go and
// peer_linux.go.
//
//	opened ──Ask──▶ served ──begin──▶ begun ──end──▶ over
//	   └──Close, time───┴──────────────┴────────────▶ over
package handoff

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Host is the name under which browsers find the page, which is the RP ID of
// the Desk. Browsers resolve it to loopback by themselves (RFC 6761, section
// 6.3); Safari does not.
const Host = "wails.localhost"

// Patience is how long a page is there, unless its Config says.
const Patience = 2 * time.Minute

// farewell is how long a browser has to fetch the last answer.
const farewell = 2 * time.Second

// Kind is what a key is asked to do.
type Kind string

// The kinds of ceremonies, by the functions of navigator.credentials.
const (
	Create Kind = "create" // options are PublicKeyCredentialCreationOptionsJSON
	Get    Kind = "get"    // options are PublicKeyCredentialRequestOptionsJSON
)

// Failure is why the browser came to no answer.
type Failure string

// The failures that a page tells.
const (
	Cancelled         Failure = "cancelled"
	RegisteredAlready Failure = "registered_already"
	NotHere           Failure = "not_here" // this browser cannot, or may not
	Failed            Failure = "failed"
)

// Failures lists them all.
func Failures() []Failure { return []Failure{Cancelled, RegisteredAlready, NotHere, Failed} }

// Error is that the person or the browser gave up.
type Error struct{ Failure Failure }

func (e *Error) Error() string { return "hand-off page: " + string(e.Failure) }

var (
	// ErrTimedOut is that nobody answered while the page was there.
	ErrTimedOut = errors.New("hand-off page: nobody answered in time")
	// ErrClosed is that the page was closed before anybody answered.
	ErrClosed = errors.New("hand-off page: closed")
)

// Config says how the page is.
type Config struct {
	Language string        // of the page: "en" or "de"; English unless known
	Patience time.Duration // 0: Patience
}

// Page is one page for one ceremony. Its methods may be called from any
// goroutine, Ask once.
type Page struct {
	address string
	port    int
	token   digest // of what the address holds; it begins the ceremony
	reply   string // what the answer must come with; whoever began has it
	page    []byte
	patient context.Context
	release context.CancelFunc
	sockets []net.Listener

	mu    sync.Mutex
	kind  Kind
	asked json.RawMessage
	begun bool
	over  chan struct{} // closed when result is there
	ended bool
	said  result

	server  *http.Server
	stopped chan struct{} // closed when no socket is open any more
}

type result struct {
	answer []byte
	err    error
}

// digest of a token: comparing digests takes the same time whatever is wrong.
type digest [sha256.Size]byte

func (d digest) is(token string) bool {
	other := digestOf(token)
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }

func newToken() string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Open takes a port of loopback and starts the time. Nothing is served before
// Ask. The caller closes it.
func Open(c Config) (*Page, error) {
	page, err := render(c.Language)
	if err != nil {
		return nil, err
	}
	sockets, port, err := listen()
	if err != nil {
		return nil, fmt.Errorf("open the hand-off page: %w", err)
	}
	if c.Patience <= 0 {
		c.Patience = Patience
	}
	token := newToken()
	p := &Page{
		port: port, token: digestOf(token), reply: newToken(), page: page, sockets: sockets,
		// In the fragment, which no browser sends and no log holds.
		address: "http://" + net.JoinHostPort(Host, strconv.Itoa(port)) + "/#" + token,
		over:    make(chan struct{}), stopped: make(chan struct{}),
	}
	p.patient, p.release = context.WithTimeout(context.Background(), c.Patience)
	p.server = &http.Server{
		Handler:           p.guard(p.routes()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      c.Patience + farewell, // "wait" lasts as long as the page
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it repeats what strangers send
	}
	context.AfterFunc(p.patient, func() { p.end(result{err: ErrTimedOut}) })
	return p, nil
}

// Port is where the page is: the relying party needs it for the origin.
func (p *Page) Port() int { return p.port }

// Address is what a browser has to open. It holds the token, so it is for the
// person at the window only.
func (p *Page) Address() string { return p.address }

// Ask serves the page until a browser has answered: with what
// PublicKeyCredential.toJSON gave, or with an *Error. It returns ErrTimedOut,
// ErrClosed or the error of ctx otherwise; the page is closed then.
func (p *Page) Ask(ctx context.Context, kind Kind, options []byte) ([]byte, error) {
	if kind != Create && kind != Get {
		return nil, fmt.Errorf("a hand-off page cannot %q", kind)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(options, &object); err != nil || object == nil {
		return nil, errors.New("the options for the hand-off page are no object")
	}
	p.mu.Lock()
	if p.asked != nil {
		p.mu.Unlock()
		return nil, errors.New("a hand-off page is for one ceremony")
	}
	p.kind, p.asked = kind, bytes.Clone(options)
	p.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { p.end(result{err: ctx.Err()}) })
	defer stop()
	for _, s := range p.sockets {
		go func() { _ = p.server.Serve(ownOnly{s}) }() // it ends when the page is over
	}
	<-p.over
	return p.said.answer, p.said.err
}

// AfterEnd has do run once nothing listens any more.
func (p *Page) AfterEnd(do func()) {
	go func() {
		<-p.stopped
		do()
	}()
}

// Close ends the ceremony, if it is not over, and returns when nothing listens
// any more.
func (p *Page) Close() {
	p.end(result{err: ErrClosed})
	<-p.stopped
}

// end is the end: the first result counts.
func (p *Page) end(r result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.ended, p.said = true, r
	close(p.over)
	p.release()
	go p.stop()
	return true
}

// stop lets the browser fetch the last answer, and no more.
func (p *Page) stop() {
	defer close(p.stopped)
	for _, s := range p.sockets {
		_ = s.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if p.server.Shutdown(ctx) != nil {
		_ = p.server.Close()
	}
}

// attempts at finding a port that is free on all of loopback.
const attempts = 16

// listen takes the same port on 127.0.0.1 and, where there is one, on ::1:
// browsers try both, and nobody else may answer at the other.
func listen() ([]net.Listener, int, error) {
	var last error
	for range attempts {
		four, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, 0, err
		}
		port := four.Addr().(*net.TCPAddr).Port
		six, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
		switch {
		case err == nil:
			return []net.Listener{four, six}, port, nil
		case !inUse(err): // there is no IPv6 here
			return []net.Listener{four}, port, nil
		}
		last = err
		_ = four.Close()
	}
	return nil, 0, last
}
