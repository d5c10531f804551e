package store

import "time"

// Ceremony is the state between the steps of an act, such as a sign-in that
// waits for its second factor.
type Ceremony struct {
	Kind      string
	Data      string // sealed
	Attempts  int
	ExpiresAt time.Time
}

const (
	insertCeremony = `INSERT INTO ceremonies (digest, kind, data, attempts, expires_at) VALUES ($1, $2, $3, 0, $4)`
	selectCeremony = `SELECT kind, data, attempts, expires_at FROM ceremonies WHERE digest = $1 AND kind = $2 AND expires_at > $3`
	tryCeremony    = `UPDATE ceremonies SET attempts = attempts + 1 WHERE digest = $1`
	endCeremony    = `DELETE FROM ceremonies WHERE digest = $1`
	deleteOld      = `DELETE FROM ceremonies WHERE expires_at <= $1`
)

// AddCeremony begins one.
func (tx WriteTx) AddCeremony(digest string, c Ceremony) error {
	if _, err := tx.exec(deleteOld, ms(tx.now)); err != nil {
		return err
	}
	_, err := tx.exec(insertCeremony, digest, c.Kind, c.Data, ms(c.ExpiresAt))
	return err
}

// Ceremony finds one that is not over.
func (tx ReadTx) Ceremony(digest string, kind string) (Ceremony, error) {
	return one(tx, func(s scan) (c Ceremony, err error) {
		var expires int64
		err = s(&c.Kind, &c.Data, &c.Attempts, &expires)
		c.ExpiresAt = fromMS(expires)
		return c, err
	}, selectCeremony, digest, kind, ms(tx.now))
}

// TryCeremony counts a failed attempt.
func (tx WriteTx) TryCeremony(digest string) error { return tx.change(tryCeremony, digest) }

// EndCeremony ends one, so that it is used once; ErrNotFound when somebody
// else just did.
func (tx WriteTx) EndCeremony(digest string) error { return tx.change(endCeremony, digest) }
