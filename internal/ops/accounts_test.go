package ops_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// operator is somebody of the operator's with every right.
func (w *town) operator() auth.Caller {
	return w.somebody(w.harbour, opstest.Member{Role: "Admin"}).Caller()
}

// accountActs are all that the operator does to an account.
func (w *town) accountActs(a id.Account) map[string]func(auth.Caller) error {
	err := func(_ any, err error) error { return err }
	return map[string]func(auth.Caller) error{
		"show": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.Show, ops.AccountID{ID: a}))
		},
		"update": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: a, Name: new("Mine Now"), MFAPolicy: new("recommended")}))
		},
		"suspend": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.Suspend, ops.AccountReason{ID: a, Reason: "Has not paid."}))
		},
		"reopen": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.Reopen, ops.AccountID{ID: a}))
		},
		"close": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.Close, ops.AccountReason{ID: a, Reason: "Gave up the business."}))
		},
		"hand over": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.HandOverAdmin, ops.HandOverInput{ID: a, Name: "Mallory", Email: "mallory@evil.example"}))
		},
		"reissue": func(c auth.Caller) error {
			return err(opstest.Do(w.Place, c, w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a}))
		},
	}
}

// An account that is opened holds one user and the roles of the templates, and
// its admin user comes in by the link, chooses a password, and nothing else
// works before a second factor.
func TestAccounts_open(t *testing.T) {
	w := newTown(t)
	c := w.operator()
	before := len(w.Records())
	out := opstest.Must(w.Place, c, w.Ops.Accounts.Open, ops.OpenAccountInput{
		Handle: "Marsh", Name: "Marsh & <b>Moor</b>", Email: "office@marsh.example", Mobile: "+32 470 12 34 56",
		AdminLogin: "mia", AdminName: "Mia Maes", AdminEmail: "mia@marsh.example", AdminLanguage: "de", AdminMobile: "+32 470 65 43 21",
	})
	want := ops.Customer{
		ID: out.Account.ID, Handle: "marsh", Name: "Marsh & <b>Moor</b>", Email: "office@marsh.example", Mobile: "+32470123456", State: account.Open, OpenedAt: w.Clock.Now(),
		Policy: ops.AccountPolicy{MFAPolicy: account.MFAByOpeningDate, Policy: account.MFARequired, MFA: ops.Demand{RequiredBy: account.ByPolicy}},
	}
	if diff := cmp.Diff(want, out.Account); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(ops.Progress{Users: 1, Invited: 1, Roles: len(access.Templates())}, out.Progress); diff != "" {
		t.Errorf("what is in it (-want +got):\n%s", diff)
	}
	if a := out.Admin; a.Login != "mia" || a.Status != user.Invited || a.Mobile != "+32470654321" || a.Language != "de" || a.SecondFactor || a.Activation == nil {
		t.Errorf("the admin user is %+v", a)
	}
	records := w.Records()[before:]
	if len(records) != 2 || records[0].Account != w.harbour.ID || records[1].Account != out.Account.ID || records[0].Event != "account.opened" || records[1].Event != "account.opened" {
		t.Errorf("the log says %v", w.Since(before))
	}
	w.chooses(out.Activation)
	signedIn := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: "mia", Password: secret.New(opstest.Password)})
	if m := signedIn.Session.MFA; m.State != "setup_required" || m.RequiredBy != account.ByPolicy {
		t.Errorf("the second factor: %+v", m)
	}
	mia := auth.Caller{Credential: auth.Session(signedIn.SessionToken()), Source: opstest.Somewhere}
	opstest.Refused(w.Place, mia, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
}

// chooses a password with what was handed over.
func (w *town) chooses(issued ops.ActivationIssued) {
	w.T.Helper()
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: tokenOf(w.T, issued.Link), Password: secret.New(opstest.Password)})
}

// Everything that is wrong is said at once, and nothing has happened.
func TestAccounts_open_wrong(t *testing.T) {
	w := newTown(t)
	c := w.operator()
	taken := w.somebody(w.heron, opstest.Member{State: user.Deactivated}).Login
	right := w.newCustomer()
	for name, test := range map[string]struct {
		in   func(*ops.OpenAccountInput)
		want []string
	}{
		"nothing": {func(in *ops.OpenAccountInput) { *in = ops.OpenAccountInput{} }, []string{
			"handle:required", "name:required", "email:required", "adminLogin:required", "adminName:required", "adminEmail:required", "adminLanguage:required",
		}},
		"taken": {func(in *ops.OpenAccountInput) { in.Handle, in.AdminLogin = "OTTER", strings.ToUpper(string(taken)) }, []string{"handle:taken", "adminLogin:taken"}},
		"nonsense": {func(in *ops.OpenAccountInput) {
			in.Handle, in.Name, in.Email, in.Mobile, in.OpenedAt = "x y", "a\u202eb", "office", "12", "yesterday"
			in.AdminLogin, in.AdminEmail, in.AdminLanguage, in.AdminMobile = "а", "@", "fr", "+0"
		}, []string{
			"handle:bad_format", "name:bad_text", "email:bad_format", "mobile:bad_format", "openedAt:bad_format",
			"adminLogin:too_short", "adminEmail:bad_format", "adminLanguage:unknown", "adminMobile:bad_format",
		}},
		"tomorrow": {func(in *ops.OpenAccountInput) { in.OpenedAt = "2026-03-15" }, []string{"openedAt:not_allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			in, records, accounts := right, len(w.Records()), w.Count(`SELECT COUNT(*) FROM accounts`)
			test.in(&in)
			_, err := opstest.Do(w.Place, c, w.Ops.Accounts.Open, in)
			code(t, err, problem.InvalidFields)
			if diff := cmp.Diff(test.want, opstest.Violations(err)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if len(w.Records()) != records || w.Count(`SELECT COUNT(*) FROM accounts`) != accounts {
				t.Error("something happened")
			}
		})
	}
	in := right
	in.OpenedAt = "2026-03-14" // today
	opstest.Must(w.Place, c, w.Ops.Accounts.Open, in)
}

// Two who open an account with the same handle, or the same login for its admin
// user, at the same time: one does, and of the other nothing is left.
func TestAccounts_open_atOnce(t *testing.T) {
	w := newTown(t)
	c := w.operator()
	for name, differ := range map[string]func(in *ops.OpenAccountInput, n int){
		"handle": func(in *ops.OpenAccountInput, n int) { in.AdminLogin += string(rune('a' + n)) },
		"login":  func(in *ops.OpenAccountInput, n int) { in.Handle += string(rune('a' + n)) },
	} {
		t.Run(name, func(t *testing.T) {
			base := w.newCustomer()
			accounts, users, roles := w.Count(`SELECT COUNT(*) FROM accounts`), w.Count(`SELECT COUNT(*) FROM users`), w.Count(`SELECT COUNT(*) FROM roles`)
			got := atOnce(10, func(n int) error {
				in := base
				differ(&in, n)
				_, err := op.Do(t.Context(), w.Engine, c, w.Ops.Accounts.Open, in)
				return err
			})
			if diff := cmp.Diff(map[string]int{"ok": 1, "invalid_fields": 9}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			made := []int{w.Count(`SELECT COUNT(*) FROM accounts`) - accounts, w.Count(`SELECT COUNT(*) FROM users`) - users, w.Count(`SELECT COUNT(*) FROM roles`) - roles}
			if diff := cmp.Diff([]int{1, 1, len(access.Templates())}, made); diff != "" {
				t.Errorf("made (-want +got):\n%s", diff)
			}
		})
	}
}

// Nobody but a holder of OPEN_ACCOUNT in the operator's account does any of it:
// not a customer's administrator, not somebody whose role there names the
// right, not an operator without it. What is asked for does not change.
func TestAccounts_forbidden(t *testing.T) {
	w := newTown(t)
	victim := w.customer()
	smuggler := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	role := access.Role{ID: id.NewRole(), Account: w.otter.ID, Name: "Smuggler", Permissions: []access.Permission{access.OpenAccount, access.ManageInstallation}}
	w.Write(func(tx store.WriteTx) error { return tx.AddRole(role) })
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(smuggler.Ref, role.ID) })
	manager := w.somebody(w.harbour, opstest.Member{Role: "All"})
	before := opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Show, ops.AccountID{ID: victim})
	for name, c := range map[string]auth.Caller{
		"a customer's administrator":            w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller(),
		"the admin user of another customer":    w.somebody(w.heron, opstest.Member{Role: "Admin", AdminUser: true}).Caller(),
		"a customer whose role names the right": smuggler.Caller(),
		"an operator without the right":         manager.Caller(),
		"the console in a customer's account":   opstest.Console("otter"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, a := range []id.Account{victim, w.otter.ID, w.harbour.ID, "acc_none"} {
				for what, act := range w.accountActs(a) {
					if got := opstest.CodeOf(act(c)); got != "forbidden" {
						t.Errorf("%s %s gives %s", what, a, got)
					}
				}
			}
			opstest.Refused(w.Place, c, w.Ops.Accounts.List, ops.AccountList{}, problem.Forbidden)
			opstest.Refused(w.Place, c, w.Ops.Accounts.Open, w.newCustomer(), problem.Forbidden)
			opstest.Refused(w.Place, c, w.Ops.Settings.Update, ops.UpdateSettingsInput{MFARequiredFrom: new("2026-01-01")}, problem.Forbidden)
		})
	}
	if diff := cmp.Diff(before, opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Show, ops.AccountID{ID: victim})); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
}

// The account that runs the installation is neither suspended nor closed, and
// who opens accounts does not get at its admin user or its policies.
func TestAccounts_operatorAccount(t *testing.T) {
	w := newTown(t)
	first := w.somebody(w.harbour, opstest.Member{Role: "Admin", AdminUser: true})
	clerk := w.somebody(w.harbour, opstest.Member{})
	role := access.Role{ID: id.NewRole(), Account: w.harbour.ID, Name: "Clerk", Permissions: []access.Permission{access.OpenAccount}}
	w.Write(func(tx store.WriteTx) error { return tx.AddRole(role) })
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(clerk.Ref, role.ID) })
	acts := w.accountActs(w.harbour.ID)
	session := first.Caller()
	for _, c := range []auth.Caller{clerk.Caller(), w.operator()} {
		for _, what := range []string{"suspend", "reopen", "close", "hand over", "reissue"} {
			code(t, acts[what](c), problem.OperatorAccount)
			if r := w.LastRecord(); r.Outcome != "refused" || r.Reason != problem.OperatorAccount || r.Account != w.harbour.ID {
				t.Errorf("%s: the log says %s", what, opstest.Brief(r))
			}
		}
	}
	code(t, acts["update"](clerk.Caller()), problem.OperatorAccount)
	code(t, acts["update"](w.operator()), "ok")
	for _, what := range []string{"suspend", "close"} {
		code(t, acts[what](opstest.Console("")), problem.OperatorAccount)
	}
	if !w.alive(session) {
		t.Error("a refused act ended a session")
	}
	code(t, acts["reissue"](opstest.Console("")), "ok") // the last resort
	code(t, acts["hand over"](opstest.Console("")), "ok")
	if w.alive(session) {
		t.Error("the person before is still signed in")
	}
}

// A suspended account lets nobody in, from the next call on, by anything that
// was handed out before: sessions, sign-ins under way, passwords, links, codes.
// Nobody can tell it from a wrong password. Reopened, people sign in again; the
// links of before stay dead.
func TestAccounts_suspend(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	tom := w.somebody(w.otter, opstest.Member{})
	plain := w.somebody(w.otter, opstest.Member{NoFactor: true})
	foreigner := w.somebody(w.heron, opstest.Member{}).Caller()
	session, other := admin.Caller(), tom.Caller()
	issued := w.invite().Activation
	underWay := w.askedForFactor(tom)
	before := len(w.Records())
	out := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Suspend, ops.AccountReason{ID: w.otter.ID, Reason: "Has not paid."})
	if out.Account.State != account.Suspended {
		t.Errorf("it is %s", out.Account.State)
	}
	theirs := w.Records()[before+1]
	if theirs.Account != w.otter.ID || theirs.Actor.Kind != "operator" || theirs.Actor.Name != w.harbour.Name || theirs.Source.Address != "" || theirs.Source.Program != "" ||
		theirs.Detail["reason"] != "Has not paid." || theirs.Detail["sessionsEnded"] != float64(2) || theirs.Detail["linksEnded"] != float64(1) {
		t.Errorf("the account's own log says %+v", theirs)
	}
	if r := w.Records()[before]; r.Account != w.harbour.ID || r.Actor.Kind != "user" || r.Actor.ID == "" || r.Object.ID != string(w.otter.ID) {
		t.Errorf("the operator's log says %+v", r)
	}
	opstest.Refused(w.Place, session, w.Ops.Users.List, ops.UserList{}, problem.SessionEnded)
	opstest.Refused(w.Place, other, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	if !w.alive(foreigner) {
		t.Error("a session of another account ended")
	}
	wrong := func(login string, password string) error {
		_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: login, Password: secret.New(password)})
		return err
	}
	for _, who := range []*opstest.Person{admin, tom, plain} {
		if diff := cmp.Diff(problem.Of(wrong("nobody.at.all", opstest.Password)), problem.Of(wrong(string(who.Login), opstest.Password)), cmp.AllowUnexported(problem.Problem{})); diff != "" {
			t.Errorf("the right password tells of the account:\n%s", diff)
		}
	}
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: underWay, Code: tom.Code()}, problem.SignInFailed)
	dead := func() {
		t.Helper()
		for _, s := range []secret.Text{tokenOf(t, issued.Link), again(issued.Code)} {
			opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: s}, problem.ActivationDead)
			opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: s, Password: secret.New(opstest.Password)}, problem.ActivationDead)
		}
	}
	dead()
	for _, what := range []string{"suspend", "reissue", "hand over"} {
		code(t, w.accountActs(w.otter.ID)[what](w.operator()), problem.Conflict)
	}
	opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Reopen, ops.AccountID{ID: w.otter.ID})
	dead()
	if w.alive(session) {
		t.Error("a session of before came back")
	}
	code(t, wrong(string(plain.Login), opstest.Password), "ok")
	code(t, w.accountActs(w.otter.ID)["reopen"](w.operator()), problem.Conflict)
}

// Closed is for good: nothing brings an account back, its handle and logins are
// never free again, and what happened in it can still be read by whoever has
// the database.
func TestAccounts_close(t *testing.T) {
	for _, from := range []string{"open", "suspended"} {
		t.Run(from, func(t *testing.T) {
			w := newTown(t)
			admin := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
			session, c := admin.Caller(), w.operator()
			if from == "suspended" {
				code(t, w.accountActs(w.otter.ID)["suspend"](c), "ok")
			}
			happened := w.Count(`SELECT COUNT(*) FROM activity WHERE account_id = $1`, string(w.otter.ID))
			opstest.Must(w.Place, c, w.Ops.Accounts.Close, ops.AccountReason{ID: w.otter.ID, Reason: "Gave up the business."})
			if w.alive(session) {
				t.Error("a session is alive")
			}
			for what, act := range w.accountActs(w.otter.ID) {
				want := problem.Conflict
				if what == "show" {
					want = "ok"
				}
				code(t, act(c), want)
				code(t, act(opstest.Console("")), want)
			}
			in := w.newCustomer()
			in.Handle, in.AdminLogin = "otter", string(admin.Login)
			_, err := opstest.Do(w.Place, c, w.Ops.Accounts.Open, in)
			if diff := cmp.Diff([]string{"handle:taken", "adminLogin:taken"}, opstest.Violations(err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := w.Count(`SELECT COUNT(*) FROM activity WHERE account_id = $1`, string(w.otter.ID)); got != happened+1 {
				t.Errorf("its activity has %d records, want %d", got, happened+1)
			}
		})
	}
	w := newTown(t)
	for _, reason := range []string{"", "  ", strings.Repeat("x", 501), "a\x00b"} {
		_, err := opstest.Do(w.Place, w.operator(), w.Ops.Accounts.Close, ops.AccountReason{ID: w.otter.ID, Reason: reason})
		code(t, err, problem.InvalidFields)
	}
}

// Handing the admin user over leaves nothing that the person before knew or
// had: not the password, the second factors, the recovery codes, the sessions,
// a sign-in under way, a link that was handed out, nor the places they came
// from. Login and role stay.
func TestAccounts_handOverAdmin(t *testing.T) {
	w := newTown(t)
	before := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	colleague := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
	session, underWay := before.Caller(), w.askedForFactor(before)
	old := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: w.otter.ID})
	if old.Admin.Status != user.Active || !old.Admin.SecondFactor || old.Admin.Activation.Purpose != ops.ToNewPassword {
		t.Errorf("re-issued, the admin user is %+v", old.Admin)
	}
	w.Exec(`UPDATE users SET access_points = 'API', ip_rules = '198.51.100.0/24' WHERE id = $1`, string(before.ID))
	out := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.HandOverAdmin, ops.HandOverInput{ID: w.otter.ID, Name: "Nora Nieuw", Email: "nora@otter.example"})
	if a := out.Admin; a.Login != before.Login || a.Name != "Nora Nieuw" || a.Mobile != "" || a.Status != user.Invited || a.SecondFactor || a.LastSeenAt != nil || a.Language != "en" {
		t.Errorf("the admin user is %+v", a)
	}
	if w.alive(session) || !w.alive(colleague) {
		t.Error("the session of the person before is alive, or a colleague's is not")
	}
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.Verify, ops.VerifyInput{Ceremony: underWay, Code: before.Code()}, problem.SignInFailed)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(before.Login), Password: secret.New(opstest.Password), Code: before.Code()}, problem.SignInFailed)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: tokenOf(t, old.Activation.Link)}, problem.ActivationDead)
	if n := w.Count(`SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1`, string(before.ID)); n != 0 {
		t.Errorf("%d recovery codes are left", n)
	}
	w.chooses(out.Activation)
	next := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(before.Login), Password: secret.New(opstest.Password)})
	if next.State != ops.SignedIn || !slices.Contains(next.Session.Permissions, access.ManageUser) {
		t.Errorf("the next one is %s with %v", next.State, next.Session.Permissions)
	}
	_, err := opstest.Do(w.Place, w.operator(), w.Ops.Accounts.HandOverAdmin, ops.HandOverInput{ID: w.otter.ID, Mobile: "x", Language: "fr"})
	if diff := cmp.Diff([]string{"name:required", "email:required", "mobile:bad_format", "language:unknown"}, opstest.Violations(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	code(t, w.accountActs(w.heron.ID)["hand over"](w.operator()), problem.Conflict) // it has no admin user
}

// Re-issued, the admin user chooses a new password; the second factor stays.
func TestAccounts_reissueAdmin(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	session := admin.Caller()
	one := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: w.otter.ID})
	two := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: w.otter.ID})
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: tokenOf(t, one.Activation.Link)}, problem.ActivationDead)
	if !w.alive(session) {
		t.Error("nothing was used yet, and the session ended")
	}
	w.chooses(two.Activation)
	if w.alive(session) {
		t.Error("the session outlived the password")
	}
	out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(admin.Login), Password: secret.New(opstest.Password)})
	if out.State != ops.SecondFactorNeeded {
		t.Errorf("the sign-in is %s", out.State)
	}
}

// All of the operator's acts but reading ask for a proof of a moment ago.
func TestAccounts_stepUp(t *testing.T) {
	w := newTown(t)
	victim, c := w.customer(), w.operator()
	w.Clock.Advance(6 * 60e9)
	for what, act := range w.accountActs(victim) {
		want := problem.StepUpRequired
		if what == "show" {
			want = "ok"
		}
		code(t, act(c), want)
	}
	opstest.Refused(w.Place, c, w.Ops.Accounts.Open, w.newCustomer(), problem.StepUpRequired)
}
