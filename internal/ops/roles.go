package ops

import (
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
)

// Role is a role of the account.
type Role struct {
	ID          id.Role             `json:"id"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	BuiltIn     bool                `json:"builtIn"`
	Permissions []access.Permission `json:"permissions"`
	Grantable   bool                `json:"grantable"` // the caller holds all of it, and may give it
}

type roleOps struct {
	List *op.Op[None, Page[Role]]
}

func (o *Operations) addRoles() {
	o.Roles.List = op.Read(&o.table, op.Spec{
		Name: "roles.list", Route: "GET /roles",
		Summary: "The roles of the account and what each of them allows.",
	}, op.Holds(access.ViewUser), func(r *op.Reading, _ None) (Page[Role], error) {
		roles, err := r.Tx.Roles(r.Scope())
		if err != nil {
			return Page[Role]{}, fmt.Errorf("list roles: %w", err)
		}
		page := Page[Role]{Entities: []Role{}, Pagination: Pagination{Limit: len(roles), Total: len(roles)}}
		for _, role := range roles {
			rights := role.Rights(r.Actor.Operator())
			page.Entities = append(page.Entities, Role{
				ID: role.ID, Name: role.Name, Description: role.Description, BuiltIn: role.BuiltIn != access.NotBuiltIn,
				Permissions: rights.Permissions(), Grantable: r.Actor.Rights().Covers(rights),
			})
		}
		return page, nil
	})
}
