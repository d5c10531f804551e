package app

import "gatehouse/internal/ops"

// Templates binds the texts of messages.
type Templates struct{ h *holder }

// List is templates.list.
func (t *Templates) List(in ops.TemplateList) (ops.Page[ops.Template], error) {
	return call(t.h, t.h.ops.Templates.List, in)
}

// Show is templates.show.
func (t *Templates) Show(in ops.TemplateID) (ops.Template, error) {
	return call(t.h, t.h.ops.Templates.Show, in)
}

// Update is templates.update.
func (t *Templates) Update(in ops.TemplateInput) (ops.Template, error) {
	return call(t.h, t.h.ops.Templates.Update, in)
}

// Preview is templates.preview.
func (t *Templates) Preview(in ops.TemplateInput) (ops.Preview, error) {
	return call(t.h, t.h.ops.Templates.Preview, in)
}

// Reset is templates.reset.
func (t *Templates) Reset(in ops.TemplateID) (ops.Template, error) {
	return call(t.h, t.h.ops.Templates.Reset, in)
}
