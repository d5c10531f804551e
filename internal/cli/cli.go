// Package cli is the command line: it parses arguments, opens the
// installation, runs operations as the console, and prints answers. It has no
// rules of its own.
//
// Answers go to standard output, everything else to standard error. Exit codes
// are part of the contract: 0 done, 1 refused or failed, 2 wrong usage, 3 to 5
// of securitykey (which says them in its help), 10 and up damage found by audit
// verify.
package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gatehouse/internal/auditlog"
	"gatehouse/internal/problem"
)

// Version of the program; set when a release is built.
var Version = "0.1.0-dev"

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// env is what every command shares.
type env struct {
	out, err io.Writer
	assets   fs.FS
	log      *slog.Logger

	db      string
	keyFile string
	account string
	json    bool

	fidoDevices []string
}

// Main runs one command line and returns its exit code. The window must be
// opened from the goroutine that calls it.
func Main(args []string, assets fs.FS) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dist, err := fs.Sub(assets, "frontend/dist")
	if err != nil {
		fmt.Fprintln(os.Stderr, "gatehouse:", err)
		return exitFailed
	}
	e := &env{
		out: os.Stdout, err: os.Stderr, assets: dist,
		log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	return e.run(ctx, args)
}

func (e *env) run(ctx context.Context, args []string) int {
	root := e.root()
	root.SetArgs(args)
	root.SetOut(e.out)
	root.SetErr(e.err)
	if err := root.ExecuteContext(ctx); err != nil {
		return e.explain(err)
	}
	return exitDone
}

// errUsage marks an error of the command line itself.
type errUsage struct{ error }

// explain prints an error with what to do about it and gives the exit code.
func (e *env) explain(err error) int {
	var usage errUsage
	var p *problem.Problem
	var damage *auditlog.Damage
	var key *keyTrouble
	switch {
	case errors.As(err, &usage):
		fmt.Fprintf(e.err, "gatehouse: %v\nhint: gatehouse help lists the commands\n", err)
		return exitUsage
	case errors.As(err, &key):
		fmt.Fprintf(e.err, "gatehouse: %s\n", key.advice)
		return key.exit
	case errors.As(err, &damage):
		if !e.json {
			fmt.Fprintf(e.err, "gatehouse: %v\n", damage)
		}
		return damage.ExitCode()
	case errors.As(err, &p):
		if e.json {
			err := e.printJSON(map[string]any{"code": p.Code, "detail": p.Detail, "violations": p.Violations})
			if err != nil {
				fmt.Fprintf(e.err, "gatehouse: print the answer: %v\n", err)
			}
		}
		fmt.Fprintf(e.err, "gatehouse: %s\n", p.Detail)
		for _, v := range p.Violations {
			fmt.Fprintf(e.err, "  --%s: %s\n", flagName(v.Field), v.Message)
		}
		if p.Code == problem.Internal {
			fmt.Fprintf(e.err, "cause: %v\n", p.Unwrap())
		}
	default:
		fmt.Fprintf(e.err, "gatehouse: %v\n", err)
	}
	return exitFailed
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (e *env) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "The access desk of a domain registrar",
		Long: "Gatehouse is the access desk of a domain registrar: who may sign in, what each\n" +
			"person may do, which programs hold an API key, and how everyone proves who they are.\n\n" +
			"Without a command it opens the Desk, a window on this computer.",
		Args:          usageArgs(cobra.NoArgs),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          e.desk,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return errUsage{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages ", fmt.Sprintf("FlagUsagesWrapped %d ", helpWidth)))
	// Not as defaults of the flags: help shows those, and an address may hold a
	// password.
	root.PersistentPreRun = func(*cobra.Command, []string) {
		if len(e.fidoDevices) == 0 {
			e.fidoDevices = slices.DeleteFunc(filepath.SplitList(fromEnv("GATEHOUSE_FIDO_DEVICE")), func(p string) bool { return p == "" })
		}
		e.db, e.keyFile = cmp.Or(e.db, fromEnv("GATEHOUSE_DB")), cmp.Or(e.keyFile, fromEnv("GATEHOUSE_KEY_FILE"))
	}
	flags := root.PersistentFlags()
	flags.StringVar(&e.db, "db", "", "database, sqlite:PATH (GATEHOUSE_DB)")
	flags.StringVar(&e.keyFile, "key-file", "", "file with the key of the database; else the system's keychain (GATEHOUSE_KEY_FILE)")
	flags.BoolVar(&e.json, "json", false, "print the answer as JSON")
	e.fidoFlag(root.Flags())
	root.AddCommand(e.serveCommand(), e.setupCommand(), e.demoCommand(), e.auditCommand(), e.doctorCommand(), e.securityKeyCommand(), e.versionCommand())
	root.AddCommand(e.nounCommands()...)
	return root
}

func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return errUsage{err}
		}
		return nil
	}
}

// group is a command that only has others below it: alone, or with a word that
// is none of them, it is wrong usage.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		var known []string
		for _, sub := range c.Commands() {
			known = append(known, sub.Name())
		}
		what := "needs a command"
		if len(args) > 0 {
			what = fmt.Sprintf("knows no %q", args[0])
		}
		return errUsage{fmt.Errorf("%s %s; it takes one of: %s", c.CommandPath(), what, strings.Join(known, ", "))}
	}
	return c
}

func fromEnv(name string) string { return strings.TrimSpace(os.Getenv(name)) }

func (e *env) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if e.json {
				return e.printJSON(map[string]string{"version": Version, "build": buildKind()})
			}
			_, err := fmt.Fprintf(e.out, "gatehouse %s (%s)\n", Version, buildKind())
			return err
		},
	}
}
