package app

import "gatehouse/internal/ops"

// Activity binds the activity log of the account.
type Activity struct{ h *holder }

// List is activity.list.
func (a *Activity) List(in ops.ActivityList) (ops.Page[ops.Record], error) {
	return call(a.h, a.h.ops.Activity.List, in)
}
