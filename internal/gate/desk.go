package gate

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
)

// Desk is the doors of a window, which its people open and close: for programs
// on the same computer only, and without the app, which is in the window. It
// implements ops.DoorSwitch.
//
//	closed ──Prepare──▶ prepared ──Open──▶ open ──Close──▶ closing ──▶ closed
//	                       └──Drop──▶ closed
type Desk struct {
	*Doors

	engine *op.Engine
	ops    *ops.Operations

	turn  sync.Mutex // held from Prepare until it is opened or dropped
	stop  context.CancelFunc
	ended chan struct{} // nil: never opened
}

// NewDesk makes doors that are closed. Before they are opened, Serve has to say
// whose.
func NewDesk(log *slog.Logger) *Desk { return &Desk{Doors: NewDoors(log)} }

// Serve says what is behind the doors.
func (d *Desk) Serve(e *op.Engine, o *ops.Operations) { d.engine, d.ops = e, o }

// Where the doors of a Desk are, unless something else is there.
const (
	deskHTTP  = 8480
	deskLines = 2001
)

// closesWithin is how long Close waits: most often nothing is under way.
const closesWithin = time.Second

// listenHere takes a port of this computer that nobody else reaches: the one
// wished for, or another one.
func listenHere(wished int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(wished)))
	if err != nil {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return l, nil
}

// Prepare implements ops.DoorSwitch.
func (d *Desk) Prepare(p ops.DoorPlan) (ops.Opening, error) {
	if !d.turn.TryLock() {
		return nil, problem.New(problem.DoorsOpen, "Somebody is opening the doors already.")
	}
	o, err := d.prepare(p)
	if err != nil {
		d.turn.Unlock()
		return nil, err
	}
	return o, nil
}

func (d *Desk) prepare(p ops.DoorPlan) (*opening, error) {
	switch d.State().State {
	case ops.DoorsOpen:
		return nil, problem.New(problem.DoorsOpen, "The doors are open already.")
	case ops.DoorsClosing:
		return nil, problem.New(problem.DoorsOpen, "The doors are still closing: calls come to their end. Please try again in a moment.")
	case ops.DoorsClosed:
	}
	var form field.Form
	d.Check(&form, p)
	if wrong, ok := errors.AsType[*problem.Problem](form.Err()); ok {
		stale := problem.New(problem.SettingsStale, "What is set for the doors does not work any more: "+wrong.Violations[0].Message)
		stale.Violations = wrong.Violations
		return nil, stale
	}
	o := &opening{desk: d, config: Config{Engine: d.engine, Ops: d.ops, Log: d.log}}
	if err := o.open(p); err != nil {
		o.giveBack()
		if refused, ok := errors.AsType[*problem.Problem](err); ok {
			return nil, refused
		}
		return nil, problem.New(problem.DoorsStuck, "The system does not let the doors open; the log of this program says why.").Because(err)
	}
	return o, nil
}

// opening is doors whose addresses are taken.
type opening struct {
	desk   *Desk
	config Config
	gate   *Gate
	over   sync.Once
}

func (o *opening) open(p ops.DoorPlan) (err error) {
	c := &o.config
	if p.Upstream != "" {
		if c.Upstream, err = OpenUpstream(p.Upstream, p.Profile); err != nil {
			return err
		}
	}
	if c.HTTP, err = listenHere(deskHTTP); err != nil {
		return err
	}
	if len(p.Sources) > 0 {
		if c.Sources, err = OpenSources(p.Sources, p.ISProxyKey, c.Log); err != nil {
			return err
		}
		if c.Lines, err = listenHere(deskLines); err != nil {
			return err
		}
	}
	o.gate, err = New(*c)
	return err
}

func (o *opening) giveBack() {
	o.config.Listeners.Close()
	if o.config.Sources != nil {
		o.config.Sources.Close()
	}
}

// State implements ops.Opening.
func (o *opening) State() ops.DoorsShown { return o.gate.shown() }

// Open implements ops.Opening.
func (o *opening) Open() {
	o.over.Do(func() {
		d := o.desk
		defer d.turn.Unlock()
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		d.mu.Lock()
		d.gate, d.closing, d.stop, d.ended = o.gate, false, stop, ended
		d.mu.Unlock()
		go func() {
			defer close(ended)
			defer stop()
			if err := o.gate.Run(ctx); err != nil {
				d.log.Error("the doors were closed by an error", "error", err)
			}
			o.giveBack()
			d.Use(nil)
		}()
	})
}

// Drop implements ops.Opening.
func (o *opening) Drop() {
	o.over.Do(func() {
		o.giveBack()
		o.desk.turn.Unlock()
	})
}

// Close implements ops.DoorSwitch.
func (d *Desk) Close() {
	ended := d.end()
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-time.After(closesWithin):
	}
}

// Quit closes the doors and waits until that is done.
func (d *Desk) Quit() {
	if ended := d.end(); ended != nil {
		<-ended
	}
}

// end begins to close; nil when they were never opened.
func (d *Desk) end() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		d.closing = d.gate != nil
		d.stop()
	}
	return d.ended
}
