package ops

import (
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// AccountAct is something that the operator does to an account.
type AccountAct string

// The acts.
const (
	UpdateAccount  AccountAct = "update"
	SuspendAccount AccountAct = "suspend"
	ReopenAccount  AccountAct = "reopen"
	CloseAccount   AccountAct = "close"
	HandOverAdmin  AccountAct = "handOverAdmin"
	ReissueAdmin   AccountAct = "reissueAdmin"
	HelpAdmin      AccountAct = "helpAdmin" // who is locked out, up to the reset of their second factors
)

// AccountActs lists them all, in the order in which people see them.
func AccountActs() []AccountAct {
	return []AccountAct{UpdateAccount, HelpAdmin, ReissueAdmin, HandOverAdmin, SuspendAccount, ReopenAccount, CloseAccount}
}

// AccountMay tells whether the caller could do something to an account now, and
// else why not.
type AccountMay struct {
	Act     AccountAct   `json:"act"`
	Allowed bool         `json:"allowed"`
	Code    problem.Code `json:"code,omitempty"`   // of the problem it would be
	Detail  string       `json:"detail,omitempty"` // the same, in words
}

// customer is an account that the operator looks at or acts on, and the scope
// of what is in it. There is no other way to one.
type customer struct {
	account.Account
	scope    access.Scope
	operator bool // it runs the installation
}

// findCustomer finds an account for the operator.
func findCustomer(tx store.ReadTx, c op.Call, a id.Account) (customer, error) {
	found, scope, err := tx.Customer(c.Scope(), a)
	if err != nil {
		return customer{}, fmt.Errorf("find account: %w", err)
	}
	return customer{found, scope, found.ID == c.Actor.Account()}, nil
}

// guard says why the caller may not do that to the account, whatever they hold;
// nil when they may.
//
//   - The operator's own account stays: without it nobody runs the installation.
//   - Opening accounts is not administering one's own: whoever could hand over
//     or let in its admin user would be one, and whoever could loosen its
//     policies needs to hold them anyway. The console is the last resort (M5).
func (c customer) guard(a access.Actor, act AccountAct) *problem.Problem {
	if c.operator {
		switch act {
		case SuspendAccount, ReopenAccount, CloseAccount:
			return problem.New(problem.OperatorAccount, "This account runs the installation; it is never suspended or closed.")
		case HandOverAdmin, ReissueAdmin, HelpAdmin:
			if a.Kind() != access.Console {
				return problem.New(problem.OperatorAccount, "The admin user of the operator's own account is let in again by the command line on the machine itself.")
			}
		case UpdateAccount:
			if !a.Rights().Has(access.ManageAccount) {
				return problem.New(problem.OperatorAccount, "This is the operator's own account: changing it takes the permission "+string(access.ManageAccount)+".")
			}
		}
	}
	if act == HandOverAdmin && !a.Rights().Has(access.ResetAdminMFA) {
		return problem.New(problem.Forbidden, "Handing an admin user over takes their second factors away, so it needs the permission "+string(access.ResetAdminMFA)+" as well.")
	}
	if act == HelpAdmin && !a.Rights().Has(access.ResetAdminMFA) {
		return problem.New(problem.Forbidden, "This can end with second factors taken away, so it needs the permission "+string(access.ResetAdminMFA)+".")
	}
	return c.state(act)
}

// state says why the act makes no sense for the account as it is.
func (c customer) state(act AccountAct) *problem.Problem {
	switch {
	case c.State == account.Closed:
		return problem.Newf(problem.Conflict, "%s is closed for good.", c.Name)
	case c.State == account.Suspended && act == SuspendAccount:
		return problem.Newf(problem.Conflict, "%s is suspended already.", c.Name)
	case c.State == account.Suspended && (act == HandOverAdmin || act == ReissueAdmin || act == HelpAdmin):
		return problem.Newf(problem.Conflict, "%s is suspended, and no link works. Please reopen the account first.", c.Name)
	case c.State == account.Open && act == ReopenAccount:
		return problem.Newf(problem.Conflict, "%s is open.", c.Name)
	}
	return nil
}

func (c customer) may(a access.Actor) []AccountMay {
	all := []AccountMay{}
	for _, act := range AccountActs() {
		m := AccountMay{Act: act, Allowed: true}
		if p := c.guard(a, act); p != nil {
			m = AccountMay{act, false, p.Code, p.Detail}
		}
		all = append(all, m)
	}
	return all
}

// onCustomer is what acts on an account begin with: the account, past its
// guards. The record goes into the operator's log and into the account's own.
func onCustomer[Out any](w *op.Writing[Out], a id.Account, act AccountAct) (customer, op.Entry, error) {
	c, err := findCustomer(w.Tx.ReadTx, w.Call, a)
	if err != nil {
		return c, op.Entry{}, err
	}
	about := op.Entry{Object: accountObject(c.Account), Subject: c.ID}
	if p := c.guard(w.Actor, act); p != nil {
		return c, about, p
	}
	return c, about, nil
}

// onAdmin is onCustomer for acts on its admin user.
func onAdmin[Out any](w *op.Writing[Out], a id.Account, act AccountAct) (store.Listed, op.Entry, error) {
	c, about, err := onCustomer(w, a, act)
	if err != nil {
		return store.Listed{}, about, err
	}
	u, err := w.Tx.AdminUser(c.scope)
	if errors.Is(err, store.ErrNotFound) {
		return u, about, problem.Newf(problem.Conflict, "%s has no admin user.", c.Name)
	}
	if err != nil {
		return u, about, fmt.Errorf("find admin user: %w", err)
	}
	return u, about, nil
}

// became ends an act with the account as it is now.
func became(w *op.Writing[CustomerDetail], a id.Account, about op.Entry) op.Outcome[CustomerDetail] {
	d, err := customerNow(w.Tx.ReadTx, w.Call, a)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(d, about)
}

func customerNow(tx store.ReadTx, call op.Call, a id.Account) (CustomerDetail, error) {
	c, err := findCustomer(tx, call, a)
	if err != nil {
		return CustomerDetail{}, err
	}
	return c.show(tx, call)
}
