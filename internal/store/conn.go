package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// conn is one database connection and the statements prepared on it. One
// goroutine uses it at a time.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
}

func newConn(c *sql.Conn) *conn { return &conn{sql: c, stmts: map[string]*sql.Stmt{}} }

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.sql.Close()
}

// maxStatements is how many are kept prepared: lists are filtered in more ways
// than anybody uses, and whoever tries them all must not fill the memory.
const maxStatements = 500

// stmt prepares once. Queries are constants or built from a fixed set of parts.
func (c *conn) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		for text, s := range c.stmts { // any one: what is used often comes back
			s.Close()
			delete(c.stmts, text)
			break
		}
	}
	s, err := c.sql.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", query, err)
	}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// ReadTx is one consistent view of the database. It cannot write.
type ReadTx struct {
	c      *conn
	ctx    context.Context // of every statement: never done, unless interruptible
	caller context.Context
	now    time.Time
	engine engine
	known  *standing // what was read of it; nil while it may change, in a write
}

// standing is what every decision begins with.
type standing struct {
	read   bool
	setUp  bool
	rights int64
}

// interruptible is for what may take long: its statements stop when the caller
// goes away. Others only do not begin then, since a context that can be done
// costs a goroutine for each statement, which is as much as a quick one.
func (tx ReadTx) interruptible() ReadTx {
	tx.ctx = tx.caller
	return tx
}

// Now is the time of the transaction, in UTC and whole milliseconds.
func (tx ReadTx) Now() time.Time { return tx.now }

// limitTo takes a parameter behind it. SQLite plans a query for the value of a
// LIMIT that is a parameter alone, and so prepares it again at each call, which
// takes longer than most queries do.
const limitTo = " LIMIT 0 + "

// scan reads one row into variables.
type scan func(dest ...any) error

// one runs a query that gives at most one row; ErrNotFound when none.
func one[T any](tx ReadTx, read func(scan) (T, error), query string, args ...any) (T, error) {
	var zero T
	all, err := list(tx, read, query, args...)
	switch {
	case err != nil:
		return zero, err
	case len(all) == 0:
		return zero, ErrNotFound
	}
	return all[0], nil
}

// list runs a query and reads every row; the result is never nil.
func list[T any](tx ReadTx, read func(scan) (T, error), query string, args ...any) ([]T, error) {
	all := []T{}
	err := each(tx, func(s scan) (bool, error) {
		v, err := read(s)
		all = append(all, v)
		return true, err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// each runs a query and reads its rows for as long as read wants more.
func each(tx ReadTx, read func(scan) (more bool, err error), query string, args ...any) error {
	if err := tx.caller.Err(); err != nil {
		return err
	}
	s, err := tx.c.stmt(tx.ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(tx.ctx, args...)
	if err != nil {
		return fmt.Errorf("query %.60q: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		more, err := read(rows.Scan)
		if err != nil {
			return fmt.Errorf("read row of %.60q: %w", query, err)
		}
		if !more {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows of %.60q: %w", query, err)
	}
	return nil
}

// value reads a single column.
func value[T any](s scan) (T, error) {
	var v T
	err := s(&v)
	return v, err
}

// exists reports whether a query gives a row.
func exists(tx ReadTx, query string, args ...any) (bool, error) {
	_, err := one(tx, value[int64], query, args...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// exec runs a statement and says how many rows it changed.
func (tx WriteTx) exec(query string, args ...any) (int64, error) {
	n, err := tx.c.exec(tx.ctx, query, args...)
	if err != nil {
		return 0, classify(tx.engine, fmt.Errorf("run %.60q: %w", query, err))
	}
	return n, nil
}

// change runs a statement that must change exactly one row; ErrNotFound when
// it changes none.
func (tx WriteTx) change(query string, args ...any) error {
	n, err := tx.exec(query, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	case n > 1:
		return fmt.Errorf("run %.60q: changed %d rows, not one", query, n)
	}
	return nil
}

// alters is a statement that changes who may do what. It cannot be run but by
// alter and alterOne, which move the version of the rights.
type alters string

// alter runs a statement that may change any number of rows, and says how
// many.
func (tx WriteTx) alter(query alters, args ...any) (int64, error) {
	n, err := tx.exec(string(query), args...)
	if err == nil && n > 0 {
		err = tx.move()
	}
	return n, err
}

// alterOne is alter for exactly one row; ErrNotFound when it changes none.
func (tx WriteTx) alterOne(query alters, args ...any) error {
	if err := tx.change(string(query), args...); err != nil {
		return err
	}
	return tx.move()
}

// move says that who may do what has changed.
func (tx WriteTx) move() error {
	tx.job.moved = true
	return tx.change(bumpCounter, "rights")
}

func classify(e engine, err error) error {
	switch {
	case err == nil:
		return nil
	case e.Taken(err):
		return fmt.Errorf("%w: %w", ErrTaken, err)
	case e.Full(err):
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// Times are kept as milliseconds since 1970; the zero time as NULL where a
// column allows it.
func ms(t time.Time) int64 { return t.UnixMilli() }

func fromMS(n int64) time.Time { return time.UnixMilli(n).UTC() }

func fromNullMS(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMS(n.Int64)
}
