package ops_test

import (
	"testing"
	"time"

	"gatehouse/internal/auth"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// relaxed makes the otter an account in which a second factor is only
// recommended.
func (w *town) relaxed() {
	w.T.Helper()
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.otter.ID, MFAPolicy: new("recommended")})
}

// until moves the clock to a moment.
func (w *town) until(text string) {
	w.T.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Clock.Advance(at.Sub(w.Clock.Now()))
}

// A day that the operator sets, for one account or for all: people see it
// coming, and at its midnight, in a session that is open, everything closes but
// the set-up. Whoever has a second factor notices nothing; other accounts
// neither, when it is one account's day.
func TestPolicy_requiredFrom(t *testing.T) {
	for name, set := range map[string]func(*town){
		"of the account": func(w *town) {
			opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.otter.ID, MFARequiredFrom: new("2026-03-15")})
		},
		"of the installation": func(w *town) {
			opstest.Must(w.Place, opstest.Console(""), w.Ops.Settings.Update, ops.UpdateSettingsInput{MFARequiredFrom: new("2026-03-15")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.relaxed()
			w.until("2026-03-14T23:55:00Z")
			without := w.somebody(w.otter, opstest.Member{Role: "Admin", NoFactor: true}).Caller()
			with := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
			set(w)
			w.until("2026-03-14T23:59:59Z")
			shown := opstest.Must(w.Place, without, w.Ops.Session.Show, ops.None{}).Session.MFA
			if diff := cmp.Diff(ops.MFA{State: "off", RequiredFrom: "2026-03-15"}, shown); diff != "" {
				t.Errorf("the second before (-want +got):\n%s", diff)
			}
			opstest.Must(w.Place, without, w.Ops.Users.List, ops.UserList{})
			if n := opstest.Must(w.Place, with, w.Ops.Users.List, ops.UserList{MFA: "setup_required"}).Pagination.Total; n != 0 {
				t.Errorf("the second before, %d users have to set up", n)
			}
			w.until("2026-03-15T00:00:00Z")
			opstest.Refused(w.Place, without, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
			profile := opstest.Must(w.Place, without, w.Ops.Profile.Show, ops.None{})
			want := ops.MFA{State: "setup_required", RequiredBy: account.ByOperator}
			if diff := cmp.Diff(want, profile.MFA); diff != "" {
				t.Errorf("at midnight (-want +got):\n%s", diff)
			}
			listed := opstest.Must(w.Place, with, w.Ops.Users.List, ops.UserList{MFA: "setup_required"})
			if len(listed.Entities) != 1 || listed.Entities[0].MFA != want {
				t.Errorf("the list says %+v", listed.Entities)
			}
			opstest.Must(w.Place, without, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
			opstest.Refused(w.Place, with, w.Ops.SecondFactors.Disable, ops.None{}, problem.MFARequired)
		})
	}
}

// The policy of accounts goes by the day they were opened, at once when that is
// put right or when the installation draws the line elsewhere, unless the
// operator said otherwise of one.
func TestPolicy_openingDate(t *testing.T) {
	w := newTown(t)
	c := opstest.Console("")
	policy := func(a id.Account) account.MFAPolicy {
		return opstest.Must(w.Place, c, w.Ops.Accounts.Show, ops.AccountID{ID: a}).Account.Policy.Policy
	}
	in := w.newCustomer()
	in.OpenedAt = "2020-04-30"
	old := opstest.Must(w.Place, c, w.Ops.Accounts.Open, in).Account.ID
	if got := policy(old); got != account.MFARecommended {
		t.Errorf("opened on the last old day: %s", got)
	}
	opstest.Must(w.Place, c, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: old, OpenedAt: new("2020-05-01")})
	if got := policy(old); got != account.MFARequired {
		t.Errorf("opened a day later: %s", got)
	}
	opstest.Must(w.Place, c, w.Ops.Settings.Update, ops.UpdateSettingsInput{MFARequiredAfter: new("2021-12-31")})
	if got := policy(old); got != account.MFARecommended {
		t.Errorf("with the line drawn later: %s", got)
	}
	count := func(p listing.Filter) int {
		return opstest.Must(w.Place, c, w.Ops.Accounts.List, ops.AccountList{Policy: p}).Pagination.Total
	}
	if count("recommended") != 1 || count("required") != 4 {
		t.Errorf("the list has %d and %d", count("recommended"), count("required"))
	}
	opstest.Must(w.Place, c, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: old, MFAPolicy: new("required")})
	if got := policy(old); got != account.MFARequired || count("recommended") != 0 {
		t.Errorf("the operator requires it: %s", got)
	}
	for field, in := range map[string]ops.UpdateSettingsInput{
		"mfaRequiredAfter:required":   {MFARequiredAfter: new("")},
		"mfaRequiredAfter:bad_format": {MFARequiredAfter: new("soon")},
		"mfaRequiredFrom:bad_format":  {MFARequiredFrom: new("2026-02-30"), PublicURL: new("https://new.example")},
	} {
		before := opstest.Must(w.Place, c, w.Ops.Settings.Show, ops.None{})
		_, err := opstest.Do(w.Place, c, w.Ops.Settings.Update, in)
		if diff := cmp.Diff([]string{field}, opstest.Violations(err)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, opstest.Must(w.Place, c, w.Ops.Settings.Show, ops.None{})); diff != "" {
			t.Errorf("something changed:\n%s", diff)
		}
	}
	opstest.Must(w.Place, c, w.Ops.Settings.Update, ops.UpdateSettingsInput{MFARequiredFrom: new("2026-06-01")})
	opstest.Must(w.Place, c, w.Ops.Settings.Update, ops.UpdateSettingsInput{PublicURL: new("https://new.example")})
	want := ops.Settings{PublicURL: "https://new.example", MFARequiredAfter: "2021-12-31", MFARequiredFrom: "2026-06-01"}
	if diff := cmp.Diff(want, opstest.Must(w.Place, c, w.Ops.Settings.Show, ops.None{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	opstest.Must(w.Place, c, w.Ops.Settings.Update, ops.UpdateSettingsInput{MFARequiredFrom: new("")})
	if got := opstest.Must(w.Place, c, w.Ops.Settings.Show, ops.None{}).MFARequiredFrom; got != "" {
		t.Errorf("the day that was taken back is %s", got)
	}
}

// An administrator forces a second factor on everybody, in open sessions too,
// and takes that back; what policy or operator demand stays demanded.
func TestAccount_forceMFA(t *testing.T) {
	w := newTown(t)
	w.relaxed()
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
	without := w.somebody(w.otter, opstest.Member{Role: "Admin", NoFactor: true}).Caller()
	elsewhere := w.somebody(w.heron, opstest.Member{Role: "Admin"}).Caller()
	force := func(on bool) {
		t.Helper()
		out := opstest.Must(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{ForceMFA: &on})
		if out.Policy.ForceMFA != on || out.Policy.Policy != account.MFARecommended {
			t.Errorf("the policy is %+v", out.Policy)
		}
	}
	opstest.Must(w.Place, without, w.Ops.Users.List, ops.UserList{})
	force(true)
	opstest.Refused(w.Place, without, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
	if m := opstest.Must(w.Place, without, w.Ops.Session.Show, ops.None{}).Session.MFA; m.RequiredBy != account.ByAdministrator {
		t.Errorf("it is demanded by %q", m.RequiredBy)
	}
	opstest.Refused(w.Place, admin, w.Ops.SecondFactors.Disable, ops.None{}, problem.MFARequired)
	force(false)
	opstest.Must(w.Place, without, w.Ops.Users.List, ops.UserList{})
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.otter.ID, MFARequiredFrom: new("2026-01-01")})
	force(false)
	opstest.Refused(w.Place, without, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
	if p := opstest.Must(w.Place, elsewhere, w.Ops.Account.Show, ops.None{}).Policy; p.ForceMFA || p.MFARequiredFrom != "" {
		t.Errorf("another account's policy became %+v", p)
	}
}

// What an account may and may not do to itself.
func TestAccount_update(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true}).Caller()
	peer := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
	all := w.somebody(w.otter, opstest.Member{Role: "All"}).Caller() // holds MANAGE_ACCOUNT, and not every right
	support := w.somebody(w.otter, opstest.Member{Role: "Support"}).Caller()
	before := len(w.Records())
	out := opstest.Must(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{Name: new("  Otter   & Sons "), Email: new("desk@otter.example"), Mobile: new("")})
	if out.Name != "Otter & Sons" || out.Contact == nil || out.Contact.Email != "desk@otter.example" {
		t.Errorf("the account became %+v", out)
	}
	if r := w.Records()[before:]; len(r) != 1 || r[0].Account != w.otter.ID {
		t.Errorf("the log says %v", w.Since(before))
	}
	if own := opstest.Must(w.Place, support, w.Ops.Account.Show, ops.None{}); own.Contact != nil || own.Name != "Otter & Sons" {
		t.Errorf("support sees %+v", own)
	}
	if found := opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.List, ops.AccountList{Q: "SÖNS"}).Entities; len(found) != 1 || found[0].Handle != "otter" {
		t.Errorf("the new name finds %+v", found)
	}
	_, err := opstest.Do(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{Name: new(""), Email: new("x"), Mobile: new("x")})
	if diff := cmp.Diff([]string{"name:required", "email:bad_format", "mobile:bad_format"}, opstest.Violations(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Whoever moves the official address would be sent the admin user's link.
	opstest.Must(w.Place, all, w.Ops.Account.Update, ops.UpdateAccountInput{Name: new("Otter"), Email: new("desk@otter.example")})
	for _, c := range []auth.Caller{all, peer} {
		opstest.Refused(w.Place, c, w.Ops.Account.Update, ops.UpdateAccountInput{Email: new("mine@evil.example")}, problem.AdminUser)
		opstest.Refused(w.Place, c, w.Ops.Account.Update, ops.UpdateAccountInput{Mobile: new("+32470999999")}, problem.AdminUser)
	}
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Account.Update, ops.UpdateAccountInput{Mobile: new("+32470999999")})
	// Passwords at the doors: off by anybody who may, on by the operator alone.
	opstest.Refused(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{APIPasswords: new(true)}, problem.Forbidden)
	opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.otter.ID, APIPasswords: new(true)})
	opstest.Must(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{APIPasswords: new(true), Name: new("Still on")})
	if p := opstest.Must(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{APIPasswords: new(false)}).Policy; p.APIPasswords {
		t.Error("passwords still work at the doors")
	}
	opstest.Refused(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{APIPasswords: new(true)}, problem.Forbidden)
	w.Clock.Advance(6 * time.Minute)
	opstest.Refused(w.Place, admin, w.Ops.Account.Update, ops.UpdateAccountInput{Name: new("Late")}, problem.StepUpRequired)
}

// A change of policy moves the version of the rights, on which decisions that
// were made before rest.
func TestPolicy_movesRights(t *testing.T) {
	w := newTown(t)
	version := func() (n int64) {
		w.Read(func(tx store.ReadTx) (err error) {
			n, err = tx.RightsVersion()
			return err
		})
		return n
	}
	c := opstest.Console("")
	for name, act := range map[string]func(){
		"policy": func() { w.relaxed() },
		"day": func() {
			opstest.Must(w.Place, c, w.Ops.Settings.Update, ops.UpdateSettingsInput{MFARequiredFrom: new("2026-06-01")})
		},
		"force": func() {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Account.Update, ops.UpdateAccountInput{ForceMFA: new(true)})
		},
		"suspend": func() {
			opstest.Must(w.Place, c, w.Ops.Accounts.Suspend, ops.AccountReason{ID: w.heron.ID, Reason: "Has not paid."})
		},
	} {
		before := version()
		act()
		if version() == before {
			t.Errorf("%s did not move it", name)
		}
	}
}
