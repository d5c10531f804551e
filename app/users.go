package app

import "gatehouse/internal/ops"

// Users binds the users of the account.
type Users struct{ h *holder }

// List is users.list.
func (u *Users) List(in ops.UserList) (ops.Page[ops.User], error) {
	return call(u.h, u.h.ops.Users.List, in)
}

// Show is users.show.
func (u *Users) Show(in ops.UserID) (ops.User, error) { return call(u.h, u.h.ops.Users.Show, in) }

// Add is users.add.
func (u *Users) Add(in ops.AddUserInput) (ops.Added, error) { return call(u.h, u.h.ops.Users.Add, in) }
