package store

import (
	"database/sql"
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/entry"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

const (
	userColumns  = `u.id, u.account_id, u.login, u.name, u.email, u.mobile, u.language, u.state, u.admin_user, u.force_mfa, u.access_points, u.ip_rules, u.created_at, u.last_seen_at`
	factorColumn = `(EXISTS (SELECT 1 FROM authenticator_apps f WHERE f.user_id = u.id) OR EXISTS (SELECT 1 FROM security_keys k WHERE k.user_id = u.id))`

	termsColumns = `u.owner_id, u.expires_on, u.purpose, (SELECT o.name FROM users o WHERE o.id = u.owner_id)`

	listedColumns = userColumns + `, ` + factorColumn + `, ` + rolesColumn + `, ` + termsColumns

	selectUser  = `SELECT ` + listedColumns + ` FROM users u WHERE u.account_id = $1 AND u.id = $2 AND u.state <> 'deleted'`
	userByLogin = `SELECT ` + listedColumns + `, u.password_hash FROM users u WHERE u.login_folded = $1 AND u.state <> 'deleted'`
	loginTaken  = `SELECT 1 FROM users WHERE login_folded = $1`
	insertUser  = `INSERT INTO users (id, account_id, login, login_folded, name, name_folded, search, email, mobile, language, state, admin_user, force_mfa, second_factor, password_hash, created_at, access_points, ip_rules, owner_id, expires_on, purpose)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, CASE WHEN $18 <> '' THEN 'service' WHEN $13 THEN 'forced' ELSE 'none' END, $14, $15, $16, $17,
			nullif($18, ''), $19, $20)
		RETURNING row, (SELECT a.row FROM accounts a WHERE a.id = account_id)`
	setPassword  alters = `UPDATE users SET password_hash = $2, state = CASE state WHEN 'invited' THEN 'active' ELSE state END WHERE id = $1`
	setHash             = `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`
	setSeen             = `UPDATE users SET last_seen_at = $2 WHERE id = $1`
	anyAdminUser        = `SELECT 1 FROM users WHERE account_id = $1 AND admin_user`
)

// UserRef is a user that was found within a scope, or is the actor. Everything
// kept about a user is reached by one, so that an id that came from outside
// reaches nothing in another account. The zero UserRef is nobody.
type UserRef struct{ id id.User }

// Self is the ref of an actor, who was verified; nobody when the actor is no
// person.
func Self(a access.Actor) UserRef { return UserRef{a.User()} }

// Listed is a user as lists show it.
type Listed struct {
	user.User
	Roles     []access.Role // id and name only
	HasFactor bool          // a second factor is set up, wherever it works
	OwnerName string        // of a service user

	ref UserRef
}

// Ref of the user; nobody when it was not looked up.
func (l Listed) Ref() UserRef { return l.ref }

func scanListed(s scan) (Listed, error) { return scanUser(s) }

// scanUser reads listedColumns and what follows them.
func scanUser(s scan, more ...any) (l Listed, err error) {
	var created int64
	var seen sql.NullInt64
	var roles, owner, ownerName sql.NullString
	var points, ranges string
	u := &l.User
	err = s(append([]any{
		&u.ID, &u.Account, &u.Login, &u.Name, &u.Email, &u.Mobile, &u.Language, &u.State, &u.AdminUser, &u.ForceMFA, &points, &ranges, &created, &seen, &l.HasFactor, &roles,
		&owner, &u.Terms.ExpiresOn, &u.Terms.Purpose, &ownerName,
	}, more...)...)
	u.Terms.Owner, l.OwnerName = id.User(owner.String), ownerName.String
	u.CreatedAt, u.LastSeenAt, l.Roles = fromMS(created), fromNullMS(seen), readRoles(roles.String)
	u.Entry = restoreEntry(points, ranges)
	l.ref = UserRef{u.ID}
	return l, err
}

func restoreEntry(points, ranges string) entry.Rules {
	return entry.Rules{Points: entry.RestorePoints(points), Ranges: entry.RestoreRanges(ranges)}
}

// User of the scope, whatever its state but deleted.
func (tx ReadTx) User(scope access.Scope, u id.User) (Listed, error) {
	return one(tx, scanListed, selectUser, string(scope.Account()), string(u))
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

// AddUser writes a user with a password hash, which may be empty, and the roles
// the user begins with; ErrTaken when the login was ever used, ErrNotFound when
// the account has no such role. Nobody's rights change by it: nothing was
// decided about somebody who was not there.
func (tx WriteTx) AddUser(u user.User, passwordHash string, roles ...id.Role) (UserRef, error) {
	search := searchText(u)
	i, err := one(tx.ReadTx, func(read scan) (indexed, error) {
		i := indexed{search: search}
		return i, read(&i.row, &i.account)
	}, insertUser, string(u.ID), string(u.Account), string(u.Login), u.Login.Folded(), u.Name, user.Fold(u.Name), search,
		string(u.Email), string(u.Mobile), string(u.Language), string(u.State), u.AdminUser, u.ForceMFA, passwordHash, ms(tx.now), u.Entry.Points.Text(), u.Entry.Ranges.Text(),
		string(u.Terms.Owner), string(u.Terms.ExpiresOn), u.Terms.Purpose)
	if err != nil {
		return UserRef{}, classify(tx.engine, fmt.Errorf("add user: %w", err))
	}
	tx.indexLater(i)
	for _, r := range roles {
		if err := tx.change(string(insertUserRole), string(u.ID), string(r)); err != nil {
			return UserRef{}, fmt.Errorf("give role to new user: %w", err)
		}
	}
	return UserRef{u.ID}, nil
}

// SetPassword replaces the password and makes an invited user active.
func (tx WriteTx) SetPassword(u UserRef, hash string) error {
	return tx.alterOne(setPassword, string(u.id), hash)
}

// UpgradeHash replaces a password's hash by a stronger one of the same
// password, unless the password was changed in between.
func (tx WriteTx) UpgradeHash(u UserRef, old, hash string) error {
	_, err := tx.exec(setHash, string(u.id), old, hash)
	return err
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
func (tx WriteTx) Seen(u UserRef) error { return tx.change(setSeen, string(u.id), ms(tx.now)) }
