package gate

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// Certificate is a chain with its key in two PEM files, which are read again
// when they change: whoever renews certificates need not restart anything.
type Certificate struct {
	chain, key string
	log        *slog.Logger
	current    atomic.Pointer[tls.Certificate]
	seen       [2]stamp // of the files, when they were read last
}

// stamp tells whether a file has changed.
type stamp struct {
	at   time.Time
	size int64
}

// OpenCertificate reads the files.
func OpenCertificate(chain, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{chain: chain, key: key, log: log}
	return c, c.Reload()
}

// Reload reads the files again. When they do not fit, the ones in use stay in
// use.
func (c *Certificate) Reload() error {
	c.seen = c.stamps()
	pair, err := tls.LoadX509KeyPair(c.chain, c.key)
	if err != nil {
		return fmt.Errorf("read certificate %s with its key: %w", c.chain, err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *Certificate) stamps() (all [2]stamp) {
	for i, path := range []string{c.chain, c.key} {
		if f, err := os.Stat(path); err == nil {
			all[i] = stamp{f.ModTime(), f.Size()}
		}
	}
	return all
}

// Watch reads the files again when they have changed or somebody says so, until
// ctx ends.
func (c *Certificate) Watch(ctx context.Context, every time.Duration, now <-chan os.Signal) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if c.stamps() == c.seen {
				continue
			}
		case <-now:
		}
		if err := c.Reload(); err != nil {
			c.log.ErrorContext(ctx, "the certificate in use stays in use", "error", err)
			continue
		}
		c.log.InfoContext(ctx, "the certificate was read again", "expires", c.Expires())
	}
}

// Expires is until when the certificate in use is good.
func (c *Certificate) Expires() time.Time { return c.current.Load().Leaf.NotAfter }

// TLS is how a server uses it.
func (c *Certificate) TLS(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}
