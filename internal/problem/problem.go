// Package problem is the vocabulary of everything that can go wrong and that
// a caller is told about. Every face (window, REST, command line, doors) maps
// a Code once; nothing outside this package invents one. An error that is not
// a *Problem is a fault of ours: faces show it as Internal with a request id
// and keep its cause for the log.
package problem

import (
	"errors"
	"fmt"
	"time"
)

// Code names a kind of problem. Codes are part of the contract with other
// programs: they are never renamed.
type Code string

// The codes, each with the sentence it usually comes with in this package's
// constructors or where it is raised.
const (
	InvalidRequest   Code = "invalid_request"    // the request itself cannot be read
	InvalidFields    Code = "invalid_fields"     // read, but fields are wrong; see Violations
	Unauthenticated  Code = "unauthenticated"    // nobody is signed in
	SessionEnded     Code = "session_ended"      // somebody was
	Forbidden        Code = "forbidden"          // known, and not allowed
	MFASetupRequired Code = "mfa_setup_required" // everything but second-factor set-up is closed
	StepUpRequired   Code = "step_up_required"   // prove yourself again first
	NotFound         Code = "not_found"          // nothing there, as far as this caller may know
	Conflict         Code = "conflict"           // the state of things does not allow it
	AdminUser        Code = "admin_user"         // the admin user of an account is guarded
	OperatorAccount  Code = "operator_account"   // the account that runs the installation is guarded
	Outranked        Code = "outranked"          // the user holds more than the caller does
	OwnRights        Code = "own_rights"         // nobody does this to themselves
	LastAdmin        Code = "last_admin"         // somebody must be left who can administer
	RoleFixed        Code = "role_fixed"         // built-in roles stay as they are
	RoleInUse        Code = "role_in_use"        // somebody has the role
	MFARequired      Code = "mfa_required"       // a second factor cannot be given up
	AddressRefused   Code = "address_refused"    // the user's IP rules do not hold the address
	PointRefused     Code = "point_refused"      // the user does not have the access point
	KeyRefused       Code = "key_refused"        // the API key is not good, here and now; which it is, the log says
	KeyExpired       Code = "key_expired"        // why, in the log
	KeyUserInactive  Code = "key_user_inactive"  // why, in the log: its user or account is shut
	PasswordShut     Code = "password_shut"      // why, in the log: no program may use the password
	DomainRefused    Code = "domain_refused"     // the key is bound to other domains
	InPerson         Code = "in_person"          // a key may not do that, whatever it holds
	SelfLockout      Code = "self_lockout"       // whoever asks would shut themselves out
	ServiceUser      Code = "service_user"       // what only a person can have, or only a service user
	OwnsServiceUsers Code = "owns_service_users" // somebody has to answer for them
	PasswordWrong    Code = "password_wrong"     // one's own, asked for again
	TooManyAttempts  Code = "too_many_attempts"  // wait; see RetryAfter
	SignInFailed     Code = "sign_in_failed"     // login or password wrong, never which
	CodeWrong        Code = "code_wrong"         // second-factor or recovery code wrong
	CodeUsed         Code = "code_used"          // that code was just used
	CeremonyOver     Code = "ceremony_over"      // a started act expired or was finished elsewhere
	ActivationDead   Code = "activation_dead"    // link or code used, replaced, expired or unknown
	SetupDone        Code = "setup_done"         // the installation is set up already
	SetupCodeWrong   Code = "setup_code_wrong"   // not the code the process printed
	NotSetUp         Code = "not_set_up"         // nothing works before set-up
	TooLarge         Code = "too_large"          // body, header or line over the limit
	ClockWrong       Code = "clock_wrong"        // this machine's clock went back
	DiskFull         Code = "disk_full"          // nothing was changed
	LogDamaged       Code = "log_damaged"        // the activity log was edited; nothing can be recorded
	NotSwitchable    Code = "not_switchable"     // the doors of this process are not opened or closed by anybody
	DoorsOpen        Code = "doors_open"         // they are already, or not yet closed
	DoorsClosed      Code = "doors_closed"       // they are already
	DoorsStuck       Code = "doors_stuck"        // the system has no address for them
	SettingsStale    Code = "settings_stale"     // what was right when it was set is not any more
	GatewayClosed    Code = "gateway_closed"     // there is nothing here to call the registrar's API through
	Misdirected      Code = "misdirected"        // sent to a name this server does not answer to
	CrossOrigin      Code = "cross_origin"       // sent by a page of somebody else's
	Unavailable      Code = "unavailable"        // busy or shutting down; try again
	Internal         Code = "internal"           // a fault of ours

	CallerUnproven Code = "caller_unproven"  // nobody knows whether it is the admin user who is on the telephone
	CallerCodeOver Code = "caller_code_over" // the code that was sent to them is worth nothing (any more)

	SecurityKeyRefused     Code = "security_key_refused"     // its answer is not right
	SecurityKeyCopied      Code = "security_key_copied"      // its answer is right, and its counter is not
	SecurityKeyTaken       Code = "security_key_taken"       // registered already
	SecurityKeyUnavailable Code = "security_key_unavailable" // none works here
	PasskeyRefused         Code = "passkey_refused"          // never why
	BreakGlassRefused      Code = "break_glass_refused"      // never why
)

// Codes lists every code, for the faces and catalogues that must map them all.
func Codes() []Code {
	return []Code{
		InvalidRequest, InvalidFields, Unauthenticated, SessionEnded, Forbidden,
		MFASetupRequired, StepUpRequired, NotFound, Conflict, AdminUser, OperatorAccount, Outranked, OwnRights, LastAdmin,
		RoleFixed, RoleInUse, MFARequired, AddressRefused, PointRefused, KeyRefused, KeyExpired, KeyUserInactive, PasswordShut, DomainRefused, InPerson, SelfLockout, ServiceUser, OwnsServiceUsers, PasswordWrong, TooManyAttempts,
		SignInFailed, CodeWrong, CodeUsed, SecurityKeyRefused, SecurityKeyCopied, SecurityKeyTaken, SecurityKeyUnavailable, PasskeyRefused, CallerUnproven, CallerCodeOver, BreakGlassRefused, CeremonyOver, ActivationDead,
		SetupDone, SetupCodeWrong, NotSetUp, TooLarge, ClockWrong, DiskFull,
		NotSwitchable, DoorsOpen, DoorsClosed, DoorsStuck, SettingsStale, GatewayClosed, LogDamaged, Misdirected, CrossOrigin, Unavailable, Internal,
	}
}

// FieldCode names what is wrong with one field.
type FieldCode string

// The field codes.
const (
	Required           FieldCode = "required"
	TooShort           FieldCode = "too_short"
	TooLong            FieldCode = "too_long"
	BadFormat          FieldCode = "bad_format"
	NotAllowed         FieldCode = "not_allowed"
	Taken              FieldCode = "taken"
	Unknown            FieldCode = "unknown"
	MixedScript        FieldCode = "mixed_script"
	BadText            FieldCode = "bad_text"
	NotGrantable       FieldCode = "not_grantable"
	BadAddress         FieldCode = "bad_address"
	HostBits           FieldCode = "host_bits" // a range whose address is not its first
	Duplicate          FieldCode = "duplicate"
	TooMany            FieldCode = "too_many"
	DayPast            FieldCode = "day_past"
	DayTooFar          FieldCode = "day_too_far"
	NotActivePerson    FieldCode = "not_active_person" // in this account
	PasswordTooShort   FieldCode = "password_too_short"
	PasswordTooLong    FieldCode = "password_too_long"
	PasswordListed     FieldCode = "password_listed"
	PasswordContext    FieldCode = "password_context"
	PlaceholderUnknown FieldCode = "placeholder_unknown"
	PlaceholderMissing FieldCode = "placeholder_missing"
)

// FieldCodes lists every field code.
func FieldCodes() []FieldCode {
	return []FieldCode{
		Required, TooShort, TooLong, BadFormat, NotAllowed, Taken, Unknown,
		MixedScript, BadText, NotGrantable, BadAddress, HostBits, Duplicate, TooMany, PlaceholderUnknown, PlaceholderMissing, DayPast, DayTooFar, NotActivePerson, PasswordTooShort, PasswordTooLong,
		PasswordListed, PasswordContext,
	}
}

// Violation is one field's error. Message is a whole English sentence; faces
// with a catalogue translate by Code.
type Violation struct {
	Field   string    `json:"field"`
	Code    FieldCode `json:"code"`
	Message string    `json:"message"`
}

// Problem is an error that a caller may see.
type Problem struct {
	Code       Code
	Detail     string        // one clear sentence that says what to do
	Violations []Violation   // with InvalidFields: every field at once
	RetryAfter time.Duration // with TooManyAttempts
	cause      error
}

// New makes a problem.
func New(code Code, detail string) *Problem { return &Problem{Code: code, Detail: detail} }

// Newf makes a problem with a formatted detail.
func Newf(code Code, format string, args ...any) *Problem {
	return New(code, fmt.Sprintf(format, args...))
}

// Because returns p with a cause for the log. The cause is never shown.
func (p *Problem) Because(cause error) *Problem {
	q := *p
	q.cause = cause
	return &q
}

// Error makes *Problem an error; the text is for logs.
func (p *Problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %s: %v", p.Code, p.Detail, p.cause)
	}
	return fmt.Sprintf("%s: %s", p.Code, p.Detail)
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.cause }

// Of finds the problem in err; anything else becomes Internal, with err as
// its cause.
func Of(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return New(Internal, "Something went wrong on our side. Nothing was changed; please try again.").Because(err)
}

// Is reports whether err is a problem of that code.
func Is(err error, code Code) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Code == code
}
