package app

import "gatehouse/internal/ops"

// Coverage binds the report of who has which second factors.
type Coverage struct{ h *holder }

// Show is coverage.show.
func (c *Coverage) Show(in ops.None) (ops.CoverageSummary, error) {
	return call(c.h, c.h.ops.Coverage.Show, in)
}

// List is coverage.list.
func (c *Coverage) List(in ops.CoverageList) (ops.Page[ops.Coverage], error) {
	return call(c.h, c.h.ops.Coverage.List, in)
}
