package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/calendar"

	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// OpenAccountInput is a new customer and its admin user.
type OpenAccountInput struct {
	Handle        string `json:"handle"`
	Name          string `json:"name"`
	Email         string `json:"email"` // the official address
	Mobile        string `json:"mobile,omitempty"`
	OpenedAt      string `json:"openedAt,omitempty"` // the day, for accounts that are older than this installation; today when left out
	AdminLogin    string `json:"adminLogin"`
	AdminName     string `json:"adminName"`
	AdminEmail    string `json:"adminEmail"`
	AdminLanguage string `json:"adminLanguage"`
	AdminMobile   string `json:"adminMobile,omitempty"`
	HandOver      bool   `json:"handOver,omitempty"` // give me link and code, do not send anything
}

// Opened is an account and the activation of its admin user to hand over.
type Opened struct {
	CustomerDetail
	Activation ActivationIssued `json:"activation"`
}

// UpdateCustomerInput is what shall become of an account; what is left out
// stays.
type UpdateCustomerInput struct {
	ID              id.Account `json:"id"`
	Name            *string    `json:"name,omitempty"`
	Email           *string    `json:"email,omitempty"`
	Mobile          *string    `json:"mobile,omitempty"`          // empty: none
	OpenedAt        *string    `json:"openedAt,omitempty"`        // the day
	MFAPolicy       *string    `json:"mfaPolicy,omitempty"`       // by_opening_date, required, recommended
	MFARequiredFrom *string    `json:"mfaRequiredFrom,omitempty"` // a day; empty: none
	APIPasswords    *bool      `json:"apiPasswords,omitempty"`
}

// HandOverInput is the person who takes an admin user over.
type HandOverInput struct {
	ID       id.Account `json:"id"`
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	Mobile   string     `json:"mobile,omitempty"` // empty: none; that of the person before goes
	Language string     `json:"language,omitempty"`
	HandOver bool       `json:"handOver,omitempty"` // give me link and code, do not send anything
}

// ReissueAdminInput names an account, and says how the link gets there.
type ReissueAdminInput struct {
	ID       id.Account `json:"id"`
	HandOver bool       `json:"handOver,omitempty"` // give me link and code, do not send anything
}

// openedOn reads the day an account was opened; nobody opened one tomorrow.
func openedOn(now time.Time) func(string) (time.Time, *field.Error) {
	return func(raw string) (time.Time, *field.Error) {
		d, err := calendar.Parse(raw)
		switch {
		case err != nil:
			return time.Time{}, err
		case d.Begins().After(now):
			return time.Time{}, field.Wrong(problem.NotAllowed, "This day is still to come. Please give the day the account was opened.")
		}
		return d.Begins(), nil
	}
}

func handleTaken() *field.Error {
	return field.Wrong(problem.Taken, "This handle is taken. Handles are never used twice, not even after an account is closed.")
}

func (o *Operations) openAccount(p *op.Preparing, in OpenAccountInput) (op.Commit[Opened], error) {
	var form field.Form
	a := account.Account{
		ID: id.NewAccount(), State: account.Open, MFAPolicy: account.MFAByOpeningDate,
		Handle:   field.Read(&form, "handle", account.ParseHandle, in.Handle),
		Name:     field.Read(&form, "name", account.ParseName, in.Name),
		Email:    field.Read(&form, "email", user.ParseEmail, in.Email),
		Mobile:   field.Optional(&form, "mobile", user.ParseMobile, in.Mobile),
		OpenedAt: field.Optional(&form, "openedAt", openedOn(p.Now()), in.OpenedAt),
	}
	u := user.User{
		ID: id.NewUser(), Account: a.ID, State: user.Invited, AdminUser: true,
		Login:    field.Read(&form, "adminLogin", user.ParseLogin, in.AdminLogin),
		Name:     field.Read(&form, "adminName", user.ParseName, in.AdminName),
		Email:    field.Read(&form, "adminEmail", user.ParseEmail, in.AdminEmail),
		Language: field.Read(&form, "adminLanguage", user.ParseLanguage, in.AdminLanguage),
		Mobile:   field.Optional(&form, "adminMobile", user.ParseMobile, in.AdminMobile),
	}
	err := p.Read(func(tx store.ReadTx) error {
		handle, err := tx.HandleTaken(a.Handle)
		if err != nil {
			return err
		}
		login, err := tx.LoginTaken(u.Login)
		if handle && a.Handle != "" {
			form.Add("handle", handleTaken())
		}
		if login && u.Login != "" {
			form.Add("adminLogin", loginTaken())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check new account: %w", err)
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	p.After(o.wakeCourier)
	return func(w *op.Writing[Opened]) op.Outcome[Opened] {
		var form field.Form
		if a.OpenedAt.IsZero() {
			a.OpenedAt = w.Tx.Now()
		}
		admin, err := AddAccount(w.Tx, a)
		if errors.Is(err, store.ErrTaken) {
			form.Add("handle", handleTaken())
			return w.Fail(form.Err())
		}
		if err != nil {
			return w.Fail(err)
		}
		ref, err := w.Tx.AddUser(u, "", admin.ID)
		if errors.Is(err, store.ErrTaken) {
			form.Add("adminLogin", loginTaken())
			return w.Fail(form.Err())
		}
		if err != nil {
			return w.Fail(fmt.Errorf("add admin user: %w", err))
		}
		return o.letIn(w, u, ref, handing(in.HandOver), op.Entry{
			Object: accountObject(a), Subject: a.ID, Detail: activity.Detail{"handle": a.Handle, "login": u.Login, "openedAt": calendar.On(a.OpenedAt)},
		})
	}, nil
}

// letIn ends an act with a link for the admin user.
func (o *Operations) letIn(w *op.Writing[Opened], admin user.User, ref store.UserRef, by Handing, about op.Entry) op.Outcome[Opened] {
	issued, err := o.issueActivation(w.Tx, w.Actor, admin, ref, by)
	if err != nil {
		return w.Fail(err)
	}
	about.Detail["delivery"] = issued.Delivery
	now, err := customerNow(w.Tx.ReadTx, w.Call, admin.Account)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(Opened{now, issued}, about)
}

// apply reads what is given into a, and notes what is wrong and what changed.
func (in UpdateCustomerInput) apply(f *field.Form, a *account.Account, now time.Time) activity.Detail {
	changed := accountDetails{in.Name, in.Email, in.Mobile}.apply(f, a)
	if in.OpenedAt != nil {
		if day := field.Read(f, "openedAt", openedOn(now), *in.OpenedAt); calendar.On(day) != calendar.On(a.OpenedAt) {
			note(changed, "openedAt", calendar.On(a.OpenedAt), calendar.On(day))
			a.OpenedAt = day
		}
	}
	change(f, changed, "mfaPolicy", account.ParseMFAPolicy, in.MFAPolicy, &a.MFAPolicy)
	changeOptional(f, changed, "mfaRequiredFrom", calendar.Parse, in.MFARequiredFrom, &a.MFAFrom)
	if in.APIPasswords != nil {
		note(changed, "apiPasswords", a.APIPasswords, *in.APIPasswords)
		a.APIPasswords = *in.APIPasswords
	}
	return changed
}

// accountDetails are those that both the operator and the account change.
type accountDetails struct{ Name, Email, Mobile *string }

func (d accountDetails) apply(f *field.Form, a *account.Account) activity.Detail {
	changed := activity.Detail{}
	change(f, changed, "name", account.ParseName, d.Name, &a.Name)
	change(f, changed, "email", user.ParseEmail, d.Email, &a.Email)
	changeOptional(f, changed, "mobile", user.ParseMobile, d.Mobile, &a.Mobile)
	return changed
}

func updateCustomer(_ *op.Preparing, in UpdateCustomerInput) (op.Commit[CustomerDetail], error) {
	return func(w *op.Writing[CustomerDetail]) op.Outcome[CustomerDetail] {
		c, about, err := onCustomer(w, in.ID, UpdateAccount)
		if err != nil {
			return w.Deny(err, about)
		}
		var form field.Form
		before := c.Account
		about.Detail = in.apply(&form, &c.Account, w.Tx.Now())
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if c.operator {
			if err := mayBecome(w.Tx.ReadTx, w.Call, before, c.Account); err != nil {
				return w.Deny(err, op.Entry{Object: about.Object, Subject: about.Subject})
			}
		}
		if len(about.Detail) > 0 {
			if err := writeAccount(w.Tx, c.scope, before, c.Account); err != nil {
				return w.Fail(err)
			}
		}
		about.Object = accountObject(c.Account)
		return became(w, c.ID, about)
	}, nil
}

// shut takes an account from its state to another in which nobody gets in.
func shut(in AccountReason, act AccountAct, to account.State) (op.Commit[CustomerDetail], error) {
	var form field.Form
	reason := field.Read(&form, "reason", field.Text(500), in.Reason)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[CustomerDetail]) op.Outcome[CustomerDetail] {
		c, about, err := onCustomer(w, in.ID, act)
		about.Detail = activity.Detail{"reason": reason}
		if err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.SetAccountState(c.scope, c.State, to); err != nil {
			return w.Fail(fmt.Errorf("shut account: %w", err))
		}
		sessions, links, err := w.Tx.ShutOut(c.scope)
		if err != nil {
			return w.Fail(fmt.Errorf("shut people out: %w", err))
		}
		if to == account.Closed { // nobody will use it again
			if err := w.Tx.DeleteUpstream(c.scope); err != nil && !errors.Is(err, store.ErrNotFound) {
				return w.Fail(fmt.Errorf("remove the credential for the registrar's API: %w", err))
			}
		}
		about.Detail["sessionsEnded"], about.Detail["linksEnded"] = sessions, links
		return became(w, c.ID, about)
	}, nil
}

func suspendAccount(_ *op.Preparing, in AccountReason) (op.Commit[CustomerDetail], error) {
	return shut(in, SuspendAccount, account.Suspended)
}

func closeAccount(_ *op.Preparing, in AccountReason) (op.Commit[CustomerDetail], error) {
	return shut(in, CloseAccount, account.Closed)
}

func reopenAccount(_ *op.Preparing, in AccountID) (op.Commit[CustomerDetail], error) {
	return func(w *op.Writing[CustomerDetail]) op.Outcome[CustomerDetail] {
		c, about, err := onCustomer(w, in.ID, ReopenAccount)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.SetAccountState(c.scope, c.State, account.Open); err != nil {
			return w.Fail(fmt.Errorf("reopen account: %w", err))
		}
		return became(w, c.ID, about)
	}, nil
}

// handOverAdmin makes an admin user somebody else's (U3). The login stays, and
// so do the rights; nothing else does that the person before knew or had.
func (o *Operations) handOverAdmin(p *op.Preparing, in HandOverInput) (op.Commit[Opened], error) {
	var form field.Form
	next := user.User{
		Name:     field.Read(&form, "name", user.ParseName, in.Name),
		Email:    field.Read(&form, "email", user.ParseEmail, in.Email),
		Mobile:   field.Optional(&form, "mobile", user.ParseMobile, in.Mobile),
		Language: field.Optional(&form, "language", user.ParseLanguage, in.Language),
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	p.After(o.wakeCourier)
	return func(w *op.Writing[Opened]) op.Outcome[Opened] {
		before, about, err := onAdmin(w, in.ID, HandOverAdmin)
		if err != nil {
			return w.Deny(err, about)
		}
		u := before.User
		u.Name, u.Email, u.Mobile, u.State = next.Name, next.Email, next.Mobile, user.Invited
		u.Entry = entry.Rules{} // the person before may have come from elsewhere, and by other ways
		if next.Language != "" {
			u.Language = next.Language
		}
		if err := o.tellLeaver(w, before); err != nil {
			return w.Fail(err)
		}
		about.Detail = activity.Detail{"login": u.Login}
		note(about.Detail, "name", before.Name, u.Name)
		note(about.Detail, "email", before.Email, u.Email)
		note(about.Detail, "mobile", before.Mobile, u.Mobile)
		removed, ended, err := o.vacate(w.Tx, before, u)
		if err != nil {
			return w.Fail(err)
		}
		about.Detail["factorsRemoved"], about.Detail["sessionsEnded"] = removed, ended
		return o.letIn(w, u, before.Ref(), handing(in.HandOver), about)
	}, nil
}

// vacate gives a user to the person u describes: password, second factors and
// sessions go, and so do the guesses at them.
func (o *Operations) vacate(tx store.WriteTx, before store.Listed, u user.User) (removed, ended int64, err error) {
	ref := before.Ref()
	if err := tx.UpdateUser(ref, u); err != nil {
		return 0, 0, fmt.Errorf("update user: %w", err)
	}
	if err := tx.Vacate(ref); err != nil {
		return 0, 0, fmt.Errorf("take the password away: %w", err)
	}
	if _, err := tx.CloseHelp(ref, store.HelpOver, "", ""); err != nil {
		return 0, 0, fmt.Errorf("end request for help: %w", err)
	}
	return stripFactors(tx, before)
}

func (o *Operations) reissueAdmin(p *op.Preparing, in ReissueAdminInput) (op.Commit[Opened], error) {
	p.After(o.wakeCourier)
	return func(w *op.Writing[Opened]) op.Outcome[Opened] {
		u, about, err := onAdmin(w, in.ID, ReissueAdmin)
		if err != nil {
			return w.Deny(err, about)
		}
		about.Detail = activity.Detail{"purpose": purposeOf(u.User), "login": u.Login}
		return o.letIn(w, u.User, u.Ref(), handing(in.HandOver), about)
	}, nil
}
