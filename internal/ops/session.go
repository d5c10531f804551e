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
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Session is what a signed-in person's page needs to know.
type Session struct {
	User        SessionUser         `json:"user"`
	Account     AccountRef          `json:"account"`
	Permissions []access.Permission `json:"permissions"`
	MFA         MFA                 `json:"mfa"`
	SignedInAt  time.Time           `json:"signedInAt"`
	IdleEndsAt  time.Time           `json:"idleEndsAt"` // unless something happens
	EndsAt      time.Time           `json:"endsAt"`     // whatever happens
}

// SessionUser is who is signed in.
type SessionUser struct {
	ID       id.User       `json:"id"`
	Login    user.Login    `json:"login"`
	Name     string        `json:"name"`
	Language user.Language `json:"language"`
}

// AccountRef names an account.
type AccountRef struct {
	ID     id.Account     `json:"id"`
	Handle account.Handle `json:"handle"`
	Name   string         `json:"name"`
}

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

// VerifyInput answers the ceremony of a sign-in with one of the two.
type VerifyInput struct {
	Ceremony     secret.Text `json:"ceremony"`
	Code         secret.Text `json:"code,omitzero"` // of the authenticator app
	RecoveryCode secret.Text `json:"recoveryCode,omitzero"`
}

// SessionStatus says who is signed in, if anybody.
type SessionStatus struct {
	State   SignInState `json:"state"`
	Session *Session    `json:"session,omitempty"`
}

// SignedOutAnswer is the answer to signing out; the face forgets the token.
type SignedOutAnswer struct{}

// EndsSession marks the answer for faces.
func (SignedOutAnswer) EndsSession() {}

type sessionOps struct {
	SignIn  *op.Op[SignInInput, SignIn]
	Verify  *op.Op[VerifyInput, SignIn]
	Show    *op.Op[None, SessionStatus]
	SignOut *op.Op[None, SignedOutAnswer]
}

// signInWait is how long a sign-in waits for its second factor.
const signInWait = 5 * time.Minute

func (o *Operations) addSession() {
	o.Session.SignIn = op.Write(&o.table, op.Spec{
		Name: "session.signIn", Route: "POST /session", Event: "session.signed_in", Also: []string{"session.password_accepted"},
		Summary: "Sign in with login and password; the code of an authenticator app may come along.",
	}, op.Anyone[SignInInput](), o.signIn)
	o.Session.Verify = op.Write(&o.table, op.Spec{
		Name: "session.verify", Route: "POST /session/second-factor", Event: "session.signed_in",
		Summary: "Finish a sign-in with a second factor.",
	}, op.Anyone[VerifyInput](), o.verify)
	o.Session.Show = op.Read(&o.table, op.Spec{
		Name: "session.show", Route: "GET /session", Background: true,
		Summary: "Who is signed in, what they may do, and until when.",
	}, op.Anyone[None](), func(r *op.Reading, _ None) (SessionStatus, error) {
		if r.Actor.Kind() != access.Person {
			return SessionStatus{State: SignedOut}, nil
		}
		s, err := showSession(r.Tx, r.Actor.Session())
		return SessionStatus{SignedIn, s}, err
	})
	o.Session.SignOut = op.Write(&o.table, op.Spec{
		Name: "session.signOut", Route: "DELETE /session", Event: "session.signed_out",
		Summary: "Sign out: the session ends at once.",
	}, op.Enrolling[None](), func(p *op.Preparing, _ None) (op.Commit[SignedOutAnswer], error) {
		return func(w *op.Writing) (op.Result[SignedOutAnswer], error) {
			if err := w.Tx.EndSession(w.Actor.Session()); err != nil {
				return op.Result[SignedOutAnswer]{}, err
			}
			return op.Done(SignedOutAnswer{}, op.Entry{Object: sessionObject(w.Actor.Session())})
		}, nil
	})
}

func sessionObject(s id.Session) activity.Object {
	return activity.Object{Kind: "session", ID: string(s)}
}

func userObject(u user.User) activity.Object {
	return activity.Object{Kind: "user", ID: string(u.ID), Name: u.Name}
}

func userActor(u user.User) activity.Actor {
	return activity.Actor{Kind: string(access.Person), ID: string(u.ID), Name: u.Name}
}

// showSession describes a session to its owner.
func showSession(tx store.ReadTx, s id.Session) (*Session, error) {
	opened, err := tx.Session(s)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	in, err := tx.Installation()
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	u, a := opened.User, opened.Account
	rights, err := tx.RightsOf(u.ID, in.Operator == a.ID)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	return &Session{
		User:        SessionUser{u.ID, u.Login, u.Name, u.Language},
		Account:     AccountRef{a.ID, a.Handle, a.Name},
		Permissions: rights.Permissions(),
		MFA:         mfaStatus(a.MFAPolicy, u),
		SignedInAt:  opened.Session.SignedInAt, IdleEndsAt: opened.Session.IdleEndsAt(), EndsAt: opened.Session.EndsAt,
	}, nil
}

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
	var waited time.Duration
	err := p.Read(func(tx store.ReadTx) error {
		var err error
		if waited, err = k.blocked(tx); err != nil {
			return err
		}
		found, err = tx.UserByLogin(login)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find user to sign in: %w", err)
	}
	right, upgraded := false, ""
	if waited == 0 {
		// One hash is computed whoever knocks; without a user, a dummy's.
		if right, upgraded, err = o.verifyPassword(p, found.PasswordHash, in.Password); err != nil {
			return nil, err
		}
	}
	return func(w *op.Writing) (op.Result[SignIn], error) {
		wait, err := k.blocked(w.Tx.ReadTx)
		if err != nil {
			return op.Result[SignIn]{}, err
		}
		now, err := w.Tx.UserByLogin(login)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return op.Result[SignIn]{}, fmt.Errorf("find user to sign in: %w", err)
		}
		about := op.Entry{}
		if now.ID != "" {
			about = op.Entry{Account: now.Account, Object: userObject(now.User)}
		}
		if wait > 0 { // gathered: knocking on must not fill the log of an account
			return op.Refused[SignIn](tooMany(wait), op.Entry{})
		}
		if waited > 0 || now.PasswordHash != found.PasswordHash { // nobody looked at this password, or not at this hash
			return op.Result[SignIn]{}, op.ErrStale
		}
		open, err := mayEnter(w.Tx.ReadTx, now.Listed)
		if err != nil {
			return op.Result[SignIn]{}, err
		}
		if !right || !open {
			if err := k.wrong(w.Tx); err != nil {
				return op.Result[SignIn]{}, err
			}
			return op.Refused[SignIn](errSignInFailed, about)
		}
		if err := k.right(w.Tx); err != nil {
			return op.Result[SignIn]{}, err
		}
		hash := found.PasswordHash
		if upgraded != "" {
			hash = upgraded
			if err := w.Tx.UpgradeHash(now.ID, found.PasswordHash, upgraded); err != nil {
				return op.Result[SignIn]{}, fmt.Errorf("upgrade hash: %w", err)
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
	if u.ID == "" || u.State != user.Active {
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
}

func (o *Operations) askSecondFactor(w *op.Writing, u store.Listed, hash string) (op.Result[SignIn], error) {
	c, err := newCeremony(o.deps.Vault, signInCeremony, waiting{User: u.ID, Login: u.Login, Hash: hash}, w.Tx.Now().Add(signInWait))
	if err != nil {
		return op.Result[SignIn]{}, err
	}
	if err := w.Tx.AddCeremony(c.digest, c.row); err != nil {
		return op.Result[SignIn]{}, fmt.Errorf("begin second factor: %w", err)
	}
	methods := []Method{AppMethod}
	left, err := w.Tx.RecoveryCodesLeft(u.ID)
	if err != nil {
		return op.Result[SignIn]{}, fmt.Errorf("count recovery codes: %w", err)
	}
	if left > 0 {
		methods = append(methods, RecoveryMethod)
	}
	return op.Done(SignIn{State: SecondFactorNeeded, Ceremony: c.token, Methods: methods},
		op.Entry{Event: "session.password_accepted", Account: u.Account, Object: userObject(u.User)})
}

func (o *Operations) verify(p *op.Preparing, in VerifyInput) (op.Commit[SignIn], error) {
	guess := factorGuess{code: in.Code, recovery: in.RecoveryCode}
	if guess.empty() {
		var form field.Form
		form.Add("code", field.Missing())
		return nil, form.Err()
	}
	return func(w *op.Writing) (op.Result[SignIn], error) {
		digest, who, err := openCeremony[waiting](w.Tx.ReadTx, o.deps.Vault, signInCeremony, in.Ceremony)
		if err != nil {
			return refusedByProblem[SignIn](err)
		}
		u, err := w.Tx.UserByLogin(who.Login)
		if err != nil && !errors.Is(err, store.ErrNotFound) { // deleted meanwhile: no different from deactivated
			return op.Result[SignIn]{}, fmt.Errorf("find user of sign-in: %w", err)
		}
		open, err := mayEnter(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return op.Result[SignIn]{}, err
		}
		if !open || u.ID != who.User || u.PasswordHash != who.Hash {
			return op.Refused[SignIn](errSignInFailed, op.Entry{Account: u.Account, Object: userObject(u.User)})
		}
		result, err := o.secondFactor(w, u.Listed, guess)
		if err != nil {
			return result, err
		}
		if result.Refused() {
			return result, w.Tx.TryCeremony(digest)
		}
		return result, w.Tx.EndCeremony(digest)
	}, nil
}

// secondFactor spends a guess and lets the user in when it is right.
func (o *Operations) secondFactor(w *op.Writing, u store.Listed, g factorGuess) (op.Result[SignIn], error) {
	means, refusal, err := o.checkFactor(w.Tx, u.ID, g, w.Source)
	if err != nil {
		return op.Result[SignIn]{}, err
	}
	if refusal != nil {
		return op.Refused[SignIn](refusal, op.Entry{Account: u.Account, Object: userObject(u.User)})
	}
	return o.enter(w, u, byPassword+"+"+means)
}

// enter opens the session.
func (o *Operations) enter(w *op.Writing, u store.Listed, means string) (op.Result[SignIn], error) {
	token, s, err := openSession(w, u.ID, means)
	if err != nil {
		return op.Result[SignIn]{}, fmt.Errorf("open session: %w", err)
	}
	shown, err := showSession(w.Tx.ReadTx, s.ID)
	if err != nil {
		return op.Result[SignIn]{}, err
	}
	return op.Done(SignIn{State: SignedIn, Methods: []Method{}, Session: shown, token: token},
		op.Entry{Account: u.Account, Actor: userActor(u.User), Means: s.Means, Object: sessionObject(s.ID)})
}

// refusedByProblem turns a problem into a refusal that is counted, and leaves
// other errors as they are.
func refusedByProblem[Out any](err error) (op.Result[Out], error) {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return op.Refused[Out](p, op.Entry{})
	}
	return op.Result[Out]{}, err
}
