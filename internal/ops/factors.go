package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/calendar"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/mfa"
	"gatehouse/internal/onetime"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// AuthenticatorApp is what a person needs to add a key to their app, by
// camera or by hand.
type AuthenticatorApp struct {
	Issuer      string         `json:"issuer"`
	AccountName string         `json:"accountName"`
	Key         secret.OneTime `json:"key"`  // base32 in groups of four
	Type        string         `json:"type"` // "Time-based"
	URI         secret.OneTime `json:"uri"`  // otpauth://…
	QR          QR             `json:"qr"`
}

// QR is a code to draw: an SVG path of unit squares in a square of Size, quiet
// zone included.
type QR struct {
	Size int            `json:"size"`
	Path secret.OneTime `json:"path"`
}

// product is what authenticator apps show in front of the login.
const product = "Gatehouse"

// Method is a second factor as callers name it.
type Method string

// The methods.
const (
	AppMethod      Method = "authenticator_app"
	KeyMethod      Method = "security_key"
	RecoveryMethod Method = "recovery_code"
	PasswordMethod Method = "password"

	// BreakGlassMethod is what stands in for all others at the sign-in of an
	// account's admin user, with an operation of its own: it recovers, and is no
	// proof in between.
	BreakGlassMethod Method = "break_glass"
)

// How a person proved who they are, joined by + in a session's means.
const (
	byPassword     = "password"
	byApp          = string(AppMethod)
	byKey          = string(KeyMethod)
	byPasskey      = "passkey" // alone
	byRecoveryCode = string(RecoveryMethod)
	byBreakGlass   = string(BreakGlassMethod)
	bySetup        = "set-up"
)

func provision(issuer, login string, s mfa.AppSecret) (AuthenticatorApp, error) {
	p, err := mfa.Provision(issuer, login, s)
	if err != nil {
		return AuthenticatorApp{}, fmt.Errorf("describe authenticator app: %w", err)
	}
	return AuthenticatorApp{
		Issuer: p.Issuer, AccountName: p.AccountName, Key: p.Key, Type: p.Type, URI: p.URI,
		QR: QR{p.QR.Size, p.QR.Path},
	}, nil
}

// recoveryCodes makes a set: the texts to show, and the digests to keep.
func recoveryCodes(v *vault.Vault) (shown []secret.OneTime, kept []string) {
	for _, c := range mfa.NewRecoveryCodes() {
		shown = append(shown, c.Reveal())
		kept = append(kept, c.Digest(v.Digest))
	}
	return shown, kept
}

func appPlace(a id.AuthenticatorApp) vault.Place {
	return vault.Place{Table: "authenticator_apps", Column: "secret", Row: string(a)}
}

// addApp switches on an app whose code of a step was just shown.
func addApp(tx store.WriteTx, v *vault.Vault, u store.UserRef, name string, key []byte, step int64) error {
	a := store.AuthenticatorApp{ID: id.NewAuthenticatorApp(), Name: name, LastStep: step}
	a.Secret = v.Seal(appPlace(a.ID), key)
	return tx.AddAuthenticatorApp(u, a)
}

// Answers to a second factor.
var (
	errCodeWrong = problem.New(problem.CodeWrong, "That code is not right. Please check it and try again.")
	errCodeUsed  = problem.New(problem.CodeUsed, "This code was just used; please wait for the next one.")
)

// clockRight refuses when the clock is behind the newest record of the log.
func clockRight(tx store.ReadTx) error {
	h, err := tx.Head()
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && tx.Now().Add(session.ClockTolerance).Before(h.At) {
		return problem.New(problem.ClockWrong, "The clock of this machine has gone back, so codes and links cannot be checked. Please set it right.")
	}
	return err
}

// factorGuess is what somebody offers as second factor: one of the three.
type factorGuess struct {
	code     secret.Text // of an authenticator app
	recovery secret.Text
	key      *keyGuess // nil: none
}

func (g factorGuess) empty() bool { return g.code.IsZero() && g.recovery.IsZero() && g.key == nil }

// checkFactor spends a second factor of a user and says by what means, or why
// not. Failures are counted, for all factors of the user together.
func (o *Operations) checkFactor(tx store.WriteTx, u store.Listed, g factorGuess, from access.Source) (means string, refusal *problem.Problem, err error) {
	k := knock{atFactors(u.ID), atAddress(from)}
	if blocked, err := k.blocked(tx.ReadTx); err != nil || blocked != nil {
		return "", blocked, err
	}
	if err := clockRight(tx.ReadTx); err != nil {
		return "", nil, err
	}
	means, refusal, err = o.spend(tx, u, g, from)
	switch {
	case err != nil:
		return "", nil, err
	case refusal == nil:
		err = k.right(tx)
	case refusal.Code == problem.CodeWrong, refusal.Code == problem.SecurityKeyRefused, refusal.Code == problem.SecurityKeyCopied:
		err = k.wrong(tx)
	}
	return means, refusal, err
}

func (o *Operations) spend(tx store.WriteTx, l store.Listed, g factorGuess, from access.Source) (string, *problem.Problem, error) {
	u := l.Ref()
	if g.key != nil {
		refusal, err := o.spendKey(tx, l, *g.key, from)
		return byKey, refusal, err
	}
	if !g.recovery.IsZero() {
		return o.spendRecoveryCode(tx, u, g.recovery)
	}
	apps, err := tx.AuthenticatorApps(u)
	if err != nil {
		return "", nil, fmt.Errorf("find authenticator apps: %w", err)
	}
	for _, a := range apps {
		key, err := o.deps.Vault.Open(appPlace(a.ID), a.Secret)
		if err != nil {
			return "", nil, fmt.Errorf("open authenticator app: %w", err)
		}
		app, err := mfa.ParseAppSecret(key)
		if err != nil {
			return "", nil, fmt.Errorf("read authenticator app: %w", err)
		}
		step, ok := mfa.MatchStep(app, g.code, tx.Now())
		if !ok {
			continue
		}
		fresh, err := tx.UseStep(u, a.ID, step, from.AddressText())
		if err != nil {
			return "", nil, fmt.Errorf("spend code: %w", err)
		}
		if !fresh {
			return "", errCodeUsed, nil
		}
		return byApp, nil, nil
	}
	return "", errCodeWrong, nil
}

func (o *Operations) spendRecoveryCode(tx store.WriteTx, u store.UserRef, typed secret.Text) (string, *problem.Problem, error) {
	c, err := mfa.ParseRecoveryCode(typed)
	if err != nil {
		return "", errCodeWrong, nil //nolint:nilerr // what cannot be a code is a wrong code
	}
	for _, digest := range digests(o.deps.Vault, func(f onetime.DigestFunc) string { return c.Digest(f) }) {
		ok, err := tx.UseRecoveryCode(u, digest)
		if err != nil {
			return "", nil, fmt.Errorf("spend recovery code: %w", err)
		}
		if ok {
			return byRecoveryCode, nil, nil
		}
	}
	return "", errCodeWrong, nil
}

// openSession signs a user in.
func (o *Operations) openSession(tx store.WriteTx, from access.Source, u store.Listed, means string) (auth.Token, session.Session, error) {
	token := auth.NewToken()
	now := tx.Now()
	site, err := o.siteID(tx.ReadTx, from)
	if err != nil {
		return token, session.Session{}, err
	}
	s := session.Session{
		ID: id.NewSession(), User: u.ID, Site: site, Face: from.Face, Means: means, Address: from.AddressText(), Program: from.Program,
		SignedInAt: now, SteppedUpAt: now, LastSeenAt: now, EndsAt: now.Add(session.Absolute),
	}
	return token, s, tx.AddSession(u.Ref(), s, token.Digest(o.deps.Vault))
}

// methodsOf lists what the user could prove themselves with now and here,
// beside the password. Somebody whose only second factor works elsewhere is
// asked for a recovery code: that it does not count here lets nobody in who
// knows the password alone (M2).
func (o *Operations) methodsOf(tx store.ReadTx, u store.Listed, from access.Source) ([]Method, error) {
	methods := []Method{}
	if !u.HasFactor {
		return methods, nil
	}
	site, err := o.siteID(tx, from)
	if err != nil {
		return nil, err
	}
	f, err := tx.Factors(u.Ref(), site)
	if err != nil {
		return nil, fmt.Errorf("count second factors: %w", err)
	}
	left, err := tx.RecoveryCodesLeft(u.Ref())
	if err != nil {
		return nil, fmt.Errorf("count recovery codes: %w", err)
	}
	if f.Apps > 0 {
		methods = append(methods, AppMethod)
	}
	if f.KeysHere > 0 {
		methods = append(methods, KeyMethod)
	}
	if left > 0 {
		methods = append(methods, RecoveryMethod)
	}
	return methods, nil
}

// mfaStatus is how a user stands with second factors, for answers. Whether there
// is one is asked for a place where it has to work, or for none, as lists do.
func mfaStatus(a account.Account, l store.Listed, has bool, now time.Time) MFA {
	if l.Kind() == user.Service {
		return MFA{State: signin.MFAOff}
	}
	state, d := signin.MFA(a, l.ForceMFA, has, now)
	return MFA{state, d.By, d.From}
}

// MFA tells how a user stands with second factors.
type MFA struct {
	State        signin.MFAState    `json:"state"`
	RequiredBy   account.RequiredBy `json:"requiredBy"`   // empty when nobody demands it
	RequiredFrom calendar.Day       `json:"requiredFrom"` // the day from which it will be demanded; empty: none is set, or it is now
}
