package rest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/op"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/rest"
	"gatehouse/internal/user"
)

// Filters in a query, as registrars' lists take them: the operator with the
// name, values with commas or one after the other.
func TestLive_filters(t *testing.T) {
	g := furnished(t)
	for login, m := range map[string]opstest.Member{
		"bart": {Role: "Support"}, "chloe": {State: user.Invited}, "daan": {State: user.Deactivated, Role: "Tech"}, "elif": {State: user.Deleted},
	} {
		m.Login = login
		g.Join(g.otter, m)
	}
	token, tech := g.anna.Token().Reveal(), url.QueryEscape(string(g.Role(g.otter, "Tech")))
	everybody := []string{"anna", "bart", "chloe", "daan"}
	for query, want := range map[string][]string{
		"": everybody, "status=active": {"anna", "bart"}, "status:eq=active": {"anna", "bart"}, "status:ne=active": {"chloe", "daan"},
		"status:in=active,invited": {"anna", "bart", "chloe"}, "status:in=active%2Cinvited": {"anna", "bart", "chloe"}, "status%3Ain=invited": {"chloe"},
		"status=active&status=invited": {"anna", "bart", "chloe"}, "status:in=active&status:in=deactivated": {"anna", "bart", "daan"},
		"status:not_in=active,invited": {"daan"}, "status:not_in=active,invited,deactivated": {}, "status=": everybody, "status=&status=": everybody,
		"status:in=active&status=invited": {"anna", "bart", "chloe"}, "status=active&status:eq=active": {"anna", "bart"}, "status:not_in=active&status:not_in=invited": {"daan"},
		"status:ne=active&status:ne=invited": {"daan"}, "status=ne:active": {"chloe", "daan"}, "status:in=active,invited&status:ne=active": {"chloe"},
		"login:like=%25a%25": {"anna", "bart", "daan"}, "login=Anna&login=BART": {"anna", "bart"}, "createdAt:gte=2020-01-01&createdAt:lt=2021-01-01": {},
		"lastSeenAt:null&status=active": {"bart"}, "lastSeenAt:not_null=1": {"anna"}, "forceMfa=0": everybody, "forceMfa:ne=false": {}, "adminUser=1": {"anna"}, "adminUser=true": {"anna"},
		"mfa=setup_required": {"chloe"}, "mfa:ne=setup_required": {"anna", "bart", "daan"}, "mfa=off": {}, "mfa:in=on,off&status=deactivated": {"daan"},
		"role=" + tech: {"daan"}, "role:eq=" + tech: {"daan"}, "role=x": {}, "order=-login": {"daan", "chloe", "bart", "anna"}, "order:eq=createdAt&limit=1": {"anna"},
		"total=false&limit=2": {"anna", "bart"}, "total=0&limit=1": {"anna"}, "total=1&limit=1&offset=1": {"bart"}, "q=ar&status:in=active": {"bart"},
	} {
		a := g.do(call{method: "GET", path: "/api/v1/users?" + query, token: token})
		var page struct {
			Entities   []struct{ Login string }
			Pagination struct {
				Total          int
				TotalIsMinimum bool
			}
		}
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != 200 {
			t.Fatalf("?%s: %d %s", query, a.status, a.body)
		}
		got := []string{}
		for _, u := range page.Entities {
			got = append(got, u.Login)
		}
		if query == "order:eq=createdAt&limit=1" { // all were made at once
			got = got[:min(len(got), 1)]
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("?%s (-want +got):\n%s", query, diff)
		}
		if uncounted := strings.Contains(query, "total=false") || strings.Contains(query, "total=0"); page.Pagination.TotalIsMinimum != uncounted {
			t.Errorf("?%s: the total is %+v", query, page.Pagination)
		}
	}
	for _, query := range []string{
		"status:like=active", "status:=x", "status:gt=active", "status:in:in=active", "status:ne=active,invited", "status=active,invited",
		"status=x", "status:in=", "status=deleted", "status=active%0Ane:x", "login:gt=a", "login:null", "createdAt:like=2%25", "createdAt=yesterday", "lastSeenAt:null=no", "adminUser=yes",
		"login=%00", "login=%ff", "login=" + strings.Repeat("x", 300), "login:like=%25a%25a%25a%25a%25", strings.Repeat("login=a&", 1000) + "login=b", "login:in=" + strings.Repeat("a,", 100) + "b", "email:=x",
		"role=a&role=b", "role:in=" + tech, "role:ne=" + tech, "q=a&q=b", "q:in=a", "order=name&order=login", "order=email", "limit:ne=1", "total=maybe", "mfa=yes", "state=active", "Status=active",
	} {
		a := g.do(call{method: "GET", path: "/api/v1/users?" + query, token: token})
		if p := a.problem(t); a.status != 400 || p.Code != "invalid_request" {
			t.Errorf("?%s: %d %s", query, a.status, p.Code)
		}
	}
	for query, want := range map[string]int{
		"/activity?outcome=done": 200, "/activity?outcome:ne=done": 200, "/activity?outcome:in=done,refused": 200, "/activity?outcome=failed": 400, "/activity?person=x": 200,
		"/activity?event:in=a,b": 200, "/activity?at:gte=2020-01-01&at:lt=2020-02-01T00:00:00Z&order=at": 200, "/activity?at:like=2": 400, "/activity?order=event": 400, "/activity?person:in=x": 400, "/sessions?user=" + string(g.anna.ID): 200, "/sessions?user=x": 404, "/sessions?cursor=x": 400, "/sessions?limit=0": 200, "/sessions?status=x": 400, "/sessions?face=browser&order=userName": 200,
		"/profile/activity?limit=1": 200, "/profile/activity?person=x": 400, "/roles?limit=1": 200, "/roles?colour=red": 400, "/roles?builtIn=1&order=-name": 200, "/permissions": 200, "/permissions?x": 400, "/profile?x=1": 400,
	} {
		if a := g.do(call{method: "GET", path: "/api/v1" + query, token: token}); a.status != want {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

// A PATCH changes what its form has, and nothing that was slipped in beside.
func TestLive_massAssignment(t *testing.T) {
	g := furnished(t)
	who := g.Join(g.otter, opstest.Member{Login: "bart", Role: "Support"})
	token := g.anna.Token().Reveal()
	before := g.must(call{method: "GET", path: "/api/v1/users/" + string(who.ID), token: token})["user"]
	for field, value := range map[string]string{
		"login": `"boss"`, "adminUser": `true`, "status": `"active"`, "state": `"active"`, "accountId": `"acc_x"`, "account": `"acc_x"`, "id": `"usr_x"`, "password": `"x"`, "passwordHash": `"x"`,
		"mfa": `{"state":"off"}`, "createdAt": `"2020-01-01T00:00:00Z"`, "permissions": `["MANAGE_USER"]`, "ForceMfa": `true`, "NAME": `"x"`, "__proto__": `{}`,
	} {
		for path, own := range map[string]bool{"/users/" + string(who.ID): false, "/profile": true} {
			a := g.do(call{method: "PATCH", path: "/api/v1" + path, token: token, body: `{"name":"Somebody Else","` + field + `":` + value + `}`})
			if p := a.problem(t); a.status != 400 || p.Code != "invalid_request" {
				t.Errorf("%s to %s: %d %s", field, path, a.status, p.Code)
			}
			if own {
				continue
			}
			if diff := cmp.Diff(before, g.must(call{method: "GET", path: "/api/v1" + path, token: token})["user"]); diff != "" {
				t.Errorf("%s changed:\n%s", field, diff)
			}
		}
	}
	for _, field := range []string{"roles", "forceMfa"} { // of others, not of oneself
		a := g.do(call{method: "PATCH", path: "/api/v1/profile", token: token, body: `{"` + field + `":null}`})
		if a.status != 400 {
			t.Errorf("%s of oneself: %d %s", field, a.status, a.body)
		}
	}
	for body, want := range map[string]int{`{}`: 200, `{"name":null,"roles":null}`: 200, `{"roles":[]}`: 422, `{"name":"Zoë Quist"}`: 200, `{"name":5}`: 400, `{"roles":"x"}`: 400, `{"roles":[null]}`: 422, `[]`: 400} {
		if a := g.do(call{method: "PATCH", path: "/api/v1/users/" + string(who.ID), token: token, body: body}); a.status != want {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	after := g.must(call{method: "GET", path: "/api/v1/users/" + string(who.ID), token: token})["user"].(map[string]any)
	if after["name"] != "Zoë Quist" || after["login"] != "bart" || len(after["roles"].([]any)) != 1 {
		t.Errorf("it became %v", after)
	}
}

// Every address of the table takes its methods, with and without a slash at
// the end, and says of all others which they are.
func TestLive_methods(t *testing.T) {
	g := furnished(t)
	takes := map[string][]string{}
	for _, o := range g.Ops.Table().All() {
		if i := o.Info(); i.Route != op.NoRoute {
			method, path, _ := strings.Cut(i.Route, " ")
			takes[path] = append(takes[path], method)
		}
	}
	if len(takes) < 25 {
		t.Fatalf("only %d addresses", len(takes))
	}
	for path, methods := range takes {
		allowed := methods
		if slices.Contains(methods, "GET") {
			allowed = append(slices.Clone(methods), "HEAD")
		}
		slices.Sort(allowed)
		for _, slash := range []string{"", "/"} {
			at := rest.Prefix + strings.ReplaceAll(path, "{id}", "usr_x") + slash
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
				a := g.do(call{method: method, path: at, outside: true})
				taken := slices.Contains(methods, method) || method == "HEAD" && slices.Contains(methods, "GET")
				if (a.status == http.StatusMethodNotAllowed) == taken {
					t.Errorf("%s %s: %d", method, at, a.status)
				}
				if taken {
					continue
				}
				if got := a.header.Get("Allow"); got != strings.Join(allowed, ", ") {
					t.Errorf("%s %s: allowed are %q", method, at, got)
				}
				if method != "HEAD" {
					a.problem(t)
				}
			}
		}
	}
}
