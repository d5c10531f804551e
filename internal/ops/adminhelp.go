package ops

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// AdminHelpList asks for a page of the requests of admin users, newest first.
type AdminHelpList struct {
	Paging
	State    listing.Filter  `json:"state,omitempty"`   // open, helped, declined, over
	Account  listing.Filter  `json:"account,omitempty"` // an id
	AskedAt  listing.Filter  `json:"askedAt,omitempty"`
	ClosedAt listing.Filter  `json:"closedAt,omitempty"` // null: it is open
	Order    store.HelpOrder `json:"order,omitempty"`    // -askedAt or askedAt
}

// Filters implements Filtered.
func (AdminHelpList) Filters() []listing.Field {
	return []listing.Field{words("state", store.HelpStates()), exactly("account"), times("askedAt"), orNull(times("closedAt"))}
}

// AdminHelp is an admin user's open request with what the operator needs to
// answer it.
type AdminHelp struct {
	Request *HelpRequest `json:"request"` // null: none is open
	Person  HelpPerson   `json:"person"`
	Code    CallerCode   `json:"code"`
	Blocked *Blocked     `json:"blocked"` // why the second factors cannot be reset now; null: they can
}

// HelpPerson is what the operator compares with what a caller says. It is not
// for reading out.
type HelpPerson struct {
	Name              string     `json:"name"`
	Email             string     `json:"email"`             // masked
	Mobile            string     `json:"mobile"`            // masked; empty: none is registered
	MobileOfficial    bool       `json:"mobileOfficial"`    // it is the account's, since the person has none
	MobileChangedAt   *time.Time `json:"mobileChangedAt"`   // within the last 30 days; null: it was not
	AuthenticatorApps int        `json:"authenticatorApps"` // set up
	SecurityKeys      int        `json:"securityKeys"`      // set up
	RecoveryCodesLeft int        `json:"recoveryCodesLeft"`
	LastSeenAt        *time.Time `json:"lastSeenAt"` // null: never
}

// Blocked is a reason not to do something.
type Blocked struct {
	Code   problem.Code `json:"code"`
	Detail string       `json:"detail"` // in words
}

// RecordHelpInput is what somebody said on the telephone who cannot get in.
type RecordHelpInput struct {
	ID    id.Account `json:"id"`
	What  string     `json:"what"`            // happened
	Reach string     `json:"reach,omitempty"` // how to reach the person; the registered number when left out
}

type adminHelpOps struct {
	List    *op.Op[AdminHelpList, Page[HelpRequest]]
	Show    *op.Op[AccountID, AdminHelp]
	Record  *op.Op[RecordHelpInput, AdminHelp]
	Send    *op.Op[AccountID, AdminHelp]
	Check   *op.Op[CallerCodeInput, AdminHelp]
	Reset   *op.Op[AccountReason, AdminHelp]
	Decline *op.Op[AccountReason, AdminHelp]
}

func (o *Operations) addAdminHelp() {
	who := op.Holds(access.ResetAdminMFA)
	o.AdminHelp.List = op.Read(&o.table, op.Spec{
		Name: "accounts.listHelp", Route: "GET /help-requests-of-accounts",
		Summary: "Admin users of accounts who cannot get in and asked the operator for help.",
	}, who.InPerson(), listAdminHelp)
	o.AdminHelp.Show = op.Read(&o.table, op.Spec{
		Name: "accounts.showHelp", Route: "GET /accounts/{id}/help",
		Summary: "The open request for help of an account's admin user, what is known of the person, and how the proof of the caller stands.",
	}, who.InPerson(), func(r *op.Reading, in AccountID) (AdminHelp, error) {
		c, err := findCustomer(r.Tx, r.Call, in.ID)
		if err != nil {
			return AdminHelp{}, err
		}
		return o.adminHelp(r.Tx, r.Actor, c)
	})
	o.AdminHelp.Record = op.Write(&o.table, op.Spec{
		Name: "accounts.recordHelp", Route: "POST /accounts/{id}/help", Event: "account.help_recorded",
		Summary: "Write down that the admin user of an account asks for help on the telephone.",
	}, who.InPerson(), o.recordHelp)
	o.AdminHelp.Send = op.Write(&o.table, op.Spec{
		Name: "accounts.sendHelpCode", Route: "POST /accounts/{id}/help/code", Event: "account.help_code_sent",
		Summary: "Send a code by SMS to the registered mobile number of an account's admin user, who reads it out to prove who is calling.",
	}, who.InPerson(), o.sendHelpCode)
	o.AdminHelp.Check = op.Write(&o.table, op.Spec{
		Name: "accounts.checkHelpCode", Route: "POST /accounts/{id}/help/check", Event: "account.caller_proven",
		Summary: "Check the code that a caller reads out: by the operator who had it sent, once, within ten minutes.",
	}, who.InPerson(), o.checkHelpCode)
	o.AdminHelp.Reset = op.Write(&o.table, op.Spec{
		Name: "accounts.resetAdminFactors", Route: "POST /accounts/{id}/help/reset", Event: "account.admin_factors_reset", Destroys: true,
		Summary: "Remove the second factors and recovery codes of an account's admin user, once the caller has proven to be that person. Lets nobody in: new ones are set up at the next sign-in.",
	}, who.SteppedUp(), o.resetAdminFactors)
	o.AdminHelp.Decline = op.Write(&o.table, op.Spec{
		Name: "accounts.declineHelp", Route: "POST /accounts/{id}/help/decline", Event: "account.help_declined",
		Summary: "Close a request for help of an account's admin user without a reset. The person is told why.",
	}, who.InPerson(), o.declineAdminHelp)
}

func listAdminHelp(r *op.Reading, in AdminHelpList) (Page[HelpRequest], error) {
	return helpPage(in, in.Paging, in.Order, func(f store.HelpFilter) (store.Rows[store.HelpRequest], error) { return r.Tx.AdminHelp(r.Scope(), f) }, showAdminHelp)
}

func showAdminHelp(h store.HelpRequest) HelpRequest {
	h.User = ""
	return showHelp(h)
}

// registered is the mobile number to which a code goes: the person's own, else
// the official one of the account.
func registered(u store.Listed, a account.Account) user.Mobile { return cmp.Or(u.Mobile, a.Mobile) }

// adminHelp is how the admin user of an account stands with help.
func (o *Operations) adminHelp(tx store.ReadTx, a access.Actor, c customer) (out AdminHelp, err error) {
	u, err := tx.AdminUser(c.scope)
	if errors.Is(err, store.ErrNotFound) {
		return out, problem.Newf(problem.Conflict, "%s has no admin user.", c.Name)
	}
	if err != nil {
		return out, fmt.Errorf("find admin user: %w", err)
	}
	if out.Person, err = helpPerson(tx, u, c.Account); err != nil {
		return out, err
	}
	gateway, err := o.smsGateway(tx)
	if err != nil {
		return out, err
	}
	out.Code = CallerCode{State: CallerNone, SMS: gateway != nil}
	h, err := tx.OpenHelp(u.Ref())
	if errors.Is(err, store.ErrNotFound) {
		out.Blocked = &Blocked{errNoHelp.Code, errNoHelp.Detail}
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("find request: %w", err)
	}
	shown := showAdminHelp(h)
	out.Request = &shown
	proof, err := tx.CallerProof(u.Ref())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return out, fmt.Errorf("find proof of the caller: %w", err)
	}
	if err == nil {
		out.Code.State = callerState(tx, a, proof, registered(u, c.Account))
		out.Code.SentAt, out.Code.ExpiresAt, out.Code.TriesLeft = &proof.SentAt, &proof.ExpiresAt, max(0, callerTries-proof.Tries)
	}
	p := c.guard(a, HelpAdmin)
	if p == nil {
		p = resettable(u, out.Code.State)
	}
	if p != nil {
		out.Blocked = &Blocked{p.Code, p.Detail}
	}
	return out, nil
}

func helpPerson(tx store.ReadTx, u store.Listed, a account.Account) (HelpPerson, error) {
	p := HelpPerson{
		Name: u.Name, Email: maskedEmail(u.Email), Mobile: maskedMobile(registered(u, a)), MobileOfficial: u.Mobile == "" && a.Mobile != "", LastSeenAt: orNil(u.LastSeenAt),
	}
	own, official, err := tx.MobileChangedAt(u.Ref())
	if err != nil {
		return p, fmt.Errorf("find out since when the number is registered: %w", err)
	}
	if u.Mobile == "" && official.After(own) { // or one's own was taken away, so that the official one counts
		own = official
	}
	if p.Mobile != "" && tx.Now().Sub(own) < numberIsNew {
		p.MobileChangedAt = orNil(own)
	}
	f, err := tx.Factors(u.Ref(), "")
	if err != nil {
		return p, fmt.Errorf("count second factors: %w", err)
	}
	p.AuthenticatorApps, p.SecurityKeys = f.Apps, f.Keys
	p.RecoveryCodesLeft, err = tx.RecoveryCodesLeft(u.Ref())
	return p, err
}

// resettable says why the second factors cannot be reset; nil when they can.
func resettable(u store.Listed, s CallerState) *problem.Problem {
	switch {
	case !u.HasFactor:
		return problem.Newf(problem.Conflict, "%s has no second factor.", u.Name)
	case s != CallerProven:
		return errUnproven
	}
	return nil
}

var (
	errNoHelp   = problem.New(problem.Conflict, "Nobody asks for help here (any more).")
	errUnproven = problem.New(problem.CallerUnproven, "It is not proven that the caller is the admin user. Please send a code to the registered mobile number and have it read out to you.")
)

// onHelp is onAdmin for acts on the admin user's open request.
func onHelp(w *op.Writing[AdminHelp], a id.Account) (u store.Listed, c customer, about op.Entry, err error) {
	if u, about, err = onAdmin(w, a, HelpAdmin); err != nil {
		return u, c, about, err
	}
	if c, err = findCustomer(w.Tx.ReadTx, w.Call, a); err != nil {
		return u, c, about, err
	}
	about.Detail = activity.Detail{"login": u.Login}
	_, err = w.Tx.OpenHelp(u.Ref())
	if errors.Is(err, store.ErrNotFound) {
		return u, c, about, errNoHelp
	}
	if err != nil {
		return u, c, about, fmt.Errorf("find request: %w", err)
	}
	return u, c, about, nil
}

// helped ends an act with how things stand now.
func (o *Operations) helped(w *op.Writing[AdminHelp], c customer, about op.Entry) op.Outcome[AdminHelp] {
	out, err := o.adminHelp(w.Tx.ReadTx, w.Actor, c)
	if err != nil {
		return w.Fail(err)
	}
	return w.Done(out, about)
}

func (o *Operations) recordHelp(p *op.Preparing, in RecordHelpInput) (op.Commit[AdminHelp], error) {
	var form field.Form
	asked := store.HelpRequest{
		ID: id.NewHelpRequest(), What: field.Read(&form, "what", oneLine(helpWords), in.What), Reach: field.Optional(&form, "reach", oneLine(reachLong), in.Reach),
		Face: string(p.Source.Face), Recorded: cmp.Or(p.Actor.Name(), string(p.Actor.Kind())),
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[AdminHelp]) op.Outcome[AdminHelp] {
		u, c, about, err := onHelp(w, in.ID)
		switch {
		case err == nil:
			return w.Refuse(problem.New(problem.Conflict, "The admin user has asked for help already; please answer that request."), about)
		case !errors.Is(err, errNoHelp):
			return w.Deny(err, about)
		}
		open, err := mayEnter(w.Tx.ReadTx, u)
		if err != nil {
			return w.Fail(err)
		}
		if !open {
			return w.Refuse(problem.Newf(problem.Conflict, "%s has not activated yet. Please issue a new activation instead.", u.Name), about)
		}
		if err := w.Tx.AskForHelp(u, asked); err != nil {
			return w.Fail(fmt.Errorf("record request: %w", err))
		}
		about.Detail["what"] = asked.What
		return o.helped(w, c, about)
	}, nil
}

// endingHelp ends the open request of an account's admin user, for a reason.
func endingHelp(in AccountReason, end func(w *op.Writing[AdminHelp], u store.Listed, c customer, about op.Entry, reason string) op.Outcome[AdminHelp]) (op.Commit[AdminHelp], error) {
	var form field.Form
	reason := field.Read(&form, "reason", field.Text(500), in.Reason)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[AdminHelp]) op.Outcome[AdminHelp] {
		u, c, about, err := onHelp(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		about.Detail["reason"] = reason
		return end(w, u, c, about, reason)
	}, nil
}

func (o *Operations) resetAdminFactors(_ *op.Preparing, in AccountReason) (op.Commit[AdminHelp], error) {
	return endingHelp(in, func(w *op.Writing[AdminHelp], u store.Listed, c customer, about op.Entry, reason string) op.Outcome[AdminHelp] {
		if err := clockRight(w.Tx.ReadTx); err != nil {
			return w.Deny(err, about)
		}
		proof, err := w.Tx.CallerProof(u.Ref())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return w.Fail(fmt.Errorf("find proof of the caller: %w", err))
		}
		state := CallerNone
		if err == nil {
			state = callerState(w.Tx.ReadTx, w.Actor, proof, registered(u, c.Account))
		}
		if p := resettable(u, state); p != nil {
			return w.Refuse(p, about)
		}
		about.Detail["number"] = maskedMobile(user.Mobile(proof.Number))
		removed, ended, err := resetAnew(w.Tx, u, w.Actor.Name(), reason)
		if err != nil {
			return w.Fail(err)
		}
		about.Detail["factorsRemoved"], about.Detail["sessionsEnded"] = removed, ended
		return o.helped(w, c, about)
	})
}

func (o *Operations) declineAdminHelp(_ *op.Preparing, in AccountReason) (op.Commit[AdminHelp], error) {
	return endingHelp(in, func(w *op.Writing[AdminHelp], u store.Listed, c customer, about op.Entry, reason string) op.Outcome[AdminHelp] {
		if _, err := w.Tx.CloseHelp(u.Ref(), store.HelpDeclined, w.Actor.Name(), reason); err != nil {
			return w.Fail(fmt.Errorf("decline: %w", err))
		}
		return o.helped(w, c, about)
	})
}
