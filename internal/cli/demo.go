package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/demo"
	"gatehouse/internal/mfa"
	"gatehouse/internal/ops"
	"gatehouse/internal/password"
)

func (e *env) demoCommand() *cobra.Command {
	var users int
	c := &cobra.Command{
		Use: "demo", Short: "Fill an empty database with a believable registrar, and print how to sign in", Args: usageArgs(cobra.NoArgs),
		Long: "Fill an empty database with a believable registrar to learn on. On a database that\n" +
			"was filled this way it prints the ways to sign in again, with codes of now.",
		RunE: func(c *cobra.Command, _ []string) error {
			if users < 3 || users > 2_000_000 {
				return errUsage{errors.New("--users is a number from 3 to 2000000")}
			}
			return e.demo(c.Context(), users)
		},
	}
	c.Flags().IntVar(&users, "users", 36, "how many users the registrar has")
	return c
}

func (e *env) demo(ctx context.Context, users int) (err error) {
	clock := demo.NewClock(time.Now())
	i, err := e.open(ctx, opening{place: ops.AtDesk, practice: true, clock: clock.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	in, err := i.read(ctx)
	switch {
	case err != nil:
		return err
	case in.SetUp() && !in.Practice, !in.Practice:
		return demo.ErrReal
	case !in.SetUp():
		hasher, err := password.NewHasher(i.vault, password.Standard())
		if err != nil {
			return err
		}
		if err := demo.Fill(ctx, demo.Registrar{DB: i.db, Vault: i.vault, Hasher: hasher, Clock: clock, Users: users}); err != nil {
			return err
		}
	}
	return e.printWays(ctx, i, e.out)
}

// printWays prints how to sign in to a practice database.
func (e *env) printWays(ctx context.Context, i *installation, to io.Writer) error {
	ways, err := demo.WaysIn(ctx, i.db, i.vault, time.Now())
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"practice": true, "ways": ways})
	}
	fmt.Fprintln(to, "This is a practice database: everything in it is made up. Sign in as")
	for _, w := range ways {
		fmt.Fprintf(to, "\n  %s\n    login     %s\n    password  %s\n", w.Name, w.Login, w.Password.Reveal())
		if w.Code.IsZero() {
			fmt.Fprintln(to, "    no second factor yet: Gatehouse will ask to set one up")
			continue
		}
		fmt.Fprintf(to, "    code      %s   (now; it changes every 30 seconds)\n    or add this key to your authenticator app: %s\n", w.Code.Reveal(), w.Key.Reveal())
	}
	fmt.Fprintln(to, "\nRun 'gatehouse demo' again, with the same --db and --key-file, for codes of that moment.")
	return nil
}

// tellCodes prints the codes of a practice database whenever they change, for
// as long as somebody is likely to be trying it out: a code read when the
// program started is over by the time a browser is open.
func (e *env) tellCodes(ctx context.Context, i *installation) {
	const tellFor = 60 // times 30 seconds
	for range tellFor {
		now := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-time.After(now.Truncate(mfa.Step).Add(mfa.Step).Sub(now)):
		}
		ways, err := demo.WaysIn(ctx, i.db, i.vault, time.Now())
		if err != nil {
			return // the database is closing
		}
		line := "codes now:"
		for _, w := range ways {
			if !w.Code.IsZero() {
				line += fmt.Sprintf("  %s %s", w.Login, w.Code.Reveal())
			}
		}
		fmt.Fprintln(e.err, line)
	}
}
