package app

import "gatehouse/internal/ops"

// Users binds the users of the account.
type Users struct{ h *holder }

// List is users.list.
func (u *Users) List(in ops.UserList) (ops.Page[ops.User], error) {
	return call(u.h, u.h.ops.Users.List, in)
}

// Show is users.show.
func (u *Users) Show(in ops.UserID) (ops.UserDetail, error) {
	return call(u.h, u.h.ops.Users.Show, in)
}

// Add is users.add.
func (u *Users) Add(in ops.AddUserInput) (ops.Added, error) {
	return call(u.h, u.h.ops.Users.Add, in)
}

// Update is users.update.
func (u *Users) Update(in ops.UpdateUserInput) (ops.User, error) {
	return call(u.h, u.h.ops.Users.Update, in)
}

// Deactivate is users.deactivate.
func (u *Users) Deactivate(in ops.UserID) (ops.User, error) {
	return call(u.h, u.h.ops.Users.Deactivate, in)
}

// Reactivate is users.reactivate.
func (u *Users) Reactivate(in ops.UserID) (ops.User, error) {
	return call(u.h, u.h.ops.Users.Reactivate, in)
}

// Delete is users.delete.
func (u *Users) Delete(in ops.UserID) (ops.None, error) {
	return call(u.h, u.h.ops.Users.Delete, in)
}

// Reissue is users.reissue.
func (u *Users) Reissue(in ops.ReissueInput) (ops.ActivationIssued, error) {
	return call(u.h, u.h.ops.Users.Reissue, in)
}

// TestAddress is users.testAddress.
func (u *Users) TestAddress(in ops.TestAddressInput) (ops.AddressTest, error) {
	return call(u.h, u.h.ops.Users.TestAddress, in)
}

// ReopenApiPassword is users.reopenApiPassword.
func (u *Users) ReopenApiPassword(in ops.ReopenInput) (ops.User, error) {
	return call(u.h, u.h.ops.Users.ReopenAPIPassword, in)
}

// ResetSecondFactors is users.resetSecondFactors.
func (u *Users) ResetSecondFactors(in ops.ResetInput) (ops.User, error) {
	return call(u.h, u.h.ops.Users.ResetSecondFactors, in)
}
