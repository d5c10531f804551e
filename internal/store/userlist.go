package store

import (
	"encoding/base64"
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

// Limits of a search: words that must occur, and n-grams to look them up by.
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

// Users lists users of the scope by name.
func (tx ReadTx) Users(scope access.Scope, f UserFilter) (UserPage, error) {
	tx = tx.interruptible()
	f.Limit, f.Offset = min(max(f.Limit, 0), MaxPage), min(max(f.Offset, 0), MaxOffset)
	q, err := tx.userQuery(scope, f)
	if err != nil {
		return UserPage{}, err
	}
	page := UserPage{}
	if page.Total, err = tx.countUsers(q); err != nil || f.Limit == 0 {
		page.Users = []Listed{}
		return page, err
	}
	if err := q.after(f.Cursor); err != nil {
		return UserPage{}, err
	}
	text := `SELECT ` + listedColumns + `, u.name_folded FROM ` + q.from + ` WHERE ` + strings.Join(q.where, " AND ") +
		` ORDER BY u.name_folded, u.id LIMIT ` + q.arg(f.Limit+1)
	if f.Cursor == "" && f.Offset > 0 {
		text += ` OFFSET ` + q.arg(f.Offset)
	}
	var keys []string // as they are stored: another version may have folded them
	if page.Users, err = list(tx, func(s scan) (Listed, error) {
		var key string
		l, err := scanUser(s, &key)
		keys = append(keys, key)
		return l, err
	}, text, q.args...); err != nil {
		return UserPage{}, err
	}
	if len(page.Users) > f.Limit {
		page.Users = page.Users[:f.Limit]
		page.NextCursor = encodeCursor(keys[f.Limit-1], string(page.Users[f.Limit-1].ID))
	}
	return page, nil
}

// userQuery is a list of users being put together from a fixed set of parts.
type userQuery struct {
	from  string
	where []string
	args  []any
}

func (q *userQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *userQuery) and(condition string) { q.where = append(q.where, condition) }

// userQuery chooses the way: no words, the index of names; few matches, the
// n-grams; else the index of names again, which holds the searched text.
func (tx ReadTx) userQuery(scope access.Scope, f UserFilter) (*userQuery, error) {
	q := &userQuery{from: "users u"}
	q.and("u.account_id = " + q.arg(string(scope.Account())))
	if f.State != "" {
		q.and("u.state = " + q.arg(string(f.State)))
	} else {
		q.and("u.state <> 'deleted'")
	}
	words := searchWords(f.Search)
	if len(words) == 0 {
		if strings.TrimSpace(f.Search) != "" {
			q.and("FALSE") // "%" asks for something, and nobody has it
		}
		return q, nil
	}
	for _, w := range words {
		q.and("instr(u.search, " + q.arg(w) + ") > 0")
	}
	number, err := tx.number(scope.Account())
	if err != nil {
		return nil, err
	}
	match := matchGrams(number, words)
	if match == "" {
		return q, nil
	}
	few, err := tx.fewMatches(match)
	if err != nil || !few {
		return q, err
	}
	q.from = "user_grams g CROSS JOIN users u ON u.row = g.rowid"
	q.and("user_grams MATCH " + q.arg(match))
	q.where[0] = "+" + q.where[0] // or the planner takes the index of names after all
	return q, nil
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

func (q *userQuery) after(cursor string) error {
	if cursor == "" {
		return nil
	}
	name, key, err := decodeCursor(cursor)
	if err != nil {
		return err
	}
	q.and("(u.name_folded, u.id) > (" + q.arg(name) + ", " + q.arg(key) + ")")
	return nil
}

// countUsers stops at MaxCount. A search that matches much is not counted
// beyond what one page shows: walking a million rows to say "many" is not
// worth anybody's time.
func (tx ReadTx) countUsers(q *userQuery) (Total, error) {
	text := `SELECT COUNT(*) FROM (SELECT 1 FROM ` + q.from + ` WHERE ` + strings.Join(q.where, " AND ") + ` LIMIT ` + fmt.Sprint(MaxCount+1) + `)`
	n, err := one(tx, value[int], text, q.args...)
	if err != nil {
		return Total{}, err
	}
	return Total{min(n, MaxCount), n > MaxCount}, nil
}

const (
	indexUser   = `INSERT INTO user_grams (rowid, grams) VALUES ($1, $2)`
	matchesUpTo = `SELECT COUNT(*) FROM (SELECT 1 FROM user_grams WHERE user_grams MATCH $1 LIMIT $2)`
)

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

func (tx ReadTx) fewMatches(match string) (bool, error) {
	n, err := one(tx, value[int], matchesUpTo, match, manyMatches+1)
	return n <= manyMatches, err
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

// matchGrams is the FTS5 expression for words: all their triples, or the pair
// for a word of two letters. Empty when no word has two letters.
func matchGrams(account int64, words []string) string {
	var all []string
	for _, w := range words {
		n := min(utf8.RuneCountInString(w), 3)
		if n < 2 {
			continue
		}
		r := []rune(w)
		for i := 0; i+n <= len(r); i++ {
			all = append(all, fmt.Sprintf(`"%d~%s"`, account, string(r[i:i+n])))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return strings.Join(all[:min(len(all), maxGrams)], " AND ")
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
