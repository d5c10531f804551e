package handoff

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"

	"gatehouse/internal/page"
)

// maxBody bounds what a page sends, in bytes: an answer with a chain of
// certificates takes some thousand.
const maxBody = 128 << 10

//go:embed page/page.js
var script []byte

//go:embed page/page.css
var style []byte

//go:embed page/icon.svg
var icon []byte

func (p *Page) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", file("text/html; charset=utf-8", p.page))
	mux.Handle("GET /page.js", file("text/javascript; charset=utf-8", script))
	mux.Handle("GET /page.css", file("text/css; charset=utf-8", style))
	mux.Handle("GET /icon.svg", file("image/svg+xml", icon))
	mux.HandleFunc("POST /begin", p.begin)
	mux.HandleFunc("POST /wait", p.wait)
	mux.HandleFunc("POST /end", p.finish)
	return mux
}

func file(kind string, content []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content)
	})
}

// guard keeps everything out but the page itself: a name that somebody has
// resolve to this machine (DNS rebinding), a page of another origin, a frame, a
// form. There are no cookies, and no other origin is ever allowed anything.
func (p *Page) guard(next http.Handler) http.Handler {
	host := net.JoinHostPort(Host, strconv.Itoa(p.port))
	inside := page.Secure(page.Browser)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Host != host {
			refuse(w, http.StatusMisdirectedRequest, "This page does not answer to that name.")
			return
		}
		if !fromHere(r, "http://"+host) {
			refuse(w, http.StatusForbidden, "This was not sent by the page itself.")
			return
		}
		next.ServeHTTP(w, r)
	}))
	return inside
}

// fromHere reports whether the person, for the page alone, or the page asks.
// Browsers send Sec-Fetch-* on trustworthy origins, of which this is one, and
// Origin with every POST.
func fromHere(r *http.Request, origin string) bool {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	site := r.Header.Get("Sec-Fetch-Site")
	typed := read && r.URL.Path == "/" && (site == "" || site == "none") && oneOf(r.Header.Get("Sec-Fetch-Dest"), "", "document")
	switch {
	case len(r.Header.Values("Origin")) > 1 || len(r.Header.Values("Sec-Fetch-Site")) > 1:
		return false
	case r.Header.Get("Origin") != "" && r.Header.Get("Origin") != origin:
		return false
	case typed:
		return true
	case read:
		return oneOf(site, "", "same-origin") && r.Header.Get("Sec-Fetch-Dest") != "iframe"
	}
	return oneOf(site, "", "same-origin") && r.Header.Get("Origin") == origin
}

func oneOf(s string, all ...string) bool {
	for _, a := range all {
		if s == a {
			return true
		}
	}
	return false
}

// refuse answers in plain words, without what was asked for.
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, why+"\n")
}

// read takes one object of JSON with no other fields.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "JSON only, please.")
		return false
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	body.DisallowUnknownFields()
	err := body.Decode(into)
	if err == nil && body.More() {
		err = errors.New("there is more")
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, "That is too long.")
	case err != nil:
		refuse(w, http.StatusBadRequest, "That cannot be read.")
	}
	return err == nil
}

// begin gives the options to the first who has the token. Nobody gets them
// again: who holds the address later has nothing.
func (p *Page) begin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Token string `json:"token"`
	}
	if !read(w, r, &in) {
		return
	}
	if !p.token.is(in.Token) {
		refuse(w, http.StatusForbidden, "This is not the address that the window shows.")
		return
	}
	p.mu.Lock()
	used := p.begun || p.ended
	p.begun = true
	p.mu.Unlock()
	if used {
		refuse(w, http.StatusGone, "This address was used already.")
		return
	}
	out, err := json.Marshal(map[string]any{"kind": p.kind, "options": p.asked, "reply": p.reply})
	if err != nil {
		refuse(w, http.StatusInternalServerError, "Something went wrong.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out)
}

// mayReply reports whether who asks is the one who began.
func (p *Page) mayReply(w http.ResponseWriter, reply string) bool {
	p.mu.Lock()
	begun := p.begun
	p.mu.Unlock()
	want := digestOf(p.reply)
	if !begun || !want.is(reply) {
		refuse(w, http.StatusForbidden, "This is not the page that began.")
		return false
	}
	return true
}

// wait answers when the ceremony is over, so that the page lets go of the key
// when the window has.
func (p *Page) wait(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Reply string `json:"reply"`
	}
	if !read(w, r, &in) || !p.mayReply(w, in.Reply) {
		return
	}
	// Not the request's context: the server's read time-out ends that.
	<-p.over
	w.WriteHeader(http.StatusNoContent)
}

// finish takes the answer, or why there is none.
func (p *Page) finish(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Reply      string          `json:"reply"`
		Credential json.RawMessage `json:"credential"`
		Failure    Failure         `json:"failure"`
	}
	if !read(w, r, &in) || !p.mayReply(w, in.Reply) {
		return
	}
	said, ok := outcome(in.Credential, in.Failure)
	if !ok {
		refuse(w, http.StatusBadRequest, "That is no answer of a security key.")
		return
	}
	if !p.end(said) {
		refuse(w, http.StatusGone, "This was answered already.")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// outcome is one of both: an object, or a failure that is known.
func outcome(credential json.RawMessage, failure Failure) (result, bool) {
	var object map[string]json.RawMessage
	has := len(credential) > 0 && json.Unmarshal(credential, &object) == nil && object != nil
	if has && failure == "" {
		return result{answer: credential}, true
	}
	for _, known := range Failures() {
		if failure == known && len(credential) == 0 {
			return result{err: &Error{failure}}, true
		}
	}
	return result{}, false
}
