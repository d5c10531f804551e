package gate_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/tlstest"
)

// served is a certificate that is watched, and read by the clock or by signal.
type served struct {
	*gate.Certificate
	t          *testing.T
	chain, key string
	signal     chan os.Signal
	log        *journal
}

func newServed(t *testing.T, every time.Duration) (*served, tlstest.Identity) {
	t.Helper()
	s := &served{t: t, chain: filepath.Join(t.TempDir(), "chain.pem"), key: filepath.Join(t.TempDir(), "key.pem"), signal: make(chan os.Signal), log: &journal{}}
	first := tlstest.New(t, "gate.example")
	first.Files(t, s.chain, s.key)
	var err error
	s.Certificate, err = gate.OpenCertificate(s.chain, s.key, slog.New(slog.NewTextHandler(s.log, nil)))
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx, every, s.signal)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return s, first
}

// shows reports whether whoever connects now sees an identity.
func (s *served) shows(i tlstest.Identity) bool {
	s.t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", s.TLS())
	must(s.t, err)
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	d := &tls.Dialer{Config: i.Client("gate.example")}
	c, err := d.DialContext(s.t.Context(), "tcp", l.Addr().String())
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// However the files are replaced, what is whole counts, and until then what was
// there before.
func TestCertificate_replaced(t *testing.T) {
	for name, replace := range map[string]func(*testing.T, *served, tlstest.Identity){
		"in place": func(t *testing.T, s *served, next tlstest.Identity) { next.Files(t, s.chain, s.key) },
		"renamed": func(t *testing.T, s *served, next tlstest.Identity) {
			next.Files(t, s.chain+".new", s.key+".new")
			must(t, os.Rename(s.chain+".new", s.chain))
			must(t, os.Rename(s.key+".new", s.key))
		},
		"behind a link": func(t *testing.T, s *served, next tlstest.Identity) {
			folder := t.TempDir()
			next.Files(t, filepath.Join(folder, "chain"), filepath.Join(folder, "key"))
			for path, name := range map[string]string{s.chain: "chain", s.key: "key"} {
				must(t, os.Symlink(filepath.Join(folder, name), path+".new"))
				must(t, os.Rename(path+".new", path))
			}
		},
		"one after the other": func(t *testing.T, s *served, next tlstest.Identity) {
			next.Files(t, s.chain+".new", s.key+".new")
			must(t, os.Rename(s.chain+".new", s.chain))
			until(t, "it to see that they do not fit", func() bool { return strings.Contains(s.log.String(), "stays in use") })
			must(t, os.Rename(s.key+".new", s.key))
		},
		"gone for a while": func(t *testing.T, s *served, next tlstest.Identity) {
			must(t, os.Remove(s.chain))
			until(t, "it to see that it is gone", func() bool { return strings.Contains(s.log.String(), "stays in use") })
			next.Files(t, s.chain, s.key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, first := newServed(t, 5*time.Millisecond)
			if !s.shows(first) {
				t.Fatal("the first one is not shown")
			}
			next := tlstest.New(t, "gate.example")
			replace(t, s, next)
			until(t, "the new certificate", func() bool { return s.shows(next) })
			if s.shows(first) {
				t.Error("the old one is shown still")
			}
			if !strings.Contains(s.log.String(), "was read again") {
				t.Error("the log does not say so")
			}
		})
	}
}

// One that is no good leaves the one in use in use, and the log says so once.
func TestCertificate_broken(t *testing.T) {
	other := tlstest.New(t, "gate.example")
	for name, spoil := range map[string]func(*testing.T, *served){
		"empty":       func(t *testing.T, s *served) { must(t, os.Truncate(s.chain, 0)) },
		"half":        func(t *testing.T, s *served) { must(t, os.Truncate(s.chain, 100)) },
		"no PEM":      func(t *testing.T, s *served) { must(t, os.WriteFile(s.key, []byte("secret"), 0o600)) },
		"another key": func(t *testing.T, s *served) { other.Files(t, filepath.Join(t.TempDir(), "chain"), s.key) },
		"gone":        func(t *testing.T, s *served) { must(t, os.Remove(s.key)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, first := newServed(t, 5*time.Millisecond)
			until := func(n int) {
				t.Helper()
				until(t, "the log to tell", func() bool { return strings.Count(s.log.String(), "stays in use") >= n })
			}
			spoil(t, s)
			until(1)
			s.signal <- os.Interrupt // asked for again, it says so again
			s.signal <- os.Interrupt // and has, when it takes the next
			until(2)
			if n := strings.Count(s.log.String(), "stays in use"); n > 3 {
				t.Errorf("the log says so %d times", n)
			}
			if !s.shows(first) {
				t.Error("the one in use is not shown any more")
			}
		})
	}
}

// Told to, it looks at once, whatever the clock says.
func TestCertificate_signal(t *testing.T) {
	s, first := newServed(t, time.Hour)
	next := tlstest.New(t, "gate.example")
	next.Files(t, s.chain, s.key)
	if !s.shows(first) {
		t.Error("it looked before it was told to")
	}
	s.signal <- os.Interrupt
	until(t, "the new certificate", func() bool { return s.shows(next) })
	if left := time.Until(s.Expires()); left < 50*time.Minute || left > time.Hour {
		t.Errorf("it ends in %s", left)
	}
}

// A gate shows the new one at all its doors.
func TestGate_newCertificate(t *testing.T) {
	s := newStand(t, options{secure: true})
	key := s.newKey(nil).Secret.Reveal()
	open := s.lines()
	open.Secure(s.identity.Client("gate.example"))
	open.Ask("LOGIN "+key, "100 Login ok")
	s.identity = tlstest.New(t, "gate.example")
	s.identity.Files(t, s.chain, s.key)
	s.hangup <- os.Interrupt
	until(t, "the new certificate", func() bool { return strings.Contains(s.log.String(), "was read again") })
	if a := s.ask("GET /v2/domains/example.be", key); a.status != 200 {
		t.Errorf("the gateway: %s", a)
	}
	c := s.lines()
	c.Secure(s.identity.Client("gate.example"))
	c.Ask("LOGIN "+key, "100 Login ok")
	open.Ask("IS example.be", "example.be not available") // what is open goes on
}
