package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/password"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// installation is an open database with its key, ready to run operations.
type installation struct {
	db     *store.DB
	vault  *vault.Vault
	key    vault.Source
	engine *op.Engine
	ops    *ops.Operations
	stop   context.CancelFunc
	done   chan struct{}
}

// opening says how the installation is used.
type opening struct {
	place     ops.Place
	baseURL   string
	setupCode func(secret.Text) bool
	doors     ops.Doors      // nil: there are none in this process
	opener    ops.DoorSwitch // nil: nobody opens or closes them
	practice  bool           // what a new database is marked as
	clock     func() time.Time
	mustExist bool
	sends     bool // works the outbox off while it is open
}

// database is the address of the database, by default one file in the
// person's data folder.
func (e *env) database() (string, error) {
	if e.db != "" {
		if !strings.HasPrefix(e.db, "sqlite:") || e.db == "sqlite:" {
			return "", errUsage{fmt.Errorf("--db must be sqlite:PATH")}
		}
		return e.db, nil
	}
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errUsage{fmt.Errorf("there is no home folder; please say where the database is with --db sqlite:PATH")}
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return "sqlite:" + filepath.Join(dir, "gatehouse", "gatehouse.db"), nil
}

// open opens the database, finds or makes its key, and starts what has to be
// done now and then.
func (e *env) open(ctx context.Context, how opening) (*installation, error) {
	dsn, err := e.database()
	if err != nil {
		return nil, err
	}
	if path := strings.TrimPrefix(dsn, "sqlite:"); how.mustExist {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("there is no database at %s; 'gatehouse setup' or 'gatehouse demo' makes one, --db names another", path)
		}
	}
	if how.doors == nil {
		how.doors = gate.NewDoors(e.log)
	}
	db, err := store.Open(ctx, dsn, store.Options{Log: e.log, Clock: how.clock})
	if err != nil {
		return nil, err
	}
	i := &installation{db: db}
	if i.vault, i.key, err = e.unlock(ctx, db, how.practice); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.Unlock(i.vault.LogOrigin(), i.vault.LogSigner(), i.vault.LogVerifiers())
	hasher, err := password.NewHasher(i.vault, password.Standard())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	i.engine = op.NewEngine(db, i.vault)
	i.ops = ops.New(ops.Dependencies{
		Vault: i.vault, Key: i.key, Hasher: hasher, Version: Version, Place: how.place, BaseURL: how.baseURL, SetupCode: how.setupCode,
		Doors: how.doors, Switch: how.opener,
	})
	i.tidy(e, how.sends)
	return i, nil
}

// unlock reads which installation a database is, making a new one's row, and
// finds or makes its key. A row without a key check is of a start that was
// interrupted between the two.
func (e *env) unlock(ctx context.Context, db *store.DB, practice bool) (*vault.Vault, vault.Source, error) {
	var in store.Installation
	err := db.Write(ctx, func(tx store.WriteTx) (err error) {
		if in, err = tx.Installation(); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		in = store.Installation{ID: id.NewInstallation(), Practice: practice}
		return tx.AddInstallation(in)
	})
	if err != nil {
		return nil, vault.Source{}, fmt.Errorf("read what this database is: %w", err)
	}
	config, _ := os.UserConfigDir() // none: the vault says so when it needs one
	fresh := in.KeyCheck == ""
	v, source, err := vault.Unlock(vault.Request{
		Installation: string(in.ID), KeyFile: e.keyFile, ConfigDir: config, Keychain: vault.SystemKeychain(), Fresh: fresh, KeyCheck: in.KeyCheck,
	})
	if err != nil {
		return nil, source, err
	}
	if !fresh {
		return v, source, v.VerifyKeyCheck(in.KeyCheck)
	}
	fmt.Fprintf(e.err, "Made the key of this installation: %s.\nKeep it apart from backups of the database: neither is worth anything without the other.\n", source)
	err = db.Write(ctx, func(tx store.WriteTx) error { return tx.SetKeyCheck(v.KeyCheck()) })
	if errors.Is(err, store.ErrNotFound) { // another process was first, with the same key
		err = nil
	}
	return v, source, err
}

// read what this database is.
func (i *installation) read(ctx context.Context) (in store.Installation, err error) {
	err = i.db.Read(ctx, func(tx store.ReadTx) (err error) {
		in, err = tx.Installation()
		return err
	})
	return in, err
}

// tidy runs the engine's housekeeping, and the courier, until close.
func (i *installation) tidy(e *env, sends bool) {
	ctx, stop := context.WithCancel(context.Background())
	i.stop, i.done = stop, make(chan struct{})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if sends {
			i.ops.Courier(i.engine, e.log).Run(ctx)
		}
	}()
	go func() {
		defer close(i.done)
		defer func() { <-sent }()
		tick := time.NewTicker(30 * time.Second)
		defer tick.Stop()
		count := time.NewTicker(5 * time.Second)
		defer count.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-count.C:
				if err := i.engine.WriteCounts(ctx); err != nil && ctx.Err() == nil {
					e.log.Warn("what was counted was not written, and will be", "error", err)
				}
			case <-tick.C:
				if err := i.engine.Tidy(ctx, false); err != nil && ctx.Err() == nil {
					e.log.Warn("housekeeping failed", "error", err)
				}
			}
		}
	}()
}

// close finishes what was accepted, and writes what was only counted.
func (i *installation) close() error {
	i.stop()
	<-i.done
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(i.engine.WriteCounts(ctx), i.engine.Tidy(ctx, true), i.db.Close())
}
