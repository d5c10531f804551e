package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"gatehouse/internal/ops"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/securitykey/handoff"
	"gatehouse/internal/securitykey/native"
)

// keyProgress is the event by which the page hears of a [KeyStep].
const keyProgress = "securitykey:step"

// Bounds of what the page sends, in bytes.
const (
	maxKeyOptions = 64 << 10
	maxCeremony   = 64
	maxPIN        = 256 // of which a key takes 63; the rest is told apart as no PIN
)

// SecurityKeys asks security keys where the window's webview cannot: through
// USB, or by a page that the system's browser opens. It carries options to a
// key and answers back, and judges neither. Strangers at the page can have no
// more of it than of a browser: the key answers for one site, to a touch.
//
// One ceremony runs at a time; a new one puts an end to the one before. The
// page names each, so that what it says late is not taken for the next.
//
//	begun ──▶ steps (events) ──▶ KeyOutcome
//	             ▲    └ EnterPIN, Pick
type SecurityKeys struct {
	client native.Client
	tell   func(event string, data any)
	open   func(url string) error
	log    *slog.Logger

	turn    sync.Mutex // held while one ceremony gives way to the next
	mu      sync.Mutex
	running *ceremony
	early   string // the ceremony that was cancelled last before it began
	closed  bool
}

// KeyDevices are the security keys that are plugged in.
type KeyDevices struct {
	InBuild bool            `json:"inBuild"` // this program can speak to them
	Devices []native.Device `json:"devices"`
}

// KeyCeremony names a ceremony.
type KeyCeremony struct {
	Ceremony string `json:"ceremony"`
}

// AskKeyInput begins a ceremony, or goes on with one whose page is open.
type AskKeyInput struct {
	Ceremony string           `json:"ceremony"`
	Kind     handoff.Kind     `json:"kind"`
	Options  securitykey.JSON `json:"options"`
}

// KeyOutcome is how a ceremony ended: with an answer, or with a failure.
type KeyOutcome struct {
	Answer  securitykey.JSON `json:"answer,omitzero"` // PublicKeyCredential.toJSON()
	Failure string           `json:"failure,omitempty"`
	Tries   int              `json:"tries,omitempty"` // of the PIN, that are left; 0: the key does not say
}

// KeyPIN is what a person typed. It goes to the key and comes back by nothing.
type KeyPIN struct {
	Ceremony string      `json:"ceremony"`
	PIN      secret.Text `json:"pin"`
}

// KeyPick chooses one of the accounts of a [KeyStep].
type KeyPick struct {
	Ceremony string `json:"ceremony"`
	Index    int    `json:"index"`
}

// KeyPageInput opens a page for the system's browser.
type KeyPageInput struct {
	Ceremony string `json:"ceremony"`
	Language string `json:"language"`
}

// KeyPage is where the browser finds it.
type KeyPage struct {
	Port    int    `json:"port"`
	Address string `json:"address"`
}

// KeyStep is where a ceremony is: an event to the page.
type KeyStep struct {
	Ceremony string       `json:"ceremony"`
	Step     string       `json:"step"` // of native, or "account"
	Again    bool         `json:"again"`
	Tries    int          `json:"tries"`
	Wrong    bool         `json:"wrong"`
	Unfit    bool         `json:"unfit"`
	Accounts []KeyAccount `json:"accounts"`
}

// KeyAccount is one that a key can sign in to.
type KeyAccount struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// stepAccount asks which of several accounts is meant.
const stepAccount = "account"

// Failures beside those of packages native and handoff.
const (
	failureCancelled = "cancelled"
	failureTimedOut  = "timed_out"
)

var (
	errKeyInput = errors.New("what the page asks of a security key cannot be understood")
	errNoPage   = errors.New("there is no open page for that ceremony")
)

// Devices lists the keys that are plugged in.
func (s *SecurityKeys) Devices(ops.None) (KeyDevices, error) {
	found := KeyDevices{InBuild: true, Devices: []native.Device{}}
	all, err := s.client.Devices()
	switch {
	case errors.Is(err, &native.Error{Code: native.NotInBuild}):
		found.InBuild = false
	case err != nil:
		return found, fmt.Errorf("list security keys: %w", err)
	default:
		found.Devices = append(found.Devices, all...)
	}
	return found, nil
}

// Ask asks a key that is plugged into this computer, and returns when the
// ceremony is over.
func (s *SecurityKeys) Ask(in AskKeyInput) (out KeyOutcome, err error) {
	defer caught(&err)
	ask := s.client.SignIn
	if in.Kind == handoff.Create {
		ask = s.client.Register
	}
	if !in.fit() {
		return KeyOutcome{}, errKeyInput
	}
	c := s.begin(in.Ceremony)
	defer s.over(c)
	answer, err := ask(c.ctx, in.Options, s.person(c))
	return s.outcome(c, answer, err), nil
}

// OpenPage opens a page on loopback for a browser, which AskBrowser serves.
func (s *SecurityKeys) OpenPage(in KeyPageInput) (out KeyPage, err error) {
	defer caught(&err)
	if !fitName(in.Ceremony) {
		return KeyPage{}, errKeyInput
	}
	c := s.begin(in.Ceremony)
	page, err := handoff.Open(handoff.Config{Language: in.Language})
	if err != nil {
		s.over(c)
		return KeyPage{}, err
	}
	s.mu.Lock()
	c.page = page
	s.mu.Unlock()
	// Whatever ends it, nothing listens afterwards.
	context.AfterFunc(c.ctx, page.Close)
	page.AfterEnd(func() { s.over(c) })
	return KeyPage{page.Port(), page.Address()}, nil
}

// AskBrowser opens the browser at the page of a ceremony, and returns when the
// ceremony is over.
func (s *SecurityKeys) AskBrowser(in AskKeyInput) (out KeyOutcome, err error) {
	defer caught(&err)
	if !in.fit() {
		return KeyOutcome{}, errKeyInput
	}
	s.mu.Lock()
	c := s.running
	var page *handoff.Page
	if c != nil && c.name == in.Ceremony {
		page = c.page
	}
	s.mu.Unlock()
	if page == nil {
		return KeyOutcome{}, errNoPage
	}
	// The window shows the address too: there may be no browser to open.
	if err := s.open(page.Address()); err != nil {
		s.log.Warn("the browser did not open", "error", "withheld, it may hold the address")
	}
	answer, err := page.Ask(c.ctx, in.Kind, in.Options)
	return s.outcome(c, answer, err), nil
}

// EnterPIN gives the PIN that a step asked for; late, it does nothing.
func (s *SecurityKeys) EnterPIN(in KeyPIN) (ops.None, error) {
	if c := s.named(in.Ceremony); c != nil && c.takes(string(native.StepPIN)) {
		typed := in.PIN.Reveal()
		// Cut to what is still too long for any key.
		c.pins <- []byte(typed[:min(len(typed), maxPIN)])
	}
	return ops.None{}, nil
}

// Pick chooses one of the accounts that a step offered.
func (s *SecurityKeys) Pick(in KeyPick) (ops.None, error) {
	if c := s.named(in.Ceremony); c != nil && c.takes(stepAccount) {
		c.picks <- in.Index
	}
	return ops.None{}, nil
}

// Cancel ends a ceremony; the key stops blinking. It may overtake the call that
// begins it.
func (s *SecurityKeys) Cancel(in KeyCeremony) (ops.None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil && s.running.name == in.Ceremony {
		s.running.stop()
	} else if fitName(in.Ceremony) {
		s.early = in.Ceremony
	}
	return ops.None{}, nil
}

func (in AskKeyInput) fit() bool {
	return fitName(in.Ceremony) && (in.Kind == handoff.Create || in.Kind == handoff.Get) && len(in.Options) <= maxKeyOptions
}

func fitName(name string) bool { return name != "" && len(name) <= maxCeremony }

// person is whoever sits at the window.
func (s *SecurityKeys) person(c *ceremony) native.Person {
	tell := func(step KeyStep) {
		step.Ceremony = c.name
		if step.Accounts == nil {
			step.Accounts = []KeyAccount{}
		}
		s.tell(keyProgress, step)
	}
	return native.Person{
		Tell: func(p native.Progress) {
			if p.Step != native.StepPIN { // PIN says it, with more
				tell(KeyStep{Step: string(p.Step), Again: p.Again})
			}
		},
		PIN: func(ctx context.Context, r native.PINRequest) ([]byte, error) {
			c.wait(string(native.StepPIN))
			tell(KeyStep{Step: string(native.StepPIN), Tries: r.Tries, Wrong: r.Wrong, Unfit: r.Unfit})
			select {
			case pin := <-c.pins:
				return pin, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		Choose: func(ctx context.Context, all []native.Account) (int, error) {
			step := KeyStep{Step: stepAccount}
			for _, a := range all {
				step.Accounts = append(step.Accounts, KeyAccount{a.Name, a.DisplayName})
			}
			c.wait(stepAccount)
			tell(step)
			select {
			case n := <-c.picks:
				return n, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		},
	}
}

// outcome has one word for each end.
func (s *SecurityKeys) outcome(c *ceremony, answer []byte, err error) KeyOutcome {
	if err == nil {
		return KeyOutcome{Answer: answer}
	}
	out := KeyOutcome{Failure: string(native.Failed)}
	key, isKey := errors.AsType[*native.Error](err)
	page, isPage := errors.AsType[*handoff.Error](err)
	switch {
	case isKey:
		out = KeyOutcome{Failure: string(key.Code), Tries: key.Tries}
	case isPage:
		out.Failure = string(page.Failure)
	case errors.Is(err, handoff.ErrTimedOut):
		out.Failure = failureTimedOut
	case errors.Is(err, handoff.ErrClosed), c.ctx.Err() != nil:
		out.Failure = failureCancelled
	}
	if out.Failure == string(native.Failed) || out.Failure == string(native.BadOptions) {
		s.log.Warn("a security key did not work", "error", err.Error())
	}
	return out
}

// caught makes an error of a panic: Wails would leave the page waiting for ever.
func caught(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("security key: panic: %v", cause)
	}
}
