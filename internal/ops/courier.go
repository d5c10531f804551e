package ops

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/delivery"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// How messages are sent. A lease is longer than a message can take to send, so
// that it ends only when the process that holds it has died.
const (
	leaseLife  = 3 * time.Minute
	atATime    = 4
	lookEvery  = 5 * time.Second // for what other processes queued
	firstRetry = time.Minute
	lastRetry  = time.Hour
	grace      = 8 * time.Second // for what is being sent when the process stops
)

// Courier sends what waits in the outbox, and has people told what comes by
// itself. There may be any number of them on one database: a lease keeps a message
// with one of them at a time.
type Courier struct {
	o      *Operations
	engine *op.Engine
	log    *slog.Logger
}

// Courier for the outbox of an engine's database.
func (o *Operations) Courier(e *op.Engine, log *slog.Logger) *Courier { return &Courier{o, e, log} }

// wakeCourier has the courier of this process look into the outbox.
func (o *Operations) wakeCourier() {
	select {
	case o.wake <- struct{}{}:
	default: // it was told already
	}
}

func courierCaller() auth.Caller {
	return auth.Caller{Credential: auth.System("courier"), Source: access.Source{Face: access.FaceSystem}}
}

// Run sends until ctx ends, and then waits a moment for what is on its way.
func (c *Courier) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	ends := time.NewTicker(tellEvery)
	defer ends.Stop()
	c.remind(ctx)
	for ctx.Err() == nil {
		n, err := c.Round(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("the outbox cannot be worked off", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		c.wait(ctx, look.C, ends.C)
	}
}

// wait until there may be something to send.
func (c *Courier) wait(ctx context.Context, look, ends <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.o.wake:
			return
		case <-ends:
			c.remind(ctx)
		case <-look:
			due, err := op.Do(ctx, c.engine, courierCaller(), c.o.Outbox.next, None{})
			if err == nil && due.At != nil && !due.At.After(c.engine.Now()) {
				return
			}
		}
	}
}

// Round sends what is due now, a few messages at most, and says how many they
// were.
func (c *Courier) Round(ctx context.Context) (int, error) {
	taken, err := op.Do(ctx, c.engine, courierCaller(), c.o.Outbox.take, None{})
	if problem.Is(err, problem.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("take messages: %w", err)
	}
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, l := range taken.leases {
		all.Go(func() {
			end := c.send(sending, taken, l)
			_, err := op.Do(context.WithoutCancel(ctx), c.engine, courierCaller(), c.o.Outbox.settle, Settled{l, end})
			if problem.Is(err, problem.NotFound) {
				err = nil // it was cancelled in between, or somebody else has it
			}
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	all.Wait()
	return len(taken.leases), errors.Join(errs...)
}

// send hands one message over and says what became of it.
func (c *Courier) send(ctx context.Context, t Taken, l store.Lease) store.Sending {
	now := c.engine.Now()
	if !now.Before(l.ExpiresAt) {
		cause := delivery.Expired
		return store.Sending{State: store.MessageGivenUp, Cause: cause, Said: l.Said}
	}
	err := c.hand(ctx, t, l)
	if err == nil {
		return store.Sending{State: store.MessageSent}
	}
	f, ok := errors.AsType[*delivery.Failure](err)
	if !ok {
		c.log.Error("a message could not be sent", "message", l.ID, "error", err)
		f = &delivery.Failure{Cause: delivery.Failed}
	}
	next := c.engine.Now().Add(retryAfter(l.Attempts))
	if f.Permanent || !next.Before(l.ExpiresAt) {
		return store.Sending{State: store.MessageGivenUp, Cause: f.Cause, Said: f.Said}
	}
	return store.Sending{State: store.MessageFailed, Cause: f.Cause, Said: f.Said, NextAt: next}
}

// retryAfter so many attempts: a minute, doubling to an hour.
func retryAfter(attempts int) time.Duration {
	return min(firstRetry<<min(max(attempts-1, 0), 10), lastRetry)
}

func (c *Courier) hand(ctx context.Context, t Taken, l store.Lease) error {
	m, err := c.o.unseal(l)
	if err != nil {
		return err
	}
	switch {
	case l.Channel == delivery.Mail && t.mail != nil:
		return delivery.SendMail(ctx, *t.mail, m)
	case l.Channel == delivery.SMS && t.gateway != nil:
		return delivery.SendSMS(ctx, *t.gateway, m)
	}
	return &delivery.Failure{Cause: delivery.NotSetUp}
}

func (o *Operations) takeMessages(*op.Preparing, None) (op.Commit[Taken], error) {
	return func(w *op.Writing[Taken]) op.Outcome[Taken] {
		var t Taken
		var err error
		if t.leases, err = w.Tx.TakeMessages(rand.Text(), w.Tx.Now().Add(leaseLife), atATime); err != nil {
			return w.Fail(fmt.Errorf("take messages: %w", err))
		}
		if len(t.leases) == 0 {
			return w.Fail(store.ErrNotFound) // leaves nothing, not even a record
		}
		// A password that cannot be opened must not keep the outbox from saying so.
		if t.mail, err = o.mailServer(w.Tx.ReadTx); err != nil {
			t.mail = nil
		}
		if t.gateway, err = o.smsGateway(w.Tx.ReadTx); err != nil {
			t.gateway = nil
		}
		ids := []string{}
		for _, l := range t.leases {
			ids = append(ids, string(l.ID))
		}
		return w.Done(t, op.Entry{Detail: activity.Detail{"messages": ids}})
	}, nil
}

func settleMessage(_ *op.Preparing, in Settled) (op.Commit[None], error) {
	return func(w *op.Writing[None]) op.Outcome[None] {
		if err := w.Tx.SettleMessage(in.lease.Scope, in.lease.ID, in.lease.Token, in.end); err != nil {
			return w.Fail(err)
		}
		e := op.Entry{
			Account: in.lease.Account, Object: messageObject(in.lease.Queued),
			Detail: activity.Detail{"kind": in.lease.Kind, "attempts": in.lease.Attempts},
		}
		switch in.end.State {
		case store.MessageFailed:
			e.Event, e.Detail["cause"] = "message.failed", in.end.Cause
		case store.MessageGivenUp:
			e.Event, e.Detail["cause"] = "message.given_up", in.end.Cause
		case store.MessageSent, store.MessageWaiting, store.MessageSending, store.MessageCancelled:
		}
		return w.Done(None{}, e)
	}, nil
}
