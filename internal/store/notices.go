package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/notice"
)

// Told is a notice that somebody was given.
type Told struct {
	notice.Notice
	ID     id.Notice
	ReadAt time.Time // zero: not yet
}

const (
	insertNotice = `INSERT INTO notices (id, user_id, kind, by_kind, by_name, face, address, program, facts, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	noticeColumns    = `n.id, n.kind, n.by_kind, n.by_name, n.face, n.address, n.program, n.facts, n.at, n.read_at`
	countUnread      = `SELECT COUNT(*) FROM (SELECT n.id FROM notices n WHERE n.user_id = $1 AND n.read_at IS NULL LIMIT 0 + $2) unread`
	readNotice       = `UPDATE notices SET read_at = COALESCE(read_at, $3) WHERE user_id = $1 AND id = $2`
	deleteNotices    = `DELETE FROM notices WHERE user_id = $1`
	deleteOldNotices = `DELETE FROM notices WHERE at < $1`

	// Through the roles: an account has few, and may have many users.
	selectOperators = `SELECT ` + listedColumns + ` FROM users u
		WHERE u.account_id = $1 AND u.state = 'active' AND u.id IN (
			SELECT m.user_id FROM roles r JOIN user_roles m ON m.role_id = r.id
			WHERE r.account_id = $1 AND (r.built_in = 'admin' OR EXISTS (
				SELECT 1 FROM role_permissions p WHERE p.role_id = r.id AND p.permission IN (%s)
			))
		)
		ORDER BY u.id`
)

// MaxUnread is where unread notices are no longer counted.
const MaxUnread = 99

// Tell leaves a notice for a user.
func (tx WriteTx) Tell(u UserRef, n notice.Notice) error {
	facts, err := json.Marshal(n.Facts)
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	_, err = tx.exec(insertNotice, string(id.NewNotice()), string(u.id), string(n.Kind), string(n.By), n.ByName, n.Face, n.Address, n.Program, string(facts), ms(tx.now))
	return err
}

func scanTold(s scan, more ...any) (t Told, err error) {
	var facts string
	var at int64
	var read sql.NullInt64
	if err := s(append([]any{&t.ID, &t.Kind, &t.By, &t.ByName, &t.Face, &t.Address, &t.Program, &facts, &at, &read}, more...)...); err != nil {
		return t, err
	}
	t.At, t.ReadAt = fromMS(at), fromNullMS(read)
	if err := json.Unmarshal([]byte(facts), &t.Facts); err != nil {
		return t, fmt.Errorf("decode notice %s: %w", t.ID, err)
	}
	return t, nil
}

// NoticeFilter says which notices of a user, in which order, and which page of
// them.
type NoticeFilter struct {
	Where []listing.Condition // on fields of noticeFields
	Order ActivityOrder       // newest first when empty
	Span
}

// noticeFields are what notices can be filtered by, by the name of the field.
func noticeFields() map[string]string {
	return map[string]string{"kind": "n.kind", "at": "n.at", "readAt": "n.read_at", "face": "n.face", "address": "n.address"}
}

// Notices of a user. Ids are in the order in which they were told.
func (tx ReadTx) Notices(u UserRef, f NoticeFilter) (Rows[Told], error) {
	by := sorting{list: "notices", order: string(cmp.Or(f.Order, NewestFirst)), key: "n.id", id: "n.id"}
	w := walk{sorting: by, from: "notices n", columns: noticeColumns}
	w.where = []string{"n.user_id = " + w.arg(string(u.id))}
	w.filter(f.Where, noticeFields())
	return walked(tx.interruptible(), w, f.Span, scanTold)
}

// UnreadNotices counts what a user has not read, up to MaxUnread.
func (tx ReadTx) UnreadNotices(u UserRef) (int, error) {
	return one(tx, value[int], countUnread, string(u.id), MaxUnread)
}

// ReadNotice notes that a user has read a notice; ErrNotFound when it is not
// theirs. Reading it again changes nothing.
func (tx WriteTx) ReadNotice(u UserRef, n id.Notice) error {
	return tx.change(readNotice, string(u.id), string(n), ms(tx.now))
}

// DeleteNoticesBefore forgets what people were told before a time.
func (tx WriteTx) DeleteNoticesBefore(t time.Time) error {
	_, err := tx.exec(deleteOldNotices, ms(t))
	return err
}

// Operators are the users of the operator's account who hold a right over the
// installation.
func (tx ReadTx) Operators(scope access.Scope) ([]Listed, error) {
	args := []any{string(scope.Account())}
	var marks []string
	for _, d := range access.Catalogue() {
		if d.Installation {
			args = append(args, string(d.Permission))
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
	}
	return list(tx, scanListed, fmt.Sprintf(selectOperators, strings.Join(marks, ", ")), args...)
}
