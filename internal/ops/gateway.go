package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/domain"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/store"
)

// GatewayCall is a call of a program at the API gateway, as the log tells it.
type GatewayCall struct {
	ID          id.Call
	Actor       access.Actor // who calls; nobody, when the key is none
	Rights      int64        // the version of the rights as of which it was decided
	Sealed      string       // UpstreamKey.Sealed of the credential with which it will be sent on
	Holder      string       // the process that waits for the answer
	Method      string
	Path        string
	Query       string
	Permissions []access.Permission
	Domains     []domain.Name
	Costs       bool
	Changes     bool
}

// GatewayAnswer is what became of a call that was sent on. With a Failure no
// answer came, or not all of it.
type GatewayAnswer struct {
	Call    GatewayCall
	Status  int // HTTP; 0: no answer came
	Took    time.Duration
	Failure string
}

// GatewayHolder is what a process says of itself now and then: that it lives,
// and how the accounts' credentials were used last.
type GatewayHolder struct {
	Holder string
	Uses   []store.UpstreamUse
}

// GatewayLost says whether a call was found of which no answer will be known.
type GatewayLost struct {
	Found bool
}

type gatewayOps struct {
	Forward *op.Op[GatewayCall, None]
	Settle  *op.Op[GatewayAnswer, None]
	Tidy    *op.Op[GatewayHolder, GatewayLost]
}

// How long a process that waits for answers may say nothing, and how often it
// says that it lives.
const (
	GatewayHold  = 30 * time.Second
	GatewayAlive = 5 * time.Second
)

// ErrRightsMoved is the answer to a call that was decided on rights which are no
// longer those of now: nothing has happened, and it is to be decided anew.
var ErrRightsMoved = errors.New("rights have changed since this was decided")

// GatewayCaller is the gateway, with a call that came from there. The gateway
// decides from memory who may do what (the table of operations has no operation
// for each route of an upstream), and has the log say so by these operations.
func GatewayCaller(from access.Source) auth.Caller {
	return auth.Caller{Credential: auth.System("gateway"), Source: from}
}

func (o *Operations) addGateway() {
	o.Gateway.Forward = op.Write(&o.table, op.Spec{
		Name: "gateway.forward", Route: op.NoRoute, Event: "gateway.called",
		Summary: "The gateway is about to send on a call that changes or costs something. Without this record it is not sent.",
	}, op.Job(), forwardCall)
	o.Gateway.Settle = op.Write(&o.table, op.Spec{
		Name: "gateway.settle", Route: op.NoRoute, Event: "gateway.answered", Also: []string{"gateway.unanswered"},
		Summary: "What became of a call that was sent on.",
	}, op.Job(), settleCall)
	o.Gateway.Tidy = op.Write(&o.table, op.Spec{
		Name: "gateway.tidy", Route: op.NoRoute, Event: "gateway.lost",
		Summary: "The gateway says that it lives, and finds a call whose process ended before its answer was known.",
	}, op.Job(), tidyCalls)
}

// keptCall is what is kept of a call, for the record of what became of it.
type keptCall struct {
	Actor  activity.Actor  `json:"actor"`
	Means  string          `json:"means"`
	Object activity.Object `json:"object"`
	Detail activity.Detail `json:"detail"`
}

// shownDomains of a call are in the log by name.
const shownDomains = 20

// entry tells of a call in the log of its account.
func (c GatewayCall) entry() op.Entry {
	return op.Entry{
		Account: c.Actor.Account(), Actor: op.ActorOf(c.Actor), Means: c.Actor.Means(),
		Object: activity.Object{Kind: "call", ID: string(c.ID), Name: c.name()}, Detail: c.detail(),
	}
}

// name is what people see: "POST /v2/domains/example.be/renew".
func (c GatewayCall) name() string { return field.Printable(c.Method+" "+c.Path, 200) }

// Refused is what the log says of a call that is not sent on. The cause says it
// more exactly than a code of a problem; it may be empty.
func (c GatewayCall) Refused(cause string) activity.Detail {
	d := c.detail()
	d["call"] = c.name()
	if cause != "" {
		d["cause"] = cause
	}
	return d
}

func (c GatewayCall) detail() activity.Detail {
	d := activity.Detail{}
	if len(c.Permissions) > 0 {
		d["permissions"] = c.Permissions
	}
	if n := len(c.Domains); n > 0 {
		d["domains"] = c.Domains[:min(n, shownDomains)]
		if n > shownDomains {
			d["domainCount"] = n
		}
	}
	if c.Costs {
		d["costs"] = true
	}
	// Of what only asks, the query may hold what is nobody's business; of what
	// changes something it says whether it is meant (quote=true is not).
	if c.Changes && c.Query != "" {
		d["query"] = field.Printable(c.Query, 200)
	}
	if c.Actor.Kind() == access.Key {
		d["user"] = c.Actor.User()
	}
	return d
}

func forwardCall(_ *op.Preparing, in GatewayCall) (op.Commit[None], error) {
	about := in.entry()
	kept, err := json.Marshal(keptCall{about.Actor, about.Means, about.Object, about.Detail})
	if err != nil {
		return nil, fmt.Errorf("encode the call: %w", err)
	}
	return func(w *op.Writing[None]) op.Outcome[None] {
		rights, err := w.Tx.RightsVersion()
		if err != nil {
			return w.Fail(fmt.Errorf("read version of the rights: %w", err))
		}
		if rights != in.Rights {
			same, err := decidedAlike(w.Tx.ReadTx, in)
			if err != nil {
				return w.Fail(err)
			}
			if !same {
				return w.Fail(ErrRightsMoved)
			}
		}
		err = w.Tx.AddCall(store.OpenCall{
			ID: in.ID, Scope: access.Within(in.Actor.Account()), Holder: in.Holder, Until: w.Tx.Now().Add(GatewayHold), Call: string(kept),
		})
		if err != nil {
			return w.Fail(fmt.Errorf("keep the call: %w", err))
		}
		return w.Done(None{}, about)
	}, nil
}

// decidedAlike reports whether a call would be decided in the same way on the rights
// of now: some have changed since, but neither those of the key that calls nor the
// account's credential. So calls go through however fast the rights of others
// change. Of passwords it cannot be told.
func decidedAlike(tx store.ReadTx, in GatewayCall) (bool, error) {
	if in.Actor.Kind() != access.Key {
		return false, nil
	}
	scope := access.Within(in.Actor.Account())
	b, err := tx.KeyBearer(scope, in.Actor.Key())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find the key that calls: %w", err)
	}
	u, err := tx.Upstream(scope)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, fmt.Errorf("read upstream: %w", err)
	}
	return u.Credential == in.Sealed && auth.ActorOf(b, tx.Now()).Same(in.Actor), nil
}

func settleCall(_ *op.Preparing, in GatewayAnswer) (op.Commit[None], error) {
	about := in.Call.entry()
	about.Detail["milliseconds"] = in.Took.Milliseconds()
	if in.Status != 0 {
		about.Detail["status"] = in.Status
	}
	if in.Failure != "" {
		about.Event, about.Detail["cause"] = "gateway.unanswered", in.Failure
	}
	return func(w *op.Writing[None]) op.Outcome[None] {
		// One that was taken for lost in between has its record all the same.
		err := w.Tx.EndCall(access.Within(in.Call.Actor.Account()), in.Call.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("forget the call: %w", err))
		}
		return w.Done(None{}, about)
	}, nil
}

func tidyCalls(_ *op.Preparing, in GatewayHolder) (op.Commit[GatewayLost], error) {
	return func(w *op.Writing[GatewayLost]) op.Outcome[GatewayLost] {
		if err := w.Tx.HoldCalls(in.Holder, w.Tx.Now().Add(GatewayHold)); err != nil {
			return w.Fail(fmt.Errorf("hold calls: %w", err))
		}
		for _, u := range in.Uses {
			if err := w.Tx.NoteUpstreamUse(u); err != nil {
				return w.Fail(fmt.Errorf("note uses of credentials: %w", err))
			}
		}
		lost, err := w.Tx.TakeLostCall()
		if errors.Is(err, store.ErrNotFound) {
			return w.Again(GatewayLost{})
		}
		if err != nil {
			return w.Fail(fmt.Errorf("take a lost call: %w", err))
		}
		var kept keptCall
		if err := json.Unmarshal([]byte(lost.Call), &kept); err != nil {
			return w.Fail(fmt.Errorf("read the call %s: %w", lost.ID, err))
		}
		return w.Done(GatewayLost{true}, op.Entry{Account: lost.Scope.Account(), Object: kept.Object, Detail: kept.Detail})
	}, nil
}
