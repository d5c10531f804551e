//go:build linux

package cli_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/isproxy/isproxytest"
)

// kills is how often a process is killed: 10 times, with GATEHOUSE_SOAK=1 300
// times, else as often as it says.
func kills() int {
	switch soak, err := strconv.Atoi(os.Getenv("GATEHOUSE_SOAK")); {
	case err == nil && soak > 1:
		return soak
	case err == nil:
		return 300
	}
	return 10
}

// ledger is what clients know of their keys.
type ledger struct {
	mu     sync.Mutex
	made   []madeKey
	doomed map[string]bool // whose end was asked for, by secret
	ended  map[string]bool // and acknowledged
	acts   atomic.Int64    // acknowledged, of any kind
	calls  atomic.Int64    // that changed something, and were answered
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// Killed at any moment, with all its doors busy, a Gate has lost nothing that it
// acknowledged: a key that was cut stays cut at every door, one that was made
// works, and whatever the upstream was asked to change is on record.
func TestServe_killed(t *testing.T) {
	const sameDatabase = 50 // a soak begins a new one now and then, or looking takes all the time
	var p *premises
	keys, calls := 0, 0
	for n := range kills() {
		if n%sameDatabase == 0 {
			p = newPremises(t)
		}
		l := p.killOnce(n)
		keys, calls = keys+len(l.made), calls+int(l.calls.Load())
		p.remembers(l)
		p.recorded()
		p.Exec(`DELETE FROM api_keys`) // a user can have a hundred
		if out, err := p.command("audit", "verify").CombinedOutput(); err != nil {
			t.Errorf("audit verify: %v %s", err, out)
		}
		if t.Failed() {
			t.Fatalf("after kill %d", n+1)
		}
		if n%sameDatabase == sameDatabase-1 || n == kills()-1 {
			p.toldAsLost()
		}
	}
	if calls == 0 || keys < kills() {
		t.Errorf("only %d keys and %d calls: there was no load", keys, calls)
	}
	t.Logf("%d kills, %d keys and %d calls acknowledged, none lost", kills(), keys, calls)
}

// killOnce starts a process, keeps all doors busy, kills it when it has
// acknowledged a number of acts, and returns what its clients know.
func (p *premises) killOnce(n int) *ledger {
	p.t.Helper()
	l := &ledger{doomed: map[string]bool{}, ended: map[string]bool{}}
	cookie, key := p.cookie(), p.newKey().Secret.Reveal()
	s := p.serve()
	until := int64(1 + rand.IntN(60))
	reached := make(chan struct{})
	done := func() {
		if l.acts.Add(1) == until {
			close(reached)
		}
	}
	var busy sync.WaitGroup
	for w := range 3 { // make keys, and end every other one
		busy.Go(func() {
			c := s.clients()
			for i := 0; ; i++ {
				k, why := c.makeKey(cookie)
				if k.Secret == "" {
					l.note(func() { p.died(why) })
					return
				}
				l.note(func() { l.made = append(l.made, k) })
				done()
				if i%2 == 0 {
					continue
				}
				l.note(func() { l.doomed[k.Secret] = true })
				var r reply
				if w == 0 {
					r = c.do("DELETE", "/api/v1/keys/"+string(k.ID), cookie, "")
				} else {
					r = c.do("POST", "/api/v1/keys/"+string(k.ID)+"/cut", cookie, "")
				}
				if r.status != 200 {
					l.note(func() { p.died(r) })
					return
				}
				l.note(func() { l.ended[k.Secret] = true })
				done()
			}
		})
	}
	for w := range 3 { // change something upstream
		busy.Go(func() {
			c := s.clients()
			for i := 0; ; i++ {
				r := c.do("POST", fmt.Sprintf("/v2/domains/k%d-w%d-n%d.be", n, w, i), key, `{"customer":"acme","registrant":"anna"}`)
				if r.status == 429 || r.status == 503 {
					continue // the limit of the one key; or rights change so fast that nothing can be decided on them
				}
				if r.status != 201 {
					l.note(func() { p.died(r) })
					return
				}
				l.calls.Add(1)
				done()
			}
		})
	}
	busy.Go(func() { // only ask
		c := s.clients()
		for {
			if r := c.do("GET", "/v2/domains/example.be", key, ""); r.status != 200 && r.status != 429 {
				l.note(func() { p.died(r) })
				return
			}
		}
	})
	busy.Go(func() { // and check domains
		c := isproxytest.Dial(p.t, s.lines)
		c.Ask("LOGIN "+key, "100 Login ok")
		for {
			if _, err := fmt.Fprint(c, "IS free.be\r\n"); err != nil {
				return
			}
			if _, err := c.Line(); err != nil {
				return
			}
		}
	})
	<-reached
	s.end(syscall.SIGKILL)
	busy.Wait()
	if p.t.Failed() {
		p.t.Logf("it said %s", s.said())
	}
	return l
}

// died holds that a request got no answer because the process was killed, and got
// no other one.
func (p *premises) died(r reply) {
	if r.status != 0 {
		p.t.Errorf("under load: %d %s", r.status, r.body)
	}
}

// remembers looks, at a process that starts anew, whether every key is as its
// client knows it.
func (p *premises) remembers(l *ledger) {
	p.t.Helper()
	s := p.serve()
	defer s.end(syscall.SIGTERM)
	c := s.clients()
	for _, k := range l.made {
		got := s.opens(c, k.Secret)
		switch {
		case l.ended[k.Secret] && got != opensNone:
			p.t.Errorf("the key %s was cut, and opens %s", k.ID, got)
		case !l.doomed[k.Secret] && got != opensAll:
			p.t.Errorf("the key %s was made, and opens %s", k.ID, got)
		case got != opensAll && got != opensNone:
			p.t.Errorf("the key %s opens %s: neither everything nor nothing", k.ID, got)
		}
	}
}

// calls in the log, by what they are about: which records there are of each that
// was let through.
func (p *premises) calls() (byName map[string][]string) {
	p.t.Helper()
	byName = map[string][]string{}
	for _, r := range p.Records() {
		if strings.HasPrefix(r.Event, "gateway.") && r.Event != "gateway.refused" {
			byName[r.Object.Name] = append(byName[r.Object.Name], r.Event)
		}
	}
	return byName
}

// recorded looks whether each changing call that reached the upstream is on
// record, and whether each on record has its end there or is known to wait for it.
func (p *premises) recorded() {
	p.t.Helper()
	logged := p.calls()
	for _, seen := range p.api.Seen() {
		if name := seen.Method + " " + seen.Target; seen.Method == "POST" && len(logged[name]) == 0 {
			p.t.Errorf("%s reached the upstream and is not on record", name)
		}
	}
	open := 0
	for name, events := range logged {
		switch {
		case events[0] != "gateway.called":
			p.t.Errorf("%s begins with %s", name, events[0])
		case len(events) == 1:
			open++
		case len(events) > 2:
			p.t.Errorf("%s has %v", name, events)
		}
	}
	if kept := p.Count(`SELECT COUNT(*) FROM gateway_calls`); kept != open {
		p.t.Errorf("%d calls have no end on record, and %d are kept for it", open, kept)
	}
}

// toldAsLost looks whether the log says, once the time of the dead is over, of
// which calls no answer is known.
func (p *premises) toldAsLost() {
	p.t.Helper()
	want := map[string]bool{}
	for name, events := range p.calls() {
		if len(events) == 1 {
			want[name] = true
		}
	}
	p.Exec(`UPDATE gateway_calls SET until = 1`)
	s := p.serve()
	defer s.end(syscall.SIGTERM)
	within(p.t, "the log to tell of lost calls", 20*time.Second, func() bool {
		return p.Count(`SELECT COUNT(*) FROM gateway_calls`) == 0
	})
	got := map[string]bool{}
	for name, events := range p.calls() {
		if events[len(events)-1] == "gateway.lost" {
			got[name] = true
		}
	}
	for name := range want {
		if !got[name] {
			p.t.Errorf("of %s the log does not say that no answer is known", name)
		}
	}
	p.t.Logf("%d calls of which no answer is known", len(got))
}
