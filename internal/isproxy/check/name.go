package check

import (
	"strings"
	"unicode/utf8"

	"gatehouse/internal/domain"
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
	name, err := domain.ParseName(raw)
	switch {
	case err != nil:
		return Question{Echo: echo(raw)}
	case !ascii(raw):
		return Question{Name: string(name), Echo: string(name)}
	}
	return Question{Name: string(name), Echo: raw}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
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
