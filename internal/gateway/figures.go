package gateway

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Figures are what a gateway has done since it was made.
type Figures struct {
	Requests int64            // that came
	Open     int64            // under way now
	Answered map[string]int64 // with the upstream's answer, by class of its status: "2xx"
	Refused  map[string]int64 // of which nothing was sent on, by cause
	Failed   map[string]int64 // without an answer, or not all of it, by cause
	Leaks    int64            // answers out of which the credential was cut
	Lost     int64            // calls of dead processes, of which no answer is known
	Seconds  float64          // that ended calls took, in all
	Buckets  []Bucket         // of ended calls, by how long they took
	Minutes  []Minute         // the last hour, oldest first; minutes without calls are left out
}

// Bucket counts calls that took at most so long; the last one counts all.
type Bucket struct {
	Seconds float64 // 0: any time
	Calls   int64
}

// Minute is what happened in one.
type Minute struct {
	At       time.Time
	Requests int64
	Refused  int64
	Failed   int64
	Seconds  float64
}

// upTo are the limits of buckets, in seconds.
var upTo = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

const minutesKept = 60

// figures counts; the zero figures begin at nothing.
type figures struct {
	requests, open, leaks, lost atomic.Int64

	mu       sync.Mutex
	answered [6]int64
	refused  map[string]int64
	failed   map[string]int64
	seconds  float64
	buckets  [len(upTo) + 1]int64
	minutes  [minutesKept]minute
}

type minute struct {
	number                    int64 // since 1970
	requests, refused, failed int64
	seconds                   float64
}

func (f *figures) begin() {
	f.requests.Add(1)
	f.open.Add(1)
}

func (f *figures) refuse(cause string) { f.count(&f.refused, cause) }
func (f *figures) fail(cause string)   { f.count(&f.failed, cause) }

func (f *figures) count(in *map[string]int64, cause string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *in == nil {
		*in = map[string]int64{}
	}
	(*in)[cause]++
}

func (f *figures) end(c *call) {
	now := time.Now()
	took := now.Sub(c.began).Seconds()
	f.open.Add(-1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seconds += took
	at := 0
	for at < len(upTo) && took > upTo[at] {
		at++
	}
	f.buckets[at]++
	number := now.Unix() / 60
	m := &f.minutes[number%minutesKept]
	if m.number != number {
		*m = minute{number: number}
	}
	m.requests++
	m.seconds += took
	switch {
	case c.failure != "":
		m.failed++
	case c.theirs == 0:
		m.refused++
	default:
		f.answered[min(c.theirs/100, 5)]++
	}
}

// Figures of the gateway, as of now.
func (g *Gateway) Figures() Figures {
	f := &g.figures
	out := Figures{
		Requests: f.requests.Load(), Open: f.open.Load(), Leaks: f.leaks.Load(), Lost: f.lost.Load(),
		Answered: map[string]int64{}, Refused: map[string]int64{}, Failed: map[string]int64{}, Buckets: []Bucket{}, Minutes: []Minute{},
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for class, n := range f.answered {
		if n > 0 {
			out.Answered[string(rune('0'+class))+"xx"] = n
		}
	}
	maps.Copy(out.Refused, f.refused)
	maps.Copy(out.Failed, f.failed)
	out.Seconds = f.seconds
	sum := int64(0)
	for i, n := range f.buckets {
		sum += n
		b := Bucket{Calls: sum}
		if i < len(upTo) {
			b.Seconds = upTo[i]
		}
		out.Buckets = append(out.Buckets, b)
	}
	now := time.Now().Unix() / 60
	for number := now - minutesKept + 1; number <= now; number++ {
		if m := f.minutes[number%minutesKept]; m.number == number {
			out.Minutes = append(out.Minutes, Minute{time.Unix(number*60, 0).UTC(), m.requests, m.refused, m.failed, m.seconds})
		}
	}
	return out
}
