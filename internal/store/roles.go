package store

import (
	"database/sql"
	"errors"
	"fmt"
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

	insertRolePermission alters = `INSERT INTO role_permissions (role_id, permission) VALUES ($1, $2)`
	deleteRolePermission alters = `DELETE FROM role_permissions WHERE role_id = $1 AND permission = $2`

	// What follows the catalogue is changed by nobody.
	selectRole            = `SELECT ` + roleColumns + ` FROM roles r WHERE r.account_id = $1 AND r.id = $2`
	updateRole     alters = `UPDATE roles SET name = $3, name_folded = $4, description = $5 WHERE account_id = $1 AND id = $2 AND built_in = ''`
	deleteRole     alters = `DELETE FROM roles WHERE account_id = $1 AND id = $2 AND built_in = ''`
	deleteRoleList alters = `DELETE FROM role_permissions
		WHERE role_id = (SELECT r.id FROM roles r WHERE r.account_id = $1 AND r.id = $2 AND r.built_in = '')`

	countHolders = `SELECT COUNT(*) FROM (
			SELECT 1 FROM roles r
			JOIN user_roles m ON m.role_id = r.id
			WHERE r.account_id = $1 AND r.id = $2
			LIMIT 0 + $3
		) holders`
	// The join is written out, so that the holders are walked and not the users.
	selectHolders = `SELECT u.id, u.login, u.name,
			(SELECT string_agg(o.role_id, ' ') FROM user_roles o WHERE o.user_id = m.user_id AND o.role_id <> m.role_id)
		FROM user_roles m
		CROSS JOIN users u ON u.id = m.user_id
		WHERE m.role_id = $2 AND +u.account_id = $1
		ORDER BY m.name_folded, m.user_id
		LIMIT 0 + $3`

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
		if err := tx.alterOne(insertRolePermission, string(r.ID), string(p)); err != nil {
			return err
		}
	}
	return nil
}

// Role of the account.
func (tx ReadTx) Role(scope access.Scope, r id.Role) (access.Role, error) {
	return one(tx, scanRole, selectRole, string(scope.Account()), string(r))
}

// UpdateRole writes name, description and permissions of a role that is not
// built in; ErrNotFound when the account has no such role, ErrTaken when
// another one is called so.
func (tx WriteTx) UpdateRole(scope access.Scope, r access.Role) error {
	before, err := tx.Role(scope, r.ID)
	if err != nil {
		return err
	}
	if err := tx.alterOne(updateRole, string(scope.Account()), string(r.ID), r.Name, user.Fold(r.Name), r.Description); err != nil {
		return err
	}
	for _, p := range before.Permissions {
		if !slices.Contains(r.Permissions, p) {
			if err := tx.alterOne(deleteRolePermission, string(r.ID), string(p)); err != nil {
				return fmt.Errorf("take permission out: %w", err)
			}
		}
	}
	for _, p := range r.Permissions {
		if !slices.Contains(before.Permissions, p) {
			if err := tx.alterOne(insertRolePermission, string(r.ID), string(p)); err != nil {
				return fmt.Errorf("put permission in: %w", err)
			}
		}
	}
	return nil
}

// DeleteRole deletes a role that is not built in and that nobody has.
func (tx WriteTx) DeleteRole(scope access.Scope, r id.Role) error {
	if _, err := tx.alter(deleteRoleList, string(scope.Account()), string(r)); err != nil {
		return err
	}
	return tx.alterOne(deleteRole, string(scope.Account()), string(r))
}

// CountHolders says how many users have a role of the account, up to MaxCount.
func (tx ReadTx) CountHolders(scope access.Scope, r id.Role) (Total, error) {
	n, err := one(tx, value[int], countHolders, string(scope.Account()), string(r), MaxCount+1)
	return Total{min(n, MaxCount), n > MaxCount}, err
}

// Holder is somebody who has a role.
type Holder struct {
	ID     id.User
	Login  user.Login
	Name   string
	Others []id.Role // that the user has besides
}

// Holders of a role of the account in order of names, up to so many.
func (tx ReadTx) Holders(scope access.Scope, r id.Role, limit int) ([]Holder, error) {
	return list(tx.interruptible(), func(read scan) (h Holder, err error) {
		var others sql.NullString
		err = read(&h.ID, &h.Login, &h.Name, &others)
		for o := range strings.FieldsSeq(others.String) {
			h.Others = append(h.Others, id.Role(o))
		}
		return h, err
	}, selectHolders, string(scope.Account()), string(r), limit)
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
