package op_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/op"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Somebody known who goes on and on has a record for the first few refusals of
// a minute, and one that counts the rest.
func TestDo_gathersRefusalsOfTheKnown(t *testing.T) {
	d := newDesk(t)
	read := op.Read(&d.table, op.Spec{Name: "things.list", Route: "GET /things", Summary: "Things."}, op.Holds(access.ManageUser), reads)
	tom := d.tom.Caller()
	for range 50 {
		opstest.Refused(d.Place, tom, read, none{}, problem.Forbidden)
	}
	if n := len(d.Records()); n != 20 {
		t.Errorf("%d records at once, want 20", n)
	}
	d.Clock.Advance(time.Minute)
	opstest.Refused(d.Place, tom, read, none{}, problem.Forbidden) // a new minute, and a record of its own
	if err := d.Engine.Tidy(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	all := d.Records()
	r := all[len(all)-1]
	if len(all) != 22 || opstest.Brief(r) != "access.refused refused forbidden by user "+d.tom.Name || r.Account != d.tom.Account || r.Detail["times"] != 30.0 || r.Detail["operation"] != "things.list" {
		t.Errorf("%d records, and the last says %s: %v", len(all), opstest.Brief(r), r.Detail)
	}
	d.Tidy()
	if n := len(d.Records()); n != 22 {
		t.Errorf("%d records: few refusals were counted once more", n)
	}
}

// What a door only counts is in the log whole, beside what had a record.
func TestEngine_CountTurned(t *testing.T) {
	for name, c := range map[string]struct {
		told, counted int
		want          []float64 // "times" of the last records; those with a record of their own have none
	}{
		"a few":                   {0, 5, []float64{5}},
		"many":                    {0, 44, []float64{44}},
		"beside one":              {1, 44, []float64{44}},
		"beside all there can be": {50, 44, []float64{74}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			tom := d.tom.Caller()
			a, err := d.Engine.Resolve(t.Context(), tom)
			if err != nil {
				t.Fatal(err)
			}
			turned := op.Turned{Act: "isproxy.check", Why: problem.New(problem.DomainRefused, "This key is not for that domain.")}
			for range c.told {
				if err := d.Engine.TurnAway(t.Context(), tom, a, turned); err != turned.Why { //nolint:errorlint // it is that one
					t.Fatal(err)
				}
			}
			for range c.counted {
				d.Engine.CountTurned(tom, a, turned)
			}
			d.Clock.Advance(time.Minute) // written when their minute is long over
			d.Tidy()
			own := min(c.told, 20)
			got := []float64{}
			for _, r := range d.Records()[own:] {
				times, _ := r.Detail["times"].(float64)
				got = append(got, times)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A key that is no good costs no write for each call.
func TestEngine_TurnAway_writes(t *testing.T) {
	d := newDesk(t)
	tom := d.tom.Caller()
	a, err := d.Engine.Resolve(t.Context(), tom)
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		_ = d.Engine.TurnAway(t.Context(), tom, a, op.Turned{Act: "gateway.forward", Why: problem.New(problem.KeyRefused, "No.")})
	}
	if n := d.Count(`SELECT SUM(times) FROM refusals`); n != 20 {
		t.Errorf("%d of 500 refusals are in the database, want 20", n)
	}
}

// Strangers who come from everywhere at once are no longer told apart.
func TestDo_gathersRefusalsOfMany(t *testing.T) {
	d := newDesk(t)
	read := op.Read(&d.table, op.Spec{Name: "things.list", Route: "GET /things", Summary: "Things."}, op.Oneself(), reads)
	for n := range 300 {
		opstest.Refused(d.Place, auth.Caller{Source: opstest.From(fmt.Sprintf("2001:db8:0:%x::1", n))}, read, none{}, problem.Unauthenticated)
	}
	d.Tidy()
	all, rest := d.Records(), 0.0
	for _, r := range all {
		if r.Source.Address == store.ManyAddresses {
			rest, _ = r.Detail["times"].(float64)
		}
	}
	if len(all) != 101 || rest != 200 {
		t.Errorf("%d records, one of them for %v refusals", len(all), rest)
	}
}

// A proof from the future is none: the clock has gone back, and it may be of
// any age. A little is forgiven.
func TestDo_stepUp_clockBack(t *testing.T) {
	d := newDesk(t)
	o := d.write(op.Holds(access.ManageUser).SteppedUp(), done(op.Entry{}))
	c := d.anna.Caller()
	d.Clock.Advance(-time.Minute)
	opstest.Must(d.Place, c, o, none{})
	d.Clock.Advance(-time.Hour)
	opstest.Refused(d.Place, c, o, none{}, problem.StepUpRequired)
}

// What must not tell by its time what was found takes as long either way.
func TestDo_even(t *testing.T) {
	d := newDesk(t)
	const least = 30 * time.Millisecond
	o := op.Read(&d.table, op.Spec{Name: "things.find", Route: "GET /found", Summary: "Things.", Even: least}, op.Anyone(), reads)
	began := time.Now()
	opstest.Must(d.Place, opstest.Anybody(), o, none{})
	if took := time.Since(began); took < least {
		t.Errorf("answered after %s", took)
	}
}
