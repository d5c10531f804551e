package auth

import (
	"errors"
	"fmt"
	"slices"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/entry"
	"gatehouse/internal/problem"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Password is the credential of a program that has a user's password, which
// somebody has compared with that hash (rule K5). It is good for as long as the
// password is the same and may be used by programs: until the user has a key or
// a second factor, or the account or an administrator demands more.
func Password(l user.Login, hash string) Credential { return byPassword{l, hash} }

type byPassword struct {
	login user.Login
	hash  string
}

func (c byPassword) resolve(tx store.ReadTx, _ Keys) (access.Actor, error) {
	u, err := tx.UserByLogin(c.login)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.PasswordHash != c.hash || c.hash == "") {
		return access.NewUnknownKey(), nil
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("find user of password: %w", err)
	}
	why, err := PasswordShut(tx, u.Listed)
	if err != nil || why != "" {
		return access.NewUnknownKey(), err
	}
	in, err := tx.Installation()
	if err != nil {
		return access.Actor{}, fmt.Errorf("find installation: %w", err)
	}
	operator := in.Operator == u.Account
	rights, err := tx.RightsOf(u.Ref(), operator)
	if err != nil {
		return access.Actor{}, fmt.Errorf("read rights: %w", err)
	}
	return access.NewPerson(access.PersonFacts{
		Account: u.Account, Operator: operator, User: u.ID, Name: u.Name, Rights: rights, Entry: u.Entry, Means: "password",
	}), nil
}

// PasswordShut says why no program may use a user's password; empty when it may.
// From where it comes is asked of access.Enter, as for everybody.
func PasswordShut(tx store.ReadTx, u store.Listed) (problem.Code, error) {
	if u.State != user.Active || u.Kind() != user.Person {
		return problem.KeyUserInactive, nil
	}
	a, err := tx.AccountOf(u.Ref())
	if err != nil {
		return "", fmt.Errorf("find account of user: %w", err)
	}
	shut, err := tx.PasswordsShut(u.Ref())
	if err != nil {
		return "", fmt.Errorf("see whether the password works: %w", err)
	}
	now, err := latest(tx)
	if err != nil {
		return "", err
	}
	state, _ := signin.MFA(a, u.ForceMFA, u.HasFactor, now)
	points := u.Entry.Points.List()
	switch {
	case a.State != account.Open:
		return problem.KeyUserInactive, nil
	case !a.APIPasswords, shut, state != signin.MFAOff:
		return problem.PasswordShut, nil
	case !slices.Contains(points, entry.API) && !slices.Contains(points, entry.ISProxy):
		return problem.PointRefused, nil
	case u.Entry.Ranges.Empty(): // only from addresses that are known beforehand
		return problem.AddressRefused, nil
	}
	return "", nil
}
