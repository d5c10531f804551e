package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"

	"gatehouse/internal/secret"
)

// Slots is how many hashes a Hasher computes at a time; more wait. With the
// standard costs they hold 256 MiB.
const Slots = 4

// Pepper turns a password into an HMAC under a key that is kept apart from the
// hashes. *vault.Vault is one.
type Pepper interface {
	// Newest returns the number of the key for new hashes.
	Newest() secret.KeyID
	// PepperWith returns the HMAC under a key. It fails when there is no such key.
	PepperWith(key secret.KeyID, password []byte) ([]byte, error)
}

// Hasher hashes and compares passwords with argon2id. Sign-in and the doors for
// programs should have one each, so that neither keeps the other waiting.
type Hasher struct {
	pepper Pepper
	params Params
	slots  chan struct{}
	dummy  hash // matches nothing
}

// NewHasher returns a hasher. It fails when the costs are out of bounds.
func NewHasher(pepper Pepper, params Params) (*Hasher, error) {
	if err := params.check(); err != nil {
		return nil, fmt.Errorf("make a password hasher: %w", err)
	}
	h := &Hasher{pepper: pepper, params: params, slots: make(chan struct{}, Slots), dummy: hash{params: params}}
	rand.Read(h.dummy.salt[:])
	return h, nil
}

// Hash returns the text to store for a password (PHC string format). It fails
// when ctx ends before there is a free slot, or when the pepper fails.
func (h *Hasher) Hash(ctx context.Context, chosen Chosen) (string, error) {
	return h.hash(ctx, []byte(chosen.text.Reveal()))
}

// Upgrade returns a stronger text to store for a password that Verify has just
// matched. The policy is not asked: it may have been another one at the time.
func (h *Hasher) Upgrade(ctx context.Context, verified secret.Text) (string, error) {
	prepared, possible := prepare(verified)
	if !possible {
		return "", fmt.Errorf("hash a password again: it cannot have been verified")
	}
	return h.hash(ctx, prepared)
}

func (h *Hasher) hash(ctx context.Context, prepared []byte) (string, error) {
	made := hash{params: h.params, key: h.pepper.Newest()}
	rand.Read(made.salt[:])
	giveBack, err := h.slot(ctx)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	defer giveBack()
	tag, err := h.compute(made, prepared)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	made.tag = tag
	return made.String(), nil
}

// Verdict is the answer of Verify.
type Verdict struct {
	Match bool
	Stale bool // it matched, and should be stored anew with Upgrade
	Moot  bool // nothing was compared, because nobody wanted to know any more
}

// Verify compares a typed password with a stored hash. For a login that does not
// exist, or that has no password, stored is "": the same work is done for
// nothing, so that the time does not tell. It is done, too, when the hash is
// malformed (ErrMalformed) or needs a pepper that is not there. Other errors are
// those of ctx.
func (h *Hasher) Verify(ctx context.Context, stored string, typed secret.Text) (Verdict, error) {
	return h.VerifyUnless(ctx, func() (bool, error) { return false, nil }, stored, typed)
}

// VerifyUnless is Verify that asks once more when its turn has come, which may
// be many hashes after the call: when it is moot by then, nothing is computed.
// Errors are also those of moot.
func (h *Hasher) VerifyUnless(ctx context.Context, moot func() (bool, error), stored string, typed secret.Text) (Verdict, error) {
	known, failure := h.dummy, error(nil)
	known.key = h.pepper.Newest()
	if stored != "" {
		if parsed, err := parse(stored); err != nil {
			failure = fmt.Errorf("verify a password: %w", err)
		} else {
			known = parsed
		}
	}
	prepared, possible := prepare(typed)
	giveBack, err := h.slot(ctx)
	if err != nil {
		return Verdict{}, fmt.Errorf("verify a password: %w", err)
	}
	defer giveBack()
	if over, err := moot(); err != nil || over {
		return Verdict{Moot: over}, err
	}
	tag, err := h.compute(known, prepared)
	if err != nil {
		return Verdict{}, fmt.Errorf("verify a password: %w", err)
	}
	same := subtle.ConstantTimeCompare(tag[:], known.tag[:]) == 1
	if failure != nil || !same || !possible || stored == "" {
		return Verdict{}, failure
	}
	return Verdict{Match: true, Stale: h.stale(known)}, nil
}

// NeedsRehash reports whether a stored hash is weaker than one made now, has an
// older pepper, or cannot be read at all.
func (h *Hasher) NeedsRehash(stored string) bool {
	parsed, err := parse(stored)
	return err != nil || h.stale(parsed)
}

func (h *Hasher) stale(known hash) bool {
	return known.params.weaker(h.params) || known.key != h.pepper.Newest()
}

// slot waits for a free one. Whoever has it goes on to the end: argon2 cannot be
// interrupted.
func (h *Hasher) slot(ctx context.Context) (giveBack func(), err error) {
	giveBack = func() {}
	select {
	case h.slots <- struct{}{}:
		giveBack = func() { <-h.slots }
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil { // it may have ended although there was a slot
		giveBack()
		return nil, fmt.Errorf("wait for a free slot: %w", err)
	}
	return giveBack, nil
}

// compute peppers and hashes, in a slot. Without a pepper it takes its time all
// the same before it fails.
func (h *Hasher) compute(of hash, prepared []byte) ([tagSize]byte, error) {
	peppered, err := h.pepper.PepperWith(of.key, prepared)
	if err != nil {
		h.dummy.compute(prepared)
		return [tagSize]byte{}, err
	}
	return of.compute(peppered), nil
}
