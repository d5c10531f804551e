package rest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A list gives only the fields that were asked for, in every way that clients
// ask, and refuses those it does not know before anything is looked up.
func TestLive_fields(t *testing.T) {
	g := furnished(t)
	token := g.anna.Token().Reveal()
	for query, want := range map[string]string{
		"fields=id,login":            "id login",
		"fields=login&fields=status": "login status",
		"fields=login&limit=1":       "login",
		"fields=":                    "400",
		"fields=password":            "400",
		"fields=login,%0Aid":         "400",
		"fields:in=login":            "400",
	} {
		a := g.do(call{method: "GET", path: "/api/v1/users?" + query, token: token, outside: true})
		if a.status != http.StatusOK {
			if p := a.problem(t); want != "400" || p.Code != "invalid_request" {
				t.Errorf("%s: %d %s", query, a.status, a.body)
			}
			continue
		}
		var page struct{ Entities []map[string]any }
		if err := json.Unmarshal(a.body, &page); err != nil || len(page.Entities) != 1 {
			t.Fatalf("%s: %s", query, a.body)
		}
		got := strings.Join(slices.Sorted(maps.Keys(page.Entities[0])), " ")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	for _, path := range []string{"/api/v1/session?fields=state", "/api/v1/profile?fields=user"} { // no lists
		if a := g.do(call{method: "GET", path: path, token: token, outside: true}); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
