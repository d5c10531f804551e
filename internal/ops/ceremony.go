package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/onetime"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// A ceremony is an act of several steps. Its state waits in the database,
// sealed, under the digest of a token that only the caller has. Taking it is
// what uses it up: whoever forgets to let it go on has ended it.
//
//	begin ──▶ waiting ──taken──▶ gone
//	             ▲         │
//	             └──again──┘ a few times
type ceremonyKind string

const (
	setupCeremony    ceremonyKind = "setup"
	signInCeremony   ceremonyKind = "sign_in"
	appCeremony      ceremonyKind = "authenticator_app"
	recoveryCeremony ceremonyKind = "recovery_codes"
	keyCeremony      ceremonyKind = "security_key"
	stepUpCeremony   ceremonyKind = "step_up"
	glassCeremony    ceremonyKind = "break_glass"
	passkeyCeremony  ceremonyKind = "passkey" // only that it is over: see beginPasskey

	ceremonyAttempts = 8
)

// beginCeremony keeps the state of one and gives its token.
func beginCeremony[T any](tx store.WriteTx, v *vault.Vault, kind ceremonyKind, state T, expires time.Time) (secret.OneTime, error) {
	token := onetime.NewToken()
	digest := token.Digest(v.Digest)
	sealed, err := sealCeremony(v, digest, state)
	if err != nil {
		return secret.OneTime{}, fmt.Errorf("encode ceremony %s: %w", kind, err)
	}
	row := store.Ceremony{Kind: string(kind), Data: sealed, ExpiresAt: expires}
	if err := tx.AddCeremony(digest, row); err != nil {
		return secret.OneTime{}, fmt.Errorf("begin ceremony %s: %w", kind, err)
	}
	return token.Reveal(), nil
}

func sealCeremony[T any](v *vault.Vault, digest string, state T) (string, error) {
	plain, err := json.Marshal(state)
	if err != nil {
		return "", err
	}
	return v.Seal(ceremonyPlace(digest), plain), nil
}

// ceremony is one that was taken.
type ceremony[T any] struct {
	state  T
	digest string
	row    store.Ceremony
}

// again lets a ceremony go on after a failed attempt, unless there were too
// many.
func (c ceremony[T]) again(tx store.WriteTx) error {
	c.row.Attempts++
	if c.row.Attempts >= ceremonyAttempts {
		return nil
	}
	if err := tx.AddCeremony(c.digest, c.row); err != nil {
		return fmt.Errorf("let ceremony %s go on: %w", c.row.Kind, err)
	}
	return nil
}

// after is again with the state as it is by now.
func (c ceremony[T]) after(tx store.WriteTx, v *vault.Vault) (err error) {
	if c.row.Data, err = sealCeremony(v, c.digest, c.state); err != nil {
		return fmt.Errorf("encode ceremony %s: %w", c.row.Kind, err)
	}
	return c.again(tx)
}

// change lets a ceremony go on with the state as it is by now, which was no
// attempt.
func (c ceremony[T]) change(tx store.WriteTx, v *vault.Vault) error {
	c.row.Attempts--
	return c.after(tx, v)
}

var errCeremonyOver = problem.New(problem.CeremonyOver, "This took too long or was finished elsewhere. Please start again.")

// takeCeremony takes a waiting ceremony out of the database.
func takeCeremony[T any](tx store.WriteTx, v *vault.Vault, kind ceremonyKind, token secret.Text) (c ceremony[T], err error) {
	proof, err := onetime.Parse(token)
	if err != nil {
		return c, errCeremonyOver
	}
	for _, c.digest = range digests(v, proof.Digest) {
		c.row, err = tx.TakeCeremony(c.digest, string(kind))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return c, fmt.Errorf("take ceremony: %w", err)
		}
		plain, err := v.Open(ceremonyPlace(c.digest), c.row.Data)
		if err != nil {
			return c, fmt.Errorf("open ceremony: %w", err)
		}
		return c, json.Unmarshal(plain, &c.state)
	}
	return c, errCeremonyOver
}

func ceremonyPlace(digest string) vault.Place {
	return vault.Place{Table: "ceremonies", Column: "data", Row: digest}
}

// digests are those a proof may be kept under: one for each key of the vault.
func digests(v *vault.Vault, digest func(onetime.DigestFunc) string) []string {
	var all []string
	digest(func(purpose string, data []byte) string {
		all = v.Digests(purpose, data)
		return ""
	})
	return all
}
