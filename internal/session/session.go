// Package session holds what a signed-in session is and how long it lives.
package session

import (
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
)

// How long things last.
const (
	Idle       = 15 * time.Minute // without a call
	Absolute   = 8 * time.Hour    // from sign-in
	StepUp     = 5 * time.Minute  // after proving oneself again
	SeenEvery  = time.Minute      // last seen is written at most this often
	IDOverlap  = 10 * time.Second // an old token still works for calls under way
	TokenBytes = 32

	// ClockTolerance is how far this machine's clock may go back before what
	// depends on it is refused.
	ClockTolerance = 2 * time.Minute

	NetworkLife = 180 * 24 * time.Hour // a network that one signed in from is known
	Networks    = 50                   // known at most, for each user
)

// Session is one sign-in of a person.
type Session struct {
	ID          id.Session
	User        id.User
	Face        access.Face
	Means       string // "password+authenticator_app"
	Address     string
	Program     string
	Site        string // RP ID of security keys that work there; empty where none do
	SignedInAt  time.Time
	SteppedUpAt time.Time
	LastSeenAt  time.Time
	EndsAt      time.Time // whatever happens
}

// IdleEndsAt is when the session ends if nothing happens.
func (s Session) IdleEndsAt() time.Time {
	idle := s.LastSeenAt.Add(Idle)
	if idle.After(s.EndsAt) {
		return s.EndsAt
	}
	return idle
}

// Alive reports whether the session still counts at now.
func (s Session) Alive(now time.Time) bool { return now.Before(s.IdleEndsAt()) }
