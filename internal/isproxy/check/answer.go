// Package check holds what is asked and answered about domain names: the name,
// the answer with its text form in the line protocol, and the sources that
// answers come from. It knows nothing of connections or keys.
package check

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Status is what is known about a domain. The zero Status is Failed, so that an
// answer nobody filled in promises nothing.
type Status uint8

// The four answers of the protocol.
const (
	Failed    Status = iota // nobody could tell
	Available               // can be registered
	Taken                   // cannot be registered
	Invalid                 // is no domain name, or none that can exist
)

// The words of the protocol.
const (
	wordAvailable = "available"
	wordTaken     = "not available"
	wordInvalid   = "invalid domain"
	wordFailed    = "error"
)

// String returns the words of the protocol.
func (s Status) String() string {
	switch s {
	case Available:
		return wordAvailable
	case Taken:
		return wordTaken
	case Invalid:
		return wordInvalid
	case Failed:
	}
	return wordFailed
}

// Answer is what is known about a domain.
type Answer struct {
	Status Status
	// Reason says why a name is not available, as text for people.
	Reason string
	// Premium is set for available names that cost more than others.
	Premium Premium
}

// Premium is the price of a premium name, in the form in which the source gives
// it (Realtime Register: in the smallest unit of the currency). The zero
// Premium means that the name is an ordinary one.
type Premium struct {
	Price    string
	Currency string // ISO 4217
}

// Details says which details a client has asked for with ENABLE.
type Details struct {
	Reason  bool
	Premium bool
}

// maxAnswer bounds a line with its end. A widely used client reads 1023 bytes,
// and would take the rest for the next answer.
const maxAnswer = 1000

// AppendLine appends the answer about echo as a line of the protocol, with the
// details that the client wants.
func (a Answer) AppendLine(line []byte, echo string, want Details) []byte {
	start := len(line)
	line = append(line, echo...)
	line = append(line, ' ')
	line = append(line, a.Status.String()...)
	switch {
	case a.Status == Taken && want.Reason && a.Reason != "":
		line = append(line, " (reason="...)
		line = appendEscaped(line, a.Reason, start+maxAnswer-len(")\r\n"))
		line = append(line, ')')
	case a.Status == Available && want.Premium && a.Premium != (Premium{}):
		line = append(line, " (type=premium,price="...)
		line = appendEscaped(line, a.Premium.Price, start+maxAnswer/2)
		line = append(line, ",currency="...)
		line = appendEscaped(line, a.Premium.Currency, start+maxAnswer-len(")\r\n"))
		line = append(line, ')')
	}
	return append(line, "\r\n"...)
}

// appendEscaped appends text until the line is end bytes long. A backslash goes
// before ( ) , and before the backslash itself. A line break, or whatever else
// could be taken for one or change how a log of the line looks, becomes a space.
func appendEscaped(line []byte, text string, end int) []byte {
	for _, r := range text {
		escape := r == '(' || r == ')' || r == ',' || r == '\\'
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			r = ' '
		}
		n := utf8.RuneLen(r)
		if escape {
			n++
		}
		if len(line)+n > end {
			break
		}
		if escape {
			line = append(line, '\\')
		}
		line = utf8.AppendRune(line, r)
	}
	return line
}

// ParseLine reads an answer to IS, without its end of line, as another server
// sends it. It returns the name as it stands there. It takes details whether or
// not they were asked for, and leaves out those that it does not know.
func ParseLine(line string) (name string, a Answer, ok bool) {
	name, rest, found := strings.Cut(line, " ")
	if !found || name == "" || echo(name) != name {
		return "", Answer{}, false
	}
	words, extra, detailed := strings.Cut(rest, "(")
	switch strings.TrimSpace(words) {
	case wordAvailable:
		a.Status = Available
	case wordTaken:
		a.Status = Taken
	case wordInvalid:
		a.Status = Invalid
	case wordFailed:
		a.Status = Failed
	default:
		return "", Answer{}, false
	}
	if detailed {
		a.details(extra)
	}
	return name, a, true
}

// details reads key=value, with commas between and a closing parenthesis behind.
func (a *Answer) details(text string) {
	premium := Premium{}
	kind := ""
	var field []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			field = append(field, text[i])
			continue
		}
		if c != ',' && c != ')' {
			field = append(field, c)
			continue
		}
		key, value, _ := strings.Cut(string(field), "=")
		switch strings.TrimSpace(key) {
		case "reason":
			a.Reason = value
		case "type":
			kind = value
		case "price":
			premium.Price = value
		case "currency":
			premium.Currency = value
		}
		field = field[:0]
		if c == ')' {
			i = len(text) // what follows is none of the answer
		}
	}
	if kind == "premium" {
		a.Premium = premium
	}
}
