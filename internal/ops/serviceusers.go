package ops

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/calendar"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// ServiceTerms are what a service user lives by.
type ServiceTerms struct {
	Owner     UserName     `json:"owner"`     // who answers for it
	ExpiresOn calendar.Day `json:"expiresOn"` // the last day, UTC, on which it may do anything
	Expired   bool         `json:"expired"`
	Purpose   string       `json:"purpose"` // empty: nobody said
}

// UserName is a user in an answer about something else.
type UserName struct {
	ID   id.User `json:"id"`
	Name string  `json:"name"`
}

// showTerms are null of a person.
func showTerms(l store.Listed, now time.Time) *ServiceTerms {
	if l.Kind() != user.Service {
		return nil
	}
	return &ServiceTerms{UserName{l.Terms.Owner, l.OwnerName}, l.Terms.ExpiresOn, l.Expired(now), l.Terms.Purpose}
}

// mostOwnedShown is how many service users the screen of their owner lists.
const mostOwnedShown = 100

// ownedBy are the service users that a user answers for.
func ownedBy(tx store.ReadTx, owner store.UserRef) ([]UserName, error) {
	all := []UserName{}
	owned, err := tx.OwnedBy(owner, mostOwnedShown)
	for _, s := range owned {
		all = append(all, UserName{s.ID, s.Name})
	}
	return all, err
}

// AddServiceUserInput is a new program.
type AddServiceUserInput struct {
	Login     string    `json:"login"`
	Name      string    `json:"name"`
	Purpose   string    `json:"purpose,omitempty"` // what it is for
	Owner     id.User   `json:"owner"`             // an active person of the account
	ExpiresOn string    `json:"expiresOn"`         // 2027-03-01, at most two years ahead
	Roles     []id.Role `json:"roles"`

	AccessPoints []string `json:"accessPoints,omitempty"` // API, ISPROXY; both when left out
	IPRules      []string `json:"ipRules,omitempty"`      // addresses and ranges; none: from anywhere
}

// UpdateServiceUserInput is what shall become of a service user; what is left
// out stays.
type UpdateServiceUserInput struct {
	ID        id.User   `json:"id"`
	Name      *string   `json:"name,omitempty"`
	Purpose   *string   `json:"purpose,omitempty"` // empty: none
	Owner     *id.User  `json:"owner,omitempty"`
	ExpiresOn *string   `json:"expiresOn,omitempty"`
	Roles     []id.Role `json:"roles,omitempty"`

	AccessPoints []string `json:"accessPoints,omitempty"` // API, ISPROXY
	IPRules      []string `json:"ipRules,omitempty"`      // addresses and ranges; one empty text: from anywhere
}

// HandOverServiceUsersInput says whose service users get which owner.
type HandOverServiceUsersInput struct {
	ID    id.User `json:"id"`    // the owner until now
	Owner id.User `json:"owner"` // from now on
}

// HandedOver says how many service users have another owner now.
type HandedOver struct {
	ServiceUsers int `json:"serviceUsers"`
}

type serviceUserOps struct {
	Add      *op.Op[AddServiceUserInput, User]
	Update   *op.Op[UpdateServiceUserInput, User]
	HandOver *op.Op[HandOverServiceUsersInput, HandedOver]
}

func (o *Operations) addServiceUsers() {
	o.ServiceUsers.Add = op.Write(&o.table, op.Spec{
		Name: "serviceUsers.add", Route: "POST /service-users", Event: "serviceUser.added", Creates: "/users/{id}",
		Summary: "Add a service user: a program of its own, which nobody signs in as. It has an owner, and ends on a day.",
	}, op.Holds(access.ManageUser).SteppedUp(), addServiceUser)
	o.ServiceUsers.Update = op.Write(&o.table, op.Spec{
		Name: "serviceUsers.update", Route: "PATCH /service-users/{id}", Event: "serviceUser.updated",
		Summary: "Change what is given of a service user: everything but the login.",
	}, op.Holds(access.ManageUser).SteppedUp(), updateServiceUser)
	o.ServiceUsers.HandOver = op.Write(&o.table, op.Spec{
		Name: "serviceUsers.handOver", Route: "POST /users/{id}/hand-over-service-users", Event: "serviceUser.handed_over",
		Summary: "Give all service users of one owner to another, who answers for them from now on: before a leaver is deactivated.",
	}, op.Holds(access.ManageUser).SteppedUp(), handOverServiceUsers)
}

// findOwner finds who shall answer for service users, and notes what is wrong
// with the choice.
func findOwner(tx store.ReadTx, scope access.Scope, form *field.Form, u id.User) (store.Listed, error) {
	if u == "" {
		form.Add("owner", field.Missing())
		return store.Listed{}, nil
	}
	found, err := tx.User(scope, u)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return found, fmt.Errorf("find owner: %w", err)
	}
	if err != nil || found.Kind() != user.Person || found.State != user.Active {
		form.Add("owner", field.Wrong(problem.NotActivePerson, "The owner has to be an active person of this account. Please choose somebody else."))
		return store.Listed{}, nil
	}
	return found, nil
}

// noWeb notes that a service user cannot have the access point of people.
func noWeb(form *field.Form, p entry.Points) {
	if p.Has(entry.Web) {
		form.Add("accessPoints", field.Wrong(problem.NotAllowed, "Nobody signs in as a service user, so it cannot have WEB. Please choose API, ISPROXY or both."))
	}
}

func addServiceUser(_ *op.Preparing, in AddServiceUserInput) (op.Commit[User], error) {
	return func(w *op.Writing[User]) op.Outcome[User] {
		var form field.Form
		u := user.User{
			ID: id.NewUser(), Account: w.Actor.Account(), State: user.Active, CreatedAt: w.Tx.Now(),
			Login: field.Read(&form, "login", user.ParseLogin, in.Login),
			Name:  field.Read(&form, "name", user.ParseName, in.Name),
			Entry: entry.Rules{Points: entry.OnlyPoints(entry.API, entry.ISProxy)},
		}
		u.Terms.Purpose = field.Optional(&form, "purpose", user.ParsePurpose, in.Purpose)
		u.Terms.ExpiresOn = field.Read(&form, "expiresOn", user.ParseExpiry(w.Tx.Now()), in.ExpiresOn)
		u.Entry = entryInput{in.AccessPoints, in.IPRules}.apply(&form, u.Entry, activity.Detail{})
		noWeb(&form, u.Entry.Points)
		owner, err := findOwner(w.Tx.ReadTx, w.Scope(), &form, in.Owner)
		if err != nil {
			return w.Fail(err)
		}
		roles, err := grantable(w.Tx.ReadTx, w.Actor, &form, in.Roles)
		if err != nil {
			return w.Fail(err)
		}
		taken, err := w.Tx.LoginTaken(u.Login)
		if err != nil {
			return w.Fail(fmt.Errorf("look for login: %w", err))
		}
		if u.Login != "" && taken {
			form.Add("login", loginTaken())
		}
		if err := form.Err(); ungrantable(err) {
			return w.Deny(err, op.Entry{})
		} else if err != nil {
			return w.Fail(err)
		}
		u.Terms.Owner = owner.ID
		ids, names := []id.Role{}, []string{}
		for _, r := range roles {
			ids, names = append(ids, r.ID), append(names, r.Name)
		}
		if _, err := w.Tx.AddUser(u, "", ids...); err != nil {
			return w.Fail(fmt.Errorf("add service user: %w", err))
		}
		ways := showEntry(u.Entry)
		return changed(w, u.ID, op.Entry{Object: userObject(u), Detail: activity.Detail{
			"login": u.Login, "roles": names, "owner": owner.Name, "expiresOn": u.Terms.ExpiresOn,
			"accessPoints": ways.AccessPoints, "ipRules": ways.IPRules,
		}})
	}, nil
}

func updateServiceUser(_ *op.Preparing, in UpdateServiceUserInput) (op.Commit[User], error) {
	return func(w *op.Writing[User]) op.Outcome[User] {
		t, about, err := acting(w, in.ID, UpdateUser)
		if err != nil {
			return w.Deny(err, about)
		}
		if t.Kind() != user.Service {
			return w.Refuse(problem.Newf(problem.ServiceUser, "%s is a person: an owner and a last day are for service users only.", t.Name), about)
		}
		var form field.Form
		u, detail := t.User, activity.Detail{}
		change(&form, detail, "name", user.ParseName, in.Name, &u.Name)
		in.terms(&form, w.Tx.Now(), &u.Terms, detail)
		owner, err := in.owner(w.Tx.ReadTx, w.Scope(), &form, t, detail)
		if err != nil {
			return w.Fail(err)
		}
		u.Entry = entryInput{in.AccessPoints, in.IPRules}.apply(&form, u.Entry, detail)
		noWeb(&form, u.Entry.Points)
		about.Detail = detail
		roles, err := newRoles(w, t, &form, in.Roles, detail)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := form.Err(); ungrantable(err) {
			return w.Deny(err, op.Entry{Object: about.Object})
		} else if err != nil {
			return w.Fail(err)
		}
		if len(detail) == 0 { // nothing is different
			return changed(w, t.ID, about)
		}
		if err := writeUpdate(w.Tx, t, u, roles, ""); err != nil {
			return w.Fail(err)
		}
		if err := w.Tx.UpdateTerms(t.Ref(), owner, u.Terms); err != nil {
			return w.Fail(fmt.Errorf("update terms of service user: %w", err))
		}
		return changed(w, t.ID, about)
	}, nil
}

// terms reads end and purpose. A last day that stays may be over.
func (in UpdateServiceUserInput) terms(form *field.Form, now time.Time, t *user.Terms, detail activity.Detail) {
	if in.ExpiresOn != nil && *in.ExpiresOn != string(t.ExpiresOn) {
		change(form, detail, "expiresOn", user.ParseExpiry(now), in.ExpiresOn, &t.ExpiresOn)
	}
	changeOptional(form, detail, "purpose", user.ParsePurpose, in.Purpose, &t.Purpose)
}

// owner is who answers for the service user from now on.
func (in UpdateServiceUserInput) owner(tx store.ReadTx, scope access.Scope, form *field.Form, t target, detail activity.Detail) (store.UserRef, error) {
	if in.Owner == nil || *in.Owner == t.Terms.Owner {
		stays, err := tx.User(scope, t.Terms.Owner)
		if err != nil {
			err = fmt.Errorf("find owner: %w", err)
		}
		return stays.Ref(), err
	}
	found, err := findOwner(tx, scope, form, *in.Owner)
	if found.ID != "" {
		detail["owner"] = activity.Detail{"before": t.OwnerName, "after": found.Name}
	}
	return found.Ref(), err
}

// handOverServiceUsers asks the guards of every single one: who owns what holds
// more than the caller does is not the caller's to say. Should there be more
// than store.MaxOwned, the rest stays, and keeps the owner until they are asked
// about as well.
func handOverServiceUsers(_ *op.Preparing, in HandOverServiceUsersInput) (op.Commit[HandedOver], error) {
	return func(w *op.Writing[HandedOver]) op.Outcome[HandedOver] {
		from, err := w.Tx.User(w.Scope(), in.ID)
		if err != nil {
			return w.Fail(fmt.Errorf("find owner: %w", err))
		}
		about := op.Entry{Object: userObject(from.User)}
		var form field.Form
		to, err := findOwner(w.Tx.ReadTx, w.Scope(), &form, in.Owner)
		if err != nil {
			return w.Fail(err)
		}
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if to.ID == from.ID {
			return w.Refuse(problem.Newf(problem.Conflict, "%s is their owner already.", from.Name), about)
		}
		owned, err := w.Tx.OwnedBy(from.Ref(), store.MaxOwned)
		if err != nil {
			return w.Fail(fmt.Errorf("find service users: %w", err))
		}
		targets, logins := []target{}, []user.Login{}
		for _, s := range owned { // all are asked about before one is changed: a refusal stays
			t, _, err := acting(w, s.ID, UpdateUser)
			if err != nil {
				return w.Deny(err, about)
			}
			targets, logins = append(targets, t), append(logins, s.Login)
		}
		for _, t := range targets {
			if err := w.Tx.UpdateTerms(t.Ref(), to.Ref(), t.Terms); err != nil {
				return w.Fail(fmt.Errorf("hand over service user: %w", err))
			}
		}
		if len(logins) == 0 {
			return w.Refuse(problem.Newf(problem.Conflict, "%s is the owner of no service user.", from.Name), about)
		}
		about.Detail = activity.Detail{"owner": activity.Detail{"before": from.Name, "after": to.Name}, "serviceUsers": logins}
		return w.Done(HandedOver{len(logins)}, about)
	}, nil
}

// ofKinds narrows the filter by second factors, nil when there is none, to users
// of these kinds. How people stand with second factors says nothing of service
// users, so a filter by that leaves none of them.
func ofKinds(kinds []user.Kind, factors []store.SecondFactor) []store.SecondFactor {
	if kinds == nil {
		return factors
	}
	if factors == nil {
		factors = []store.SecondFactor{store.FactorOn, store.FactorForced, store.FactorNone, store.FactorService}
	}
	return slices.DeleteFunc(factors, func(f store.SecondFactor) bool {
		if f == store.FactorService {
			return !slices.Contains(kinds, user.Service)
		}
		return !slices.Contains(kinds, user.Person)
	})
}
