// Package op is the engine: the one way to run an operation. An operation is
// a value in a table with a name, a route, a rule and, when it changes
// something, an event; its function is unexported, so that nothing can run it
// but Do, which finds out who is calling, asks the rule, runs it, and writes
// the activity record in the same transaction. That is how authorization and
// audit cannot be forgotten.
//
// op knows no operation and no face.
package op

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Spec describes an operation to the faces.
type Spec struct {
	Name    string // "users.add": noun and verb
	Route   string // "POST /users", below the face's prefix
	Summary string // one sentence, for the API's description

	// Event is what a write leaves in the log ("user.added"); reads have none.
	// Also lists further events the same operation may leave instead.
	Event string
	Also  []string

	// Creates is the path of what a POST makes ("/users/{id}"), when that can be
	// had with GET. The answer then implements Made.
	Creates string

	// Destroys marks what cannot be undone: the command line asks for --yes.
	Destroys bool

	// Background marks a call that the page makes by itself: it does not keep
	// a session alive.
	Background bool

	// Kept is how old an answer to an API key may be, as long as no rights have
	// changed since: it is given from memory then. For reads without input.
	Kept time.Duration

	// Even is how long an answer takes at least, so that the time it takes does
	// not tell what was found. Zero: as long as it takes.
	Even time.Duration
}

// Made is an answer with what was created.
type Made interface{ MadeID() string }

// NoRoute is the route of what only the console or a background job may do: it
// is not there for anybody else.
const NoRoute = ""

// Call is who calls and from where; every operation gets it.
type Call struct {
	context.Context
	Actor  access.Actor
	Source access.Source
}

// Scope of the caller's own account.
func (c Call) Scope() access.Scope { return c.Actor.Scope() }

// Reading is what a read operation works with.
type Reading struct {
	Call
	Tx store.ReadTx
}

// Preparing is what a write operation prepares with: reads, hashing, slow
// things. No lock is held, and nothing it does is in the transaction.
type Preparing struct {
	Call
	db    *store.DB
	after []func()
}

// Now is the store's clock.
func (p *Preparing) Now() time.Time { return p.db.Now() }

// After has f run when the operation is over, however it ended.
func (p *Preparing) After(f func()) { p.after = append(p.after, f) }

// Read runs f over one view of the database.
func (p *Preparing) Read(f func(store.ReadTx) error) error { return p.db.Read(p, f) }

// Writing is what a write operation commits with. It may be run more than
// once and must be short: everybody else waits.
type Writing[Out any] struct {
	Call
	Tx store.WriteTx

	// Moved says that somebody's rights have changed since this was prepared:
	// what was read of rights and roles then has to be read again.
	Moved bool

	then []func()
}

// Then has f run after the commit, and only when the act was done and is on
// record: for what cannot be in a transaction, such as opening a door.
func (w *Writing[Out]) Then(f func()) { w.then = append(w.then, f) }

// Entry is what an operation adds to its record in the log. Everything left
// out is filled in from the call.
type Entry struct {
	Event   string         // one of Spec.Also
	Account id.Account     // whose log
	Subject id.Account     // another account the operator acted on, whose log tells as well
	Actor   activity.Actor // when the act itself says who: a sign-in
	Means   string
	Object  activity.Object
	Detail  activity.Detail
	Reason  problem.Code // of a refusal, where the caller is not told the real one
}

// Outcome of a write: done, refused or failed. Only a Writing makes one.
type Outcome[Out any] struct {
	end     end
	out     Out
	refusal *problem.Problem
	quiet   bool // the caller is not told of the refusal
	err     error
	entry   Entry
}

type end int

const (
	forgotten end = iota // a fault: the operation did not say
	done
	again
	refused
	failed
)

// Done commits.
func (w *Writing[Out]) Done(out Out, e Entry) Outcome[Out] {
	return Outcome[Out]{end: done, out: out, entry: e}
}

// Again commits what is no news: the record of the first time stands for it. It
// is for acts that anybody can repeat at will and that change nothing.
func (w *Writing[Out]) Again(out Out) Outcome[Out] {
	return Outcome[Out]{end: again, out: out}
}

// Refuse commits as well: whatever was written to count the attempt stays, the
// record says refused and why, and the caller gets the problem.
func (w *Writing[Out]) Refuse(p *problem.Problem, e Entry) Outcome[Out] {
	return Outcome[Out]{end: refused, refusal: p, entry: e}
}

// Hush refuses as Refuse does, and yet the caller gets an answer as if it were
// done: for what must not tell whether it was.
func (w *Writing[Out]) Hush(out Out, p *problem.Problem, e Entry) Outcome[Out] {
	return Outcome[Out]{end: refused, out: out, refusal: p, quiet: true, entry: e}
}

// Fail rolls back and leaves nothing.
func (w *Writing[Out]) Fail(err error) Outcome[Out] {
	return Outcome[Out]{end: failed, err: err}
}

// Deny refuses when err is a problem, and fails on any other.
func (w *Writing[Out]) Deny(err error, e Entry) Outcome[Out] {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return w.Refuse(p, e)
	}
	return w.Fail(err)
}

// Refused reports whether the outcome is a refusal.
func (o Outcome[Out]) Refused() bool { return o.end == refused }

// Commit is the short function that a write operation prepares.
type Commit[Out any] func(*Writing[Out]) Outcome[Out]

// Op is one operation from In to Out.
type Op[In, Out any] struct {
	table *Table
	spec  Spec
	rule  Rule
	read  func(*Reading, In) (Out, error)
	write func(*Preparing, In) (Commit[Out], error)
}

// Info is what faces and documents may know of an operation.
type Info struct {
	Spec
	Rule    Rule
	Writes  bool
	In, Out reflect.Type
}

// Parameters are the names in the path of the route, in their order.
func (i Info) Parameters() []string {
	var names []string
	for _, found := range pathParameter.FindAllStringSubmatch(i.Route, -1) {
		names = append(names, found[1])
	}
	return names
}

// Any is an operation whose types are not known at the place.
type Any interface {
	Info() Info
	// Invoke reads the input with decode and runs the operation. What is answered
	// from memory comes as an *Answer.
	Invoke(ctx context.Context, e *Engine, c auth.Caller, decode func(in any) error) (any, error)
}

// Info of the operation.
func (o *Op[In, Out]) Info() Info {
	return Info{Spec: o.spec, Rule: o.rule, Writes: o.write != nil, In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out]()}
}

// Invoke implements Any.
func (o *Op[In, Out]) Invoke(ctx context.Context, e *Engine, c auth.Caller, decode func(in any) error) (any, error) {
	var in In
	if err := decode(&in); err != nil {
		if _, ok := errors.AsType[*problem.Problem](err); ok {
			return nil, err
		}
		return nil, problem.New(problem.InvalidRequest, "The request cannot be read; please check it against the description of the API.").Because(err)
	}
	if o.spec.Kept > 0 {
		holder, isKey, err := e.ring.Holder(ctx, c.Credential)
		if err == nil && isKey && access.Use(holder, c.Source).Allowed {
			a, err := doKept(ctx, e, c, o, holder, in)
			if err != nil {
				return nil, outward(o.spec.Name, err)
			}
			return a, nil
		}
	}
	return Do(ctx, e, c, o, in)
}

// Table is every operation there is, in the order they were added.
type Table struct {
	ops    []Any
	follow Follow
}

// Follow is what comes of an act besides what its operation says. It is called
// with the record of every act that was done, within the act's transaction, of
// two records with that of the account which was acted on:
// when it fails, nothing was done. What it returns, if anything, runs after the
// commit.
type Follow func(tx store.WriteTx, done activity.Record) (after func(), err error)

// Only gives a table with those of the operations that f picks.
func (t *Table) Only(f func(Info) bool) *Table {
	return &Table{ops: slices.DeleteFunc(slices.Clone(t.ops), func(o Any) bool { return !f(o.Info()) }), follow: t.follow}
}

// Follow has f called after every act.
func (t *Table) Follow(f Follow) { t.follow = f }

// All operations.
func (t *Table) All() []Any { return t.ops }

// Read adds an operation that changes nothing. It panics when the operation
// is not whole: such a program must not start.
func Read[In, Out any](t *Table, s Spec, r Rule, f func(*Reading, In) (Out, error)) *Op[In, Out] {
	return add(t, &Op[In, Out]{table: t, spec: s, rule: r, read: f})
}

// Write adds an operation that changes something. It panics when the
// operation is not whole.
func Write[In, Out any](t *Table, s Spec, r Rule, f func(*Preparing, In) (Commit[Out], error)) *Op[In, Out] {
	return add(t, &Op[In, Out]{table: t, spec: s, rule: r, write: f})
}

var (
	nameForm  = regexp.MustCompile(`^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$`)
	routeForm = regexp.MustCompile(`^(GET|POST|PATCH|DELETE) (/[a-z0-9-]+|/\{[a-zA-Z]+\})+$`)
	eventForm = regexp.MustCompile(`^[a-z][a-zA-Z]*\.[a-z_]+$`)

	pathParameter = regexp.MustCompile(`\{([a-zA-Z]+)\}`)
)

// hasField reports whether a struct has a field of that name in its JSON.
func hasField(t reflect.Type, name string) bool {
	return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return tag == name
	})
}

func add[In, Out any](t *Table, o *Op[In, Out]) *Op[In, Out] {
	s := o.spec
	wrong := func(what string) { panic(fmt.Sprintf("operation %q: %s", s.Name, what)) }
	switch {
	case !nameForm.MatchString(s.Name):
		wrong("the name is not noun.verb")
	case s.Route == NoRoute && !o.rule.Console() && o.rule.reachable():
		wrong("only the console's operations, background jobs and doors have no route")
	case s.Route != NoRoute && !o.rule.reachable():
		wrong("it is for background jobs or doors, and has a route")
	case s.Route != NoRoute && !routeForm.MatchString(s.Route):
		wrong("the route is not a method and a path")
	case s.Summary == "":
		wrong("it has no summary")
	case o.rule.who == "":
		wrong("it has no rule")
	case (o.read == nil) == (o.write == nil):
		wrong("it has no function")
	case o.write != nil && !eventForm.MatchString(s.Event):
		wrong("it writes, and has no event")
	case slices.ContainsFunc(s.Also, func(e string) bool { return !eventForm.MatchString(e) }):
		wrong("a further event of it is not noun.verbed")
	case o.write != nil && strings.HasPrefix(s.Route, "GET "):
		wrong("it writes, and a GET changes nothing")
	case o.read != nil && (s.Event != "" || s.Also != nil):
		wrong("it reads, and has an event")
	case s.Kept > 0 && (o.read == nil || reflect.TypeFor[In]() != reflect.TypeFor[struct{}]() && reflect.TypeFor[In]().NumField() > 0):
		wrong("its answer depends on more than who asks, and is kept")
	case s.Creates != "" && (!strings.HasPrefix(s.Route, "POST ") || !strings.Contains(s.Creates, "{id}") || !reflect.TypeFor[Out]().Implements(reflect.TypeFor[Made]())):
		wrong("it does not answer a POST with what it creates")
	}
	for _, name := range o.Info().Parameters() {
		if !hasField(reflect.TypeFor[In](), name) {
			wrong("its input has no " + name + ", which its route names")
		}
	}
	for _, other := range t.ops {
		if i := other.Info(); i.Name == s.Name || i.Route == s.Route && s.Route != NoRoute {
			wrong("its name or route is in use by " + i.Name)
		}
	}
	t.ops = append(t.ops, o)
	return o
}
