package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auditlog"
	"gatehouse/internal/id"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

const origin = "gatehouse/ins_test"

// logKey is a key pair of the activity log, as text.
type logKey struct{ private, public string }

func newLogKey(t testing.TB) logKey {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	check(t, err)
	return logKey{private, public}
}

func (k logKey) signer() note.Signer {
	s, err := note.NewSigner(k.private)
	if err != nil {
		panic(err)
	}
	return s
}

func (k logKey) verifiers() note.Verifiers {
	v, err := note.NewVerifier(k.public)
	if err != nil {
		panic(err)
	}
	return note.VerifierList(v)
}

// clock is the time of a test, moved by hand.
type clock struct{ ms atomic.Int64 }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newClock() *clock {
	c := &clock{}
	c.ms.Store(noon.UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// file is a database on disk that tests open, close and open again.
type file struct {
	path  string
	key   logKey
	clock *clock
}

func newFile(t testing.TB) file {
	t.Helper()
	return file{filepath.Join(t.TempDir(), "gatehouse.db"), newLogKey(t), newClock()}
}

func (f file) open(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+f.path, store.Options{Clock: f.clock.now})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	db.Unlock(origin, f.key.signer(), f.key.verifiers())
	return db
}

// raw opens the file behind the program's back.
func (f file) raw(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", f.path)
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func (f file) edit(t testing.TB, statements ...string) {
	t.Helper()
	db := f.raw(t)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	check(t, db.Close())
}

func (f file) verify(db *store.DB, anchor string) (head auditlog.Checkpoint, err error) {
	return verify(db, f.key, anchor)
}

func verify(db *store.DB, key logKey, anchor string) (head auditlog.Checkpoint, err error) {
	err = db.Read(context.Background(), func(tx store.ReadTx) error {
		e, err := tx.Evidence()
		if err != nil {
			return err
		}
		e.Origin, e.Known, e.Anchor = origin, key.verifiers(), anchor
		head, err = auditlog.Verify(e)
		return err
	})
	return head, err
}

func open(t testing.TB) (*store.DB, *clock) {
	t.Helper()
	f := newFile(t)
	return f.open(t), f.clock
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func write(t testing.TB, db *store.DB, f func(store.WriteTx) error) {
	t.Helper()
	check(t, db.Write(t.Context(), f))
}

func read(t testing.TB, db *store.DB, f func(store.ReadTx) error) {
	t.Helper()
	check(t, db.Read(t.Context(), f))
}

// ask reads one thing.
func ask[T any](t testing.TB, db *store.DB, f func(store.ReadTx) (T, error)) T {
	t.Helper()
	v, err := tryAsk(t, db, f)
	check(t, err)
	return v
}

func tryAsk[T any](t testing.TB, db *store.DB, f func(store.ReadTx) (T, error)) (v T, err error) {
	t.Helper()
	err = db.Read(t.Context(), func(tx store.ReadTx) (err error) {
		v, err = f(tx)
		return err
	})
	return v, err
}

// house is an account with one role and some users.
type house struct {
	account.Account
	role  access.Role
	users []user.User
}

func (h house) scope() access.Scope { return access.Within(h.ID) }

// newHouse opens an account with users of these names; their logins are the
// handle and a number.
func newHouse(t testing.TB, db *store.DB, handle string, names ...string) house {
	t.Helper()
	h := house{Account: account.Account{
		ID: id.NewAccount(), Handle: account.Handle(handle), Name: "House " + handle, Email: user.Email("office@" + handle + ".example"),
		State: account.Open, MFAPolicy: account.MFARequired, OpenedAt: noon,
	}}
	h.role = access.Role{ID: id.NewRole(), Account: h.ID, Name: "Desk", Permissions: []access.Permission{access.ViewUser}}
	for i, name := range names {
		h.users = append(h.users, h.person(fmt.Sprintf("%s%d", handle, i), name))
	}
	write(t, db, func(tx store.WriteTx) error {
		errs := []error{tx.AddAccount(h.Account), tx.AddRole(h.role)}
		for _, u := range h.users {
			errs = append(errs, addUser(tx, u, "", h.role.ID))
		}
		return errors.Join(errs...)
	})
	return h
}

func (h house) person(login, name string) user.User {
	return user.User{
		ID: id.NewUser(), Account: h.ID, Login: user.Login(login), Name: name, Email: user.Email(login + "@" + string(h.Handle) + ".example"),
		Language: "en", State: user.Active,
	}
}

// record is one that an operation of the account leaves.
func record(a id.Account, event string) activity.Record {
	return activity.Record{
		Event: event, Outcome: activity.Done, Account: a,
		Actor: activity.Actor{Kind: "console"}, Source: activity.Source{Face: "cli"},
	}
}

// addUser adds a user whose ref nobody needs.
func addUser(tx store.WriteTx, u user.User, hash string, roles ...id.Role) error {
	_, err := tx.AddUser(u, hash, roles...)
	return err
}
