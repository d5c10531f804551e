//go:build unix && !darwin

package vault

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// keychainReachable reports whether there is a session bus. Without one, the
// D-Bus library would start one of its own, with nobody on it and nobody to end
// it.
func keychainReachable() error {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	dir := filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: there is no D-Bus session", ErrUnavailable)
}
