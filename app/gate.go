package app

import "gatehouse/internal/ops"

// Gate binds the doors of this process for programs.
type Gate struct{ h *holder }

// Show is gate.show.
func (g *Gate) Show(in ops.None) (ops.Gate, error) { return call(g.h, g.h.ops.Gate.Show, in) }

// Update is gate.update.
func (g *Gate) Update(in ops.UpdateGateInput) (ops.Gate, error) {
	return call(g.h, g.h.ops.Gate.Update, in)
}

// Open is gate.open.
func (g *Gate) Open(in ops.None) (ops.Gate, error) { return call(g.h, g.h.ops.Gate.Open, in) }

// Close is gate.close.
func (g *Gate) Close(in ops.None) (ops.Gate, error) { return call(g.h, g.h.ops.Gate.Close, in) }
