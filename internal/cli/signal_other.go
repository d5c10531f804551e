//go:build !unix

package cli

import "os"

// hangups do not exist here: files are read again when they change.
func hangups() (signals <-chan os.Signal, stop func()) { return nil, func() {} }
