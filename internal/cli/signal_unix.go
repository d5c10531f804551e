//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// hangups are the signals by which administrators ask a server to read its files
// again.
func hangups() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
