package door

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/domain"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// visit is a connection of somebody who was let in.
type visit struct {
	keeper *Keeper
	caller auth.Caller
	over   context.Context
	end    context.CancelFunc

	seen    atomic.Pointer[seen]
	looking sync.Mutex // at who it is now
}

// seen is who somebody is, as of a version of the rights.
type seen struct {
	version int64
	actor   access.Actor
}

// open lets somebody in for as long as they may ask about domains.
func (k *Keeper) open(ctx context.Context, c auth.Caller) (*visit, error) {
	version, err := k.engine.Rights(ctx) // before, so that what changes meanwhile is seen
	if err != nil {
		return nil, err
	}
	a, err := k.who(ctx, c)
	if err != nil {
		return nil, err
	}
	if d := access.Authorize(a, access.CheckDomain, "", c.Source); !d.Allowed {
		t := op.Turned{Act: "isproxy.login", Why: problem.New(d.Reason, d.Text)}
		if d := access.Use(a, c.Source); a.Kind() == access.Key && !d.Allowed {
			t.Reason = d.Reason
		}
		return nil, k.engine.TurnAway(ctx, c, a, t)
	}
	v := &visit{keeper: k, caller: c}
	v.seen.Store(&seen{version, a})
	v.over, v.end = context.WithCancel(context.Background())
	k.mu.Lock()
	defer k.mu.Unlock()
	k.visits[v] = struct{}{}
	return v, nil
}

// Allowed implements isproxy.Session.
func (v *visit) Allowed(name string) bool {
	a, ok := v.who()
	if !ok {
		return false
	}
	d := access.Authorize(a, access.CheckDomain, domain.Name(name), v.caller.Source)
	if !d.Allowed {
		v.keeper.note(turned{v.caller, a, op.Turned{Act: "isproxy.check", Why: problem.New(d.Reason, d.Text), Detail: activity.Detail{"domain": name}}})
	}
	return d.Allowed
}

// who it is, as of now; false when nobody can tell.
func (v *visit) who() (access.Actor, bool) {
	version, err := v.keeper.engine.Rights(v.over)
	if err != nil {
		return access.Actor{}, false
	}
	if s := v.seen.Load(); s.version == version {
		return s.actor, true
	}
	v.looking.Lock()
	defer v.looking.Unlock()
	if s := v.seen.Load(); s.version >= version {
		return s.actor, true
	}
	soon, cancel := context.WithTimeout(v.over, store.LookGood)
	defer cancel()
	a, err := v.keeper.engine.Resolve(soon, v.caller)
	if err != nil {
		return access.Actor{}, false
	}
	v.seen.Store(&seen{version, a})
	return a, true
}

// good reports whether the visit may go on. What ends by itself has to be asked
// anew, at whatever version of the rights.
func (v *visit) good(ctx context.Context) bool {
	a, err := v.keeper.engine.Resolve(ctx, v.caller)
	return err == nil && access.Authorize(a, access.CheckDomain, "", v.caller.Source).Allowed
}

// Lifetime implements isproxy.Session.
func (v *visit) Lifetime() context.Context { return v.over }

// Used implements isproxy.Session.
func (v *visit) Used(n int) {
	v.keeper.engine.Used(v.seen.Load().actor, int64(n), v.caller.Source)
}

// Close implements isproxy.Session.
func (v *visit) Close() {
	v.end()
	v.keeper.mu.Lock()
	defer v.keeper.mu.Unlock()
	delete(v.keeper.visits, v)
}

// turned is a refusal that waits for its record.
type turned struct {
	caller auth.Caller
	actor  access.Actor
	what   op.Turned
}

// note has a refusal recorded, without waiting for it.
func (k *Keeper) note(t turned) {
	select {
	case k.turned <- t:
	default:
		k.engine.CountTurned(t.caller, t.actor, t.what)
	}
}

// How often it is looked whether visits may go on: whenever the rights have
// changed, and now and then for what ends by itself.
const (
	lookEvery = 100 * time.Millisecond
	lookAnew  = time.Second
)

// Watch ends visits that may not go on, and has refusals recorded, until ctx
// ends.
func (k *Keeper) Watch(ctx context.Context) {
	var recording sync.WaitGroup
	recording.Go(func() { k.record(ctx) })
	defer recording.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var at int64
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		version, err := k.engine.Rights(ctx)
		if err == nil && version == at && time.Since(looked) < lookAnew {
			continue
		}
		at, looked = version, time.Now()
		k.look(ctx)
	}
}

// look ends the visits that may not go on.
func (k *Keeper) look(ctx context.Context) {
	k.mu.Lock()
	all := make([]*visit, 0, len(k.visits))
	for v := range k.visits {
		all = append(all, v)
	}
	k.mu.Unlock()
	for _, v := range all {
		if ctx.Err() == nil && !v.good(ctx) {
			v.end()
		}
	}
}

func (k *Keeper) record(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-k.turned:
			err := k.engine.TurnAway(ctx, t.caller, t.actor, t.what)
			if _, recorded := errors.AsType[*problem.Problem](err); !recorded {
				k.engine.CountTurned(t.caller, t.actor, t.what)
			}
		}
	}
}
