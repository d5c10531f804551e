package gateway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/problem"
)

// The types of errors that programs know from the upstream, so that the classes
// of its own libraries take them; and one of ours in its manner, which they tell
// by its status.
const (
	typeAuthentication = "AuthenticationError"
	typeAuthorization  = "AuthorizationError"
	typeRateLimited    = "AuthenticationRatelimitedError"
	typeViolation      = "ConstraintViolationException"
	typeUnknownRoute   = "UnknownRouteError"
	typeTooLarge       = "InvalidMessage"
	typeUpstream       = "ProviderConnectionError"
	typeUnavailable    = "ProviderUnavailable"
)

// statusGone is what is counted where nobody is there any more to be answered.
const statusGone = 499

// refusal is the answer to a call of which nothing is passed on.
type refusal struct {
	status int
	kind   string // the upstream's "type"
	text   string // one sentence that says what to do
	field  string // what is wrong, when something of the call is
	code   problem.Code
	cause  string // more exact than the code, for log and figures
	retry  time.Duration
	allow  []string // methods of the path, where the call has another one
	quiet  bool     // is not a refusal that the log tells
}

// badKey is the one answer to every key that is not good. Why it is not, the log
// says.
func badKey(why problem.Code) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, kind: typeAuthentication, code: why, cause: string(why),
		text: "This key is not good here: it may be missing, mistyped, over, revoked, made for another channel, or bound to other addresses. Please ask an administrator of your account; the activity log says which.",
	}
}

func forbidden(d access.Decision) *refusal {
	return &refusal{status: http.StatusForbidden, kind: typeAuthorization, text: d.Text, code: d.Reason, cause: string(d.Reason)}
}

// ofProblem is a refusal by whoever keeps the door.
func ofProblem(p *problem.Problem) *refusal {
	known := func(codes ...problem.Code) bool { return slices.Contains(codes, p.Code) }
	switch {
	case known(problem.TooManyAttempts):
		return &refusal{status: http.StatusTooManyRequests, kind: typeRateLimited, text: p.Detail, code: p.Code, cause: string(p.Code), retry: max(p.RetryAfter, time.Second)}
	case known(problem.Unavailable, problem.Internal, problem.DiskFull, problem.LogDamaged, problem.ClockWrong, problem.NotSetUp):
		return &refusal{status: http.StatusServiceUnavailable, kind: typeUnavailable, text: p.Detail, code: p.Code, cause: string(p.Code), retry: time.Second, quiet: true}
	case known(problem.Forbidden, problem.MFASetupRequired):
		return &refusal{status: http.StatusForbidden, kind: typeAuthorization, text: p.Detail, code: p.Code, cause: string(p.Code)}
	}
	return badKey(p.Code)
}

// ofProfile is a call that the profile does not let through.
func ofProfile(r *profile.Refusal) *refusal {
	f := &refusal{status: http.StatusBadRequest, kind: typeViolation, text: r.Text, code: r.Problem().Code, cause: string(r.Reason)}
	switch r.Reason {
	case profile.UnknownRoute:
		f.status, f.kind = http.StatusNotFound, typeUnknownRoute
	case profile.UnknownMethod:
		f.status, f.kind, f.allow = http.StatusMethodNotAllowed, typeUnknownRoute, r.Methods
	case profile.BodyTooLarge:
		f.status, f.kind = http.StatusRequestEntityTooLarge, typeTooLarge
	case profile.DomainRefused:
		f.status, f.kind, f.code = http.StatusForbidden, typeAuthorization, problem.DomainRefused
	case profile.RouteRefused, profile.NotNarrowed:
		f.status, f.kind = http.StatusForbidden, typeAuthorization
	case profile.BadPath:
		f.field = "path"
	case profile.BadQuery:
		f.field = "query"
	case profile.BadBody, profile.BodyUnavailable:
		f.field = "body"
	case profile.BadDomain:
		f.field = "domainName"
	}
	return f
}

// told is an error as the upstream tells one.
type told struct {
	Type       string      `json:"type"`
	Message    string      `json:"message"`
	Violations []violation `json:"violations,omitempty"`
}

type violation struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	Value   string `json:"value"` // never repeated
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.status == statusGone {
		return
	}
	out := told{Type: f.kind, Message: f.text}
	if f.field != "" {
		out.Violations = []violation{{Field: f.field, Message: f.text}}
	}
	body, err := json.Marshal(out)
	if err != nil { // it is made of texts
		body = []byte(`{"type":"` + typeUnavailable + `"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if f.status == http.StatusUnauthorized { // of a scheme for which no browser asks the person (RFC 9110, section 11.6.1)
		h.Set("Www-Authenticate", `ApiKey realm="gatehouse"`)
	}
	if len(f.allow) > 0 {
		h.Set("Allow", strings.Join(f.allow, ", "))
	}
	if f.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.retry+time.Second-1)/time.Second)))
	}
	w.WriteHeader(f.status)
	w.Write(body) //nolint:errcheck // the client has gone
}
