package handoff_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/securitykey/handoff"
)

const (
	options    = `{"challenge":"AAAA","rpId":"wails.localhost"}`
	credential = `{"id":"AAAA","type":"public-key"}`
)

// visit is a page that a window has opened and asks with.
type visit struct {
	*handoff.Page
	t      *testing.T
	token  string
	origin string
	result chan outcome
}

type outcome struct {
	answer string
	err    error
}

func open(t *testing.T, c handoff.Config) *visit {
	t.Helper()
	p, err := handoff.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	at, err := url.Parse(p.Address())
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{Page: p, t: t, token: at.Fragment, origin: at.Scheme + "://" + at.Host, result: make(chan outcome, 1)}
	if len(v.token) < 43 {
		t.Fatalf("the token %q has fewer than 256 bits", v.token)
	}
	if want := "http://wails.localhost:" + strconv.Itoa(p.Port()); v.origin != want {
		t.Fatalf("the page is at %s, want %s", v.origin, want)
	}
	return v
}

// asked has the window ask with it.
func (v *visit) asked(ctx context.Context, kind handoff.Kind) *visit {
	go func() {
		answer, err := v.Ask(ctx, kind, []byte(options))
		v.result <- outcome{string(answer), err}
	}()
	return v
}

func served(t *testing.T) *visit {
	return open(t, handoff.Config{}).asked(t.Context(), handoff.Get)
}

// client reaches what browsers find under wails.localhost.
func (v *visit) client() *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", strconv.Itoa(v.Port())))
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: 10 * time.Second}
}

// send sends what the page would, but for the changes.
func (v *visit) send(method, path, body string, changes ...func(*http.Request)) (int, string, http.Header) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.origin+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Origin", v.origin)
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range changes {
		change(r)
	}
	answer, err := v.client().Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

type begun struct {
	Kind    handoff.Kind    `json:"kind"`
	Options json.RawMessage `json:"options"`
	Reply   string          `json:"reply"`
}

func (v *visit) begin() begun {
	v.t.Helper()
	status, text, _ := v.send(http.MethodPost, "/begin", `{"token":"`+v.token+`"}`)
	var b begun
	if err := json.Unmarshal([]byte(text), &b); status != http.StatusOK || err != nil {
		v.t.Fatalf("begin answers %d %s", status, text)
	}
	return b
}

// waiting has the page wait for the end, which it hears of by an answer, or by
// being cut off. The channel is closed then.
func (v *visit) waiting(b begun) <-chan struct{} {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.origin+"/wait", strings.NewReader(`{"reply":"`+b.Reply+`"}`))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Origin", v.origin)
	r.Header.Set("Content-Type", "application/json")
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		if answer, err := v.client().Do(r); err == nil {
			_ = answer.Body.Close()
		}
	}()
	return heard
}

func (v *visit) came() outcome {
	v.t.Helper()
	select {
	case o := <-v.result:
		return o
	case <-time.After(10 * time.Second):
		v.t.Fatal("the window still waits")
		return outcome{}
	}
}

// listens reports whether anybody still does.
func (v *visit) listens() bool {
	for _, host := range []string{"127.0.0.1", "::1"} {
		c, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(v.Port())))
		if err == nil {
			_ = c.Close()
			return true
		}
	}
	return false
}

func TestPage_carries(t *testing.T) {
	for _, kind := range []handoff.Kind{handoff.Create, handoff.Get} {
		t.Run(string(kind), func(t *testing.T) {
			v := open(t, handoff.Config{}).asked(t.Context(), kind)
			b := v.begin()
			if b.Kind != kind || string(b.Options) != options {
				t.Errorf("the page gets %+v", b)
			}
			waits := v.waiting(b)
			status, text, _ := v.send(http.MethodPost, "/end", `{"reply":"`+b.Reply+`","credential":`+credential+`}`)
			if status != http.StatusNoContent {
				t.Errorf("end answers %d %s", status, text)
			}
			if got := v.came(); got.err != nil || got.answer != credential {
				t.Errorf("the window gets %+v", got)
			}
			v.Close()
			<-waits
			if v.listens() {
				t.Error("it still listens after the ceremony")
			}
		})
	}
}

func TestPage_failures(t *testing.T) {
	for _, failure := range handoff.Failures() {
		t.Run(string(failure), func(t *testing.T) {
			v := served(t)
			b := v.begin()
			if status, text, _ := v.send(http.MethodPost, "/end", `{"reply":"`+b.Reply+`","failure":"`+string(failure)+`"}`); status != http.StatusNoContent {
				t.Errorf("end answers %d %s", status, text)
			}
			if e, ok := errors.AsType[*handoff.Error](v.came().err); !ok || e.Failure != failure {
				t.Errorf("the window gets %v", e)
			}
		})
	}
}

// set gives a request a header, or takes it away.
func set(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[name] = values }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

// One change at a time to what the page itself sends, and nothing is given.
func TestPage_refuses(t *testing.T) {
	v := served(t)
	port := strconv.Itoa(v.Port())
	right := `{"token":"` + v.token + `"}`
	for _, tt := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		want                     int
	}{
		{"DNS rebinding", "POST", "/begin", right, host("evil.example:" + port), 421},
		{"DNS rebinding, of the page", "GET", "/", "", host("evil.example:" + port), 421},
		{"an IP address", "GET", "/", "", host("127.0.0.1:" + port), 421},
		{"localhost", "GET", "/", "", host("localhost:" + port), 421},
		{"no port", "GET", "/", "", host("wails.localhost"), 421},
		{"another port", "GET", "/", "", host("wails.localhost:1"), 421},
		{"a name below it", "GET", "/", "", host("a.wails.localhost:" + port), 421},
		{"a dot behind it", "GET", "/", "", host("wails.localhost.:" + port), 421},
		{"a link on another site", "GET", "/", "", set("Sec-Fetch-Site", "cross-site"), 403},
		{"a link on a site nearby", "GET", "/", "", set("Sec-Fetch-Site", "same-site"), 403},
		{"a frame", "GET", "/", "", set("Sec-Fetch-Dest", "iframe"), 403},
		{"its script elsewhere", "GET", "/page.js", "", set("Sec-Fetch-Site", "cross-site"), 403},
		{"another origin", "POST", "/begin", right, set("Origin", "http://evil.example"), 403},
		{"another port's origin", "POST", "/begin", right, set("Origin", "http://wails.localhost:1"), 403},
		{"the window's origin", "POST", "/begin", right, set("Origin", "http://wails.localhost"), 403},
		{"the origin null", "POST", "/begin", right, set("Origin", "null"), 403},
		{"two origins", "POST", "/begin", right, set("Origin", v.origin, "http://evil.example"), 403},
		{"no origin", "POST", "/begin", right, set("Origin"), 403},
		{"sent from another site", "POST", "/begin", right, set("Sec-Fetch-Site", "cross-site"), 403},
		{"sent by a browser's own", "POST", "/begin", right, set("Sec-Fetch-Site", "none"), 403},
		{"a form", "POST", "/begin", right, set("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"text", "POST", "/begin", right, set("Content-Type", "text/plain"), 415},
		{"no type", "POST", "/begin", right, set("Content-Type"), 415},
		{"a wrong token", "POST", "/begin", `{"token":"` + strings.Repeat("A", 43) + `"}`, nil, 403},
		{"no token", "POST", "/begin", `{}`, nil, 403},
		{"a part of the token", "POST", "/begin", `{"token":"` + v.token[:42] + `"}`, nil, 403},
		{"no JSON", "POST", "/begin", "token", nil, 400},
		{"a field more", "POST", "/begin", `{"token":"","to":1}`, nil, 400},
		{"two objects", "POST", "/begin", right + right, nil, 400},
		{"a body without end", "POST", "/begin", `{"token":"` + strings.Repeat("A", 1<<20) + `"}`, nil, 413},
		{"an answer before it began", "POST", "/end", `{"reply":"","credential":` + credential + `}`, nil, 403},
		{"waiting before it began", "POST", "/wait", `{"reply":""}`, nil, 403},
		{"reading what is sent", "GET", "/end", "", nil, 405},
		{"reading the options", "GET", "/begin?token=" + v.token, "", nil, 405},
		{"asking for leave", "OPTIONS", "/begin", "", set("Origin", v.origin), 405},
		{"another method", "DELETE", "/begin", "", set("Origin", v.origin), 405},
		{"what is not there", "GET", "/../handoff.go", "", nil, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*http.Request) {}
			}
			status, text, header := v.send(tt.method, tt.path, tt.body, change)
			if status != tt.want || strings.Contains(text, "challenge") || strings.Contains(text, v.token) {
				t.Errorf("got %d %s, want %d", status, text, tt.want)
			}
			for name := range header {
				if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
					t.Errorf("it sends %s", name)
				}
			}
		})
	}
	// None of it has used up the token, and the page goes on.
	if b := v.begin(); string(b.Options) != options {
		t.Errorf("the page gets %+v", b)
	}
}

func TestPage_once(t *testing.T) {
	v := served(t)
	b := v.begin()
	if status, text, _ := v.send(http.MethodPost, "/begin", `{"token":"`+v.token+`"}`); status != http.StatusGone || strings.Contains(text, b.Reply) {
		t.Errorf("the token again: %d %s", status, text)
	}
	for name, body := range map[string]string{
		"the token in place of the reply": `{"reply":"` + v.token + `","credential":` + credential + `}`,
		"no reply":                        `{"credential":` + credential + `}`,
	} {
		if status, _, _ := v.send(http.MethodPost, "/end", body); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	reply := `{"reply":"` + b.Reply + `"`
	for name, body := range map[string]string{
		"nothing":            reply + `}`,
		"both":               reply + `,"credential":` + credential + `,"failure":"cancelled"}`,
		"a text":             reply + `,"credential":"` + "x" + `"}`,
		"null":               reply + `,"credential":null}`,
		"null and a failure": reply + `,"credential":null,"failure":"cancelled"}`,
		"a failure unheard":  reply + `,"failure":"<script>"}`,
	} {
		if status, text, _ := v.send(http.MethodPost, "/end", body); status != http.StatusBadRequest || strings.Contains(text, "script") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, _, _ := v.send(http.MethodPost, "/end", reply+`,"credential":{"id":"`+strings.Repeat("A", 1<<20)+`"}}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("an answer without end: %d", status)
	}
	if _, err := v.Ask(t.Context(), handoff.Get, []byte(options)); err == nil || errors.Is(err, handoff.ErrClosed) {
		t.Errorf("a second ceremony: %v", err)
	}
	if status, _, _ := v.send(http.MethodPost, "/end", reply+`,"failure":"cancelled"}`); status != http.StatusNoContent {
		t.Errorf("the answer itself: %d", status)
	}
}

// Of many who come with the token at the same time, one gets the options.
func TestPage_parallel(t *testing.T) {
	v := served(t)
	statuses := make(chan int, 20)
	for range 20 {
		go func() {
			status, _, _ := v.send(http.MethodPost, "/begin", `{"token":"`+v.token+`"}`)
			statuses <- status
		}()
	}
	got := map[int]int{}
	for range 20 {
		got[<-statuses]++
	}
	if d := cmp.Diff(map[int]int{200: 1, 410: 19}, got); d != "" {
		t.Error(d)
	}
}

// The page of one window has nothing of another's.
func TestPage_windows(t *testing.T) {
	one, other := served(t), served(t)
	if status, _, _ := one.send(http.MethodPost, "/begin", `{"token":"`+other.token+`"}`); status != http.StatusForbidden {
		t.Errorf("the token of another window: %d", status)
	}
	mine, theirs := one.begin(), other.begin()
	if status, _, _ := one.send(http.MethodPost, "/end", `{"reply":"`+theirs.Reply+`","credential":`+credential+`}`); status != http.StatusForbidden {
		t.Errorf("the reply of another window: %d", status)
	}
	if status, _, _ := one.send(http.MethodPost, "/begin", `{}`, host("wails.localhost:"+strconv.Itoa(other.Port()))); status != http.StatusMisdirectedRequest {
		t.Errorf("the name of another window: %d", status)
	}
	if status, _, _ := one.send(http.MethodPost, "/end", `{"reply":"`+mine.Reply+`","credential":`+credential+`}`); status != http.StatusNoContent {
		t.Errorf("its own: %d", status)
	}
	other.Close()
	if got := other.came(); !errors.Is(got.err, handoff.ErrClosed) {
		t.Errorf("the other gets %+v", got)
	}
}

func TestPage_ends(t *testing.T) {
	t.Run("nobody comes", func(t *testing.T) {
		v := open(t, handoff.Config{Patience: 50 * time.Millisecond}).asked(t.Context(), handoff.Get)
		if got := v.came(); !errors.Is(got.err, handoff.ErrTimedOut) {
			t.Errorf("got %+v", got)
		}
		v.Close()
		if v.listens() {
			t.Error("it still listens")
		}
	})
	t.Run("nobody asks", func(t *testing.T) {
		v := open(t, handoff.Config{Patience: 50 * time.Millisecond})
		v.Close()
		if v.listens() {
			t.Error("it still listens")
		}
		if _, err := v.Ask(t.Context(), handoff.Get, []byte(options)); !errors.Is(err, handoff.ErrClosed) {
			t.Errorf("asked after it was closed: %v", err)
		}
	})
	t.Run("the window cancels", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		v := open(t, handoff.Config{}).asked(ctx, handoff.Get)
		b := v.begin()
		waits := v.waiting(b)
		cancel()
		if got := v.came(); !errors.Is(got.err, context.Canceled) {
			t.Errorf("got %+v", got)
		}
		v.Close()
		<-waits
		if v.listens() {
			t.Error("it still listens")
		}
	})
	t.Run("nonsense is asked", func(t *testing.T) {
		for _, bad := range []string{"", "null", "[]", "{"} {
			v := open(t, handoff.Config{})
			if _, err := v.Ask(t.Context(), handoff.Get, []byte(bad)); err == nil {
				t.Errorf("it asks %q", bad)
			}
		}
		v := open(t, handoff.Config{})
		if _, err := v.Ask(t.Context(), "steal", []byte(options)); err == nil {
			t.Error("it asks to steal")
		}
	})
}

func TestPage_document(t *testing.T) {
	for language, title := range map[string]string{"en": "Use your security key", "de": "Sicherheitsschlüssel verwenden", "": "Use your security key", "<b>": "Use your security key"} {
		t.Run(language, func(t *testing.T) {
			v := open(t, handoff.Config{Language: language}).asked(t.Context(), handoff.Get)
			status, text, header := v.send(http.MethodGet, "/", "", set("Sec-Fetch-Site", "none"), set("Sec-Fetch-Dest", "document"))
			if status != http.StatusOK || !strings.Contains(text, "<h1>"+title+"</h1>") || strings.Contains(text, v.token) {
				t.Errorf("got %d %s", status, text)
			}
			if csp := header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'") || strings.Contains(csp, "unsafe") {
				t.Errorf("the policy is %q", csp)
			}
			if header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("the headers are %v", header)
			}
			for _, file := range []string{"/page.js", "/page.css", "/icon.svg"} {
				if status, _, _ := v.send(http.MethodGet, file, ""); status != http.StatusOK {
					t.Errorf("%s: %d", file, status)
				}
			}
		})
	}
}
