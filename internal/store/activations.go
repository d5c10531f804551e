package store

import (
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
)

// Activation is a one-time link and code with which a person chooses a
// password. A user has at most one: a newer one replaces it.
type Activation struct {
	Purpose       string // "activate" or "new_password"
	TokenDigest   string
	CodeDigest    string
	LinkExpiresAt time.Time
	CodeExpiresAt time.Time
	AskedWith     string // digest of the expired link or code that asked for it; empty when somebody made it
	Mailed        bool   // nobody but the person has seen it
	SeenWith      string // the permissions of whoever else has, with spaces; AnyRights: it is good whatever the user holds
}

// AnyRights are those of whoever may hand anything over.
const AnyRights = "*"

const (
	upsertActivation = `INSERT INTO activations (user_id, purpose, token_digest, code_digest, created_at, link_expires_at, code_expires_at, asked_with, mailed, seen_with)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (user_id) DO UPDATE SET purpose = excluded.purpose, token_digest = excluded.token_digest, code_digest = excluded.code_digest,
		created_at = excluded.created_at, link_expires_at = excluded.link_expires_at, code_expires_at = excluded.code_expires_at,
		asked_with = excluded.asked_with, mailed = excluded.mailed, seen_with = excluded.seen_with, opened_at = NULL`
	selectActivation = `SELECT v.user_id, u.account_id, v.purpose, v.link_expires_at, v.code_expires_at, v.mailed, v.seen_with, v.opened_at IS NOT NULL FROM activations v JOIN users u ON u.id = v.user_id`
	activationToken  = selectActivation + ` WHERE v.token_digest = $1 AND v.link_expires_at > $2`
	activationCode   = selectActivation + ` WHERE v.code_digest = $1 AND v.code_expires_at > $2`
	// What expired, or asked for the one that is there now.
	onceGood = `SELECT v.user_id, u.account_id FROM activations v JOIN users u ON u.id = v.user_id
		WHERE v.token_digest = $1 AND v.link_expires_at <= $2 OR v.code_digest = $1 AND v.code_expires_at <= $2 OR v.asked_with = $1 AND v.asked_with <> ''`
	pendingActivation = `SELECT purpose, created_at, link_expires_at, code_expires_at FROM activations WHERE user_id = $1`
	noteOpened        = `UPDATE activations SET opened_at = COALESCE(opened_at, $2) WHERE user_id = $1`
	deleteActivation  = `DELETE FROM activations WHERE user_id = $1`
)

// PutActivation makes a link and code for a user; older ones are dead.
func (tx WriteTx) PutActivation(u UserRef, a Activation) error {
	_, err := tx.exec(upsertActivation, string(u.id), a.Purpose, a.TokenDigest, a.CodeDigest, ms(tx.now), ms(a.LinkExpiresAt), ms(a.CodeExpiresAt), a.AskedWith, a.Mailed, a.SeenWith)
	return err
}

// PendingActivation is a link and code that was handed out and not used yet.
type PendingActivation struct {
	Purpose       string
	IssuedAt      time.Time
	LinkExpiresAt time.Time
	CodeExpiresAt time.Time
}

// Activation of a user that waits, expired or not; ErrNotFound when none does.
func (tx ReadTx) Activation(u UserRef) (PendingActivation, error) {
	return one(tx, func(s scan) (p PendingActivation, err error) {
		var issued, link, code int64
		err = s(&p.Purpose, &issued, &link, &code)
		p.IssuedAt, p.LinkExpiresAt, p.CodeExpiresAt = fromMS(issued), fromMS(link), fromMS(code)
		return p, err
	}, pendingActivation, string(u.id))
}

// FoundActivation is one that is good now, and the scope of its user.
type FoundActivation struct {
	User      id.User
	Scope     access.Scope
	Purpose   string
	ExpiresAt time.Time
	Mailed    bool
	SeenWith  string
	Opened    bool // somebody has looked at it before
}

func scanActivation(code bool) func(scan) (FoundActivation, error) {
	return func(s scan) (f FoundActivation, err error) {
		var account id.Account
		var link, typed int64
		err = s(&f.User, &account, &f.Purpose, &link, &typed, &f.Mailed, &f.SeenWith, &f.Opened)
		f.Scope, f.ExpiresAt = access.Within(account), fromMS(link)
		if code {
			f.ExpiresAt = fromMS(typed)
		}
		return f, err
	}
}

// ActivationByToken finds a live activation by the digest of its link token.
func (tx ReadTx) ActivationByToken(digest string) (FoundActivation, error) {
	return one(tx, scanActivation(false), activationToken, digest, ms(tx.now))
}

// ActivationByCode finds a live activation by the digest of its typed code.
func (tx ReadTx) ActivationByCode(digest string) (FoundActivation, error) {
	return one(tx, scanActivation(true), activationCode, digest, ms(tx.now))
}

// OnceGood finds whose link or code that was, by its digest, if it has expired
// and no newer one was made but at its own request.
func (tx ReadTx) OnceGood(digest string) (id.User, access.Scope, error) {
	f, err := one(tx, func(s scan) (f FoundActivation, err error) {
		var account id.Account
		err = s(&f.User, &account)
		f.Scope = access.Within(account)
		return f, err
	}, onceGood, digest, ms(tx.now))
	return f.User, f.Scope, err
}

// OpenActivation notes that somebody has looked at it.
func (tx WriteTx) OpenActivation(u UserRef) error {
	return tx.change(noteOpened, string(u.id), ms(tx.now))
}

// EndActivation uses it up; ErrNotFound when somebody else just did.
func (tx WriteTx) EndActivation(u UserRef) error { return tx.change(deleteActivation, string(u.id)) }
