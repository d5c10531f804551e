// Package demo fills an empty database with a believable registrar, to learn
// on and to measure with. Everything in it is made up, and the database is
// marked as a practice one. It writes through package store, with a clock that
// begins weeks ago, so that there is a history to look at.
package demo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/mfa"
	"gatehouse/internal/ops"
	"gatehouse/internal/password"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// Errors of Fill.
var (
	ErrReal = errors.New("this database holds a real installation; practice data goes into an empty one")
)

// Clock is time as the made-up history passes it.
type Clock struct{ ms atomic.Int64 }

// NewClock begins some months before now.
func NewClock(now time.Time) *Clock {
	c := &Clock{}
	c.ms.Store(now.Add(-quiet - history).UnixMilli())
	return c
}

// Now is the made-up time.
func (c *Clock) Now() time.Time { return time.UnixMilli(c.ms.Load()) }

func (c *Clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// The made-up past: first some months of which nothing is told but how the first
// people and keys came, then weeks with a history.
const (
	quiet   = 105 * 24 * time.Hour
	history = 45 * 24 * time.Hour
)

// Registrar is what Fill needs.
type Registrar struct {
	DB     *store.DB
	Vault  *vault.Vault
	Hasher *password.Hasher
	Clock  *Clock
	Users  int // of the operator account, the two that people sign in as among them
}

// Way is how somebody signs in to the practice data.
type Way struct {
	Name     string         `json:"name"`
	Login    user.Login     `json:"login"`
	Password secret.OneTime `json:"password"`
	Code     secret.OneTime `json:"code,omitzero"`             // of the authenticator app, now; empty when the user has none
	Key      secret.OneTime `json:"authenticatorKey,omitzero"` // of the authenticator app, to add it to one's own
}

// people that one can sign in as: an administrator, somebody of support, and
// somebody who still has to set up a second factor.
type person struct {
	login, name, role string
	app               bool
}

func cast() []person {
	return []person{
		{"anna", "Anna Peeters", "Admin", true},
		{"tom", "Tom Willems", "Support", true},
		{"noor", "Noor El Amrani", "Finance", false},
	}
}

// steps of the history, about: each member, program, key, customer and their people, and the
// days that pass.
const (
	busyDays = 120
	steps    = historic + busyDays + 60
)

// Fill writes the registrar.
func Fill(ctx context.Context, r Registrar) error {
	f := filler{Registrar: r, step: history / steps, until: r.Clock.Now().Add(quiet + history), known: map[user.Login]user.User{}, refs: map[user.Login]store.UserRef{}}
	if err := f.account(ctx); err != nil {
		return err
	}
	for i, p := range cast() {
		if err := f.member(ctx, i, p); err != nil {
			return fmt.Errorf("add %s: %w", p.login, err)
		}
	}
	if err := errors.Join(f.addPrograms(ctx), f.addKeys(ctx, oldKeys())); err != nil {
		return err
	}
	f.Clock.advance(quiet)
	if err := errors.Join(f.ownRoles(ctx), f.addKeys(ctx, youngKeys()), f.customers(ctx), f.crowd(ctx)); err != nil {
		return err
	}
	f.Clock.advance(f.until.Add(-sinceRotation - f.step).Sub(f.Clock.Now()))
	return f.rotateOne(ctx, "Invoice run")
}

type filler struct {
	Registrar
	step  time.Duration
	until time.Time                // the end of the history: now
	known map[user.Login]user.User // the cast and the programs
	refs  map[user.Login]store.UserRef
	home  account.Account
	roles map[string]access.Role
	admin user.User
}

// write commits one step of the history.
func (f *filler) write(ctx context.Context, do func(store.WriteTx) error) error {
	f.Clock.advance(f.step)
	return f.DB.Write(ctx, do)
}

func (f *filler) account(ctx context.Context) error {
	opened := f.Clock.Now()
	f.home = account.Account{
		ID: id.NewAccount(), Handle: "harbour", Name: "Harbour Domains (practice)", Email: "office@harbour.example", Mobile: "+32470000000",
		State: account.Open, OpenedAt: opened, MFAPolicy: account.MFAByOpeningDate,
	}
	return f.write(ctx, func(tx store.WriteTx) error {
		if err := tx.Claim(f.home.ID); errors.Is(err, store.ErrNotFound) {
			return ErrReal
		} else if err != nil {
			return fmt.Errorf("claim installation: %w", err)
		}
		if _, err := ops.AddAccount(tx, f.home); err != nil {
			return err
		}
		roles, err := tx.Roles(access.Within(f.home.ID))
		if err != nil {
			return fmt.Errorf("read roles: %w", err)
		}
		f.roles = map[string]access.Role{}
		for _, role := range roles {
			f.roles[role.Name] = role
		}
		f.record(tx, "setup.finished", activity.Actor{Kind: "system", Name: "practice data"}, activity.Object{Kind: "account", ID: string(f.home.ID), Name: f.home.Name}, nil)
		return nil
	})
}

func (f *filler) record(tx store.WriteTx, event string, who activity.Actor, what activity.Object, detail activity.Detail) {
	f.recordIn(tx, f.home.ID, event, who, what, detail)
}

func (f *filler) recordIn(tx store.WriteTx, in id.Account, event string, who activity.Actor, what activity.Object, detail activity.Detail) {
	tx.Record(activity.Record{
		Event: event, Outcome: activity.Done, Account: in, Actor: who, Object: what, Detail: detail,
		Source: activity.Source{Face: string(access.FaceBrowser), Address: "192.0.2.10", Program: "Practice data"},
	})
}

// member adds somebody whom one can sign in as.
func (f *filler) member(ctx context.Context, n int, p person) error {
	hash, err := f.practiceHash(ctx, user.Login(p.login))
	if err != nil {
		return err
	}
	u := user.User{
		ID: id.NewUser(), Account: f.home.ID, Login: user.Login(p.login), Name: p.name, Email: user.Email(p.login + "@harbour.example"),
		Language: "en", State: user.Active, AdminUser: n == 0,
	}
	if n == 0 {
		f.admin = u
	}
	return f.write(ctx, func(tx store.WriteTx) error {
		ref, err := f.add(tx, u, hash, p.role)
		f.known[u.Login], f.refs[u.Login] = u, ref
		if err != nil || !p.app {
			return err
		}
		return f.giveApp(tx, ref, u)
	})
}

// practiceHash of the password with which somebody can be signed in as.
func (f *filler) practiceHash(ctx context.Context, login user.Login) (string, error) {
	chosen, err := password.Choose(passwordOf(f.Vault, login), password.Alone, password.About{})
	if err != nil {
		return "", fmt.Errorf("choose password: %w", err)
	}
	hash, err := f.Hasher.Hash(ctx, chosen)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// add writes a user with one role and the record of it.
func (f *filler) add(tx store.WriteTx, u user.User, hash, role string) (store.UserRef, error) {
	ref, err := tx.AddUser(u, hash, f.roles[role].ID)
	if err != nil {
		return ref, fmt.Errorf("add user: %w", err)
	}
	f.record(tx, "user.added", named(f.admin), object(u), activity.Detail{"login": u.Login, "roles": []string{role}})
	return ref, nil
}

func (f *filler) giveApp(tx store.WriteTx, ref store.UserRef, u user.User) error {
	app := store.AuthenticatorApp{ID: id.NewAuthenticatorApp()}
	app.Secret = f.Vault.Seal(vault.Place{Table: "authenticator_apps", Column: "secret", Row: string(app.ID)}, mfa.NewAppSecret().Reveal())
	if err := tx.AddAuthenticatorApp(ref, app); err != nil {
		return fmt.Errorf("add authenticator app: %w", err)
	}
	var codes []string
	for _, c := range mfa.NewRecoveryCodes() {
		codes = append(codes, c.Digest(f.Vault.Digest))
	}
	if err := tx.ReplaceRecoveryCodes(ref, codes); err != nil {
		return fmt.Errorf("keep recovery codes: %w", err)
	}
	f.recordIn(tx, u.Account, "mfa.app_enabled", named(u), object(u), nil)
	return nil
}

func named(u user.User) activity.Actor {
	return activity.Actor{Kind: string(access.Person), ID: string(u.ID), Name: u.Name}
}

func object(u user.User) activity.Object {
	return activity.Object{Kind: "user", ID: string(u.ID), Name: u.Name}
}

// WaysIn are the ways to sign in to a practice database, with codes of now.
func WaysIn(ctx context.Context, db *store.DB, v *vault.Vault, now time.Time) ([]Way, error) {
	var ways []Way
	err := db.Read(ctx, func(tx store.ReadTx) error {
		for _, p := range append(cast(), person{login: lotte}) {
			u, err := tx.UserByLogin(user.Login(p.login))
			if errors.Is(err, store.ErrNotFound) {
				continue // deleted, renamed away: it is there to be played with
			}
			if err != nil {
				return fmt.Errorf("find %s: %w", p.login, err)
			}
			w := Way{Name: u.Name, Login: u.Login, Password: secret.NewOneTime(passwordOf(v, u.Login).Reveal())}
			if err := w.app(tx, v, u.Ref(), now); err != nil {
				return fmt.Errorf("read authenticator app of %s: %w", p.login, err)
			}
			ways = append(ways, w)
		}
		return nil
	})
	return ways, err
}

// app computes what the user's authenticator app shows.
func (w *Way) app(tx store.ReadTx, v *vault.Vault, u store.UserRef, now time.Time) error {
	apps, err := tx.AuthenticatorApps(u)
	if err != nil || len(apps) == 0 {
		return err
	}
	key, err := v.Open(vault.Place{Table: "authenticator_apps", Column: "secret", Row: string(apps[0].ID)}, apps[0].Secret)
	if err != nil {
		return err
	}
	s, err := mfa.ParseAppSecret(key)
	if err != nil {
		return err
	}
	shown, err := mfa.Provision("Gatehouse", string(w.Login), s)
	if err != nil {
		return err
	}
	code, err := mfa.Code(s, now)
	w.Key, w.Code = shown.Key, code
	return err
}
