package app

import "gatehouse/internal/ops"

// Upstreams binds the account's credential for the registrar's API behind the
// gateway.
type Upstreams struct{ h *holder }

// Show is upstreams.show.
func (u *Upstreams) Show(in ops.None) (ops.Upstream, error) {
	return call(u.h, u.h.ops.Upstreams.Show, in)
}

// Set is upstreams.set.
func (u *Upstreams) Set(in ops.SetUpstreamInput) (ops.Upstream, error) {
	return call(u.h, u.h.ops.Upstreams.Set, in)
}

// Remove is upstreams.remove.
func (u *Upstreams) Remove(in ops.None) (ops.Upstream, error) {
	return call(u.h, u.h.ops.Upstreams.Remove, in)
}

// Try is upstreams.try.
func (u *Upstreams) Try(in ops.None) (ops.UpstreamTried, error) {
	return call(u.h, u.h.ops.Upstreams.Try, in)
}
