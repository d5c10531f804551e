package app

import (
	"context"
	"sync"
	"time"

	"gatehouse/internal/securitykey/handoff"
)

// letGo is how long a ceremony has to let go of its key when the next one
// begins, or the window closes.
const letGo = 3 * time.Second

// ceremony is one that runs.
type ceremony struct {
	name string
	ctx  context.Context
	stop context.CancelFunc
	done chan struct{} // closed when it has let go of everything
	page *handoff.Page // of a hand-off

	mu    sync.Mutex
	asked string // the step that waits for somebody to say something, if any
	pins  chan []byte
	picks chan int
}

// wait notes which step waits, before the page hears of it.
func (c *ceremony) wait(step string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = step
}

// takes reports whether a step waits for what is said now; it waits no longer.
func (c *ceremony) takes(step string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	waits := c.asked == step
	if waits {
		c.asked = ""
	}
	return waits
}

// named is the ceremony that runs, if it has that name.
func (s *SecurityKeys) named(name string) *ceremony {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil || s.running.name != name {
		return nil
	}
	return s.running
}

// begin puts an end to the ceremony that runs and starts one. In a window that
// is closing it has ended already.
func (s *SecurityKeys) begin(name string) *ceremony {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.end()
	c := &ceremony{name: name, done: make(chan struct{}), pins: make(chan []byte, 1), picks: make(chan int, 1)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.early == name {
		c.stop()
	}
	s.running = c
	return c
}

// over notes that a ceremony has let go of its key, or of its page.
func (s *SecurityKeys) over(c *ceremony) {
	c.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == c {
		s.running = nil
	}
	select {
	case <-c.done:
	default:
		close(c.done)
	}
}

// end ends the ceremony that runs, and waits until it has let go.
func (s *SecurityKeys) end() {
	s.mu.Lock()
	c := s.running
	s.mu.Unlock()
	if c == nil {
		return
	}
	c.stop()
	select {
	case <-c.done:
	case <-time.After(letGo):
	}
}
