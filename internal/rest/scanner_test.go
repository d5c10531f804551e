package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
)

// Programs that look after mailboxes open every link in a mail before the
// person does, some more than once and some with what they make of its
// fragment. None of that uses it up.
func TestActivation_scanners(t *testing.T) {
	g := newGate(t)
	harbour := g.Found("harbour", account.MFARequired)
	added := opstest.Must(g.Place, opstest.Console(""), g.Ops.Users.Add, ops.AddUserInput{
		Login: "noor", Name: "Noor", Email: "noor@harbour.example", Language: "en", Roles: []id.Role{g.Role(harbour, "Support")},
	})
	_, token, _ := strings.Cut(added.Activation.Link.Reveal(), "?t=")
	for _, path := range []string{"/", "/?t=" + token, "/activate?t=" + token, "/%23/activate?t=" + token, "/api/v1/activation/complete", "/api/v1/activation/check?secret=" + token} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodGet, http.MethodPost} {
			g.do(call{method: method, path: path, outside: true})
		}
	}
	a := g.do(call{method: "POST", path: "/api/v1/activation/complete", body: `{"secret":"` + token + `","password":"` + opstest.Password + `"}`})
	if a.status != http.StatusOK {
		t.Errorf("after the scanners: %d %s", a.status, a.body)
	}
	a = g.do(call{method: "POST", path: "/api/v1/activation/complete", body: `{"secret":"` + token + `","password":"` + opstest.Password + `"}`})
	if a.status == http.StatusOK {
		t.Error("the link works twice")
	}
}
