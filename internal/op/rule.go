package op

import (
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/problem"
	"gatehouse/internal/session"
)

// Rule says who may run an operation. Only this package makes rules, so that
// every kind of rule is on this page. The zero Rule is none, and an operation
// with it does not start.
type Rule struct {
	who        who
	permission access.Permission // with holder
	stepUp     bool
	fully      bool
	inPerson   bool
	keysToo    bool
}

// who is the kind of a rule, in words.
type who string

const (
	anyone       who = "anyone"
	beforeSetup  who = "anyone, before set-up"
	consoleSetup who = "console, before set-up"
	oneself      who = "signed in"
	enrolling    who = "signed in, also before the second factor"
	known        who = "signed in, or the console"
	holder       who = "holder of the permission"
	job          who = "background job"
	atDoor       who = "a program at a door"
)

// Anyone lets everybody in, signed in or not.
func Anyone() Rule { return Rule{who: anyone} }

// BeforeSetup lets everybody in until the operator account exists, and nobody
// after.
func BeforeSetup() Rule { return Rule{who: beforeSetup} }

// ConsoleBeforeSetup lets in the command line, until the operator account
// exists.
func ConsoleBeforeSetup() Rule { return Rule{who: consoleSetup} }

// Oneself lets every signed-in person act on what is their own.
func Oneself() Rule { return Rule{who: oneself} }

// Enrolling is Oneself, also while a second factor is required and not set up.
func Enrolling() Rule { return Rule{who: enrolling} }

// SignedIn lets in whoever is known, people and the console, whatever they
// hold: for what is no secret, and about nobody.
func SignedIn() Rule { return Rule{who: known} }

// Holds lets in whoever holds the permission, within their own account.
func Holds(p access.Permission) Rule { return Rule{who: holder, permission: p} }

// Job lets in the background jobs of Gatehouse itself, and nobody else.
func Job() Rule { return Rule{who: job} }

// AtDoor lets in whoever comes by a door for programs, the API gateway or
// ISProxy: what they may do there, the door asks of access.Authorize.
func AtDoor() Rule { return Rule{who: atDoor} }

// SteppedUp asks in addition that a person proved who they are within the
// last minutes.
func (r Rule) SteppedUp() Rule {
	r.stepUp = true
	return r
}

// Fully asks in addition for every right of the account: for what decides how
// everybody is let in, which is as good as each of them.
func (r Rule) Fully() Rule {
	r.fully = true
	return r
}

// InPerson keeps API keys out, whatever they hold: for what decides who may do
// what (K8). What asks for step-up is in person by itself.
func (r Rule) InPerson() Rule {
	r.inPerson = true
	return r
}

// KeysToo lets API keys in where no permission is asked for: to what is their
// user's own, or no secret.
func (r Rule) KeysToo() Rule {
	r.keysToo = true
	return r
}

// Keys reports whether an API key may pass.
func (r Rule) Keys() bool {
	return r.who == holder && !r.inPerson && !r.stepUp || r.keysToo || r.who == atDoor
}

// String is the rule in words, for people who review it.
func (r Rule) String() string {
	text := string(r.who)
	if r.who == holder {
		text = string(r.permission)
	}
	if r.fully {
		text += " and every other permission"
	}
	switch {
	case r.stepUp:
		text += ", stepped up"
	case r.who == holder && r.inPerson:
		text += ", in person"
	case r.keysToo:
		text += ", by key too"
	}
	return text
}

// Open reports whether callers nobody knows may pass.
func (r Rule) Open() bool { return r.who == anyone || r.who == beforeSetup }

// Permission that has to be held; false when the rule is of another kind.
func (r Rule) Permission() (access.Permission, bool) { return r.permission, r.who == holder }

// StepUp reports whether the caller must have proved themselves again.
func (r Rule) StepUp() bool { return r.stepUp }

// Console reports whether the command line may run it: what is about oneself
// or has a ceremony of its own is not for it.
func (r Rule) Console() bool {
	return r.who == holder || r.who == known || r.who == consoleSetup
}

// reachable reports whether anybody needs a route: a background job has none,
// and doors have protocols of their own.
func (r Rule) reachable() bool { return r.who != job && r.who != atDoor }

// question is what a rule may look at.
type question struct {
	actor  access.Actor
	source access.Source
	setUp  bool
	now    time.Time
}

func (r Rule) decide(q question) access.Decision {
	d := r.admit(q)
	if d.Allowed && r.fully && !q.actor.Full() {
		return access.Deny(problem.Outranked, "This decides how everybody is let in, so it takes every permission. Please ask an administrator with the role Admin.")
	}
	if d.Allowed && r.stepUp && q.actor.Kind() == access.Person && !fresh(q.now.Sub(q.actor.SteppedUp())) {
		return access.Deny(problem.StepUpRequired, "Please confirm that it is you.")
	}
	return d
}

// fresh reports whether a proof of that age counts. One from the future does
// not: the clock has gone back, and it may be of any age.
func fresh(age time.Duration) bool { return age <= session.StepUp && age >= -session.ClockTolerance }

func (r Rule) admit(q question) access.Decision {
	kind := q.actor.Kind()
	if kind == access.Key || q.actor.Refused() != "" { // a key that is not good is told so everywhere
		if d := access.Authorize(q.actor, access.Known, "", q.source); !d.Allowed {
			return d
		}
		if !r.Keys() && !r.Open() {
			return access.Deny(problem.InPerson, "An API key cannot do this: it takes a person who is signed in.")
		}
	}
	switch r.who {
	case anyone:
		return access.Allow()
	case beforeSetup, consoleSetup:
		if r.who == consoleSetup && kind != access.Console {
			return access.Deny(problem.Forbidden, "This is for the command line on the machine itself.")
		}
		if q.setUp {
			return access.Deny(problem.SetupDone, "This installation is set up already. Please sign in.")
		}
		return access.Allow()
	case job:
		if kind == access.System {
			return access.Allow()
		}
		if d := access.Authorize(q.actor, access.SignedIn, "", q.source); !d.Allowed {
			return d
		}
		return access.Deny(problem.Forbidden, "Gatehouse does this by itself.")
	case atDoor:
		if f := q.source.Face; f != access.FaceGateway && f != access.FaceISProxy {
			if d := access.Authorize(q.actor, access.SignedIn, "", q.source); !d.Allowed {
				return d
			}
			return access.Deny(problem.Forbidden, "This is for programs that come by a door.")
		}
		return access.Allow()
	case oneself, enrolling:
		if kind != access.Person && kind != access.Anonymous && (kind != access.Key || !r.keysToo) {
			return access.Deny(problem.Forbidden, "This is about the person who is signed in, and here is none.")
		}
		if r.who == enrolling {
			return access.Authorize(q.actor, access.Known, "", q.source)
		}
		return access.Authorize(q.actor, access.SignedIn, "", q.source)
	case holder, known:
		if kind == access.Console && !q.setUp {
			return access.Deny(problem.NotSetUp, "This installation is not set up yet. Please run 'gatehouse setup' first, or set up in the app.")
		}
		if r.who == holder {
			return access.Authorize(q.actor, r.permission, "", q.source)
		}
		if kind == access.System {
			return access.Deny(problem.Forbidden, "This is for whoever is signed in, and here is nobody.")
		}
		return access.Authorize(q.actor, access.SignedIn, "", q.source)
	}
	return access.Deny(problem.Forbidden, "Nobody may do this.")
}
