package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
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
	proxy := c.g.proxy
	proxy.Rewrite = c.rewrite
	proxy.Transport = alone{c.g.config.Upstream.transport, watch.ctx}
	proxy.ModifyResponse = func(answer *http.Response) error { return c.receive(answer, watch) }
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		c.failed(watch.ctx, w, watch.slow.Load(), err)
	}
	r := c.r
	if r.ContentLength != 0 && c.match.Body == nil {
		streamed := *c.r
		r = &streamed
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
	to, u := &c.g.config.Upstream.origin, out.URL // a copy of the client's, as the headers are
	*u = url.URL{Scheme: to.Scheme, Host: to.Host, Path: path, RawPath: c.match.Path, RawQuery: c.match.Query}
	out.Host, out.Trailer = to.Host, nil
	for name := range out.Header {
		if !forwarded[name] {
			delete(out.Header, name)
		}
	}
	out.Header["Authorization"] = c.credential.sent
	out.Header["Accept-Encoding"] = c.encoding()
	switch body := c.match.Body; {
	case body != nil && len(body) == 0:
		out.Body, out.ContentLength, out.GetBody = http.NoBody, 0, nil
	case body != nil:
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	out.TransferEncoding = nil
	if out.Body != nil && out.Body != http.NoBody {
		out.Header["Content-Type"] = jsonBody
	}
}

// forwarded are the headers of a request that are sent on.
var forwarded = set(profile.ForwardedHeaders()...)

// Values of headers that are the same at every call. Nobody changes them.
var (
	jsonBody   = []string{"application/json"}
	asItIs     = []string{"identity"}
	packedOrNo = []string{"gzip"}
)

// encoding is what the upstream is asked to pack its answer with: what can be
// looked into.
func (c *call) encoding() []string {
	if len(c.hidden) == 0 && acceptsGzip(c.r.Header["Accept-Encoding"]) {
		return packedOrNo
	}
	return asItIs
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

// alone runs requests without what the reverse proxy put into their context: it
// would pass on 103 Early Hints (RFC 8297) that nobody looked at.
type alone struct {
	*http.Transport
	ctx context.Context //nolint:containedctx // of one call, as this value is
}

// RoundTrip implements http.RoundTripper.
func (a alone) RoundTrip(r *http.Request) (*http.Response, error) {
	return a.Transport.RoundTrip(r.WithContext(a.ctx))
}

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
	ctx    context.Context //nolint:containedctx // of one call, as this value is
	cancel context.CancelFunc
	timer  *time.Timer
	began  time.Time
	limits *Limits
	stop   func() bool // of a call on record

	waits atomic.Int64 // since when bytes are waited for, after began; 0: they are not
	slow  atomic.Bool  // it took too long

	mu    sync.Mutex
	begun bool      // the answer has
	gone  bool      // the client has
	body  io.Closer // of the answer
}

func (c *call) watch() *watch {
	w := &watch{began: c.began, limits: &c.g.limits, ctx: c.r.Context()}
	switch {
	case c.id != "":
		w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(w.ctx))
		w.stop = context.AfterFunc(c.r.Context(), w.left)
	case c.r.ContentLength != 0:
		w.ctx, w.cancel = context.WithCancel(w.ctx)
	}
	// A read without a body ends with the client, with the upstream's first byte
	// that does not come, or with its answer that is closed.
	w.timer = time.AfterFunc(min(w.limits.Idle, w.limits.Call), w.look)
	return w
}

// look ends a call that has taken too long, or looks again when it could have.
func (w *watch) look() {
	took := time.Since(w.began)
	left := w.limits.Call - took
	if since := w.waits.Load(); since != 0 {
		left = min(left, time.Duration(since)+w.limits.Idle-took)
	} else {
		left = min(left, w.limits.Idle)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case left > 0:
		w.timer.Reset(left)
	case w.cancel != nil:
		w.slow.Store(true)
		w.cancel()
	case w.body != nil:
		w.slow.Store(true)
		w.body.Close() // whoever reads it sees
	}
}

func (w *watch) left() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone = true; w.begun {
		w.cancel()
	}
}

// answers says that the answer has begun.
func (w *watch) answers(body io.Closer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body = body
	if w.begun = true; w.gone {
		w.cancel()
	}
}

// reading says that bytes are waited for.
func (w *watch) reading() { w.waits.Store(int64(max(time.Since(w.began), 1))) }

// read says that they came.
func (w *watch) read() { w.waits.Store(0) }

func (w *watch) end() {
	if w.stop != nil {
		w.stop()
	}
	w.timer.Stop()
	if w.cancel != nil {
		w.cancel()
	}
}

// failed answers when nothing of the upstream's is passed on.
func (c *call) failed(ctx context.Context, w http.ResponseWriter, slow bool, err error) {
	f := c.failureOf(ctx, slow, err)
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

func (c *call) failureOf(ctx context.Context, slow bool, err error) *refusal {
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
	case slow:
		f.cause = causeSlow
	}
	switch f.cause {
	case causeSlow:
		f.status, f.text = http.StatusGatewayTimeout, "The registrar's API did not answer in time."
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
