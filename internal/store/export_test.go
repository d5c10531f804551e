package store

import (
	"context"
	"fmt"
	"time"

	"gatehouse/internal/id"
	"gatehouse/internal/store/migrations"
)

// MaxLooked is how many rows a page is looked for in.
const MaxLooked = maxLooked

// WithSchema makes Open take these migrations for all there are.
func (o Options) WithSchema(all []migrations.Migration) Options {
	o.schema = all
	return o
}

// Pragma sets something on the connection that writes, as a job between
// others.
func (db *DB) Pragma(ctx context.Context, text string) error {
	return db.Write(ctx, func(tx WriteTx) error {
		_, err := list(tx.ReadTx, func(s scan) (string, error) {
			var v any
			err := s(&v)
			return fmt.Sprint(v), err
		}, "PRAGMA "+text)
		return err
	})
}

// Hurry sets how long the writer waits for another process.
func (db *DB) Hurry(d time.Duration) { db.writer.patience = d }

// Batch runs jobs in one commit and returns the error of each.
func (db *DB) Batch(ctx context.Context, jobs ...func(WriteTx) error) []error {
	var batch []*job
	for _, f := range jobs {
		batch = append(batch, &job{ctx: ctx, run: f, done: make(chan struct{})})
	}
	db.writer.commit(batch)
	var errs []error
	for _, j := range batch {
		<-j.done
		errs = append(errs, j.err)
	}
	return errs
}

// WriteThroughReader tries a statement on a connection for reading.
func (db *DB) WriteThroughReader(ctx context.Context, statement string) error {
	return db.Read(ctx, func(tx ReadTx) error {
		_, err := tx.c.exec(ctx, statement)
		return err
	})
}

// RefTo makes the ref of a user that was not looked up.
func RefTo(u id.User) UserRef { return UserRef{u} }
