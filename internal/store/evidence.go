package store

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/activity"
	"gatehouse/internal/auditlog"
)

const (
	selectLog         = `SELECT seq, account_id, at, event, outcome, actor_id, object_id, leaf FROM activity ORDER BY seq`
	selectHashes      = `SELECT idx, hash FROM log_hashes ORDER BY idx`
	selectCheckpoints = `SELECT size, checkpoint FROM checkpoints UNION SELECT size, checkpoint FROM log_head ORDER BY size`
)

// Evidence reads the whole log for auditlog.Verify, which asks for one entry
// after the other.
func (tx ReadTx) Evidence() (auditlog.Evidence, error) {
	kept, err := list(tx, func(s scan) (k auditlog.Kept, err error) {
		err = s(&k.Size, &k.Signed)
		return k, err
	}, selectCheckpoints)
	return auditlog.Evidence{Kept: kept, Entries: tx.entries()}, err
}

// entries walks records and hashes side by side: a record's hashes were stored
// together, at the indexes that follow those of the record before.
func (tx ReadTx) entries() iter.Seq2[auditlog.Entry, error] {
	return func(yield func(auditlog.Entry, error) bool) {
		records, err := tx.c.sql.QueryContext(tx.ctx, selectLog)
		if err != nil {
			yield(auditlog.Entry{}, err)
			return
		}
		defer records.Close()
		hashes, err := tx.c.sql.QueryContext(tx.ctx, selectHashes)
		if err != nil {
			yield(auditlog.Entry{}, err)
			return
		}
		defer hashes.Close()
		stored := hashReader{rows: hashes}
		for records.Next() {
			entry, err := scanEntry(records.Scan)
			if err == nil {
				entry.Hashes, err = stored.until(tlog.StoredHashIndex(0, entry.Seq+1))
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
		if err := records.Err(); err != nil {
			yield(auditlog.Entry{}, err)
		}
	}
}

func scanEntry(s scan) (auditlog.Entry, error) {
	var e auditlog.Entry
	var account, event, outcome, actor, object, leaf string
	var at int64
	if err := s(&e.Seq, &account, &at, &event, &outcome, &actor, &object, &leaf); err != nil {
		return e, err
	}
	e.Leaf = []byte(leaf)
	r, err := activity.Parse(e.Seq, e.Leaf)
	e.Columns = err == nil && string(r.Account) == account && ms(r.At) == at && r.Event == event &&
		string(r.Outcome) == outcome && r.Actor.ID == actor && r.Object.ID == object
	if err != nil {
		e.Columns = true // a leaf that cannot be read does not match its hash either, which says it better
	}
	return e, nil
}

// hashReader hands out stored hashes in order of their index.
type hashReader struct {
	rows *sql.Rows
	next *auditlog.Stored
}

func (h *hashReader) until(index int64) (batch []auditlog.Stored, err error) {
	for {
		if h.next == nil {
			if !h.rows.Next() {
				return batch, h.rows.Err()
			}
			var s auditlog.Stored
			var b []byte
			if err := h.rows.Scan(&s.Index, &b); err != nil {
				return nil, fmt.Errorf("read stored hash: %w", err)
			}
			copy(s.Hash[:], b)
			if len(b) != tlog.HashSize {
				return nil, errors.New("a stored hash has the wrong size")
			}
			h.next = &s
		}
		if h.next.Index >= index {
			return batch, nil
		}
		batch = append(batch, *h.next)
		h.next = nil
	}
}
