package app

import "gatehouse/internal/ops"

// Roles binds the roles of the account.
type Roles struct{ h *holder }

// List is roles.list.
func (r *Roles) List(in ops.RoleList) (ops.Page[ops.Role], error) {
	return call(r.h, r.h.ops.Roles.List, in)
}

// Show is roles.show.
func (r *Roles) Show(in ops.RoleID) (ops.Role, error) {
	return call(r.h, r.h.ops.Roles.Show, in)
}

// Create is roles.create.
func (r *Roles) Create(in ops.CreateRoleInput) (ops.Role, error) {
	return call(r.h, r.h.ops.Roles.Create, in)
}

// Update is roles.update.
func (r *Roles) Update(in ops.UpdateRoleInput) (ops.Role, error) {
	return call(r.h, r.h.ops.Roles.Update, in)
}

// Delete is roles.delete.
func (r *Roles) Delete(in ops.RoleID) (ops.None, error) {
	return call(r.h, r.h.ops.Roles.Delete, in)
}

// Preview is roles.preview.
func (r *Roles) Preview(in ops.PreviewRoleInput) (ops.RolePreview, error) {
	return call(r.h, r.h.ops.Roles.Preview, in)
}
