package vault

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"gatehouse/internal/secret"
)

// fieldVersion begins every sealed field.
const fieldVersion = "g1"

// Place is where a sealed field is stored. A field opens only in the place that
// it was sealed for, so that nobody can move a secret to a row of their own. All
// three parts are needed; Row is the id of the row, known before it is written.
type Place struct{ Table, Column, Row string }

// String returns table.column of row, for errors.
func (p Place) String() string { return p.Table + "." + p.Column + " of " + p.Row }

// additional returns the associated data: version, key and place, each preceded
// by its length, so that two places never give the same bytes.
func (p Place) additional(id secret.KeyID) []byte {
	if p.Table == "" || p.Column == "" || p.Row == "" {
		panic("vault: a field without a table, a column or a row: " + p.String())
	}
	var data []byte
	for _, part := range []string{fieldVersion, fmt.Sprint(uint16(id)), p.Table, p.Column, p.Row} {
		data = binary.AppendUvarint(data, uint64(len(part)))
		data = append(data, part...)
	}
	return data
}

// Seal encrypts a field with the newest key (XChaCha20-Poly1305, random nonce of
// 192 bits) and returns it as text of the form g1.<key>.<base64url>. It panics
// when a part of place is empty, which would let fields be swapped.
func (v *Vault) Seal(place Place, plain []byte) string {
	aead, err := chacha20poly1305.NewX(v.keys[v.newest].field.Reveal())
	if err != nil {
		panic("vault: " + err.Error()) // a secret.Key has the right size
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce)
	return pack(fieldVersion, v.newest, aead.Seal(nonce, nonce, plain, place.additional(v.newest)))
}

// Open decrypts what Seal returned for the same place. Errors wrap ErrMalformed,
// ErrUnknownKey or ErrNotAuthentic and name the place.
func (v *Vault) Open(place Place, sealed string) ([]byte, error) {
	plain, err := v.open(place, sealed)
	if err != nil {
		return nil, fmt.Errorf("open the secret in %s: %w", place, err)
	}
	return plain, nil
}

func (v *Vault) open(place Place, sealed string) ([]byte, error) {
	id, parts, err := unpack(fieldVersion, sealed, 1)
	if err != nil {
		return nil, err
	}
	keys, known := v.keys[id]
	if !known {
		return nil, fmt.Errorf("%w (key %d)", ErrUnknownKey, id)
	}
	aead, err := chacha20poly1305.NewX(keys.field.Reveal())
	if err != nil {
		return nil, err
	}
	box := parts[0]
	if len(box) < aead.NonceSize()+aead.Overhead() {
		return nil, ErrMalformed
	}
	plain, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], place.additional(id))
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plain, nil
}

// KeyOf returns the number of the key that a field was sealed with, without
// opening it: a rotation asks it what is left to do. The error is ErrMalformed.
func KeyOf(sealed string) (secret.KeyID, error) {
	id, _, err := unpack(fieldVersion, sealed, 1)
	return id, err
}
