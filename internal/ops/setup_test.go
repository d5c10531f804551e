package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/auth"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

func newPlace(t testing.TB) *town { return &town{Place: opstest.New(t, opstest.Options{})} }

func (w *town) begin(change func(*ops.SetupInput)) (ops.EnrolmentBegun, error) {
	w.T.Helper()
	in := setupInput()
	if change != nil {
		change(&in)
	}
	return opstest.Do(w.Place, opstest.Anybody(), w.Ops.Setup.Begin, in)
}

// confirm answers what was begun with the code of the app.
func (w *town) confirm(b ops.EnrolmentBegun) ops.ConfirmInput {
	w.T.Helper()
	return ops.ConfirmInput{Ceremony: again(b.Ceremony), Code: codeOf(w.T, appOf(w.T, b.AuthenticatorApp), w.Clock.Now())}
}

// people and accounts there are.
func (w *town) inhabitants() int {
	w.T.Helper()
	return w.Count(`SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM roles) + (SELECT COUNT(*) FROM sessions)`)
}

// The first sitting: nothing exists until the app has shown a code, and then
// everything does.
func TestSetup(t *testing.T) {
	w := newPlace(t)
	if w.inhabitants() != 0 {
		t.Fatal("somebody is there before set-up")
	}
	begun, err := w.begin(nil)
	if err != nil {
		t.Fatal(err)
	}
	if w.inhabitants() != 0 {
		t.Fatal("beginning made something")
	}
	if len(begun.RecoveryCodes) != 10 || begun.AuthenticatorApp.AccountName != "anna" || begun.AuthenticatorApp.QR.Path.IsZero() {
		t.Errorf("what has to be saved is not there: %d codes, app of %q", len(begun.RecoveryCodes), begun.AuthenticatorApp.AccountName)
	}
	out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun))
	if out.State != ops.SignedIn || out.SessionToken().IsZero() || out.Session.User.Login != "anna" || out.Session.MFA.State != "on" {
		t.Errorf("not signed in: %+v", out.Session)
	}
	me := auth.Caller{Credential: auth.Session(out.SessionToken()), Source: opstest.Somewhere}
	p := opstest.Must(w.Place, me, w.Ops.Profile.Show, ops.None{})
	if !p.User.AdminUser || p.User.Status != "active" || p.RecoveryCodesLeft != 10 || len(p.AuthenticatorApps) != 1 || p.Account.Handle != "harbour" || p.User.Mobile != "" {
		t.Errorf("the profile: %+v", p)
	}
	roles := []string{}
	for _, r := range opstest.Must(w.Place, me, w.Ops.Roles.List, ops.RoleList{}).Entities {
		roles = append(roles, r.Name)
	}
	if diff := cmp.Diff([]string{"Admin", "All", "Support", "Tech", "Finance"}, roles); diff != "" {
		t.Error(diff)
	}
	// The code that finished set-up is spent; the recovery codes and the
	// password are in force.
	in := ops.SignInInput{Login: "anna", Password: secret.New(opstest.Password), Code: w.confirm(begun).Code}
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in, problem.CodeUsed)
	in.Code = secret.Text{}
	waiting := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in)
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: again(waiting.Ceremony), RecoveryCode: again(begun.RecoveryCodes[7])})
	// And never again.
	_, err = w.begin(nil)
	code(t, err, problem.SetupDone)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun), problem.SetupDone)
}

// Of set-ups at the same time one wins, and the others hear who they are not.
func TestSetup_atOnce(t *testing.T) {
	for _, n := range []int{2, 10} {
		w := newPlace(t)
		var begun []ops.ConfirmInput
		for i := range n {
			b, err := w.begin(func(in *ops.SetupInput) {
				in.Login, in.AccountHandle = "anna"+strings.Repeat("a", i), "harbour"+strings.Repeat("r", i)
			})
			if err != nil {
				t.Fatal(err)
			}
			begun = append(begun, w.confirm(b))
		}
		got := atOnce(n, func(i int) error {
			_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Setup.Finish, begun[i])
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "setup_done": n - 1}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if w.inhabitants() != 1+1+5+1 {
			t.Errorf("%d set-ups left %d rows", n, w.inhabitants())
		}
	}
}

// The window and the command line at the same time: one wins as well.
func TestSetup_againstConsole(t *testing.T) {
	w := newPlace(t)
	begun, err := w.begin(nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := w.confirm(begun)
	got := atOnce(2, func(i int) error {
		if i == 0 {
			_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Setup.Finish, answer)
			return err
		}
		_, err := op.Do(t.Context(), w.Engine, opstest.Console(""), w.Ops.Setup.Console, samples()["setup.console"].own(w, asking{}).(ops.Founding))
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "setup_done": 1}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A code that only the person at the machine sees keeps strangers out.
func TestSetup_code(t *testing.T) {
	right := onetime.NewCode()
	w := &town{Place: opstest.New(t, opstest.Options{SetupCode: &right})}
	for name, typed := range map[string]string{
		"none": "", "another": onetime.NewCode().Reveal().Reveal(), "half": right.Reveal().Reveal()[:10], "rubbish": "let me in",
	} {
		_, err := w.begin(func(in *ops.SetupInput) { in.SetupCode = secret.New(typed) })
		if got := opstest.CodeOf(err); got != "setup_code_wrong" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if w.Hashes.Load() != 0 {
		t.Error("strangers make the machine hash passwords")
	}
	typed := strings.ToLower(strings.ReplaceAll(right.Reveal().Reveal(), "-", " "))
	if _, err := w.begin(func(in *ops.SetupInput) { in.SetupCode = secret.New(typed) }); err != nil {
		t.Errorf("typed in small letters: %s", opstest.CodeOf(err))
	}
	if !opstest.Must(w.Place, opstest.Anybody(), w.Ops.Installation.Show, ops.None{}).SetupCodeNeeded {
		t.Error("the page does not know that it has to ask for the code")
	}
}

// What was begun can be finished for half an hour, with eight tries.
func TestSetup_finishing(t *testing.T) {
	t.Run("half an hour", func(t *testing.T) {
		w := newPlace(t)
		begun, _ := w.begin(nil)
		w.Clock.Advance(30 * time.Minute)
		opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun), problem.CeremonyOver)
		w.Clock.Advance(-time.Millisecond)
		opstest.Must(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun))
	})
	t.Run("wrong codes", func(t *testing.T) {
		w := newPlace(t)
		begun, _ := w.begin(nil)
		wrong := ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: secret.New("000000")}
		for range 7 {
			opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, wrong, problem.CodeWrong)
		}
		if w.inhabitants() != 0 {
			t.Error("a wrong code made something")
		}
		w.Reopen()
		opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, wrong, problem.CodeWrong)
		opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun), problem.CeremonyOver)
	})
	t.Run("another's ceremony", func(t *testing.T) {
		w := newPlace(t)
		one, _ := w.begin(nil)
		two, _ := w.begin(nil)
		mixed := ops.ConfirmInput{Ceremony: w.confirm(one).Ceremony, Code: w.confirm(two).Code}
		opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, mixed, problem.CodeWrong)
	})
	t.Run("a crash in between", func(t *testing.T) {
		w := newPlace(t)
		begun, _ := w.begin(nil)
		w.Reopen()
		if w.inhabitants() != 0 {
			t.Error("half a set-up is there")
		}
		opstest.Must(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun)) // the sitting goes on
	})
	t.Run("clock gone back", func(t *testing.T) {
		w := newPlace(t)
		begun, _ := w.begin(nil)
		w.Clock.Advance(-time.Hour)
		opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Setup.Finish, w.confirm(begun), problem.ClockWrong)
	})
}

// Every field that is wrong is named, all at once, and nothing changes.
func TestSetup_fields(t *testing.T) {
	w := newPlace(t)
	all := func(in *ops.SetupInput) {
		*in = ops.SetupInput{Founding: ops.Founding{AccountHandle: "Ha!", AccountName: "\u202egnihsihp", AccountEmail: "office", AccountMobile: "12", Login: "a b", Name: " ", Email: "a@b", Language: "xx"}, Password: secret.New("short")}
	}
	for name, c := range map[string]struct {
		change func(*ops.SetupInput)
		want   []string
	}{
		"nothing": {func(in *ops.SetupInput) { *in = ops.SetupInput{} }, []string{
			"accountHandle:required", "accountName:required", "accountEmail:required", "login:required", "name:required", "email:required", "language:required", "password:required",
		}},
		"everything wrong": {all, []string{
			"accountHandle:bad_format", "accountName:bad_text", "accountEmail:bad_format", "accountMobile:bad_format", "login:not_allowed",
			"name:required", "email:bad_format", "language:unknown", "password:password_too_short",
		}},
		"14 characters":   {func(in *ops.SetupInput) { in.Password = secret.New("otter fish 41x") }, []string{"password:password_too_short"}},
		"1025 bytes":      {func(in *ops.SetupInput) { in.Password = secret.New(strings.Repeat("otter fish 41xy,", 64) + "z") }, []string{"password:password_too_long"}},
		"listed":          {func(in *ops.SetupInput) { in.Password = secret.New("passwordpassword") }, []string{"password:password_listed"}},
		"product":         {func(in *ops.SetupInput) { in.Password = secret.New("gatehouse-gatehouse") }, []string{"password:password_context"}},
		"account":         {func(in *ops.SetupInput) { in.Password = secret.New("harbour-domains-1") }, []string{"password:password_context"}},
		"login":           {func(in *ops.SetupInput) { in.Login = "annapeeters"; in.Password = secret.New("annapeeters2026!") }, []string{"password:password_context"}},
		"NUL in the name": {func(in *ops.SetupInput) { in.Name = "Anna\x00" }, []string{"name:bad_text"}},
		"no UTF-8":        {func(in *ops.SetupInput) { in.Name = "Anna\xff" }, []string{"name:bad_text"}},
		"Cyrillic login":  {func(in *ops.SetupInput) { in.Login = "аdmin" }, []string{"login:mixed_script"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.begin(c.change)
			code(t, err, problem.InvalidFields)
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if w.Count(`SELECT COUNT(*) FROM ceremonies`) != 0 || len(w.Records()) != 0 {
		t.Error("a refused form left something")
	}
	for name, typed := range map[string]string{"15 characters": "otter fish 41xy", "1024 bytes": strings.Repeat("otter fish 41xy,", 64)} {
		if _, err := w.begin(func(in *ops.SetupInput) { in.Password = secret.New(typed) }); err != nil {
			t.Errorf("%s: %v", name, opstest.Violations(err))
		}
	}
}

// From the command line: the admin user chooses a password later, by link or
// code.
func TestSetup_console(t *testing.T) {
	w := newPlace(t)
	in := samples()["setup.console"].own(w, asking{}).(ops.Founding)
	_, err := opstest.Do(w.Place, opstest.Console(""), w.Ops.Setup.Console, ops.Founding{AccountHandle: "x"})
	code(t, err, problem.InvalidFields)
	out := opstest.Must(w.Place, opstest.Console(""), w.Ops.Setup.Console, in)
	if out.User.Status != "invited" || !out.User.AdminUser || out.User.MFA.State != "setup_required" || !strings.HasPrefix(out.Activation.Link.Reveal(), "https://gate.example/#/activate?t=") {
		t.Errorf("set up: %+v", out.User)
	}
	if got := opstest.Brief(w.LastRecord()); got != "setup.finished done by console root" || w.LastRecord().Account == "" {
		t.Errorf("the log says %q", got)
	}
	opstest.Refused(w.Place, opstest.Console(""), w.Ops.Setup.Console, in, problem.SetupDone)
	_, err = w.begin(nil)
	code(t, err, problem.SetupDone)
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: again(out.Activation.Code), Password: secret.New(opstest.Password)})
	_, err = w.signIn("mia", opstest.Password, "192.0.2.1")
	code(t, err, "ok")
}
