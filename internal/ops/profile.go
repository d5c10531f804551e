package ops

import (
	"fmt"
	"time"

	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// Profile is everything about oneself.
type Profile struct {
	User              User                  `json:"user"`
	Account           AccountRef            `json:"account"`
	MFA               MFA                   `json:"mfa"` // by what works here
	AuthenticatorApps []App                 `json:"authenticatorApps"`
	SecurityKeys      []SecurityKey         `json:"securityKeys"`
	RecoveryCodesLeft int                   `json:"recoveryCodesLeft"`
	APIPasswordShut   bool                  `json:"apiPasswordShut"` // the password no longer works on API and ISProxy
	Permissions       []EffectivePermission `json:"permissions"`
}

// App is an authenticator app that is switched on.
type App struct {
	ID           id.AuthenticatorApp `json:"id"`
	Name         string              `json:"name"`
	CreatedAt    time.Time           `json:"createdAt"`
	LastUsedAt   *time.Time          `json:"lastUsedAt"`   // null: never
	LastUsedFrom string              `json:"lastUsedFrom"` // an address; empty at a Desk
}

// UpdateProfileInput is what shall become of one's own details; what is left
// out stays.
type UpdateProfileInput struct {
	Name     *string `json:"name,omitempty"`
	Email    *string `json:"email,omitempty"`
	Mobile   *string `json:"mobile,omitempty"` // empty: none
	Language *string `json:"language,omitempty"`
}

// ChangePasswordInput is the password one has, and the one to have.
type ChangePasswordInput struct {
	Current  secret.Text `json:"current"`
	Password secret.Text `json:"password"`
}

type profileOps struct {
	Show             *op.Op[None, Profile]
	Update           *op.Op[UpdateProfileInput, User]
	ChangePassword   *op.Op[ChangePasswordInput, Renewed]
	Activity         *op.Op[OwnActivity, Page[Record]]
	Sessions         *op.Op[OwnSessions, Page[OpenSession]]
	EndSession       *op.Op[SessionID, None]
	EndOtherSessions *op.Op[None, Ended]
	Notices          *op.Op[NoticeList, Page[Notice]]
	ReadNotices      *op.Op[ReadNoticesInput, Unread]
}

func (o *Operations) addProfile() {
	o.Profile.Show = op.Read(&o.table, op.Spec{
		Name: "profile.show", Route: "GET /profile", Kept: time.Second,
		Summary: "One's own details, second factors and effective permissions.",
	}, op.Enrolling().KeysToo(), o.showProfile)
	o.Profile.Update = op.Write(&o.table, op.Spec{
		Name: "profile.update", Route: "PATCH /profile", Event: "profile.updated",
		Summary: "Change one's own name, e-mail, mobile and language. A new e-mail address ends the other sessions.",
	}, op.Oneself().SteppedUp(), updateProfile)
	o.Profile.ChangePassword = op.Write(&o.table, op.Spec{
		Name: "profile.changePassword", Route: "POST /profile/password", Event: "password.changed",
		Summary: "Change one's own password. The other sessions end.",
	}, op.Oneself().SteppedUp(), o.changePassword)
	o.Profile.Activity = op.Read(&o.table, op.Spec{
		Name: "profile.activity", Route: "GET /profile/activity",
		Summary: "What one did oneself, and what was done to one.",
	}, op.Oneself(), func(r *op.Reading, in OwnActivity) (Page[Record], error) {
		return records(r, ActivityList{
			Paging: in.Paging, Event: in.Event, Outcome: in.Outcome, At: in.At, Since: in.Since, Until: in.Until, Order: in.Order,
			Person: string(r.Actor.User()),
		})
	})
	o.Profile.Sessions = op.Read(&o.table, op.Spec{
		Name: "profile.sessions", Route: "GET /profile/sessions",
		Summary: "Where one is signed in right now.",
	}, op.Oneself(), func(r *op.Reading, in OwnSessions) (Page[OpenSession], error) {
		u, err := r.Tx.User(r.Scope(), r.Actor.User())
		if err != nil {
			return Page[OpenSession]{}, fmt.Errorf("find oneself: %w", err)
		}
		return sessionPage(r, u, SessionList{Paging: in.Paging, SessionFilters: in.SessionFilters})
	})
	o.Profile.EndSession = op.Write(&o.table, op.Spec{
		Name: "profile.endSession", Route: "DELETE /profile/sessions/{id}", Event: "session.ended",
		Summary: "End one of one's own other sessions at once.",
	}, op.Oneself(), endOwnSession)
	o.Profile.EndOtherSessions = op.Write(&o.table, op.Spec{
		Name: "profile.endOtherSessions", Route: "DELETE /profile/sessions", Event: "session.all_ended",
		Summary: "End all of one's own sessions but this one.",
	}, op.Oneself(), endOwnOthers)
}

func (o *Operations) showProfile(r *op.Reading, _ None) (Profile, error) {
	u, err := r.Tx.User(r.Scope(), r.Actor.User())
	if err != nil {
		return Profile{}, fmt.Errorf("find oneself: %w", err)
	}
	a, err := r.Tx.Account(r.Scope())
	if err != nil {
		return Profile{}, fmt.Errorf("find own account: %w", err)
	}
	roles, err := r.Tx.RolesOf(u.Ref())
	if err != nil {
		return Profile{}, fmt.Errorf("find own roles: %w", err)
	}
	site, err := o.siteID(r.Tx, r.Source)
	if err != nil {
		return Profile{}, err
	}
	f, err := r.Tx.Factors(u.Ref(), site)
	if err != nil {
		return Profile{}, fmt.Errorf("count second factors: %w", err)
	}
	factors, err := factorsOfUser(r.Tx, u.Ref(), site)
	if err != nil {
		return Profile{}, err
	}
	shut, err := r.Tx.PasswordsShut(u.Ref())
	return Profile{
		User: showUser(u, a, r.Tx.Now()), Account: AccountRef{a.ID, a.Handle, a.Name}, MFA: mfaStatus(a, u, f.Work(), r.Tx.Now()),
		AuthenticatorApps: factors.apps, SecurityKeys: factors.keys, RecoveryCodesLeft: factors.codesLeft,
		APIPasswordShut: shut, Permissions: effective(roles, r.Actor.Operator()),
	}, err
}

// shownFactors are the second factors of a user.
type shownFactors struct {
	apps      []App
	keys      []SecurityKey
	codesLeft int
}

// factorsOfUser lists the second factors of a user, and how many recovery
// codes are left, to somebody at a site.
func factorsOfUser(tx store.ReadTx, u store.UserRef, site string) (f shownFactors, err error) {
	apps, err := tx.AuthenticatorApps(u)
	if err != nil {
		return f, fmt.Errorf("find authenticator apps: %w", err)
	}
	f.apps = []App{}
	for _, a := range apps {
		f.apps = append(f.apps, App{a.ID, a.Name, a.CreatedAt, orNil(a.LastUsedAt), a.LastUsedFrom})
	}
	keys, err := tx.SecurityKeys(u)
	if err != nil {
		return f, fmt.Errorf("find security keys: %w", err)
	}
	f.keys = []SecurityKey{}
	for _, k := range keys {
		f.keys = append(f.keys, showSecurityKey(k, site))
	}
	if f.codesLeft, err = tx.RecoveryCodesLeft(u); err != nil {
		return f, fmt.Errorf("count recovery codes: %w", err)
	}
	return f, nil
}

// orNil gives the zero time as null.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func updateProfile(_ *op.Preparing, in UpdateProfileInput) (op.Commit[User], error) {
	return func(w *op.Writing[User]) op.Outcome[User] {
		before, err := w.Tx.User(w.Scope(), w.Actor.User())
		if err != nil {
			return w.Fail(fmt.Errorf("find oneself: %w", err))
		}
		var form field.Form
		u := before.User
		about := op.Entry{Object: userObject(u)}
		about.Detail = details(in).apply(&form, &u)
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if len(about.Detail) == 0 {
			return changed(w, u.ID, about)
		}
		if u.Email != before.Email {
			if err := mayMove(w.Tx, before.ID); err != nil {
				return w.Deny(err, op.Entry{Object: about.Object})
			}
		}
		if err := w.Tx.UpdateUser(before.Ref(), u); err != nil {
			return w.Fail(fmt.Errorf("update oneself: %w", err))
		}
		if u.Email != before.Email {
			if err := leaveMailbox(w.Tx, before.Ref(), w.Actor.Session()); err != nil {
				return w.Fail(err)
			}
		}
		return changed(w, u.ID, about)
	}, nil
}

var errPasswordWrong = problem.New(problem.PasswordWrong, "That is not your current password. Please check it and try again.")

// changePassword verifies and hashes outside the transaction, and decides
// within it, as signIn does.
func (o *Operations) changePassword(p *op.Preparing, in ChangePasswordInput) (op.Commit[Renewed], error) {
	var before store.Listed
	var about password.About
	var kept string
	strength := password.Alone
	err := p.Read(func(tx store.ReadTx) (err error) {
		if before, err = tx.User(p.Scope(), p.Actor.User()); err != nil {
			return err
		}
		a, err := tx.Account(p.Scope())
		if err != nil {
			return err
		}
		about = aboutUser(a, before.User)
		strength = strengthOf(a, before, tx.Now())
		kept, err = tx.PasswordHash(before.Ref())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find oneself: %w", err)
	}
	var form field.Form
	if in.Current.IsZero() {
		form.Add("current", field.Missing())
	}
	chosen := readPassword(&form, in.Password, strength, about)
	if err := form.Err(); err != nil {
		return nil, err
	}
	k := knock{o.atLogin(before.Login.Folded()), atAddress(p.Source)}
	t, err := o.tryPassword(p, k, kept, in.Current)
	if err != nil {
		return nil, err
	}
	hash := ""
	if t.right {
		if hash, err = o.deps.Hasher.Hash(p, chosen); err != nil {
			return nil, fmt.Errorf("hash password: %w", err)
		}
	}
	return func(w *op.Writing[Renewed]) op.Outcome[Renewed] {
		self := store.Self(w.Actor)
		entry := op.Entry{Object: userObject(before.User)}
		now, err := w.Tx.PasswordHash(self)
		if err != nil {
			return w.Fail(fmt.Errorf("find password: %w", err))
		}
		if now != kept { // nobody looked at this one
			return w.Fail(op.ErrStale)
		}
		if refusal, err := weigh(w.Tx, k, t); err != nil {
			return w.Fail(err)
		} else if refusal != nil {
			return w.Refuse(refusal, entry)
		}
		if err := w.Tx.SetPassword(self, hash); err != nil {
			return w.Fail(fmt.Errorf("set password: %w", err))
		}
		if err := dropActivation(w.Tx, self); err != nil { // a link to a new one is of no use now
			return w.Fail(err)
		}
		renewed, ended, err := o.renew(w.Call, w.Tx, w.Actor.Means())
		if err != nil {
			return w.Fail(err)
		}
		entry.Detail = activity.Detail{"sessionsEnded": ended}
		return w.Done(renewed, entry)
	}, nil
}

func endOwnSession(_ *op.Preparing, in SessionID) (op.Commit[None], error) {
	return func(w *op.Writing[None]) op.Outcome[None] {
		if in.ID == w.Actor.Session() {
			return w.Refuse(problem.New(problem.Conflict, "This is the session you are using. Please sign out instead."), op.Entry{Object: sessionObject(in.ID)})
		}
		if err := w.Tx.EndSession(store.Self(w.Actor), in.ID); err != nil {
			return w.Fail(fmt.Errorf("end session: %w", err))
		}
		return w.Done(None{}, op.Entry{Object: sessionObject(in.ID)})
	}, nil
}

func endOwnOthers(_ *op.Preparing, _ None) (op.Commit[Ended], error) {
	return func(w *op.Writing[Ended]) op.Outcome[Ended] {
		n, err := w.Tx.EndOtherSessions(store.Self(w.Actor), w.Actor.Session())
		if err != nil {
			return w.Fail(fmt.Errorf("end other sessions: %w", err))
		}
		return w.Done(Ended{n}, op.Entry{Object: sessionObject(w.Actor.Session()), Detail: activity.Detail{"sessionsEnded": n}})
	}, nil
}
