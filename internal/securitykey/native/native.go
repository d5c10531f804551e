// Package native has the Desk speak to USB security keys by itself, where its
// window cannot (WebKitGTK, WKWebView): it takes the options that a browser
// would get from a relying party, and returns what the browser's
// PublicKeyCredential.toJSON would. The talking is done by libfido2, in builds
// with window for Linux and macOS; every other build answers NotInBuild.
//
// It must not know users, accounts or the database: whether a key counts is for
// the relying party to say. A PIN passes through as bytes that are overwritten
// afterwards, here and in C, and is in no error, log or progress.
package native

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Origin is the one that the Desk signs for, on every system (docs/adr: native
// security keys).
const Origin = "http://wails.localhost"

// patience is how long a ceremony lasts whose options do not say.
const patience = 2 * time.Minute

// Device is a security key that is plugged in.
type Device struct {
	Path    string `json:"path"`
	Name    string `json:"name"` // as the maker calls it; may be empty
	Vendor  uint16 `json:"vendor"`
	Product uint16 `json:"product"`
	// Permitted is false for one that is there and may not be opened: a rule of
	// udev is missing, or a sandbox keeps it away.
	Permitted bool `json:"permitted"`
}

// Info is what a key says about itself.
type Info struct {
	U2FOnly     bool     `json:"u2fOnly"` // from before CTAP2: it knows no PIN
	PINSet      bool     `json:"pinSet"`
	PINCapable  bool     `json:"pinCapable"` // it has a PIN or can be given one
	Fingerprint bool     `json:"fingerprint"`
	Resident    bool     `json:"resident"` // it keeps discoverable credentials
	Tries       int      `json:"tries"`    // of the PIN; 0 with PINSet: blocked for good
	Algorithms  []int    `json:"algorithms"`
	Transports  []string `json:"transports"`
	maxList     int      // credentials that it takes in one list
}

// Step is a point in a ceremony at which a person learns something.
type Step string

// The steps of a ceremony, in the order in which they come.
const (
	StepPlugIn Step = "plug_in" // no key is there yet
	StepChoose Step = "choose"  // several are: touch the one you want
	StepFound  Step = "found"   // this one it is
	StepPIN    Step = "pin"     // its PIN is asked for
	StepTouch  Step = "touch"   // touch it now
)

// Progress is what Person.Tell hears.
type Progress struct {
	Step   Step   `json:"step"`
	Device Device `json:"device"`
	// Again is true when the finger was not the right one.
	Again bool `json:"again"`
}

// PINRequest says for which key a PIN is wanted, and what became of the last.
type PINRequest struct {
	Device Device `json:"device"`
	Tries  int    `json:"tries"` // left; 0: the key does not say
	Wrong  bool   `json:"wrong"` // the last was not the key's
	Unfit  bool   `json:"unfit"` // the last can be no PIN (4 characters at least, 63 bytes at most); no try was lost
}

// Account is one of several that a key can sign in to.
type Account struct {
	UserHandle  []byte `json:"userHandle"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// Person is how a ceremony speaks with whoever sits at the Desk. Its functions
// are called one at a time, from the goroutine of the ceremony.
type Person struct {
	// Tell hears of every step. It must not wait. It may be nil.
	Tell func(Progress)
	// PIN returns the PIN, which is overwritten after use. An error, or a nil
	// function, ends the ceremony with PINNeeded or PINWrong.
	PIN func(context.Context, PINRequest) ([]byte, error)
	// Choose returns the index of one of the accounts; nil takes the newest.
	Choose func(context.Context, []Account) (int, error)
}

func (p Person) tell(step Step, d Device) {
	if p.Tell != nil {
		p.Tell(Progress{Step: step, Device: d})
	}
}

// Client is the place of WebAuthn's client. Its methods return an *Error.
type Client struct {
	// Origin is written into what is signed; empty: the Origin of the Desk.
	Origin string
	// Paths are devices named by hand, by a flag or the environment. If there
	// are any, no others are looked for.
	Paths []string
}

func (c Client) origin() string {
	if c.Origin == "" {
		return Origin
	}
	return c.Origin
}

// Devices lists the keys that are plugged in, those that may not be opened too.
func (c Client) Devices() ([]Device, error) {
	if len(c.Paths) == 0 {
		return devices()
	}
	if !present {
		return nil, &Error{Code: NotInBuild}
	}
	all := []Device{}
	for _, path := range c.Paths {
		file, err := os.Stat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return nil, &Error{Code: Failed, cause: err}
		case file.Mode()&os.ModeCharDevice == 0:
			return nil, &Error{Code: NotSecurityKey, Device: Device{Path: path}}
		}
		all = append(all, Device{Path: path, Permitted: mayOpen(path)})
	}
	return all, nil
}

// Info asks a key about itself.
func (c Client) Info(ctx context.Context, d Device) (Info, error) {
	k, err := open(ctx, d, Person{})
	if err != nil {
		return Info{}, err
	}
	defer k.close()
	return k.info()
}

// Register makes a credential. It takes PublicKeyCredentialCreationOptionsJSON
// and returns RegistrationResponseJSON (WebAuthn Level 3, section 5.1).
func (c Client) Register(ctx context.Context, options []byte, p Person) ([]byte, error) {
	o, err := parseCreation(options, c.origin())
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(ctx, o.patience())
	defer done()
	k, d, err := c.find(ctx, p)
	if err != nil {
		return nil, err
	}
	defer k.close()
	data := clientData("webauthn.create", o.Challenge, c.origin())
	m, info, err := register(ctx, k, d, p, o, hash(data))
	if err != nil {
		return nil, interrupted(ctx, err, d)
	}
	return registration(o, m, info, data)
}

// SignIn signs with a credential. It takes PublicKeyCredentialRequestOptionsJSON
// and returns AuthenticationResponseJSON (WebAuthn Level 3, section 5.1).
func (c Client) SignIn(ctx context.Context, options []byte, p Person) ([]byte, error) {
	o, err := parseRequest(options, c.origin())
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(ctx, o.patience())
	defer done()
	k, d, err := c.find(ctx, p)
	if err != nil {
		return nil, err
	}
	defer k.close()
	data := clientData("webauthn.get", o.Challenge, c.origin())
	signed, err := signIn(ctx, k, d, p, o, hash(data))
	if err != nil {
		return nil, interrupted(ctx, err, d)
	}
	return json.Marshal(authentication(signed, data))
}

// interrupted puts what ended the ceremony from outside before what the key
// then said about it.
func interrupted(ctx context.Context, err error, d Device) error {
	if ctx.Err() == nil {
		return err
	}
	code := Cancelled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = TimedOut
	}
	// Not wrapped: what the key said is no other reason beside this one.
	return &Error{Code: code, Device: d, cause: fmt.Errorf("%w; then %s", ctx.Err(), fmt.Sprint(err))}
}

// authenticator is a key that is open. Its methods are called from the
// goroutine that opened it.
type authenticator interface {
	info() (Info, error)
	make(creation, []byte) (made, error)
	assert(assertion, []byte) ([]signed, error)
	tries() int
	beginChoice() error
	chosen(within time.Duration) (bool, error)
	close()
}

// creation is what a key needs to make a credential.
type creation struct {
	clientDataHash []byte
	rp             rpEntity
	user           userEntity
	algorithm      int
	exclude        [][]byte
	resident       bool
	finger         bool // have it verify its user by itself
}

// made is a new credential, in the parts that libfido2 gives.
type made struct {
	id, authData, statement []byte
	format                  string
	resident                bool
}

// assertion is what a key needs to sign in.
type assertion struct {
	clientDataHash []byte
	rpID           string
	allow          [][]byte
	finger         bool
	silent         bool // ask for no touch: is one of allow on the key?
}

// signed is one signature.
type signed struct {
	id, authData, signature []byte
	account                 Account
}

// status is an error of CTAP2 (CTAP 2.1, section 6.3) or, when negative, of
// libfido2.
type status int

func (s status) Error() string { return fmt.Sprintf("the key answers %#x", int(s)) }
