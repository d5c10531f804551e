//go:build dev || (desktop && (!linux || devtools))

package app

// noInspector does nothing: other systems have no such way in, and a build with
// the tag "devtools" is there to be looked into.
func noInspector() {}
