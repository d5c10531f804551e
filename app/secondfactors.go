package app

import "gatehouse/internal/ops"

// SecondFactors binds one's own second factors.
type SecondFactors struct{ h *holder }

// BeginApp is secondFactors.beginApp.
func (s *SecondFactors) BeginApp(in ops.BeginAppInput) (ops.EnrolmentBegun, error) {
	return call(s.h, s.h.ops.SecondFactors.BeginApp, in)
}

// ConfirmApp is secondFactors.confirmApp.
func (s *SecondFactors) ConfirmApp(in ops.ConfirmInput) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.ConfirmApp, in)
}

// RemoveApp is secondFactors.removeApp.
func (s *SecondFactors) RemoveApp(in ops.AppID) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.RemoveApp, in)
}

// Disable is secondFactors.disable.
func (s *SecondFactors) Disable(in ops.None) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.Disable, in)
}

// BeginCodes is secondFactors.beginCodes.
func (s *SecondFactors) BeginCodes(in ops.None) (ops.CodesBegun, error) {
	return call(s.h, s.h.ops.SecondFactors.BeginCodes, in)
}

// ConfirmCodes is secondFactors.confirmCodes.
func (s *SecondFactors) ConfirmCodes(in ops.CeremonyInput) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.ConfirmCodes, in)
}
