package ops

import (
	"gatehouse/internal/access"
	"gatehouse/internal/op"
)

// Permission describes a permission to those who grant it.
type Permission struct {
	Permission   access.Permission   `json:"permission"`
	Group        string              `json:"group"`
	Description  string              `json:"description"`
	Costs        bool                `json:"costs"`        // using it spends the account's money
	Installation bool                `json:"installation"` // exists in the operator account only
	Held         bool                `json:"held"`         // by the caller, who may grant it
	Needs        []access.Permission `json:"needs"`        // without which it is of little use
}

type permissionOps struct {
	List *op.Op[None, Page[Permission]]
}

func (o *Operations) addPermissions() {
	o.Permissions.List = op.Read(&o.table, op.Spec{
		Name: "permissions.list", Route: "GET /permissions",
		Summary: "The catalogue of permissions that there are in the account.",
	}, op.Holds(access.ViewUser), func(r *op.Reading, _ None) (Page[Permission], error) {
		all := []Permission{}
		for _, d := range access.Catalogue() {
			if d.Installation && !r.Actor.Operator() {
				continue
			}
			all = append(all, Permission{
				d.Permission, d.Group, d.Description, d.Costs, d.Installation, r.Actor.Rights().Has(d.Permission),
				access.RightsOf(d.Needs...).Permissions(),
			})
		}
		return Page[Permission]{all, Pagination{Limit: len(all), Total: len(all)}}, nil
	})
}
