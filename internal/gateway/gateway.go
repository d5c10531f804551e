// Package gateway is the door through which a registrar's programs call the API
// of an upstream: it finds out who calls, what the call means (package profile),
// whether the key may do that, and sends it on with the credential that the
// account has there. It has no rule of its own: access.Authorize decides, and
// operations of the engine have the log say what was let through and what was
// not.
//
// Nothing at a call asks the database, but for those that change or cost
// something: these are on record before they are sent on.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// Keeper says who comes in. A *problem.Problem is a refusal, which callers are
// told and the log has already; any other error means that nobody can be let in
// now.
type Keeper interface {
	// ByKey gives the actor of a key, as of now; one that is not good is an actor
	// too, which says why.
	ByKey(ctx context.Context, key apikey.Token, from access.Source) (access.Actor, error)
	// ByPassword gives the actor of a user, where rule K5 still lets one in by
	// password. The login is customer/user.
	ByPassword(ctx context.Context, login string, password secret.Text, from access.Source) (access.Actor, error)
}

// Config of a gateway. Upstream, Keeper, Engine and Ops must be there.
type Config struct {
	Upstream *Upstream
	Keeper   Keeper
	Engine   *op.Engine
	Ops      *ops.Operations
	Log      *slog.Logger // discards when nil
	Limits   Limits
}

// Limits of a gateway. What is zero is taken from DefaultLimits.
type Limits struct {
	Open      int           // calls under way at a time
	PerSecond float64       // calls of one key
	Burst     int           // calls of one key at once
	Body      int64         // bytes of a body that nobody looks at
	Call      time.Duration // that a call may take in all
	Idle      time.Duration // between two bytes of an answer
}

// DefaultLimits are generous: they are there against programs that run wild.
func DefaultLimits() Limits {
	return Limits{Open: 1024, PerSecond: 100, Burst: 400, Body: 32 << 20, Call: 10 * time.Minute, Idle: time.Minute}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Open == 0 {
		l.Open = d.Open
	}
	if l.PerSecond == 0 {
		l.PerSecond = d.PerSecond
	}
	if l.Burst == 0 {
		l.Burst = d.Burst
	}
	if l.Body == 0 {
		l.Body = d.Body
	}
	if l.Call == 0 {
		l.Call = d.Call
	}
	if l.Idle == 0 {
		l.Idle = d.Idle
	}
	return l
}

// Gateway answers calls below the base path of its upstream's profile.
type Gateway struct {
	config  Config
	profile *profile.Profile
	limits  Limits
	log     *slog.Logger
	proxy   httputil.ReverseProxy // what is the same of all calls
	holder  string                // names this process to others on the same database

	credentials sync.Map // id.Account → *credential
	buckets     sync.Map // of a key or user → *bucket
	open        atomic.Int64
	figures     figures
	uses        uses
	late        late
	buffers     buffers
}

// New makes a gateway. Run has to run as long as it answers.
func New(c Config) *Gateway {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{config: c, profile: c.Upstream.profile, limits: c.Limits.orDefault(), log: c.Log, holder: rand.Text()}
	g.proxy = httputil.ReverseProxy{BufferPool: &g.buffers, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug)}
	return g
}

// Before has calls below the base path answered by the gateway, and all others
// by next. It has to see requests as they came: a ServeMux would have understood
// something in their paths already.
func (g *Gateway) Before(next http.Handler) http.Handler {
	base := g.profile.Base
	ours := func(path string) bool {
		return path == strings.TrimSuffix(base, "/") || strings.HasPrefix(path, base)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, _ := profile.Split(r.RequestURI)
		if ours(path) || ours(r.URL.Path) {
			g.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Run looks after what calls leave behind until ctx ends.
func (g *Gateway) Run(ctx context.Context) {
	again := time.NewTicker(ops.GatewayAlive)
	defer again.Stop()
	for {
		if err := g.Round(ctx); err != nil && ctx.Err() == nil {
			g.log.WarnContext(ctx, "the gateway could not tidy up", "error", err)
		}
		select {
		case <-ctx.Done():
			if err := g.Round(context.WithoutCancel(ctx)); err != nil {
				g.log.WarnContext(ctx, "the gateway could not tidy up", "error", err)
			}
			return
		case <-again.C:
		}
	}
}

// Round is what Run does every few seconds: it records what became of calls
// where that could not be done at once, tells the database that this process
// lives and how credentials were used last, and finds calls whose process is
// dead, so that the log says of each that no answer is known.
func (g *Gateway) Round(ctx context.Context) error {
	g.forgetBuckets()
	err := g.settleLate(ctx)
	uses := g.uses.take()
	for {
		lost, failed := op.Do(ctx, g.config.Engine, gatewayItself(), g.config.Ops.Gateway.Tidy, ops.GatewayHolder{Holder: g.holder, Uses: uses})
		if failed != nil {
			g.uses.giveBack(uses)
			return errors.Join(err, failed)
		}
		if uses = nil; !lost.Found {
			return err
		}
		g.figures.lost.Add(1)
	}
}

// refused reports whether err tells a caller something, and what.
func refused(err error) (*problem.Problem, bool) { return errors.AsType[*problem.Problem](err) }
