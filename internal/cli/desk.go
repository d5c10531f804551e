package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"gatehouse/app"
	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/gate"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
)

// buildKind tells the two builds apart.
func buildKind() string {
	if app.HasWindow {
		return "with window"
	}
	return "without window"
}

// desk opens the window.
func (e *env) desk(c *cobra.Command, _ []string) (err error) {
	if !app.HasWindow || !app.DisplayAvailable() {
		err := app.ErrNoWindow
		if app.HasWindow {
			err = app.ErrNoDisplay
		}
		return fmt.Errorf("%w; 'gatehouse serve' opens the same app in a browser", err)
	}
	dsn, err := e.database()
	if err != nil {
		return err
	}
	doors := gate.NewDesk(e.log)
	i, err := e.open(c.Context(), opening{place: ops.AtDesk, sends: true, doors: doors, opener: doors})
	if err != nil {
		return err
	}
	doors.Serve(i.engine, i.ops)
	defer func() {
		doors.Quit()
		err = errors.Join(err, i.close())
	}()
	fmt.Fprintf(e.err, "Key: %s.\n", i.key)
	if in, err := i.read(c.Context()); err != nil {
		return err
	} else if in.Practice {
		if err := e.printWays(c.Context(), i, e.err); err != nil {
			return err
		}
		go e.tellCodes(c.Context(), i)
	}
	var opening sync.WaitGroup
	defer opening.Wait()
	byItself := func() {
		if err := e.openByItself(c.Context(), i); err != nil { // the window says that they are closed
			fmt.Fprintf(e.err, "The doors stay closed: %v\n", err)
		}
	}
	return app.Run(c.Context(), app.Config{
		Title: "Gatehouse", Assets: e.assets, Bind: app.Nouns(i.engine, i.ops),
		Problem: app.Problems(e.log), Log: e.log, Instance: app.InstanceOf(dsn), KeyDevices: e.fidoDevices,
		OnReady: func() { opening.Go(byItself) },
	})
}

// openByItself opens the doors where that is set, as whoever started the window.
func (e *env) openByItself(ctx context.Context, i *installation) error {
	plan, err := i.plan(ctx)
	if err != nil || !plan.ByItself {
		return err
	}
	caller, err := e.caller()
	if err != nil {
		return err
	}
	_, err = op.Do(ctx, i.engine, caller, i.ops.Gate.Open, ops.None{})
	return err
}

// plan is what is set for the doors.
func (i *installation) plan(ctx context.Context) (ops.DoorPlan, error) {
	system := auth.Caller{Credential: auth.System("doors"), Source: access.Source{Face: access.FaceSystem}}
	return op.Do(ctx, i.engine, system, i.ops.Gate.Plan, ops.None{})
}
