//go:build linux

package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gatehouse/internal/id"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// The test binary runs itself again as another process on the same file: what
// it then does is in the environment.
const (
	envChild = "GATEHOUSE_TEST_CHILD" // writer, filler
	envFile  = "GATEHOUSE_TEST_FILE"
	envKey   = "GATEHOUSE_TEST_KEY"
)

func TestMain(m *testing.M) {
	private, public, _ := strings.Cut(os.Getenv(envKey), " ")
	f := file{path: os.Getenv(envFile), key: logKey{private, public}}
	var err error
	switch os.Getenv(envChild) {
	case "":
		os.Exit(m.Run())
	case "writer":
		err = childWriter(f)
	case "filler":
		err = childFiller(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child prepares the test binary to run as another process.
func (f file) child(t *testing.T, what string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), envChild+"="+what, envFile+"="+f.path, envKey+"="+f.key.private+" "+f.key.public)
	c.Stderr = os.Stderr
	return c
}

// childWriter writes until it is killed, eight at a time. What was
// acknowledged to it, it acknowledges on its standard output.
func childWriter(f file) error {
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+f.path, store.Options{})
	if err != nil {
		return err
	}
	db.Unlock(origin, f.key.signer(), f.key.verifiers())
	h := house{}
	err = db.Read(ctx, func(tx store.ReadTx) (err error) { h.Account, err = tx.AccountByHandle("harbour"); return err })
	if err != nil {
		return err
	}
	run := strings.ToLower(string(id.NewUser()))[4:]
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				login := fmt.Sprintf("%s-%d-%d", run, w, n)
				err := db.Write(ctx, func(tx store.WriteTx) error {
					u := h.person(login, "Somebody")
					r := record(h.ID, "user.added")
					r.Object.ID = login
					tx.Record(r)
					return addUser(tx, u, "")
				})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Fprintln(os.Stdout, login) // one write, and no buffer
			}
		})
	}
	wg.Wait()
	return nil
}

// Killed at any moment, nothing that was acknowledged is lost and the log
// verifies: 25 times, with GATEHOUSE_SOAK=1 a thousand times, else as often as it
// says.
func TestDB_killed(t *testing.T) {
	kills := 25
	if soak, err := strconv.Atoi(os.Getenv("GATEHOUSE_SOAK")); err == nil && soak > 1 {
		kills = soak
	} else if err == nil {
		kills = 1000
	} else if raceEnabled {
		kills = 3
	}
	const sameFile = 100 // a soak begins a new one now and then, or verifying takes all the time
	var f file
	total := 0
	for n := range kills {
		if n%sameFile == 0 {
			f = newFile(t)
			db := f.open(t)
			newHouse(t, db, "harbour")
			check(t, db.Close())
		}
		acknowledged := killOnce(t, f, 1+rand.IntN(150))
		total += len(acknowledged)
		db, err := store.Open(t.Context(), "sqlite:"+f.path, store.Options{})
		if err != nil {
			t.Fatalf("after kill %d: %v", n+1, err)
		}
		read(t, db, func(tx store.ReadTx) error {
			for _, login := range acknowledged {
				if _, err := tx.UserByLogin(user.Login(login)); err != nil {
					t.Errorf("after kill %d: user %s was acknowledged: %v", n+1, login, err)
				}
				h, err := tx.AccountByHandle("harbour")
				if err != nil {
					return err
				}
				p, err := tx.Activity(house{Account: h}.scope(), store.ActivityFilter{Where: is("object", login), Span: store.Span{Limit: 2}})
				if err != nil || len(p.Rows) != 1 {
					t.Errorf("after kill %d: %d records of %s (%v)", n+1, len(p.Rows), login, err)
				}
			}
			return nil
		})
		if kills <= 25 || n%25 == 24 || n == kills-1 {
			if _, err := f.verify(db, ""); err != nil {
				t.Errorf("after kill %d: %v", n+1, err)
			}
			check(t, db.Check(t.Context()))
		}
		check(t, db.Close())
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills, %d acknowledged writes, none lost", kills, total)
}

// killOnce kills a writer when it has acknowledged so many writes, and returns
// all it acknowledged.
func killOnce(t *testing.T, f file, after int) (acknowledged []string) {
	t.Helper()
	c := f.child(t, "writer")
	out, err := c.StdoutPipe()
	check(t, err)
	check(t, c.Start())
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // what is not a whole line was not acknowledged
		}
		acknowledged = append(acknowledged, strings.TrimSpace(line))
		if len(acknowledged) == after {
			check(t, c.Process.Signal(syscall.SIGKILL))
		}
	}
	if err := c.Wait(); c.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return acknowledged
}

// Two processes write to one file at the same time: one log, in order, and
// each sees at once what the other changed about rights.
func TestDB_twoProcesses(t *testing.T) {
	f := newFile(t)
	db := f.open(t)
	h := newHouse(t, db, "harbour")
	c := f.child(t, "writer")
	out, err := c.StdoutPipe()
	check(t, err)
	check(t, c.Start())
	lines := bufio.NewScanner(out)
	for n := range 60 {
		if !lines.Scan() {
			t.Fatal("the other process stopped")
		}
		write(t, db, func(tx store.WriteTx) error {
			tx.Record(record(h.ID, "user.added"))
			return addUser(tx, h.person(fmt.Sprintf("mine-%d", n), "Mine"), "")
		})
		if _, err := tryAsk(t, db, func(tx store.ReadTx) (store.Credentialed, error) { return tx.UserByLogin(user.Login(lines.Text())) }); err != nil {
			t.Errorf("what the other wrote: %v", err)
		}
	}
	check(t, c.Process.Kill())
	for lines.Scan() {
	}
	c.Wait() //nolint:errcheck // it was killed
	head, err := f.verify(db, "")
	check(t, err)
	if head.Size < 120 {
		t.Errorf("the log has %d records", head.Size)
	}

	other := f.open(t)
	before := ask(t, db, store.ReadTx.RightsVersion)
	write(t, other, func(tx store.WriteTx) error {
		u := h.person("theirs", "Theirs")
		return errors.Join(addUser(tx, u, ""), tx.GiveRole(store.RefTo(u.ID), h.role.ID))
	})
	if after := ask(t, db, store.ReadTx.RightsVersion); after <= before {
		t.Errorf("the version of the rights went from %d to %d", before, after)
	}
}

// Two databases opened on one file in one process take turns as well.
func TestDB_twice(t *testing.T) {
	f := newFile(t)
	a, b := f.open(t), f.open(t)
	inParallel(40, func(n int) {
		db := a
		if n%2 == 0 {
			db = b
		}
		if err := db.Write(t.Context(), func(tx store.WriteTx) error { tx.Record(record("acc", "x")); return nil }); err != nil {
			t.Error(err)
		}
	})
	if head, err := f.verify(a, ""); err != nil || head.Size != 40 {
		t.Errorf("%d records, %v", head.Size, err)
	}
}

// Many who open a file that is not there yet end with one database.
func TestOpen_atOnce(t *testing.T) {
	for range 5 {
		f := newFile(t)
		inParallel(8, func(n int) {
			db, err := store.Open(t.Context(), "sqlite:"+f.path, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Write(t.Context(), func(tx store.WriteTx) error {
				return tx.PutThrottle(fmt.Sprint(n), store.Throttle{Failures: 1})
			}); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		db := f.open(t)
		for n := range 8 {
			if v := ask(t, db, func(tx store.ReadTx) (store.Throttle, error) { return tx.Throttle(fmt.Sprint(n)) }); v.Failures != 1 {
				t.Errorf("what opener %d wrote is lost", n)
			}
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(f.path), ".new-*"))
		if err != nil || len(left) != 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

// fillUp adds large ceremonies until one fails, and returns how many went in.
func fillUp(db *store.DB, prefix string) (n int, err error) {
	for ; n < 10_000; n++ {
		err = db.Write(context.Background(), large(fmt.Sprintf("%s%d", prefix, n)))
		if err != nil {
			return n, err
		}
	}
	return n, errors.New("the disk does not get full")
}

// large writes something that takes room.
func large(name string) func(store.WriteTx) error {
	return func(tx store.WriteTx) error {
		tx.Record(record("acc", "filled"))
		return tx.PutThrottle(name+padding, store.Throttle{Failures: 1})
	}
}

var padding = strings.Repeat("x", 20_000) // kept twice: an index has it too

func isThere(tx store.ReadTx, name string) (bool, error) {
	t, err := tx.Throttle(name + padding)
	return t.Failures == 1, err
}

// there counts which of the large things are there.
func there(db *store.DB, prefix string, upTo int) (n int, err error) {
	err = db.Read(context.Background(), func(tx store.ReadTx) error {
		for i := range upTo {
			found, err := isThere(tx, fmt.Sprintf("%s%d", prefix, i))
			if err != nil {
				return err
			}
			if found {
				n++
			}
		}
		return nil
	})
	return n, err
}

// A full database, by SQLite's own limit: the same error code as a full disk,
// at a place that can be chosen.
func TestDB_full(t *testing.T) {
	f := newFile(t)
	db := f.open(t)
	check(t, db.Pragma(t.Context(), "max_page_count=200"))
	n, err := fillUp(db, "a")
	wantErr(t, "the last write", err, store.ErrDiskFull)
	if got, err := there(db, "a", n+5); got != n || n == 0 || err != nil {
		t.Errorf("%d were acknowledged, and %d are there (%v)", n, got, err)
	}
	if head, err := f.verify(db, ""); err != nil || head.Size != int64(n) {
		t.Errorf("%d acknowledged, %d recorded: %v", n, head.Size, err)
	}

	check(t, db.Pragma(t.Context(), "max_page_count=240")) // room for some of ten
	var jobs []func(store.WriteTx) error
	for i := range 10 {
		jobs = append(jobs, large(fmt.Sprintf("b%d", i)))
	}
	fitted := 0
	for i, err := range db.Batch(t.Context(), jobs...) {
		if err == nil {
			fitted++
		} else {
			wantErr(t, fmt.Sprint("job ", i), err, store.ErrDiskFull)
		}
		there := ask(t, db, func(tx store.ReadTx) (bool, error) { return isThere(tx, fmt.Sprintf("b%d", i)) })
		if (err == nil) != there {
			t.Errorf("job %d was told %v, and the database says %v", i, err, there)
		}
	}
	if fitted == 0 || fitted == 10 {
		t.Errorf("%d of 10 fitted: this shows nothing", fitted)
	}
	check(t, db.Pragma(t.Context(), "max_page_count=100000"))
	write(t, db, large("c0"))
	if head, err := f.verify(db, ""); err != nil || head.Size != int64(n+fitted+1) {
		t.Errorf("%d records, %v", head.Size, err)
	}
}

// A disk that is really full: a small file system of its own, which only
// another process can have without changing this machine.
func TestDB_fullDisk(t *testing.T) {
	f := newFile(t)
	c := f.child(t, "filler")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.Output()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.HasPrefix(string(out), "no mount") {
		t.Skipf("needs root or a user namespace, for a file system of its own: %v %s", err, out)
	}
	if err != nil || string(out) != "done\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func childFiller(f file) error {
	dir := filepath.Dir(f.path)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m,mode=0700"); err != nil {
		fmt.Println("no mount:", err)
		return nil
	}
	ctx := context.Background()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		return err
	}
	db, err := store.Open(ctx, "sqlite:"+f.path, store.Options{})
	if err != nil {
		return err
	}
	db.Unlock(origin, f.key.signer(), f.key.verifiers())
	n, err := fillUp(db, "a")
	if !errors.Is(err, store.ErrDiskFull) || n == 0 {
		return fmt.Errorf("after %d writes: %w", n, err)
	}
	// One more may fit, where the write-ahead log begins anew.
	for refused := 0; refused < 3; {
		switch err := db.Write(ctx, large(fmt.Sprintf("a%d", n))); {
		case errors.Is(err, store.ErrDiskFull):
			refused++
		case err != nil:
			return fmt.Errorf("a write on a full disk: %w", err)
		default:
			n++
		}
	}
	if got, err := there(db, "a", n+5); got != n || err != nil {
		return fmt.Errorf("%d were acknowledged, and %d are there: %w", n, got, err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	for i := range 10 {
		if err := db.Write(ctx, large(fmt.Sprintf("b%d", i))); err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	if db, err = store.Open(ctx, "sqlite:"+f.path, store.Options{}); err != nil {
		return err
	}
	if head, err := verify(db, f.key, ""); err != nil || head.Size != int64(n+10) {
		return fmt.Errorf("%d records, %w", head.Size, err)
	}
	fmt.Println("done")
	return db.Close()
}
