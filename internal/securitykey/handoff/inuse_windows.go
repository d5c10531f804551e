package handoff

import (
	"errors"
	"syscall"
)

// wsaInUse is what Windows calls EADDRINUSE, and wsaDenied what it says when
// another program has the port for itself.
const (
	wsaInUse  syscall.Errno = 10048
	wsaDenied syscall.Errno = 10013
)

// inUse tells a port that is taken from an address that is not there.
func inUse(err error) bool { return errors.Is(err, wsaInUse) || errors.Is(err, wsaDenied) }
