package store

import (
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
)

// OpenCall is a call that a gateway sent on and of which no answer is known yet.
// Whoever waits for the answer says again and again that it lives; when it does
// not until a time, it is dead, and nobody will know what became of the call.
type OpenCall struct {
	ID     id.Call
	Scope  access.Scope
	Holder string // the process that waits
	Until  time.Time
	Call   string // JSON, for the record of what became of it
}

const (
	insertCall   = `INSERT INTO gateway_calls (id, account_id, holder, until, call) VALUES ($1, $2, $3, $4, $5)`
	deleteCall   = `DELETE FROM gateway_calls WHERE account_id = $1 AND id = $2`
	holdCalls    = `UPDATE gateway_calls SET until = $2 WHERE holder = $1`
	takeLostCall = `DELETE FROM gateway_calls WHERE id IN (SELECT c.id FROM gateway_calls c WHERE c.until < $1 ORDER BY c.until, c.id LIMIT 1)
		RETURNING id, account_id, holder, until, call`
)

// AddCall keeps a call that is about to be sent on.
func (tx WriteTx) AddCall(c OpenCall) error {
	_, err := tx.exec(insertCall, string(c.ID), string(c.Scope.Account()), c.Holder, ms(c.Until), c.Call)
	return err
}

// EndCall forgets a call of which it is known what became of it; ErrNotFound when
// it was taken for lost before.
func (tx WriteTx) EndCall(scope access.Scope, c id.Call) error {
	return tx.change(deleteCall, string(scope.Account()), string(c))
}

// HoldCalls says that a process lives that waits for answers.
func (tx WriteTx) HoldCalls(holder string, until time.Time) error {
	_, err := tx.exec(holdCalls, holder, ms(until))
	return err
}

// TakeLostCall removes and gives one call whose process is dead, of whatever
// account; ErrNotFound when there is none.
func (tx WriteTx) TakeLostCall() (OpenCall, error) {
	return one(tx.ReadTx, func(s scan) (c OpenCall, err error) {
		var until int64
		var account id.Account
		err = s(&c.ID, &account, &c.Holder, &until, &c.Call)
		c.Scope, c.Until = access.Within(account), fromMS(until)
		return c, err
	}, takeLostCall, ms(tx.now))
}
