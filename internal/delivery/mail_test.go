package delivery_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/secret"
)

const link = "https://gate.example/#/activate?t=canary-token-0123456789"

func message() delivery.Message {
	return delivery.Message{
		ID: "msg_1@harbour.example", To: "tom@otter.example", Name: "Tom Müller-Lüdenscheidt", Subject: "Zugang für Sie: “Otter”",
		Text: "Guten Tag,\n\n" + link + "\n\n<b>Grüße</b>", Date: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC), Hidden: []secret.Text{secret.New(link)},
	}
}

func serverOf(b *deliverytest.Mailbox) delivery.MailServer {
	return delivery.MailServer{
		Host: b.Host, Port: b.Port, Security: delivery.StartTLS, From: "gate@harbour.example", FromName: "Häfen & Söhne, “Gate”", CAFile: b.CAFile,
		Username: "gate", Password: secret.New("canary-password"),
	}
}

// What went wrong, as cause and whether for good.
func outcome(err error) string {
	var f *delivery.Failure
	switch {
	case err == nil:
		return "taken"
	case !errors.As(err, &f):
		return "fault: " + err.Error()
	case f.Permanent:
		return string(f.Cause) + " for good"
	}
	return string(f.Cause)
}

// parts are the bodies of a mail by type.
func parts(t *testing.T, m deliverytest.Mail) map[string]string {
	t.Helper()
	read, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := multipart.NewReader(read.Body, p["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(part.Header.Get("Content-Type"), ";")
		all[kind] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}

func TestSendMail(t *testing.T) {
	for name, c := range map[string]struct {
		o    deliverytest.Options
		with func(*delivery.MailServer)
		by   string // the way of signing in
	}{
		"STARTTLS":              {deliverytest.Options{Password: "canary-password"}, nil, "PLAIN"},
		"STARTTLS, LOGIN":       {deliverytest.Options{Password: "canary-password", Mechanism: "LOGIN"}, nil, "LOGIN"},
		"STARTTLS, SCRAM":       {deliverytest.Options{Password: "canary-password", Mechanism: "SCRAM-SHA-256"}, nil, "SCRAM-SHA-256"},
		"implicit TLS":          {deliverytest.Options{Password: "canary-password", ImplicitTLS: true}, func(s *delivery.MailServer) { s.Security = delivery.ImplicitTLS }, "PLAIN"},
		"without a password":    {deliverytest.Options{}, func(s *delivery.MailServer) { s.Username = "" }, ""},
		"none, to this machine": {deliverytest.Options{NoTLS: true}, func(s *delivery.MailServer) { s.Security, s.Username = delivery.Plain, "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			box := deliverytest.New(t, c.o)
			s := serverOf(box)
			if c.with != nil {
				c.with(&s)
			}
			if err := delivery.SendMail(t.Context(), s, message()); err != nil {
				t.Fatal(err)
			}
			m := box.Wait(1)[0]
			word := new(mime.WordDecoder)
			header := func(name string) string {
				text, err := word.DecodeHeader(m.Header.Get(name))
				if err != nil {
					t.Fatal(err)
				}
				return text
			}
			from, err := m.Header.AddressList("From")
			if err != nil {
				t.Fatal(err)
			}
			got := []string{m.From, m.To, from[0].Name, from[0].Address, header("Subject"), m.MessageID(), header("Date"), header("Auto-Submitted")}
			want := []string{
				"gate@harbour.example", "tom@otter.example", "Häfen & Söhne, “Gate”", "gate@harbour.example", "Zugang für Sie: “Otter”",
				"<msg_1@harbour.example>", "Sat, 14 Mar 2026 09:26:53 +0000", "auto-generated",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			bodies := parts(t, m)
			if strings.TrimSpace(bodies["text/plain"]) != message().Text {
				t.Errorf("the text is %q", bodies["text/plain"])
			}
			page := bodies["text/html"]
			if !strings.Contains(page, `<a href="`+link+`">`) || !strings.Contains(page, "&lt;b&gt;Grüße&lt;/b&gt;") || strings.Contains(page, "<b>") {
				t.Errorf("the page is %s", page)
			}
			if m.SignedIn != (s.Username != "") || m.Encrypted != (s.Security != delivery.Plain) {
				t.Errorf("signed in %v, encrypted %v", m.SignedIn, m.Encrypted)
			}
			if m.SignedBy != c.by {
				t.Errorf("signed in by %q, want %q", m.SignedBy, c.by)
			}
		})
	}
}

// Every way in which a server can refuse, be slow or go away has its word, and
// neither password nor link leaves in clear or comes back in an answer.
func TestSendMail_refused(t *testing.T) {
	said := func(code int, text string) func() error {
		return func() error { return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text} }
	}
	good := deliverytest.Options{Password: "canary-password"}
	with := func(change func(*deliverytest.Options)) deliverytest.Options {
		o := good
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		o    deliverytest.Options
		with func(*delivery.MailServer)
		want string
		said string
	}{
		"STARTTLS stripped":        {with(func(o *deliverytest.Options) { o.NoTLS = true }), nil, "no_tls", ""},
		"TLS where there is none":  {with(func(o *deliverytest.Options) { o.NoTLS = true }), func(s *delivery.MailServer) { s.Security = delivery.ImplicitTLS }, "no_tls", ""},
		"another server's name":    {with(func(o *deliverytest.Options) { o.WrongName = true }), nil, "certificate", ""},
		"unknown authority":        {good, func(s *delivery.MailServer) { s.CAFile = "" }, "certificate", ""},
		"no file of authorities":   {good, func(s *delivery.MailServer) { s.CAFile = "/nonexistent" }, "ca_file", ""},
		"wrong password":           {with(func(o *deliverytest.Options) { o.Password = "other" }), nil, "login_refused", "535"},
		"wrong password, by SCRAM": {with(func(o *deliverytest.Options) { o.Password, o.Mechanism = "other", "SCRAM-SHA-256" }), nil, "login_refused", "535"},
		"no such name":             {good, func(s *delivery.MailServer) { s.Host = "nothing.invalid" }, "unknown_host", ""},
		"nobody listens":           {good, func(s *delivery.MailServer) { s.Port = 1 }, "unreachable", ""},
		"sender refused":           {with(func(o *deliverytest.Options) { o.OnMail = func(*smtp.Conn) error { return said(553, "not yours")() } }), nil, "sender_refused for good", "553 not yours"},
		"recipient unknown":        {with(func(o *deliverytest.Options) { o.OnRcpt = said(550, "no such user") }), nil, "recipient_refused for good", "550 no such user"},
		"recipient greylisted":     {with(func(o *deliverytest.Options) { o.OnRcpt = said(451, "come again") }), nil, "busy", "451 come again"},
		"content refused, echoing": {with(func(o *deliverytest.Options) {
			o.OnData = func(deliverytest.Mail, *smtp.Conn) error {
				return said(554, "spam: "+link+" and canary-token-0123456789 and canary-password")()
			}
		}), nil, "refused for good", "554 spam: … and … and …"},
		"content deferred": {with(func(o *deliverytest.Options) {
			o.OnData = func(deliverytest.Mail, *smtp.Conn) error { return said(452, "disk full")() }
		}), nil, "busy", "452 disk full"},
		"gone before DATA": {with(func(o *deliverytest.Options) { o.OnMail = func(c *smtp.Conn) error { return c.Conn().Close() } }), nil, "broken_off", ""},
		"gone after DATA, without a word": {with(func(o *deliverytest.Options) {
			o.OnData = func(_ deliverytest.Mail, c *smtp.Conn) error { return c.Conn().Close() }
		}), nil, "broken_off", ""},
		"says a letter and no more": {with(func(o *deliverytest.Options) {
			o.OnData = func(deliverytest.Mail, *smtp.Conn) error { <-t.Context().Done(); return nil }
		}), nil, "timed_out", ""},
	} {
		t.Run(name, func(t *testing.T) {
			box := deliverytest.New(t, c.o)
			s := serverOf(box)
			if c.with != nil {
				c.with(&s)
			}
			ctx := t.Context()
			if c.want == "timed_out" {
				short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
				defer cancel()
				ctx = short
			}
			err := delivery.SendMail(ctx, s, message())
			if got := outcome(err); got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
			if c.said != "" && !strings.Contains(err.Error(), c.said) {
				t.Errorf("it says %q, want %q in it", err, c.said)
			}
			for _, text := range []string{box.Heard(), err.Error()} {
				for _, canary := range []string{"canary", "Y2FuYXJ5", "AGdhdGUAY2FuYXJ5", "tom@otter.example"} {
					if strings.Contains(text, canary) {
						t.Errorf("%q is in %q", canary, text)
					}
				}
			}
		})
	}
}

// What is not encrypted stays on this machine, whatever the name stands for.
func TestSendMail_plainStaysHere(t *testing.T) {
	s := delivery.MailServer{Host: "192.0.2.1", Port: 25, Security: delivery.Plain, From: "gate@harbour.example"}
	if got := outcome(delivery.SendMail(t.Context(), s, message())); got != "no_tls" {
		t.Errorf("got %s", got)
	}
}

// A name, subject or address cannot begin a header of its own.
func TestSendMail_headerInjection(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{})
	for _, hostile := range []string{
		"x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\rBcc: eve@example.com", "x\x00y", "x\u202ey", "x\u2028y", "x\u0085y", "\xff\xfe",
	} {
		for name, change := range map[string]func(*delivery.MailServer, *delivery.Message){
			"name of the recipient": func(_ *delivery.MailServer, m *delivery.Message) { m.Name = hostile },
			"subject":               func(_ *delivery.MailServer, m *delivery.Message) { m.Subject = hostile },
			"recipient":             func(_ *delivery.MailServer, m *delivery.Message) { m.To = hostile + "@example.com" },
			"name of the sender":    func(s *delivery.MailServer, _ *delivery.Message) { s.FromName = hostile },
			"sender":                func(s *delivery.MailServer, _ *delivery.Message) { s.From = hostile + "@example.com" },
			"Message-ID":            func(_ *delivery.MailServer, m *delivery.Message) { m.ID = hostile },
		} {
			s, m := serverOf(box), message()
			s.Username = ""
			change(&s, &m)
			if got := outcome(delivery.SendMail(t.Context(), s, m)); got == "taken" {
				t.Errorf("%s %q was sent", name, hostile)
			}
		}
	}
	// What only looks like a header goes out as what it is.
	for _, odd := range []string{`"Bcc: eve@example.com"`, "a, b <eve@example.com>", "=?utf-8?q?=0d=0aBcc:_eve@example.com?=", "(comment)"} {
		s, m := serverOf(box), message()
		s.Username, m.Name, m.Subject, s.FromName = "", odd, odd, odd
		if err := delivery.SendMail(t.Context(), s, m); err != nil {
			t.Errorf("%q: %v", odd, err)
			continue
		}
		all := box.Mails()
		got := all[len(all)-1]
		to, err := got.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "tom@otter.example" || got.Header.Get("Bcc") != "" {
			t.Errorf("%q: to %v, %v", odd, to, err)
		}
	}
}
