package check

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// CacheConfig says how long a Cache believes what it was told.
type CacheConfig struct {
	// Entries is how many answers are kept at least; twice as many at most.
	Entries int
	// Taken and Available are how long answers of that status are used. An
	// available name can be gone a second later, so that one should be short.
	Taken, Available time.Duration
	// Timeout bounds one question to the source. Whoever asks a name that is
	// being asked already waits for the same answer, so it cannot hang on the
	// patience of the first.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Cache is a source that remembers the answers of another one, and asks it about
// a name once at a time. Failures are not remembered.
type Cache struct {
	source Source
	config CacheConfig
	flight singleflight.Group

	mu sync.RWMutex
	// Two generations: when the young one is full it becomes the old one, and
	// what was in the old one is forgotten. That bounds the memory without a
	// list of who was used when.
	young, old map[string]kept
}

type kept struct {
	answer Answer
	until  time.Time
}

// NewCache returns a cache in front of source.
func NewCache(source Source, config CacheConfig) *Cache {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Cache{source: source, config: config, young: map[string]kept{}}
}

// TryCheck returns what is remembered.
func (c *Cache) TryCheck(domain string) (Answer, bool) {
	c.mu.RLock()
	k, ok := c.young[domain]
	if !ok {
		k, ok = c.old[domain]
	}
	c.mu.RUnlock()
	if !ok || !c.config.Now().Before(k.until) {
		return Answer{}, false
	}
	return k.answer, true
}

// Passes asks the source, if it can tell.
func (c *Cache) Passes(domain string) bool {
	p, ok := c.source.(Passer)
	return ok && p.Passes(domain)
}

// Check returns what is remembered, or asks.
func (c *Cache) Check(ctx context.Context, domain string) (Answer, error) {
	if a, ok := c.TryCheck(domain); ok {
		return a, nil
	}
	done := c.flight.DoChan(domain, func() (any, error) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
		defer cancel()
		a, err := c.source.Check(asking, domain)
		if err == nil {
			c.keep(domain, a)
		}
		return a, err
	})
	select {
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	case r := <-done:
		a, _ := r.Val.(Answer)
		return a, r.Err
	}
}

func (c *Cache) keep(domain string, a Answer) {
	life := c.config.Taken
	switch a.Status {
	case Available:
		life = c.config.Available
	case Failed:
		return
	case Taken, Invalid:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.config.Entries {
		c.old, c.young = c.young, make(map[string]kept, c.config.Entries)
	}
	// A copy: the name can be part of a larger piece of memory.
	c.young[strings.Clone(domain)] = kept{a, c.config.Now().Add(life)}
}
