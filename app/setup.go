package app

import "gatehouse/internal/ops"

// Setup binds the first sitting: the operator account and its admin user.
type Setup struct{ h *holder }

// Begin is setup.begin.
func (s *Setup) Begin(in ops.SetupInput) (ops.EnrolmentBegun, error) {
	return call(s.h, s.h.ops.Setup.Begin, in)
}

// Finish is setup.finish.
func (s *Setup) Finish(in ops.ConfirmInput) (ops.SignIn, error) {
	return call(s.h, s.h.ops.Setup.Finish, in)
}
