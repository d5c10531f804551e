// Package id makes and types the identifiers of things. Ids of different
// things are different types, so that a user's cannot be passed for an
// account's. An id is a three-letter prefix and a UUIDv7 (RFC 9562) in
// Crockford base32: 30 characters that sort by the time they were made.
package id

import (
	"encoding/base32"

	"github.com/google/uuid"
)

type (
	// Installation is the id of a database and what belongs to it.
	Installation string
	// Account is the id of a customer's organisation.
	Account string
	// User is the id of a person.
	User string
	// Role is the id of a set of permissions.
	Role string
	// Session is the id of one sign-in.
	Session string
	// AuthenticatorApp is the id of a person's app.
	AuthenticatorApp string
	// SecurityKey is the id of a person's security key. It is not that of the
	// credential, which the key chose.
	SecurityKey string
	// Message is the id of a mail or SMS in the outbox.
	Message string
	// Key is the id of an API key. It is not the key.
	Key string
	// Notice is the id of something that a person was told.
	Notice string
	// HelpRequest is the id of somebody's request for help with getting in.
	HelpRequest string
	// Call is the id of a call that the API gateway sent on.
	Call string
	// BreakGlass is the id of a set of break-glass codes.
	BreakGlass string
)

// NewInstallation makes the id of an installation.
func NewInstallation() Installation { return Installation(mint("ins")) }

// NewAccount makes the id of an account.
func NewAccount() Account { return Account(mint("acc")) }

// NewUser makes the id of a user.
func NewUser() User { return User(mint("usr")) }

// NewRole makes the id of a role.
func NewRole() Role { return Role(mint("rol")) }

// NewSession makes the id by which a session is listed and ended. It is not
// the token that opens it.
func NewSession() Session { return Session(mint("ses")) }

// NewAuthenticatorApp makes the id of an authenticator app of a user.
func NewAuthenticatorApp() AuthenticatorApp { return AuthenticatorApp(mint("app")) }

// NewSecurityKey makes the id of a security key of a user.
func NewSecurityKey() SecurityKey { return SecurityKey(mint("sek")) }

// NewMessage makes the id of a message.
func NewMessage() Message { return Message(mint("msg")) }

// NewNotice makes the id of a notice.
func NewNotice() Notice { return Notice(mint("not")) }

// NewHelpRequest makes the id of a request for help.
func NewHelpRequest() HelpRequest { return HelpRequest(mint("hlp")) }

// NewKey makes the id of an API key.
func NewKey() Key { return Key(mint("key")) }

// NewCall makes the id of a call at the API gateway.
func NewCall() Call { return Call(mint("cal")) }

// NewBreakGlass makes the id of a set of break-glass codes.
func NewBreakGlass() BreakGlass { return BreakGlass(mint("bgl")) }

// NewRequest makes the id of one request, for the log.
func NewRequest() string { return mint("req") }

func mint(prefix string) string {
	u := uuid.Must(uuid.NewV7())
	return prefix + "_" + encoding.EncodeToString(u[:])
}

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
