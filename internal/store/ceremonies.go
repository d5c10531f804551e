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
	insertCeremony = `INSERT INTO ceremonies (digest, kind, data, attempts, expires_at) VALUES ($1, $2, $3, $4, $5)`
	takeCeremony   = `DELETE FROM ceremonies WHERE digest = $1 AND kind = $2 AND expires_at > $3 RETURNING kind, data, attempts, expires_at`
	spendChallenge = `INSERT INTO ceremonies (digest, kind, data, attempts, expires_at) VALUES ($1, $2, '', 0, $3) ON CONFLICT (digest) DO NOTHING`
	deleteOld      = `DELETE FROM ceremonies WHERE expires_at <= $1`
)

// AddCeremony begins one, or lets one go on.
func (tx WriteTx) AddCeremony(digest string, c Ceremony) error {
	if _, err := tx.exec(deleteOld, ms(tx.now)); err != nil {
		return err
	}
	_, err := tx.exec(insertCeremony, digest, c.Kind, c.Data, c.Attempts, ms(c.ExpiresAt))
	return err
}

// SpendChallenge notes that a challenge which was handed out without a trace has
// been answered; false when it was before. It is forgotten when it would not be
// taken any more anyway.
func (tx WriteTx) SpendChallenge(digest, kind string, expires time.Time) (bool, error) {
	if _, err := tx.exec(deleteOld, ms(tx.now)); err != nil {
		return false, err
	}
	n, err := tx.exec(spendChallenge, digest, kind, ms(expires))
	return n == 1, err
}

// TakeCeremony removes one that is not over and returns it: of two who ask at
// once, one gets it. Whoever wants it to go on adds it again.
func (tx WriteTx) TakeCeremony(digest string, kind string) (Ceremony, error) {
	return one(tx.ReadTx, func(s scan) (c Ceremony, err error) {
		var expires int64
		err = s(&c.Kind, &c.Data, &c.Attempts, &expires)
		c.ExpiresAt = fromMS(expires)
		return c, err
	}, takeCeremony, digest, kind, ms(tx.now))
}
