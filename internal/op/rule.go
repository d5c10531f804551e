package op

import (
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/problem"
	"gatehouse/internal/session"
)

// Rule says who may run an operation. Only this package makes rules, so that
// every kind of rule is on this page.
type Rule[In any] struct {
	text    string
	allow   func(question[In]) access.Decision
	console bool // for the console alone
	holds   bool // for whoever holds a permission, the console among them
}

// question is what a rule may look at.
type question[In any] struct {
	actor  access.Actor
	source access.Source
	in     In
	setUp  bool
	now    time.Time
}

func rule[In any](text string, allow func(question[In]) access.Decision) Rule[In] {
	return Rule[In]{text: text, allow: allow}
}

// Anyone lets everybody in, signed in or not.
func Anyone[In any]() Rule[In] {
	return rule("anyone", func(question[In]) access.Decision { return access.Allow() })
}

// BeforeSetup lets everybody in until the operator account exists, and nobody
// after.
func BeforeSetup[In any]() Rule[In] {
	return rule("anyone, before set-up", func(q question[In]) access.Decision {
		if q.setUp {
			return access.Deny(problem.SetupDone, "This installation is set up already. Please sign in.")
		}
		return access.Allow()
	})
}

// ConsoleBeforeSetup lets in the command line, until the operator account
// exists.
func ConsoleBeforeSetup[In any]() Rule[In] {
	before := BeforeSetup[In]()
	return Rule[In]{text: "console, before set-up", console: true, allow: func(q question[In]) access.Decision {
		if q.actor.Kind() != access.Console {
			return access.Deny(problem.Forbidden, "This is for the command line on the machine itself.")
		}
		return before.allow(q)
	}}
}

// Oneself lets every signed-in person act on what is their own.
func Oneself[In any]() Rule[In] {
	return rule("signed in", func(q question[In]) access.Decision {
		if k := q.actor.Kind(); k != access.Person && k != access.Anonymous {
			return access.Deny(problem.Forbidden, "This is about the person who is signed in, and here is none.")
		}
		return access.Authorize(q.actor, access.SignedIn, "", q.source)
	})
}

// Enrolling is Oneself, also while a second factor is required and not set up.
func Enrolling[In any]() Rule[In] {
	oneself := Oneself[In]()
	return rule("signed in, also before the second factor", func(q question[In]) access.Decision {
		if q.actor.Kind() == access.Person {
			return access.Allow()
		}
		return oneself.allow(q)
	})
}

// Holds lets in whoever holds the permission, within their own account.
func Holds[In any](p access.Permission) Rule[In] {
	return Rule[In]{text: string(p), holds: true, allow: func(q question[In]) access.Decision {
		if q.actor.Kind() == access.Console && !q.setUp {
			return access.Deny(problem.NotSetUp, "This installation is not set up yet. Please run 'gatehouse setup' first, or set up in the app.")
		}
		return access.Authorize(q.actor, p, "", q.source)
	}}
}

// SteppedUp asks in addition that a person proved who they are within the
// last minutes.
func (r Rule[In]) SteppedUp() Rule[In] {
	if r.allow == nil {
		return r // no rule: such an operation does not start
	}
	stepped := r
	stepped.text += ", stepped up"
	stepped.allow = func(q question[In]) access.Decision {
		d := r.allow(q)
		if d.Allowed && q.actor.Kind() == access.Person && q.now.Sub(q.actor.SteppedUp()) > session.StepUp {
			return access.Deny(problem.StepUpRequired, "Please confirm that it is you.")
		}
		return d
	}
	return stepped
}
