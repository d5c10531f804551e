package store

import (
	"database/sql"
	"strings"
	"time"

	"gatehouse/internal/id"
)

// SecurityKey is one WebAuthn credential of a user.
type SecurityKey struct {
	ID         id.SecurityKey
	Name       string
	RPID       string // the site it is bound to, and works at
	Credential string // id of the credential, base64url
	Sealed     string // public key, with what it must not be parted from
	KeyState
	Transports   []string
	AAGUID       string
	Attestation  string // type
	Format       string // of the attestation statement
	Discoverable *bool  // nil: the key did not say
	CreatedAt    time.Time
	LastUsedAt   time.Time
	LastUsedFrom string // an address; empty at a Desk, and before
	LastUsedFor  KeyPurpose
}

// KeyState is what changes with every use.
type KeyState struct {
	Count uint32
	Flags byte
}

// KeyPurpose is what a security key was used for.
type KeyPurpose string

// The uses.
const (
	UsedAsSecondFactor KeyPurpose = "second_factor"
	UsedAsPasskey      KeyPurpose = "passkey"
	UsedToStepUp       KeyPurpose = "step_up"
)

const (
	securityKeyColumns = `k.id, k.name, k.rp_id, k.credential_id, k.sealed, k.sign_count, k.flags, k.transports, k.aaguid, k.attestation, k.format, k.discoverable,
		k.created_at, k.last_used_at, k.last_used_address, k.last_used_for`

	selectSecurityKeys = `SELECT ` + securityKeyColumns + ` FROM security_keys k WHERE k.user_id = $1 ORDER BY k.created_at, k.id`
	userByCredential   = `SELECT ` + listedColumns + ` FROM security_keys k JOIN users u ON u.id = k.user_id
		WHERE k.credential_id = $1 AND k.rp_id = $2 AND u.state <> 'deleted'`
	credentialTaken = `SELECT 1 FROM security_keys WHERE credential_id = $1`
	countFactors    = `SELECT (SELECT COUNT(*) FROM authenticator_apps f WHERE f.user_id = $1),
			(SELECT COUNT(*) FROM security_keys k WHERE k.user_id = $1 AND k.rp_id = $2),
			(SELECT COUNT(*) FROM security_keys k WHERE k.user_id = $1)`

	insertSecurityKey alters = `INSERT INTO security_keys (id, user_id, name, rp_id, credential_id, sealed, sign_count, flags, transports, aaguid, attestation, format, discoverable, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	deleteSecurityKey  alters = `DELETE FROM security_keys WHERE user_id = $1 AND id = $2`
	deleteSecurityKeys alters = `DELETE FROM security_keys WHERE user_id = $1`

	renameSecurityKey = `UPDATE security_keys SET name = $3 WHERE user_id = $1 AND id = $2`
	useSecurityKey    = `UPDATE security_keys SET sign_count = $3, flags = $4, last_used_at = $5, last_used_address = $6, last_used_for = $7
		WHERE user_id = $1 AND id = $2 AND sign_count = $8`
)

// SecurityKeys of a user, of every site.
func (tx ReadTx) SecurityKeys(u UserRef) ([]SecurityKey, error) {
	return list(tx, func(s scan) (k SecurityKey, err error) {
		var created int64
		var used sql.NullInt64
		var discoverable sql.NullBool
		var transports string
		err = s(&k.ID, &k.Name, &k.RPID, &k.Credential, &k.Sealed, &k.Count, &k.Flags, &transports, &k.AAGUID, &k.Attestation, &k.Format, &discoverable,
			&created, &used, &k.LastUsedFrom, &k.LastUsedFor)
		k.Transports, k.CreatedAt, k.LastUsedAt = strings.Fields(transports), fromMS(created), fromNullMS(used)
		if discoverable.Valid {
			k.Discoverable = &discoverable.Bool
		}
		return k, err
	}, selectSecurityKeys, string(u.id))
}

// UserByCredential finds whoever signs in with a security key alone; ErrNotFound
// when nobody has it at that site.
func (tx ReadTx) UserByCredential(rpID, credential string) (Listed, error) {
	return one(tx, scanListed, userByCredential, credential, rpID)
}

// CredentialTaken reports whether anybody has registered the credential, at any
// site.
func (tx ReadTx) CredentialTaken(credential string) (bool, error) {
	return exists(tx, credentialTaken, credential)
}

// Factors is how many second factors a user has.
type Factors struct {
	Apps     int
	KeysHere int // bound to a site, and of no use elsewhere
	Keys     int // at all sites
}

// Work reports whether there is one that works at the site.
func (f Factors) Work() bool { return f.Apps+f.KeysHere > 0 }

// Factors of a user, seen from a site.
func (tx ReadTx) Factors(u UserRef, rpID string) (Factors, error) {
	return one(tx, func(s scan) (f Factors, err error) {
		err = s(&f.Apps, &f.KeysHere, &f.Keys)
		return f, err
	}, countFactors, string(u.id), rpID)
}

// AddSecurityKey adds a key to a user, whose password no longer works on API
// and ISProxy from then on (K5); ErrTaken when somebody has the credential.
func (tx WriteTx) AddSecurityKey(u UserRef, k SecurityKey) error {
	err := tx.alterOne(insertSecurityKey, string(k.ID), string(u.id), k.Name, k.RPID, k.Credential, k.Sealed, k.Count, k.Flags,
		strings.Join(k.Transports, " "), k.AAGUID, k.Attestation, k.Format, k.Discoverable, ms(tx.now))
	if err != nil {
		return err
	}
	return tx.ShutPasswords(u)
}

// RemoveSecurityKey takes one key from a user.
func (tx WriteTx) RemoveSecurityKey(u UserRef, k id.SecurityKey) error {
	return tx.alterOne(deleteSecurityKey, string(u.id), string(k))
}

// RenameSecurityKey calls a key something else.
func (tx WriteTx) RenameSecurityKey(u UserRef, k id.SecurityKey, name string) error {
	return tx.change(renameSecurityKey, string(u.id), string(k), name)
}

// UseSecurityKey keeps what a use has changed; ErrNotFound when the counter is
// no longer what it was judged by.
func (tx WriteTx) UseSecurityKey(u UserRef, k id.SecurityKey, before, after KeyState, address string, how KeyPurpose) error {
	return tx.change(useSecurityKey, string(u.id), string(k), after.Count, after.Flags, ms(tx.now), address, string(how), before.Count)
}
