package mfa

import (
	"crypto/rand"
	"errors"
	"fmt"

	"gatehouse/internal/crockford"
	"gatehouse/internal/secret"
)

// RecoveryCodes is how many codes a person gets at a time.
const RecoveryCodes = 10

// recoverySymbols is the length of a code in symbols of five bits: 80 bits.
const recoverySymbols = 16

// ErrRecoveryCode is returned for text that cannot be a recovery code.
var ErrRecoveryCode = errors.New("not a recovery code")

// RecoveryCode is a second factor on paper: 80 random bits that work once,
// beside the password.
type RecoveryCode struct{ text secret.Text }

// NewRecoveryCodes returns a fresh set of RecoveryCodes codes.
func NewRecoveryCodes() []RecoveryCode {
	codes := make([]RecoveryCode, RecoveryCodes)
	for place := range codes {
		symbols := make([]byte, recoverySymbols)
		rand.Read(symbols) // Format takes five bits of each
		codes[place] = recoveryCode(symbols)
	}
	return codes
}

// ParseRecoveryCode reads a code as it was typed: any case, with or without
// hyphens and spaces, O for 0, I or L for 1. The error is ErrRecoveryCode and
// says how many characters are missing or too many, but never repeats the text.
func ParseRecoveryCode(typed secret.Text) (RecoveryCode, error) {
	if len(typed.Reveal()) > 256 {
		return RecoveryCode{}, fmt.Errorf("%w: far too long", ErrRecoveryCode)
	}
	symbols, err := crockford.Parse(typed.Reveal())
	if err != nil {
		return RecoveryCode{}, fmt.Errorf("%w: %w", ErrRecoveryCode, err)
	}
	if len(symbols) != recoverySymbols {
		return RecoveryCode{}, fmt.Errorf("%w: it has %d characters, not %d", ErrRecoveryCode, len(symbols), recoverySymbols)
	}
	return recoveryCode(symbols), nil
}

func recoveryCode(symbols []byte) RecoveryCode {
	return RecoveryCode{secret.New(crockford.Format(symbols, 4, 4, 4, 4))}
}

// Reveal returns the code as it is printed: XXXX-XXXX-XXXX-XXXX.
func (c RecoveryCode) Reveal() secret.OneTime { return secret.NewOneTime(c.text.Reveal()) }

// Digest returns what is stored instead of the code. The digest must be keyed:
// (*vault.Vault).Digest is one.
func (c RecoveryCode) Digest(digest func(purpose string, data []byte) string) string {
	return digest("recovery code", []byte(c.text.Reveal()))
}
