package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/store"
	"gatehouse/internal/store/migrations"
)

func schema(t *testing.T, more ...string) []migrations.Migration {
	t.Helper()
	all, err := migrations.For("sqlite")
	check(t, err)
	for _, sql := range more {
		sum := sha256.Sum256([]byte(sql))
		all = append(all, migrations.Migration{Version: len(all) + 1, Name: "more", SQL: sql, Checksum: hex.EncodeToString(sum[:])})
	}
	return all
}

func (f file) openWith(t *testing.T, all []migrations.Migration) error {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+f.path, store.Options{Clock: f.clock.now}.WithSchema(all))
	if err == nil {
		check(t, db.Close())
	}
	return err
}

func (f file) backups(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(f.path + ".before-*")
	check(t, err)
	for i := range all {
		all[i] = strings.TrimPrefix(all[i], f.path)
	}
	return all
}

const addNotes = "CREATE TABLE notes (text TEXT NOT NULL); ALTER TABLE accounts ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"

func TestOpen_migration(t *testing.T) {
	f := newFile(t)
	db := f.open(t)
	h := newHouse(t, db, "harbour", "Anna")
	check(t, db.Close())
	check(t, f.openWith(t, schema(t)))
	if b := f.backups(t); len(b) != 0 {
		t.Errorf("nothing to migrate, and yet backups: %v", b)
	}

	t.Run("fails", func(t *testing.T) {
		if err := f.openWith(t, schema(t, "CREATE TABLE half (x); CREATE TABLE half (x)")); err == nil {
			t.Fatal("opened")
		}
		if n := count(t, f, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'half'"); n != 0 {
			t.Error("half of a migration is there")
		}
		check(t, f.openWith(t, schema(t)))
	})
	t.Run("succeeds", func(t *testing.T) {
		check(t, f.openWith(t, schema(t, addNotes)))
		if n := count(t, f, "SELECT COUNT(*) FROM accounts WHERE note = 'none'"); n != 1 {
			t.Errorf("%d accounts were migrated", n)
		}
		check(t, f.openWith(t, schema(t, addNotes)))
		backup := fmt.Sprintf(".before-schema-%d", len(schema(t))+1)
		older := file{f.path + backup + "-2", f.key, f.clock} // of the second try
		if n := count(t, older, "SELECT COUNT(*) FROM pragma_table_info('accounts') WHERE name = 'note'"); n != 0 {
			t.Error("the backup was made after the migration")
		}
		if u := ask(t, older.open(t), func(tx store.ReadTx) (store.Listed, error) { return tx.User(h.scope(), h.users[0].ID) }); u.Name != "Anna" {
			t.Errorf("in the backup: %+v", u)
		}
		if diff := cmp.Diff([]string{backup, backup + "-2"}, slices.DeleteFunc(f.backups(t), func(s string) bool { return strings.HasSuffix(s, "-wal") || strings.HasSuffix(s, "-shm") })); diff != "" {
			t.Errorf("backups (-want +got):\n%s", diff)
		}
	})
	t.Run("newer than the program", func(t *testing.T) {
		wantErr(t, "open", f.openWith(t, schema(t)), store.ErrNewer)
	})
	t.Run("edited", func(t *testing.T) {
		wantErr(t, "open", f.openWith(t, schema(t, addNotes+" -- and more")), store.ErrEdited)
		f.edit(t, "UPDATE schema_migrations SET checksum = 'other' WHERE version = 1")
		wantErr(t, "open", f.openWith(t, schema(t, addNotes)), store.ErrEdited)
	})
	t.Run("new database needs no backup", func(t *testing.T) {
		f := newFile(t)
		check(t, f.openWith(t, schema(t, addNotes)))
		if b := f.backups(t); len(b) != 0 {
			t.Errorf("backups: %v", b)
		}
	})
	t.Run("twice at once", func(t *testing.T) {
		f := newFile(t)
		check(t, f.openWith(t, schema(t)))
		inParallel(6, func(int) {
			if err := f.openWith(t, schema(t, addNotes)); err != nil {
				t.Error(err)
			}
		})
	})
}

func count(t *testing.T, f file, query string) (n int) {
	t.Helper()
	check(t, f.raw(t).QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func TestOpen_address(t *testing.T) {
	for _, dsn := range []string{"", "gatehouse.db", "postgres://user:hunter2@db/x", "sqlite:", "sqlite:a\x00b"} {
		_, err := store.Open(t.Context(), dsn, store.Options{})
		if err == nil {
			t.Errorf("%q opens", dsn)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
