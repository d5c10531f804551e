package app

import "gatehouse/internal/ops"

// Settings binds what holds for the whole installation.
type Settings struct{ h *holder }

// Show is settings.show.
func (s *Settings) Show(in ops.None) (ops.Settings, error) {
	return call(s.h, s.h.ops.Settings.Show, in)
}

// Update is settings.update.
func (s *Settings) Update(in ops.UpdateSettingsInput) (ops.Settings, error) {
	return call(s.h, s.h.ops.Settings.Update, in)
}
