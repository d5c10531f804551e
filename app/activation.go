package app

import "gatehouse/internal/ops"

// Activation binds choosing a password with a link or code.
type Activation struct{ h *holder }

// Check is activation.check.
func (a *Activation) Check(in ops.ActivationInput) (ops.Activation, error) {
	return call(a.h, a.h.ops.Activation.Check, in)
}

// Complete is activation.complete.
func (a *Activation) Complete(in ops.CompleteInput) (ops.Activated, error) {
	return call(a.h, a.h.ops.Activation.Complete, in)
}

// Resend is activation.resend.
func (a *Activation) Resend(in ops.ActivationInput) (ops.None, error) {
	return call(a.h, a.h.ops.Activation.Resend, in)
}
