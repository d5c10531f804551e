package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/password"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// at says to the command line which installation it is about.
func at(dir string) []string {
	return []string{"--db", "sqlite:" + filepath.Join(dir, "gatehouse.db"), "--key-file", filepath.Join(dir, "key")}
}

// corner is a small account beside the large one; its few people must be found
// as quickly however large the neighbour is.
const (
	corner      = account.Handle("corner")
	cornerUsers = 40
)

// needle is the one person of that name in a large account.
const needle = "Zephyrine Quistgaard"

// registrar gives the folder of a practice registrar with that many users,
// made by an earlier run or now.
func (r *run) registrar(ctx context.Context, users int) (string, error) {
	dir, err := filepath.Abs(filepath.Join(r.cache, "users-"+strconv.Itoa(users)))
	if err != nil {
		return "", err
	}
	if p, err := open(ctx, dir); err == nil {
		return dir, p.close()
	}
	binary, err := r.build(ctx)
	if err != nil {
		return "", err
	}
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.RemoveAll(dir), os.MkdirAll(part, 0o700)); err != nil {
		return "", err
	}
	say("  making a registrar with %d users", users)
	began := time.Now()
	c := exec.CommandContext(ctx, binary, append(at(part), "demo", "--users", strconv.Itoa(users))...)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make a registrar: %w: %s", err, out)
	}
	say("  took %s", took(time.Since(began)))
	if err := furnish(ctx, part); err != nil {
		return "", fmt.Errorf("furnish the registrar: %w", err)
	}
	return dir, os.Rename(part, dir)
}

// furnish adds what the measurements look for.
func furnish(ctx context.Context, dir string) error {
	p, err := open(ctx, dir)
	if err != nil {
		return err
	}
	err = p.db.Write(ctx, func(tx store.WriteTx) error {
		home, err := tx.AccountByHandle("harbour")
		if err != nil {
			return err
		}
		if _, err := tx.AddUser(colleague(home.ID, "zephyrine", needle), ""); err != nil {
			return err
		}
		a := account.Account{
			ID: id.NewAccount(), Handle: corner, Name: "Corner Names", Email: "office@corner.example",
			State: account.Open, OpenedAt: tx.Now(), MFAPolicy: account.MFAByOpeningDate,
		}
		if _, err := ops.AddAccount(tx, a); err != nil {
			return err
		}
		for n := range cornerUsers {
			if _, err := tx.AddUser(colleague(a.ID, fmt.Sprintf("corner%d", n), "Anna of the Corner"), ""); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, p.close())
}

func colleague(a id.Account, login, name string) user.User {
	return user.User{
		ID: id.NewUser(), Account: a, Login: user.Login(login), Name: name,
		Email: user.Email(login + "@corner.example"), Language: "en", State: user.Active,
	}
}

// place is an open installation, as the console has it.
type place struct {
	db     *store.DB
	engine *op.Engine
	ops    *ops.Operations
}

func open(ctx context.Context, dir string) (*place, error) {
	path := filepath.Join(dir, "gatehouse.db")
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		return nil, err
	}
	p, err := unlock(ctx, db, filepath.Join(dir, "key"))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

func unlock(ctx context.Context, db *store.DB, keyFile string) (*place, error) {
	var in store.Installation
	err := db.Read(ctx, func(tx store.ReadTx) (err error) {
		in, err = tx.Installation()
		return err
	})
	if err != nil {
		return nil, err
	}
	v, _, err := vault.Unlock(vault.Request{Installation: string(in.ID), KeyFile: keyFile, KeyCheck: in.KeyCheck})
	if err != nil {
		return nil, err
	}
	hasher, err := password.NewHasher(v, password.Standard())
	if err != nil {
		return nil, err
	}
	db.Unlock(v.LogOrigin(), v.LogSigner(), v.LogVerifiers())
	return &place{db, op.NewEngine(db, v), ops.New(ops.Dependencies{Vault: v, Hasher: hasher, Place: ops.AtGate})}, nil
}

func (p *place) close() error { return p.db.Close() }

// console acts within an account, the operator's when the handle is empty.
func console(handle account.Handle) auth.Caller {
	return auth.Caller{Credential: auth.Console(handle, "bench"), Source: access.Source{Face: access.FaceCLI}}
}

// way is how somebody of the practice data signs in.
type way struct{ Login, Password, Code string }

// ways asks the command line how to sign in now.
func (r *run) ways(ctx context.Context, dir string) ([]way, error) {
	out, err := exec.CommandContext(ctx, r.binary, append(at(dir), "demo", "--json")...).Output()
	if err != nil {
		return nil, fmt.Errorf("ask how to sign in: %w", err)
	}
	var answer struct{ Ways []way }
	return answer.Ways, json.Unmarshal(out, &answer)
}
