package ops_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
	"gatehouse/internal/user"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing them")

// town is three accounts: the operator's and two customers.
type town struct {
	*opstest.Place
	harbour, otter, heron account.Account // harbour is the operator
	suspended             account.Account
	people                int              // made so far, for logins
	abroad                *account.Account // what elsewhere is, when a test says so
}

func newTown(t testing.TB) *town {
	w := &town{Place: opstest.New(t, opstest.Options{})}
	w.harbour = w.Found("harbour", account.MFARequired)
	w.otter = w.Found("otter", account.MFARequired)
	w.heron = w.Found("heron", account.MFARequired)
	w.suspended = w.Found("closed", account.MFARequired)
	w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(w.suspended.ID))
	return w
}

// somebody new in an account.
func (w *town) somebody(a account.Account, m opstest.Member) *opstest.Person {
	w.people++
	m.Login = fmt.Sprintf("p%d.%s", w.people, a.Handle)
	return w.Join(a, m)
}

// asker is one kind of caller, made anew for every question.
type asker struct {
	name string
	role string // whose rights it has; empty for none
	make func(w *town) asking
}

// asking is a caller with what is needed to ask about its own things.
type asking struct {
	auth.Caller
	home account.Account // where its own things are
	who  *opstest.Person // nil when it is no person who is signed in
}

func nobody(c auth.Caller) func(*town) asking {
	return func(w *town) asking { return asking{c, w.otter, nil} }
}

func member(of func(*town) account.Account, m opstest.Member) func(*town) asking {
	return func(w *town) asking {
		who := w.somebody(of(w), m)
		return asking{who.Caller(), of(w), who}
	}
}

func harbour(w *town) account.Account { return w.harbour }
func otter(w *town) account.Account   { return w.otter }
func heron(w *town) account.Account   { return w.heron }

func askers() []asker {
	return []asker{
		{"anonymous", "", nobody(opstest.Anybody())},
		{"ended session", "", func(w *town) asking {
			who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			c := who.Caller()
			opstest.Must(w.Place, c, w.Ops.Session.SignOut, ops.None{})
			return asking{c, w.otter, nil}
		}},
		{"invited user's session", "", member(otter, opstest.Member{Role: "Admin", State: user.Invited})},
		{"deactivated user's session", "", member(otter, opstest.Member{Role: "Admin", State: user.Deactivated})},
		{"suspended account's session", "", member(func(w *town) account.Account { return w.suspended }, opstest.Member{Role: "Admin"})},
		{"enrolling Admin", "Admin", member(otter, opstest.Member{Role: "Admin", NoFactor: true})},
		{"no role", "", member(otter, opstest.Member{})},
		{"Support", "Support", member(otter, opstest.Member{Role: "Support"})},
		{"Tech", "Tech", member(otter, opstest.Member{Role: "Tech"})},
		{"Finance", "Finance", member(otter, opstest.Member{Role: "Finance"})},
		{"All", "All", member(otter, opstest.Member{Role: "All"})},
		{"Admin", "Admin", member(otter, opstest.Member{Role: "Admin"})},
		{"Admin's API key", "Admin", func(w *town) asking {
			who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			_, c := w.keyOf(who, nil)
			return asking{c, w.otter, who}
		}},
		{"another account's Admin", "Admin", member(heron, opstest.Member{Role: "Admin"})},
		{"operator", "Admin", member(harbour, opstest.Member{Role: "Admin"})},
		{"console", "Admin", func(w *town) asking { return asking{opstest.Console(""), w.harbour, nil} }},
		{"console in otter", "Admin", func(w *town) asking { return asking{opstest.Console("otter"), w.otter, nil} }},
		{"background job", "", nobody(auth.Caller{Credential: auth.System("expiry"), Source: access.Source{Face: access.FaceSystem}})},
	}
}

// ask runs one operation for one caller and gives the outcome.
func (w *town) ask(o op.Any, a asking, in any) string {
	w.T.Helper()
	out, err := o.Invoke(w.T.Context(), w.Engine, a.Caller, func(v any) error {
		reflect.ValueOf(v).Elem().Set(reflect.ValueOf(in))
		return nil
	})
	if err != nil {
		return opstest.CodeOf(err)
	}
	if kept, ok := out.(*op.Answer); ok {
		out = kept.Value
	}
	if list := reflect.ValueOf(out).FieldByName("Entities"); list.IsValid() && list.Len() == 0 {
		return "ok, empty"
	}
	return "ok"
}

// Who may do what: every operation, asked by every kind of caller, about
// something of its own account and of another's. What is expected stands in
// testdata/matrix.txt ('go test ./internal/ops -run TestMatrix -update' writes
// it anew), so that a change of rights is a visible line in review. What must
// hold whatever that file says is checked below it.
func TestMatrix(t *testing.T) {
	w := newTown(t)
	w.somethingHappens(w.harbour)
	var got bytes.Buffer
	got.WriteString("Who gets what: every operation, by every kind of caller. Written by TestMatrix.\n")
	fmt.Fprintf(&got, "otter is the account of everybody who is not said to be elsewhere.\n")
	all := samples()
	for _, o := range w.Ops.Table().All() {
		info := o.Info()
		s, ok := all[info.Name]
		if !ok {
			t.Errorf("the operation %s has no sample input in samples()", info.Name)
			continue
		}
		delete(all, info.Name)
		route := info.Route
		if route == op.NoRoute {
			route = "no route"
		}
		fmt.Fprintf(&got, "\n%s (%s): %s\n", info.Name, route, info.Rule)
		row(t, w, &got, o, "", s.own)
		if s.foreign != nil {
			fmt.Fprintf(&got, "  about another account's:\n")
			row(t, w, &got, o, "foreign", s.foreign)
		} else if strings.Contains(info.Route, "{") && !strings.HasPrefix(info.Name, "templates.") && !strings.HasPrefix(info.Name, "accounts.") { // the installation's, and any account's by the operator alone
			t.Errorf("%s names something in its route, and its sample has nothing foreign", info.Name)
		}
	}
	for name := range all {
		t.Errorf("there is a sample for %s, and no such operation", name)
	}
	golden(t, "matrix.txt", got.Bytes())
}

// row asks every caller and writes who got which answer.
func row(t *testing.T, w *town, to *bytes.Buffer, o op.Any, about string, input func(*town, asking) any) {
	answers := map[string][]string{}
	for _, who := range askers() {
		a := who.make(w)
		in := input(w, a)
		before := w.Count(`SELECT COUNT(*) FROM activity`)
		got := w.ask(o, a, in)
		left := w.Count(`SELECT COUNT(*) FROM activity`) - before
		answers[got] = append(answers[got], who.name)
		for _, wrong := range invariants(o.Info(), who, about != "", got, left) {
			t.Errorf("%s%s by %s gives %s: %s", o.Info().Name, strings.TrimRight(" "+about, " "), who.name, got, wrong)
		}
	}
	codes := slices.SortedFunc(maps.Keys(answers), func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
	for _, code := range codes {
		names := strings.Join(answers[code], ", ")
		if len(answers) == 1 {
			names = "everybody"
		}
		fmt.Fprintf(to, "  %-18s  %s\n", code, names)
	}
}

func rank(code string) string {
	if strings.HasPrefix(code, "ok") {
		return " " + code
	}
	return code
}

// open are the operations for everybody, signed in or not.
var open = []string{
	"installation.show", "setup.begin", "setup.finish", "activation.check", "activation.complete", "activation.resend", "password.forgot", "helpRequests.ask", "helpRequests.askByLogin",
	"session.signIn", "session.beginKey", "session.verify", "session.beginPasskey", "session.verifyPasskey", "session.breakGlass", "session.show",
}

// whileEnrolling is what rule A5 leaves open while a second factor is required
// and not set up: its set-up, the profile, and signing out.
var whileEnrolling = []string{
	"session.beginStepUp", "session.stepUp", "secondFactors.beginApp", "secondFactors.confirmApp",
	"secondFactors.beginKey", "secondFactors.askKey", "secondFactors.confirmKey", "profile.show", "session.signOut",
}

// bySecurityKey are the operations for everybody who is where security keys
// work, which neither the command line nor a background job is.
var bySecurityKey = []string{"session.beginKey", "session.beginPasskey", "session.verifyPasskey"}

// invariants hold whatever the golden file says.
func invariants(i op.Info, who asker, foreign bool, got string, records int) (wrong []string) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	in := strings.HasPrefix(got, "ok")
	forAll := slices.Contains(open, i.Name)
	must(!strings.HasPrefix(got, "internal"), "no answer is a fault of ours")
	must(forAll == i.Rule.Open(), "its rule is %q", i.Rule)
	if strings.HasSuffix(who.name, "API key") && !forAll && !i.Rule.Keys() {
		must(got == "in_person" && records == 1, "it takes a person; %d records", records)
		return wrong
	}
	switch {
	case i.Name == "session.show" || i.Name == "installation.show":
		must(got == "ok", "it works for everybody")
	case strings.HasPrefix(i.Name, "setup."):
		want := "setup_done"
		if i.Name == "setup.console" && !strings.HasPrefix(who.name, "console") {
			want = "forbidden"
		}
		must(got == want, "set-up is over; want %s", want)
	case i.Route == op.NoRoute:
		want := map[string]string{"anonymous": "unauthenticated", "enrolling Admin": "mfa_setup_required"}[who.name]
		if who.name == i.Rule.String() {
			want = "ok"
		}
		if strings.HasSuffix(who.name, "session") {
			want = "session_ended"
		} else if want == "" {
			want = "forbidden"
		}
		must(got == want, "it is for the program itself; want %s", want)
	case slices.Contains(bySecurityKey, i.Name) && (strings.HasPrefix(who.name, "console") || who.name == "background job"):
		must(got == "security_key_unavailable" || got == "ceremony_over", "no key works there")
	case forAll:
		must(in, "it is for everybody")
	case who.name == "anonymous":
		must(got == "unauthenticated", "nobody is signed in")
	case strings.HasSuffix(who.name, "session"):
		must(got == "session_ended", "the session is over")
	case who.name == "enrolling Admin" && !slices.Contains(whileEnrolling, i.Name):
		must(got == "mfa_setup_required", "a second factor comes first")
	}
	if p, ok := i.Rule.Permission(); ok && who.name != "enrolling Admin" {
		holds := roleHolds(who.role, p, who.name == "operator" || who.name == "console")
		must(holds || !in, "the caller does not hold %s", p)
		must(!holds || got != "forbidden", "the caller holds %s", p)
		if foreign && strings.Contains(i.Route, "{") && holds {
			must(got == "not_found", "it is another account's")
		}
		must(!foreign || got != "ok", "it is another account's")
		if got == "forbidden" {
			must(records == 1, "a refusal left %d records, want 1", records)
		}
	}
	if i.Writes && in {
		want := 1
		if strings.HasPrefix(i.Name, "accounts.") { // in the operator's log and in the account's own
			want = 2
		}
		must(records == want, "a write left %d records, want %d", records, want)
	}
	if !i.Writes && in {
		must(records == 0, "a read left %d records", records)
	}
	return wrong
}

// roleHolds says it from the description of the roles, not from what the
// database adds up.
func roleHolds(role string, p access.Permission, operator bool) bool {
	managing := []access.Permission{"MANAGE_USER", "MANAGE_ROLE"}
	installation := []access.Permission{"OPEN_ACCOUNT", "RESET_ADMIN_MFA", "MANAGE_GATE", "MANAGE_INSTALLATION"}
	switch {
	case role == "":
		return false
	case slices.Contains(installation, p):
		return role == "Admin" && operator
	case role == "Admin":
		return true
	case role == "All":
		return !slices.Contains(managing, p) && p != "PREMIUM_DOMAIN" && p != "ADAC_ACCES"
	}
	for _, r := range access.Templates() {
		if r.Name == role {
			return slices.Contains(r.Permissions, p)
		}
	}
	return false
}

// Before set-up nothing works but set-up, for anybody.
func TestMatrix_beforeSetup(t *testing.T) {
	works := map[string]bool{"installation.show": true, "session.show": true, "setup.begin": true, "password.forgot": true, "activation.resend": true, "helpRequests.askByLogin": true}
	closed := map[string][]problem.Code{ // open to everybody, and there is nothing behind the door
		"setup.finish": {problem.CeremonyOver}, "helpRequests.ask": {problem.CeremonyOver}, "activation.check": {problem.ActivationDead}, "activation.complete": {problem.ActivationDead},
		"session.signIn": {problem.SignInFailed}, "session.verify": {problem.CeremonyOver},
		"session.beginKey": {problem.CeremonyOver}, "session.verifyPasskey": {problem.CeremonyOver}, "session.breakGlass": {problem.BreakGlassRefused}, "session.beginPasskey": {"ok", problem.SecurityKeyUnavailable},
	}
	inputs := map[string]any{
		"setup.begin": setupInput(), "session.signIn": ops.SignInInput{Login: "anna", Password: secret.New("x")},
		"session.verify": ops.VerifyInput{Code: secret.New("123456")}, "session.verifyPasskey": ops.PasskeyInput{Credential: []byte("{}")}, "session.breakGlass": ops.BreakGlassInput{Login: "anna", Password: secret.New("x"), Codes: []secret.Text{secret.New("x")}}, "users.add": ops.AddUserInput{Login: "anna"},
		"password.forgot": ops.ForgotInput{Login: "anna"}, "helpRequests.ask": ops.HelpInput{What: "x", Reach: "x"}, "helpRequests.askByLogin": ops.HelpByLoginInput{Login: "anna", What: "x", Reach: "x"},
	}
	for _, c := range []struct {
		name   string
		caller auth.Caller
		others []problem.Code
	}{
		{"anonymous", opstest.Anybody(), []problem.Code{problem.Unauthenticated, problem.Forbidden}},
		{"made-up session", auth.Caller{Credential: auth.Session(auth.NewToken()), Source: opstest.Somewhere}, []problem.Code{problem.SessionEnded, problem.Forbidden}},
		{"console", opstest.Console(""), []problem.Code{problem.NotSetUp, problem.Forbidden}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &town{Place: opstest.New(t, opstest.Options{})}
			for _, o := range w.Ops.Table().All() {
				i := o.Info()
				in := inputs[i.Name]
				if in == nil {
					in = reflect.Zero(i.In).Interface()
				}
				if i.Name == "setup.console" && c.name == "console" {
					continue // that sets it up
				}
				got := w.ask(o, asking{Caller: c.caller}, in)
				want := c.others
				if codes, ok := closed[i.Name]; ok {
					want = codes
				}
				if works[i.Name] && got != "ok" || !works[i.Name] && !slices.Contains(want, problem.Code(got)) {
					t.Errorf("%s gives %s, want one of %v", i.Name, got, want)
				}
			}
		})
	}
}

// Nobody is anybody once their time is over, whatever they ask for.
func TestMatrix_sessionsEndByTime(t *testing.T) {
	for name, wait := range map[string]time.Duration{"idle": session.Idle, "absolute": session.Absolute} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			a := member(otter, opstest.Member{Role: "Admin"})(w)
			w.Clock.Advance(wait)
			for _, o := range w.Ops.Table().All() {
				if slices.Contains(open, o.Info().Name) || o.Info().Route == op.NoRoute {
					continue
				}
				if got := w.ask(o, a, reflect.Zero(o.Info().In).Interface()); got != "session_ended" {
					t.Errorf("%s gives %s", o.Info().Name, got)
				}
			}
		})
	}
}

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-file +now); -update writes it anew:\n%s", file, diff)
	}
}
