package app

import "gatehouse/internal/ops"

// Profile binds one's own details.
type Profile struct{ h *holder }

// Show is profile.show.
func (p *Profile) Show(in ops.None) (ops.Profile, error) { return call(p.h, p.h.ops.Profile.Show, in) }
