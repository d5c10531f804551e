package ops

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/notice"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// BreakGlassInput is what somebody types who lost every second factor: as many
// break-glass codes as it takes, together, and beside them login and password,
// or the ceremony of a sign-in whose password was right.
type BreakGlassInput struct {
	Ceremony secret.Text   `json:"ceremony,omitzero"`
	Login    string        `json:"login,omitempty"`
	Password secret.Text   `json:"password,omitzero"`
	Codes    []secret.Text `json:"codes"`
}

// errGlassRefused is all that anybody is told, whatever is wrong: which of the
// codes, or how many, or that there are none, is not for strangers.
var errGlassRefused = problem.New(problem.BreakGlassRefused, "This did not let you in. Please check login and password, and that you have enough codes, all of the newest set and none of them twice.")

func (o *Operations) addBreakGlassEntry() {
	o.Session.BreakGlass = op.Write(&o.table, op.Spec{
		Name: "session.breakGlass", Route: "POST /session/break-glass", Event: "breakGlass.used",
		Summary: "Sign in as the admin user of an account with login, password and enough break-glass codes, once. The second factors are removed, and new ones have to be set up.",
	}, op.Anyone(), o.breakGlass)
}

// entered are the codes that were typed, without the boxes that stayed empty.
func (in BreakGlassInput) entered() (codes []secret.Text) {
	for _, c := range in.Codes {
		if strings.TrimSpace(c.Reveal()) != "" {
			codes = append(codes, c)
		}
	}
	return codes
}

// breakGlass lets the admin user in with codes of several people. Whoever brings
// enough of them is no stranger: then the password is not tried at the counter
// of the login, which strangers can fill with wrong ones, but at that of the
// second factors, which they cannot (L2). Without the codes, the password counts
// as at any sign-in, and codes beside a right one count as a second factor.
func (o *Operations) breakGlass(p *op.Preparing, in BreakGlassInput) (op.Commit[SignIn], error) {
	var form field.Form
	login, codes, waits := user.Login(in.Login), in.entered(), !in.Ceremony.IsZero()
	if strings.TrimSpace(in.Login) == "" && !waits {
		form.Add("login", field.Missing())
	}
	if in.Password.IsZero() && !waits {
		form.Add("password", field.Missing())
	}
	if len(codes) == 0 {
		form.Add("codes", field.Missing())
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	p.After(o.wakeCourier)
	if waits {
		return o.breakGlassBeside(in.Ceremony, codes), nil
	}
	atLogin := knock{o.atLogin(cmp.Or(login.Folded(), in.Login)), atAddress(p.Source)}
	k := atLogin
	var found store.Credentialed
	var holds bool
	err := p.Read(func(tx store.ReadTx) (err error) {
		found, holds, err = o.bringing(tx, login, codes)
		return err
	})
	if err != nil {
		return nil, err
	}
	if holds {
		k = knock{subject: atFactors(found.ID)}
	}
	t, err := o.tryPassword(p, k, found.PasswordHash, in.Password) // without a user, a dummy's hash is computed
	if err != nil {
		return nil, err
	}
	return func(w *op.Writing[SignIn]) op.Outcome[SignIn] {
		blocked, err := k.blocked(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		if blocked != nil { // gathered: knocking on must not fill the log of an account
			return w.Refuse(blocked, op.Entry{})
		}
		now, still, err := o.bringing(w.Tx.ReadTx, login, codes)
		if err != nil {
			return w.Fail(err)
		}
		if t.moot || now.PasswordHash != found.PasswordHash || now.ID != found.ID || still != holds { // what was looked at is not what counts
			return w.Fail(op.ErrStale)
		}
		about := op.Entry{}
		if now.ID != "" {
			about = op.Entry{Account: now.Account, Object: userObject(now.User)}
		}
		open, err := mayEnter(w.Tx.ReadTx, now.Listed)
		if err != nil {
			return w.Fail(err)
		}
		welcome := access.Enter(now.Entry, w.Source)
		known := t.right && open && welcome.Allowed
		if known && holds {
			return o.openWithGlass(w, now.Listed, atLogin)
		}
		if known { // the password is spent on the codes
			k = knock{atFactors(now.ID), atAddress(w.Source)}
			if blocked, err = k.blocked(w.Tx.ReadTx); err != nil {
				return w.Fail(err)
			} else if blocked != nil {
				return w.Refuse(blocked, op.Entry{})
			}
			about.Reason = problem.CodeWrong
		} else if t.right && open {
			about.Reason = welcome.Reason
		}
		if err := k.wrong(w.Tx); err != nil {
			return w.Fail(err)
		}
		return w.Refuse(errGlassRefused, about)
	}, nil
}

// breakGlassBeside is breakGlass in a sign-in that waits for its second factor.
func (o *Operations) breakGlassBeside(ceremony secret.Text, codes []secret.Text) op.Commit[SignIn] {
	return func(w *op.Writing[SignIn]) op.Outcome[SignIn] {
		c, err := takeCeremony[waiting](w.Tx, o.deps.Vault, signInCeremony, ceremony)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		u, holds, err := o.bringing(w.Tx.ReadTx, c.state.Login, codes)
		if err != nil {
			return w.Fail(err)
		}
		open, err := mayEnter(w.Tx.ReadTx, u.Listed)
		if err != nil {
			return w.Fail(err)
		}
		welcome := access.Enter(u.Entry, w.Source)
		about := op.Entry{Account: u.Account, Object: userObject(u.User), Reason: welcome.Reason}
		if !open || !welcome.Allowed || !c.state.of(u) {
			return w.Refuse(errSignInFailed, about)
		}
		k := knock{atFactors(u.ID), atAddress(w.Source)}
		if holds {
			k.address = "" // that of nobody who guesses
		}
		refusal, err := k.blocked(w.Tx.ReadTx)
		switch {
		case err != nil:
			return w.Fail(err)
		case refusal == nil && holds:
			return o.openWithGlass(w, u.Listed, knock{subject: o.atLogin(u.Login.Folded())})
		case refusal == nil:
			refusal = errGlassRefused
			about.Reason = problem.CodeWrong
			if err := k.wrong(w.Tx); err != nil {
				return w.Fail(err)
			}
		}
		if err := c.again(w.Tx); err != nil {
			return w.Fail(err)
		}
		return w.Refuse(refusal, about)
	}
}

// bringing finds the user of a login, and reports whether these codes are
// enough. Nobody's are, where there is no such user.
func (o *Operations) bringing(tx store.ReadTx, login user.Login, codes []secret.Text) (u store.Credentialed, holds bool, err error) {
	u, err = tx.UserByLogin(login)
	if errors.Is(err, store.ErrNotFound) {
		return store.Credentialed{}, false, nil
	}
	if err != nil {
		return u, false, fmt.Errorf("find user to sign in: %w", err)
	}
	s, err := o.glassOf(tx, u.Listed)
	if err != nil || s == nil {
		return u, false, err
	}
	return u, s.opens(o.deps.Vault, codes), nil
}

// openWithGlass uses the set up, takes the second factors away, as a reset does,
// and opens a session that has to set up new ones.
func (o *Operations) openWithGlass(w *op.Writing[SignIn], u store.Listed, atLogin knock) op.Outcome[SignIn] {
	kept, err := w.Tx.BreakGlass(u.Ref())
	if err != nil {
		return w.Fail(fmt.Errorf("find break-glass codes: %w", err))
	}
	fresh, err := w.Tx.UseBreakGlass(u.Ref(), kept.ID)
	if err != nil {
		return w.Fail(fmt.Errorf("use break-glass codes: %w", err))
	}
	if !fresh {
		return w.Fail(op.ErrStale)
	}
	removed, ended, err := stripFactors(w.Tx, u)
	if err != nil {
		return w.Fail(err)
	}
	if err := w.Tx.ForceMFA(u.Ref()); err != nil {
		return w.Fail(fmt.Errorf("demand a new set-up: %w", err))
	}
	if err := atLogin.right(w.Tx); err != nil {
		return w.Fail(err)
	}
	now, err := w.Tx.User(access.Within(u.Account), u.ID)
	if err != nil {
		return w.Fail(fmt.Errorf("find user to sign in: %w", err))
	}
	return o.enterNoting(w, now, byPassword+"+"+byBreakGlass, activity.Detail{
		"set": kept.ID, "needed": kept.Needed, "factorsRemoved": removed, "sessionsEnded": ended,
	})
}

// tellEverywhere tells a person by every channel there is: in the app, at the
// address and number of their own, and at the official ones of the account.
func (o *Operations) tellEverywhere(tx store.WriteTx, k notice.Kind, done activity.Record) (bool, error) {
	u, home, err := concernedAt(tx.ReadTx, done)
	if err != nil {
		return false, err
	}
	n := noticeOf(k, done)
	n.At = tx.Now()
	if err := tx.Tell(u.Ref(), n); err != nil {
		return false, fmt.Errorf("leave notice: %w", err)
	}
	queued := false
	for _, to := range unlike(u.Email, home.Email) {
		also, err := o.mailNotice(tx, u, n, to)
		if err != nil {
			return false, err
		}
		queued = queued || also
	}
	for _, to := range unlike(u.Mobile, home.Mobile) {
		also, err := o.smsNotice(tx, u, n, to)
		if err != nil {
			return false, err
		}
		queued = queued || also
	}
	return queued, nil
}

// unlike are those of two that are there, once.
func unlike[T ~string](a, b T) []T {
	return slices.DeleteFunc(slices.Compact([]T{a, b}), func(v T) bool { return v == "" })
}

// concernedAt is whom a record is about, and their account.
func concernedAt(tx store.ReadTx, done activity.Record) (u store.Listed, home account.Account, err error) {
	scope := access.Within(done.Account)
	if u, err = tx.User(scope, subject(done)); err != nil {
		return u, home, fmt.Errorf("find whom it is about: %w", err)
	}
	if home, err = tx.Account(scope); err != nil {
		return u, home, fmt.Errorf("find account: %w", err)
	}
	return u, home, nil
}

// mostGuardians bounds how many administrators of an account are told.
const mostGuardians = 200

// tellGuardians tells those who look after an account, besides the person whom
// it is about: its other administrators, and the operators.
func (o *Operations) tellGuardians(tx store.WriteTx, k notice.Kind, done activity.Record) (bool, error) {
	u, home, err := concernedAt(tx.ReadTx, done)
	if err != nil {
		return false, err
	}
	n := noticeOf(k, done)
	n.At, n.Facts = tx.Now(), notice.Facts{Whom: u.Name, Name: home.Name}
	n.By, n.ByName = notice.Colleague, u.Name
	in, err := tx.Installation()
	if err != nil {
		return false, fmt.Errorf("find the operator: %w", err)
	}
	queued := false
	if home.ID != in.Operator { // whose administrators are told as operators
		admins, err := tx.Admins(access.Within(home.ID), mostGuardians)
		if err != nil {
			return false, fmt.Errorf("find administrators to tell: %w", err)
		}
		for _, a := range admins {
			if a.ID == u.ID {
				continue
			}
			if err := tx.Tell(a.Ref(), n); err != nil {
				return false, fmt.Errorf("leave notice: %w", err)
			}
			also, err := o.mailNotice(tx, a, n, "")
			if err != nil {
				return false, err
			}
			queued = queued || also
		}
	}
	also, err := o.tellOperators(tx, u.ID, n)
	return queued || also, err
}
