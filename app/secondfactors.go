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

// BeginKey is secondFactors.beginKey.
func (s *SecondFactors) BeginKey(in ops.BeginKeyInput) (ops.KeyBegun, error) {
	return call(s.h, s.h.ops.SecondFactors.BeginKey, in)
}

// AskKey is secondFactors.askKey.
func (s *SecondFactors) AskKey(in ops.AskKeyInput) (ops.KeyOptions, error) {
	return call(s.h, s.h.ops.SecondFactors.AskKey, in)
}

// ConfirmKey is secondFactors.confirmKey.
func (s *SecondFactors) ConfirmKey(in ops.ConfirmKeyInput) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.ConfirmKey, in)
}

// RenameKey is secondFactors.renameKey.
func (s *SecondFactors) RenameKey(in ops.RenameKeyInput) (ops.SecurityKey, error) {
	return call(s.h, s.h.ops.SecondFactors.RenameKey, in)
}

// RemoveKey is secondFactors.removeKey.
func (s *SecondFactors) RemoveKey(in ops.SecurityKeyID) (ops.Renewed, error) {
	return call(s.h, s.h.ops.SecondFactors.RemoveKey, in)
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
