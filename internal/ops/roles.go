package ops

import (
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Role is a role of the account.
type Role struct {
	ID             id.Role             `json:"id"`
	Name           string              `json:"name"`
	Description    string              `json:"description"`
	BuiltIn        bool                `json:"builtIn"` // follows the catalogue, and cannot be changed
	Permissions    []access.Permission `json:"permissions"`
	Grantable      bool                `json:"grantable" cli:"-"` // the caller holds all of it, and may give it
	Mine           bool                `json:"mine" cli:"-"`      // the caller has it
	Users          int                 `json:"users"`             // who have it, deactivated ones too
	UsersIsMinimum bool                `json:"usersIsMinimum" cli:"-"`
}

// RoleID names a role.
type RoleID struct {
	ID id.Role `json:"id"`
}

// CreateRoleInput is a new role: with these permissions, or with those of
// another role.
type CreateRoleInput struct {
	Name        string              `json:"name"`
	Description string              `json:"description,omitempty"`
	Permissions []access.Permission `json:"permissions,omitempty"`
	CopyOf      id.Role             `json:"copyOf,omitempty"`
}

// UpdateRoleInput is what shall become of a role; what is left out stays.
type UpdateRoleInput struct {
	ID          id.Role             `json:"id"`
	Name        *string             `json:"name,omitempty"`
	Description *string             `json:"description,omitempty"` // empty: none
	Permissions []access.Permission `json:"permissions,omitempty"` // all it shall have

	// Was is what the caller saw. When the role is another one by now, nothing
	// happens: whoever takes a permission out shall have seen it in.
	Was []access.Permission `json:"was,omitempty" cli:"-"`
}

// PreviewRoleInput says which permissions a role shall have.
type PreviewRoleInput struct {
	ID          id.Role             `json:"id"`
	Permissions []access.Permission `json:"permissions"`
}

// RolePreview is what a change of a role would do.
type RolePreview struct {
	Added    []access.Permission `json:"added"`
	Removed  []access.Permission `json:"removed"`
	Users    int                 `json:"users"`     // who have the role
	Affected int                 `json:"affected"`  // of those, who could really do more or less
	Minimum  bool                `json:"isMinimum"` // there are more than were looked at
	First    []AffectedUser      `json:"first"`     // of the affected, by name; for those who may see users
	Allowed  bool                `json:"allowed"`
	Code     problem.Code        `json:"code,omitempty"`   // of the problem it would be
	Detail   string              `json:"detail,omitempty"` // the same, in words
}

// AffectedUser is somebody who could do more or less.
type AffectedUser struct {
	ID    id.User             `json:"id"`
	Name  string              `json:"name"`
	Gains []access.Permission `json:"gains"`
	Loses []access.Permission `json:"loses"`
}

// RoleList asks for roles: all of them, when no limit is given.
type RoleList struct {
	Paging
	Q           string         `json:"q,omitempty"` // part of name or description
	Name        listing.Filter `json:"name,omitempty"`
	Description listing.Filter `json:"description,omitempty"`
	BuiltIn     listing.Filter `json:"builtIn,omitempty"`
	Grantable   listing.Filter `json:"grantable,omitempty"`
	Mine        listing.Filter `json:"mine,omitempty"`
	Users       listing.Filter `json:"users,omitempty"`
	Order       string         `json:"order,omitempty"` // name or users; with - the other way round; as they were made when left out
}

// Filters implements Filtered.
func (RoleList) Filters() []listing.Field {
	return []listing.Field{folded("name"), folded("description"), truths("builtIn"), truths("grantable"), truths("mine"), numbers("users")}
}

func rolePages() short[Role] {
	return short[Role]{
		name: "roles", orders: []string{"name", "users"},
		id:   func(r Role) string { return string(r.ID) },
		text: func(r Role) string { return r.Name + " " + r.Description },
		value: func(r Role, field string) any {
			return map[string]any{
				"name": user.Fold(r.Name), "description": user.Fold(r.Description), "builtIn": r.BuiltIn, "grantable": r.Grantable, "mine": r.Mine, "users": int64(r.Users),
			}[field]
		},
	}
}

type roleOps struct {
	List    *op.Op[RoleList, Page[Role]]
	Show    *op.Op[RoleID, Role]
	Create  *op.Op[CreateRoleInput, Role]
	Update  *op.Op[UpdateRoleInput, Role]
	Delete  *op.Op[RoleID, None]
	Preview *op.Op[PreviewRoleInput, RolePreview]
}

func (o *Operations) addRoles() {
	o.Roles.List = op.Read(&o.table, op.Spec{
		Name: "roles.list", Route: "GET /roles",
		Summary: "The roles of the account, what each of them allows and how many users have it.",
	}, op.Holds(access.ViewUser).InPerson(), listRoles)
	o.Roles.Show = op.Read(&o.table, op.Spec{
		Name: "roles.show", Route: "GET /roles/{id}",
		Summary: "One role of the account.",
	}, op.Holds(access.ViewUser).InPerson(), func(r *op.Reading, in RoleID) (Role, error) {
		return shownRole(r.Tx, r.Call, in.ID)
	})
	o.Roles.Create = op.Write(&o.table, op.Spec{
		Name: "roles.create", Route: "POST /roles", Event: "role.created", Creates: "/roles/{id}",
		Summary: "Make a role, out of permissions that you hold yourself or as a copy of another role.",
	}, op.Holds(access.ManageRole).InPerson().SteppedUp(), createRole)
	o.Roles.Update = op.Write(&o.table, op.Spec{
		Name: "roles.update", Route: "PATCH /roles/{id}", Event: "role.updated",
		Summary: "Change what is given of a role. Whoever has it can do more or less at once.",
	}, op.Holds(access.ManageRole).InPerson().SteppedUp(), updateRole)
	o.Roles.Delete = op.Write(&o.table, op.Spec{
		Name: "roles.delete", Route: "DELETE /roles/{id}", Event: "role.deleted", Destroys: true,
		Summary: "Delete a role that nobody has.",
	}, op.Holds(access.ManageRole).InPerson().SteppedUp(), deleteRole)
	o.Roles.Preview = op.Read(&o.table, op.Spec{
		Name: "roles.preview", Route: "POST /roles/{id}/preview",
		Summary: "What would happen if a role had these permissions: what is added and removed, and who could do more or less. Changes nothing.",
	}, op.Holds(access.ManageRole).InPerson(), previewRole)
}

func listRoles(r *op.Reading, in RoleList) (Page[Role], error) {
	roles, err := r.Tx.Roles(r.Scope())
	if err != nil {
		return Page[Role]{}, fmt.Errorf("list roles: %w", err)
	}
	mine, err := ownRoles(r.Tx, r.Actor)
	if err != nil {
		return Page[Role]{}, err
	}
	where, err := conditions(in)
	if err != nil {
		return Page[Role]{}, err
	}
	all := []Role{}
	for _, role := range roles {
		shown, err := showRole(r.Tx, r.Call, role, mine)
		if err != nil {
			return Page[Role]{}, err
		}
		all = append(all, shown)
	}
	return rolePages().page(all, asked{in.Paging, in.Q, in.Order, where})
}

// ownRoles are those that the caller has; none when it is no person.
func ownRoles(tx store.ReadTx, a access.Actor) ([]access.Role, error) {
	if a.Kind() != access.Person {
		return nil, nil
	}
	roles, err := tx.RolesOf(store.Self(a))
	if err != nil {
		return nil, fmt.Errorf("find own roles: %w", err)
	}
	return roles, nil
}

func showRole(tx store.ReadTx, c op.Call, role access.Role, mine []access.Role) (Role, error) {
	holders, err := tx.CountHolders(c.Scope(), role.ID)
	if err != nil {
		return Role{}, fmt.Errorf("count users of role: %w", err)
	}
	rights := role.Rights(c.Actor.Operator())
	return Role{
		ID: role.ID, Name: role.Name, Description: role.Description, BuiltIn: role.BuiltIn != access.NotBuiltIn,
		Permissions: rights.Permissions(), Grantable: c.Actor.Rights().Covers(rights), Mine: among(mine, role.ID),
		Users: holders.Count, UsersIsMinimum: holders.Minimum,
	}, nil
}

// shownRole is a role as it is now.
func shownRole(tx store.ReadTx, c op.Call, r id.Role) (Role, error) {
	role, err := tx.Role(c.Scope(), r)
	if err != nil {
		return Role{}, fmt.Errorf("find role: %w", err)
	}
	mine, err := ownRoles(tx, c.Actor)
	if err != nil {
		return Role{}, err
	}
	return showRole(tx, c, role, mine)
}

func roleObject(r access.Role) activity.Object {
	return activity.Object{Kind: "role", ID: string(r.ID), Name: r.Name}
}

// lookedAt is how many users of a role a preview looks at, and named how many
// of those it names.
const (
	lookedAt = store.MaxCount
	named    = 20
)

func previewRole(r *op.Reading, in PreviewRoleInput) (p RolePreview, err error) {
	role, err := r.Tx.Role(r.Scope(), in.ID)
	if err != nil {
		return p, fmt.Errorf("find role: %w", err)
	}
	wish, err := wishedFor(r.Actor, in.Permissions)
	if err != nil {
		return p, err
	}
	e := edit{role, role.Rights(r.Actor.Operator()), wish}
	p = RolePreview{Added: e.added().Permissions(), Removed: e.removed().Permissions(), First: []AffectedUser{}, Allowed: true}
	refusal, err := e.guard(r.Tx, r.Actor)
	if err != nil {
		return p, err
	}
	if refusal != nil {
		p.Allowed, p.Code, p.Detail = false, refusal.Code, refusal.Detail
	}
	return p, e.count(r, &p)
}

// count fills in who has the role, and who of them could do more or less.
func (e edit) count(r *op.Reading, p *RolePreview) error {
	total, err := r.Tx.CountHolders(r.Scope(), e.role.ID)
	if err != nil {
		return fmt.Errorf("count users of role: %w", err)
	}
	p.Users, p.Minimum = total.Count, total.Minimum
	if e.same() {
		return nil
	}
	all, err := r.Tx.Roles(r.Scope())
	if err != nil {
		return fmt.Errorf("find roles: %w", err)
	}
	rights := map[id.Role]access.Rights{}
	for _, other := range all {
		rights[other.ID] = other.Rights(r.Actor.Operator())
	}
	holders, err := r.Tx.Holders(r.Scope(), e.role.ID, lookedAt)
	if err != nil {
		return fmt.Errorf("find users of role: %w", err)
	}
	for _, h := range holders {
		var others access.Rights
		for _, o := range h.Others {
			others = others.Or(rights[o])
		}
		gains, loses := e.added().Without(others), e.removed().Without(others)
		if gains.Empty() && loses.Empty() {
			continue
		}
		p.Affected++
		if len(p.First) < named && r.Actor.Rights().Has(access.ViewUser) {
			p.First = append(p.First, AffectedUser{h.ID, h.Name, gains.Permissions(), loses.Permissions()})
		}
	}
	return nil
}
