package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/access"
	"gatehouse/internal/user"
)

// Limits of a search: words that must occur, and n-grams of each to choose from.
const (
	maxWords = 12
	maxGrams = 48
)

// manyMatches is where walking the account in order beats sorting the matches:
// that many of a million lie close enough together.
const manyMatches = 2000

const (
	indexUser   = `INSERT OR REPLACE INTO user_grams (rowid, grams) VALUES ($1, $2)`
	unindexUser = `DELETE FROM user_grams WHERE rowid = $1`
	matchesUpTo = `SELECT COUNT(*), json_group_array(rowid) FROM (SELECT rowid FROM user_grams WHERE user_grams MATCH $1 LIMIT 0 + $2) matches`
	probeGram   = `SELECT rowid FROM user_grams WHERE user_grams MATCH $1 LIMIT 1 OFFSET 100`
)

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
	if i.search == "" { // deleted
		_, err := tx.exec(unindexUser, i.row)
		return err
	}
	_, err := tx.exec(indexUser, i.row, strings.Join(grams(i.account, i.search), " "))
	return err
}

// fewMatches looks the words up by their n-grams and gives the rows that may
// have them, as a JSON array; false when many do, or there is nothing to look
// up by.
func (tx ReadTx) fewMatches(scope access.Scope, words []string) (rows string, few bool, err error) {
	if !slices.ContainsFunc(words, func(w string) bool { return utf8.RuneCountInString(w) > 1 }) {
		return "", false, nil
	}
	number, err := tx.number(scope.Account())
	if err != nil {
		return "", false, err
	}
	match, err := tx.matchGrams(number, words)
	if err != nil {
		return "", false, err
	}
	found, err := one(tx, func(read scan) (n int, err error) { return n, read(&n, &rows) }, matchesUpTo, match, manyMatches+1)
	return rows, found <= manyMatches, err
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
