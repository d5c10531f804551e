package check

import (
	"strings"

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
	plain, lower := ascii(name)
	switch {
	case plain && !lower:
		name = strings.ToLower(name)
	case !plain:
		if len(name) > 4*maxName { // IDNA never makes a name shorter than a quarter
			return Question{Echo: echo(raw)}
		}
		a, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return Question{Echo: echo(raw)}
		}
		name = strings.TrimSuffix(a, ".")
		raw = name
	}
	if !registrable(name) {
		return Question{Echo: echo(raw)}
	}
	if strings.HasPrefix(name, "xn--") || strings.Contains(name, ".xn--") {
		// An A-label that stands for nothing is no name.
		if back, err := idna.Lookup.ToASCII(name); err != nil || back != name {
			return Question{Echo: echo(raw)}
		}
	}
	return Question{Name: name, Echo: raw}
}

func ascii(s string) (plain, lower bool) {
	lower = true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			return false, false
		case 'A' <= c && c <= 'Z':
			lower = false
		}
	}
	return true, lower
}

// registrable reports whether a name in lower case is a host name (RFC 1123
// section 2.1) below some top-level domain.
func registrable(name string) bool {
	if len(name) > maxName {
		return false
	}
	start, dots, letters := 0, 0, false
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			c := name[i]
			switch {
			case 'a' <= c && c <= 'z':
				letters = true
			case '0' <= c && c <= '9':
			case c == '-' && i > start:
				letters = true
			default:
				return false
			}
			continue
		}
		if n := i - start; n == 0 || n > maxLabel || name[i-1] == '-' {
			return false
		}
		if i < len(name) {
			dots, letters, start = dots+1, false, i+1
		}
	}
	// A last label of digits only would be an address (RFC 3696 section 2).
	return dots > 0 && letters
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
