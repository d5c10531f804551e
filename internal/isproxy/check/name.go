package check

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits of a domain name in its text form (RFC 1035 section 2.3.4).
const (
	maxName  = 253
	maxLabel = 63
)

// maxEcho bounds what of a wrong name is repeated.
const maxEcho = 255

// Question is a name that somebody asks about.
type Question struct {
	// Name is what sources are asked: lower case, A-labels, no dot at the end.
	// It is empty when what was asked is no domain name.
	Name string
	// Echo is the name for the answer. It always matches [-\w.]+.
	Echo string
}

// Read makes a question of what a client sent after IS.
//
// Clients find their answer by the name in it, so a name in ASCII is echoed as
// it came, with its capitals and the dot at its end. An internationalised name
// is echoed as A-labels (RFC 5890), since answers are ASCII. What is no name at
// all comes back with a _ in place of each character that an answer cannot have.
func Read(raw string) Question {
	name := strings.TrimSuffix(raw, ".")
	kind := examine(name)
	if kind == capitals {
		name = strings.ToLower(name)
		kind = examine(name)
	}
	if kind == foreign && len(name) <= 4*maxName && utf8.ValidString(name) { // IDNA makes no name shorter than a quarter
		if a, err := idna.Lookup.ToASCII(name); err == nil {
			name = strings.TrimSuffix(a, ".")
			raw, kind = name, examine(name)
		}
	}
	switch kind {
	case registrable:
		return Question{Name: name, Echo: raw}
	case encoded:
		// An A-label that stands for nothing is no name.
		if back, err := idna.Lookup.ToASCII(name); err == nil && back == name {
			return Question{Name: name, Echo: raw}
		}
	case wrong, capitals, foreign:
	}
	return Question{Echo: echo(raw)}
}

// shape is what a look at each byte of a name tells.
type shape uint8

const (
	wrong       shape = iota
	registrable       // a host name in lower case
	encoded           // one with A-labels, which have to be looked at
	capitals          // to be looked at again in lower case
	foreign           // has characters beyond ASCII
)

// examine reports whether a name is a host name (RFC 1123 section 2.1) below
// some top-level domain.
func examine(name string) shape {
	found := registrable
	start, dots, letters, upper, ascii := 0, 0, false, false, true
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			switch c := name[i]; { // the most frequent first: each question comes by here
			case c-'a' < 26:
				letters = true
			case c-'0' < 10:
			case c-'A' < 26:
				letters, upper = true, true
			case c >= 0x80:
				ascii = false
			case c != '-' || i == start:
				found = wrong
			}
			continue
		}
		switch n := i - start; {
		case n == 0 || n > maxLabel || name[i-1] == '-':
			found = wrong
		case found == registrable && n > 3 && name[start+3] == '-' && name[start:start+4] == "xn--":
			found = encoded
		}
		if i < len(name) {
			dots, letters, start = dots+1, false, i+1
		}
	}
	switch {
	case !ascii:
		return foreign
	case found == wrong || len(name) > maxName || dots == 0 || !letters:
		// A last label of digits only would be an address (RFC 3696 section 2).
		return wrong
	case upper:
		return capitals
	}
	return found
}

// echo makes something of raw that an answer can carry.
func echo(raw string) string {
	if len(raw) > maxEcho {
		raw = raw[:maxEcho]
	}
	raw = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return '_'
	}, raw)
	if raw == "" {
		return "_"
	}
	return raw
}
