package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// mostRoles an account may have: they are shown on one page.
const mostRoles = 200

// parseRoleName reads the name of a role: one line of at most 60 characters,
// with something in it that names are told apart by.
func parseRoleName(raw string) (string, *field.Error) {
	s, err := field.Text(60)(raw)
	if err == nil && user.Fold(s) == "" {
		return "", field.Wrong(problem.NotAllowed, "A name has at least one letter or digit.")
	}
	return s, err
}

func parseRoleDescription(raw string) (string, *field.Error) { return field.Text(200)(raw) }

func roleNameTaken() *field.Error {
	return field.Wrong(problem.Taken, "Another role is called so; capital letters and accents do not make a difference.")
}

// wished reads permissions that a role shall have, and notes those that there
// are not: of the rights over the installation, only the operator's account
// has any.
func wished(form *field.Form, a access.Actor, names []access.Permission) access.Rights {
	there := access.AdminRole.Rights(a.Operator())
	for _, p := range names {
		if !there.Has(p) {
			form.Add("permissions", field.Wrong(problem.Unknown, "One of these permissions does not exist here. Please choose from those offered."))
			break
		}
	}
	return access.RightsOf(names...).And(there)
}

func wishedFor(a access.Actor, names []access.Permission) (access.Rights, error) {
	var form field.Form
	rights := wished(&form, a, names)
	return rights, form.Err()
}

// edit is a change of what a role allows.
type edit struct {
	role   access.Role
	before access.Rights
	after  access.Rights
}

func (e edit) added() access.Rights   { return e.after.Without(e.before) }
func (e edit) removed() access.Rights { return e.before.Without(e.after) }
func (e edit) same() bool             { return e.before == e.after }

// beyond is what changes, and the caller does not hold.
func (e edit) beyond(a access.Actor) access.Rights {
	return e.added().Or(e.removed()).Without(a.Rights())
}

// guard says why the caller may not change the role so; nil when they may.
//
//   - What is built in follows the catalogue (rule P1).
//   - Nobody gives or takes away what they do not hold, or changes what they
//     can do themselves (P2). What is left to the holders of a role is then
//     what the caller never could touch, so that nobody is brought within
//     reach by making their role smaller (P3).
//
// Whoever administers an account does so by the built-in role alone, which is
// why nothing here can take away the last administrator.
func (e edit) guard(tx store.ReadTx, a access.Actor) (*problem.Problem, error) {
	if e.role.BuiltIn != access.NotBuiltIn {
		return roleFixed(e.role), nil
	}
	if e.same() {
		return nil, nil
	}
	if beyond := e.beyond(a); !beyond.Empty() {
		return problem.New(problem.Forbidden, ungranted(beyond).Message), nil
	}
	mine, err := ownRoles(tx, a)
	if err != nil || !among(mine, e.role.ID) {
		return nil, err
	}
	var others access.Rights
	for _, r := range mine {
		if r.ID != e.role.ID {
			others = others.Or(r.Rights(a.Operator()))
		}
	}
	if others.Or(e.before) != others.Or(e.after) {
		return problem.Newf(problem.OwnRights, "You have the role %s yourself, and nobody changes their own rights. Please ask another administrator.", e.role.Name), nil
	}
	return nil, nil
}

func roleFixed(r access.Role) *problem.Problem {
	return problem.Newf(problem.RoleFixed, "The role %s is built in and cannot be changed. Please make a copy of it and change that.", r.Name)
}

func ungranted(beyond access.Rights) *field.Error {
	var names []string
	for _, p := range beyond.Permissions() {
		names = append(names, string(p))
	}
	return field.Wrong(problem.NotGrantable, "You do not hold "+strings.Join(names, ", ")+" yourself, so you can neither give nor take it away.")
}

func createRole(_ *op.Preparing, in CreateRoleInput) (op.Commit[Role], error) {
	var form field.Form
	role := access.Role{
		ID:          id.NewRole(),
		Name:        field.Read(&form, "name", parseRoleName, in.Name),
		Description: field.Optional(&form, "description", parseRoleDescription, in.Description),
	}
	if in.CopyOf != "" && in.Permissions != nil {
		form.Add("copyOf", field.Wrong(problem.NotAllowed, "Please give either permissions or a role to copy, not both."))
	}
	return func(w *op.Writing[Role]) op.Outcome[Role] {
		form, role := form, role // a commit may be run again
		role.Account = w.Actor.Account()
		about := op.Entry{Object: roleObject(role), Detail: activity.Detail{}}
		rights, err := newRights(w, &form, in, about.Detail)
		if err != nil {
			return w.Fail(err)
		}
		if beyond := rights.Without(w.Actor.Rights()); !beyond.Empty() {
			of := "permissions"
			if in.CopyOf != "" {
				of = "copyOf"
			}
			form.Add(of, ungranted(beyond))
		}
		all, err := w.Tx.Roles(w.Scope())
		if err != nil {
			return w.Fail(fmt.Errorf("find roles: %w", err))
		}
		if nameTaken(all, role) {
			form.Add("name", roleNameTaken())
		}
		if err := form.Err(); ungrantable(err) {
			return w.Deny(err, op.Entry{Detail: activity.Detail{"name": role.Name}})
		} else if err != nil {
			return w.Fail(err)
		}
		if len(all) >= mostRoles {
			return w.Fail(problem.Newf(problem.Conflict, "An account has at most %d roles. Please delete one that nobody needs.", mostRoles))
		}
		role.Permissions = rights.Permissions()
		if err := w.Tx.AddRole(role); err != nil {
			return w.Fail(fmt.Errorf("add role: %w", err))
		}
		about.Detail["permissions"] = role.Permissions
		return changedRole(w, role.ID, about)
	}, nil
}

// newRights are those a new role begins with.
func newRights(w *op.Writing[Role], form *field.Form, in CreateRoleInput, detail activity.Detail) (access.Rights, error) {
	if in.CopyOf == "" {
		return wished(form, w.Actor, in.Permissions), nil
	}
	from, err := w.Tx.Role(w.Scope(), in.CopyOf)
	if errors.Is(err, store.ErrNotFound) {
		form.Add("copyOf", field.Wrong(problem.Unknown, "The role to copy does not exist (any more). Please choose again."))
		return access.Rights{}, nil
	}
	if err != nil {
		return access.Rights{}, fmt.Errorf("find role to copy: %w", err)
	}
	detail["copyOf"] = from.Name
	return from.Rights(w.Actor.Operator()), nil
}

// nameTaken reports whether another role is called like this one.
func nameTaken(all []access.Role, r access.Role) bool {
	return r.Name != "" && slices.ContainsFunc(all, func(other access.Role) bool {
		return other.ID != r.ID && user.Fold(other.Name) == user.Fold(r.Name)
	})
}

func among(all []access.Role, r id.Role) bool {
	return slices.ContainsFunc(all, func(other access.Role) bool { return other.ID == r })
}

// changedRole ends an act with the role as it became.
func changedRole(w *op.Writing[Role], r id.Role, about op.Entry) op.Outcome[Role] {
	out, err := shownRole(w.Tx.ReadTx, w.Call, r)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, about)
}

func updateRole(_ *op.Preparing, in UpdateRoleInput) (op.Commit[Role], error) {
	return func(w *op.Writing[Role]) op.Outcome[Role] {
		role, err := w.Tx.Role(w.Scope(), in.ID)
		if err != nil {
			return w.Fail(fmt.Errorf("find role: %w", err))
		}
		about := op.Entry{Object: roleObject(role)}
		if role.BuiltIn != access.NotBuiltIn {
			return w.Deny(roleFixed(role), about)
		}
		e := edit{role, role.Rights(w.Actor.Operator()), role.Rights(w.Actor.Operator())}
		if in.Was != nil && access.RightsOf(in.Was...) != e.before {
			return w.Fail(problem.Newf(problem.Conflict, "Somebody else changed the role %s meanwhile. Please look at it as it is now, and try again.", role.Name))
		}
		var form field.Form
		detail := activity.Detail{}
		if err := rename(w, &form, in, &role, detail); err != nil {
			return w.Deny(err, about)
		}
		if in.Permissions != nil {
			e.after = wished(&form, w.Actor, in.Permissions)
		}
		if beyond := e.beyond(w.Actor); !beyond.Empty() {
			form.Add("permissions", ungranted(beyond))
		}
		if err := form.Err(); ungrantable(err) {
			return w.Deny(err, about)
		} else if err != nil {
			return w.Fail(err)
		}
		if !e.same() {
			p, err := e.guard(w.Tx.ReadTx, w.Actor)
			if err != nil {
				return w.Fail(err)
			}
			if p != nil {
				return w.Deny(p, about)
			}
			detail["added"], detail["removed"] = e.added().Permissions(), e.removed().Permissions()
			note(detail, "permissions", listed(e.before), listed(e.after))
		}
		about.Detail = detail
		if len(detail) == 0 { // nothing is different
			return changedRole(w, role.ID, about)
		}
		role.Permissions = e.after.Permissions()
		if err := w.Tx.UpdateRole(w.Scope(), role); err != nil {
			return w.Fail(fmt.Errorf("update role: %w", err))
		}
		return changedRole(w, role.ID, about)
	}, nil
}

// listed is a set of rights as a text, for before and after.
func listed(r access.Rights) string {
	var names []string
	for _, p := range r.Permissions() {
		names = append(names, string(p))
	}
	return strings.Join(names, " ")
}

// rename reads a new name and description. A role that holds more than its
// editor does keeps them: under another name it would be given to somebody by
// mistake.
func rename(w *op.Writing[Role], form *field.Form, in UpdateRoleInput, role *access.Role, changed activity.Detail) error {
	change(form, changed, "name", parseRoleName, in.Name, &role.Name)
	if in.Description != nil {
		after := field.Optional(form, "description", parseRoleDescription, *in.Description)
		note(changed, "description", role.Description, after)
		role.Description = after
	}
	if len(changed) > 0 && !w.Actor.Rights().Covers(role.Rights(w.Actor.Operator())) {
		return outranking(*role, "rename or describe")
	}
	all, err := w.Tx.Roles(w.Scope())
	if err != nil {
		return fmt.Errorf("find roles: %w", err)
	}
	if nameTaken(all, *role) {
		form.Add("name", roleNameTaken())
	}
	return nil
}

func outranking(r access.Role, act string) *problem.Problem {
	return problem.Newf(problem.Outranked, "The role %s holds permissions that you do not hold yourself, so you cannot %s it. Please ask an administrator who does.", r.Name, act)
}

func deleteRole(_ *op.Preparing, in RoleID) (op.Commit[None], error) {
	return func(w *op.Writing[None]) op.Outcome[None] {
		role, err := w.Tx.Role(w.Scope(), in.ID)
		if err != nil {
			return w.Fail(fmt.Errorf("find role: %w", err))
		}
		rights := role.Rights(w.Actor.Operator())
		about := op.Entry{Object: roleObject(role)}
		holders, err := w.Tx.CountHolders(w.Scope(), role.ID)
		switch {
		case err != nil:
			return w.Fail(fmt.Errorf("count users of role: %w", err))
		case role.BuiltIn != access.NotBuiltIn:
			return w.Deny(problem.Newf(problem.RoleFixed, "The role %s is built in and cannot be deleted.", role.Name), about)
		case holders.Count > 0:
			return w.Deny(roleInUse(role, holders), about)
		case !w.Actor.Rights().Covers(rights):
			return w.Deny(outranking(role, "delete"), about)
		}
		if err := w.Tx.DeleteRole(w.Scope(), role.ID); err != nil {
			return w.Fail(fmt.Errorf("delete role: %w", err))
		}
		about.Detail = activity.Detail{"description": role.Description, "permissions": rights.Permissions()}
		return w.Done(None{}, about)
	}, nil
}

func roleInUse(r access.Role, holders store.Total) *problem.Problem {
	who := fmt.Sprintf("%d users have", holders.Count)
	switch {
	case holders.Minimum:
		who = "More than " + who
	case holders.Count == 1:
		who = "1 user has"
	}
	return problem.Newf(problem.RoleInUse, "%s the role %s. Please give them another one first.", who, r.Name)
}
