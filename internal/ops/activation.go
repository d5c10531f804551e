package ops

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"

	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/onetime"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// How long an activation lives.
const (
	linkLife = 24 * time.Hour
	codeLife = 14 * 24 * time.Hour // on paper
)

// Purpose is what an activation is for.
type Purpose string

// The purposes.
const (
	ToActivate    Purpose = "activate"
	ToNewPassword Purpose = "new_password"
)

// ActivationInput is the token of a link, or the code as it was typed.
type ActivationInput struct {
	Secret secret.Text `json:"secret"`
}

// CompleteInput chooses a password.
type CompleteInput struct {
	Secret   secret.Text `json:"secret"`
	Password secret.Text `json:"password"`
}

// Activation says whom a link or code is for, so that the person can tell
// whether it is theirs.
type Activation struct {
	Login       user.Login `json:"login"` // empty: it goes by another channel than the link
	Name        string     `json:"name"`
	AccountName string     `json:"accountName"`
	Purpose     Purpose    `json:"purpose"`
	ExpiresAt   time.Time  `json:"expiresAt"`
}

// Activated names who may sign in now.
type Activated struct {
	Login user.Login `json:"login"` // empty: it goes by another channel than the link
}

type activationOps struct {
	Check    *op.Op[ActivationInput, Activation]
	Complete *op.Op[CompleteInput, Activated]
	Resend   *op.Op[ActivationInput, None]
}

func (o *Operations) addActivation() {
	o.Activation.Check = op.Write(&o.table, op.Spec{
		Name: "activation.check", Route: "POST /activation/check", Event: "activation.opened",
		Summary: "Whom an activation link or code is for. Looking does not use it up.",
	}, op.Anyone(), o.checkActivation)
	o.Activation.Complete = op.Write(&o.table, op.Spec{
		Name: "activation.complete", Route: "POST /activation/complete", Event: "activation.completed",
		Summary: "Choose a password with an activation link or code, which is used up. Signing in comes after.",
	}, op.Anyone(), o.completeActivation)
}

// purposeOf the link that a user needs.
func purposeOf(u user.User) Purpose {
	if u.State == user.Invited {
		return ToActivate
	}
	return ToNewPassword
}

// issueActivation makes a link and a code for a user; older ones are dead. By
// mail, nobody but the user gets to see them; where mail cannot be sent, they
// are handed over.
func (o *Operations) issueActivation(tx store.WriteTx, c access.Actor, u user.User, ref store.UserRef, by Handing) (ActivationIssued, error) {
	return o.reissue(tx, c, u, ref, by, "")
}

// reissue is issueActivation for whoever asked with an expired link or code,
// which is named by its digest.
func (o *Operations) reissue(tx store.WriteTx, c access.Actor, u user.User, ref store.UserRef, by Handing, askedWith string) (ActivationIssued, error) {
	token, code := onetime.NewToken(), onetime.NewCode()
	a := store.Activation{
		Purpose:     string(purposeOf(u)),
		TokenDigest: token.Digest(o.deps.Vault.Digest), CodeDigest: code.Digest(o.deps.Vault.Digest),
		LinkExpiresAt: tx.Now().Add(linkLife), CodeExpiresAt: tx.Now().Add(codeLife), AskedWith: askedWith, SeenWith: store.AnyRights,
	}
	base, err := o.baseURL(tx.ReadTx)
	if err != nil {
		return ActivationIssued{}, err
	}
	link := secret.Text{}
	if base != "" {
		link = secret.New(base + "/#/activate?t=" + token.Reveal().Reveal())
	}
	if err := tx.CancelLinks(ref); err != nil { // they are dead now
		return ActivationIssued{}, fmt.Errorf("cancel what waits in the outbox: %w", err)
	}
	issued := ActivationIssued{Delivery: HandOver, ExpiresAt: a.LinkExpiresAt, CodeExpiresAt: a.CodeExpiresAt}
	if by == Mailed && !link.IsZero() {
		if err := o.mailActivation(tx, u, ref, link, &issued); err != nil {
			return ActivationIssued{}, fmt.Errorf("mail activation: %w", err)
		}
	}
	if issued.Delivery == Mailed { // the code is known to nobody, and ends with the link
		a.Mailed, a.CodeExpiresAt = true, a.LinkExpiresAt
		issued.CodeExpiresAt = a.CodeExpiresAt
	} else {
		a.SeenWith = seenWith(c)
		issued.Code, issued.Link = code.Reveal(), secret.NewOneTime(link.Reveal())
	}
	if err := tx.PutActivation(ref, a); err != nil {
		return ActivationIssued{}, fmt.Errorf("issue activation: %w", err)
	}
	return issued, nil
}

// seenWith are the permissions of somebody to whom a link or code is shown.
// Whoever owns the database may hand over anything.
func seenWith(c access.Actor) string {
	if c.Kind() != access.Person {
		return store.AnyRights
	}
	var names []string
	for _, p := range c.Rights().Permissions() {
		names = append(names, string(p))
	}
	return strings.Join(names, " ")
}

// outgrown reports whether a user holds more by now than whoever saw the link
// or code did then: with it, that one would get rights that nobody gave them.
func outgrown(tx store.ReadTx, seen string, u store.Listed) (bool, error) {
	if seen == store.AnyRights {
		return false, nil
	}
	var had []access.Permission
	for name := range strings.FieldsSeq(seen) {
		had = append(had, access.Permission(name))
	}
	in, err := tx.Installation()
	if err != nil {
		return false, fmt.Errorf("find the operator: %w", err)
	}
	roles, err := tx.RolesOf(u.Ref())
	if err != nil {
		return false, fmt.Errorf("find roles of user: %w", err)
	}
	var has access.Rights
	for _, r := range roles {
		has = has.Or(r.Rights(u.Account == in.Operator))
	}
	return !access.RightsOf(had...).Covers(has), nil
}

// twoChannels reports whether what lets the user in is to go by two: link and
// login apart.
func twoChannels(u user.User) bool { return u.AdminUser && purposeOf(u) == ToActivate }

// mailActivation has a link mailed, if mail is set up, and notes in issued where
// it goes. That of an admin user who has not activated goes to the official
// address of the account and does not name the login, which goes by SMS: two
// channels, where there are two (A2).
func (o *Operations) mailActivation(tx store.WriteTx, u user.User, ref store.UserRef, link secret.Text, issued *ActivationIssued) error {
	to, kind := byMail(u, ref), delivery.NewPassword
	mobile := u.Mobile
	if purposeOf(u) == ToActivate {
		kind = delivery.Activation
	}
	if twoChannels(u) {
		home, err := tx.Account(to.scope)
		if err != nil {
			return fmt.Errorf("find account: %w", err)
		}
		to.address, kind, mobile = string(home.Email), delivery.Opening, cmp.Or(mobile, home.Mobile)
	}
	mailed, err := o.queueMail(tx, to, kind, delivery.Values{"link": link.Reveal(), "expires": stamp(issued.ExpiresAt)}, issued.ExpiresAt, link)
	if err != nil || !mailed {
		return err
	}
	issued.Delivery, issued.MailTo = Mailed, user.Email(to.address)
	if !twoChannels(u) || mobile == "" {
		return nil
	}
	to.address = string(mobile)
	sent, err := o.queueSMS(tx, to, delivery.LoginBySMS, nil, issued.ExpiresAt)
	if err != nil {
		return fmt.Errorf("send login by SMS: %w", err)
	}
	if sent {
		issued.LoginSMSTo = mobile
	}
	return nil
}

// baseURL is what links begin with; empty where no browser finds this
// installation. It comes from the settings, or else from how this process was
// started, never from a request.
func (o *Operations) baseURL(tx store.ReadTx) (string, error) {
	s, err := settings(tx)
	if err != nil {
		return "", fmt.Errorf("find public address: %w", err)
	}
	return cmp.Or(s.PublicURL, o.deps.BaseURL), nil
}

// mailsLinks reports whether activations go by mail.
func (o *Operations) mailsLinks(tx store.ReadTx) (bool, error) {
	base, err := o.baseURL(tx)
	if err != nil || base == "" {
		return false, err
	}
	_, ok, err := kept[keptMail](tx, mailSetting)
	return ok, err
}

// dropActivation makes the link and code of a user dead, if any wait.
func dropActivation(tx store.WriteTx, u store.UserRef) error {
	if err := tx.CancelLinks(u); err != nil {
		return fmt.Errorf("cancel what waits in the outbox: %w", err)
	}
	if err := tx.EndActivation(u); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("end activation: %w", err)
	}
	return nil
}

var errActivationDead = problem.New(problem.ActivationDead, "This link or code does not work (any more): it was used, replaced by a newer one, or has expired. Please ask your administrator for a new one.")

// findActivation reads a live activation and its user.
func (o *Operations) findActivation(tx store.ReadTx, typed secret.Text) (store.FoundActivation, store.Listed, error) {
	proof, err := onetime.Parse(typed)
	if errors.Is(err, onetime.ErrMistyped) {
		return store.FoundActivation{}, store.Listed{}, mistyped()
	}
	if err != nil {
		return store.FoundActivation{}, store.Listed{}, errActivationDead
	}
	if err := clockRight(tx); err != nil {
		return store.FoundActivation{}, store.Listed{}, err
	}
	find := tx.ActivationByToken
	if _, ok := proof.(onetime.Code); ok {
		find = tx.ActivationByCode
	}
	for _, d := range digests(o.deps.Vault, proof.Digest) {
		found, err := find(d)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return found, store.Listed{}, fmt.Errorf("find activation: %w", err)
		}
		u, err := tx.User(found.Scope, found.User)
		if errors.Is(err, store.ErrNotFound) { // deleted
			return found, u, errActivationDead
		}
		if err != nil {
			return found, u, fmt.Errorf("find user of activation: %w", err)
		}
		a, err := tx.Account(found.Scope)
		if err != nil {
			return found, u, fmt.Errorf("find account of activation: %w", err)
		}
		more, err := outgrown(tx, found.SeenWith, u)
		if err == nil && (more || a.State != account.Open || u.State != user.Invited && u.State != user.Active) {
			err = errActivationDead
		}
		return found, u, err
	}
	return store.FoundActivation{}, store.Listed{}, errActivationDead
}

func (o *Operations) checkActivation(_ *op.Preparing, in ActivationInput) (op.Commit[Activation], error) {
	return func(w *op.Writing[Activation]) op.Outcome[Activation] {
		found, u, err := o.openActivation(w.Call, w.Tx, in.Secret)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		a, err := w.Tx.Account(found.Scope)
		if err != nil {
			return w.Fail(fmt.Errorf("find account of activation: %w", err))
		}
		out := Activation{hiddenLogin(found, u.User), u.Name, a.Name, Purpose(found.Purpose), found.ExpiresAt}
		about := op.Entry{Account: u.Account, Means: "activation", Object: userObject(u.User)}
		if found.Opened { // looking again is no news
			return w.Again(out)
		}
		if err := w.Tx.OpenActivation(u.Ref()); err != nil {
			return w.Fail(fmt.Errorf("note that it was looked at: %w", err))
		}
		return w.Done(out, about)
	}, nil
}

// hiddenLogin is the login, for whoever shows a link or code; empty where it goes
// by another channel than the link, which must not tell it then (A2).
func hiddenLogin(found store.FoundActivation, u user.User) user.Login {
	if found.Mailed && twoChannels(u) {
		return ""
	}
	return u.Login
}

// openActivation is findActivation for whoever shows the secret. Wrong ones
// count against the address; from one that had too many, codes are not looked
// at any more. The token of a link cannot be guessed, and always is.
func (o *Operations) openActivation(c op.Call, tx store.WriteTx, typed secret.Text) (store.FoundActivation, store.Listed, error) {
	k := knock{address: atAddress(c.Source)}
	if proof, err := onetime.Parse(typed); err == nil {
		if _, code := proof.(onetime.Code); code {
			blocked, err := k.blocked(tx.ReadTx)
			if err != nil {
				return store.FoundActivation{}, store.Listed{}, err
			}
			if blocked != nil {
				return store.FoundActivation{}, store.Listed{}, blocked
			}
		}
	}
	found, u, err := o.findActivation(tx.ReadTx, typed)
	if problem.Is(err, problem.ActivationDead) {
		if err := k.wrong(tx); err != nil {
			return found, u, err
		}
	}
	return found, u, err
}

func (o *Operations) completeActivation(p *op.Preparing, in CompleteInput) (op.Commit[Activated], error) {
	var before store.Listed
	var strength password.Protection
	var about password.About
	err := p.Read(func(tx store.ReadTx) error {
		found, u, err := o.findActivation(tx, in.Secret)
		if err != nil {
			return err
		}
		a, err := tx.Account(found.Scope)
		before, strength, about = u, strengthOf(a, u, tx.Now()), aboutUser(a, u.User)
		return err
	})
	if problem.Is(err, problem.ActivationDead) {
		return func(w *op.Writing[Activated]) op.Outcome[Activated] {
			_, _, err := o.openActivation(w.Call, w.Tx, in.Secret)
			return w.Deny(err, op.Entry{})
		}, nil
	}
	if err != nil {
		return nil, err
	}
	var form field.Form
	chosen := readPassword(&form, in.Password, strength, about)
	if err := form.Err(); err != nil {
		return nil, err
	}
	hash, err := o.deps.Hasher.Hash(p, chosen)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	return func(w *op.Writing[Activated]) op.Outcome[Activated] {
		found, u, err := o.openActivation(w.Call, w.Tx, in.Secret)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		if u.ID != before.ID {
			return w.Refuse(errActivationDead, op.Entry{})
		}
		if err := o.setPassword(w.Tx, u, hash); err != nil {
			return w.Fail(err)
		}
		if err := w.Tx.EndActivation(u.Ref()); err != nil {
			return w.Fail(fmt.Errorf("use up activation: %w", err))
		}
		return w.Done(Activated{hiddenLogin(found, u.User)}, op.Entry{
			Account: u.Account, Actor: userActor(u.User), Means: "activation", Object: userObject(u.User),
			Detail: activity.Detail{"purpose": Purpose(found.Purpose)},
		})
	}, nil
}

// setPassword replaces a password: every session ends, and old failures at
// the login no longer count.
func (o *Operations) setPassword(tx store.WriteTx, u store.Listed, hash string) error {
	if err := tx.SetPassword(u.Ref(), hash); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if _, err := tx.EndOtherSessions(u.Ref(), ""); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return knock{subject: o.atLogin(u.Login.Folded())}.right(tx)
}
