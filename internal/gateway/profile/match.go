package profile

import (
	"slices"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/domain"
	"gatehouse/internal/problem"
)

// Request is a request as it came. Path and Query are the two sides of the
// first ? of the request line (http.Request.RequestURI), because net/url would
// already have understood something.
type Request struct {
	Method          string
	Path            string
	Query           string
	ContentType     []string // every header of that name
	ContentEncoding []string
	// Length of the body in bytes, 0 for none and -1 for unknown, as in
	// http.Request.
	Length int64
	// Body gives the body, at most limit bytes of it and one more when it is
	// longer. It is called once, and only for routes whose entry names fields of
	// the body; otherwise the body can be streamed.
	Body func(limit int) ([]byte, error)
}

// Match is what a request means, and what is to be sent on in its place. Its
// slices are shared with the profile: they are read and not changed.
type Match struct {
	Entry  *Entry
	Params [maxParams]string // the named segments, decoded, in their order

	// What to send on. Body is nil when nobody looked at it: then it is streamed.
	// Where there is a body, its Content-Type is application/json.
	Path  string
	Query string
	Body  []byte

	Domains     []domain.Name       // the request is about all of these
	Permissions []access.Permission // all are needed
	Costs       bool
	Changes     bool
	Record      bool     // before it is sent on
	Reveals     []Reveal // what the answer may hold that needs further permissions

	profile    *Profile
	parameters []parameter
}

// Param gives a named segment by its name; empty when there is none.
func (m *Match) Param(name string) string {
	if i := slices.Index(m.Entry.params, name); i >= 0 {
		return m.Params[i]
	}
	return ""
}

// Reason says why a request was refused. Reasons are stable.
type Reason string

// The reasons.
const (
	BadPath         Reason = "bad_path"         // cannot be read in one way only
	UnknownRoute    Reason = "unknown_route"    // not in the profile
	UnknownMethod   Reason = "unknown_method"   // the path is, with another method
	BadQuery        Reason = "bad_query"        // cannot be read in one way only, or not of this route
	BadBody         Reason = "bad_body"         // cannot be read in one way only, or lacks what it must say
	BodyTooLarge    Reason = "body_too_large"   // of a route whose bodies are looked at
	BadDomain       Reason = "bad_domain"       // not a domain name
	DomainRefused   Reason = "domain_refused"   // a domain that the key is not bound to
	RouteRefused    Reason = "route_refused"    // not for keys that are bound to domains
	NotNarrowed     Reason = "not_narrowed"     // a list that cannot be narrowed to the key's domains
	BodyUnavailable Reason = "body_unavailable" // the connection broke
)

// Refusal is the answer to a request that is not sent on.
type Refusal struct {
	Reason  Reason
	Text    string   // one sentence that says what to do
	Methods []string // that the path has, of UnknownMethod
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Text }

// Problem is the refusal in the vocabulary of the rest.
func (r *Refusal) Problem() *problem.Problem {
	code := problem.InvalidRequest
	switch r.Reason {
	case UnknownRoute:
		code = problem.NotFound
	case BodyTooLarge:
		code = problem.TooLarge
	case DomainRefused, RouteRefused, NotNarrowed:
		code = problem.Forbidden
	case BadPath, UnknownMethod, BadQuery, BadBody, BadDomain, BodyUnavailable:
	}
	return problem.New(code, r.Text)
}

func refuse(reason Reason, text string) *Refusal { return &Refusal{Reason: reason, Text: text} }

// Match says what a request means, or why it is not sent on.
func (p *Profile) Match(q Request) (Match, *Refusal) {
	m := Match{profile: p}
	if r := m.route(q); r != nil {
		return Match{}, r
	}
	e := m.Entry
	m.Permissions, m.Costs, m.Changes, m.Reveals = e.Permissions, e.Costs, e.Changes, e.Reveals
	if r := m.readQuery(q.Query); r != nil {
		return Match{}, r
	}
	if r := m.carry(q); r != nil {
		return Match{}, r
	}
	m.Record = e.Record || m.Changes || m.Costs
	return m, nil
}

// carry judges the body, or that there is none.
func (m *Match) carry(q Request) *Refusal {
	e := m.Entry
	switch {
	case q.Length != 0 && e.Method == "GET":
		return refuse(BadBody, "A GET has no body; please send it without one.")
	case len(q.ContentEncoding) > 0:
		return refuse(BadBody, "The body is compressed; please send it as it is, without Content-Encoding.")
	case q.Length != 0 && !isJSON(q.ContentType):
		return refuse(BadBody, "Please send the body as JSON, with one header Content-Type: application/json.")
	case e.body == nil:
		return nil
	case q.Length > MaxBody:
		return refuse(BodyTooLarge, "The body is larger than 1 MiB; please send less at once.")
	}
	body := []byte{}
	if q.Length != 0 && q.Body != nil {
		var err error
		if body, err = q.Body(MaxBody); err != nil {
			return refuse(BodyUnavailable, "The body did not arrive whole; please send it again.")
		}
	}
	if len(body) > MaxBody {
		return refuse(BodyTooLarge, "The body is larger than 1 MiB; please send less at once.")
	}
	m.Body = body
	return m.readBody(body)
}

// maxDomains of one request; certificates have at most 250 names.
const maxDomains = 1000

func (m *Match) about(n domain.Name) *Refusal {
	if len(m.Domains) >= maxDomains {
		return refuse(BadDomain, "The request names more than 1000 domains; please send fewer at once.")
	}
	m.Domains = append(m.Domains, n)
	return nil
}

// demanded adds what a demand asks for. The permissions of the entry are not
// touched: others are reading them.
func (m *Match) demanded(d demand) {
	if d.permission == "" {
		m.Costs = true
		return
	}
	if !slices.Contains(m.Permissions, d.permission) {
		m.Permissions = append(slices.Clip(m.Permissions), d.permission)
	}
}

// Within judges a request by the patterns of domains that its key is bound to,
// and narrows lists to them. What it gives is to be sent on in place of m. A
// key that is bound to no pattern at all is refused everything but what has
// nothing to do with domains.
func (m Match) Within(ps domain.Patterns) (Match, *Refusal) {
	if ps.Unbound() || m.Entry.Binding == Free {
		return m, nil
	}
	switch m.Entry.Binding {
	case Filter:
		return m.narrowed(ps)
	case ByDomain:
		for _, n := range m.Domains {
			if !ps.Covers(n) {
				return Match{}, refuse(DomainRefused, "This key is not bound to "+string(n)+"; please use one that is.")
			}
		}
		if len(m.Domains) > 0 {
			return m, nil
		}
		return Match{}, refuse(RouteRefused, "This request names no domain, and this key is bound to some; please name them.")
	case Free, Refuse:
	}
	return Match{}, refuse(RouteRefused, "This key is bound to domains, and whether "+m.Entry.Route()+" is about one of them cannot be told; please use a key that is not bound.")
}

// Split takes a request line's target apart. Forms other than a path (RFC
// 9112, 3.2) give a path that nothing matches.
func Split(target string) (path, query string) {
	path, query, _ = strings.Cut(target, "?")
	return path, query
}
