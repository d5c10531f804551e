package ops_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/mfa"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
)

// pair switches another app on for whoever is signed in, and gives the new
// caller, the app and the recovery codes that came with it.
func (w *town) pair(c auth.Caller, name string) (auth.Caller, mfa.AppSecret, []secret.OneTime) {
	w.T.Helper()
	begun := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{Name: name})
	app := appOf(w.T, begun.AuthenticatorApp)
	out := opstest.Must(w.Place, c, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: codeOf(w.T, app, w.Clock.Now())})
	return with(out.SessionToken()), app, begun.RecoveryCodes
}

func (w *town) profile(c auth.Caller) ops.Profile {
	w.T.Helper()
	return opstest.Must(w.Place, c, w.Ops.Profile.Show, ops.None{})
}

func appNames(p ops.Profile) []string {
	all := []string{}
	for _, a := range p.AuthenticatorApps {
		all = append(all, a.Name)
	}
	return all
}

// Up to five apps, each with a name and codes of its own; a further one brings
// no new recovery codes; one of several can go.
func TestSecondFactors_apps(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	c, apps := who.Caller(), []mfa.AppSecret{who.App}
	for n := range 4 {
		other := who.Caller()
		w.Clock.Advance(time.Second)
		renewed, app, codes := w.pair(c, fmt.Sprintf("  Phone   %d ", n+2))
		if len(codes) != 0 {
			t.Errorf("%d recovery codes beside a second factor", len(codes))
		}
		if r := w.LastRecord(); opstest.Brief(r) != "mfa.app_enabled done by user "+who.Name || r.Detail["sessionsEnded"] != float64(1) || w.alive(other) {
			t.Errorf("the log says %s: %v", opstest.Brief(r), r.Detail)
		}
		c, apps = renewed, append(apps, app)
	}
	p := w.profile(c)
	if diff := cmp.Diff([]string{"", "Phone 2", "Phone 3", "Phone 4", "Phone 5"}, appNames(p)); diff != "" || p.RecoveryCodesLeft != 10 {
		t.Errorf("%d codes left, and the apps (-want +got):\n%s", p.RecoveryCodesLeft, diff)
	}
	opstest.Refused(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{}, problem.Conflict)

	w.Clock.Advance(time.Minute)
	for n, app := range apps { // the code of each app, each of them once
		shown := codeOf(t, app, w.Clock.Now())
		_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: shown})
		code(t, err, "ok")
		_, err = w.verify(w.askedForFactor(who), ops.VerifyInput{Code: shown})
		code(t, err, problem.CodeUsed)
		used := w.profile(c).AuthenticatorApps[n]
		if used.LastUsedAt == nil || !used.LastUsedAt.Equal(w.Clock.Now()) || used.LastUsedFrom != "192.0.2.7" {
			t.Errorf("app %d was last used at %v from %q", n, used.LastUsedAt, used.LastUsedFrom)
		}
	}

	gone := p.AuthenticatorApps[2]
	c = with(opstest.Must(w.Place, c, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: gone.ID}).SessionToken())
	if r := w.LastRecord(); opstest.Brief(r) != "mfa.app_removed done by user "+who.Name || r.Detail["name"] != "Phone 3" {
		t.Errorf("the log says %s: %v", opstest.Brief(r), r.Detail)
	}
	opstest.Refused(w.Place, c, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: gone.ID}, problem.NotFound)
	if diff := cmp.Diff([]string{"", "Phone 2", "Phone 4", "Phone 5"}, appNames(w.profile(c))); diff != "" {
		t.Errorf("the apps (-want +got):\n%s", diff)
	}
	w.Clock.Advance(time.Minute)
	_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: codeOf(t, apps[2], w.Clock.Now())})
	code(t, err, problem.CodeWrong)
}

// What an app may be called.
func TestSecondFactors_names(t *testing.T) {
	w := newTown(t)
	for name, want := range map[string][]string{
		"Phone": {}, "": {}, strings.Repeat("é", 40): {}, strings.Repeat("é", 41): {"name:too_long"}, "a\x00b": {"name:bad_text"}, "a\u202eb": {"name:bad_text"}, "\xff": {"name:bad_text"},
	} {
		_, err := opstest.Do(w.Place, w.somebody(w.otter, opstest.Member{}).Caller(), w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{Name: name})
		if diff := cmp.Diff(want, opstest.Violations(err)); diff != "" || len(want) == 0 && err != nil {
			t.Errorf("%.20q: %s (-want +got):\n%s", name, opstest.CodeOf(err), diff)
		}
	}
}

// Five of them in all, also when the sixth was begun before the fifth.
func TestSecondFactors_mostApps(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	for range 3 {
		w.secondAppOf(who)
	}
	c := who.Caller()
	first, second := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{}), opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	confirm := func(b ops.EnrolmentBegun) error {
		_, err := opstest.Do(w.Place, c, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(b.Ceremony), Code: codeOf(t, appOf(t, b.AuthenticatorApp), w.Clock.Now())})
		return err
	}
	code(t, confirm(first), "ok")
	code(t, confirm(second), problem.CeremonyOver)
	if n := len(w.profile(c).AuthenticatorApps); n != 5 {
		t.Errorf("%d apps", n)
	}
}

// The last second factor is not removed like one of several, and not at all
// while policy or an administrator demands one.
func TestSecondFactors_theLast(t *testing.T) {
	for name, c := range map[string]struct {
		policy  account.MFAPolicy
		forced  bool
		remove  problem.Code
		disable problem.Code
	}{
		"policy":        {"required", false, problem.MFARequired, problem.MFARequired},
		"both":          {"required", true, problem.MFARequired, problem.MFARequired},
		"administrator": {"recommended", true, problem.MFARequired, problem.MFARequired},
		"nobody":        {"recommended", false, problem.Conflict, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.Found("meadow", c.policy), opstest.Member{ForceMFA: c.forced})
			here, there := who.Caller(), who.Caller()
			_, err := opstest.Do(w.Place, here, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: w.profile(here).AuthenticatorApps[0].ID})
			code(t, err, c.remove)
			out, err := opstest.Do(w.Place, here, w.Ops.SecondFactors.Disable, ops.None{})
			code(t, err, c.disable)
			if c.disable != "ok" {
				if p := w.profile(here); p.MFA.State != "on" || p.RecoveryCodesLeft != 10 || !w.alive(there) {
					t.Errorf("something changed: %+v, %d codes", p.MFA, p.RecoveryCodesLeft)
				}
				return
			}
			if r := w.LastRecord(); opstest.Brief(r) != "mfa.disabled done by user "+who.Name {
				t.Errorf("the log says %s", opstest.Brief(r))
			}
			p := w.profile(with(out.SessionToken()))
			if p.MFA.State != "off" || len(p.AuthenticatorApps) != 0 || p.RecoveryCodesLeft != 0 || w.alive(there) {
				t.Errorf("%+v, %d apps, %d codes, or the other session lives", p.MFA, len(p.AuthenticatorApps), p.RecoveryCodesLeft)
			}
			opstest.Refused(w.Place, with(out.SessionToken()), w.Ops.SecondFactors.Disable, ops.None{}, problem.Conflict)
			in, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
			if err != nil || in.State != ops.SignedIn {
				t.Errorf("signing in is %s %s", in.State, opstest.CodeOf(err))
			}
		})
	}
}

// Another's app is not there to be removed.
func TestSecondFactors_foreignApps(t *testing.T) {
	w := newTown(t)
	who, other := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	w.secondAppOf(who)
	opstest.Refused(w.Place, who.Caller(), w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: w.secondAppOf(other)}, problem.NotFound)
}

// Whoever has a second factor has had recovery codes: an app that was begun
// beside another, and confirmed when that was gone, would have none; one begun
// as the first would bring a second set.
func TestSecondFactors_codesComeWithTheFirst(t *testing.T) {
	w := newTown(t)
	meadow := w.Found("meadow", "recommended")
	confirm := func(c auth.Caller, b ops.EnrolmentBegun) error {
		t.Helper()
		_, err := opstest.Do(w.Place, c, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(b.Ceremony), Code: codeOf(t, appOf(t, b.AuthenticatorApp), w.Clock.Now())})
		return err
	}
	c := w.somebody(meadow, opstest.Member{}).Caller()
	beside := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	c = with(opstest.Must(w.Place, c, w.Ops.SecondFactors.Disable, ops.None{}).SessionToken())
	code(t, confirm(c, beside), problem.CeremonyOver)
	if p := w.profile(c); p.MFA.State != "off" {
		t.Errorf("it is %s with %d recovery codes", p.MFA.State, p.RecoveryCodesLeft)
	}

	c = w.somebody(meadow, opstest.Member{NoFactor: true}).Caller()
	one, two := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{}), opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	code(t, confirm(c, one), "ok")
	code(t, confirm(c, two), problem.CeremonyOver)
	if p := w.profile(c); len(p.AuthenticatorApps) != 1 || p.RecoveryCodesLeft != 10 {
		t.Errorf("%d apps, %d codes", len(p.AuthenticatorApps), p.RecoveryCodesLeft)
	}
}

// New recovery codes are in force when they are said to be saved, and the old
// ones until then.
func TestSecondFactors_newCodes(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c, other := who.Caller(), who.Caller()
	begun := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginCodes, ops.None{})
	if len(begun.RecoveryCodes) != 10 || !begun.ExpiresAt.Equal(w.Clock.Now().Add(30*time.Minute)) {
		t.Errorf("%d codes until %v", len(begun.RecoveryCodes), begun.ExpiresAt)
	}
	try := func(shown secret.OneTime) error {
		t.Helper()
		_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{RecoveryCode: again(shown)})
		return err
	}
	code(t, try(who.Recovery[0]), "ok")
	code(t, try(begun.RecoveryCodes[0]), problem.CodeWrong)
	out := opstest.Must(w.Place, c, w.Ops.SecondFactors.ConfirmCodes, ops.CeremonyInput{Ceremony: again(begun.Ceremony)})
	if r := w.LastRecord(); opstest.Brief(r) != "mfa.codes_replaced done by user "+who.Name || w.alive(other) {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	for n := range 10 {
		if got := opstest.CodeOf(try(who.Recovery[n])); got != "code_wrong" && got != "too_many_attempts" {
			t.Errorf("old code %d gives %s", n, got)
		}
	}
	w.Clock.Advance(time.Hour)
	for n := range 10 {
		code(t, try(begun.RecoveryCodes[n]), "ok")
		code(t, try(begun.RecoveryCodes[n]), problem.CodeWrong)
	}
	opstest.Refused(w.Place, with(out.SessionToken()), w.Ops.SecondFactors.ConfirmCodes, ops.CeremonyInput{Ceremony: again(begun.Ceremony)}, problem.SessionEnded)

	without := w.somebody(w.Found("meadow", "recommended"), opstest.Member{NoFactor: true})
	opstest.Refused(w.Place, without.Caller(), w.Ops.SecondFactors.BeginCodes, ops.None{}, problem.Conflict)
}

// A ceremony is for the session that began it, which was stepped up: not for
// another one of the same user, nor for another user, and it waits no longer
// than half an hour.
func TestSecondFactors_ceremonies(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(w *town, who *opstest.Person, here auth.Caller) auth.Caller // who goes on
		want      problem.Code
	}{
		"the same session": {func(_ *town, _ *opstest.Person, here auth.Caller) auth.Caller { return here }, "ok"},
		"under a new token": {func(w *town, who *opstest.Person, here auth.Caller) auth.Caller {
			out, err := w.stepUp(here, ops.StepUpInput{Code: who.Code()})
			code(w.T, err, "ok")
			return with(out.SessionToken())
		}, "ok"},
		"a restart":       {func(w *town, _ *opstest.Person, here auth.Caller) auth.Caller { w.Reopen(); return here }, "ok"},
		"another session": {func(_ *town, who *opstest.Person, _ auth.Caller) auth.Caller { return who.Caller() }, problem.CeremonyOver},
		"another user": {func(w *town, _ *opstest.Person, _ auth.Caller) auth.Caller {
			return w.somebody(w.otter, opstest.Member{}).Caller()
		}, problem.CeremonyOver},
		"after half an hour": {func(w *town, who *opstest.Person, here auth.Caller) auth.Caller { return w.awake(here, 30*time.Minute) }, problem.CeremonyOver},
		"just in time": {func(w *town, who *opstest.Person, here auth.Caller) auth.Caller {
			return w.awake(here, 30*time.Minute-time.Second)
		}, "ok"},
		"after a password": {func(w *town, _ *opstest.Person, here auth.Caller) auth.Caller {
			out, err := w.changePassword(here, opstest.Password, wrongPassword)
			code(w.T, err, "ok")
			return with(out.SessionToken())
		}, "ok"},
		"after a reset": {func(w *town, who *opstest.Person, here auth.Caller) auth.Caller {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost the phone."})
			return here
		}, problem.SessionEnded},
	} {
		t.Run("app, "+name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			here := who.Caller()
			begun := opstest.Must(w.Place, here, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
			goesOn := c.meanwhile(w, who, here)
			in := ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: codeOf(t, appOf(t, begun.AuthenticatorApp), w.Clock.Now())}
			_, err := opstest.Do(w.Place, goesOn, w.Ops.SecondFactors.ConfirmApp, in)
			code(t, err, c.want)
			if c.want != "ok" {
				_, err = opstest.Do(w.Place, here, w.Ops.SecondFactors.ConfirmApp, in)
				if err == nil {
					t.Error("it went on after all")
				}
			}
		})
		t.Run("codes, "+name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			here := who.Caller()
			begun := opstest.Must(w.Place, here, w.Ops.SecondFactors.BeginCodes, ops.None{})
			_, err := opstest.Do(w.Place, c.meanwhile(w, who, here), w.Ops.SecondFactors.ConfirmCodes, ops.CeremonyInput{Ceremony: again(begun.Ceremony)})
			code(t, err, c.want)
		})
	}
}

// awake waits while the session is used.
func (w *town) awake(c auth.Caller, d time.Duration) auth.Caller {
	w.T.Helper()
	until := w.Clock.Now().Add(d)
	for w.Clock.Now().Before(until) {
		w.Clock.Advance(min(session.Idle-time.Minute, until.Sub(w.Clock.Now())))
		w.profile(c)
	}
	return c
}

// The code that switched an app on is spent by it.
func TestSecondFactors_confirmingCodeIsSpent(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	c, app, codes := w.pair(who.Caller(), "")
	if len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}
	_, err := w.stepUp(c, ops.StepUpInput{Code: codeOf(t, app, w.Clock.Now())})
	code(t, err, problem.CodeUsed)
	var means string
	w.Read(func(tx store.ReadTx) error {
		all, err := tx.SessionsOf(who.Ref)
		means = all[0].Means
		return err
	})
	if means != "password+authenticator_app" {
		t.Errorf("the session says %s", means)
	}
}
