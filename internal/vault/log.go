package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// logKey signs the activity log. The signer hides its key in a closure.
type logKey struct {
	signer   note.Signer
	verifier note.Verifier
	public   string // verifier key in the text form of package note
}

// newLogKey brings an Ed25519 key into the form of package note, whose own
// GenerateKey cannot be given one.
func newLogKey(name string, key ed25519.PrivateKey) (logKey, error) {
	public, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return logKey{}, fmt.Errorf("name the key of the log: %w", err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return logKey{}, fmt.Errorf("read the public key of the log: %w", err)
	}
	const algorithm = "\x01" // Ed25519 in package note
	hash := sha256.Sum256([]byte(name + "\n" + algorithm + string(key.Public().(ed25519.PublicKey))))
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, binary.BigEndian.Uint32(hash[:]),
		base64.StdEncoding.EncodeToString(append([]byte(algorithm), key.Seed()...))))
	if err != nil {
		return logKey{}, fmt.Errorf("read the key of the log: %w", err)
	}
	return logKey{signer: signer, verifier: verifier, public: public}, nil
}

// LogOrigin returns the name of the log's keys, gatehouse/<installation id>: the
// first line of its checkpoints.
func (v *Vault) LogOrigin() string { return "gatehouse/" + v.installation }

// LogSigner returns the newest key of the activity log (Ed25519).
func (v *Vault) LogSigner() note.Signer { return v.keys[v.newest].log.signer }

// LogVerifiers knows the log's keys, old ones included: a rotation does not
// make earlier checkpoints doubtful.
func (v *Vault) LogVerifiers() note.Verifiers {
	all := make([]note.Verifier, 0, len(v.order))
	for _, id := range v.order {
		all = append(all, v.keys[id].log.verifier)
	}
	return note.VerifierList(all...)
}

// LogKeys returns the public keys of the log as text, oldest first: what an
// auditor needs, and what is kept when an old master key is thrown away.
// note.NewVerifier reads them.
func (v *Vault) LogKeys() []string {
	all := make([]string, 0, len(v.order))
	for _, id := range v.order {
		all = append(all, v.keys[id].log.public)
	}
	return all
}
