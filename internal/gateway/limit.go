package gateway

import (
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"gatehouse/internal/problem"
)

// bucket limits the calls of one key.
type bucket struct {
	tokens *rate.Limiter
	used   atomic.Int64 // when last, in seconds
	told   atomic.Int64 // the minute in which the log was told last
}

// bucketRest is how long a key's bucket is kept that is not used: by then it is
// full again.
const bucketRest = 10 * time.Minute

// limit refuses a key that calls too often. The log has that once a minute.
func (c *call) limit() *refusal {
	if c.bodyRead || c.id != "" {
		return nil // it is being decided anew, and was counted
	}
	who := string(c.actor.Key())
	if who == "" {
		who = string(c.actor.User())
	}
	found, ok := c.g.buckets.Load(who)
	if !ok {
		found, _ = c.g.buckets.LoadOrStore(who, &bucket{tokens: rate.NewLimiter(rate.Limit(c.g.limits.PerSecond), c.g.limits.Burst)})
	}
	b := found.(*bucket)
	b.used.Store(c.began.Unix())
	if b.tokens.AllowN(c.began, 1) {
		return nil
	}
	minute := c.began.Unix() / 60
	return &refusal{
		status: http.StatusTooManyRequests, kind: typeRateLimited, code: problem.TooManyAttempts, cause: string(problem.TooManyAttempts), retry: time.Second,
		text:  "This key calls too often. Please wait a moment and call less often.",
		quiet: b.told.Swap(minute) == minute,
	}
}

// forgetBuckets of keys that have not called for a while.
func (g *Gateway) forgetBuckets() {
	before := time.Now().Add(-bucketRest).Unix()
	g.buckets.Range(func(who, b any) bool {
		if b.(*bucket).used.Load() < before {
			g.buckets.Delete(who)
		}
		return true
	})
}
