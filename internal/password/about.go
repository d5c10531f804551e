package password

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// product is a context word of every password.
const product = "gatehouse"

// About is what strangers may know about whoever chooses a password. Every field
// may be empty.
type About struct {
	AccountHandle string
	AccountName   string
	Login         string
	Name          string
	Email         string // only the part before the @ counts
}

// words returns the context words, folded, longest first: each field as a whole
// without what separates its parts, and the parts. Shorter ones than three
// characters, or four digits, would be in a password by chance.
func (a About) words() []string {
	local, _, _ := strings.Cut(a.Email, "@")
	var words []string
	for _, field := range []string{product, a.AccountHandle, a.AccountName, a.Login, a.Name, local} {
		folded := fold(field)
		parts := strings.FieldsFunc(folded, func(char rune) bool { return !unicode.IsLetter(char) && !unicode.IsDigit(char) })
		for _, word := range append(parts, strings.Join(parts, "")) {
			least := 3
			if strings.IndexFunc(word, unicode.IsLetter) < 0 {
				least = 4
			}
			if utf8.RuneCountInString(word) >= least {
				words = append(words, word)
			}
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	return slices.Compact(words)
}

// dominates reports whether a folded password is essentially context words: when
// they, digits and symbols are taken away, at most two letters remain, or words
// that are listed themselves.
func (a About) dominates(folded string) bool {
	const gap = "\x00" // Choose refuses it in passwords
	rest := strings.Map(func(char rune) rune {
		if unicode.IsLetter(char) || unicode.IsDigit(char) {
			return char
		}
		return -1
	}, folded)
	found := false
	for _, word := range a.words() {
		if strings.Contains(rest, word) {
			found = true
			rest = strings.ReplaceAll(rest, word, gap)
		}
	}
	if !found {
		return false
	}
	letters := 0
	for chunk := range strings.FieldsFuncSeq(rest, func(char rune) bool { return !unicode.IsLetter(char) }) {
		if !listed(chunk) {
			letters += utf8.RuneCountInString(chunk)
		}
	}
	return letters <= 2
}
