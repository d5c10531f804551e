package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/listing"
)

// ActivityFilter says which records of a scope, in which order, and which page
// of them. What is empty filters nothing.
type ActivityFilter struct {
	Person string              // an id: actor or object
	Where  []listing.Condition // on fields of activityFields
	Order  ActivityOrder       // newest first when empty
	Span
}

// ActivityOrder is what records are sorted by.
type ActivityOrder string

// The orders.
const (
	OldestFirst ActivityOrder = "at"
	NewestFirst ActivityOrder = "-at"
)

// ActivityOrders lists them all.
func ActivityOrders() []ActivityOrder { return []ActivityOrder{OldestFirst, NewestFirst} }

// activityFields are what records can be filtered by, by the name of the field.
func activityFields() map[string]string {
	return map[string]string{"event": "a.event", "outcome": "a.outcome", "actor": "a.actor_id", "object": "a.object_id", "at": "a.at"}
}

// Activity lists records of the scope's account.
func (tx ReadTx) Activity(scope access.Scope, f ActivityFilter) (Rows[activity.Record], error) {
	tx = tx.interruptible()
	f.Order = cmp.Or(f.Order, NewestFirst)
	by := sorting{list: "activity", order: string(f.Order), key: "a.seq", id: "a.seq", number: true}
	w := walk{sorting: by, from: "activity a", columns: "a.seq, a.leaf"}
	w.where = []string{
		"a.account_id = " + w.arg(string(scope.Account())),
		"a.account_id <> ''", // the installation's own records are in no account's scope
	}
	for _, c := range f.Where {
		if column := activityFields()[c.Field]; c.Operator == listing.In && len(c.Values) == 1 && (c.Field == "actor" || c.Field == "object") {
			w.where = append(w.where, column+" = "+w.arg(c.Values[0]))
		} else {
			w.looked = append(w.looked, w.condition(c, column))
		}
	}
	if f.Person != "" {
		return tx.activityOf(w, f)
	}
	return walked(tx, w, f.Span, scanRecordAnd)
}

// activityOf a person: each way to be concerned walks an index of its own, and
// all of it.
func (tx ReadTx) activityOf(w walk, f ActivityFilter) (page Rows[activity.Record], err error) {
	s := f.clipped()
	person := w.arg(f.Person)
	of := func(where []string, limit string) string {
		var parts []string
		for _, column := range []string{"a.actor_id", "a.object_id"} {
			each := strings.Join(slices.Concat(where, w.looked, []string{column + " = " + person}), " AND ")
			parts = append(parts, `SELECT seq FROM (SELECT a.seq FROM activity a WHERE `+each+w.clause(w.key, w.id)+``+limit+`) some`)
		}
		return strings.Join(parts, " UNION ")
	}
	page.Rows = []activity.Record{}
	if !s.Uncounted {
		n, err := one(tx, value[int], `SELECT COUNT(*) FROM (`+of(w.where, " LIMIT "+strconv.Itoa(MaxCount+1))+`) counted`, w.args...)
		if err != nil {
			return page, err
		}
		page.Total = Total{min(n, MaxCount), n > MaxCount}
	}
	if s.Limit == 0 {
		return page, nil
	}
	where := slices.Clip(w.where)
	if s.Cursor != "" {
		behind, err := w.behind(s.Cursor, w.arg)
		if err != nil {
			return page, err
		}
		where = append(where, behind)
	}
	limit := limitTo + w.arg(s.Offset+s.Limit+1)
	text := `SELECT a.seq, a.leaf FROM activity a WHERE a.seq IN (` + of(where, limit) + `)` + w.clause(w.key, w.id)
	records, err := list(tx, func(s scan) (activity.Record, error) { return scanRecordAnd(s) }, text, w.args...)
	if err != nil {
		return page, err
	}
	records = records[min(s.Offset, len(records)):]
	page.Rows = records[:min(s.Limit, len(records))]
	if len(records) > s.Limit {
		page.NextCursor = w.cursor(records[s.Limit-1].Seq, "")
	}
	return page, nil
}

func scanRecordAnd(s scan, more ...any) (activity.Record, error) {
	var seq int64
	var leaf string
	if err := s(append([]any{&seq, &leaf}, more...)...); err != nil {
		return activity.Record{}, err
	}
	return activity.Parse(seq, []byte(leaf))
}
