//go:build cgo && (desktop || dev)

package native

// mayOpen is answered by the opening itself: macOS has no device files.
func mayOpen(string) bool { return true }

// barred finds none: macOS lists what may not be opened.
func barred(string, string) []Device { return nil }
