package app

import "gatehouse/internal/ops"

// Roles binds the roles of the account.
type Roles struct{ h *holder }

// List is roles.list.
func (r *Roles) List(in ops.None) (ops.Page[ops.Role], error) {
	return call(r.h, r.h.ops.Roles.List, in)
}
