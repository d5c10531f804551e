package ops

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// User is a user as administrators see one.
type User struct {
	ID         id.User       `json:"id"`
	Login      user.Login    `json:"login"`
	Name       string        `json:"name"`
	Email      user.Email    `json:"email"` // a service user has none, and no language
	Mobile     user.Mobile   `json:"mobile"`
	Language   user.Language `json:"language"`
	Kind       user.Kind     `json:"kind"`
	Status     user.State    `json:"status"`
	Roles      []RoleRef     `json:"roles"`
	MFA        MFA           `json:"mfa"` // off of a service user, and never demanded
	ForceMFA   bool          `json:"forceMfa"`
	AdminUser  bool          `json:"adminUser"` // the first of the account, who cannot be deleted
	Service    *ServiceTerms `json:"service"`   // null: a person
	Entry                    // by which ways and from where
	CreatedAt  time.Time     `json:"createdAt"`
	LastSeenAt *time.Time    `json:"lastSeenAt"` // null: never
}

func showUser(l store.Listed, a account.Account, now time.Time) User {
	roles := []RoleRef{}
	for _, r := range l.Roles {
		roles = append(roles, RoleRef{r.ID, r.Name})
	}
	return User{
		ID: l.ID, Kind: l.Kind(), Login: l.Login, Name: l.Name, Email: l.Email, Mobile: l.Mobile, Language: l.Language,
		Status: l.State, Roles: roles, MFA: mfaStatus(a, l, l.HasFactor, now), ForceMFA: l.ForceMFA, AdminUser: l.AdminUser,
		Service: showTerms(l, now), Entry: showEntry(l.Entry),
		CreatedAt: l.CreatedAt, LastSeenAt: orNil(l.LastSeenAt),
	}
}

// UserList asks for a page of users.
type UserList struct {
	Paging
	Q      string          `json:"q,omitempty"`      // part of name, login or e-mail
	Status listing.Filter  `json:"status,omitempty"` // invited, active, deactivated
	Kind   listing.Filter  `json:"kind,omitempty"`   // person, service
	MFA    listing.Filter  `json:"mfa,omitempty"`    // on, off, setup_required: of people
	Role   id.Role         `json:"role,omitempty"`   // whoever has it
	Order  store.UserOrder `json:"order,omitempty"`  // name, login, createdAt or lastSeenAt; with - the other way round

	Login      listing.Filter `json:"login,omitempty"`
	Name       listing.Filter `json:"name,omitempty"`
	Email      listing.Filter `json:"email,omitempty"`
	Language   listing.Filter `json:"language,omitempty"`
	ForceMFA   listing.Filter `json:"forceMfa,omitempty"`
	AdminUser  listing.Filter `json:"adminUser,omitempty"`
	CreatedAt  listing.Filter `json:"createdAt,omitempty"`
	LastSeenAt listing.Filter `json:"lastSeenAt,omitempty"` // null: never
}

// Filters implements Filtered.
func (UserList) Filters() []listing.Field {
	return []listing.Field{
		words("status", user.States()), words("kind", user.Kinds()), words("mfa", mfaStates()),
		{Name: "login", Kind: listing.Text, Fold: foldLogin},
		folded("name"), lowered("email"), words("language", user.Languages()),
		truths("forceMfa"), truths("adminUser"), times("createdAt"), orNull(times("lastSeenAt")),
	}
}

func mfaStates() []signin.MFAState {
	return []signin.MFAState{signin.MFAOn, signin.MFAOff, signin.MFASetupRequired}
}

// UserID names a user.
type UserID struct {
	ID id.User `json:"id"`
}

// AddUserInput is a new colleague.
type AddUserInput struct {
	Login    string    `json:"login"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Language string    `json:"language"`
	Roles    []id.Role `json:"roles"`
	Mobile   string    `json:"mobile,omitempty"`
	ForceMFA bool      `json:"forceMfa,omitempty"`
	HandOver bool      `json:"handOver,omitempty"` // give me link and code, do not mail them

	AccessPoints []string `json:"accessPoints,omitempty"` // WEB, API, ISPROXY; all when left out
	IPRules      []string `json:"ipRules,omitempty"`      // addresses and ranges; none: from anywhere
}

// ReissueInput says for whom, and how it gets there.
type ReissueInput struct {
	ID       id.User `json:"id"`
	HandOver bool    `json:"handOver,omitempty"` // give me link and code, do not mail them
}

// handing is what somebody asked for.
func handing(over bool) Handing {
	if over {
		return HandOver
	}
	return Mailed
}

// UserDetail is everything an administrator may know of a user.
type UserDetail struct {
	User              User                  `json:"user"`
	Permissions       []EffectivePermission `json:"permissions"`
	AuthenticatorApps []App                 `json:"authenticatorApps"`
	SecurityKeys      []SecurityKey         `json:"securityKeys"`
	RecoveryCodesLeft int                   `json:"recoveryCodesLeft"`
	Activation        *PendingActivation    `json:"activation"`      // null: none waits
	Sessions          int                   `json:"sessions"`        // that are alive
	ServiceUsers      []UserName            `json:"serviceUsers"`    // that the user answers for, the first hundred
	Keys              int                   `json:"keys"`            // API keys, those that are over too
	APIPasswordShut   bool                  `json:"apiPasswordShut"` // the password no longer works on API and ISProxy
	May               []May                 `json:"may" cli:"-"`     // the console may nearly everything
}

// EffectivePermission is one that a user really holds, and through which
// roles.
type EffectivePermission struct {
	Permission access.Permission `json:"permission"`
	Roles      []RoleRef         `json:"roles"`
}

// PendingActivation is a link and code that was handed out and not used.
type PendingActivation struct {
	Purpose       Purpose   `json:"purpose"`
	IssuedAt      time.Time `json:"issuedAt"`
	ExpiresAt     time.Time `json:"expiresAt"`     // the link
	CodeExpiresAt time.Time `json:"codeExpiresAt"` // the code on paper
}

type userOps struct {
	List               *op.Op[UserList, Page[User]]
	Show               *op.Op[UserID, UserDetail]
	Add                *op.Op[AddUserInput, Added]
	Update             *op.Op[UpdateUserInput, User]
	Deactivate         *op.Op[UserID, User]
	Reactivate         *op.Op[UserID, User]
	Delete             *op.Op[UserID, None]
	Reissue            *op.Op[ReissueInput, ActivationIssued]
	ResetSecondFactors *op.Op[ResetInput, User]
	ReopenAPIPassword  *op.Op[ReopenInput, User]
	TestAddress        *op.Op[TestAddressInput, AddressTest]
}

func (o *Operations) addUsers() {
	o.Users.List = op.Read(&o.table, op.Spec{
		Name: "users.list", Route: "GET /users",
		Summary: "Users of the account, searched, filtered and sorted.",
	}, op.Holds(access.ViewUser), listUsers)
	o.Users.Show = op.Read(&o.table, op.Spec{
		Name: "users.show", Route: "GET /users/{id}",
		Summary: "One user of the account: roles, effective permissions, second factors, and what you may do to them.",
	}, op.Holds(access.ViewUser), o.showUserDetail)
	o.Users.Add = op.Write(&o.table, op.Spec{
		Name: "users.add", Route: "POST /users", Event: "user.added", Creates: "/users/{id}",
		Summary: "Add a user. The activation link goes by mail; where there is none, or with handOver, the answer holds link and code, once.",
	}, op.Holds(access.ManageUser).SteppedUp(), o.addUser)
	o.Users.Update = op.Write(&o.table, op.Spec{
		Name: "users.update", Route: "PATCH /users/{id}", Event: "user.updated",
		Summary: "Change what is given of a user: everything but the login. A new e-mail address and new IP rules end the user's sessions.",
	}, op.Holds(access.ManageUser).SteppedUp(), updateUser)
	o.Users.Deactivate = op.Write(&o.table, op.Spec{
		Name: "users.deactivate", Route: "POST /users/{id}/deactivate", Event: "user.deactivated",
		Summary: "Keep a user out until further notice: sessions end at once.",
	}, op.Holds(access.ManageUser), deactivateUser)
	o.Users.Reactivate = op.Write(&o.table, op.Spec{
		Name: "users.reactivate", Route: "POST /users/{id}/reactivate", Event: "user.reactivated",
		Summary: "Let a deactivated user in again.",
	}, op.Holds(access.ManageUser).SteppedUp(), reactivateUser)
	o.Users.Delete = op.Write(&o.table, op.Spec{
		Name: "users.delete", Route: "DELETE /users/{id}", Event: "user.deleted", Destroys: true,
		Summary: "Delete a user for good. The login is never used again; what the user did stays in the activity.",
	}, op.Holds(access.ManageUser).SteppedUp(), deleteUser)
	o.Users.Reissue = op.Write(&o.table, op.Spec{
		Name: "users.reissue", Route: "POST /users/{id}/activation", Event: "activation.issued",
		Summary: "A new activation for somebody who has not come yet or forgot the password, by mail or to hand over. Older ones are dead.",
	}, op.Holds(access.ManageUser).SteppedUp(), o.reissueUser)
	o.Users.ReopenAPIPassword = op.Write(&o.table, op.Spec{
		Name: "users.reopenApiPassword", Route: "POST /users/{id}/reopen-api-password", Event: "user.api_password_reopened",
		Summary: "Let a user's password work on API and ISProxy again, where the account allows it: for somebody without keys and second factors.",
	}, op.Holds(access.ManageUser).SteppedUp(), reopenAPIPassword)
	o.Users.ResetSecondFactors = op.Write(&o.table, op.Spec{
		Name: "users.resetSecondFactors", Route: "POST /users/{id}/reset-second-factors", Event: "mfa.reset", Destroys: true,
		Summary: "Remove a user's second factors after they lost them. Sessions end, and the next sign-in demands a new set-up.",
	}, op.Holds(access.ManageUser).SteppedUp(), resetFactors)
	o.Users.TestAddress = op.Read(&o.table, op.Spec{
		Name: "users.testAddress", Route: "GET /users/{id}/test-address",
		Summary: "Whether a user could come in from an address, by which of the IP rules, and to which access points.",
	}, op.Holds(access.ViewUser), testAddress)
}

func listUsers(r *op.Reading, in UserList) (Page[User], error) {
	limit, err := in.limit()
	if err != nil {
		return Page[User]{}, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.UserOrders()), searchable(in.Q)); err != nil {
		return Page[User]{}, err
	}
	f := store.UserFilter{
		Search: in.Q, Role: in.Role, Order: in.Order,
		Limit: limit, Offset: in.Offset, Cursor: in.Cursor, Uncounted: in.uncounted(),
	}
	a, err := r.Tx.Account(r.Scope())
	if err != nil {
		return Page[User]{}, fmt.Errorf("find own account: %w", err)
	}
	statuses, where := listing.Take(where, "status")
	mfas, where := listing.Take(where, "mfa")
	kinds, where := listing.Take(where, "kind")
	mfa, kind := listing.Among(mfaStates(), mfas), listing.Among(user.Kinds(), kinds)
	if mfa != nil {
		f.Factors = factorsOf(mfa, a, r.Tx.Now())
	}
	f.States, f.Factors, f.Where = listing.Among(user.States(), statuses), ofKinds(kind, f.Factors), where
	if nothing(f.States) || (mfa != nil || kind != nil) && len(f.Factors) == 0 {
		return pageOf(in.Paging, limit, store.Total{}, "", []User{}), nil
	}
	found, err := r.Tx.Users(r.Scope(), f)
	if err != nil {
		return Page[User]{}, fmt.Errorf("list users: %w", err)
	}
	users := []User{}
	for _, u := range found.Users {
		users = append(users, showUser(u, a, r.Tx.Now()))
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, users), nil
}

// factorsOf says which users of an account stand so with second factors now.
func factorsOf(states []signin.MFAState, a account.Account, now time.Time) []store.SecondFactor {
	all := []store.SecondFactor{}
	for _, f := range []store.SecondFactor{store.FactorOn, store.FactorForced, store.FactorNone} {
		state, _ := signin.MFA(a, f == store.FactorForced, f == store.FactorOn, now)
		if slices.Contains(states, state) {
			all = append(all, f)
		}
	}
	return all
}

func (o *Operations) showUserDetail(r *op.Reading, in UserID) (d UserDetail, err error) {
	t, err := findTarget(r.Tx, r.Call, in.ID)
	if err != nil {
		return d, err
	}
	a, err := r.Tx.Account(r.Scope())
	if err != nil {
		return d, fmt.Errorf("find own account: %w", err)
	}
	d.User, d.May, d.Permissions = showUser(t.Listed, a, r.Tx.Now()), t.may(r.Call), effective(t.roles, r.Actor.Operator())
	site, err := o.siteID(r.Tx, r.Source)
	if err != nil {
		return d, err
	}
	factors, err := factorsOfUser(r.Tx, t.Ref(), site)
	if err != nil {
		return d, err
	}
	d.AuthenticatorApps, d.SecurityKeys, d.RecoveryCodesLeft = factors.apps, factors.keys, factors.codesLeft
	sessions, err := r.Tx.SessionsOf(t.Ref())
	if err != nil {
		return d, fmt.Errorf("find sessions: %w", err)
	}
	d.Sessions = len(sessions)
	if d.ServiceUsers, err = ownedBy(r.Tx, t.Ref()); err != nil {
		return d, fmt.Errorf("find service users: %w", err)
	}
	d.Keys, d.APIPasswordShut = t.keys, t.shut
	d.Activation, err = pendingActivation(r.Tx, t.Ref())
	return d, err
}

// pendingActivation is what a user was handed and has not used; nil when there
// is nothing.
func pendingActivation(tx store.ReadTx, u store.UserRef) (*PendingActivation, error) {
	waits, err := tx.Activation(u)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find activation: %w", err)
	}
	return &PendingActivation{Purpose(waits.Purpose), waits.IssuedAt, waits.LinkExpiresAt, waits.CodeExpiresAt}, nil
}

// effective lists what roles add up to, each with the roles it comes from.
func effective(roles []access.Role, operator bool) []EffectivePermission {
	all := []EffectivePermission{}
	for _, d := range access.Catalogue() {
		e := EffectivePermission{d.Permission, []RoleRef{}}
		for _, r := range roles {
			if r.Rights(operator).Has(d.Permission) {
				e.Roles = append(e.Roles, RoleRef{r.ID, r.Name})
			}
		}
		if len(e.Roles) > 0 {
			all = append(all, e)
		}
	}
	return all
}

func (o *Operations) addUser(p *op.Preparing, in AddUserInput) (op.Commit[Added], error) {
	p.After(o.wakeCourier)
	var form field.Form
	u := user.User{
		ID: id.NewUser(), Account: p.Actor.Account(), State: user.Invited,
		Login:    field.Read(&form, "login", user.ParseLogin, in.Login),
		Name:     field.Read(&form, "name", user.ParseName, in.Name),
		Email:    field.Read(&form, "email", user.ParseEmail, in.Email),
		Language: field.Read(&form, "language", user.ParseLanguage, in.Language),
		Mobile:   field.Optional(&form, "mobile", user.ParseMobile, in.Mobile),
		ForceMFA: in.ForceMFA,
	}
	given := activity.Detail{}
	u.Entry = entryInput{in.AccessPoints, in.IPRules}.apply(&form, u.Entry, given)
	var home account.Account
	var roles []access.Role
	err := p.Read(func(tx store.ReadTx) (err error) {
		if home, err = tx.Account(p.Scope()); err != nil {
			return err
		}
		if roles, err = grantable(tx, p.Actor, &form, in.Roles); err != nil {
			return err
		}
		taken, err := tx.LoginTaken(u.Login)
		if u.Login != "" && taken {
			form.Add("login", loginTaken())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check new user: %w", err)
	}
	if err := form.Err(); ungrantable(err) {
		return func(w *op.Writing[Added]) op.Outcome[Added] { return w.Deny(err, op.Entry{}) }, nil
	} else if err != nil {
		return nil, err
	}
	return func(w *op.Writing[Added]) op.Outcome[Added] {
		var form field.Form
		if w.Moved {
			var err error
			if roles, err = grantable(w.Tx.ReadTx, w.Actor, &form, in.Roles); err != nil {
				return w.Fail(err)
			}
			if err := form.Err(); err != nil {
				return w.Fail(err)
			}
		}
		ids, names := []id.Role{}, []string{}
		for _, r := range roles {
			ids, names = append(ids, r.ID), append(names, r.Name)
		}
		u.CreatedAt = w.Tx.Now()
		ref, err := w.Tx.AddUser(u, "", ids...)
		if errors.Is(err, store.ErrTaken) {
			form.Add("login", loginTaken())
			return w.Fail(form.Err())
		}
		if err != nil {
			return w.Fail(fmt.Errorf("add user: %w", err))
		}
		issued, err := o.issueActivation(w.Tx, w.Actor, u, ref, handing(in.HandOver))
		if err != nil {
			return w.Fail(err)
		}
		added := showUser(store.Listed{User: u, Roles: roles}, home, w.Tx.Now())
		detail := activity.Detail{"login": u.Login, "roles": names, "forceMfa": u.ForceMFA, "delivery": issued.Delivery}
		if in.AccessPoints != nil || in.IPRules != nil { // otherwise from anywhere, by every way
			now := showEntry(u.Entry)
			detail["accessPoints"], detail["ipRules"] = now.AccessPoints, now.IPRules
		}
		return w.Done(Added{added, issued}, op.Entry{Object: userObject(u), Detail: detail})
	}, nil
}

func loginTaken() *field.Error {
	return field.Wrong(problem.Taken, "This login is taken. Logins are never used twice, not even after a user is deleted.")
}

// ungrantable reports whether somebody tried to grant what they do not hold:
// an attempt that the log keeps.
func ungrantable(err error) bool {
	p, ok := errors.AsType[*problem.Problem](err)
	return ok && slices.ContainsFunc(p.Violations, func(v problem.Violation) bool { return v.Code == problem.NotGrantable })
}

// grantable finds the roles to give, in the actor's account, and notes what
// is wrong: nobody grants what they do not hold.
func grantable(tx store.ReadTx, a access.Actor, form *field.Form, ids []id.Role) ([]access.Role, error) {
	if len(ids) == 0 {
		form.Add("roles", field.Wrong(problem.Required, "Please choose at least one role."))
		return nil, nil
	}
	all, err := tx.Roles(a.Scope())
	if err != nil {
		return nil, fmt.Errorf("find roles: %w", err)
	}
	var chosen []access.Role
	for _, want := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		i := slices.IndexFunc(all, func(r access.Role) bool { return r.ID == want })
		switch {
		case i < 0:
			form.Add("roles", field.Wrong(problem.Unknown, "One of these roles does not exist (any more). Please choose again."))
			return nil, nil
		case !a.Rights().Covers(all[i].Rights(a.Operator())):
			form.Add("roles", field.Wrong(problem.NotGrantable, "You cannot give the role "+all[i].Name+": it holds permissions that you do not hold yourself."))
		default:
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}
