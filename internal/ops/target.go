package ops

import (
	"fmt"
	"slices"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Act is something that is done to a user by somebody else.
type Act string

// The acts.
const (
	UpdateUser     Act = "update"
	ChangeContact  Act = "contact" // e-mail address and mobile number
	ChangeRoles    Act = "roles"
	ChangePoints   Act = "accessPoints"
	ChangeRanges   Act = "ipRules"
	DeactivateUser Act = "deactivate"
	ReactivateUser Act = "reactivate"
	DeleteUser     Act = "delete"
	ReissueUser    Act = "reissue"
	ResetFactors   Act = "resetSecondFactors"
	ReopenPassword Act = "reopenApiPassword"
	EndSessions    Act = "endSessions"
)

// Acts lists them all, in the order in which people see them.
func Acts() []Act {
	return []Act{UpdateUser, ChangeContact, ChangeRoles, ChangePoints, ChangeRanges, ReissueUser, ResetFactors, ReopenPassword, EndSessions, DeactivateUser, ReactivateUser, DeleteUser}
}

// target is a user somebody acts on, with what the guards need to know. There
// is no other way to one, so that no act can go without them.
type target struct {
	store.Listed
	roles  []access.Role // with their permissions
	rights access.Rights
	owns   int  // service users
	keys   int  // those that are over too
	shut   bool // the password no longer works on API and ISProxy
}

// findTarget finds a user in the caller's account.
func findTarget(tx store.ReadTx, c op.Call, u id.User) (target, error) {
	found, err := tx.User(c.Scope(), u)
	if err != nil {
		return target{}, fmt.Errorf("find user: %w", err)
	}
	t := target{Listed: found}
	if t.roles, err = tx.RolesOf(found.Ref()); err != nil {
		return t, fmt.Errorf("find roles of user: %w", err)
	}
	for _, r := range t.roles {
		t.rights = t.rights.Or(r.Rights(c.Actor.Operator()))
	}
	if t.owns, err = tx.CountOwned(found.Ref()); err != nil {
		return t, fmt.Errorf("count service users of user: %w", err)
	}
	if t.keys, err = tx.CountKeys(found.Ref()); err != nil {
		return t, fmt.Errorf("count keys of user: %w", err)
	}
	if t.shut, err = tx.PasswordsShut(found.Ref()); err != nil {
		return t, fmt.Errorf("see whether the password of user works: %w", err)
	}
	return t, nil
}

// guard says why the caller may not do that to the user, whatever they hold;
// nil when they may.
//
//   - Nobody touches a user who holds more than they do (rule P3), nor their
//     own rights (P2). From where they come is theirs to say.
//   - The admin user of an account stays, and only the operator lets them in
//     again (U3, U4). The console is the operator's last resort (M5).
//   - A service user has no password, second factor or session (U8), and its
//     owner stays until it has another.
func (t target) guard(a access.Actor, act Act) *problem.Problem {
	console := a.Kind() == access.Console
	if !a.Rights().Covers(t.rights) {
		return problem.Newf(problem.Outranked, "%s holds permissions that you do not hold yourself. Please ask an administrator who does.", t.Name)
	}
	// Before one's own rights: the admin user is not to ask a colleague who could not either.
	if t.AdminUser && (act == DeactivateUser || act == DeleteUser) {
		return problem.New(problem.AdminUser, "The admin user of an account cannot be deleted or deactivated. When that person leaves, the operator hands the user over to somebody else.")
	}
	if a.User() == t.ID && act != UpdateUser && act != ChangeContact && act != ChangeRanges {
		return ownRights(act)
	}
	if t.AdminUser && !console {
		switch act {
		case ReissueUser, ResetFactors:
			return problem.New(problem.AdminUser, "Only the operator of this installation lets the admin user of an account in again. Please ask them.")
		case ChangeContact: // whoever moves it gets the link to a new password
			if a.User() != t.ID {
				return problem.New(problem.AdminUser, "Nobody but the admin user changes their own e-mail address and mobile number, in their profile: links that let them in go there. When that person leaves, the operator hands the user over.")
			}
		case ChangePoints, ChangeRanges: // shut out everywhere is as good as deactivated
			if a.User() != t.ID {
				return problem.New(problem.AdminUser, "Nobody but the admin user decides from where the admin user of an account comes in, so that nobody can shut them out.")
			}
		case UpdateUser, ChangeRoles, ReopenPassword, DeactivateUser, ReactivateUser, DeleteUser, EndSessions:
		}
	}
	return t.state(act)
}

func ownRights(act Act) *problem.Problem {
	switch act {
	case ReissueUser:
		return problem.New(problem.OwnRights, "You are signed in: please change your password in your profile.")
	case ResetFactors:
		return problem.New(problem.OwnRights, "Please manage your own second factors in your profile.")
	case EndSessions:
		return problem.New(problem.OwnRights, "Please end your own sessions in your profile.")
	case ReopenPassword:
		return problem.New(problem.OwnRights, "Nobody lets their own password work again. Please ask another administrator.")
	case UpdateUser, ChangeContact, ChangeRoles, ChangePoints, ChangeRanges, DeactivateUser, ReactivateUser, DeleteUser:
	}
	return problem.New(problem.OwnRights, "Nobody changes their own rights. Please ask another administrator.")
}

// state says why the act makes no sense for the user as it is.
func (t target) state(act Act) *problem.Problem {
	if t.Kind() == user.Service {
		switch act {
		case ReissueUser, ResetFactors, EndSessions:
			return problem.Newf(problem.ServiceUser, "%s is a service user: nobody signs in as one, so it has no password, second factor or session.", t.Name)
		case ReopenPassword:
			return problem.Newf(problem.ServiceUser, "%s is a service user, and has no password.", t.Name)
		case UpdateUser, ChangeContact, ChangeRoles, ChangePoints, ChangeRanges, DeactivateUser, ReactivateUser, DeleteUser:
		}
	}
	switch act {
	case DeactivateUser:
		if _, ok := t.State.Deactivate(); !ok {
			return problem.Newf(problem.Conflict, "%s is deactivated already.", t.Name)
		}
		return t.ownerless()
	case DeleteUser:
		return t.ownerless()
	case ReactivateUser:
		if t.State != user.Deactivated {
			return problem.Newf(problem.Conflict, "%s is not deactivated.", t.Name)
		}
	case ReissueUser:
		if t.State == user.Deactivated {
			return problem.Newf(problem.Conflict, "%s is deactivated. Please reactivate the user first.", t.Name)
		}
	case ResetFactors:
		if !t.HasFactor {
			return problem.Newf(problem.Conflict, "%s has no second factor.", t.Name)
		}
	case ReopenPassword:
		return t.reopens()
	case UpdateUser, ChangeContact, ChangeRoles, ChangePoints, ChangeRanges, EndSessions:
	}
	return nil
}

// reopens says why the password does not work on API and ISProxy again; nil
// when it may. Beside a key or a second factor it would make them worth nothing
// (K5).
func (t target) reopens() *problem.Problem {
	switch {
	case !t.shut:
		return problem.Newf(problem.Conflict, "The password of %s is not shut out.", t.Name)
	case t.HasFactor || t.keys > 0:
		return problem.Newf(problem.Conflict, "%s has API keys or a second factor. A password that works beside them would make them worth nothing; please use a key.", t.Name)
	}
	return nil
}

// ownerless refuses to leave service users without somebody who answers for
// them.
func (t target) ownerless() *problem.Problem {
	switch {
	case t.owns == 0:
		return nil
	case t.owns == 1:
		return problem.Newf(problem.OwnsServiceUsers, "%s is the owner of a service user. Please give it another owner first.", t.Name)
	}
	return problem.Newf(problem.OwnsServiceUsers, "%s is the owner of %d service users. Please give them another owner first.", t.Name, t.owns)
}

// May tells whether the caller could do something to a user now, and else why
// not, so that a page can say it on the spot.
type May struct {
	Act     Act          `json:"act"`
	Allowed bool         `json:"allowed"`
	Code    problem.Code `json:"code,omitempty"`   // of the problem it would be
	Detail  string       `json:"detail,omitempty"` // the same, in words
}

func (t target) may(c op.Call) []May {
	all := []May{}
	for _, act := range Acts() {
		m := May{Act: act, Allowed: true}
		if d := access.Authorize(c.Actor, access.ManageUser, "", c.Source); !d.Allowed {
			m = May{act, false, d.Reason, d.Text}
		} else if p := t.guard(c.Actor, act); p != nil {
			m = May{act, false, p.Code, p.Detail}
		}
		all = append(all, m)
	}
	return all
}

// dispensable refuses to take away the only one who can administer the account,
// and is asked within the transaction that would.
func (t target) dispensable(tx store.ReadTx, scope access.Scope) error {
	admin := slices.ContainsFunc(t.roles, func(r access.Role) bool { return r.BuiltIn == access.AdminRole })
	if !admin || t.State != user.Active || t.Kind() == user.Service {
		return nil
	}
	n, err := tx.ActiveAdmins(scope)
	if err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if n < 2 {
		return problem.New(problem.LastAdmin, "This would leave nobody who can administer the account. Please give somebody else the role Admin first.")
	}
	return nil
}
