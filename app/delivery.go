package app

import "gatehouse/internal/ops"

// Delivery binds how the installation sends mail and SMS.
type Delivery struct{ h *holder }

// Show is delivery.show.
func (d *Delivery) Show(in ops.None) (ops.Delivery, error) {
	return call(d.h, d.h.ops.Delivery.Show, in)
}

// UpdateMail is delivery.updateMail.
func (d *Delivery) UpdateMail(in ops.UpdateMailInput) (ops.Delivery, error) {
	return call(d.h, d.h.ops.Delivery.UpdateMail, in)
}

// UpdateSms is delivery.updateSms.
func (d *Delivery) UpdateSms(in ops.UpdateSMSInput) (ops.Delivery, error) {
	return call(d.h, d.h.ops.Delivery.UpdateSMS, in)
}

// TestMail is delivery.testMail.
func (d *Delivery) TestMail(in ops.TestInput) (ops.TestResult, error) {
	return call(d.h, d.h.ops.Delivery.TestMail, in)
}

// TestSms is delivery.testSms.
func (d *Delivery) TestSms(in ops.TestInput) (ops.TestResult, error) {
	return call(d.h, d.h.ops.Delivery.TestSMS, in)
}
