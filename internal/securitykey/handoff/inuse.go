//go:build !windows

package handoff

import (
	"errors"
	"syscall"
)

// inUse tells a port that is taken from an address that is not there.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
