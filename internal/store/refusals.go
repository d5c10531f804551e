package store

import "time"

// Refusal counts how often callers nobody knows were refused the same thing
// from the same address within one minute.
type Refusal struct {
	Minute    time.Time
	Address   string
	Face      string
	Operation string
	Reason    string
	Times     int
}

const (
	countRefusal = `INSERT INTO refusals (minute, address, face, operation, reason, times) VALUES ($1, $2, $3, $4, $5, 1)
		ON CONFLICT (minute, address, face, operation, reason) DO UPDATE SET times = refusals.times + 1`
	takeRefusals = `DELETE FROM refusals WHERE minute < $1 RETURNING minute, address, face, operation, reason, times`
)

// CountRefusal adds one to the current minute. The record in the log follows
// when the minute is over, so that strangers cannot fill the disk.
func (tx WriteTx) CountRefusal(r Refusal) error {
	_, err := tx.exec(countRefusal, ms(tx.now.Truncate(time.Minute)), r.Address, r.Face, r.Operation, r.Reason)
	return err
}

// TakeRefusals removes and returns the counts of minutes that ended before.
func (tx WriteTx) TakeRefusals(before time.Time) ([]Refusal, error) {
	return list(tx.ReadTx, func(s scan) (r Refusal, err error) {
		var minute int64
		err = s(&minute, &r.Address, &r.Face, &r.Operation, &r.Reason, &r.Times)
		r.Minute = fromMS(minute)
		return r, err
	}, takeRefusals, ms(before))
}
