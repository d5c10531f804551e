package ops

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// Gate is the doors of this process, and what is set for doors.
type Gate struct {
	DoorsShown

	Switchable  bool         `json:"switchable"`  // gate.open and gate.close work here
	Credentials int          `json:"credentials"` // accounts that have one for the registrar's API
	Settings    GateSettings `json:"settings"`
}

// GateSettings are what the doors of the Desk open with, and 'gatehouse serve'
// where its flags say nothing. The key is never shown.
type GateSettings struct {
	Upstream      string   `json:"upstream"`      // address of the registrar's API; empty: no gateway
	Profile       string   `json:"profile"`       // file on the machine that opens the doors; empty: the built-in one
	Sources       []string `json:"sources"`       // of ISProxy's answers
	ISProxyKeySet bool     `json:"isproxyKeySet"` // for another ISProxy
	ByItself      bool     `json:"byItself"`      // the Desk opens its doors when it starts
}

// UpdateGateInput is what shall become of the settings; what is left out stays.
type UpdateGateInput struct {
	Upstream   *string     `json:"upstream,omitempty"`  // empty: no gateway
	Profile    *string     `json:"profile,omitempty"`   // empty: the built-in one
	Sources    []string    `json:"sources,omitempty"`   // list:PATH, isproxy://HOST:PORT, isproxy+plain://HOST:PORT or rdap:
	ISProxyKey secret.Text `json:"isproxyKey,omitzero"` // asked for again when it would go elsewhere
	ByItself   *bool       `json:"byItself,omitempty"`
}

type gateOps struct {
	Show   *op.Op[None, Gate]
	Update *op.Op[UpdateGateInput, Gate]
	Open   *op.Op[None, Gate]
	Close  *op.Op[None, Gate]

	// Plan is for whoever opens doors alone.
	Plan *op.Op[None, DoorPlan]
}

// Who could say where programs' calls go could read every credential on its
// way: so that takes every permission.
func (o *Operations) addGate() {
	rule := op.Holds(access.ManageGate)
	o.Gate.Show = op.Read(&o.table, op.Spec{
		Name: "gate.show", Route: "GET /gate", Background: true,
		Summary: "The doors of this process for programs: which are open, where, since when, and what has passed through. Never a key.",
	}, rule, func(r *op.Reading, _ None) (Gate, error) { return o.showGate(r.Tx, o.doors()) })
	o.Gate.Update = op.Write(&o.table, op.Spec{
		Name: "gate.update", Route: "PATCH /gate", Event: "gate.updated",
		Summary: "Change what the doors open with: the registrar's API, the sources of ISProxy's answers, and whether the Desk opens its doors by itself. Doors that are open stay as they are.",
	}, rule.Fully().SteppedUp(), o.updateGate)
	o.Gate.Open = op.Write(&o.table, op.Spec{
		Name: "gate.open", Route: "POST /gate/open", Event: "gate.opened",
		Summary: "Open the doors of the Desk on its own computer: REST by key, the API gateway and ISProxy, as they are set.",
	}, rule.SteppedUp(), o.openGate)
	o.Gate.Close = op.Write(&o.table, op.Spec{
		Name: "gate.close", Route: "POST /gate/close", Event: "gate.closed",
		Summary: "Close the doors of the Desk. Calls under way come to their end.",
	}, rule.InPerson(), o.closeGate)
	o.Gate.Plan = op.Read(&o.table, op.Spec{
		Name: "gate.plan", Route: op.NoRoute,
		Summary: "Whoever opens doors takes what is set for them, with the key for another ISProxy.",
	}, op.Job(), func(r *op.Reading, _ None) (DoorPlan, error) { return o.doorPlan(r.Tx) })
}

const gateSetting = "gate"

// keptGate is how the settings of the doors are kept: the key sealed, for the
// servers it is meant for.
type keptGate struct {
	Upstream string   `json:"upstream"`
	Profile  string   `json:"profile"`
	Sources  []string `json:"sources"`
	Key      string   `json:"key"`
	ByItself bool     `json:"byItself"`
}

func (k keptGate) plan() DoorPlan {
	return DoorPlan{Upstream: k.Upstream, Profile: k.Profile, Sources: k.Sources, ByItself: k.ByItself}
}

// target is where the key goes: every other ISProxy.
func (k keptGate) target() string {
	return strings.Join(slices.DeleteFunc(slices.Clone(k.Sources), func(s string) bool { return !strings.HasPrefix(s, "isproxy") }), " ")
}

// doors of this process, as of now.
func (o *Operations) doors() DoorsShown {
	if o.deps.Doors == nil {
		return DoorsShown{State: DoorsClosed}
	}
	return o.deps.Doors.State()
}

func (o *Operations) showGate(tx store.ReadTx, now DoorsShown) (Gate, error) {
	k, _, err := kept[keptGate](tx, gateSetting)
	if err != nil {
		return Gate{}, err
	}
	n, err := tx.CountUpstreams()
	if err != nil {
		return Gate{}, fmt.Errorf("count credentials: %w", err)
	}
	if k.Sources == nil {
		k.Sources = []string{}
	}
	return Gate{
		DoorsShown: now, Switchable: o.deps.Switch != nil, Credentials: n,
		Settings: GateSettings{Upstream: k.Upstream, Profile: k.Profile, Sources: k.Sources, ISProxyKeySet: k.Key != "", ByItself: k.ByItself},
	}, nil
}

// doorPlan is what is kept, with the key.
func (o *Operations) doorPlan(tx store.ReadTx) (DoorPlan, error) {
	k, _, err := kept[keptGate](tx, gateSetting)
	if err != nil {
		return DoorPlan{}, err
	}
	p := k.plan()
	p.ISProxyKey, err = o.credential(gateSetting, k.target(), k.Key)
	return p, err
}

// Lengths of what is set for doors.
const (
	maxDoorText = 500
	maxSources  = 16
)

// apply makes of what is kept what shall be, and notes what is wrong and what
// changed.
func (in UpdateGateInput) apply(o *Operations, form *field.Form, before keptGate) (keptGate, activity.Detail) {
	k := before
	updated(in.Upstream, &k.Upstream)
	updated(in.Profile, &k.Profile)
	updated(in.ByItself, &k.ByItself)
	text := field.Text(maxDoorText)
	k.Upstream = field.Optional(form, "upstream", text, k.Upstream)
	k.Profile = field.Optional(form, "profile", text, k.Profile)
	if in.Sources != nil {
		k.Sources = []string{}
		for n, raw := range in.Sources {
			source := field.Optional(form, fmt.Sprintf("sources[%d]", n), text, raw)
			if source != "" && slices.Contains(k.Sources, source) {
				form.Add(fmt.Sprintf("sources[%d]", n), field.Wrong(problem.Duplicate, "This source is in the list already."))
			} else if source != "" {
				k.Sources = append(k.Sources, source)
			}
		}
	}
	if len(k.Sources) > maxSources {
		form.Add("sources", field.Wrong(problem.TooMany, fmt.Sprintf("There can be %d sources at most.", maxSources)))
	}
	if k.Upstream == "" && k.Profile != "" {
		form.Add("profile", field.Wrong(problem.NotAllowed, "A profile says what an API means; please give the address of the API, or leave both empty."))
	}
	k.Key = o.keepCredential(form, "isproxyKey", gateSetting, k.target() != "", in.ISProxyKey, held{before.Key, before.target()}, k.target())
	changed := activity.Detail{}
	note(changed, "upstream", before.Upstream, k.Upstream)
	note(changed, "profile", before.Profile, k.Profile)
	note(changed, "sources", strings.Join(before.Sources, " "), strings.Join(k.Sources, " "))
	note(changed, "byItself", before.ByItself, k.ByItself)
	if before.Key != k.Key {
		changed["isproxyKey"] = "changed"
	}
	return k, changed
}

// updateGate looks at files while it is prepared: no lock is held.
func (o *Operations) updateGate(p *op.Preparing, in UpdateGateInput) (op.Commit[Gate], error) {
	var before keptGate
	err := p.Read(func(tx store.ReadTx) (err error) {
		before, _, err = kept[keptGate](tx, gateSetting)
		return err
	})
	if err != nil {
		return nil, err
	}
	var form field.Form
	next, _ := in.apply(o, &form, before)
	if form.Err() == nil && o.deps.Doors != nil {
		o.deps.Doors.Check(&form, planToCheck(next, in))
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[Gate]) op.Outcome[Gate] {
		before, _, err := kept[keptGate](w.Tx.ReadTx, gateSetting)
		if err != nil {
			return w.Fail(err)
		}
		var form field.Form
		k, changed := in.apply(o, &form, before)
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if err := keep(w.Tx, gateSetting, k); err != nil {
			return w.Fail(err)
		}
		return o.gateBecame(w, o.doors(), op.Entry{Detail: changed})
	}, nil
}

// planToCheck has a key where one is kept or given: which it is does not matter.
func planToCheck(k keptGate, in UpdateGateInput) DoorPlan {
	p := k.plan()
	if p.ISProxyKey = in.ISProxyKey; p.ISProxyKey.IsZero() && k.Key != "" {
		p.ISProxyKey = secret.New("kept")
	}
	return p
}

func (o *Operations) gateBecame(w *op.Writing[Gate], now DoorsShown, about op.Entry) op.Outcome[Gate] {
	out, err := o.showGate(w.Tx.ReadTx, now)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, about)
}

func notSwitchable() error {
	return problem.New(problem.NotSwitchable, "Doors are opened and closed in the window of the Desk only. Those of a server are open as long as 'gatehouse serve' runs.")
}

// openGate takes the addresses while it is prepared, and opens once that is on
// record.
func (o *Operations) openGate(p *op.Preparing, _ None) (op.Commit[Gate], error) {
	if o.deps.Switch == nil {
		return nil, notSwitchable()
	}
	var plan DoorPlan
	err := p.Read(func(tx store.ReadTx) (err error) {
		plan, err = o.doorPlan(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	opening, err := o.deps.Switch.Prepare(plan)
	if err != nil {
		return nil, err
	}
	p.After(opening.Drop)
	return func(w *op.Writing[Gate]) op.Outcome[Gate] {
		now := opening.State()
		detail := activity.Detail{"address": now.HTTP.Address}
		if now.Gateway != nil {
			detail["upstream"] = now.Gateway.Upstream
		}
		if now.ISProxy != nil {
			detail["isproxy"] = now.ISProxy.Address
		}
		w.Then(opening.Open)
		return o.gateBecame(w, now, op.Entry{Detail: detail})
	}, nil
}

func (o *Operations) closeGate(*op.Preparing, None) (op.Commit[Gate], error) {
	if o.deps.Switch == nil {
		return nil, notSwitchable()
	}
	return func(w *op.Writing[Gate]) op.Outcome[Gate] {
		if o.doors().State != DoorsOpen {
			return w.Fail(problem.New(problem.DoorsClosed, "The doors are closed already."))
		}
		w.Then(o.deps.Switch.Close)
		return o.gateBecame(w, DoorsShown{State: DoorsClosing}, op.Entry{})
	}, nil
}
