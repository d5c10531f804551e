package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/gateway/profile"
)

// buffers are lent to whoever copies an answer.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if v, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return v[:]
	}
	return make([]byte, bufferSize)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(all []byte) {
	if len(all) == bufferSize {
		b.pool.Put((*[bufferSize]byte)(all))
	}
}

// forward sends the call on and passes the answer back, and has the log say what
// became of it.
func (c *call) forward() {
	watch := c.watch()
	defer func() {
		watch.end()
		v := recover()
		switch {
		case v == nil:
		case c.r.Context().Err() != nil:
			c.broke(causeGone)
		default:
			c.broke(causeBroke)
		}
		if c.theirs != 0 || c.failure != causeGone {
			c.g.uses.note(c.actor, c.g.config.Engine.Now(), c.theirs)
		}
		c.settled()
		if v != nil {
			panic(v)
		}
	}()
	c.untilEnd()
	proxy := httputil.ReverseProxy{
		Rewrite:        c.rewrite,
		Transport:      alone{c.g.config.Upstream.transport},
		ModifyResponse: func(answer *http.Response) error { return c.receive(answer, watch) },
		ErrorHandler:   c.failed,
		BufferPool:     &c.g.buffers,
		ErrorLog:       slog.NewLogLogger(c.g.log.Handler(), slog.LevelDebug),
	}
	r := c.r.WithContext(watch.ctx)
	if r.Body != nil && c.match.Body == nil {
		r.Body = &sentBody{ReadCloser: http.MaxBytesReader(c.w, c.r.Body, c.g.limits.Body), c: c}
	}
	proxy.ServeHTTP(c.w, r)
}

// untilEnd lets the server wait as long as a call may take, where it would wait
// less: it cuts what is under way otherwise.
func (c *call) untilEnd() {
	server, ok := c.r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return
	}
	control, until := http.NewResponseController(c.w), c.began.Add(c.g.limits.Call+c.g.limits.Idle)
	if server.WriteTimeout > 0 {
		_ = control.SetWriteDeadline(until)
	}
	if server.ReadTimeout > 0 && c.match.Body == nil && c.r.ContentLength != 0 {
		_ = control.SetReadDeadline(until)
	}
}

// rewrite makes the request that is sent on: of what came, only what was judged.
func (c *call) rewrite(p *httputil.ProxyRequest) {
	out := p.Out
	path, err := url.PathUnescape(c.match.Path)
	if err != nil {
		path = c.match.Path // the profile wrote it, so this does not happen; and if it did, it would be escaped once more
	}
	u := c.g.config.Upstream.origin
	u.Path, u.RawPath, u.RawQuery = path, c.match.Path, c.match.Query
	out.URL, out.Host, out.Trailer = &u, u.Host, nil
	out.Header = make(http.Header, 8)
	for _, name := range forwarded {
		if v := c.r.Header[name]; len(v) > 0 {
			out.Header[name] = slices.Clone(v)
		}
	}
	out.Header["Authorization"] = []string{c.credential.header}
	out.Header["Accept-Encoding"] = []string{c.encoding()}
	switch body := c.match.Body; {
	case body != nil && len(body) == 0:
		out.Body, out.ContentLength, out.GetBody = http.NoBody, 0, nil
	case body != nil:
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	out.TransferEncoding = nil
	if out.Body != nil && out.Body != http.NoBody {
		out.Header["Content-Type"] = []string{"application/json"}
	}
}

// forwarded are the headers of a request that are sent on.
var forwarded = profile.ForwardedHeaders()

// encoding is what the upstream is asked to pack its answer with: what can be
// looked into.
func (c *call) encoding() string {
	if len(c.hidden) == 0 && acceptsGzip(c.r.Header["Accept-Encoding"]) {
		return "gzip"
	}
	return "identity"
}

func acceptsGzip(sent []string) bool {
	for _, line := range sent {
		for part := range strings.SplitSeq(line, ",") {
			name, q, _ := strings.Cut(part, ";")
			name, q = strings.TrimSpace(name), strings.ReplaceAll(q, " ", "")
			if strings.EqualFold(name, "gzip") && q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000" {
				return true
			}
		}
	}
	return false
}

// alone runs requests without what others have put into their context: the
// reverse proxy would pass on 103 Early Hints (RFC 8297) that nobody looked at.
type alone struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (a alone) RoundTrip(r *http.Request) (*http.Response, error) {
	return a.Transport.RoundTrip(r.WithContext(plain{r.Context()}))
}

// plain is a context that ends when another does, and carries nothing.
type plain struct{ context.Context }

// Value implements context.Context.
func (plain) Value(any) any { return nil }

// sentBody is the body of a request that is streamed; it notes what went wrong on
// the client's side.
type sentBody struct {
	io.ReadCloser
	c *call
}

func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.c.bodyErr = err
	}
	return n, err
}

// watch ends a call that takes too long, or one whose client has gone. A call
// that is on record goes on until its answer begins: whether something was done
// is worth knowing also when nobody waits for it any more.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	until  time.Time
	idle   time.Duration
	stop   func() bool

	mu    sync.Mutex
	begun bool // the answer has
	gone  bool // the client has
}

func (c *call) watch() *watch {
	w := &watch{until: c.began.Add(c.g.limits.Call), idle: c.g.limits.Idle, stop: func() bool { return true }}
	base := c.r.Context()
	if c.id != "" {
		base = context.WithoutCancel(base)
	}
	w.ctx, w.cancel = context.WithCancelCause(base)
	if c.id != "" {
		w.stop = context.AfterFunc(c.r.Context(), w.left)
	}
	w.timer = time.AfterFunc(c.g.limits.Call, func() { w.cancel(errSlow) })
	return w
}

func (w *watch) left() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone = true; w.begun {
		w.cancel(context.Canceled)
	}
}

// answers says that the answer has begun.
func (w *watch) answers() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun = true; w.gone {
		w.cancel(context.Canceled)
	}
}

// reading says that bytes are waited for.
func (w *watch) reading() { w.timer.Reset(min(w.idle, time.Until(w.until))) }

// read says that they came.
func (w *watch) read() { w.timer.Reset(time.Until(w.until)) }

func (w *watch) end() {
	w.stop()
	w.timer.Stop()
	w.cancel(nil)
}

// failed answers when nothing of the upstream's is passed on.
func (c *call) failed(w http.ResponseWriter, r *http.Request, err error) {
	f := c.failureOf(r.Context(), err)
	c.failure, c.status = f.cause, f.status
	c.g.figures.fail(f.cause)
	f.write(w)
}

// unusable is an answer of the upstream that cannot be passed on.
type unusable struct {
	cause string
	text  string
}

func (u *unusable) Error() string { return u.cause }

func (c *call) failureOf(ctx context.Context, err error) *refusal {
	f := &refusal{status: http.StatusBadGateway, kind: typeUpstream, cause: causeOf(err)}
	if u, ok := errors.AsType[*unusable](err); ok {
		f.cause, f.text = u.cause, u.text
		c.g.log.WarnContext(ctx, "an answer of the upstream could not be passed on", "call", c.id, "route", c.match.Entry.Route(), "status", c.theirs, "cause", u.cause)
		return f
	}
	tooLarge := &http.MaxBytesError{}
	switch {
	case errors.As(c.bodyErr, &tooLarge):
		return &refusal{status: http.StatusRequestEntityTooLarge, kind: typeTooLarge, cause: "body_too_large", text: "The body is larger than this gateway passes on; please send less at once."}
	case c.r.Context().Err() != nil:
		return &refusal{status: statusGone, cause: causeGone}
	case c.bodyErr != nil:
		return &refusal{status: http.StatusBadRequest, kind: typeViolation, field: "body", cause: "body_unavailable", text: "The body did not arrive whole; please send it again."}
	case errors.Is(context.Cause(ctx), errSlow):
		f.cause = causeSlow
	}
	switch f.cause {
	case causeSlow:
		f.status, f.kind, f.text = http.StatusGatewayTimeout, typeTimeout, "The registrar's API did not answer in time."
	case causeUnreachable:
		f.text = "The registrar's API cannot be reached right now; nothing was sent. Please try again."
	case causeInsecure:
		f.text = "The server at the registrar's address shows a certificate that is not right for it; nothing was sent. Please tell whoever runs this gateway."
	default:
		f.text = "The registrar's API broke off without an answer."
	}
	if maybe := f.cause == causeSlow || f.cause == causeBroke; maybe && c.match.Changes {
		f.text += " What you asked for may have been done all the same: please look before you send it again."
	}
	c.g.log.WarnContext(ctx, "the upstream did not answer", "call", c.id, "route", c.match.Entry.Route(), "cause", f.cause)
	return f
}
