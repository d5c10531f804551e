package op

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// refuse leaves the trace of a refusal and returns it as a problem.
func (e *Engine) refuse(ctx context.Context, c auth.Caller, v verdict, s Spec) error {
	p := problem.New(v.decision.Reason, v.decision.Text)
	call := Call{ctx, v.actor, c.Source}
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
	stranger, who := c.Actor.Kind() == access.Anonymous && e.Account == "", actorOf(c.Actor)
	r := store.Refusal{
		Account: c.Actor.Account(), ActorKind: who.Kind, ActorID: who.ID, ActorName: who.Name,
		Address: c.Source.Network(), Face: string(c.Source.Face), Operation: s.Name, Reason: string(cmp.Or(e.Reason, refusal.Code)),
	}
	if !stranger && r.Account == "" { // a sign-in that failed has limits of its own
		return false, nil
	}
	n, err := tx.CountRefusal(r)
	if err != nil {
		return false, fmt.Errorf("count refusal: %w", err)
	}
	return stranger || n > toldAtOnce, nil
}
