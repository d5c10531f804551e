package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
)

// ActivityFilter says which records of a scope, newest first.
type ActivityFilter struct {
	Event  string // "user.added"
	Actor  string // an id
	Object string // an id
	Since  time.Time
	Until  time.Time
	Limit  int
	Cursor string
}

// ActivityPage is a page of the log.
type ActivityPage struct {
	Records    []activity.Record
	Total      Total
	NextCursor string
}

// Activity lists records of the scope's account, newest first.
func (tx ReadTx) Activity(scope access.Scope, f ActivityFilter) (ActivityPage, error) {
	tx = tx.interruptible()
	f.Limit = min(max(f.Limit, 0), MaxPage)
	var args []any
	var where []string
	and := func(condition string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	and("account_id = $%d", string(scope.Account()))
	where = append(where, "account_id <> ''") // the installation's own records are in no account's scope
	if f.Event != "" {
		and("event = $%d", f.Event)
	}
	if f.Actor != "" {
		and("actor_id = $%d", f.Actor)
	}
	if f.Object != "" {
		and("object_id = $%d", f.Object)
	}
	if !f.Since.IsZero() {
		and("at >= $%d", ms(f.Since))
	}
	if !f.Until.IsZero() {
		and("at < $%d", ms(f.Until))
	}
	total, err := tx.countActivity(where, args)
	if err != nil {
		return ActivityPage{}, err
	}
	if f.Cursor != "" {
		seq, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return ActivityPage{}, ErrCursor
		}
		and("seq < $%d", seq)
	}
	args = append(args, f.Limit+1)
	text := `SELECT seq, leaf FROM activity WHERE ` + strings.Join(where, " AND ") + fmt.Sprintf(` ORDER BY seq DESC LIMIT $%d`, len(args))
	records, err := list(tx, scanRecord, text, args...)
	if err != nil {
		return ActivityPage{}, err
	}
	page := ActivityPage{Records: records, Total: total}
	if len(records) > f.Limit {
		page.Records = records[:f.Limit]
		if f.Limit > 0 {
			page.NextCursor = strconv.FormatInt(records[f.Limit-1].Seq, 10)
		}
	}
	return page, nil
}

func (tx ReadTx) countActivity(where []string, args []any) (Total, error) {
	text := `SELECT COUNT(*) FROM (SELECT 1 FROM activity WHERE ` + strings.Join(where, " AND ") + fmt.Sprintf(` LIMIT %d)`, MaxCount+1)
	n, err := one(tx, value[int], text, args...)
	return Total{min(n, MaxCount), n > MaxCount}, err
}

func scanRecord(s scan) (activity.Record, error) {
	var seq int64
	var leaf string
	if err := s(&seq, &leaf); err != nil {
		return activity.Record{}, err
	}
	return activity.Parse(seq, []byte(leaf))
}
