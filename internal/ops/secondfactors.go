package ops

import (
	"fmt"

	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Renewed is the answer to an act that gives the session a new token.
type Renewed struct{ token auth.Token }

// SessionToken is for the face that keeps it.
func (r Renewed) SessionToken() auth.Token { return r.token }

type secondFactorOps struct {
	BeginApp   *op.Op[None, EnrolmentBegun]
	ConfirmApp *op.Op[ConfirmInput, Renewed]
}

// appState is what waits until the app shows its first code, in the session
// that began it: that one was stepped up.
type appState struct {
	enrolment
	User    id.User    `json:"user"`
	Session id.Session `json:"session"`
}

func (o *Operations) addSecondFactors() {
	o.SecondFactors.BeginApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.beginApp", Route: "POST /profile/authenticator-app", Event: "mfa.app_started",
		Summary: "Get a key for an authenticator app, with recovery codes if it is the first second factor. Nothing is switched on yet.",
	}, op.Enrolling(), o.beginApp)
	o.SecondFactors.ConfirmApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.confirmApp", Route: "POST /profile/authenticator-app/confirm", Event: "mfa.app_enabled",
		Summary: "Switch the authenticator app on with the code it shows. Other sessions end.",
	}, op.Enrolling(), o.confirmApp)
}

func (o *Operations) beginApp(_ *op.Preparing, _ None) (op.Commit[EnrolmentBegun], error) {
	return func(w *op.Writing[EnrolmentBegun]) op.Outcome[EnrolmentBegun] {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		about := op.Entry{Object: userObject(u.User)}
		if u.HasFactor {
			return w.Refuse(problem.New(problem.Conflict, "An authenticator app is switched on already."), about)
		}
		e, begun, err := newEnrolment(o.deps.Vault, string(u.Login), "", true)
		if err != nil {
			return w.Fail(err)
		}
		begun.ExpiresAt = w.Tx.Now().Add(enrolmentWait)
		begun.Ceremony, err = beginCeremony(w.Tx, o.deps.Vault, appCeremony, appState{e, u.ID, w.Actor.Session()}, begun.ExpiresAt)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(begun, about)
	}, nil
}

func (o *Operations) confirmApp(_ *op.Preparing, in ConfirmInput) (op.Commit[Renewed], error) {
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		about := op.Entry{Object: userObject(u.User)}
		s, step, err := confirm[appState](w.Tx, o.deps.Vault, appCeremony, in)
		if err != nil {
			return w.Deny(err, about)
		}
		if s.User != u.ID || s.Session != w.Actor.Session() || u.HasFactor {
			return w.Refuse(errCeremonyOver, about)
		}
		if err := s.complete(w.Tx, o.deps.Vault, u.Ref(), step); err != nil {
			return w.Fail(err)
		}
		renewed, ended, err := renew(w.Call, w.Tx, w.Actor.Means()+"+"+byApp)
		if err != nil {
			return w.Fail(err)
		}
		about.Detail = activity.Detail{"sessionsEnded": ended}
		return w.Done(renewed, about)
	}, nil
}

// renew ends all other sessions of the actor; this one goes on with a new
// token and these means.
func renew(c op.Call, tx store.WriteTx, means string) (Renewed, int64, error) {
	self, current := store.Self(c.Actor), c.Actor.Session()
	ended, err := tx.EndOtherSessions(self, current)
	if err != nil {
		return Renewed{}, 0, fmt.Errorf("end other sessions: %w", err)
	}
	token := auth.NewToken()
	if err := tx.RenewSession(self, current, token.Digest(), means); err != nil {
		return Renewed{}, 0, fmt.Errorf("renew session: %w", err)
	}
	return Renewed{token}, ended, nil
}
