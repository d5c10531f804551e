package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/auth"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	keytest "gatehouse/internal/securitykey/securitykeytest"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
)

// A registration belongs to the session that began it, waits for half an hour,
// each of its challenges for two minutes, and one answer.
func TestSecurityKeys_ceremonies(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(w *town, who *opstest.Person, c *auth.Caller, r *registration)
		code      problem.Code
	}{
		"nothing": {nil, "ok"},
		"almost two minutes": {func(w *town, _ *opstest.Person, _ *auth.Caller, _ *registration) {
			w.Clock.Advance(2*time.Minute - 1e6)
		}, "ok"},
		"two minutes": {func(w *town, _ *opstest.Person, _ *auth.Caller, _ *registration) { w.Clock.Advance(2 * time.Minute) }, problem.CeremonyOver},
		"asked anew after that": {func(w *town, _ *opstest.Person, c *auth.Caller, r *registration) {
			w.Clock.Advance(10 * time.Minute)
			r.options = opstest.Must(w.Place, *c, w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Ceremony: r.ceremony}).Options
		}, "ok"},
		"an older challenge": {func(w *town, _ *opstest.Person, c *auth.Caller, r *registration) {
			opstest.Must(w.Place, *c, w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Ceremony: r.ceremony})
		}, problem.SecurityKeyRefused},
		"restart": {func(w *town, _ *opstest.Person, _ *auth.Caller, _ *registration) { w.Reopen() }, "ok"},
		"another session of the same person": {func(_ *town, who *opstest.Person, c *auth.Caller, _ *registration) {
			*c = who.Caller()
		}, problem.CeremonyOver},
		"somebody else": {func(w *town, _ *opstest.Person, c *auth.Caller, _ *registration) {
			*c = w.somebody(w.otter, opstest.Member{}).Caller()
		}, problem.CeremonyOver},
		"somebody of another account": {func(w *town, _ *opstest.Person, c *auth.Caller, _ *registration) {
			*c = w.somebody(w.heron, opstest.Member{}).Caller()
		}, problem.CeremonyOver},
		"a ceremony of another kind": {func(w *town, _ *opstest.Person, c *auth.Caller, r *registration) {
			r.ceremony = again(opstest.Must(w.Place, *c, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{}).Ceremony)
		}, problem.CeremonyOver},
		"no ceremony": {func(_ *town, _ *opstest.Person, _ *auth.Caller, r *registration) { r.ceremony = secret.New("") }, problem.CeremonyOver},
		"a challenge of another registration": {func(w *town, _ *opstest.Person, c *auth.Caller, r *registration) {
			r.options = w.asksForKey(*c, "Red key").options
		}, problem.SecurityKeyRefused},
		"the session ended": {func(w *town, _ *opstest.Person, c *auth.Caller, _ *registration) {
			opstest.Must(w.Place, *c, w.Ops.Session.SignOut, ops.None{})
		}, problem.SessionEnded},
		"deactivated": {func(w *town, who *opstest.Person, _ *auth.Caller, _ *registration) {
			w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(who.ID))
		}, problem.SessionEnded},
		"suspended": {func(w *town, _ *opstest.Person, _ *auth.Caller, _ *registration) {
			w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(w.otter.ID))
		}, problem.SessionEnded},
		"a second factor that brought codes": {func(w *town, who *opstest.Person, c *auth.Caller, _ *registration) {
			*c, _, _ = w.pair(*c, "Phone")
		}, "ok"},
		"the app is gone, so there would be no codes": {func(w *town, who *opstest.Person, _ *auth.Caller, _ *registration) {
			w.Exec(`DELETE FROM authenticator_apps WHERE user_id = $1`, string(who.ID))
			w.Exec(`UPDATE accounts SET mfa_policy = 'recommended' WHERE id = $1`, string(w.otter.ID))
		}, problem.CeremonyOver},
		"the Gate has another name": {func(w *town, _ *opstest.Person, _ *auth.Caller, _ *registration) {
			w.Write(func(tx store.WriteTx) error {
				return tx.PutSetting("public_url", "https://other.example")
			})
		}, problem.CeremonyOver},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			caller := who.Caller()
			r := w.asksForKey(caller, "Blue key")
			if c.meanwhile != nil {
				c.meanwhile(w, who, &caller, &r)
			}
			_, err := w.confirmKey(caller, r, keytest.New(keytest.ES256, r.options, gateOrigin).JSON())
			code(t, err, c.code)
			want := 0
			if c.code == "ok" {
				want = 1
			}
			if n := w.Count(`SELECT COUNT(*) FROM security_keys`); n != want {
				t.Errorf("%d keys are registered", n)
			}
		})
	}
}

// Before there is a second factor, one that was set up meanwhile has brought
// codes of its own: those of the key would replace them behind the person's
// back.
func TestSecurityKeys_codesOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	c := who.Caller()
	r := w.asksForKey(c, "Blue key")
	c, _, _ = w.pair(c, "Phone")
	_, err := w.confirmKey(c, r, keytest.New(keytest.ES256, r.options, gateOrigin).JSON())
	code(t, err, problem.CeremonyOver)
	_, _, codes := w.pairKey(c, "Blue key")
	if len(codes) != 0 {
		t.Errorf("%d recovery codes beside a second factor", len(codes))
	}
}

// Of two who answer the same challenge at once one succeeds, and a credential
// belongs to one person, whoever asks at the same time.
func TestSecurityKeys_atOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c := who.Caller()
	r := w.asksForKey(c, "Blue key")
	answer := keytest.New(keytest.ES256, r.options, gateOrigin)
	in := ops.ConfirmKeyInput{Ceremony: r.ceremony, Credential: answer.JSON()}
	got := atOnce(10, func(int) error {
		_, err := op.Do(t.Context(), w.Engine, c, w.Ops.SecondFactors.ConfirmKey, in)
		return err
	})
	if got["ok"] != 1 || got["ceremony_over"] != 9 {
		t.Errorf("registered at once: %v", got)
	}
	ceremony, options := w.waitsForKey(who, opstest.Somewhere)
	tapped := answer.Key.Sign(options, gateOrigin).JSON()
	got = atOnce(10, func(int) error {
		_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: ceremony, Credential: tapped})
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "ceremony_over": 9}, got); diff != "" {
		t.Errorf("answered at once: %s", diff)
	}

	callers, inputs := []auth.Caller{}, []ops.ConfirmKeyInput{}
	shared := keytest.New(keytest.ES256, []byte(`{}`), "").Key
	for n := range 5 {
		c := w.somebody(w.otter, opstest.Member{}).Caller()
		r := w.asksForKey(c, fmt.Sprintf("Key %d", n))
		callers, inputs = append(callers, c), append(inputs, ops.ConfirmKeyInput{Ceremony: r.ceremony, Credential: shared.Again(r.options, gateOrigin).JSON()})
	}
	got = atOnce(5, func(n int) error {
		_, err := op.Do(t.Context(), w.Engine, callers[n], w.Ops.SecondFactors.ConfirmKey, inputs[n])
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "security_key_taken": 4}, got); diff != "" {
		t.Errorf("one credential of five people: %s", diff)
	}
}

// A credential that is registered is not registered again: by the same person,
// whose client would have been told to leave it, by somebody else, or at another
// site.
func TestSecurityKeys_taken(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	_, key := w.keyFor(who, "Blue key")
	r := w.asksForKey(who.Caller(), "Red key")
	if !strings.Contains(string(r.options), `"excludeCredentials":[{"type":"public-key","id":"`+keytest.Text(key.ID)+`","transports":["usb"]}]`) {
		t.Errorf("the key is not excluded: %s", r.options)
	}
	for name, c := range map[string]auth.Caller{
		"oneself": who.Caller(), "a colleague": w.somebody(w.otter, opstest.Member{}).Caller(), "another account": w.somebody(w.heron, opstest.Member{}).Caller(),
		"at the Desk": w.signsInAt(who, atDesk),
	} {
		r := w.asksForKey(c, "Red key")
		if name != "oneself" && strings.Contains(string(r.options), keytest.Text(key.ID)) {
			t.Errorf("%s learns the credential", name)
		}
		_, err := w.confirmKey(c, r, key.Again(r.options, originOf(c.Source)).JSON())
		if got := opstest.CodeOf(err); got != "security_key_taken" {
			t.Errorf("%s gets %s", name, got)
		}
	}
}

// Several keys, each with a name of its own.
func TestSecurityKeys_names(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c, _ := w.keyFor(who, "Blue key")
	for name, c2 := range map[string]struct{ name, want string }{
		"none":               {"", "name:required"},
		"spaces":             {"   ", "name:required"},
		"too long":           {strings.Repeat("x", 41), "name:too_long"},
		"taken":              {"BLUE  KEY", "name:taken"},
		"right to left":      {"key\u202e", "name:bad_text"},
		"control characters": {"a\x00b", "name:bad_text"},
		"no text":            {"a\xff", "name:bad_text"},
	} {
		_, err := opstest.Do(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: c2.name})
		if diff := cmp.Diff([]string{c2.want}, opstest.Violations(err)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	hostile := `<img src=x onerror=alert(1)>`
	c, _, _ = w.pairKey(c, hostile)
	p := w.profile(c)
	if diff := cmp.Diff([]string{"Blue key", hostile}, keyNames(p)); diff != "" {
		t.Error(diff)
	}
	blue := p.SecurityKeys[0].ID
	records := len(w.Records())
	renamed := opstest.Must(w.Place, c, w.Ops.SecondFactors.RenameKey, ops.RenameKeyInput{ID: blue, Name: " Blue  one "})
	if renamed.Name != "Blue one" || !w.alive(c) {
		t.Errorf("renamed: %+v", renamed)
	}
	if diff := cmp.Diff([]string{"mfa.key_renamed done by user " + who.Name}, w.Since(records)); diff != "" {
		t.Error(diff)
	}
	_, err := opstest.Do(w.Place, c, w.Ops.SecondFactors.RenameKey, ops.RenameKeyInput{ID: blue, Name: hostile})
	if diff := cmp.Diff([]string{"name:taken"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
	opstest.Must(w.Place, c, w.Ops.SecondFactors.RenameKey, ops.RenameKeyInput{ID: blue, Name: "BLUE ONE"}) // its own name is not taken

	for n := range 8 {
		c, _, _ = w.pairKey(c, fmt.Sprintf("Key %d", n))
	}
	opstest.Refused(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "The eleventh"}, problem.Conflict)
}

// Keys go one by one, but not the last second factor, and not at all while it is
// the only one that works here.
func TestSecurityKeys_remove(t *testing.T) {
	remove := func(w *town, c auth.Caller, name string) error {
		for _, k := range w.profile(c).SecurityKeys {
			if k.Name == name {
				_, err := opstest.Do(w.Place, c, w.Ops.SecondFactors.RemoveKey, ops.SecurityKeyID{ID: k.ID})
				return err
			}
		}
		w.T.Fatalf("no key %s", name)
		return nil
	}
	t.Run("beside an app", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{})
		c, _ := w.keyFor(who, "Blue key")
		other := who.Caller()
		k := w.profile(c).SecurityKeys[0].ID
		out := opstest.Must(w.Place, c, w.Ops.SecondFactors.RemoveKey, ops.SecurityKeyID{ID: k})
		if w.alive(other) || !w.alive(with(out.SessionToken())) {
			t.Error("the wrong sessions ended")
		}
		if diff := cmp.Diff([]string{"security_key_added by oneself", "security_key_removed by oneself"}, w.heard(who)); diff != "" {
			t.Errorf("told: %s", diff)
		}
		if r := w.LastRecord(); r.Event != "mfa.key_removed" || r.Detail["name"] != "Blue key" {
			t.Errorf("the log says %s %v", r.Event, r.Detail)
		}
		opstest.Refused(w.Place, with(out.SessionToken()), w.Ops.SecondFactors.RemoveKey, ops.SecurityKeyID{ID: k}, problem.NotFound)
	})
	for name, required := range map[string]bool{"required": true, "recommended": false} {
		t.Run("the last, "+name, func(t *testing.T) {
			w := newTown(t)
			want, wantHere := problem.MFARequired, problem.MFARequired
			if !required {
				w.relaxed()
				want, wantHere = problem.Conflict, problem.Conflict
			}
			who := w.somebody(w.otter, opstest.Member{NoFactor: true})
			c, _, codes := w.pairKey(who.Caller(), "Blue key")
			who.Recovery = codes
			code(t, remove(w, c, "Blue key"), want)

			desk, _ := w.deskKeyFor(who, "Desk key")
			c = who.Caller() // the Desk ended the other sessions
			code(t, remove(w, c, "Blue key"), wantHere)
			code(t, remove(w, desk, "Desk key"), wantHere)
			code(t, remove(w, desk, "Blue key"), "ok") // what works elsewhere may go
		})
	}
	t.Run("the app, beside a key that works here", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{})
		c, _ := w.keyFor(who, "Blue key")
		opstest.Must(w.Place, c, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: w.profile(c).AuthenticatorApps[0].ID})
	})
	t.Run("the app, beside a key that works elsewhere", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{})
		w.deskKeyFor(who, "Desk key")
		c := who.Caller()
		opstest.Refused(w.Place, c, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: w.profile(c).AuthenticatorApps[0].ID}, problem.MFARequired)
	})
	t.Run("two at once leave one", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{NoFactor: true})
		c, _, _ := w.pairKey(who.Caller(), "Blue key")
		c, _, _ = w.pairKey(c, "Red key")
		keys := w.profile(c).SecurityKeys
		got := atOnce(2, func(n int) error {
			_, err := op.Do(t.Context(), w.Engine, c, w.Ops.SecondFactors.RemoveKey, ops.SecurityKeyID{ID: keys[n].ID})
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "mfa_required": 1}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("all of them", func(t *testing.T) {
		w := newTown(t)
		w.relaxed()
		who := w.somebody(w.otter, opstest.Member{})
		c, _ := w.keyFor(who, "Blue key")
		out := opstest.Must(w.Place, c, w.Ops.SecondFactors.Disable, ops.None{})
		if p := w.profile(with(out.SessionToken())); len(p.SecurityKeys) != 0 || len(p.AuthenticatorApps) != 0 || p.RecoveryCodesLeft != 0 || p.MFA.State != "off" {
			t.Errorf("left: %+v", p)
		}
	})
}

// What others do to somebody's second factors takes their keys too, and a key
// shuts their password out of API and ISProxy for good (K5).
func TestSecurityKeys_reset(t *testing.T) {
	w := newTown(t)
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{NoFactor: true})
	c, key, _ := w.pairKey(who.Caller(), "Blue key")
	shown := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Show, ops.UserID{ID: who.ID})
	if len(shown.SecurityKeys) != 1 || shown.User.MFA.State != "on" {
		t.Errorf("an administrator sees %+v", shown.SecurityKeys)
	}
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.ReopenAPIPassword, ops.ReopenInput{ID: who.ID, Reason: "x"}, problem.Conflict)
	if list := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.List, ops.UserList{MFA: "on"}); !slices.Contains(logins(list), string(who.Login)) {
		t.Errorf("users with a second factor: %v", logins(list))
	}
	ceremony, options := w.waitsForKey(who, opstest.Somewhere)
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost it."})
	if w.LastRecord().Detail["factorsRemoved"] != float64(1) || w.alive(c) {
		t.Errorf("the log says %v", w.LastRecord().Detail)
	}
	_, err := w.tap(opstest.Somewhere, ceremony, key.Sign(options, gateOrigin).JSON())
	code(t, err, problem.SecurityKeyRefused)
	var shut bool
	w.Read(func(tx store.ReadTx) (err error) { shut, err = tx.PasswordsShut(who.Ref); return err })
	if !shut {
		t.Error("the password works on API again")
	}
	// The key is free for whoever finds it, and no way in for who had it.
	asked := w.asksPasskey(opstest.Somewhere)
	_, err = w.passkey(opstest.Somewhere, asked, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, problem.PasskeyRefused)
	other := w.somebody(w.otter, opstest.Member{}).Caller()
	r := w.asksForKey(other, "Found")
	_, err = w.confirmKey(other, r, key.Again(r.options, gateOrigin).JSON())
	code(t, err, "ok")

	leaver := w.somebody(w.otter, opstest.Member{})
	w.keyFor(leaver, "Blue key")
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Delete, ops.UserID{ID: leaver.ID})
	if n := w.Count(`SELECT COUNT(*) FROM security_keys WHERE user_id = $1`, string(leaver.ID)); n != 0 {
		t.Errorf("%d keys of somebody who was deleted", n)
	}
}

// A key steps up the session that asked, once.
func TestSecurityKeys_stepUp(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	c, key, _ := w.pairKey(who.Caller(), "Blue key")
	w.Clock.Advance(session.StepUp + time.Second)
	opstest.Refused(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "Red key"}, problem.StepUpRequired)
	shown := opstest.Must(w.Place, c, w.Ops.Session.Show, ops.None{}).Session
	if diff := cmp.Diff([]ops.Method{ops.KeyMethod, ops.RecoveryMethod}, shown.StepUpMethods); diff != "" {
		t.Errorf("methods: %s", diff)
	}
	begin := func(c auth.Caller) ops.KeyAsked {
		return opstest.Must(w.Place, c, w.Ops.Session.BeginStepUp, ops.PortInput{})
	}
	asked := begin(c)
	if !asked.ExpiresAt.Equal(w.Clock.Now().Add(2 * time.Minute)) {
		t.Errorf("the challenge ends at %v", asked.ExpiresAt)
	}
	answer := ops.StepUpInput{Ceremony: again(asked.Ceremony), Credential: key.Sign(asked.Options, gateOrigin).JSON()}

	opstest.Refused(w.Place, who.Caller(), w.Ops.Session.StepUp, answer, problem.CeremonyOver) // another session, which used it up
	opstest.Refused(w.Place, c, w.Ops.Session.StepUp, answer, problem.CeremonyOver)

	asked = begin(c)
	answer = ops.StepUpInput{Ceremony: again(asked.Ceremony), Credential: key.Sign(asked.Options, gateOrigin).JSON()}
	w.Reopen()
	out := opstest.Must(w.Place, c, w.Ops.Session.StepUp, answer)
	c = with(out.SessionToken())
	opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "Red key"})
	opstest.Refused(w.Place, c, w.Ops.Session.StepUp, answer, problem.CeremonyOver)
	if k := w.profile(c).SecurityKeys[0]; k.LastUsedFor != store.UsedToStepUp {
		t.Errorf("last used for %s", k.LastUsedFor)
	}

	asked = begin(c)
	w.Clock.Advance(2 * time.Minute)
	opstest.Refused(w.Place, c, w.Ops.Session.StepUp, ops.StepUpInput{Ceremony: again(asked.Ceremony), Credential: key.Sign(asked.Options, gateOrigin).JSON()}, problem.CeremonyOver)

	// A sign-in's challenge is none of a session.
	ceremony, options := w.waitsForKey(who, opstest.Somewhere)
	opstest.Refused(w.Place, c, w.Ops.Session.StepUp, ops.StepUpInput{Ceremony: ceremony, Credential: key.Sign(options, gateOrigin).JSON()}, problem.CeremonyOver)

	// Wrong answers are counted with all others, and the password does not help.
	for range 5 {
		asked = begin(c)
		a := key.Sign(asked.Options, gateOrigin)
		a.Signature = flipped(-1)
		opstest.Refused(w.Place, c, w.Ops.Session.StepUp, ops.StepUpInput{Ceremony: again(asked.Ceremony), Credential: a.JSON(), Password: secret.New(opstest.Password)}, problem.SecurityKeyRefused)
	}
	asked = begin(c)
	opstest.Refused(w.Place, c, w.Ops.Session.StepUp, ops.StepUpInput{Ceremony: again(asked.Ceremony), Credential: key.Sign(asked.Options, gateOrigin).JSON()}, problem.TooManyAttempts)

	nobody := w.somebody(w.otter, opstest.Member{})
	opstest.Refused(w.Place, nobody.Caller(), w.Ops.Session.BeginStepUp, ops.PortInput{}, problem.SecurityKeyUnavailable)
}
