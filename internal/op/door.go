package op

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Resolve says who a caller is, for doors that are no operations: what programs
// ask there is decided by access.Authorize. Keys are known in memory; for
// everything else it reads the database.
func (e *Engine) Resolve(ctx context.Context, c auth.Caller) (a access.Actor, err error) {
	if a, ok, err := e.ring.Holder(ctx, c.Credential); ok || err != nil {
		return a, err
	}
	err = e.db.Read(ctx, func(tx store.ReadTx) error {
		a, err = auth.Resolve(tx, e.keys, c)
		return err
	})
	return a, err
}

// Rights is the version of the rights of now: as long as it is the same, Resolve
// says the same of a caller, but for what ends by itself.
func (e *Engine) Rights(ctx context.Context) (int64, error) { return e.db.Rights(ctx) }

// RightsNow is Rights, read from the database at this moment: for a door that has
// learnt that what it knew is over.
func (e *Engine) RightsNow(ctx context.Context) (int64, error) { return e.db.RightsNow(ctx) }

// Watch looks at the version of the rights again and again until ctx ends, so
// that Rights and Resolve need not ask the database.
func (e *Engine) Watch(ctx context.Context) { e.db.WatchRights(ctx) }

// Turned is a call that a door turned away.
type Turned struct {
	Act    string           // what was asked for, as the name of an operation: "gateway.forward"
	Why    *problem.Problem // what the caller is told
	Reason problem.Code     // for the log, where the caller is not told the real one
	Detail activity.Detail  // what it was about
}

// TurnAway leaves the trace of a refusal by a door, as operations leave theirs,
// and returns t.Why; another error when it could not.
func (e *Engine) TurnAway(ctx context.Context, c auth.Caller, a access.Actor, t Turned) error {
	call, s := Call{ctx, a, c.Source}, Spec{Name: t.Act}
	if !e.refusals.tell(call, refusalOf(call, s, t.Reason, t.Why, e.db.Now())) {
		return t.Why
	}
	err := e.db.Write(ctx, func(tx store.WriteTx) error {
		_, err := leaveRecord(tx, call, s, Entry{Reason: t.Reason, Detail: t.Detail}, t.Why)
		return err
	})
	if err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return t.Why
}

// CountTurned counts a refusal by a door, for those that come too fast to record
// each: its record says how often it was in a minute.
func (e *Engine) CountTurned(c auth.Caller, a access.Actor, t Turned) {
	e.refusals.count(refusalOf(Call{context.Background(), a, c.Source}, Spec{Name: t.Act}, t.Reason, t.Why, e.db.Now()))
}

// atDoor says who holds the key that a call comes with, if it does, and turns
// keys away that are not good, before the database is asked for anything but a
// few records: strangers may have as many of them as they like.
func (e *Engine) atDoor(ctx context.Context, c auth.Caller, s Spec) (a access.Actor, isKey bool, err error) {
	a, isKey, err = e.ring.Holder(ctx, c.Credential)
	if err != nil || !isKey {
		return a, isKey, err
	}
	d := access.Authorize(a, access.Known, "", c.Source)
	if d.Allowed {
		return a, true, nil
	}
	return a, true, e.TurnAway(ctx, c, a, Turned{Act: s.Name, Why: problem.New(d.Reason, d.Text), Reason: d.Untold})
}

// memory has answers to API keys, each as of a version of the rights.
type memory struct {
	answers sync.Map // asked → *Answer
	size    atomic.Int64
}

// asked is what is answered from memory: an operation without input, by a key.
type asked struct {
	operation string
	key       id.Key
}

// Answer is one that is given to many callers of an operation.
type Answer struct {
	Value any

	version int64
	until   time.Time
	once    sync.Once
	text    []byte
	err     error
}

// JSON of the value, which is made once. Nobody changes it.
func (a *Answer) JSON() ([]byte, error) {
	a.once.Do(func() { a.text, a.err = json.Marshal(a.Value) })
	return a.text, a.err
}

// mostAnswers is how many are kept; then all are forgotten.
const mostAnswers = 10_000

// find an answer that is good still; nil when there is none.
func (m *memory) find(q asked, version int64, now time.Time) *Answer {
	kept, ok := m.answers.Load(q)
	if !ok {
		return nil
	}
	if a := kept.(*Answer); a.version == version && now.Before(a.until) {
		return a
	}
	return nil
}

func (m *memory) keep(q asked, a *Answer) {
	if _, had := m.answers.Swap(q, a); had {
		return
	}
	if m.size.Add(1) > mostAnswers {
		m.answers.Clear()
		m.size.Store(0)
	}
}
