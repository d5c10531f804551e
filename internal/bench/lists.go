package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// The bars of lists.
const (
	flat       = 2.0                   // first pages: large against small
	searchTime = 15 * time.Millisecond // median of a search
)

// ask is one question to the list of users.
type ask struct {
	name   string
	handle account.Handle
	list   ops.UserList
}

// lists measures first pages and filters.
func (r *run) lists(ctx context.Context) error {
	asks := []ask{{name: "first page"}}
	for _, s := range []user.State{user.Active, user.Invited, user.Deactivated} {
		asks = append(asks, ask{name: "first page, " + string(s), list: ops.UserList{Status: listing.Filter(s)}})
	}
	for _, c := range []listing.Filter{"on", "setup_required", "in:on,setup_required"} {
		asks = append(asks, ask{name: "first page, 2-factor " + string(c), list: ops.UserList{MFA: c}})
	}
	asks = append(asks, ask{name: "first page, invited or deactivated", list: ops.UserList{Status: "ne:active"}})
	for _, o := range store.UserOrders() {
		asks = append(asks, ask{name: "first page by " + string(o), list: ops.UserList{Order: o}})
	}
	asks = append(asks, ask{name: "page at offset 10000", list: ops.UserList{Paging: ops.Paging{Offset: 10_000}}})
	return r.askBoth(ctx, asks, func(a ask, small, large []time.Duration) {
		ratio := float64(median(large)) / float64(median(small))
		r.table.judge("  ratio", fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≤ %.0f", flat), ratio <= flat)
	})
}

// search measures searches of every kind.
func (r *run) search(ctx context.Context) error {
	asks := []ask{
		{name: `two letters, common ("er")`, list: ops.UserList{Q: "er"}},
		{name: `two letters, in everybody ("ex")`, list: ops.UserList{Q: "ex"}},
		{name: `two letters, rare ("qu")`, list: ops.UserList{Q: "qu"}},
		{name: `two letters, absent ("xq")`, list: ops.UserList{Q: "xq"}},
		{name: `one letter ("j")`, list: ops.UserList{Q: "j"}},
		{name: `common name ("peeters")`, list: ops.UserList{Q: "peeters"}},
		{name: `accent folded ("Müller")`, list: ops.UserList{Q: "Müller"}},
		{name: `two words ("anke peeters")`, list: ops.UserList{Q: "anke peeters"}},
		{name: `part of two words ("jan ver")`, list: ops.UserList{Q: "jan ver"}},
		{name: `rare ("quistgaard")`, list: ops.UserList{Q: "quistgaard"}},
		{name: `absent ("xylophone")`, list: ops.UserList{Q: "xylophone"}},
		{name: `common name, deactivated`, list: ops.UserList{Q: "peeters", Status: "deactivated"}},
		{name: `small account, everybody ("an")`, handle: corner, list: ops.UserList{Q: "an"}},
		{name: `small account, absent ("peeters")`, handle: corner, list: ops.UserList{Q: "peeters"}},
	}
	return r.askBoth(ctx, asks, func(a ask, _, large []time.Duration) {
		m := median(large)
		r.table.judge("  median", took(m), "≤ "+took(searchTime), m <= searchTime)
	})
}

// askBoth asks the small and the large database in turn.
func (r *run) askBoth(ctx context.Context, asks []ask, judge func(a ask, small, large []time.Duration)) error {
	var places [2]*place
	for i, users := range [2]int{r.small, r.large} {
		dir, err := r.registrar(ctx, users)
		if err != nil {
			return err
		}
		p, err := open(ctx, dir)
		if err != nil {
			return err
		}
		defer p.close()
		places[i] = p
	}
	for _, a := range asks {
		var times [2][]time.Duration
		for round := range 2 + 20*r.rounds {
			for i, p := range places {
				began := time.Now()
				_, err := op.Do(ctx, p.engine, console(a.handle), p.ops.Users.List, a.list)
				if err != nil {
					return errors.Join(fmt.Errorf("ask for %s: %w", a.name, err))
				}
				if round >= 2 { // the first ones warm up
					times[i] = append(times[i], time.Since(began))
				}
			}
		}
		for i, users := range [2]int{r.small, r.large} {
			m, worst := median(times[i]), quantile(times[i], 0.95)
			r.table.note(fmt.Sprintf("%s, %d users", a.name, users), "%s, p95 %s", took(m), took(worst))
		}
		judge(a, times[0], times[1])
	}
	return nil
}
