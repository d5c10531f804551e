package op_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/activity"
	"gatehouse/internal/op"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// What follows an act is in its transaction and comes after acts that were done
// only; what follows the commit comes once, and after it.
func TestTable_Follow(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(w *op.Writing[none]) op.Outcome[none]
		broken bool
		code   string
		kept   int // what the act and what follows wrote
		after  int
	}{
		"done": {end: done(op.Entry{Event: "thing.kept"}), code: "ok", kept: 2, after: 1},
		"refused": {end: func(w *op.Writing[none]) op.Outcome[none] {
			return w.Refuse(problem.New(problem.Conflict, "No."), op.Entry{})
		}, code: "conflict", kept: 1},
		"hushed": {end: func(w *op.Writing[none]) op.Outcome[none] {
			return w.Hush(none{}, problem.New(problem.Conflict, "No."), op.Entry{})
		}, code: "ok", kept: 1},
		"failed": {end: func(w *op.Writing[none]) op.Outcome[none] { return w.Fail(problem.New(problem.Conflict, "No.")) }, code: "conflict"},
		"broken": {end: done(op.Entry{}), broken: true, code: "internal: things.count: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			var heard []string
			after := 0
			d.table.Follow(func(tx store.WriteTx, r activity.Record) (func(), error) {
				heard = append(heard, fmt.Sprintf("%s %s", r.Event, r.Outcome))
				if c.broken {
					return nil, errors.New("broken")
				}
				return func() {
					after++
					if d.counted() != 2 {
						t.Error("it came before the commit")
					}
				}, count(tx)
			})
			_, err := opstest.Do(d.Place, opstest.Anybody(), d.write(op.Anyone(), c.end), none{})
			if got := opstest.CodeOf(err); got != c.code {
				t.Errorf("the answer is %s, want %s", got, c.code)
			}
			if got := d.counted(); got != c.kept || after != c.after {
				t.Errorf("%d kept, %d after; want %d and %d", got, after, c.kept, c.after)
			}
			want := []string(nil)
			if name == "done" {
				want = []string{"thing.kept done"}
			} else if name == "broken" {
				want = []string{"thing.counted done"}
			}
			if diff := cmp.Diff(want, heard); diff != "" {
				t.Errorf("followed (-want +got):\n%s", diff)
			}
		})
	}
}

// A refusal that only the log gets to know is in the log, gathered or not.
func TestWriting_Hush(t *testing.T) {
	d := newDesk(t)
	for _, about := range []op.Entry{{}, {Account: d.home.ID}} {
		opstest.Must(d.Place, opstest.Anybody(), d.write(op.Anyone(), func(w *op.Writing[none]) op.Outcome[none] {
			return w.Hush(none{}, problem.New(problem.Conflict, "No."), about)
		}), none{})
		d.table = op.Table{}
	}
	d.Tidy()
	var got []string
	for _, r := range d.Records() {
		got = append(got, opstest.Brief(r))
	}
	if diff := cmp.Diff([]string{"thing.counted refused conflict by anonymous", "access.refused refused conflict by anonymous"}, got); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}
