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
	"gatehouse/internal/mfa"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// SetupInput is the operator account and its admin user.
type SetupInput struct {
	SetupCode     secret.Text `json:"setupCode,omitzero"` // printed by the process that listens
	AccountHandle string      `json:"accountHandle"`
	AccountName   string      `json:"accountName"`
	AccountEmail  string      `json:"accountEmail"`
	AccountMobile string      `json:"accountMobile,omitempty"`
	Login         string      `json:"login"`
	Name          string      `json:"name"`
	Email         string      `json:"email"`
	Language      string      `json:"language"`
	Password      secret.Text `json:"password"`
}

// SetupBegun is what has to be saved before set-up can finish. Nothing exists
// yet.
type SetupBegun struct {
	Ceremony         secret.OneTime   `json:"ceremony"`
	ExpiresAt        time.Time        `json:"expiresAt"`
	RecoveryCodes    []secret.OneTime `json:"recoveryCodes"`
	AuthenticatorApp AuthenticatorApp `json:"authenticatorApp"`
}

// ConfirmInput answers a ceremony with the code that the new app shows.
type ConfirmInput struct {
	Ceremony secret.Text `json:"ceremony"`
	Code     secret.Text `json:"code"`
}

// ConsoleSetupInput is set-up from the command line: the person chooses the
// password later, by activation.
type ConsoleSetupInput struct {
	AccountHandle string `json:"accountHandle"`
	AccountName   string `json:"accountName"`
	AccountEmail  string `json:"accountEmail"`
	AccountMobile string `json:"accountMobile,omitempty"`
	Login         string `json:"login"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	Language      string `json:"language"`
}

// ActivationIssued is a link and a code to hand over, shown once.
type ActivationIssued struct {
	Link          secret.OneTime `json:"link"` // empty where no browser finds this installation
	Code          secret.OneTime `json:"code"`
	ExpiresAt     time.Time      `json:"expiresAt"`     // of the link
	CodeExpiresAt time.Time      `json:"codeExpiresAt"` // of the code, which may have to wait on paper
}

// Added is a user and the activation to hand over.
type Added struct {
	User       User             `json:"user"`
	Activation ActivationIssued `json:"activation"`
}

type setupOps struct {
	Begin   *op.Op[SetupInput, SetupBegun]
	Finish  *op.Op[ConfirmInput, SignIn]
	Console *op.Op[ConsoleSetupInput, Added]
}

// setupWait is how long the recovery codes and the app may take.
const setupWait = 30 * time.Minute

// setupState is what waits between the two steps.
type setupState struct {
	Account  account.Account `json:"account"`
	User     user.User       `json:"user"`
	Hash     string          `json:"hash"`
	App      []byte          `json:"app"`
	Recovery []string        `json:"recovery"`
}

func (o *Operations) addSetup() {
	o.Setup.Begin = op.Write(&o.table, op.Spec{
		Name: "setup.begin", Route: "POST /setup", Event: "setup.started",
		Summary: "Begin set-up: check the details, and get recovery codes and the key for an authenticator app. Nothing exists yet.",
	}, op.BeforeSetup[SetupInput](), o.beginSetup)
	o.Setup.Finish = op.Write(&o.table, op.Spec{
		Name: "setup.finish", Route: "POST /setup/finish", Event: "setup.finished",
		Summary: "Finish set-up with a code of the authenticator app: the operator account and its admin user come into being, signed in.",
	}, op.BeforeSetup[ConfirmInput](), o.finishSetup)
	o.Setup.Console = op.Write(&o.table, op.Spec{
		Name: "setup.console", Route: op.NoRoute, Event: "setup.finished",
		Summary: "Set up from the command line: the admin user activates with a link or code.",
	}, op.ConsoleBeforeSetup[ConsoleSetupInput](), o.consoleSetup)
}

// readAccountAndUser parses the fields that both ways of set-up share.
func readAccountAndUser(f *field.Form, in ConsoleSetupInput, now time.Time) (account.Account, user.User) {
	a := account.Account{
		ID:     id.NewAccount(),
		Handle: field.Read(f, "accountHandle", account.ParseHandle, in.AccountHandle),
		Name:   field.Read(f, "accountName", account.ParseName, in.AccountName),
		Email:  field.Read(f, "accountEmail", user.ParseEmail, in.AccountEmail),
		Mobile: field.Optional(f, "accountMobile", user.ParseMobile, in.AccountMobile),
		State:  account.Open, OpenedAt: now, MFAPolicy: account.PolicyOf(now),
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

func (o *Operations) beginSetup(p *op.Preparing, in SetupInput) (op.Commit[SetupBegun], error) {
	if o.deps.SetupCode != nil && !o.deps.SetupCode(in.SetupCode) {
		return func(w *op.Writing) (op.Result[SetupBegun], error) {
			k := knock{address: atAddress(w.Source)}
			if wait, err := k.blocked(w.Tx.ReadTx); err != nil {
				return op.Result[SetupBegun]{}, err
			} else if wait > 0 {
				return op.Refused[SetupBegun](tooMany(wait), op.Entry{})
			}
			if err := k.wrong(w.Tx); err != nil {
				return op.Result[SetupBegun]{}, err
			}
			return op.Refused[SetupBegun](problem.New(problem.SetupCodeWrong, "That is not the set-up code. It is printed where Gatehouse was started."), op.Entry{})
		}, nil
	}
	var form field.Form
	a, u := readAccountAndUser(&form, ConsoleSetupInput{
		in.AccountHandle, in.AccountName, in.AccountEmail, in.AccountMobile, in.Login, in.Name, in.Email, in.Language,
	}, p.Now())
	u.State = user.Active
	chosen := readPassword(&form, in.Password, password.About{
		AccountHandle: in.AccountHandle, AccountName: in.AccountName, Login: in.Login, Name: in.Name, Email: in.Email,
	})
	if err := form.Err(); err != nil {
		return nil, err
	}
	hash, err := o.deps.Hasher.Hash(p, chosen)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	app := mfa.NewAppSecret()
	shown, err := provision(product, string(u.Login), app)
	if err != nil {
		return nil, err
	}
	codes, kept := recoveryCodes(o.deps.Vault)
	return func(w *op.Writing) (op.Result[SetupBegun], error) {
		expires := w.Tx.Now().Add(setupWait)
		c, err := newCeremony(o.deps.Vault, setupCeremony, setupState{a, u, hash, app.Reveal(), kept}, expires)
		if err != nil {
			return op.Result[SetupBegun]{}, err
		}
		if err := w.Tx.AddCeremony(c.digest, c.row); err != nil {
			return op.Result[SetupBegun]{}, fmt.Errorf("begin set-up: %w", err)
		}
		return op.Done(SetupBegun{c.token, expires, codes, shown}, op.Entry{Object: accountObject(a)})
	}, nil
}

func accountObject(a account.Account) activity.Object {
	return activity.Object{Kind: "account", ID: string(a.ID), Name: a.Name}
}

func (o *Operations) finishSetup(_ *op.Preparing, in ConfirmInput) (op.Commit[SignIn], error) {
	return func(w *op.Writing) (op.Result[SignIn], error) {
		digest, s, err := openCeremony[setupState](w.Tx.ReadTx, o.deps.Vault, setupCeremony, in.Ceremony)
		if err != nil {
			return refusedByProblem[SignIn](err)
		}
		if err := clockRight(w.Tx.ReadTx); err != nil {
			return op.Result[SignIn]{}, err
		}
		app, err := mfa.ParseAppSecret(s.App)
		if err != nil {
			return op.Result[SignIn]{}, fmt.Errorf("read authenticator app of set-up: %w", err)
		}
		step, ok := mfa.MatchStep(app, in.Code, w.Tx.Now())
		if !ok {
			if err := w.Tx.TryCeremony(digest); err != nil {
				return op.Result[SignIn]{}, fmt.Errorf("count attempt: %w", err)
			}
			return op.Refused[SignIn](errCodeWrong, op.Entry{})
		}
		if err := foundAccount(w.Tx, s.Account, s.User, s.Hash); err != nil {
			return op.Result[SignIn]{}, err
		}
		if err := addApp(w.Tx, o.deps.Vault, s.User.ID, s.App, step); err != nil {
			return op.Result[SignIn]{}, fmt.Errorf("add authenticator app: %w", err)
		}
		if err := w.Tx.ReplaceRecoveryCodes(s.User.ID, s.Recovery); err != nil {
			return op.Result[SignIn]{}, fmt.Errorf("keep recovery codes: %w", err)
		}
		if err := w.Tx.EndCeremony(digest); err != nil {
			return op.Result[SignIn]{}, fmt.Errorf("end set-up: %w", err)
		}
		u, err := w.Tx.User(access.Within(s.Account.ID), s.User.ID)
		if err != nil {
			return op.Result[SignIn]{}, fmt.Errorf("find admin user: %w", err)
		}
		token, opened, err := openSession(w, u.ID, bySetup+"+"+byApp)
		if err != nil {
			return op.Result[SignIn]{}, fmt.Errorf("open session: %w", err)
		}
		shown, err := showSession(w.Tx.ReadTx, opened.ID)
		if err != nil {
			return op.Result[SignIn]{}, err
		}
		return op.Done(SignIn{State: SignedIn, Methods: []Method{}, Session: shown, token: token},
			op.Entry{Account: s.Account.ID, Actor: userActor(u.User), Means: opened.Means, Object: accountObject(s.Account)})
	}, nil
}

// foundAccount makes the operator account, its roles and its admin user, or
// nothing: of two at once, one wins.
func foundAccount(tx store.WriteTx, a account.Account, u user.User, hash string) error {
	if err := tx.Claim(a.ID); errors.Is(err, store.ErrNotFound) {
		return problem.New(problem.SetupDone, "Somebody else finished set-up a moment ago. Please sign in.")
	} else if err != nil {
		return fmt.Errorf("claim installation: %w", err)
	}
	admin, err := AddAccount(tx, a)
	if err != nil {
		return err
	}
	if err := tx.AddUser(u, hash, admin.ID); err != nil {
		return fmt.Errorf("add admin user: %w", err)
	}
	return nil
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

func (o *Operations) consoleSetup(p *op.Preparing, in ConsoleSetupInput) (op.Commit[Added], error) {
	var form field.Form
	a, u := readAccountAndUser(&form, in, p.Now())
	u.State = user.Invited
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing) (op.Result[Added], error) {
		if err := foundAccount(w.Tx, a, u, ""); err != nil {
			return op.Result[Added]{}, err
		}
		issued, err := o.issueActivation(w.Tx, u.ID, ToActivate)
		if err != nil {
			return op.Result[Added]{}, err
		}
		listed, err := w.Tx.User(access.Within(a.ID), u.ID)
		if err != nil {
			return op.Result[Added]{}, fmt.Errorf("find admin user: %w", err)
		}
		return op.Done(Added{showUser(listed, a.MFAPolicy), issued}, op.Entry{Account: a.ID, Object: accountObject(a)})
	}, nil
}
