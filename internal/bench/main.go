// Command bench measures what Gatehouse promises to be fast at, and prints a
// table with the bars beside it. Times on a shared machine mean little, so
// wherever there is a bar it is on a ratio of two things measured in turn, in
// one run. A missed bar is said clearly and is not an error: no build should
// fail because a neighbour was busy.
//
//	go run ./internal/bench
//	go run ./internal/bench -only lists,search -large 100000
//
// The databases it measures on are made once and kept under .cache/bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options of a run.
type options struct {
	cache        string
	small, large int
	connections  int
	rounds       int
	round        time.Duration
}

// subject is one thing to measure.
type subject struct {
	name, about string
	measure     func(*run, context.Context) error
}

func subjects() []subject {
	return []subject{
		{"program", "size, start and memory of the build without a window", (*run).program},
		{"writers", "acknowledged writes, 1 writer against 32", (*run).writers},
		{"profile", "GET /api/v1/profile over a session against a bare handler", (*run).profile},
		{"keys", "calls with API keys against a bare handler", (*run).keys},
		{"gateway", "a GET through the API gateway against a bare reverse proxy", (*run).gateway},
		{"isproxy", "the ISProxy door against a bare line server, and its memory", (*run).isproxy},
		{"lists", "first page of users, small database against large", (*run).lists},
		{"search", "search among users, small database against large", (*run).search},
		{"page", "the users screen of 100,000 in Chromium", (*run).page},
	}
}

// run is one run of the command.
type run struct {
	options
	table  table
	binary string // built when first needed
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == bareCommand {
		exit(serveBare(os.Stdin, os.Stdout))
	}
	if len(os.Args) == 2 && os.Args[1] == bareLinesCommand {
		exit(serveBareLines(os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(bench(ctx, os.Args[1:]))
}

func exit(err error) {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, args []string) error {
	r := &run{}
	var only string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&only, "only", "", "measure these alone, with commas: "+strings.Join(names(), ", "))
	f.StringVar(&r.cache, "cache", filepath.Join(".cache", "bench"), "where databases are kept between runs")
	f.IntVar(&r.small, "small", 10_000, "users in the small database")
	f.IntVar(&r.large, "large", 1_000_000, "users in the large database")
	f.IntVar(&r.connections, "connections", 32, "connections and writers at a time")
	f.IntVar(&r.rounds, "rounds", 5, "times that two things are measured in turn")
	f.DurationVar(&r.round, "round", 2*time.Second, "how long each of them is loaded each time")
	if err := f.Parse(args); err != nil {
		return err
	}
	wanted := strings.FieldsFunc(only, func(c rune) bool { return c == ',' || c == ' ' })
	for _, w := range wanted {
		if !slices.Contains(names(), w) {
			return fmt.Errorf("-only knows no %q; there are %s", w, strings.Join(names(), ", "))
		}
	}
	if err := os.MkdirAll(r.cache, 0o700); err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	for _, s := range subjects() {
		if len(wanted) > 0 && !slices.Contains(wanted, s.name) {
			continue
		}
		say("%s: %s", s.name, s.about)
		r.table.begin(s)
		if err := s.measure(r, ctx); err != nil {
			return fmt.Errorf("measure %s: %w", s.name, err)
		}
	}
	return r.table.print(os.Stdout)
}

func names() []string {
	var all []string
	for _, s := range subjects() {
		all = append(all, s.name)
	}
	return all
}

// say tells whoever waits what is going on.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
