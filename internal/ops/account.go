package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// OwnAccount is the account that one is in.
type OwnAccount struct {
	ID       id.Account     `json:"id"`
	Handle   account.Handle `json:"handle"`
	Name     string         `json:"name"`
	OpenedAt time.Time      `json:"openedAt"`
	Policy   AccountPolicy  `json:"policy"`
	Contact  *Contact       `json:"contact"` // null for whoever may not change it
}

// Contact is how the operator officially reaches an account: what lets its
// admin user in goes there.
type Contact struct {
	Email  user.Email  `json:"email"`
	Mobile user.Mobile `json:"mobile"`

	// Movable says that the caller may change it: nobody of the account but its
	// admin user may.
	Movable bool `json:"movable" cli:"-"`
}

// UpdateAccountInput is what shall become of one's own account; what is left
// out stays.
type UpdateAccountInput struct {
	Name         *string `json:"name,omitempty"`
	Email        *string `json:"email,omitempty"`
	Mobile       *string `json:"mobile,omitempty"` // empty: none
	ForceMFA     *bool   `json:"forceMfa,omitempty"`
	APIPasswords *bool   `json:"apiPasswords,omitempty"` // only the operator switches it on
}

type accountOps struct {
	Show   *op.Op[None, OwnAccount]
	Update *op.Op[UpdateAccountInput, OwnAccount]
}

func (o *Operations) addAccount() {
	o.Account.Show = op.Read(&o.table, op.Spec{
		Name: "account.show", Route: "GET /account",
		Summary: "The account one is in: its name, when it was opened, and its policies.",
	}, op.Oneself(), func(r *op.Reading, _ None) (OwnAccount, error) {
		return ownAccount(r.Tx, r.Call)
	})
	o.Account.Update = op.Write(&o.table, op.Spec{
		Name: "account.update", Route: "PATCH /account", Event: "account.updated",
		Summary: "Change one's own account: its name, its official contact, and whether everybody in it must use a second factor.",
	}, op.Holds(access.ManageAccount).SteppedUp(), updateAccount)
}

func ownAccount(tx store.ReadTx, c op.Call) (OwnAccount, error) {
	a, err := tx.Account(c.Scope())
	if err != nil {
		return OwnAccount{}, fmt.Errorf("find own account: %w", err)
	}
	own := OwnAccount{a.ID, a.Handle, a.Name, a.OpenedAt, policyOf(a, tx.Now()), nil}
	if access.Authorize(c.Actor, access.ManageAccount, "", c.Source).Allowed {
		movable, err := movesContact(tx, c)
		if err != nil {
			return own, err
		}
		own.Contact = &Contact{a.Email, a.Mobile, movable}
	}
	return own, nil
}

func updateAccount(_ *op.Preparing, in UpdateAccountInput) (op.Commit[OwnAccount], error) {
	return func(w *op.Writing[OwnAccount]) op.Outcome[OwnAccount] {
		before, err := w.Tx.Account(w.Scope())
		if err != nil {
			return w.Fail(fmt.Errorf("find own account: %w", err))
		}
		var form field.Form
		a := before
		about := op.Entry{Object: accountObject(a)}
		about.Detail = accountDetails{in.Name, in.Email, in.Mobile}.apply(&form, &a)
		in.switches(&a, about.Detail)
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if err := mayBecome(w.Tx.ReadTx, w.Call, before, a); err != nil {
			return w.Deny(err, op.Entry{Object: about.Object})
		}
		if len(about.Detail) > 0 {
			if err := writeAccount(w.Tx, w.Scope(), before, a); err != nil {
				return w.Fail(err)
			}
		}
		about.Object = accountObject(a)
		own, err := ownAccount(w.Tx.ReadTx, w.Call)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(own, about)
	}, nil
}

// writeAccount writes what became of an account. When its official address
// moves, a link that went to the old one for an admin user who has not activated
// is dead.
func writeAccount(tx store.WriteTx, scope access.Scope, before, a account.Account) error {
	if err := tx.UpdateAccount(scope, a); err != nil {
		return fmt.Errorf("update account: %w", err)
	}
	if a.Email == before.Email {
		return nil
	}
	admin, err := tx.AdminUser(scope)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find admin user: %w", err)
	}
	if purposeOf(admin.User) != ToActivate {
		return nil
	}
	return dropActivation(tx, admin.Ref())
}

// switches sets what is on or off.
func (in UpdateAccountInput) switches(a *account.Account, changed activity.Detail) {
	if in.ForceMFA != nil {
		note(changed, "forceMfa", a.ForceMFA, *in.ForceMFA)
		a.ForceMFA = *in.ForceMFA
	}
	if in.APIPasswords != nil {
		note(changed, "apiPasswords", a.APIPasswords, *in.APIPasswords)
		a.APIPasswords = *in.APIPasswords
	}
}

// mayBecome refuses what an account may not do to itself: open doors that only
// the operator opens; and move its official contact, to which goes what lets the
// admin user in, unless that is who asks.
func mayBecome(tx store.ReadTx, c op.Call, before, after account.Account) error {
	if after.APIPasswords && !before.APIPasswords && !c.Actor.Operator() {
		return problem.New(problem.Forbidden, "Only the operator of this installation lets passwords work on API and ISProxy again. Please use API keys.")
	}
	if before.Email == after.Email && before.Mobile == after.Mobile {
		return nil
	}
	movable, err := movesContact(tx, c)
	if err != nil {
		return err
	}
	if !movable {
		return problem.New(problem.AdminUser, "The official e-mail address and mobile number are where the admin user is let in again, so nobody of the account but the admin user changes them.")
	}
	return nil
}

// movesContact reports whether the caller may move the official contact of the
// account they are in.
func movesContact(tx store.ReadTx, c op.Call) (bool, error) {
	if c.Actor.Kind() != access.Person {
		return true, nil
	}
	admin, err := tx.AdminUser(c.Scope())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, fmt.Errorf("find admin user: %w", err)
	}
	return admin.ID == c.Actor.User(), nil
}
