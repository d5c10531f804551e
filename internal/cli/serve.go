package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/gate"
	"gatehouse/internal/gateway"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// serving is how the Gate listens.
type serving struct {
	listen    string
	publicURL string
	tlsCert   string
	tlsKey    string
	plain     bool
	proxies   []string

	upstreams      []string
	profile        string
	isproxy        string
	isproxyPlain   bool
	isproxyKeyFile string
	metrics        string
}

func (e *env) serve(ctx context.Context, s serving) (err error) {
	public, err := s.check()
	if err != nil {
		return err
	}
	c := gate.Config{Log: e.log, App: e.assets}
	if c.Proxies, err = s.trusted(); err != nil {
		return err
	}
	if c.Upstream, err = s.api(); err != nil {
		return err
	}
	if s.tlsCert != "" {
		if c.Certificate, err = gate.OpenCertificate(s.tlsCert, s.tlsKey, e.log); err != nil {
			return err
		}
	}
	reload, stop := hangups() // also without a certificate: they must not end the process
	defer stop()
	c.Reload, c.PlainISProxy = reload, s.isproxyPlain
	if s.isproxy != "" {
		if c.Sources, err = s.sources(e.log); err != nil {
			return err
		}
		defer func() { c.Sources.Close() }()
	}
	if c.Listeners, err = gate.Listen(s.listen, s.isproxy, s.metrics); errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; please stop the program that listens there, or choose another port", err)
	} else if err != nil {
		return err
	}
	defer c.Listeners.Close()
	code := onetime.NewCode()
	doors := gate.NewDoors(e.log)
	how := opening{place: ops.AtGate, doors: doors, baseURL: c.Address(), sends: true, setupCode: func(typed secret.Text) bool {
		proof, err := onetime.Parse(typed)
		c, ok := proof.(onetime.Code)
		return err == nil && ok && c.Equal(code)
	}}
	if public != nil {
		how.baseURL, c.Public = public.String(), public
	}
	i, err := e.open(ctx, how)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	if public != nil {
		if err := e.remember(ctx, i, public.String()); err != nil {
			return err
		}
	}
	c.Engine, c.Ops = i.engine, i.ops
	if err := s.asSet(ctx, i, &c); err != nil {
		return err
	}
	g, err := gate.New(c)
	if err != nil {
		return err
	}
	doors.Use(g)
	debug.FreeOSMemory() // what it took to get ready is not needed again
	running, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(running) }()
	in, err := e.announce(ctx, i, c, code)
	if err != nil {
		end()
		return errors.Join(err, <-ended)
	}
	if in.Practice {
		go e.tellCodes(ctx, i)
	}
	return <-ended
}

// api is the registrar's API behind the gateway; nil when there is none.
func (s serving) api() (*gateway.Upstream, error) {
	i := slices.IndexFunc(s.upstreams, func(u string) bool { return !gate.IsSource(u) })
	if i < 0 {
		if s.profile != "" {
			return nil, errUsage{errors.New("--profile says what an API means; please give its address with --upstream")}
		}
		return nil, nil
	}
	if slices.ContainsFunc(s.upstreams[i+1:], func(u string) bool { return !gate.IsSource(u) }) {
		return nil, errUsage{errors.New("--upstream names more than one API; a Gate stands before one")}
	}
	means, err := gate.ReadProfile(s.profile)
	if err != nil {
		return nil, err
	}
	u, err := gateway.NewUpstream(gateway.Target{URL: s.upstreams[i], Profile: means})
	if err != nil {
		return nil, errUsage{fmt.Errorf("--upstream: %w", err)}
	}
	return u, nil
}

// asSet opens what the settings say, where the flags say nothing of it.
func (s serving) asSet(ctx context.Context, i *installation, c *gate.Config) error {
	plan, err := i.plan(ctx)
	if err != nil {
		return err
	}
	if c.Upstream == nil && plan.Upstream != "" {
		if c.Upstream, err = gate.OpenUpstream(plan.Upstream, plan.Profile); err != nil {
			return fmt.Errorf("as it is set: %w; 'gatehouse gate update' sets it anew, and --upstream is taken instead", err)
		}
	}
	if c.Sources != nil && len(c.Sources.Names()) == 0 && len(plan.Sources) > 0 {
		sources, err := gate.OpenSources(plan.Sources, plan.ISProxyKey, c.Log)
		if err != nil {
			return fmt.Errorf("as it is set: %w; 'gatehouse gate update' sets it anew, and --upstream is taken instead", err)
		}
		c.Sources = sources
	}
	return nil
}

// sources are where the answers of ISProxy come from.
func (s serving) sources(log *slog.Logger) (*gate.Sources, error) {
	key := secret.New(strings.TrimSpace(fromEnv("GATEHOUSE_ISPROXY_KEY")))
	if s.isproxyKeyFile != "" {
		var err error
		if key, err = vault.ReadSecretFile(s.isproxyKeyFile); err != nil {
			return nil, err
		}
	}
	named := slices.DeleteFunc(slices.Clone(s.upstreams), func(u string) bool { return !gate.IsSource(u) })
	sources, err := gate.OpenSources(named, key, log)
	if err != nil {
		return nil, errUsage{fmt.Errorf("--upstream: %w", err)}
	}
	return sources, nil
}

// check refuses what would be insecure or could not work.
func (s serving) check() (*url.URL, error) {
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		return nil, errUsage{fmt.Errorf("--listen %q is not an address and port, such as 127.0.0.1:8480", s.listen)}
	}
	if (s.tlsCert == "") != (s.tlsKey == "") {
		return nil, errUsage{errors.New("--tls-cert and --tls-key go together")}
	}
	if s.tlsCert == "" && !s.plain && !loopback(host) {
		return nil, errUsage{errors.New("others can reach " + s.listen + ", and it would answer without TLS; please give --tls-cert and --tls-key, or --allow-plain-http when a proxy in front has TLS")}
	}
	if err := s.checkLines(); err != nil {
		return nil, err
	}
	if s.publicURL == "" {
		return nil, nil
	}
	base, wrong := ops.ParsePublicURL(s.publicURL)
	if wrong != nil {
		return nil, errUsage{errors.New("--public-url: " + wrong.Message)}
	}
	u, err := url.Parse(base)
	return u, err
}

// checkLines does the same for the doors that are not HTTP.
func (s serving) checkLines() error {
	for _, l := range []struct{ flag, address, example string }{{"--isproxy", s.isproxy, "127.0.0.1:2001"}, {"--metrics", s.metrics, "127.0.0.1:9480"}} {
		if _, _, err := net.SplitHostPort(l.address); l.address != "" && err != nil {
			return errUsage{fmt.Errorf("%s %q is not an address and port, such as %s", l.flag, l.address, l.example)}
		}
	}
	host, _, _ := net.SplitHostPort(s.isproxy)
	if s.isproxy != "" && s.tlsCert == "" && !s.isproxyPlain && !loopback(host) {
		return errUsage{errors.New("others can reach " + s.isproxy + ", and keys would come in clear; please give --tls-cert and --tls-key, or --allow-plain-isproxy")}
	}
	if host, _, _ := net.SplitHostPort(s.metrics); s.metrics != "" && !loopback(host) && !s.plain {
		return errUsage{errors.New("others can reach " + s.metrics + ", and metrics are not for them; please use an address such as 127.0.0.1:9480")}
	}
	return s.checkSources()
}

// checkSources refuses what would be given in vain: whoever gives it expects
// something of it.
func (s serving) checkSources() error {
	for _, u := range s.upstreams {
		if gate.IsSource(u) {
			if err := gate.CheckSource(u); err != nil {
				return errUsage{fmt.Errorf("--upstream: %w; the registrar's API is given as https://HOST", err)}
			}
		}
	}
	const open = "which is not open; please give --isproxy 127.0.0.1:2001"
	switch {
	case s.isproxy != "" && s.isproxyKeyFile != "" && !slices.ContainsFunc(s.upstreams, gate.NeedsKey):
		return errUsage{errors.New("--isproxy-key-file is for isproxy://… given with --upstream; for those that are set, 'gatehouse gate update' sets the key")}
	case s.isproxy != "":
		return nil
	case slices.ContainsFunc(s.upstreams, gate.IsSource):
		return errUsage{errors.New("--upstream names answers for ISProxy, " + open)}
	case s.isproxyKeyFile != "":
		return errUsage{errors.New("--isproxy-key-file is for answers to ISProxy, " + open)}
	case s.isproxyPlain:
		return errUsage{errors.New("--allow-plain-isproxy is about ISProxy, " + open)}
	}
	return nil
}

// loopback reports whether nobody but this machine reaches a host.
func loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// trusted are the proxies whose word about addresses is taken.
func (s serving) trusted() (entry.Proxies, error) {
	given, from := s.proxies, "--trusted-proxy"
	if len(given) == 0 {
		from = "GATEHOUSE_TRUSTED_PROXY"
		given = strings.FieldsFunc(fromEnv(from), func(r rune) bool { return r == ',' || r == ' ' })
	}
	var form field.Form
	proxies := entry.ReadProxies(&form, from, given)
	if p, wrong := errors.AsType[*problem.Problem](form.Err()); wrong {
		return proxies, errUsage{fmt.Errorf("%s: %s", p.Violations[0].Field, p.Violations[0].Message)}
	}
	return proxies, nil
}

// remember keeps the public address in the settings, so that links made by
// other processes on this database begin with it too.
func (e *env) remember(ctx context.Context, i *installation, base string) error {
	caller, err := e.caller()
	if err != nil {
		return err
	}
	in, err := i.read(ctx)
	if err != nil || !in.SetUp() {
		return err
	}
	known, err := op.Do(ctx, i.engine, caller, i.ops.Settings.Show, ops.None{})
	if err != nil || known.PublicURL == base {
		return err
	}
	_, err = op.Do(ctx, i.engine, caller, i.ops.Settings.Update, ops.UpdateSettingsInput{PublicURL: &base})
	return err
}

// announce prints the one line that says the Gate is ready, and on standard
// error what whoever starts it has to know.
func (e *env) announce(ctx context.Context, i *installation, c gate.Config, code onetime.Code) (store.Installation, error) {
	in, err := i.read(ctx)
	if err != nil {
		return in, err
	}
	fmt.Fprintf(e.err, "Key: %s.\n", i.key)
	if !in.SetUp() {
		fmt.Fprintf(e.err, "Not set up yet. Open the address below and type this set-up code:\n\n    %s\n\n", code.Reveal().Reveal())
	}
	if in.Practice {
		if err := e.printWays(ctx, i, e.err); err != nil {
			return in, err
		}
	}
	if l := c.Listeners.Lines; l != nil {
		fmt.Fprintf(e.err, "ISProxy answers at %s.\n", l.Addr())
		if len(c.Sources.Names()) == 0 {
			fmt.Fprintln(e.err, "It has nothing to answer from: please name a source with --upstream.")
		}
	}
	if l := c.Listeners.Metrics; l != nil {
		fmt.Fprintf(e.err, "Metrics are at http://%s/metrics.\n", l.Addr())
	}
	_, err = fmt.Fprintf(e.out, "Gatehouse is ready at %s\n", c.Address())
	return in, err
}
