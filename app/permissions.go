package app

import "gatehouse/internal/ops"

// Permissions binds the catalogue of permissions.
type Permissions struct{ h *holder }

// List is permissions.list.
func (p *Permissions) List(in ops.PermissionList) (ops.Page[ops.Permission], error) {
	return call(p.h, p.h.ops.Permissions.List, in)
}
