package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

func (w *town) check(s secret.Text) error {
	w.T.Helper()
	_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: s})
	return err
}

func (w *town) complete(s secret.Text, typed string) error {
	w.T.Helper()
	_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: s, Password: secret.New(typed)})
	return err
}

// Looking does not use a link up, choosing a password does, and link and code
// with it; nobody is signed in by it.
func TestActivation(t *testing.T) {
	for name, of := range map[string]func(*town, ops.ActivationIssued) secret.Text{
		"link": func(w *town, a ops.ActivationIssued) secret.Text { return tokenOf(w.T, a.Link) },
		"code": func(_ *town, a ops.ActivationIssued) secret.Text { return again(a.Code) },
		"code as typed": func(_ *town, a ops.ActivationIssued) secret.Text {
			return secret.New(" " + strings.ToLower(strings.ReplaceAll(a.Code.Reveal(), "-", " ")) + " ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			added := w.invite()
			s := of(w, added.Activation)
			for range 3 {
				got := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: s})
				if got.Login != added.User.Login || got.AccountName != w.otter.Name || got.Purpose != "activate" {
					t.Errorf("whom it is for: %+v", got)
				}
			}
			code(t, w.complete(s, "short"), problem.InvalidFields) // does not use it up either
			got := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: s, Password: secret.New(opstest.Password)})
			if got.Login != added.User.Login {
				t.Errorf("activated %s", got.Login)
			}
			if n := w.Count(`SELECT COUNT(*) FROM sessions`); n != 0 {
				t.Error("somebody was signed in")
			}
			if r := w.LastRecord(); opstest.Brief(r) != "activation.completed done by user Guest Goossens" || r.Means != "activation" || r.Account != w.otter.ID {
				t.Errorf("the log says %s", opstest.Brief(r))
			}
			for _, used := range []secret.Text{s, tokenOf(t, added.Activation.Link), again(added.Activation.Code)} {
				code(t, w.check(used), problem.ActivationDead)
				code(t, w.complete(used, opstest.Password), problem.ActivationDead)
			}
			_, err := w.signIn(string(added.User.Login), opstest.Password, "192.0.2.1")
			code(t, err, "ok")
		})
	}
}

// A link lives for 24 hours, a code on paper for 14 days.
func TestActivation_expires(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		after      time.Duration
		link, code problem.Code
	}{
		"within a day":  {day - time.Millisecond, "ok", "ok"},
		"a day":         {day, problem.ActivationDead, "ok"},
		"within 14":     {14*day - time.Millisecond, problem.ActivationDead, "ok"},
		"fourteen days": {14 * day, problem.ActivationDead, problem.ActivationDead},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			a := w.invite().Activation
			w.Clock.Advance(c.after)
			code(t, w.check(tokenOf(t, a.Link)), c.link)
			code(t, w.check(again(a.Code)), c.code)
			code(t, w.complete(tokenOf(t, a.Link), opstest.Password), c.link)
			if c.link != "ok" {
				code(t, w.complete(again(a.Code), opstest.Password), c.code)
			}
		})
	}
}

// What is dead, made up or mistyped opens nothing.
func TestActivation_refused(t *testing.T) {
	w := newTown(t)
	t.Run("older than a newer one", func(t *testing.T) {
		added := w.invite()
		newer := onetime.NewToken()
		w.Write(func(tx store.WriteTx) error {
			u, err := tx.User(access.Within(w.otter.ID), added.User.ID)
			if err != nil {
				return err
			}
			return tx.PutActivation(u.Ref(), store.Activation{
				Purpose: "activate", TokenDigest: newer.Digest(w.Vault.Digest), CodeDigest: onetime.NewCode().Digest(w.Vault.Digest),
				LinkExpiresAt: tx.Now().Add(time.Hour), CodeExpiresAt: tx.Now().Add(time.Hour), SeenWith: store.AnyRights,
			})
		})
		code(t, w.check(tokenOf(t, added.Activation.Link)), problem.ActivationDead)
		code(t, w.check(again(added.Activation.Code)), problem.ActivationDead)
		code(t, w.check(again(newer.Reveal())), "ok")
	})
	t.Run("made up", func(t *testing.T) {
		for _, s := range []string{"", "x", onetime.NewToken().Reveal().Reveal(), onetime.NewCode().Reveal().Reveal(), strings.Repeat("A", 100_000)} {
			code(t, w.check(secret.New(s)), problem.ActivationDead)
			code(t, w.complete(secret.New(s), opstest.Password), problem.ActivationDead)
		}
	})
	t.Run("mistyped", func(t *testing.T) {
		typed := []byte(w.invite().Activation.Code.Reveal())
		typed[0] = map[bool]byte{true: '7', false: '8'}[typed[0] == '8']
		err := w.check(secret.New(string(typed)))
		if diff := cmp.Diff([]string{"secret:bad_format"}, opstest.Violations(err)); diff != "" {
			t.Error(diff)
		}
	})
	for _, state := range []string{"deactivated", "deleted"} {
		t.Run(state, func(t *testing.T) {
			added := w.invite()
			w.Exec(`UPDATE users SET state = $1 WHERE id = $2`, state, string(added.User.ID))
			code(t, w.check(tokenOf(t, added.Activation.Link)), problem.ActivationDead)
			code(t, w.complete(tokenOf(t, added.Activation.Link), opstest.Password), problem.ActivationDead)
		})
	}
	t.Run("account suspended", func(t *testing.T) {
		added := w.invite()
		w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(w.otter.ID))
		defer w.Exec(`UPDATE accounts SET state = 'open' WHERE id = $1`, string(w.otter.ID))
		code(t, w.check(tokenOf(t, added.Activation.Link)), problem.ActivationDead)
		code(t, w.complete(tokenOf(t, added.Activation.Link), opstest.Password), problem.ActivationDead)
	})
	t.Run("made of one's own names", func(t *testing.T) {
		err := w.complete(w.invitation(), "Guest-Goossens-2026")
		if diff := cmp.Diff([]string{"password:password_context"}, opstest.Violations(err)); diff != "" {
			t.Error(diff)
		}
	})
}

// Ten at once with the same link: one chooses the password.
func TestActivation_atOnce(t *testing.T) {
	w := newTown(t)
	s := w.invitation()
	got := atOnce(10, func(n int) error {
		_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: s, Password: secret.New(opstest.Password)})
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "activation_dead": 9}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A new password by link ends every session, and forgives old failures at the
// login.
func TestActivation_newPassword(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	caller := who.Caller()
	for range 5 {
		_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
		code(t, err, problem.SignInFailed)
	}
	token := onetime.NewToken()
	w.Write(func(tx store.WriteTx) error {
		return tx.PutActivation(who.Ref, store.Activation{
			Purpose: "new_password", TokenDigest: token.Digest(w.Vault.Digest), CodeDigest: onetime.NewCode().Digest(w.Vault.Digest),
			LinkExpiresAt: tx.Now().Add(time.Hour), CodeExpiresAt: tx.Now().Add(time.Hour), SeenWith: store.AnyRights,
		})
	})
	code(t, w.complete(again(token.Reveal()), wrongPassword), "ok")
	opstest.Refused(w.Place, caller, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	_, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
	code(t, err, problem.SignInFailed)
	_, err = w.signIn(string(who.Login), wrongPassword, w.anywhere())
	code(t, err, "ok")
}

// Where no browser finds the installation there is a code and no link.
func TestActivation_withoutLink(t *testing.T) {
	w := &town{Place: opstest.New(t, opstest.Options{Place: ops.AtDesk, BaseURL: "-"})}
	w.otter = w.Found("otter", "required")
	a := w.invite().Activation
	if !a.Link.IsZero() {
		t.Error("there is a link to nowhere")
	}
	code(t, w.check(again(a.Code)), "ok")
}

// Links begin with the address in the settings, however the process that makes
// them was started; without one, with the address it was started with.
func TestActivation_publicAddress(t *testing.T) {
	w := newTown(t)
	begins := func(with string) {
		t.Helper()
		if link := w.invite().Activation.Link.Reveal(); !strings.HasPrefix(link, with+"/#/activate") {
			t.Errorf("the link is %s, want it at %s", link, with)
		}
	}
	begins("https://gate.example")
	opstest.Must(w.Place, opstest.Console("harbour"), w.Ops.Settings.Update, ops.UpdateSettingsInput{PublicURL: new("https://access.harbour.example/")})
	begins("https://access.harbour.example")
	opstest.Must(w.Place, opstest.Console("harbour"), w.Ops.Settings.Update, ops.UpdateSettingsInput{PublicURL: new("")})
	begins("https://gate.example")
}

// Codes are rate-limited by address, right ones too; a link, which cannot be
// guessed, always works, and so does a code from elsewhere.
func TestActivation_guessedCodes(t *testing.T) {
	w := newTown(t)
	for n := range 60 {
		s := again(onetime.NewCode().Reveal())
		if n%2 == 0 {
			code(t, w.check(s), problem.ActivationDead)
		} else {
			code(t, w.complete(s, opstest.Password), problem.ActivationDead)
		}
	}
	added := w.invite()
	typed := again(added.Activation.Code)
	code(t, w.check(typed), problem.TooManyAttempts)
	code(t, w.check(again(onetime.NewCode().Reveal())), problem.TooManyAttempts)
	_, err := w.signIn("nobody", opstest.Password, opstest.Somewhere.Address.String())
	code(t, err, problem.TooManyAttempts) // one bucket for everything that is guessed
	code(t, w.check(tokenOf(t, added.Activation.Link)), "ok")
	_, err = opstest.Do(w.Place, auth.Caller{Source: opstest.From("203.0.113.77")}, w.Ops.Activation.Check, ops.ActivationInput{Secret: typed})
	code(t, err, "ok")
	w.Clock.Advance(11 * time.Second)
	code(t, w.check(typed), "ok")
}
