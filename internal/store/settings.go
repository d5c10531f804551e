package store

const (
	selectSetting = `SELECT value FROM settings WHERE name = $1`
	upsertSetting = `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

// Setting of the installation; ErrNotFound when it was never set.
func (tx ReadTx) Setting(name string) (string, error) {
	return one(tx, value[string], selectSetting, name)
}

// PutSetting sets one.
func (tx WriteTx) PutSetting(name, value string) error {
	_, err := tx.exec(upsertSetting, name, value)
	return err
}
