//go:build linux

package cli_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/isproxy/isproxytest"
)

var resident = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// most is how much memory the process has had at a time, in MiB.
func (s *process) most() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	n, err := strconv.Atoi(resident.FindStringSubmatch(string(text))[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return n >> 10
}

// A thousand connections at each door, and what is larger than anybody sends,
// cost a bounded amount of memory, and others are served meanwhile.
func TestServe_crowd(t *testing.T) {
	const crowd, memory = 1000, 96 // MiB
	p := newPremises(t)
	key := p.newKey().Secret.Reveal()
	s := p.serve()
	c := s.clients()
	served := func(when string) {
		t.Helper()
		begun := time.Now()
		if got := s.opens(c, key); got != opensAll {
			t.Errorf("%s: somebody else gets %s", when, got)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: somebody else waits %s", when, took)
		}
	}
	served("at first")
	before := s.most()

	for range crowd { // who have begun to ask
		n := dial(t, "127.0.0.1", s.http)
		_, _ = io.WriteString(n, "GET /api/v1/users HTTP/1.1\r\nHost: ")
	}
	served("a thousand at HTTP")
	in := make([]*isproxytest.Client, crowd)
	for i := range in { // who are in
		in[i] = isproxytest.Dial(t, s.lines)
		in[i].Ask("LOGIN "+key, "100 Login ok")
	}
	served("a thousand at ISProxy")
	for range crowd { // who are not; only twenty of an address may wait
		n := dial(t, "127.0.0.2", s.lines)
		_, _ = io.WriteString(n, "LOGIN gate_")
	}
	served("a thousand strangers at ISProxy")
	large := strings.Repeat("x", 10<<20)
	var busy sync.WaitGroup
	for i := range 20 {
		n := dial(t, "127.0.0.3", s.lines)
		busy.Go(func() { _, _ = io.WriteString(n, "LOGIN "+large) })
		n = dial(t, "127.0.0.1", s.http)
		busy.Go(func() { _, _ = io.WriteString(n, "GET / HTTP/1.1\r\nX-Large: "+large) })
		busy.Go(func() { _, _ = in[i].Write([]byte("IS " + large)) })
		busy.Go(func() { c.do("POST", "/api/v1/session", "", `{"login":"`+large+`"}`) })
		busy.Go(func() { c.do("POST", "/v2/domains/new.be", key, `{"registrant":"`+large+`"}`) })
	}
	served("ten megabytes each")
	busy.Wait()
	for _, one := range in[20:] {
		one.Send("IS example.be", "IS free.be")
	}
	for _, one := range in[20:] {
		one.Expect("example.be not available")
		one.Expect("free.be available")
	}
	served("all of them asking")
	used := s.most() - before
	t.Logf("%d MiB for all of them, on top of %d", used, before)
	if used > memory {
		t.Errorf("it took %d MiB, %d would be enough", used, memory)
	}
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.said())
	}
}

func dial(t *testing.T, from, to string) net.Conn {
	t.Helper()
	n, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}
