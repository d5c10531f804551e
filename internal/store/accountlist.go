package store

import (
	"cmp"
	"database/sql"
	"strings"

	"gatehouse/internal/calendar"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/listing"
	"gatehouse/internal/user"
)

// AccountFilter says which accounts, in which order, and which page of them.
// What is empty filters nothing.
type AccountFilter struct {
	Search    string // part of name or handle; words must all occur
	States    []account.State
	Policies  []account.MFAPolicy // required or recommended: what the policy comes to
	Where     []listing.Condition // on fields of accountFields
	Order     AccountOrder        // by name when empty
	Limit     int                 // at most MaxPage; 0 only counts
	Offset    int                 // at most MaxOffset
	Cursor    string              // of the page before; goes before Offset
	Uncounted bool                // the total is not wanted
	List      string              // whose cursors are taken, and no other list's; "accounts" when empty
}

// AccountOrder is what a list of accounts is sorted by; with a minus in front,
// the other way round.
type AccountOrder string

// The orders.
const (
	ByAccountName AccountOrder = "name"
	ByHandle      AccountOrder = "handle"
	ByOpening     AccountOrder = "openedAt"
)

// AccountOrders lists them all.
func AccountOrders() []AccountOrder { return listing.BothWays(ByAccountName, ByHandle, ByOpening) }

// column that the order walks, of which there is an index that holds what is
// filtered by as well.
func (o AccountOrder) column() string {
	switch AccountOrder(listing.OrderOf(string(o))) {
	case ByHandle:
		return "a.handle"
	case ByOpening:
		return "a.opened_at"
	case ByAccountName:
	}
	return "a.name_folded"
}

func (o AccountOrder) sorting() sorting {
	return sorting{list: "accounts", order: string(o), key: o.column(), id: "a.id", number: o.column() == ByOpening.column()}
}

// accountFields are what accounts can be filtered by besides, by the name of
// the field.
func accountFields() map[string]string {
	return map[string]string{"name": "a.name_folded", "handle": "a.handle", "openedAt": "a.opened_at"}
}

// ListedAccount is an account as lists show it.
type ListedAccount struct {
	account.Account
	Operator bool // it runs the installation
	Admin    AdminUser
}

// AdminUser is what a list tells of an account's admin user; zero when it has
// none.
type AdminUser struct {
	Name      string
	State     user.State
	HasFactor bool
}

// AccountPage is a page of a list of accounts.
type AccountPage struct {
	Accounts   []ListedAccount
	Total      Total
	NextCursor string // empty on the last page
}

// accountWalk is for the operator; nobody else sees anything. The indexes hold
// all that is searched, and most that is filtered by.
func accountWalk(scope access.Scope, f AccountFilter, words []string, after calendar.Day) walk {
	w := walk{sorting: f.Order.sorting(), sorts: listing.OrderOf(string(f.Order)), from: "accounts a", columns: "a.row"}
	w.list = cmp.Or(f.List, w.list)
	// As a value: an EXISTS becomes a join, and the planner then sorts.
	w.where = []string{"(SELECT i.operator_id FROM installation i) = " + w.arg(string(scope.Account()))}
	w.looked = either(w.oneEach("a.state", texts(f.States)))
	var policies []string
	for _, p := range texts(f.Policies) {
		than := " < "
		if p == string(account.MFARequired) {
			than = " >= "
		}
		policies = append(policies, "a.mfa_policy = "+w.arg(p)+
			" OR a.mfa_policy = '"+string(account.MFAByOpeningDate)+"' AND a.opened_at"+than+w.arg(ms(after.Next().Begins())))
	}
	if len(policies) > 0 {
		w.looked = append(w.looked, "("+strings.Join(policies, " OR ")+")")
	}
	for _, word := range words {
		// Folded words hold nothing that GLOB takes for a pattern.
		w.looked = append(w.looked, "a.search GLOB "+w.arg("*"+word+"*"))
	}
	handles, others := listing.Take(f.Where, "handle")
	for _, c := range handles {
		if c.Operator == listing.In { // which its own index finds
			w.where = append(w.where, w.condition(c, "a.handle"))
		} else {
			others = append(others, c)
		}
	}
	w.filter(others, accountFields())
	return w
}

// Accounts lists accounts for the operator. It walks an index in order, and
// reads the rows of the page only.
func (tx ReadTx) Accounts(scope access.Scope, f AccountFilter) (AccountPage, error) {
	tx = tx.interruptible()
	if f.Order == "" {
		f.Order = ByAccountName
	}
	page := AccountPage{Accounts: []ListedAccount{}}
	words := searchWords(f.Search)
	if len(words) == 0 && strings.TrimSpace(f.Search) != "" {
		return page, nil // "%" asks for something, and nobody has it
	}
	rules, err := tx.Rules()
	if err != nil {
		return page, err
	}
	found, err := walked(tx, accountWalk(scope, f, words, rules.After()), Span{f.Limit, f.Offset, f.Cursor, f.Uncounted}, func(s scan, more ...any) (row int64, err error) {
		return row, s(append([]any{&row}, more...)...)
	})
	page.Total, page.NextCursor = found.Total, found.NextCursor
	if err == nil && len(found.Rows) > 0 {
		page.Accounts, err = tx.accountsAt(f.Order, found.Rows)
	}
	return page, err
}

// accountsAt reads these rows in their order.
func (tx ReadTx) accountsAt(order AccountOrder, rows []int64) ([]ListedAccount, error) {
	by := order.sorting()
	args := []any{}
	for _, r := range rows {
		args = append(args, r)
	}
	for len(args)%50 != 0 { // so that few different statements exist
		args = append(args, -1)
	}
	text := `SELECT ` + accountColumns + `, EXISTS (SELECT 1 FROM installation i WHERE i.operator_id = a.id),
			u.name, u.state, coalesce(u.second_factor, '') = '` + string(FactorOn) + `'
		FROM accounts a LEFT JOIN users u ON u.account_id = a.id AND u.admin_user
		WHERE a.row IN (` + placeholders(len(args)) + `)` + by.clause(by.key, by.id)
	return list(tx, func(read scan) (l ListedAccount, err error) {
		var name, state sql.NullString
		l.Account, err = scanAccountAnd(read, &l.Operator, &name, &state, &l.Admin.HasFactor)
		l.Admin.Name, l.Admin.State = name.String, user.State(state.String)
		return l, err
	}, text, args...)
}
