// Package rdap asks the registries' RDAP servers (RFC 9082, RFC 9083) whether a
// domain is registered. A name that they do not find is taken for available,
// which is less than a registry's own check knows: reserved and blocked names
// are not found either.
package rdap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"gatehouse/internal/isproxy/check"
)

// Config says whom to ask. Zero numbers and times are defaults.
type Config struct {
	// Servers are base URLs by suffix, without a dot in front; the longest suffix
	// that fits counts. They come before what Bootstrap says.
	Servers map[string]string
	// Bootstrap is where the registry of RDAP servers lies (RFC 9224), such as
	// https://data.iana.org/rdap/. It is loaded when the first name is asked that
	// Servers do not know. Empty for none: names of other suffixes pass.
	Bootstrap string

	PerSecond float64       // questions to one server; 5
	Burst     int           // of them at once; 10
	Timeout   time.Duration // of a question, with the wait for its turn; 8 s
	UserAgent string

	// CacheTaken and CacheAvailable are how long answers are used again; 10 min
	// and 30 s. CacheEntries is how many; 50,000.
	CacheTaken, CacheAvailable time.Duration
	CacheEntries               int

	HTTP *http.Client // its Transport and Jar are used; nil for the usual one
	Log  *slog.Logger // nil for none
}

// Limits of what a server may do.
const (
	maxBody      = 1 << 20 // bytes
	maxRedirects = 5       // RFC 7480 section 5.2
	maxRetry     = 10 * time.Minute
)

// ErrBusy means that a server has asked for a pause, or that its turn would come
// too late.
var ErrBusy = errors.New("the RDAP server wants fewer questions")

// New returns a source that asks RDAP servers and remembers their answers.
func New(config Config) (*check.Cache, error) {
	s := &servers{config: config, limits: map[string]*limit{}, fixed: map[string]*url.URL{}}
	for suffix, base := range config.Servers {
		u, err := parseBase(base)
		if err != nil {
			return nil, fmt.Errorf("the RDAP server of %s: %w", suffix, err)
		}
		q := check.Read("a." + strings.TrimPrefix(suffix, "."))
		if q.Name == "" {
			return nil, fmt.Errorf("%q is no suffix to ask RDAP about", suffix)
		}
		s.fixed[q.Name[len("a."):]] = u
	}
	c := &s.config
	if c.PerSecond <= 0 {
		c.PerSecond = 5
	}
	if c.Burst <= 0 {
		c.Burst = 10
	}
	if c.CacheEntries <= 0 {
		c.CacheEntries = 50_000
	}
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{{&c.Timeout, 8 * time.Second}, {&c.CacheTaken, 10 * time.Minute}, {&c.CacheAvailable, 30 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	if c.UserAgent == "" {
		c.UserAgent = "gatehouse"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s.http = browser(c.HTTP)
	if c.Bootstrap != "" {
		base, err := parseBase(c.Bootstrap)
		if err != nil {
			return nil, fmt.Errorf("the registry of RDAP servers: %w", err)
		}
		s.directory = newDirectory(base, s.http, c.Log)
	}
	return check.NewCache(s, check.CacheConfig{
		Entries: c.CacheEntries, Taken: c.CacheTaken, Available: c.CacheAvailable, Timeout: c.Timeout,
	}), nil
}

func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address of the form https://host/path/", text)
	}
	return u.JoinPath("/"), nil
}

// browser returns a client that follows redirects as RDAP uses them: a few, and
// never from TLS to clear text.
func browser(c *http.Client) *http.Client {
	own := http.Client{}
	if c != nil {
		own = *c
	}
	if own.Transport == nil {
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t = t.Clone()
			t.MaxConnsPerHost = 8
			t.MaxIdleConnsPerHost = 8
			own.Transport = t
		}
	}
	own.Transport = bounded{own.Transport}
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return errors.New("a redirect from TLS to clear text")
		}
		return nil
	}
	return &own
}

// bounded lets nobody read more of a body than maxBody.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = body{io.LimitReader(resp.Body, maxBody), resp.Body}
	}
	return resp, err
}

type body struct {
	io.Reader
	io.Closer
}

// servers is the source below the cache.
type servers struct {
	config    Config
	http      *http.Client
	fixed     map[string]*url.URL
	directory *directory // nil for none

	mu     sync.Mutex
	limits map[string]*limit // by host
}

// limit is how fast one server is asked.
type limit struct {
	*rate.Limiter
	mu    sync.Mutex
	until time.Time // it has asked for a pause
}

// Passes reports whether no server is known for a name.
func (s *servers) Passes(domain string) bool {
	return s.find(domain) == nil && (s.directory == nil || s.directory.passes(domain))
}

func (s *servers) find(domain string) *url.URL {
	for name := domain; ; {
		_, suffix, more := strings.Cut(name, ".")
		if u := s.fixed[suffix]; u != nil && more {
			return u
		}
		if !more {
			return nil
		}
		name = suffix
	}
}

// Check asks the server of the domain's suffix.
func (s *servers) Check(ctx context.Context, domain string) (check.Answer, error) {
	base := s.find(domain)
	if base == nil && s.directory != nil {
		var err error
		if base, err = s.directory.find(ctx, domain); err != nil {
			return check.Answer{}, err
		}
	}
	if base == nil {
		return check.Answer{}, check.ErrPass
	}
	l := s.limit(base.Host)
	if err := l.wait(ctx); err != nil {
		return check.Answer{}, fmt.Errorf("ask %s about %s: %w", base.Host, domain, err)
	}
	a, err := s.ask(ctx, base, domain, l)
	if err != nil {
		return check.Answer{}, fmt.Errorf("ask %s about %s: %w", base.Host, domain, err)
	}
	return a, nil
}

func (s *servers) limit(host string) *limit {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits[host]
	if l == nil {
		l = &limit{Limiter: rate.NewLimiter(rate.Limit(s.config.PerSecond), s.config.Burst)}
		s.limits[host] = l
	}
	return l
}

func (l *limit) wait(ctx context.Context) error {
	l.mu.Lock()
	pause := time.Now().Before(l.until)
	l.mu.Unlock()
	if pause || l.Wait(ctx) != nil {
		return ErrBusy
	}
	return nil
}

func (l *limit) pause(retryAfter string) {
	wait := time.Minute
	if n, err := strconv.Atoi(retryAfter); err == nil && n >= 0 {
		wait = time.Duration(min(n, int(maxRetry/time.Second))) * time.Second
	} else if at, err := http.ParseTime(retryAfter); err == nil {
		wait = min(time.Until(at), maxRetry)
	}
	l.mu.Lock()
	l.until = time.Now().Add(wait)
	l.mu.Unlock()
}

// ask asks one server (RFC 9082 section 3.1.3). 200 with the domain in it means
// registered, 404 not (RFC 7480 section 5.3). Both have to look like RDAP: the
// page of a web server at a wrong address must not make every name available.
func (s *servers) ask(ctx context.Context, base *url.URL, domain string, l *limit) (check.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("domain", domain).String(), http.NoBody)
	if err != nil {
		return check.Answer{}, err
	}
	req.Header.Set("Accept", "application/rdap+json, application/json")
	req.Header.Set("User-Agent", s.config.UserAgent)
	resp, err := s.http.Do(req)
	if err != nil {
		return check.Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return check.Answer{}, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isJSON := kind == "application/rdap+json" || kind == "application/json"
	switch resp.StatusCode {
	case http.StatusOK:
		var found struct {
			Class string `json:"objectClassName"`
			Name  string `json:"ldhName"`
		}
		name := func() string { return strings.TrimSuffix(strings.ToLower(found.Name), ".") }
		if json.Unmarshal(text, &found) != nil || found.Class != "domain" || (found.Name != "" && name() != domain) {
			return check.Answer{}, errors.New("the answer is not about this domain")
		}
		return check.Answer{Status: check.Taken, Reason: "registered"}, nil
	case http.StatusNotFound:
		if !isJSON && len(text) > 0 {
			return check.Answer{}, errors.New("the answer 404 is none of an RDAP server")
		}
		return check.Answer{Status: check.Available}, nil
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		l.pause(resp.Header.Get("Retry-After"))
		return check.Answer{}, fmt.Errorf("%w: %s", ErrBusy, resp.Status)
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if isJSON { // RFC 7480 section 5.4: the server does not take it for a name
			return check.Answer{Status: check.Invalid}, nil
		}
	}
	return check.Answer{}, fmt.Errorf("the answer is %s", resp.Status)
}
