package ops

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// SignInState is where a sign-in stands.
type SignInState string

// The states.
const (
	SignedIn           SignInState = "signed_in"
	SignedOut          SignInState = "signed_out"
	SecondFactorNeeded SignInState = "second_factor_needed"
)

// SignIn is the answer to a sign-in: signed in, or a ceremony that waits for
// a second factor.
type SignIn struct {
	State    SignInState    `json:"state"`
	Ceremony secret.OneTime `json:"ceremony,omitzero"`
	Methods  []Method       `json:"methods"` // what would be accepted now
	Session  *Session       `json:"session,omitempty"`

	token auth.Token
}

// SessionToken is for the face that keeps it: a cookie, or the window's
// memory. It is never part of an answer.
func (s SignIn) SessionToken() auth.Token { return s.token }

// SignInInput is login and password, and the code when the person has it at
// hand already.
type SignInInput struct {
	Login    string      `json:"login"`
	Password secret.Text `json:"password"`
	Code     secret.Text `json:"code,omitzero"` // of the authenticator app
}

// VerifyInput answers the ceremony of a sign-in with one of the three.
type VerifyInput struct {
	Ceremony     secret.Text `json:"ceremony"`
	Code         secret.Text `json:"code,omitzero"` // of the authenticator app
	RecoveryCode secret.Text `json:"recoveryCode,omitzero"`

	Credential securitykey.JSON `json:"credential,omitzero"` // of a security key that was asked: PublicKeyCredential.toJSON()
}

// signInWait is how long a sign-in waits for its second factor.
const signInWait = 5 * time.Minute

var errSignInFailed = problem.New(problem.SignInFailed, "Login or password is not right. Please check both and try again.")

// signIn verifies a password outside the transaction and decides within it,
// so that of many guesses at once only as many count as one after the other
// would.
func (o *Operations) signIn(p *op.Preparing, in SignInInput) (op.Commit[SignIn], error) {
	var form field.Form
	login := user.Login(in.Login)
	if strings.TrimSpace(in.Login) == "" {
		form.Add("login", field.Missing())
	}
	if in.Password.IsZero() {
		form.Add("password", field.Missing())
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	k := knock{o.atLogin(cmp.Or(login.Folded(), in.Login)), atAddress(p.Source)} // what cannot be a login is knocked at like one
	var found store.Credentialed
	err := p.Read(func(tx store.ReadTx) (err error) {
		found, err = tx.UserByLogin(login)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find user to sign in: %w", err)
	}
	t, err := o.tryPassword(p, k, found.PasswordHash, in.Password) // without a user, a dummy's hash is computed
	if err != nil {
		return nil, err
	}
	return func(w *op.Writing[SignIn]) op.Outcome[SignIn] {
		blocked, err := k.blocked(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		now, err := w.Tx.UserByLogin(login)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("find user to sign in: %w", err))
		}
		about := op.Entry{}
		if now.ID != "" {
			about = op.Entry{Account: now.Account, Object: userObject(now.User)}
		}
		if blocked != nil { // gathered: knocking on must not fill the log of an account
			return w.Refuse(blocked, op.Entry{})
		}
		if t.moot || now.PasswordHash != found.PasswordHash { // nobody looked at this password, or not at this hash
			return w.Fail(op.ErrStale)
		}
		open, err := mayEnter(w.Tx.ReadTx, now.Listed)
		if err != nil {
			return w.Fail(err)
		}
		if welcome := access.Enter(now.Entry, w.Source); !t.right || !open || !welcome.Allowed {
			if err := k.wrong(w.Tx); err != nil {
				return w.Fail(err)
			}
			if t.right && open { // the caller is told as little as anybody; the user's log has it
				about.Reason = welcome.Reason
			}
			return w.Refuse(errSignInFailed, about)
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
		if !now.HasFactor {
			return o.enter(w, now.Listed, byPassword)
		}
		if !in.Code.IsZero() {
			return o.secondFactor(w, now.Listed, factorGuess{code: in.Code})
		}
		return o.askSecondFactor(w, now.Listed, hash)
	}, nil
}

// mayEnter reports whether a user may sign in at all.
func mayEnter(tx store.ReadTx, u store.Listed) (bool, error) {
	if u.ID == "" || u.State != user.Active || u.Kind() != user.Person {
		return false, nil
	}
	a, err := tx.Account(access.Within(u.Account))
	if err != nil {
		return false, fmt.Errorf("find account of user: %w", err)
	}
	return a.State == account.Open, nil
}

// waiting is the state of a sign-in that waits for its second factor.
type waiting struct {
	User  id.User    `json:"user"`
	Login user.Login `json:"login"`
	Hash  string     `json:"hash"` // of the password that was right; a changed one ends the wait

	Asked *securitykey.Pending `json:"asked,omitempty"` // a security key
}

// of reports whether it is still that user, with that password.
func (s waiting) of(u store.Credentialed) bool { return u.ID == s.User && u.PasswordHash == s.Hash }

func (o *Operations) askSecondFactor(w *op.Writing[SignIn], u store.Listed, hash string) op.Outcome[SignIn] {
	token, err := beginCeremony(w.Tx, o.deps.Vault, signInCeremony, waiting{User: u.ID, Login: u.Login, Hash: hash}, w.Tx.Now().Add(signInWait))
	if err != nil {
		return w.Fail(err)
	}
	methods, err := o.methodsOf(w.Tx.ReadTx, u, w.Source)
	if err != nil {
		return w.Fail(err)
	}
	glass, err := o.glassOf(w.Tx.ReadTx, u)
	if err != nil {
		return w.Fail(err)
	}
	if glass != nil {
		methods = append(methods, BreakGlassMethod)
	}
	return w.Done(SignIn{State: SecondFactorNeeded, Ceremony: token, Methods: methods},
		op.Entry{Event: "session.password_accepted", Account: u.Account, Object: userObject(u.User)})
}

func (o *Operations) verify(_ *op.Preparing, in VerifyInput) (op.Commit[SignIn], error) {
	if in.Code.IsZero() && in.RecoveryCode.IsZero() && in.Credential.IsZero() {
		var form field.Form
		form.Add("code", field.Missing())
		return nil, form.Err()
	}
	return func(w *op.Writing[SignIn]) op.Outcome[SignIn] {
		c, err := takeCeremony[waiting](w.Tx, o.deps.Vault, signInCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		u, err := w.Tx.UserByLogin(c.state.Login)
		if err != nil && !errors.Is(err, store.ErrNotFound) { // deleted meanwhile: no different from deactivated
			return w.Fail(fmt.Errorf("find user of sign-in: %w", err))
		}
		open, err := mayEnter(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return w.Fail(err)
		}
		welcome := access.Enter(u.Entry, w.Source)
		if !open || !welcome.Allowed || !c.state.of(u) {
			return w.Refuse(errSignInFailed, op.Entry{Account: u.Account, Object: userObject(u.User), Reason: welcome.Reason})
		}
		end := o.secondFactor(w, u.Listed, factorGuess{
			code: in.Code, recovery: in.RecoveryCode, key: answering(c.state.Asked, in.Credential, store.UsedAsSecondFactor),
		})
		if end.Refused() {
			if !in.Credential.IsZero() { // the next answer is to another challenge
				c.state.Asked = nil
			}
			if err := c.after(w.Tx, o.deps.Vault); err != nil {
				return w.Fail(err)
			}
		}
		return end
	}, nil
}

// secondFactor spends a guess and lets the user in when it is right.
func (o *Operations) secondFactor(w *op.Writing[SignIn], u store.Listed, g factorGuess) op.Outcome[SignIn] {
	means, refusal, err := o.checkFactor(w.Tx, u, g, w.Source)
	if err != nil {
		return w.Fail(err)
	}
	if refusal != nil {
		return w.Refuse(refusal, op.Entry{Account: u.Account, Object: userObject(u.User)})
	}
	return o.enter(w, u, byPassword+"+"+means)
}

// enter opens the session.
func (o *Operations) enter(w *op.Writing[SignIn], u store.Listed, means string) op.Outcome[SignIn] {
	return o.enterNoting(w, u, means, activity.Detail{})
}

// enterNoting is enter with more to put on record.
func (o *Operations) enterNoting(w *op.Writing[SignIn], u store.Listed, means string, detail activity.Detail) op.Outcome[SignIn] {
	fresh, err := o.remember(w.Tx, w.Source, u)
	if err != nil {
		return w.Fail(err)
	}
	if fresh {
		detail[newAddress] = true
	}
	if strings.HasSuffix(means, byRecoveryCode) {
		if err := countCodes(w.Tx.ReadTx, u.Ref(), detail); err != nil {
			return w.Fail(err)
		}
	}
	over, err := w.Tx.CloseHelp(u.Ref(), store.HelpOver, u.Name, "")
	if err != nil {
		return w.Fail(fmt.Errorf("end request for help: %w", err))
	}
	if over { // they got in without
		detail["helpEnded"] = true
	}
	token, s, err := o.openSession(w.Tx, w.Source, u, means)
	if err != nil {
		return w.Fail(fmt.Errorf("open session: %w", err))
	}
	shown, err := o.showSession(w.Tx.ReadTx, w.Source, u.Ref(), s.ID)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(SignIn{State: SignedIn, Methods: []Method{}, Session: shown, token: token},
		op.Entry{Account: u.Account, Actor: userActor(u.User), Means: s.Means, Object: sessionObject(s.ID), Detail: detail})
}
