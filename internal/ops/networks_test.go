package ops_test

import (
	"fmt"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/notice"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
)

// A sign-in from where there was none before is told, but for the very first;
// one machine's IPv6 network is one place; the Desk is none.
func TestNotices_newAddress(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	from := func(s access.Source) {
		t.Helper()
		_, err := opstest.Do(w.Place, auth.Caller{Source: s}, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
		code(t, err, "ok")
	}
	told := 0
	tells := func(what string, yes bool) {
		t.Helper()
		if yes {
			told++
		}
		if got := len(w.heard(who)); got != told {
			t.Fatalf("%s: %d notices, want %d", what, got, told)
		}
	}
	from(opstest.From("2001:db8::1"))
	tells("the first", false)
	from(opstest.From("2001:db8::ffff"))
	tells("the same network", false)
	w.Reopen()
	from(opstest.From("2001:db8::2"))
	tells("after a restart", false)
	from(opstest.From("192.0.2.1"))
	tells("another", true)
	if n := w.notices(who)[0]; n.Kind != notice.NewAddress || n.Address != "192.0.2.1" {
		t.Errorf("told of %s from %s", n.Kind, n.Address)
	}
	from(opstest.From("::ffff:192.0.2.1"))
	tells("the same, written otherwise", false)
	from(access.Source{Face: access.FaceDesk, Program: "the Desk"})
	tells("the Desk", false)

	_, err := w.signIn(string(who.Login), wrongPassword, "203.0.113.9")
	code(t, err, problem.SignInFailed)
	from(opstest.From("203.0.113.9"))
	tells("where only a guess came from", true)

	another := w.somebody(w.otter, opstest.Member{NoFactor: true})
	if _, err := w.signIn(string(another.Login), opstest.Password, "203.0.113.77"); err != nil {
		t.Fatal(err)
	}
	from(opstest.From("203.0.113.77"))
	tells("where somebody else comes from", true)

	for n := range session.Networks {
		w.Clock.Advance(time.Second)
		from(opstest.From(fmt.Sprintf("198.51.100.%d", n+1)))
		tells("one of many", true)
	}
	if n := w.Count(`SELECT COUNT(*) FROM networks WHERE user_id = $1`, string(who.ID)); n != session.Networks {
		t.Errorf("%d networks are kept", n)
	}
	w.Clock.Advance(time.Second)
	from(opstest.From("192.0.2.1"))
	tells("one that was too long ago", true)
	w.Clock.Advance(session.NetworkLife - time.Second)
	from(opstest.From("192.0.2.1"))
	tells("just within the time", false)
	w.Clock.Advance(session.NetworkLife)
	from(opstest.From("192.0.2.1"))
	tells("after the time", true)
	w.Clock.Advance(session.NetworkLife)
	w.Tidy()
	if n := w.Count(`SELECT COUNT(*) FROM networks`); n != 0 {
		t.Errorf("%d networks are remembered after their time", n)
	}
}
