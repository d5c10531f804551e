package op

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/usage"
)

// Engine runs operations over one database.
type Engine struct {
	db   *store.DB
	keys auth.Keys
	ring *auth.Keyring

	uses     usage.Counter
	refusals refusals
	kept     memory
}

// NewEngine makes the engine of a database, with the keys under which
// credentials are kept in it.
func NewEngine(db *store.DB, keys auth.Keys) *Engine {
	return &Engine{db: db, keys: keys, ring: auth.NewKeyring(db, keys)}
}

// Keyring has the API keys that are good for the engine's operations.
func (e *Engine) Keyring() *auth.Keyring { return e.ring }

// Used counts that a key was let in, so often; see WriteCounts.
func (e *Engine) Used(a access.Actor, times int64, from access.Source) {
	if a.Kind() == access.Key {
		e.uses.Note(a.Key(), times, e.db.Now(), from)
	}
}

// WriteCounts writes what was only counted since the last time: how often keys
// were used and how last, and how often strangers were refused. It is called
// every few seconds, and at the end.
func (e *Engine) WriteCounts(ctx context.Context) error {
	return errors.Join(e.writeUses(ctx), e.refusals.write(ctx, e.db))
}

func (e *Engine) writeUses(ctx context.Context) error {
	all := e.uses.Take()
	if len(all) == 0 {
		return nil
	}
	err := e.db.Write(ctx, func(tx store.WriteTx) error { return tx.NoteKeyUses(all) })
	if err != nil {
		e.uses.Return(all)
		return fmt.Errorf("note uses of keys: %w", err)
	}
	return nil
}

// Now is the clock of the engine's database.
func (e *Engine) Now() time.Time { return e.db.Now() }

// ErrStale is what a commit returns when what was prepared for it no longer
// holds: nothing has happened, and the operation is prepared anew, a few times.
var ErrStale = errors.New("what was prepared no longer holds")

// errForgotten is a fault of an operation: it neither did nor refused.
var errForgotten = errors.New("the operation did not say how it ended")

const prepareAgain = 3

// keepMessages is how long people can see what became of a message.
const keepMessages = 90 * 24 * time.Hour

// keepKeys is how long people can see a key that is over.
const keepKeys = 90 * 24 * time.Hour

// How long a request for help waits for somebody, and how long people can see
// what became of it.
const (
	helpWaits = 14 * 24 * time.Hour
	keepHelp  = 400 * 24 * time.Hour
)

// keepNotices is how long people can read what they were told.
const keepNotices = 400 * 24 * time.Hour

// Do is the only way to run an operation.
func Do[In, Out any](ctx context.Context, e *Engine, c auth.Caller, o *Op[In, Out], in In) (Out, error) {
	out, _, err := do(ctx, e, c, o, in)
	return out, err
}

// do runs an operation. What is answered from memory comes as an Answer, too.
func do[In, Out any](ctx context.Context, e *Engine, c auth.Caller, o *Op[In, Out], in In) (out Out, kept *Answer, err error) {
	c.Source.Program = field.Printable(c.Source.Program, 160)
	defer even(ctx, time.Now(), o.spec.Even)
	if o.read != nil {
		out, kept, err = doRead(ctx, e, c, o, in)
	} else {
		out, err = doWrite(ctx, e, c, o, in)
		for range prepareAgain {
			if !errors.Is(err, ErrStale) {
				break
			}
			out, err = doWrite(ctx, e, c, o, in)
		}
	}
	if err != nil {
		var zero Out
		return zero, nil, outward(o.spec.Name, err)
	}
	return out, kept, nil
}

// even waits until a call has taken that long, or nobody waits for it any more.
func even(ctx context.Context, began time.Time, least time.Duration) {
	left := least - time.Since(began)
	if left <= 0 {
		return
	}
	select {
	case <-time.After(left):
	case <-ctx.Done():
	}
}

// verdict is what a rule said of a caller, and on which state of the rights.
type verdict struct {
	actor    access.Actor
	decision access.Decision
	rights   int64
	stray    *stray // the caller's session is used where it must not be
}

// stray is a session that is good, but not at the place where it is used: it
// ends, since somebody may have carried it there. Its user is nobody for this
// call.
type stray struct {
	actor    access.Actor
	decision access.Decision
}

func (e *Engine) judge(tx store.ReadTx, c auth.Caller, r Rule) (v verdict, err error) {
	setUp, rights, err := tx.Standing()
	if err != nil {
		return v, fmt.Errorf("read standing of the installation: %w", err)
	}
	v.rights = rights
	if v.actor, err = auth.Resolve(tx, e.keys, c); err != nil {
		return v, err
	}
	if v.actor.Kind() == access.Person {
		if d := access.Authorize(v.actor, access.Known, "", c.Source); !d.Allowed {
			v.stray = &stray{v.actor, d}
			if r.Open() { // that needs no session
				v.actor = access.Actor{}
			}
		}
	}
	v.decision = r.decide(question{v.actor, c.Source, setUp, tx.Now()})
	return v, nil
}

func doRead[In, Out any](ctx context.Context, e *Engine, c auth.Caller, o *Op[In, Out], in In) (out Out, kept *Answer, err error) {
	holder, isKey, err := e.atDoor(ctx, c, o.spec)
	if err != nil {
		return out, nil, err
	}
	if o.spec.Kept == 0 || !isKey {
		out, err = doReadNow(ctx, e, c, o, in)
		return out, nil, err
	}
	version, err := e.db.Rights(ctx)
	if err != nil {
		return out, nil, fmt.Errorf("see whether rights have changed: %w", err)
	}
	now, q := e.db.Now(), asked{o.spec.Name, holder.Key()}
	if o.rule.decide(question{holder, c.Source, true, now}).Allowed {
		if kept := e.kept.find(q, version, now); kept != nil {
			e.Used(holder, 1, c.Source)
			return kept.Value.(Out), kept, nil
		}
	}
	if out, err = doReadNow(ctx, e, c, o, in); err != nil {
		return out, nil, err
	}
	kept = &Answer{Value: out, version: version, until: now.Add(o.spec.Kept)}
	e.kept.keep(q, kept)
	return out, kept, nil
}

func doReadNow[In, Out any](ctx context.Context, e *Engine, c auth.Caller, o *Op[In, Out], in In) (out Out, err error) {
	var v verdict
	err = e.db.Read(ctx, func(tx store.ReadTx) error {
		if v, err = e.judge(tx, c, o.rule); err != nil || !v.decision.Allowed {
			return err
		}
		out, err = o.read(&Reading{Call{ctx, v.actor, c.Source}, tx}, in)
		return err
	})
	if err != nil {
		return out, err
	}
	if !v.decision.Allowed {
		return out, e.refuse(ctx, c, v, o.spec)
	}
	if v.stray != nil {
		return out, e.turnOut(ctx, c, v, o.spec)
	}
	e.Used(v.actor, 1, c.Source)
	if !o.spec.Background {
		err = e.touch(ctx, v.actor)
	}
	return out, err
}

func doWrite[In, Out any](ctx context.Context, e *Engine, c auth.Caller, o *Op[In, Out], in In) (out Out, err error) {
	if _, _, err := e.atDoor(ctx, c, o.spec); err != nil {
		return out, err
	}
	arrived := e.db.Expect()
	defer arrived()
	var before verdict
	err = e.db.Read(ctx, func(tx store.ReadTx) error {
		before, err = e.judge(tx, c, o.rule)
		return err
	})
	if err != nil {
		return out, err
	}
	if !before.decision.Allowed {
		return out, e.refuse(ctx, c, before, o.spec)
	}
	if before.stray != nil {
		if err := e.turnOut(ctx, c, before, o.spec); err != nil {
			return out, err
		}
	}
	e.Used(before.actor, 1, c.Source)
	p := &Preparing{Call: Call{ctx, before.actor, c.Source}, db: e.db}
	defer func() {
		for _, f := range p.after {
			f()
		}
	}()
	commit, err := o.write(p, in)
	if err != nil {
		return out, err
	}
	arrived()
	var end Outcome[Out]
	var after func()
	var then []func()
	err = e.db.Write(ctx, func(tx store.WriteTx) error {
		after, then = nil, nil // of an earlier run
		v, err := e.stillAllowed(tx, c, o.rule, before)
		if err != nil {
			return err
		}
		if err := endStray(tx, v); err != nil {
			return err
		}
		w := &Writing[Out]{Call: Call{ctx, v.actor, c.Source}, Tx: tx, Moved: v.rights != before.rights}
		if v.decision.Allowed {
			end = commit(w)
		} else {
			end = w.Refuse(problem.New(v.decision.Reason, v.decision.Text), Entry{Reason: v.decision.Untold})
		}
		switch end.end {
		case forgotten:
			return errForgotten
		case failed:
			return end.err
		case again:
			return nil
		case done, refused:
		}
		if end.refusal == nil {
			then = w.then
		}
		if end.refusal == nil && resting(v.actor, tx.Now()) {
			if err := tx.TouchSession(store.Self(v.actor), v.actor.Session()); err != nil {
				return fmt.Errorf("note that the session is in use: %w", err)
			}
		}
		r, err := leaveRecord(tx, w.Call, o.spec, end.entry, end.refusal)
		if err != nil || end.refusal != nil || o.table.follow == nil {
			return err
		}
		after, err = o.table.follow(tx, r)
		return err
	})
	if err != nil {
		return out, err
	}
	if after != nil {
		after()
	}
	for _, f := range then {
		f()
	}
	if end.refusal != nil && !end.quiet {
		return out, end.refusal
	}
	return end.out, nil
}

// stillAllowed asks again within the transaction when anything about rights
// has changed since the caller was let in.
func (e *Engine) stillAllowed(tx store.WriteTx, c auth.Caller, r Rule, before verdict) (verdict, error) {
	now, err := tx.RightsVersion()
	if err != nil || now == before.rights {
		return before, err
	}
	return e.judge(tx.ReadTx, c, r)
}

// ActorOf is how the log names who called.
func ActorOf(a access.Actor) activity.Actor {
	who := activity.Actor{Kind: string(a.Kind()), ID: string(a.User()), Name: a.Name()}
	if a.Kind() == access.Key {
		who.ID = string(a.Key())
	}
	return who
}

// leaveRecord writes what happened into the log.
func leaveRecord(tx store.WriteTx, c Call, s Spec, e Entry, refusal *problem.Problem) (activity.Record, error) {
	if refusal != nil {
		if all, err := gathered(tx, c, s, e, refusal); all || err != nil {
			return activity.Record{}, err
		}
	}
	r := activity.Record{
		Event: s.Event, Outcome: activity.Done, Account: c.Actor.Account(),
		Actor:  ActorOf(c.Actor),
		Means:  c.Actor.Means(),
		Object: e.Object,
		Source: activity.Source{Face: string(c.Source.Face), Address: c.Source.AddressText(), Program: c.Source.Program},
		Detail: e.Detail,
	}
	if e.Event != "" {
		if !slices.Contains(s.Also, e.Event) {
			return r, fmt.Errorf("operation %s leaves the event %s, which it does not declare", s.Name, e.Event)
		}
		r.Event = e.Event
	}
	if e.Account != "" {
		r.Account = e.Account
	}
	if e.Actor.Kind != "" {
		r.Actor = e.Actor
	}
	if e.Means != "" {
		r.Means = e.Means
	}
	if refusal != nil {
		r.Outcome, r.Reason = activity.Refused, cmp.Or(e.Reason, refusal.Code)
		if r.Event == "" {
			detail := activity.Detail{"operation": s.Name}
			maps.Copy(detail, e.Detail)
			r.Event, r.Detail = refusedEvent(s.Name), detail
		}
	}
	tx.Record(r)
	if refusal != nil || e.Subject == "" || e.Subject == r.Account {
		return r, nil
	}
	return tellSubject(tx, c, r, e.Subject)
}

// tellSubject leaves a record of what the operator did with an account in that
// account's own log, and gives it. It names the operator and not whoever of the
// operator's people it was, nor where they sit: that is in the operator's log.
func tellSubject(tx store.WriteTx, c Call, r activity.Record, subject id.Account) (activity.Record, error) {
	operator, err := tx.Account(c.Scope())
	if err != nil {
		return r, fmt.Errorf("find the operator's name: %w", err)
	}
	r.Account, r.Means = subject, ""
	r.Actor = activity.Actor{Kind: string(access.Operator), ID: string(operator.ID), Name: operator.Name}
	r.Source = activity.Source{Face: string(access.FaceSystem)}
	tx.Record(r)
	return r, nil
}

// resting reports whether it is time to note that a session is in use, which
// is done at most once a minute.
func resting(a access.Actor, now time.Time) bool {
	return a.Kind() == access.Person && a.Session() != "" && now.Sub(a.SeenAt()) >= session.SeenEvery
}

// touch keeps a session alive that reads. A write does it in its own commit:
// once that is done, nothing may keep the answer from the caller.
func (e *Engine) touch(ctx context.Context, a access.Actor) error {
	if !resting(a, e.db.Now()) {
		return nil
	}
	err := e.db.Write(ctx, func(tx store.WriteTx) error { return tx.TouchSession(store.Self(a), a.Session()) })
	if errors.Is(err, store.ErrDiskFull) {
		return nil // a full disk takes no answer away that needs no room
	}
	return err
}

// Tidy does what has to be done now and then: it writes the gathered refusals
// of past minutes into the log and removes what has ended by itself. With
// force it takes the current minute too, as at shutdown.
func (e *Engine) Tidy(ctx context.Context, force bool) error {
	if err := e.refusals.write(ctx, e.db); err != nil {
		return err
	}
	return e.db.Write(ctx, func(tx store.WriteTx) error {
		before := tx.Now().Truncate(time.Minute)
		if force {
			before = before.Add(time.Minute)
		}
		refusals, err := tx.TakeRefusals(before)
		if err != nil {
			return fmt.Errorf("take refusals: %w", err)
		}
		in, err := tx.Installation()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("find the operator: %w", err)
		}
		for _, r := range refusals {
			if r.Times -= min(r.Told, toldAtOnce); r.Times <= 0 {
				continue
			}
			if r.Account == "" {
				r.Account = in.Operator // who runs the installation sees who knocks
			}
			tx.Record(activity.Record{
				Event: refusedEvent(r.Operation), Account: r.Account,
				Outcome: activity.Refused, Reason: problem.Code(r.Reason),
				Actor:  activity.Actor{Kind: r.ActorKind, ID: r.ActorID, Name: r.ActorName},
				Source: activity.Source{Face: r.Face, Address: r.Address},
				Detail: activity.Detail{"operation": r.Operation, "minute": r.Minute, "times": r.Times},
			})
		}
		if err := tx.DeleteKeysEndedBefore(tx.Now().Add(-keepKeys)); err != nil {
			return fmt.Errorf("delete old keys: %w", err)
		}
		if err := tx.DeleteDeadSessions(tx.Now()); err != nil {
			return fmt.Errorf("delete ended sessions: %w", err)
		}
		if err := tx.DeleteEndedMessages(tx.Now().Add(-keepMessages)); err != nil {
			return fmt.Errorf("delete old messages: %w", err)
		}
		if err := tx.DeleteNoticesBefore(tx.Now().Add(-keepNotices)); err != nil {
			return fmt.Errorf("delete old notices: %w", err)
		}
		if err := tx.DeleteNetworksBefore(tx.Now().Add(-session.NetworkLife)); err != nil {
			return fmt.Errorf("forget networks: %w", err)
		}
		if err := tx.TidyHelp(tx.Now().Add(-helpWaits), tx.Now().Add(-keepHelp)); err != nil {
			return fmt.Errorf("tidy requests for help: %w", err)
		}
		return tx.DeleteColdThrottles(tx.Now().Add(-30 * 24 * time.Hour))
	})
}
