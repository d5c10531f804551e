package ops

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// CallerCode is how the proof of a caller stands, for whoever asks.
type CallerCode struct {
	State     CallerState `json:"state"`
	SentAt    *time.Time  `json:"sentAt"`    // null: none was
	ExpiresAt *time.Time  `json:"expiresAt"` // of the code; when it was right, of the proof
	TriesLeft int         `json:"triesLeft"`
	SMS       bool        `json:"sms"` // SMS are set up
}

// CallerState is how far the proof of a caller has come.
type CallerState string

// The states.
//
//	none ──▶ sent ──▶ proven ──▶ over
//	          └──────────────────▲
const (
	CallerNone   CallerState = "none"
	CallerSent   CallerState = "sent"
	CallerProven CallerState = "proven"
	CallerOver   CallerState = "over"      // too late, or guessed at too often
	CallerByMate CallerState = "colleague" // another operator is at it
)

// CallerCodeInput is the code that a caller reads out.
type CallerCodeInput struct {
	ID   id.Account  `json:"id"`
	Code secret.Text `json:"code"`
}

// Only who has the registered mobile number at hand is the admin user, as far as
// the operator can tell (U4). The code is worth something to the operator who
// had it sent, for the request it was sent for, once, and only as long as the
// number is still the registered one.
const (
	callerDigits = 8
	callerLife   = 10 * time.Minute
	callerTries  = 5
	provenLife   = 15 * time.Minute
	callerCodes  = 3 // for a user within an hour, whoever has them sent
	callerADay   = 8

	// A number that became the registered one within this time is pointed out:
	// whoever gets at somebody's access changes the number first, and waits.
	numberIsNew = 30 * 24 * time.Hour
)

var (
	errCodeDead = problem.New(problem.CallerCodeOver, "No code waits here: it was used, guessed at too often, is too old, or went to another number. Please send a new one.")
	errCodeMate = problem.New(problem.CallerCodeOver, "A colleague had this code sent, and only they can use it. Please send a new one.")
)

// by is how a proof names the operator whose it is.
func by(a access.Actor) string { return strings.TrimSpace(string(a.Kind()) + " " + string(a.User())) }

// callerState is what a proof is worth to an operator now.
func callerState(tx store.ReadTx, a access.Actor, p store.CallerProof, number user.Mobile) CallerState {
	switch {
	case !tx.Now().Before(p.ExpiresAt), tx.Now().Before(p.SentAt), p.Number != string(number), p.ProvenAt.IsZero() && p.Digest == "":
		return CallerOver
	case p.Operator != by(a):
		return CallerByMate
	case p.ProvenAt.IsZero():
		return CallerSent
	}
	return CallerProven
}

// newCallerCode makes a code to be read out.
func newCallerCode() (secret.Text, error) {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(callerDigits), nil)
	n, err := rand.Int(rand.Reader, most)
	if err != nil {
		return secret.Text{}, fmt.Errorf("make code: %w", err)
	}
	return secret.New(fmt.Sprintf("%0*d", callerDigits, n)), nil
}

// callerDigests are those a code may be kept under. They bind it to the request
// and to the operator.
func (o *Operations) callerDigests(h id.HelpRequest, a access.Actor, code string) []string {
	return o.deps.Vault.Digests("caller code", []byte(string(h)+"\n"+by(a)+"\n"+code))
}

func (o *Operations) sendHelpCode(p *op.Preparing, in AccountID) (op.Commit[AdminHelp], error) {
	code, err := newCallerCode()
	if err != nil {
		return nil, err
	}
	p.After(o.wakeCourier)
	return func(w *op.Writing[AdminHelp]) op.Outcome[AdminHelp] {
		u, c, about, err := onHelp(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		number := registered(u, c.Account)
		if number == "" {
			return w.Refuse(problem.New(problem.Conflict, "No mobile number is registered, neither for the admin user nor for the account. Hand the admin user over by a sheet to the official address instead."), about)
		}
		gateway, err := o.smsGateway(w.Tx.ReadTx)
		if err != nil {
			return w.Fail(err)
		}
		if gateway == nil {
			return w.Refuse(problem.New(problem.Unavailable, "No SMS gateway is set up, so no code can be sent. Hand the admin user over by a sheet to the official address instead."), about)
		}
		about.Detail["number"] = maskedMobile(number)
		for _, l := range []struct {
			name string
			most int
			time time.Duration
		}{{"hour", callerCodes, helpHour}, {"day", callerADay, helpDay}} {
			often, err := within(w.Tx, "help code "+l.name+" user:"+string(u.ID), l.most, l.time, "Several codes were sent to this number already. Please wait a little before you send another one.")
			if err != nil {
				return w.Fail(err)
			}
			if often != nil {
				return w.Refuse(often, about)
			}
		}
		h, err := w.Tx.OpenHelp(u.Ref())
		if err != nil {
			return w.Fail(fmt.Errorf("find request: %w", err))
		}
		if err := o.sendCallerCode(w, u, number, h.ID, code); err != nil {
			return w.Fail(err)
		}
		return o.helped(w, c, about)
	}, nil
}

func (o *Operations) sendCallerCode(w *op.Writing[AdminHelp], u store.Listed, number user.Mobile, h id.HelpRequest, code secret.Text) error {
	operator, err := w.Tx.Account(w.Scope())
	if err != nil {
		return fmt.Errorf("find the operator's name: %w", err)
	}
	to := byMail(u.User, u.Ref())
	to.address = string(number)
	expires := w.Tx.Now().Add(callerLife)
	shown := code.Reveal()[:callerDigits/2] + " " + code.Reveal()[callerDigits/2:]
	if _, err := o.queueSMS(w.Tx, to, delivery.CallerCode, delivery.Values{"code": shown, "operator": operator.Name}, expires, code, secret.New(shown)); err != nil {
		return fmt.Errorf("send code by SMS: %w", err)
	}
	err = w.Tx.PutCallerProof(u.Ref(), store.CallerProof{
		Operator: by(w.Actor), Digest: o.callerDigests(h, w.Actor, code.Reveal())[0], Number: string(number), SentAt: w.Tx.Now(), ExpiresAt: expires,
	})
	if err != nil {
		return fmt.Errorf("keep proof of the caller: %w", err)
	}
	return nil
}

// typedCode is a code as it was typed, without what stands between its digits.
func typedCode(f *field.Form, typed secret.Text) string {
	code := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(typed.Reveal())
	switch {
	case code == "":
		f.Add("code", field.Missing())
	case len(code) != callerDigits || strings.Trim(code, "0123456789") != "":
		f.Add("code", field.Wrong(problem.BadFormat, fmt.Sprintf("The code has %d digits.", callerDigits)))
	}
	return code
}

func (o *Operations) checkHelpCode(_ *op.Preparing, in CallerCodeInput) (op.Commit[AdminHelp], error) {
	var form field.Form
	code := typedCode(&form, in.Code)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[AdminHelp]) op.Outcome[AdminHelp] {
		u, c, about, err := onHelp(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := clockRight(w.Tx.ReadTx); err != nil {
			return w.Deny(err, about)
		}
		h, err := w.Tx.OpenHelp(u.Ref())
		if err != nil {
			return w.Fail(fmt.Errorf("find request: %w", err))
		}
		proof, err := w.Tx.CallerProof(u.Ref())
		if errors.Is(err, store.ErrNotFound) {
			return w.Refuse(errCodeDead, about)
		}
		if err != nil {
			return w.Fail(fmt.Errorf("find proof of the caller: %w", err))
		}
		switch callerState(w.Tx.ReadTx, w.Actor, proof, registered(u, c.Account)) {
		case CallerByMate:
			return w.Refuse(errCodeMate, about)
		case CallerNone, CallerOver, CallerProven:
			return w.Refuse(errCodeDead, about)
		case CallerSent:
		}
		right := slices.Contains(o.callerDigests(h.ID, w.Actor, code), proof.Digest)
		if right {
			proof.Digest, proof.ProvenAt, proof.ExpiresAt = "", w.Tx.Now(), w.Tx.Now().Add(provenLife)
		} else if proof.Tries++; proof.Tries >= callerTries {
			proof.Digest = ""
		}
		if err := w.Tx.PutCallerProof(u.Ref(), proof); err != nil {
			return w.Fail(fmt.Errorf("keep proof of the caller: %w", err))
		}
		switch {
		case right:
			return o.helped(w, c, about)
		case proof.Digest == "":
			return w.Refuse(errCodeDead, about)
		}
		return w.Refuse(errCodeWrong, about)
	}, nil
}
