package user

import (
	"time"

	"gatehouse/internal/calendar"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
)

// Kind of a user. Nobody ever changes it: a person never becomes a program.
type Kind string

// The kinds.
const (
	Person  Kind = "person"  // signs in
	Service Kind = "service" // a program: keys only, with an owner and an end
)

// Kinds lists both, in the order in which people see them.
func Kinds() []Kind { return []Kind{Person, Service} }

// Terms are what a service user lives by. The zero Terms are a person's.
type Terms struct {
	Owner     id.User      // a person of the same account, who answers for it
	ExpiresOn calendar.Day // the last day on which it may do anything
	Purpose   string       // what it is for; empty when nobody said
}

// Kind of the user.
func (u User) Kind() Kind {
	if u.Terms.Owner != "" {
		return Service
	}
	return Person
}

// Expired reports whether a service user is over; a person never is.
func (u User) Expired(now time.Time) bool {
	return u.Kind() == Service && u.Terms.ExpiresOn.Over(now)
}

// MayAct reports whether anything may be done in the name of the user now: of
// a person by a session, of a service user by a key.
func (u User) MayAct(now time.Time) bool { return u.State == Active && !u.Expired(now) }

// longestYears is how far ahead a service user may end.
const longestYears = 2

// LatestExpiry is the last day that ParseExpiry takes.
func LatestExpiry(now time.Time) calendar.Day {
	return calendar.On(now.UTC().AddDate(longestYears, 0, 0))
}

// ParseExpiry reads the last day of a service user: today or later, and at most
// two years ahead, so that somebody looks at it from time to time.
func ParseExpiry(now time.Time) func(string) (calendar.Day, *field.Error) {
	return calendar.ParseEnd(now, LatestExpiry(now), "A service user ends after two years at most. Please choose an earlier day; it can be moved later.")
}

// ParsePurpose reads what a service user is for: one line of at most 300
// characters.
func ParsePurpose(raw string) (string, *field.Error) { return field.Text(300)(raw) }
