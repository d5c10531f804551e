package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/store"
)

// settleWithin is how long an answer waits for its record to be written.
const settleWithin = 10 * time.Second

// ended is what became of a call, and where it came from.
type ended struct {
	from   access.Source
	answer ops.GatewayAnswer
}

func (g *Gateway) settle(ctx context.Context, e ended) error {
	_, err := op.Do(ctx, g.config.Engine, ops.GatewayCaller(e.from), g.config.Ops.Gateway.Settle, e.answer)
	return err
}

// late are calls that have ended and are not recorded as such yet.
type late struct {
	mu  sync.Mutex
	all []ended
}

func (l *late) add(e ...ended) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e...)
}

func (l *late) take() []ended {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

func (g *Gateway) settleLate(ctx context.Context) error {
	all := g.late.take()
	for i, e := range all {
		if err := g.settle(ctx, e); err != nil {
			g.late.add(all[i:]...)
			return errors.Join(errors.New("what became of calls is not recorded yet"), err)
		}
	}
	return nil
}

// uses are how the accounts' credentials were used last, which is written now
// and then.
type uses struct {
	mu  sync.Mutex
	all map[id.Account]store.UpstreamUse
}

func (u *uses) note(a access.Actor, at time.Time, status int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.keep(store.UpstreamUse{Scope: a.Scope(), At: at, Status: status})
}

func (u *uses) take() []store.UpstreamUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]store.UpstreamUse, 0, len(u.all))
	for _, use := range u.all {
		all = append(all, use)
	}
	clear(u.all)
	return all
}

func (u *uses) giveBack(all []store.UpstreamUse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, use := range all {
		u.keep(use)
	}
}

func (u *uses) keep(use store.UpstreamUse) {
	if u.all == nil {
		u.all = map[id.Account]store.UpstreamUse{}
	}
	if was, ok := u.all[use.Scope.Account()]; !ok || !use.At.Before(was.At) {
		u.all[use.Scope.Account()] = use
	}
}
