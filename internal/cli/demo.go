package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/demo"
	"gatehouse/internal/ops"
	"gatehouse/internal/password"
	"gatehouse/internal/store"
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
	var in store.Installation
	err = i.db.Read(ctx, func(tx store.ReadTx) (err error) {
		in, err = tx.Installation()
		return err
	})
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
	return e.printWays(ctx, i)
}

// printWays prints how to sign in to a practice database.
func (e *env) printWays(ctx context.Context, i *installation) error {
	ways, err := demo.WaysIn(ctx, i.db, i.vault, time.Now())
	if err != nil {
		return err
	}
	if e.json {
		type way struct {
			Name     string `json:"name"`
			Login    string `json:"login"`
			Password string `json:"password"`
			Code     string `json:"code,omitempty"`
			Key      string `json:"authenticatorKey,omitempty"`
		}
		all := []way{}
		for _, w := range ways {
			all = append(all, way{w.Name, string(w.Login), w.Password.Reveal(), w.Code.Reveal(), w.Key.Reveal()})
		}
		return e.printJSON(map[string]any{"practice": true, "ways": all})
	}
	fmt.Fprintln(e.out, "This is a practice database: everything in it is made up. Sign in as")
	for _, w := range ways {
		fmt.Fprintf(e.out, "\n  %s\n    login     %s\n    password  %s\n", w.Name, w.Login, w.Password.Reveal())
		if w.Code.IsZero() {
			fmt.Fprintln(e.out, "    no second factor yet: Gatehouse will ask to set one up")
			continue
		}
		fmt.Fprintf(e.out, "    code      %s   (now; it changes every 30 seconds)\n    or add this key to your authenticator app: %s\n", w.Code.Reveal(), w.Key.Reveal())
	}
	fmt.Fprintln(e.out, "\nRun 'gatehouse demo' again, with the same --db and --key-file, for codes of that moment.")
	return nil
}
