package op

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

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
	if stranger(v.actor) && v.stray == nil {
		e.strangers.note(refusalOf(call, s, "", p))
		return p
	}
	err := e.db.Write(ctx, func(tx store.WriteTx) error {
		if err := endStray(tx, v); err != nil {
			return err
		}
		_, err := leaveRecord(tx, call, s, Entry{Reason: whyNot(call)}, p)
		return err
	})
	if err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return p
}

// whyNot is the reason for which a key that is known is not good, which its
// caller is not told; empty for everything else.
func whyNot(c Call) problem.Code {
	if c.Actor.Kind() != access.Key {
		return ""
	}
	return access.Use(c.Actor, c.Source).Reason
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
	n, err := tx.CountRefusal(refusalOf(c, s, e.Reason, refusal))
	if err != nil {
		return false, fmt.Errorf("count refusal: %w", err)
	}
	return nobody || n > toldAtOnce, nil
}

// stranger reports whether nobody knows who calls.
func stranger(a access.Actor) bool { return a.Kind() == access.Anonymous }

// refusalOf is a refusal as it is counted. reason is the one that the caller is
// not told; empty when there is none.
func refusalOf(c Call, s Spec, reason problem.Code, refusal *problem.Problem) store.Refusal {
	who := ActorOf(c.Actor)
	return store.Refusal{
		Account: c.Actor.Account(), ActorKind: who.Kind, ActorID: who.ID, ActorName: who.Name, Times: 1,
		Address: c.Source.Network(), Face: string(c.Source.Face), Operation: s.Name, Reason: string(cmp.Or(reason, refusal.Code)),
	}
}

// strangers counts in memory how often callers nobody knows were refused: each
// of them a write would let them keep everybody else waiting. What was counted
// and not yet written is lost with the process, which is a few seconds of it.
type strangers struct {
	mu     sync.Mutex
	counts map[store.Refusal]int // Times is 1 in all of them
}

// mostStrangers is how many kinds of refusals are told apart between two writes.
const mostStrangers = 1000

func (s *strangers) note(r store.Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[store.Refusal]int{}
	}
	if _, ok := s.counts[r]; !ok && len(s.counts) >= mostStrangers {
		r.Address = store.ManyAddresses
	}
	s.counts[r]++
}

// take gives what was counted, and begins anew.
func (s *strangers) take() map[store.Refusal]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.counts
	s.counts = nil
	return all
}

func (s *strangers) giveBack(all map[store.Refusal]int) {
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
func (s *strangers) write(ctx context.Context, db *store.DB) error {
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
