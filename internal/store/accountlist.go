package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"gatehouse/internal/calendar"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/user"
)

// AccountFilter says which accounts, in which order, and which page of them.
// What is empty filters nothing.
type AccountFilter struct {
	Search    string // part of name or handle; words must all occur
	Handle    account.Handle
	States    []account.State
	Policies  []account.MFAPolicy // required or recommended: what the policy comes to
	Order     AccountOrder        // by name when empty
	Limit     int                 // at most MaxPage; 0 only counts
	Offset    int                 // at most MaxOffset
	Cursor    string              // of the page before; goes before Offset
	Uncounted bool                // the total is not wanted
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
func AccountOrders() []AccountOrder {
	return []AccountOrder{ByAccountName, "-" + ByAccountName, ByHandle, "-" + ByHandle, ByOpening, "-" + ByOpening}
}

// column that the order walks, of which there is an index that holds what is
// filtered by as well.
func (o AccountOrder) column() string {
	switch AccountOrder(strings.TrimPrefix(string(o), "-")) {
	case ByHandle:
		return "a.handle"
	case ByOpening:
		return "a.opened_at"
	case ByAccountName:
	}
	return "a.name_folded"
}

func (o AccountOrder) descends() bool { return strings.HasPrefix(string(o), "-") }

func (o AccountOrder) clause() string {
	if o.descends() {
		return " ORDER BY " + o.column() + " DESC, a.id DESC"
	}
	return " ORDER BY " + o.column() + ", a.id"
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

// accountQuery is a list of accounts being put together from a fixed set of
// parts.
type accountQuery struct {
	where []string
	args  []any
}

func (q *accountQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

// oneOf adds the condition that one of several holds, if any are given.
func (q *accountQuery) oneOf(conditions []string) {
	if len(conditions) > 0 {
		q.where = append(q.where, "("+strings.Join(conditions, " OR ")+")")
	}
}

// conditions of the filter, for the operator; nobody else sees anything.
func accountConditions(scope access.Scope, f AccountFilter, words []string, after calendar.Day) accountQuery {
	q := accountQuery{}
	// As a value: an EXISTS becomes a join, and the planner then sorts.
	q.where = []string{"(SELECT i.operator_id FROM installation i) = " + q.arg(string(scope.Account()))}
	if f.Handle != "" {
		q.where = append(q.where, "a.handle = "+q.arg(string(f.Handle)))
	}
	var states, policies []string
	for _, s := range texts(f.States) {
		states = append(states, aside("a.state")+" = "+q.arg(s))
	}
	for _, p := range texts(f.Policies) {
		than := " < "
		if p == string(account.MFARequired) {
			than = " >= "
		}
		policies = append(policies, aside("a.mfa_policy")+" = "+q.arg(p)+
			" OR "+aside("a.mfa_policy")+" = '"+string(account.MFAByOpeningDate)+"' AND "+aside("a.opened_at")+than+q.arg(ms(after.Next().Begins())))
	}
	q.oneOf(states)
	q.oneOf(policies)
	for _, w := range words {
		// Folded words hold nothing that GLOB takes for a pattern.
		q.where = append(q.where, "a.search GLOB "+q.arg("*"+w+"*"))
	}
	return q
}

// Accounts lists accounts for the operator. It walks an index in order, which
// holds all that is filtered by and searched, and reads the rows of the page
// only.
func (tx ReadTx) Accounts(scope access.Scope, f AccountFilter) (AccountPage, error) {
	tx = tx.interruptible()
	f.Limit, f.Offset = min(max(f.Limit, 0), MaxPage), min(max(f.Offset, 0), MaxOffset)
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
	q := accountConditions(scope, f, words, rules.After())
	counted := q
	if f.Cursor != "" {
		if err := q.behind(f); err != nil {
			return page, err
		}
		f.Offset = 0
	}
	rows := []int64{}
	if f.Limit > 0 {
		q.args = append(q.args[:len(q.args):len(q.args)], f.Offset+f.Limit+1)
		text := `SELECT a.row FROM accounts a WHERE ` + strings.Join(q.where, " AND ") + f.Order.clause() + ` LIMIT $` + strconv.Itoa(len(q.args))
		if rows, err = list(tx, value[int64], text, q.args...); err != nil {
			return page, err
		}
		rows = rows[min(f.Offset, len(rows)):]
	}
	more := len(rows) > f.Limit
	switch {
	case f.Uncounted:
	case f.Limit > 0 && len(rows) > 0 && !more && f.Cursor == "": // the page is the last: that is all of them
		page.Total.Count = f.Offset + len(rows)
	default:
		if page.Total, err = tx.countAccounts(counted); err != nil {
			return page, err
		}
	}
	if len(rows) == 0 {
		return page, nil
	}
	var last string
	if page.Accounts, last, err = tx.accountsAt(f.Order, rows[:min(len(rows), f.Limit)]); err == nil && more {
		page.NextCursor = last
	}
	return page, err
}

// behind the cursor.
func (q *accountQuery) behind(f AccountFilter) error {
	text, row, err := decodeCursor(f.Cursor, string(f.Order))
	if err != nil {
		return err
	}
	var key any = text
	if f.Order.column() == ByOpening.column() {
		if key, err = strconv.ParseInt(text, 10, 64); err != nil {
			return ErrCursor
		}
	}
	than := " > "
	if f.Order.descends() {
		than = " < "
	}
	q.where = append(q.where[:len(q.where):len(q.where)], "("+f.Order.column()+", a.id)"+than+"("+q.arg(key)+", "+q.arg(row)+")")
	return nil
}

// countAccounts counts to MaxCount.
func (tx ReadTx) countAccounts(q accountQuery) (Total, error) {
	n, err := one(tx, value[int], `SELECT COUNT(*) FROM (SELECT 1 FROM accounts a WHERE `+strings.Join(q.where, " AND ")+` LIMIT `+strconv.Itoa(MaxCount+1)+`) counted`, q.args...)
	return Total{min(n, MaxCount), n > MaxCount}, err
}

// accountsAt reads these rows in their order, and gives the cursor behind the
// last.
func (tx ReadTx) accountsAt(order AccountOrder, rows []int64) (all []ListedAccount, cursor string, err error) {
	args := []any{}
	for _, r := range rows {
		args = append(args, r)
	}
	for len(args)%50 != 0 { // so that few different statements exist
		args = append(args, -1)
	}
	text := `SELECT ` + accountColumns + `, EXISTS (SELECT 1 FROM installation i WHERE i.operator_id = a.id),
			u.name, u.state, coalesce(u.second_factor, '') = '` + string(FactorOn) + `', ` + order.column() + `
		FROM accounts a LEFT JOIN users u ON u.account_id = a.id AND u.admin_user
		WHERE a.row IN (` + placeholders(len(args)) + `)` + order.clause()
	all, err = list(tx, func(read scan) (l ListedAccount, err error) {
		var name, state sql.NullString
		var key any // as it is stored: another version may have folded it
		l.Account, err = scanAccountAnd(read, &l.Operator, &name, &state, &l.Admin.HasFactor, &key)
		l.Admin.Name, l.Admin.State = name.String, user.State(state.String)
		cursor = encodeCursor(string(order), fmt.Sprint(key), string(l.ID))
		return l, err
	}, text, args...)
	return all, cursor, err
}
