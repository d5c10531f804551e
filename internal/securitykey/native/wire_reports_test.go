//go:build cgo && (desktop || dev) && linux && !libfido2hid

package native_test

// throughLibrary is true where libfido2 opens the device itself, as on macOS.
const throughLibrary = false
