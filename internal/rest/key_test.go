package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/access"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
)

// madeKey is a key of an administrator, made as people make one.
func (g *gate) madeKey(t *testing.T, permissions ...access.Permission) (string, ops.Key) {
	t.Helper()
	who := g.Join(g.otter, opstest.Member{Login: "kay", Role: "Admin"})
	made := opstest.Must(g.Place, who.Caller(), g.Ops.Keys.Create, ops.CreateKeyInput{Description: "Billing", Channels: []string{"API"}, Permissions: permissions})
	return made.Secret.Reveal(), made.Key
}

// A program sends its key in the header, and is let in to what the key may do.
func TestKey_header(t *testing.T) {
	g := furnished(t)
	key, made := g.madeKey(t, access.ViewUser)
	with := func(value ...string) http.Header { return http.Header{"Authorization": value} }
	ask := func(path string, h http.Header) answer {
		t.Helper()
		return g.do(call{method: "GET", path: path, headers: h})
	}
	for _, scheme := range []string{"ApiKey ", "apikey ", "Bearer ", "BEARER "} {
		if a := ask("/api/v1/users?limit=1", with(scheme+key)); a.status != 200 {
			t.Errorf("%q: %d %s", scheme, a.status, a.body)
		}
	}
	if a := ask("/api/v1/profile", with("ApiKey "+key)); a.status != 200 || !strings.Contains(string(a.body), `"kay"`) {
		t.Errorf("its profile: %d %s", a.status, a.body)
	}
	for name, c := range map[string]struct {
		path   string
		header http.Header
		status int
		code   string
	}{
		"more than it may":      {"/api/v1/activity", with("ApiKey " + key), 403, "forbidden"},
		"what takes a person":   {"/api/v1/keys/" + string(made.ID), with("ApiKey " + key), 403, "in_person"},
		"two of them":           {"/api/v1/users", with("ApiKey "+key, "ApiKey "+key), 401, "key_refused"},
		"two in one":            {"/api/v1/users", with("ApiKey " + key + ", ApiKey " + key), 401, "key_refused"},
		"a slip":                {"/api/v1/users", with("ApiKey " + key[:53] + "!"), 401, "key_refused"},
		"another scheme":        {"/api/v1/users", with("Basic " + key), 401, "key_refused"},
		"no scheme":             {"/api/v1/users", with(key), 401, "key_refused"},
		"nothing":               {"/api/v1/users", with(""), 401, "key_refused"},
		"in the query":          {"/api/v1/users?key=" + key, nil, 400, "invalid_request"},
		"in the query, too":     {"/api/v1/users?q=x&api_key=" + key, with("ApiKey " + key), 400, "invalid_request"},
		"in the query, escaped": {"/api/v1/users?key=%67ate_" + key[5:], nil, 400, "invalid_request"},
	} {
		a := ask(c.path, c.header)
		p := a.problem(t)
		if a.status != c.status || string(p.Code) != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, p.Code, c.status, c.code)
		}
		if strings.Contains(string(a.body), key[11:]) {
			t.Errorf("%s: the answer repeats the key", name)
		}
	}
	if strings.Contains(string(g.log.bytes()), key[11:]) {
		t.Error("the log has the key")
	}
}

// Whatever is wrong with a key, the answer is the same, but for its request's
// number.
func TestKey_sameAnswer(t *testing.T) {
	g := furnished(t)
	key, made := g.madeKey(t, access.ViewUser)
	answers := map[string]bool{}
	ask := func() {
		a := g.do(call{method: "GET", path: "/api/v1/users", headers: http.Header{"Authorization": {"ApiKey " + key}}})
		p := a.problem(t)
		p.RequestID = ""
		answers[http.StatusText(a.status)+p.Detail+string(p.Code)] = true
	}
	g.Exec(`UPDATE api_keys SET expires_at = 1 WHERE id = $1`, string(made.ID))
	g.Exec(`UPDATE counters SET value = value + 1 WHERE name = 'rights'`)
	ask()
	g.Exec(`DELETE FROM api_keys`)
	g.Exec(`UPDATE counters SET value = value + 1 WHERE name = 'rights'`)
	ask()
	key = key[:20] + "A" + key[21:]
	ask()
	key = "rubbish"
	ask()
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

// What a program calls itself is kept as text of a bounded length, also where the
// answer comes from memory.
func TestKey_program(t *testing.T) {
	g := furnished(t)
	key, made := g.madeKey(t, access.ViewUser)
	for _, path := range []string{"/api/v1/profile", "/api/v1/profile", "/api/v1/users"} {
		h := http.Header{"Authorization": {"ApiKey " + key}, "User-Agent": {"shop\u202e" + strings.Repeat("x", 5000)}}
		if a := g.do(call{method: "GET", path: path, headers: h}); a.status != 200 {
			t.Fatalf("%s: %d", path, a.status)
		}
		if err := g.Engine.WriteCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := g.Count(`SELECT LENGTH(last_program) FROM api_keys WHERE id = $1 AND last_program LIKE 'shop%x' AND last_program NOT LIKE '%' || $2 || '%'`, string(made.ID), "\u202e"); n > 160 {
			t.Errorf("%s: %d characters are kept of what a program calls itself", path, n)
		}
	}
}
