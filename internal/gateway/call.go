package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/domain"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// call is one request on its way.
type call struct {
	g     *Gateway
	w     http.ResponseWriter
	r     *http.Request
	began time.Time

	id          id.Call // of one that is on record; empty otherwise
	source      access.Source
	path, query string // as they came
	body        []byte // what was read of it to judge it
	bodyErr     error
	bodyRead    bool

	actor      access.Actor
	rights     int64 // the version of the rights as of which it was decided
	match      profile.Match
	credential *credential
	hidden     []string // fields of the answer that the caller may not have

	status  int    // that the caller got
	theirs  int    // of the upstream's answer; 0: none came
	failure string // why no answer came, or not all of it
}

// ServeHTTP answers one call.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{g: g, w: w, r: r, began: time.Now(), source: sourceOf(r)}
	c.path, c.query = profile.Split(r.RequestURI)
	g.figures.begin()
	defer func() {
		g.open.Add(-1)
		g.figures.end(c)
	}()
	if n := g.open.Add(1); n > int64(g.limits.Open) {
		c.refuse(&refusal{
			status: http.StatusServiceUnavailable, kind: typeUnavailable, text: "Too many calls are under way at this gateway. Please try again in a moment.",
			cause: "too_many_open", retry: time.Second, quiet: true,
		})
		return
	}
	if f := c.decide(); f != nil {
		c.refuse(f)
		return
	}
	g.config.Engine.Used(c.actor, 1, c.source)
	c.forward()
}

// refuse answers, once the log has it.
func (c *call) refuse(f *refusal) {
	if !f.quiet {
		if err := c.recordRefusal(f); err != nil {
			f = c.fault("record a refusal", err)
		}
	}
	c.status = f.status
	c.g.figures.refuse(f.cause)
	f.write(c.w)
}

// recordRefusal leaves the trace of a refusal; an error when that cannot be done.
func (c *call) recordRefusal(f *refusal) error {
	about := c.about()
	if about.Path == "" {
		about.Path = c.path
	}
	cause := f.cause
	if cause == string(f.code) {
		cause = ""
	}
	why := problem.New(f.code, f.text)
	err := c.g.config.Engine.TurnAway(c.r.Context(), ops.GatewayCaller(c.source), c.actor, op.Turned{
		Act: c.g.config.Ops.Gateway.Forward.Info().Name, Why: why, Detail: about.Refused(cause),
	})
	if p, ok := refused(err); ok && p == why {
		return nil
	}
	return err
}

// about is the call as the log tells it.
func (c *call) about() ops.GatewayCall {
	return ops.GatewayCall{
		ID: c.id, Actor: c.actor, Rights: c.rights, Sealed: c.sealed(), Holder: c.g.holder, Method: c.r.Method, Path: c.match.Path, Query: c.match.Query,
		Permissions: c.match.Permissions, Domains: c.match.Domains, Costs: c.match.Costs, Changes: c.match.Changes,
	}
}

// sealed is the credential as it is kept; empty before one was found.
func (c *call) sealed() string {
	if c.credential == nil {
		return ""
	}
	return c.credential.sealed
}

// How often a call is decided anew when the rights of its key change just then.
const decideAgain = 8

// decide finds out whether a call is let through, and has it on record when it
// is one of those that must be. Such a record is made only while the rights are
// those on which it was decided.
func (c *call) decide() *refusal {
	if keyInQuery(c.query) {
		return &refusal{
			status: http.StatusBadRequest, kind: typeViolation, field: "query", code: problem.InvalidRequest, cause: "key_in_query",
			text: "A key goes into the header Authorization, never into the address. Please rotate this one: addresses are kept in logs.",
		}
	}
	version := c.g.config.Engine.Rights
	for range decideAgain {
		var err error
		if c.rights, err = version(c.r.Context()); err != nil {
			return c.fault("see whether rights have changed", err)
		}
		if f := c.judge(); f != nil {
			return f
		}
		if !c.match.Record {
			return nil
		}
		err = c.record()
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ops.ErrRightsMoved):
			c.id = ""
			return c.fault("record a call", err)
		}
		version = c.g.config.Engine.RightsNow
	}
	c.id = ""
	return c.fault("decide a call", errors.New("rights keep changing"))
}

// record has the log say that the call is sent on now.
func (c *call) record() error {
	c.id = id.NewCall()
	_, err := op.Do(c.r.Context(), c.g.config.Engine, ops.GatewayCaller(c.source), c.g.config.Ops.Gateway.Forward, c.about())
	return err
}

// judge decides on what is known now.
func (c *call) judge() *refusal {
	if f := c.identify(); f != nil {
		return f
	}
	if f := c.limit(); f != nil {
		return f
	}
	if f := c.findCredential(); f != nil {
		return f
	}
	m, no := c.g.profile.Match(profile.Request{
		Method: c.r.Method, Path: c.path, Query: c.query, ContentType: c.r.Header["Content-Type"], ContentEncoding: c.r.Header["Content-Encoding"],
		Length: c.r.ContentLength, Body: c.readBody,
	})
	if no != nil {
		return ofProfile(no)
	}
	c.match = m
	if m, no = m.Within(c.actor.Domains()); no != nil {
		return ofProfile(no)
	}
	c.match = m
	if d := c.authorize(m.Permissions, m.Domains); !d.Allowed {
		return forbidden(d)
	}
	c.hidden = c.hidden[:0]
	for _, v := range m.Reveals {
		if d := access.Authorize(c.actor, v.Permission, "", c.source); !d.Allowed && !slices.Contains(c.hidden, v.Field) {
			c.hidden = append(c.hidden, v.Field)
		}
	}
	return nil
}

// authorize asks for every permission on every domain that the call is about.
func (c *call) authorize(permissions []access.Permission, domains []domain.Name) access.Decision {
	none := [...]domain.Name{""}
	if len(domains) == 0 {
		domains = none[:]
	}
	for _, p := range permissions {
		for _, on := range domains {
			if d := access.Authorize(c.actor, p, on, c.source); !d.Allowed {
				return d
			}
		}
	}
	return access.Allow()
}

// readBody gives a body that has to be looked at. It is read once, however often
// the call is decided.
func (c *call) readBody(limit int) ([]byte, error) {
	if !c.bodyRead {
		c.bodyRead = true
		c.body, c.bodyErr = io.ReadAll(io.LimitReader(c.r.Body, int64(limit)+1))
	}
	return c.body, c.bodyErr
}

// credential is what an account shows to the upstream, as of a version of the
// rights. It does not change.
type credential struct {
	rights  int64
	sealed  string   // as it is kept
	header  string   // "ApiKey …"; empty: the account has none
	sent    []string // the same, as headers have it
	secrets *secrets
}

// findCredential finds what the account shows to the upstream: in memory, unless
// anybody's rights have changed since it was read.
func (c *call) findCredential() *refusal {
	account := c.actor.Account()
	var was *credential
	if held, ok := c.g.credentials.Load(account); ok {
		was = held.(*credential)
	}
	if was == nil || was.rights < c.rights {
		read, err := op.Do(c.r.Context(), c.g.config.Engine, gatewayItself(), c.g.config.Ops.Upstreams.Use, ops.GatewayAccount{Account: account})
		if err != nil {
			return c.fault("open the credential of an account", err)
		}
		now := &credential{rights: read.Rights, sealed: read.Sealed}
		switch header := headerOf(read.Credential); {
		case read.Credential.IsZero():
		case was != nil && was.header == header:
			now.header, now.sent, now.secrets = was.header, was.sent, was.secrets
		default:
			now.header, now.sent, now.secrets = header, []string{header}, newSecrets(read.Credential)
		}
		c.g.credentials.Store(account, now)
		was = now
	}
	if c.credential = was; was.header == "" {
		return &refusal{
			status: http.StatusServiceUnavailable, kind: typeUnavailable, code: problem.Unavailable, cause: "no_credential",
			text: "Your account has no credential for the registrar's API yet. An administrator of your account can set it in the settings of Gatehouse.",
		}
	}
	return nil
}

func headerOf(credential secret.Text) string { return "ApiKey " + credential.Reveal() }

// settled has the log say what became of a call that is on record. When that
// cannot be done, it is done later, as long as this process lives.
func (c *call) settled() {
	if c.id == "" {
		return
	}
	end := ended{c.source, ops.GatewayAnswer{Call: c.about(), Status: c.theirs, Took: time.Since(c.began), Failure: c.failure}}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), settleWithin)
	defer cancel()
	if err := c.g.settle(ctx, end); err != nil {
		c.g.log.ErrorContext(ctx, "the gateway could not record what became of a call; it tries again", "call", c.id, "error", err)
		c.g.late.add(end)
	}
}
