package store

import "time"

// Throttle counts wrong guesses at one subject.
type Throttle struct {
	Failures     int
	BlockedUntil time.Time
	UpdatedAt    time.Time
}

const (
	selectThrottle = `SELECT failures, blocked_until, updated_at FROM throttles WHERE subject = $1`
	upsertThrottle = `INSERT INTO throttles (subject, failures, blocked_until, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until, updated_at = excluded.updated_at`
	deleteThrottle = `DELETE FROM throttles WHERE subject = $1`
	deleteCold     = `DELETE FROM throttles WHERE updated_at < $1 AND blocked_until < $1`
)

// Throttle of a subject; the zero Throttle when nothing was counted.
func (tx ReadTx) Throttle(subject string) (Throttle, error) {
	t, _, err := orNotFound(one(tx, func(s scan) (t Throttle, err error) {
		var until, updated int64
		err = s(&t.Failures, &until, &updated)
		t.BlockedUntil, t.UpdatedAt = fromMS(until), fromMS(updated)
		return t, err
	}, selectThrottle, subject))
	return t, err
}

// PutThrottle keeps a subject's count.
func (tx WriteTx) PutThrottle(subject string, t Throttle) error {
	_, err := tx.exec(upsertThrottle, subject, t.Failures, ms(t.BlockedUntil), ms(tx.now))
	return err
}

// ClearThrottle forgets a subject's count.
func (tx WriteTx) ClearThrottle(subject string) error {
	_, err := tx.exec(deleteThrottle, subject)
	return err
}

// DeleteColdThrottles forgets counts that nothing was added to since before.
func (tx WriteTx) DeleteColdThrottles(before time.Time) error {
	_, err := tx.exec(deleteCold, ms(before))
	return err
}
