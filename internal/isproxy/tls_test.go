package isproxy_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/internal/isproxy"
)

func TestServer_TLS(t *testing.T) {
	one, trustOne := certificate(t, "is.example")
	two, trustTwo := certificate(t, "is.example")
	current := atomic.Pointer[tls.Certificate]{}
	current.Store(&one)
	keys := &keyring{key: "the-key"}
	_, address := door(t, isproxy.Config{
		Keys: keys, Source: known(), RequireTLS: true,
		TLS: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil }},
	})

	t.Run("dialogue", func(t *testing.T) {
		c := dial(t, address)
		c.ask("ENABLE premium", "100 OK") // in clear, so it counts for nothing later
		c.secure(trustOne)
		c.ask("STARTTLS", "400 TLS already active")
		c.ask("LOGIN the-key", "100 Login ok")
		c.ask("IS premium.be", "premium.be available")
		for i := range 300 { // one record each, as some clients write
			c.send(fmt.Sprintf("IS n%d.be", i))
		}
		for i := range 300 {
			c.expect(fmt.Sprintf("n%d.be available", i))
		}
		c.send("CLOSE")
		c.ended()
	})
	t.Run("new certificate", func(t *testing.T) {
		current.Store(&two)
		defer current.Store(&one)
		c := dial(t, address)
		c.secure(trustTwo)
		c.ask("LOGIN the-key", "100 Login ok")
	})
	t.Run("key in clear", func(t *testing.T) {
		before := keys.verified.Load()
		c := dial(t, address)
		c.send("LOGIN the-key", "IS free.be")
		c.expect("400 Login failed")
		c.ended()
		if keys.verified.Load() != before {
			t.Error("a key in clear was looked at")
		}
	})
	t.Run("injected before the handshake", func(t *testing.T) {
		before := keys.verified.Load()
		c := dial(t, address)
		c.send("STARTTLS", "LOGIN the-key", "ENABLE premium", "IS free.be")
		c.expect("100 OK")
		tlsConn := tls.Client(c.Conn, trustOne)
		if err := tlsConn.Handshake(); err != nil {
			t.Fatal(err)
		}
		s := &client{t, tlsConn, newReader(tlsConn)}
		s.ask("IS free.be", "400 not authenticated")
		if keys.verified.Load() != before {
			t.Error("what was sent in clear counted inside TLS")
		}
	})
	t.Run("goes on in clear after STARTTLS", func(t *testing.T) {
		c := dial(t, address)
		c.ask("STARTTLS", "100 OK")
		before := keys.verified.Load()
		c.send("LOGIN the-key")
		if got, _ := io.ReadAll(c.in); strings.Contains(string(got), "Login") || strings.Contains(string(got), "available") {
			t.Errorf("%q was answered in clear", got)
		}
		if keys.verified.Load() != before {
			t.Error("a key in clear was looked at")
		}
	})
	t.Run("client that does not trust", func(t *testing.T) {
		c := dial(t, address)
		c.ask("STARTTLS", "100 OK")
		if err := tls.Client(c.Conn, trustTwo).Handshake(); err == nil {
			t.Fatal("the handshake succeeded")
		}
		_, _ = io.WriteString(c.Conn, "LOGIN the-key\r\n") // the SDK that goes on anyway
		if got, _ := io.ReadAll(c.Conn); strings.Contains(string(got), "Login") {
			t.Errorf("%q was answered after a failed handshake", got)
		}
	})
	t.Run("TLS 1.1", func(t *testing.T) {
		old := trustOne.Clone()
		old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		c := dial(t, address)
		c.ask("STARTTLS", "100 OK")
		if err := tls.Client(c.Conn, old).Handshake(); err == nil {
			t.Error("TLS 1.1 was spoken")
		}
	})
	t.Run("revoked", func(t *testing.T) {
		c := dial(t, address)
		c.secure(trustOne)
		c.ask("LOGIN the-key", "100 Login ok")
		keys.revoke()
		c.ended()
	})
}

// Where clear text is allowed, STARTTLS after LOGIN has nothing left to protect.
func TestServer_startTLSAfterLogin(t *testing.T) {
	one, _ := certificate(t, "is.example")
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known(), TLS: withCertificate(one)})
	c := dial(t, address)
	c.ask("LOGIN the-key", "100 Login ok")
	c.ask("STARTTLS", "400 Already authenticated")
	c.ask("IS free.be", "free.be available")
}
