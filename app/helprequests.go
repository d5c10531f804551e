package app

import "gatehouse/internal/ops"

// HelpRequests binds what people can do who cannot get in, and those who help them.
type HelpRequests struct{ h *holder }

// Ask is helpRequests.ask.
func (h *HelpRequests) Ask(in ops.HelpInput) (ops.HelpAsked, error) {
	return call(h.h, h.h.ops.HelpRequests.Ask, in)
}

// AskByLogin is helpRequests.askByLogin.
func (h *HelpRequests) AskByLogin(in ops.HelpByLoginInput) (ops.None, error) {
	return call(h.h, h.h.ops.HelpRequests.AskByLogin, in)
}

// List is helpRequests.list.
func (h *HelpRequests) List(in ops.HelpList) (ops.Page[ops.HelpRequest], error) {
	return call(h.h, h.h.ops.HelpRequests.List, in)
}

// Decline is helpRequests.decline.
func (h *HelpRequests) Decline(in ops.HelpReason) (ops.HelpRequest, error) {
	return call(h.h, h.h.ops.HelpRequests.Decline, in)
}
