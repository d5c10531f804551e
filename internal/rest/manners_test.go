package rest_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/ops/opstest"
)

// What is created is answered with 201 and the address where it is; that
// address gives it.
func TestLive_created(t *testing.T) {
	g := furnished(t)
	token := g.anna.Token().Reveal()
	role := string(g.Role(g.otter, "Support"))
	for path, body := range map[string]string{
		"/users":         `{"login":"tom","name":"Tom","email":"tom@otter.example","language":"en","roles":["` + role + `"]}`,
		"/roles":         `{"name":"Night shift","permissions":["VIEW_USER"]}`,
		"/service-users": `{"login":"billing","name":"Billing","owner":"` + string(g.anna.ID) + `","expiresOn":"2026-12-31","roles":["` + role + `"]}`,
	} {
		a := g.do(call{method: "POST", path: "/api/v1" + path, token: token, body: body, outside: path == "/service-users"}) // which has no language
		at := a.header.Get("Location")
		if a.status != http.StatusCreated || !strings.HasPrefix(at, "/api/v1/") {
			t.Errorf("%s: %d, at %q: %s", path, a.status, at, a.body)
			continue
		}
		if a := g.do(call{method: "GET", path: at, token: token, outside: path == "/service-users"}); a.status != http.StatusOK {
			t.Errorf("%s: at %s there is %d %s", path, at, a.status, a.body)
		}
	}
	// Other writes make nothing that has an address.
	a := g.do(call{method: "POST", path: "/api/v1/users/" + string(g.anna.ID) + "/activation", token: token, body: `{}`})
	if a.status == http.StatusCreated || a.header.Get("Location") != "" {
		t.Errorf("a new activation: %d %q", a.status, a.header.Get("Location"))
	}
}

// HEAD is GET without the body, and what the address takes is said of itself too.
func TestLive_head(t *testing.T) {
	g := furnished(t)
	for _, path := range []string{"/users", "/users/", "/users?limit=1", "/openapi.json", "/manual.css", "/"} {
		get := g.do(call{method: "GET", path: "/api/v1" + path, token: g.anna.Token().Reveal(), outside: true})
		head := g.do(call{method: "HEAD", path: "/api/v1" + path, token: g.anna.Token().Reveal(), outside: true})
		if head.status != http.StatusOK || len(head.body) != 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("HEAD %s: %d %q, %d bytes", path, head.status, head.header.Get("Content-Type"), len(head.body))
		}
	}
	for _, path := range []string{"/openapi.json", "/manual.css", "/"} {
		a := g.do(call{method: "POST", path: "/api/v1" + path, body: "{}", outside: true})
		if a.problem(t); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %d, allowed %q", path, a.status, a.header.Get("Allow"))
		}
	}
}

// Whatever a query is made of, it gets a page or a sentence, and everybody in
// the page is of the account.
func TestLive_anyQuery(t *testing.T) {
	g := furnished(t)
	g.Join(g.Found("heron", account.MFARequired), opstest.Member{Login: "heron.anna", Role: "Admin"})
	names := []string{"status", "login", "email", "createdAt", "lastSeenAt", "adminUser", "q", "order", "limit", "offset", "cursor", "fields", "total", "role", "colour", ""}
	operators := []string{"", ":", ":eq", ":ne", ":like", ":not_like", ":gt", ":lte", ":in", ":not_in", ":null", ":not_null", ":x", ":in:in"}
	values := []string{
		"", "=", "=active", "=an%25", "=%25%25%25", "=_%5C!", "=1", "=0", "=true", "=2026-03-14", "=2026-03-14T09:26:53Z", "=a,b,,c", "=%27%20OR%201=1%20--", "=%00", "=%ff", "=%0A", "=%E2%80%AE",
		"=-name", "=id,login", "=name", "=99999999999999999999", "=ne:active", "=like:%25", "=" + strings.Repeat("%C3%A4", 300),
	}
	random := rand.New(rand.NewPCG(1, 2))
	pages := 0
	for range 1500 {
		var parts []string
		for range 1 + random.IntN(3) {
			parts = append(parts, names[random.IntN(len(names))]+operators[random.IntN(len(operators))]+values[random.IntN(len(values))])
		}
		query := strings.Join(parts, "&")
		a := g.do(call{method: "GET", path: "/api/v1/users?" + query, token: g.anna.Token().Reveal(), outside: true})
		switch {
		case a.status == http.StatusOK:
			pages++
			if strings.Contains(string(a.body), "heron") {
				t.Errorf("?%s: %s", query, a.body)
			}
		case a.status != http.StatusBadRequest || len(a.body) > 1<<10:
			t.Errorf("?%s: %d %.2000s", query, a.status, a.body)
		default:
			a.problem(t)
		}
	}
	if pages < 30 {
		t.Errorf("only %d of the queries gave a page", pages)
	}
}
