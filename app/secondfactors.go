package app

import "gatehouse/internal/ops"

// SecondFactors binds one's own second factors.
type SecondFactors struct{ h *holder }

// BeginApp is secondFactors.beginApp.
func (s *SecondFactors) BeginApp(in ops.None) (ops.EnrolmentBegun, error) {
	return call(s.h, s.h.ops.SecondFactors.BeginApp, in)
}

// ConfirmApp is secondFactors.confirmApp.
func (s *SecondFactors) ConfirmApp(in ops.ConfirmInput) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.ConfirmApp, in)
}
