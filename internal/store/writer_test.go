package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

var errMine = errors.New("mine")

func TestDB_Write(t *testing.T) {
	t.Run("32 writers, one in four fails", func(t *testing.T) {
		f := newFile(t)
		db := f.open(t)
		h := newHouse(t, db, "harbour")
		const writers, each = 32, 12
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					login := fmt.Sprintf("w%dn%d", w, n)
					err := db.Write(t.Context(), func(tx store.WriteTx) error {
						tx.Record(record(h.ID, "user.added"))
						if _, err := tx.AddUser(h.person(login, "Somebody"), ""); err != nil {
							return err
						}
						if n%4 == 3 {
							return errMine
						}
						return nil
					})
					if n%4 == 3 {
						wantErr(t, login, err, errMine)
					} else if err != nil {
						t.Errorf("%s: %v", login, err)
					}
				}
			})
		}
		wg.Wait()
		for w := range writers {
			for n := range each {
				login := user.Login(fmt.Sprintf("w%dn%d", w, n))
				_, err := tryAsk(t, db, func(tx store.ReadTx) (store.Credentialed, error) { return tx.UserByLogin(login) })
				if there := err == nil; there != (n%4 != 3) {
					t.Errorf("user %s is there: %v (%v)", login, there, err)
				}
			}
		}
		head, err := f.verify(db, "")
		check(t, err)
		if want := int64(writers * each * 3 / 4); head.Size != want {
			t.Errorf("the log has %d records, want %d: one for each act and none for those undone", head.Size, want)
		}
	})

	t.Run("only the one at fault fails", func(t *testing.T) {
		f := newFile(t)
		db := f.open(t)
		h := newHouse(t, db, "harbour", "Anna")
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		unspeakable := record(h.ID, "user.added")
		unspeakable.Detail = map[string]any{"what": func() {}} // no leaf can be made of it
		for _, c := range []struct {
			name string
			do   func(store.WriteTx) error
			ctx  context.Context
			want error
		}{
			{"error", func(store.WriteTx) error { return errMine }, t.Context(), errMine},
			{"panic", func(store.WriteTx) error { panic("so much for that") }, t.Context(), nil},
			{"taken", func(tx store.WriteTx) error { return addUser(tx, h.person("HARBOUR0", "Anna II"), "") }, t.Context(), store.ErrTaken},
			{"cancelled", func(store.WriteTx) error { return nil }, gone, context.Canceled},
			{"unspeakable", func(tx store.WriteTx) error { tx.Record(unspeakable); return nil }, t.Context(), nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				var errs []error
				good := func(n int) func(store.WriteTx) error {
					return func(tx store.WriteTx) error {
						tx.Record(record(h.ID, "user.added"))
						return addUser(tx, h.person(fmt.Sprintf("%s-%d", c.name, n), "Good"), "")
					}
				}
				bad := func(tx store.WriteTx) error {
					if c.ctx.Err() != nil {
						t.Error("a job whose caller has gone was run")
					}
					if _, err := tx.AddUser(h.person(c.name+"-bad", "Bad"), ""); err != nil {
						return err
					}
					return c.do(tx)
				}
				before, _ := f.verify(db, "")
				if c.ctx == gone {
					errs = append(db.Batch(gone, bad), db.Batch(t.Context(), good(1), good(2))...)
					errs[0], errs[1] = errs[1], errs[0]
				} else {
					errs = db.Batch(t.Context(), good(1), bad, good(2))
				}
				if errs[0] != nil || errs[2] != nil {
					t.Errorf("the good ones failed too: %v", errs)
				}
				if errs[1] == nil || c.want != nil && !errors.Is(errs[1], c.want) {
					t.Errorf("got error %v, want %v", errs[1], c.want)
				}
				if _, err := tryAsk(t, db, func(tx store.ReadTx) (store.Credentialed, error) {
					return tx.UserByLogin(user.Login(c.name + "-bad"))
				}); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("what the failed one wrote is there: %v", err)
				}
				after, err := f.verify(db, "")
				check(t, err)
				if after.Size != before.Size+2 {
					t.Errorf("%d records were left, want 2", after.Size-before.Size)
				}
			})
		}
	})

	t.Run("a lost batch is run again, each alone", func(t *testing.T) {
		db, _ := open(t)
		h := newHouse(t, db, "harbour")
		runs := map[string]int{}
		job := func(name string, spoil bool) func(store.WriteTx) error {
			return func(tx store.WriteTx) error {
				runs[name]++
				r := record(h.ID, "user.added")
				if spoil {
					r.Detail = map[string]any{"what": func() {}}
				}
				tx.Record(r)
				return addUser(tx, h.person(name, "Somebody"), "")
			}
		}
		errs := db.Batch(t.Context(), job("first", false), job("spoilt", true), job("last", false))
		if errs[0] != nil || errs[1] == nil || errs[2] != nil {
			t.Errorf("got %v, want only the second to fail", errs)
		}
		if runs["first"] != 2 || runs["spoilt"] != 2 || runs["last"] != 2 {
			t.Errorf("runs: %v, want two of each", runs)
		}
	})

	t.Run("without a signer", func(t *testing.T) {
		db, err := store.Open(t.Context(), "sqlite:"+newFile(t).path, store.Options{})
		check(t, err)
		defer db.Close()
		errs := db.Batch(t.Context(),
			func(tx store.WriteTx) error { return tx.PutThrottle("a", store.Throttle{Failures: 1}) },
			func(tx store.WriteTx) error {
				tx.Record(record("", "x"))
				return tx.PutThrottle("b", store.Throttle{Failures: 1})
			})
		if errs[0] != nil {
			t.Errorf("a write without a record: %v", errs[0])
		}
		wantErr(t, "a write with a record", errs[1], store.ErrSealed)
		if b := ask(t, db, func(tx store.ReadTx) (store.Throttle, error) { return tx.Throttle("b") }); b.Failures != 0 {
			t.Error("no record, and yet an act")
		}
	})

	t.Run("a lock held elsewhere", func(t *testing.T) {
		f := newFile(t)
		db := f.open(t)
		h := newHouse(t, db, "harbour")
		db.Hurry(100 * time.Millisecond)
		other := f.raw(t)
		other.SetMaxOpenConns(1)
		_, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		check(t, err)
		began := 0
		var jobs []func(store.WriteTx) error
		for n := range 200 {
			jobs = append(jobs, func(tx store.WriteTx) error {
				began++
				return addUser(tx, h.person(fmt.Sprintf("u%d", n), "Somebody"), "")
			})
		}
		since := time.Now()
		for i, err := range db.Batch(t.Context(), jobs...) {
			if err == nil {
				t.Errorf("job %d succeeded without the lock", i)
			}
		}
		if waited := time.Since(since); waited > 10*time.Second {
			t.Errorf("200 jobs waited %v for one lock: each on its own", waited)
		}
		if began != 0 {
			t.Errorf("%d jobs ran without a transaction", began)
		}
		_, err = other.ExecContext(t.Context(), "ROLLBACK")
		check(t, err)
		write(t, db, jobs[0])
	})
}

func TestDB_Read(t *testing.T) {
	t.Run("one view", func(t *testing.T) {
		db, _ := open(t)
		count := func(tx store.ReadTx) int {
			v, err := tx.Throttle("subject")
			check(t, err)
			return v.Failures
		}
		put := func(n int) {
			write(t, db, func(tx store.WriteTx) error { return tx.PutThrottle("subject", store.Throttle{Failures: n}) })
		}
		put(1)
		read(t, db, func(tx store.ReadTx) error {
			before := count(tx)
			put(2)
			if after := count(tx); before != 1 || after != 1 {
				t.Errorf("one transaction saw %d, then %d", before, after)
			}
			return nil
		})
		read(t, db, func(tx store.ReadTx) error {
			if n := count(tx); n != 2 {
				t.Errorf("the next one sees %d, want 2", n)
			}
			return nil
		})
	})

	t.Run("cannot write", func(t *testing.T) {
		db, _ := open(t)
		if err := db.WriteThroughReader(t.Context(), "DELETE FROM counters"); err == nil {
			t.Error("a connection for reading wrote")
		}
		if v := ask(t, db, store.ReadTx.RightsVersion); v != 0 {
			t.Errorf("the counter is %d", v)
		}
	})

	t.Run("cancelled at any moment", func(t *testing.T) {
		db, _ := open(t)
		newHouse(t, db, "harbour", "Anna")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 60 {
					ctx, cancel := context.WithCancel(t.Context())
					go cancel()
					err := db.Read(ctx, func(tx store.ReadTx) error {
						for range 5 {
							if _, err := tx.UserByLogin("harbour0"); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil && ctx.Err() == nil {
						t.Errorf("not cancelled, and yet: %v", err)
					}
				}
			})
		}
		wg.Wait()
		for range 16 { // every connection still works
			ask(t, db, func(tx store.ReadTx) (store.Credentialed, error) { return tx.UserByLogin("harbour0") })
		}
	})
}

func TestDB_Close(t *testing.T) {
	t.Run("answers everyone who waits", func(t *testing.T) {
		f := newFile(t)
		db := f.open(t)
		h := newHouse(t, db, "harbour")
		const writers = 200
		results := make([]error, writers)
		var ready, wg sync.WaitGroup
		ready.Add(writers)
		for n := range writers {
			wg.Go(func() {
				ready.Done()
				results[n] = db.Write(context.Background(), func(tx store.WriteTx) error {
					return addUser(tx, h.person(fmt.Sprintf("u%d", n), "Somebody"), "")
				})
			})
		}
		ready.Wait()
		check(t, db.Close())
		wg.Wait()
		again := f.open(t)
		for n, err := range results {
			if err != nil && !errors.Is(err, store.ErrClosed) {
				t.Errorf("writer %d: %v", n, err)
			}
			_, there := tryAsk(t, again, func(tx store.ReadTx) (store.Credentialed, error) {
				return tx.UserByLogin(user.Login(fmt.Sprintf("u%d", n)))
			})
			if (err == nil) != (there == nil) {
				t.Errorf("writer %d was told %v, and the database says %v", n, err, there)
			}
		}
	})

	t.Run("what comes later is refused", func(t *testing.T) {
		db, _ := open(t)
		check(t, db.Close())
		wantErr(t, "read", db.Read(context.Background(), func(store.ReadTx) error { return nil }), store.ErrClosed)
		wantErr(t, "write", db.Write(context.Background(), func(store.WriteTx) error { return nil }), store.ErrClosed)
		check(t, db.Close())
	})

	t.Run("waits for reads", func(t *testing.T) {
		db, _ := open(t)
		newHouse(t, db, "harbour", "Anna")
		begun, closed := make(chan struct{}), make(chan error, 1)
		var finished atomic.Bool
		go func() {
			<-begun
			closed <- db.Close()
			if !finished.Load() {
				t.Error("closed under a read")
			}
		}()
		read(t, db, func(tx store.ReadTx) error {
			close(begun)
			for errors.Is(db.Write(t.Context(), func(store.WriteTx) error { return nil }), nil) {
			} // until it is closing
			for range 500 {
				if _, err := tx.UserByLogin("harbour0"); err != nil {
					return err
				}
			}
			finished.Store(true)
			return nil
		})
		check(t, <-closed)
	})
}

// A write that is expected and does not come holds nobody up for long, and one
// that comes is committed with those that waited for it.
func TestDB_Expect(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna")
	never := db.Expect()
	for n := range 20 {
		write(t, db, func(tx store.WriteTx) error {
			tx.Record(record(h.ID, "thing.done"))
			return addUser(tx, h.person(fmt.Sprintf("p%d", n), "Somebody"), "")
		})
	}
	never()
	never() // twice is once
	arrived := db.Expect()
	inParallel(8, func(n int) {
		if n == 0 {
			arrived()
		}
		if err := db.Write(t.Context(), func(tx store.WriteTx) error { return addUser(tx, h.person(fmt.Sprintf("q%d", n), "Somebody"), "") }); err != nil {
			t.Error(err)
		}
	})
	page := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) { return tx.Users(h.scope(), store.UserFilter{Limit: 1}) })
	if page.Total.Count != 29 {
		t.Errorf("%d users are there, want 29", page.Total.Count)
	}
}
