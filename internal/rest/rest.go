// Package rest serves the table of operations over HTTP: routes, inputs and
// answers come from the table, and so does the OpenAPI document. It knows how
// a browser keeps a session and what a hostile page may try; it has no rule of
// who may do what.
package rest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
)

// Prefix of every route of the table.
const Prefix = "/api/v1"

// cookie holds a browser's session. The prefix makes browsers insist on
// Secure, on this host and on the whole path (RFC 6265bis, section 4.1.3.2).
const cookie = "__Host-gatehouse"

// maxBody is the largest request body in bytes.
const maxBody = 1 << 20

// Handler serves the operations of a table below Prefix.
func Handler(e *op.Engine, t *op.Table, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{} // by path
	for _, o := range t.All() {
		if o.Info().Route == op.NoRoute {
			continue
		}
		method, path, _ := strings.Cut(o.Info().Route, " ")
		h := operation(e, o, log)
		mux.Handle(method+" "+Prefix+path, h)
		mux.Handle(method+" "+Prefix+path+"/{$}", h) // some clients end paths with a slash
		methods[path] = append(methods[path], method)
	}
	for path, allowed := range methods {
		h := otherMethod(allowed, log)
		for _, method := range otherMethods(allowed) {
			mux.Handle(method+" "+Prefix+path, h)
			mux.Handle(method+" "+Prefix+path+"/{$}", h)
		}
	}
	page, style := Manual(t)
	for address, file := range map[string]struct {
		kind string
		text []byte
	}{"/openapi.json": {"application/json", Document(t)}, "/{$}": {"text/html; charset=utf-8", page}, "/manual.css": {"text/css; charset=utf-8", style}} {
		mux.HandleFunc("GET "+Prefix+address, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file.kind)
			w.Header().Set("Cache-Control", "no-cache")
			w.Write(file.text) //nolint:errcheck // the client has gone
		})
		mux.Handle(Prefix+address, otherMethod([]string{http.MethodGet}, log))
	}
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, log, problem.New(problem.NotFound, "There is no such address in this API. It is described at "+Prefix+"/."))
	})
	return mux
}

// otherMethods are those that an address does not take; GET stands for HEAD
// too. A pattern for all of them would conflict with {id} beside it.
func otherMethods(allowed []string) []string {
	all := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect}
	return slices.DeleteFunc(all, func(m string) bool { return slices.Contains(allowed, m) })
}

// otherMethod answers where an address takes other methods than the one that
// came (RFC 9110, section 15.5.6).
func otherMethod(allowed []string, log *slog.Logger) http.Handler {
	allowed = slices.Clone(allowed)
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	text := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", text)
		writeProblem(w, r, log, answered{http.StatusMethodNotAllowed, problem.New(problem.InvalidRequest, "This address takes "+text+" only.")})
	})
}

// answered is a problem of HTTP alone, which has a status of its own.
type answered struct {
	status int
	error
}

func (a answered) Unwrap() error { return a.error }

// opensSession is an answer that comes with a token for the cookie.
type opensSession interface{ SessionToken() auth.Token }

// endsSession is an answer after which there is no session.
type endsSession interface{ EndsSession() }

func operation(e *op.Engine, o op.Any, log *slog.Logger) http.Handler {
	in, lists := newInput(o.Info()), newSparse(o.Info())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if keyInAddress(r) {
			writeProblem(w, r, log, problem.New(problem.InvalidRequest, "An API key goes into the header Authorization, never into the address. Please rotate this one: addresses are kept in logs."))
			return
		}
		c := caller(r, e.Keyring())
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		var wanted []string
		out, err := o.Invoke(r.Context(), e, c, func(v any) (err error) {
			wanted, err = in.decode(r, lists, v)
			return err
		})
		if err != nil {
			if problem.Is(err, problem.SessionEnded) || problem.Is(err, problem.AddressRefused) || problem.Is(err, problem.PointRefused) {
				http.SetCookie(w, sessionCookie("", -1))
			}
			writeProblem(w, r, log, err)
			return
		}
		switch v := out.(type) {
		case opensSession:
			if t := v.SessionToken(); !t.IsZero() {
				http.SetCookie(w, sessionCookie(t.Reveal(), 0))
			}
		case endsSession:
			http.SetCookie(w, sessionCookie("", -1))
		}
		status := http.StatusOK
		if at := created(o.Info(), out); at != "" {
			status = http.StatusCreated
			w.Header().Set("Location", at)
		}
		if out, err = project(out, wanted); err != nil {
			writeProblem(w, r, log, err)
			return
		}
		write(w, status, "application/json", out)
	})
}

// created is where an answer's new thing is; empty when it is of an operation
// that makes none, or none that has an address.
func created(i op.Info, out any) string {
	made, ok := out.(op.Made)
	if i.Creates == "" || !ok {
		return ""
	}
	return Prefix + strings.Replace(i.Creates, "{id}", url.PathEscape(made.MadeID()), 1)
}

// sessionCookie lives as long as the browser runs; maxAge −1 deletes it.
func sessionCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: cookie, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// caller is who a request says it is, and where it came from: the address of the
// connection, or what package site found behind proxies.
func caller(r *http.Request, ring *auth.Keyring) auth.Caller {
	c := auth.Caller{Source: access.Source{Face: access.FaceREST, Program: r.UserAgent()}}
	if r.Header.Get("Sec-Fetch-Mode") != "" { // only browsers send it, and no page can
		c.Source.Face = access.FaceBrowser
	}
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.Source.Address = a.Addr().Unmap()
	}
	if sent := r.Header.Values("Authorization"); len(sent) > 0 {
		c.Credential = keyOf(sent, ring)
		c.Source.Face = access.FaceREST // whatever else it calls itself
		return c
	}
	for _, k := range r.CookiesNamed(cookie) {
		if t, ok := auth.ParseToken(k.Value); ok {
			c.Credential = auth.Session(t)
		}
	}
	return c
}

// keyOf reads the one API key that a request may carry: "ApiKey gate_…", or
// "Bearer gate_…" (RFC 6750) for clients that know no other scheme. More than one
// header is none: whoever looks at the other one would see another caller.
func keyOf(sent []string, ring *auth.Keyring) auth.Credential {
	if len(sent) != 1 {
		return auth.BadKey()
	}
	scheme, raw, _ := strings.Cut(sent[0], " ")
	if !strings.EqualFold(scheme, "ApiKey") && !strings.EqualFold(scheme, "Bearer") {
		return auth.BadKey()
	}
	t, err := apikey.Parse(strings.TrimSpace(raw))
	if err != nil {
		return auth.BadKey()
	}
	return auth.Key(ring, t)
}

// keyInAddress reports whether a query carries what must never be in one: it is
// kept in histories and logs.
func keyInAddress(r *http.Request) bool {
	for _, values := range r.URL.Query() {
		if slices.ContainsFunc(values, apikey.Looks) {
			return true
		}
	}
	return false
}

func write(w http.ResponseWriter, status int, contentType string, v any) {
	var body []byte
	var err error
	if kept, ok := v.(*op.Answer); ok {
		body, err = kept.JSON()
	} else {
		body, err = json.Marshal(v)
	}
	if err != nil { // every answer is made of types that marshal
		status, body = http.StatusInternalServerError, []byte(`{"code":"internal"}`)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client has gone
}

// Problem is how a problem goes over the wire (RFC 9457).
type Problem struct {
	Type       string              `json:"type"`
	Title      string              `json:"title"`
	Status     int                 `json:"status"`
	Code       problem.Code        `json:"code"`
	Detail     string              `json:"detail"`
	Violations []problem.Violation `json:"violations"`
	RetryAfter int                 `json:"retryAfter,omitempty"` // seconds
	RequestID  string              `json:"requestId"`
}

// Describe turns an error into what goes over the wire, and logs the cause of
// those that are our fault.
func Describe(ctx context.Context, log *slog.Logger, what string, err error) Problem {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = problem.Newf(problem.TooLarge, "The request is too large; at most %d bytes are taken.", tooLarge.Limit)
	}
	p := problem.Of(err)
	status := statusOf(p.Code)
	if a, ok := errors.AsType[answered](err); ok {
		status = a.status
	}
	out := Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: p.Code, Detail: p.Detail,
		Violations: p.Violations, RequestID: id.NewRequest(),
	}
	if out.Violations == nil {
		out.Violations = []problem.Violation{}
	}
	if p.RetryAfter > 0 {
		out.RetryAfter = int(p.RetryAfter.Seconds() + 0.999)
	}
	if status >= http.StatusInternalServerError {
		log.ErrorContext(ctx, "request failed", "request", out.RequestID, "what", what, "error", p.Error())
	}
	return out
}

// Refuse answers requests that do not get as far as the table.
func Refuse(log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) { writeProblem(w, r, log, err) }
}

func writeProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	sendProblem(w, Describe(r.Context(), log, r.Method+" "+r.Pattern, err))
}

func sendProblem(w http.ResponseWriter, p Problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized { // of a scheme for which no browser asks the person (RFC 9110, section 11.6.1)
		w.Header().Set("WWW-Authenticate", `Session realm="gatehouse", ApiKey realm="gatehouse"`)
	}
	w.Header().Set("X-Request-Id", p.RequestID)
	write(w, p.Status, "application/problem+json", p)
}

func statusOf(c problem.Code) int {
	switch c {
	case problem.InvalidRequest:
		return http.StatusBadRequest
	case problem.InvalidFields, problem.CodeWrong, problem.CodeUsed, problem.ActivationDead, problem.CeremonyOver, problem.SetupCodeWrong, problem.PasswordWrong,
		problem.SecurityKeyRefused, problem.SecurityKeyCopied, problem.CallerCodeOver:
		return http.StatusUnprocessableEntity
	case problem.Unauthenticated, problem.SessionEnded, problem.SignInFailed, problem.KeyRefused, problem.PasskeyRefused, problem.BreakGlassRefused:
		return http.StatusUnauthorized
	case problem.Forbidden, problem.MFASetupRequired, problem.StepUpRequired, problem.CrossOrigin, problem.AdminUser, problem.OperatorAccount, problem.Outranked, problem.OwnRights,
		problem.AddressRefused, problem.PointRefused, problem.DomainRefused, problem.InPerson:
		return http.StatusForbidden
	case problem.NotFound:
		return http.StatusNotFound
	case problem.Conflict, problem.SetupDone, problem.NotSetUp, problem.LastAdmin, problem.RoleFixed, problem.RoleInUse, problem.MFARequired, problem.SelfLockout, problem.ServiceUser, problem.OwnsServiceUsers,
		problem.NotSwitchable, problem.DoorsOpen, problem.DoorsClosed, problem.DoorsStuck, problem.SettingsStale, problem.GatewayClosed,
		problem.SecurityKeyTaken, problem.SecurityKeyUnavailable, problem.CallerUnproven:
		return http.StatusConflict
	case problem.TooManyAttempts:
		return http.StatusTooManyRequests
	case problem.TooLarge:
		return http.StatusRequestEntityTooLarge
	case problem.Unavailable, problem.ClockWrong:
		return http.StatusServiceUnavailable
	case problem.DiskFull:
		return http.StatusInsufficientStorage
	case problem.Misdirected:
		return http.StatusMisdirectedRequest
	case problem.Internal, problem.LogDamaged, problem.KeyExpired, problem.KeyUserInactive, problem.PasswordShut:
	}
	return http.StatusInternalServerError
}
