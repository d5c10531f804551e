//go:build linux

package cli_test

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/isproxy/isproxytest"
	"gatehouse/internal/tlstest"
)

// Requests as the registrar's own libraries put them on the wire, with nothing
// changed but host and key.
const (
	phpHead = "Host: %s\r\nAuthorization: ApiKey %s\r\nUser-Agent: realtimeregister-php/2\r\nAccept: application/json\r\n"
	tsHead  = "Accept: application/json\r\nContent-Type: application/json\r\nAuthorization: ApiKey %[2]s\r\nUser-Agent: axios/1.7.2\r\nAccept-Encoding: gzip, compress, deflate, br\r\nHost: %[1]s\r\n"
)

// Programs of registrars' customers work at the real server, by either library,
// at the gateway and (with the same conventions) at the REST API.
func TestServe_programsOverHTTP(t *testing.T) {
	p := newPremises(t)
	identity := tlstest.New(t, "127.0.0.1")
	p.identity = &identity
	s := p.serve()
	key := p.newKey().Secret.Reveal()
	for _, c := range []struct {
		line, body string
		status     int
		want       string // of the answer, in short
	}{
		{"GET /v2/domains?limit=2&order=domainName&fields=domainName&fields=expiryDate&total=1", "", 200, "2 of 5"},
		{"GET /v2/domains/?limit=2&total=true&status=OK&status=INACTIVE", "", 200, "2 of 5"},
		{"GET /v2/domains?limit=1&domainName:like=%25.be&autoRenew=0", "", 200, "1 of 2"},
		{"GET /v2/domains?domainName%3Ain=example.be%2Cotter.be&limit=10", "", 200, "2 of 2"},
		{"GET /v2/domains/example.be", "", 200, "example.be"},
		{"GET /v2/domains/example.be/", "", 200, "example.be"},
		{"GET /v2/domains/free.be/check", "", 200, "available true"},
		{"POST /v2/domains/%s.be", `{"customer":"acme","registrant":"anna","period":12,"autoRenew":true}`, 201, "created"},
		{"POST /v2/domains/%s.be/renew/", `{"period":12}`, 200, "2028-04-01T00:00:00Z"},
		{"POST /v2/domains/%s-two.be", `{"customer":"acme"}`, 400, "ConstraintViolationException"},
		{"GET /v2/domains/missing.be", "", 400, "ObjectDoesNotExist"},
		{"DELETE /v2/domains/example.be", "", 403, "AuthorizationError"},
		{"GET /v2/customers/acme/nothing", "", 404, "UnknownRouteError"},
		{"GET /api/v1/users?limit=1&fields=login&fields=name", "", 200, "1 of 1"},
		{"GET /api/v1/users/?limit=0&total=1", "", 200, "0 of 1"},
		{"GET /api/v1/users?limit=5&status:in=active,invited&total=true", "", 200, "1 of 1"},
		{"GET /api/v1/users?bogus=1", "", 400, "invalid_request"},
	} {
		for name, head := range map[string]string{"php": phpHead, "typescript": tsHead} {
			line := strings.ReplaceAll(c.line, "%s", name)
			status, got := s.wire(identity.Client("127.0.0.1"), line+" HTTP/1.1\r\n"+fmt.Sprintf(head, s.http, key), c.body)
			if status != c.status || got != c.want {
				t.Errorf("%s, %s: %d %s, want %d %s", name, line, status, got, c.status, c.want)
			}
		}
	}
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.said())
	}
}

// wire sends one request and tells of the answer in short.
func (s *process) wire(trust *tls.Config, head, body string) (int, string) {
	s.t.Helper()
	n := tls.Client(dial(s.t, "127.0.0.1", s.http), trust)
	defer n.Close()
	if err := n.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		if !strings.Contains(head, "Content-Type: ") {
			head += "Content-Type: application/json\r\n"
		}
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(n, head+"\r\n"+body); err != nil {
		s.t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(n), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	var text struct {
		Entities   []any
		Pagination struct{ Total *int }
		DomainName string
		Available  *bool
		ExpiryDate string
		Type, Code string
	}
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		if from, err = gzip.NewReader(r.Body); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := json.NewDecoder(from).Decode(&text); err != nil {
		return r.StatusCode, err.Error()
	}
	switch {
	case text.Code != "":
		return r.StatusCode, text.Code
	case text.Type != "":
		return r.StatusCode, text.Type
	case text.Pagination.Total != nil:
		return r.StatusCode, fmt.Sprintf("%d of %d", len(text.Entities), *text.Pagination.Total)
	case text.Available != nil:
		return r.StatusCode, fmt.Sprint("available ", *text.Available)
	case r.StatusCode == http.StatusCreated:
		return r.StatusCode, "created"
	case text.DomainName != "":
		return r.StatusCode, text.DomainName
	}
	return r.StatusCode, text.ExpiryDate
}

// The ways in which programs talk to ISProxy, at the real server.
func TestServe_programsOverLines(t *testing.T) {
	p := newPremises(t)
	identity := tlstest.New(t, "127.0.0.1")
	p.identity = &identity
	var list strings.Builder
	list.WriteString(".be\n.de\ngold.be premium 1500 EUR\nreserved.be taken Reserved (by law), always\n")
	for n := range 5000 {
		fmt.Fprintf(&list, "taken-%d.be\n", n)
	}
	if err := os.WriteFile(p.list, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := p.serve()
	key := p.newKey().Secret.Reveal()
	in := func(t *testing.T) *isproxytest.Client {
		t.Helper()
		c := isproxytest.Dial(t, s.lines)
		c.Secure(identity.Client("127.0.0.1"))
		c.Ask("LOGIN "+key, "100 Login ok")
		return c
	}
	for name, talk := range map[string]func(*testing.T){
		// Connects, STARTTLS, LOGIN, one question at a time, CLOSE.
		"one by one": func(t *testing.T) {
			c := in(t)
			for n := range 200 {
				c.Ask(fmt.Sprintf("IS taken-%d.be", n), fmt.Sprintf("taken-%d.be not available", n))
			}
			c.Ask("IS Bücher.de", "xn--bcher-kva.de available")
			c.Send("CLOSE")
			c.Ended()
		},
		// Everything at once, in one piece, answers by the domain in them.
		"thousands at once": func(t *testing.T) {
			c := in(t)
			const n = 10_000
			var all strings.Builder
			for i := range n {
				fmt.Fprintf(&all, "IS taken-%d.be\r\n", i)
			}
			go func() { _, _ = io.WriteString(c, all.String()+"QUIT\r\n") }()
			got := map[string]bool{}
			for range n {
				line, err := c.Line()
				name, says, _ := strings.Cut(line, " ")
				if err != nil || got[name] {
					t.Fatalf("%q: %v", line, err)
				}
				var number int
				if _, err := fmt.Sscanf(name, "taken-%d.be", &number); err != nil || says != map[bool]string{true: "not available", false: "available"}[number < 5000] {
					t.Errorf("%q", line)
				}
				got[name] = true
			}
			c.Ended()
		},
		// enable() of one library takes only "100 ok" for a success; it gets what
		// the protocol documents, and the mode is on.
		"enable": func(t *testing.T) {
			c := in(t)
			c.Ask("ENABLE reason", "100 OK")
			c.Ask("IS reserved.be", `reserved.be not available (reason=Reserved \(by law\)\, always)`)
			c.Ask("enable premium", "100 OK")
			c.Ask("is gold.be", "gold.be available (type=premium,price=1500,currency=EUR)")
		},
		// One library never uses TLS: on loopback a door with TLS lets it in.
		"never TLS": func(t *testing.T) {
			c := isproxytest.Dial(t, s.lines)
			c.Ask("LOGIN "+key, "100 Login ok")
			c.Ask("IS taken-1.be", "taken-1.be not available")
		},
		// One does not look whether STARTTLS worked, and sends its key whatever
		// happened; when the handshake fails there is nobody to hear it.
		"handshake that fails": func(t *testing.T) {
			c := isproxytest.Dial(t, s.lines)
			c.Ask("STARTTLS", "100 OK")
			_, _ = io.WriteString(c, "LOGIN "+key+"\r\n")
			line, err := c.Line()
			for err == nil {
				if strings.HasPrefix(line, "100") {
					t.Errorf("it said %q", line)
				}
				line, err = c.Line()
			}
		},
		// All of them verify the certificate's name.
		"another name": func(t *testing.T) {
			c := isproxytest.Dial(t, s.lines)
			c.Ask("STARTTLS", "100 OK")
			if err := c.Handshake(identity.Client("is.example")); err == nil {
				t.Error("the certificate is good for any name")
			}
		},
		"line ends": func(t *testing.T) {
			c := in(t)
			_, _ = io.WriteString(c, "IS taken-1.be\nIS taken-2.be\r\n  is \t taken-3.be  \r\n\r\n")
			for n := 1; n <= 3; n++ {
				c.Expect(fmt.Sprintf("taken-%d.be not available", n))
			}
		},
		"login and password": func(t *testing.T) { // of somebody who has a key
			c := isproxytest.Dial(t, s.lines)
			c.Secure(identity.Client("127.0.0.1"))
			c.Ask("LOGIN otter/boss secret", "400 Login failed")
			c.Ask("LOGIN "+key, "100 Login ok")
			c.Ask("LOGIN "+key, "400 Already authenticated")
		},
	} {
		t.Run(name, talk)
	}
	// The list changes, and answers with it.
	c := in(t)
	c.Ask("IS new.be", "new.be available")
	if err := os.WriteFile(p.list+".new", []byte(".be\nnew.be\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.list+".new", p.list); err != nil {
		t.Fatal(err)
	}
	within(t, "the new list", 10*time.Second, func() bool {
		c.Send("IS new.be")
		line, err := c.Line()
		return err == nil && line == "new.be not available"
	})
	// So does the certificate, when its files do and somebody says so.
	next := tlstest.New(t, "127.0.0.1")
	next.Files(t, filepath.Join(p.Dir, "chain.pem"), filepath.Join(p.Dir, "key.pem"))
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	within(t, "the new certificate", 5*time.Second, func() bool { return strings.Contains(s.said(), "the certificate was read again") })
	c = isproxytest.Dial(t, s.lines)
	c.Secure(next.Client("127.0.0.1"))
	status, _ := s.wire(next.Client("127.0.0.1"), "GET /v2/domains/example.be HTTP/1.1\r\n"+fmt.Sprintf(phpHead, s.http, key), "")
	if status != 200 {
		t.Errorf("the gateway with the new certificate: %d", status)
	}
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.said())
	}
}
