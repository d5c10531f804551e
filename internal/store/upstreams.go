package store

import (
	"database/sql"
	"time"

	"gatehouse/internal/access"
)

// Upstream is what an account shows to the registrar's API behind the gateway.
type Upstream struct {
	Credential string // sealed
	SetAt      time.Time
	SetBy      string // the name at the time
	LastUsedAt time.Time
	LastStatus int // of the last answer; 0: none came
}

const (
	selectUpstream = `SELECT credential, set_at, set_by, last_used_at, last_status FROM upstreams WHERE account_id = $1`
	// Doors hold credentials in memory, as of a version of the rights.
	upsertUpstream alters = `INSERT INTO upstreams (account_id, credential, set_at, set_by, last_used_at, last_status) VALUES ($1, $2, $3, $4, NULL, 0)
		ON CONFLICT (account_id) DO UPDATE SET credential = excluded.credential, set_at = excluded.set_at, set_by = excluded.set_by, last_used_at = NULL, last_status = 0`
	deleteUpstream alters = `DELETE FROM upstreams WHERE account_id = $1`
	countUpstreams        = `SELECT COUNT(*) FROM upstreams`
	noteUpstream          = `UPDATE upstreams SET last_used_at = $2, last_status = $3
		WHERE account_id = $1 AND set_at <= $2 AND (last_used_at IS NULL OR last_used_at <= $2)`
)

// Upstream of the scope's account; ErrNotFound when it has none.
func (tx ReadTx) Upstream(scope access.Scope) (Upstream, error) {
	return one(tx, func(s scan) (u Upstream, err error) {
		var set int64
		var used sql.NullInt64
		err = s(&u.Credential, &set, &u.SetBy, &used, &u.LastStatus)
		u.SetAt, u.LastUsedAt = fromMS(set), fromNullMS(used)
		return u, err
	}, selectUpstream, string(scope.Account()))
}

// CountUpstreams says how many accounts have a credential, and nothing of which.
func (tx ReadTx) CountUpstreams() (int, error) {
	return one(tx, value[int], countUpstreams)
}

// PutUpstream sets the credential of the scope's account, in place of the one
// there was.
func (tx WriteTx) PutUpstream(scope access.Scope, credential, by string) error {
	return tx.alterOne(upsertUpstream, string(scope.Account()), credential, ms(tx.now), by)
}

// DeleteUpstream removes it; ErrNotFound when there is none.
func (tx WriteTx) DeleteUpstream(scope access.Scope) error {
	return tx.alterOne(deleteUpstream, string(scope.Account()))
}

// UpstreamUse is how an account's credential was used last.
type UpstreamUse struct {
	Scope  access.Scope
	At     time.Time
	Status int // of the answer; 0: none came
}

// NoteUpstreamUse keeps it, unless a newer one is known, or the credential is
// another by now.
func (tx WriteTx) NoteUpstreamUse(u UpstreamUse) error {
	_, err := tx.exec(noteUpstream, string(u.Scope.Account()), ms(u.At), u.Status)
	return err
}
