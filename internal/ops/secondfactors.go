package ops

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// Renewed is the answer to an act that gives the session a new token.
type Renewed struct{ token auth.Token }

// SessionToken is for the face that keeps it.
func (r Renewed) SessionToken() auth.Token { return r.token }

// BeginAppInput names the app, for whoever has several.
type BeginAppInput struct {
	Name string `json:"name,omitempty"` // "Phone"
}

// AppID names an authenticator app.
type AppID struct {
	ID id.AuthenticatorApp `json:"id"`
}

// CodesBegun are new recovery codes that are not in force yet.
type CodesBegun struct {
	Ceremony      secret.OneTime   `json:"ceremony"`
	ExpiresAt     time.Time        `json:"expiresAt"`
	RecoveryCodes []secret.OneTime `json:"recoveryCodes"`
}

// CeremonyInput goes on with a ceremony.
type CeremonyInput struct {
	Ceremony secret.Text `json:"ceremony"`
}

type secondFactorOps struct {
	BeginApp     *op.Op[BeginAppInput, EnrolmentBegun]
	ConfirmApp   *op.Op[ConfirmInput, Renewed]
	RemoveApp    *op.Op[AppID, Renewed]
	BeginKey     *op.Op[BeginKeyInput, KeyBegun]
	AskKey       *op.Op[AskKeyInput, KeyOptions]
	ConfirmKey   *op.Op[ConfirmKeyInput, Renewed]
	RenameKey    *op.Op[RenameKeyInput, SecurityKey]
	RemoveKey    *op.Op[SecurityKeyID, Renewed]
	Disable      *op.Op[None, Renewed]
	BeginCodes   *op.Op[None, CodesBegun]
	ConfirmCodes *op.Op[CeremonyInput, Renewed]
}

// appState is what waits until the app shows its first code, in the session
// that began it: that one was stepped up.
type appState struct {
	enrolment
	User    id.User    `json:"user"`
	Session id.Session `json:"session"`
}

// codesState is what waits until the new recovery codes are saved.
type codesState struct {
	Session  id.Session `json:"session"`
	Recovery []string   `json:"recovery"`
}

// Most authenticator apps a user can have.
const mostApps = 5

func (o *Operations) addSecondFactors() {
	o.SecondFactors.BeginApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.beginApp", Route: "POST /profile/authenticator-apps", Event: "mfa.app_started",
		Summary: "Get a key for an authenticator app, with recovery codes if it is the first second factor. Nothing is switched on yet.",
	}, op.Enrolling().SteppedUp(), o.beginApp)
	o.SecondFactors.ConfirmApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.confirmApp", Route: "POST /profile/authenticator-apps/confirm", Event: "mfa.app_enabled",
		Summary: "Switch the authenticator app on with the code it shows. The other sessions end.",
	}, op.Enrolling(), o.confirmApp)
	o.SecondFactors.RemoveApp = op.Write(&o.table, op.Spec{
		Name: "secondFactors.removeApp", Route: "DELETE /profile/authenticator-apps/{id}", Event: "mfa.app_removed",
		Summary: "Remove an authenticator app, but not the last second factor that works here. The other sessions end.",
	}, op.Oneself().SteppedUp(), o.removeApp)
	o.addSecurityKeys()
	o.SecondFactors.Disable = op.Write(&o.table, op.Spec{
		Name: "secondFactors.disable", Route: "DELETE /profile/second-factors", Event: "mfa.disabled",
		Summary: "Switch 2-factor authentication off: all methods and recovery codes go. Impossible while it is required.",
	}, op.Oneself().SteppedUp(), o.disableFactors)
	o.SecondFactors.BeginCodes = op.Write(&o.table, op.Spec{
		Name: "secondFactors.beginCodes", Route: "POST /profile/recovery-codes", Event: "mfa.codes_started",
		Summary: "Get ten new recovery codes. The old ones stay in force until the new ones are confirmed.",
	}, op.Oneself().SteppedUp(), o.beginCodes)
	o.SecondFactors.ConfirmCodes = op.Write(&o.table, op.Spec{
		Name: "secondFactors.confirmCodes", Route: "POST /profile/recovery-codes/confirm", Event: "mfa.codes_replaced",
		Summary: "Say that the new recovery codes are saved: they come into force, and the old ones are dead.",
	}, op.Oneself(), o.confirmCodes)
}

func (o *Operations) beginApp(_ *op.Preparing, in BeginAppInput) (op.Commit[EnrolmentBegun], error) {
	var form field.Form
	name := field.Optional(&form, "name", field.Text(40), in.Name)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[EnrolmentBegun]) op.Outcome[EnrolmentBegun] {
		u, apps, err := oneselfWithApps(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		if len(apps) >= mostApps {
			return w.Refuse(problem.Newf(problem.Conflict, "You have %d authenticator apps already. Please remove one first.", mostApps), about)
		}
		e, begun, err := newEnrolment(o.deps.Vault, string(u.Login), name, !u.HasFactor)
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

func oneselfWithApps(c op.Call, tx store.ReadTx) (store.Listed, []store.AuthenticatorApp, error) {
	u, err := tx.User(c.Scope(), c.Actor.User())
	if err != nil {
		return u, nil, fmt.Errorf("find oneself: %w", err)
	}
	apps, err := tx.AuthenticatorApps(u.Ref())
	if err != nil {
		return u, nil, fmt.Errorf("find authenticator apps: %w", err)
	}
	return u, apps, nil
}

func (o *Operations) confirmApp(_ *op.Preparing, in ConfirmInput) (op.Commit[Renewed], error) {
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, apps, err := oneselfWithApps(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		s, step, err := confirm[appState](w.Tx, o.deps.Vault, appCeremony, in)
		if err != nil {
			return w.Deny(err, about)
		}
		// A first app that became a second one meanwhile would bring new codes
		// in force, which nobody asked for; a second one that became the first
		// would bring none.
		if s.User != u.ID || s.Session != w.Actor.Session() || len(apps) >= mostApps || u.HasFactor == (len(s.Recovery) > 0) {
			return w.Refuse(errCeremonyOver, about)
		}
		if err := s.complete(w.Tx, o.deps.Vault, u.Ref(), step); err != nil {
			return w.Fail(err)
		}
		if s.Name != "" {
			about.Detail = activity.Detail{"name": s.Name}
		}
		means := w.Actor.Means()
		if !slices.Contains(strings.Split(means, "+"), byApp) {
			means += "+" + byApp
		}
		return o.renewed(w, means, about)
	}, nil
}

// renewed ends an act on one's own credentials: all other sessions of the
// actor end, and this one goes on with a new token.
func (o *Operations) renewed(w *op.Writing[Renewed], means string, about op.Entry) op.Outcome[Renewed] {
	r, ended, err := o.renew(w.Call, w.Tx, means)
	if err != nil {
		return w.Fail(err)
	}
	if about.Detail == nil {
		about.Detail = activity.Detail{}
	}
	about.Detail["sessionsEnded"] = ended
	return w.Done(r, about)
}

func (o *Operations) renew(c op.Call, tx store.WriteTx, means string) (Renewed, int64, error) {
	self, current := store.Self(c.Actor), c.Actor.Session()
	site, err := o.siteID(tx.ReadTx, c.Source)
	if err != nil {
		return Renewed{}, 0, err
	}
	ended, err := tx.EndOtherSessions(self, current)
	if err != nil {
		return Renewed{}, 0, fmt.Errorf("end other sessions: %w", err)
	}
	token := auth.NewToken()
	if err := tx.RenewSession(self, current, token.Digest(o.deps.Vault), means, site); err != nil {
		return Renewed{}, 0, fmt.Errorf("renew session: %w", err)
	}
	return Renewed{token}, ended, nil
}

// mayBeWithout refuses to give up the last second factor while one is required.
func mayBeWithout(c op.Call, tx store.ReadTx, u store.Listed) error {
	a, err := tx.Account(c.Scope())
	if err != nil {
		return fmt.Errorf("find own account: %w", err)
	}
	switch mfaStatus(a, u, u.HasFactor, tx.Now()).RequiredBy {
	case account.ByPolicy:
		return problem.New(problem.MFARequired, "Your account requires 2-factor authentication, so it cannot be switched off.")
	case account.ByAdministrator:
		return problem.New(problem.MFARequired, "Your administrator requires 2-factor authentication of you, so it cannot be switched off.")
	case account.ByOperator:
		return problem.New(problem.MFARequired, "The operator of this installation requires 2-factor authentication of everybody by now, so it cannot be switched off.")
	case account.NotRequired:
	}
	return nil
}

func (o *Operations) removeApp(_ *op.Preparing, in AppID) (op.Commit[Renewed], error) {
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, apps, err := oneselfWithApps(w.Call, w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(u.User)}
		i := slices.IndexFunc(apps, func(a store.AuthenticatorApp) bool { return a.ID == in.ID })
		if i < 0 {
			return w.Fail(store.ErrNotFound)
		}
		if err := o.dispensableFactor(w.Call, w.Tx.ReadTx, u, everywhere); err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.RemoveAuthenticatorApp(u.Ref(), in.ID); err != nil {
			return w.Fail(fmt.Errorf("remove authenticator app: %w", err))
		}
		about.Detail = activity.Detail{"name": apps[i].Name}
		return o.renewed(w, w.Actor.Means(), about)
	}, nil
}

func (o *Operations) disableFactors(_ *op.Preparing, _ None) (op.Commit[Renewed], error) {
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		about := op.Entry{Object: userObject(u.User)}
		if !u.HasFactor {
			return w.Refuse(problem.New(problem.Conflict, "2-factor authentication is off already."), about)
		}
		if err := mayBeWithout(w.Call, w.Tx.ReadTx, u); err != nil {
			return w.Deny(err, about)
		}
		if _, err := w.Tx.RemoveFactors(u.Ref()); err != nil {
			return w.Fail(fmt.Errorf("remove second factors: %w", err))
		}
		return o.renewed(w, byPassword, about)
	}, nil
}

func (o *Operations) beginCodes(_ *op.Preparing, _ None) (op.Commit[CodesBegun], error) {
	return func(w *op.Writing[CodesBegun]) op.Outcome[CodesBegun] {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		about := op.Entry{Object: userObject(u.User)}
		if !u.HasFactor {
			return w.Refuse(problem.New(problem.Conflict, "Recovery codes come with your first second factor. Please activate one."), about)
		}
		shown, kept := recoveryCodes(o.deps.Vault)
		expires := w.Tx.Now().Add(enrolmentWait)
		token, err := beginCeremony(w.Tx, o.deps.Vault, recoveryCeremony, codesState{w.Actor.Session(), kept}, expires)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(CodesBegun{token, expires, shown}, about)
	}, nil
}

func (o *Operations) confirmCodes(_ *op.Preparing, in CeremonyInput) (op.Commit[Renewed], error) {
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		u, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		about := op.Entry{Object: userObject(u.User)}
		c, err := takeCeremony[codesState](w.Tx, o.deps.Vault, recoveryCeremony, in.Ceremony)
		if err != nil {
			return w.Deny(err, about)
		}
		if c.state.Session != w.Actor.Session() || !u.HasFactor {
			return w.Refuse(errCeremonyOver, about)
		}
		if err := w.Tx.ReplaceRecoveryCodes(u.Ref(), c.state.Recovery); err != nil {
			return w.Fail(fmt.Errorf("keep recovery codes: %w", err))
		}
		return o.renewed(w, w.Actor.Means(), about)
	}, nil
}
