package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/rest"
	"gatehouse/internal/secret"
	"gatehouse/internal/site"
	"gatehouse/internal/store"
)

// serving is how the Gate listens.
type serving struct {
	listen    string
	publicURL string
	tlsCert   string
	tlsKey    string
	plain     bool
	proxies   []string
}

func (e *env) serveCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use: "serve", Short: "Start the Gate: the app in a browser, and the REST API", Args: usageArgs(cobra.NoArgs),
		Long: "Start the Gate. It prints one line with its address when it is ready.\n\n" +
			"A certificate that people have to click through is not enough for security keys:\n" +
			"browsers refuse them there, except on localhost.",
		RunE: func(c *cobra.Command, _ []string) error { return e.serve(c.Context(), s) },
	}
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8480", "address and port to listen on")
	f.StringVar(&s.publicURL, "public-url", "", "address under which people's browsers find this server")
	f.StringVar(&s.tlsCert, "tls-cert", "", "certificate chain, PEM")
	f.StringVar(&s.tlsKey, "tls-key", "", "key of the certificate, PEM")
	f.BoolVar(&s.plain, "allow-plain-http", false, "listen without TLS on an address that others can reach, behind a proxy that has it")
	f.StringArrayVar(&s.proxies, "trusted-proxy", nil, "address or range of a proxy whose X-Forwarded-For is believed; may be given several times (GATEHOUSE_TRUSTED_PROXY, with commas)")
	return c
}

// Limits of the HTTP server.
const (
	maxHeader     = 16 << 10
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	answerTimeout = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 15 * time.Second
)

func (e *env) serve(ctx context.Context, s serving) error {
	public, err := s.check()
	if err != nil {
		return err
	}
	proxies, err := s.trusted()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.listen, err)
	}
	defer listener.Close()
	address := s.address(listener.Addr())
	base, host := address, ""
	if public != nil {
		base, host = public.String(), public.Host
	}
	code := onetime.NewCode()
	i, err := e.open(ctx, opening{place: ops.AtGate, baseURL: base, sends: true, setupCode: func(typed secret.Text) bool {
		proof, err := onetime.Parse(typed)
		c, ok := proof.(onetime.Code)
		return err == nil && ok && c.Equal(code)
	}})
	if err != nil {
		return err
	}
	if public != nil {
		if err := e.remember(ctx, i, base); err != nil {
			return errors.Join(err, i.close())
		}
	}
	handler, err := e.gate(i, site.Hosts(listener.Addr(), host), proxies)
	if err != nil {
		return errors.Join(err, i.close())
	}
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTimeout,
		ReadTimeout: bodyTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() {
		if s.tlsCert != "" {
			failed <- server.ServeTLS(listener, s.tlsCert, s.tlsKey)
		} else {
			failed <- server.Serve(listener)
		}
	}()
	in, err := e.announce(ctx, i, address, code)
	if err != nil {
		return errors.Join(err, server.Close(), i.close())
	}
	if in.Practice {
		go e.tellCodes(ctx, i)
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
		drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		err = server.Shutdown(drain)
	}
	return errors.Join(err, i.close())
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
	if ip := net.ParseIP(host); s.tlsCert == "" && !s.plain && host != "localhost" && !ip.IsLoopback() {
		return nil, errUsage{errors.New("others can reach " + s.listen + ", and it would answer without TLS; please give --tls-cert and --tls-key, or --allow-plain-http when a proxy in front has TLS")}
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

func (s serving) address(a net.Addr) string {
	scheme := "http"
	if s.tlsCert != "" {
		scheme = "https"
	}
	return scheme + "://" + a.String()
}

// gate is everything the Gate serves over HTTP.
func (e *env) gate(i *installation, hosts []string, proxies entry.Proxies) (http.Handler, error) {
	app, err := site.Assets(e.assets)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(rest.Prefix+"/", rest.Handler(i.engine, i.ops.Table(), e.log))
	mux.Handle("/", app)
	return site.Behind(proxies, site.Headers(site.Guard(hosts, rest.Refuse(e.log), mux))), nil
}

// announce prints the one line that says the Gate is ready, and on standard
// error what whoever starts it has to know.
func (e *env) announce(ctx context.Context, i *installation, address string, code onetime.Code) (store.Installation, error) {
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
	_, err = fmt.Fprintf(e.out, "Gatehouse is ready at %s\n", address)
	return in, err
}
