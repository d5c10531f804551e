package ops_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/auth"
	"gatehouse/internal/notice"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

func from(address string) auth.Caller { return auth.Caller{Source: opstest.From(address)} }

func asking4(c secret.Text, what string) ops.HelpInput {
	return ops.HelpInput{Ceremony: c, What: what, Reach: "+32 2 123 45 67"}
}

func byLogin(login, what string) ops.HelpByLoginInput {
	return ops.HelpByLoginInput{Login: login, What: what, Reach: "call me"}
}

// Whoever shows the password is told who helps; the sign-in goes on, and once
// it succeeds nobody has to help any more.
func TestHelp_ask(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	clerk := w.somebody(w.otter, opstest.Member{Role: "Support"})
	root := w.somebody(w.harbour, opstest.Member{Role: "Admin", AdminUser: true})
	for _, c := range []struct {
		who  *opstest.Person
		want ops.Helper
	}{{boss, ops.HelpedByOperator}, {clerk, ops.HelpedByAdmins}, {root, ops.HelpedByConsole}} {
		ceremony := w.askedForFactor(c.who)
		out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, asking4(ceremony, "First.\nSecond."))
		if out.Helper != c.want || out.Times != 1 {
			t.Errorf("%+v, want %s", out, c.want)
		}
		again := opstest.Must(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, asking4(ceremony, "Better words."))
		if again.Times != 2 || !again.AskedAt.Equal(out.AskedAt) {
			t.Errorf("asked again: %+v", again)
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM help_requests WHERE state = 'open' AND what = 'Better words.'`); n != 3 {
		t.Errorf("%d requests are open, want one of each", n)
	}
	if n := w.Count(`SELECT COUNT(*) FROM notices WHERE kind = $1 AND user_id = $2`, string(notice.HelpAsked), string(boss.ID)); n != 2 {
		t.Errorf("the admin user is told %d times that somebody asked with the password", n)
	}
	if n := w.Count(`SELECT COUNT(*) FROM outbox WHERE user_id = $1 AND channel = 'mail'`, string(boss.ID)); n != 2 {
		t.Errorf("the admin user gets %d mails", n)
	}
	ceremony := w.askedForFactor(boss)
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, asking4(ceremony, "Where is it?"))
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: ceremony, Code: boss.Code()})
	if n := w.Count(`SELECT COUNT(*) FROM help_requests WHERE user_id = $1 AND state = 'over'`, string(boss.ID)); n != 1 {
		t.Error("the person is in, and the request is still open")
	}
}

// All that is wrong is told at once, and nothing has happened.
func TestHelp_fields(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	ceremony := w.askedForFactor(who)
	records := len(w.Records())
	_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, ops.HelpInput{Ceremony: ceremony, What: strings.Repeat("x", 501), Reach: "\u202e"})
	if got := fmt.Sprint(opstest.Violations(err)); got != "[what:too_long reach:bad_text]" {
		t.Error(got)
	}
	_, err = opstest.Do(w.Place, opstest.Anybody(), w.Ops.HelpRequests.AskByLogin, ops.HelpByLoginInput{})
	if got := fmt.Sprint(opstest.Violations(err)); got != "[login:required what:required reach:required]" {
		t.Error(got)
	}
	if n := w.Count(`SELECT COUNT(*) FROM help_requests`); n != 0 || len(w.Records()) != records {
		t.Errorf("%d requests, %v", n, w.Since(records))
	}
}

// A request lets nobody in, and closes nothing: neither does a flood of them.
func TestHelp_locksNobodyOut(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	for n := range 40 {
		_, err := opstest.Do(w.Place, from("203.0.113.9"), w.Ops.HelpRequests.AskByLogin, byLogin(string(who.Login), fmt.Sprint("flood ", n)))
		if got := opstest.CodeOf(err); got != "ok" && got != string(problem.TooManyAttempts) {
			t.Fatal(got)
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM help_requests`); n != 1 {
		t.Errorf("%d requests", n)
	}
	if n := w.Count(`SELECT COUNT(*) FROM activity`); n > 8 {
		t.Errorf("the flood left %d records", n)
	}
	if n := w.Count(`SELECT COUNT(*) FROM help_requests WHERE what = 'flood 0'`); n != 1 {
		t.Error("whoever showed no password changed the words of a request")
	}
	// The person signs in as ever, from the very same address too; and asks with the password, whose words count.
	signedIn := opstest.Must(w.Place, from("203.0.113.9"), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	opstest.Refused(w.Place, from("203.0.113.9"), w.Ops.HelpRequests.Ask, asking4(again(signedIn.Ceremony), "It is me."), problem.TooManyAttempts)
	opstest.Must(w.Place, from("198.51.100.4"), w.Ops.HelpRequests.Ask, asking4(again(signedIn.Ceremony), "It is me."))
	if n := w.Count(`SELECT COUNT(*) FROM help_requests WHERE what = 'It is me.' AND password_shown AND state = 'open'`); n != 1 {
		t.Error("the person with the password is not heard")
	}
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: again(signedIn.Ceremony), Code: who.Code()})
	// And an hour later the address may ask again.
	w.Clock.Advance(61 * time.Minute)
	opstest.Must(w.Place, from("203.0.113.9"), w.Ops.HelpRequests.AskByLogin, byLogin("somebody.else", "x"))
}

// Nothing tells whether a login exists, whatever its state.
func TestHelp_tellsNothing(t *testing.T) {
	w := newTown(t)
	logins := map[string]string{
		"known": string(w.somebody(w.otter, opstest.Member{}).Login), "unknown": "nobody.here", "not a login": "?? / \x41",
		"deactivated": string(w.somebody(w.otter, opstest.Member{State: user.Deactivated}).Login),
		"invited":     string(w.somebody(w.otter, opstest.Member{State: user.Invited}).Login),
		"suspended":   string(w.somebody(w.suspended, opstest.Member{}).Login),
	}
	n := 0
	for what, login := range logins {
		n++
		for i := range 6 { // more often than a login may be asked for
			began := time.Now()
			out, err := opstest.Do(w.Place, from(fmt.Sprintf("203.0.113.%d", n)), w.Ops.HelpRequests.AskByLogin, byLogin(login, "x"))
			if text, _ := json.Marshal(out); err != nil || string(text) != "{}" {
				t.Errorf("%s, time %d: %s, %v", what, i, text, err)
			}
			if took := time.Since(began); took < 60*time.Millisecond {
				t.Errorf("%s: answered after %v, which tells", what, took)
			}
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM help_requests`); n != 1 {
		t.Errorf("%d requests, of people who cannot come in at all", n)
	}
}

// Somebody else's sign-in, one that is over, and none at all.
func TestHelp_foreignCeremony(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	for what, c := range map[string]secret.Text{"made up": secret.New("x"), "empty": {}, "of a token's form": secret.New(strings.Repeat("A", 43))} {
		_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, asking4(c, what))
		if got := opstest.CodeOf(err); got != string(problem.CeremonyOver) {
			t.Errorf("%s: %s", what, got)
		}
	}
	late := w.askedForFactor(who)
	w.Clock.Advance(6 * time.Minute)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, asking4(late, "too late"), problem.CeremonyOver)
	gone := w.askedForFactor(who)
	w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(who.ID))
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.HelpRequests.Ask, asking4(gone, "deactivated meanwhile"), problem.SignInFailed)
	if n := w.Count(`SELECT COUNT(*) FROM help_requests`); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// Many at once leave one request.
func TestHelp_atOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	ceremony := w.askedForFactor(who)
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			_, _ = opstest.Do(w.Place, from(fmt.Sprintf("203.0.113.%d", n)), w.Ops.HelpRequests.AskByLogin, byLogin(string(who.Login), "x"))
		})
		all.Go(func() {
			_, _ = opstest.Do(w.Place, from(fmt.Sprintf("198.51.100.%d", n)), w.Ops.HelpRequests.Ask, asking4(ceremony, "y"))
		})
	}
	all.Wait()
	if n := w.Count(`SELECT COUNT(*) FROM help_requests`); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// Administrators see and decline what their colleagues ask, and reset them; the
// admin user's request they see, and leave to the operator.
func TestHelp_ofColleagues(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	clerk, other := w.somebody(w.otter, opstest.Member{Role: "Support"}), w.somebody(w.otter, opstest.Member{Role: "Support"})
	abroad := w.stuck(w.somebody(w.heron, opstest.Member{}))
	bosss, clerks, others := w.stuck(boss), w.stuck(clerk), w.stuck(other)
	reason := func(h ops.HelpReason) ops.HelpReason { h.Reason = "Look into your drawer."; return h }

	if page := opstest.Must(w.Place, admin.Caller(), w.Ops.HelpRequests.List, ops.HelpList{State: "open"}); len(page.Entities) != 3 {
		t.Errorf("%+v", page.Entities)
	}
	opstest.Refused(w.Place, admin.Caller(), w.Ops.HelpRequests.Decline, reason(ops.HelpReason{ID: bosss}), problem.AdminUser)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.HelpRequests.Decline, reason(ops.HelpReason{ID: abroad}), problem.NotFound)
	opstest.Refused(w.Place, clerk.Caller(), w.Ops.HelpRequests.Decline, reason(ops.HelpReason{ID: others}), problem.Forbidden)
	opstest.Refused(w.Place, w.operator(), w.Ops.HelpRequests.Decline, reason(ops.HelpReason{ID: clerks}), problem.NotFound)
	_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.HelpRequests.Decline, ops.HelpReason{ID: clerks})
	if got := fmt.Sprint(opstest.Violations(err)); got != "[reason:required]" {
		t.Error(got)
	}

	closed := opstest.Must(w.Place, admin.Caller(), w.Ops.HelpRequests.Decline, reason(ops.HelpReason{ID: clerks}))
	if closed.State != store.HelpDeclined || closed.ClosedBy != admin.Name || closed.Reason != "Look into your drawer." {
		t.Errorf("%+v", closed)
	}
	opstest.Refused(w.Place, admin.Caller(), w.Ops.HelpRequests.Decline, reason(ops.HelpReason{ID: clerks}), problem.Conflict)
	if n := w.Count(`SELECT COUNT(*) FROM notices WHERE user_id = $1 AND kind = $2`, string(clerk.ID), string(notice.HelpDeclined)); n != 1 {
		t.Errorf("the colleague is told %d times", n)
	}
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: other.ID, Reason: "Lost the phone."})
	if n := w.Count(`SELECT COUNT(*) FROM help_requests WHERE id = $1 AND state = 'helped'`, string(others)); n != 1 {
		t.Error("the reset leaves the request open")
	}
}

// What nobody looks at ends by itself, and is forgotten after a time.
func TestHelp_tidy(t *testing.T) {
	w := newTown(t)
	who := w.lockedOut()
	w.Clock.Advance(15 * 24 * time.Hour)
	w.Tidy()
	if n := w.Count(`SELECT COUNT(*) FROM help_requests WHERE user_id = $1 AND state = 'over'`, string(who.ID)); n != 1 {
		t.Error("it is still open")
	}
	w.Clock.Advance(401 * 24 * time.Hour)
	w.Tidy()
	if n := w.Count(`SELECT COUNT(*) FROM help_requests`); n != 0 {
		t.Errorf("%d requests are kept for ever", n)
	}
}
