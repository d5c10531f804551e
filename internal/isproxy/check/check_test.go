package check_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/isproxy/check"
)

// What one side writes the other side reads, whatever is in it, and it is always
// one line.
func FuzzAnswer(f *testing.F) {
	f.Add("In use (since 1999), by \"a\\b\"", "1500", "USD")
	f.Add("a\r\nb.be available", "1,5", "(US)")
	f.Add("\u2028\u202e\u0085\xff", "\\", ")")
	f.Add(strings.Repeat("é(", 600), "", "")
	f.Fuzz(func(t *testing.T, reason, price, currency string) {
		for _, a := range []check.Answer{
			{Status: check.Taken, Reason: reason},
			{Status: check.Available, Premium: check.Premium{Price: price, Currency: currency}},
		} {
			line := string(a.AppendLine(nil, "a.be", check.Details{Reason: true, Premium: true}))
			if len(line) > 1000 || strings.Count(line, "\n") != 1 || strings.Count(line, "\r") != 1 || !strings.HasSuffix(line, "\r\n") {
				t.Fatalf("%q", line)
			}
			name, got, ok := check.ParseLine(strings.TrimSuffix(line, "\r\n"))
			if !ok || name != "a.be" || got.Status != a.Status {
				t.Fatalf("%q is read as %q %v", line, name, got)
			}
			again := string(got.AppendLine(nil, "a.be", check.Details{Reason: true, Premium: true}))
			if again != line {
				t.Fatalf("%q becomes %q", line, again)
			}
		}
	})
}

func TestParseLine(t *testing.T) {
	type parsed struct {
		Name   string
		Answer check.Answer
		OK     bool
	}
	for line, want := range map[string]parsed{
		"a.be available":      {"a.be", check.Answer{Status: check.Available}, true},
		"A.be not available":  {"A.be", check.Answer{Status: check.Taken}, true},
		"a.be invalid domain": {"a.be", check.Answer{Status: check.Invalid}, true},
		"a.be error":          {"a.be", check.Answer{Status: check.Failed}, true},
		`a.be not available (reason=In \(use\)\, or not\\)`:             {"a.be", check.Answer{Status: check.Taken, Reason: `In (use), or not\`}, true},
		"a.be not available (reason=)":                                  {"a.be", check.Answer{Status: check.Taken}, true},
		"a.be available (type=premium,price=1500,currency=USD)":         {"a.be", check.Answer{Status: check.Available, Premium: check.Premium{Price: "1500", Currency: "USD"}}, true},
		"a.be available (currency=USD,new=x=y,price=1500,type=premium)": {"a.be", check.Answer{Status: check.Available, Premium: check.Premium{Price: "1500", Currency: "USD"}}, true},
		"a.be available (type=basic,price=10,currency=EUR)":             {"a.be", check.Answer{Status: check.Available}, true},
		"a.be available (type=premium":                                  {"a.be", check.Answer{Status: check.Available}, true},
		"a.be maybe":                                                    {},
		"a.be":                                                          {},
		"":                                                              {},
		" available":                                                    {},
		"400 not authenticated":                                         {},
		"100 OK":                                                        {},
		"a b.be available":                                              {},
		"a\x00.be available":                                            {},
	} {
		name, a, ok := check.ParseLine(line)
		if diff := cmp.Diff(want, parsed{name, a, ok}); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}

type source struct {
	answer  check.Answer
	err     error
	asked   atomic.Int64
	passes  bool
	atHand  bool
	waiting chan struct{}
}

func (s *source) Check(ctx context.Context, _ string) (check.Answer, error) {
	s.asked.Add(1)
	if s.waiting != nil {
		select {
		case <-s.waiting:
		case <-ctx.Done():
			return check.Answer{}, ctx.Err()
		}
	}
	return s.answer, s.err
}
func (s *source) TryCheck(string) (check.Answer, bool) { return s.answer, s.atHand }
func (s *source) Passes(string) bool                   { return s.passes }

func TestChain(t *testing.T) {
	broken := errors.New("broken")
	yes, no := check.Answer{Status: check.Available}, check.Answer{Status: check.Taken}
	for name, test := range map[string]struct {
		chain  check.Chain
		answer check.Answer
		err    error
		atHand bool
	}{
		"nobody":                    {nil, check.Answer{}, check.ErrPass, false},
		"all pass":                  {check.Chain{&source{err: check.ErrPass}, &source{err: check.ErrPass, passes: true}}, check.Answer{}, check.ErrPass, false},
		"the first":                 {check.Chain{&source{answer: yes, atHand: true}, &source{answer: no, atHand: true}}, yes, nil, true},
		"the second":                {check.Chain{&source{err: check.ErrPass, passes: true}, &source{answer: no, atHand: true}}, no, nil, true},
		"the first has to be asked": {check.Chain{&source{answer: yes}, &source{answer: no, atHand: true}}, yes, nil, false},
		"the first fails":           {check.Chain{&source{err: broken}, &source{answer: no}}, no, nil, false},
		"a failure, then nobody":    {check.Chain{&source{err: broken}, &source{err: check.ErrPass}}, check.Answer{}, broken, false},
		"two failures":              {check.Chain{&source{err: errors.New("other")}, &source{err: broken}}, check.Answer{}, broken, false},
	} {
		a, err := test.chain.Check(t.Context(), "a.be")
		if a != test.answer || !errors.Is(err, test.err) {
			t.Errorf("%s: Check gives %v, %v", name, a, err)
		}
		if a, ok := test.chain.TryCheck("a.be"); ok != test.atHand || (ok && a != test.answer) {
			t.Errorf("%s: TryCheck gives %v, %v", name, a, ok)
		}
	}
}

func TestChain_noTimeLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	second := &source{}
	if _, err := (check.Chain{&source{err: context.Canceled}, second}).Check(ctx, "a.be"); !errors.Is(err, context.Canceled) || second.asked.Load() != 0 {
		t.Errorf("%v, and the second was asked %d times", err, second.asked.Load())
	}
}

func TestCache(t *testing.T) {
	config := check.CacheConfig{Entries: 100, Taken: time.Hour, Available: time.Minute, Timeout: time.Second}
	for name, test := range map[string]struct {
		source *source
		life   time.Duration
	}{
		"taken":     {&source{answer: check.Answer{Status: check.Taken, Reason: "x"}}, time.Hour},
		"available": {&source{answer: check.Answer{Status: check.Available}}, time.Minute},
		"failed":    {&source{answer: check.Answer{}}, 0},
		"error":     {&source{err: errors.New("broken")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := test.source
				c := check.NewCache(s, config)
				for _, step := range []struct {
					later time.Duration
					want  int64
				}{{0, 1}, {test.life - 1, 1}, {1, 2}} {
					<-time.After(step.later)
					a, err := c.Check(t.Context(), "a.be")
					if test.life == 0 {
						step.want = s.asked.Load()
					}
					if a != s.answer || (err == nil) != (s.err == nil) || s.asked.Load() != step.want {
						t.Errorf("after %v: %v, %v, asked %d times", step.later, a, err, s.asked.Load())
					}
				}
				if test.life == 0 && s.asked.Load() != 3 {
					t.Errorf("asked %d times", s.asked.Load())
				}
			})
		})
	}
}

func TestCache_bounded(t *testing.T) {
	s := &source{answer: check.Answer{Status: check.Taken}}
	c := check.NewCache(s, check.CacheConfig{Entries: 10, Taken: time.Hour, Timeout: time.Second})
	names := 0
	for i := range 1000 {
		if _, err := c.Check(t.Context(), string(rune('a'+i%26))+strings.Repeat("b", i)+".be"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		if _, ok := c.TryCheck(string(rune('a'+i%26)) + strings.Repeat("b", i) + ".be"); ok {
			names++
		}
	}
	if names < 10 || names > 20 {
		t.Errorf("%d names are remembered", names)
	}
}

// Who asks at once gets one answer, and whoever gives up takes it from nobody.
func TestCache_together(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{answer: check.Answer{Status: check.Taken}, waiting: make(chan struct{})}
		c := check.NewCache(s, check.CacheConfig{Entries: 10, Taken: time.Hour, Timeout: time.Minute})
		hasty, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.Check(hasty, "a.be"); !errors.Is(err, context.Canceled) {
				t.Errorf("the hasty one got %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() {
				if a, err := c.Check(t.Context(), "a.be"); err != nil || a.Status != check.Taken {
					t.Errorf("%v, %v", a, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(s.waiting)
		all.Wait()
		if n := s.asked.Load(); n != 1 {
			t.Errorf("the source was asked %d times", n)
		}
	})
}
