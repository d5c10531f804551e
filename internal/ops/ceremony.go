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
// sealed, under the digest of a token that only the caller has.
//
//	begin ──▶ waiting ──right answer──▶ gone
//	             │ └──wrong──▶ waiting (a few times) ──▶ gone
//	             └──time──▶ gone
type ceremonyKind string

const (
	setupCeremony  ceremonyKind = "setup"
	signInCeremony ceremonyKind = "sign_in"
	appCeremony    ceremonyKind = "authenticator_app"

	ceremonyAttempts = 8
)

// ceremony is a token for the caller and a row to write.
type ceremony struct {
	token  secret.OneTime
	digest string
	row    store.Ceremony
}

func newCeremony[T any](v *vault.Vault, kind ceremonyKind, data T, expires time.Time) (ceremony, error) {
	token := onetime.NewToken()
	digest := token.Digest(v.Digest)
	plain, err := json.Marshal(data)
	if err != nil {
		return ceremony{}, fmt.Errorf("encode ceremony %s: %w", kind, err)
	}
	return ceremony{
		token: token.Reveal(), digest: digest,
		row: store.Ceremony{Kind: string(kind), Data: v.Seal(ceremonyPlace(digest), plain), ExpiresAt: expires},
	}, nil
}

// openCeremony finds a waiting ceremony and its state.
func openCeremony[T any](tx store.ReadTx, v *vault.Vault, kind ceremonyKind, token secret.Text) (digest string, data T, err error) {
	over := problem.New(problem.CeremonyOver, "This took too long or was finished elsewhere. Please start again.")
	proof, err := onetime.Parse(token)
	if err != nil {
		return "", data, over
	}
	for _, digest := range digests(v, proof.Digest) {
		c, err := tx.Ceremony(digest, string(kind))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", data, fmt.Errorf("find ceremony: %w", err)
		}
		if c.Attempts >= ceremonyAttempts {
			return "", data, over
		}
		plain, err := v.Open(ceremonyPlace(digest), c.Data)
		if err != nil {
			return "", data, fmt.Errorf("open ceremony: %w", err)
		}
		return digest, data, json.Unmarshal(plain, &data)
	}
	return "", data, over
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
