package native

import "fmt"

// Code tells apart what can keep a ceremony from its end. Codes are stable:
// what people read about them is written by whoever shows them.
type Code string

// All codes.
const (
	NotInBuild     Code = "not_in_build"     // this program has no part for USB keys
	BadOptions     Code = "bad_options"      // the relying party asks for nonsense, or for another site
	NoKey          Code = "no_key"           // nobody plugged one in
	NotPermitted   Code = "not_permitted"    // one is there and may not be opened (udev, Flatpak)
	NotSecurityKey Code = "not_security_key" // the device is something else
	Busy           Code = "busy"             // another program is using it
	Unplugged      Code = "unplugged"        // it was pulled out meanwhile

	NotRegistered     Code = "not_registered"     // it has no credential for this site and user
	AlreadyRegistered Code = "already_registered" // it has one that the relying party excludes
	PINNeeded         Code = "pin_needed"         // and nobody gave one
	PINWrong          Code = "pin_wrong"          // Tries are left
	PINLocked         Code = "pin_locked"         // until it is plugged in again
	PINBlocked        Code = "pin_blocked"        // for good: only a reset helps
	PINExpired        Code = "pin_expired"        // the key wants a new one first, set with its maker's tools
	PINNotSet         Code = "pin_not_set"        // it must verify its user and has no PIN yet
	CannotVerify      Code = "cannot_verify"      // it must verify its user and cannot
	FingerBlocked     Code = "finger_blocked"     // too many wrong fingers, and it has no PIN
	CannotStore       Code = "cannot_store"       // it must keep a passkey and cannot
	Full              Code = "full"               // it has no room for another passkey
	NoAlgorithm       Code = "no_algorithm"       // it has none that the relying party takes

	TimedOut  Code = "timed_out" // nobody touched it in time
	Cancelled Code = "cancelled"
	Failed    Code = "failed" // anything else; the cause says what
)

// Error is what every function of this package returns.
type Error struct {
	Code   Code
	Device Device // the key, when one was chosen
	Tries  int    // of the PIN, with PINWrong and PINNeeded; 0: the key does not say
	cause  error
}

// Error is for logs: it names the code, never what a person typed.
func (e *Error) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("security key: %s", e.Code)
	}
	return fmt.Sprintf("security key: %s: %v", e.Code, e.cause)
}

func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an *Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// What keys answer (CTAP 2.1, section 6.3).
const (
	ctapExcluded       status = 0x19
	ctapUnsupportedAlg status = 0x26
	ctapDenied         status = 0x27
	ctapStoreFull      status = 0x28
	ctapCancelled      status = 0x2d
	ctapNoCredentials  status = 0x2e
	ctapTouchTimeout   status = 0x2f
	ctapPINInvalid     status = 0x31
	ctapPINBlocked     status = 0x32
	ctapPINLocked      status = 0x34
	ctapPINNotSet      status = 0x35
	ctapPINRequired    status = 0x36
	ctapPINPolicy      status = 0x37
	ctapActionTimeout  status = 0x3a
	ctapFingerBlocked  status = 0x3c
	ctapFingerWrong    status = 0x3f
)

// codes are those of answers that mean the same wherever they come. Keys say
// "denied" when the time for a touch is over, too (section 6.1.2, step 14).
func (s status) code() Code {
	switch s {
	case ctapExcluded:
		return AlreadyRegistered
	case ctapUnsupportedAlg:
		return NoAlgorithm
	case ctapStoreFull:
		return Full
	case ctapCancelled:
		return Cancelled
	case ctapNoCredentials:
		return NotRegistered
	case ctapDenied, ctapTouchTimeout, ctapActionTimeout:
		return TimedOut
	case ctapPINInvalid:
		return PINWrong
	case ctapPINBlocked:
		return PINBlocked
	case ctapPINLocked:
		return PINLocked
	case ctapPINPolicy:
		return PINExpired
	case ctapPINNotSet:
		return PINNotSet
	case ctapPINRequired:
		return PINNeeded
	case ctapFingerBlocked, ctapFingerWrong:
		return FingerBlocked
	}
	return Failed
}
