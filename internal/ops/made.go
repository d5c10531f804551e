package ops

// What creates something answers with it, and says by which id it is found.

// MadeID implements op.Made.
func (a Added) MadeID() string { return string(a.User.ID) }

// MadeID implements op.Made.
func (u User) MadeID() string { return string(u.ID) }

// MadeID implements op.Made.
func (r Role) MadeID() string { return string(r.ID) }

// MadeID implements op.Made.
func (o Opened) MadeID() string { return string(o.Account.ID) }
