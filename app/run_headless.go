//go:build !desktop && !dev

package app

import "context"

// HasWindow tells whether this build can open a window.
const HasWindow = false

func run(context.Context, Config) error { return ErrNoWindow }
