// Package deliverytest is a mail server for tests: a real one, on loopback,
// with a certificate of its own authority, that can be told to behave badly.
// Only tests import it.
package deliverytest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/tlstest"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options of a mailbox. The zero value offers STARTTLS with a good certificate
// and takes everything.
type Options struct {
	ImplicitTLS bool
	NoTLS       bool
	WrongName   bool   // the certificate is of another server
	Password    string // of the user "gate"; empty: nobody signs in
	Mechanism   string // PLAIN when empty, else LOGIN or SCRAM-SHA-256 (PLAIN is offered beside it)

	OnMail func(c *smtp.Conn) error
	OnRcpt func() error
	OnData func(m Mail, c *smtp.Conn) error // when all of it has come, before it is taken
}

// Mail is one that came in.
type Mail struct {
	From, To  string
	Raw       []byte
	Header    mail.Header
	Encrypted bool
	SignedIn  bool
	SignedBy  string // how: the mechanism
}

// MessageID of the mail.
func (m Mail) MessageID() string { return m.Header.Get("Message-Id") }

// Mailbox is the server.
type Mailbox struct {
	Host   string
	Port   int
	CAFile string // of its authority

	t     testing.TB
	o     Options
	mu    sync.Mutex
	mails []Mail
	raw   bytes.Buffer // what clients said in clear
	came  chan struct{}
}

// New starts a mailbox that ends with the test.
func New(t testing.TB, o Options) *Mailbox {
	t.Helper()
	b := &Mailbox{Host: "127.0.0.1", t: t, o: o, came: make(chan struct{}, 1000)}
	config := b.certify()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.Port = listener.Addr().(*net.TCPAddr).Port
	listener = listening{listener, b}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{box: b, conn: c}, nil }))
	server.Domain, server.EnableSMTPUTF8, server.ErrorLog = "mail.example", true, slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	switch {
	case o.ImplicitTLS:
		listener = tls.NewListener(listener, config)
	case !o.NoTLS:
		server.TLSConfig = config
	}
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { server.Close() })
	return b
}

// Mails that came in and were taken.
func (b *Mailbox) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Mail(nil), b.mails...)
}

// Wait until so many mails were taken.
func (b *Mailbox) Wait(n int) []Mail {
	b.t.Helper()
	late := time.After(20 * time.Second)
	for {
		if all := b.Mails(); len(all) >= n {
			return all
		}
		select {
		case <-b.came:
		case <-late:
			b.t.Fatalf("%d mails came, want %d", len(b.Mails()), n)
		}
	}
}

// Heard is every byte that clients sent, as it went over the wire.
func (b *Mailbox) Heard() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.raw.String()
}

// listening notes what goes over the wire.
type listening struct {
	net.Listener
	box *Mailbox
}

func (l listening) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return wire{c, l.box}, err
}

type wire struct {
	net.Conn
	box *Mailbox
}

func (w wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.box.mu.Lock()
	defer w.box.mu.Unlock()
	w.box.raw.Write(p[:n])
	return n, err
}

type session struct {
	box      *Mailbox
	conn     *smtp.Conn
	from, to string
	signedIn bool
	signedBy string
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	if s.box.o.Password != "" && !s.signedIn {
		return smtp.ErrAuthRequired
	}
	if f := s.box.o.OnMail; f != nil {
		return f(s.conn)
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if f := s.box.o.OnRcpt; f != nil {
		return f()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	_, encrypted := s.conn.TLSConnectionState()
	m := Mail{From: s.from, To: s.to, Raw: raw, Header: read.Header, Encrypted: encrypted, SignedIn: s.signedIn, SignedBy: s.signedBy}
	if f := s.box.o.OnData; f != nil {
		if err := f(m, s.conn); err != nil {
			return err
		}
	}
	s.box.mu.Lock()
	s.box.mails = append(s.box.mails, m)
	s.box.mu.Unlock()
	s.box.came <- struct{}{}
	return nil
}

func (s *session) AuthMechanisms() []string {
	switch {
	case s.box.o.Password == "":
		return nil
	case s.box.o.Mechanism == scram:
		return []string{"PLAIN", scram}
	case s.box.o.Mechanism != "":
		return []string{s.box.o.Mechanism}
	}
	return []string{"PLAIN"}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "gate" || password != s.box.o.Password {
			return smtp.ErrAuthFailed
		}
		s.signedIn = true
		return nil
	}
	s.signedBy = strings.ToUpper(mechanism)
	if s.signedBy == scram {
		return &scramServer{user: "gate", password: s.box.o.Password, done: func() { s.signedIn = true }}, nil
	}
	if s.signedBy == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer asks for the two one after the other, as LOGIN does.
type loginServer struct {
	check func(user, password string) error
	asked int
	user  string
}

func (l *loginServer) Next(said []byte) ([]byte, bool, error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(said)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.check(l.user, string(said))
	}
	return nil, true, errors.New("too many answers")
}

// certify makes an authority and the certificate of the server.
func (b *Mailbox) certify() *tls.Config {
	b.t.Helper()
	names := []string{"127.0.0.1", "localhost"}
	if b.o.WrongName {
		names = []string{"elsewhere.example"}
	}
	server := tlstest.New(b.t, names...)
	b.CAFile = filepath.Join(b.t.TempDir(), "ca.pem")
	if err := os.WriteFile(b.CAFile, server.Authority, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return server.Server()
}
