package ops

import (
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/user"
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

// PermissionList asks for permissions: all of them, when no limit is given.
type PermissionList struct {
	Paging
	Q            string         `json:"q,omitempty"` // part of name, group or description
	Permission   listing.Filter `json:"permission,omitempty"`
	Group        listing.Filter `json:"group,omitempty"`
	Costs        listing.Filter `json:"costs,omitempty"`
	Installation listing.Filter `json:"installation,omitempty"`
	Held         listing.Filter `json:"held,omitempty"`
	Order        string         `json:"order,omitempty"` // permission or group; as in the catalogue when left out
}

// Filters implements Filtered.
func (PermissionList) Filters() []listing.Field {
	return []listing.Field{exactly("permission"), folded("group"), truths("costs"), truths("installation"), truths("held")}
}

func permissionPages() short[Permission] {
	return short[Permission]{
		name: "permissions", orders: []string{"permission", "group"},
		id: func(p Permission) string { return string(p.Permission) },
		text: func(p Permission) string {
			return strings.Join([]string{string(p.Permission), p.Group, p.Description}, " ")
		},
		value: func(p Permission, field string) any {
			return map[string]any{
				"permission": string(p.Permission), "group": user.Fold(p.Group), "costs": p.Costs, "installation": p.Installation, "held": p.Held,
			}[field]
		},
	}
}

type permissionOps struct {
	List *op.Op[PermissionList, Page[Permission]]
}

func (o *Operations) addPermissions() {
	o.Permissions.List = op.Read(&o.table, op.Spec{
		Name: "permissions.list", Route: "GET /permissions",
		Summary: "The catalogue of permissions that there are in the account.",
	}, op.SignedIn().KeysToo(), func(r *op.Reading, in PermissionList) (Page[Permission], error) {
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
		where, err := conditions(in)
		if err != nil {
			return Page[Permission]{}, err
		}
		return permissionPages().page(all, asked{in.Paging, in.Q, in.Order, where})
	})
}
