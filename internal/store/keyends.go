package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/id"
)

// Keys come to their end one after the other, by time and then by id. A mark
// says how far people were told; a key is told of when its end crosses it, and
// never again.
//
// Keys that were cut or rotated end at a moment that somebody chose, and end as
// they were meant to. What ends by itself ends with a day.
const (
	selectKeyEnd = `SELECT ` + keyColumns + `, u.name, u.owner_id
		FROM api_keys k JOIN users u ON u.id = k.user_id JOIN accounts a ON a.id = u.account_id
		WHERE (k.expires_at, k.id) > ($1, $2)
			AND k.expires_at <= $3
			AND k.expires_at - k.created_at >= $4
			AND k.expires_at % 86400000 = 0
			AND k.successor_id IS NULL
			AND u.state = 'active'
			AND a.state = 'open'
		ORDER BY k.expires_at, k.id LIMIT 1`
)

// KeyEnd is a key that ends or has ended, and the owner of its user when that is
// a service user.
type KeyEnd struct {
	UserKey
	Owner id.User
}

// Scope is the account that the key is in.
func (k KeyEnd) Scope() access.Scope { return access.Within(k.Account) }

// KeyEnds are the keys that come to their end between two times, which are told
// of under a name. Those that were made to live shorter than Least are left out.
type KeyEnds struct {
	Name        string // "ahead": of the mark
	After, Till time.Time
	Least       time.Duration
}

func (e KeyEnds) setting() string { return "key_ends_" + e.Name }

// NextKeyEnd is the first that was not told of; ErrNotFound when there is none.
func (tx ReadTx) NextKeyEnd(e KeyEnds) (k KeyEnd, err error) {
	at, last := ms(e.After), "~" // behind all ids
	mark, err := tx.Setting(e.setting())
	if err != nil && !errors.Is(err, ErrNotFound) {
		return k, fmt.Errorf("read how far was told of keys: %w", err)
	}
	if told, of, ok := strings.Cut(mark, " "); ok {
		n, err := strconv.ParseInt(told, 10, 64)
		if err != nil {
			return k, fmt.Errorf("read how far was told of keys: %w", err)
		}
		if n > at {
			at, last = n, of
		}
	}
	return one(tx, func(s scan) (k KeyEnd, err error) {
		var owner sql.NullString
		k.UserKey, err = scanUserKey(s, &owner)
		k.Owner = id.User(owner.String)
		return k, err
	}, selectKeyEnd, at, last, ms(e.Till), e.Least.Milliseconds())
}

// ToldKeyEnd moves the mark to a key.
func (tx WriteTx) ToldKeyEnd(e KeyEnds, k apikey.Key) error {
	return tx.PutSetting(e.setting(), fmt.Sprintf("%d %s", ms(k.ExpiresAt), k.ID))
}
