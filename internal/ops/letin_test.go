package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/user"
)

// A new link makes the older one dead, says what it is for, and gives a new
// password and nothing more: second factors stay, and nobody is signed in.
func TestUsers_Reissue(t *testing.T) {
	for name, c := range map[string]struct {
		state   user.State
		purpose ops.Purpose
	}{
		"never came": {user.Invited, ops.ToActivate}, "forgot the password": {user.Active, ops.ToNewPassword},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{State: c.state})
			reissue := func() ops.ActivationIssued {
				t.Helper()
				return opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID})
			}
			older := reissue()
			w.Clock.Advance(time.Minute)
			newer := reissue()
			if r := w.LastRecord(); opstest.Brief(r) != "activation.issued done by user "+admin.Name || r.Object.ID != string(who.ID) || r.Detail["purpose"] != string(c.purpose) {
				t.Errorf("the log says %s: %v", opstest.Brief(r), r.Detail)
			}
			for _, s := range []secret.Text{tokenOf(t, older.Link), again(older.Code)} {
				code(t, w.check(s), problem.ActivationDead)
				code(t, w.complete(s, wrongPassword), problem.ActivationDead)
			}
			want := &ops.PendingActivation{Purpose: c.purpose, IssuedAt: w.Clock.Now(), ExpiresAt: newer.ExpiresAt, CodeExpiresAt: newer.CodeExpiresAt}
			if diff := cmp.Diff(want, opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Show, ops.UserID{ID: who.ID}).Activation); diff != "" {
				t.Errorf("what waits (-want +got):\n%s", diff)
			}
			seen := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: tokenOf(t, newer.Link)})
			if seen.Purpose != c.purpose || seen.Login != who.Login {
				t.Errorf("it is for %+v", seen)
			}
			session := who.Caller()
			if c.state == user.Active { // the old password is good until there is a new one
				w.askedForFactor(who)
			}
			code(t, w.complete(tokenOf(t, newer.Link), wrongPassword), "ok")
			if w.alive(session) {
				t.Error("a session from before lives on")
			}
			if d := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Show, ops.UserID{ID: who.ID}); d.Activation != nil || d.User.Status != user.Active || d.Sessions != 0 {
				t.Errorf("afterwards: %+v, %s, %d sessions", d.Activation, d.User.Status, d.Sessions)
			}
			_, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
			code(t, err, problem.SignInFailed)
			out, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
			code(t, err, "ok")
			if c.state == user.Active && out.State != ops.SecondFactorNeeded {
				t.Errorf("the second factor is gone: %s", out.State)
			}
		})
	}
}

// A hundred wrong guesses close a login for good, and a new link alone opens
// nothing: choosing a password with it does.
func TestUsers_Reissue_opensBlocked(t *testing.T) {
	w := newTown(t)
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{NoFactor: true})
	for range 100 {
		_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
		code(t, err, problem.SignInFailed)
		w.Clock.Advance(time.Hour)
	}
	w.Clock.Advance(1000 * 24 * time.Hour)
	blocked := func() {
		t.Helper()
		_, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
		code(t, err, problem.TooManyAttempts)
		if problem.Of(err).RetryAfter != 0 {
			t.Error("waiting is said to help")
		}
	}
	blocked()
	issued := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID})
	blocked()
	code(t, w.complete(tokenOf(t, issued.Link), wrongPassword), "ok")
	_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
	code(t, err, "ok")
}

// A reset takes every second factor away, ends the sessions and demands a new
// set-up; by itself it lets nobody in.
func TestUsers_ResetSecondFactors(t *testing.T) {
	w := newTown(t)
	meadow := w.Found("meadow", "recommended") // where nothing but the reset demands it
	admin, who := w.somebody(meadow, opstest.Member{Role: "Admin"}), w.somebody(meadow, opstest.Member{Role: "Support"})
	w.secondAppOf(who)
	session, waiting := who.Caller(), w.askedForFactor(who)
	for range 5 { // the guesses at what will be gone
		_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: secret.New("000000")})
		code(t, err, problem.CodeWrong)
	}
	in := ops.ResetInput{ID: who.ID, Reason: "  Lost the   phone. "}
	got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, in)
	r := w.LastRecord()
	if opstest.Brief(r) != "mfa.reset done by user "+admin.Name || r.Object.ID != string(who.ID) {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	if diff := cmp.Diff(map[string]any{"reason": "Lost the phone.", "factorsRemoved": float64(2), "sessionsEnded": float64(1)}, map[string]any(r.Detail)); diff != "" {
		t.Errorf("in detail (-want +got):\n%s", diff)
	}
	if !got.ForceMFA || got.MFA.State != "setup_required" || got.MFA.RequiredBy != "administrator" {
		t.Errorf("the user is %+v", got.MFA)
	}
	if n := w.Count(`SELECT COUNT(*) FROM throttles WHERE subject = $1`, "factor:"+string(who.ID)); n != 0 {
		t.Error("guesses at the old factor still count")
	}
	opstest.Refused(w.Place, session, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	for name, guess := range map[string]ops.VerifyInput{"the old code": {Code: who.Code()}, "a recovery code": {RecoveryCode: again(who.Recovery[0])}} {
		if _, err := w.verify(waiting, guess); opstest.CodeOf(err) != "code_wrong" {
			t.Errorf("%s gives %s", name, opstest.CodeOf(err))
		}
	}
	_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
	code(t, err, problem.SignInFailed)
	out, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
	code(t, err, "ok")
	c := with(out.SessionToken())
	opstest.Refused(w.Place, c, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
	begun := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	if len(begun.RecoveryCodes) != 10 {
		t.Errorf("%d recovery codes", len(begun.RecoveryCodes))
	}
	renewed := opstest.Must(w.Place, c, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: codeOf(t, appOf(t, begun.AuthenticatorApp), w.Clock.Now())})
	opstest.Must(w.Place, with(renewed.SessionToken()), w.Ops.Users.List, ops.UserList{})
}

// A reset without a reason changes nothing; nor does one of nothing.
func TestUsers_ResetSecondFactors_refused(t *testing.T) {
	w := newTown(t)
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	for reason, want := range map[string]string{
		"": "reason:required", " \t\n": "reason:required", "a\x00b": "reason:bad_text", "a\u202eb": "reason:bad_text", "\xff": "reason:bad_text", strings.Repeat("é", 501): "reason:too_long",
	} {
		_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: reason})
		if diff := cmp.Diff([]string{want}, opstest.Violations(err)); diff != "" {
			t.Errorf("%.20q (-want +got):\n%s", reason, diff)
		}
	}
	if w.show(who.ID).MFA.State != "on" {
		t.Error("it was reset all the same")
	}
	without := w.somebody(w.otter, opstest.Member{NoFactor: true})
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: without.ID, Reason: "Lost the phone."}, problem.Conflict)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: admin.ID, Reason: "Lost the phone."}, problem.OwnRights)
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: strings.Repeat("é", 500)})
}
