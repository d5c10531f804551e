package ops

import (
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/store"
)

// StepUpInput proves again who one is: with a code of the authenticator app;
// with the answer of a security key, and the ceremony that asked for it; with a
// recovery code and the password; or, for whoever has no second factor,
// with the password.
type StepUpInput struct {
	Password     secret.Text `json:"password,omitzero"`
	Code         secret.Text `json:"code,omitzero"` // of the authenticator app
	RecoveryCode secret.Text `json:"recoveryCode,omitzero"`

	Ceremony   secret.Text      `json:"ceremony,omitzero"`
	Credential securitykey.JSON `json:"credential,omitzero"` // PublicKeyCredential.toJSON()
}

// stepUpMethods lists what would be accepted as a proof.
func (o *Operations) stepUpMethods(tx store.ReadTx, u store.Listed, from access.Source) ([]Method, error) {
	if !u.HasFactor {
		return []Method{PasswordMethod}, nil
	}
	return o.methodsOf(tx, u, from)
}

// stepUp verifies what is given: the password outside the transaction, the
// second factor, which is spent, within. The session gets a new token.
func (o *Operations) stepUp(p *op.Preparing, in StepUpInput) (op.Commit[Renewed], error) {
	var self store.Listed
	var kept string
	err := p.Read(func(tx store.ReadTx) (err error) {
		if self, err = tx.User(p.Scope(), p.Actor.User()); err != nil {
			return err
		}
		kept, err = tx.PasswordHash(self.Ref())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find oneself: %w", err)
	}
	guess := factorGuess{code: in.Code, recovery: in.RecoveryCode, key: answering(nil, in.Credential, store.UsedToStepUp)}
	needsPassword := !self.HasFactor || guess.key == nil && !guess.recovery.IsZero()
	var form field.Form
	if self.HasFactor && guess.empty() {
		form.Add("code", field.Missing())
	} else if needsPassword && in.Password.IsZero() {
		form.Add("password", field.Missing())
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	k := knock{o.atLogin(self.Login.Folded()), atAddress(p.Source)}
	var t tried
	if needsPassword {
		if t, err = o.tryPassword(p, k, kept, in.Password); err != nil {
			return nil, err
		}
	}
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		about := op.Entry{Object: sessionObject(w.Actor.Session())}
		now, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		hash, err := w.Tx.PasswordHash(now.Ref())
		if err != nil {
			return w.Fail(fmt.Errorf("find password: %w", err))
		}
		if hash != kept || now.HasFactor != self.HasFactor { // what was verified is not what counts
			return w.Fail(op.ErrStale)
		}
		if needsPassword {
			if refusal, err := weigh(w.Tx, k, t); err != nil {
				return w.Fail(err)
			} else if refusal != nil {
				return w.Refuse(refusal, about)
			}
		}
		if now.HasFactor {
			guess := guess
			if guess.key != nil {
				asked, err := o.stepUpChallenge(w.Call, w.Tx, in.Ceremony)
				if err != nil {
					return w.Deny(err, about)
				}
				guess.key = answering(asked, in.Credential, store.UsedToStepUp)
			}
			_, refusal, err := o.checkFactor(w.Tx, now, guess, w.Source)
			if err != nil {
				return w.Fail(err)
			}
			if refusal != nil {
				return w.Refuse(refusal, about)
			}
			if needsPassword {
				about.Detail = activity.Detail{}
				if err := countCodes(w.Tx.ReadTx, now.Ref(), about.Detail); err != nil {
					return w.Fail(err)
				}
			}
		}
		site, err := o.siteID(w.Tx.ReadTx, w.Source)
		if err != nil {
			return w.Fail(err)
		}
		token := auth.NewToken()
		if err := w.Tx.RenewSession(now.Ref(), w.Actor.Session(), token.Digest(o.deps.Vault), w.Actor.Means(), site); err != nil {
			return w.Fail(fmt.Errorf("renew session: %w", err))
		}
		return w.Done(Renewed{token}, about)
	}, nil
}

// weigh counts one's own password that was tried, right or wrong, and says why
// it does not pass; nil when it does.
func weigh(tx store.WriteTx, k knock, t tried) (*problem.Problem, error) {
	blocked, err := k.blocked(tx.ReadTx)
	switch {
	case err != nil || blocked != nil:
		return blocked, err
	case t.moot: // a guess became free in between
		return nil, op.ErrStale
	case t.right:
		return nil, k.right(tx)
	}
	return errPasswordWrong, k.wrong(tx)
}
