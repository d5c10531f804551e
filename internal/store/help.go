package store

import (
	"cmp"
	"database/sql"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/user"
)

// HelpState is how a request for help stands.
//
//	open ──▶ helped    the second factors were reset
//	  │ └──▶ declined  with a reason
//	  └────▶ over      the person got in, or is gone, or nobody needed it for long
type HelpState string

// The states.
const (
	HelpOpen     HelpState = "open"
	HelpHelped   HelpState = "helped"
	HelpDeclined HelpState = "declined"
	HelpOver     HelpState = "over"
)

// HelpStates lists them all.
func HelpStates() []HelpState { return []HelpState{HelpOpen, HelpHelped, HelpDeclined, HelpOver} }

// HelpRequest is a request of somebody who cannot get in. A user has one open
// at a time.
type HelpRequest struct {
	ID        id.HelpRequest
	Account   id.Account
	User      id.User
	AdminUser bool // then the operator helps
	State     HelpState
	Shown     bool   // the password was; else anybody may have asked
	Recorded  string // by which operator, on the telephone; empty: it came from the sign-in
	What      string // happened, in the person's words
	Reach     string // how to reach the person
	Times     int    // it was asked for
	AskedAt   time.Time
	LastAt    time.Time
	Face      string
	Address   string
	Program   string
	ClosedAt  time.Time // zero while it is open
	ClosedBy  string
	Reason    string

	// Of the user and the account, as they are now.
	UserName      string
	Login         user.Login
	AccountName   string
	AccountHandle account.Handle
}

// CallerProof is a code that went to somebody's registered number, and what
// became of it.
type CallerProof struct {
	Operator  string // who had it sent, and alone may type it
	Digest    string // empty: it was used, or guessed at too often
	Number    string // it went to
	SentAt    time.Time
	ExpiresAt time.Time // of the code; when it was right, of the proof
	Tries     int       // wrong ones
	ProvenAt  time.Time // zero: not yet
}

const (
	helpColumns = `h.id, h.account_id, h.user_id, h.admin_user, h.state, h.password_shown, h.recorded_by, h.what, h.reach, h.times, h.asked_at, h.last_asked_at,
		h.face, h.address, h.program, h.closed_at, h.closed_by, h.reason, u.name, u.login, a.name, a.handle`
	helpTables = `help_requests h JOIN users u ON u.id = h.user_id JOIN accounts a ON a.id = h.account_id`

	insertHelp = `INSERT INTO help_requests (id, account_id, user_id, admin_user, state, password_shown, recorded_by, what, reach, times, asked_at, last_asked_at, face, address, program)
		VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, 1, $9, $9, $10, $11, $12)`
	askAgain = `UPDATE help_requests SET times = times + 1, last_asked_at = $2 WHERE user_id = $1 AND state = 'open'`
	reword   = `UPDATE help_requests SET password_shown = $3, what = $4, reach = $5, times = times + 1, last_asked_at = $2, face = $6, address = $7, program = $8
		WHERE user_id = $1 AND state = 'open'`
	selectHelp   = `SELECT ` + helpColumns + ` FROM ` + helpTables + ` WHERE h.account_id = $1 AND h.id = $2`
	openHelp     = `SELECT ` + helpColumns + ` FROM ` + helpTables + ` WHERE h.user_id = $1 AND h.state = 'open'`
	closeHelp    = `UPDATE help_requests SET state = $2, closed_at = $3, closed_by = $4, reason = $5 WHERE user_id = $1 AND state = 'open'`
	dropProofs   = `DELETE FROM caller_proofs WHERE request_id IN (SELECT h.id FROM help_requests h WHERE h.user_id = $1)`
	deleteHelpOf = `DELETE FROM help_requests WHERE user_id = $1`
	expireHelp   = `UPDATE help_requests SET state = 'over', closed_at = $2 WHERE state = 'open' AND last_asked_at < $1`
	deleteProofs = `DELETE FROM caller_proofs WHERE expires_at < $1`
	deleteHelp   = `DELETE FROM help_requests WHERE closed_at < $1 AND id NOT IN (SELECT p.request_id FROM caller_proofs p)`

	proofColumns = `operator, digest, number, sent_at, expires_at, tries, proven_at`
	selectProof  = `SELECT ` + proofColumns + ` FROM caller_proofs WHERE request_id = (SELECT h.id FROM help_requests h WHERE h.user_id = $1 AND h.state = 'open')`
	upsertProof  = `INSERT INTO caller_proofs (request_id, ` + proofColumns + `)
		SELECT h.id, $2, $3, $4, $5, $6, $7, $8 FROM help_requests h WHERE h.user_id = $1 AND h.state = 'open'
		ON CONFLICT (request_id) DO UPDATE SET operator = excluded.operator, digest = excluded.digest, number = excluded.number,
			sent_at = excluded.sent_at, expires_at = excluded.expires_at, tries = excluded.tries, proven_at = excluded.proven_at`

	mobileChanged = `SELECT coalesce(u.mobile_changed_at, 0), coalesce(a.mobile_changed_at, 0) FROM users u JOIN accounts a ON a.id = u.account_id WHERE u.id = $1`
)

func scanHelp(s scan, more ...any) (h HelpRequest, err error) {
	var asked, last int64
	var closed sql.NullInt64
	err = s(append([]any{
		&h.ID, &h.Account, &h.User, &h.AdminUser, &h.State, &h.Shown, &h.Recorded, &h.What, &h.Reach, &h.Times, &asked, &last,
		&h.Face, &h.Address, &h.Program, &closed, &h.ClosedBy, &h.Reason, &h.UserName, &h.Login, &h.AccountName, &h.AccountHandle,
	}, more...)...)
	h.AskedAt, h.LastAt, h.ClosedAt = fromMS(asked), fromMS(last), fromNullMS(closed)
	return h, err
}

// OpenHelp is the request of a user that is open; ErrNotFound when none is.
func (tx ReadTx) OpenHelp(u UserRef) (HelpRequest, error) {
	return one(tx, func(s scan) (HelpRequest, error) { return scanHelp(s) }, openHelp, string(u.id))
}

// HelpRequest of the scope's account.
func (tx ReadTx) HelpRequest(scope access.Scope, h id.HelpRequest) (HelpRequest, error) {
	return one(tx, func(s scan) (HelpRequest, error) { return scanHelp(s) }, selectHelp, string(scope.Account()), string(h))
}

// AskForHelp opens a request of a user who has none open.
func (tx WriteTx) AskForHelp(u Listed, h HelpRequest) error {
	_, err := tx.exec(insertHelp, string(h.ID), string(u.Account), string(u.ID), u.AdminUser, h.Shown, h.Recorded, h.What, h.Reach, ms(tx.now), h.Face, h.Address, h.Program)
	return err
}

// AskAgain notes that the open request of a user was made once more.
func (tx WriteTx) AskAgain(u UserRef) error { return tx.change(askAgain, string(u.id), ms(tx.now)) }

// RewordHelp is AskAgain by whoever may change what the open request says.
func (tx WriteTx) RewordHelp(u UserRef, h HelpRequest) error {
	return tx.change(reword, string(u.id), ms(tx.now), h.Shown, h.What, h.Reach, h.Face, h.Address, h.Program)
}

// CloseHelp ends the open request of a user, if there is one, and with it
// whatever the caller has proven.
func (tx WriteTx) CloseHelp(u UserRef, to HelpState, by, reason string) (bool, error) {
	n, err := tx.exec(closeHelp, string(u.id), string(to), ms(tx.now), by, reason)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.exec(dropProofs, string(u.id))
	return true, err
}

// CallerProof of a user's open request; ErrNotFound when no code was sent for it.
func (tx ReadTx) CallerProof(u UserRef) (CallerProof, error) {
	return one(tx, func(s scan) (p CallerProof, err error) {
		var sent, expires int64
		var proven sql.NullInt64
		err = s(&p.Operator, &p.Digest, &p.Number, &sent, &expires, &p.Tries, &proven)
		p.SentAt, p.ExpiresAt, p.ProvenAt = fromMS(sent), fromMS(expires), fromNullMS(proven)
		return p, err
	}, selectProof, string(u.id))
}

// PutCallerProof keeps the proof of a user's open request, in place of the one
// there was; ErrNotFound when none is open.
func (tx WriteTx) PutCallerProof(u UserRef, p CallerProof) error {
	var proven any
	if !p.ProvenAt.IsZero() {
		proven = ms(p.ProvenAt)
	}
	return tx.change(upsertProof, string(u.id), p.Operator, p.Digest, p.Number, ms(p.SentAt), ms(p.ExpiresAt), p.Tries, proven)
}

// MobileChangedAt tells when the mobile numbers of a user, and of the account,
// last became others; zero: they are the ones from the beginning.
func (tx ReadTx) MobileChangedAt(u UserRef) (own, official time.Time, err error) {
	type both struct{ own, official int64 }
	b, err := one(tx, func(s scan) (b both, err error) {
		err = s(&b.own, &b.official)
		return b, err
	}, mobileChanged, string(u.id))
	if b.own > 0 {
		own = fromMS(b.own)
	}
	if b.official > 0 {
		official = fromMS(b.official)
	}
	return own, official, err
}

// TidyHelp ends requests that nobody made since a time, and forgets those that
// were over before another.
func (tx WriteTx) TidyHelp(untouched, over time.Time) error {
	if _, err := tx.exec(expireHelp, ms(untouched), ms(tx.now)); err != nil {
		return err
	}
	if _, err := tx.exec(deleteProofs, ms(untouched)); err != nil {
		return err
	}
	_, err := tx.exec(deleteHelp, ms(over))
	return err
}

// HelpOrder is what requests are sorted by.
type HelpOrder string

// The orders.
const (
	FirstAsked HelpOrder = "askedAt"
	LastAsked  HelpOrder = "-askedAt"
)

// HelpOrders lists them all.
func HelpOrders() []HelpOrder { return []HelpOrder{FirstAsked, LastAsked} }

// HelpFilter says which requests, in which order, and which page of them.
type HelpFilter struct {
	Where []listing.Condition // on fields of helpFields
	Order HelpOrder           // newest first when empty
	Span
}

// helpFields are what requests can be filtered by, by the name of the field.
func helpFields() map[string]string {
	return map[string]string{"state": "h.state", "user": "h.user_id", "account": "h.account_id", "askedAt": "h.asked_at", "closedAt": "h.closed_at"}
}

// Help lists the requests of people of the scope's account. Ids are in the order
// in which they were made.
func (tx ReadTx) Help(scope access.Scope, f HelpFilter) (Rows[HelpRequest], error) {
	return tx.help("help", f, func(w *walk) { w.where = []string{"h.account_id = " + w.arg(string(scope.Account()))} })
}

// AdminHelp lists the requests of the admin users of all accounts, for the
// operator; from every other scope there are none.
func (tx ReadTx) AdminHelp(scope access.Scope, f HelpFilter) (Rows[HelpRequest], error) {
	return tx.help("admin help", f, func(w *walk) {
		w.where = []string{"(SELECT i.operator_id FROM installation i) = " + w.arg(string(scope.Account())), "h.admin_user"}
	})
}

func (tx ReadTx) help(name string, f HelpFilter, within func(*walk)) (Rows[HelpRequest], error) {
	w := walk{
		sorting: sorting{list: name, order: string(cmp.Or(f.Order, LastAsked)), key: "h.id", id: "h.id"},
		from:    helpTables, columns: helpColumns,
	}
	within(&w)
	w.filter(f.Where, helpFields())
	return walked(tx.interruptible(), w, f.Span, scanHelp)
}
