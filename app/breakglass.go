package app

import "gatehouse/internal/ops"

// BreakGlass binds the break-glass codes of one's account.
type BreakGlass struct{ h *holder }

// Show is breakGlass.show.
func (b *BreakGlass) Show(in ops.None) (ops.BreakGlass, error) {
	return call(b.h, b.h.ops.BreakGlass.Show, in)
}

// Begin is breakGlass.begin.
func (b *BreakGlass) Begin(in ops.BeginBreakGlassInput) (ops.BreakGlassBegun, error) {
	return call(b.h, b.h.ops.BreakGlass.Begin, in)
}

// Confirm is breakGlass.confirm.
func (b *BreakGlass) Confirm(in ops.CeremonyInput) (ops.BreakGlass, error) {
	return call(b.h, b.h.ops.BreakGlass.Confirm, in)
}

// SwitchOff is breakGlass.switchOff.
func (b *BreakGlass) SwitchOff(in ops.None) (ops.BreakGlass, error) {
	return call(b.h, b.h.ops.BreakGlass.SwitchOff, in)
}
