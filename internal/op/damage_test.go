package op_test

import (
	"strings"
	"testing"

	"gatehouse/internal/access"
	"gatehouse/internal/op"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
)

// A log that somebody edited stops every act, and says so in words that whoever
// runs the installation can follow.
func TestDo_damagedLog(t *testing.T) {
	d := newDesk(t)
	o := d.write(op.Holds(access.ManageUser), done(op.Entry{}))
	opstest.Must(d.Place, d.anna.Caller(), o, none{})
	d.Exec(`UPDATE log_hashes SET hash = zeroblob(32)`)
	d.Reopen()
	_, err := opstest.Do(d.Place, d.anna.Caller(), o, none{})
	if got := opstest.CodeOf(err); got != string(problem.LogDamaged) || d.counted() != 1 {
		t.Errorf("%s with %d writes", got, d.counted())
	}
}

// An operation that forgets to say how it ended has done nothing.
func TestDo_forgotten(t *testing.T) {
	d := newDesk(t)
	o := d.write(op.Holds(access.ManageUser), func(*op.Writing[none]) (end op.Outcome[none]) { return end })
	_, err := opstest.Do(d.Place, d.anna.Caller(), o, none{})
	if got := opstest.CodeOf(err); !strings.HasPrefix(got, string(problem.Internal)) || d.counted() != 0 || len(d.Records()) != 0 {
		t.Errorf("%s with %d writes and %d records", got, d.counted(), len(d.Records()))
	}
}
