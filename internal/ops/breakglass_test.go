package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
)

// adminUser is the first user of an account, with an authenticator app.
func (w *town) adminUser(a account.Account) *opstest.Person {
	w.T.Helper()
	return w.somebody(a, opstest.Member{Role: "Admin", AdminUser: true})
}

// glass gives an admin user codes in force: three people, any two of them.
func (w *town) glass(who *opstest.Person) []secret.Text {
	w.T.Helper()
	c := who.Caller()
	begun := opstest.Must(w.Place, c, w.Ops.BreakGlass.Begin, ops.BeginBreakGlassInput{People: 3, Needed: 2, Names: []string{"Bo Maes", "", "Carla Claes"}})
	opstest.Must(w.Place, c, w.Ops.BreakGlass.Confirm, ops.CeremonyInput{Ceremony: again(begun.Ceremony)})
	codes := []secret.Text{}
	for _, b := range begun.Codes {
		codes = append(codes, again(b.Code))
	}
	return codes
}

// glassed is the admin user of an account of its own, with codes.
func (w *town) glassed() (*opstest.Person, []secret.Text) {
	w.T.Helper()
	w.people++
	who := w.adminUser(w.Found(fmt.Sprintf("glass%d", w.people), account.MFARecommended))
	return who, w.glass(who)
}

func (w *town) breakIn(login, password string, codes ...secret.Text) (ops.SignIn, error) {
	w.T.Helper()
	return w.breakInFrom(w.anywhere(), login, password, codes...)
}

func (w *town) breakInFrom(address, login, password string, codes ...secret.Text) (ops.SignIn, error) {
	w.T.Helper()
	return opstest.Do(w.Place, auth.Caller{Source: opstest.From(address)}, w.Ops.Session.BreakGlass, ops.BreakGlassInput{Login: login, Password: secret.New(password), Codes: codes})
}

// Whatever is wrong with the codes, it is the same sentence, and nothing has
// changed: the right ones still open.
func TestBreakGlass_wrongCodes(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	_, foreign := w.glassed()
	old := codes
	codes = w.glass(who) // a newer set
	mistyped := secret.New(strings.Replace(codes[1].Reveal(), codes[1].Reveal()[:1], "Z", 1) + "0")
	for name, typed := range map[string][]secret.Text{
		"one too few":          {codes[0]},
		"the same twice":       {codes[0], codes[0]},
		"twice and another":    {codes[0], codes[0], codes[1]},
		"an older set":         {old[0], old[1]},
		"older and newer":      {codes[0], old[1]},
		"enough, and an older": {codes[0], codes[1], old[2]},
		"of another account":   {foreign[0], foreign[1]},
		"own and another's":    {codes[0], foreign[1]},
		"a slip":               {codes[0], mistyped},
		"no code at all":       {secret.New("abc"), secret.New("\x00")},
		"recovery codes":       {again(who.Recovery[0]), again(who.Recovery[1])},
		"more than there are":  {codes[0], codes[1], codes[2], codes[0]},
		"far too many":         slices.Repeat([]secret.Text{codes[0], codes[1]}, 500),
		"far too long":         {codes[0], secret.New(strings.Repeat("A", 100_000))},
	} {
		w.Clock.Advance(2 * time.Hour)
		_, err := w.breakIn(string(who.Login), opstest.Password, typed...)
		p := problem.Of(err)
		if p.Code != problem.BreakGlassRefused || len(p.Violations) > 0 || p.Detail != problem.Of(mustRefuse(w)).Detail {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM sessions WHERE means LIKE '%break_glass%'`); n != 0 {
		t.Fatalf("%d sessions were opened", n)
	}
	w.Clock.Advance(2 * time.Hour)
	typed := secret.New(strings.ToLower(strings.ReplaceAll(codes[2].Reveal(), "-", " ")))
	if _, err := w.breakIn(strings.ToUpper(string(who.Login)), opstest.Password, codes[0], secret.New("  "), typed); err != nil {
		t.Errorf("the right ones, in small letters and with an empty box: %v", err)
	}
}

// mustRefuse is how a stranger is refused.
func mustRefuse(w *town) error {
	_, err := w.breakIn("nobody."+w.anywhere(), opstest.Password, secret.New("x"))
	return err
}

// Nobody learns whether there is such a login, whether it has codes, or which
// of password and codes was wrong: one answer, one hash.
func TestBreakGlass_tellsNothing(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	plain := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	without := w.adminUser(w.heron)
	gone, goneCodes := w.glassed()
	w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(gone.ID))
	closed, closedCodes := w.glassed()
	w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(closed.Account))
	elsewhere, elsewhereCodes := w.glassed()
	w.Exec(`UPDATE users SET ip_rules = '203.0.113.9/32' WHERE id = $1`, string(elsewhere.ID))
	want := problem.Of(mustRefuse(w))
	for name, c := range map[string]struct {
		login, password string
		codes           []secret.Text
	}{
		"right codes, wrong password":  {string(who.Login), wrongPassword, codes[:2]},
		"wrong codes, wrong password":  {string(who.Login), wrongPassword, codes[:1]},
		"wrong codes, right password":  {string(who.Login), opstest.Password, codes[:1]},
		"no admin user":                {string(plain.Login), opstest.Password, codes[:2]},
		"an admin user without":        {string(without.Login), opstest.Password, codes[:2]},
		"somebody else's codes":        {string(without.Login), opstest.Password, goneCodes[:2]},
		"deactivated":                  {string(gone.Login), opstest.Password, goneCodes[:2]},
		"suspended account":            {string(closed.Login), opstest.Password, closedCodes[:2]},
		"from an address not on rules": {string(elsewhere.Login), opstest.Password, elsewhereCodes[:2]},
	} {
		before := w.Hashes.Load()
		_, err := w.breakIn(c.login, c.password, c.codes...)
		if got := problem.Of(err); got.Code != want.Code || got.Detail != want.Detail || got.RetryAfter != want.RetryAfter {
			t.Errorf("%s gives %+v, and a stranger gets %+v", name, got, want)
		}
		if n := w.Hashes.Load() - before; n != 1 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
	_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.BreakGlass, ops.BreakGlassInput{Codes: []secret.Text{secret.New(" ")}})
	if diff := cmp.Diff([]string{"login:required", "password:required", "codes:required"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
}

// It is a recovery, once: the factors of before are gone, every other session
// ended, and nothing but the set-up of new ones is open.
func TestBreakGlass_recovers(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	elsewhere, waiting := who.Caller(), w.askedForFactor(who)
	out, err := w.breakIn(string(who.Login), opstest.Password, codes[0], codes[2])
	if err != nil {
		t.Fatal(err)
	}
	if out.Session.MFA.State != signin.MFASetupRequired || out.Session.User.ID != who.ID {
		t.Errorf("the session: %+v", out.Session)
	}
	me := auth.Caller{Credential: auth.Session(out.SessionToken()), Source: opstest.Somewhere}
	opstest.Refused(w.Place, elsewhere, w.Ops.Users.List, ops.UserList{}, problem.SessionEnded)
	opstest.Refused(w.Place, me, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
	opstest.Refused(w.Place, me, w.Ops.BreakGlass.Begin, ops.BeginBreakGlassInput{People: 3, Needed: 2}, problem.MFASetupRequired)
	_, err = w.verify(waiting, ops.VerifyInput{Code: who.Code()})
	if err == nil {
		t.Error("the app of before still counts")
	}
	_, err = w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, problem.BreakGlassRefused) // the set is dead
	r := slices.DeleteFunc(w.Records(), func(r activity.Record) bool { return r.Event != "breakGlass.used" || r.Outcome != activity.Done })
	if len(r) != 1 || r[0].Means != "password+break_glass" || r[0].Actor.ID != string(who.ID) || r[0].Account != who.Account {
		t.Errorf("on record: %+v", r)
	}
	begun := opstest.Must(w.Place, me, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	if len(begun.RecoveryCodes) != 10 {
		t.Errorf("%d new recovery codes", len(begun.RecoveryCodes))
	}
	who.App = appOf(t, begun.AuthenticatorApp)
	renewed := opstest.Must(w.Place, me, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: who.Code()})
	me.Credential = auth.Session(renewed.SessionToken())
	now := opstest.Must(w.Place, me, w.Ops.BreakGlass.Show, ops.None{})
	if now.State != ops.BreakGlassUsed || now.UsedAt == nil || !now.May {
		t.Errorf("afterwards: %+v", now)
	}
	w.glass(who) // and can be made anew
}

// At once and from everywhere: a set opens one time, also after a restart in
// between.
func TestBreakGlass_once(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	w.Reopen()
	got := atOnce(20, func(n int) error {
		c := auth.Caller{Source: opstest.From(fmt.Sprintf("203.0.113.%d", n+1))}
		_, err := op.Do(t.Context(), w.Engine, c, w.Ops.Session.BreakGlass, ops.BreakGlassInput{
			Login: string(who.Login), Password: secret.New(opstest.Password), Codes: []secret.Text{codes[n%3], codes[(n+1)%3]},
		})
		return err
	})
	if got["ok"] != 1 || got["ok"]+got["break_glass_refused"]+got["too_many_attempts"] != 20 {
		t.Errorf("answers: %v", got)
	}
	w.Reopen()
	w.Clock.Advance(2 * time.Hour)
	_, err := w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, problem.BreakGlassRefused)
}

// Strangers' wrong passwords close the sign-in by password, and not this way
// (L2).
func TestBreakGlass_strangersCloseNothing(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	for n := range 150 {
		if n%2 == 0 {
			_, _ = w.signIn(string(who.Login), wrongPassword, w.anywhere())
		} else {
			_, _ = w.breakIn(string(who.Login), wrongPassword, secret.New("0000-0000-0000-0000-00000"), codes[0])
		}
		w.Clock.Advance(time.Hour)
	}
	_, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
	code(t, err, problem.TooManyAttempts)
	_, err = w.breakIn(string(who.Login), opstest.Password, codes[0])
	code(t, err, problem.TooManyAttempts) // without enough codes it is any sign-in
	// From the very address of the stranger, too.
	for range 80 {
		_, _ = w.breakInFrom("198.18.0.1", "nobody", wrongPassword, secret.New("x"))
	}
	if _, err := w.breakInFrom("198.18.0.1", string(who.Login), opstest.Password, codes[0], codes[1]); err != nil {
		t.Error(err)
	}
}

// Codes beside the right password count as second factors, together with them;
// and whoever has the codes cannot try passwords for ever.
func TestBreakGlass_guessing(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	for range 5 {
		_, err := w.breakIn(string(who.Login), opstest.Password, codes[0])
		code(t, err, problem.BreakGlassRefused)
	}
	w.Reopen()
	_, err := w.breakIn(string(who.Login), opstest.Password, codes[0])
	code(t, err, problem.TooManyAttempts)
	_, err = w.verify(w.askedForFactor(who), ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.TooManyAttempts)
	_, err = w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, problem.TooManyAttempts)
	w.Clock.Advance(time.Minute)
	_, err = w.verify(w.askedForFactor(who), ops.VerifyInput{Code: who.Code()})
	code(t, err, "ok")
	for range 5 {
		_, err := w.breakIn(string(who.Login), wrongPassword, codes[0], codes[1])
		code(t, err, problem.BreakGlassRefused)
	}
	_, err = w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, problem.TooManyAttempts)
	w.Clock.Advance(time.Minute)
	_, err = w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, "ok")
}

// Beside a password that was right a moment ago, the codes are enough; what ends
// the wait for a second factor ends it for them.
func TestBreakGlass_besidePassword(t *testing.T) {
	w := newTown(t)
	beside := func(ceremony secret.Text, codes ...secret.Text) error {
		return doErr(w, opstest.Anybody(), w.Ops.Session.BreakGlass, ops.BreakGlassInput{Ceremony: ceremony, Codes: codes})
	}
	who, codes := w.glassed()
	other, _ := w.glassed()
	code(t, beside(secret.New("nothing"), codes[0], codes[1]), problem.CeremonyOver)
	code(t, beside(w.askedForFactor(other), codes[0], codes[1]), problem.BreakGlassRefused) // another's sign-in
	c := w.askedForFactor(who)
	code(t, beside(c, codes[0]), problem.BreakGlassRefused)
	code(t, beside(c, codes[1], codes[1]), problem.BreakGlassRefused)
	late := w.askedForFactor(who)
	w.Clock.Advance(5 * time.Minute)
	code(t, beside(late, codes[0], codes[1]), problem.CeremonyOver)
	for range 3 {
		code(t, beside(w.askedForFactor(who), codes[0]), problem.BreakGlassRefused)
	}
	code(t, beside(w.askedForFactor(who), codes[0], codes[1]), problem.TooManyAttempts) // with the two from before
	w.Clock.Advance(time.Minute)
	changed := w.askedForFactor(who)
	w.Write(func(tx store.WriteTx) error { return tx.SetPassword(who.Ref, w.HashOf(wrongPassword)) })
	code(t, beside(changed, codes[0], codes[1]), problem.SignInFailed)
	w.Write(func(tx store.WriteTx) error { return tx.SetPassword(who.Ref, w.HashOf(opstest.Password)) })
	c = w.askedForFactor(who)
	w.Reopen()
	code(t, beside(c, codes[2], codes[0]), "ok")
	code(t, beside(c, codes[2], codes[0]), problem.CeremonyOver)
}

// It is no proof between sign-ins.
func TestBreakGlass_notForStepUp(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	me := who.Caller()
	s := opstest.Must(w.Place, me, w.Ops.Session.Show, ops.None{}).Session
	if slices.Contains(s.StepUpMethods, ops.BreakGlassMethod) {
		t.Errorf("a step-up takes %v", s.StepUpMethods)
	}
	for _, in := range []ops.StepUpInput{{Code: codes[0]}, {RecoveryCode: codes[0], Password: secret.New(opstest.Password)}} {
		_, err := w.stepUp(me, in)
		code(t, err, problem.CodeWrong)
	}
	_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{RecoveryCode: codes[1]})
	code(t, err, problem.CodeWrong)
}

// What the sign-in says after the right password names the way, where there is
// one.
func TestBreakGlass_isOffered(t *testing.T) {
	w := newTown(t)
	who, _ := w.glassed()
	without := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for who, want := range map[*opstest.Person]bool{who: true, without: false} {
		out, err := w.signIn(string(who.Login), opstest.Password, w.anywhere())
		if err != nil || slices.Contains(out.Methods, ops.BreakGlassMethod) != want {
			t.Errorf("%s: %v %v", who.Login, out.Methods, err)
		}
	}
}

// Only the admin user makes and ends the codes, freshly proved, and with second
// factors for them to stand in for.
func TestBreakGlass_whoMakes(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	colleague := w.Join(w.accountOf(who), opstest.Member{Login: "colleague", Role: "Admin"})
	in := ops.BeginBreakGlassInput{People: 2, Needed: 2}
	for name, c := range map[string]auth.Caller{"a colleague": colleague.Caller(), "the operator": w.somebody(w.harbour, opstest.Member{Role: "Admin"}).Caller()} {
		for _, err := range []error{
			doErr(w, c, w.Ops.BreakGlass.Begin, in),
			doErr(w, c, w.Ops.BreakGlass.Confirm, ops.CeremonyInput{Ceremony: secret.New("x")}),
			doErr(w, c, w.Ops.BreakGlass.SwitchOff, ops.None{}),
		} {
			if got := opstest.CodeOf(err); got != string(problem.AdminUser) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	shown := opstest.Must(w.Place, colleague.Caller(), w.Ops.BreakGlass.Show, ops.None{})
	if diff := cmp.Diff([]string{"Bo Maes", "", "Carla Claes"}, shown.Holders); diff != "" || shown.May || shown.Code != problem.AdminUser || shown.Detail == "" || shown.Needed != 2 || shown.State != ops.BreakGlassReady {
		t.Errorf("a colleague sees %+v %s", shown, diff)
	}
	bare := w.somebody(w.Found("bare", account.MFARecommended), opstest.Member{Role: "Admin", AdminUser: true, NoFactor: true})
	opstest.Refused(w.Place, bare.Caller(), w.Ops.BreakGlass.Begin, in, problem.Conflict)
	stale := who.Caller()
	w.Clock.Advance(6 * time.Minute)
	opstest.Refused(w.Place, stale, w.Ops.BreakGlass.Begin, in, problem.StepUpRequired)
	opstest.Refused(w.Place, stale, w.Ops.BreakGlass.SwitchOff, ops.None{}, problem.StepUpRequired)
	_, err := w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, "ok") // nothing of that changed anything
}

func doErr[In, Out any](w *town, c auth.Caller, o *op.Op[In, Out], in In) error {
	_, err := opstest.Do(w.Place, c, o, in)
	return err
}

// Everything that is wrong is said at once.
func TestBreakGlass_badInput(t *testing.T) {
	w := newTown(t)
	c := w.adminUser(w.otter).Caller()
	for name, want := range map[string]struct {
		in   ops.BeginBreakGlassInput
		want []string
	}{
		"nothing":          {ops.BeginBreakGlassInput{}, []string{"people:not_allowed", "needed:not_allowed"}},
		"one is enough":    {ops.BeginBreakGlassInput{People: 3, Needed: 1}, []string{"needed:not_allowed"}},
		"more than all":    {ops.BeginBreakGlassInput{People: 3, Needed: 4}, []string{"needed:not_allowed"}},
		"a crowd":          {ops.BeginBreakGlassInput{People: 10, Needed: 2}, []string{"people:not_allowed"}},
		"below zero":       {ops.BeginBreakGlassInput{People: -3, Needed: -3}, []string{"people:not_allowed", "needed:not_allowed"}},
		"names too many":   {ops.BeginBreakGlassInput{People: 2, Needed: 2, Names: []string{"a", "b", "c"}}, []string{"names:not_allowed"}},
		"the same twice":   {ops.BeginBreakGlassInput{People: 2, Needed: 2, Names: []string{"Bo Maes", "bo maes "}}, []string{"names:duplicate"}},
		"a hostile name":   {ops.BeginBreakGlassInput{People: 2, Needed: 2, Names: []string{"a\x00b"}}, []string{"names:bad_text"}},
		"everything wrong": {ops.BeginBreakGlassInput{People: 1, Needed: 9, Names: []string{"a", "b"}}, []string{"people:not_allowed", "needed:not_allowed", "names:not_allowed"}},
	} {
		_, err := opstest.Do(w.Place, c, w.Ops.BreakGlass.Begin, want.in)
		if diff := cmp.Diff(want.want, opstest.Violations(err)); diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}
