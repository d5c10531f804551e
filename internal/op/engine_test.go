package op_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
)

// desk is an installation with operations of its own that count in the
// database how often they were committed.
type desk struct {
	*opstest.Place
	table op.Table
	home  account.Account
	anna  *opstest.Person // administrator
	tom   *opstest.Person // support: VIEW_USER and nothing to manage
}

func newDesk(t *testing.T) *desk {
	d := &desk{Place: opstest.New(t, opstest.Options{})}
	d.home = d.Found("harbour", account.MFARequired)
	d.anna = d.Join(d.home, opstest.Member{Login: "anna", Role: "Admin", AdminUser: true})
	d.tom = d.Join(d.home, opstest.Member{Login: "tom", Role: "Support"})
	return d
}

// counted is how often operations of the desk were committed.
func (d *desk) counted() (n int) {
	d.Read(func(tx store.ReadTx) error {
		t, err := tx.Throttle("things")
		n = t.Failures
		return err
	})
	return n
}

func count(tx store.WriteTx) error {
	t, err := tx.Throttle("things")
	if err != nil {
		return err
	}
	return tx.PutThrottle("things", store.Throttle{Failures: t.Failures + 1})
}

// write adds an operation that counts and ends as end says.
func (d *desk) write(r op.Rule, end func(w *op.Writing[none]) op.Outcome[none]) *op.Op[none, none] {
	return op.Write(&d.table, op.Spec{Name: "things.count", Route: "POST /things", Summary: "Count.", Event: "thing.counted", Also: []string{"thing.kept"}}, r,
		func(*op.Preparing, none) (op.Commit[none], error) {
			return func(w *op.Writing[none]) op.Outcome[none] {
				if err := count(w.Tx); err != nil {
					return w.Fail(err)
				}
				return end(w)
			}, nil
		})
}

func done(e op.Entry) func(w *op.Writing[none]) op.Outcome[none] {
	return func(w *op.Writing[none]) op.Outcome[none] { return w.Done(none{}, e) }
}

// An act, its refusal and its failure differ in what stays behind.
func TestDo_whatStays(t *testing.T) {
	for name, c := range map[string]struct {
		end     func(w *op.Writing[none]) op.Outcome[none]
		code    string
		counted int
		records []string
	}{
		"done":                      {done(op.Entry{}), "ok", 1, []string{"thing.counted done by user Anna Peeters"}},
		"done with a further event": {done(op.Entry{Event: "thing.kept"}), "ok", 1, []string{"thing.kept done by user Anna Peeters"}},
		"refused, and counted": {
			func(w *op.Writing[none]) op.Outcome[none] {
				return w.Refuse(problem.New(problem.CodeWrong, "No."), op.Entry{})
			}, "code_wrong", 1, []string{"thing.counted refused code_wrong by user Anna Peeters"},
		},
		"failed with a problem": {
			func(w *op.Writing[none]) op.Outcome[none] {
				return w.Fail(problem.New(problem.Conflict, "No."))
			}, "conflict", 0, nil,
		},
		"failed": {
			func(w *op.Writing[none]) op.Outcome[none] { return w.Fail(errors.New("broken")) },
			"internal: things.count: broken", 0, nil,
		},
		"left an event that it does not declare": {
			done(op.Entry{Event: "thing.stolen"}),
			"internal: things.count: operation things.count leaves the event thing.stolen, which it does not declare", 0, nil,
		},
		"panicked": {
			func(w *op.Writing[none]) op.Outcome[none] { panic("ouch") },
			"internal: things.count: write panicked: ouch", 0, nil,
		},
		"not found": {
			func(w *op.Writing[none]) op.Outcome[none] {
				_, err := w.Tx.User(w.Scope(), "usr_nobody")
				return w.Fail(err)
			}, "not_found", 0, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			_, err := opstest.Do(d.Place, d.anna.Caller(), d.write(op.Holds(access.ManageUser), c.end), none{})
			if got := opstest.CodeOf(err); got != c.code {
				t.Errorf("the answer is %q, want %q", got, c.code)
			}
			if got := d.counted(); got != c.counted {
				t.Errorf("%d writes stayed, want %d", got, c.counted)
			}
			if diff := cmp.Diff(c.records, d.Since(0), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
		})
	}
}

// What fails before the commit leaves nothing either.
func TestDo_failsWhilePreparing(t *testing.T) {
	d := newDesk(t)
	o := op.Write(&d.table, op.Spec{Name: "things.add", Route: "POST /things", Summary: "Add.", Event: "thing.added"}, op.Anyone(),
		func(p *op.Preparing, _ none) (op.Commit[none], error) {
			return nil, problem.New(problem.InvalidFields, "No.")
		})
	opstest.Refused(d.Place, opstest.Anybody(), o, none{}, problem.InvalidFields)
	d.Tidy()
	if diff := cmp.Diff([]string{}, d.Since(0)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// A record says who, what, on what, from where, by what means, and how it
// ended.
func TestDo_record(t *testing.T) {
	d := newDesk(t)
	other := d.Found("otter", account.MFARequired)
	thing := activity.Object{Kind: "thing", ID: "thg_1", Name: "A thing"}
	from := access.Source{Face: access.FaceREST, Address: netip.MustParseAddr("::ffff:198.51.100.9"), Program: "curl\u202e/8\n" + strings.Repeat("x", 200)}
	program := "curl·/8·" + strings.Repeat("x", 152)
	person := func(w *opstest.Person) auth.Caller {
		return auth.Caller{Credential: auth.Session(w.Token()), Source: from}
	}
	for name, c := range map[string]struct {
		caller auth.Caller
		entry  op.Entry
		want   activity.Record
	}{
		"a person": {
			person(d.anna),
			op.Entry{Object: thing, Detail: activity.Detail{"size": "large"}},
			activity.Record{
				Account: d.home.ID, Actor: activity.Actor{Kind: "user", ID: string(d.anna.ID), Name: "Anna Peeters"}, Means: "password",
				Object: thing, Source: activity.Source{Face: "rest", Address: "198.51.100.9", Program: program}, Detail: activity.Detail{"size": "large"},
			},
		},
		"the console in another account": {
			opstest.Console("otter"),
			op.Entry{Object: thing},
			activity.Record{
				Account: other.ID, Actor: activity.Actor{Kind: "console", Name: "root"}, Means: "console",
				Object: thing, Source: activity.Source{Face: "cli", Program: "gatehouse test"}, Detail: activity.Detail{},
			},
		},
		"the system": {
			auth.Caller{Credential: auth.System("expiry"), Source: access.Source{Face: access.FaceSystem}},
			op.Entry{Account: other.ID},
			activity.Record{
				Account: other.ID, Actor: activity.Actor{Kind: "system", Name: "expiry"}, Means: "system",
				Source: activity.Source{Face: "system"}, Detail: activity.Detail{},
			},
		},
		"the act says who": {
			auth.Caller{Source: from},
			op.Entry{Account: d.home.ID, Actor: activity.Actor{Kind: "user", ID: string(d.tom.ID), Name: d.tom.Name}, Means: "activation", Event: "thing.kept"},
			activity.Record{
				Event: "thing.kept", Account: d.home.ID, Actor: activity.Actor{Kind: "user", ID: string(d.tom.ID), Name: d.tom.Name}, Means: "activation",
				Source: activity.Source{Face: "rest", Address: "198.51.100.9", Program: program}, Detail: activity.Detail{},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d.table = op.Table{}
			opstest.Must(d.Place, c.caller, d.write(op.Anyone(), done(c.entry)), none{})
			if c.want.Event == "" {
				c.want.Event = "thing.counted"
			}
			c.want.Version, c.want.Outcome, c.want.At = 1, activity.Done, d.Clock.Now()
			if diff := cmp.Diff(c.want, d.LastRecord(), cmpopts.IgnoreFields(activity.Record{}, "Seq")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A refusal by rule is recorded too, also that of a read, which has no event
// of its own.
func TestDo_recordsRefusals(t *testing.T) {
	d := newDesk(t)
	read := op.Read(&d.table, op.Spec{Name: "things.list", Route: "GET /things", Summary: "Things."}, op.Holds(access.ManageUser), reads)
	write := d.write(op.Holds(access.ManageUser), done(op.Entry{}))
	opstest.Refused(d.Place, d.tom.Caller(), read, none{}, problem.Forbidden)
	if diff := cmp.Diff(activity.Detail{"operation": "things.list"}, d.LastRecord().Detail); diff != "" {
		t.Errorf("detail of a refused read (-want +got):\n%s", diff)
	}
	opstest.Refused(d.Place, d.tom.Caller(), write, none{}, problem.Forbidden)
	want := []string{"access.refused refused forbidden by user Tom Peeters", "thing.counted refused forbidden by user Tom Peeters"}
	if diff := cmp.Diff(want, d.Since(0)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	if d.counted() != 0 {
		t.Error("what was refused happened")
	}
	before := len(d.Records())
	opstest.Must(d.Place, d.anna.Caller(), read, none{})
	if diff := cmp.Diff([]string{}, d.Since(before)); diff != "" {
		t.Errorf("a read leaves (-want +got):\n%s", diff)
	}
}

// Rights count at the moment of the commit, not when the operation began.
func TestDo_rightsTakenAwayMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		take func(*desk)
		code problem.Code
	}{
		"the role": {func(d *desk) { d.Exec(`DELETE FROM user_roles WHERE user_id = $1`, string(d.anna.ID)) }, problem.Forbidden},
		"a permission of the role": {func(d *desk) {
			d.Exec(`UPDATE roles SET built_in = '' WHERE name = 'Admin'`)
		}, problem.Forbidden},
		"the user":    {func(d *desk) { d.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(d.anna.ID)) }, problem.SessionEnded},
		"the account": {func(d *desk) { d.Exec(`UPDATE accounts SET state = 'suspended'`) }, problem.SessionEnded},
		"the session": {func(d *desk) {
			d.Write(func(tx store.WriteTx) error { _, err := tx.EndOtherSessions(d.anna.Ref, ""); return err })
		}, problem.SessionEnded},
		"a factor is demanded": {func(d *desk) { d.Exec(`DELETE FROM authenticator_apps WHERE user_id = $1`, string(d.anna.ID)) }, problem.MFASetupRequired},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			o := op.Write(&d.table, op.Spec{Name: "things.count", Route: "POST /things", Summary: "Count.", Event: "thing.counted"}, op.Holds(access.ManageUser),
				func(*op.Preparing, none) (op.Commit[none], error) {
					c.take(d)
					return func(w *op.Writing[none]) op.Outcome[none] {
						if err := count(w.Tx); err != nil {
							return w.Fail(err)
						}
						return w.Done(none{}, op.Entry{})
					}, nil
				})
			opstest.Refused(d.Place, d.anna.Caller(), o, none{}, c.code)
			if d.counted() != 0 {
				t.Error("it happened all the same")
			}
			d.Tidy()
			if r := d.LastRecord(); r.Outcome != activity.Refused || r.Reason != c.code {
				t.Errorf("the log says %q", opstest.Brief(r))
			}
		})
	}
}

// The commit sees the rights of now, not those the operation was prepared
// with.
func TestDo_commitSeesRightsOfNow(t *testing.T) {
	d := newDesk(t)
	var prepared, committed bool
	o := op.Write(&d.table, op.Spec{Name: "things.count", Route: "POST /things", Summary: "Count.", Event: "thing.counted"}, op.Holds(access.ViewUser),
		func(p *op.Preparing, _ none) (op.Commit[none], error) {
			prepared = p.Actor.Rights().Has(access.ManageUser)
			d.Exec(`UPDATE user_roles SET role_id = $1 WHERE user_id = $2`, string(d.Role(d.home, "Support")), string(d.anna.ID))
			return func(w *op.Writing[none]) op.Outcome[none] {
				committed = w.Actor.Rights().Has(access.ManageUser)
				return w.Done(none{}, op.Entry{})
			}, nil
		})
	opstest.Must(d.Place, d.anna.Caller(), o, none{})
	if !prepared || committed {
		t.Errorf("MANAGE_USER while preparing %v, while committing %v; want true, false", prepared, committed)
	}
}

// Strangers cannot fill the log: their refusals are counted per minute,
// address, operation and reason, and written down when the minute is over.
func TestDo_gathersRefusalsOfStrangers(t *testing.T) {
	d := newDesk(t)
	read := op.Read(&d.table, op.Spec{Name: "things.list", Route: "GET /things", Summary: "Things."}, op.Oneself(), reads)
	from := func(address string) auth.Caller { return auth.Caller{Source: opstest.From(address)} }
	ended := auth.Caller{Credential: auth.Session(auth.NewToken()), Source: opstest.From("192.0.2.1")}
	for range 7 {
		opstest.Refused(d.Place, from("192.0.2.1"), read, none{}, problem.Unauthenticated)
	}
	opstest.Refused(d.Place, from("192.0.2.2"), read, none{}, problem.Unauthenticated)
	opstest.Refused(d.Place, ended, read, none{}, problem.SessionEnded)
	if n := len(d.Records()); n != 0 {
		t.Fatalf("%d records before the minute is over", n)
	}
	if err := d.Engine.Tidy(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if n := len(d.Records()); n != 0 {
		t.Fatalf("%d records while the minute goes on", n)
	}
	d.Clock.Advance(time.Minute)
	opstest.Refused(d.Place, from("192.0.2.1"), read, none{}, problem.Unauthenticated)
	if err := d.Engine.Tidy(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	type gathered struct {
		Address, Reason, Minute string
		Times                   float64
	}
	got := []gathered{}
	var operator id.Account // who runs the installation sees who knocks
	d.Read(func(tx store.ReadTx) error {
		in, err := tx.Installation()
		operator = in.Operator
		return err
	})
	for _, r := range d.Records() {
		if r.Event != "access.refused" || r.Outcome != activity.Refused || r.Actor.Kind != "anonymous" || r.Account != operator || r.Detail["operation"] != "things.list" {
			t.Errorf("not a gathered refusal: %+v", r)
		}
		minute, _ := r.Detail["minute"].(string)
		times, _ := r.Detail["times"].(float64)
		got = append(got, gathered{r.Source.Address, string(r.Reason), minute, times})
	}
	minute := opstest.Epoch.Truncate(time.Minute).Format(time.RFC3339)
	want := []gathered{
		{"192.0.2.1", "session_ended", minute, 1}, {"192.0.2.1", "unauthenticated", minute, 7}, {"192.0.2.2", "unauthenticated", minute, 1},
	}
	sorted := cmpopts.SortSlices(func(a, b gathered) bool { return a.Address+a.Reason < b.Address+b.Reason })
	if diff := cmp.Diff(want, got, sorted); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	d.Tidy() // as at shutdown: the minute that goes on, too
	if r := d.LastRecord(); r.Detail["times"] != 1.0 || r.Source.Address != "192.0.2.1" || len(d.Records()) != 4 {
		t.Errorf("the last minute is not in the log: %+v", r)
	}
	d.Tidy()
	if n := len(d.Records()); n != 4 {
		t.Errorf("%d records: something was written twice", n)
	}
}

// A session in use is noted at most once a minute, and what a page does by
// itself does not count as use.
func TestDo_keepsSessionsAlive(t *testing.T) {
	d := newDesk(t)
	rule := op.Holds(access.ViewUser)
	ops := map[string]*op.Op[none, none]{
		"read":       op.Read(&d.table, op.Spec{Name: "things.list", Route: "GET /things", Summary: "Things."}, rule, reads),
		"write":      op.Write(&d.table, op.Spec{Name: "things.add", Route: "POST /things", Summary: "Add.", Event: "thing.added"}, rule, writes),
		"background": op.Read(&d.table, op.Spec{Name: "things.watch", Route: "GET /things/watch", Summary: "Watch.", Background: true}, rule, reads),
	}
	for name, o := range ops {
		t.Run(name, func(t *testing.T) {
			c := d.tom.Caller()
			began := d.Clock.Now()
			seen := func() time.Duration {
				at := d.Count(`SELECT MAX(last_seen_at) FROM sessions WHERE user_id = $1`, string(d.tom.ID))
				return time.UnixMilli(int64(at)).Sub(began)
			}
			d.Clock.Advance(59 * time.Second)
			opstest.Must(d.Place, c, o, none{})
			if got := seen(); got != 0 {
				t.Errorf("seen after %v, within the first minute", got)
			}
			d.Clock.Advance(time.Second)
			opstest.Must(d.Place, c, o, none{})
			want := time.Minute
			if name == "background" {
				want = 0
			}
			if got := seen(); got != want {
				t.Errorf("after a minute: seen at %v, want %v", got, want)
			}
			// Fourteen minutes and a bit later a session in use lives on.
			d.Clock.Advance(session.Idle - time.Second)
			_, err := opstest.Do(d.Place, c, o, none{})
			if alive := err == nil; alive != (name != "background") {
				t.Errorf("after the idle time: %s", opstest.CodeOf(err))
			}
		})
	}
}

// Step-up: proved within the last five minutes, to the millisecond; the
// console has no second factor to show.
func TestDo_stepUp(t *testing.T) {
	d := newDesk(t)
	o := d.write(op.Holds(access.ManageUser).SteppedUp(), done(op.Entry{}))
	c := d.anna.Caller()
	opstest.Must(d.Place, c, o, none{})
	d.Clock.Advance(5 * time.Minute)
	opstest.Must(d.Place, c, o, none{})
	d.Clock.Advance(time.Millisecond)
	opstest.Refused(d.Place, c, o, none{}, problem.StepUpRequired)
	if got := opstest.Brief(d.LastRecord()); got != "thing.counted refused step_up_required by user Anna Peeters" {
		t.Errorf("the log says %q", got)
	}
	opstest.Refused(d.Place, d.tom.Caller(), o, none{}, problem.Forbidden) // not: prove yourself, and then no
	opstest.Refused(d.Place, opstest.Anybody(), o, none{}, problem.Unauthenticated)
	opstest.Must(d.Place, opstest.Console(""), o, none{})
}

// Whoever gives up waiting is told so, and nothing is half done.
func TestDo_cancelled(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := op.Write(&d.table, op.Spec{Name: "things.count", Route: "POST /things", Summary: "Count.", Event: "thing.counted"}, op.Anyone(),
		func(*op.Preparing, none) (op.Commit[none], error) {
			cancel()
			return func(w *op.Writing[none]) op.Outcome[none] {
				err := count(w.Tx)
				return w.Fail(err)
			}, nil
		})
	_, err := op.Do(ctx, d.Engine, d.anna.Caller(), o, none{})
	if got := opstest.CodeOf(err); got != "unavailable" {
		t.Errorf("the answer is %s", got)
	}
	if d.counted() != 0 || len(d.Records()) != 0 {
		t.Error("something was written")
	}
}

// An act that is committed is answered, whatever happens while the session is
// noted to be in use: an answer may hold what is shown once.
func TestDo_answersWhatIsCommitted(t *testing.T) {
	d := newDesk(t)
	c := d.anna.Caller()
	d.Clock.Advance(2 * time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	o := d.write(op.Holds(access.ManageUser), func(w *op.Writing[none]) op.Outcome[none] {
		cancel() // the caller hangs up while the commit is under way
		return w.Done(none{}, op.Entry{})
	})
	if _, err := op.Do(ctx, d.Engine, c, o, none{}); err != nil {
		t.Errorf("committed %d, and answered %s", d.counted(), opstest.CodeOf(err))
	}
	if got := d.Count(`SELECT MAX(last_seen_at) FROM sessions`); int64(got) != d.Clock.Now().UnixMilli() {
		t.Error("the session is not noted to be in use")
	}
}

// What was prepared for a state that is gone is prepared anew, a few times.
func TestDo_preparesAnew(t *testing.T) {
	for name, c := range map[string]struct {
		stale    int
		code     string
		prepared int
	}{
		"once": {1, "ok", 2}, "three times": {3, "ok", 4}, "for ever": {100, "unavailable", 4},
	} {
		t.Run(name, func(t *testing.T) {
			d, prepared := newDesk(t), 0
			o := op.Write(&d.table, op.Spec{Name: "things.count", Route: "POST /things", Summary: "Count.", Event: "thing.counted"}, op.Anyone(),
				func(*op.Preparing, none) (op.Commit[none], error) {
					prepared++
					return func(w *op.Writing[none]) op.Outcome[none] {
						if err := count(w.Tx); err != nil {
							return w.Fail(err)
						}
						if prepared <= c.stale {
							return w.Fail(op.ErrStale)
						}
						return w.Done(none{}, op.Entry{})
					}, nil
				})
			_, err := opstest.Do(d.Place, d.anna.Caller(), o, none{})
			if got := opstest.CodeOf(err); got != c.code || prepared != c.prepared {
				t.Errorf("%s after preparing %d times, want %s after %d", got, prepared, c.code, c.prepared)
			}
			if want := map[bool]int{true: 1}[c.code == "ok"]; d.counted() != want || len(d.Records()) != want {
				t.Errorf("%d writes and %d records, want %d", d.counted(), len(d.Records()), want)
			}
		})
	}
}
