package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/calendar"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/notice"
	"gatehouse/internal/op"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// telling is something that an event may tell.
type telling struct {
	kind notice.Kind
	when func(activity.Record) bool // nil: always

	// operators are told, all but the one who did it, instead of the person whom
	// the event is about: of what may send the links of everybody elsewhere. They
	// are told in the app alone, since a mail would go that way.
	operators bool

	// Of a recovery past every second factor, the person is told by every channel,
	// and so are those who look after the account.
	everywhere, guardians bool
}

// tellings say which event tells whom what (rule L3). The engine calls notify
// with everything that was done, so that no operation has to think of it; a
// test holds every event about somebody's sign-in to standing here or in
// untold.
func tellings() map[string][]telling {
	changed := func(field string) func(activity.Record) bool {
		return func(r activity.Record) bool { return r.Detail[field] != nil }
	}
	details := []telling{
		{kind: notice.EmailChanged, when: changed("email")},
		{kind: notice.RolesChanged, when: changed("roles")},
		{kind: notice.EntryChanged, when: func(r activity.Record) bool { return changed("accessPoints")(r) || changed("ipRules")(r) }},
		{kind: notice.FactorDemanded, when: func(r activity.Record) bool { return after(r, "forceMfa") == true }},
	}
	codesLow := telling{kind: notice.CodesLow, when: func(r activity.Record) bool {
		left, counted := r.Detail[codesLeft].(int)
		return counted && left <= fewCodes
	}}
	redirected := telling{kind: notice.DeliveryChanged, operators: true}
	return map[string][]telling{
		"password.changed":        {{kind: notice.PasswordChanged}},
		"activation.completed":    {{kind: notice.PasswordReset, when: func(r activity.Record) bool { return r.Detail["purpose"] == ToNewPassword }}},
		"activation.issued":       {{kind: notice.LinkIssued}},
		"mfa.app_enabled":         {{kind: notice.FactorAdded}},
		"mfa.app_removed":         {{kind: notice.FactorRemoved}},
		"mfa.key_enabled":         {{kind: notice.SecurityKeyAdded}},
		"mfa.key_removed":         {{kind: notice.SecurityKeyRemoved}},
		"mfa.disabled":            {{kind: notice.FactorsOff}},
		"mfa.reset":               {{kind: notice.FactorsReset}},
		"help.asked":              {{kind: notice.HelpAsked, when: func(r activity.Record) bool { return r.Detail["passwordShown"] == true }}},
		"help.declined":           {{kind: notice.HelpDeclined}},
		"mfa.codes_replaced":      {{kind: notice.CodesReplaced}},
		"profile.updated":         details,
		"user.updated":            details,
		"session.signed_in":       {{kind: notice.NewAddress, when: func(r activity.Record) bool { return r.Detail[newAddress] == true }}, codesLow},
		"session.stepped_up":      {codesLow},
		"breakGlass.made":         {{kind: notice.BreakGlassMade}},
		"breakGlass.switched_off": {{kind: notice.BreakGlassOff}},
		"breakGlass.used":         {{kind: notice.BreakGlassUsed, everywhere: true}, {kind: notice.BreakGlassOther, guardians: true}},
		"session.ended":           {{kind: notice.SessionEnded, when: byAnother}},
		"session.all_ended":       {{kind: notice.SessionsEnded, when: byAnother}},

		"key.created": {{kind: notice.KeyMade, when: byAnother}},
		"key.rotated": {{kind: notice.KeyMade, when: byAnother}},
		"key.cut":     {{kind: notice.KeyEnded, when: byAnother}},
		"key.deleted": {{kind: notice.KeyEnded, when: byAnother}},
		keyEnding:     {{kind: notice.KeyEnding}},
		keyExpired:    {{kind: notice.KeyExpired}},

		"user.api_password_reopened": {{kind: notice.EntryChanged}},

		"delivery.mail_updated": {redirected},
		"delivery.sms_updated":  {redirected},
		"template.updated":      {redirected},
		"template.reset":        {redirected},
		"settings.updated":      {{kind: notice.DeliveryChanged, when: changed("publicUrl"), operators: true}},

		"account.admin_reissued":      {{kind: notice.LinkIssued}},
		"account.admin_factors_reset": {{kind: notice.FactorsReset}},
		"account.help_declined":       {{kind: notice.HelpDeclined}},
		"account.updated":             {{kind: notice.ContactChanged, when: func(r activity.Record) bool { return changed("email")(r) || changed("mobile")(r) }}},
	}
}

// untold are the events about somebody's sign-in that nobody is told of, each
// with its reason.
func untold() map[string]string {
	return map[string]string{
		"user.added":                "the activation tells",
		"key.updated":               "a key is only ever narrowed",
		"user.deactivated":          "whoever leaves is told by people",
		"user.reactivated":          "nothing about the sign-in is different from before",
		"user.deleted":              "whoever leaves is told by people",
		"activation.opened":         "looking changes nothing",
		"activation.resent":         "the mail itself tells",
		"password.forgotten":        "the mail itself tells",
		"password.accepted":         "it comes from an address on the user's own list",
		"session.password_accepted": "nobody is in yet",
		"session.signed_out":        "one did it oneself",
		"mfa.app_started":           "nothing is in force yet",
		"mfa.key_started":           "nothing is in force yet",
		"mfa.key_asked":             "nothing is in force yet",
		"mfa.key_renamed":           "a name changes nothing about the sign-in",
		"session.key_asked":         "nobody is in yet, or was before",
		"breakGlass.started":        "nothing is in force yet",
		"mfa.codes_started":         "nothing is in force yet",
		"notice.read":               "one did it oneself",
		"account.opened":            "the activation tells",
		"account.help_recorded":     "the person did it oneself, on the telephone",
		"account.help_code_sent":    "the SMS itself tells",
		"account.caller_proven":     "nothing has changed yet; the reset tells",
		"account.admin_handed_over": "whoever leaves is told before, and the activation tells who comes",
		"account.suspended":         "whoever signs in cannot, and people tell why",
		"account.reopened":          "nothing about the sign-in is different from before",
		"account.closed":            "whoever leaves is told by people",
	}
}

// What sign-ins note in the log, and notices are made of.
const (
	newAddress = "newAddress"
	codesLeft  = "recoveryCodesLeft"
	fewCodes   = 3
)

const noticeMailLife = 3 * 24 * time.Hour

// after is what a field of a record became, which says before and after.
func after(r activity.Record, field string) any {
	d, _ := r.Detail[field].(activity.Detail)
	return d["after"]
}

// subject of a record: whom it is about. What comes to a service user by itself is
// about its owner.
func subject(r activity.Record) id.User {
	owner, owned := r.Detail[ownerOf].(id.User)
	switch {
	case owned:
		return owner
	case r.Object.Kind == "user":
		return id.User(r.Object.ID)
	case r.Object.Kind == "key":
		u, _ := r.Detail["user"].(id.User)
		return u
	case r.Actor.Kind == string(access.Person):
		return id.User(r.Actor.ID)
	}
	return ""
}

// concerned is whom an act is about: of what was done to an account, its admin
// user.
func concerned(tx store.ReadTx, r activity.Record) (id.User, error) {
	if r.Object.Kind != "account" {
		return subject(r), nil
	}
	u, err := tx.AdminUser(access.Within(r.Account))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("find admin user to tell: %w", err)
	}
	return u.ID, nil
}

func byAnother(r activity.Record) bool { return r.Actor.ID != string(subject(r)) }

// notify tells people what was done to their sign-in, in the app and by mail,
// in the transaction that did it.
func (o *Operations) notify(tx store.WriteTx, done activity.Record) (func(), error) {
	var wake func()
	for _, t := range o.tellings[done.Event] {
		if t.when != nil && !t.when(done) {
			continue
		}
		tell := o.tellPerson
		switch {
		case t.operators:
			tell = o.tellColleagues
		case t.everywhere:
			tell = o.tellEverywhere
		case t.guardians:
			tell = o.tellGuardians
		}
		mailed, err := tell(tx, t.kind, done)
		if err != nil {
			return nil, fmt.Errorf("tell of %s: %w", done.Event, err)
		}
		if mailed {
			wake = o.wakeCourier
		}
	}
	return wake, nil
}

// noticeOf a record, as far as it is the same for everybody.
func noticeOf(k notice.Kind, r activity.Record) notice.Notice {
	n := notice.Notice{
		Kind: k, At: r.At, By: notice.Colleague, ByName: r.Actor.Name,
		Face: r.Source.Face, Address: r.Source.Address, Program: r.Source.Program,
	}
	switch {
	case r.Actor.Kind == string(access.Console):
		n.By = notice.Console
	case r.Actor.Kind == string(access.Operator): // by name, as a colleague
	case r.Actor.Kind != string(access.Person):
		n.By, n.ByName = notice.Machine, ""
	case !byAnother(r):
		n.By, n.ByName = notice.Oneself, ""
	}
	n.Facts.Reason, _ = r.Detail["reason"].(string)
	n.Facts.Name, _ = r.Detail["name"].(string)
	if r.Object.Kind == "key" {
		n.Facts.Name = r.Object.Name
	}
	if day, ends := r.Detail[lastDayOf].(calendar.Day); ends {
		n.Facts.Day = string(day)
		n.Facts.Whom, _ = r.Detail[serviceName].(string)
	}
	n.Facts.Left, _ = r.Detail[codesLeft].(int)
	n.Facts.Roles, _ = after(r, "roles").([]string)
	return n
}

// tellColleagues what one operator did that all have to know.
func (o *Operations) tellColleagues(tx store.WriteTx, k notice.Kind, done activity.Record) (bool, error) {
	return o.tellOperators(tx, id.User(done.Actor.ID), noticeOf(k, done))
}

// tellPerson whom the act is about, and the other operators when it was
// the console that acted on one of them.
func (o *Operations) tellPerson(tx store.WriteTx, k notice.Kind, done activity.Record) (bool, error) {
	whom, err := concerned(tx.ReadTx, done)
	if err != nil || whom == "" {
		return false, err
	}
	scope := access.Within(done.Account)
	u, err := tx.User(scope, whom)
	if err != nil {
		return false, fmt.Errorf("find whom to tell: %w", err)
	}
	if u.State == user.Invited { // there is no sign-in yet
		return false, nil
	}
	n := noticeOf(k, done)
	n.At = tx.Now()
	if err := tx.Tell(u.Ref(), n); err != nil {
		return false, fmt.Errorf("leave notice: %w", err)
	}
	var mailed bool
	if done.Detail["delivery"] != Mailed { // else the mail with the link tells
		if mailed, err = o.mailNotice(tx, u, n, ""); err != nil {
			return false, err
		}
	}
	if k == notice.FactorsReset {
		sent, err := o.smsNotice(tx, u, n, u.Mobile)
		if err != nil {
			return false, err
		}
		mailed = mailed || sent
	}
	if before, ok := formerEmail(done); ok && (k == notice.EmailChanged || k == notice.ContactChanged) {
		also, err := o.mailNotice(tx, u, n, before)
		if err != nil {
			return false, err
		}
		mailed = mailed || also
	}
	if n.By != notice.Console {
		return mailed, nil
	}
	in, err := tx.Installation()
	if err != nil {
		return false, fmt.Errorf("find the operator: %w", err)
	}
	if u.Account != in.Operator {
		return mailed, nil
	}
	n.Facts = notice.Facts{Whom: u.Name, Act: n.Kind, Reason: n.Facts.Reason}
	n.Kind = notice.ConsoleActed
	also, err := o.tellOperators(tx, u.ID, n)
	return mailed || also, err
}

// tellLeaver that an admin user is handed over to somebody else, by mail and at
// the official address of the account: it must not happen behind their backs.
func (o *Operations) tellLeaver(w *op.Writing[Opened], leaver store.Listed) error {
	home, err := w.Tx.Account(access.Within(leaver.Account))
	if err != nil {
		return fmt.Errorf("find account: %w", err)
	}
	n := notice.Notice{Kind: notice.HandedOver, At: w.Tx.Now(), By: notice.Console, Face: string(w.Source.Face)}
	if w.Actor.Kind() == access.Person {
		operator, err := w.Tx.Account(w.Scope())
		if err != nil {
			return fmt.Errorf("find the operator's name: %w", err)
		}
		n.By, n.ByName, n.Face = notice.Colleague, operator.Name, string(access.FaceSystem)
	}
	to := []user.Email{home.Email}
	if leaver.State != user.Invited && leaver.Email != home.Email {
		to = append(to, leaver.Email)
	}
	for _, address := range to {
		if _, err := o.mailNotice(w.Tx, leaver, n, address); err != nil {
			return err
		}
	}
	return nil
}

// formerEmail is the address that a record says was left.
func formerEmail(r activity.Record) (user.Email, bool) {
	d, _ := r.Detail["email"].(activity.Detail)
	before, ok := d["before"].(user.Email)
	return before, ok
}

// tellOperators all of them but one.
func (o *Operations) tellOperators(tx store.WriteTx, but id.User, n notice.Notice) (mailed bool, err error) {
	n.At = tx.Now()
	in, err := tx.Installation()
	if err != nil {
		return false, fmt.Errorf("find the operator: %w", err)
	}
	all, err := tx.Operators(access.Within(in.Operator))
	if err != nil {
		return false, fmt.Errorf("find operators: %w", err)
	}
	for _, u := range all {
		if u.ID == but {
			continue
		}
		if err := tx.Tell(u.Ref(), n); err != nil {
			return false, fmt.Errorf("leave notice: %w", err)
		}
		if n.Kind == notice.DeliveryChanged {
			continue
		}
		also, err := o.mailNotice(tx, u, n, "")
		if err != nil {
			return false, err
		}
		mailed = mailed || also
	}
	return mailed, nil
}

// mailNotice sends a notice to a user's address, or to the one that is given.
func (o *Operations) mailNotice(tx store.WriteTx, u store.Listed, n notice.Notice, instead user.Email) (bool, error) {
	to := byMail(u.User, u.Ref())
	if instead != "" {
		to.address = string(instead)
	}
	w := n.Words(string(u.Language))
	kind, values := delivery.Notice, delivery.Values{"what": w.What, "when": stamp(n.At), "where": w.Where, "who": w.Who, "advice": w.Advice}
	if n.Kind == notice.KeyEnding || n.Kind == notice.KeyExpired {
		kind, values = delivery.KeyEnd, delivery.Values{"what": w.What, "key": n.Facts.Name, "day": n.Facts.Day, "advice": w.Advice}
	}
	queued, err := o.queueMail(tx, to, kind, values, tx.Now().Add(noticeMailLife))
	if err != nil {
		return false, fmt.Errorf("mail notice: %w", err)
	}
	return queued, nil
}

// smsNotice sends the gist of a notice to a mobile number of a user.
func (o *Operations) smsNotice(tx store.WriteTx, u store.Listed, n notice.Notice, number user.Mobile) (bool, error) {
	to := byMail(u.User, u.Ref())
	to.address = string(number)
	n.Facts.Reason = "" // may be long
	queued, err := o.queueSMS(tx, to, delivery.NoticeBySMS, delivery.Values{"what": n.Words(string(u.Language)).What}, tx.Now().Add(noticeMailLife))
	if err != nil {
		return false, fmt.Errorf("send notice by SMS: %w", err)
	}
	return queued, nil
}

// remember notes from where a user signs in, and reports whether that is new.
// At the very first time everything is, and that is worth no word; at the Desk
// there is no address.
func (o *Operations) remember(tx store.WriteTx, from access.Source, u store.Listed) (bool, error) {
	network := from.Network()
	if network == "" {
		return false, nil
	}
	digests := o.deps.Vault.Digests("network of user", []byte(string(u.ID)+"\n"+network))
	known, err := tx.KnowsNetwork(u.Ref(), digests, tx.Now().Add(-session.NetworkLife))
	if err != nil {
		return false, fmt.Errorf("compare network: %w", err)
	}
	if err := tx.RememberNetwork(u.Ref(), digests[0], session.Networks); err != nil {
		return false, fmt.Errorf("remember network: %w", err)
	}
	return !known && !u.LastSeenAt.IsZero(), nil
}

// countCodes notes how many recovery codes are left, after one was used.
func countCodes(tx store.ReadTx, u store.UserRef, to activity.Detail) error {
	left, err := tx.RecoveryCodesLeft(u)
	if err != nil {
		return fmt.Errorf("count recovery codes: %w", err)
	}
	to[codesLeft] = left
	return nil
}
