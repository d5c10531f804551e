package store

import (
	"cmp"
	"database/sql"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/session"
)

const (
	// A second factor of the user works where the session is.
	factorHereColumn = `(EXISTS (SELECT 1 FROM authenticator_apps f WHERE f.user_id = u.id) OR EXISTS (SELECT 1 FROM security_keys k WHERE k.user_id = u.id AND k.rp_id = s.rp_id))`

	sessionColumns = `s.id, s.user_id, s.face, s.means, s.address, s.program, s.signed_in_at, s.stepped_up_at, s.last_seen_at, s.ends_at`

	// One row has what a call must know of who makes it. It is read at every
	// call, and every column costs.
	selectBearer = `SELECT s.id, s.means, s.stepped_up_at, s.last_seen_at, s.ends_at,
			u.id, u.account_id, u.name, u.state, u.force_mfa, u.access_points, u.ip_rules, ` + factorHereColumn + `, a.state,
			EXISTS (SELECT 1 FROM installation i WHERE i.operator_id = a.id), ` + rightsColumn + `
		FROM sessions s JOIN users u ON u.id = s.user_id JOIN accounts a ON a.id = u.account_id`
	bearerByToken    = selectBearer + ` WHERE s.token_digest = $1`
	bearerByPrevious = selectBearer + ` WHERE s.previous_digest = $1 AND s.previous_until > $2`

	selectOpened = `SELECT ` + sessionColumns + `, ` + userColumns + `, ` + factorColumn + `, ` + factorHereColumn + `, s.rp_id
		FROM sessions s JOIN users u ON u.id = s.user_id`
	openedByID = selectOpened + ` WHERE s.id = $1 AND s.user_id = $2`

	sessionsOf = `SELECT ` + sessionColumns + ` FROM sessions s
		WHERE s.user_id = $1 AND s.ends_at > $2 AND s.last_seen_at > $3
		ORDER BY s.last_seen_at DESC, s.id`
	holderOf = `SELECT ` + listedColumns + ` FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $2 AND u.account_id = $1`

	insertSession = `INSERT INTO sessions (id, token_digest, user_id, face, means, address, program, signed_in_at, stepped_up_at, last_seen_at, ends_at, previous_until, rp_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $9, 0, $10)`
	renewSession         = `UPDATE sessions SET previous_digest = token_digest, previous_until = $3, token_digest = $2, means = $4, stepped_up_at = $5, last_seen_at = $5, rp_id = $7 WHERE id = $1 AND user_id = $6`
	touchSession         = `UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2 AND user_id = $3`
	deleteSession alters = `DELETE FROM sessions WHERE id = $1 AND user_id = $2`
	deleteOthers  alters = `DELETE FROM sessions WHERE user_id = $1 AND id <> $2`
	deleteDead           = `DELETE FROM sessions WHERE ends_at <= $1 OR last_seen_at <= $2`
)

// Opened is a session with its user.
type Opened struct {
	Session    session.Session
	User       Listed
	FactorHere bool // a second factor of the user works where the session is
}

func scanOpened(s scan) (o Opened, err error) {
	var signedIn, steppedUp, lastSeen, ends, created int64
	var seen sql.NullInt64
	var points, ranges string
	ss, u := &o.Session, &o.User.User
	err = s(&ss.ID, &ss.User, &ss.Face, &ss.Means, &ss.Address, &ss.Program, &signedIn, &steppedUp, &lastSeen, &ends,
		&u.ID, &u.Account, &u.Login, &u.Name, &u.Email, &u.Mobile, &u.Language, &u.State, &u.AdminUser, &u.ForceMFA, &points, &ranges, &created, &seen, &o.User.HasFactor,
		&o.FactorHere, &ss.Site)
	ss.SignedInAt, ss.SteppedUpAt, ss.LastSeenAt, ss.EndsAt = fromMS(signedIn), fromMS(steppedUp), fromMS(lastSeen), fromMS(ends)
	u.CreatedAt, u.LastSeenAt = fromMS(created), fromNullMS(seen)
	u.Entry, o.User.ref = restoreEntry(points, ranges), UserRef{u.ID}
	return o, err
}

// Bearer is what a call must know of who makes it.
type Bearer struct {
	Session session.Session // id, means, and the times that end it
	// FactorHere says that a second factor of the user works where the session
	// is. Whether there is one elsewhere is not read.
	FactorHere bool
	User       Listed          // id, name, state, ways in, and what asks for a second factor
	Account    account.Account // id and state
	Operator   bool            // the account is the operator's
	Rights     access.Rights
}

func scanBearer(s scan) (b Bearer, err error) {
	var steppedUp, lastSeen, ends int64
	var rights sql.NullString
	var points, ranges string
	ss, u, a := &b.Session, &b.User, &b.Account
	err = s(&ss.ID, &ss.Means, &steppedUp, &lastSeen, &ends,
		&u.ID, &a.ID, &u.Name, &u.State, &u.ForceMFA, &points, &ranges, &b.FactorHere, &a.State, &b.Operator, &rights)
	ss.SteppedUpAt, ss.LastSeenAt, ss.EndsAt = fromMS(steppedUp), fromMS(lastSeen), fromMS(ends)
	ss.User, u.Account, b.Rights = u.ID, a.ID, readRights(rights.String, b.Operator)
	u.Entry, b.User.ref = restoreEntry(points, ranges), UserRef{u.ID}
	return b, err
}

// SessionByToken finds who bears a token by its digest, or by that of the
// token the session had until a moment ago.
func (tx ReadTx) SessionByToken(digest string) (Bearer, error) {
	b, found, err := orNotFound(one(tx, scanBearer, bearerByToken, digest))
	if err != nil || found {
		return b, err
	}
	return one(tx, scanBearer, bearerByPrevious, digest, ms(tx.now))
}

// Session finds a session of a user.
func (tx ReadTx) Session(u UserRef, s id.Session) (Opened, error) {
	return one(tx, scanOpened, openedByID, string(s), string(u.id))
}

// UserSession is a session and who it is of.
type UserSession struct {
	session.Session
	Name string // of the user
}

func scanSession(s scan, more ...any) (ss session.Session, err error) {
	var signedIn, steppedUp, lastSeen, ends int64
	err = s(append([]any{&ss.ID, &ss.User, &ss.Face, &ss.Means, &ss.Address, &ss.Program, &signedIn, &steppedUp, &lastSeen, &ends}, more...)...)
	ss.SignedInAt, ss.SteppedUpAt, ss.LastSeenAt, ss.EndsAt = fromMS(signedIn), fromMS(steppedUp), fromMS(lastSeen), fromMS(ends)
	return ss, err
}

// SessionsOf a user that are alive, the one last used first.
func (tx ReadTx) SessionsOf(u UserRef) ([]session.Session, error) {
	return list(tx, func(s scan) (session.Session, error) { return scanSession(s) }, sessionsOf, string(u.id), ms(tx.now), ms(tx.now.Add(-session.Idle)))
}

// SessionFilter says which sessions of a scope, in which order, and which page
// of them.
type SessionFilter struct {
	Where []listing.Condition // on fields of sessionFields
	Order SessionOrder        // the one last used first when empty
	Span
}

// SessionOrder is what sessions are sorted by; with a minus in front, the other
// way round.
type SessionOrder string

// The orders.
const (
	ByLastUse SessionOrder = "lastSeenAt"
	BySignIn  SessionOrder = "signedInAt"
	ByHolder  SessionOrder = "userName"
)

// SessionOrders lists them all.
func SessionOrders() []SessionOrder { return listing.BothWays(ByLastUse, BySignIn, ByHolder) }

func (o SessionOrder) sorting() sorting {
	by := sorting{list: "sessions", order: string(o), key: "s.last_seen_at", id: "s.id", number: true}
	switch SessionOrder(listing.OrderOf(string(o))) {
	case BySignIn:
		by.key = "s.signed_in_at"
	case ByHolder:
		by.key, by.number = "u.name_folded", false
	case ByLastUse:
	}
	return by
}

// sessionFields are what sessions can be filtered by, by the name of the field.
func sessionFields() map[string]string {
	return map[string]string{
		"userName": "u.name_folded", "face": "s.face", "address": "s.address", "means": "s.means", "program": "lower(s.program)",
		"signedInAt": "s.signed_in_at", "lastSeenAt": "s.last_seen_at", "endsAt": "s.ends_at",
	}
}

// Sessions of everybody in the scope that are alive.
func (tx ReadTx) Sessions(scope access.Scope, f SessionFilter) (Rows[UserSession], error) {
	w := walk{sorting: cmp.Or(f.Order, "-"+ByLastUse).sorting(), from: "sessions s JOIN users u ON u.id = s.user_id", columns: sessionColumns + ", u.name"}
	w.where = []string{
		"u.account_id = " + w.arg(string(scope.Account())), "s.ends_at > " + w.arg(ms(tx.now)), "s.last_seen_at > " + w.arg(ms(tx.now.Add(-session.Idle))),
	}
	w.filter(f.Where, sessionFields())
	return walked(tx.interruptible(), w, f.Span, func(s scan, more ...any) (u UserSession, err error) {
		u.Session, err = scanSession(s, append([]any{&u.Name}, more...)...)
		return u, err
	})
}

// SessionHolder finds whose session that is, within the scope.
func (tx ReadTx) SessionHolder(scope access.Scope, s id.Session) (Listed, error) {
	return one(tx, scanListed, holderOf, string(scope.Account()), string(s))
}

// AddSession writes a session of a user that begins now.
func (tx WriteTx) AddSession(u UserRef, s session.Session, tokenDigest string) error {
	_, err := tx.exec(insertSession, string(s.ID), tokenDigest, string(u.id), string(s.Face), s.Means, s.Address, s.Program, ms(tx.now), ms(s.EndsAt), s.Site)
	if err == nil {
		_, err = tx.exec(setSeen, string(u.id), ms(tx.now))
	}
	return err
}

// RenewSession gives a session a new token and means, as of now, at the site
// where that happens. The old token works for a few seconds more, for calls
// under way.
func (tx WriteTx) RenewSession(u UserRef, s id.Session, tokenDigest, means, site string) error {
	return tx.change(renewSession, string(s), tokenDigest, ms(tx.now.Add(session.IDOverlap)), means, ms(tx.now), string(u.id), site)
}

// TouchSession notes that the session and its user were seen.
func (tx WriteTx) TouchSession(u UserRef, s id.Session) error {
	if _, err := tx.exec(touchSession, string(s), ms(tx.now), string(u.id)); err != nil {
		return err
	}
	_, err := tx.exec(setSeen, string(u.id), ms(tx.now))
	return err
}

// EndSession ends a session; ErrNotFound when it has ended.
func (tx WriteTx) EndSession(u UserRef, s id.Session) error {
	return tx.alterOne(deleteSession, string(s), string(u.id))
}

// EndOtherSessions ends every session of a user but one, which may be empty,
// and says how many.
func (tx WriteTx) EndOtherSessions(u UserRef, but id.Session) (int64, error) {
	return tx.alter(deleteOthers, string(u.id), string(but))
}

// DeleteDeadSessions removes sessions that ended by themselves.
func (tx WriteTx) DeleteDeadSessions(now time.Time) error {
	_, err := tx.exec(deleteDead, ms(now), ms(now.Add(-session.Idle)))
	return err
}
