package app

import "gatehouse/internal/ops"

// Session binds signing in and out at this window, and proving oneself again.
type Session struct{ h *holder }

// SignIn is session.signIn.
func (s *Session) SignIn(in ops.SignInInput) (ops.SignIn, error) {
	return call(s.h, s.h.ops.Session.SignIn, in)
}

// BeginKey is session.beginKey.
func (s *Session) BeginKey(in ops.AskKeyInput) (ops.KeyOptions, error) {
	return call(s.h, s.h.ops.Session.BeginKey, in)
}

// Verify is session.verify.
func (s *Session) Verify(in ops.VerifyInput) (ops.SignIn, error) {
	return call(s.h, s.h.ops.Session.Verify, in)
}

// BeginPasskey is session.beginPasskey.
func (s *Session) BeginPasskey(in ops.PortInput) (ops.KeyAsked, error) {
	return call(s.h, s.h.ops.Session.BeginPasskey, in)
}

// VerifyPasskey is session.verifyPasskey.
func (s *Session) VerifyPasskey(in ops.PasskeyInput) (ops.SignIn, error) {
	return call(s.h, s.h.ops.Session.VerifyPasskey, in)
}

// BreakGlass is session.breakGlass.
func (s *Session) BreakGlass(in ops.BreakGlassInput) (ops.SignIn, error) {
	return call(s.h, s.h.ops.Session.BreakGlass, in)
}

// Show is session.show.
func (s *Session) Show(in ops.None) (ops.SessionStatus, error) {
	return call(s.h, s.h.ops.Session.Show, in)
}

// BeginStepUp is session.beginStepUp.
func (s *Session) BeginStepUp(in ops.PortInput) (ops.KeyAsked, error) {
	return call(s.h, s.h.ops.Session.BeginStepUp, in)
}

// StepUp is session.stepUp.
func (s *Session) StepUp(in ops.StepUpInput) (ops.Renewed, error) {
	return call(s.h, s.h.ops.Session.StepUp, in)
}

// SignOut is session.signOut.
func (s *Session) SignOut(in ops.None) (ops.SignedOutAnswer, error) {
	return call(s.h, s.h.ops.Session.SignOut, in)
}
