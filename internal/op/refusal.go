package op

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// RefusedEvent is what a refused read leaves in the log, and what refusals of
// strangers are gathered under.
const RefusedEvent = "access.refused"

// DoorsRefused are the events that doors for programs leave in its place, by the
// noun of what they refuse: so that who looks for a program that is turned away
// finds it, among all else that is refused.
func DoorsRefused() map[string]string {
	return map[string]string{"gateway": "gateway.refused", "isproxy": "isproxy.refused"}
}

// refusedEvent is what the refusal of an operation without an event leaves.
func refusedEvent(operation string) string {
	noun, _, _ := strings.Cut(operation, ".")
	return cmp.Or(DoorsRefused()[noun], RefusedEvent)
}

// refuse leaves the trace of a refusal and returns it as a problem.
func (e *Engine) refuse(ctx context.Context, c auth.Caller, v verdict, s Spec) error {
	p := problem.New(v.decision.Reason, v.decision.Text)
	call := Call{ctx, v.actor, c.Source}
	if v.stray == nil && !e.refusals.tell(call, refusalOf(call, s, v.decision.Untold, p, e.db.Now())) {
		return p
	}
	err := e.db.Write(ctx, func(tx store.WriteTx) error {
		if err := endStray(tx, v); err != nil {
			return err
		}
		_, err := leaveRecord(tx, call, s, Entry{Reason: v.decision.Untold}, p)
		return err
	})
	if err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return p
}

// turnOut ends the session that came along with a call which needs none, and
// leaves a trace of it.
func (e *Engine) turnOut(ctx context.Context, c auth.Caller, v verdict, s Spec) error {
	call := Call{ctx, v.stray.actor, c.Source}
	err := e.db.Write(ctx, func(tx store.WriteTx) error {
		if err := endStray(tx, v); err != nil {
			return err
		}
		_, err := leaveRecord(tx, call, Spec{Name: s.Name}, Entry{}, problem.New(v.stray.decision.Reason, v.stray.decision.Text))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrDiskFull) { // then it stays, and is let in nowhere
		return fmt.Errorf("end a session that is used where it must not be: %w", err)
	}
	return nil
}

// endStray ends the session of a call that must not be made with it, in the
// transaction that refuses the call. It may have ended already.
func endStray(tx store.WriteTx, v verdict) error {
	if v.stray == nil {
		return nil
	}
	err := tx.EndSession(store.Self(v.stray.actor), v.stray.actor.Session())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// toldAtOnce is how many refusals of the same act by the same caller within a
// minute have a record each.
const toldAtOnce = 20

// gathered counts a refusal, and reports whether that is all that is left of it
// for now: those of callers nobody knows, and of others who go on and on, have
// one record for each minute, so that nobody can fill the disk.
func gathered(tx store.WriteTx, c Call, s Spec, e Entry, refusal *problem.Problem) (bool, error) {
	nobody := stranger(c.Actor) && e.Account == ""
	if !nobody && c.Actor.Account() == "" { // a sign-in that failed has limits of its own
		return false, nil
	}
	r := refusalOf(c, s, e.Reason, refusal, tx.Now())
	if !nobody {
		r.Told = 1
	}
	told, err := tx.CountRefusal(r)
	if err != nil {
		return false, fmt.Errorf("count refusal: %w", err)
	}
	return nobody || told > toldAtOnce, nil
}

// stranger reports whether nobody knows who calls.
func stranger(a access.Actor) bool { return a.Kind() == access.Anonymous }

// refusalOf is a refusal as it is counted. reason is the one that the caller is
// not told; empty when there is none.
func refusalOf(c Call, s Spec, reason problem.Code, refusal *problem.Problem, now time.Time) store.Refusal {
	who := ActorOf(c.Actor)
	return store.Refusal{
		Minute: now.Truncate(time.Minute), Account: c.Actor.Account(), ActorKind: who.Kind, ActorID: who.ID, ActorName: who.Name, Times: 1,
		Address: c.Source.Network(), Face: string(c.Source.Face), Operation: s.Name, Reason: string(cmp.Or(reason, refusal.Code)),
	}
}

// refusals are counted in memory where each of them would be a write: those of
// callers nobody knows, and of others who go on and on, could keep everybody else
// waiting. What was counted and not yet written is lost with the process, which
// is a few seconds of it.
type refusals struct {
	mu     sync.Mutex
	counts map[store.Refusal]int // Times is 1 in all of them
	minute time.Time
	told   map[store.Refusal]int // how many had a write of their own in that minute
}

// mostRefusals is how many kinds of refusals are told apart between two writes,
// and mostTold how many may have records of their own within a minute.
const (
	mostRefusals = 1000
	mostTold     = 10_000
)

// tell counts a refusal, unless it is one that may have a record of its own.
func (s *refusals) tell(c Call, r store.Refusal) bool {
	if !stranger(c.Actor) && s.mayTell(r) {
		return true
	}
	s.count(r)
	return false
}

func (s *refusals) mayTell(r store.Refusal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told == nil || !s.minute.Equal(r.Minute) {
		s.minute, s.told = r.Minute, map[store.Refusal]int{}
	}
	if s.told[r] >= toldAtOnce || len(s.told) >= mostTold && s.told[r] == 0 {
		return false
	}
	s.told[r]++
	return true
}

func (s *refusals) count(r store.Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[store.Refusal]int{}
	}
	if _, ok := s.counts[r]; !ok && len(s.counts) >= mostRefusals {
		r.Address = store.ManyAddresses
	}
	s.counts[r]++
}

// take gives what was counted, and begins anew.
func (s *refusals) take() map[store.Refusal]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.counts
	s.counts = nil
	return all
}

func (s *refusals) giveBack(all map[store.Refusal]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[store.Refusal]int{}
	}
	for r, n := range all {
		s.counts[r] += n
	}
}

// write puts what was counted into the database, in which the log takes it up
// when its minute is over.
func (s *refusals) write(ctx context.Context, db *store.DB) error {
	all := s.take()
	if len(all) == 0 {
		return nil
	}
	err := db.Write(ctx, func(tx store.WriteTx) error {
		for r, n := range all {
			r.Times = n
			if _, err := tx.CountRefusal(r); err != nil {
				return fmt.Errorf("count refusals: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		s.giveBack(all)
	}
	return err
}
