// Package gate opens the doors of an installation and closes them again: the
// app and the REST API in a browser, the API gateway, ISProxy, and what those who
// run servers look at. It has no rule of its own, and knows nothing of flags.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/door"
	"gatehouse/internal/entry"
	"gatehouse/internal/gateway"
	"gatehouse/internal/isproxy"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/rest"
	"gatehouse/internal/site"
)

// Config says which doors there are. Listeners.HTTP, Engine, Ops and Log must be
// there.
type Config struct {
	Listeners

	Engine *op.Engine
	Ops    *ops.Operations
	Log    *slog.Logger

	App     fs.FS    // the built app; nil: only programs come, with a key
	Public  *url.URL // under which others find it; nil: nobody said
	Proxies entry.Proxies

	Certificate *Certificate // nil: without TLS
	Reload      <-chan os.Signal

	Upstream     *gateway.Upstream // of the API gateway; nil: there is none
	Sources      *Sources          // of the ISProxy door; the caller closes them
	PlainISProxy bool              // keys may come there in clear from other machines
}

// Address of the HTTP door.
func (c Config) Address() string {
	if c.Certificate != nil {
		return "https://" + c.HTTP.Addr().String()
	}
	return "http://" + c.HTTP.Addr().String()
}

// URL is where programs find the HTTP door.
func (c Config) URL() string {
	if c.Public != nil {
		return c.Public.String()
	}
	return c.Address()
}

// publicHost is host and port of the public address; empty: there is none.
func (c Config) publicHost() string {
	if c.Public == nil {
		return ""
	}
	return c.Public.Host
}

// Listeners are where the doors are.
type Listeners struct {
	HTTP    net.Listener
	Lines   net.Listener // of ISProxy; nil: there is none
	Metrics net.Listener // for those who run servers; nil: there is none
}

// Listen takes the addresses of all doors, or of none. Empty ones have no door.
func Listen(http, lines, metrics string) (l Listeners, err error) {
	for _, d := range []struct {
		door, address string
		to            *net.Listener
	}{{"HTTP", http, &l.HTTP}, {"ISProxy", lines, &l.Lines}, {"metrics", metrics, &l.Metrics}} {
		if d.address == "" {
			continue
		}
		if *d.to, err = net.Listen("tcp", d.address); err != nil {
			l.Close()
			if e := (*net.OpError)(nil); errors.As(err, &e) {
				err = e.Err // the rest of it is what comes before
			}
			return Listeners{}, fmt.Errorf("listen on %s for %s: %w", d.address, d.door, err)
		}
	}
	return l, nil
}

// Close gives up listeners, also those that somebody serves.
func (l Listeners) Close() {
	for _, one := range []net.Listener{l.HTTP, l.Lines, l.Metrics} {
		if one != nil {
			_ = one.Close()
		}
	}
}

// Limits of the HTTP server.
const (
	maxHeader     = 16 << 10
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	answerTimeout = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 15 * time.Second

	lookAtCertificate = 10 * time.Second
)

// Gate is doors that are open. What passes through is counted from when it was
// made.
type Gate struct {
	config   Config
	since    time.Time
	server   *http.Server
	watch    *http.Server // nil: there is none
	keeper   *door.Keeper
	gateway  *gateway.Gateway // nil: there is none
	isproxy  *isproxy.Server  // nil: there is none
	draining atomic.Bool
}

// New makes a gate that Run opens.
func New(c Config) (g *Gate, err error) {
	g = &Gate{config: c, since: c.Engine.Now(), keeper: door.New(c.Engine, c.Ops)}
	if c.Upstream != nil {
		g.gateway = gateway.New(gateway.Config{Upstream: c.Upstream, Keeper: g.keeper, Engine: c.Engine, Ops: c.Ops, Log: c.Log})
	}
	handler, err := g.handler()
	if err != nil {
		return nil, err
	}
	g.server = serverOf(handler, c.Log)
	if c.Metrics != nil {
		g.watch = serverOf(g.metrics(), c.Log)
	}
	if c.Lines == nil {
		return g, nil
	}
	lines := isproxy.Config{Keys: g.keeper, Source: c.Sources, Log: c.Log, RequireTLS: g.linesNeedTLS()}
	if c.Certificate != nil {
		lines.TLS = c.Certificate.TLS()
	}
	g.isproxy, err = isproxy.New(lines)
	return g, err
}

// Handler answers everything that comes by HTTP.
func (g *Gate) Handler() http.Handler { return g.server.Handler }

// linesNeedTLS reports whether keys must not come to ISProxy in clear.
func (g *Gate) linesNeedTLS() bool {
	return !g.config.PlainISProxy && !Loopback(g.config.Lines.Addr())
}

func serverOf(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTimeout,
		ReadTimeout: bodyTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Loopback reports whether nobody but this machine can reach an address.
func Loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// handler is everything that is served over HTTP.
func (g *Gate) handler() (http.Handler, error) {
	c := g.config
	mux := http.NewServeMux()
	if c.App == nil {
		mux.Handle(rest.Prefix+"/", programsOnly(rest.Handler(c.Engine, c.Ops.Table().Only(byKey), c.Log)))
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			rest.Refuse(c.Log)(w, r, problem.New(problem.NotFound, "This is a door for programs. People use the window of the Desk."))
		})
	} else {
		app, err := site.Assets(c.App)
		if err != nil {
			return nil, err
		}
		mux.Handle(rest.Prefix+"/", rest.Handler(c.Engine, c.Ops.Table(), c.Log))
		mux.Handle("/", app)
	}
	inside := site.Headers(mux)
	if g.gateway != nil {
		inside = g.gateway.Before(inside)
	}
	guarded := site.Guard(site.Hosts(c.HTTP.Addr(), c.publicHost()), rest.Refuse(c.Log), inside)
	return g.health(site.Behind(c.Proxies, guarded)), nil
}

// byKey picks what a program may do, so that nobody signs in at such a door.
func byKey(i op.Info) bool { return i.Rule.Keys() }

// programsOnly knows no sessions.
func programsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		next.ServeHTTP(w, r)
	})
}

// Run serves until ctx ends or a door fails, lets what is under way come to its
// end, and closes. It is called once.
func (g *Gate) Run(ctx context.Context) error {
	behind, stop := context.WithCancel(context.WithoutCancel(ctx)) // what the doors need, until they are closed
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { g.config.Engine.Watch(behind) })
	running.Go(func() { g.keeper.Watch(behind) })
	if g.gateway != nil {
		running.Go(func() { g.gateway.Run(behind) })
	}
	if c := g.config.Certificate; c != nil {
		running.Go(func() { c.Watch(behind, lookAtCertificate, g.config.Reload) })
	}
	failed := make(chan error, 3)
	go func() { failed <- g.serveHTTP() }()
	if g.isproxy != nil {
		running.Go(func() { g.config.Sources.Watch(behind) })
		go func() { failed <- g.isproxy.Serve(behind, g.config.Lines) }()
	}
	if g.watch != nil {
		go func() { failed <- doorError("metrics", g.watch.Serve(g.config.Metrics)) }()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	g.draining.Store(true)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return errors.Join(err, g.drain(drain))
}

func (g *Gate) serveHTTP() error {
	if c := g.config.Certificate; c != nil {
		g.server.TLSConfig = c.TLS("h2", "http/1.1", "http/1.0") // curl offers nothing but the last to who asks it for HTTP/1.0
		return doorError("HTTP", g.server.ServeTLS(g.config.HTTP, "", ""))
	}
	return doorError("HTTP", g.server.Serve(g.config.HTTP))
}

// doorError says which door it is that takes no more connections.
func doorError(door string, err error) error {
	return fmt.Errorf("take connections for %s: %w", door, err)
}

// drain lets answers go out and takes no more questions. Whoever watches sees it
// to the end.
func (g *Gate) drain(ctx context.Context) error {
	var wrong [2]error
	var ending sync.WaitGroup
	ending.Go(func() { wrong[0] = g.server.Shutdown(ctx) })
	if g.isproxy != nil {
		ending.Go(func() { wrong[1] = g.isproxy.Shutdown(ctx) })
	}
	ending.Wait()
	if g.watch != nil {
		_ = g.watch.Close()
	}
	err := errors.Join(wrong[:]...)
	if errors.Is(err, context.DeadlineExceeded) {
		g.config.Log.WarnContext(ctx, "some calls did not come to an end in time, and were cut off")
		return g.server.Close()
	}
	return err
}
