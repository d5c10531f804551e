// Package notice is what people are told about their own sign-in: the kinds of
// things that are worth telling, and the words for each, in every language. It
// knows nobody and no database; which event tells whom what stands in package
// ops, next to the operations.
package notice

import "time"

// Kind of a notice: what happened.
type Kind string

// The kinds.
const (
	PasswordChanged    Kind = "password_changed"
	PasswordReset      Kind = "password_reset" // with a link or code
	FactorAdded        Kind = "factor_added"
	FactorRemoved      Kind = "factor_removed"
	SecurityKeyAdded   Kind = "security_key_added"
	SecurityKeyRemoved Kind = "security_key_removed"
	FactorsOff         Kind = "factors_off"   // all of them, by the person
	FactorsReset       Kind = "factors_reset" // all of them, by somebody else
	HelpAsked          Kind = "help_asked"    // at the second step of a sign-in
	HelpDeclined       Kind = "help_declined" // closed without a reset
	FactorDemanded     Kind = "factor_demanded"
	CodesReplaced      Kind = "codes_replaced"
	CodesLow           Kind = "codes_low"
	BreakGlassMade     Kind = "break_glass_made"
	BreakGlassOff      Kind = "break_glass_off"
	BreakGlassUsed     Kind = "break_glass_used"  // as the person
	BreakGlassOther    Kind = "break_glass_other" // as the admin user of an account: to its other administrators and the operators
	EmailChanged       Kind = "email_changed"
	RolesChanged       Kind = "roles_changed"
	EntryChanged       Kind = "entry_changed" // from where, and by what, one may come in
	LinkIssued         Kind = "link_issued"
	SessionEnded       Kind = "session_ended"
	SessionsEnded      Kind = "sessions_ended"
	NewAddress         Kind = "new_address" // a sign-in from where there was none before
	KeyMade            Kind = "key_made"    // an API key of one's user, by somebody else
	KeyEnded           Kind = "key_ended"
	KeyEnding          Kind = "key_ending"       // by itself, soon
	KeyExpired         Kind = "key_expired"      // by itself, now
	ContactChanged     Kind = "contact_changed"  // the official one of an account, to its admin user
	HandedOver         Kind = "handed_over"      // the admin user of an account
	DeliveryChanged    Kind = "delivery_changed" // by what, or as what, links and codes go out: to the operators
	ConsoleActed       Kind = "console_acted"    // on another operator
)

// Kinds lists them all.
func Kinds() []Kind {
	return []Kind{
		PasswordChanged, PasswordReset, FactorAdded, FactorRemoved, SecurityKeyAdded, SecurityKeyRemoved, FactorsOff, FactorsReset, HelpAsked, HelpDeclined, FactorDemanded, CodesReplaced, CodesLow,
		BreakGlassMade, BreakGlassOff, BreakGlassUsed, BreakGlassOther,
		EmailChanged, RolesChanged, EntryChanged, LinkIssued, SessionEnded, SessionsEnded, NewAddress, KeyMade, KeyEnded, KeyEnding, KeyExpired, ContactChanged, HandedOver, DeliveryChanged, ConsoleActed,
	}
}

// Facts are what the words of a kind speak of; most kinds need none.
type Facts struct {
	Name   string   `json:"name,omitempty"`   // of a second factor, a key or an account
	Reason string   `json:"reason,omitempty"` // that somebody gave
	Left   int      `json:"left,omitempty"`   // recovery codes
	Roles  []string `json:"roles,omitempty"`  // as they are now
	Whom   string   `json:"whom,omitempty"`   // another person; a service user that one answers for
	Day    string   `json:"day,omitempty"`    // the last one of a key, UTC
	Act    Kind     `json:"act,omitempty"`    // what was done to them
}

// By is who did it.
type By string

// Who it can have been.
const (
	Oneself   By = "oneself" // whoever is signed in as the person
	Colleague By = "colleague"
	Console   By = "console" // the command line, on the machine itself
	Machine   By = "machine" // Gatehouse, by itself
)

// Notice is something that a person is told.
type Notice struct {
	Kind    Kind
	At      time.Time
	By      By
	ByName  string
	Face    string
	Address string // empty where there is none: at the Desk, on the command line
	Program string
	Facts   Facts
}

// Words of a notice.
type Words struct {
	What   string // happened, in a sentence or two
	Who    string // did it
	Where  string // from
	Advice string // what to do if it should not be
}

// Languages that there are words for.
func Languages() []string { return []string{"en", "de"} }

// Words of the notice in a language; in English where there are none.
func (n Notice) Words(language string) Words {
	if language == "de" {
		return german(n)
	}
	return english(n)
}

// where somebody was: the address, if there is one, and the program.
func (n Notice) where(faces map[string]string) string {
	place := n.Address
	if place == "" {
		place = faces[n.Face]
	}
	switch {
	case place == "":
		return n.Program
	case n.Program == "":
		return place
	}
	return place + " (" + n.Program + ")"
}

// own reports whether whoever did it holds what the person signs in with: then
// that has to be taken from them.
func (n Notice) own() bool { return n.By == Oneself }
