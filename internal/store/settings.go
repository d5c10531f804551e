package store

import (
	"gatehouse/internal/account"
	"gatehouse/internal/calendar"
)

// What the installation says about second factors, among its settings.
const (
	RequiredAfter = "mfa_required_after" // a day: accounts opened after it need them
	RequiredFrom  = "mfa_required_from"  // a day: from it on all accounts do
)

const (
	selectSetting        = `SELECT value FROM settings WHERE name = $1`
	upsertSetting        = `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	upsertRule    alters = upsertSetting
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

// Rules of the installation about second factors.
func (tx ReadTx) Rules() (r account.Rules, err error) {
	after, _, err := orNotFound(tx.Setting(RequiredAfter))
	if err != nil {
		return r, err
	}
	from, _, err := orNotFound(tx.Setting(RequiredFrom))
	return account.Rules{RequiredAfter: calendar.Day(after), RequiredFrom: calendar.Day(from)}, err
}

// PutRules sets them: everybody's way in may change by it.
func (tx WriteTx) PutRules(r account.Rules) error {
	if err := tx.alterOne(upsertRule, RequiredAfter, string(r.RequiredAfter)); err != nil {
		return err
	}
	return tx.alterOne(upsertRule, RequiredFrom, string(r.RequiredFrom))
}
