// Package sqlite opens SQLite files the way package store needs them: private
// to their owner, in write-ahead mode, durable at every commit, with one
// connection that writes and several that cannot. It refuses files that are
// damaged or not Gatehouse's, and says what to do.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// applicationID marks a file as Gatehouse's ("GATE", SQLite file format,
// offset 68).
const applicationID = 0x47415445

// Errors of opening a file.
var (
	ErrWide    = errors.New("others on this machine can read it")
	ErrForeign = errors.New("it is not a Gatehouse database")
	ErrDamaged = errors.New("it is damaged; please restore the latest backup with 'gatehouse restore'")
)

// Engine is an open SQLite file.
type Engine struct {
	path    string
	writers *sql.DB
	readers *sql.DB
}

// Open opens the file at path, making it and its folder when they are not
// there.
func Open(ctx context.Context, path string) (*Engine, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, fmt.Errorf("open database: the path is empty or unreadable")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(ctx, path); err != nil {
			return nil, fmt.Errorf("create database %s: %w", path, err)
		}
	}
	if path, err = follow(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	whole, err := inspect(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	e := &Engine{path: path}
	if e.writers, err = sql.Open("sqlite", dsn(path, false)); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	e.writers.SetMaxOpenConns(1)
	if e.readers, err = sql.Open("sqlite", dsn(path, true)); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), e.writers.Close())
	}
	if !whole {
		if err := e.Check(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), e.Close())
		}
	}
	return e, nil
}

// follow gives the file that a symbolic link leads to. SQLite keeps its log
// beside that one, so that its folder is the one to look at; whoever may write
// into the folder of the link could lead it elsewhere.
func follow(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, err
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	if err := privateDir(filepath.Dir(path), dir); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// dsn carries the pragmas, because every connection needs them.
func dsn(path string, readOnly bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"trusted_schema(0)", "cell_size_check(1)", "cache_size(-16000)", "temp_store(MEMORY)",
	}}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return uri(path, q)
}

// uri names a file in a way that keeps ?, # and % in its path.
func uri(path string, q url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// create makes an empty, marked database under another name first, so that
// nobody ever sees half a file, and two who create at once end with one.
func create(ctx context.Context, path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*.db") // 0600
	if err != nil {
		return err
	}
	tmp := f.Name()
	defer os.Remove(tmp)
	if err := f.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", uri(tmp, nil))
	if err != nil {
		return err
	}
	// In write-ahead mode from the start: two who open it at once would get
	// into each other's way changing the mode.
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA journal_mode = WAL; PRAGMA application_id = %d; CREATE TABLE t (x); DROP TABLE t", applicationID))
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, fs.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // Windows cannot, and does not need to
	}
	return errors.Join(err, d.Close())
}

// inspect reads the header before SQLite does, which would take an empty file
// for a new database and a truncated one for a whole one. It reports whether
// the file is as long as it says. One that is not, beside a log of writes, may
// be of a process killed while it moved that log into the file, first page
// first: SQLite mends that, and only its own check can tell.
func inspect(path string) (whole bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if err := permissions(path, info); err != nil {
		return false, err
	}
	if info.Size() == 0 {
		return false, fmt.Errorf("the file is empty: %w", ErrDamaged)
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var h [100]byte
	if _, err := io.ReadFull(f, h[:]); err != nil {
		return false, fmt.Errorf("the file is too short: %w", ErrDamaged)
	}
	page := int64(binary.BigEndian.Uint16(h[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(h[28:]))
	switch {
	case string(h[:16]) != "SQLite format 3\x00":
		return false, ErrForeign
	case binary.BigEndian.Uint32(h[68:]) != applicationID:
		return false, ErrForeign
	case page < 512 || page&(page-1) != 0:
		return false, fmt.Errorf("its header cannot be right: %w", ErrDamaged)
	case info.Size() >= page*pages:
		return true, nil
	}
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return false, nil
	}
	return false, fmt.Errorf("%d of %d bytes are missing: %w", page*pages-info.Size(), page*pages, ErrDamaged)
}

// permissions refuses what others on this machine could read or put there.
func permissions(path string, info fs.FileInfo) error {
	if err := private(path, info); err != nil {
		return err
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		// SQLite believes what stands in these files as much as in its own.
		beside, err := os.Lstat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = companion(path+suffix, beside, info)
		}
		if err != nil {
			return err
		}
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	return privateDir(filepath.Dir(path), dir)
}

// Name of the folder of migrations.
func (e *Engine) Name() string { return "sqlite" }

// Begin takes the write lock at once, so that no transaction fails half-way
// because another has it.
func (e *Engine) Begin() string { return "BEGIN IMMEDIATE" }

// Reader opens a connection that cannot write.
func (e *Engine) Reader(ctx context.Context) (*sql.Conn, error) { return e.readers.Conn(ctx) }

// Writer opens the connection that writes.
func (e *Engine) Writer(ctx context.Context) (*sql.Conn, error) {
	c, err := e.writers.Conn(ctx)
	if err != nil && e.broken(err) {
		return nil, fmt.Errorf("open database %s: %w: %w", e.path, ErrDamaged, err)
	}
	return c, err
}

// Impatient makes a connection say at once that another holds the lock. By
// itself SQLite asks ten times a second: while another process writes one
// transaction after the other, that finds the moment between two too rarely.
func (e *Engine) Impatient(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, "PRAGMA busy_timeout = 0")
	return err
}

// Backup copies the database to a file beside it, private like it, and says
// where. It gets its name when it is whole, and never that of an older one,
// which may hold something else.
func (e *Engine) Backup(ctx context.Context, c *sql.Conn, suffix string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(e.path), ".new-*.db") // 0600
	if err != nil {
		return "", err
	}
	tmp := f.Name()
	defer os.Remove(tmp)
	_, err = c.ExecContext(ctx, "VACUUM INTO $1", tmp)
	if err == nil {
		err = f.Sync() // SQLite does not
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	to := e.path + "." + suffix
	for n := 2; ; n++ {
		err := os.Link(tmp, to)
		if err == nil {
			return to, syncDir(filepath.Dir(to))
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		to = fmt.Sprintf("%s.%s-%d", e.path, suffix, n)
	}
}

// Taken reports a unique value that is in use.
func (e *Engine) Taken(err error) bool {
	code := code(err)
	return code == lib.SQLITE_CONSTRAINT_UNIQUE || code == lib.SQLITE_CONSTRAINT_PRIMARYKEY
}

// Full reports a full disk.
func (e *Engine) Full(err error) bool { return code(err)&0xff == lib.SQLITE_FULL }

// Busy reports a lock that another connection holds.
func (e *Engine) Busy(err error) bool { return code(err)&0xff == lib.SQLITE_BUSY }

func (e *Engine) broken(err error) bool {
	primary := code(err) & 0xff
	return primary == lib.SQLITE_CORRUPT || primary == lib.SQLITE_NOTADB
}

func code(err error) int {
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		return s.Code()
	}
	return 0
}

// Check runs SQLite's own check of the file; it takes seconds for hundreds of
// megabytes and belongs into the background.
func (e *Engine) Check(ctx context.Context) error {
	var result string
	err := e.readers.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result)
	if err != nil && e.broken(err) {
		return fmt.Errorf("check database: %w: %w", ErrDamaged, err)
	}
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if result != "ok" {
		return fmt.Errorf("check database: %s: %w", result, ErrDamaged)
	}
	return nil
}

// Close closes every connection.
func (e *Engine) Close() error { return errors.Join(e.readers.Close(), e.writers.Close()) }
