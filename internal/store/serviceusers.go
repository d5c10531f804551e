package store

import (
	"gatehouse/internal/user"
)

const (
	ownedBy = `SELECT ` + listedColumns + ` FROM users u
		WHERE u.owner_id = $1 AND u.state <> 'deleted'
		ORDER BY u.name_folded, u.id LIMIT 0 + $2`
	countOwned = `SELECT COUNT(*) FROM (SELECT 1 FROM users u WHERE u.owner_id = $1 AND u.state <> 'deleted' LIMIT 0 + $2) owned`

	updateTerms alters = `UPDATE users SET owner_id = $2, expires_on = $3, purpose = $4
		WHERE id = $1 AND owner_id IS NOT NULL AND state <> 'deleted'`
)

// MaxOwned is how many service users of one owner are listed and counted.
const MaxOwned = 1000

// OwnedBy lists the service users that a user answers for, by name, at most so
// many and never more than MaxOwned.
func (tx ReadTx) OwnedBy(owner UserRef, limit int) ([]Listed, error) {
	return list(tx, scanListed, ownedBy, string(owner.id), min(limit, MaxOwned))
}

// CountOwned counts the service users that a user answers for, up to MaxOwned.
func (tx ReadTx) CountOwned(owner UserRef) (int, error) {
	return one(tx, value[int], countOwned, string(owner.id), MaxOwned)
}

// UpdateTerms writes owner, end and purpose of a service user; ErrNotFound when
// the user is a person. The owner has to be one of the same account.
func (tx WriteTx) UpdateTerms(ref, owner UserRef, t user.Terms) error {
	return tx.alterOne(updateTerms, string(ref.id), string(owner.id), string(t.ExpiresOn), t.Purpose)
}
