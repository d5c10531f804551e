package ops

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// ForgotInput says who forgot the password.
type ForgotInput struct {
	Login string `json:"login"`
}

type passwordOps struct {
	Forgot *op.Op[ForgotInput, None]
	Enter  *op.Op[EnterInput, Entered]
}

// Links that strangers may ask for go to the user's own mailbox, at first this
// far apart and then twice as far each time. In between the last one is good
// still: so whoever asks in the user's name, however often, takes nothing from
// the user.
const (
	firstLinkWait = 5 * time.Minute
	lastLinkWait  = time.Hour
	linksForgiven = 24 * time.Hour // without a link: as at first

	linkAnswer = 60 * time.Millisecond // many times what the slower way takes
)

func (o *Operations) addForgotten() {
	o.Password.Forgot = op.Write(&o.table, op.Spec{
		Name: "password.forgot", Route: "POST /password/forgotten", Event: "password.forgotten",
		Summary: "Have a link to a new password mailed to the user's own address. The answer is the same whether or not there is such a user. Second factors stay.",
		Even:    linkAnswer,
	}, op.Anyone(), o.forgotPassword)
	o.Activation.Resend = op.Write(&o.table, op.Spec{
		Name: "activation.resend", Route: "POST /activation/resend", Event: "activation.resent",
		Summary: "Have a new link mailed in place of one that expired, to the same user. The answer is the same whether or not it was good once.",
		Even:    linkAnswer,
	}, op.Anyone(), o.resendActivation)
}

// quiet is a refusal that only the log gets to know.
func quiet[Out any](w *op.Writing[Out], code problem.Code, about op.Entry) op.Outcome[Out] {
	var zero Out
	return w.Hush(zero, problem.New(code, "Nothing was sent."), about)
}

// asking counts somebody who asks for a link against where they ask from, in a
// bucket of its own: asking must not close the sign-in. Everybody who asks
// fills it, right or wrong, so that it tells nothing.
func asking(tx store.WriteTx, from access.Source) (*problem.Problem, error) {
	k := knock{address: atAddress(from)}
	if k.address == "" {
		return nil, nil
	}
	k.address = "links " + k.address
	blocked, err := k.blocked(tx.ReadTx)
	if err != nil || blocked != nil {
		return blocked, err
	}
	return nil, k.wrong(tx)
}

func (o *Operations) forgotPassword(p *op.Preparing, in ForgotInput) (op.Commit[None], error) {
	if strings.TrimSpace(in.Login) == "" {
		var form field.Form
		form.Add("login", field.Missing())
		return nil, form.Err()
	}
	p.After(o.wakeCourier) // whether or not a mail waits: that must not be seen in the time it takes
	login := user.Login(in.Login)
	return func(w *op.Writing[None]) op.Outcome[None] {
		if blocked, err := asking(w.Tx, w.Source); err != nil {
			return w.Fail(err)
		} else if blocked != nil {
			return w.Refuse(blocked, op.Entry{})
		}
		soon, err := o.tooSoon(w.Tx, cmp.Or(login.Folded(), in.Login))
		if err != nil {
			return w.Fail(err)
		}
		u, err := w.Tx.UserByLogin(login)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("find who forgot: %w", err))
		}
		if soon || u.ID == "" {
			return quiet(w, problem.TooManyAttempts, op.Entry{})
		}
		return mailLink(o, w, u.Listed, "")
	}, nil
}

// tooSoon reports whether a link for the login, known or not, was asked for a
// moment ago; if not, it is now.
func (o *Operations) tooSoon(tx store.WriteTx, folded string) (bool, error) {
	subject := "links login:" + o.deps.Vault.Digest("throttle login", []byte(folded))
	t, err := tx.Throttle(subject)
	if err != nil {
		return false, fmt.Errorf("read throttle of links: %w", err)
	}
	now := tx.Now()
	if now.Before(t.BlockedUntil) && t.BlockedUntil.Sub(now) <= lastLinkWait { // else the clock went back
		return true, nil
	}
	if now.Sub(t.UpdatedAt) > linksForgiven {
		t.Failures = 0
	}
	t.BlockedUntil = now.Add(min(firstLinkWait<<min(t.Failures, 10), lastLinkWait))
	t.Failures++
	if err := tx.PutThrottle(subject, t); err != nil {
		return false, fmt.Errorf("count link: %w", err)
	}
	return false, nil
}

// mailLink mails a user a new link, if that user may have one and mail is set
// up: a password to choose anew, or for the first time.
func mailLink(o *Operations, w *op.Writing[None], u store.Listed, askedWith string) op.Outcome[None] {
	about := op.Entry{Account: u.Account, Object: userObject(u.User)}
	may := u
	if u.State == user.Invited {
		may.State = user.Active // may enter once the link is used
	}
	open, err := mayEnter(w.Tx.ReadTx, may)
	if err != nil {
		return w.Fail(err)
	}
	mails, err := o.mailsLinks(w.Tx.ReadTx)
	if err != nil {
		return w.Fail(err)
	}
	switch {
	case !open:
		return quiet(w, problem.Forbidden, about)
	case !mails || u.Email == "":
		return quiet(w, problem.Unavailable, about)
	}
	issued, err := o.reissue(w.Tx, w.Actor, u.User, u.Ref(), Mailed, askedWith)
	if err != nil {
		return w.Fail(err)
	}
	about.Detail = activity.Detail{"purpose": purposeOf(u.User), "delivery": issued.Delivery}
	return w.Done(None{}, about)
}

// resendActivation looks for what somebody shows among what was good once. A
// code is looked at only from where not too many wrong ones came.
func (o *Operations) resendActivation(p *op.Preparing, in ActivationInput) (op.Commit[None], error) {
	proof, err := onetime.Parse(in.Secret)
	if errors.Is(err, onetime.ErrMistyped) {
		return nil, mistyped()
	}
	dead := err != nil // it was never one
	p.After(o.wakeCourier)
	return func(w *op.Writing[None]) op.Outcome[None] {
		if blocked, err := asking(w.Tx, w.Source); err != nil {
			return w.Fail(err)
		} else if blocked != nil {
			return w.Refuse(blocked, op.Entry{})
		}
		if err := clockRight(w.Tx.ReadTx); err != nil {
			return w.Deny(err, op.Entry{})
		}
		if dead {
			return quiet(w, problem.ActivationDead, op.Entry{})
		}
		u, digest, err := o.onceGood(w.Tx.ReadTx, proof)
		if errors.Is(err, store.ErrNotFound) {
			return quiet(w, problem.ActivationDead, op.Entry{})
		}
		if err != nil {
			return w.Fail(err)
		}
		soon, err := o.tooSoon(w.Tx, u.Login.Folded())
		if err != nil {
			return w.Fail(err)
		}
		if soon {
			return quiet(w, problem.TooManyAttempts, op.Entry{})
		}
		return mailLink(o, w, u, digest)
	}, nil
}

// onceGood finds the user of an expired link or code, and the digest it was
// found by; store.ErrNotFound when it never was one, or a newer one was made.
func (o *Operations) onceGood(tx store.ReadTx, proof onetime.Proof) (u store.Listed, digest string, err error) {
	for _, digest = range digests(o.deps.Vault, proof.Digest) {
		whose, scope, err := tx.OnceGood(digest)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return u, "", fmt.Errorf("find expired activation: %w", err)
		}
		u, err = tx.User(scope, whose)
		return u, digest, err
	}
	return u, "", store.ErrNotFound
}

func mistyped() error {
	var form field.Form
	form.Add("secret", field.Wrong(problem.BadFormat, "There is a typing mistake in this code. Please compare it with your sheet."))
	return form.Err()
}
