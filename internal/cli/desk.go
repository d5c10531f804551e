package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse/app"
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
func (e *env) desk(c *cobra.Command, _ []string) error {
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
	i, err := e.open(c.Context(), opening{place: ops.AtDesk, sends: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "Key: %s.\n", i.key)
	if in, err := i.read(c.Context()); err != nil {
		return errors.Join(err, i.close())
	} else if in.Practice {
		if err := e.printWays(c.Context(), i, e.err); err != nil {
			return errors.Join(err, i.close())
		}
		go e.tellCodes(c.Context(), i)
	}
	err = app.Run(c.Context(), app.Config{
		Title: "Gatehouse", Assets: e.assets, Bind: app.Nouns(i.engine, i.ops),
		Problem: app.Problems(e.log), Log: e.log, Instance: app.InstanceOf(dsn),
	})
	return errors.Join(err, i.close())
}
