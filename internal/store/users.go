package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

const (
	userColumns  = `u.id, u.account_id, u.login, u.name, u.email, u.mobile, u.language, u.state, u.admin_user, u.force_mfa, u.created_at, u.last_seen_at`
	factorColumn = `EXISTS (SELECT 1 FROM authenticator_apps f WHERE f.user_id = u.id)`

	selectUser  = `SELECT ` + userColumns + `, ` + factorColumn + ` FROM users u WHERE u.account_id = $1 AND u.id = $2 AND u.state <> 'deleted'`
	userByLogin = `SELECT ` + userColumns + `, ` + factorColumn + `, u.password_hash FROM users u WHERE u.login_folded = $1 AND u.state <> 'deleted'`
	loginTaken  = `SELECT 1 FROM users WHERE login_folded = $1`
	insertUser  = `INSERT INTO users (id, account_id, login, login_folded, name, name_folded, search, email, mobile, language, state, admin_user, force_mfa, password_hash, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		RETURNING row, (SELECT a.row FROM accounts a WHERE a.id = account_id)`
	setPassword  = `UPDATE users SET password_hash = $2, state = CASE state WHEN 'invited' THEN 'active' ELSE state END WHERE id = $1`
	setHash      = `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`
	setSeen      = `UPDATE users SET last_seen_at = $2 WHERE id = $1`
	anyAdminUser = `SELECT 1 FROM users WHERE account_id = $1 AND admin_user`

	selectPageRoles = `SELECT m.user_id, r.id, r.name FROM user_roles m JOIN roles r ON r.id = m.role_id WHERE m.user_id IN (%s) ORDER BY r.created_at, r.id`
)

// Listed is a user as lists show it.
type Listed struct {
	user.User
	Roles     []access.Role // id and name only
	HasFactor bool          // a second factor is set up
}

func scanListed(s scan) (Listed, error) { return scanUser(s) }

// scanUser reads userColumns, factorColumn and what follows them.
func scanUser(s scan, more ...any) (l Listed, err error) {
	var created int64
	var seen sql.NullInt64
	u := &l.User
	err = s(append([]any{&u.ID, &u.Account, &u.Login, &u.Name, &u.Email, &u.Mobile, &u.Language, &u.State, &u.AdminUser, &u.ForceMFA, &created, &seen, &l.HasFactor}, more...)...)
	u.CreatedAt, u.LastSeenAt, l.Roles = fromMS(created), fromNullMS(seen), []access.Role{}
	return l, err
}

// User of the scope, whatever its state but deleted.
func (tx ReadTx) User(scope access.Scope, u id.User) (Listed, error) {
	l, err := one(tx, scanListed, selectUser, string(scope.Account()), string(u))
	if err != nil {
		return Listed{}, err
	}
	page := []Listed{l}
	err = tx.fillRoles(page)
	return page[0], err
}

// Credentialed is a user with what a sign-in needs to know.
type Credentialed struct {
	Listed
	PasswordHash string // empty: none chosen yet
}

// UserByLogin finds whoever signs in; the login is unique in the installation.
func (tx ReadTx) UserByLogin(l user.Login) (Credentialed, error) {
	return one(tx, func(s scan) (c Credentialed, err error) {
		c.Listed, err = scanUser(s, &c.PasswordHash)
		return c, err
	}, userByLogin, l.Folded())
}

// LoginTaken reports whether the login was ever used, by anybody.
func (tx ReadTx) LoginTaken(l user.Login) (bool, error) { return exists(tx, loginTaken, l.Folded()) }

// HasAdminUser reports whether the account has its admin user.
func (tx ReadTx) HasAdminUser(scope access.Scope) (bool, error) {
	return exists(tx, anyAdminUser, string(scope.Account()))
}

// AddUser writes a user with a password hash, which may be empty; ErrTaken
// when the login was ever used.
func (tx WriteTx) AddUser(u user.User, passwordHash string) error {
	search := user.Fold(u.Name + " " + string(u.Login) + " " + string(u.Email))
	i, err := one(tx.ReadTx, func(read scan) (indexed, error) {
		i := indexed{search: search}
		return i, read(&i.row, &i.account)
	}, insertUser, string(u.ID), string(u.Account), string(u.Login), u.Login.Folded(), u.Name, user.Fold(u.Name), search,
		string(u.Email), string(u.Mobile), string(u.Language), string(u.State), u.AdminUser, u.ForceMFA, passwordHash, ms(tx.now))
	if err != nil {
		return classify(tx.engine, fmt.Errorf("add user: %w", err))
	}
	tx.indexLater(i)
	return nil
}

// SetPassword replaces the password and makes an invited user active.
func (tx WriteTx) SetPassword(u id.User, hash string) error {
	if err := tx.change(setPassword, string(u), hash); err != nil {
		return err
	}
	return tx.rightsChanged()
}

// UpgradeHash replaces a password's hash by a stronger one of the same
// password, unless the password was changed in between.
func (tx WriteTx) UpgradeHash(u id.User, old, hash string) error {
	_, err := tx.exec(setHash, string(u), old, hash)
	return err
}

// fillRoles reads the roles of a page of users.
func (tx ReadTx) fillRoles(page []Listed) error {
	if len(page) == 0 {
		return nil
	}
	at := make(map[id.User]int, len(page))
	// Padded to a multiple of 25, so that few different statements exist.
	args := make([]any, 0, len(page)+25)
	for i, l := range page {
		at[l.ID] = i
		args = append(args, string(l.ID))
	}
	for len(args)%25 != 0 {
		args = append(args, "")
	}
	_, err := list(tx, func(s scan) (struct{}, error) {
		var u id.User
		var r access.Role
		err := s(&u, &r.ID, &r.Name)
		if i, ok := at[u]; ok {
			page[i].Roles = append(page[i].Roles, r)
		}
		return struct{}{}, err
	}, fmt.Sprintf(selectPageRoles, placeholders(len(args))), args...)
	return err
}

// placeholders is "$1, $2, … $n".
func placeholders(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return b.String()
}

// orNotFound turns ErrNotFound into a zero value without error, for things
// that may be absent.
func orNotFound[T any](v T, err error) (T, bool, error) {
	if errors.Is(err, ErrNotFound) {
		var zero T
		return zero, false, nil
	}
	return v, err == nil, err
}

// Seen notes that a user was there.
func (tx WriteTx) Seen(u id.User) error { return tx.change(setSeen, string(u), ms(tx.now)) }
