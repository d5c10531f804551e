package ops

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/account"
	"gatehouse/internal/field"
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
// that is bound, and cannot be given up.
func strengthOf(policy account.MFAPolicy, u store.Listed) password.Protection {
	if m := mfaStatus(policy, u); m.State == signin.MFAOn && m.RequiredBy != signin.NotRequired {
		return password.WithSecondFactor
	}
	return password.Alone
}

// verifyPassword computes exactly one hash, also where there is none to
// compare with, and says whether the password is right; none when it is moot by
// the time its turn comes. When the hash kept is weaker than today's, it gives a
// stronger one to put in its place.
func (o *Operations) verifyPassword(ctx context.Context, moot func() (bool, error), kept string, p secret.Text) (right bool, upgraded string, err error) {
	v, err := o.deps.Hasher.VerifyUnless(ctx, moot, kept, p)
	if err != nil {
		return false, "", fmt.Errorf("verify password: %w", err)
	}
	if v.Stale {
		if upgraded, err = o.deps.Hasher.Upgrade(ctx, p); err != nil {
			return false, "", fmt.Errorf("hash password anew: %w", err)
		}
	}
	return v.Match, upgraded, nil
}
