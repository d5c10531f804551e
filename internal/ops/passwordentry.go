package ops

import (
	"cmp"
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// EnterInput is what a program presents at a door in place of an API key.
type EnterInput struct {
	Account  string      `json:"account"` // the handle
	Login    string      `json:"login"`
	Password secret.Text `json:"password"`
}

// Entered is the answer to a password that is right and may be used.
type Entered struct{ credential auth.Credential }

// Credential is what the door asks with from then on.
func (e Entered) Credential() auth.Credential { return e.credential }

func (o *Operations) addPasswordEntry() {
	o.Password.Enter = op.Write(&o.table, op.Spec{
		Name: "password.enter", Route: op.NoRoute, Event: "password.accepted",
		Summary: "Let a program in by a user's password, where the account still allows it: only from addresses on the user's list, and until the user has an API key or a second factor.",
	}, op.AtDoor(), o.enterByPassword)
}

// errNotLetIn is the same whatever is wrong with a password, and the same as for
// a key.
var errNotLetIn = problem.New(problem.KeyRefused, "This is not good here. Please use an API key.")

// enterByPassword is signIn for programs: one hash, whatever there is to compare
// with, and of many guesses at once only as many count as one after the other
// would. A guess at a password that no program may use tells nothing, so it does
// not keep its user from signing in.
func (o *Operations) enterByPassword(p *op.Preparing, in EnterInput) (op.Commit[Entered], error) {
	login := user.Login(in.Login)
	k := knock{o.atLogin(cmp.Or(login.Folded(), in.Login)), atAddress(p.Source)}
	find := func(tx store.ReadTx) (u store.Credentialed, why problem.Code, err error) {
		u, err = tx.UserByLogin(login)
		if errors.Is(err, store.ErrNotFound) {
			return u, problem.KeyRefused, nil
		}
		if err != nil {
			return u, "", fmt.Errorf("find user of password: %w", err)
		}
		of, err := tx.AccountByHandle(account.Handle(in.Account))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return u, "", fmt.Errorf("find account of password: %w", err)
		}
		if of.ID != u.Account {
			return store.Credentialed{}, problem.KeyRefused, nil
		}
		why, err = auth.PasswordShut(tx, u.Listed)
		return u, cmp.Or(why, access.Enter(u.Entry, p.Source).Reason), err
	}
	var found store.Credentialed
	var why problem.Code
	err := p.Read(func(tx store.ReadTx) (err error) { found, why, err = find(tx); return err })
	if err != nil {
		return nil, err
	}
	kept := found.PasswordHash
	if why != "" {
		kept, k.subject = "", ""
	}
	t, err := o.tryPassword(p, k, kept, in.Password)
	if err != nil {
		return nil, err
	}
	return func(w *op.Writing[Entered]) op.Outcome[Entered] {
		blocked, err := k.blocked(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		if blocked != nil {
			return w.Refuse(errNotLetIn, op.Entry{Reason: blocked.Code})
		}
		now, whyNow, err := find(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		if t.moot || now.PasswordHash != found.PasswordHash || whyNow != why {
			return w.Fail(op.ErrStale)
		}
		if why != "" || !t.right {
			if err := k.wrong(w.Tx); err != nil {
				return w.Fail(err)
			}
			about := op.Entry{Reason: cmp.Or(why, problem.SignInFailed)}
			if now.ID != "" {
				about.Account, about.Object = now.Account, userObject(now.User)
			}
			return w.Refuse(errNotLetIn, about)
		}
		if err := k.right(w.Tx); err != nil {
			return w.Fail(err)
		}
		hash := found.PasswordHash
		if t.upgraded != "" {
			hash = t.upgraded
			if err := w.Tx.UpgradeHash(now.Ref(), found.PasswordHash, t.upgraded); err != nil {
				return w.Fail(fmt.Errorf("upgrade hash: %w", err))
			}
		}
		return w.Done(Entered{auth.Password(login, hash)}, op.Entry{
			Account: now.Account, Actor: userActor(now.User), Means: "password", Object: userObject(now.User),
			Detail: activity.Detail{"by": string(w.Source.Face)},
		})
	}, nil
}
