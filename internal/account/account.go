// Package account holds what a customer's account is and how its fields are
// read. It knows no SQL and no HTTP.
package account

import (
	"regexp"
	"strings"
	"time"

	"gatehouse/internal/calendar"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
	"gatehouse/internal/user"
)

// State of an account.
type State string

// The states.
const (
	Open      State = "open"
	Suspended State = "suspended" // nobody and nothing gets in, for now
	Closed    State = "closed"    // for good; its activity stays
)

// Account is a customer organisation.
type Account struct {
	ID        id.Account
	Handle    Handle
	Name      string
	Email     user.Email  // the official address
	Mobile    user.Mobile // the official number; may be empty
	State     State
	MFAPolicy MFAPolicy
	OpenedAt  time.Time

	ForceMFA     bool         // by an administrator, of everybody in the account
	MFAFrom      calendar.Day // the operator's day for this account; empty: none
	APIPasswords bool         // passwords may still work on API and ISProxy
	Rules        Rules        // of the installation it is in
}

// Handle is an account's short name: 3 to 40 of a-z, 0-9 and -.
type Handle string

var handleForm = regexp.MustCompile(`^[a-z0-9-]{3,40}$`)

// States lists them all.
func States() []State { return []State{Open, Suspended, Closed} }

// ParseHandle reads a handle. Capitals are taken for small letters.
func ParseHandle(raw string) (Handle, *field.Error) {
	s := strings.ToLower(strings.TrimSpace(raw))
	switch {
	case s == "":
		return "", field.Missing()
	case !handleForm.MatchString(s):
		return "", field.Wrong(problem.BadFormat, "A handle has 3 to 40 characters: small letters, digits and dashes.")
	}
	return Handle(s), nil
}

// ParseName reads an organisation's name: one line of at most 120 characters.
func ParseName(raw string) (string, *field.Error) { return field.Text(120)(raw) }
