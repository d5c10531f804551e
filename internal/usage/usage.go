// Package usage counts in memory how often API keys are used, and how last, so
// that a door writes once in a while instead of at every call. What was counted
// and not yet written is lost with the process: a few seconds of counters, and
// nothing else (the record of a call that changes something is not kept here).
package usage

import (
	"sync"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/calendar"
	"gatehouse/internal/id"
	"gatehouse/internal/store"
)

// Counter counts the uses of keys. The zero Counter counts from nothing.
type Counter struct {
	mu     sync.Mutex
	counts map[place]*store.KeyUse
}

// place is what uses are counted for: a key, by day.
type place struct {
	key id.Key
	day calendar.Day
}

// Note counts that a key was used so often just now.
func (c *Counter) Note(k id.Key, times int64, now time.Time, from access.Source) {
	c.add(store.KeyUse{Key: k, Day: calendar.On(now), Uses: times, Last: apikey.Use{At: now, Address: from.AddressText(), Program: from.Program}})
}

func (c *Counter) add(u store.KeyUse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{u.Key, u.Day}
	if c.counts == nil {
		c.counts = map[place]*store.KeyUse{}
	}
	was, ok := c.counts[at]
	if !ok {
		c.counts[at] = &u
		return
	}
	was.Uses += u.Uses
	if !u.Last.At.Before(was.Last.At) {
		was.Last = u.Last
	}
}

// Take gives what was counted, and begins anew.
func (c *Counter) Take() []store.KeyUse {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []store.KeyUse
	for _, u := range c.counts {
		all = append(all, *u)
	}
	c.counts = nil
	return all
}

// Return puts back what could not be written.
func (c *Counter) Return(all []store.KeyUse) {
	for _, u := range all {
		c.add(u)
	}
}
