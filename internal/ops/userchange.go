package ops

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// UpdateUserInput is what shall become of a user; what is left out stays.
type UpdateUserInput struct {
	ID       id.User   `json:"id"`
	Name     *string   `json:"name,omitempty"`
	Email    *string   `json:"email,omitempty"`
	Mobile   *string   `json:"mobile,omitempty"` // empty: none
	Language *string   `json:"language,omitempty"`
	Roles    []id.Role `json:"roles,omitempty"`
	ForceMFA *bool     `json:"forceMfa,omitempty"`

	AccessPoints []string `json:"accessPoints,omitempty"` // WEB, API, ISPROXY
	IPRules      []string `json:"ipRules,omitempty"`      // addresses and ranges; one empty text: from anywhere
}

// Details of a person that forms change.
type details struct{ Name, Email, Mobile, Language *string }

// apply reads what is given into u, and notes what is wrong and what changed.
func (d details) apply(f *field.Form, u *user.User) activity.Detail {
	changed := activity.Detail{}
	change(f, changed, "name", user.ParseName, d.Name, &u.Name)
	change(f, changed, "email", user.ParseEmail, d.Email, &u.Email)
	change(f, changed, "language", user.ParseLanguage, d.Language, &u.Language)
	changeOptional(f, changed, "mobile", user.ParseMobile, d.Mobile, &u.Mobile)
	return changed
}

// change reads a field of a form, if it is given, and notes what is wrong with
// it or what changed.
func change[T ~string](f *field.Form, changed activity.Detail, name string, parse func(string) (T, *field.Error), given *string, to *T) {
	if given == nil {
		return
	}
	after := field.Read(f, name, parse, *given)
	note(changed, name, *to, after)
	*to = after
}

// changeOptional is change for a field that may become empty.
func changeOptional[T ~string](f *field.Form, changed activity.Detail, name string, parse func(string) (T, *field.Error), given *string, to *T) {
	if given != nil && strings.TrimSpace(*given) == "" {
		note(changed, name, *to, "")
		*to = ""
		return
	}
	change(f, changed, name, parse, given, to)
}

// note writes down a change, with before and after.
func note[T comparable](changed activity.Detail, name string, before, after T) {
	if before != after {
		changed[name] = activity.Detail{"before": before, "after": after}
	}
}

// acting is what acts on a user begin with: the user, past its guards.
func acting[Out any](w *op.Writing[Out], u id.User, act Act) (target, op.Entry, error) {
	t, err := findTarget(w.Tx.ReadTx, w.Call, u)
	if err != nil {
		return t, op.Entry{}, err
	}
	about := op.Entry{Object: userObject(t.User)}
	if p := t.guard(w.Actor, act); p != nil {
		return t, about, p
	}
	return t, about, nil
}

// shown is a user as it is now.
func shown(tx store.ReadTx, scope access.Scope, u id.User) (User, error) {
	found, err := tx.User(scope, u)
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	a, err := tx.Account(scope)
	return showUser(found, a, tx.Now()), err
}

// changed ends an act with the user as it became.
func changed(w *op.Writing[User], u id.User, about op.Entry) op.Outcome[User] {
	out, err := shown(w.Tx.ReadTx, w.Scope(), u)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, about)
}

func updateUser(_ *op.Preparing, in UpdateUserInput) (op.Commit[User], error) {
	return func(w *op.Writing[User]) op.Outcome[User] {
		t, about, err := acting(w, in.ID, UpdateUser)
		if err != nil {
			return w.Deny(err, about)
		}
		if t.Kind() != user.Person {
			return w.Refuse(problem.Newf(problem.ServiceUser, "%s is a service user: please change it as one, with its owner and last day.", t.Name), about)
		}
		var form field.Form
		u := t.User
		about.Detail = details{in.Name, in.Email, in.Mobile, in.Language}.apply(&form, &u)
		if in.ForceMFA != nil {
			if u.ForceMFA = *in.ForceMFA; t.ID == w.Actor.User() && u.ForceMFA != t.ForceMFA {
				return w.Refuse(ownRights(ChangeRoles), about)
			}
			note(about.Detail, "forceMfa", t.ForceMFA, u.ForceMFA)
		}
		u.Entry = entryInput{in.AccessPoints, in.IPRules}.apply(&form, u.Entry, about.Detail)
		roles, err := newRoles(w, t, &form, in.Roles, about.Detail)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := form.Err(); ungrantable(err) {
			return w.Deny(err, op.Entry{Object: about.Object})
		} else if err != nil {
			return w.Fail(err)
		}
		if p := t.admits(w.Call, u.Entry); p != nil {
			return w.Refuse(p, about)
		}
		if u.Email != t.Email || u.Mobile != t.Mobile {
			if p := t.guard(w.Actor, ChangeContact); p != nil {
				return w.Refuse(p, about)
			}
		}
		if len(about.Detail) == 0 { // nothing is different
			return changed(w, t.ID, about)
		}
		var keep id.Session // the caller's own, when it is about themselves
		if t.ID == w.Actor.User() {
			keep = w.Actor.Session()
		}
		if u.Email != t.Email {
			if err := mayMove(w.Tx, t.ID); err != nil {
				return w.Deny(err, op.Entry{Object: about.Object})
			}
		}
		if err := writeUpdate(w.Tx, t, u, roles, keep); err != nil {
			return w.Fail(err)
		}
		return changed(w, t.ID, about)
	}, nil
}

// Mailboxes do not move more often than that within a day: each time, two
// addresses that anybody may have typed get a mail.
const (
	mailboxMoves = 5
	mailboxDay   = 24 * time.Hour
)

// mayMove counts that a user gets another mailbox, and refuses when that was
// often enough.
func mayMove(tx store.WriteTx, u id.User) error {
	subject := "mailbox user:" + string(u)
	t, err := tx.Throttle(subject)
	if err != nil {
		return fmt.Errorf("read throttle of mailboxes: %w", err)
	}
	if tx.Now().Sub(t.UpdatedAt) > mailboxDay {
		t.Failures = 0
	}
	if t.Failures >= mailboxMoves {
		p := problem.New(problem.TooManyAttempts, "The e-mail address was changed several times within a day. Please wait until tomorrow.")
		p.RetryAfter = t.UpdatedAt.Add(mailboxDay).Sub(tx.Now())
		return p
	}
	t.Failures++
	if err := tx.PutThrottle(subject, t); err != nil {
		return fmt.Errorf("count move of mailbox: %w", err)
	}
	return nil
}

// writeUpdate writes an update; roles may be nil, and stay then. A new mailbox
// and new IP rules end every session of the user but the one to keep.
func writeUpdate(tx store.WriteTx, t target, u user.User, roles []id.Role, keep id.Session) error {
	if err := tx.UpdateUser(t.Ref(), u); err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	if u.Email != t.Email {
		if err := leaveMailbox(tx, t.Ref(), keep); err != nil {
			return err
		}
	}
	if err := turnOut(tx, t.Ref(), t.Entry, u.Entry, keep); err != nil {
		return err
	}
	if roles == nil {
		return nil
	}
	var before []id.Role
	for _, r := range t.roles {
		before = append(before, r.ID)
	}
	if err := tx.ReplaceRoles(t.Ref(), before, roles); err != nil {
		return fmt.Errorf("replace roles: %w", err)
	}
	return nil
}

// leaveMailbox takes away what whoever reads the old mailbox may have: sessions,
// but for one that may be empty, and the link that waits.
func leaveMailbox(tx store.WriteTx, u store.UserRef, but id.Session) error {
	if _, err := tx.EndOtherSessions(u, but); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return dropActivation(tx, u)
}

// newRoles checks the roles a user shall have; nil when they stay.
func newRoles(w *op.Writing[User], t target, form *field.Form, want []id.Role, changed activity.Detail) ([]id.Role, error) {
	if want == nil {
		return nil, nil
	}
	var before, after []string
	for _, r := range t.roles {
		before = append(before, r.Name)
	}
	roles, err := grantable(w.Tx.ReadTx, w.Actor, form, want)
	if err != nil {
		return nil, err
	}
	ids, admin := []id.Role{}, false
	for _, r := range roles {
		ids, after = append(ids, r.ID), append(after, r.Name)
		admin = admin || r.BuiltIn == access.AdminRole
	}
	slices.Sort(before)
	slices.Sort(after)
	if form.Err() != nil || slices.Equal(before, after) {
		return nil, nil
	}
	if p := t.guard(w.Actor, ChangeRoles); p != nil {
		return nil, p
	}
	if t.AdminUser && !admin {
		return nil, problem.New(problem.AdminUser, "The admin user of an account keeps the role Admin.")
	}
	if !admin {
		if err := t.dispensable(w.Tx.ReadTx, w.Scope()); err != nil {
			return nil, err
		}
	}
	changed["roles"] = activity.Detail{"before": before, "after": after}
	return ids, nil
}

func deactivateUser(_ *op.Preparing, in UserID) (op.Commit[User], error) {
	return func(w *op.Writing[User]) op.Outcome[User] {
		t, about, err := acting(w, in.ID, DeactivateUser)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := t.dispensable(w.Tx.ReadTx, w.Scope()); err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.SetState(t.Ref(), t.State, user.Deactivated); err != nil {
			return w.Fail(fmt.Errorf("deactivate: %w", err))
		}
		ended, err := w.Tx.EndOtherSessions(t.Ref(), "")
		if err != nil {
			return w.Fail(fmt.Errorf("end sessions: %w", err))
		}
		about.Detail = activity.Detail{"sessionsEnded": ended}
		if _, err := w.Tx.CloseHelp(t.Ref(), store.HelpOver, w.Actor.Name(), ""); err != nil {
			return w.Fail(fmt.Errorf("end request for help: %w", err))
		}
		return changed(w, t.ID, about)
	}, nil
}

func reactivateUser(_ *op.Preparing, in UserID) (op.Commit[User], error) {
	return func(w *op.Writing[User]) op.Outcome[User] {
		t, about, err := acting(w, in.ID, ReactivateUser)
		if err != nil {
			return w.Deny(err, about)
		}
		hash, err := w.Tx.PasswordHash(t.Ref())
		if err != nil {
			return w.Fail(fmt.Errorf("find out whether there is a password: %w", err))
		}
		to, _ := t.State.Reactivate(hash != "" || t.Kind() == user.Service)
		if err := w.Tx.SetState(t.Ref(), t.State, to); err != nil {
			return w.Fail(fmt.Errorf("reactivate: %w", err))
		}
		return changed(w, t.ID, about)
	}, nil
}

func deleteUser(_ *op.Preparing, in UserID) (op.Commit[None], error) {
	return func(w *op.Writing[None]) op.Outcome[None] {
		t, about, err := acting(w, in.ID, DeleteUser)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := t.dispensable(w.Tx.ReadTx, w.Scope()); err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.CancelLinks(t.Ref()); err != nil {
			return w.Fail(fmt.Errorf("cancel what waits in the outbox: %w", err))
		}
		if err := w.Tx.DeleteUser(t.Ref()); err != nil {
			return w.Fail(fmt.Errorf("delete user: %w", err))
		}
		about.Detail = activity.Detail{"login": t.Login}
		return w.Done(None{}, about)
	}, nil
}

func (o *Operations) reissueUser(p *op.Preparing, in ReissueInput) (op.Commit[ActivationIssued], error) {
	p.After(o.wakeCourier)
	return func(w *op.Writing[ActivationIssued]) op.Outcome[ActivationIssued] {
		t, about, err := acting(w, in.ID, ReissueUser)
		if err != nil {
			return w.Deny(err, about)
		}
		issued, err := o.issueActivation(w.Tx, w.Actor, t.User, t.Ref(), handing(in.HandOver))
		if err != nil {
			return w.Fail(err)
		}
		about.Detail = activity.Detail{"purpose": purposeOf(t.User), "delivery": issued.Delivery}
		return w.Done(issued, about)
	}, nil
}

// stripFactors takes a user's second factors, sessions, and the guesses at what
// is gone.
func stripFactors(tx store.WriteTx, u store.Listed) (removed, ended int64, err error) {
	if removed, err = tx.RemoveFactors(u.Ref()); err != nil {
		return 0, 0, fmt.Errorf("remove second factors: %w", err)
	}
	if ended, err = tx.EndOtherSessions(u.Ref(), ""); err != nil {
		return 0, 0, fmt.Errorf("end sessions: %w", err)
	}
	return removed, ended, (knock{subject: atFactors(u.ID)}).right(tx)
}

// resetAnew is stripFactors for whoever sets new ones up at the next sign-in,
// which ends their request for help, if they made one.
func resetAnew(tx store.WriteTx, u store.Listed, by, reason string) (removed, ended int64, err error) {
	if removed, ended, err = stripFactors(tx, u); err != nil {
		return 0, 0, err
	}
	if err := tx.ForceMFA(u.Ref()); err != nil {
		return 0, 0, fmt.Errorf("demand a new set-up: %w", err)
	}
	if _, err := tx.CloseHelp(u.Ref(), store.HelpHelped, by, reason); err != nil {
		return 0, 0, fmt.Errorf("close request for help: %w", err)
	}
	return removed, ended, nil
}

// ResetInput says whose second factors are removed, and why.
type ResetInput struct {
	ID     id.User `json:"id"`
	Reason string  `json:"reason"`
}

func resetFactors(_ *op.Preparing, in ResetInput) (op.Commit[User], error) {
	var form field.Form
	reason := field.Read(&form, "reason", field.Text(500), in.Reason)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[User]) op.Outcome[User] {
		t, about, err := acting(w, in.ID, ResetFactors)
		about.Detail = activity.Detail{"reason": reason}
		if err != nil {
			return w.Deny(err, about)
		}
		removed, ended, err := resetAnew(w.Tx, t.Listed, w.Actor.Name(), reason)
		if err != nil {
			return w.Fail(err)
		}
		about.Detail["factorsRemoved"], about.Detail["sessionsEnded"] = removed, ended
		return changed(w, t.ID, about)
	}, nil
}
