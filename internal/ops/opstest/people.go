package opstest

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/mfa"
	"gatehouse/internal/op"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// Password is everybody's in a town.
const Password = "seven herons eat 41 fish"

// Somewhere is an address to call from.
var Somewhere = From("192.0.2.7")

// From is a browser at an address.
func From(address string) access.Source {
	return access.Source{Face: access.FaceBrowser, Address: netip.MustParseAddr(address), Program: "test browser"}
}

// Person is somebody in an account.
type Person struct {
	user.User
	Ref      store.UserRef
	place    *Place
	App      mfa.AppSecret // zero when the person has no second factor
	Recovery []secret.OneTime
}

// Member says whom to add to an account.
type Member struct {
	Login     string
	Role      string     // of the account's templates; empty for none
	State     user.State // active when empty
	AdminUser bool
	ForceMFA  bool
	NoFactor  bool // an authenticator app otherwise
}

// Found makes an account with the roles every account begins with. The first
// one is the operator's.
func (p *Place) Found(handle string, policy account.MFAPolicy) account.Account {
	p.T.Helper()
	a := account.Account{
		ID: id.NewAccount(), Handle: account.Handle(handle), Name: strings.ToUpper(handle[:1]) + handle[1:] + " Domains",
		Email: user.Email("office@" + handle + ".example"), State: account.Open, MFAPolicy: policy, OpenedAt: p.Clock.Now(),
	}
	p.Write(func(tx store.WriteTx) error {
		if err := tx.Claim(a.ID); err == nil {
			tx.Record(activity.Record{Event: founded, Outcome: activity.Done, Account: a.ID, Actor: activity.Actor{Kind: string(access.Console)}})
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := tx.AddAccount(a); err != nil {
			return err
		}
		for _, r := range access.Templates() {
			r.ID, r.Account = id.NewRole(), a.ID
			if err := tx.AddRole(r); err != nil {
				return err
			}
		}
		return nil
	})
	return a
}

// Role of an account by name.
func (p *Place) Role(a account.Account, name string) id.Role {
	p.T.Helper()
	var found id.Role
	p.Read(func(tx store.ReadTx) error {
		roles, err := tx.Roles(access.Within(a.ID))
		for _, r := range roles {
			if r.Name == name {
				found = r.ID
			}
		}
		return err
	})
	if found == "" {
		p.T.Fatalf("account %s has no role %q", a.Handle, name)
	}
	return found
}

// Join adds somebody to an account.
func (p *Place) Join(a account.Account, m Member) *Person {
	p.T.Helper()
	if m.State == "" {
		m.State = user.Active
	}
	u := user.User{
		ID: id.NewUser(), Account: a.ID, Login: user.Login(m.Login), Name: strings.ToUpper(m.Login[:1]) + m.Login[1:] + " Peeters",
		Email: user.Email(m.Login + "@" + string(a.Handle) + ".example"), Language: "en", State: m.State, AdminUser: m.AdminUser, ForceMFA: m.ForceMFA,
	}
	who := &Person{User: u, place: p}
	hash := ""
	if m.State != user.Invited {
		hash = p.HashOf(Password)
	}
	var roles []id.Role
	if m.Role != "" {
		roles = append(roles, p.Role(a, m.Role))
	}
	p.Write(func(tx store.WriteTx) (err error) {
		if who.Ref, err = tx.AddUser(u, hash, roles...); err != nil {
			return err
		}
		if m.NoFactor || m.State == user.Invited {
			return nil
		}
		who.App = mfa.NewAppSecret()
		app := store.AuthenticatorApp{ID: id.NewAuthenticatorApp()}
		app.Secret = p.Vault.Seal(vault.Place{Table: "authenticator_apps", Column: "secret", Row: string(app.ID)}, who.App.Reveal())
		if err := tx.AddAuthenticatorApp(who.Ref, app); err != nil {
			return err
		}
		var digests []string
		who.Recovery = nil
		for _, c := range mfa.NewRecoveryCodes() {
			who.Recovery = append(who.Recovery, c.Reveal())
			digests = append(digests, c.Digest(p.Vault.Digest))
		}
		return tx.ReplaceRecoveryCodes(who.Ref, digests)
	})
	return who
}

// HashOf a password, whatever the policy says of it.
func (p *Place) HashOf(text string) string {
	p.T.Helper()
	h, err := password.NewHasher(p.Vault, p.options.Hashing)
	p.must(err)
	hash, err := h.Upgrade(p.T.Context(), secret.New(text))
	p.must(err)
	return hash
}

// Code is what the person's authenticator app shows, now or so much later.
func (w *Person) Code(later ...time.Duration) secret.Text {
	w.place.T.Helper()
	at := w.place.Clock.Now()
	for _, d := range later {
		at = at.Add(d)
	}
	code, err := mfa.Code(w.App, at)
	w.place.must(err)
	return secret.New(code.Reveal())
}

// Caller is the person, signed in at the address a moment ago. The session is
// written past the sign-in, which has tests of its own.
func (w *Person) Caller() auth.Caller {
	w.place.T.Helper()
	return auth.Caller{Credential: auth.Session(w.Token()), Source: Somewhere}
}

// Token opens a session for the person.
func (w *Person) Token() auth.Token {
	p := w.place
	p.T.Helper()
	token, now := auth.NewToken(), p.Clock.Now()
	s := session.Session{
		ID: id.NewSession(), User: w.ID, Face: access.FaceBrowser, Means: "password", Address: "192.0.2.7", Program: "test browser", Site: "gate.example",
		EndsAt: now.Add(session.Absolute),
	}
	p.Write(func(tx store.WriteTx) error { return tx.AddSession(w.Ref, s, token.Digest(p.Vault)) })
	return token
}

// Anybody is a caller whom nobody knows.
func Anybody() auth.Caller { return auth.Caller{Source: Somewhere} }

// Console is the command line, in an account or the operator's when empty.
func Console(handle account.Handle) auth.Caller {
	return auth.Caller{Credential: auth.Console(handle, "root"), Source: access.Source{Face: access.FaceCLI, Program: "gatehouse test"}}
}

// Do runs an operation.
func Do[In, Out any](p *Place, c auth.Caller, o *op.Op[In, Out], in In) (Out, error) {
	p.T.Helper()
	return op.Do(p.T.Context(), p.Engine, c, o, in)
}

// Must runs an operation that has to succeed.
func Must[In, Out any](p *Place, c auth.Caller, o *op.Op[In, Out], in In) Out {
	p.T.Helper()
	out, err := Do(p, c, o, in)
	if err != nil {
		p.T.Fatalf("%s: %v", o.Info().Name, err)
	}
	return out
}

// Refused runs an operation that has to fail with a code, and gives the
// problem.
func Refused[In, Out any](p *Place, c auth.Caller, o *op.Op[In, Out], in In, code problem.Code) {
	p.T.Helper()
	_, err := Do(p, c, o, in)
	if got := CodeOf(err); got != string(code) {
		p.T.Fatalf("%s gives %s, want %s", o.Info().Name, got, code)
	}
}

// founded is the event that Found leaves with the operator account, as set-up
// does: a log that is empty after that is damaged.
const founded = "place.founded"

// Records of the whole log but for what Found left, oldest first.
func (p *Place) Records() []activity.Record {
	p.T.Helper()
	rows, err := p.raw.Query(`SELECT seq, leaf FROM activity ORDER BY seq`)
	p.must(err)
	defer rows.Close()
	var all []activity.Record
	for rows.Next() {
		var seq int64
		var leaf string
		p.must(rows.Scan(&seq, &leaf))
		r, err := activity.Parse(seq, []byte(leaf))
		p.must(err)
		if r.Event != founded {
			all = append(all, r)
		}
	}
	p.must(rows.Err())
	return all
}

// LastRecord of the log.
func (p *Place) LastRecord() activity.Record {
	p.T.Helper()
	all := p.Records()
	if len(all) == 0 {
		p.T.Fatal("the log is empty")
	}
	return all[len(all)-1]
}

// Brief is a record in one line: event outcome reason, by whom, on what.
func Brief(r activity.Record) string {
	text := fmt.Sprintf("%s %s", r.Event, r.Outcome)
	if r.Reason != "" {
		text += " " + string(r.Reason)
	}
	return text + " by " + strings.TrimSpace(r.Actor.Kind+" "+r.Actor.Name)
}

// Since gives the records that came after the first n, in brief.
func (p *Place) Since(n int) []string {
	p.T.Helper()
	all := []string{}
	for _, r := range p.Records()[n:] {
		all = append(all, Brief(r))
	}
	return all
}
