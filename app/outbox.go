package app

import "gatehouse/internal/ops"

// Outbox binds what was sent, and what waits to be.
type Outbox struct{ h *holder }

// List is outbox.list.
func (o *Outbox) List(in ops.OutboxList) (ops.Page[ops.Message], error) {
	return call(o.h, o.h.ops.Outbox.List, in)
}

// Retry is outbox.retry.
func (o *Outbox) Retry(in ops.MessageID) (ops.Message, error) {
	return call(o.h, o.h.ops.Outbox.Retry, in)
}

// Cancel is outbox.cancel.
func (o *Outbox) Cancel(in ops.MessageID) (ops.Message, error) {
	return call(o.h, o.h.ops.Outbox.Cancel, in)
}
