// Package app is the Desk: a window of the operating system, drawn by its own
// webview, around the single-page app that is embedded in the binary.
//
// It knows how to open a window, what the page in it may do, and which Go
// methods the page may call. It has no rules of its own: a bound method hands
// its one argument to an operation and gives back the answer, and whoever calls
// is judged by the operation. The package opens no network listener, but for the
// two minutes in which a browser asks a security key in place of the window.
//
// There are two builds. With the tag "desktop" (or "dev", which is what the
// wails tool sets) the window is there, and on Linux the binary needs the
// system's WebKitGTK; without it [Run] says [ErrNoWindow], and the binary needs
// no system library at all.
package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
)

// ErrNoWindow is what [Run] returns in a build without a window.
var ErrNoWindow = errors.New("this build has no window")

// ErrNoDisplay is what [Run] returns when there is nothing to draw a window on.
var ErrNoDisplay = errors.New("there is no display to open a window on")

// Size of the window in CSS pixels. Every screen is designed down to the
// smallest size, so the window does not get smaller than that.
const (
	startWidth, startHeight = 1280, 800
	minWidth, minHeight     = 1024, 640
)

// Config says what the window shows and what its page may call.
type Config struct {
	// Title stands in the title bar.
	Title string
	// Assets are the files of the single-page app, index.html at the root.
	Assets fs.FS
	// Bind are pointers to structs, one for each noun. Every exported method of
	// theirs can be called by the page, as window.go.app.<Noun>.<Method>, before
	// anybody has signed in: each must be safe to call by a stranger.
	// The window adds [Desk] and [SecurityKeys] by itself.
	Bind []any
	// Problem turns an error of a bound method into the value that the page
	// gets, as a JSON string. Nil stands for a problem "internal" that tells
	// nothing. What it returns must not hold anything the caller may not know.
	Problem func(error) any
	// Icon is a PNG for the window and the task bar.
	Icon []byte
	// Log receives what the window has to say. Arguments and answers of bound
	// methods never get there. Nil stands for silence.
	Log *slog.Logger
	// Instance names what only one window may be open on: see [InstanceOf].
	// A second start with the same name brings the first window to the front
	// and ends the process. Empty means any number of windows.
	Instance string
	// KeyDevices are paths of security keys. If there are any, no others are
	// looked for.
	KeyDevices []string
	// OnReady runs once, beside the window, when the page is there: a second start
	// with the same Instance never comes as far.
	OnReady func()
	// OnClose runs once after the window is gone, before Run returns.
	OnClose func()
}

func (c Config) logger() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

// InstanceOf gives the name for [Config.Instance] that belongs to one database.
// It is a digest, since other programs of the person can read it (on Linux on
// the session bus) and a path says who somebody's customers are.
func InstanceOf(database string) string {
	sum := sha256.Sum256([]byte("gatehouse window\x00" + database))
	return "gatehouse" + hex.EncodeToString(sum[:12])
}

// Run opens the window and returns when it is closed or ctx ends. It must be
// called from the main goroutine, at most once in a process.
//
// It returns [ErrNoWindow] in a build without a window and [ErrNoDisplay] where
// there is no display; both before anything else has happened.
func Run(ctx context.Context, config Config) error {
	return run(ctx, config)
}
