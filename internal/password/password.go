// Package password decides which passwords may be chosen and hashes them. It
// follows NIST SP 800-63B-4 section 3.1.1: length counts, composition does not,
// and what is often chosen is refused. It does not know whose passwords they
// are, where hashes are stored or how often somebody has tried.
package password

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"gatehouse/internal/secret"
)

// MaxBytes is the longest password in bytes of UTF-8, as typed and in NFC.
const MaxBytes = 1024

// Protection says what stands between a stranger and the account. The zero value
// asks the most of a password.
type Protection uint8

// Kinds of protection.
const (
	Alone            Protection = iota // nothing but the password
	WithSecondFactor                   // a second factor is bound and forced as well
)

// MinLength returns the least number of characters (code points in NFC).
func (p Protection) MinLength() int {
	if p == WithSecondFactor {
		return 8
	}
	return 15
}

// Code is the stable name of a reason to refuse a password.
type Code string

// Reasons to refuse a password.
const (
	TooShort Code = "password_too_short"
	TooLong  Code = "password_too_long"
	Listed   Code = "password_listed"  // often chosen, or made of what is
	Context  Code = "password_context" // made of names that strangers know
	BadText  Code = "bad_text"         // not text that can be typed again
)

// Refusal is the error of Choose. It never repeats the password.
type Refusal struct {
	Code   Code
	Detail string // one English sentence that says what to do
}

// Error returns the detail.
func (r *Refusal) Error() string { return r.Detail }

// Chosen is a password that fits the policy. Only Choose makes one.
type Chosen struct{ text secret.Text }

// Choose checks a password that somebody wants to have, and returns it in NFC.
// The error is a *Refusal with the first reason that applies, in the order
// BadText, TooLong, TooShort, Context, Listed.
func Choose(typed secret.Text, protection Protection, about About) (Chosen, error) {
	text := typed.Reveal()
	if len(text) > MaxBytes {
		return Chosen{}, tooLong()
	}
	// U+FFFD is what decoders make of bytes that are no text: two passwords that
	// both contain it may not be the same one.
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\uFFFD") {
		return Chosen{}, &Refusal{BadText, "The password contains something that is not text; type it again."}
	}
	text = norm.NFC.String(text)
	if len(text) > MaxBytes {
		return Chosen{}, tooLong()
	}
	if least := protection.MinLength(); utf8.RuneCountInString(text) < least {
		return Chosen{}, &Refusal{TooShort, fmt.Sprintf("Choose a password of at least %d characters; a few words in a row are easy to keep in mind.", least)}
	}
	plain := fold(text)
	for _, form := range []string{plain, unleet(plain)} {
		if about.dominates(form) {
			return Chosen{}, &Refusal{Context, "Choose a password that is not made of a name of yours, of the account or of Gatehouse."}
		}
		if easy(form) {
			return Chosen{}, &Refusal{Listed, "This password is among those that are tried first; choose another one, such as four words that have nothing to do with each other."}
		}
	}
	return Chosen{secret.New(text)}, nil
}

func tooLong() error {
	return &Refusal{TooLong, fmt.Sprintf("Choose a password of at most %d bytes.", MaxBytes)}
}

// prepare brings a typed password into the form that is hashed. Text that
// Choose would never accept is left as it is and matches nothing.
func prepare(typed secret.Text) (prepared []byte, possible bool) {
	text := typed.Reveal()
	if len(text) > MaxBytes || !utf8.ValidString(text) {
		return []byte(text), false
	}
	return norm.NFC.Bytes([]byte(text)), true
}

// fold returns text for comparison: compatible forms, accents and case do not
// count.
func fold(text string) string {
	return strings.Map(func(char rune) rune {
		if unicode.Is(unicode.Mn, char) {
			return -1
		}
		return unicode.ToLower(char)
	}, norm.NFKD.String(text))
}

// unleet undoes digits and symbols that stand for letters: up to three of them
// between letters, so that years and numbers at the ends stay what they are.
func unleet(folded string) string {
	chars := []rune(folded)
	for begin := 0; begin < len(chars); begin++ {
		end := begin
		for end < len(chars) && letterFor(chars[end]) != 0 {
			end++
		}
		if end == begin {
			continue
		}
		if begin > 0 && end < len(chars) && end-begin <= 3 && unicode.IsLetter(chars[begin-1]) && unicode.IsLetter(chars[end]) {
			for place := begin; place < end; place++ {
				chars[place] = letterFor(chars[place])
			}
		}
		begin = end
	}
	return string(chars)
}

// letterFor returns the letter that char often stands for, or 0.
func letterFor(char rune) rune {
	switch char {
	case '0':
		return 'o'
	case '1', '!':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return 0
}
