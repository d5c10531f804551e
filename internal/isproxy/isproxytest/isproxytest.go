// Package isproxytest is a client of the line protocol for tests: it puts on the
// wire what it is told, literally, and fails its test when the answer is another
// one. Only tests use it.
package isproxytest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// patience is how long a client waits for whatever it waits for.
const patience = 30 * time.Second

// Client is one connection.
type Client struct {
	net.Conn
	t     testing.TB
	lines *bufio.Reader
}

// Dial opens a connection, which ends with the test at the latest.
func Dial(t testing.TB, address string) *Client {
	t.Helper()
	return DialFrom(t, "127.0.0.1", address)
}

// DialFrom does the same from another address of this machine.
func DialFrom(t testing.TB, from, address string) *Client {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &Client{c, t, bufio.NewReader(c)}
}

// Send writes lines, all in one piece.
func (c *Client) Send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(append(lines, ""), "\r\n")); err != nil {
		c.t.Fatalf("send %q: %v", lines, err)
	}
}

// Line reads one, without its end; an error when none comes any more.
func (c *Client) Line() (string, error) {
	line, err := c.lines.ReadString('\n')
	if err == nil && !strings.HasSuffix(line, "\r\n") {
		err = fmt.Errorf("%q does not end in CRLF", line)
	}
	return strings.TrimSuffix(line, "\r\n"), err
}

// Expect reads a line, which has to be this one.
func (c *Client) Expect(want string) {
	c.t.Helper()
	if got, err := c.Line(); err != nil || got != want {
		c.t.Fatalf("the answer is %q (%v), want %q", got, err, want)
	}
}

// Ask sends a line and reads its answer.
func (c *Client) Ask(line, want string) {
	c.t.Helper()
	c.Send(line)
	if got, err := c.Line(); err != nil || got != want {
		verb, _, _ := strings.Cut(line, " ")
		c.t.Fatalf("the answer to %s is %q (%v), want %q", verb, got, err, want)
	}
}

// Secure does STARTTLS and the handshake.
func (c *Client) Secure(trust *tls.Config) {
	c.t.Helper()
	c.Ask("STARTTLS", "100 OK")
	if err := c.Handshake(trust); err != nil {
		c.t.Fatal(err)
	}
}

// Handshake does that alone. What comes after it is encrypted.
func (c *Client) Handshake(trust *tls.Config) error {
	t := tls.Client(c.Conn, trust)
	if err := t.HandshakeContext(c.t.Context()); err != nil {
		return err
	}
	c.Conn, c.lines = t, bufio.NewReader(t)
	return nil
}

// Ended waits until the server has closed the connection, and says nothing more
// before.
func (c *Client) Ended() {
	c.t.Helper()
	rest, err := io.ReadAll(c.lines)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("the connection is open still")
	}
	if len(rest) > 0 {
		c.t.Errorf("it said %q before it closed", rest)
	}
}
