package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// readPassword checks a new password against the policy and notes what is
// wrong with it. What strangers know about the person is what they try first.
func readPassword(f *field.Form, p secret.Text, protection password.Protection, about password.About) password.Chosen {
	if p.IsZero() {
		f.Add("password", field.Missing())
		return password.Chosen{}
	}
	chosen, err := password.Choose(p, protection, about)
	if refusal, ok := errors.AsType[*password.Refusal](err); ok {
		f.Add("password", field.Wrong(problem.FieldCode(refusal.Code), refusal.Detail))
	}
	return chosen
}

// aboutUser is what strangers know of a user.
func aboutUser(a account.Account, u user.User) password.About {
	return password.About{AccountHandle: string(a.Handle), AccountName: a.Name, Login: string(u.Login), Name: u.Name, Email: string(u.Email)}
}

// strengthOf says what protects the user besides the password: a second factor
// that is bound, and cannot be given up. One that works elsewhere is asked for
// here too, or a recovery code in its place.
func strengthOf(a account.Account, u store.Listed, now time.Time) password.Protection {
	if m := mfaStatus(a, u, u.HasFactor, now); m.State == signin.MFAOn && m.RequiredBy != account.NotRequired {
		return password.WithSecondFactor
	}
	return password.Alone
}

// tried is what came of a password that somebody typed.
type tried struct {
	right    bool
	moot     bool   // nobody looked at it: the guesses are used up
	upgraded string // a hash to put in place of a weaker one; empty mostly
}

// tryPassword computes exactly one hash, also where there is none to compare
// with; none when no guess is allowed. That is asked twice: those who knock all
// at once are let in line before any of them has failed, and one address could
// keep everybody else waiting for its hashes.
func (o *Operations) tryPassword(p *op.Preparing, k knock, kept string, typed secret.Text) (t tried, err error) {
	moot := func() (bool, error) {
		err := p.Read(func(tx store.ReadTx) error {
			blocked, err := k.blocked(tx)
			t.moot = blocked != nil
			return err
		})
		return t.moot, err
	}
	if over, err := moot(); err != nil || over {
		return t, err
	}
	for _, key := range []string{k.subject, k.address} {
		leave, err := o.guesses.enter(p, key)
		if err != nil {
			return t, err
		}
		p.After(leave)
	}
	v, err := o.deps.Hasher.VerifyUnless(p, moot, kept, typed)
	if err != nil {
		return t, fmt.Errorf("verify password: %w", err)
	}
	t.right = v.Match
	if v.Stale {
		if t.upgraded, err = o.deps.Hasher.Upgrade(p, typed); err != nil {
			return t, fmt.Errorf("hash password anew: %w", err)
		}
	}
	return t, nil
}
