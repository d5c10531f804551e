package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
)

// KeySize is the length of a Key in bytes.
const KeySize = 32

// KeyID names one master key of an installation. Ids start at 1 and grow with
// every rotation; 0 names no key. Sealed values, password hashes and digests
// carry it, so that an older key can still be found for them.
type KeyID uint16

// Key is 32 bytes of key material. The zero Key holds none.
type Key struct {
	_ [0]func()
	// material is a string because fmt, given a verb that does not fit, follows
	// a pointer to an array but not one to a string.
	material *string
}

// NewKey returns a random key.
func NewKey() Key {
	random := make([]byte, KeySize)
	rand.Read(random) // never fails: crypto/rand ends the program instead
	material := string(random)
	return Key{material: &material}
}

// KeyFrom returns a copy of material as a key. It refuses any length but
// KeySize.
func KeyFrom(material []byte) (Key, error) {
	if len(material) != KeySize {
		return Key{}, fmt.Errorf("a key has %d bytes, not %d", KeySize, len(material))
	}
	copied := string(material)
	return Key{material: &copied}, nil
}

// Reveal returns a copy of the material, or nil for the zero Key.
func (k Key) Reveal() []byte {
	if k.material == nil {
		return nil
	}
	return []byte(*k.material)
}

// IsZero reports whether there is no material. 32 zero bytes are material.
func (k Key) IsZero() bool { return k.material == nil }

// Equal reports in constant time whether both keys have the same material.
func (k Key) Equal(other Key) bool {
	return subtle.ConstantTimeCompare(k.Reveal(), other.Reveal()) == 1
}

// String returns Mask.
func (Key) String() string { return Mask }

// GoString returns Mask.
func (Key) GoString() string { return Mask }

// Format writes Mask for every verb.
func (Key) Format(state fmt.State, _ rune) { mask(state) }

// LogValue returns Mask.
func (Key) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalJSON returns Mask as a JSON string: a key never travels in JSON.
func (Key) MarshalJSON() ([]byte, error) { return json.Marshal(Mask) }
