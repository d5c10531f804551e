package ops_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// opened is an account whose admin user has not come yet, by mail and SMS.
func (w *town) opened() account.Account {
	w.T.Helper()
	w.mailTo(1)
	w.textTo("http://127.0.0.1:1/")
	out := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Open, ops.OpenAccountInput{
		Handle: "marsh", Name: "Marsh", Email: "office@marsh.example", Mobile: "+32470123456",
		AdminLogin: "mia", AdminName: "Mia Maes", AdminEmail: "mia@home.example", AdminLanguage: "en",
	})
	return account.Account{ID: out.Account.ID}
}

func (w *town) adminOf(a account.Account) (u id.User) {
	w.T.Helper()
	w.Read(func(tx store.ReadTx) error {
		found, err := tx.AdminUser(access.Within(a.ID))
		u = found.ID
		return err
	})
	return u
}

// Until the admin user of an account has come, whatever lets them in goes by two
// channels, whoever asks for it: the link to the official address, without the
// login, and the login by SMS.
func TestOpening_twoChannels(t *testing.T) {
	both := []string{"login_by_sms to +32470123456", "opening to office@marsh.example"}
	for name, c := range map[string]struct {
		ask  func(w *town, a id.Account, u id.User)
		want []string
	}{
		"opened": {func(*town, id.Account, id.User) {}, both},
		"re-issued by the operator": {func(w *town, a id.Account, _ id.User) {
			out := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a})
			soon := w.Clock.Now().Add(24 * time.Hour)
			if got := out.Activation; got.Delivery != ops.Mailed || got.MailTo != "office@marsh.example" || got.LoginSMSTo != "+32470123456" || !got.Link.IsZero() || !got.Code.IsZero() || !got.ExpiresAt.Equal(soon) {
				w.T.Errorf("the answer is %+v", got)
			}
		}, both},
		"re-issued by the console": {func(w *town, _ id.Account, u id.User) {
			opstest.Must(w.Place, opstest.Console("marsh"), w.Ops.Users.Reissue, ops.ReissueInput{ID: u})
		}, both},
		"forgotten": {func(w *town, _ id.Account, _ id.User) {
			code(w.T, w.forgot("mia", w.anywhere()), "ok")
		}, both},
		"handed over to somebody with a number": {func(w *town, a id.Account, _ id.User) {
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.HandOverAdmin, ops.HandOverInput{ID: a, Name: "Nora", Email: "nora@home.example", Mobile: "+32470999999"})
		}, []string{"login_by_sms to +32470999999", "opening to office@marsh.example"}},
		"by hand": {func(w *town, a id.Account, _ id.User) {
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a, HandOver: true})
		}, []string{}},
		"after a password was chosen": {func(w *town, a id.Account, _ id.User) {
			w.chooses(opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a, HandOver: true}).Activation)
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a})
		}, []string{"new_password to mia@home.example"}},

		// What makes the link dead ends what waits.
		"suspended": {func(w *town, a id.Account, _ id.User) {
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Suspend, ops.AccountReason{ID: a, Reason: "Has not paid."})
		}, []string{}},
		"closed": {func(w *town, a id.Account, _ id.User) {
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Close, ops.AccountReason{ID: a, Reason: "Gave up."})
		}, []string{}},
		"the official address moved": {func(w *town, a id.Account, _ id.User) {
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: a, Email: new("new@marsh.example")})
		}, []string{}},
		"the account was renamed": {func(w *town, a id.Account, _ id.User) {
			opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: a, Name: new("Marsh & Moor")})
		}, both},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			a := w.opened()
			c.ask(w, a.ID, w.adminOf(a))
			if diff := cmp.Diff(c.want, w.links(a)); diff != "" {
				t.Errorf("what waits (-want +got):\n%s", diff)
			}
		})
	}
}

// A link that was mailed to an address which the account has left is dead.
func TestOpening_addressMoved(t *testing.T) {
	w := newTown(t)
	a := w.opened()
	issued := opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: a.ID, HandOver: true}).Activation
	opstest.Must(w.Place, w.operator(), w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: a.ID, Email: new("new@marsh.example")})
	code(t, w.check(tokenOf(t, issued.Link)), problem.ActivationDead)
}
