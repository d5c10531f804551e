package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
)

// ActivityFilter says which records of a scope, newest first. What is empty
// filters nothing.
type ActivityFilter struct {
	Event     string // "user.added"
	Outcome   activity.Outcome
	Actor     string // an id
	Object    string // an id
	Person    string // an id: actor or object
	Since     time.Time
	Until     time.Time
	Limit     int
	Offset    int
	Cursor    string // goes before Offset
	Uncounted bool   // the total is not wanted
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
	f.Limit, f.Offset = min(max(f.Limit, 0), MaxPage), min(max(f.Offset, 0), MaxOffset)
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
	if f.Outcome != "" {
		and("outcome = $%d", string(f.Outcome))
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
	who := []string{"TRUE"}
	if f.Person != "" {
		args = append(args, f.Person)
		who = []string{fmt.Sprintf("actor_id = $%d", len(args)), fmt.Sprintf("object_id = $%d", len(args))}
	}
	// Each way to be concerned walks an index of its own.
	of := func(limit string) string {
		var parts []string
		for _, w := range who {
			parts = append(parts, `SELECT seq FROM (SELECT seq FROM activity WHERE `+strings.Join(append(where, w), " AND ")+` ORDER BY seq DESC LIMIT `+limit+`) some`)
		}
		return strings.Join(parts, " UNION ")
	}
	page := ActivityPage{Records: []activity.Record{}}
	if !f.Uncounted {
		n, err := one(tx, value[int], `SELECT COUNT(*) FROM (`+of(strconv.Itoa(MaxCount+1))+`) counted`, args...)
		if err != nil {
			return ActivityPage{}, err
		}
		page.Total = Total{min(n, MaxCount), n > MaxCount}
	}
	if f.Limit == 0 {
		return page, nil
	}
	if f.Cursor != "" {
		seq, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return ActivityPage{}, ErrCursor
		}
		and("seq < $%d", seq)
		f.Offset = 0
	}
	args = append(args, f.Offset+f.Limit+1)
	text := `SELECT seq, leaf FROM activity WHERE seq IN (` + of(fmt.Sprintf("$%d", len(args))) + `) ORDER BY seq DESC`
	records, err := list(tx, scanRecord, text, args...)
	if err != nil {
		return ActivityPage{}, err
	}
	records = records[min(f.Offset, len(records)):]
	page.Records = records[:min(f.Limit, len(records))]
	if len(records) > f.Limit {
		page.NextCursor = strconv.FormatInt(records[f.Limit-1].Seq, 10)
	}
	return page, nil
}

func scanRecord(s scan) (activity.Record, error) {
	var seq int64
	var leaf string
	if err := s(&seq, &leaf); err != nil {
		return activity.Record{}, err
	}
	return activity.Parse(seq, []byte(leaf))
}
