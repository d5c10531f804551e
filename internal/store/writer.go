package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"gatehouse/internal/activity"
)

// WriteTx is a write transaction: everything a ReadTx can, and changes.
type WriteTx struct {
	ReadTx
	job *job
}

// Record leaves an entry in the activity log, in the same commit as the
// changes. Its time is the transaction's.
func (tx WriteTx) Record(r activity.Record) {
	r.At = tx.now
	tx.job.records = append(tx.job.records, r)
}

// job is one function waiting to be committed.
type job struct {
	ctx     context.Context
	run     func(WriteTx) error
	records []activity.Record
	indexed []indexed
	moved   bool // it changed who may do what
	err     error
	done    chan struct{}
}

// writer is the single goroutine that writes. It takes whatever is waiting,
// runs it in one transaction, and answers after the commit.
type writer struct {
	conn   *conn
	engine engine
	clock  func() time.Time
	log    *slog.Logger

	patience time.Duration // with another process that writes

	jobs    chan *job
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once

	coming atomic.Int64 // writes that are being prepared
	waited atomic.Int64 // nanoseconds for the disk, at the last commit

	rights *watch

	mu     sync.Mutex // guards ledger against Unlock
	ledger ledger
}

// errBegin marks a transaction that could not begin. No job is at fault, and
// asking again for each would make all of them wait as often.
var errBegin = errors.New("begin writing")

const (
	patience = 10 * time.Second
	askEvery = 500 * time.Microsecond

	maxBatch = 256
	maxQueue = 4096

	longestGather = 2 * time.Millisecond
)

func startWriter(c *conn, e engine, clock func() time.Time, log *slog.Logger, rights *watch) *writer {
	w := &writer{
		rights: rights,
		conn:   c, engine: e, clock: clock, log: log, patience: patience,
		jobs: make(chan *job, maxQueue), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go w.loop()
	return w
}

func (w *writer) unlock(origin string, signer note.Signer, known note.Verifiers) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger.origin, w.ledger.signer, w.ledger.known = origin, signer, known
}

func (w *writer) do(ctx context.Context, f func(WriteTx) error) error {
	j := &job{ctx: ctx, run: f, done: make(chan struct{})}
	select {
	case <-w.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case w.jobs <- j:
	}
	select {
	case <-j.done:
		return j.err
	case <-w.stopped: // closed in between; the loop may have answered all the same
		select {
		case <-j.done:
			return j.err
		default:
			return ErrClosed
		}
	}
}

// close commits what is waiting, then closes the connection.
func (w *writer) close() error {
	w.once.Do(func() { close(w.stop) })
	<-w.stopped
	return w.conn.close()
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		select {
		case j := <-w.jobs:
			w.commit(w.gather(j))
		case <-w.stop:
			for {
				select {
				case j := <-w.jobs:
					w.commit(w.gather(j))
				default:
					return
				}
			}
		}
	}
}

// gather takes what else is waiting. It gives way a few times first: callers
// that were just answered are about to come back, and one commit for all of
// them costs what one commit for one does. For writes that are being prepared
// it waits a moment, but no longer than the disk took the last time.
func (w *writer) gather(first *job) []*job {
	batch := []*job{first}
	var over <-chan time.Time
	for idle := 0; len(batch) < maxBatch; {
		select {
		case j := <-w.jobs:
			batch, idle = append(batch, j), 0
			continue
		default:
		}
		if idle < 4 {
			runtime.Gosched()
			idle++
			continue
		}
		if w.coming.Load() == 0 {
			return batch
		}
		if over == nil {
			over = time.After(min(time.Duration(w.waited.Load()), longestGather))
		}
		select {
		case j := <-w.jobs:
			batch = append(batch, j)
		case <-over:
			return batch
		}
	}
	return batch
}

// commit runs a batch and answers every job in it. When the transaction as a
// whole is lost (a full disk, a failed commit, a log that cannot be signed),
// nothing of it happened, and each job gets a transaction of its own, so that
// only the one at fault fails.
func (w *writer) commit(batch []*job) {
	w.mu.Lock()
	err := w.attempt(batch)
	w.mu.Unlock()
	if err != nil && len(batch) > 1 && !errors.Is(err, errBegin) {
		w.log.Warn("batch of writes lost, running them one by one", "jobs", len(batch), "error", err)
		for _, j := range batch {
			w.commit([]*job{j})
		}
		return
	}
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// attempt runs the batch in one transaction. Errors of single jobs are left in
// them; an error returned means that nothing at all was changed.
//
// The writer's statements never run under a caller's context: a cancelled
// statement would take the whole transaction with it.
func (w *writer) attempt(batch []*job) (err error) {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		return classify(w.engine, fmt.Errorf("%w: %w", errBegin, err))
	}
	defer func() {
		if err != nil {
			w.conn.exec(ctx, "ROLLBACK") //nolint:errcheck // the engine may have rolled back by itself
			err = classify(w.engine, err)
		}
	}()
	read := ReadTx{c: w.conn, ctx: ctx, caller: ctx, now: moment(w.clock()), engine: w.engine}
	var records []activity.Record
	var found []indexed
	moved := false
	for _, j := range batch {
		if err := w.single(ctx, read, j); err != nil {
			return err
		}
		if j.err == nil {
			records, found, moved = append(records, j.records...), append(found, j.indexed...), moved || j.moved
		}
	}
	for _, i := range found {
		if err := (WriteTx{ReadTx: read}).index(i); err != nil {
			return err
		}
	}
	next, err := w.ledger.append(WriteTx{ReadTx: read}, records)
	if err != nil {
		return err
	}
	var rights int64
	if moved {
		if rights, err = read.RightsVersion(); err != nil {
			return fmt.Errorf("read version of the rights: %w", err)
		}
	}
	began := time.Now()
	if _, err := w.conn.exec(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if moved {
		w.rights.note(rights) // before anybody is answered
	}
	w.waited.Store(int64(time.Since(began)))
	w.ledger = next
	return nil
}

// begin waits for the lock while another process writes.
func (w *writer) begin(ctx context.Context) error {
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for since := time.Now(); ; <-again.C {
		_, err := w.conn.exec(ctx, w.engine.Begin())
		if err == nil || !w.engine.Busy(err) || time.Since(since) > w.patience {
			return err
		}
	}
}

// single runs one job under a savepoint. It returns an error only when the
// whole transaction is lost: the engine may drop it on a full disk, and then
// the savepoint is gone too.
func (w *writer) single(ctx context.Context, read ReadTx, j *job) error {
	j.err, j.records, j.indexed, j.moved = nil, nil, nil, false
	if j.ctx.Err() != nil {
		j.err = j.ctx.Err()
		return nil
	}
	if _, err := w.conn.exec(ctx, "SAVEPOINT job"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if err := guarded(j, WriteTx{ReadTx: read, job: j}); err != nil {
		j.err = err
		if _, err := w.conn.exec(ctx, "ROLLBACK TO job"); err != nil {
			return errors.Join(j.err, fmt.Errorf("roll back to savepoint: %w", err))
		}
	}
	if _, err := w.conn.exec(ctx, "RELEASE job"); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	return nil
}

// guarded turns a panic of one job into that job's error.
func guarded(j *job, tx WriteTx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write panicked: %v", p)
		}
	}()
	return j.run(tx)
}
