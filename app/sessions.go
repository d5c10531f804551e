package app

import "gatehouse/internal/ops"

// Sessions binds who is signed in to the account.
type Sessions struct{ h *holder }

// List is sessions.list.
func (s *Sessions) List(in ops.SessionList) (ops.Page[ops.OpenSession], error) {
	return call(s.h, s.h.ops.Sessions.List, in)
}

// End is sessions.end.
func (s *Sessions) End(in ops.SessionID) (ops.None, error) {
	return call(s.h, s.h.ops.Sessions.End, in)
}

// EndAll is sessions.endAll.
func (s *Sessions) EndAll(in ops.UserID) (ops.Ended, error) {
	return call(s.h, s.h.ops.Sessions.EndAll, in)
}
