package store

import (
	"time"

	"gatehouse/internal/id"
)

// Refusal counts how often a caller was refused the same thing from the same
// address within one minute. Account and actor are empty for callers nobody
// knows.
type Refusal struct {
	Minute    time.Time
	Account   id.Account
	ActorKind string
	ActorID   string
	ActorName string
	Address   string
	Face      string
	Operation string
	Reason    string
	Times     int
}

// ManyAddresses stands for the address of strangers in a minute in which they
// came from too many to name.
const ManyAddresses = "*"

const maxAddresses = 100

const (
	countRefusal = `INSERT INTO refusals (minute, account_id, actor_kind, actor_id, actor_name, address, face, operation, reason, times)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (minute, account_id, actor_kind, actor_id, address, face, operation, reason) DO UPDATE SET times = refusals.times + excluded.times
		RETURNING times`
	countAddresses = `SELECT COUNT(*) FROM (SELECT r.address FROM refusals r WHERE r.minute = $1 AND r.account_id = '' LIMIT 0 + $2) seen`
	takeRefusals   = `DELETE FROM refusals WHERE minute < $1
		RETURNING minute, account_id, actor_kind, actor_id, actor_name, address, face, operation, reason, times`
)

// CountRefusal adds r.Times to the current minute and gives how many there are of
// the same now. The record in the log follows when the minute is over, so that
// nobody can fill the disk.
func (tx WriteTx) CountRefusal(r Refusal) (int, error) {
	minute := ms(tx.now.Truncate(time.Minute))
	if r.Account == "" {
		n, err := one(tx.ReadTx, value[int], countAddresses, minute, maxAddresses)
		if err != nil {
			return 0, err
		}
		if n >= maxAddresses {
			r.Address = ManyAddresses
		}
	}
	return one(tx.ReadTx, value[int], countRefusal, minute, string(r.Account), r.ActorKind, r.ActorID, r.ActorName, r.Address, r.Face, r.Operation, r.Reason, r.Times)
}

// TakeRefusals removes and returns the counts of minutes that ended before.
func (tx WriteTx) TakeRefusals(before time.Time) ([]Refusal, error) {
	return list(tx.ReadTx, func(s scan) (r Refusal, err error) {
		var minute int64
		err = s(&minute, &r.Account, &r.ActorKind, &r.ActorID, &r.ActorName, &r.Address, &r.Face, &r.Operation, &r.Reason, &r.Times)
		r.Minute = fromMS(minute)
		return r, err
	}, takeRefusals, ms(before))
}
