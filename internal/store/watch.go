package store

import (
	"context"
	"sync/atomic"
	"time"
)

// How often the version of the rights is looked at, for those who answer from
// memory, and how old a look may be.
const (
	LookEvery = 100 * time.Millisecond
	LookGood  = time.Second
)

// watch knows the version of the rights, as of a moment ago.
type watch struct {
	version atomic.Int64
	looked  atomic.Int64 // when, in nanoseconds of this process's clock; 0: never
}

var started = time.Now()

// note what was read. The version only grows; one that was read earlier and
// comes later is none.
func (w *watch) note(version int64) {
	for {
		was := w.version.Load()
		if version <= was || w.version.CompareAndSwap(was, version) {
			break
		}
	}
	w.looked.Store(int64(time.Since(started)) + 1)
}

// fresh reports whether the last look was a moment ago.
func (w *watch) fresh() bool {
	looked := w.looked.Load()
	return looked != 0 && int64(time.Since(started))-looked < int64(LookGood)
}

// Rights is the version of the rights of now: what this process committed, at
// once; what others did, within LookGood. It asks the database when nobody has
// looked for that long, and fails when the database does not answer within
// LookGood: whoever answers from memory refuses then.
func (db *DB) Rights(ctx context.Context) (int64, error) {
	if db.rights.fresh() {
		return db.rights.version.Load(), nil
	}
	soon, cancel := context.WithTimeout(ctx, LookGood)
	defer cancel()
	return db.look(soon)
}

// RightsNow is Rights, as the database has it at this moment: for who has learnt
// that what they saw is over.
func (db *DB) RightsNow(ctx context.Context) (int64, error) { return db.look(ctx) }

func (db *DB) look(ctx context.Context) (version int64, err error) {
	err = db.Read(ctx, func(tx ReadTx) error {
		version, err = tx.RightsVersion()
		return err
	})
	if err != nil {
		return 0, err
	}
	db.rights.note(version)
	return db.rights.version.Load(), nil
}

// WatchRights looks at the version of the rights again and again until ctx
// ends, so that Rights need not.
func (db *DB) WatchRights(ctx context.Context) {
	again := time.NewTicker(LookEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			if _, err := db.look(ctx); err != nil && ctx.Err() == nil {
				db.log.WarnContext(ctx, "cannot see whether rights have changed", "error", err)
			}
		}
	}
}
