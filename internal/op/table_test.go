package op_test

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/access"
	"gatehouse/internal/op"
)

type (
	none  struct{}
	named struct {
		Name string `json:"name"`
	}
)

func reads(*op.Reading, none) (none, error) { return none{}, nil }

func writes(*op.Preparing, none) (op.Commit[none], error) {
	return func(w *op.Writing[none]) op.Outcome[none] { return w.Done(none{}, op.Entry{}) }, nil
}

// A program with an operation that is not whole must not start, and says
// which one and why.
func TestTable_refusesWhatIsNotWhole(t *testing.T) {
	whole := op.Spec{Name: "things.list", Route: "GET /things", Summary: "All things."}
	change := op.Spec{Name: "things.add", Route: "POST /things", Summary: "One more thing.", Event: "thing.added"}
	with := func(s op.Spec, change func(*op.Spec)) op.Spec { change(&s); return s }
	anyone := op.Anyone()
	for name, c := range map[string]struct {
		add  func(*op.Table)
		says string
	}{
		"whole": {func(t *op.Table) {
			op.Read(t, whole, anyone, reads)
			op.Write(t, change, anyone, writes)
			op.Write(t, with(change, func(s *op.Spec) { s.Name, s.Route = "things.console", op.NoRoute }), op.ConsoleBeforeSetup(), writes)
		}, ""},
		"read without rule":       {func(t *op.Table) { op.Read(t, whole, op.Rule{}, reads) }, "it has no rule"},
		"write without rule":      {func(t *op.Table) { op.Write(t, change, op.Rule{}, writes) }, "it has no rule"},
		"stepped up from no rule": {func(t *op.Table) { op.Read(t, whole, op.Rule{}.SteppedUp(), reads) }, "it has no rule"},
		"read without function":   {func(t *op.Table) { op.Read[none, none](t, whole, anyone, nil) }, "it has no function"},
		"write without function":  {func(t *op.Table) { op.Write[none, none](t, change, anyone, nil) }, "it has no function"},
		"write without event": {func(t *op.Table) {
			op.Write(t, with(change, func(s *op.Spec) { s.Event = "" }), anyone, writes)
		}, "it writes, and has no event"},
		"event that is no event": {func(t *op.Table) {
			op.Write(t, with(change, func(s *op.Spec) { s.Event = "Thing Added" }), anyone, writes)
		}, "it writes, and has no event"},
		"further event that is no event": {func(t *op.Table) {
			op.Write(t, with(change, func(s *op.Spec) { s.Also = []string{"thing.kept", "added"} }), anyone, writes)
		}, "a further event of it is not noun.verbed"},
		"read with event": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Event = "thing.seen" }), anyone, reads)
		}, "it reads, and has an event"},
		"read with further event": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Also = []string{"thing.seen"} }), anyone, reads)
		}, "it reads, and has an event"},
		"no summary": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Summary = "" }), anyone, reads)
		}, "it has no summary"},
		"no name":      {func(t *op.Table) { op.Read(t, with(whole, func(s *op.Spec) { s.Name = "" }), anyone, reads) }, "not noun.verb"},
		"noun alone":   {func(t *op.Table) { op.Read(t, with(whole, func(s *op.Spec) { s.Name = "things" }), anyone, reads) }, "not noun.verb"},
		"three words":  {func(t *op.Table) { op.Read(t, with(whole, func(s *op.Spec) { s.Name = "a.b.c" }), anyone, reads) }, "not noun.verb"},
		"capital noun": {func(t *op.Table) { op.Read(t, with(whole, func(s *op.Spec) { s.Name = "Things.list" }), anyone, reads) }, "not noun.verb"},
		"duplicate name": {func(t *op.Table) {
			op.Read(t, whole, anyone, reads)
			op.Read(t, with(whole, func(s *op.Spec) { s.Route = "GET /others" }), anyone, reads)
		}, "in use by things.list"},
		"duplicate route": {func(t *op.Table) {
			op.Read(t, whole, anyone, reads)
			op.Read(t, with(whole, func(s *op.Spec) { s.Name = "things.all" }), anyone, reads)
		}, "in use by things.list"},
		"route for nobody but the console": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Route = op.NoRoute }), anyone, reads)
		}, "only the console's operations, background jobs and doors have no route"},
		"read by POST of what has no body is fine": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Route = "POST /things/check" }), anyone, reads)
		}, ""},
		"write by GET": {func(t *op.Table) {
			op.Write(t, with(change, func(s *op.Spec) { s.Route = "GET /things/add" }), anyone, writes)
		}, "a GET changes nothing"},
		"path parameter that the input lacks": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Route = "GET /things/{id}" }), anyone, reads)
		}, "its input has no id"},
		"path parameter that the input has": {func(t *op.Table) {
			op.Read(t, with(whole, func(s *op.Spec) { s.Route = "GET /things/{name}" }), op.Anyone(), func(*op.Reading, named) (none, error) { return none{}, nil })
		}, ""},
	} {
		t.Run(name, func(t *testing.T) { compareStart(t, c.add, c.says) })
	}
	for _, route := range []string{"/things", "PUT /things", "get /things", "GET things", "GET /", "GET /Things", "GET /things/", "GET  /things", "GET /things/{id", "GET /things?x=1", "GET /../things"} {
		t.Run("route "+route, func(t *testing.T) {
			compareStart(t, func(table *op.Table) {
				op.Read(table, with(whole, func(s *op.Spec) { s.Route = route }), anyone, reads)
			}, "the route is not a method and a path")
		})
	}
}

func compareStart(t *testing.T, add func(*op.Table), says string) {
	t.Helper()
	var table op.Table
	defer func() {
		said := ""
		if p := recover(); p != nil {
			said = fmt.Sprint(p)
		}
		switch {
		case says == "" && said != "":
			t.Errorf("it does not start: %s", said)
		case says != "" && !strings.Contains(said, says):
			t.Errorf("it says %q, want something with %q", said, says)
		case says != "" && !strings.HasPrefix(said, `operation "`):
			t.Errorf("%q does not name the operation", said)
		}
	}()
	add(&table)
}

// What faces may know of an operation comes from its rule.
func TestOp_Info(t *testing.T) {
	for _, c := range []struct {
		rule    op.Rule
		text    string
		console bool
	}{
		{op.Anyone(), "anyone", false},
		{op.BeforeSetup(), "anyone, before set-up", false},
		{op.ConsoleBeforeSetup(), "console, before set-up", true},
		{op.Oneself(), "signed in", false},
		{op.Enrolling(), "signed in, also before the second factor", false},
		{op.SignedIn(), "signed in, or the console", true},
		{op.SignedIn().KeysToo(), "signed in, or the console, by key too", true},
		{op.Holds(access.ManageUser), "MANAGE_USER", true},
		{op.Holds(access.ManageUser).SteppedUp(), "MANAGE_USER, stepped up", true},
	} {
		var table op.Table
		i := op.Read(&table, op.Spec{Name: "things.list", Route: "GET /things", Summary: "All things."}, c.rule, reads).Info()
		if i.Rule.String() != c.text || i.Rule.Console() != c.console || i.Writes {
			t.Errorf("rule %q, console %v, writes %v; want %q, %v", i.Rule, i.Rule.Console(), i.Writes, c.text, c.console)
		}
	}
}
