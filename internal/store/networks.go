package store

import "time"

const (
	knownNetwork  = `SELECT 1 FROM networks WHERE user_id = $1 AND digest = $2 AND last_at > $3`
	upsertNetwork = `INSERT INTO networks (user_id, digest, last_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, digest) DO UPDATE SET last_at = excluded.last_at`
	trimNetworks = `DELETE FROM networks WHERE user_id = $1 AND digest NOT IN (
			SELECT n.digest FROM networks n WHERE n.user_id = $1 ORDER BY n.last_at DESC, n.digest LIMIT 0 + $2
		)`
	deleteNetworks    = `DELETE FROM networks WHERE user_id = $1`
	deleteOldNetworks = `DELETE FROM networks WHERE last_at <= $1`
)

// KnowsNetwork reports whether the user signed in from there since a time; the
// network is given by its digests, of which there is one for every key.
func (tx ReadTx) KnowsNetwork(u UserRef, digests []string, since time.Time) (bool, error) {
	for _, d := range digests {
		if known, err := exists(tx, knownNetwork, string(u.id), d, ms(since)); err != nil || known {
			return known, err
		}
	}
	return false, nil
}

// RememberNetwork notes that the user signed in from there now, and keeps so
// many of the user's networks: those that were last signed in from.
func (tx WriteTx) RememberNetwork(u UserRef, digest string, most int) error {
	if _, err := tx.exec(upsertNetwork, string(u.id), digest, ms(tx.now)); err != nil {
		return err
	}
	_, err := tx.exec(trimNetworks, string(u.id), most)
	return err
}

// DeleteNetworksBefore forgets from where nobody signed in since a time.
func (tx WriteTx) DeleteNetworksBefore(t time.Time) error {
	_, err := tx.exec(deleteOldNetworks, ms(t))
	return err
}
