package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/isproxy/offline"
	"gatehouse/internal/isproxy/rdap"
	"gatehouse/internal/isproxy/upstream"
	"gatehouse/internal/secret"
)

// Sources are where the answers of the ISProxy door come from, in the order in
// which they are asked; RDAP is always the last.
type Sources struct {
	check.Chain
	list    []*offline.File
	clients []*upstream.Client
	names   []string
}

// How often a list is looked at, and how long answers of another ISProxy are
// used again.
const (
	lookAtList     = 2 * time.Second
	rememberTaken  = 30 * time.Second
	rememberFree   = 5 * time.Second
	rememberedMost = 100_000
	checkTimeout   = 8 * time.Second
	isproxyPort    = "2001"
)

// Kinds of sources, as the beginning of what names one.
const (
	kindList  = "list:"
	kindRDAP  = "rdap:"
	kindTLS   = "isproxy"
	kindPlain = "isproxy+plain"
)

// IsSource reports whether a text names a source of the ISProxy door, and not
// the API behind the gateway.
func IsSource(text string) bool {
	return !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://")
}

// NeedsKey reports whether a text names a source that wants a key: another
// ISProxy.
func NeedsKey(text string) bool {
	return strings.HasPrefix(text, kindTLS+"://") || strings.HasPrefix(text, kindPlain+"://")
}

// OpenSources opens what the texts name: list:PATH, isproxy://HOST:PORT with TLS,
// isproxy+plain://HOST:PORT on this machine, rdap: for the registries' servers
// of IANA's list or rdap:URL for another list. key is that of other ISProxies.
// Errors are sentences for whoever wrote them.
func OpenSources(texts []string, key secret.Text, log *slog.Logger) (*Sources, error) {
	texts = slices.Clone(texts)
	slices.SortStableFunc(texts, func(a, b string) int {
		last := func(s string) int {
			if strings.HasPrefix(s, kindRDAP) {
				return 1
			}
			return 0
		}
		return last(a) - last(b)
	})
	s := &Sources{names: texts}
	for _, text := range texts {
		if err := s.open(text, key, log); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Sources) open(text string, key secret.Text, log *slog.Logger) error {
	if path, ok := strings.CutPrefix(text, kindList); ok {
		f, err := offline.Open(path, log)
		if err != nil {
			return fmt.Errorf("read the list: %w", err)
		}
		s.list = append(s.list, f)
		s.Chain = append(s.Chain, f)
		return nil
	}
	if bootstrap, ok := strings.CutPrefix(text, kindRDAP); ok {
		if bootstrap == "" {
			bootstrap = ianaRegistry
		}
		r, err := rdap.New(rdap.Config{Bootstrap: bootstrap, UserAgent: "gatehouse", Log: log})
		if err != nil {
			return fmt.Errorf("ask by RDAP: %w", err)
		}
		s.Chain = append(s.Chain, r)
		return nil
	}
	u, err := parseISProxy(text)
	if err != nil {
		return err
	}
	return s.openISProxy(u, key, log)
}

// CheckSource reports what is wrong with a text that names a source, without
// opening it.
func CheckSource(text string) error {
	if strings.HasPrefix(text, kindRDAP) || strings.HasPrefix(text, kindList) && text != kindList {
		return nil
	}
	_, err := parseISProxy(text)
	return err
}

// parseISProxy does not repeat what it cannot read: it may hold a password.
func parseISProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != kindTLS && u.Scheme != kindPlain || u.Host == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("a source of answers to ISProxy is isproxy://HOST:PORT, list:PATH or rdap: and nothing else")
	}
	return u, nil
}

// ianaRegistry is IANA's list of RDAP servers (RFC 9224).
const ianaRegistry = "https://data.iana.org/rdap/"

func (s *Sources) openISProxy(u *url.URL, key secret.Text, log *slog.Logger) error {
	if key.IsZero() {
		return errors.New("another ISProxy wants a key; please put it into a file and name that with --isproxy-key-file")
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), isproxyPort)
	}
	c := upstream.Config{Address: address, Key: key, Log: log}
	if u.Scheme == kindTLS {
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	} else if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("the key would go to %s in clear; please use isproxy://, with TLS", address)
	}
	client, err := upstream.New(c)
	if err != nil {
		return fmt.Errorf("ask the ISProxy at %s: %w", address, err)
	}
	s.clients = append(s.clients, client)
	s.Chain = append(s.Chain, check.NewCache(client, check.CacheConfig{Entries: rememberedMost, Taken: rememberTaken, Available: rememberFree, Timeout: checkTimeout}))
	return nil
}

// Names of the sources, as they were given, in the order in which they are
// asked.
func (s *Sources) Names() []string { return s.names }

// Watch reads lists again when they change, until ctx ends.
func (s *Sources) Watch(ctx context.Context) {
	var watching sync.WaitGroup
	for _, f := range s.list {
		watching.Go(func() { f.Watch(ctx, lookAtList) })
	}
	watching.Wait()
}

// Close ends connections.
func (s *Sources) Close() {
	for _, c := range s.clients {
		c.Close()
	}
}
