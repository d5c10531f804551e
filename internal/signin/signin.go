// Package signin holds the rules of proving who one is that need no secrets:
// how guesses are slowed down, and when a second factor is required. It knows
// no SQL and no HTTP, and takes the time as an argument.
package signin

import (
	"time"

	"gatehouse/internal/account"
)

// Guesses counts wrong guesses in a row at one thing: the password of a login
// (whether or not such a login exists), or all second factors of a user.
type Guesses struct {
	Failures     int
	BlockedUntil time.Time
}

// How guessing is slowed down.
const (
	freeGuesses = 5                // before the first wait
	firstWait   = 30 * time.Second // doubling with every further failure
	longestWait = time.Hour
	mostGuesses = 100 // then never again, until somebody who may re-issues it
)

// never is far enough away to be compared with any clock.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Blocked says how long nothing is tried any more; zero when one may try.
func (g Guesses) Blocked(now time.Time) time.Duration {
	if !now.Before(g.BlockedUntil) {
		return 0
	}
	return min(g.BlockedUntil.Sub(now), longestWait)
}

// Disabled reports whether waiting does not help any more.
func (g Guesses) Disabled() bool { return g.Failures >= mostGuesses }

// Wrong is the count after one more wrong guess at now.
func (g Guesses) Wrong(now time.Time) Guesses {
	g.Failures++
	switch over := g.Failures - freeGuesses; {
	case g.Failures >= mostGuesses:
		g.BlockedUntil = never
	case over >= 0:
		wait := longestWait
		if over < 7 { // 30 s · 2^7 is more than an hour
			wait = min(firstWait<<over, longestWait)
		}
		g.BlockedUntil = now.Add(wait)
	}
	return g
}

// Bucket counts failures of all kinds from one address: it fills with every
// failure and leaks with time.
type Bucket struct {
	Level     int
	UpdatedAt time.Time
}

// An address may fail this often in a burst, and then once per leak.
const (
	bucketSize = 60
	bucketLeak = 10 * time.Second
)

// level at now, after what leaked.
func (b Bucket) level(now time.Time) int {
	return max(0, b.Level-int(max(0, now.Sub(b.UpdatedAt))/bucketLeak))
}

// Blocked says how long the address has to wait; zero when it may try.
func (b Bucket) Blocked(now time.Time) time.Duration {
	if b.level(now) < bucketSize {
		return 0
	}
	return bucketLeak
}

// Wrong is the bucket after one more failure at now.
func (b Bucket) Wrong(now time.Time) Bucket {
	return Bucket{Level: b.level(now) + 1, UpdatedAt: now}
}

// MFAState is how a user stands with second factors.
type MFAState string

// The states.
const (
	MFAOn            MFAState = "on"
	MFAOff           MFAState = "off"            // and not required
	MFASetupRequired MFAState = "setup_required" // and everything else is closed until then
)

// MFA of a user of an account: whether an administrator forces it for the user,
// and whether the user has a second factor. What is demanded is the account's
// to say.
func MFA(a account.Account, forced, has bool, now time.Time) (MFAState, account.Demand) {
	d := a.Demands(forced, now)
	switch {
	case has:
		return MFAOn, d
	case d.By != account.NotRequired:
		return MFASetupRequired, d
	}
	return MFAOff, d
}
