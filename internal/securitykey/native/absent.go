//go:build !cgo || !(desktop || dev) || !(linux || darwin)

package native

import "context"

// present says whether this build can speak to keys.
const present = false

func devices() ([]Device, error) { return nil, &Error{Code: NotInBuild} }

func mayOpen(string) bool { return false }

func open(context.Context, Device, Person) (authenticator, error) {
	return nil, &Error{Code: NotInBuild}
}
