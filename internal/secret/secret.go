// Package secret holds values that must not be seen: whatever prints, logs or
// marshals them by accident gets "…" instead. It knows nothing of what the
// values are for, or of how they are kept.
//
// Every type keeps its material behind a pointer to a string. fmt cannot call
// the methods of a value in an unexported field and prints the fields of that
// value instead; there it finds an address and not the secret.
package secret

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Mask is what takes the place of a secret in texts, logs and JSON.
const Mask = "…"

// ErrNotText is returned when a JSON value that should be a secret is not a
// string. It never repeats the value.
var ErrNotText = errors.New("a secret must be a JSON string")

// Text is a secret that came in as text: a password, a typed code, a token.
// It can be a field of an operation's input, since it unmarshals from a JSON
// string; it marshals to "…". The zero Text is the empty text.
//
// Text cannot be compared with ==, which would take a time that depends on the
// content: use Equal.
type Text struct {
	_    [0]func()
	text *string
}

// New returns text as a secret.
func New(text string) Text { return Text{text: &text} }

// Reveal returns the text itself. Every call is a place to look at in a review.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// IsZero reports whether the text is empty. encoding/json asks it for omitzero.
func (t Text) IsZero() bool { return t.Reveal() == "" }

// Equal reports whether both texts are the same, in a time that depends on
// their lengths only.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String returns Mask.
func (Text) String() string { return Mask }

// GoString returns Mask.
func (Text) GoString() string { return Mask }

// Format writes Mask for every verb.
func (Text) Format(state fmt.State, _ rune) { mask(state) }

// LogValue returns Mask.
func (Text) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalJSON returns Mask as a JSON string.
func (Text) MarshalJSON() ([]byte, error) { return json.Marshal(Mask) }

// UnmarshalJSON takes a JSON string; null leaves the text as it is. Anything
// else is ErrNotText.
func (t *Text) UnmarshalJSON(data []byte) error {
	text, err := unquote(data)
	if err != nil || text == nil {
		return err
	}
	t.text = text
	return nil
}

// OneTime is a secret that an answer shows exactly once: a new API key, a
// recovery code. It marshals in clear, because the answer is its purpose, and
// prints as "…" everywhere else.
type OneTime struct {
	_    [0]func()
	text *string
}

// NewOneTime returns text as a secret to be shown once.
func NewOneTime(text string) OneTime { return OneTime{text: &text} }

// Reveal returns the text itself.
func (o OneTime) Reveal() string {
	if o.text == nil {
		return ""
	}
	return *o.text
}

// IsZero reports whether the text is empty.
func (o OneTime) IsZero() bool { return o.Reveal() == "" }

// Equal reports whether both texts are the same, in a time that depends on
// their lengths only.
func (o OneTime) Equal(other OneTime) bool {
	return subtle.ConstantTimeCompare([]byte(o.Reveal()), []byte(other.Reveal())) == 1
}

// String returns Mask.
func (OneTime) String() string { return Mask }

// GoString returns Mask.
func (OneTime) GoString() string { return Mask }

// Format writes Mask for every verb.
func (OneTime) Format(state fmt.State, _ rune) { mask(state) }

// LogValue returns Mask.
func (OneTime) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalJSON returns the text in clear.
func (o OneTime) MarshalJSON() ([]byte, error) { return json.Marshal(o.Reveal()) }

// UnmarshalJSON takes a JSON string; null leaves the value as it is. Anything
// else is ErrNotText.
func (o *OneTime) UnmarshalJSON(data []byte) error {
	text, err := unquote(data)
	if err != nil || text == nil {
		return err
	}
	o.text = text
	return nil
}

// mask ignores the error of the writer: fmt does the same for its own output.
func mask(w io.Writer) { _, _ = io.WriteString(w, Mask) }

// unquote returns nil for null. The error of encoding/json is dropped on
// purpose: it can quote the input.
func unquote(data []byte) (*string, error) {
	var text *string
	if json.Unmarshal(data, &text) != nil {
		return nil, ErrNotText
	}
	return text, nil
}
