package app

import "gatehouse/internal/ops"

// Account binds the account of whoever is signed in.
type Account struct{ h *holder }

// Show is account.show.
func (a *Account) Show(in ops.None) (ops.OwnAccount, error) {
	return call(a.h, a.h.ops.Account.Show, in)
}

// Update is account.update.
func (a *Account) Update(in ops.UpdateAccountInput) (ops.OwnAccount, error) {
	return call(a.h, a.h.ops.Account.Update, in)
}
