package password

import (
	_ "embed" // listed.txt
	"strings"
	"unicode"
	"unicode/utf8"
)

// list holds 46,881 frequent passwords in lower case, of five characters and
// more, sorted, one a line. NOTICE.md says where it comes from.
//
// Few of them are as long as the policy wants: 17,950 have at least 8
// characters, 41 at least 15. What people choose when they must choose a long
// one is made of short ones. Hence easy refuses every entry also when it is
// repeated, surrounded by digits and symbols, written with digits for letters,
// or followed by another entry: far more than 3000 passwords of any length.
//
//go:embed listed.txt
var list string

// Lengths in bytes of the shortest and the longest entry of list.
const (
	shortestListed = 5
	longestListed  = 20
)

// listed reports whether word is an entry of list. It halves the text of the
// list, so that it needs neither an index nor an allocation.
func listed(word string) bool {
	if len(word) < shortestListed || len(word) > longestListed {
		return false
	}
	low, high := 0, len(list) // both at the beginning of a line
	for low < high {
		middle := (low + high) / 2
		begin := strings.LastIndexByte(list[low:middle], '\n') + 1 + low
		end := strings.IndexByte(list[begin:], '\n') + begin
		switch line := list[begin:end]; {
		case line == word:
			return true
		case line < word:
			low = end + 1
		default:
			high = begin
		}
	}
	return false
}

// easy reports whether a folded password is one of those that are tried first.
func easy(folded string) bool {
	if few(folded) || walks(folded) || pair(folded) {
		return true
	}
	inner := strings.TrimFunc(folded, func(char rune) bool { return !unicode.IsLetter(char) && !unicode.IsDigit(char) })
	base := strings.TrimFunc(folded, notLetter)
	for _, form := range []string{folded, inner, base} {
		unit := repeated(form)
		if len(unit) < len(form) && utf8.RuneCountInString(unit) < 8 || surrounded(unit) {
			return true
		}
	}
	return false
}

func notLetter(char rune) bool { return !unicode.IsLetter(char) }

// surrounded reports whether text is an entry of list, between any digits and
// symbols. What has no letters must be an entry as it is: in a long number there
// is a short one by chance.
func surrounded(text string) bool {
	first, last := strings.IndexFunc(text, unicode.IsLetter), strings.LastIndexFunc(text, unicode.IsLetter)
	if first < 0 {
		return listed(text)
	}
	for begin := max(0, last+1-longestListed); begin <= first; begin++ {
		for end := last + 1; end <= min(len(text), begin+longestListed); end++ {
			if listed(text[begin:end]) {
				return true
			}
		}
	}
	return false
}

// few reports whether text is written with no more than three characters.
func few(text string) bool {
	var seen []rune
	for _, char := range text {
		if !strings.ContainsRune(string(seen), char) {
			if seen = append(seen, char); len(seen) > 3 {
				return false
			}
		}
	}
	return true
}

// repeated returns what text is a repetition of, the last time perhaps cut
// short, or text itself.
func repeated(text string) string {
	for size := 1; size <= len(text)/2; size++ {
		if text[size:] == text[:len(text)-size] {
			return text[:size]
		}
	}
	return text
}

// pair reports whether text is two entries of list, with or without digits and
// symbols around them.
func pair(text string) bool {
	if len(text) > 4*longestListed {
		return false
	}
	for border := shortestListed; border <= len(text)-shortestListed; border++ {
		if surrounded(text[:border]) && surrounded(text[border:]) {
			return true
		}
	}
	return false
}

// rows are the ways along which fingers and counting go, in both directions, on
// American, German and French keyboards.
const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 " +
	"qwertyuiop[] asdfghjkl;' zxcvbnm,./ qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn " +
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p qazwsxedcrfvtgbyhnujm !@#$%^&*() !\"§$%&/()="

// walks reports whether text consists of runs along rows, or of one character,
// that are four characters long on average.
func walks(text string) bool {
	chars := []rune(text)
	runs := 0
	for place := 0; place < len(chars); runs++ {
		place += walk(chars[place:])
	}
	return runs*4 <= len(chars)
}

// walk returns the length of the longest run at the beginning of chars.
func walk(chars []rune) int {
	longest := 1
	for longest < len(chars) && chars[longest] == chars[0] {
		longest++
	}
	ways := []rune(rows)
	for begin, char := range ways {
		if char != chars[0] || char == ' ' {
			continue
		}
		for _, step := range []int{1, -1} {
			size := 1
			for at := begin + step; size < len(chars) && at >= 0 && at < len(ways) && ways[at] != ' ' && ways[at] == chars[size]; at += step {
				size++
			}
			longest = max(longest, size)
		}
	}
	return longest
}
