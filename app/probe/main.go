// Command probe is a window around a page of its own. The end-to-end tests
// drive it to prove what package app promises about every window (headers, log,
// file and link dialogs, bound methods) without the product behind it, and it
// is the smallest example of how to use the package.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"gatehouse/app"
)

//go:embed page
var files embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	page, err := fs.Sub(files, "page")
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
	err = app.Run(ctx, app.Config{
		Title:    "Gatehouse probe",
		Assets:   page,
		Bind:     []any{&Probe{}},
		Problem:  func(err error) any { return map[string]string{"code": "probe_failed", "detail": err.Error()} },
		Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Instance: os.Getenv("PROBE_INSTANCE"),
		OnClose:  func() { fmt.Fprintln(os.Stderr, "probe: closed") },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// Probe is bound to the page.
type Probe struct{}

// Greeting is what the page sends and gets.
type Greeting struct {
	Name string `json:"name"`
}

// Greet answers with a sentence.
func (*Probe) Greet(in Greeting) (Greeting, error) {
	if in.Name == "" {
		return Greeting{}, errors.New("say who you are")
	}
	return Greeting{Name: "Good morning, " + in.Name}, nil
}
