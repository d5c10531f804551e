// Package opstest is an installation for tests: a real database file, a vault
// from a real key file, a clock that only moves when it is told to, and people
// to call operations as. Nothing in it is a stand-in but the clock and the
// costs of password hashes. Only tests import it; a test holds the module to
// that.
package opstest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/id"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// Epoch is when the clock of every place begins.
var Epoch = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// Clock moves when it is told to.
type Clock struct {
	ms    atomic.Int64
	looks atomic.Int64 // until it ticks; below zero: it does not
	tick  atomic.Int64
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	if c.looks.Add(-1) == 0 {
		defer c.Advance(time.Duration(c.tick.Load()))
	}
	return time.UnixMilli(c.ms.Load()).UTC()
}

// TickAfter lets the clock advance by itself after it was looked at n times.
func (c *Clock) TickAfter(n int, d time.Duration) {
	c.tick.Store(int64(d))
	c.looks.Store(int64(n))
}

// Advance moves the clock; backwards when d is negative.
func (c *Clock) Advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// Cheap are the costs of password hashes in tests.
func Cheap() password.Params { return password.Params{Memory: 8, Time: 1, Threads: 1} }

// Place is an installation.
type Place struct {
	T      testing.TB
	Clock  *Clock
	DB     *store.DB
	Vault  *vault.Vault
	Engine *op.Engine
	Ops    *ops.Operations

	// Hashes counts the password hashes computed so far.
	Hashes *atomic.Int64

	Dir     string // for Options.Dir
	Path    string // of the database
	keyFile string
	options Options
	raw     *sql.DB
}

// Options of New. The zero value is a Gate at https://gate.example that needs
// no set-up code.
type Options struct {
	Place     ops.Place
	BaseURL   string        // "-" for none
	SetupCode *onetime.Code // nil: none is needed
	Hashing   password.Params
	Log       *slog.Logger
	Doors     ops.Doors      // nil: none
	Switch    ops.DoorSwitch // nil: nobody opens or closes them
	Dir       string         // of an installation that another process works on too; empty: a new one
}

// New makes an installation in a folder of its own that is not set up yet.
func New(t testing.TB, o Options) *Place {
	t.Helper()
	if o.Place == "" {
		o.Place = ops.AtGate
	}
	if o.Hashing == (password.Params{}) {
		o.Hashing = Cheap()
	}
	switch o.BaseURL {
	case "":
		o.BaseURL = "https://gate.example"
	case "-":
		o.BaseURL = ""
	}
	dir := o.Dir
	if dir == "" {
		dir = t.TempDir()
	}
	p := &Place{
		Dir: dir,
		T:   t, Clock: &Clock{}, Hashes: &atomic.Int64{}, options: o,
		Path: filepath.Join(dir, "data", "gatehouse.db"), keyFile: filepath.Join(dir, "keys", "gatehouse.key"),
	}
	p.Clock.ms.Store(Epoch.UnixMilli())
	p.open()
	t.Cleanup(p.close)
	return p
}

// Reopen closes the database and opens it again, as a restart does.
func (p *Place) Reopen() {
	p.T.Helper()
	p.close()
	p.open()
}

// HashWith changes the costs of password hashes from now on.
func (p *Place) HashWith(costs password.Params) {
	p.T.Helper()
	p.options.Hashing = costs
	p.Reopen()
}

func (p *Place) open() {
	p.T.Helper()
	db, err := store.Open(p.T.Context(), "sqlite:"+p.Path, store.Options{Clock: p.Clock.Now, Log: p.options.Log})
	p.must(err)
	p.DB = db
	var in store.Installation
	p.Write(func(tx store.WriteTx) (err error) {
		if in, err = tx.Installation(); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		in = store.Installation{ID: id.NewInstallation()}
		return tx.AddInstallation(in)
	})
	p.Vault, _, err = vault.Unlock(vault.Request{
		Installation: string(in.ID), KeyFile: p.keyFile, Fresh: in.KeyCheck == "", KeyCheck: in.KeyCheck,
	})
	p.must(err)
	if in.KeyCheck == "" {
		p.Write(func(tx store.WriteTx) error { return tx.SetKeyCheck(p.Vault.KeyCheck()) })
	}
	db.Unlock(p.Vault.LogOrigin(), p.Vault.LogSigner(), p.Vault.LogVerifiers())
	hasher, err := password.NewHasher(counting{p.Vault, p.Hashes}, p.options.Hashing)
	p.must(err)
	d := ops.Dependencies{Vault: p.Vault, Hasher: hasher, Version: "test", Place: p.options.Place, BaseURL: p.options.BaseURL, Doors: p.options.Doors, Switch: p.options.Switch}
	if p.options.SetupCode != nil {
		d.SetupCode = func(typed secret.Text) bool {
			proof, err := onetime.Parse(typed)
			c, ok := proof.(onetime.Code)
			return err == nil && ok && c.Equal(*p.options.SetupCode)
		}
	}
	p.Engine, p.Ops = op.NewEngine(db, p.Vault), ops.New(d)
	p.raw, err = sql.Open("sqlite", "file:"+p.Path+"?_pragma=busy_timeout(10000)")
	p.must(err)
	p.raw.SetMaxOpenConns(1)
}

// miscounted are the kinds of users of which user_counts does not tell how many
// there are.
const miscounted = `SELECT COUNT(*) FROM (SELECT account_id, state, second_factor, COUNT(*) AS n FROM users GROUP BY account_id, state, second_factor) real
	FULL JOIN (SELECT account_id, state, second_factor, users AS n FROM user_counts WHERE users <> 0) kept
		ON kept.account_id = real.account_id AND kept.state = real.state AND kept.second_factor = real.second_factor
	WHERE real.n IS NOT kept.n`

// close looks, whatever the test was about, whether users are still counted
// right.
func (p *Place) close() {
	p.T.Helper()
	var wrong int
	p.must(p.raw.QueryRow(miscounted).Scan(&wrong))
	if wrong > 0 {
		p.T.Errorf("user_counts is wrong about %d kinds of users", wrong)
	}
	p.must(errors.Join(p.raw.Close(), p.DB.Close()))
}

func (p *Place) must(err error) {
	p.T.Helper()
	if err != nil {
		p.T.Fatal(err)
	}
}

// counting is the vault's pepper, which every hash needs exactly once.
type counting struct {
	*vault.Vault
	hashes *atomic.Int64
}

func (c counting) PepperWith(key secret.KeyID, typed []byte) ([]byte, error) {
	c.hashes.Add(1)
	return c.Vault.PepperWith(key, typed)
}

// Write commits f.
func (p *Place) Write(f func(store.WriteTx) error) {
	p.T.Helper()
	p.must(p.DB.Write(p.T.Context(), f))
}

// Read runs f over one view.
func (p *Place) Read(f func(store.ReadTx) error) {
	p.T.Helper()
	p.must(p.DB.Read(p.T.Context(), f))
}

// Exec changes the database behind the program's back, from a second process
// as it were, and moves the counter that tells of changed rights. Tests use it
// for states that no operation makes yet.
func (p *Place) Exec(query string, args ...any) {
	p.T.Helper()
	tx, err := p.raw.BeginTx(context.Background(), nil)
	p.must(err)
	for _, q := range []struct {
		text string
		args []any
	}{{query, args}, {`UPDATE counters SET value = value + 1 WHERE name = 'rights'`, nil}} {
		if _, err := tx.Exec(q.text, q.args...); err != nil {
			p.T.Fatal(errors.Join(fmt.Errorf("%s: %w", q.text, err), tx.Rollback()))
		}
	}
	p.must(tx.Commit())
}

// Count is the answer to a query for one number.
func (p *Place) Count(query string, args ...any) int {
	p.T.Helper()
	var n int
	p.must(p.raw.QueryRow(query, args...).Scan(&n))
	return n
}

// Tidy writes gathered refusals into the log.
func (p *Place) Tidy() {
	p.T.Helper()
	p.must(p.Engine.Tidy(p.T.Context(), true))
}

// CodeOf is the code of an answer: "ok", a problem's code, or the error's
// text when it is a fault of ours.
func CodeOf(err error) string {
	if err == nil {
		return "ok"
	}
	found := problem.Of(err)
	if found.Code == problem.Internal {
		return "internal: " + err.Error()
	}
	return string(found.Code)
}

// Violations are the fields of an answer that were wrong, as field:code.
func Violations(err error) []string {
	all := []string{}
	for _, v := range problem.Of(err).Violations {
		all = append(all, v.Field+":"+string(v.Code))
	}
	return all
}
