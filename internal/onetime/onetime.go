// Package onetime makes and reads what a person proves once: the token of a
// link and the code to type of an activation (rule A4), each worth at least 100
// bits. It does not know what they open, when they expire or where their
// digests are kept.
package onetime

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"unicode"

	"gatehouse/internal/crockford"
	"gatehouse/internal/secret"
)

// Sizes of the two kinds of proof.
const (
	tokenBytes = 32               // 256 bits
	tokenChars = 43               // of base64url without padding
	codeData   = 20               // symbols of five bits: 100 bits
	codeChars  = codeData + 1     // and the check symbol
	longest    = 256              // bytes of typed text that are looked at
	slack      = codeChars/10 + 1 // symbols too few or too many of a mistyped code
)

var (
	// ErrMistyped is returned for text that is a code to type but for a slip: the
	// check symbol does not fit, a symbol cannot be one, or a few are missing or
	// too many. The person should compare and type it again.
	ErrMistyped = errors.New("the code has a typing error")
	// ErrUnreadable is returned for text that is neither a token nor a code.
	ErrUnreadable = errors.New("neither a link token nor a code")
)

// DigestFunc turns data into the text under which it is stored and looked up.
// It must be keyed, and different purposes must give unrelated digests:
// (*vault.Vault).Digest is one.
type DigestFunc func(purpose string, data []byte) string

// Proof is a Token or a Code. It is made by NewToken, NewCode and Parse only.
type Proof interface {
	// Digest returns what is stored instead of the proof. A token and a code
	// never share a digest.
	Digest(DigestFunc) string
	proof()
}

// Token is the secret of a link: 256 random bits.
type Token struct{ text secret.Text }

// Code is a secret to type: 100 random bits as 20 symbols, and a check symbol.
type Code struct{ text secret.Text }

// NewToken returns a random token.
func NewToken() Token {
	random := make([]byte, tokenBytes)
	rand.Read(random)
	return Token{secret.New(base64.RawURLEncoding.EncodeToString(random))}
}

// Reveal returns the token as 43 characters of base64url (RFC 4648 section 5),
// for the fragment of a link.
func (t Token) Reveal() secret.OneTime { return secret.NewOneTime(t.text.Reveal()) }

// Digest implements Proof.
func (t Token) Digest(digest DigestFunc) string {
	return digest("onetime token", []byte(t.text.Reveal()))
}

func (Token) proof() {}

// NewCode returns a random code.
func NewCode() Code {
	symbols := make([]byte, codeData, codeChars)
	rand.Read(symbols)
	for place := range symbols {
		symbols[place] &= 31
	}
	return codeOf(append(symbols, checkSymbol(symbols)))
}

// Reveal returns the code as it is printed: XXXX-XXXX-XXXX-XXXX-XXXXX in
// Crockford's base 32.
func (c Code) Reveal() secret.OneTime { return secret.NewOneTime(c.text.Reveal()) }

// Digest implements Proof.
func (c Code) Digest(digest DigestFunc) string {
	return digest("onetime code", []byte(c.text.Reveal()))
}

func (Code) proof() {}

// codeOf keeps the printed form: one text for each code, whatever was typed.
func codeOf(symbols []byte) Code {
	return Code{secret.New(crockford.Format(symbols, 4, 4, 4, 4, 5))}
}

// Parse reads what was typed, pasted or taken from a link. A token must be
// exact. A code may have any case, spaces and hyphens anywhere, O for 0, and I
// or L for 1.
//
// The error is ErrMistyped or ErrUnreadable and never repeats the text. That a
// proof parses says nothing about whether it opens anything.
func Parse(typed secret.Text) (Proof, error) {
	text := strings.TrimSpace(typed.Reveal())
	if len(text) > longest {
		return nil, ErrUnreadable
	}
	if isToken(text) {
		return Token{secret.New(text)}, nil
	}
	symbols, err := crockford.Parse(text)
	switch {
	case err == nil && len(symbols) == codeChars && checkSymbol(symbols[:codeData]) == symbols[codeData]:
		return codeOf(symbols), nil
	case resemblesCode(text):
		return nil, ErrMistyped
	}
	return nil, ErrUnreadable
}

// isToken reports whether text is what NewToken writes. Decoding alone would
// let line breaks and stray bits of the last character pass.
func isToken(text string) bool {
	if len(text) != tokenChars || strings.ContainsAny(text, "\r\n") {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil
}

// resemblesCode reports whether text is made of letters and digits and about as
// long as a code.
func resemblesCode(text string) bool {
	count := 0
	for _, char := range text {
		if crockford.Separates(char) {
			continue
		}
		if char == unicode.ReplacementChar || !unicode.IsLetter(char) && !unicode.IsDigit(char) {
			return false
		}
		count++
	}
	return codeChars-slack <= count && count <= codeChars+slack
}

// Equal reports in constant time whether both are the same code.
func (c Code) Equal(other Code) bool { return c.text.Equal(other.text) }
