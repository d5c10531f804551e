package ops

import (
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/store"
)

// KeyAsked is what a security key is asked, and the token to answer with.
type KeyAsked struct {
	Ceremony secret.OneTime `json:"ceremony"`
	KeyOptions
}

// PortInput says where the Desk hands a ceremony over to a browser.
type PortInput struct {
	Port int `json:"port,omitempty"` // of the page that the Desk hands over to; left out everywhere else
}

// signInWithKey asks for a security key, as the second factor of a sign-in that
// waits for one. The challenge is kept in the ceremony of the sign-in: a newer
// one kills it, and asking counts as a try, so that nobody asks for ever.
func (o *Operations) signInWithKey(p *op.Preparing, in AskKeyInput) (op.Commit[KeyOptions], error) {
	var form field.Form
	readPort(&form, p.Source, in.Port)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[KeyOptions]) op.Outcome[KeyOptions] {
		c, err := takeCeremony[waiting](w.Tx, o.deps.Vault, signInCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		u, err := w.Tx.UserByLogin(c.state.Login)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("find user of sign-in: %w", err))
		}
		about := op.Entry{Account: u.Account, Object: userObject(u.User)}
		open, err := mayEnter(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return w.Fail(err)
		}
		welcome := access.Enter(u.Entry, w.Source)
		if !open || !welcome.Allowed || !c.state.of(u) {
			about.Reason = welcome.Reason
			return w.Refuse(errSignInFailed, about)
		}
		asked, options, err := o.ask(w.Tx.ReadTx, u.Listed, w.Source, in.Port)
		if err == nil {
			c.state.Asked = asked
		}
		if failed := c.after(w.Tx, o.deps.Vault); failed != nil {
			return w.Fail(failed)
		}
		if err != nil {
			return w.Deny(err, about)
		}
		return w.Done(options, about)
	}, nil
}

// ask makes a challenge for the keys of a user that work where the call is made;
// a problem where none does.
func (o *Operations) ask(tx store.ReadTx, u store.Listed, from access.Source, port int) (*securitykey.Pending, KeyOptions, error) {
	site, err := o.keySite(tx, from, port)
	if err != nil {
		return nil, KeyOptions{}, err
	}
	person, keys, err := o.keysAt(tx, u, site.ID)
	if err != nil {
		return nil, KeyOptions{}, err
	}
	if len(keys) == 0 {
		return nil, KeyOptions{}, errNoKeyHere
	}
	asked, options, err := site.Ask(person, tx.Now())
	if err != nil {
		return nil, KeyOptions{}, fmt.Errorf("ask for a security key: %w", err)
	}
	return &asked, KeyOptions{asked.Until, options}, nil
}

// stepUpState is a challenge for whoever is signed in already.
type stepUpState struct {
	User    id.User              `json:"user"`
	Session id.Session           `json:"session"`
	Asked   *securitykey.Pending `json:"asked"`
}

func (o *Operations) beginStepUp(p *op.Preparing, in PortInput) (op.Commit[KeyAsked], error) {
	var form field.Form
	readPort(&form, p.Source, in.Port)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[KeyAsked]) op.Outcome[KeyAsked] {
		u, err := oneself(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		asked, options, err := o.ask(w.Tx.ReadTx, u, w.Source, in.Port)
		if err != nil {
			return w.Deny(err, about)
		}
		token, err := beginCeremony(w.Tx, o.deps.Vault, stepUpCeremony, stepUpState{u.ID, w.Actor.Session(), asked}, asked.Until)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(KeyAsked{token, options}, about)
	}, nil
}

// stepUpChallenge takes the challenge that a step-up answers, for good.
func (o *Operations) stepUpChallenge(c op.Call, tx store.WriteTx, token secret.Text) (*securitykey.Pending, error) {
	taken, err := takeCeremony[stepUpState](tx, o.deps.Vault, stepUpCeremony, token)
	if err != nil {
		return nil, err
	}
	if taken.state.User != c.Actor.User() || taken.state.Session != c.Actor.Session() {
		return nil, errCeremonyOver
	}
	return taken.state.Asked, nil
}
