package ops

import (
	"context"
	"sync"
)

// inLine is how many guesses at one thing, or from one address, are under way
// at a time.
const inLine = 8

// lines has those wait who come all at once, so that a guess is looked at only
// when nearly all before it have been counted.
type lines struct {
	mu sync.Mutex
	to map[string]*line
}

type line struct {
	places chan struct{}
	people int // inside and waiting
}

// enter waits for a place; nobody waits at the empty key. Whoever is in leaves
// once the guess is counted.
func (l *lines) enter(ctx context.Context, key string) (leave func(), err error) {
	if key == "" {
		return func() {}, nil
	}
	l.mu.Lock()
	if l.to == nil {
		l.to = map[string]*line{}
	}
	at := l.to[key]
	if at == nil {
		at = &line{places: make(chan struct{}, inLine)}
		l.to[key] = at
	}
	at.people++
	l.mu.Unlock()
	goAway := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if at.people--; at.people == 0 {
			delete(l.to, key)
		}
	}
	select {
	case at.places <- struct{}{}:
		return func() { <-at.places; goAway() }, nil
	case <-ctx.Done():
		goAway()
		return nil, ctx.Err()
	}
}
