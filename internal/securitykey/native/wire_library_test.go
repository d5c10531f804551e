//go:build cgo && (desktop || dev) && linux && libfido2hid

package native_test

// throughLibrary is true where libfido2 opens the device itself, as on macOS.
// Run on Linux: go test -tags desktop,production,webkit2_41,libfido2hid
const throughLibrary = true
