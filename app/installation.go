package app

import "gatehouse/internal/ops"

// Installation binds what the page talks to.
type Installation struct{ h *holder }

// Show is installation.show.
func (i *Installation) Show(in ops.None) (ops.Installation, error) {
	return call(i.h, i.h.ops.Installation.Show, in)
}

// Protection is installation.protection.
func (i *Installation) Protection(in ops.None) (ops.Protection, error) {
	return call(i.h, i.h.ops.Installation.Protection, in)
}
