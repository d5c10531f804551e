// Package domain has the names of domains, as they are compared and sent: in
// lower case, as A-labels (RFC 5890), without the dot of the root. It also has
// the patterns that bind a key to some of them. It knows no registry: whether
// somebody may register a name is not asked here, only whether it is one.
package domain

import (
	"strings"

	"golang.org/x/net/idna"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// Name is a domain name of at least two labels: "example.be", "xn--bcher-kva.de".
// Two names are the same domain exactly when they are the same text. The empty
// Name is none.
type Name string

const (
	maxName  = 253  // RFC 1035, as written without the root's dot
	maxLabel = 63   // RFC 1035
	maxTyped = 1024 // of a name in letters beyond ASCII, which is longer than what it becomes
)

// ParseName reads a name as a person writes it: in any case, in the letters of
// their language, with or without the dot of the root. The codes are required,
// too_long and bad_format.
func ParseName(raw string) (Name, *field.Error) {
	s := strings.TrimSpace(raw)
	switch {
	case s == "":
		return "", field.Missing()
	case len(s) > maxTyped:
		return "", field.Wrong(problem.TooLong, "A domain name has at most 253 characters; please check it.")
	}
	s, ok := typed(s)
	if !ok || strings.Count(s, ".") < 1 || !ldh(s) {
		return "", field.Wrong(problem.BadFormat, "Please give a domain name such as example.be, without http:// before it and without a path behind it.")
	}
	return Name(s), nil
}

// typed turns what a person wrote into lower case and A-labels, by the mapping
// that browsers use (UTS 46). ASCII needs none, and the mapping would refuse
// names such as "ab--cd.de", which there are.
func typed(s string) (string, bool) {
	s, ascii := lower(s)
	if !ascii {
		var err error
		if s, err = idna.Lookup.ToASCII(s); err != nil {
			return "", false
		}
	}
	return strings.TrimSuffix(s, "."), true
}

// Read reads a name as a program sent it, where whoever reads it next must not
// be able to read another: upper case and U-labels become what they stand for,
// and everything that needs more than that is refused: full-width letters and
// dots, the dot of the root, characters without a shape, labels "xn--" that
// stand for nothing or for something that is written otherwise.
func Read(raw string) (Name, bool) {
	if len(raw) > maxTyped {
		return "", false
	}
	s, ascii := lower(raw)
	if !ascii {
		var err error
		if s, err = idna.Registration.ToASCII(s); err != nil {
			return "", false
		}
	}
	if !ldh(s) || !strings.Contains(s, ".") {
		return "", false
	}
	return Name(s), true
}

// lower makes ASCII lower case and tells whether there is nothing else. It
// gives s itself where nothing is to be done.
func lower(s string) (string, bool) {
	ascii, upper := true, false
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
		upper = upper || 'A' <= s[i] && s[i] <= 'Z'
	}
	if !upper {
		return s, ascii
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b), ascii
}

// ldh reports whether s is made of labels of letters, digits and hyphens (RFC
// 5890, 2.3.1) in lower case, whose A-labels stand for something, and cannot be
// taken for an address. It looks at each byte once: doors ask it at every call.
func ldh(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	start, letters := 0, false
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			switch c := s[i]; {
			case c-'a' < 26:
				letters = true
			case c-'0' < 10:
			case c == '-' && i > start:
				letters = true
			default:
				return false
			}
			continue
		}
		n := i - start
		if n == 0 || n > maxLabel || s[i-1] == '-' || n > 3 && s[start:start+4] == "xn--" && !standsForSomething(s[start:i]) {
			return false
		}
		if i < len(s) {
			start, letters = i+1, false
		}
	}
	// WHATWG URL: what ends in a number is an IPv4 address, and 0x is one too.
	return letters && !strings.HasPrefix(s[start:], "0x")
}

// standsForSomething reports whether an A-label is the one way to write its
// U-label.
func standsForSomething(label string) bool {
	u, err := idna.Registration.ToUnicode(label)
	if err != nil {
		return false
	}
	a, err := idna.Registration.ToASCII(u)
	return err == nil && a == label && u != label
}
