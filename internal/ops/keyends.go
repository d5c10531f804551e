package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/apikey"
	"gatehouse/internal/calendar"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// How people are told that API keys end (K7). Of an end that nobody could tell in
// time, because no process ran, they are told for as long as before it.
const (
	tellEvery  = time.Minute
	tellAtOnce = 1000                       // in one round; the next one goes on
	shortLife  = apikey.Soon + 24*time.Hour // who makes such a key knows when it ends
)

// What the log says when the time of a key comes.
const (
	keyEnding  = "key.end_announced"
	keyExpired = "key.expired"

	// What of it the notices speak of.
	lastDayOf   = "lastDay"
	ownerOf     = "ownerId"
	serviceName = "serviceUser"
)

// dueKey is a key whose time has come, and the event that says so where it is not
// that of the operation.
type dueKey struct {
	store.KeyEnd
	ends    store.KeyEnds
	instead string
}

// nextDueKey is one to tell of at a time; store.ErrNotFound when there is none.
func nextDueKey(tx store.ReadTx, now time.Time) (dueKey, error) {
	for _, due := range []dueKey{
		{instead: keyExpired, ends: store.KeyEnds{Name: "over", After: now.Add(-apikey.Soon), Till: now}},
		{ends: store.KeyEnds{Name: "ahead", After: now, Till: now.Add(apikey.Soon), Least: shortLife}},
	} {
		var err error
		if due.KeyEnd, err = tx.NextKeyEnd(due.ends); err == nil {
			return due, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return due, fmt.Errorf("find key that ends: %w", err)
		}
	}
	return dueKey{}, store.ErrNotFound
}

func (o *Operations) addKeyEnds() {
	o.Keys.tell = op.Write(&o.table, op.Spec{
		Name: "keys.tell", Route: op.NoRoute, Event: keyEnding, Also: []string{keyExpired},
		Summary: "Tell of one API key that it ends soon, or has ended.",
	}, op.Job(), tellKeyEnd)
}

// tellKeyEnd notes that the time of one key has come; who is told of it, the
// table of tellings says. What was noted is never noted again, whatever process
// dies in between: mark, record and notice are of one commit.
func tellKeyEnd(p *op.Preparing, _ None) (op.Commit[None], error) {
	err := p.Read(func(tx store.ReadTx) error { // most often there is none, and nobody has to wait
		_, err := nextDueKey(tx, p.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return func(w *op.Writing[None]) op.Outcome[None] {
		k, err := nextDueKey(w.Tx.ReadTx, w.Tx.Now())
		if err != nil {
			return w.Fail(err) // another process was first
		}
		if err := w.Tx.ToldKeyEnd(k.ends, k.Key); err != nil {
			return w.Fail(fmt.Errorf("note that was told of a key: %w", err))
		}
		d := keyDetail(k.Key)
		d[lastDayOf] = calendar.On(k.ExpiresAt.Add(-time.Nanosecond))
		if k.Owner != "" {
			d[ownerOf], d[serviceName] = k.Owner, k.UserName
		}
		return w.Done(None{}, op.Entry{Event: k.instead, Account: k.Account, Object: keyObject(k.Key), Detail: d})
	}, nil
}

// Remind tells of the keys whose time has come, and says how many they were.
func (c *Courier) Remind(ctx context.Context) (int, error) {
	for n := range tellAtOnce {
		_, err := op.Do(ctx, c.engine, courierCaller(), c.o.Keys.tell, None{})
		if problem.Is(err, problem.NotFound) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("tell that a key ends: %w", err)
		}
	}
	return tellAtOnce, nil
}

// remind does that, and says so when it cannot.
func (c *Courier) remind(ctx context.Context) {
	if _, err := c.Remind(ctx); err != nil && ctx.Err() == nil {
		c.log.Warn("people are not told now, and will be", "error", err)
	}
}
