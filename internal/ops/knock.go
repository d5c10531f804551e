package ops

import (
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
)

// knock is one attempt at something that can be guessed: what it is throttled
// by. Either may be empty.
type knock struct {
	subject string // the login, whether or not there is such a user; or a user's second factors
	address string // where from; empty at the Desk
}

// atLogin is the subject of passwords.
func (o *Operations) atLogin(folded string) string {
	return "login:" + o.deps.Vault.Digest("throttle login", []byte(folded))
}

// atFactors is the subject of all second factors of a user.
func atFactors(u id.User) string { return "factor:" + string(u) }

// atAddress is the bucket of an address.
func atAddress(from access.Source) string {
	if n := from.Network(); n != "" {
		return "address:" + n
	}
	return ""
}

// blocked says why nothing is tried any more; nil when one may try.
func (k knock) blocked(tx store.ReadTx) (*problem.Problem, error) {
	g, err := k.guesses(tx)
	if err != nil {
		return nil, err
	}
	b, err := k.bucket(tx)
	if err != nil {
		return nil, err
	}
	wait := max(g.Blocked(tx.Now()), b.Blocked(tx.Now()))
	switch {
	case g.Disabled():
		return problem.New(problem.TooManyAttempts, "This is blocked after too many wrong attempts. Your administrator can let you in again."), nil
	case wait > 0:
		p := problem.New(problem.TooManyAttempts, "Too many wrong attempts. Please wait a little and try again.")
		p.RetryAfter = wait
		return p, nil
	}
	return nil, nil
}

// wrong counts a failure.
func (k knock) wrong(tx store.WriteTx) error {
	if k.subject != "" {
		g, err := k.guesses(tx.ReadTx)
		if err != nil {
			return err
		}
		g = g.Wrong(tx.Now())
		if err := tx.PutThrottle(k.subject, store.Throttle{Failures: g.Failures, BlockedUntil: g.BlockedUntil}); err != nil {
			return fmt.Errorf("count failure: %w", err)
		}
	}
	if k.address == "" {
		return nil
	}
	b, err := k.bucket(tx.ReadTx)
	if err != nil {
		return err
	}
	if err := tx.PutThrottle(k.address, store.Throttle{Failures: b.Wrong(tx.Now()).Level}); err != nil {
		return fmt.Errorf("count failure of address: %w", err)
	}
	return nil
}

// right forgets the failures at the subject. Those of the address stay: one
// right guess must not pay for many wrong ones at others.
func (k knock) right(tx store.WriteTx) error {
	if err := tx.ClearThrottle(k.subject); err != nil {
		return fmt.Errorf("clear failures: %w", err)
	}
	return nil
}

func (k knock) guesses(tx store.ReadTx) (signin.Guesses, error) {
	if k.subject == "" {
		return signin.Guesses{}, nil
	}
	t, err := tx.Throttle(k.subject)
	if err != nil {
		return signin.Guesses{}, fmt.Errorf("read throttle: %w", err)
	}
	return signin.Guesses{Failures: t.Failures, BlockedUntil: t.BlockedUntil}, nil
}

func (k knock) bucket(tx store.ReadTx) (signin.Bucket, error) {
	if k.address == "" {
		return signin.Bucket{}, nil
	}
	t, err := tx.Throttle(k.address)
	if err != nil {
		return signin.Bucket{}, fmt.Errorf("read throttle of address: %w", err)
	}
	return signin.Bucket{Level: t.Failures, UpdatedAt: t.UpdatedAt}, nil
}
