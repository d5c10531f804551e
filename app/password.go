package app

import "gatehouse/internal/ops"

// Password binds what whoever forgot it can do.
type Password struct{ h *holder }

// Forgot is password.forgot.
func (p *Password) Forgot(in ops.ForgotInput) (ops.None, error) {
	return call(p.h, p.h.ops.Password.Forgot, in)
}
