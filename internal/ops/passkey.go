package ops

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// PasskeyInput is the answer of a passkey that signs in alone.
type PasskeyInput struct {
	Ceremony   secret.Text      `json:"ceremony"`
	Credential securitykey.JSON `json:"credential"` // PublicKeyCredential.toJSON()
}

// errPasskeyRefused is all that anybody is told, whatever is wrong: whether there
// is such a user, and whether they may come in, is not for strangers.
var errPasskeyRefused = problem.New(problem.PasskeyRefused, "This passkey did not sign you in. Please try again, or use another way.")

func (o *Operations) addPasskey() {
	o.Session.BeginPasskey = op.Read(&o.table, op.Spec{
		Name: "session.beginPasskey", Route: "GET /session/passkey",
		Summary: "Get what a passkey has to be asked to sign in alone, for the next two minutes.",
	}, op.Anyone(), o.beginPasskey)
	o.Session.VerifyPasskey = op.Write(&o.table, op.Spec{
		Name: "session.verifyPasskey", Route: "POST /session/passkey", Event: "session.signed_in",
		Summary: "Sign in with a passkey alone. It must have verified its user.",
	}, op.Anyone(), o.verifyPasskey)
}

// challengePlace is what challenges are sealed for that wait with the caller.
func challengePlace() vault.Place {
	return vault.Place{Table: "ceremonies", Column: "passkey", Row: "challenge"}
}

// beginPasskey writes nothing: anybody can call it, as often as they like. The
// challenge waits with the caller, sealed, and is noted when it is answered.
func (o *Operations) beginPasskey(r *op.Reading, in PortInput) (KeyAsked, error) {
	var form field.Form
	readPort(&form, r.Source, in.Port)
	if err := form.Err(); err != nil {
		return KeyAsked{}, err
	}
	site, err := o.keySite(r.Tx, r.Source, in.Port)
	if err != nil {
		return KeyAsked{}, err
	}
	asked, options, err := site.AskAnybody(r.Tx.Now())
	if err != nil {
		return KeyAsked{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	plain, err := json.Marshal(asked)
	if err != nil {
		return KeyAsked{}, fmt.Errorf("encode challenge: %w", err)
	}
	sealed := o.deps.Vault.Seal(challengePlace(), plain)
	return KeyAsked{secret.NewOneTime(sealed), KeyOptions{asked.Until, options}}, nil
}

// takeChallenge opens a challenge that beginPasskey sealed, and notes that it is
// answered; nil when it was before, when it is too late, or when it is none.
func (o *Operations) takeChallenge(tx store.WriteTx, from access.Source, token secret.Text) (*securitykey.Pending, error) {
	plain, err := o.deps.Vault.Open(challengePlace(), token.Reveal())
	if err != nil {
		return nil, nil //nolint:nilerr // what we did not seal is none
	}
	var asked securitykey.Pending
	if err := json.Unmarshal(plain, &asked); err != nil {
		return nil, fmt.Errorf("read challenge: %w", err)
	}
	site, err := o.siteID(tx.ReadTx, from)
	if err != nil {
		return nil, err
	}
	if !fresh(&asked, tx.Now(), site) {
		return nil, nil
	}
	digest := sha256.Sum256([]byte(asked.Session.Challenge))
	// Kept for a while longer: the clock may go back that far.
	first, err := tx.SpendChallenge(base64.RawURLEncoding.EncodeToString(digest[:]), string(passkeyCeremony), asked.Until.Add(session.ClockTolerance))
	if err != nil {
		return nil, fmt.Errorf("spend challenge: %w", err)
	}
	if !first {
		return nil, nil
	}
	return &asked, nil
}

func (o *Operations) verifyPasskey(_ *op.Preparing, in PasskeyInput) (op.Commit[SignIn], error) {
	if in.Credential.IsZero() {
		var form field.Form
		form.Add("credential", field.Missing())
		return nil, form.Err()
	}
	return func(w *op.Writing[SignIn]) op.Outcome[SignIn] {
		k := knock{address: atAddress(w.Source)}
		if blocked, err := k.blocked(w.Tx.ReadTx); err != nil {
			return w.Fail(err)
		} else if blocked != nil {
			return w.Refuse(blocked, op.Entry{})
		}
		if err := clockRight(w.Tx.ReadTx); err != nil {
			return w.Deny(err, op.Entry{})
		}
		asked, err := o.takeChallenge(w.Tx, w.Source, in.Ceremony)
		if err != nil {
			return w.Fail(err)
		}
		if asked == nil {
			return w.Refuse(errCeremonyOver, op.Entry{})
		}
		u, err := o.holderOf(w.Tx.ReadTx, asked.Site.ID, in.Credential)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{}
		if u.ID != "" {
			about = op.Entry{Account: u.Account, Object: userObject(u.User)}
			k.subject = atFactors(u.ID)
		}
		return o.enterAlone(w, k, u, keyGuess{asked, in.Credential, store.UsedAsPasskey}, about)
	}, nil
}

// enterAlone lets in the holder of the passkey, who is zero when nobody is. An
// answer is judged before it is said that too many were wrong: only who has the
// key learns that.
func (o *Operations) enterAlone(w *op.Writing[SignIn], k knock, u store.Listed, g keyGuess, about op.Entry) op.Outcome[SignIn] {
	blocked, err := k.blocked(w.Tx.ReadTx)
	if err != nil {
		return w.Fail(err)
	}
	refusal := errKeyRefused
	if u.ID != "" {
		if refusal, err = o.spendKey(w.Tx, u, g, w.Source); err != nil {
			return w.Fail(err)
		}
	}
	switch {
	case refusal != nil && blocked != nil:
		return w.Refuse(errPasskeyRefused, op.Entry{}) // gathered: nobody fills the log of an account
	case refusal != nil:
		about.Reason = refusal.Code
		if err := k.wrong(w.Tx); err != nil {
			return w.Fail(err)
		}
		return w.Refuse(errPasskeyRefused, about)
	case blocked != nil:
		return w.Refuse(blocked, op.Entry{})
	}
	open, err := mayEnter(w.Tx.ReadTx, u)
	if err != nil {
		return w.Fail(err)
	}
	if welcome := access.Enter(u.Entry, w.Source); !open || !welcome.Allowed {
		about.Reason = welcome.Reason
		if err := k.wrong(w.Tx); err != nil {
			return w.Fail(err)
		}
		return w.Refuse(errPasskeyRefused, about)
	}
	if err := k.right(w.Tx); err != nil {
		return w.Fail(err)
	}
	return o.enter(w, u, byPasskey)
}

// holderOf finds whose credential an answer is of; nobody when it is nobody's.
func (o *Operations) holderOf(tx store.ReadTx, site string, answer securitykey.JSON) (store.Listed, error) {
	read, err := securitykey.Read(answer)
	if err != nil {
		return store.Listed{}, nil //nolint:nilerr // what cannot be an answer is nobody's
	}
	u, err := tx.UserByCredential(site, credentialText(read.Credential()))
	if errors.Is(err, store.ErrNotFound) {
		return store.Listed{}, nil
	}
	if err != nil {
		return store.Listed{}, fmt.Errorf("find holder of passkey: %w", err)
	}
	return u, nil
}
