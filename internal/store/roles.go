package store

import (
	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

const (
	selectRoles = `SELECT id, account_id, name, description, built_in FROM roles WHERE account_id = $1 ORDER BY created_at, id`
	insertRole  = `INSERT INTO roles (id, account_id, name, name_folded, description, built_in, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	selectRolePermissions = `SELECT p.role_id, p.permission FROM role_permissions p JOIN roles r ON r.id = p.role_id WHERE r.account_id = $1`
	insertRolePermission  = `INSERT INTO role_permissions (role_id, permission) VALUES ($1, $2)`

	selectUserRoleRights = `SELECT r.built_in, p.permission FROM user_roles u
		JOIN roles r ON r.id = u.role_id
		LEFT JOIN role_permissions p ON p.role_id = r.id
		WHERE u.user_id = $1`
	// Only within one account, whatever the caller looked up.
	insertUserRole = `INSERT INTO user_roles (user_id, role_id)
		SELECT u.id, r.id FROM users u JOIN roles r ON r.account_id = u.account_id
		WHERE u.id = $1 AND r.id = $2`
)

// Roles of the account, built-in ones first, with their permissions.
func (tx ReadTx) Roles(scope access.Scope) ([]access.Role, error) {
	roles, err := list(tx, func(s scan) (r access.Role, err error) {
		err = s(&r.ID, &r.Account, &r.Name, &r.Description, &r.BuiltIn)
		return r, err
	}, selectRoles, string(scope.Account()))
	if err != nil {
		return nil, err
	}
	at := make(map[id.Role]int, len(roles))
	for i, r := range roles {
		at[r.ID] = i
	}
	_, err = list(tx, func(s scan) (struct{}, error) {
		var role id.Role
		var p access.Permission
		err := s(&role, &p)
		if i, ok := at[role]; ok {
			roles[i].Permissions = append(roles[i].Permissions, p)
		}
		return struct{}{}, err
	}, selectRolePermissions, string(scope.Account()))
	return roles, err
}

// AddRole writes a role; ErrTaken when the account has one of that name.
func (tx WriteTx) AddRole(r access.Role) error {
	_, err := tx.exec(insertRole, string(r.ID), string(r.Account), r.Name, user.Fold(r.Name), r.Description, string(r.BuiltIn), ms(tx.now))
	if err != nil {
		return err
	}
	for _, p := range r.Permissions {
		if _, err := tx.exec(insertRolePermission, string(r.ID), string(p)); err != nil {
			return err
		}
	}
	return tx.rightsChanged()
}

// RightsOf adds up the roles of a user.
func (tx ReadTx) RightsOf(u id.User, operator bool) (access.Rights, error) {
	var rights access.Rights
	_, err := list(tx, func(s scan) (struct{}, error) {
		var builtIn access.BuiltIn
		var p *access.Permission
		err := s(&builtIn, &p)
		switch {
		case builtIn != access.NotBuiltIn:
			rights = rights.Or(builtIn.Rights(operator))
		case p != nil:
			rights = rights.Or(access.RightsOf(*p))
		}
		return struct{}{}, err
	}, selectUserRoleRights, string(u))
	return rights, err
}

// GiveRole gives a user a role of the same account; ErrNotFound when the
// account has no such role, ErrTaken when the user has it.
func (tx WriteTx) GiveRole(u id.User, r id.Role) error {
	if err := tx.change(insertUserRole, string(u), string(r)); err != nil {
		return err
	}
	return tx.rightsChanged()
}
