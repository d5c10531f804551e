package app

import "gatehouse/internal/ops"

// Profile binds one's own details, password and sessions.
type Profile struct{ h *holder }

// Show is profile.show.
func (p *Profile) Show(in ops.None) (ops.Profile, error) {
	return call(p.h, p.h.ops.Profile.Show, in)
}

// Update is profile.update.
func (p *Profile) Update(in ops.UpdateProfileInput) (ops.User, error) {
	return call(p.h, p.h.ops.Profile.Update, in)
}

// ChangePassword is profile.changePassword.
func (p *Profile) ChangePassword(in ops.ChangePasswordInput) (ops.Renewed, error) {
	return call(p.h, p.h.ops.Profile.ChangePassword, in)
}

// Activity is profile.activity.
func (p *Profile) Activity(in ops.OwnActivity) (ops.Page[ops.Record], error) {
	return call(p.h, p.h.ops.Profile.Activity, in)
}

// Sessions is profile.sessions.
func (p *Profile) Sessions(in ops.OwnSessions) (ops.Page[ops.OpenSession], error) {
	return call(p.h, p.h.ops.Profile.Sessions, in)
}

// EndSession is profile.endSession.
func (p *Profile) EndSession(in ops.SessionID) (ops.None, error) {
	return call(p.h, p.h.ops.Profile.EndSession, in)
}

// EndOtherSessions is profile.endOtherSessions.
func (p *Profile) EndOtherSessions(in ops.None) (ops.Ended, error) {
	return call(p.h, p.h.ops.Profile.EndOtherSessions, in)
}

// Notices is profile.notices.
func (p *Profile) Notices(in ops.NoticeList) (ops.Page[ops.Notice], error) {
	return call(p.h, p.h.ops.Profile.Notices, in)
}

// ReadNotices is profile.readNotices.
func (p *Profile) ReadNotices(in ops.ReadNoticesInput) (ops.Unread, error) {
	return call(p.h, p.h.ops.Profile.ReadNotices, in)
}
