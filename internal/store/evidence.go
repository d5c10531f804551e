package store

import (
	"database/sql"
	"fmt"
	"iter"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/activity"
	"gatehouse/internal/auditlog"
)

const (
	// Whoever edits the file may leave text where a number belongs: that is
	// damage to be found, not an error of reading.
	selectLog         = `SELECT seq, account_id, CAST(at AS TEXT), event, outcome, actor_id, object_id, leaf FROM activity ORDER BY seq`
	selectHashes      = `SELECT idx, hash FROM log_hashes ORDER BY idx`
	countHashes       = `SELECT COUNT(*) FROM log_hashes`
	selectCheckpoints = `SELECT CAST(size AS BIGINT), CAST(at AS BIGINT), checkpoint FROM checkpoints ORDER BY size`
	selectSignedHead  = `SELECT CAST(size AS BIGINT), CAST(at AS BIGINT), checkpoint FROM log_head`
)

// Evidence reads the whole log for auditlog.Verify, which asks for one entry
// after the other.
func (tx ReadTx) Evidence() (auditlog.Evidence, error) {
	e := auditlog.Evidence{Entries: tx.entries()}
	var err error
	if e.Kept, err = list(tx, scanKept, selectCheckpoints); err != nil {
		return e, err
	}
	if e.Head, _, err = orNotFound(one(tx, scanKept, selectSignedHead)); err != nil {
		return e, err
	}
	if e.Hashes, err = one(tx, value[int64], countHashes); err != nil {
		return e, err
	}
	in, _, err := orNotFound(tx.Installation())
	e.Begun = in.SetUp()
	return e, err
}

func scanKept(s scan) (k auditlog.Kept, err error) {
	var at int64
	err = s(&k.Size, &at, &k.Signed)
	k.At = fromMS(at)
	return k, err
}

// entries walks records and hashes side by side: a record's hashes were stored
// together, at the indexes that follow those of the record before.
func (tx ReadTx) entries() iter.Seq2[auditlog.Entry, error] {
	tx = tx.interruptible()
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
	var account, at, event, outcome, actor, object, leaf string
	if err := s(&e.Seq, &account, &at, &event, &outcome, &actor, &object, &leaf); err != nil {
		return e, err
	}
	e.Leaf = []byte(leaf)
	r, err := activity.Parse(e.Seq, e.Leaf)
	e.At = r.At
	e.Columns = err == nil && string(r.Account) == account && strconv.FormatInt(ms(r.At), 10) == at && r.Event == event &&
		string(r.Outcome) == outcome && r.Actor.ID == actor && r.Object.ID == object
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
			if len(b) == tlog.HashSize { // else it stays zero, which is nothing's hash
				copy(s.Hash[:], b)
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
