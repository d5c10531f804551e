//go:build desktop && !dev

package app

import (
	"net/http"

	"gatehouse/internal/page"
)

// secure gives every file of the page the headers it has in the window.
func secure(next http.Handler) http.Handler { return page.Secure(page.Window)(next) }
