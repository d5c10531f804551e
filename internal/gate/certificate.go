package gate

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
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
	seen       [2]digest // of the files, when they were read last
}

// digest tells whether a file has changed. Its time and size do not: some systems
// give every file the same time, and keys of one kind are of one size.
type digest [sha256.Size]byte

// OpenCertificate reads the files.
func OpenCertificate(chain, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{chain: chain, key: key, log: log}
	return c, c.Reload()
}

// Reload reads the files again. When they do not fit, the ones in use stay in
// use.
func (c *Certificate) Reload() error {
	_, err := c.reload(true)
	return err
}

// reload does that, if they have changed or it has to; false when they have not.
func (c *Certificate) reload(must bool) (bool, error) {
	var files [2][]byte
	var seen [2]digest
	var wrong error
	for i, path := range []string{c.chain, c.key} {
		text, err := os.ReadFile(path)
		files[i], seen[i], wrong = text, sha256.Sum256(text), errors.Join(wrong, err)
	}
	if seen == c.seen && !must {
		return false, nil
	}
	c.seen = seen
	if wrong != nil {
		return true, fmt.Errorf("read the certificate with its key: %w", wrong)
	}
	pair, err := tls.X509KeyPair(files[0], files[1])
	if err != nil {
		return true, fmt.Errorf("use the certificate %s with the key %s: %w", c.chain, c.key, err)
	}
	c.current.Store(&pair)
	return true, nil
}

// Watch reads the files again when they have changed or somebody says so, until
// ctx ends.
func (c *Certificate) Watch(ctx context.Context, every time.Duration, now <-chan os.Signal) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		told := false
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-now:
			told = true
		}
		switch read, err := c.reload(told); {
		case err != nil:
			c.log.ErrorContext(ctx, "the certificate in use stays in use", "error", err)
		case read:
			c.log.InfoContext(ctx, "the certificate was read again", "expires", c.Expires())
		}
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
