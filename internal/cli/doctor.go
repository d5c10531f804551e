package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse/app"
	"gatehouse/internal/auditlog"
	"gatehouse/internal/ops"
	"gatehouse/internal/store"
)

func (e *env) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check this installation and this computer", Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return e.doctor(c.Context()) },
	}
}

// finding is one thing that was looked at.
type finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func (e *env) doctor(ctx context.Context) error {
	findings := e.examine(ctx)
	sick := false
	for _, f := range findings {
		sick = sick || !f.OK
	}
	if e.json {
		if err := e.printJSON(map[string]any{"ok": !sick, "findings": findings}); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			mark := "ok  "
			if !f.OK {
				mark = "BAD "
			}
			fmt.Fprintf(e.out, "%s  %-12s %s\n", mark, f.What, f.Detail)
		}
	}
	if sick {
		return errors.New("something is wrong; see the lines above")
	}
	return nil
}

func (e *env) examine(ctx context.Context) []finding {
	window := finding{"window", true, "this build has no window; 'gatehouse serve' opens the app in a browser"}
	if app.HasWindow {
		window.Detail = "this build has a window"
		if !app.DisplayAvailable() {
			window.Detail += ", and there is no display to open it on"
		}
	}
	all := []finding{{"version", true, Version + ", " + buildKind()}, window}
	dsn, err := e.database()
	if err != nil {
		return append(all, finding{"database", false, err.Error()})
	}
	i, err := e.open(ctx, opening{place: ops.AtDesk, mustExist: true})
	if err != nil {
		return append(all, finding{"database", false, err.Error()})
	}
	all = append(all, finding{"database", true, dsn}, finding{"key", true, i.key.String()})
	all = append(all, e.examineContent(ctx, i)...)
	if err := i.close(); err != nil {
		all = append(all, finding{"close", false, err.Error()})
	}
	return all
}

func (e *env) examineContent(ctx context.Context, i *installation) []finding {
	var all []finding
	note := func(what string, err error, fine string) {
		if err != nil {
			fine = err.Error()
		}
		all = append(all, finding{what, err == nil, fine})
	}
	note("file", i.db.Check(ctx), "SQLite finds nothing wrong")
	var in store.Installation
	var head auditlog.Checkpoint
	err := i.db.Read(ctx, func(tx store.ReadTx) (err error) {
		if in, err = tx.Installation(); err != nil {
			return err
		}
		evidence, err := tx.Evidence()
		if err != nil {
			return err
		}
		evidence.Origin, evidence.Known = i.vault.LogOrigin(), i.vault.LogVerifiers()
		head, err = auditlog.Verify(evidence)
		return err
	})
	note("activity", err, fmt.Sprintf("the log is intact, %d records", head.Size))
	state := "not set up yet"
	if in.SetUp() {
		state = "set up"
	}
	if in.Practice {
		state += ", practice data"
	}
	note("set-up", nil, state)
	return all
}
