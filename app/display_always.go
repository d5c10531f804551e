//go:build windows || darwin

package app

// DisplayAvailable is always true: these systems have no start without one.
func DisplayAvailable() bool { return true }
