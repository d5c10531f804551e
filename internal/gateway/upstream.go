package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/ops"
	"gatehouse/internal/secret"
)

// Target says which upstream a gateway stands before.
type Target struct {
	URL         string // "https://api.example.com"; with the profile's base behind it, or without
	Profile     *profile.Profile
	Authorities *x509.CertPool // nil: the system's
	Times       Times
}

// Times that an upstream may take. What is zero is taken from DefaultTimes.
type Times struct {
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // of an answer, once the call is sent
}

// DefaultTimes leave a registry time to do what it is asked for.
func DefaultTimes() Times {
	return Times{Connect: 10 * time.Second, TLS: 10 * time.Second, FirstByte: 2 * time.Minute}
}

// idleToUpstream is how many connections are kept for the next calls, and for how
// long: less than servers usually do, so that none is used that they just close.
const (
	idleToUpstream = 64
	idleFor        = 30 * time.Second
)

// Upstream is the API behind a gateway. It implements ops.UpstreamProbe.
type Upstream struct {
	origin    url.URL // scheme and host
	profile   *profile.Profile
	transport *http.Transport
}

var _ ops.UpstreamProbe = (*Upstream)(nil)

// NewUpstream makes one. Errors are sentences for whoever gave the address; they
// do not repeat it, since it may hold a password.
func NewUpstream(t Target) (*Upstream, error) {
	u, err := url.Parse(strings.TrimSpace(t.URL))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the address of the upstream is not one like https://api.example.com; please check it")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, errors.New("credentials would go to the upstream without TLS; please give an address that begins with https:// (http works on this machine only)")
	}
	if path := strings.Trim(u.Path, "/"); path != "" && path != strings.Trim(t.Profile.Base, "/") {
		return nil, fmt.Errorf("the path in the address of the upstream is not %s, as the profile %q has it; please leave it out", t.Profile.Base, t.Profile.Name)
	}
	times, d := t.Times, DefaultTimes()
	if times.Connect == 0 {
		times.Connect = d.Connect
	}
	if times.TLS == 0 {
		times.TLS = d.TLS
	}
	if times.FirstByte == 0 {
		times.FirstByte = d.FirstByte
	}
	return &Upstream{
		origin: url.URL{Scheme: u.Scheme, Host: u.Host}, profile: t.Profile,
		transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: times.Connect, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.Authorities},
			TLSHandshakeTimeout:    times.TLS,
			ResponseHeaderTimeout:  times.FirstByte,
			ExpectContinueTimeout:  time.Second,
			MaxIdleConns:           4 * idleToUpstream,
			MaxIdleConnsPerHost:    idleToUpstream,
			IdleConnTimeout:        idleFor,
			DisableCompression:     true, // what is packed is for the client to ask for
			MaxResponseHeaderBytes: 64 << 10,
			WriteBufferSize:        16 << 10,
			ReadBufferSize:         16 << 10,
		},
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// About implements ops.UpstreamProbe.
func (u *Upstream) About() (name, address string) {
	return u.profile.Name, u.origin.String() + u.profile.Base
}

// Base is the path below which calls are for it, here as there.
func (u *Upstream) Base() string { return u.profile.Base }

// harmless is the route that is called to try a credential: the first of the
// profile that only asks and has no names in its path.
func (u *Upstream) harmless() string {
	for _, e := range u.profile.Entries {
		if e.Method == http.MethodGet && !e.Changes && !e.Costs && !strings.Contains(e.Pattern, "{") {
			return e.Pattern
		}
	}
	return u.profile.Base
}

// tryWithin is how long somebody waits for the answer to a try.
const tryWithin = 20 * time.Second

// Try implements ops.UpstreamProbe.
func (u *Upstream) Try(ctx context.Context, credential secret.Text) ops.UpstreamTried {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.origin.String()+u.harmless(), nil)
	if err != nil {
		return ops.UpstreamTried{State: ops.UpstreamOdd, Detail: "The address of the upstream cannot be called. Please tell whoever runs this installation."}
	}
	r.Header.Set("Authorization", headerOf(credential))
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "gatehouse")
	answer, err := u.transport.RoundTrip(r) // no redirect is followed
	if err != nil {
		return notTried(err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be used again
	tried := ops.UpstreamTried{Status: answer.StatusCode}
	switch s := answer.StatusCode; {
	case s >= 200 && s < 300:
		tried.State, tried.Detail = ops.UpstreamWorks, "The registrar's API answered, and took the credential."
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		tried.State, tried.Detail = ops.UpstreamRefused, "The registrar's API answered, and refused the credential. Please check there whether it is still good, and whether it may be used from this server's address."
	default:
		tried.State = ops.UpstreamOdd
		tried.Detail = fmt.Sprintf("The registrar's API answered with the status %d, which says neither that the credential is right nor that it is wrong. Please try again later.", s)
	}
	return tried
}

func notTried(err error) ops.UpstreamTried {
	switch causeOf(err) {
	case causeInsecure:
		return ops.UpstreamTried{State: ops.UpstreamInsecure, Detail: "The server at the registrar's address shows a certificate that is not right for it, so nothing was sent. Please tell whoever runs this installation."}
	case causeSlow:
		return ops.UpstreamTried{State: ops.UpstreamSlow, Detail: "The registrar's API did not answer in time. Please try again later."}
	}
	return ops.UpstreamTried{State: ops.UpstreamUnreachable, Detail: "The registrar's API cannot be reached from this server. Please try again, or tell whoever runs this installation."}
}
