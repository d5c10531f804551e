package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
	"golang.org/x/net/idna"

	"gatehouse/internal/field"
	"gatehouse/internal/secret"
)

// Security says how the connection to the mail server is protected.
type Security string

// The ways. StartTLS is required, not opportunistic: a server that does not
// offer it gets nothing (RFC 3207, section 6).
const (
	StartTLS    Security = "starttls"
	ImplicitTLS Security = "tls"  // RFC 8314
	Plain       Security = "none" // to this machine only, and without a password
)

// MailServer is where mail is handed over, and in whose name.
type MailServer struct {
	Host     string
	Port     int
	Security Security
	Username string // empty: the server takes mail without
	Password secret.Text
	From     string // address
	FromName string
	CAFile   string // PEM; empty: the system's authorities
}

// Target is what the password is for: it goes nowhere else.
func (s MailServer) Target() string {
	return strings.Join([]string{net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), string(s.Security), s.Username, s.CAFile}, " ")
}

// SendTimeout bounds the sending of one message, from dialling to the last
// answer.
const SendTimeout = 40 * time.Second

// SendMail hands a mail to the server. A *Failure says why it was not taken.
func SendMail(ctx context.Context, s MailServer, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	composed, err := compose(s, m)
	if err != nil {
		return err
	}
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	hidden := append([]secret.Text{s.Password}, m.Hidden...)
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return dialled(err, hidden)
	}
	err = client.SendWithSMTPClient(conn, composed)
	if composed.IsDelivered() {
		err = nil // what fails after the server has taken it does not matter
	}
	conn.Close()
	if err == nil {
		return nil
	}
	return sent(err, hidden)
}

// compose writes the mail. Values with line breaks or invisible characters do
// not get here, and are refused all the same: a header must not be able to
// begin another.
func compose(s MailServer, m Message) (*mail.Msg, error) {
	for _, text := range []string{s.From, s.FromName, m.To, m.Name, m.Subject, m.ID} {
		if field.Clean(text) != nil {
			return nil, &Failure{Cause: Refused, Permanent: true, Said: "A name, address or subject holds characters that no mail may have."}
		}
	}
	if strings.ContainsAny(m.ID, "<> ") {
		return nil, fmt.Errorf("compose mail: %q is no Message-ID", m.ID)
	}
	from, err := ascii(s.From)
	if err != nil {
		return nil, &Failure{Cause: SenderRefused}
	}
	to, err := ascii(m.To)
	if err != nil {
		return nil, &Failure{Cause: RecipientRefused, Permanent: true}
	}
	c := mail.NewMsg(mail.WithNoDefaultUserAgent())
	// Not by the library's ways to write a name and an address as text: a name
	// with a quotation mark in it would be read as more than a name.
	c.FromMailAddress(&netmail.Address{Name: s.FromName, Address: from})
	c.ToMailAddress(&netmail.Address{Name: m.Name, Address: to})
	c.Subject(m.Subject)
	c.SetMessageIDWithValue(m.ID)
	c.SetDateWithValue(m.Date)
	c.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody is away to us
	link := ""
	for _, h := range m.Hidden {
		if strings.HasPrefix(h.Reveal(), "http") {
			link = h.Reveal()
		}
	}
	html, err := asHTML(m.Text, link)
	if err != nil {
		return nil, err
	}
	c.SetBodyString(mail.TypeTextPlain, m.Text)
	c.AddAlternativeString(mail.TypeTextHTML, html)
	return c, nil
}

// ascii is an address with its domain as mail servers know it (RFC 5891).
func ascii(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "", errors.New("no address")
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	return address[:at+1] + domain, err
}

// maxAuthorities bounds a file of certificates.
const maxAuthorities = 256 << 10

// Authorities reads a PEM file with the certificates that a server's may be
// signed by. The error is one that says nothing of what else the file holds.
func Authorities(file string) (*x509.CertPool, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not keep us
	if err != nil {
		return nil, errNoAuthorities
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errNoAuthorities
	}
	pem, err := io.ReadAll(io.LimitReader(f, maxAuthorities+1))
	pool := x509.NewCertPool()
	if err != nil || len(pem) > maxAuthorities || !pool.AppendCertsFromPEM(pem) {
		return nil, errNoAuthorities
	}
	return pool, nil
}

var errNoAuthorities = errors.New("no certificates in PEM form")

func (s MailServer) client(ctx context.Context) (*mail.Client, error) {
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.CAFile != "" {
		pool, err := Authorities(s.CAFile)
		if err != nil {
			return nil, &Failure{Cause: CAFile}
		}
		config.RootCAs = pool
	}
	dialer := &net.Dialer{Timeout: 15 * time.Second}
	if s.Security == Plain {
		dialer.Control = loopback
	}
	dial := func(dctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(dctx, network, address)
		if err != nil {
			return nil, err
		}
		bound := &bounded{Conn: conn}
		bound.end, _ = ctx.Deadline()
		if s.Security != ImplicitTLS {
			return bound, nil
		}
		protected := tls.Client(bound, config)
		if err := protected.HandshakeContext(dctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return protected, nil
	}
	options := []mail.Option{
		mail.WithPort(s.Port), mail.WithTLSConfig(config), mail.WithTimeout(SendTimeout), mail.WithDialContextFunc(dial), mail.WithHELO(helo(s.From)),
		mail.WithoutNoop(),
	}
	switch s.Security {
	case ImplicitTLS:
		options = append(options, mail.WithSSL(), mail.WithTLSPolicy(mail.NoTLS))
	case Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		return nil, fmt.Errorf("send mail: unknown security %q", s.Security)
	}
	if s.Username != "" && s.Security != Plain {
		options = append(options, mail.WithSMTPAuthCustom(&login{server: s}), mail.WithUsername(s.Username), mail.WithPassword(s.Password.Reveal()))
	}
	c, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare mail client: %w", err)
	}
	return c, nil
}

// helo is what we call ourselves: the domain of the sender, so that the name
// of this machine stays here.
func helo(from string) string {
	address, err := ascii(from)
	if _, domain, ok := strings.Cut(address, "@"); ok && err == nil {
		return domain
	}
	return "localhost"
}

// bounded is a connection that ends at a time, whatever deadlines are set on it
// in between: a server that answers a letter a second does not hold us up.
type bounded struct {
	net.Conn
	end time.Time
}

// SetDeadline sets an earlier one.
func (b *bounded) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(b.end) {
		t = b.end
	}
	return b.Conn.SetDeadline(t)
}

// login proves who we are by the best way that the server knows, out of those
// that are fit for a connection that is encrypted (RFC 5802, 4616).
type login struct {
	server MailServer
	by     smtp.Auth
}

// Start implements smtp.Auth.
func (l *login) Start(to *smtp.ServerInfo) (string, []byte, error) {
	if !to.TLS {
		return "", nil, errNoTLS
	}
	user, password := l.server.Username, l.server.Password.Reveal()
	ways := map[string]func() smtp.Auth{
		"SCRAM-SHA-256": func() smtp.Auth { return smtp.ScramSHA256Auth(user, password) },
		"SCRAM-SHA-1":   func() smtp.Auth { return smtp.ScramSHA1Auth(user, password) },
		"PLAIN":         func() smtp.Auth { return smtp.PlainAuth("", user, password, l.server.Host, false) },
		"LOGIN":         func() smtp.Auth { return smtp.LoginAuth(user, password, l.server.Host, false) },
	}
	for _, way := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"} {
		for _, offered := range to.Auth {
			if strings.EqualFold(offered, way) {
				l.by = ways[way]()
				return l.by.Start(to)
			}
		}
	}
	return "", nil, errNoLogin
}

// Next implements smtp.Auth.
func (l *login) Next(fromServer []byte, more bool) ([]byte, error) {
	return l.by.Next(fromServer, more)
}

var (
	errNoTLS   = errors.New("the connection is not encrypted")
	errNoLogin = errors.New("the server offers no way to sign in that we know")
)

// dialled says why there is no connection. Whatever went wrong is not the
// message's fault.
func dialled(err error, hidden []secret.Text) *Failure {
	f := failure(err)
	said, code := answer(err)
	switch {
	case errors.Is(err, errNotLoopback), errors.Is(err, errNoTLS), strings.Contains(err.Error(), "does not support STARTTLS"):
		f.Cause = NoTLS
	case errors.Is(err, errNoLogin), code == 530, code == 534, code == 535, code == 538, code == 454, strings.Contains(err.Error(), "SMTP AUTH failed") && f.Cause == Failed:
		f.Cause = LoginRefused
	case code != 0:
		f.Cause = Busy
	}
	f.Said = scrub(said, hidden...)
	return f
}

// sent says why a message was not taken on a connection that was fine.
func sent(err error, hidden []secret.Text) *Failure {
	f := failure(err)
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		return f
	}
	code := refused.ErrorCode()
	if code == 0 {
		if f.Cause == Failed {
			f.Cause = BrokenOff
		}
		if strings.Contains(err.Error(), "timeout") {
			f.Cause = TimedOut
		}
		return f
	}
	f.Permanent = code >= 500
	switch {
	case code < 500:
		f.Cause = Busy
	case refused.Reason == mail.ErrSMTPMailFrom:
		f.Cause = SenderRefused
	case refused.Reason == mail.ErrSMTPRcptTo:
		f.Cause = RecipientRefused
	default:
		f.Cause = Refused
	}
	said := err.Error()
	if _, rest, ok := strings.Cut(said, strconv.Itoa(code)); ok {
		rest, _, _ = strings.Cut(rest, ", affected ")
		rest = strings.TrimSpace(rest)
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			rest, _ = strconv.Unquote(quoted)
		}
		said = strconv.Itoa(code) + " " + rest
	}
	f.Said = scrub(said, hidden...)
	return f
}

// answer is what the server said in an error, with its code.
func answer(err error) (string, int) {
	var said *textproto.Error
	if errors.As(err, &said) {
		return said.Error(), said.Code
	}
	return "", 0
}
