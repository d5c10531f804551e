package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/store"
)

// gain is how many times the writes of one writer many must get: they share
// the commit, and with it the wait for the disk.
const gain = 4

// writers measures acknowledged, durable writes.
func (r *run) writers(ctx context.Context) error {
	from, err := r.registrar(ctx, 36)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.cache, "writers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return err
	}
	if err := private(dir); err != nil {
		return err
	}
	p, err := open(ctx, dir)
	if err != nil {
		return err
	}
	w := &scribe{place: p}
	err = errors.Join(w.prepare(ctx), r.compareWriters(ctx, w), p.close())
	return err
}

// private narrows the files of a copy, which the store insists on.
func private(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		err = errors.Join(err, os.Chmod(f, 0o600))
	}
	return err
}

func (r *run) compareWriters(ctx context.Context, w *scribe) error {
	for _, kind := range []struct {
		name  string
		write func(context.Context) error
		bar   bool
	}{
		{"a user's row, its search index and its record", w.row, true},
		{"the operation users.add, whole", w.add, false},
	} {
		var one, many, ratios []float64
		for range r.rounds {
			a, err := rate(ctx, 1, r.round, kind.write)
			if err != nil {
				return err
			}
			b, err := rate(ctx, r.connections, r.round, kind.write)
			if err != nil {
				return err
			}
			one, many, ratios = append(one, a), append(many, b), append(ratios, b/a)
		}
		r.table.note(kind.name+", 1 writer", "%.0f /s", median(one))
		r.table.note(fmt.Sprintf("%s, %d writers", kind.name, r.connections), "%.0f /s", median(many))
		ratio := median(ratios)
		if kind.bar {
			r.table.judge("  ratio", fmt.Sprintf("%.1f", ratio), fmt.Sprintf("≥ %d", gain), ratio >= gain)
		} else {
			r.table.note("  ratio", "%.1f", ratio)
		}
	}
	return nil
}

// rate is how often a second n at a time get something done.
func rate(ctx context.Context, n int, d time.Duration, do func(context.Context) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	began := time.Now()
	for range n {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := do(context.WithoutCancel(ctx)); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

// scribe writes users.
type scribe struct {
	*place
	home  account.Account
	roles []id.Role
	count atomic.Int64
}

func (s *scribe) prepare(ctx context.Context) error {
	return s.db.Read(ctx, func(tx store.ReadTx) (err error) {
		if s.home, err = tx.AccountByHandle("harbour"); err != nil {
			return err
		}
		roles, err := tx.Roles(access.Within(s.home.ID))
		if err == nil {
			s.roles = []id.Role{roles[len(roles)-1].ID}
		}
		return err
	})
}

// row writes what adding a user comes down to.
func (s *scribe) row(ctx context.Context) error {
	u := colleague(s.home.ID, fmt.Sprintf("row%d", s.count.Add(1)), "Janneke Vandenbroucke")
	return s.db.Write(ctx, func(tx store.WriteTx) error {
		if _, err := tx.AddUser(u, ""); err != nil {
			return err
		}
		tx.Record(activity.Record{
			Event: "user.added", Outcome: activity.Done, Account: u.Account,
			Actor:  activity.Actor{Kind: string(access.Console), Name: "bench"},
			Object: activity.Object{Kind: "user", ID: string(u.ID), Name: u.Name},
			Source: activity.Source{Face: string(access.FaceCLI)}, Detail: activity.Detail{"login": u.Login},
		})
		return nil
	})
}

// add runs the operation, with its checks, its role and its activation.
func (s *scribe) add(ctx context.Context) error {
	login := fmt.Sprintf("add%d", s.count.Add(1))
	_, err := op.Do(ctx, s.engine, console(""), s.ops.Users.Add, ops.AddUserInput{
		Login: login, Name: "Janneke Vandenbroucke", Email: login + "@harbour.example", Language: "en", Roles: s.roles,
	})
	return err
}
