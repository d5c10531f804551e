// Package apikey has what an API key is: the secret that a program holds, and
// what the key says of where, until when and for what it is good (rules K1 to
// K8). It knows no database; what a key's user may do is asked of package
// access.
package apikey

import (
	"crypto/rand"
	"errors"
	"hash/crc32"
	"strings"

	"gatehouse/internal/secret"
)

// The form of a key: the prefix by which scanners for leaked secrets know it,
// 43 characters of base 62 (256 bits), and six more that are the CRC-32 (IEEE
// 802.3) of those 43, so that a slip is found without a database.
const (
	Prefix = "gate_"

	bodyChars  = 43
	checkChars = 6
	alphabet   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	// Length of a key in characters.
	Length = len(Prefix) + bodyChars + checkChars

	shownChars = 6 // of the body, by which people recognise a key
)

// ErrNoKey is returned for text that is no key: of another form, or with a
// checksum that does not fit. It never repeats the text.
var ErrNoKey = errors.New("not an API key")

// Token is the secret of a key. It is made by NewToken and Parse only.
type Token struct{ text secret.Text }

// NewToken makes a random one.
func NewToken() Token {
	body := make([]byte, 0, bodyChars)
	random := make([]byte, 64)
	for len(body) < bodyChars {
		rand.Read(random)
		for _, b := range random {
			// 248 is the largest multiple of 62 in a byte: beyond it, some
			// characters would come more often than others.
			if b < 248 && len(body) < bodyChars {
				body = append(body, alphabet[b%62])
			}
		}
	}
	return Token{secret.New(Prefix + string(body) + checksum(string(body)))}
}

// Parse reads a key as a program sends it. Nothing is forgiven: programs copy,
// they do not type. The error is ErrNoKey.
func Parse(raw string) (Token, error) {
	if len(raw) != Length || raw[:len(Prefix)] != Prefix {
		return Token{}, ErrNoKey
	}
	body, check := raw[len(Prefix):len(Prefix)+bodyChars], raw[len(Prefix)+bodyChars:]
	for i := range len(body) {
		if !base62(body[i]) {
			return Token{}, ErrNoKey
		}
	}
	if checksum(body) != check {
		return Token{}, ErrNoKey
	}
	return Token{secret.New(raw)}, nil
}

// base62 reports whether a byte is of the alphabet.
func base62(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// checksum of a body, as it is written behind it.
func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var text [checkChars]byte
	for i := range text {
		text[checkChars-1-i] = alphabet[sum%62]
		sum /= 62
	}
	return string(text[:])
}

// Reveal gives the key, to be shown once.
func (t Token) Reveal() secret.OneTime { return secret.NewOneTime(t.text.Reveal()) }

// IsZero reports whether there is none.
func (t Token) IsZero() bool { return t.text.IsZero() }

// Shown is the beginning of the key, by which people recognise it in lists and
// logs: "gate_7Kd2Qx". What is left has more than 220 bits.
func (t Token) Shown() string {
	text := t.text.Reveal()
	return text[:min(len(text), len(Prefix)+shownChars)]
}

// digestPurpose keeps the digests of keys apart from others.
const digestPurpose = "api key"

// Digest is what is kept of a key instead of it: keyed, so that whoever can only
// write to the database cannot make a key good.
func (t Token) Digest(digest func(purpose string, data []byte) string) string {
	return digest(digestPurpose, []byte(t.text.Reveal()))
}

// Digests under every key of the vault, the newest first.
func (t Token) Digests(digests func(purpose string, data []byte) []string) []string {
	return digests(digestPurpose, []byte(t.text.Reveal()))
}

// Looks reports whether text begins as keys do: a secret that somebody put where
// it can be read by others must not be repeated. What is shown of a key anyway,
// and no more, is none.
func Looks(text string) bool {
	return strings.HasPrefix(text, Prefix) && len(text) > len(Prefix)+shownChars
}
