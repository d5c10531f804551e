package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

const (
	// What the installation says about second factors comes along, since
	// nothing can be told of an account's policy without.
	accountColumns = `a.id, a.handle, a.name, a.email, a.mobile, a.state, a.mfa_policy, a.opened_at, a.force_mfa, a.mfa_from, a.api_passwords,
		coalesce((SELECT s.value FROM settings s WHERE s.name = '` + RequiredAfter + `'), ''),
		coalesce((SELECT s.value FROM settings s WHERE s.name = '` + RequiredFrom + `'), '')`
	selectAccount   = `SELECT ` + accountColumns + ` FROM accounts a WHERE a.id = $1`
	accountByHandle = `SELECT ` + accountColumns + ` FROM accounts a WHERE a.handle = $1`
	accountOf       = `SELECT ` + accountColumns + ` FROM users u JOIN accounts a ON a.id = u.account_id WHERE u.id = $1`
	// Nobody but the operator reaches another account.
	selectCustomer = `SELECT ` + accountColumns + ` FROM accounts a
		WHERE a.id = $2 AND EXISTS (SELECT 1 FROM installation i WHERE i.operator_id = $1)`
	handleTaken  = `SELECT 1 FROM accounts WHERE handle = $1`
	selectNumber = `SELECT row FROM accounts WHERE id = $1`
	adminUserOf  = `SELECT ` + listedColumns + ` FROM users u WHERE u.account_id = $1 AND u.admin_user`
	kindsOf      = `SELECT state, second_factor, users FROM user_counts WHERE account_id = $1 AND users > 0`

	insertAccount = `INSERT INTO accounts (id, handle, name, name_folded, search, email, mobile, state, mfa_policy, opened_at, force_mfa, mfa_from, api_passwords, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	updateAccount alters = `UPDATE accounts
		SET name = $2, name_folded = $3, search = $4, email = $5, mobile = $6, mfa_policy = $7, opened_at = $8, force_mfa = $9, mfa_from = $10, api_passwords = $11,
			mobile_changed_at = CASE WHEN mobile = $6 THEN mobile_changed_at ELSE $12 END
		WHERE id = $1`
	setAccountState alters = `UPDATE accounts SET state = $3 WHERE id = $1 AND state = $2`
	endSessionsOf   alters = `DELETE FROM sessions WHERE user_id IN (SELECT u.id FROM users u WHERE u.account_id = $1)`
	deleteLinks            = `DELETE FROM activations WHERE user_id IN (SELECT u.id FROM users u WHERE u.account_id = $1)`

	// A user whom somebody else takes over: nothing that the one before knew or
	// had lets anyone in.
	vacateUser alters = `UPDATE users SET password_hash = '', state = 'invited', last_seen_at = NULL WHERE id = $1 AND state <> 'deleted'`

	selectUnfolded = `SELECT id, name, handle FROM accounts WHERE name_folded = ''`
	foldAccount    = `UPDATE accounts SET name_folded = $2, search = $3 WHERE id = $1`
)

func scanAccount(s scan) (account.Account, error) { return scanAccountAnd(s) }

// scanAccountAnd reads accountColumns and what follows them.
func scanAccountAnd(s scan, more ...any) (a account.Account, err error) {
	var opened int64
	err = s(append([]any{
		&a.ID, &a.Handle, &a.Name, &a.Email, &a.Mobile, &a.State, &a.MFAPolicy, &opened, &a.ForceMFA, &a.MFAFrom, &a.APIPasswords,
		&a.Rules.RequiredAfter, &a.Rules.RequiredFrom,
	}, more...)...)
	a.OpenedAt = fromMS(opened)
	return a, err
}

// accountText is what searches for an account look at.
func accountText(name string, h account.Handle) string { return user.Fold(name + " " + string(h)) }

// Account of the scope.
func (tx ReadTx) Account(scope access.Scope) (account.Account, error) {
	return one(tx, scanAccount, selectAccount, string(scope.Account()))
}

// AccountOf a user.
func (tx ReadTx) AccountOf(u UserRef) (account.Account, error) {
	return one(tx, scanAccount, accountOf, string(u.id))
}

// AccountByHandle finds an account for the console, which acts within the one
// it names.
func (tx ReadTx) AccountByHandle(h account.Handle) (account.Account, error) {
	return one(tx, scanAccount, accountByHandle, string(h))
}

// Customer finds any account for the operator, and the scope of what is in it.
// From every other scope there is none.
func (tx ReadTx) Customer(scope access.Scope, a id.Account) (account.Account, access.Scope, error) {
	found, err := one(tx, scanAccount, selectCustomer, string(scope.Account()), string(a))
	if err != nil {
		return found, access.Scope{}, err
	}
	return found, access.Within(found.ID), nil
}

// HandleTaken reports whether an account has the handle, open or not.
func (tx ReadTx) HandleTaken(h account.Handle) (bool, error) {
	return exists(tx, handleTaken, string(h))
}

// AdminUser of the account.
func (tx ReadTx) AdminUser(scope access.Scope) (Listed, error) {
	return one(tx, scanListed, adminUserOf, string(scope.Account()))
}

// Kinds tells how many users of every kind the account has, but for deleted
// ones.
func (tx ReadTx) Kinds(scope access.Scope) (map[user.State]map[SecondFactor]int, error) {
	kinds := map[user.State]map[SecondFactor]int{}
	for _, s := range user.States() {
		kinds[s] = map[SecondFactor]int{}
	}
	_, err := list(tx, func(read scan) (struct{}, error) {
		var state user.State
		var factor SecondFactor
		var n int
		err := read(&state, &factor, &n)
		if kinds[state] != nil {
			kinds[state][factor] = n
		}
		return struct{}{}, err
	}, kindsOf, string(scope.Account()))
	return kinds, err
}

// AddAccount writes an account; ErrTaken when its handle is in use.
func (tx WriteTx) AddAccount(a account.Account) error {
	_, err := tx.exec(insertAccount, string(a.ID), string(a.Handle), a.Name, user.Fold(a.Name), accountText(a.Name, a.Handle), string(a.Email), string(a.Mobile),
		string(a.State), string(a.MFAPolicy), ms(a.OpenedAt), a.ForceMFA, string(a.MFAFrom), a.APIPasswords, ms(tx.now))
	return err
}

// UpdateAccount writes everything of an account but its handle and state.
func (tx WriteTx) UpdateAccount(scope access.Scope, a account.Account) error {
	return tx.alterOne(updateAccount, string(scope.Account()), a.Name, user.Fold(a.Name), accountText(a.Name, a.Handle), string(a.Email), string(a.Mobile),
		string(a.MFAPolicy), ms(a.OpenedAt), a.ForceMFA, string(a.MFAFrom), a.APIPasswords, ms(tx.now))
}

// SetAccountState takes an account from one state to another; ErrNotFound when
// it is not in the first (any more).
func (tx WriteTx) SetAccountState(scope access.Scope, from, to account.State) error {
	return tx.alterOne(setAccountState, string(scope.Account()), string(from), string(to))
}

// ShutOut ends every session of an account, and makes every link and code that
// waits in it dead, also those that wait to be sent. It says how many of each.
func (tx WriteTx) ShutOut(scope access.Scope) (sessions, links int64, err error) {
	if sessions, err = tx.alter(endSessionsOf, string(scope.Account())); err != nil {
		return 0, 0, err
	}
	if err = tx.CancelLinksWithin(scope); err != nil {
		return 0, 0, err
	}
	links, err = tx.exec(deleteLinks, string(scope.Account()))
	return sessions, links, err
}

// Vacate takes from a user whom somebody else is about to take over what is the
// person's: password, presence, what they were told and from where they came.
func (tx WriteTx) Vacate(u UserRef) error {
	if err := tx.alterOne(vacateUser, string(u.id)); err != nil {
		return err
	}
	if _, err := tx.alter(deleteKeysOfUser, string(u.id)); err != nil {
		return err
	}
	for _, theirs := range []string{deleteNotices, deleteNetworks} {
		if _, err := tx.exec(theirs, string(u.id)); err != nil {
			return err
		}
	}
	return nil
}

// number is the account's position, which its n-grams carry.
func (tx ReadTx) number(a id.Account) (int64, error) {
	return one(tx, value[int64], selectNumber, string(a))
}

// accountsFolded is the migration from which on there is something to fold.
const accountsFolded = 6

// foldAccounts does for accounts from before there were lists of them what SQL
// cannot: a database that was just migrated has some.
func foldAccounts(ctx context.Context, e engine, c *sql.Conn) (err error) {
	type unfolded struct{ id, name, handle string }
	rows, err := c.QueryContext(ctx, selectUnfolded)
	if err != nil {
		return fmt.Errorf("find accounts to fold: %w", err)
	}
	var all []unfolded
	for rows.Next() {
		var u unfolded
		if err := rows.Scan(&u.id, &u.name, &u.handle); err != nil {
			return errors.Join(fmt.Errorf("find accounts to fold: %w", err), rows.Close())
		}
		all = append(all, u)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(all) == 0 {
		return err
	}
	if _, err := c.ExecContext(ctx, e.Begin()); err != nil {
		return fmt.Errorf("begin folding accounts: %w", err)
	}
	end := "COMMIT"
	for _, u := range all {
		if _, err = c.ExecContext(ctx, foldAccount, u.id, user.Fold(u.name), accountText(u.name, account.Handle(u.handle))); err != nil {
			end = "ROLLBACK"
			break
		}
	}
	_, ended := c.ExecContext(ctx, end)
	return classify(e, errors.Join(err, ended))
}
