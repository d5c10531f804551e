package store

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/access"
	"gatehouse/internal/user"
)

// UserFilter says which users of a scope, and which page of them.
type UserFilter struct {
	Search string     // part of name, login or e-mail; words must all occur
	State  user.State // empty: all but deleted
	Limit  int        // at most MaxPage; 0 only counts
	Offset int        // at most MaxOffset
	Cursor string     // of the page before; goes before Offset
}

// Limits of pages.
const (
	MaxPage   = 200
	MaxOffset = 10_000
	MaxCount  = 10_000 // totals beyond are "more than"
)

// Limits of a search: words that must occur, and n-grams of each to choose from.
const (
	maxWords = 12
	maxGrams = 48
)

// Total is how many there are, or that there are more than MaxCount.
type Total struct {
	Count   int
	Minimum bool // there are more than Count
}

// UserPage is a page of a list of users.
type UserPage struct {
	Users      []Listed
	Total      Total
	NextCursor string // empty on the last page
}

// ErrCursor is returned for a cursor that no page gave.
var ErrCursor = fmt.Errorf("the cursor cannot be read")

// manyMatches is where walking the account in order of names beats sorting
// the matches: that many of a million lie close enough together.
const manyMatches = 2000

// countedAmong is how many users a search that many match is counted among.
const countedAmong = 3000

const (
	selectByRow = `SELECT ` + listedColumns + `, u.name_folded FROM users u WHERE u.row IN (%s) ORDER BY u.name_folded, u.id`
	indexUser   = `INSERT INTO user_grams (rowid, grams) VALUES ($1, $2)`
	matchesUpTo = `SELECT rowid FROM user_grams WHERE user_grams MATCH $1 LIMIT $2`
	probeGram   = `SELECT rowid FROM user_grams WHERE user_grams MATCH $1 LIMIT 1 OFFSET 100`
)

// Users lists users of the scope by name. It finds the rows of the page first,
// from indexes alone where it can, and reads those only.
func (tx ReadTx) Users(scope access.Scope, f UserFilter) (UserPage, error) {
	tx = tx.interruptible()
	f.Limit, f.Offset = min(max(f.Limit, 0), MaxPage), min(max(f.Offset, 0), MaxOffset)
	q := newUserQuery(scope, f)
	if err := q.readCursor(f.Cursor); err != nil {
		return UserPage{}, err
	}
	if len(q.words) == 0 && strings.TrimSpace(f.Search) != "" {
		return UserPage{Users: []Listed{}}, nil // "%" asks for something, and nobody has it
	}
	matches, few, err := tx.fewMatches(scope, q.words)
	if err != nil {
		return UserPage{}, err
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
	if page.Users, last, err = tx.usersAt(rows[:min(len(rows), f.Limit)]); err != nil {
		return UserPage{}, err
	}
	if more {
		page.NextCursor = last
	}
	return page, nil
}

// userQuery is a list of users being put together from a fixed set of parts.
type userQuery struct {
	where  []string // without the words
	search []string // the words: each must occur
	args   []any
	words  []string
	after  string // the condition of the cursor, whose args come last; TRUE without one
	before int    // how many args there are before those
}

func newUserQuery(scope access.Scope, f UserFilter) userQuery {
	q := userQuery{words: searchWords(f.Search), after: "TRUE"}
	q.where = append(q.where, "u.account_id = "+q.arg(string(scope.Account())))
	if f.State != "" {
		q.where = append(q.where, "u.state = "+q.arg(string(f.State)))
	} else {
		q.where = append(q.where, "u.state <> 'deleted'")
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

func (q *userQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *userQuery) readCursor(cursor string) error {
	if cursor == "" {
		return nil
	}
	name, key, err := decodeCursor(cursor)
	q.after = "(u.name_folded, u.id) > (" + q.arg(name) + ", " + q.arg(key) + ")"
	return err
}

// walk goes through an index in order of names, which holds the searched text
// as well: for lists without words, and for words that many have.
func (tx ReadTx) walk(q userQuery, f UserFilter) ([]int64, Total, error) {
	count := tx.countAll
	if len(q.words) > 0 {
		count = tx.countAmong
	}
	total, err := count(q)
	if err != nil || f.Limit == 0 {
		return nil, total, err
	}
	conditions := strings.Join(slices.Concat(q.where, q.search, []string{q.after}), " AND ")
	text := `SELECT u.row FROM users u WHERE ` + conditions + ` ORDER BY u.name_folded, u.id LIMIT ` + q.arg(f.Limit+1)
	if f.Cursor == "" && f.Offset > 0 {
		text += ` OFFSET ` + q.arg(f.Offset)
	} else {
		f.Offset = 0
	}
	rows, err := list(tx, value[int64], text, q.args...)
	if total.Minimum {
		total.Count = max(total.Count, f.Offset+min(len(rows), f.Limit))
	}
	return rows, total, err
}

// countAll counts to MaxCount. Whether there are more is asked first: to skip
// rows takes half the time of counting them.
func (tx ReadTx) countAll(q userQuery) (Total, error) {
	from, args := ` FROM users u WHERE `+strings.Join(q.where, " AND "), q.args[:q.before]
	more, err := exists(tx, `SELECT 1`+from+` ORDER BY u.name_folded, u.id LIMIT 1 OFFSET `+strconv.Itoa(MaxCount), args...)
	if err != nil || more {
		return Total{MaxCount, more}, err
	}
	n, err := one(tx, value[int], `SELECT COUNT(*)`+from, args...)
	return Total{Count: n}, err
}

// countAmong counts who has the words among the first users: walking a million
// to tell how many is not worth anybody's time.
func (tx ReadTx) countAmong(q userQuery) (Total, error) {
	text := `SELECT COUNT(*), COUNT(CASE WHEN ` + strings.Join(q.search, " AND ") + ` THEN 1 END)
		FROM (SELECT u.search FROM users u WHERE ` + strings.Join(q.where, " AND ") + ` ORDER BY u.name_folded, u.id LIMIT ` + strconv.Itoa(countedAmong+1) + `) u`
	return one(tx, func(read scan) (t Total, err error) {
		var seen int
		err = read(&seen, &t.Count)
		t.Minimum, t.Count = seen > countedAmong, min(t.Count, countedAmong)
		return t, err
	}, text, q.args[:q.before]...)
}

// lookUp goes through the few rows that have all the n-grams of the words, and
// sorts them.
func (tx ReadTx) lookUp(q userQuery, f UserFilter, matches []int64) ([]int64, Total, error) {
	type found struct {
		row   int64
		after bool
	}
	candidates, err := json.Marshal(matches)
	if err != nil {
		return nil, Total{}, err
	}
	conditions := strings.Join(slices.Concat(q.where, q.search), " AND ")
	// The plus keeps the planner from the index of names.
	all, err := list(tx, func(read scan) (r found, err error) { return r, read(&r.row, &r.after) },
		`SELECT u.row, `+q.after+` FROM json_each(`+q.arg(string(candidates))+`) c CROSS JOIN users u ON u.row = c.value
		WHERE +`+conditions+`
		ORDER BY u.name_folded, u.id`, q.args...)
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

// usersAt reads these rows in order of names, and gives the cursor behind the
// last.
func (tx ReadTx) usersAt(rows []int64) (users []Listed, cursor string, err error) {
	args := []any{}
	for _, r := range rows {
		args = append(args, r)
	}
	for len(args)%50 != 0 { // so that few different statements exist
		args = append(args, -1)
	}
	users, err = list(tx, func(read scan) (Listed, error) {
		var name string // as it is stored: another version may have folded it
		l, err := scanUser(read, &name)
		cursor = encodeCursor(name, string(l.ID))
		return l, err
	}, fmt.Sprintf(selectByRow, placeholders(len(args))), args...)
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

// searchWords are the words to find, a bounded number of them: each is a
// condition of its own, and what comes after so many narrows nothing.
func searchWords(search string) []string {
	words := strings.Fields(user.Fold(search))
	slices.Sort(words)
	words = slices.Compact(words)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words[:min(len(words), maxWords)]
}

// indexed is a row that searches are to find.
type indexed struct {
	row, account int64
	search       string
}

// indexLater has the writer index a row once every job of the batch has run:
// FTS5 writes out a segment at each savepoint, so that indexing under the
// jobs' own would cost as much as a commit for each of them.
func (tx WriteTx) indexLater(i indexed) { tx.job.indexed = append(tx.job.indexed, i) }

func (tx WriteTx) index(i indexed) error {
	_, err := tx.exec(indexUser, i.row, strings.Join(grams(i.account, i.search), " "))
	return err
}

// fewMatches looks the words up by their n-grams and gives the rows that may
// have them; false when many do, or there is nothing to look up by.
func (tx ReadTx) fewMatches(scope access.Scope, words []string) (rows []int64, few bool, err error) {
	if !slices.ContainsFunc(words, func(w string) bool { return utf8.RuneCountInString(w) > 1 }) {
		return nil, false, nil
	}
	number, err := tx.number(scope.Account())
	if err != nil {
		return nil, false, err
	}
	match, err := tx.matchGrams(number, words)
	if err != nil {
		return nil, false, err
	}
	rows, err = list(tx, value[int64], matchesUpTo, match, manyMatches+1)
	return rows, len(rows) <= manyMatches, err
}

// grams are the pairs and triples of letters in each word, once each.
func grams(account int64, search string) []string {
	prefix := gramPrefix(account)
	var all []string
	for _, w := range strings.Fields(search) {
		starts := letters(w)
		for n := 2; n <= 3; n++ {
			for i := 0; i+n < len(starts); i++ {
				all = append(all, prefix+w[starts[i]:starts[i+n]])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// gramPrefix keeps the n-grams of accounts apart.
func gramPrefix(account int64) string { return strconv.FormatInt(account, 10) + "~" }

// letters are the places in a word where its letters begin, and its end.
func letters(word string) []int {
	starts := make([]int, 0, len(word)+1)
	for i := range word {
		starts = append(starts, i)
	}
	return append(starts, len(word))
}

// matchGrams is the FTS5 expression for words: the rarest n-gram of each, two
// for a word alone. Intersecting all of them takes several times as long and
// leaves hardly fewer.
func (tx ReadTx) matchGrams(account int64, words []string) (string, error) {
	each := 1
	if len(words) == 1 {
		each = 2
	}
	var all []string
	for _, w := range words {
		rare, err := tx.rarest(terms(account, w))
		if err != nil {
			return "", err
		}
		all = append(all, rare[:min(len(rare), each)]...)
	}
	return strings.Join(all, " AND "), nil
}

// rarest sorts terms by how few rows have them, judging by how far down their
// hundredth row is.
func (tx ReadTx) rarest(terms []string) ([]string, error) {
	reach := make(map[string]int64, len(terms))
	for _, t := range terms {
		row, found, err := orNotFound(one(tx, value[int64], probeGram, t))
		if err != nil {
			return nil, err
		}
		if !found {
			return []string{t}, nil // so few that no other is needed
		}
		reach[t] = row
	}
	slices.SortFunc(terms, func(a, b string) int { return cmp.Compare(reach[b], reach[a]) })
	return terms, nil
}

// terms are the triples of letters of a word as FTS5 terms, or its pair; none
// for a single letter.
func terms(account int64, word string) []string {
	starts := letters(word)
	n := min(len(starts)-1, 3)
	if n < 2 {
		return nil
	}
	var all []string
	for i := 0; i+n < len(starts); i++ {
		all = append(all, `"`+gramPrefix(account)+word[starts[i]:starts[i+n]]+`"`)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxGrams)]
}

// A cursor is opaque to callers: the keys of the last row.
func encodeCursor(keys ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(keys, "\x00")))
}

func decodeCursor(cursor string) (a, b string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	a, b, ok := strings.Cut(string(raw), "\x00")
	if err != nil || !ok || !utf8.Valid(raw) {
		return "", "", ErrCursor
	}
	return a, b, nil
}
