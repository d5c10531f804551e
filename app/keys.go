package app

import "gatehouse/internal/ops"

// Keys binds API keys.
type Keys struct{ h *holder }

// List is keys.list.
func (k *Keys) List(in ops.KeyList) (ops.Page[ops.ListedKey], error) {
	return call(k.h, k.h.ops.Keys.List, in)
}

// Show is keys.show.
func (k *Keys) Show(in ops.KeyID) (ops.KeyDetail, error) {
	return call(k.h, k.h.ops.Keys.Show, in)
}

// Create is keys.create.
func (k *Keys) Create(in ops.CreateKeyInput) (ops.KeyMade, error) {
	return call(k.h, k.h.ops.Keys.Create, in)
}

// Update is keys.update.
func (k *Keys) Update(in ops.UpdateKeyInput) (ops.Key, error) {
	return call(k.h, k.h.ops.Keys.Update, in)
}

// Rotate is keys.rotate.
func (k *Keys) Rotate(in ops.RotateKeyInput) (ops.KeyMade, error) {
	return call(k.h, k.h.ops.Keys.Rotate, in)
}

// Cut is keys.cut.
func (k *Keys) Cut(in ops.KeyID) (ops.Key, error) {
	return call(k.h, k.h.ops.Keys.Cut, in)
}

// Delete is keys.delete.
func (k *Keys) Delete(in ops.KeyID) (ops.None, error) {
	return call(k.h, k.h.ops.Keys.Delete, in)
}

// Try is keys.try.
func (k *Keys) Try(in ops.TryKeyInput) (ops.Tried, error) {
	return call(k.h, k.h.ops.Keys.Try, in)
}
