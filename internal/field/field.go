// Package field reads the fields of a form: every parser says what is wrong
// in one sentence, and a Form gathers the answers, so that a person is told
// everything at once.
package field

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/problem"
)

// Error is what a parser of one field returns.
type Error struct {
	Code    problem.FieldCode
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Wrong makes a field error.
func Wrong(code problem.FieldCode, message string) *Error { return &Error{code, message} }

// Missing is the error of an empty required field.
func Missing() *Error { return Wrong(problem.Required, "This field is required.") }

// Form gathers field errors. The zero Form is ready.
type Form struct{ violations []problem.Violation }

// Read parses one field and notes its error under name.
func Read[T any](f *Form, name string, parse func(string) (T, *Error), raw string) T {
	v, err := parse(raw)
	if err != nil {
		f.Add(name, err)
	}
	return v
}

// Optional is Read for a field that may be empty; then it gives the zero T.
func Optional[T any](f *Form, name string, parse func(string) (T, *Error), raw string) T {
	if strings.TrimSpace(raw) == "" {
		var zero T
		return zero
	}
	return Read(f, name, parse, raw)
}

// Add notes an error found by other means than a parser.
func (f *Form) Add(name string, err *Error) {
	f.violations = append(f.violations, problem.Violation{Field: name, Code: err.Code, Message: err.Message})
}

// Err returns a problem with every violation, or nil.
func (f *Form) Err() error {
	if len(f.violations) == 0 {
		return nil
	}
	p := problem.New(problem.InvalidFields, "Please check the marked fields.")
	p.Violations = f.violations
	return p
}

// Text parses one line of text for people: trimmed, 1 to max characters, no
// control characters, no invalid UTF-8, no invisible direction marks.
func Text(max int) func(string) (string, *Error) {
	return func(raw string) (string, *Error) {
		raw = strings.TrimSpace(raw)
		if err := Clean(raw); err != nil {
			return "", err
		}
		s := strings.Join(strings.Fields(raw), " ")
		switch {
		case s == "":
			return "", Missing()
		case utf8.RuneCountInString(s) > max:
			return "", Wrong(problem.TooLong, "This is too long; please shorten it.")
		}
		return s, nil
	}
}

// Clean refuses what no field of text may hold: invalid UTF-8, NUL and other
// control characters, line and paragraph separators, bidirectional controls.
func Clean(raw string) *Error {
	bad := Wrong(problem.BadText, "This contains characters that cannot be shown; please type it again.")
	if !utf8.ValidString(raw) {
		return bad
	}
	for _, r := range raw {
		if Invisible(r) {
			return bad
		}
	}
	return nil
}

// Invisible reports whether r is a control, line separator, bidirectional
// control or other character without a shape (category Cf, fillers): such
// characters can make one text look like another.
func Invisible(r rune) bool {
	switch r {
	case '\u2028', '\u2029', unicode.ReplacementChar, '\u034f', '\u115f', '\u1160', '\u2065', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// Printable replaces what Clean refuses by '·' and cuts to max characters:
// for text that comes with a request and is only shown, such as the name of a
// program.
func Printable(s string, max int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > max {
			break
		}
		if Invisible(r) {
			r = '·'
		}
		b.WriteRune(r)
	}
	return b.String()
}
