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
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// User is a user as administrators see one.
type User struct {
	ID         id.User       `json:"id"`
	Login      user.Login    `json:"login"`
	Name       string        `json:"name"`
	Email      user.Email    `json:"email"`
	Mobile     user.Mobile   `json:"mobile"`
	Language   user.Language `json:"language"`
	Status     user.State    `json:"status"`
	Roles      []RoleRef     `json:"roles"`
	MFA        MFA           `json:"mfa"`
	ForceMFA   bool          `json:"forceMfa"`
	AdminUser  bool          `json:"adminUser"` // the first of the account, who cannot be deleted
	CreatedAt  time.Time     `json:"createdAt"`
	LastSeenAt *time.Time    `json:"lastSeenAt"` // null: never
}

func showUser(l store.Listed, policy account.MFAPolicy) User {
	roles := []RoleRef{}
	for _, r := range l.Roles {
		roles = append(roles, RoleRef{r.ID, r.Name})
	}
	return User{
		ID: l.ID, Login: l.Login, Name: l.Name, Email: l.Email, Mobile: l.Mobile, Language: l.Language,
		Status: l.State, Roles: roles, MFA: mfaStatus(policy, l), ForceMFA: l.ForceMFA, AdminUser: l.AdminUser,
		CreatedAt: l.CreatedAt, LastSeenAt: orNil(l.LastSeenAt),
	}
}

// UserList asks for a page of users, by name.
type UserList struct {
	Paging
	Q      string     `json:"q,omitempty"`      // part of name, login or e-mail
	Status user.State `json:"status,omitempty"` // invited, active or deactivated
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
}

type userOps struct {
	List *op.Op[UserList, Page[User]]
	Show *op.Op[UserID, User]
	Add  *op.Op[AddUserInput, Added]
}

func (o *Operations) addUsers() {
	o.Users.List = op.Read(&o.table, op.Spec{
		Name: "users.list", Route: "GET /users",
		Summary: "Users of the account by name, searched and filtered.",
	}, op.Holds(access.ViewUser), listUsers)
	o.Users.Show = op.Read(&o.table, op.Spec{
		Name: "users.show", Route: "GET /users/{id}",
		Summary: "One user of the account.",
	}, op.Holds(access.ViewUser), func(r *op.Reading, in UserID) (User, error) {
		u, err := r.Tx.User(r.Scope(), in.ID)
		if err != nil {
			return User{}, fmt.Errorf("find user: %w", err)
		}
		a, err := r.Tx.Account(r.Scope())
		return showUser(u, a.MFAPolicy), err
	})
	o.Users.Add = op.Write(&o.table, op.Spec{
		Name: "users.add", Route: "POST /users", Event: "user.added",
		Summary: "Add a user; the answer holds the activation link and code to hand over, shown once.",
	}, op.Holds(access.ManageUser), o.addUser)
}

func listUsers(r *op.Reading, in UserList) (Page[User], error) {
	limit, err := in.limit()
	if err != nil {
		return Page[User]{}, err
	}
	if in.Status != "" && !slices.Contains([]user.State{user.Invited, user.Active, user.Deactivated}, in.Status) {
		return Page[User]{}, problem.New(problem.InvalidRequest, "A status is one of invited, active and deactivated.")
	}
	if err := field.Clean(in.Q); err != nil {
		return Page[User]{}, problem.New(problem.InvalidRequest, "The search contains characters that cannot be searched for.")
	}
	a, err := r.Tx.Account(r.Scope())
	if err != nil {
		return Page[User]{}, fmt.Errorf("find own account: %w", err)
	}
	found, err := r.Tx.Users(r.Scope(), store.UserFilter{Search: in.Q, States: []user.State{in.Status}, Limit: limit, Offset: in.Offset, Cursor: in.Cursor})
	if err != nil {
		return Page[User]{}, fmt.Errorf("list users: %w", err)
	}
	page := Page[User]{Entities: []User{}, Pagination: Pagination{
		Limit: limit, Offset: in.Offset, Total: found.Total.Count, TotalIsMinimum: found.Total.Minimum, NextCursor: found.NextCursor,
	}}
	for _, u := range found.Users {
		page.Entities = append(page.Entities, showUser(u, a.MFAPolicy))
	}
	return page, nil
}

func (o *Operations) addUser(p *op.Preparing, in AddUserInput) (op.Commit[Added], error) {
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
	if err := form.Err(); err != nil {
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
		given, names := []id.Role{}, []string{}
		for _, r := range roles {
			given, names = append(given, r.ID), append(names, r.Name)
		}
		u.CreatedAt = w.Tx.Now()
		ref, err := w.Tx.AddUser(u, "", given...)
		if errors.Is(err, store.ErrTaken) {
			form.Add("login", loginTaken())
			return w.Fail(form.Err())
		}
		if err != nil {
			return w.Fail(fmt.Errorf("add user: %w", err))
		}
		issued, err := o.issueActivation(w.Tx, ref, ToActivate)
		if err != nil {
			return w.Fail(err)
		}
		added := showUser(store.Listed{User: u, Roles: roles}, home.MFAPolicy)
		return w.Done(Added{added, issued}, op.Entry{
			Object: userObject(u), Detail: activity.Detail{"login": u.Login, "roles": names, "forceMfa": u.ForceMFA},
		})
	}, nil
}

func loginTaken() *field.Error {
	return field.Wrong(problem.Taken, "This login is taken. Logins are never used twice, not even after a user is deleted.")
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
