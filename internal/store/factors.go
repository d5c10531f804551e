package store

import (
	"database/sql"
	"time"

	"gatehouse/internal/id"
)

// AuthenticatorApp is one TOTP secret of a user.
type AuthenticatorApp struct {
	ID           id.AuthenticatorApp
	Name         string
	Secret       string // sealed
	LastStep     int64  // the newest 30-second step whose code was used
	CreatedAt    time.Time
	LastUsedAt   time.Time
	LastUsedFrom string // an address; empty at a Desk, and before
}

const (
	selectApps        = `SELECT id, name, secret, last_step, created_at, last_used_at, last_used_address FROM authenticator_apps WHERE user_id = $1 ORDER BY created_at, id`
	insertApp  alters = `INSERT INTO authenticator_apps (id, user_id, name, secret, last_step, created_at, last_used_address) VALUES ($1, $2, $3, $4, $5, $6, '')`
	deleteApp  alters = `DELETE FROM authenticator_apps WHERE user_id = $1 AND id = $2`
	deleteApps alters = `DELETE FROM authenticator_apps WHERE user_id = $1`
	// Each step counts once, however many ask at the same time.
	useStep = `UPDATE authenticator_apps SET last_step = $2, last_used_at = $3, last_used_address = $4 WHERE id = $1 AND last_step < $2 AND user_id = $5`

	insertRecoveryCode = `INSERT INTO recovery_codes (user_id, digest) VALUES ($1, $2)`
	deleteRecovery     = `DELETE FROM recovery_codes WHERE user_id = $1`
	useRecoveryCode    = `UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND digest = $2 AND used_at IS NULL`
	countRecovery      = `SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL`
)

// AuthenticatorApps of a user.
func (tx ReadTx) AuthenticatorApps(u UserRef) ([]AuthenticatorApp, error) {
	return list(tx, func(s scan) (a AuthenticatorApp, err error) {
		var created int64
		var used sql.NullInt64
		err = s(&a.ID, &a.Name, &a.Secret, &a.LastStep, &created, &used, &a.LastUsedFrom)
		a.CreatedAt, a.LastUsedAt = fromMS(created), fromNullMS(used)
		return a, err
	}, selectApps, string(u.id))
}

// AddAuthenticatorApp switches an app on for a user, whose password no longer
// works on API and ISProxy from then on (K5).
func (tx WriteTx) AddAuthenticatorApp(u UserRef, a AuthenticatorApp) error {
	if err := tx.alterOne(insertApp, string(a.ID), string(u.id), a.Name, a.Secret, a.LastStep, ms(tx.now)); err != nil {
		return err
	}
	return tx.ShutPasswords(u)
}

// RemoveAuthenticatorApp takes one app from a user.
func (tx WriteTx) RemoveAuthenticatorApp(u UserRef, a id.AuthenticatorApp) error {
	return tx.alterOne(deleteApp, string(u.id), string(a))
}

// RemoveFactors takes every second factor, recovery code and break-glass code
// from a user, and says how many factors that were.
func (tx WriteTx) RemoveFactors(u UserRef) (int64, error) {
	if _, err := tx.RemoveBreakGlass(u); err != nil {
		return 0, err
	}
	if _, err := tx.exec(deleteRecovery, string(u.id)); err != nil {
		return 0, err
	}
	apps, err := tx.alter(deleteApps, string(u.id))
	if err != nil {
		return 0, err
	}
	keys, err := tx.alter(deleteSecurityKeys, string(u.id))
	return apps + keys, err
}

// UseStep spends a step of an app; false when it, or a later one, was spent.
func (tx WriteTx) UseStep(u UserRef, a id.AuthenticatorApp, step int64, address string) (bool, error) {
	n, err := tx.exec(useStep, string(a), step, ms(tx.now), address, string(u.id))
	return n == 1, err
}

// ReplaceRecoveryCodes puts new codes in place of all the user had.
func (tx WriteTx) ReplaceRecoveryCodes(u UserRef, digests []string) error {
	if _, err := tx.exec(deleteRecovery, string(u.id)); err != nil {
		return err
	}
	for _, d := range digests {
		if _, err := tx.exec(insertRecoveryCode, string(u.id), d); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode spends a code; false when the user has no such unused one.
func (tx WriteTx) UseRecoveryCode(u UserRef, digest string) (bool, error) {
	n, err := tx.exec(useRecoveryCode, string(u.id), digest, ms(tx.now))
	return n == 1, err
}

// RecoveryCodesLeft counts the unused ones.
func (tx ReadTx) RecoveryCodesLeft(u UserRef) (int, error) {
	return one(tx, value[int], countRecovery, string(u.id))
}
