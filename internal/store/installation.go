package store

import (
	"database/sql"
	"time"

	"gatehouse/internal/id"
)

// Installation is the one row that says what this database is.
type Installation struct {
	ID        id.Installation
	KeyCheck  string // tells a wrong key from a damaged secret; empty until the key is made
	Practice  bool   // made-up data to learn on
	Operator  id.Account
	CreatedAt time.Time
}

// SetUp reports whether the operator account exists.
func (i Installation) SetUp() bool { return i.Operator != "" }

const (
	selectInstallation = `SELECT id, key_check, practice, operator_id, created_at FROM installation`
	selectStanding     = `SELECT i.operator_id IS NOT NULL, c.value FROM installation i CROSS JOIN counters c WHERE c.name = 'rights'`
	insertInstallation = `INSERT INTO installation (only, id, key_check, practice, created_at) VALUES (1, $1, $2, $3, $4)`
	setKeyCheck        = `UPDATE installation SET key_check = $1 WHERE key_check = ''`
	selectCounter      = `SELECT value FROM counters WHERE name = $1`
	bumpCounter        = `UPDATE counters SET value = value + 1 WHERE name = $1`

	claimInstallation alters = `UPDATE installation SET operator_id = $1 WHERE operator_id IS NULL`
)

// Installation reads what this database is; ErrNotFound in a new one.
func (tx ReadTx) Installation() (Installation, error) {
	return one(tx, func(s scan) (i Installation, err error) {
		var operator sql.NullString
		var created int64
		err = s(&i.ID, &i.KeyCheck, &i.Practice, &operator, &created)
		i.Operator, i.CreatedAt = id.Account(operator.String), fromMS(created)
		return i, err
	}, selectInstallation)
}

// AddInstallation writes the row; ErrTaken when somebody else just did.
func (tx WriteTx) AddInstallation(i Installation) error {
	_, err := tx.exec(insertInstallation, string(i.ID), i.KeyCheck, i.Practice, ms(tx.now))
	return err
}

// SetKeyCheck notes the key of a new database; ErrNotFound when it has one.
func (tx WriteTx) SetKeyCheck(check string) error { return tx.change(setKeyCheck, check) }

// Claim makes an account the operator's. It returns ErrNotFound when the
// installation has one: of two set-ups, one wins.
func (tx WriteTx) Claim(operator id.Account) error {
	return tx.alterOne(claimInstallation, string(operator)) // its administrators now hold rights over the installation
}

// RightsVersion moves with every transaction that changes a right: whoever
// decided on an older one decides again.
func (tx ReadTx) RightsVersion() (int64, error) {
	if tx.known != nil && tx.known.read {
		return tx.known.rights, nil
	}
	return one(tx, value[int64], selectCounter, "rights")
}

// Standing is what every decision begins with: whether the installation is
// set up, and the version of the rights.
func (tx ReadTx) Standing() (setUp bool, rights int64, err error) {
	rights, err = one(tx, func(read scan) (version int64, err error) { return version, read(&setUp, &version) }, selectStanding)
	if err == nil && tx.known != nil {
		*tx.known = standing{true, setUp, rights}
	}
	return setUp, rights, err
}
