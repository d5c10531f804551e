// Package crockford writes and reads Douglas Crockford's base 32: symbols that
// people can read aloud and type. It works on symbol values (0 to 31, five bits
// each) and knows nothing of what they mean.
package crockford

import (
	"errors"
	"strings"
)

// Alphabet holds the 32 symbols in the order of their values. I, L, O and U are
// not in it.
const Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ErrSymbol is returned for text with a character that is no symbol, cannot be
// taken for one, and does not separate groups.
var ErrSymbol = errors.New("a character that is not part of a code")

// Format writes symbol values (0 to 31) in groups separated by hyphens. The
// sizes of the groups are given; symbols beyond their sum follow in one last
// group.
func Format(symbols []byte, groups ...int) string {
	var text strings.Builder
	text.Grow(len(symbols) + len(groups))
	for len(symbols) > 0 {
		size := len(symbols)
		if len(groups) > 0 {
			size, groups = min(groups[0], size), groups[1:]
		}
		if text.Len() > 0 {
			text.WriteByte('-')
		}
		for _, symbol := range symbols[:size] {
			text.WriteByte(Alphabet[symbol&31])
		}
		symbols = symbols[size:]
	}
	return text.String()
}

// Parse returns the symbol values of text as people type it: case does not
// matter, O stands for 0, I and L stand for 1, and spaces, hyphens and dashes
// between the symbols are skipped. Any other character is ErrSymbol.
func Parse(text string) ([]byte, error) {
	symbols := make([]byte, 0, len(text))
	for _, char := range text {
		if Separates(char) {
			continue
		}
		value, ok := symbol(char)
		if !ok {
			return nil, ErrSymbol
		}
		symbols = append(symbols, value)
	}
	return symbols, nil
}

// Separates reports whether char stands between groups: a space, a line break,
// a hyphen, or one of the dashes that word processors make of a hyphen.
func Separates(char rune) bool {
	switch char {
	case ' ', '\t', '\r', '\n', '-', '\u00a0', '\u202f', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212':
		return true
	}
	return false
}

// symbol returns the value that char stands for.
func symbol(char rune) (byte, bool) {
	if 'a' <= char && char <= 'z' {
		char -= 'a' - 'A'
	}
	switch char {
	case 'O':
		char = '0'
	case 'I', 'L':
		char = '1'
	}
	value := strings.IndexRune(Alphabet, char)
	return byte(value), value >= 0
}
