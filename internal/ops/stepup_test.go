package ops_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
)

func (w *town) stepUp(c auth.Caller, in ops.StepUpInput) (ops.Renewed, error) {
	w.T.Helper()
	return opstest.Do(w.Place, c, w.Ops.Session.StepUp, in)
}

// Every operation that asks for a proof asks for it again after five minutes,
// and works once it has been given.
func TestStepUp_everyOperation(t *testing.T) {
	w := newTown(t)
	asked := map[string]bool{}
	for _, o := range w.Ops.Table().All() {
		i := o.Info()
		if !i.Rule.StepUp() {
			continue
		}
		asked[i.Name] = true
		t.Run(i.Name, func(t *testing.T) {
			at := otter
			if p, ok := i.Rule.Permission(); ok && !access.AdminRole.Rights(false).Has(p) {
				at = harbour // only the operator's account has it
			}
			m := opstest.Member{Role: "Admin"}
			if strings.HasPrefix(i.Name, "breakGlass.") { // for the admin user of an account, of whom there is one
				w.people++
				home := w.Found(fmt.Sprintf("home%d", w.people), account.MFARequired)
				at, m.AdminUser = func(*town) account.Account { return home }, true
			}
			a := member(at, m)(w)
			if i.Name == "breakGlass.switchOff" {
				w.glass(a.who)
			}
			in := samples()[i.Name].own(w, a)
			w.Clock.Advance(session.StepUp)
			if shown := opstest.Must(w.Place, a.Caller, w.Ops.Session.Show, ops.None{}).Session; !shown.SteppedUpUntil.Equal(w.Clock.Now()) {
				t.Errorf("the session says until %v", shown.SteppedUpUntil)
			}
			w.Clock.Advance(time.Millisecond)
			records := len(w.Records())
			if got := w.ask(o, a, in); got != "step_up_required" {
				t.Fatalf("after five minutes it gives %s", got)
			}
			if diff := cmp.Diff([]string{i.Event + " refused step_up_required by user " + a.who.Name}, w.Since(records)); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
			renewed, err := w.stepUp(a.Caller, ops.StepUpInput{Code: a.who.Code()})
			code(t, err, "ok")
			a.Caller = with(renewed.SessionToken())
			want, special := map[string]string{"secondFactors.disable": "mfa_required", "gate.open": "not_switchable"}[i.Name]
			if !special {
				want = "ok"
			}
			if got := w.ask(o, a, in); got != want {
				t.Errorf("after the proof it gives %s, want %s", got, want)
			}
		})
	}
	for _, name := range []string{
		"users.update", "users.delete", "users.reissue", "users.resetSecondFactors", "profile.update", "profile.changePassword",
		"secondFactors.beginApp", "secondFactors.removeApp", "secondFactors.disable", "secondFactors.beginCodes",
	} {
		if !asked[name] {
			t.Errorf("%s asks for no proof", name)
		}
	}
}

// What counts as a proof: a code of the app; a recovery code with the
// password; the password for whoever has no second factor. Nothing else.
func TestStepUp_proofs(t *testing.T) {
	right, wrong := secret.New(opstest.Password), secret.New(wrongPassword)
	bad, unused := secret.New("000000"), secret.New("")
	for name, c := range map[string]struct {
		noFactor bool
		in       func(*opstest.Person) ops.StepUpInput
		want     string
		fields   []string
	}{
		"code":              {false, func(p *opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: p.Code()} }, "ok", nil},
		"code and password": {false, func(p *opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: p.Code(), Password: right} }, "ok", nil},
		"recovery and password": {false, func(p *opstest.Person) ops.StepUpInput {
			return ops.StepUpInput{RecoveryCode: recovery(p), Password: right}
		}, "ok", nil},
		"wrong code":           {false, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: bad} }, "code_wrong", nil},
		"next code":            {false, func(p *opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: p.Code(30 * time.Second)} }, "code_wrong", nil},
		"wrong code, password": {false, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: bad, Password: right} }, "code_wrong", nil},
		"recovery alone":       {false, func(p *opstest.Person) ops.StepUpInput { return ops.StepUpInput{RecoveryCode: recovery(p)} }, "invalid_fields", []string{"password:required"}},
		"recovery, wrong code": {false, func(p *opstest.Person) ops.StepUpInput { return ops.StepUpInput{RecoveryCode: recovery(p), Code: bad} }, "invalid_fields", []string{"password:required"}},
		"recovery, wrong pw": {false, func(p *opstest.Person) ops.StepUpInput {
			return ops.StepUpInput{RecoveryCode: recovery(p), Password: wrong}
		}, "password_wrong", nil},
		"wrong recovery, pw": {false, func(*opstest.Person) ops.StepUpInput {
			return ops.StepUpInput{RecoveryCode: secret.New("0000-0000-0000-0000"), Password: right}
		}, "code_wrong", nil},
		"password with a factor":  {false, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Password: right} }, "invalid_fields", []string{"code:required"}},
		"nothing":                 {false, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{} }, "invalid_fields", []string{"code:required"}},
		"empty code, password":    {false, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: unused, Password: right} }, "invalid_fields", []string{"code:required"}},
		"enrolling: password":     {true, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Password: right} }, "ok", nil},
		"enrolling: wrong":        {true, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Password: wrong} }, "password_wrong", nil},
		"enrolling: a code":       {true, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: bad} }, "invalid_fields", []string{"password:required"}},
		"enrolling: nothing":      {true, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{} }, "invalid_fields", []string{"password:required"}},
		"enrolling: code, passwd": {true, func(*opstest.Person) ops.StepUpInput { return ops.StepUpInput{Code: bad, Password: right} }, "ok", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{Role: "Admin", NoFactor: c.noFactor})
			token := who.Token()
			w.Clock.Advance(session.StepUp + time.Millisecond)
			_, err := w.stepUp(with(token), c.in(who))
			code(t, err, problem.Code(c.want))
			if diff := cmp.Diff(c.fields, opstest.Violations(err)); len(c.fields) > 0 && diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			shown := opstest.Must(w.Place, with(token), w.Ops.Session.Show, ops.None{}).Session
			if up := shown.SteppedUpUntil.After(w.Clock.Now()); up != (c.want == "ok") {
				t.Errorf("stepped up: %v", up)
			}
			if c.want != "ok" && !c.noFactor { // nothing was spent on the way
				_, err = w.stepUp(with(token), ops.StepUpInput{RecoveryCode: recovery(who), Password: right})
				code(t, err, "ok")
			}
		})
	}
}

// recovery is the first code of the sheet.
func recovery(p *opstest.Person) secret.Text { return again(p.Recovery[0]) }

// What the session says would be accepted.
func TestStepUp_methods(t *testing.T) {
	w := newTown(t)
	who, spent, without := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{NoFactor: true})
	w.Exec(`UPDATE recovery_codes SET used_at = 1 WHERE user_id = $1`, string(spent.ID))
	for _, c := range []struct {
		who  *opstest.Person
		want []ops.Method
	}{{who, []ops.Method{ops.AppMethod, ops.RecoveryMethod}}, {spent, []ops.Method{ops.AppMethod}}, {without, []ops.Method{ops.PasswordMethod}}} {
		got := opstest.Must(w.Place, c.who.Caller(), w.Ops.Session.Show, ops.None{}).Session.StepUpMethods
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// Wrong passwords and codes of a step-up count with those of the sign-in: a
// session is no way to guess on.
func TestStepUp_guessing(t *testing.T) {
	t.Run("password", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{NoFactor: true})
		c := who.Caller()
		for range 3 {
			_, err := w.stepUp(c, ops.StepUpInput{Password: secret.New(wrongPassword)})
			code(t, err, problem.PasswordWrong)
		}
		for range 2 {
			_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
			code(t, err, problem.SignInFailed)
		}
		hashes := w.Hashes.Load()
		_, err := w.stepUp(c, ops.StepUpInput{Password: secret.New(opstest.Password)})
		code(t, err, problem.TooManyAttempts)
		_, err = w.signIn(string(who.Login), opstest.Password, w.anywhere())
		code(t, err, problem.TooManyAttempts)
		if w.Hashes.Load() != hashes {
			t.Error("a password was tried while blocked")
		}
		w.Clock.Advance(30 * time.Second)
		_, err = w.stepUp(c, ops.StepUpInput{Password: secret.New(opstest.Password)})
		code(t, err, "ok")
	})
	t.Run("code", func(t *testing.T) {
		w := newTown(t)
		who := w.somebody(w.otter, opstest.Member{})
		c, waiting := who.Caller(), w.askedForFactor(who)
		for range 3 {
			_, err := w.stepUp(c, ops.StepUpInput{Code: secret.New("000000")})
			code(t, err, problem.CodeWrong)
		}
		for range 2 {
			_, err := w.verify(waiting, ops.VerifyInput{Code: secret.New("000000")})
			code(t, err, problem.CodeWrong)
		}
		_, err := w.stepUp(c, ops.StepUpInput{Code: who.Code()})
		code(t, err, problem.TooManyAttempts)
		_, err = w.stepUp(c, ops.StepUpInput{RecoveryCode: recovery(who), Password: secret.New(opstest.Password)})
		code(t, err, problem.TooManyAttempts)
	})
	t.Run("a hundred at once", func(t *testing.T) {
		w := newTown(t)
		c := w.somebody(w.otter, opstest.Member{NoFactor: true}).Caller()
		got := atOnce(100, func(int) error {
			_, err := op.Do(t.Context(), w.Engine, c, w.Ops.Session.StepUp, ops.StepUpInput{Password: secret.New(wrongPassword)})
			return err
		})
		if diff := cmp.Diff(map[string]int{"password_wrong": 5, "too_many_attempts": 95}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// A code proves once, at sign-in or at a step-up, however many ask at a time.
func TestStepUp_codesWorkOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	var sessions []auth.Caller
	for range 50 {
		sessions = append(sessions, who.Caller())
	}
	in := ops.StepUpInput{Code: who.Code()}
	got := atOnce(50, func(n int) error {
		_, err := op.Do(t.Context(), w.Engine, sessions[n], w.Ops.Session.StepUp, in)
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "code_used": 49}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: in.Code})
	code(t, err, problem.CodeUsed)

	spare := ops.StepUpInput{RecoveryCode: recovery(who), Password: secret.New(opstest.Password)}
	_, err = w.stepUp(sessions[0], spare)
	code(t, err, "ok")
	_, err = w.stepUp(sessions[1], spare)
	code(t, err, problem.CodeWrong)
}

// The session goes on under a new token; the old one works ten seconds more,
// and other sessions are not stepped up by it.
func TestStepUp_newToken(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	other, token := who.Caller(), who.Token()
	w.Clock.Advance(session.StepUp + time.Millisecond)
	renewed, err := w.stepUp(with(token), ops.StepUpInput{Code: who.Code()})
	code(t, err, "ok")
	if r := w.LastRecord(); opstest.Brief(r) != "session.stepped_up done by user "+who.Name || !strings.HasPrefix(r.Object.ID, "ses_") {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	if renewed.SessionToken().IsZero() || renewed.SessionToken().Reveal() == token.Reveal() {
		t.Fatal("there is no new token")
	}
	opstest.Refused(w.Place, other, w.Ops.Profile.Update, ops.UpdateProfileInput{}, problem.StepUpRequired)
	w.Clock.Advance(session.IDOverlap - time.Millisecond)
	if !w.alive(with(token)) {
		t.Error("the old token ended at once")
	}
	w.Clock.Advance(time.Millisecond)
	if w.alive(with(token)) || !w.alive(with(renewed.SessionToken())) || !w.alive(other) {
		t.Error("the old token lives on, or too much has ended")
	}
	if n := len(opstest.Must(w.Place, other, w.Ops.Profile.Sessions, ops.OwnSessions{}).Entities); n != 2 {
		t.Errorf("%d sessions", n)
	}
}
