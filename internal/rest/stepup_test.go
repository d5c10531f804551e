package rest_test

import (
	"bytes"
	"testing"
	"time"

	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/session"
)

// Over the API too a sensitive act asks for a proof; the new token comes in the
// cookie and nowhere else, and the old one is dead soon after.
func TestLive_stepUp(t *testing.T) {
	g := furnished(t)
	who := g.Join(g.otter, opstest.Member{Login: "bart", Role: "Support"})
	old := g.anna.Token().Reveal()
	change := func(token string) answer {
		return g.do(call{method: "PATCH", path: "/api/v1/users/" + string(who.ID), token: token, body: `{"name":"Somebody Else"}`})
	}
	g.Clock.Advance(session.StepUp + time.Millisecond)
	if a := change(old); a.status != 403 || a.problem(t).Code != "step_up_required" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	prove := func(body string) answer {
		return g.do(call{method: "POST", path: "/api/v1/session/step-up", token: old, body: body})
	}
	for body, want := range map[string]string{`{}`: "invalid_fields", `{"password":"` + opstest.Password + `"}`: "invalid_fields", `{"code":"000000"}`: "code_wrong"} {
		if a := prove(body); a.status != 422 || string(a.problem(t).Code) != want || len(a.cookies) != 0 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	a := prove(`{"code":"` + g.anna.Code().Reveal() + `"}`)
	if a.status != 200 || len(a.cookies) != 1 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c := a.cookies[0]
	if c.Name != "__Host-gatehouse" || !c.HttpOnly || !c.Secure || c.Value == old || bytes.Contains(a.body, []byte(c.Value)) {
		t.Errorf("the cookie is %s", c)
	}
	if a := change(c.Value); a.status != 200 {
		t.Errorf("after the proof: %d %s", a.status, a.body)
	}
	g.Clock.Advance(session.IDOverlap)
	if a := change(old); a.status != 401 || a.problem(t).Code != "session_ended" {
		t.Errorf("the old token: %d %s", a.status, a.body)
	}
}
