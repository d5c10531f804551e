package store

import (
	"database/sql"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

const (
	roleColumns = `r.id, r.account_id, r.name, r.description, r.built_in,
			(SELECT string_agg(p.permission, ' ') FROM role_permissions p WHERE p.role_id = r.id)`
	selectRoles          = `SELECT ` + roleColumns + ` FROM roles r WHERE r.account_id = $1 ORDER BY r.created_at, r.id`
	selectRolesOf        = `SELECT ` + roleColumns + ` FROM user_roles m JOIN roles r ON r.id = m.role_id WHERE m.user_id = $1 ORDER BY r.created_at, r.id`
	insertRole    alters = `INSERT INTO roles (id, account_id, name, name_folded, description, built_in, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	insertRolePermission = `INSERT INTO role_permissions (role_id, permission) VALUES ($1, $2)`

	// What the roles of user u add up to, as words: permissions, and built-in
	// roles with a mark.
	rightsColumn = `(SELECT string_agg(CASE r.built_in WHEN '' THEN p.permission ELSE '` + builtInMark + `' || r.built_in END, ' ')
		FROM user_roles m
		JOIN roles r ON r.id = m.role_id
		LEFT JOIN role_permissions p ON p.role_id = r.id
		WHERE m.user_id = u.id)`
	builtInMark      = "*"
	selectUserRights = `SELECT ` + rightsColumn + ` FROM users u WHERE u.id = $1`

	// The roles of user u, a line each: id and name.
	rolesColumn = `(SELECT string_agg(r.id || ' ' || r.name, '
') FROM user_roles m JOIN roles r ON r.id = m.role_id WHERE m.user_id = u.id)`

	// Only within one account, whatever the caller looked up.
	insertUserRole alters = `INSERT INTO user_roles (user_id, role_id, name_folded)
		SELECT u.id, r.id, u.name_folded FROM users u JOIN roles r ON r.account_id = u.account_id
		WHERE u.id = $1 AND r.id = $2`
)

// Roles of the account, built-in ones first, with their permissions.
func (tx ReadTx) Roles(scope access.Scope) ([]access.Role, error) {
	return list(tx, scanRole, selectRoles, string(scope.Account()))
}

func scanRole(s scan) (r access.Role, err error) {
	var permissions sql.NullString
	err = s(&r.ID, &r.Account, &r.Name, &r.Description, &r.BuiltIn, &permissions)
	for p := range strings.FieldsSeq(permissions.String) {
		r.Permissions = append(r.Permissions, access.Permission(p))
	}
	return r, err
}

// AddRole writes a role; ErrTaken when the account has one of that name.
func (tx WriteTx) AddRole(r access.Role) error {
	err := tx.alterOne(insertRole, string(r.ID), string(r.Account), r.Name, user.Fold(r.Name), r.Description, string(r.BuiltIn), ms(tx.now))
	if err != nil {
		return err
	}
	for _, p := range r.Permissions {
		if _, err := tx.exec(insertRolePermission, string(r.ID), string(p)); err != nil {
			return err
		}
	}
	return nil
}

// RightsOf adds up the roles of a user.
func (tx ReadTx) RightsOf(u UserRef, operator bool) (access.Rights, error) {
	words, err := one(tx, value[sql.NullString], selectUserRights, string(u.id))
	if errors.Is(err, ErrNotFound) {
		return access.Rights{}, nil
	}
	return readRights(words.String, operator), err
}

// readRights reads rightsColumn.
func readRights(words string, operator bool) access.Rights {
	var rights access.Rights
	for w := range strings.FieldsSeq(words) {
		if builtIn, ok := strings.CutPrefix(w, builtInMark); ok {
			rights = rights.Or(access.BuiltIn(builtIn).Rights(operator))
		} else {
			rights = rights.Or(access.RightsOf(access.Permission(w)))
		}
	}
	return rights
}

// readRoles reads rolesColumn; in the order in which the roles were made,
// which is that of their ids.
func readRoles(lines string) []access.Role {
	roles := []access.Role{}
	for l := range strings.Lines(lines) {
		role, name, _ := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
		roles = append(roles, access.Role{ID: id.Role(role), Name: name})
	}
	slices.SortFunc(roles, func(a, b access.Role) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return roles
}

// RolesOf a user, with their permissions.
func (tx ReadTx) RolesOf(u UserRef) ([]access.Role, error) {
	return list(tx, scanRole, selectRolesOf, string(u.id))
}

// GiveRole gives a user a role of the same account; ErrNotFound when the
// account has no such role, ErrTaken when the user has it.
func (tx WriteTx) GiveRole(u UserRef, r id.Role) error {
	return tx.alterOne(insertUserRole, string(u.id), string(r))
}
