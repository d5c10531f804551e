// Package access decides. Authorize is the one function that says whether an
// actor may do something; the engine and every door ask it, and so do the test
// boxes on the screen. It is pure: it knows no database, no HTTP and no time,
// and the same question always has the same answer.
package access

import (
	"net/netip"
	"reflect"
	"time"

	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
)

// Face is the way a call came in.
type Face string

// The faces.
const (
	FaceDesk    Face = "desk"
	FaceBrowser Face = "browser"
	FaceREST    Face = "rest"
	FaceCLI     Face = "cli"
	FaceSystem  Face = "system"

	FaceGateway Face = "gateway"
	FaceISProxy Face = "isproxy"
)

// Faces lists them all.
func Faces() []Face {
	return []Face{FaceDesk, FaceBrowser, FaceREST, FaceCLI, FaceSystem, FaceGateway, FaceISProxy}
}

// Source tells where a call came from. Address is the zero Addr at the Desk
// and on the command line, which have none.
type Source struct {
	Face    Face
	Address netip.Addr
	Program string // the client's name of itself, only for showing
}

// AddressText is the address in canonical form; empty where there is none.
func (s Source) AddressText() string {
	if !s.Address.IsValid() {
		return ""
	}
	return s.Address.Unmap().String()
}

// Network is the address as one client has it: itself, and with IPv6 the whole
// /64, all of which one machine can use. Empty where there is none.
func (s Source) Network() string {
	a := s.Address.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return ""
	case a.Is6():
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}

// Kind is the kind of an actor.
type Kind string

// The kinds of actors.
const (
	Anonymous Kind = "anonymous"
	Person    Kind = "user"    // somebody's session
	Key       Kind = "key"     // a program with an API key
	Console   Kind = "console" // whoever owns the database and its key
	System    Kind = "system"  // a background job

	// Operator stands in a customer's log for whoever of the operator's people
	// acted on the account. No actor is of this kind.
	Operator Kind = "operator"
)

// Actor is who is asking. The zero Actor is nobody, holds nothing and is
// denied everything but what is open to anyone. Only package auth makes
// others; a test holds every other package to that.
type Actor struct {
	kind      Kind
	account   id.Account
	operator  bool
	user      id.User
	name      string
	rights    Rights
	entry     entry.Rules
	session   id.Session
	means     string
	enrolling bool
	ended     bool
	steppedUp time.Time
	seenAt    time.Time

	key      id.Key
	keyEntry entry.Rules // the key's own channels and ranges
	domains  domain.Patterns
	refused  problem.Code // why a key is not good, which only the log says
}

// PersonFacts is what auth has verified of a session.
type PersonFacts struct {
	Account   id.Account
	Operator  bool // the account is the one that runs the installation
	User      id.User
	Name      string
	Rights    Rights
	Entry     entry.Rules // by which ways and from where the user may come
	Session   id.Session
	Means     string    // "password+authenticator_app"
	Enrolling bool      // a second factor is required and not set up
	SteppedUp time.Time // when the person last proved who they are
	SeenAt    time.Time // when the session was last noted to be in use
}

// NewPerson makes the actor of a verified session. For package auth only.
func NewPerson(f PersonFacts) Actor {
	return Actor{
		kind: Person, account: f.Account, operator: f.Operator, user: f.User, name: f.Name,
		rights: f.Rights, entry: f.Entry, session: f.Session, means: f.Means, enrolling: f.Enrolling,
		steppedUp: f.SteppedUp, seenAt: f.SeenAt,
	}
}

// KeyFacts is what auth has verified of an API key.
type KeyFacts struct {
	Account  id.Account
	Operator bool // the account is the one that runs the installation
	User     id.User
	Key      id.Key
	Name     string // what the key is called
	Rights   Rights // what both the key and its user have
	Entry    entry.Rules
	KeyEntry entry.Rules
	Domains  domain.Patterns

	Refused problem.Code // the key is known, and not good for that reason
}

// NewKey makes the actor of a verified key. For package auth only.
func NewKey(f KeyFacts) Actor {
	return Actor{
		kind: Key, account: f.Account, operator: f.Operator, user: f.User, key: f.Key, name: f.Name, rights: f.Rights,
		entry: f.Entry, keyEntry: f.KeyEntry, domains: f.Domains, refused: f.Refused, means: "api_key",
	}
}

// NewUnknownKey makes the actor of a key that nobody knows: nobody, but told so.
// For package auth only.
func NewUnknownKey() Actor { return Actor{refused: problem.KeyRefused} }

// NewConsole makes the actor of the command line, which acts within one
// account and holds every right there. For package auth only.
func NewConsole(account id.Account, operator bool, who string) Actor {
	return Actor{kind: Console, account: account, operator: operator, name: who, rights: AdminRole.Rights(operator), means: "console"}
}

// NewSystem makes the actor of a background job. For package auth only.
func NewSystem(job string) Actor { return Actor{kind: System, name: job, means: "system"} }

// NewEnded makes the actor of a credential that was good once: nobody, but
// told that the session is over. For package auth only.
func NewEnded() Actor { return Actor{ended: true} }

// Same reports whether whoever decides about a decides the same about b: that
// everything known of them is the same.
func (a Actor) Same(b Actor) bool { return reflect.DeepEqual(a, b) }

// Kind of actor.
func (a Actor) Kind() Kind {
	if a.kind == "" {
		return Anonymous
	}
	return a.kind
}

// Account whose rights the actor holds; empty for nobody and for the system.
func (a Actor) Account() id.Account { return a.account }

// Operator reports whether the actor acts in the account that runs the
// installation.
func (a Actor) Operator() bool { return a.operator }

// User of the session or of the key; empty for everything else.
func (a Actor) User() id.User { return a.user }

// Key that is used; empty for everything else.
func (a Actor) Key() id.Key { return a.key }

// Domains that a key is bound to. Nobody else is bound to any.
func (a Actor) Domains() domain.Patterns {
	if a.kind != Key {
		return domain.Patterns{domain.All}
	}
	return a.domains
}

// Refused is why a key is not good; empty for everything else, and when it is.
func (a Actor) Refused() problem.Code { return a.refused }

// Name to show in the activity log.
func (a Actor) Name() string { return a.name }

// Rights the actor holds.
func (a Actor) Rights() Rights { return a.rights }

// Full reports whether the actor holds every right that there is in its account.
func (a Actor) Full() bool { return a.rights.Covers(AdminRole.Rights(a.operator)) }

// Session of a person.
func (a Actor) Session() id.Session { return a.session }

// Means by which the actor proved who it is.
func (a Actor) Means() string { return a.means }

// Enrolling reports whether a second factor is required and not set up.
func (a Actor) Enrolling() bool { return a.enrolling }

// SteppedUp is when the person last proved who they are.
func (a Actor) SteppedUp() time.Time { return a.steppedUp }

// SeenAt is when the session was last noted to be in use.
func (a Actor) SeenAt() time.Time { return a.seenAt }

// Scope is the boundary of one account. Every query over things that belong
// to accounts takes one, so that a query without a boundary cannot be
// written. The zero Scope matches nothing.
type Scope struct{ account id.Account }

// Scope of the actor's own account.
func (a Actor) Scope() Scope { return Scope{a.account} }

// Within is the scope of an account that a verified thing named: a sign-in
// that found its user, an activation, the operator's own record of a
// customer. Operations never make one from their input.
func Within(account id.Account) Scope { return Scope{account} }

// Account the scope is bound to.
func (s Scope) Account() id.Account { return s.account }

// Decision is an answer of Authorize. When not allowed, Reason is a stable
// code and Text one sentence for a person. Untold is the real reason, for the
// log, where Reason is all that the caller may learn.
type Decision struct {
	Allowed bool
	Reason  problem.Code
	Text    string
	Untold  problem.Code
}

// Allow is the decision that lets a call through.
func Allow() Decision { return Decision{Allowed: true} }

// Deny is a decision that does not.
func Deny(reason problem.Code, text string) Decision { return Decision{Reason: reason, Text: text} }

// Err gives the decision as a problem, nil when allowed.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return problem.New(d.Reason, d.Text)
}

// What Authorize is asked for when a call needs no right but a known caller.
const (
	Known    Permission = "?" // also one who still has to set up a second factor
	SignedIn Permission = "!" // with whatever is required set up
)

// Enter says whether a user with these rules may come in from a source. The
// Desk, and whatever else runs on the machine itself, has no address, and
// ranges of addresses do not bind it; everywhere else a call whose address is
// not known comes from none that is allowed.
func Enter(r entry.Rules, s Source) Decision {
	switch s.Face {
	case FaceBrowser:
		return Reach(r, entry.Web, s.Address)
	case FaceREST, FaceGateway:
		return Reach(r, entry.API, s.Address)
	case FaceISProxy:
		return Reach(r, entry.ISProxy, s.Address)
	case FaceDesk, FaceCLI, FaceSystem:
		return Reach(entry.Rules{Points: r.Points}, entry.Web, s.Address)
	}
	return Reach(r, "", s.Address)
}

// Reach says whether a user with these rules may come to an access point from
// an address.
func Reach(r entry.Rules, p entry.Point, from netip.Addr) Decision {
	switch {
	case !r.Points.Has(p):
		return Deny(problem.PointRefused, "Your user does not have the access point that you came by. An administrator of your account can give it to you.")
	case !r.Ranges.Allows(from):
		return Deny(problem.AddressRefused, "Your user cannot be used from the address you are at. Please sign in from a place that the IP rules allow, or ask an administrator of your account.")
	}
	return Allow()
}

// errKey is all that anybody is told of a key that is not good: whoever found one
// must not learn what is missing.
const errKey = "This API key is not good here: it may be mistyped, over, revoked, made for another channel, or bound to other addresses. The activity log of its account says which."

// Use says whether a key may be used at a source: itself and its user may come
// from there. The reason is for the log.
func Use(a Actor, s Source) Decision {
	if a.refused != "" {
		return Deny(a.refused, errKey)
	}
	for _, rules := range []entry.Rules{a.keyEntry, a.entry} {
		if d := Enter(rules, s); !d.Allowed {
			return Deny(d.Reason, errKey)
		}
	}
	return Allow()
}

// Authorize says whether the actor may use permission p on a domain, empty when
// it is about none, from a source. It denies by default. People are bound to no
// domain; keys may be.
func Authorize(a Actor, p Permission, on domain.Name, s Source) Decision {
	if a.refused != "" || a.kind == Key {
		if d := Use(a, s); !d.Allowed {
			return Decision{Reason: problem.KeyRefused, Text: d.Text, Untold: d.Reason}
		}
	}
	switch {
	case a.Kind() == Anonymous && a.ended:
		return Deny(problem.SessionEnded, "Your session has ended. Please sign in again.")
	case a.Kind() == Anonymous:
		return Deny(problem.Unauthenticated, "Please sign in first.")
	}
	if a.kind == Person {
		if d := Enter(a.entry, s); !d.Allowed {
			return d
		}
	}
	switch {
	case p == Known:
		return Allow()
	case a.enrolling:
		return Deny(problem.MFASetupRequired, "Please set up 2-factor authentication first; everything else opens after that.")
	case on != "" && !a.Domains().Covers(on):
		return Deny(problem.DomainRefused, "This key is not for the domain "+string(on)+".")
	case p == SignedIn, a.rights.Has(p) && (a.operator || !installation.Has(p)):
		return Allow()
	case a.kind == Key:
		return Deny(problem.Forbidden, "This key does not have the permission "+string(p)+", or its user does not (any more).")
	}
	return Deny(problem.Forbidden, "You need the permission "+string(p)+" for this. An administrator of your account can give it to you.")
}
