package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/isproxy/check"
)

// errLost is why a question failed that can be asked on another connection.
var errLost = errors.New("the connection to the upstream ISProxy was lost")

// maxAnswer bounds a line of the other server.
const maxAnswer = 8 << 10

// link is one connection, after LOGIN. Questions go out in order; answers come
// in any, and find their question by the domain.
type link struct {
	net.Conn
	in    *bufio.Reader
	queue chan string // domains to ask about
	done  chan struct{}
	heard atomic.Int64 // when something came last, as Unix nanoseconds
	taken int          // questions; of the client's lock

	mu      sync.Mutex
	waiting map[string]chan check.Answer
	why     error // set with done
}

// connect dials, starts TLS and logs in. The key is sent only after the
// handshake has verified the other server.
func connect(ctx context.Context, config Config) (*link, error) {
	n, err := new(net.Dialer).DialContext(ctx, "tcp", config.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = n.Close() })
	l := &link{
		Conn: n, in: bufio.NewReaderSize(n, maxAnswer), done: make(chan struct{}),
		queue: make(chan string, config.InFlight), waiting: map[string]chan check.Answer{},
	}
	if err = l.introduce(ctx, config); err == nil && !stop() {
		err = ctx.Err()
	}
	if err != nil {
		stop()
		_ = n.Close()
		return nil, err
	}
	return l, nil
}

func (l *link) introduce(ctx context.Context, config Config) error {
	if config.TLS != nil {
		if err := l.command("STARTTLS", "100 OK"); err != nil {
			return fmt.Errorf("start TLS: %w", err)
		}
		if l.in.Buffered() > 0 {
			return errors.New("start TLS: something was sent in clear before the handshake")
		}
		t := tls.Client(l.Conn, config.TLS)
		if err := t.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("start TLS: %w", err)
		}
		l.Conn = t
		l.in.Reset(t)
	}
	if err := l.command("LOGIN "+config.Key.Reveal(), "100 Login ok"); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	// Without the details an answer is still an answer.
	for _, option := range []string{"ENABLE reason", "ENABLE premium"} {
		if err := l.command(option, "100 OK"); err != nil && !errors.Is(err, errRefused) {
			return fmt.Errorf("enable details: %w", err)
		}
	}
	return nil
}

var errRefused = errors.New("the upstream ISProxy refused")

func (l *link) command(line, want string) error {
	if _, err := l.Write([]byte(line + "\r\n")); err != nil {
		return err
	}
	got, err := l.line()
	if err == nil && !strings.EqualFold(got, want) {
		err = fmt.Errorf("%w: %.80q", errRefused, got)
	}
	return err
}

func (l *link) line() (string, error) {
	b, err := l.in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}

func (l *link) lost() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// end closes the connection, and fails whatever waits for it.
func (l *link) end(why error) {
	l.mu.Lock()
	if l.why == nil {
		l.why = why
		close(l.done)
	}
	l.mu.Unlock()
	_ = l.Close()
}

func (l *link) ask(ctx context.Context, domain string) (check.Answer, error) {
	answer := make(chan check.Answer, 1)
	l.mu.Lock()
	l.waiting[domain] = answer
	l.mu.Unlock()
	asked := time.Now()
	select {
	case l.queue <- domain:
	case <-l.done:
	case <-ctx.Done():
	}
	select {
	case a := <-answer:
		return a, nil
	case <-l.done:
		return check.Answer{}, fmt.Errorf("%w: %w", errLost, l.why)
	case <-ctx.Done():
	}
	l.mu.Lock()
	if l.waiting[domain] == answer {
		delete(l.waiting, domain)
	}
	l.mu.Unlock()
	// A server that has said nothing at all in the meantime is gone; one that is
	// slow with this name may answer the others.
	if errors.Is(context.Cause(ctx), errTimeout) && l.heard.Load() < asked.UnixNano() {
		l.end(errTimeout)
	}
	return check.Answer{}, context.Cause(ctx)
}

// write sends questions, those that wait together in one go.
func (l *link) write() {
	w := bufio.NewWriter(l.Conn)
	for {
		select {
		case domain := <-l.queue:
			// Neither can fail but by the connection, which Flush reports.
			_, _ = w.WriteString("IS ")
			_, _ = w.WriteString(domain)
			_, _ = w.WriteString("\r\n")
		case <-l.done:
			return
		}
		if len(l.queue) > 0 {
			continue
		}
		if err := w.Flush(); err != nil {
			l.end(err)
			return
		}
	}
}

// read hands out answers. A line that is none means that both sides no longer
// speak of the same thing: nothing on this connection is believed any more.
func (l *link) read() {
	for {
		line, err := l.line()
		if err != nil {
			l.end(err)
			return
		}
		l.heard.Store(time.Now().UnixNano())
		name, a, ok := check.ParseLine(line)
		if !ok {
			l.end(fmt.Errorf("the upstream ISProxy said %.80q", line))
			return
		}
		name = strings.TrimSuffix(strings.ToLower(name), ".")
		l.mu.Lock()
		answer := l.waiting[name]
		delete(l.waiting, name)
		l.mu.Unlock()
		if answer != nil { // else it came too late
			answer <- a
		}
	}
}
