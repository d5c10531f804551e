package store_test

import (
	"testing"

	"gatehouse/internal/activity"
	"gatehouse/internal/store"
)

// What no index knows is looked for among a bounded number of rows: a page that
// was not filled ends there and says from where to go on, so that whoever
// follows the cursors sees everything, and nobody keeps the database busy.
func TestReadTx_bounded(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna")
	write(t, db, func(tx store.WriteTx) error {
		tx.Record(record(h.ID, "needle.found"))
		for range store.MaxLooked + 10 {
			tx.Record(record(h.ID, "hay.moved"))
		}
		tx.Record(record(h.ID, "needle.lost"))
		return nil
	})
	ask := func(pattern string, s store.Span) store.Rows[activity.Record] {
		return ask(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) {
			return tx.Activity(h.scope(), store.ActivityFilter{Where: like("event", pattern), Span: s})
		})
	}
	for _, s := range []store.Span{{Limit: 5}, {Limit: 2}, {Limit: 5, Uncounted: true}} {
		first := ask("needle%", s)
		if len(first.Rows) != 1 || first.Rows[0].Event != "needle.lost" || first.NextCursor == "" || !s.Uncounted && first.Total != (store.Total{Count: 1, Minimum: true}) {
			t.Fatalf("the first page: %d rows, %+v, next %q", len(first.Rows), first.Total, first.NextCursor)
		}
		s.Cursor = first.NextCursor
		second := ask("needle%", s)
		if len(second.Rows) != 1 || second.Rows[0].Event != "needle.found" || second.NextCursor != "" {
			t.Errorf("the second page: %d rows, next %q", len(second.Rows), second.NextCursor)
		}
	}
	if none := ask("straw%", store.Span{Limit: 5}); len(none.Rows) != 0 || none.NextCursor == "" || !none.Total.Minimum {
		t.Errorf("what is not there: %+v", none)
	}
	if counted := ask("needle%", store.Span{}); counted.Total != (store.Total{Count: 1, Minimum: true}) {
		t.Errorf("counted: %+v", counted.Total)
	}
	// Many are found at once, and are "more than".
	many := ask("hay%", store.Span{Limit: 3, Offset: 2})
	if len(many.Rows) != 3 || many.NextCursor == "" || many.Total != (store.Total{Count: store.MaxCount, Minimum: true}) {
		t.Errorf("many: %d rows, %+v", len(many.Rows), many.Total)
	}
}
