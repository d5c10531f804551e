package gateway

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// dropped are headers of answers that are about the upstream's own host, about
// its own callers, or for whoever stands before a server. The reverse proxy
// removes those of the connection.
var dropped = set(
	"Set-Cookie", "Set-Cookie2", "Www-Authenticate", "Authentication-Info", "Authorization",
	"Strict-Transport-Security", "Public-Key-Pins", "Alt-Svc", "Clear-Site-Data", "Refresh", "Content-Location", "Nel", "Report-To", "Reporting-Endpoints",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
	"X-Accel-Redirect", "X-Sendfile", "Service-Worker-Allowed", "Sourcemap",
)

func set(names ...string) map[string]bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all
}

func drop(h http.Header) {
	for name := range h {
		if dropped[name] {
			delete(h, name)
		}
	}
}

// ofContent are headers that are no longer true when something is taken out of an
// answer.
var ofContent = []string{"Content-Length", "Etag", "Last-Modified", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges", "Content-Range"}

// receive looks at the beginning of an answer, and has the rest looked at on its
// way. An error is answered in its place.
func (c *call) receive(answer *http.Response, w *watch) error {
	w.answers(answer.Body)
	c.theirs = answer.StatusCode
	h := answer.Header
	switch s := answer.StatusCode; {
	case s == http.StatusSwitchingProtocols:
		return &unusable{causeUnreadable, "The registrar's API wanted to speak another protocol, which this gateway does not."}
	case s == http.StatusUnauthorized:
		return &unusable{causeRefused, "The registrar's API refused the credential that your account has there. An administrator of your account can set another one in the settings of Gatehouse."}
	}
	if err := c.relocate(answer); err != nil {
		return err
	}
	drop(h)
	secrets := c.credential.secrets
	if secrets.clean(h) {
		c.leaked("header")
	}
	c.status = answer.StatusCode
	if answer.Body == nil || answer.Body == http.NoBody || answer.ContentLength == 0 {
		return nil
	}
	body := io.Reader(&received{body: answer.Body, answer: answer, c: c, w: w})
	encoding, err := encodingOf(h)
	if err != nil {
		return err
	}
	packed := encoding == "gzip"
	if packed {
		body = &unpacked{src: body}
	}
	body = &scrubbed{src: body, secrets: secrets, found: func() { c.leaked("body") }}
	if len(c.hidden) > 0 {
		if !isJSON(h["Content-Type"]) {
			return &unusable{causeUnreadable, "The answer may hold " + strings.Join(c.hidden, ", ") + ", which your key may not see, and it is not JSON, so that it could not be taken out. Please use a key that may."}
		}
		body = &stripped{src: body, fields: c.hidden}
	}
	if packed {
		body = newRepacked(body)
	}
	if packed || len(c.hidden) > 0 {
		for _, name := range ofContent {
			delete(h, name)
		}
		answer.ContentLength = -1
	}
	answer.Body = &ending{Reader: body, Closer: answer.Body}
	return nil
}

// leaked notes that the upstream repeated the credential: whoever looks after the
// installation should tell whoever runs the upstream.
func (c *call) leaked(where string) {
	c.g.figures.leaks.Add(1)
	c.g.log.WarnContext(c.r.Context(), "the upstream repeated the credential in its answer; it was cut out", "where", where, "route", c.match.Entry.Route(), "call", c.id)
}

// relocate has an answer that points elsewhere point to where its reader can go.
// No redirect is followed: it would take the credential along.
func (c *call) relocate(answer *http.Response) error {
	to := answer.Header["Location"]
	if len(to) == 0 {
		return nil
	}
	origin := c.g.config.Upstream.origin
	at, err := url.Parse(to[0])
	ours := err == nil && len(to) == 1 && at.User == nil && (at.Host == "" && at.Scheme == "" || strings.EqualFold(at.Host, origin.Host) && at.Scheme == origin.Scheme)
	if ours {
		at = (&url.URL{Path: c.match.Path}).ResolveReference(&url.URL{Path: at.Path, RawPath: at.RawPath, RawQuery: at.RawQuery})
		ours = strings.HasPrefix(at.Path, c.g.profile.Base)
	}
	switch {
	case ours:
		answer.Header["Location"] = []string{at.RequestURI()}
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return &unusable{causeRedirect, "The registrar's API points to another place, where this gateway does not go. Please tell whoever runs it."}
	default: // what was made is made; where it is, the answer says
		delete(answer.Header, "Location")
	}
	return nil
}

// encodingOf is how an answer is packed: not at all, or with gzip. What cannot be
// looked into is not passed on.
func encodingOf(h http.Header) (string, error) {
	switch sent := h["Content-Encoding"]; {
	case len(sent) == 0, len(sent) == 1 && (sent[0] == "" || strings.EqualFold(sent[0], "identity")):
		return "", nil
	case len(sent) == 1 && (strings.EqualFold(sent[0], "gzip") || strings.EqualFold(sent[0], "x-gzip")):
		return "gzip", nil
	}
	return "", &unusable{causeUnreadable, "The registrar's API packed its answer in a way that was not asked for, so that it cannot be passed on."}
}

func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	kind, params, err := mime.ParseMediaType(contentType[0])
	if err != nil {
		return false
	}
	if charset, has := params["charset"]; has && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// received is the body as it comes from the upstream.
type received struct {
	body   io.Reader
	answer *http.Response
	c      *call
	w      *watch
}

func (b *received) Read(p []byte) (int, error) {
	b.w.reading()
	n, err := b.body.Read(p)
	b.w.read()
	switch {
	case err == nil:
	case errors.Is(err, io.EOF): // now the trailers are there
		b.c.trailers(b.answer.Trailer)
	case b.c.r.Context().Err() != nil:
		b.c.broke(causeGone)
	case b.w.slow.Load():
		b.c.broke(causeSlow)
	default:
		b.c.broke(causeOf(err))
	}
	return n, err
}

// broke notes that an answer came in part.
func (c *call) broke(cause string) {
	if c.failure == "" {
		c.failure = cause
		c.g.figures.fail(cause)
	}
}

// trailers are headers that come after the body, and are looked at as those are.
func (c *call) trailers(h http.Header) {
	drop(h)
	for _, name := range ofContent {
		delete(h, name)
	}
	if c.credential.secrets.clean(h) {
		c.leaked("trailer")
	}
}

// ending is a body that is read in one way and closed in another.
type ending struct {
	io.Reader
	io.Closer
}
