package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
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
	selectNotices = `SELECT id, kind, by_kind, by_name, face, address, program, facts, at, read_at FROM notices
		WHERE user_id = $1 AND id < $2
		ORDER BY id DESC
		LIMIT $3 OFFSET $4`
	countUnread      = `SELECT COUNT(*) FROM (SELECT n.id FROM notices n WHERE n.user_id = $1 AND n.read_at IS NULL LIMIT $2) unread`
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

var countNotices = `SELECT COUNT(*) FROM (SELECT n.id FROM notices n WHERE n.user_id = $1 LIMIT ` + strconv.Itoa(MaxCount+1) + `) counted`

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

func scanTold(s scan) (t Told, err error) {
	var facts string
	var at int64
	var read sql.NullInt64
	if err := s(&t.ID, &t.Kind, &t.By, &t.ByName, &t.Face, &t.Address, &t.Program, &facts, &at, &read); err != nil {
		return t, err
	}
	t.At, t.ReadAt = fromMS(at), fromNullMS(read)
	if err := json.Unmarshal([]byte(facts), &t.Facts); err != nil {
		return t, fmt.Errorf("decode notice %s: %w", t.ID, err)
	}
	return t, nil
}

// NoticePage asks for a page of notices.
type NoticePage struct {
	Limit     int
	Offset    int
	Cursor    string // goes before Offset
	Uncounted bool
}

const noticeOrder = "notices"

// Notices of a user, newest first, with their total and the cursor of the next
// page.
func (tx ReadTx) Notices(u UserRef, p NoticePage) (page []Told, total Total, next string, err error) {
	p.Limit, p.Offset = min(max(p.Limit, 0), MaxPage), min(max(p.Offset, 0), MaxOffset)
	before := "~" // after every id
	if p.Cursor != "" {
		if _, before, err = decodeCursor(p.Cursor, noticeOrder); err != nil {
			return nil, total, "", err
		}
		p.Offset = 0
	}
	if !p.Uncounted {
		n, err := one(tx, value[int], countNotices, string(u.id))
		if err != nil {
			return nil, total, "", err
		}
		total = Total{min(n, MaxCount), n > MaxCount}
	}
	if p.Limit == 0 {
		return []Told{}, total, "", nil
	}
	page, err = list(tx, scanTold, selectNotices, string(u.id), before, p.Limit+1, p.Offset)
	if err == nil && len(page) > p.Limit {
		page = page[:p.Limit]
		next = encodeCursor(noticeOrder, "", string(page[p.Limit-1].ID))
	}
	return page, total, next, err
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
