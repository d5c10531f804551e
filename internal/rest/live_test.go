package rest_test

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"gatehouse/internal/account"
	"gatehouse/internal/mfa"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/rest"
	"gatehouse/internal/site"
	"gatehouse/internal/user"
)

// gate is the Gate as it is served, behind TLS as browsers see it. Every
// answer of the API is held against the OpenAPI document.
type gate struct {
	*opstest.Place
	server   *httptest.Server
	document validator.Validator
	log      *journal // of the program, everything down to debug
	otter    account.Account
	anna     *opstest.Person
}

func newGate(t *testing.T) *gate {
	log := &journal{}
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g := &gate{Place: opstest.New(t, opstest.Options{Log: logger}), log: log}
	mux := http.NewServeMux()
	mux.Handle(rest.Prefix+"/", rest.Handler(g.Engine, g.Ops.Table(), logger))
	app, err := site.Assets(fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>Gatehouse</title>")}, "assets/app.js": {Data: bytes.Repeat([]byte("x = 1;\n"), 200)}})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", app)
	g.server = httptest.NewUnstartedServer(nil)
	g.server.Config.Handler = site.Headers(site.Guard(site.Hosts(g.server.Listener.Addr(), "gate.example"), rest.Refuse(logger), mux))
	g.server.StartTLS()
	t.Cleanup(g.server.Close)
	g.document = documentValidator(t)
	return g
}

// furnished is a gate with an account in it.
func furnished(t *testing.T) *gate {
	g := newGate(t)
	g.Found("harbour", account.MFARequired)
	g.otter = g.Found("otter", account.MFARequired)
	g.anna = g.Join(g.otter, opstest.Member{Login: "anna", Role: "Admin", AdminUser: true})
	return g
}

func documentValidator(t *testing.T) validator.Validator {
	t.Helper()
	document, err := libopenapi.NewDocument(rest.Document(ops.New(ops.Dependencies{}).Table()))
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return v
}

// call is one request.
type call struct {
	method, path, body string
	header             map[string]string
	headers            http.Header // with several values
	token              string      // in the cookie
	host               string
	outside            bool // of what the document describes
}

// answer is what came back.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	cookies []*http.Cookie
}

func (a answer) problem(t *testing.T) rest.Problem {
	t.Helper()
	var p rest.Problem
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("status %d comes as %q: %.80s", a.status, kind, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Error(err)
	}
	if p.Status != a.status || p.Title == "" || p.Detail == "" || p.Violations == nil || p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id") {
		t.Errorf("the problem is not whole: %s", a.body)
	}
	return p
}

func (g *gate) do(c call) answer {
	g.T.Helper()
	request, err := http.NewRequest(c.method, g.server.URL+c.path, strings.NewReader(c.body))
	if err != nil {
		g.T.Fatal(err)
	}
	if c.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for k, v := range c.header {
		request.Header.Set(k, v)
	}
	for k, v := range c.headers {
		request.Header[k] = v
	}
	if c.header["Content-Type"] == "-" {
		request.Header.Del("Content-Type")
	}
	if c.token != "" {
		request.Header.Set("Cookie", "__Host-gatehouse="+c.token)
	}
	request.Host = c.host
	client := g.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		g.T.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		g.T.Fatal(err)
	}
	got := answer{response.StatusCode, response.Header, body, response.Cookies()}
	if !c.outside {
		again, _ := http.NewRequest(c.method, g.server.URL+c.path, strings.NewReader(c.body))
		response.Body = io.NopCloser(bytes.NewReader(body))
		if ok, errs := g.document.ValidateHttpResponse(again, response); !ok {
			for _, e := range errs {
				g.T.Errorf("%s %s: the answer is not as documented: %s: %s %v", c.method, c.path, e.Message, e.Reason, e.SchemaValidationErrors)
			}
		}
	}
	return got
}

func (g *gate) must(c call) map[string]any {
	g.T.Helper()
	a := g.do(c)
	if a.status != http.StatusOK && a.status != http.StatusCreated {
		g.T.Fatalf("%s %s: %d %s", c.method, c.path, a.status, a.body)
	}
	var out map[string]any
	if err := json.Unmarshal(a.body, &out); err != nil {
		g.T.Fatal(err)
	}
	return out
}

// The document is OpenAPI 3.1 and fits together.
func TestDocument_valid(t *testing.T) {
	if ok, errs := documentValidator(t).ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}

// A whole working day over the API, from set-up to sign-out, every answer as
// documented.
func TestLive_workingDay(t *testing.T) {
	g := newGate(t)
	field := func(m map[string]any, path ...string) any {
		var v any = m
		for _, p := range path {
			v = v.(map[string]any)[p]
		}
		return v
	}
	if field(g.must(call{method: "GET", path: "/api/v1/installation"}), "setUp") != false {
		t.Error("set up already")
	}
	begun := g.must(call{method: "POST", path: "/api/v1/setup", body: `{"accountHandle":"harbour","accountName":"Harbour","accountEmail":"o@harbour.example","login":"anna","name":"Anna","email":"anna@harbour.example","language":"en","password":"` + opstest.Password + `"}`})
	code := func(from map[string]any) string {
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(field(from, "authenticatorApp", "key").(string), " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		app, err := mfa.ParseAppSecret(key)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := mfa.Code(app, g.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return shown.Reveal()
	}
	confirm := func(from map[string]any) string {
		return `{"ceremony":"` + field(from, "ceremony").(string) + `","code":"` + code(from) + `"}`
	}
	a := g.do(call{method: "POST", path: "/api/v1/setup/finish", body: confirm(begun)})
	if a.status != 200 || len(a.cookies) != 1 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	token := a.cookies[0].Value
	if bytes.Contains(a.body, []byte(token)) {
		t.Error("the token is in the answer")
	}
	for _, path := range []string{"/session", "/profile", "/users", "/users?limit=1&q=an&status:eq=active", "/users?limit=0", "/roles", "/activity", "/activity?event=setup.finished&limit=2&since=2020-01-01T00:00:00Z"} {
		g.must(call{method: "GET", path: "/api/v1" + path, token: token})
		g.must(call{method: "GET", path: "/api/v1" + path, token: token, header: map[string]string{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}})
	}
	roles := g.must(call{method: "GET", path: "/api/v1/roles", token: token})["entities"].([]any)
	added := g.must(call{method: "POST", path: "/api/v1/users", token: token, body: `{"login":"tom","name":"Tom","email":"tom@harbour.example","language":"de","roles":["` + field(roles[2].(map[string]any), "id").(string) + `"]}`})
	g.must(call{method: "GET", path: "/api/v1/users/" + field(added, "user", "id").(string), token: token})
	_, link, _ := strings.Cut(field(added, "activation", "link").(string), "#/activate?t=")
	g.must(call{method: "POST", path: "/api/v1/activation/check", body: `{"secret":"` + link + `"}`})
	g.must(call{method: "POST", path: "/api/v1/activation/complete", body: `{"secret":"` + link + `","password":"` + opstest.Password + `"}`})
	a = g.do(call{method: "POST", path: "/api/v1/session", body: `{"login":"tom","password":"` + opstest.Password + `"}`})
	tom := a.cookies[0].Value
	if p := g.do(call{method: "GET", path: "/api/v1/users", token: tom}).problem(t); p.Code != "mfa_setup_required" {
		t.Errorf("before the second factor: %s", p.Code)
	}
	begun = g.must(call{method: "POST", path: "/api/v1/profile/authenticator-apps", token: tom})
	a = g.do(call{method: "POST", path: "/api/v1/profile/authenticator-apps/confirm", token: tom, body: confirm(begun)})
	if a.status != 200 || len(a.cookies) != 1 || a.cookies[0].Value == tom {
		t.Fatalf("no new token: %d %s", a.status, a.body)
	}
	g.must(call{method: "GET", path: "/api/v1/users", token: a.cookies[0].Value})
	waiting := g.must(call{method: "POST", path: "/api/v1/session", body: `{"login":"tom","password":"` + opstest.Password + `"}`})
	recovery := field(begun, "recoveryCodes").([]any)[0].(string)
	a = g.do(call{method: "POST", path: "/api/v1/session/second-factor", body: `{"ceremony":"` + field(waiting, "ceremony").(string) + `","recoveryCode":"` + recovery + `"}`})
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a = g.do(call{method: "DELETE", path: "/api/v1/session", token: a.cookies[0].Value})
	if a.status != 200 || len(a.cookies) != 1 || a.cookies[0].MaxAge != -1 || a.cookies[0].Value != "" {
		t.Errorf("signing out leaves the cookie: %d %v", a.status, a.cookies)
	}
}

// Every operation that has a route is reached there, and nothing else is.
func TestLive_routes(t *testing.T) {
	g := furnished(t)
	for _, o := range g.Ops.Table().All() {
		i := o.Info()
		if i.Route == op.NoRoute {
			continue
		}
		method, path, _ := strings.Cut(i.Route, " ")
		path = rest.Prefix + strings.ReplaceAll(path, "{id}", "usr_x")
		body := map[bool]string{true: "{}"}[method == "POST"]
		for _, slash := range []string{"", "/"} {
			a := g.do(call{method: method, path: path + slash, body: body, outside: slash != ""})
			if a.status == http.StatusNotFound && i.Name != "users.show" || a.status == http.StatusMethodNotAllowed {
				t.Errorf("%s is not at %s: %d %s", i.Name, i.Route, a.status, a.body)
			}
		}
		a := g.do(call{method: "PUT", path: path, body: "{}", outside: true})
		if a.status != http.StatusMethodNotAllowed || !strings.Contains(a.header.Get("Allow"), method) {
			t.Errorf("PUT %s: %d, allowed %q", path, a.status, a.header.Get("Allow"))
		}
		a.problem(t)
	}
	for _, path := range []string{"", "/nothing", "/setup/console", "/users/x/y", "/openapi", "/Users"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			a := g.do(call{method: method, path: rest.Prefix + path, outside: true})
			if path == "" {
				continue // the prefix without its slash is the page's
			}
			if p := a.problem(t); a.status != http.StatusNotFound || p.Code != "not_found" {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
	}
	if a := g.do(call{method: "GET", path: "/api/v1/openapi.json", outside: true}); a.status != 200 || !bytes.Equal(a.body, rest.Document(g.Ops.Table())) {
		t.Error("the document is not served")
	}
}

// What cannot be read is refused with a code and a sentence, and changes
// nothing.
func TestLive_badRequests(t *testing.T) {
	g := furnished(t)
	token := g.anna.Token().Reveal()
	role := string(g.Role(g.otter, "Support"))
	good := `"login":"new.user","name":"N","email":"n@otter.example","language":"en","roles":["` + role + `"]`
	add := func(body string, header map[string]string) call {
		return call{method: "POST", path: "/api/v1/users", token: token, body: body, header: header}
	}
	get := func(query string) call { return call{method: "GET", path: "/api/v1/users" + query, token: token} }
	for name, c := range map[string]struct {
		call   call
		status int
		code   string
	}{
		"a huge unknown field":       {add(`{"`+strings.Repeat(`\u202e`, 100_000)+`":1}`, nil), 400, "invalid_request"},
		"a huge field twice":         {add(`{"roles":{"`+strings.Repeat("x", 400_000)+`":1,"`+strings.Repeat("x", 400_000)+`":1}}`, nil), 400, "invalid_request"},
		"a huge parameter":           {get("?" + strings.Repeat("x", 8000) + "=1"), 400, "invalid_request"},
		"a huge operator":            {get("?q:" + strings.Repeat("x", 8000) + "=1"), 400, "invalid_request"},
		"a huge value":               {get("?limit=" + strings.Repeat("x", 8000)), 400, "invalid_request"},
		"two values":                 {add(`{`+good+`}{}`, nil), 400, "invalid_request"},
		"trailing garbage":           {add(`{`+good+`} x`, nil), 400, "invalid_request"},
		"half a value":               {add(`{`+good, nil), 400, "invalid_request"},
		"no JSON":                    {add(`login=x`, nil), 400, "invalid_request"},
		"a list":                     {add(`[]`, nil), 400, "invalid_request"},
		"null":                       {add(`null`, nil), 422, "invalid_fields"},
		"wrong type":                 {add(`{`+good+`,"forceMfa":"yes"}`, nil), 400, "invalid_request"},
		"number for a secret":        {call{method: "POST", path: "/api/v1/session", body: `{"login":"anna","password":15}`}, 400, "invalid_request"},
		"deep nesting":               {add(strings.Repeat(`[`, 200_000), nil), 400, "invalid_request"},
		"deep in an unknown field":   {add(`{"x":`+strings.Repeat(`{"a":`, 50_000), nil), 400, "invalid_request"},
		"unknown field":              {add(`{`+good+`,"colour":"red"}`, nil), 400, "invalid_request"},
		"mass assignment of admin":   {add(`{`+good+`,"admin":true}`, nil), 400, "invalid_request"},
		"mass assignment of status":  {add(`{`+good+`,"status":"active"}`, nil), 400, "invalid_request"},
		"mass assignment of account": {add(`{`+good+`,"account":"x"}`, nil), 400, "invalid_request"},
		"mass assignment of id":      {add(`{`+good+`,"id":"usr_1"}`, nil), 400, "invalid_request"},
		"the same field twice":       {add(`{`+good+`,"login":"other.user"}`, nil), 400, "invalid_request"},
		"another spelling":           {add(`{"Login":"new.user"}`, nil), 400, "invalid_request"},
		"NUL":                        {add(strings.Replace(`{`+good+`}`, "new.user", `new\u0000user`, 1), nil), 422, "invalid_fields"},
		"no UTF-8":                   {add(strings.Replace(`{`+good+`}`, "new.user", "new\xffuser", 1), nil), 422, "invalid_fields"},
		"half a surrogate":           {add(strings.Replace(`{`+good+`}`, `"N"`, `"\ud800"`, 1), nil), 422, "invalid_fields"},
		"text/plain":                 {add(`{`+good+`}`, map[string]string{"Content-Type": "text/plain"}), 415, "invalid_request"},
		"a form":                     {add(`{`+good+`}`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), 415, "invalid_request"},
		"no content type":            {add(`{`+good+`}`, map[string]string{"Content-Type": "-"}), 415, "invalid_request"},
		"more than 1 MiB":            {add(`{"name":"`+strings.Repeat("x", 1<<20)+`"}`, nil), 413, "too_large"},
		"query beside a body":        {call{method: "POST", path: "/api/v1/users?admin=true", token: token, body: `{` + good + `}`}, 400, "invalid_request"},
		"unknown parameter":          {get("?colour=red"), 400, "invalid_request"},
		"parameter twice":            {get("?limit=1&limit=2"), 400, "invalid_request"},
		"parameter in two forms":     {get("?limit=1&limit:eq=2"), 400, "invalid_request"},
		"unknown operator":           {get("?q:like=x"), 400, "invalid_request"},
		"no number":                  {get("?limit=ten"), 400, "invalid_request"},
		"a huge number":              {get("?limit=99999999999999999999"), 400, "invalid_request"},
		"limit too large":            {get("?limit=201"), 400, "invalid_request"},
		"broken escape":              {get("?q=%zz"), 400, "invalid_request"},
		"semicolon":                  {get("?q=a;limit=1"), 400, "invalid_request"},
		"NUL in the query":           {get("?q=%00"), 400, "invalid_request"},
		"no UTF-8 in the query":      {get("?q=%ff"), 400, "invalid_request"},
		"cursor of one's own":        {get("?cursor=x"), 400, "invalid_request"},
		"no time":                    {call{method: "GET", path: "/api/v1/activity?since=yesterday", token: token}, 400, "invalid_request"},
		"a body with GET":            {call{method: "GET", path: "/api/v1/users", token: token, body: `{}`}, 400, "invalid_request"},
		"NUL in an id":               {call{method: "GET", path: "/api/v1/users/%00", token: token}, 404, "not_found"},
		"SQL in an id":               {call{method: "GET", path: "/api/v1/users/'%20OR%201=1", token: token}, 404, "not_found"},
		"a key":                      {call{method: "GET", path: "/api/v1/users", token: token, header: map[string]string{"Authorization": "Bearer x"}}, 401, "key_refused"},
		"an empty Authorization":     {call{method: "GET", path: "/api/v1/session", token: token, header: map[string]string{"Authorization": ""}}, 401, "key_refused"},
		"nobody":                     {call{method: "GET", path: "/api/v1/users"}, 401, "unauthenticated"},
		"a cookie that is none":      {call{method: "GET", path: "/api/v1/users", token: "rubbish"}, 401, "unauthenticated"},
		"a cookie of the past":       {call{method: "GET", path: "/api/v1/users", token: strings.Repeat("A", 43)}, 401, "session_ended"},
	} {
		t.Run(name, func(t *testing.T) {
			before := g.Count(`SELECT COUNT(*) FROM users`)
			a := g.do(c.call)
			if p := a.problem(t); a.status != c.status || string(p.Code) != c.code {
				t.Errorf("%d %s (%.200s), want %d %s", a.status, p.Code, p.Detail, c.status, c.code)
			}
			if asks := a.header.Get("WWW-Authenticate"); (asks != "") != (a.status == 401) || asks != "" && asks != `Session realm="gatehouse", ApiKey realm="gatehouse"` {
				t.Errorf("%d asks for %q", a.status, asks)
			}
			if len(a.body) > 1<<10 {
				t.Errorf("the answer has %d bytes", len(a.body))
			}
			if g.Count(`SELECT COUNT(*) FROM users`) != before {
				t.Error("somebody was added")
			}
		})
	}
	if a := g.do(add(`{`+good+`}`, map[string]string{"Content-Type": "application/json; charset=utf-8"})); a.status != 201 {
		t.Errorf("the good one: %d %s", a.status, a.body)
	}
}

// Every answer carries the headers under which nothing but our own files runs.
func TestLive_headers(t *testing.T) {
	g := furnished(t)
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html; connect-src 'self'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security":    "max-age=31536000",
	}
	for name, c := range map[string]call{
		"page": {method: "GET", path: "/"}, "asset": {method: "GET", path: "/assets/app.js"}, "no page": {method: "GET", path: "/nothing"}, "wrong method": {method: "POST", path: "/"},
		"answer": {method: "GET", path: "/api/v1/session"}, "refusal": {method: "GET", path: "/api/v1/users"}, "no route": {method: "GET", path: "/api/v1/x"},
		"wrong host": {method: "GET", path: "/", host: "evil.example"}, "cross-origin": {method: "POST", path: "/api/v1/session", body: "{}", header: map[string]string{"Origin": "https://evil.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.outside = true
			a := g.do(c)
			for h, v := range want {
				if diff := cmp.Diff(v, a.header.Get(h)); diff != "" {
					t.Errorf("%s: %s", h, diff)
				}
			}
			if strings.HasPrefix(c.path, "/api") && a.header.Get("Cache-Control") != "no-store" && a.status != 403 {
				t.Errorf("it may be kept: %q", a.header.Get("Cache-Control"))
			}
		})
	}
}

// Only the names the server was given get an answer (DNS rebinding), and no
// page of another origin changes anything.
func TestLive_hostilePages(t *testing.T) {
	g := furnished(t)
	address := g.server.Listener.Addr().String()
	_, port, _ := strings.Cut(address, ":")
	for host, status := range map[string]int{
		"gate.example": 200, "GATE.example": 200, address: 200, "localhost:" + port: 200, "[::1]:" + port: 200,
		"evil.example": 421, "gate.example.evil.example": 421, "gate.example:81": 421, "localhost": 421, "127.0.0.1:1": 421, "gate.example.": 421, "0.0.0.0:" + port: 421,
	} {
		if a := g.do(call{method: "GET", path: "/api/v1/session", host: host, outside: true}); a.status != status {
			t.Errorf("Host %s: %d, want %d", host, a.status, status)
		}
	}
	signIn := `{"login":"anna","password":"x"}`
	for name, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"a program":                {nil, 401},
		"our own page":             {map[string]string{"Origin": "https://" + address, "Sec-Fetch-Site": "same-origin"}, 401},
		"another origin":           {map[string]string{"Origin": "https://evil.example"}, 403},
		"another port":             {map[string]string{"Origin": "https://127.0.0.1:1"}, 403},
		"another site":             {map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"a sibling":                {map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"a page without an origin": {map[string]string{"Origin": "null"}, 403},
	} {
		if a := g.do(call{method: "POST", path: "/api/v1/session", body: signIn, header: c.header, outside: true}); a.status != c.status {
			t.Errorf("%s: %d, want %d", name, a.status, c.status)
		}
	}
}

// The session's cookie stays on this host, away from scripts, and in this
// site; a session that has ended is taken out of the browser.
func TestLive_cookie(t *testing.T) {
	g := furnished(t)
	tom := g.Join(g.otter, opstest.Member{Login: "tom", NoFactor: true, State: user.Active})
	a := g.do(call{method: "POST", path: "/api/v1/session", body: `{"login":"` + string(tom.Login) + `","password":"` + opstest.Password + `"}`})
	if len(a.cookies) != 1 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	value := a.cookies[0].Value
	if want := "__Host-gatehouse=" + value + "; Path=/; HttpOnly; Secure; SameSite=Strict"; a.header.Get("Set-Cookie") != want {
		t.Errorf("the cookie is %q", a.header.Get("Set-Cookie"))
	}
	g.Clock.Advance(20 * 60e9)
	a = g.do(call{method: "GET", path: "/api/v1/profile", token: value})
	if got := a.header.Get("Set-Cookie"); got != "__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict" {
		t.Errorf("after the end the cookie is %q", got)
	}
	if p := a.problem(t); p.Code != "session_ended" {
		t.Errorf("code %s", p.Code)
	}
}

// Somebody who has to wait hears how long, in the header too.
func TestLive_retryAfter(t *testing.T) {
	g := furnished(t)
	guess := call{method: "POST", path: "/api/v1/session", body: `{"login":"anna","password":"wrong wrong wrong"}`}
	for range 5 {
		g.do(guess)
	}
	a := g.do(guess)
	if p := a.problem(t); a.status != 429 || p.RetryAfter != 30 || a.header.Get("Retry-After") != "30" {
		t.Errorf("%d, %d s, header %q", a.status, p.RetryAfter, a.header.Get("Retry-After"))
	}
}
