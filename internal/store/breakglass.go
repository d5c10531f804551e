package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
)

// BreakGlass is a set of break-glass codes of an account's admin user.
type BreakGlass struct {
	ID        id.BreakGlass
	Needed    int      // of the codes, as people are told; what counts is sealed
	Holders   []string // a name for each code; empty where none was given
	Sealed    string   // empty once it was used
	CreatedAt time.Time
	UsedAt    time.Time // zero: never
}

const (
	selectBreakGlass = `SELECT id, needed, holders, sealed, created_at, used_at FROM break_glass WHERE user_id = $1`
	putBreakGlass    = `INSERT INTO break_glass (user_id, id, needed, holders, sealed, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, needed = excluded.needed, holders = excluded.holders, sealed = excluded.sealed,
			created_at = excluded.created_at, used_at = NULL`
	// A set opens once, however many ask at the same time.
	useBreakGlass    = `UPDATE break_glass SET used_at = $3, sealed = '' WHERE user_id = $1 AND id = $2 AND used_at IS NULL`
	deleteBreakGlass = `DELETE FROM break_glass WHERE user_id = $1 AND used_at IS NULL`

	selectAdmins = `SELECT ` + listedColumns + ` FROM users u
		WHERE u.account_id = $1 AND u.state = 'active' AND u.owner_id IS NULL AND u.id IN (
			SELECT m.user_id FROM roles r JOIN user_roles m ON m.role_id = r.id
			WHERE r.account_id = $1 AND r.built_in = 'admin'
		)
		ORDER BY u.id
		LIMIT $2`
)

// BreakGlass of a user; ErrNotFound when there is none, and none was used.
func (tx ReadTx) BreakGlass(u UserRef) (BreakGlass, error) {
	return one(tx, func(s scan) (b BreakGlass, err error) {
		var holders string
		var created int64
		var used sql.NullInt64
		if err := s(&b.ID, &b.Needed, &holders, &b.Sealed, &created, &used); err != nil {
			return b, err
		}
		b.CreatedAt, b.UsedAt = fromMS(created), fromNullMS(used)
		if err := json.Unmarshal([]byte(holders), &b.Holders); err != nil {
			return b, fmt.Errorf("decode holders of break-glass codes: %w", err)
		}
		return b, nil
	}, selectBreakGlass, string(u.id))
}

// PutBreakGlass puts a set in the place of the one that the user had.
func (tx WriteTx) PutBreakGlass(u UserRef, b BreakGlass) error {
	holders, err := json.Marshal(b.Holders)
	if err != nil {
		return fmt.Errorf("encode holders of break-glass codes: %w", err)
	}
	_, err = tx.exec(putBreakGlass, string(u.id), string(b.ID), b.Needed, string(holders), b.Sealed, ms(tx.now))
	return err
}

// UseBreakGlass uses a set up; false when it was used or replaced before.
func (tx WriteTx) UseBreakGlass(u UserRef, b id.BreakGlass) (bool, error) {
	n, err := tx.exec(useBreakGlass, string(u.id), string(b), ms(tx.now))
	return n == 1, err
}

// RemoveBreakGlass ends the set that the user has, and reports whether there was
// one.
func (tx WriteTx) RemoveBreakGlass(u UserRef) (bool, error) {
	n, err := tx.exec(deleteBreakGlass, string(u.id))
	return n == 1, err
}

// Admins are the people who can act as administrator of the account, so many of
// them at most.
func (tx ReadTx) Admins(scope access.Scope, most int) ([]Listed, error) {
	return list(tx, scanListed, selectAdmins, string(scope.Account()), most)
}
