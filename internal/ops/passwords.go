package ops

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/field"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// readPassword checks a new password against the policy and notes what is
// wrong with it under name. Context words are what a guesser would try first.
func readPassword(f *field.Form, name string, p secret.Text, context ...string) password.Password {
	if p.IsZero() {
		f.Add(name, field.Missing())
		return password.Password{}
	}
	ok, err := password.Parse(p, password.Policy{Context: append(context, product)})
	if err != nil {
		f.Add(name, passwordError(err))
	}
	return ok
}

func passwordError(err error) *field.Error {
	switch {
	case errors.Is(err, password.ErrTooShort):
		return field.Wrong(problem.PasswordTooShort, "Please use at least 15 characters; a sentence is easy to remember.")
	case errors.Is(err, password.ErrTooLong):
		return field.Wrong(problem.PasswordTooLong, "This password is too long; please use at most 1024 bytes.")
	case errors.Is(err, password.ErrListed):
		return field.Wrong(problem.PasswordListed, "This password is on the lists that attackers try first. Please choose another.")
	case errors.Is(err, password.ErrContext):
		return field.Wrong(problem.PasswordContext, "Please do not build the password from your name, your login or the organisation's name.")
	}
	return field.Wrong(problem.BadText, "This password contains characters that cannot be kept; please type it again.")
}

// verifyPassword computes exactly one hash, also for an empty one, and says
// whether the password is right. When the hash is weaker than today's, it
// gives a stronger one to put in its place.
func (o *Operations) verifyPassword(ctx context.Context, hash string, p secret.Text) (right bool, upgraded string, err error) {
	right, err = o.deps.Hasher.Verify(ctx, hash, p)
	if err != nil || !right || !o.deps.Hasher.NeedsRehash(hash) {
		return right, "", wrapHash(err)
	}
	upgraded, err = o.deps.Hasher.Rehash(ctx, p)
	return right, upgraded, wrapHash(err)
}

func wrapHash(err error) error {
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	return nil
}
