// Package upstream asks another ISProxy server about domains, over a few
// connections that many questions share. It knows the client's side of the
// protocol; what an answer looks like is in package check.
package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/secret"
)

// Config says where the other server is. Zero numbers and times are defaults.
type Config struct {
	Address string // host:port
	Key     secret.Text
	// TLS verifies the other server, by the host of Address unless ServerName is
	// set. Nil sends the key in clear: only for servers on the same machine.
	TLS *tls.Config
	Log *slog.Logger // nil for none

	Connections int           // at most; 4
	InFlight    int           // questions per connection that wait; 256
	DialTimeout time.Duration // to connect, for TLS and LOGIN together; 10 s
	Timeout     time.Duration // for an answer; 8 s
	// BackOff and MaxBackOff are how long nobody tries again after a failure:
	// at first, and at most after doubling; 1 s and 30 s.
	BackOff, MaxBackOff time.Duration
}

// Errors of Check.
var (
	ErrClosed  = errors.New("the client of the upstream ISProxy is closed")
	errTimeout = errors.New("the upstream ISProxy did not answer in time")
)

// Client asks another ISProxy server. It connects when it is asked for the first
// time, and anew when a connection was lost.
type Client struct {
	config Config
	ctx    context.Context
	cancel context.CancelFunc
	places chan struct{} // one for each question under way

	mu      sync.Mutex
	calls   map[string]*call // by domain: each is asked once at a time
	links   map[*link]struct{}
	dialing *dialing
	backOff time.Duration
	retryAt time.Time
	lastErr error
	running sync.WaitGroup
}

// call is a domain that is being asked about, and those who want to know.
type call struct {
	done   chan struct{}
	answer check.Answer
	err    error
}

// dialing is an attempt to connect that several may wait for.
type dialing struct {
	done chan struct{}
}

// New returns a client. It does not connect yet.
func New(config Config) (*Client, error) {
	host, _, err := net.SplitHostPort(config.Address)
	if err != nil {
		return nil, fmt.Errorf("read the address of the upstream ISProxy: %w", err)
	}
	if config.Key.IsZero() {
		return nil, errors.New("the upstream ISProxy needs a key")
	}
	if config.TLS != nil {
		config.TLS = config.TLS.Clone()
		config.TLS.MinVersion = max(config.TLS.MinVersion, tls.VersionTLS12)
		if config.TLS.ServerName == "" {
			config.TLS.ServerName = host
		}
	}
	if config.Connections <= 0 {
		config.Connections = 4
	}
	if config.InFlight <= 0 {
		config.InFlight = 256
	}
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{{&config.DialTimeout, 10 * time.Second}, {&config.Timeout, 8 * time.Second}, {&config.BackOff, time.Second}, {&config.MaxBackOff, 30 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{config: config, places: make(chan struct{}, config.Connections*config.InFlight), calls: map[string]*call{}, links: map[*link]struct{}{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Close ends all connections; questions under way fail with ErrClosed.
func (c *Client) Close() {
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.running.Wait()
}

// Check asks the other server. When many want to know about the same domain at
// once, it is asked once and all get the answer.
func (c *Client) Check(ctx context.Context, domain string) (check.Answer, error) {
	c.mu.Lock()
	if c.ctx.Err() != nil {
		c.mu.Unlock()
		return check.Answer{}, ErrClosed
	}
	k, asked := c.calls[domain]
	if !asked {
		k = &call{done: make(chan struct{})}
		c.calls[domain] = k
		// In a goroutine, since the others must not depend on the patience of
		// whoever asked first.
		c.running.Go(func() { c.run(domain, k) })
	}
	c.mu.Unlock()
	select {
	case <-k.done:
		return k.answer, k.err
	case <-ctx.Done():
		return check.Answer{}, fmt.Errorf("wait for the upstream ISProxy: %w", ctx.Err())
	}
}

// run asks, and once more on another connection when the first one was lost.
func (c *Client) run(domain string, k *call) {
	ctx, cancel := context.WithTimeoutCause(c.ctx, c.config.Timeout, errTimeout)
	defer cancel()
	k.answer, k.err = c.ask(ctx, domain)
	if errors.Is(k.err, errLost) && ctx.Err() == nil {
		k.answer, k.err = c.ask(ctx, domain)
	}
	if c.ctx.Err() != nil && k.err != nil {
		k.err = ErrClosed
	}
	c.mu.Lock()
	delete(c.calls, domain)
	c.mu.Unlock()
	close(k.done)
}

func (c *Client) ask(ctx context.Context, domain string) (check.Answer, error) {
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return check.Answer{}, context.Cause(ctx)
	}
	l, err := c.take(ctx)
	if err != nil {
		return check.Answer{}, err
	}
	defer c.release(l)
	return l.ask(ctx, domain)
}

// take chooses a connection and counts a question on it. It prefers an idle one,
// then a new one, then the least busy.
func (c *Client) take(ctx context.Context) (*link, error) {
	for {
		c.mu.Lock()
		var best *link
		for l := range c.links {
			if l.lost() {
				delete(c.links, l)
			} else if best == nil || l.taken < best.taken {
				best = l
			}
		}
		// A new one only helps when those that exist have enough to do.
		crowded := best == nil || best.taken >= c.config.InFlight/4
		room := len(c.links) < c.config.Connections
		waiting := time.Now().Before(c.retryAt)
		if crowded && room && !waiting && c.dialing == nil && c.ctx.Err() == nil {
			c.dialing = &dialing{done: make(chan struct{})}
			c.running.Go(c.dial)
		}
		dialing := c.dialing
		if best != nil && best.taken < c.config.InFlight {
			best.taken++
			c.mu.Unlock()
			return best, nil
		}
		err := c.lastErr
		c.mu.Unlock()
		if dialing == nil {
			if err == nil {
				err = errLost
			}
			return nil, fmt.Errorf("the upstream ISProxy cannot be reached: %w", err)
		}
		select {
		case <-dialing.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (c *Client) release(l *link) {
	c.mu.Lock()
	l.taken--
	c.mu.Unlock()
}

// dial makes one more connection. After a failure nobody tries for a while.
func (c *Client) dial() {
	ctx, cancel := context.WithTimeout(c.ctx, c.config.DialTimeout)
	defer cancel()
	l, err := connect(ctx, c.config)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(c.dialing.done)
	defer func() { c.dialing = nil }()
	if err == nil {
		c.links[l] = struct{}{}
		c.backOff, c.lastErr, c.retryAt = 0, nil, time.Time{}
		stop := context.AfterFunc(c.ctx, func() { l.end(ErrClosed) })
		c.running.Go(func() {
			l.read()
			stop()
		})
		c.running.Go(l.write)
		return
	}
	c.lastErr = err
	c.backOff = min(max(2*c.backOff, c.config.BackOff), c.config.MaxBackOff)
	c.retryAt = time.Now().Add(c.backOff)
	if c.ctx.Err() == nil {
		c.config.Log.Warn("isproxy: connect to the upstream", "address", c.config.Address, "error", err, "again in", c.backOff)
	}
}
