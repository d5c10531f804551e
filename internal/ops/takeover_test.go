package ops_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/id"
	"gatehouse/internal/notice"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// holding is somebody of the operator's with these permissions alone.
func (w *town) holding(all ...access.Permission) *opstest.Person {
	w.T.Helper()
	p := w.somebody(w.harbour, opstest.Member{})
	role := w.newRole("harbour", all...)
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(p.Ref, role) })
	return p
}

// Whoever hands a link over has seen it. When its user is given more than that
// one held, the link is dead: it would let them have what nobody gave them.
func TestActivation_outgrown(t *testing.T) {
	for name, state := range map[string]user.State{"invited": user.Invited, "forgot": user.Active} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.mailTo(1)
			admin := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
			manager, _ := w.manager("VIEW_DOMAIN")
			thin := w.newRole("otter", "VIEW_DOMAIN")
			issue := func(over bool) (*opstest.Person, ops.ActivationIssued) {
				u := w.somebody(w.otter, opstest.Member{State: state})
				opstest.Must(w.Place, admin, w.Ops.Users.Update, ops.UpdateUserInput{ID: u.ID, Roles: []id.Role{thin}})
				return u, opstest.Must(w.Place, manager.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: u.ID, HandOver: over})
			}
			promote := func(u *opstest.Person, role string) {
				opstest.Must(w.Place, admin, w.Ops.Users.Update, ops.UpdateUserInput{ID: u.ID, Roles: []id.Role{w.Role(w.otter, role)}})
			}
			promoted, seen := issue(true)
			promote(promoted, "Admin")
			code(t, w.check(again(seen.Code)), problem.ActivationDead)
			code(t, w.complete(tokenOf(t, seen.Link), wrongPassword), problem.ActivationDead)
			fresh := opstest.Must(w.Place, admin, w.Ops.Users.Reissue, ops.ReissueInput{ID: promoted.ID, HandOver: true})
			code(t, w.complete(tokenOf(t, fresh.Link), wrongPassword), "ok")

			stayed, seen := issue(true)
			code(t, w.complete(tokenOf(t, seen.Link), wrongPassword), "ok")
			_ = stayed

			// A role that grows is as good as another one.
			_, seen = issue(true)
			opstest.Must(w.Place, admin, w.Ops.Roles.Update, ops.UpdateRoleInput{ID: thin, Permissions: []access.Permission{"VIEW_DOMAIN", "CREATE_DOMAIN"}})
			code(t, w.complete(tokenOf(t, seen.Link), wrongPassword), problem.ActivationDead)
			opstest.Must(w.Place, admin, w.Ops.Roles.Update, ops.UpdateRoleInput{ID: thin, Permissions: []access.Permission{"VIEW_DOMAIN"}})

			// What nobody but its person has seen stays good.
			mailed, _ := issue(false)
			promote(mailed, "Admin")
			if n := w.Count(`SELECT COUNT(*) FROM activations WHERE user_id = $1 AND mailed = 1 AND seen_with = '*'`, string(mailed.ID)); n != 1 {
				t.Errorf("%d mailed links are kept as such", n)
			}
		})
	}
}

// Nobody but the admin user moves the addresses to which the admin user's links
// go.
func TestAdminUser_contact(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	first := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	peer := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
	before := w.show(first.ID)
	for name, in := range map[string]ops.UpdateUserInput{"e-mail": {Email: new("mine@evil.example")}, "mobile": {Mobile: new("+32470999999")}, "no mobile": {Mobile: new(" "), Email: new("x@evil.example")}} {
		in.ID = first.ID
		_, err := opstest.Do(w.Place, peer, w.Ops.Users.Update, in)
		code(t, err, problem.AdminUser)
		if r := w.LastRecord(); r.Outcome != "refused" {
			t.Errorf("%s: the log says %s", name, opstest.Brief(r))
		}
	}
	if diff := cmp.Diff(before, w.show(first.ID)); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	opstest.Must(w.Place, peer, w.Ops.Users.Update, ops.UpdateUserInput{ID: first.ID, Name: new("Anna Other")})
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: first.ID, Email: new("console@otter.example")})
	opstest.Must(w.Place, first.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Email: new("own@otter.example")})

	// The official address, and whoever reads the old one hears of it.
	w.Exec(`DELETE FROM outbox`)
	old := string(w.accountOf(first).Email)
	opstest.Must(w.Place, first.Caller(), w.Ops.Account.Update, ops.UpdateAccountInput{Email: new("office2@otter.example")})
	if diff := cmp.Diff([]string{old, "own@otter.example"}, w.recipients(delivery.Notice)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// recipients of what waits of a kind.
func (w *town) recipients(k delivery.Kind) []string {
	w.T.Helper()
	all := []string{}
	for _, a := range []id.Account{w.harbour.ID, w.otter.ID, w.heron.ID} {
		w.Read(func(tx store.ReadTx) error {
			p, err := tx.Messages(access.Within(a), store.MessageFilter{Span: store.Span{Limit: 100}})
			for _, m := range p.Rows {
				if m.Kind == k && !m.NextAt.IsZero() {
					all = append(all, m.Recipient)
				}
			}
			return err
		})
	}
	slices.Sort(all)
	return all
}

// Opening accounts is not resetting second factors: both are needed to hand an
// admin user over, and it does not happen behind anybody's back.
func TestAccounts_handOverAdmin_notAlone(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	first := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	in := ops.HandOverInput{ID: w.otter.ID, Name: "Mallory", Email: "mallory@evil.example", HandOver: true}
	clerk := w.holding(access.OpenAccount, access.ManageAccount, access.ViewUser).Caller()
	opstest.Refused(w.Place, clerk, w.Ops.Accounts.HandOverAdmin, in, problem.Forbidden)
	may := opstest.Must(w.Place, clerk, w.Ops.Accounts.Show, ops.AccountID{ID: w.otter.ID}).May
	if n := slices.IndexFunc(may, func(m ops.AccountMay) bool { return m.Act == ops.HandOverAdmin }); may[n].Allowed || may[n].Detail == "" {
		t.Errorf("the page says %+v", may[n])
	}
	if !w.alive(first.Caller()) {
		t.Error("the refused act ended a session")
	}
	w.Exec(`DELETE FROM outbox`)
	opstest.Must(w.Place, w.holding(access.OpenAccount, access.ResetAdminMFA).Caller(), w.Ops.Accounts.HandOverAdmin, in)
	want := []string{string(first.Email), string(w.accountOf(first).Email)}
	slices.Sort(want)
	if diff := cmp.Diff(want, w.recipients(delivery.Notice)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for table, n := range map[string]int{"notices": 0, "networks": 0} { // of the person before
		if got := w.Count(`SELECT COUNT(*) FROM `+table+` WHERE user_id = $1`, string(first.ID)); got != n {
			t.Errorf("%d %s are left", got, table)
		}
	}
}

// Somebody of the operator's who opens accounts does not move the operator's own
// addresses by that way.
func TestAccounts_update_ownContact(t *testing.T) {
	w := newTown(t)
	w.somebody(w.harbour, opstest.Member{Role: "Admin", AdminUser: true})
	clerk := w.holding(access.OpenAccount, access.ManageAccount).Caller()
	if own := opstest.Must(w.Place, clerk, w.Ops.Account.Show, ops.None{}); own.Contact.Movable {
		t.Error("somebody who is not the admin user is told that they may move the official contact")
	}
	for a, movable := range map[id.Account]bool{w.harbour.ID: false, w.otter.ID: true} {
		if d := opstest.Must(w.Place, clerk, w.Ops.Accounts.Show, ops.AccountID{ID: a}); d.ContactMovable != movable {
			t.Errorf("contact of %s: movable is %t", d.Account.Name, d.ContactMovable)
		}
	}
	opstest.Refused(w.Place, clerk, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.harbour.ID, Email: new("mine@evil.example")}, problem.AdminUser)
	opstest.Refused(w.Place, clerk, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.harbour.ID, Mobile: new("+32470999999")}, problem.AdminUser)
	opstest.Must(w.Place, clerk, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.harbour.ID, Name: new("Harbour")})
	opstest.Must(w.Place, clerk, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: w.otter.ID, Email: new("new@otter.example")})
}

// Whoever decides by what way links go out could have all of them: it takes
// every permission, and all operators hear of it.
func TestDelivery_takesEverything(t *testing.T) {
	w := newTown(t)
	colleague := w.holding(access.OpenAccount)
	only := w.holding(access.ManageInstallation).Caller()
	opstest.Refused(w.Place, only, w.Ops.Delivery.UpdateMail, mailInput(), problem.Outranked)
	opstest.Refused(w.Place, only, w.Ops.Delivery.UpdateSMS, ops.UpdateSMSInput{Off: true}, problem.Outranked)
	text := ops.TemplateInput{Kind: delivery.Activation, Language: "en", Subject: "Hello", Text: "{link}"}
	opstest.Refused(w.Place, only, w.Ops.Templates.Update, text, problem.Outranked)
	opstest.Refused(w.Place, only, w.Ops.Templates.Reset, ops.TemplateID{Kind: delivery.Activation, Language: "en"}, problem.Outranked)
	opstest.Refused(w.Place, only, w.Ops.Settings.Update, ops.UpdateSettingsInput{PublicURL: new("https://evil.example")}, problem.Outranked)
	opstest.Must(w.Place, only, w.Ops.Settings.Update, ops.UpdateSettingsInput{SupportHours: new("9 to 5")})

	told := func() int {
		return w.Count(`SELECT COUNT(*) FROM notices WHERE user_id = $1 AND kind = $2`, string(colleague.ID), string(notice.DeliveryChanged))
	}
	if n := told(); n != 0 {
		t.Errorf("told %d times of what did not happen", n)
	}
	boss := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	opstest.Must(w.Place, boss.Caller(), w.Ops.Delivery.UpdateMail, mailInput())
	opstest.Must(w.Place, boss.Caller(), w.Ops.Templates.Update, text)
	opstest.Must(w.Place, boss.Caller(), w.Ops.Settings.Update, ops.UpdateSettingsInput{PublicURL: new("https://gate2.example")})
	if n := told(); n != 3 {
		t.Errorf("told %d times, want 3", n)
	}
	if n := w.Count(`SELECT COUNT(*) FROM notices WHERE user_id = $1`, string(boss.ID)); n != 0 {
		t.Error("the one who did it is told as well")
	}
}

// The link to a new account does not tell the login, which goes by another way;
// and looking again and again fills no log.
func TestActivation_check_quiet(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w := newTown(t)
	a := w.opened()
	w.connect(box)
	opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a.ID})
	w.round()
	token := linkIn(t, box.Wait(1)[0])
	before := len(w.Records())
	for range 3 {
		seen := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: token})
		if seen.Login != "" || seen.Name != "Mia Maes" {
			t.Errorf("the link says it is for %q, %q", seen.Login, seen.Name)
		}
	}
	if diff := cmp.Diff([]string{"activation.opened done by anonymous"}, w.Since(before)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	done := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: token, Password: secret.New(opstest.Password)})
	if done.Login != "" {
		t.Errorf("choosing a password tells the login %q", done.Login)
	}
	over := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a.ID, HandOver: true}).Activation
	if seen := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: tokenOf(t, over.Link)}); seen.Login != "mia" {
		t.Errorf("handed over, it is for %q", seen.Login)
	}
}
