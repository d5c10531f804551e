//go:build unix

package sqlite_test

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gatehouse/internal/store/sqlite"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), path)
	check(t, err)
	t.Cleanup(func() { check(t, e.Close()) })
	return e
}

func run(t *testing.T, e *sqlite.Engine, statements ...string) {
	t.Helper()
	c, err := e.Writer(t.Context())
	check(t, err)
	defer c.Close()
	for _, s := range statements {
		if _, err := c.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

const fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT hex(randomblob(100)) FROM n"

// filled is a closed database of some hundred pages.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	e := open(t, path)
	run(t, e, "CREATE TABLE t (x TEXT NOT NULL)", "CREATE INDEX t_x ON t (x)", fill)
	check(t, e.Close())
	return path
}

func TestOpen_modes(t *testing.T) {
	old := syscall.Umask(0) // the widest: what is private must not depend on it
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "gatehouse.db")
	e := open(t, path)
	run(t, e, "CREATE TABLE t (x TEXT NOT NULL)", "INSERT INTO t VALUES ('x')")
	backup := func() string {
		c, err := e.Writer(t.Context())
		check(t, err)
		defer c.Close()
		to, err := e.Backup(t.Context(), c, "before")
		check(t, err)
		return to
	}()
	for path, want := range map[string]fs.FileMode{
		dir: 0o700, filepath.Dir(dir): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, backup: 0o600,
	} {
		info, err := os.Stat(path)
		check(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
	}
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".new-") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// Each is done to a whole file, and then it is not opened.
func TestOpen_refused(t *testing.T) {
	patch := func(at int64, text string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			check(t, err)
			_, err = f.WriteAt([]byte(text), at)
			check(t, errors.Join(err, f.Close()))
		}
	}
	replace := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) { check(t, os.WriteFile(path, []byte(text), 0o600)) }
	}
	mode := func(m fs.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) { check(t, os.Chmod(path, m)) }
	}
	for _, c := range []struct {
		name   string
		spoil  func(*testing.T, string)
		want   error
		advice string
	}{
		{"mode 0644", mode(0o644), sqlite.ErrWide, "chmod 600"},
		{"mode 0640", mode(0o640), sqlite.ErrWide, "chmod 600"},
		{"mode 0602", mode(0o602), sqlite.ErrWide, "chmod 600"},
		{"folder that the group writes", func(t *testing.T, path string) { check(t, os.Chmod(filepath.Dir(path), 0o770)) }, sqlite.ErrWide, "chmod 700"},
		{"folder that everybody writes", func(t *testing.T, path string) { check(t, os.Chmod(filepath.Dir(path), 0o777)) }, sqlite.ErrWide, "chmod 700"},
		{"empty", replace(""), sqlite.ErrDamaged, "gatehouse restore"},
		{"a few bytes", replace("SQLite format 3\x00"), sqlite.ErrDamaged, "gatehouse restore"},
		{"no database", replace(strings.Repeat("To whom it may concern. ", 50)), sqlite.ErrForeign, ""},
		{"another program's", patch(68, "BEER"), sqlite.ErrForeign, ""},
		{"page size that cannot be", patch(16, "\x00\x03"), sqlite.ErrDamaged, "gatehouse restore"},
		{"half", func(t *testing.T, path string) {
			info, err := os.Stat(path)
			check(t, err)
			check(t, os.Truncate(path, info.Size()/2))
		}, sqlite.ErrDamaged, "gatehouse restore"},
		{"a byte too short", func(t *testing.T, path string) {
			info, err := os.Stat(path)
			check(t, err)
			check(t, os.Truncate(path, info.Size()-1))
		}, sqlite.ErrDamaged, "gatehouse restore"},
		{"half, beside a log of somebody else's", func(t *testing.T, path string) {
			check(t, os.Truncate(path, 40*4096))
			check(t, os.WriteFile(path+"-wal", make([]byte, 8192), 0o600))
		}, sqlite.ErrDamaged, "gatehouse restore"},
		{"a log that others can read", func(t *testing.T, path string) { check(t, os.WriteFile(path+"-wal", nil, 0o644)) }, sqlite.ErrWide, "chmod 600"},
		{"a log that is a link", func(t *testing.T, path string) { check(t, os.Symlink("/dev/null", path+"-journal")) }, sqlite.ErrForeign, ""},
		{"a link to nothing", func(t *testing.T, path string) {
			check(t, os.Remove(path))
			check(t, os.Symlink("nowhere", path))
		}, fs.ErrNotExist, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filled(t)
			c.spoil(t, path)
			e, err := sqlite.Open(t.Context(), path)
			if err == nil {
				e.Close()
			}
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.advice) {
				t.Errorf("got %v, want %v with the advice %q", err, c.want, c.advice)
			}
		})
	}
	t.Run("a log of another owner", func(t *testing.T) {
		path := filled(t)
		check(t, os.WriteFile(path+"-wal", nil, 0o600))
		if err := os.Chown(path+"-wal", 12345, 12345); err != nil {
			t.Skip("needs root, who alone can give a file away")
		}
		if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, sqlite.ErrForeign) {
			t.Errorf("got %v", err)
		}
	})
	for _, c := range []struct {
		name  string
		where func(link, target string) string
		mode  fs.FileMode
		want  error
	}{
		{"a link into a folder that others may write into", func(_, target string) string { return filepath.Dir(target) }, 0o777, sqlite.ErrWide},
		{"a link in a folder that others may write into", func(link, _ string) string { return filepath.Dir(link) }, 0o777, sqlite.ErrWide},
		{"a link to a file with a log that others read", func(_, target string) string { return target + "-wal" }, 0o644, sqlite.ErrWide},
		{"not refused: a link", func(link, _ string) string { return filepath.Dir(link) }, 0o755, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := filled(t)
			link := filepath.Join(t.TempDir(), "link.db")
			check(t, os.Symlink(target, link))
			at := c.where(link, target)
			if strings.HasSuffix(at, "-wal") {
				check(t, os.WriteFile(at, nil, 0o600))
			}
			check(t, os.Chmod(at, c.mode))
			e, err := sqlite.Open(t.Context(), link)
			if err == nil {
				check(t, e.Close())
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	t.Run("not refused: a folder that others read", func(t *testing.T) {
		path := filled(t)
		check(t, os.Chmod(filepath.Dir(path), 0o755))
		open(t, path)
	})
}

// A process killed while SQLite moves its log into the file leaves a file that
// is shorter than its first page says. The log mends that.
func TestOpen_killedInCheckpoint(t *testing.T) {
	path := filled(t)
	before, err := os.ReadFile(path)
	check(t, err)
	e := open(t, path)
	run(t, e, "PRAGMA wal_autocheckpoint = 0", fill, fill)
	log, err := os.ReadFile(path + "-wal")
	check(t, err)
	run(t, e, "PRAGMA wal_checkpoint(TRUNCATE)")
	check(t, e.Close())
	after, err := os.ReadFile(path)
	check(t, err)

	killed := filepath.Join(t.TempDir(), "killed.db")
	copy(before, after[:4096]) // the first page has been moved, and no other
	if pages := int(binary.BigEndian.Uint32(before[28:])); pages*4096 <= len(before) {
		t.Fatal("the file did not grow: this shows nothing")
	}
	check(t, os.WriteFile(killed, before, 0o600))
	check(t, os.WriteFile(killed+"-wal", log, 0o600))
	k := open(t, killed)
	check(t, k.Check(t.Context()))
	c, err := k.Reader(t.Context())
	check(t, err)
	defer c.Close()
	var n int
	check(t, c.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t").Scan(&n))
	if n != 6000 {
		t.Errorf("%d of 6000 rows are there", n)
	}
}

func TestEngine_Check(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	check(t, err)
	check(t, open(t, path).Check(t.Context()))
	for _, c := range []struct {
		name string
		at   int
	}{
		{"kind of a page", 5 * 4096},
		{"cells on a page", 5*4096 + 4},
		{"where a cell begins", 5*4096 + 8},
		{"inner page of the table", 4096},
		{"list of tables", 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "bad.db")
			text := append([]byte{}, whole...)
			text[c.at] ^= 1 << 3
			check(t, os.WriteFile(bad, text, 0o600))
			if err := open(t, bad).Check(t.Context()); !errors.Is(err, sqlite.ErrDamaged) {
				t.Errorf("a flipped bit: %v", err)
			}
		})
	}
}

func TestOpen_oddPaths(t *testing.T) {
	for _, name := range []string{"with space", "a?b", "a%20b", "100%", "a#b", "a&mode=ro", "ünï", "'quoted'", `"x"`, "a;b", "-dash", "file:x"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name, name+".db")
			e := open(t, path)
			run(t, e, "CREATE TABLE t (x TEXT NOT NULL)", "INSERT INTO t VALUES ('here')")
			check(t, e.Close())
			var files []string
			check(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				if !d.IsDir() {
					files = append(files, p)
				}
				return err
			}))
			if len(files) != 1 || files[0] != path {
				t.Errorf("there are the files %q, want only %q", files, path)
			}
			c, err := open(t, path).Reader(t.Context())
			check(t, err)
			defer c.Close()
			var x string
			check(t, c.QueryRowContext(t.Context(), "SELECT x FROM t").Scan(&x))
			if _, err := c.ExecContext(t.Context(), "DELETE FROM t"); err == nil {
				t.Error("a connection for reading wrote")
			}
		})
	}
}

func TestOpen_pragmas(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	for who, connect := range map[string]func() (*sql.Conn, error){
		"writer": func() (*sql.Conn, error) { return e.Writer(t.Context()) },
		"reader": func() (*sql.Conn, error) { return e.Reader(t.Context()) },
	} {
		c, err := connect()
		check(t, err)
		defer c.Close()
		for pragma, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000", "application_id": fmt.Sprint(0x47415445), "trusted_schema": "0",
		} {
			var got string
			check(t, c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s: %s is %s, want %s", who, pragma, got, want)
			}
		}
	}
}

func TestOpen_atOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "gatehouse.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			e, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer e.Close()
			c, err := e.Writer(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.ExecContext(t.Context(), "CREATE TABLE IF NOT EXISTS t (x TEXT NOT NULL)"); err != nil {
				t.Error(err)
			}
			if _, err := c.ExecContext(t.Context(), "INSERT INTO t VALUES ('x')"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := open(t, path).Reader(t.Context())
	check(t, err)
	defer c.Close()
	var n int
	check(t, c.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t").Scan(&n))
	if n != 8 {
		t.Errorf("%d of 8 wrote into the same file", n)
	}
}
