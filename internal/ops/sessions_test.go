package ops_test

import (
	"testing"
	"time"

	"gatehouse/internal/auth"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

func with(token auth.Token) auth.Caller {
	return auth.Caller{Credential: auth.Session(token), Source: opstest.Somewhere}
}

func (w *town) alive(c auth.Caller) bool {
	w.T.Helper()
	return opstest.Must(w.Place, c, w.Ops.Session.Show, ops.None{}).State == ops.SignedIn
}

// A token that somebody had before a sign-in, of their own making or of
// another session, is not the token after it.
func TestSession_fixation(t *testing.T) {
	w := newTown(t)
	who, thief := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	planted, stolen := auth.NewToken(), thief.Token()
	for name, before := range map[string]auth.Token{"made up": planted, "another's": stolen} {
		t.Run(name, func(t *testing.T) {
			w.Clock.Advance(time.Minute)
			in := ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password), Code: who.Code()}
			out := opstest.Must(w.Place, with(before), w.Ops.Session.SignIn, in)
			if out.SessionToken().Reveal() == before.Reveal() {
				t.Error("the token from before the sign-in is the one after it")
			}
			if s := opstest.Must(w.Place, with(before), w.Ops.Session.Show, ops.None{}); s.Session != nil && s.Session.User.ID == who.ID {
				t.Error("the token from before the sign-in is signed in")
			}
			if !w.alive(with(out.SessionToken())) {
				t.Error("the new token is not")
			}
		})
	}
}

// Signing out ends the session for every copy of its token, and that session
// only.
func TestSession_signOut(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	here, there := who.Caller(), who.Caller()
	opstest.Must(w.Place, here, w.Ops.Session.SignOut, ops.None{})
	opstest.Refused(w.Place, here, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	opstest.Refused(w.Place, here, w.Ops.Session.SignOut, ops.None{}, problem.SessionEnded)
	if !w.alive(there) {
		t.Error("the other session ended too")
	}
	w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(who.ID))
	opstest.Refused(w.Place, there, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
}

// Fifteen minutes without use, eight hours whatever happens; looking whether
// one is signed in is no use.
func TestSession_ends(t *testing.T) {
	w := newTown(t)
	c := w.somebody(w.otter, opstest.Member{}).Caller()
	began := w.Clock.Now()
	for w.Clock.Now().Sub(began) < 8*time.Hour-14*time.Minute {
		w.Clock.Advance(14 * time.Minute)
		opstest.Must(w.Place, c, w.Ops.Profile.Show, ops.None{})
	}
	w.Clock.Advance(began.Add(8*time.Hour - time.Millisecond).Sub(w.Clock.Now()))
	if s := opstest.Must(w.Place, c, w.Ops.Session.Show, ops.None{}); s.State != ops.SignedIn || !s.Session.IdleEndsAt.Equal(s.Session.EndsAt) {
		t.Error("it ended early, or tells another end")
	}
	w.Clock.Advance(time.Millisecond)
	opstest.Refused(w.Place, c, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)

	c = w.somebody(w.otter, opstest.Member{}).Caller()
	for range 15 {
		if !w.alive(c) {
			t.Fatal("it ended early")
		}
		w.Clock.Advance(time.Minute)
	}
	if w.alive(c) {
		t.Error("looking kept it alive")
	}
	w.Tidy()
	if n := w.Count(`SELECT COUNT(*) FROM sessions`); n != 0 {
		t.Errorf("%d ended sessions are still kept", n)
	}
}

// Switching a second factor on gives the session a new token; the old one
// works ten seconds more, for calls under way, and all other sessions end.
func TestSession_newTokenWithFactor(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true, Role: "Admin"})
	other, token := who.Caller(), who.Token()
	here := with(token)
	opstest.Refused(w.Place, here, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
	begun := opstest.Must(w.Place, here, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	app := appOf(t, begun.AuthenticatorApp)
	wrong := ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: secret.New("000000")}
	opstest.Refused(w.Place, here, w.Ops.SecondFactors.ConfirmApp, wrong, problem.CodeWrong)
	if len(opstest.Must(w.Place, here, w.Ops.Profile.Show, ops.None{}).AuthenticatorApps) > 0 {
		t.Error("a wrong code switched it on")
	}
	out := opstest.Must(w.Place, here, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: codeOf(t, app, w.Clock.Now())})
	if out.SessionToken().IsZero() || out.SessionToken().Reveal() == token.Reveal() {
		t.Fatal("there is no new token")
	}
	opstest.Must(w.Place, with(out.SessionToken()), w.Ops.Users.List, ops.UserList{})
	opstest.Refused(w.Place, other, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	w.Clock.Advance(10*time.Second - time.Millisecond)
	if !w.alive(here) {
		t.Error("the old token ended at once")
	}
	w.Clock.Advance(time.Millisecond)
	if w.alive(here) {
		t.Error("the old token lives on")
	}
	// The same ceremony switches nothing on a second time, and its code is
	// spent.
	opstest.Refused(w.Place, with(out.SessionToken()), w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: codeOf(t, app, w.Clock.Now())}, problem.CeremonyOver)
	_, err := w.signIn(string(who.Login), opstest.Password, "192.0.2.1")
	code(t, err, "ok")
}

// Who must set up a second factor, and who says so.
func TestSession_enrolling(t *testing.T) {
	w := newTown(t)
	recommended := w.Found("meadow", "recommended")
	for name, c := range map[string]struct {
		who   *opstest.Person
		state string
		by    string
	}{
		"policy":               {w.somebody(w.otter, opstest.Member{NoFactor: true}), "setup_required", "policy"},
		"policy, has one":      {w.somebody(w.otter, opstest.Member{}), "on", "policy"},
		"administrator":        {w.somebody(recommended, opstest.Member{NoFactor: true, ForceMFA: true}), "setup_required", "administrator"},
		"recommended":          {w.somebody(recommended, opstest.Member{NoFactor: true}), "off", ""},
		"recommended, has one": {w.somebody(recommended, opstest.Member{}), "on", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := opstest.Must(w.Place, c.who.Caller(), w.Ops.Profile.Show, ops.None{}).MFA
			if string(got.State) != c.state || string(got.RequiredBy) != c.by {
				t.Errorf("%s by %q, want %s by %q", got.State, got.RequiredBy, c.state, c.by)
			}
		})
	}
}
