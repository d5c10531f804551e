// Package vault keeps secrets at rest: it seals fields of the database, digests
// what is looked up, peppers passwords, and signs the activity log, all with
// keys that stay outside the database. It also finds, makes and guards these
// keys, in a file or in the keychain of the operating system. It knows no SQL
// and nothing of what the secrets are for.
//
// Every master key has a small number. New things are made with the newest key
// and carry its number; older keys stay for reading:
//
//	g1.<key>.<base64url>             a sealed field
//	d1.<key>.<base64url>             a digest
//	k1.<key>.<base64url>.<base64url> the key check value of a database
//
// No master key is used directly. HKDF-SHA256 (RFC 5869) derives one key for
// each purpose from it, salted with the id of the installation.
package vault

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/secret"
)

var (
	// ErrMissing is returned when there is no key where it was looked for.
	ErrMissing = errors.New("the key is missing")
	// ErrUnavailable is returned when the keychain cannot be asked.
	ErrUnavailable = errors.New("the keychain is not available")
	// ErrWide is returned when others could read or replace a key file.
	ErrWide = errors.New("others have rights on the key file")
	// ErrExists is returned instead of overwriting a key.
	ErrExists = errors.New("there is a key already")
	// ErrEmpty is returned for a key file without content.
	ErrEmpty = errors.New("the key file is empty")
	// ErrTruncated is returned for a key file without its last line.
	ErrTruncated = errors.New("the key file is cut short")
	// ErrMalformed is returned for text that was never written by this package,
	// or was damaged since.
	ErrMalformed = errors.New("malformed")
	// ErrWrongKey is returned when a key is sound but another one is needed.
	ErrWrongKey = errors.New("the key does not belong to this database")
	// ErrUnknownKey is returned for text made with a key that the keyring lacks.
	ErrUnknownKey = errors.New("made with a key that is not in the keyring")
	// ErrNotAuthentic is returned for a sealed field that was changed, or that
	// belongs to another table, column or row.
	ErrNotAuthentic = errors.New("changed, or moved from another place")
)

// Vault uses the keys of one installation. It is safe for use by several
// goroutines at once, and prints as "…".
type Vault struct {
	installation string
	newest       secret.KeyID
	keys         map[secret.KeyID]derived
	order        []secret.KeyID // ascending
}

// derived holds the keys made of one master key.
type derived struct {
	field, pepper, digest, check secret.Key
	log                          logKey
	digests                      *sync.Pool // of HMACs under digest: doors make one at every call
}

// New returns a vault for a keyring. It fails for a keyring without keys.
func New(ring Keyring) (*Vault, error) {
	if len(ring.keys) == 0 {
		return nil, fmt.Errorf("open the vault: the keyring has no keys: %w", ErrMissing)
	}
	v := &Vault{installation: ring.installation, keys: make(map[secret.KeyID]derived, len(ring.keys))}
	for _, master := range ring.keys {
		keys, err := derive(ring.installation, master.key)
		if err != nil {
			return nil, fmt.Errorf("open the vault: %w", err)
		}
		v.keys[master.id] = keys
		v.order = append(v.order, master.id)
		v.newest = master.id
	}
	return v, nil
}

// derive makes the keys of all purposes. The purposes are part of the format
// and must never change.
func derive(installation string, master secret.Key) (derived, error) {
	var keys derived
	var log secret.Key
	for _, made := range []struct {
		purpose string
		key     *secret.Key
	}{
		{"field", &keys.field},
		{"pepper", &keys.pepper},
		{"digest", &keys.digest},
		{"check", &keys.check},
		{"log", &log},
	} {
		material, err := hkdf.Key(sha256.New, master.Reveal(), []byte("gatehouse/"+installation), "gatehouse vault 1 "+made.purpose, secret.KeySize)
		if err != nil {
			return derived{}, fmt.Errorf("derive the key %s: %w", made.purpose, err)
		}
		if *made.key, err = secret.KeyFrom(material); err != nil {
			return derived{}, err
		}
	}
	var err error
	keys.digests = &sync.Pool{New: func() any { return hmac.New(sha256.New, keys.digest.Reveal()) }}
	keys.log, err = newLogKey("gatehouse/"+installation, ed25519.NewKeyFromSeed(log.Reveal()))
	return keys, err
}

// Installation returns the id of the installation that the keys belong to.
func (v *Vault) Installation() string { return v.installation }

// Newest returns the number of the key that new things are made with.
func (v *Vault) Newest() secret.KeyID { return v.newest }

// String returns "…".
func (*Vault) String() string { return secret.Mask }

// Format writes "…" for every verb.
func (*Vault) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, secret.Mask) }

// LogValue returns "…".
func (*Vault) LogValue() slog.Value { return slog.StringValue(secret.Mask) }

// pack writes a versioned text: version, number of the key, parts in base64url.
func pack(version string, id secret.KeyID, parts ...[]byte) string {
	text := version + "." + strconv.FormatUint(uint64(id), 10)
	for _, part := range parts {
		text += "." + base64.RawURLEncoding.EncodeToString(part)
	}
	return text
}

// unpack reads what pack wrote, and nothing that reads the same but is written
// differently. The error is ErrMalformed.
func unpack(version, text string, parts int) (secret.KeyID, [][]byte, error) {
	fields := strings.Split(text, ".")
	if len(fields) != parts+2 || fields[0] != version {
		return 0, nil, ErrMalformed
	}
	id, err := parseKeyID(fields[1])
	if err != nil {
		return 0, nil, err
	}
	decoded := make([][]byte, parts)
	for place := range decoded {
		if decoded[place], err = decode(fields[place+2]); err != nil {
			return 0, nil, err
		}
	}
	return id, decoded, nil
}

// parseKeyID reads the number of a key: decimal, 1 to 65535, no leading zero.
func parseKeyID(text string) (secret.KeyID, error) {
	id, err := strconv.ParseUint(text, 10, 16)
	if err != nil || id == 0 || strconv.FormatUint(id, 10) != text {
		return 0, ErrMalformed
	}
	return secret.KeyID(id), nil
}

// decode reads base64url without padding. Go's decoder skips line breaks.
func decode(text string) ([]byte, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, ErrMalformed
	}
	return data, nil
}
