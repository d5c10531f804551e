//go:build !linux

package handoff

import "net"

// ownOnly is any connection where the kernel does not say whose it is: the
// token keeps others out.
type ownOnly struct{ net.Listener }
