// Package store keeps everything Gatehouse knows in one SQL database, and is
// the only package that speaks SQL. Reads run in a transaction type without
// writing methods; writes are short functions that a single writer gathers
// into one durable commit, each under a savepoint of its own, together with
// their records in the activity log. Every query over things that belong to
// accounts takes an access.Scope.
//
// It knows no rule of who may do what: that is package access, asked by op.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatehouse/internal/store/migrations"
	"gatehouse/internal/store/sqlite"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already taken")         // a unique value is in use
	ErrDiskFull = errors.New("the disk is full")      // nothing was changed
	ErrSealed   = errors.New("the log has no signer") // Unlock was not called
	ErrClosed   = errors.New("the database is closed")

	// ErrLogDamaged stops every write that leaves a record: signing over a log
	// that somebody edited would make the edit true.
	ErrLogDamaged = errors.New("the activity log is not the one that was signed; please run 'gatehouse audit verify' and restore a backup")
)

// engine is what differs between database engines.
type engine interface {
	// Name of the engine's folder of migrations.
	Name() string
	// Reader and Writer open connections. There is one writer.
	Reader(ctx context.Context) (*sql.Conn, error)
	Writer(ctx context.Context) (*sql.Conn, error)
	// Begin is the statement that begins a write transaction.
	Begin() string
	// Backup copies the database aside before a migration and says where.
	Backup(ctx context.Context, c *sql.Conn, suffix string) (string, error)
	// Impatient makes a connection say at once that another holds the lock.
	Impatient(ctx context.Context, c *sql.Conn) error
	// Taken, Full and Busy classify errors.
	Taken(err error) bool
	Full(err error) bool
	Busy(err error) bool
	// Check runs the engine's own check of its files.
	Check(ctx context.Context) error
	Close() error
}

// DB is an open database.
type DB struct {
	engine  engine
	readers chan *conn
	opened  int // how many readers there are
	writer  *writer
	clock   func() time.Time
	log     *slog.Logger

	rights  watch
	closing chan struct{}
	once    sync.Once
	closed  error // of the first Close
}

// Options of Open. Every field may be left out.
type Options struct {
	Clock   func() time.Time // time.Now when nil
	Readers int              // read connections; 4 when zero
	Log     *slog.Logger     // discards when nil

	schema []migrations.Migration // the engine's when nil; tests open older ones
}

// Open opens "sqlite:PATH", creating and migrating it as needed. The log
// cannot be written to before Unlock.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Readers == 0 {
		o.Readers = 4
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		return nil, fmt.Errorf("open database: %q does not begin with \"sqlite:\"", scheme(dsn))
	}
	e, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: e, readers: make(chan *conn, o.Readers), clock: o.Clock, log: o.Log, closing: make(chan struct{})}
	if o.schema == nil {
		if o.schema, err = migrations.For(e.Name()); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	if err := db.connect(ctx, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// scheme hides what follows it: a PostgreSQL address holds a password.
func scheme(dsn string) string {
	s, _, _ := strings.Cut(dsn, ":")
	return s
}

func (db *DB) connect(ctx context.Context, o Options) error {
	w, err := db.engine.Writer(ctx)
	if err != nil {
		return fmt.Errorf("open database for writing: %w", err)
	}
	if err := migrate(ctx, db.engine, w, o.schema, db.clock()); err != nil {
		return errors.Join(err, w.Close())
	}
	if len(o.schema) >= accountsFolded {
		if err := foldAccounts(ctx, db.engine, w); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	if err := db.engine.Impatient(ctx, w); err != nil {
		return errors.Join(fmt.Errorf("open database for writing: %w", err), w.Close())
	}
	for range o.Readers {
		r, err := db.engine.Reader(ctx)
		if err != nil {
			return errors.Join(fmt.Errorf("open database for reading: %w", err), w.Close())
		}
		db.readers <- newConn(r)
		db.opened++
	}
	db.writer = startWriter(newConn(w), db.engine, db.clock, db.log, &db.rights)
	return nil
}

// Unlock gives the writer the key that signs the log's checkpoints, and those
// that may have signed the ones there are. Until then, writes that leave a
// record fail with ErrSealed.
func (db *DB) Unlock(origin string, signer note.Signer, known note.Verifiers) {
	db.writer.unlock(origin, signer, known)
}

// Check runs the engine's own check of the whole database; it takes seconds
// for a large one.
func (db *DB) Check(ctx context.Context) error { return db.engine.Check(ctx) }

// Close finishes what was accepted, waits for the reads under way and closes
// the connections. Whoever comes later gets ErrClosed.
func (db *DB) Close() error {
	db.once.Do(func() {
		close(db.closing)
		var errs []error
		if db.writer != nil {
			errs = append(errs, db.writer.close())
		}
		for range db.opened {
			errs = append(errs, (<-db.readers).close())
		}
		db.closed = errors.Join(append(errs, db.engine.Close())...)
	})
	return db.closed
}

// Now is the store's clock, in UTC and whole milliseconds.
func (db *DB) Now() time.Time { return moment(db.clock()) }

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Read runs f over one consistent view of the database.
func (db *DB) Read(ctx context.Context, f func(ReadTx) error) error {
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { db.readers <- c }()
	// Not under ctx: a BEGIN that was interrupted after it took effect would
	// leave the connection in a transaction for good.
	always := context.WithoutCancel(ctx)
	if _, err := c.exec(always, "BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer c.exec(always, "ROLLBACK") //nolint:errcheck // nothing was written
	return f(ReadTx{c: c, ctx: always, caller: ctx, now: db.Now(), engine: db.engine, known: &standing{}})
}

// reader waits for a free connection.
func (db *DB) reader(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c := <-db.readers:
		return c, nil
	case <-db.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Expect says that a write is being prepared, so that the writer may wait a
// moment for it and commit it together with others. What it returns says that
// the write comes now, or does not come, and may be called again.
func (db *DB) Expect() (arrived func()) {
	db.writer.coming.Add(1)
	var once sync.Once
	return func() { once.Do(func() { db.writer.coming.Add(-1) }) }
}

// Write runs f within the next commit and returns when that is durable. f
// must only use its transaction and may be run more than once; if it fails,
// what it did is undone and nothing else is. A cancelled ctx stops the wait,
// not a write that has begun.
func (db *DB) Write(ctx context.Context, f func(WriteTx) error) error {
	return db.writer.do(ctx, f)
}
