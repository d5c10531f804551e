package gateway

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// sourceOf says where a call comes from: the address of the connection, or what
// package site found behind proxies.
func sourceOf(r *http.Request) access.Source {
	s := access.Source{Face: access.FaceGateway, Program: field.Printable(r.UserAgent(), 160)}
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		s.Address = a.Addr().Unmap()
	}
	return s
}

// gatewayItself is the gateway when nobody calls.
func gatewayItself() auth.Caller {
	return ops.GatewayCaller(access.Source{Face: access.FaceSystem})
}

// keyInQuery reports whether a query carries what must never be in one: it is
// kept in histories and logs.
func keyInQuery(raw string) bool {
	if raw == "" {
		return false
	}
	values, _ := url.ParseQuery(raw) // what can be read of it; the profile refuses the rest
	for _, all := range values {
		if slices.ContainsFunc(all, apikey.Looks) {
			return true
		}
	}
	return false
}

// identify finds the actor of a call. Whatever is wrong with what it shows, the
// answer is the same.
func (c *call) identify() *refusal {
	sent := c.r.Header["Authorization"]
	if len(sent) != 1 { // whoever looks at another one would see another caller
		return badKey(problem.KeyRefused)
	}
	scheme, raw, _ := strings.Cut(sent[0], " ")
	var err error
	switch {
	case strings.EqualFold(scheme, "ApiKey"), strings.EqualFold(scheme, "Bearer"):
		token, wrong := apikey.Parse(strings.TrimSpace(raw))
		if wrong != nil {
			return badKey(problem.KeyRefused)
		}
		c.actor, err = c.g.config.Keeper.ByKey(c.r.Context(), token, c.source)
	case strings.EqualFold(scheme, "Basic"):
		login, password, ok := c.r.BasicAuth()
		if !ok {
			return badKey(problem.KeyRefused)
		}
		c.actor, err = c.g.config.Keeper.ByPassword(c.r.Context(), login, secret.New(password), c.source)
	default:
		return badKey(problem.KeyRefused)
	}
	if p, told := refused(err); told {
		f := ofProblem(p)
		f.quiet = true // whoever keeps the door had the log say so
		return f
	}
	if err != nil {
		return c.fault("find out who calls", err)
	}
	if d := access.Authorize(c.actor, access.Known, "", c.source); !d.Allowed {
		if d.Reason == problem.KeyRefused || d.Reason == problem.Unauthenticated || d.Reason == problem.SessionEnded {
			return badKey(cmp.Or(d.Untold, d.Reason))
		}
		return forbidden(d)
	}
	return nil
}

// fault is the answer when something of ours does not work: nothing is let
// through then.
func (c *call) fault(doing string, err error) *refusal {
	if c.r.Context().Err() != nil || errors.Is(err, http.ErrAbortHandler) {
		return &refusal{status: statusGone, kind: typeUnavailable, quiet: true, cause: causeGone}
	}
	c.g.log.ErrorContext(c.r.Context(), "the gateway could not "+doing, "call", c.id, "error", err)
	return &refusal{
		status: http.StatusServiceUnavailable, kind: typeUnavailable, text: "The gateway cannot check calls right now; nothing was sent on. Please try again.",
		code: problem.Unavailable, cause: "fault", retry: time.Second, quiet: true,
	}
}
