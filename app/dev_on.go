//go:build dev

package app

import "net/http"

// secure leaves the page as it is in "wails dev": Vite's server brings scripts
// into it that the policy forbids.
func secure(next http.Handler) http.Handler { return next }
