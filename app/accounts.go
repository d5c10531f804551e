package app

import "gatehouse/internal/ops"

// Accounts binds the operator's accounts.
type Accounts struct{ h *holder }

// List is accounts.list.
func (a *Accounts) List(in ops.AccountList) (ops.Page[ops.AccountRow], error) {
	return call(a.h, a.h.ops.Accounts.List, in)
}

// Coverage is accounts.coverage.
func (a *Accounts) Coverage(in ops.AccountList) (ops.Page[ops.AccountCoverage], error) {
	return call(a.h, a.h.ops.Accounts.Coverage, in)
}

// Show is accounts.show.
func (a *Accounts) Show(in ops.AccountID) (ops.CustomerDetail, error) {
	return call(a.h, a.h.ops.Accounts.Show, in)
}

// Open is accounts.open.
func (a *Accounts) Open(in ops.OpenAccountInput) (ops.Opened, error) {
	return call(a.h, a.h.ops.Accounts.Open, in)
}

// Update is accounts.update.
func (a *Accounts) Update(in ops.UpdateCustomerInput) (ops.CustomerDetail, error) {
	return call(a.h, a.h.ops.Accounts.Update, in)
}

// Suspend is accounts.suspend.
func (a *Accounts) Suspend(in ops.AccountReason) (ops.CustomerDetail, error) {
	return call(a.h, a.h.ops.Accounts.Suspend, in)
}

// Reopen is accounts.reopen.
func (a *Accounts) Reopen(in ops.AccountID) (ops.CustomerDetail, error) {
	return call(a.h, a.h.ops.Accounts.Reopen, in)
}

// Close is accounts.close.
func (a *Accounts) Close(in ops.AccountReason) (ops.CustomerDetail, error) {
	return call(a.h, a.h.ops.Accounts.Close, in)
}

// HandOverAdmin is accounts.handOverAdmin.
func (a *Accounts) HandOverAdmin(in ops.HandOverInput) (ops.Opened, error) {
	return call(a.h, a.h.ops.Accounts.HandOverAdmin, in)
}

// ReissueAdmin is accounts.reissueAdmin.
func (a *Accounts) ReissueAdmin(in ops.ReissueAdminInput) (ops.Opened, error) {
	return call(a.h, a.h.ops.Accounts.ReissueAdmin, in)
}

// ListHelp is accounts.listHelp.
func (a *Accounts) ListHelp(in ops.AdminHelpList) (ops.Page[ops.HelpRequest], error) {
	return call(a.h, a.h.ops.AdminHelp.List, in)
}

// ShowHelp is accounts.showHelp.
func (a *Accounts) ShowHelp(in ops.AccountID) (ops.AdminHelp, error) {
	return call(a.h, a.h.ops.AdminHelp.Show, in)
}

// RecordHelp is accounts.recordHelp.
func (a *Accounts) RecordHelp(in ops.RecordHelpInput) (ops.AdminHelp, error) {
	return call(a.h, a.h.ops.AdminHelp.Record, in)
}

// SendHelpCode is accounts.sendHelpCode.
func (a *Accounts) SendHelpCode(in ops.AccountID) (ops.AdminHelp, error) {
	return call(a.h, a.h.ops.AdminHelp.Send, in)
}

// CheckHelpCode is accounts.checkHelpCode.
func (a *Accounts) CheckHelpCode(in ops.CallerCodeInput) (ops.AdminHelp, error) {
	return call(a.h, a.h.ops.AdminHelp.Check, in)
}

// ResetAdminFactors is accounts.resetAdminFactors.
func (a *Accounts) ResetAdminFactors(in ops.AccountReason) (ops.AdminHelp, error) {
	return call(a.h, a.h.ops.AdminHelp.Reset, in)
}

// DeclineHelp is accounts.declineHelp.
func (a *Accounts) DeclineHelp(in ops.AccountReason) (ops.AdminHelp, error) {
	return call(a.h, a.h.ops.AdminHelp.Decline, in)
}
