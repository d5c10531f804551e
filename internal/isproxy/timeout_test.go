package isproxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/isproxy"
	"gatehouse/internal/isproxy/check"
)

// pipes is a listener without a network, so that hours pass at once.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// asClockworks runs a test on a door, in time that passes when nobody has
// anything to do.
func asClockworks(t *testing.T, config isproxy.Config, test func(t *testing.T, c *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := isproxy.New(config)
		if err != nil {
			t.Fatal(err)
		}
		l := pipes{make(chan net.Conn), make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- s.Serve(t.Context(), l) }()
		ours, theirs := net.Pipe()
		l.conns <- theirs
		test(t, &client{t, ours, newReader(ours)})
		_ = ours.Close()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, isproxy.ErrClosed) {
			t.Error(err)
		}
	})
}

// lasts reports how long the connection stays open, while every is sent each
// pause.
func lasts(t *testing.T, c *client, every string, pause time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c.in)
		close(closed)
	}()
	for {
		select {
		case <-closed:
			return time.Since(start)
		case <-time.After(pause):
			_, _ = io.WriteString(c, every)
		}
		if time.Since(start) > 24*time.Hour {
			t.Fatal("it stays open for more than a day")
		}
	}
}

func TestServer_timeouts(t *testing.T) {
	config := isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known()}
	login := func(c *client) { c.ask("LOGIN the-key", "100 Login ok") }
	for name, test := range map[string]struct {
		first func(*client)
		every string
		pause time.Duration
		want  time.Duration
	}{
		"silent stranger":        {nil, "", time.Hour, 30 * time.Second},
		"stranger, drop by drop": {nil, "I", time.Second, 30 * time.Second},
		"stranger with lines":    {nil, "IS a.be\r\n", time.Second, 30 * time.Second},
		"idle":                   {login, "", time.Hour, 5 * time.Minute},
		"drop by drop":           {login, "I", 10 * time.Second, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			asClockworks(t, config, func(t *testing.T, c *client) {
				if test.first != nil {
					test.first(c)
				}
				if got := lasts(t, c, test.every, test.pause); got < test.want || got > test.want+2*time.Second {
					t.Errorf("the connection was closed after %v, and %v are meant", got, test.want)
				}
			})
		})
	}
	t.Run("in use", func(t *testing.T) {
		asClockworks(t, config, func(t *testing.T, c *client) {
			login(c)
			for range 20 { // more than an hour, by empty lines too
				<-time.After(4 * time.Minute)
				c.send("")
				<-time.After(4 * time.Minute)
				c.ask("IS a.be", "a.be available")
			}
		})
	})
	t.Run("question", func(t *testing.T) {
		slow := isproxy.Config{Keys: &keyring{key: "the-key"}, Source: asked(func(ctx context.Context, _ string) (check.Answer, error) {
			<-ctx.Done()
			return check.Answer{}, ctx.Err()
		})}
		asClockworks(t, slow, func(t *testing.T, c *client) {
			login(c)
			start := time.Now()
			c.ask("IS a.be", "a.be error")
			if took := time.Since(start); took != 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	})
}
