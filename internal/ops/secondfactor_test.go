package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// A code of the authenticator app: the current and the previous step, each
// once, and never an older one after a newer.
func TestVerify_steps(t *testing.T) {
	const step = 30 * time.Second
	for name, c := range map[string]struct {
		codes []time.Duration // of when, one after the other
		want  []string
	}{
		"now":                    {[]time.Duration{0}, []string{"ok"}},
		"previous":               {[]time.Duration{-step}, []string{"ok"}},
		"next":                   {[]time.Duration{step}, []string{"code_wrong"}},
		"last but one":           {[]time.Duration{-2 * step}, []string{"code_wrong"}},
		"the same again":         {[]time.Duration{0, 0}, []string{"ok", "code_used"}},
		"previous after current": {[]time.Duration{0, -step}, []string{"ok", "code_used"}},
		"current after previous": {[]time.Duration{-step, 0, 0}, []string{"ok", "ok", "code_used"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			var got []string
			for _, at := range c.codes {
				_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: who.Code(at)})
				got = append(got, opstest.CodeOf(err))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The code may come along with the password; then too it works once.
func TestSignIn_codeAlong(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	in := ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password), Code: who.Code()}
	if out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in); out.State != ops.SignedIn || out.SessionToken().IsZero() {
		t.Errorf("not signed in: %s", out.State)
	}
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in, problem.CodeUsed)
	in.Code = secret.New("000000")
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in, problem.CodeWrong)
	// The right code with a wrong password says nothing about the code.
	w.Clock.Advance(time.Minute)
	in.Code, in.Password = who.Code(), secret.New(wrongPassword)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in, problem.SignInFailed)
	in.Password = secret.New(opstest.Password)
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in) // and does not spend it
}

// Fifty at once with the same code: one gets in.
func TestVerify_fiftyAtOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	in := ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password), Code: who.Code()}
	got := atOnce(50, func(int) error {
		_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Session.SignIn, in)
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "code_used": 49}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(who.ID)); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// A recovery code works once, for its owner, beside the password.
func TestVerify_recoveryCodes(t *testing.T) {
	w := newTown(t)
	who, other := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	recovery := func(c secret.Text, n int, whose *opstest.Person) error {
		_, err := w.verify(c, ops.VerifyInput{RecoveryCode: again(whose.Recovery[n])})
		return err
	}
	code(t, recovery(w.askedForFactor(who), 0, other), problem.CodeWrong)
	code(t, recovery(secret.New(""), 0, who), problem.CeremonyOver) // the code alone
	c := w.askedForFactor(who)
	if err := recovery(c, 0, who); err != nil {
		t.Fatal(err)
	}
	code(t, recovery(c, 1, who), problem.CeremonyOver) // the sign-in is over
	code(t, recovery(w.askedForFactor(who), 0, who), problem.CodeWrong)
	typed := strings.ToLower(strings.ReplaceAll(who.Recovery[1].Reveal(), "-", " "))
	if _, err := w.verify(w.askedForFactor(who), ops.VerifyInput{RecoveryCode: secret.New(typed)}); err != nil {
		t.Errorf("typed in small letters with spaces: %s", opstest.CodeOf(err))
	}
	if p := opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Show, ops.None{}); p.RecoveryCodesLeft != 8 {
		t.Errorf("%d codes left, want 8", p.RecoveryCodesLeft)
	}
	w.Exec(`UPDATE recovery_codes SET used_at = 1 WHERE user_id = $1`, string(who.ID))
	out, err := w.signIn(string(who.Login), opstest.Password, "192.0.2.1")
	if diff := cmp.Diff([]ops.Method{ops.AppMethod}, out.Methods); err != nil || diff != "" {
		t.Errorf("methods without codes left: %s", diff)
	}
}

// One counter for all second factors: changing the way of guessing, or
// beginning the sign-in anew, gains nothing, and a restart neither.
func TestVerify_guessing(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	for n := range 5 {
		guess := ops.VerifyInput{Code: secret.New("000000")}
		if n%2 == 1 {
			guess = ops.VerifyInput{RecoveryCode: secret.New("0000-0000-0000-0000")}
		}
		_, err := w.verify(w.askedForFactor(who), guess)
		code(t, err, problem.CodeWrong)
	}
	w.Reopen()
	c := w.askedForFactor(who)
	_, err := w.verify(c, ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.TooManyAttempts)
	if got := problem.Of(err).RetryAfter; got != 30*time.Second {
		t.Errorf("the wait is %v", got)
	}
	_, err = w.verify(c, ops.VerifyInput{RecoveryCode: again(who.Recovery[0])})
	code(t, err, problem.TooManyAttempts)
	_, err = opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password), Code: who.Code()})
	code(t, err, problem.TooManyAttempts)
	w.Clock.Advance(30 * time.Second)
	if _, err = w.verify(c, ops.VerifyInput{RecoveryCode: again(who.Recovery[0])}); err != nil {
		t.Errorf("after the wait, with the code that was refused: %s", opstest.CodeOf(err))
	}
	_, err = w.verify(w.askedForFactor(who), ops.VerifyInput{Code: secret.New("000000")})
	code(t, err, problem.CodeWrong) // counted anew, not a sixth time
}

// A hundred guesses at once at a second factor: five are tried.
func TestVerify_hundredAtOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	var ceremonies []secret.Text
	for range 20 {
		ceremonies = append(ceremonies, w.askedForFactor(who))
	}
	got := atOnce(100, func(n int) error {
		_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: ceremonies[n%20], Code: secret.New("000000")})
		return err
	})
	if got["code_wrong"] != 5 || got["code_wrong"]+got["too_many_attempts"] != 100 {
		t.Errorf("answers: %v", got)
	}
}

// A sign-in waits for its second factor for five minutes, as long as what
// began it still holds.
func TestVerify_ceremonies(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*town, *opstest.Person)
		code      problem.Code
	}{
		"nothing":             {func(*town, *opstest.Person) {}, ""},
		"almost five minutes": {func(w *town, _ *opstest.Person) { w.Clock.Advance(5*time.Minute - time.Millisecond) }, ""},
		"five minutes":        {func(w *town, _ *opstest.Person) { w.Clock.Advance(5 * time.Minute) }, problem.CeremonyOver},
		"new password": {func(w *town, who *opstest.Person) {
			w.Write(func(tx store.WriteTx) error { return tx.SetPassword(who.Ref, w.HashOf(wrongPassword)) })
		}, problem.SignInFailed},
		"deactivated": {func(w *town, who *opstest.Person) {
			w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(who.ID))
		}, problem.SignInFailed},
		"deleted": {func(w *town, who *opstest.Person) {
			w.Exec(`UPDATE users SET state = 'deleted' WHERE id = $1`, string(who.ID))
		}, problem.SignInFailed},
		"suspended": {func(w *town, _ *opstest.Person) {
			w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(w.otter.ID))
		}, problem.SignInFailed},
		"restart": {func(w *town, _ *opstest.Person) { w.Reopen() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			waiting := w.askedForFactor(who)
			c.meanwhile(w, who)
			_, err := w.verify(waiting, ops.VerifyInput{Code: who.Code()})
			if c.code == "" {
				c.code = "ok"
			}
			code(t, err, c.code)
		})
	}
	t.Run("of another kind", func(t *testing.T) {
		w := newTown(t)
		who, enrolling := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{NoFactor: true})
		caller := enrolling.Caller()
		begun := opstest.Must(w.Place, caller, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
		_, err := w.verify(again(begun.Ceremony), ops.VerifyInput{Code: who.Code()})
		code(t, err, problem.CeremonyOver)
		opstest.Refused(w.Place, caller, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: w.askedForFactor(who), Code: who.Code()}, problem.CeremonyOver)
	})
	t.Run("eight wrong answers", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{})
		waiting := w.askedForFactor(who)
		for n := range 8 {
			_, err := w.verify(waiting, ops.VerifyInput{Code: secret.New("000000")})
			code(t, err, problem.CodeWrong)
			if n >= 4 {
				w.Clock.Advance(30 * time.Second << (n - 4))
			}
			w.Exec(`UPDATE ceremonies SET expires_at = $1`, w.Clock.Now().Add(time.Hour).UnixMilli())
		}
		_, err := w.verify(waiting, ops.VerifyInput{Code: who.Code()})
		code(t, err, problem.CeremonyOver)
	})
	t.Run("no answer at all", func(t *testing.T) {
		w := newTown(t)
		_, err := w.verify(w.askedForFactor(w.somebody(w.otter, opstest.Member{})), ops.VerifyInput{})
		if diff := cmp.Diff([]string{"code:required"}, opstest.Violations(err)); diff != "" {
			t.Error(diff)
		}
	})
}
