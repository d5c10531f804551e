package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"gatehouse/internal/secret"
)

const (
	digestVersion = "d1"
	checkVersion  = "k1"
	checkSize     = 16 // bytes of the proof in a key check value
	checkSumSize  = 4  // bytes that tell a damaged value from a wrong key
)

// Pepper returns the HMAC-SHA256 (32 bytes) of a password under the newest key,
// and the number of that key to be stored beside the hash.
func (v *Vault) Pepper(password []byte) ([]byte, secret.KeyID) {
	return sum(v.keys[v.newest].pepper, password), v.newest
}

// PepperWith returns the HMAC under the key of an older hash. The error is
// ErrUnknownKey.
func (v *Vault) PepperWith(id secret.KeyID, password []byte) ([]byte, error) {
	keys, known := v.keys[id]
	if !known {
		return nil, fmt.Errorf("pepper a password: %w (key %d)", ErrUnknownKey, id)
	}
	return sum(keys.pepper, password), nil
}

// Digest returns an HMAC-SHA256 of data under the newest key as text of the form
// d1.<key>.<base64url>, to be stored and looked up instead of the data. Different
// purposes give unrelated digests.
func (v *Vault) Digest(purpose string, data []byte) string {
	return v.digest(v.newest, purpose, data)
}

// Digests returns the digests of data under all keys, newest first. What was
// stored before a rotation is found under one of them.
func (v *Vault) Digests(purpose string, data []byte) []string {
	all := make([]string, 0, len(v.order))
	for _, id := range slices.Backward(v.order) {
		all = append(all, v.digest(id, purpose, data))
	}
	return all
}

func (v *Vault) digest(id secret.KeyID, purpose string, data []byte) string {
	message := binary.AppendUvarint(make([]byte, 0, 1+len(purpose)+len(data)), uint64(len(purpose)))
	message = append(message, purpose...)
	message = append(message, data...)
	keys := v.keys[id]
	mac := keys.digests.Get().(hash.Hash)
	defer keys.digests.Put(mac)
	mac.Reset()
	mac.Write(message)
	return pack(digestVersion, id, mac.Sum(nil))
}

// KeyCheck returns a value to be stored in the database in clear. With it, a
// wrong key is told apart from a damaged database.
func (v *Vault) KeyCheck() string {
	proof := v.checkProof(v.newest)
	return pack(checkVersion, v.newest, proof, checkSum(v.newest, proof))
}

// VerifyKeyCheck reports whether the vault has the key that a value of KeyCheck
// was made with. Errors wrap ErrWrongKey, or ErrMalformed when the value itself
// is damaged.
func (v *Vault) VerifyKeyCheck(value string) error {
	id, parts, err := unpack(checkVersion, value, 2)
	if err != nil || len(parts[0]) != checkSize || subtle.ConstantTimeCompare(parts[1], checkSum(id, parts[0])) != 1 {
		return fmt.Errorf("the key check value in the database is damaged: %w", ErrMalformed)
	}
	if _, known := v.keys[id]; !known {
		return fmt.Errorf("%w: it needs key %d, and the newest here is %d", ErrWrongKey, id, v.newest)
	}
	if subtle.ConstantTimeCompare(parts[0], v.checkProof(id)) != 1 {
		return ErrWrongKey
	}
	return nil
}

func (v *Vault) checkProof(id secret.KeyID) []byte {
	return sum(v.keys[id].check, []byte("key check"))[:checkSize]
}

// checkSum is no secret: anybody can compute it.
func checkSum(id secret.KeyID, proof []byte) []byte {
	full := sha256.Sum256([]byte(pack(checkVersion, id, proof)))
	return full[:checkSumSize]
}

func sum(key secret.Key, message []byte) []byte {
	mac := hmac.New(sha256.New, key.Reveal())
	mac.Write(message)
	return mac.Sum(nil)
}
