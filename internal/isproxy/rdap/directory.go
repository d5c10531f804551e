package rdap

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/openrdap/rdap/bootstrap"
	"golang.org/x/sync/singleflight"
)

// How long the registry of servers is believed, and how soon it is asked for
// again after a failure. A day is what RFC 9224 section 8 suggests at least.
const (
	directoryLife  = 24 * time.Hour
	directoryRetry = time.Minute
	directoryLimit = 20 * time.Second
)

// directory finds the RDAP server of a suffix in IANA's registry (RFC 9224). The
// library's own client is not made for many at once; its registry, once loaded,
// is only read.
type directory struct {
	base   *url.URL
	http   *http.Client
	log    *slog.Logger
	flight singleflight.Group
	loaded atomic.Pointer[loaded]
}

type loaded struct {
	registry *bootstrap.DNSRegistry // nil when there was never one
	err      error                  // of the last attempt
	until    time.Time              // when to try again
}

func newDirectory(base *url.URL, client *http.Client, log *slog.Logger) *directory {
	d := &directory{base: base, http: client, log: log}
	d.loaded.Store(&loaded{})
	return d
}

// passes reports whether the registry is there and knows no server.
func (d *directory) passes(domain string) bool {
	l := d.loaded.Load()
	if l.registry == nil {
		return false
	}
	u, err := l.find(domain)
	return u == nil && err == nil
}

// find returns nil for a suffix without a server. It waits for the registry the
// first time; later it is renewed while the old one is in use.
func (d *directory) find(ctx context.Context, domain string) (*url.URL, error) {
	l := d.loaded.Load()
	if !time.Now().Before(l.until) {
		done := d.flight.DoChan("", func() (any, error) { return d.load(), nil })
		if l.registry == nil {
			select {
			case <-done:
				l = d.loaded.Load()
			case <-ctx.Done():
				return nil, fmt.Errorf("load the registry of RDAP servers: %w", ctx.Err())
			}
		}
	}
	if l.registry == nil {
		return nil, fmt.Errorf("load the registry of RDAP servers: %w", l.err)
	}
	return l.find(domain)
}

func (d *directory) load() *loaded {
	before := d.loaded.Load()
	if time.Now().Before(before.until) {
		return before // somebody was quicker
	}
	ctx, cancel := context.WithTimeout(context.Background(), directoryLimit)
	defer cancel()
	client := bootstrap.Client{HTTP: d.http, BaseURL: d.base}
	now := &loaded{registry: before.registry, until: time.Now().Add(directoryLife)}
	if err := client.DownloadWithContext(ctx, bootstrap.DNS); err != nil {
		now.err, now.until = err, time.Now().Add(directoryRetry)
		d.log.Warn("isproxy: load the registry of RDAP servers", "error", err)
	} else {
		now.registry = client.DNS()
	}
	d.loaded.Store(now)
	return now
}

func (l *loaded) find(domain string) (*url.URL, error) {
	a, err := l.registry.Lookup(&bootstrap.Question{RegistryType: bootstrap.DNS, Query: domain})
	if err != nil {
		return nil, fmt.Errorf("find the RDAP server of %s: %w", domain, err)
	}
	var clear *url.URL
	for _, u := range a.URLs {
		if u.Scheme == "https" {
			return u, nil
		}
		if u.Scheme == "http" && clear == nil {
			clear = u
		}
	}
	return clear, nil
}
