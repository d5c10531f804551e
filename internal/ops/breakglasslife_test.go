package ops_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/delivery"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Codes that were not said to be printed are none; those of before stay in
// force until then. Whatever takes the second factors away takes the codes.
func TestBreakGlass_life(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	me := who.Caller()
	begun := opstest.Must(w.Place, me, w.Ops.BreakGlass.Begin, ops.BeginBreakGlassInput{People: 2, Needed: 2})
	_, err := w.breakIn(string(who.Login), opstest.Password, again(begun.Codes[0].Code), again(begun.Codes[1].Code))
	code(t, err, problem.BreakGlassRefused)
	opstest.Refused(w.Place, who.Caller(), w.Ops.BreakGlass.Confirm, ops.CeremonyInput{Ceremony: again(begun.Ceremony)}, problem.CeremonyOver) // another session
	opstest.Refused(w.Place, me, w.Ops.BreakGlass.Confirm, ops.CeremonyInput{Ceremony: again(begun.Ceremony)}, problem.CeremonyOver)           // and it is over
	late := opstest.Must(w.Place, me, w.Ops.BreakGlass.Begin, ops.BeginBreakGlassInput{People: 2, Needed: 2})
	w.Clock.Advance(31 * time.Minute)
	opstest.Refused(w.Place, who.Caller(), w.Ops.BreakGlass.Confirm, ops.CeremonyInput{Ceremony: again(late.Ceremony)}, problem.CeremonyOver)

	opstest.Must(w.Place, who.Caller(), w.Ops.BreakGlass.SwitchOff, ops.None{})
	_, err = w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1])
	code(t, err, problem.BreakGlassRefused)
	opstest.Refused(w.Place, who.Caller(), w.Ops.BreakGlass.SwitchOff, ops.None{}, problem.Conflict)

	for name, act := range map[string]func(*opstest.Person){
		"2-factor authentication off": func(who *opstest.Person) {
			w.Exec(`UPDATE accounts SET mfa_policy = 'recommended', force_mfa = FALSE WHERE id = $1`, string(who.Account))
			opstest.Must(w.Place, who.Caller(), w.Ops.SecondFactors.Disable, ops.None{})
		},
		"handed over": func(who *opstest.Person) {
			opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.HandOverAdmin, ops.HandOverInput{ID: who.Account, Name: "New Person", Email: "new@person.example", HandOver: true})
		},
		"reset by the console": func(who *opstest.Person) {
			opstest.Must(w.Place, opstest.Console(w.accountOf(who).Handle), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost."})
		},
	} {
		who, _ := w.glassed()
		act(who)
		if n := w.Count(`SELECT COUNT(*) FROM break_glass WHERE user_id = $1`, string(who.ID)); n != 0 {
			t.Errorf("%s: the codes live on", name)
		}
	}
}

// Whoever writes to the database, and has no key, can neither have fewer codes
// suffice nor bring their own.
func TestBreakGlass_sealed(t *testing.T) {
	w := newTown(t)
	who, codes := w.glassed()
	other, others := w.glassed()
	w.Exec(`UPDATE break_glass SET needed = 1`)
	_, err := w.breakIn(string(who.Login), opstest.Password, codes[0])
	code(t, err, problem.BreakGlassRefused)
	if n := w.Count(`SELECT COUNT(*) FROM break_glass WHERE instr(sealed || holders, $1) > 0`, codes[0].Reveal()); n != 0 {
		t.Error("a code stands in the database")
	}
	w.Exec(`UPDATE break_glass SET sealed = (SELECT b.sealed FROM break_glass b WHERE b.user_id = $2) WHERE user_id = $1`, string(who.ID), string(other.ID))
	_, err = w.breakIn(string(who.Login), opstest.Password, others[0], others[1])
	if err == nil {
		t.Error("another's set opened")
	}
}

// Everybody is told, by every channel: the person, the official contact of the
// account, its other administrators, the operators; nobody else.
func TestBreakGlass_everybodyIsTold(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	w.textTo("http://127.0.0.1:1/")
	operator := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	who, codes := w.glassed()
	home := w.accountOf(who)
	w.Exec(`UPDATE users SET mobile = '+32470000001' WHERE id = $1`, string(who.ID))
	w.Exec(`UPDATE accounts SET mobile = '+32470000002' WHERE id = $1`, string(home.ID))
	admin := w.Join(home, opstest.Member{Login: "second", Role: "Admin"})
	leaver := w.Join(home, opstest.Member{Login: "leaver", Role: "Admin", State: user.Deactivated})
	clerk := w.Join(home, opstest.Member{Login: "clerk", Role: "Support"})
	stranger := w.somebody(w.heron, opstest.Member{Role: "Admin"})
	if _, err := w.breakIn(string(who.Login), opstest.Password, codes[0], codes[1]); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who  *opstest.Person
		want string
	}{"person": {who, "break_glass_used"}, "admin": {admin, "break_glass_other"}, "operator": {operator, "break_glass_other"}, "leaver": {leaver, ""}, "clerk": {clerk, ""}, "stranger": {stranger, ""}} {
		heard := strings.Join(w.heard(c.who), "\n")
		if (c.want != "") != strings.Contains(heard, "break_glass_") || !strings.Contains(heard, c.want) {
			t.Errorf("%s heard %q, want %q", name, heard, c.want)
		}
	}
	var sent []string
	for _, a := range []account.Account{home, w.harbour} {
		for _, m := range w.messages(a) {
			if m.Kind == delivery.NoticeBySMS || m.Kind == delivery.Notice {
				sent = append(sent, string(m.Channel)+" "+m.Recipient)
			}
		}
	}
	for _, want := range []string{"mail " + string(who.Email), "mail " + string(home.Email), "mail " + string(admin.Email), "mail " + string(operator.Email), "sms +32470000001", "sms +32470000002"} {
		if !slices.Contains(sent, want) {
			t.Errorf("no %s in %v", want, sent)
		}
	}
}

// A set is kept about a user, and is nobody else's to see.
func TestBreakGlass_tenancy(t *testing.T) {
	w := newTown(t)
	who, _ := w.glassed()
	foreign := w.adminUser(w.heron)
	if got := opstest.Must(w.Place, foreign.Caller(), w.Ops.BreakGlass.Show, ops.None{}); got.State != ops.BreakGlassNone || got.Set != "" || len(got.Holders) != 0 {
		t.Errorf("another account sees %+v", got)
	}
	for _, role := range []string{"Support", "Tech", "Finance"} {
		c := w.Join(w.accountOf(who), opstest.Member{Login: "x" + strings.ToLower(role), Role: role}).Caller()
		opstest.Refused(w.Place, c, w.Ops.BreakGlass.Show, ops.None{}, problem.Forbidden)
	}
	w.Read(func(tx store.ReadTx) error {
		_, err := tx.BreakGlass(store.UserRef{})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("nobody's: %v", err)
		}
		all, err := tx.Admins(access.Scope{}, 10)
		if len(all) != 0 {
			t.Errorf("administrators of no account: %v", all)
		}
		return err
	})
}
