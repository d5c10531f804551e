package ops

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Covered is how somebody stands with second factors, as a report has it: what
// is there, what is missing, and whether that is late.
type Covered string

// The states.
const (
	CoveredOn      Covered = "on"      // has a second factor
	CoveredOverdue Covered = "overdue" // has none, and it is demanded by now
	CoveredDue     Covered = "due"     // has none, and it will be demanded from a day on
	CoveredOff     Covered = "off"     // has none, and it is only recommended
)

// covereds lists them all, in the order in which people see them.
func covereds() []Covered { return []Covered{CoveredOn, CoveredOverdue, CoveredDue, CoveredOff} }

// reported are the states of people that the report is about: who signs in, or
// will.
func reported() []user.State { return []user.State{user.Active, user.Invited} }

// coveredAs says how people of a kind stand in an account.
func coveredAs(a account.Account, f store.SecondFactor, now time.Time) Covered {
	d := a.Demands(f == store.FactorForced, now)
	switch {
	case f == store.FactorOn:
		return CoveredOn
	case d.By != account.NotRequired:
		return CoveredOverdue
	case d.From != "":
		return CoveredDue
	}
	return CoveredOff
}

// Coverage is a line of the report: a person, and what they have.
type Coverage struct {
	ID                id.User    `json:"id"`
	Login             user.Login `json:"login"`
	Name              string     `json:"name"`
	Email             user.Email `json:"email"`
	Status            user.State `json:"status"`
	AdminUser         bool       `json:"adminUser"`
	State             Covered    `json:"state"`
	AuthenticatorApps int        `json:"authenticatorApps"`
	SecurityKeys      int        `json:"securityKeys"`
	RecoveryCodesLeft int        `json:"recoveryCodesLeft"`
	CreatedAt         time.Time  `json:"createdAt"`
	LastSeenAt        *time.Time `json:"lastSeenAt"` // null: never signed in
}

// CoverageList asks for a page of the report.
type CoverageList struct {
	Paging
	Q      string          `json:"q,omitempty"`      // part of name, login or e-mail
	State  listing.Filter  `json:"state,omitempty"`  // on, overdue, due, off
	Status listing.Filter  `json:"status,omitempty"` // active, invited
	Order  store.UserOrder `json:"order,omitempty"`  // name, login, createdAt or lastSeenAt; with - the other way round

	LastSeenAt listing.Filter `json:"lastSeenAt,omitempty"` // null: never signed in
	AdminUser  listing.Filter `json:"adminUser,omitempty"`
}

// Filters implements Filtered.
func (CoverageList) Filters() []listing.Field {
	return []listing.Field{words("state", covereds()), words("status", reported()), orNull(times("lastSeenAt")), truths("adminUser")}
}

// CoverageCounts are how many people stand so.
type CoverageCounts struct {
	People  int `json:"people"` // who sign in, or will: no service users, nobody who is deactivated
	On      int `json:"on"`
	Overdue int `json:"overdue"`
	Due     int `json:"due"`
	Off     int `json:"off"`
	Invited int `json:"invited"` // of the people, how many have not activated yet
}

func (c *CoverageCounts) count(as Covered, n int) {
	c.People += n
	switch as {
	case CoveredOn:
		c.On += n
	case CoveredOverdue:
		c.Overdue += n
	case CoveredDue:
		c.Due += n
	case CoveredOff:
		c.Off += n
	}
}

// countCoverage adds up what is known of an account without looking at anybody.
func countCoverage(a account.Account, kinds map[user.State]map[store.SecondFactor]int, now time.Time) (c CoverageCounts) {
	for _, state := range reported() {
		for factor, n := range kinds[state] {
			if factor == store.FactorService {
				continue
			}
			c.count(coveredAs(a, factor, now), n)
			if state == user.Invited {
				c.Invited += n
			}
		}
	}
	return c
}

// CoverageSummary is the report in numbers.
type CoverageSummary struct {
	CoverageCounts
	Demand
	NeverSeen          int       `json:"neverSeen"`          // who never signed in
	NeverSeenIsMinimum bool      `json:"neverSeenIsMinimum"` // there are more than neverSeen
	At                 time.Time `json:"at"`
}

// AccountCoverage is a line of the operator's report: an account in numbers, and
// how its admin user stands.
type AccountCoverage struct {
	ID     id.Account        `json:"id"`
	Handle account.Handle    `json:"handle"`
	Name   string            `json:"name"`
	State  account.State     `json:"state"`
	Policy account.MFAPolicy `json:"policy"` // what it comes to: required or recommended
	Demand
	CoverageCounts
	OpenedAt          time.Time  `json:"openedAt"`
	AdminName         string     `json:"adminName"`
	AdminStatus       user.State `json:"adminStatus"`
	AdminSecondFactor bool       `json:"adminSecondFactor"`
}

type coverageOps struct {
	Show *op.Op[None, CoverageSummary]
	List *op.Op[CoverageList, Page[Coverage]]
}

func (o *Operations) addCoverage() {
	o.Coverage.Show = op.Read(&o.table, op.Spec{
		Name: "coverage.show", Route: "GET /coverage/summary",
		Summary: "How many people of the account have a second factor, who is late, and from when it is demanded.",
	}, op.Holds(access.ViewUser), showCoverage)
	o.Coverage.List = op.Read(&o.table, op.Spec{
		Name: "coverage.list", Route: "GET /coverage",
		Summary: "Who of the account has which second factors, person by person, and who is late.",
	}, op.Holds(access.ViewUser), listCoverage)
}

func showCoverage(r *op.Reading, _ None) (s CoverageSummary, err error) {
	a, err := r.Tx.Account(r.Scope())
	if err != nil {
		return s, fmt.Errorf("find own account: %w", err)
	}
	kinds, err := r.Tx.Kinds(r.Scope())
	if err != nil {
		return s, fmt.Errorf("count users: %w", err)
	}
	never, err := r.Tx.Unseen(r.Scope())
	if err != nil {
		return s, fmt.Errorf("count who never came: %w", err)
	}
	now := r.Tx.Now()
	return CoverageSummary{countCoverage(a, kinds, now), demandOf(a, now), never.Count, never.Minimum, now}, nil
}

// factorsCovered says which users of an account stand so now; never service
// users.
func factorsCovered(states []Covered, a account.Account, now time.Time) []store.SecondFactor {
	all := []store.SecondFactor{}
	for _, f := range []store.SecondFactor{store.FactorOn, store.FactorForced, store.FactorNone} {
		if states == nil || slices.Contains(states, coveredAs(a, f, now)) {
			all = append(all, f)
		}
	}
	return all
}

func factorOf(l store.Listed) store.SecondFactor {
	switch {
	case l.HasFactor:
		return store.FactorOn
	case l.ForceMFA:
		return store.FactorForced
	}
	return store.FactorNone
}

func listCoverage(r *op.Reading, in CoverageList) (Page[Coverage], error) {
	limit, err := in.limit()
	if err != nil {
		return Page[Coverage]{}, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.UserOrders()), searchable(in.Q)); err != nil {
		return Page[Coverage]{}, err
	}
	a, err := r.Tx.Account(r.Scope())
	if err != nil {
		return Page[Coverage]{}, fmt.Errorf("find own account: %w", err)
	}
	now := r.Tx.Now()
	states, where := listing.Take(where, "state")
	statuses, where := listing.Take(where, "status")
	f := store.UserFilter{
		Search: in.Q, Order: in.Order, Where: where, Limit: limit, Offset: in.Offset, Cursor: in.Cursor, Uncounted: in.uncounted(), List: "coverage",
		States: listing.Among(reported(), statuses), Factors: factorsCovered(listing.Among(covereds(), states), a, now),
	}
	if f.States == nil {
		f.States = reported()
	}
	if len(f.States) == 0 || len(f.Factors) == 0 {
		return pageOf(in.Paging, limit, store.Total{}, "", []Coverage{}), nil
	}
	found, err := r.Tx.Users(r.Scope(), f)
	if err != nil {
		return Page[Coverage]{}, fmt.Errorf("list users: %w", err)
	}
	refs := []store.UserRef{}
	for _, u := range found.Users {
		refs = append(refs, u.Ref())
	}
	held, err := r.Tx.Held(refs)
	if err != nil {
		return Page[Coverage]{}, fmt.Errorf("count second factors: %w", err)
	}
	all := []Coverage{}
	for _, u := range found.Users {
		h := held[u.ID]
		all = append(all, Coverage{
			ID: u.ID, Login: u.Login, Name: u.Name, Email: u.Email, Status: u.State, AdminUser: u.AdminUser, State: coveredAs(a, factorOf(u), now),
			AuthenticatorApps: h.Apps, SecurityKeys: h.Keys, RecoveryCodesLeft: h.CodesLeft, CreatedAt: u.CreatedAt, LastSeenAt: orNil(u.LastSeenAt),
		})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}

func coverageOfAccounts(r *op.Reading, in AccountList) (Page[AccountCoverage], error) {
	found, limit, err := findAccounts(r, in, "coverage of accounts")
	if err != nil {
		return Page[AccountCoverage]{}, err
	}
	ids := []id.Account{}
	for _, a := range found.Accounts {
		ids = append(ids, a.ID)
	}
	kinds, err := r.Tx.KindsAmong(r.Scope(), ids)
	if err != nil {
		return Page[AccountCoverage]{}, fmt.Errorf("count users: %w", err)
	}
	now := r.Tx.Now()
	all := []AccountCoverage{}
	for _, a := range found.Accounts {
		all = append(all, AccountCoverage{
			ID: a.ID, Handle: a.Handle, Name: a.Name, State: a.State, Policy: a.Policy(), Demand: demandOf(a.Account, now),
			CoverageCounts: countCoverage(a.Account, kinds[a.ID], now), OpenedAt: a.OpenedAt,
			AdminName: a.Admin.Name, AdminStatus: a.Admin.State, AdminSecondFactor: a.Admin.HasFactor,
		})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}
