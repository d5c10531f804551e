package app

import "gatehouse/internal/ops"

// Help binds what people can do who cannot get in, and those who help them.
type Help struct{ h *holder }

// Ask is help.ask.
func (h *Help) Ask(in ops.HelpInput) (ops.HelpAsked, error) {
	return call(h.h, h.h.ops.Help.Ask, in)
}

// AskByLogin is help.askByLogin.
func (h *Help) AskByLogin(in ops.HelpByLoginInput) (ops.None, error) {
	return call(h.h, h.h.ops.Help.AskByLogin, in)
}

// List is help.list.
func (h *Help) List(in ops.HelpList) (ops.Page[ops.HelpRequest], error) {
	return call(h.h, h.h.ops.Help.List, in)
}

// Decline is help.decline.
func (h *Help) Decline(in ops.HelpReason) (ops.HelpRequest, error) {
	return call(h.h, h.h.ops.Help.Decline, in)
}
