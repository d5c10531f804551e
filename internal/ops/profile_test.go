package ops_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/auth"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
)

func (w *town) changePassword(c auth.Caller, current, to string) (ops.Renewed, error) {
	w.T.Helper()
	return opstest.Do(w.Place, c, w.Ops.Profile.ChangePassword, ops.ChangePasswordInput{Current: secret.New(current), Password: secret.New(to)})
}

// One's own details are one's own to change; rights and login are not among
// them. A new e-mail address ends the other sessions and the link that waits.
func TestProfile_Update(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	here, there := who.Caller(), who.Caller()
	link := tokenOf(t, opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID}).Link)
	update := func(in ops.UpdateProfileInput) ops.User {
		t.Helper()
		return opstest.Must(w.Place, here, w.Ops.Profile.Update, in)
	}
	got := update(ops.UpdateProfileInput{Name: new("Zoë Quist"), Language: new("de"), Mobile: new("+32 470 12 34 56")})
	if got.Name != "Zoë Quist" || got.Language != "de" || got.Mobile != "+32470123456" || got.Email != who.Email || !w.alive(there) {
		t.Errorf("it became %+v", got)
	}
	if diff := cmp.Diff([]string{string(who.Login)}, w.found("quist")); diff != "" {
		t.Errorf("searching for the new name finds:\n%s", diff)
	}
	r := w.LastRecord()
	want := map[string]any{"name": change(who.Name, "Zoë Quist"), "language": change("en", "de"), "mobile": change("", "+32470123456")}
	if diff := cmp.Diff(want, map[string]any(r.Detail)); diff != "" || opstest.Brief(r) != "profile.updated done by user "+who.Name {
		t.Errorf("the log says %s (-want +got):\n%s", opstest.Brief(r), diff)
	}
	if got := update(ops.UpdateProfileInput{Mobile: new("")}); got.Mobile != "" {
		t.Errorf("the mobile is %s", got.Mobile)
	}
	code(t, w.check(link), "ok")
	if got := update(ops.UpdateProfileInput{Email: new("zoe@quist.example")}); got.Email != "zoe@quist.example" {
		t.Errorf("the address is %s", got.Email)
	}
	if w.alive(there) || !w.alive(here) {
		t.Error("the wrong sessions ended")
	}
	code(t, w.check(link), problem.ActivationDead)

	before := opstest.Must(w.Place, here, w.Ops.Profile.Show, ops.None{}).User
	_, err := opstest.Do(w.Place, here, w.Ops.Profile.Update, ops.UpdateProfileInput{Name: new("Somebody Else"), Email: new("x"), Language: new("fr"), Mobile: new("abc")})
	if diff := cmp.Diff([]string{"email:bad_format", "language:unknown", "mobile:bad_format"}, opstest.Violations(err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(before, opstest.Must(w.Place, here, w.Ops.Profile.Show, ops.None{}).User); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
}

// A new password needs the one before; then the other sessions and the link
// that waits are dead, and this session goes on under a new token.
func TestProfile_ChangePassword(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	token := who.Token()
	here, there, waiting := with(token), who.Caller(), w.askedForFactor(who)
	link := tokenOf(t, opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID}).Link)
	out, err := w.changePassword(here, opstest.Password, wrongPassword)
	code(t, err, "ok")
	r := w.LastRecord()
	if opstest.Brief(r) != "password.changed done by user "+who.Name || r.Object.ID != string(who.ID) || r.Detail["sessionsEnded"] != float64(1) {
		t.Errorf("the log says %s: %v", opstest.Brief(r), r.Detail)
	}
	renewed := with(out.SessionToken())
	if out.SessionToken().Reveal() == token.Reveal() || !w.alive(renewed) || w.alive(there) {
		t.Error("there is no new token, or the other session lives on")
	}
	code(t, w.complete(link, opstest.Password), problem.ActivationDead)
	_, err = w.verify(waiting, ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.SignInFailed)
	w.Clock.Advance(session.IDOverlap)
	if w.alive(here) {
		t.Error("the old token lives on")
	}
	_, err = w.signIn(string(who.Login), opstest.Password, w.anywhere())
	code(t, err, problem.SignInFailed)
	in, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
	if err != nil || in.State != ops.SecondFactorNeeded {
		t.Errorf("signing in with the new one: %s %s", in.State, opstest.CodeOf(err))
	}
}

// The wrong current password changes nothing, and is counted like one at the
// sign-in.
func TestProfile_ChangePassword_guessing(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c, other := who.Caller(), who.Caller()
	for range 5 {
		_, err := w.changePassword(c, wrongPassword, "a new password of some length")
		code(t, err, problem.PasswordWrong)
	}
	if r := w.LastRecord(); opstest.Brief(r) != "password.changed refused password_wrong by user "+who.Name {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	hashes := w.Hashes.Load()
	_, err := w.changePassword(c, opstest.Password, "a new password of some length")
	code(t, err, problem.TooManyAttempts)
	_, err = w.signIn(string(who.Login), opstest.Password, w.anywhere())
	code(t, err, problem.TooManyAttempts)
	if w.Hashes.Load() != hashes || !w.alive(other) {
		t.Error("a password was tried while blocked, or a session ended")
	}
	w.Clock.Advance(30 * time.Second)
	_, err = w.changePassword(c, opstest.Password, "a new password of some length")
	code(t, err, "ok")
}

// Two changes at once: one counts, and the other has the wrong password now.
func TestProfile_ChangePassword_atOnce(t *testing.T) {
	w := newTown(t)
	c := w.somebody(w.otter, opstest.Member{}).Caller()
	got := atOnce(4, func(n int) error {
		_, err := op.Do(t.Context(), w.Engine, c, w.Ops.Profile.ChangePassword, ops.ChangePasswordInput{
			Current: secret.New(opstest.Password), Password: secret.New(fmt.Sprint(wrongPassword, n)),
		})
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "password_wrong": 3}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What a new password has to be like: 15 characters, or 8 while a second
// factor is set up and cannot be given up; not listed, nor made of what
// strangers know.
func TestProfile_ChangePassword_policy(t *testing.T) {
	w := newTown(t)
	meadow := w.Found("meadow", "recommended")
	forced := w.somebody(w.otter, opstest.Member{})
	for name, c := range map[string]struct {
		who  *opstest.Person
		to   string
		want []string
	}{
		"8 with a factor that is required":     {w.somebody(w.otter, opstest.Member{}), "k3!mwqz7", nil},
		"8 with a factor an admin demands":     {w.somebody(meadow, opstest.Member{ForceMFA: true}), "k3!mwqz7", nil},
		"7 with a factor":                      {forced, "k3!mwqz", []string{"password:password_too_short"}},
		"8 with a factor that can be given up": {w.somebody(meadow, opstest.Member{}), "k3!mwqz7", []string{"password:password_too_short"}},
		"8 without a factor":                   {w.somebody(meadow, opstest.Member{NoFactor: true}), "k3!mwqz7", []string{"password:password_too_short"}},
		"14 without a factor":                  {w.somebody(meadow, opstest.Member{NoFactor: true}), "k3!mwqz7pv2#xj", []string{"password:password_too_short"}},
		"15 without a factor":                  {w.somebody(meadow, opstest.Member{NoFactor: true}), "k3!mwqz7pv2#xjd", nil},
		"listed":                               {forced, "password", []string{"password:password_listed"}},
		"the product":                          {forced, "gatehouse1", []string{"password:password_context"}},
		"the login":                            {forced, string(forced.Login) + "2026", []string{"password:password_context"}},
		"the account":                          {forced, "otter-2026", []string{"password:password_context"}},
		"too long":                             {forced, string(slices.Repeat([]byte("k3!mwqz7"), 200)), []string{"password:password_too_long"}},
		"nothing":                              {forced, "", []string{"password:required"}},
	} {
		t.Run(name, func(t *testing.T) {
			hashes := w.Hashes.Load()
			_, err := w.changePassword(c.who.Caller(), opstest.Password, c.to)
			if c.want == nil {
				code(t, err, "ok")
				return
			}
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" || w.Hashes.Load() != hashes {
				t.Errorf("-want +got, and no hash:\n%s", diff)
			}
		})
	}
	_, err := w.changePassword(forced.Caller(), "", "")
	if diff := cmp.Diff([]string{"current:required", "password:required"}, opstest.Violations(err)); diff != "" {
		t.Errorf("nothing at all (-want +got):\n%s", diff)
	}
}

// One's own activity is what one did and what was done to one, seen without
// any permission; nothing of others is in it.
func TestProfile_Activity(t *testing.T) {
	w := newTown(t)
	admin, who, other := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	mine := who.Caller()
	opstest.Refused(w.Place, mine, w.Ops.Activity.List, ops.ActivityList{}, problem.Forbidden)
	opstest.Must(w.Place, mine, w.Ops.Profile.Update, ops.UpdateProfileInput{Language: new("de")})
	opstest.Must(w.Place, other.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Language: new("de")})
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: other.ID, Mobile: new("+32470123456")})
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Mobile: new("+32470123456")})
	_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
	code(t, err, problem.SignInFailed)
	opstest.Must(w.Place, admin.Caller(), w.Ops.Sessions.EndAll, ops.UserID{ID: who.ID})
	mine = who.Caller()
	want := []string{"session.all_ended done", "session.signed_in refused", "user.updated done", "profile.updated done", "access.refused refused"}
	brief := func(page ops.Page[ops.Record]) (all []string) {
		for _, r := range page.Entities {
			all = append(all, r.Event+" "+string(r.Outcome))
			if r.Actor.ID != string(who.ID) && r.Object.ID != string(who.ID) {
				t.Errorf("%s of %s by %s is in it", r.Event, r.Object.Name, r.Actor.Name)
			}
		}
		return all
	}
	list := func(in ops.Paging) ops.Page[ops.Record] {
		t.Helper()
		return opstest.Must(w.Place, mine, w.Ops.Profile.Activity, ops.OwnActivity{Paging: in})
	}
	if diff := cmp.Diff(want, brief(list(ops.Paging{}))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want[2:4], brief(list(ops.Paging{Offset: 2, Limit: ptr(2)}))); diff != "" {
		t.Errorf("from the third on (-want +got):\n%s", diff)
	}
	var paged []string
	for in := (ops.Paging{Limit: ptr(2)}); ; {
		page := list(in)
		paged = append(paged, brief(page)...)
		if page.Pagination.Total != len(want) || page.Pagination.TotalIsMinimum {
			t.Errorf("the total is %+v", page.Pagination)
		}
		if in.Cursor = page.Pagination.NextCursor; in.Cursor == "" || len(paged) > 20 {
			break
		}
	}
	if diff := cmp.Diff(want, paged); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
	// The account's log narrowed down to the person is the same.
	all := opstest.Must(w.Place, admin.Caller(), w.Ops.Activity.List, ops.ActivityList{Person: string(who.ID)})
	if diff := cmp.Diff(want, brief(all)); diff != "" {
		t.Errorf("to an administrator (-want +got):\n%s", diff)
	}
	for outcome, want := range map[listing.Filter][]string{
		"refused": {want[1], want[4]}, "done": {want[0], want[2], want[3]}, "ne:done": {want[1], want[4]}, "in:done,refused": want,
		"in:done,done": {want[0], want[2], want[3]}, "not_in:done,refused": nil,
	} {
		page := opstest.Must(w.Place, admin.Caller(), w.Ops.Activity.List, ops.ActivityList{Person: string(who.ID), Outcome: outcome})
		if diff := cmp.Diff(want, brief(page)); diff != "" || page.Pagination.Total != len(want) {
			t.Errorf("%s, %d in total (-want +got):\n%s", outcome, page.Pagination.Total, diff)
		}
	}
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Activity.List, ops.ActivityList{Outcome: "failed"}, problem.InvalidRequest)
}
