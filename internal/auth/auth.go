// Package auth turns credentials into actors. It is the only package that
// makes an access.Actor: whoever holds one has been verified here, against
// the database, in the transaction in which it counts.
package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Credential is what a caller presents. Only this package makes them.
type Credential interface {
	resolve(tx store.ReadTx, k Keys) (access.Actor, error)
}

// Keys digest secrets under keys that are not in the database: whoever can only
// write to it cannot make a token good. The vault has them.
type Keys interface {
	// Digest under the newest key.
	Digest(purpose string, data []byte) string
	// Digests under every key, the newest first.
	Digests(purpose string, data []byte) []string
}

// Caller is one call's credential and where it came from.
type Caller struct {
	Credential Credential
	Source     access.Source
}

// Resolve verifies a caller in a transaction. A credential that is no longer
// good gives an actor that is nobody, not an error.
func Resolve(tx store.ReadTx, k Keys, c Caller) (access.Actor, error) {
	if c.Credential == nil {
		return access.Actor{}, nil
	}
	return c.Credential.resolve(tx, k)
}

// Token is the secret that opens a session.
type Token struct{ text secret.Text }

// NewToken makes one of 256 bits.
func NewToken() Token {
	b := make([]byte, session.TokenBytes)
	rand.Read(b)
	return Token{secret.New(base64.RawURLEncoding.EncodeToString(b))}
}

// ParseToken reads a token as a cookie carries it; false when it cannot be
// one.
func ParseToken(raw string) (Token, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(raw)
	return Token{secret.New(raw)}, err == nil && len(b) == session.TokenBytes
}

// tokenPurpose keeps the digests of tokens apart from others.
const tokenPurpose = "session token"

// Digest is what the database keeps of the token.
func (t Token) Digest(k Keys) string { return k.Digest(tokenPurpose, []byte(t.text.Reveal())) }

// Reveal gives the text, for a cookie.
func (t Token) Reveal() string { return t.text.Reveal() }

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.text.IsZero() }

// Session is the credential of somebody signed in.
func Session(t Token) Credential {
	if t.IsZero() {
		return nil
	}
	return bySession{t}
}

type bySession struct{ token Token }

func (c bySession) resolve(tx store.ReadTx, k Keys) (access.Actor, error) {
	b, err := c.find(tx, k)
	if errors.Is(err, store.ErrNotFound) {
		return access.NewEnded(), nil
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("find session: %w", err)
	}
	if !b.Session.Alive(tx.Now()) || b.User.State != user.Active || b.Account.State != account.Open {
		return access.NewEnded(), nil
	}
	enrolling, err := mustEnrol(tx, b)
	if err != nil {
		return access.Actor{}, err
	}
	return access.NewPerson(access.PersonFacts{
		Account: b.Account.ID, Operator: b.Operator, User: b.User.ID, Name: b.User.Name, Rights: b.Rights, Entry: b.User.Entry,
		Session: b.Session.ID, Means: b.Session.Means, Enrolling: enrolling,
		SteppedUp: b.Session.SteppedUpAt, SeenAt: b.Session.LastSeenAt,
	}), nil
}

// mustEnrol reports whether a second factor is demanded and none is set up that
// works where the session is (rule M2). What demands it is only read for whoever
// has none, which are few.
func mustEnrol(tx store.ReadTx, b store.Bearer) (bool, error) {
	if b.FactorHere {
		return false, nil
	}
	a, err := tx.AccountOf(b.User.Ref())
	if err != nil {
		return false, fmt.Errorf("find account of session: %w", err)
	}
	now, err := latest(tx)
	if err != nil {
		return false, err
	}
	state, _ := signin.MFA(a, b.User.ForceMFA, false, now)
	return state == signin.MFASetupRequired, nil
}

// latest is now, or the time of the newest record where the clock has gone back:
// what is demanded from a day on stays demanded.
func latest(tx store.ReadTx) (time.Time, error) {
	now := tx.Now()
	h, err := tx.Head()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return now, fmt.Errorf("read head of the log: %w", err)
	}
	if h.At.After(now) {
		return h.At, nil
	}
	return now, nil
}

// find looks the token up under every key there is.
func (c bySession) find(tx store.ReadTx, k Keys) (b store.Bearer, err error) {
	for _, digest := range k.Digests(tokenPurpose, []byte(c.token.text.Reveal())) {
		if b, err = tx.SessionByToken(digest); !errors.Is(err, store.ErrNotFound) {
			return b, err
		}
	}
	return b, err
}

// Console is the credential of the command line: whoever can open the
// database and its key. It acts within the account of that handle, or in the
// operator's when the handle is empty. name says who, for the log.
func Console(handle account.Handle, name string) Credential { return byConsole{handle, name} }

type byConsole struct {
	handle account.Handle
	name   string
}

func (c byConsole) resolve(tx store.ReadTx, _ Keys) (access.Actor, error) {
	in, err := tx.Installation()
	if err != nil {
		return access.Actor{}, fmt.Errorf("find installation: %w", err)
	}
	if c.handle == "" {
		return access.NewConsole(in.Operator, true, c.name), nil
	}
	a, err := tx.AccountByHandle(c.handle)
	if errors.Is(err, store.ErrNotFound) {
		return access.Actor{}, problem.Newf(problem.NotFound, "There is no account with the handle %s.", c.handle)
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("find account %s: %w", c.handle, err)
	}
	return access.NewConsole(a.ID, a.ID == in.Operator, c.name), nil
}

// System is the credential of a background job.
func System(job string) Credential { return bySystem{job} }

type bySystem struct{ job string }

func (c bySystem) resolve(store.ReadTx, Keys) (access.Actor, error) {
	return access.NewSystem(c.job), nil
}
