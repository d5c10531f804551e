//go:build bindings

package main

// The wails tool builds and runs the program with this tag to have it write
// wrappers for the bound methods. The page's client comes from the table of
// operations instead (make generate), so there is nothing to write, and nothing
// of an installation to open.
func main() {}
