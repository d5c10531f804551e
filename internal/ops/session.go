package ops

import (
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Session is what a signed-in person's page needs to know.
type Session struct {
	User        SessionUser         `json:"user"`
	Account     AccountRef          `json:"account"`
	Permissions []access.Permission `json:"permissions"`
	MFA         MFA                 `json:"mfa"` // by what works here
	SignedInAt  time.Time           `json:"signedInAt"`
	IdleEndsAt  time.Time           `json:"idleEndsAt"` // unless something happens
	EndsAt      time.Time           `json:"endsAt"`     // whatever happens

	Address string `json:"address"` // that this call came from; empty at the Desk

	SteppedUpUntil time.Time `json:"steppedUpUntil"` // until then, sensitive acts ask for no proof
	StepUpMethods  []Method  `json:"stepUpMethods"`  // what would be accepted as one

	UnreadNotices int `json:"unreadNotices"` // up to 99
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
	SignIn        *op.Op[SignInInput, SignIn]
	BeginKey      *op.Op[AskKeyInput, KeyOptions]
	Verify        *op.Op[VerifyInput, SignIn]
	BeginPasskey  *op.Op[PortInput, KeyAsked]
	VerifyPasskey *op.Op[PasskeyInput, SignIn]
	BreakGlass    *op.Op[BreakGlassInput, SignIn]
	Show          *op.Op[None, SessionStatus]
	BeginStepUp   *op.Op[PortInput, KeyAsked]
	StepUp        *op.Op[StepUpInput, Renewed]
	SignOut       *op.Op[None, SignedOutAnswer]
}

func (o *Operations) addSession() {
	o.Session.SignIn = op.Write(&o.table, op.Spec{
		Name: "session.signIn", Route: "POST /session", Event: "session.signed_in", Also: []string{"session.password_accepted"},
		Summary: "Sign in with login and password; the code of an authenticator app may come along.",
	}, op.Anyone(), o.signIn)
	o.Session.BeginKey = op.Write(&o.table, op.Spec{
		Name: "session.beginKey", Route: "POST /session/security-key", Event: "session.key_asked",
		Summary: "Get what a security key has to be asked, as the second factor of a sign-in, for the next two minutes.",
	}, op.Anyone(), o.signInWithKey)
	o.Session.Verify = op.Write(&o.table, op.Spec{
		Name: "session.verify", Route: "POST /session/second-factor", Event: "session.signed_in",
		Summary: "Finish a sign-in with a second factor.",
	}, op.Anyone(), o.verify)
	o.addPasskey()
	o.addBreakGlassEntry()
	o.Session.Show = op.Read(&o.table, op.Spec{
		Name: "session.show", Route: "GET /session", Background: true,
		Summary: "Who is signed in, what they may do, and until when.",
	}, op.Anyone(), func(r *op.Reading, _ None) (SessionStatus, error) {
		if r.Actor.Kind() != access.Person {
			return SessionStatus{State: SignedOut}, nil
		}
		s, err := o.showSession(r.Tx, r.Source, store.Self(r.Actor), r.Actor.Session())
		return SessionStatus{SignedIn, s}, err
	})
	o.Session.BeginStepUp = op.Write(&o.table, op.Spec{
		Name: "session.beginStepUp", Route: "POST /session/step-up/security-key", Event: "session.key_asked",
		Summary: "Get what a security key has to be asked, to prove again who you are, for the next two minutes.",
	}, op.Enrolling(), o.beginStepUp)
	o.Session.StepUp = op.Write(&o.table, op.Spec{
		Name: "session.stepUp", Route: "POST /session/step-up", Event: "session.stepped_up",
		Summary: "Prove again who you are, for sensitive acts within the next minutes.",
	}, op.Enrolling(), o.stepUp)
	o.Session.SignOut = op.Write(&o.table, op.Spec{
		Name: "session.signOut", Route: "DELETE /session", Event: "session.signed_out",
		Summary: "Sign out: the session ends at once.",
	}, op.Enrolling(), func(p *op.Preparing, _ None) (op.Commit[SignedOutAnswer], error) {
		return func(w *op.Writing[SignedOutAnswer]) op.Outcome[SignedOutAnswer] {
			if err := w.Tx.EndSession(store.Self(w.Actor), w.Actor.Session()); err != nil {
				return w.Fail(err)
			}
			return w.Done(SignedOutAnswer{}, op.Entry{Object: sessionObject(w.Actor.Session())})
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
func (o *Operations) showSession(tx store.ReadTx, from access.Source, u store.UserRef, s id.Session) (*Session, error) {
	opened, err := tx.Session(u, s)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	in, err := tx.Installation()
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	who := opened.User
	a, err := tx.AccountOf(u)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	rights, err := tx.RightsOf(u, in.Operator == a.ID)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	methods, err := o.stepUpMethods(tx, who, from)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	unread, err := tx.UnreadNotices(u)
	if err != nil {
		return nil, fmt.Errorf("show session: %w", err)
	}
	return &Session{
		UnreadNotices:  unread,
		User:           SessionUser{who.ID, who.Login, who.Name, who.Language},
		Account:        AccountRef{a.ID, a.Handle, a.Name},
		Permissions:    rights.Permissions(),
		MFA:            mfaStatus(a, who, opened.FactorHere, tx.Now()),
		Address:        from.AddressText(),
		SteppedUpUntil: opened.Session.SteppedUpAt.Add(session.StepUp), StepUpMethods: methods,
		SignedInAt: opened.Session.SignedInAt, IdleEndsAt: opened.Session.IdleEndsAt(), EndsAt: opened.Session.EndsAt,
	}, nil
}
