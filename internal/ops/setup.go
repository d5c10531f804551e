package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Founding is the operator account and its admin user, as people fill it in.
type Founding struct {
	AccountHandle string `json:"accountHandle"`
	AccountName   string `json:"accountName"`
	AccountEmail  string `json:"accountEmail"`
	AccountMobile string `json:"accountMobile,omitempty"`
	Login         string `json:"login"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	Language      string `json:"language"`
}

// SetupInput is set-up in one sitting. On the command line there is a Founding
// alone: the person chooses the password later, by activation.
type SetupInput struct {
	Founding
	SetupCode secret.Text `json:"setupCode,omitzero"` // printed by the process that listens
	Password  secret.Text `json:"password"`
}

// Handing says how an activation gets to its person.
type Handing string

// The ways.
const (
	Mailed   Handing = "mailed"    // the link goes by mail, and nobody else sees it
	HandOver Handing = "hand_over" // link and code are in the answer, once
)

// ActivationIssued is a link and a code: on their way to the person, or shown
// once to be handed over.
type ActivationIssued struct {
	Delivery      Handing        `json:"delivery"`
	MailTo        user.Email     `json:"mailTo,omitempty"`     // when mailed
	LoginSMSTo    user.Mobile    `json:"loginSmsTo,omitempty"` // where the login goes by SMS, because the mail does not name it
	Link          secret.OneTime `json:"link"`                 // empty when mailed, and where no browser finds this installation
	Code          secret.OneTime `json:"code"`                 // empty when mailed
	ExpiresAt     time.Time      `json:"expiresAt"`            // of the link
	CodeExpiresAt time.Time      `json:"codeExpiresAt"`        // of the code, which may have to wait on paper
}

// Added is a user and the activation.
type Added struct {
	User       User             `json:"user"`
	Activation ActivationIssued `json:"activation"`
}

type setupOps struct {
	Begin   *op.Op[SetupInput, EnrolmentBegun]
	Finish  *op.Op[ConfirmInput, SignIn]
	Console *op.Op[Founding, Added]
}

// setupState is what waits between the two steps.
type setupState struct {
	enrolment
	Account account.Account `json:"account"`
	User    user.User       `json:"user"`
	Hash    string          `json:"hash"`
}

func (o *Operations) addSetup() {
	o.Setup.Begin = op.Write(&o.table, op.Spec{
		Name: "setup.begin", Route: "POST /setup", Event: "setup.started",
		Summary: "Begin set-up: check the details, and get recovery codes and the key for an authenticator app. Nothing exists yet.",
	}, op.BeforeSetup(), o.beginSetup)
	o.Setup.Finish = op.Write(&o.table, op.Spec{
		Name: "setup.finish", Route: "POST /setup/finish", Event: "setup.finished",
		Summary: "Finish set-up with a code of the authenticator app: the operator account and its admin user come into being, signed in.",
	}, op.BeforeSetup(), o.finishSetup)
	o.Setup.Console = op.Write(&o.table, op.Spec{
		Name: "setup.console", Route: op.NoRoute, Event: "setup.finished",
		Summary: "Set up from the command line: the admin user activates with a link or code.",
	}, op.ConsoleBeforeSetup(), o.consoleSetup)
}

// readAccountAndUser parses the fields that both ways of set-up share.
func readAccountAndUser(f *field.Form, in Founding, now time.Time) (account.Account, user.User) {
	a := account.Account{
		ID:     id.NewAccount(),
		Handle: field.Read(f, "accountHandle", account.ParseHandle, in.AccountHandle),
		Name:   field.Read(f, "accountName", account.ParseName, in.AccountName),
		Email:  field.Read(f, "accountEmail", user.ParseEmail, in.AccountEmail),
		Mobile: field.Optional(f, "accountMobile", user.ParseMobile, in.AccountMobile),
		State:  account.Open, OpenedAt: now, MFAPolicy: account.MFAByOpeningDate,
	}
	u := user.User{
		ID: id.NewUser(), Account: a.ID,
		Login:     field.Read(f, "login", user.ParseLogin, in.Login),
		Name:      field.Read(f, "name", user.ParseName, in.Name),
		Email:     field.Read(f, "email", user.ParseEmail, in.Email),
		Language:  field.Read(f, "language", user.ParseLanguage, in.Language),
		AdminUser: true, CreatedAt: now,
	}
	return a, u
}

func (o *Operations) beginSetup(p *op.Preparing, in SetupInput) (op.Commit[EnrolmentBegun], error) {
	if o.deps.SetupCode != nil && !o.deps.SetupCode(in.SetupCode) {
		return refuseSetupCode, nil
	}
	var form field.Form
	a, u := readAccountAndUser(&form, in.Founding, p.Now())
	u.State = user.Active
	chosen := readPassword(&form, in.Password, password.Alone, password.About{
		AccountHandle: in.AccountHandle, AccountName: in.AccountName, Login: in.Login, Name: in.Name, Email: in.Email,
	})
	if err := form.Err(); err != nil {
		return nil, err
	}
	hash, err := o.deps.Hasher.Hash(p, chosen)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	return func(w *op.Writing[EnrolmentBegun]) op.Outcome[EnrolmentBegun] {
		e, begun, err := newEnrolment(o.deps.Vault, string(u.Login), "", true)
		if err != nil {
			return w.Fail(err)
		}
		begun.ExpiresAt = w.Tx.Now().Add(enrolmentWait)
		begun.Ceremony, err = beginCeremony(w.Tx, o.deps.Vault, setupCeremony, setupState{e, a, u, hash}, begun.ExpiresAt)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(begun, op.Entry{Object: accountObject(a)})
	}, nil
}

// refuseSetupCode counts a wrong set-up code.
func refuseSetupCode(w *op.Writing[EnrolmentBegun]) op.Outcome[EnrolmentBegun] {
	k := knock{address: atAddress(w.Source)}
	blocked, err := k.blocked(w.Tx.ReadTx)
	if err != nil {
		return w.Fail(err)
	}
	if blocked != nil {
		return w.Refuse(blocked, op.Entry{})
	}
	if err := k.wrong(w.Tx); err != nil {
		return w.Fail(err)
	}
	return w.Refuse(problem.New(problem.SetupCodeWrong, "That is not the set-up code. It is printed where Gatehouse was started."), op.Entry{})
}

func accountObject(a account.Account) activity.Object {
	return activity.Object{Kind: "account", ID: string(a.ID), Name: a.Name}
}

func (o *Operations) finishSetup(_ *op.Preparing, in ConfirmInput) (op.Commit[SignIn], error) {
	return func(w *op.Writing[SignIn]) op.Outcome[SignIn] {
		s, step, err := confirm[setupState](w.Tx, o.deps.Vault, setupCeremony, in)
		if err != nil {
			return w.Deny(err, op.Entry{})
		}
		u, err := foundAccount(w.Tx, s.Account, s.User, s.Hash)
		if err != nil {
			return w.Fail(err)
		}
		if err := s.complete(w.Tx, o.deps.Vault, u.Ref(), step); err != nil {
			return w.Fail(err)
		}
		if _, err := o.remember(w.Tx, w.Source, u); err != nil {
			return w.Fail(err)
		}
		token, opened, err := o.openSession(w.Tx, w.Source, u, bySetup+"+"+byApp)
		if err != nil {
			return w.Fail(fmt.Errorf("open session: %w", err))
		}
		shown, err := o.showSession(w.Tx.ReadTx, w.Source, u.Ref(), opened.ID)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(SignIn{State: SignedIn, Methods: []Method{}, Session: shown, token: token},
			op.Entry{Account: s.Account.ID, Actor: userActor(u.User), Means: opened.Means, Object: accountObject(s.Account)})
	}, nil
}

// foundAccount makes the operator account, its roles and its admin user, or
// nothing: of two at once, one wins.
func foundAccount(tx store.WriteTx, a account.Account, u user.User, hash string) (store.Listed, error) {
	if err := tx.Claim(a.ID); errors.Is(err, store.ErrNotFound) {
		return store.Listed{}, problem.New(problem.SetupDone, "Somebody else finished set-up a moment ago. Please sign in.")
	} else if err != nil {
		return store.Listed{}, fmt.Errorf("claim installation: %w", err)
	}
	admin, err := AddAccount(tx, a)
	if err != nil {
		return store.Listed{}, err
	}
	if _, err := tx.AddUser(u, hash, admin.ID); err != nil {
		return store.Listed{}, fmt.Errorf("add admin user: %w", err)
	}
	return tx.User(access.Within(a.ID), u.ID)
}

// AddAccount writes an account with the roles every account begins with, and
// returns its admin role.
func AddAccount(tx store.WriteTx, a account.Account) (admin access.Role, err error) {
	if err := tx.AddAccount(a); err != nil {
		return access.Role{}, fmt.Errorf("add account %s: %w", a.Handle, err)
	}
	for _, r := range access.Templates() {
		r.ID, r.Account = id.NewRole(), a.ID
		if err := tx.AddRole(r); err != nil {
			return access.Role{}, fmt.Errorf("add role %s: %w", r.Name, err)
		}
		if r.BuiltIn == access.AdminRole {
			admin = r
		}
	}
	return admin, nil
}

func (o *Operations) consoleSetup(p *op.Preparing, in Founding) (op.Commit[Added], error) {
	var form field.Form
	a, u := readAccountAndUser(&form, in, p.Now())
	u.State = user.Invited
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[Added]) op.Outcome[Added] {
		u, err := foundAccount(w.Tx, a, u, "")
		if err != nil {
			return w.Fail(err)
		}
		issued, err := o.issueActivation(w.Tx, w.Actor, u.User, u.Ref(), HandOver)
		if err != nil {
			return w.Fail(err)
		}
		return w.Done(Added{showUser(u, a, w.Tx.Now()), issued}, op.Entry{Account: a.ID, Object: accountObject(a)})
	}, nil
}
