package ops

import (
	"fmt"
	"time"

	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/mfa"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// AppBegun is the key of an app that is not switched on yet. Recovery codes
// come with the first second factor only.
type AppBegun struct {
	Ceremony         secret.OneTime   `json:"ceremony"`
	ExpiresAt        time.Time        `json:"expiresAt"`
	RecoveryCodes    []secret.OneTime `json:"recoveryCodes"`
	AuthenticatorApp AuthenticatorApp `json:"authenticatorApp"`
}

// Renewed is the answer to an act that gives the session a new token.
type Renewed struct{ token auth.Token }

// SessionToken is for the face that keeps it.
func (r Renewed) SessionToken() auth.Token { return r.token }

type secondFactorOps struct {
	BeginApp   *op.Op[None, AppBegun]
	ConfirmApp *op.Op[ConfirmInput, Renewed]
}

// appState is what waits until the app shows its first code.
type appState struct {
	User     id.User  `json:"user"`
	App      []byte   `json:"app"`
	Recovery []string `json:"recovery"` // empty when the user has a factor already
}

func (o *Operations) addSecondFactors() {
	o.SecondFactors.BeginApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.beginApp", Route: "POST /profile/authenticator-app", Event: "mfa.app_started",
		Summary: "Get a key for an authenticator app, with recovery codes if it is the first second factor. Nothing is switched on yet.",
	}, op.Enrolling[None](), o.beginApp)
	o.SecondFactors.ConfirmApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.confirmApp", Route: "POST /profile/authenticator-app/confirm", Event: "mfa.app_enabled",
		Summary: "Switch the authenticator app on with the code it shows. Other sessions end.",
	}, op.Enrolling[ConfirmInput](), o.confirmApp)
}

func (o *Operations) beginApp(p *op.Preparing, _ None) (op.Commit[AppBegun], error) {
	app := mfa.NewAppSecret()
	codes, kept := recoveryCodes(o.deps.Vault)
	return func(w *op.Writing) (op.Result[AppBegun], error) {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return op.Result[AppBegun]{}, fmt.Errorf("find oneself: %w", err)
		}
		if u.HasFactor {
			return op.Refused[AppBegun](problem.New(problem.Conflict, "An authenticator app is switched on already."), op.Entry{Object: userObject(u.User)})
		}
		shown, err := provision(product, string(u.Login), app)
		if err != nil {
			return op.Result[AppBegun]{}, err
		}
		expires := w.Tx.Now().Add(setupWait)
		c, err := newCeremony(o.deps.Vault, appCeremony, appState{u.ID, app.Reveal(), kept}, expires)
		if err != nil {
			return op.Result[AppBegun]{}, err
		}
		if err := w.Tx.AddCeremony(c.digest, c.row); err != nil {
			return op.Result[AppBegun]{}, fmt.Errorf("begin authenticator app: %w", err)
		}
		return op.Done(AppBegun{c.token, expires, codes, shown}, op.Entry{Object: userObject(u.User)})
	}, nil
}

func (o *Operations) confirmApp(_ *op.Preparing, in ConfirmInput) (op.Commit[Renewed], error) {
	return func(w *op.Writing) (op.Result[Renewed], error) {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return op.Result[Renewed]{}, fmt.Errorf("find oneself: %w", err)
		}
		about := op.Entry{Object: userObject(u.User)}
		digest, s, err := openCeremony[appState](w.Tx.ReadTx, o.deps.Vault, appCeremony, in.Ceremony)
		if err != nil {
			return refusedByProblem[Renewed](err)
		}
		if s.User != u.ID || u.HasFactor {
			return op.Refused[Renewed](problem.New(problem.CeremonyOver, "This was finished elsewhere. Please reload the page."), about)
		}
		if err := clockRight(w.Tx.ReadTx); err != nil {
			return op.Result[Renewed]{}, err
		}
		app, err := mfa.ParseAppSecret(s.App)
		if err != nil {
			return op.Result[Renewed]{}, fmt.Errorf("read authenticator app: %w", err)
		}
		step, ok := mfa.MatchStep(app, in.Code, w.Tx.Now())
		if !ok {
			if err := w.Tx.TryCeremony(digest); err != nil {
				return op.Result[Renewed]{}, fmt.Errorf("count attempt: %w", err)
			}
			return op.Refused[Renewed](errCodeWrong, about)
		}
		return o.switchOn(w, u, s, digest, step)
	}, nil
}

// switchOn puts app and recovery codes in force; the session goes on with a
// new token, and all others of the user end.
func (o *Operations) switchOn(w *op.Writing, u store.Listed, s appState, digest string, step int64) (op.Result[Renewed], error) {
	if err := addApp(w.Tx, o.deps.Vault, u.ID, s.App, step); err != nil {
		return op.Result[Renewed]{}, fmt.Errorf("add authenticator app: %w", err)
	}
	if err := w.Tx.ReplaceRecoveryCodes(u.ID, s.Recovery); err != nil {
		return op.Result[Renewed]{}, fmt.Errorf("keep recovery codes: %w", err)
	}
	if err := w.Tx.EndCeremony(digest); err != nil {
		return op.Result[Renewed]{}, fmt.Errorf("end ceremony: %w", err)
	}
	ended, err := w.Tx.EndOtherSessions(u.ID, w.Actor.Session())
	if err != nil {
		return op.Result[Renewed]{}, fmt.Errorf("end other sessions: %w", err)
	}
	token := auth.NewToken()
	if err := w.Tx.RenewSession(w.Actor.Session(), token.Digest(), w.Actor.Means()+"+"+byApp); err != nil {
		return op.Result[Renewed]{}, fmt.Errorf("renew session: %w", err)
	}
	return op.Done(Renewed{token}, op.Entry{Object: userObject(u.User), Detail: map[string]any{"sessionsEnded": ended}})
}
