package store

import (
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/user"
)

const (
	renameHolder = `UPDATE user_roles SET name_folded = $2 WHERE user_id = $1`
	selectRow    = `SELECT u.row, a.row FROM users u JOIN accounts a ON a.id = u.account_id WHERE u.id = $1`

	updateUser alters = `UPDATE users
		SET name = $2, name_folded = $3, search = $4, email = $5, mobile = $6, language = $7, force_mfa = $8, access_points = $9, ip_rules = $10,
			mobile_changed_at = CASE WHEN mobile = $6 THEN mobile_changed_at ELSE $11 END
		WHERE id = $1 AND state <> 'deleted'`
	setState   alters = `UPDATE users SET state = $3 WHERE id = $1 AND state = $2`
	setForce   alters = `UPDATE users SET force_mfa = TRUE WHERE id = $1`
	deleteUser alters = `UPDATE users
		SET state = 'deleted', password_hash = '', email = '', mobile = '', search = '', force_mfa = FALSE, ip_rules = '', purpose = ''
		WHERE id = $1 AND state <> 'deleted'`
	deleteUserRoles alters = `DELETE FROM user_roles WHERE user_id = $1`
	deleteUserRole  alters = `DELETE FROM user_roles WHERE user_id = $1 AND role_id = $2`

	selectPassword = `SELECT u.password_hash FROM users u WHERE u.id = $1`
	activeAdmins   = `SELECT COUNT(*) FROM (
			SELECT u.id FROM roles r
			JOIN user_roles m ON m.role_id = r.id
			JOIN users u ON u.id = m.user_id
			WHERE r.account_id = $1 AND r.built_in = 'admin' AND u.state = 'active' AND u.owner_id IS NULL
			LIMIT 2
		) admins`
)

// searchText is what searches for a user look at.
func searchText(u user.User) string {
	return user.Fold(u.Name + " " + string(u.Login) + " " + string(u.Email))
}

// UpdateUser writes name, e-mail, mobile, language, whether a second factor is
// forced, and by which ways the user may come in. The login stays what it is.
func (tx WriteTx) UpdateUser(ref UserRef, u user.User) error {
	name, search := user.Fold(u.Name), searchText(u)
	err := tx.alterOne(updateUser, string(ref.id), u.Name, name, search, string(u.Email), string(u.Mobile), string(u.Language), u.ForceMFA,
		u.Entry.Points.Text(), u.Entry.Ranges.Text(), ms(tx.now))
	if err != nil {
		return err
	}
	if _, err := tx.exec(renameHolder, string(ref.id), name); err != nil {
		return err
	}
	i, err := tx.rowOf(ref)
	i.search = search
	tx.indexLater(i)
	return err
}

// rowOf is where a user and its account stand in the database.
func (tx ReadTx) rowOf(ref UserRef) (indexed, error) {
	return one(tx, func(read scan) (i indexed, err error) { return i, read(&i.row, &i.account) }, selectRow, string(ref.id))
}

// SetState takes a user from one state to another; ErrNotFound when it is not
// in the first (any more).
func (tx WriteTx) SetState(ref UserRef, from, to user.State) error {
	return tx.alterOne(setState, string(ref.id), string(from), string(to))
}

// ForceMFA demands a second factor of a user.
func (tx WriteTx) ForceMFA(ref UserRef) error { return tx.alterOne(setForce, string(ref.id)) }

// DeleteUser leaves a tombstone: the login, so that it is never used again,
// and the name, for the log's readers. Everything else that is kept about the
// user goes, sessions included.
func (tx WriteTx) DeleteUser(ref UserRef) error {
	if err := tx.alterOne(deleteUser, string(ref.id)); err != nil {
		return err
	}
	i, err := tx.rowOf(ref)
	if err != nil {
		return err
	}
	tx.indexLater(i)
	if _, err := tx.alter(deleteUserRoles, string(ref.id)); err != nil {
		return err
	}
	if _, err := tx.EndOtherSessions(ref, ""); err != nil {
		return err
	}
	if _, err := tx.RemoveFactors(ref); err != nil {
		return err
	}
	if _, err := tx.alter(deleteKeysOfUser, string(ref.id)); err != nil {
		return err
	}
	for _, kept := range []string{deleteActivation, deleteNotices, deleteNetworks, dropProofs, deleteHelpOf} {
		if _, err := tx.exec(kept, string(ref.id)); err != nil {
			return err
		}
	}
	return nil
}

// ReplaceRoles gives a user exactly these roles of its account.
func (tx WriteTx) ReplaceRoles(ref UserRef, before, after []id.Role) error {
	had := make(map[id.Role]bool, len(before))
	for _, r := range before {
		had[r] = true
	}
	for _, r := range after {
		if had[r] {
			delete(had, r)
			continue
		}
		if err := tx.GiveRole(ref, r); err != nil {
			return fmt.Errorf("give role: %w", err)
		}
	}
	for r := range had {
		if err := tx.alterOne(deleteUserRole, string(ref.id), string(r)); err != nil {
			return fmt.Errorf("take role away: %w", err)
		}
	}
	return nil
}

// PasswordHash of a user; empty when none was chosen.
func (tx ReadTx) PasswordHash(ref UserRef) (string, error) {
	return one(tx, value[string], selectPassword, string(ref.id))
}

// ActiveAdmins counts the people who can act as administrator of the account,
// up to two.
func (tx ReadTx) ActiveAdmins(scope access.Scope) (int, error) {
	return one(tx, value[int], activeAdmins, string(scope.Account()))
}
