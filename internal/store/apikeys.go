package store

import (
	"cmp"
	"database/sql"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/apikey"
	"gatehouse/internal/calendar"
	"gatehouse/internal/domain"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/user"
)

const (
	keyColumns = `k.id, k.account_id, k.user_id, k.description, k.shown, k.channels, k.ip_rules, k.permissions, k.domains,
		k.created_at, k.expires_at, k.successor_id, k.last_used_at, k.last_address, k.last_program`

	insertKey alters = `INSERT INTO api_keys (id, account_id, user_id, description, description_folded, shown, digest, channels, ip_rules, permissions, domains, created_at, expires_at)
		SELECT $1, u.account_id, u.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM users u WHERE u.id = $2 AND u.state <> 'deleted'`
	updateKey alters = `UPDATE api_keys SET description = $3, description_folded = $4, channels = $5, ip_rules = $6, permissions = $7, domains = $8, expires_at = $9, successor_id = $10
		WHERE account_id = $1 AND id = $2`
	deleteKey        alters = `DELETE FROM api_keys WHERE account_id = $1 AND id = $2`
	deleteKeysOfUser alters = `DELETE FROM api_keys WHERE user_id = $1`
	deleteOldKeys           = `DELETE FROM api_keys WHERE expires_at < $1`

	shutPasswords alters = `UPDATE users SET passwords_shut = TRUE WHERE id = $1 AND NOT passwords_shut`
	openPasswords alters = `UPDATE users SET passwords_shut = FALSE WHERE id = $1 AND passwords_shut`
	passwordsShut        = `SELECT passwords_shut FROM users WHERE id = $1`

	selectKey     = `SELECT ` + keyColumns + `, u.name FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.account_id = $1 AND k.id = $2`
	countKeysOf   = `SELECT COUNT(*) FROM api_keys WHERE user_id = $1`
	selectDigests = `SELECT digest FROM api_keys`

	// One row has what a door must know of a key.
	selectKeyBearer = `SELECT ` + keyColumns + `, k.digest, u.name, u.login, u.state, u.access_points, u.ip_rules, u.owner_id, u.expires_on, a.state, a.name,
			EXISTS (SELECT 1 FROM installation i WHERE i.operator_id = a.id), ` + rightsColumn + `
		FROM api_keys k JOIN users u ON u.id = k.user_id JOIN accounts a ON a.id = u.account_id`
	bearerByKey   = selectKeyBearer + ` WHERE k.digest = $1`
	bearerByKeyID = selectKeyBearer + ` WHERE k.account_id = $1 AND k.id = $2`

	noteKeyUse = `UPDATE api_keys SET last_used_at = $2, last_address = $3, last_program = $4 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2)`
	addKeyUses = `INSERT INTO api_key_uses (key_id, day, uses) SELECT k.id, $2, $3 FROM api_keys k WHERE k.id = $1
		ON CONFLICT (key_id, day) DO UPDATE SET uses = api_key_uses.uses + excluded.uses`
	usesOfKey  = `SELECT c.day, c.uses FROM api_key_uses c JOIN api_keys k ON k.id = c.key_id WHERE k.account_id = $1 AND c.key_id = $2 AND c.day >= $3 ORDER BY c.day`
	usesOfKeys = `SELECT c.key_id, c.day, c.uses FROM api_key_uses c JOIN api_keys k ON k.id = c.key_id WHERE k.account_id = $1 AND c.day >= $2 AND c.key_id IN (`
)

// UserKey is a key and the name of its user.
type UserKey struct {
	apikey.Key
	UserName string
}

func scanKey(s scan, more ...any) (k apikey.Key, err error) {
	var channels, ranges, permissions, patterns string
	var created, expires int64
	var successor sql.NullString
	var used sql.NullInt64
	err = s(append([]any{
		&k.ID, &k.Account, &k.User, &k.Description, &k.Shown, &channels, &ranges, &permissions, &patterns,
		&created, &expires, &successor, &used, &k.Last.Address, &k.Last.Program,
	}, more...)...)
	k.Entry, k.Rights = restoreEntry(channels, ranges), readRights(permissions, true)
	for p := range strings.FieldsSeq(patterns) {
		k.Domains = append(k.Domains, domain.Pattern(p))
	}
	k.CreatedAt, k.ExpiresAt, k.Successor, k.Last.At = fromMS(created), fromMS(expires), id.Key(successor.String), fromNullMS(used)
	return k, err
}

func scanUserKey(s scan, more ...any) (k UserKey, err error) {
	k.Key, err = scanKey(s, append([]any{&k.UserName}, more...)...)
	return k, err
}

func keyTexts(k apikey.Key) (channels, ranges, permissions, patterns string) {
	permissions, patterns = words(k.Rights.Permissions()), words(k.Domains)
	return k.Entry.Points.Text(), k.Entry.Ranges.Text(), permissions, patterns
}

func words[T ~string](all []T) string { return strings.Join(texts(all), " ") }

// AddKey writes a key of a user. From the first one on, the user's password no
// longer works where keys do (K5).
func (tx WriteTx) AddKey(u UserRef, k apikey.Key) error {
	channels, ranges, permissions, patterns := keyTexts(k)
	err := tx.alterOne(insertKey, string(k.ID), string(u.id), k.Description, user.Fold(k.Description), k.Shown, k.Digest, channels, ranges, permissions, patterns, ms(tx.now), ms(k.ExpiresAt))
	if err != nil {
		return err
	}
	return tx.ShutPasswords(u)
}

// ShutPasswords has a user's password no longer work on API and ISProxy.
func (tx WriteTx) ShutPasswords(u UserRef) error {
	_, err := tx.alter(shutPasswords, string(u.id))
	return err
}

// OpenPasswords undoes ShutPasswords; ErrNotFound when they are open.
func (tx WriteTx) OpenPasswords(u UserRef) error { return tx.alterOne(openPasswords, string(u.id)) }

// PasswordsShut reports whether a user's password no longer works on API and
// ISProxy.
func (tx ReadTx) PasswordsShut(u UserRef) (bool, error) {
	return one(tx, value[bool], passwordsShut, string(u.id))
}

// UpdateKey writes what may change of a key: what it is called, and whatever
// narrows it.
func (tx WriteTx) UpdateKey(scope access.Scope, k apikey.Key) error {
	channels, ranges, permissions, patterns := keyTexts(k)
	var successor any
	if k.Successor != "" {
		successor = string(k.Successor)
	}
	return tx.alterOne(updateKey, string(scope.Account()), string(k.ID), k.Description, user.Fold(k.Description), channels, ranges, permissions, patterns, ms(k.ExpiresAt), successor)
}

// DeleteKey removes a key; ErrNotFound when it is gone.
func (tx WriteTx) DeleteKey(scope access.Scope, k id.Key) error {
	return tx.alterOne(deleteKey, string(scope.Account()), string(k))
}

// DeleteKeysEndedBefore removes keys that expired before a time.
func (tx WriteTx) DeleteKeysEndedBefore(t time.Time) error {
	_, err := tx.exec(deleteOldKeys, ms(t))
	return err
}

// Key of the scope.
func (tx ReadTx) Key(scope access.Scope, k id.Key) (UserKey, error) {
	return one(tx, func(s scan) (UserKey, error) { return scanUserKey(s) }, selectKey, string(scope.Account()), string(k))
}

// CountKeys of a user, expired ones too.
func (tx ReadTx) CountKeys(u UserRef) (int, error) {
	return one(tx, value[int], countKeysOf, string(u.id))
}

// KeyDigests are those of every key of the installation.
func (tx ReadTx) KeyDigests() ([]string, error) { return list(tx, value[string], selectDigests) }

// KeyBearer is what a door must know of a key.
type KeyBearer struct {
	Key      apikey.Key
	User     user.User       // id, name, login, state, ways in, and what ends a service user
	Account  account.Account // id, name and state
	Operator bool            // the account is the operator's
	Rights   access.Rights   // of the user
}

// KeyByDigest finds a key by the digest of its secret; ErrNotFound when there is
// none.
func (tx ReadTx) KeyByDigest(digest string) (KeyBearer, error) {
	return one(tx, scanKeyBearer, bearerByKey, digest)
}

// KeyBearer of a key of the scope.
func (tx ReadTx) KeyBearer(scope access.Scope, k id.Key) (KeyBearer, error) {
	return one(tx, scanKeyBearer, bearerByKeyID, string(scope.Account()), string(k))
}

func scanKeyBearer(s scan) (b KeyBearer, err error) {
	var points, ranges, kept string
	var owner, rights sql.NullString
	b.Key, err = scanKey(s, &kept, &b.User.Name, &b.User.Login, &b.User.State, &points, &ranges, &owner, &b.User.Terms.ExpiresOn, &b.Account.State, &b.Account.Name, &b.Operator, &rights)
	b.Key.Digest, b.User.ID, b.User.Account, b.Account.ID = kept, b.Key.User, b.Key.Account, b.Key.Account
	b.User.Entry, b.User.Terms.Owner = restoreEntry(points, ranges), id.User(owner.String)
	b.Rights = readRights(rights.String, b.Operator)
	return b, err
}

// KeyUse is how often a key was used on a day, and how last.
type KeyUse struct {
	Key  id.Key
	Day  calendar.Day
	Uses int64
	Last apikey.Use
}

// NoteKeyUses adds uses that were counted elsewhere. Of a key that is gone
// nothing is left.
func (tx WriteTx) NoteKeyUses(all []KeyUse) error {
	for _, u := range all {
		if _, err := tx.exec(addKeyUses, string(u.Key), string(u.Day), u.Uses); err != nil {
			return err
		}
		if _, err := tx.exec(noteKeyUse, string(u.Key), ms(u.Last.At), u.Last.Address, u.Last.Program); err != nil {
			return err
		}
	}
	return nil
}

// DayUses is how often a key was used on a day.
type DayUses struct {
	Day  calendar.Day `json:"day"`
	Uses int64        `json:"uses"`
}

// KeyUses of a key by day, from a day on; days without any are left out.
func (tx ReadTx) KeyUses(scope access.Scope, k id.Key, from calendar.Day) ([]DayUses, error) {
	return list(tx, func(s scan) (d DayUses, err error) { return d, s(&d.Day, &d.Uses) }, usesOfKey, string(scope.Account()), string(k), string(from))
}

// KeysUses are the uses of several keys by day, from a day on; keys and days
// without any are left out.
func (tx ReadTx) KeysUses(scope access.Scope, keys []id.Key, from calendar.Day) (map[id.Key][]DayUses, error) {
	uses := map[id.Key][]DayUses{}
	if len(keys) == 0 {
		return uses, nil
	}
	p := parts{args: []any{string(scope.Account()), string(from)}}
	var values []any
	for _, k := range keys {
		values = append(values, string(k))
	}
	type row struct {
		key id.Key
		DayUses
	}
	rows, err := list(tx, func(s scan) (r row, err error) { return r, s(&r.key, &r.Day, &r.Uses) }, usesOfKeys+p.several(values)+")", p.args...)
	for _, r := range rows {
		uses[r.key] = append(uses[r.key], r.DayUses)
	}
	return uses, err
}

// KeyFilter says which keys of a scope, in which order, and which page of them.
type KeyFilter struct {
	User   id.User             // of this user only; empty: of everybody
	States []apikey.State      // in one of these; none: in any
	Where  []listing.Condition // on fields of keyFields
	Order  KeyOrder            // the newest first when empty
	Span
}

// KeyOrder is what keys are sorted by; with a minus in front, the other way
// round.
type KeyOrder string

// The orders.
const (
	ByKeyCreation KeyOrder = "createdAt"
	ByDescription KeyOrder = "description"
	ByKeyEnd      KeyOrder = "expiresAt"
	ByKeyUser     KeyOrder = "userName"
)

// KeyOrders lists them all.
func KeyOrders() []KeyOrder {
	return listing.BothWays(ByKeyCreation, ByDescription, ByKeyEnd, ByKeyUser)
}

func (o KeyOrder) sorting() sorting {
	by := sorting{list: "keys", order: string(o), key: "k.id", id: "k.id"} // ids sort by the time they were made
	switch KeyOrder(listing.OrderOf(string(o))) {
	case ByDescription:
		by.key = "k.description_folded"
	case ByKeyEnd:
		by.key, by.number = "k.expires_at", true
	case ByKeyUser:
		by.key = "u.name_folded"
	case ByKeyCreation:
	}
	return by
}

// keyFields are what keys can be filtered by, by the name of the field.
func keyFields() map[string]string {
	return map[string]string{
		"description": "k.description_folded", "shown": "k.shown", "userName": "u.name_folded", "channels": "k.channels",
		"createdAt": "k.created_at", "expiresAt": "k.expires_at", "lastUsedAt": "k.last_used_at",
	}
}

// states is the condition that a key is in one of these.
func (p *parts) states(all []apikey.State, now time.Time) string {
	is := func(s apikey.State) string {
		lives := "k.expires_at > " + p.arg(ms(now))
		switch s {
		case apikey.Rotated:
			return lives + " AND k.successor_id IS NOT NULL"
		case apikey.Expiring:
			return lives + " AND k.expires_at <= " + p.arg(ms(now.Add(apikey.Soon))) + " AND k.successor_id IS NULL"
		case apikey.Active:
			return "k.expires_at > " + p.arg(ms(now.Add(apikey.Soon))) + " AND k.successor_id IS NULL AND " + lives
		case apikey.Expired:
		}
		return "NOT " + lives
	}
	var or []string
	for _, s := range all {
		or = append(or, "("+is(s)+")")
	}
	return "(" + strings.Join(or, " OR ") + ")"
}

// Keys of the scope.
func (tx ReadTx) Keys(scope access.Scope, f KeyFilter) (Rows[UserKey], error) {
	w := walk{sorting: cmp.Or(f.Order, "-"+ByKeyCreation).sorting(), from: "api_keys k JOIN users u ON u.id = k.user_id", columns: keyColumns + ", u.name"}
	w.where = []string{"k.account_id = " + w.arg(string(scope.Account()))}
	if f.User != "" {
		w.where = append(w.where, "k.user_id = "+w.arg(string(f.User)))
	}
	if len(f.States) > 0 {
		w.where = append(w.where, w.states(f.States, tx.Now()))
	}
	w.filter(f.Where, keyFields())
	return walked(tx.interruptible(), w, f.Span, scanUserKey)
}
