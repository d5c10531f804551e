package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/activity"
	"gatehouse/internal/auditlog"
)

// ledger appends records to the Merkle log. Only the writer has one.
type ledger struct {
	origin string
	signer note.Signer
	known  note.Verifiers
	tree   auditlog.Tree
	kept   struct { // the last checkpoint kept for good
		size int64
		at   time.Time
	}
	loaded bool
	head   string // the signed checkpoint that tree belongs to
}

const (
	selectHead     = `SELECT size, at, checkpoint FROM log_head`
	selectHash     = `SELECT hash FROM log_hashes WHERE idx = $1`
	selectKept     = `SELECT size, at FROM checkpoints ORDER BY size DESC LIMIT 1`
	insertHash     = `INSERT INTO log_hashes (idx, hash) VALUES ($1, $2)`
	insertActivity = `INSERT INTO activity (seq, account_id, at, event, outcome, actor_id, object_id, leaf) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	upsertHead     = `INSERT INTO log_head (only, size, at, checkpoint) VALUES (1, $1, $2, $3) ON CONFLICT (only) DO UPDATE SET size = excluded.size, at = excluded.at, checkpoint = excluded.checkpoint`
	// The commit that made the operator account left the first records.
	selectBegun    = `SELECT 1 FROM installation i JOIN accounts a ON a.id = i.operator_id WHERE a.created_at <> $1`
	keepCheckpoint = `INSERT INTO checkpoints (size, at, checkpoint) VALUES ($1, $2, $3)`
)

// Head is the newest signed checkpoint of the log.
type Head struct {
	Size       int64
	At         time.Time
	Checkpoint string
}

// Head of the log; ErrNotFound while it is empty.
func (tx ReadTx) Head() (Head, error) {
	return one(tx, func(s scan) (h Head, err error) {
		var at int64
		err = s(&h.Size, &at, &h.Checkpoint)
		h.At = fromMS(at)
		return h, err
	}, selectHead)
}

// append writes the records as the next leaves and signs the new head. It
// returns the ledger as it will be once the transaction is committed.
func (l ledger) append(tx WriteTx, records []activity.Record) (ledger, error) {
	if len(records) == 0 {
		return l, nil
	}
	if l.signer == nil {
		return l, ErrSealed
	}
	last, err := l.catchUp(tx)
	if err != nil {
		return l, err
	}
	for _, r := range records {
		leaf, err := r.Leaf()
		if err != nil {
			return l, err
		}
		err = l.put(tx, insertActivity, l.tree.Size(), string(r.Account), ms(r.At), r.Event, string(r.Outcome), r.Actor.ID, r.Object.ID, string(leaf))
		if err != nil {
			return l, err
		}
		for _, h := range l.tree.Append(leaf) {
			if err := l.put(tx, insertHash, h.Index, h.Hash[:]); err != nil {
				return l, err
			}
		}
	}
	at := tx.now
	if at.Before(last) { // the head also keeps the highest time seen
		at = last
	}
	return l, l.sign(tx, at)
}

// put inserts a row. A place that is taken is not a value in use, as it would
// be to the caller whose record this is, but a row that no signed log has.
func (l *ledger) put(tx WriteTx, query string, args ...any) error {
	_, err := tx.c.exec(tx.ctx, query, args...)
	if err != nil && tx.engine.Taken(err) {
		return fmt.Errorf("%w: run %.60q: %v", ErrLogDamaged, query, err) //nolint:errorlint // or it would count as a value in use again
	}
	if err != nil {
		return classify(tx.engine, fmt.Errorf("run %.60q: %w", query, err))
	}
	return nil
}

// sign replaces the head, and keeps it for good when it is time.
func (l *ledger) sign(tx WriteTx, at time.Time) error {
	size := l.tree.Size()
	signed, err := auditlog.Checkpoint{Origin: l.origin, Size: size, Root: l.tree.Root(), At: at}.Sign(l.signer)
	if err != nil {
		return err
	}
	if _, err := tx.exec(upsertHead, size, ms(at), signed); err != nil {
		return err
	}
	l.head = signed
	if size-l.kept.size < auditlog.KeepRecords && at.Sub(l.kept.at) < auditlog.KeepTime {
		return nil
	}
	if err := l.put(tx, keepCheckpoint, size, ms(at), signed); err != nil {
		return err
	}
	l.kept.size, l.kept.at = size, at
	return nil
}

// catchUp loads the edge of the tree when this process does not have it:
// at start, and after another process has written. It returns the time of the
// head. What it loads must be what the head signs for: else whoever edits the
// file would only have to wait for the next record to have the edit signed.
func (l *ledger) catchUp(tx WriteTx) (time.Time, error) {
	head, _, err := orNotFound(tx.Head())
	if err != nil {
		return time.Time{}, err
	}
	if l.loaded && head.Checkpoint == l.head {
		return head.At, nil
	}
	if err := l.extended(tx, head); err != nil {
		return time.Time{}, err
	}
	if err := l.load(tx, head); err != nil {
		return time.Time{}, err
	}
	if head.Size == 0 {
		begun, err := exists(tx.ReadTx, selectBegun, ms(tx.now))
		if err == nil && begun {
			err = fmt.Errorf("%w: it is gone", ErrLogDamaged)
		}
		return time.Time{}, err
	}
	signed, err := auditlog.ParseCheckpoint(head.Checkpoint, l.known)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("%w: %w", ErrLogDamaged, err)
	case signed.Origin != l.origin, signed.Size != head.Size, !signed.At.Equal(head.At), signed.Root != l.tree.Root():
		return time.Time{}, fmt.Errorf("%w: its head signs for another log", ErrLogDamaged)
	}
	return head.At, nil
}

// extended refuses a log that does not begin with the one this process knows:
// an older head is signed as well as the newest, and only memory tells.
func (l *ledger) extended(tx WriteTx, head Head) error {
	if !l.loaded {
		return nil
	}
	if head.Size < l.tree.Size() {
		return fmt.Errorf("%w: it had %d records a moment ago, and has %d", ErrLogDamaged, l.tree.Size(), head.Size)
	}
	known, err := auditlog.LoadTree(l.tree.Size(), tx.storedHash)
	if err == nil && known.Root() != l.tree.Root() {
		err = fmt.Errorf("%w: its first %d records are not those of a moment ago", ErrLogDamaged, l.tree.Size())
	}
	return err
}

// storedHash reads a hash of the tree by its index.
func (tx WriteTx) storedHash(index int64) (tlog.Hash, error) {
	b, err := one(tx.ReadTx, value[[]byte], selectHash, index)
	if errors.Is(err, ErrNotFound) || err == nil && len(b) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%w: stored hash %d has %d bytes", ErrLogDamaged, index, len(b))
	}
	if err != nil {
		return tlog.Hash{}, err
	}
	return tlog.Hash(b), nil
}

// load reads the edge of a log of that head, and when a checkpoint was last
// kept.
func (l *ledger) load(tx WriteTx, head Head) (err error) {
	if l.tree, err = auditlog.LoadTree(head.Size, tx.storedHash); err != nil {
		return err
	}
	l.kept.size, l.kept.at = 0, time.Time{}
	_, _, err = orNotFound(one(tx.ReadTx, func(s scan) (struct{}, error) {
		var at sql.NullInt64
		err := s(&l.kept.size, &at)
		l.kept.at = fromNullMS(at)
		return struct{}{}, err
	}, selectKept))
	l.loaded, l.head = err == nil, head.Checkpoint
	return err
}
