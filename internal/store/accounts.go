package store

import (
	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
)

const (
	accountColumns  = `id, handle, name, email, mobile, state, mfa_policy, opened_at`
	selectAccount   = `SELECT ` + accountColumns + ` FROM accounts WHERE id = $1`
	accountByHandle = `SELECT ` + accountColumns + ` FROM accounts WHERE handle = $1`
	insertAccount   = `INSERT INTO accounts (id, handle, name, email, mobile, state, mfa_policy, opened_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	selectNumber    = `SELECT row FROM accounts WHERE id = $1`
)

func scanAccount(s scan) (a account.Account, err error) {
	var opened int64
	err = s(&a.ID, &a.Handle, &a.Name, &a.Email, &a.Mobile, &a.State, &a.MFAPolicy, &opened)
	a.OpenedAt = fromMS(opened)
	return a, err
}

// Account of the scope.
func (tx ReadTx) Account(scope access.Scope) (account.Account, error) {
	return one(tx, scanAccount, selectAccount, string(scope.Account()))
}

// AccountByHandle finds an account for the console, which acts within the one
// it names.
func (tx ReadTx) AccountByHandle(h account.Handle) (account.Account, error) {
	return one(tx, scanAccount, accountByHandle, string(h))
}

// AddAccount writes an account; ErrTaken when its handle is in use.
func (tx WriteTx) AddAccount(a account.Account) error {
	_, err := tx.exec(insertAccount, string(a.ID), string(a.Handle), a.Name, string(a.Email), string(a.Mobile), string(a.State), string(a.MFAPolicy), ms(a.OpenedAt), ms(tx.now))
	return err
}

// number is the account's position, which its n-grams carry.
func (tx ReadTx) number(a id.Account) (int64, error) {
	return one(tx, value[int64], selectNumber, string(a))
}
