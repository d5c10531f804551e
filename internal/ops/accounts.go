package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/calendar"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// AccountList asks for a page of accounts.
type AccountList struct {
	Paging
	Q      string             `json:"q,omitempty"`      // part of name or handle
	State  listing.Filter     `json:"state,omitempty"`  // open, suspended, closed
	Policy listing.Filter     `json:"policy,omitempty"` // required, recommended
	Order  store.AccountOrder `json:"order,omitempty"`  // name, handle or openedAt; with - the other way round

	Handle   listing.Filter `json:"handle,omitempty"`
	Name     listing.Filter `json:"name,omitempty"`
	OpenedAt listing.Filter `json:"openedAt,omitempty"`
}

// Filters implements Filtered.
func (AccountList) Filters() []listing.Field {
	return []listing.Field{words("state", account.States()), words("policy", accountPolicies()), lowered("handle"), folded("name"), times("openedAt")}
}

// accountPolicies are what the policy of an account can come to.
func accountPolicies() []account.MFAPolicy {
	return []account.MFAPolicy{account.MFARequired, account.MFARecommended}
}

// AccountRow is an account in a list of the operator's.
type AccountRow struct {
	ID       id.Account        `json:"id"`
	Handle   account.Handle    `json:"handle"`
	Name     string            `json:"name"`
	State    account.State     `json:"state"`
	OpenedAt time.Time         `json:"openedAt"`
	Policy   account.MFAPolicy `json:"policy"` // what it comes to: required or recommended
	Demand
	Operator          bool       `json:"operator"` // it runs the installation
	AdminName         string     `json:"adminName"`
	AdminStatus       user.State `json:"adminStatus"`
	AdminSecondFactor bool       `json:"adminSecondFactor"`
}

// Demand is what is demanded of everybody in an account, now and later.
type Demand struct {
	RequiredBy   account.RequiredBy `json:"requiredBy"`   // empty when nobody demands it
	RequiredFrom calendar.Day       `json:"requiredFrom"` // the day from which it will be demanded; empty: none is set, or it is now
}

// AccountPolicy is what holds for everybody in an account.
type AccountPolicy struct {
	MFAPolicy       account.MFAPolicy `json:"mfaPolicy"`       // as the operator chose it
	Policy          account.MFAPolicy `json:"policy"`          // what it comes to: required or recommended
	ForceMFA        bool              `json:"forceMfa"`        // an administrator forces it on everybody
	MFARequiredFrom calendar.Day      `json:"mfaRequiredFrom"` // the operator's day for this account; empty: none
	MFA             Demand            `json:"mfa"`             // what that adds up to now
	APIPasswords    bool              `json:"apiPasswords"`    // passwords may still work on API and ISProxy
}

func policyOf(a account.Account, now time.Time) AccountPolicy {
	return AccountPolicy{a.MFAPolicy, a.Policy(), a.ForceMFA, a.MFAFrom, demandOf(a, now), a.APIPasswords}
}

func demandOf(a account.Account, now time.Time) Demand {
	d := a.Demands(false, now)
	return Demand{d.By, d.From}
}

// Customer is an account as the operator sees it.
type Customer struct {
	ID       id.Account     `json:"id"`
	Handle   account.Handle `json:"handle"`
	Name     string         `json:"name"`
	Email    user.Email     `json:"email"`
	Mobile   user.Mobile    `json:"mobile"`
	State    account.State  `json:"state"`
	OpenedAt time.Time      `json:"openedAt"`
	Operator bool           `json:"operator"` // it runs the installation
	Policy   AccountPolicy  `json:"policy"`
}

// CustomerAdmin is what the operator sees of an account's admin user.
type CustomerAdmin struct {
	Login        user.Login         `json:"login"`
	Name         string             `json:"name"`
	Email        user.Email         `json:"email"`
	Mobile       user.Mobile        `json:"mobile"`
	Language     user.Language      `json:"language"`
	Status       user.State         `json:"status"`
	SecondFactor bool               `json:"secondFactor"` // one is set up
	LastSeenAt   *time.Time         `json:"lastSeenAt"`   // null: never
	Activation   *PendingActivation `json:"activation"`   // null: none waits
}

// Progress tells how far an account has come: numbers, and nothing of who.
type Progress struct {
	Users        int `json:"users"`
	Active       int `json:"active"`
	Invited      int `json:"invited"`
	SecondFactor int `json:"secondFactor"` // of the active ones, how many have one
	Roles        int `json:"roles"`
}

// CustomerDetail is everything the operator may know of an account.
type CustomerDetail struct {
	Account  Customer       `json:"account"`
	Admin    *CustomerAdmin `json:"admin"` // null: it has none
	Progress Progress       `json:"progress"`

	// HelpAskedAt is when the admin user asked for help who cannot get in, and
	// nobody has answered yet.
	HelpAskedAt *time.Time `json:"helpAskedAt"` // null: nobody asks

	May []AccountMay `json:"may" cli:"-"` // the console may nearly everything

	// ContactMovable says that the caller, when updating the account, may move
	// its official contact.
	ContactMovable bool `json:"contactMovable" cli:"-"`
}

// AccountID names an account.
type AccountID struct {
	ID id.Account `json:"id"`
}

// AccountReason names an account, and says why.
type AccountReason struct {
	ID     id.Account `json:"id"`
	Reason string     `json:"reason"` // the account's administrators read it in their activity
}

type accountsOps struct {
	List          *op.Op[AccountList, Page[AccountRow]]
	Coverage      *op.Op[AccountList, Page[AccountCoverage]]
	Show          *op.Op[AccountID, CustomerDetail]
	Open          *op.Op[OpenAccountInput, Opened]
	Update        *op.Op[UpdateCustomerInput, CustomerDetail]
	Suspend       *op.Op[AccountReason, CustomerDetail]
	Reopen        *op.Op[AccountID, CustomerDetail]
	Close         *op.Op[AccountReason, CustomerDetail]
	HandOverAdmin *op.Op[HandOverInput, Opened]
	ReissueAdmin  *op.Op[ReissueAdminInput, Opened]
}

func (o *Operations) addAccounts() {
	who := op.Holds(access.OpenAccount)
	o.Accounts.List = op.Read(&o.table, op.Spec{
		Name: "accounts.list", Route: "GET /accounts",
		Summary: "Accounts of the installation, searched, filtered and sorted.",
	}, who, listAccounts)
	o.Accounts.Coverage = op.Read(&o.table, op.Spec{
		Name: "accounts.coverage", Route: "GET /accounts/coverage",
		Summary: "Second factors of all accounts in numbers, with the state of each admin user, and nothing of anybody else.",
	}, who, coverageOfAccounts)
	o.Accounts.Show = op.Read(&o.table, op.Spec{
		Name: "accounts.show", Route: "GET /accounts/{id}",
		Summary: "One account: its record, its policies, its admin user and how far it has come.",
	}, who, func(r *op.Reading, in AccountID) (CustomerDetail, error) {
		c, err := findCustomer(r.Tx, r.Call, in.ID)
		if err != nil {
			return CustomerDetail{}, err
		}
		return c.show(r.Tx, r.Call)
	})
	o.Accounts.Open = op.Write(&o.table, op.Spec{
		Name: "accounts.open", Route: "POST /accounts", Event: "account.opened", Creates: "/accounts/{id}",
		Summary: "Open an account with its admin user. The link goes by mail to the official address and the login by SMS; where there is no mail, or with handOver, the answer holds link and code, once.",
	}, who.SteppedUp(), o.openAccount)
	o.Accounts.Update = op.Write(&o.table, op.Spec{
		Name: "accounts.update", Route: "PATCH /accounts/{id}", Event: "account.updated",
		Summary: "Change what is given of an account: everything but the handle.",
	}, who.SteppedUp(), updateCustomer)
	o.Accounts.Suspend = op.Write(&o.table, op.Spec{
		Name: "accounts.suspend", Route: "POST /accounts/{id}/suspend", Event: "account.suspended", Destroys: true,
		Summary: "Keep everybody of an account out until further notice: sessions and links die at once.",
	}, who.SteppedUp(), suspendAccount)
	o.Accounts.Reopen = op.Write(&o.table, op.Spec{
		Name: "accounts.reopen", Route: "POST /accounts/{id}/reopen", Event: "account.reopened",
		Summary: "Let the people of a suspended account in again.",
	}, who.SteppedUp(), reopenAccount)
	o.Accounts.Close = op.Write(&o.table, op.Spec{
		Name: "accounts.close", Route: "POST /accounts/{id}/close", Event: "account.closed", Destroys: true,
		Summary: "Close an account for good: nobody gets in again. Its activity stays, and its handle is never used again.",
	}, who.SteppedUp(), closeAccount)
	o.Accounts.HandOverAdmin = op.Write(&o.table, op.Spec{
		Name: "accounts.handOverAdmin", Route: "POST /accounts/{id}/hand-over-admin", Event: "account.admin_handed_over", Destroys: true,
		Summary: "Hand the admin user of an account over to somebody else. Password, second factors and sessions of the person before are gone.",
	}, who.SteppedUp(), o.handOverAdmin)
	o.Accounts.ReissueAdmin = op.Write(&o.table, op.Spec{
		Name: "accounts.reissueAdmin", Route: "POST /accounts/{id}/admin-activation", Event: "account.admin_reissued",
		Summary: "A new activation link for the admin user of an account, by mail, or with handOver in the answer. Older ones are dead; second factors stay.",
	}, who.SteppedUp(), o.reissueAdmin)
}

// findAccounts finds a page of accounts for the operator.
func findAccounts(r *op.Reading, in AccountList, list string) (page store.AccountPage, limit int, err error) {
	if limit, err = in.limit(); err != nil {
		return page, 0, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.AccountOrders()), searchable(in.Q)); err != nil {
		return page, 0, err
	}
	states, where := listing.Take(where, "state")
	policies, where := listing.Take(where, "policy")
	f := store.AccountFilter{
		Search: in.Q, States: listing.Among(account.States(), states), Policies: listing.Among(accountPolicies(), policies), Where: where, Order: in.Order,
		Limit: limit, Offset: in.Offset, Cursor: in.Cursor, Uncounted: in.uncounted(), List: list,
	}
	if nothing(f.States) || nothing(f.Policies) {
		return page, limit, nil
	}
	if page, err = r.Tx.Accounts(r.Scope(), f); err != nil {
		return page, limit, fmt.Errorf("list accounts: %w", err)
	}
	return page, limit, nil
}

func listAccounts(r *op.Reading, in AccountList) (Page[AccountRow], error) {
	found, limit, err := findAccounts(r, in, "accounts")
	if err != nil {
		return Page[AccountRow]{}, err
	}
	all := []AccountRow{}
	for _, a := range found.Accounts {
		all = append(all, AccountRow{
			ID: a.ID, Handle: a.Handle, Name: a.Name, State: a.State, OpenedAt: a.OpenedAt, Policy: a.Policy(), Demand: demandOf(a.Account, r.Tx.Now()),
			Operator: a.Operator, AdminName: a.Admin.Name, AdminStatus: a.Admin.State, AdminSecondFactor: a.Admin.HasFactor,
		})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}

// show is everything of the account that the operator may see.
func (c customer) show(tx store.ReadTx, call op.Call) (d CustomerDetail, err error) {
	a := c.Account
	d.Account = Customer{a.ID, a.Handle, a.Name, a.Email, a.Mobile, a.State, a.OpenedAt, c.operator, policyOf(a, tx.Now())}
	d.May = c.may(call.Actor)
	if d.ContactMovable = true; c.operator {
		if d.ContactMovable, err = movesContact(tx, call); err != nil {
			return d, err
		}
	}
	kinds, err := tx.Kinds(c.scope)
	if err != nil {
		return d, fmt.Errorf("count users: %w", err)
	}
	for state, factors := range kinds {
		for factor, n := range factors {
			if factor == store.FactorService { // progress is of people
				continue
			}
			d.Progress.Users += n
			switch state {
			case user.Active:
				d.Progress.Active += n
			case user.Invited:
				d.Progress.Invited += n
			case user.Deactivated, user.Deleted:
			}
		}
	}
	d.Progress.SecondFactor = kinds[user.Active][store.FactorOn]
	roles, err := tx.Roles(c.scope)
	if err != nil {
		return d, fmt.Errorf("count roles: %w", err)
	}
	d.Progress.Roles = len(roles)
	if d.HelpAskedAt, err = c.helpAskedAt(tx); err != nil {
		return d, err
	}
	d.Admin, err = c.showAdmin(tx)
	return d, err
}

func (c customer) showAdmin(tx store.ReadTx) (*CustomerAdmin, error) {
	u, err := tx.AdminUser(c.scope)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find admin user: %w", err)
	}
	a := CustomerAdmin{u.Login, u.Name, u.Email, u.Mobile, u.Language, u.State, u.HasFactor, orNil(u.LastSeenAt), nil}
	a.Activation, err = pendingActivation(tx, u.Ref())
	return &a, err
}

// helpAskedAt is when the admin user of the account asked for help; nil when no
// request is open.
func (c customer) helpAskedAt(tx store.ReadTx) (*time.Time, error) {
	u, err := tx.AdminUser(c.scope)
	if err == nil {
		var h store.HelpRequest
		if h, err = tx.OpenHelp(u.Ref()); err == nil {
			return &h.AskedAt, nil
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return nil, fmt.Errorf("find request for help: %w", err)
}
