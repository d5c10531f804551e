package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/user"
)

// UserFilter says which users of a scope, in which order, and which page of
// them. What is empty filters nothing.
type UserFilter struct {
	Search    string         // part of name, login or e-mail; words must all occur
	States    []user.State   // one of these; never deleted ones
	Factors   []SecondFactor // one of these
	Role      id.Role
	Where     []listing.Condition // on fields of userFields
	Order     UserOrder           // by name when empty
	Limit     int                 // at most MaxPage; 0 only counts
	Offset    int                 // at most MaxOffset
	Cursor    string              // of the page before; goes before Offset
	Uncounted bool                // the total is not wanted
}

func (f UserFilter) span() Span { return Span{f.Limit, f.Offset, f.Cursor, f.Uncounted} }

// userFields are what users can be filtered by besides, by the name of the
// field. E-mail addresses are not kept folded; of theirs, letters of ASCII match
// regardless of case.
func userFields() map[string]string {
	return map[string]string{
		"login": "u.login_folded", "name": "u.name_folded", "email": "lower(u.email)", "language": "u.language",
		"createdAt": "u.created_at", "lastSeenAt": "u.last_seen_at", "forceMfa": "u.force_mfa", "adminUser": "u.admin_user",
	}
}

// SecondFactor is how a user stands with second factors, but for the policy of
// the account.
type SecondFactor string

// How a user may stand.
const (
	FactorOn     SecondFactor = "on"
	FactorForced SecondFactor = "forced" // of this user, and missing
	FactorNone   SecondFactor = "none"

	// FactorService is none at all: a service user, which nobody signs in as.
	FactorService SecondFactor = "service"
)

// UserOrder is what a list of users is sorted by; with a minus in front, the
// other way round.
type UserOrder string

// The orders.
const (
	ByName     UserOrder = "name"
	ByLogin    UserOrder = "login"
	ByCreation UserOrder = "createdAt"
	BySeen     UserOrder = "lastSeenAt" // never first
)

// UserOrders lists them all.
func UserOrders() []UserOrder { return listing.BothWays(ByName, ByLogin, ByCreation, BySeen) }

// column that the order walks, of which there is an index.
func (o UserOrder) column() string {
	switch UserOrder(listing.OrderOf(string(o))) {
	case ByLogin:
		return "u.login_folded"
	case ByCreation:
		return "u.created_at"
	case BySeen:
		return "coalesce(u.last_seen_at, 0)"
	case ByName:
	}
	return "u.name_folded"
}

// sorting of users, or of the holders of a role, whose index has a copy of the
// name.
func (o UserOrder) sorting() sorting {
	return sorting{list: "users", order: string(o), key: o.column(), id: "u.id", number: !strings.HasSuffix(o.column(), "_folded")}
}

// countedAmong is how many users a search that many match is counted among.
const countedAmong = 3000

// UserPage is a page of a list of users.
type UserPage struct {
	Users      []Listed
	Total      Total
	NextCursor string // empty on the last page
}

// Users lists users of the scope. It finds the rows of the page first, from
// indexes alone where it can, and reads those only.
func (tx ReadTx) Users(scope access.Scope, f UserFilter) (UserPage, error) {
	tx = tx.interruptible()
	f.Limit, f.Offset = min(max(f.Limit, 0), MaxPage), min(max(f.Offset, 0), MaxOffset)
	if f.Order == "" {
		f.Order = ByName
	}
	q := newUserQuery(scope, f)
	if err := q.readCursor(f.Cursor); err != nil {
		return UserPage{}, err
	}
	if len(q.words) == 0 && strings.TrimSpace(f.Search) != "" {
		return UserPage{Users: []Listed{}}, nil // "%" asks for something, and nobody has it
	}
	matches, few, err := tx.candidates(scope, q, f)
	if err != nil {
		return UserPage{}, err
	}
	if !few && len(f.Where) > 0 {
		return tx.filtered(q, f)
	}
	var rows []int64
	var total Total
	if few {
		rows, total, err = tx.lookUp(q, f, matches)
	} else {
		rows, total, err = tx.walk(q, f)
	}
	if err != nil {
		return UserPage{}, err
	}
	page := UserPage{Total: total, Users: []Listed{}}
	if len(rows) == 0 || f.Limit == 0 {
		return page, nil
	}
	more := len(rows) > f.Limit
	var last string
	if page.Users, last, err = tx.usersAt(f.Order, rows[:min(len(rows), f.Limit)]); err != nil {
		return UserPage{}, err
	}
	if more {
		page.NextCursor = last
	}
	return page, nil
}

// userQuery is a list of users being put together from a fixed set of parts.
type userQuery struct {
	parts
	sorting
	account  id.Account
	from     string   // users, or the holders of a role in order of names
	branches []string // the conditions that an index answers: one of them holds
	where    []string // those that are looked at row by row, without the words
	search   []string // the words: each must occur
	words    []string
	after    string // the condition of the cursor, whose args come last; TRUE without one
	before   int    // how many args there are before those
}

// newUserQuery lets one index find the rows in order, and has the other
// conditions looked at in each. Several values of what the index begins with
// are a branch each, since together they would have to be sorted.
func newUserQuery(scope access.Scope, f UserFilter) userQuery {
	q := userQuery{sorting: f.Order.sorting(), account: scope.Account(), words: searchWords(f.Search), after: "TRUE", from: "users u"}
	account := "u.account_id = " + q.arg(string(scope.Account()))
	byName := q.key == ByName.column()
	states, factors := q.oneEach("u.state", texts(f.States)), q.oneEach("u.second_factor", texts(f.Factors))
	if len(states) == 0 {
		q.where = append(q.where, aside("u.state")+" <> 'deleted'")
	}
	switch {
	case f.Role != "" && byName:
		// The join is written out, so that the holders are walked and not the users.
		q.from, q.key, q.id = "user_roles m CROSS JOIN users u ON u.id = m.user_id", "m.name_folded", "m.user_id"
		q.branches = []string{"m.role_id = " + q.arg(string(f.Role))}
		q.where = append(q.where, aside(account))
		q.where = append(q.where, either(states)...)
		q.where = append(q.where, either(factors)...)
	case byName && len(states) > 0 && (len(states) == 1 || len(f.Where) == 0): // one row after the other needs one branch
		q.branches = prefixed(account+" AND ", states)
		q.where = append(q.where, either(factors)...)
	case byName && len(states) == 0 && len(factors) > 0 && (len(factors) == 1 || len(f.Where) == 0):
		q.branches = prefixed(account+" AND ", factors)
	default:
		q.branches = []string{account}
		q.where = append(q.where, either(states)...)
		q.where = append(q.where, either(factors)...)
	}
	if f.Role != "" && !byName {
		q.where = append(q.where, "EXISTS (SELECT 1 FROM user_roles m WHERE m.user_id = u.id AND m.role_id = "+q.arg(string(f.Role))+")")
	}
	for _, w := range q.words {
		// Folded words hold nothing that GLOB takes for a pattern.
		q.search = append(q.search, "u.search GLOB "+q.arg("*"+w+"*"))
	}
	if len(q.words) == 0 {
		q.search = append(q.search, "TRUE")
	}
	q.before = len(q.args)
	return q
}

func texts[T ~string](values []T) []string {
	all := []string{}
	for _, v := range values {
		all = append(all, string(v))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// oneEach is a condition for each value.
func (q *parts) oneEach(column string, values []string) []string {
	var all []string
	for _, v := range values {
		all = append(all, column+" = "+q.arg(v))
	}
	return all
}

// either is the condition that one of several holds, which no index is used
// for; none when there are none.
func either(conditions []string) []string {
	if len(conditions) == 0 {
		return nil
	}
	for i, c := range conditions {
		conditions[i] = aside(c)
	}
	return []string{"(" + strings.Join(conditions, " OR ") + ")"}
}

// aside keeps SQLite's planner from an index on what follows: left to itself it
// takes one that then has to sort an account.
func aside(expression string) string { return "+" + expression }

func prefixed(prefix string, all []string) []string {
	for i := range all {
		all[i] = prefix + all[i]
	}
	return all
}

func (q *userQuery) readCursor(cursor string) (err error) {
	if cursor != "" {
		q.after, err = q.behind(cursor, q.arg)
	}
	return err
}

// ordered selects from every branch in order, and at most so many of each.
func (q *userQuery) ordered(columns string, conditions []string, limit string) string {
	var parts []string
	for _, b := range q.branches {
		where := strings.Join(slices.Concat([]string{b}, q.where, conditions), " AND ")
		parts = append(parts, "SELECT "+columns+", "+q.key+" AS sort_key, "+q.id+" AS sort_id FROM "+q.from+" WHERE "+where+q.clause(q.key, q.id)+limit)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "SELECT * FROM (SELECT * FROM (" + strings.Join(parts, ") UNION ALL SELECT * FROM (") + "))" + q.clause("sort_key", "sort_id") + limit
}

// candidates are users among whom all lie that are asked for, when an index
// knows them and they are few: by their logins, or by what has to stand in name,
// login or e-mail.
func (tx ReadTx) candidates(scope access.Scope, q userQuery, f UserFilter) (rows string, few bool, err error) {
	words := q.words
	for _, c := range f.Where {
		if c.Field == "login" && c.Operator == listing.In {
			p := parts{}
			text := loginsIn + p.arg(string(scope.Account())) + ` AND u.login_folded IN (` + p.several(c.Values) + `)) found`
			rows, err = one(tx, value[string], text, p.args...)
			return rows, true, err
		}
		if slices.Contains([]string{"login", "name", "email"}, c.Field) && (c.Operator == listing.Like || c.Operator == listing.In && len(c.Values) == 1) {
			for part := range strings.SplitSeq(c.Values[0].(string), "%") {
				words = append(words, searchWords(part)...)
			}
		}
	}
	return tx.fewMatches(scope, searchWords(strings.Join(words, " ")))
}

// loginsIn begins the query for users of an account by their logins.
const loginsIn = `SELECT json_group_array(found.row) FROM (SELECT u.row FROM users u WHERE u.account_id = `

// filtered walks the users in order and looks at each, for filters that no
// index answers: at a bounded number of them.
func (tx ReadTx) filtered(q userQuery, f UserFilter) (page UserPage, err error) {
	w := walk{
		parts: q.parts, sorting: q.sorting, sorts: listing.OrderOf(string(f.Order)), from: q.from, columns: "u.row",
		where: q.branches, looked: slices.Concat(q.where, q.search),
	}
	w.args = w.args[:q.before:q.before]
	w.filter(f.Where, userFields())
	found, err := walked(tx, w, f.span(), func(s scan, more ...any) (row int64, err error) {
		return row, s(append([]any{&row}, more...)...)
	})
	page.Users, page.Total, page.NextCursor = []Listed{}, found.Total, found.NextCursor
	if err == nil && len(found.Rows) > 0 {
		page.Users, _, err = tx.usersAt(f.Order, found.Rows)
	}
	return page, err
}

// walk goes through an index in order, which for the order of names holds the
// searched text as well: for lists without words, and for words that many have.
func (tx ReadTx) walk(q userQuery, f UserFilter) ([]int64, Total, error) {
	total, err := tx.countAhead(q, f)
	if err != nil || f.Limit == 0 {
		return nil, total, err
	}
	skip := f.Offset
	if f.Cursor != "" {
		skip = 0
	}
	// Each branch gives what the page may need of it.
	limit := limitTo
	if len(q.branches) > 1 { // which are merged only if SQLite knows the limit
		limit = " LIMIT "
	}
	limit += q.arg(skip + f.Limit + 1)
	text := q.ordered("u.row AS row", append(slices.Clone(q.search), q.after), limit)
	rows, err := list(tx, func(read scan) (row int64, err error) {
		var key any
		var sortID string
		return row, read(&row, &key, &sortID)
	}, text, q.args...)
	rows = rows[min(skip, len(rows)):]
	switch {
	case len(q.words) > 0: // as far as this page tells
		total = Total{skip + min(len(rows), f.Limit), len(rows) > f.Limit || f.Cursor != ""}
	case total.Minimum:
		total.Count = max(total.Count, skip+min(len(rows), f.Limit))
	}
	return rows, total, err
}

// countAhead tells how many there are before a page is looked for: of searches
// that many match only when nothing but the number is wanted.
func (tx ReadTx) countAhead(q userQuery, f UserFilter) (Total, error) {
	switch {
	case f.Uncounted, len(q.words) > 0 && f.Limit > 0:
		return Total{}, nil
	case len(q.words) > 0:
		return tx.countAmong(q)
	case f.Role == "":
		return tx.countKinds(q.account, f)
	}
	return tx.countRows(q)
}

// countKinds adds up what user_counts has, which is exact.
func (tx ReadTx) countKinds(a id.Account, f UserFilter) (t Total, err error) {
	q := parts{}
	where := []string{"account_id = " + q.arg(string(a)), "state <> 'deleted'"}
	where = append(where, either(q.oneEach("state", texts(f.States)))...)
	where = append(where, either(q.oneEach("second_factor", texts(f.Factors)))...)
	t.Count, err = one(tx, value[int], `SELECT coalesce(SUM(users), 0) FROM user_counts WHERE `+strings.Join(where, " AND "), q.args...)
	return t, err
}

// countRows counts to MaxCount.
func (tx ReadTx) countRows(q userQuery) (Total, error) {
	var parts []string
	for _, b := range q.branches {
		where := strings.Join(slices.Concat([]string{b}, q.where), " AND ")
		parts = append(parts, `SELECT * FROM (SELECT 1 FROM `+q.from+` WHERE `+where+` LIMIT `+strconv.Itoa(MaxCount+1)+`)`)
	}
	n, err := one(tx, value[int], `SELECT COUNT(*) FROM (`+strings.Join(parts, " UNION ALL ")+`) counted`, q.args[:q.before]...)
	return Total{min(n, MaxCount), n > MaxCount}, err
}

// countAmong counts who has the words among the first users: walking a million
// to tell how many is not worth anybody's time.
func (tx ReadTx) countAmong(q userQuery) (Total, error) {
	text := `SELECT COUNT(*), COUNT(CASE WHEN ` + strings.Join(q.search, " AND ") + ` THEN 1 END)
		FROM (` + q.ordered("u.search AS search", nil, ` LIMIT `+strconv.Itoa(countedAmong+1)) + `) u`
	return one(tx, func(read scan) (t Total, err error) {
		var seen int
		err = read(&seen, &t.Count)
		t.Minimum, t.Count = seen > countedAmong, min(t.Count, countedAmong)
		return t, err
	}, text, q.args[:q.before]...)
}

// lookUp goes through the few rows that have all the n-grams of the words,
// given as a JSON array, and sorts them.
func (tx ReadTx) lookUp(q userQuery, f UserFilter, candidates string) ([]int64, Total, error) {
	type found struct {
		row   int64
		after bool
	}
	from := ""
	if strings.HasPrefix(q.from, "user_roles") {
		from = " CROSS JOIN user_roles m ON m.user_id = u.id"
	}
	where := append([]string{"(" + strings.Join(q.branches, " OR ") + ")"}, slices.Concat(q.where, q.search)...)
	columns := userFields()
	for _, c := range f.Where {
		where = append(where, q.condition(c, columns[c.Field]))
	}
	all, err := list(tx, func(read scan) (r found, err error) { return r, read(&r.row, &r.after) },
		`SELECT u.row, `+q.after+` FROM json_each(`+q.arg(candidates)+`) c CROSS JOIN users u ON u.row = c.value`+from+`
		WHERE `+strings.Join(where, " AND ")+q.clause(q.key, q.id), q.args...)
	if err != nil {
		return nil, Total{}, err
	}
	rows := []int64{}
	for _, r := range all {
		if r.after {
			rows = append(rows, r.row)
		}
	}
	if f.Cursor == "" {
		rows = rows[min(f.Offset, len(rows)):]
	}
	return rows[:min(f.Limit+1, len(rows))], Total{Count: len(all)}, nil
}

// usersAt reads these rows in their order, and gives the cursor behind the
// last.
func (tx ReadTx) usersAt(order UserOrder, rows []int64) (users []Listed, cursor string, err error) {
	by := order.sorting()
	args := []any{}
	for _, r := range rows {
		args = append(args, r)
	}
	for len(args) != 1 && len(args) != 10 && len(args)%50 != 0 { // so that few different statements exist
		args = append(args, -1)
	}
	text := `SELECT ` + listedColumns + `, ` + by.key + ` FROM users u WHERE u.row IN (` + placeholders(len(args)) + `)` + by.clause(by.key, by.id)
	users, err = list(tx, func(read scan) (Listed, error) {
		var key any
		l, err := scanUser(read, &key)
		cursor = by.cursor(key, string(l.ID))
		return l, err
	}, text, args...)
	return users, cursor, err
}

// placeholders is "$1, $2, … $n".
func placeholders(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String()
}
