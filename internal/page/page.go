// Package page is the single-page app as a browser or webview gets it: which
// headers its files carry and what it may load. It knows nothing of operations
// or sessions.
package page

import (
	"maps"
	"net/http"
)

// Place is where the page runs. It decides what the page may connect to.
type Place int

const (
	// Window is the Desk: the page calls bound methods and connects to nothing.
	Window Place = iota
	// Browser is the Gate: the page talks to the REST API it came from.
	Browser
)

// The page may load its own files and nothing else, may not be framed, may not
// send a form anywhere, and may turn text into script or markup only by the
// policy of the framework it is built with.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"

// Policy is the Content-Security-Policy (CSP Level 3) of a place.
func (p Place) Policy() string {
	if p == Browser {
		return policy + "; connect-src 'self'"
	}
	return policy
}

// Secure sets the headers that every answer with a file of the page carries.
func Secure(place Place) func(http.Handler) http.Handler {
	// The same values for every answer: nobody changes them in place.
	all := http.Header{
		"Content-Security-Policy":      {place.Policy()},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Permissions-Policy":           {"camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=(), display-capture=()"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			maps.Copy(w.Header(), all)
			next.ServeHTTP(w, r)
		})
	}
}

// Missing answers for files that are not there, in plain words and without
// repeating what was asked for.
func Missing() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("There is no such file.\n"))
	})
}
