package apikey

import (
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/calendar"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
)

// How long keys and overlaps last.
const (
	Years      = 1 // unless somebody says otherwise
	MostYears  = 2
	Overlap    = 24 * time.Hour // of a key and its successor, unless somebody says otherwise
	MaxOverlap = 720 * time.Hour

	// Soon is how long before its end a key is pointed out.
	Soon = 14 * 24 * time.Hour
	// Stale is how long after its last use a key is pointed out.
	Stale = 90 * 24 * time.Hour
)

// Key is what a program holds, without its secret.
type Key struct {
	ID          id.Key
	Account     id.Account
	User        id.User
	Description string
	Shown       string // beginning of the secret
	Digest      string

	// Entry are the channels it is good for (API, ISPROXY), and from where.
	Entry entry.Rules
	// Rights are those it was given; it never has one that its user has not.
	Rights access.Rights
	// Domains it is bound to; the pattern * binds it to none.
	Domains domain.Patterns

	CreatedAt time.Time
	ExpiresAt time.Time
	Successor id.Key // took its place; it lives on until it expires

	Last Use // zero: never used
}

// Use is when, from where and by what a key was used.
type Use struct {
	At      time.Time
	Address string
	Program string
}

// Expired reports whether the key is over.
func (k Key) Expired(now time.Time) bool { return !now.Before(k.ExpiresAt) }

// State of a key, for people.
type State string

// The states.
const (
	Active   State = "active"
	Expiring State = "expiring" // soon, and has no successor
	Rotated  State = "rotated"  // has a successor, and lives on for a while
	Expired  State = "expired"
)

// States lists them all.
func States() []State { return []State{Active, Expiring, Rotated, Expired} }

// State of the key.
func (k Key) State(now time.Time) State {
	switch {
	case k.Expired(now):
		return Expired
	case k.Successor != "":
		return Rotated
	case !now.Before(k.ExpiresAt.Add(-Soon)):
		return Expiring
	}
	return Active
}

// ParseDescription reads what the key is for: one line of at most 120
// characters.
func ParseDescription(raw string) (string, *field.Error) { return field.Text(120)(raw) }

// LatestExpiry is the last day that ParseExpiry takes.
func LatestExpiry(now time.Time) calendar.Day { return calendar.On(now.UTC().AddDate(MostYears, 0, 0)) }

// ParseExpiry reads the last day of a key: today or later, and at most two years
// ahead.
func ParseExpiry(now time.Time) func(string) (calendar.Day, *field.Error) {
	return calendar.ParseEnd(now, LatestExpiry(now), "A key ends after two years at most. Please choose an earlier day; it can be rotated then.")
}

// ReadChannels reads the channels of a key. At least one is needed, and the
// web is none of them.
func ReadChannels(f *field.Form, name string, raw []string) entry.Points {
	if len(raw) == 0 {
		f.Add(name, field.Wrong(problem.Required, "Please choose API, ISPROXY or both."))
		return entry.Points{}
	}
	points := entry.ReadPoints(f, name, raw)
	if points.Has(entry.Web) {
		f.Add(name, field.Wrong(problem.NotAllowed, "A key is for programs, so it cannot have WEB. Please choose API, ISPROXY or both."))
	}
	return points
}

// Narrower reports whether k can do nothing that before could not. It names the
// first thing that it could: channels, ipRules, permissions, domains or
// expiresOn.
func (k Key) Narrower(before Key) (wider string, ok bool) {
	for _, p := range k.Entry.Points.List() {
		if !before.Entry.Points.Has(p) {
			return "channels", false
		}
	}
	switch {
	case !before.Entry.Ranges.Holds(k.Entry.Ranges):
		return "ipRules", false
	case !before.Rights.Covers(k.Rights):
		return "permissions", false
	case !slices.ContainsFunc(k.Domains, func(p domain.Pattern) bool { return !before.Domains.Hold(p) }):
	default:
		return "domains", false
	}
	if k.ExpiresAt.After(before.ExpiresAt) {
		return "expiresOn", false
	}
	return "", true
}

// Effective are the rights of a key of a user with these rights: what both have
// (K8).
func (k Key) Effective(of access.Rights) access.Rights { return k.Rights.And(of) }
