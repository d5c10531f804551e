package native

import (
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fingers is how often a wrong finger may be followed by another, before the
// PIN is asked for.
const fingers = 3

// proof is how a key verifies its user in one ceremony.
//
//	none ──PIN required──▶ PIN ◀──wrong, tries left──┐
//	finger ──blocked──────▶ PIN ─────────────────────┘
type proof struct {
	k      authenticator
	d      Device
	p      Person
	info   Info
	finger bool
	pin    bool
}

// newProof says what the ceremony begins with. Verification that is preferred
// is done where the key can.
func newProof(k authenticator, d Device, p Person, info Info, wanted requirement) (*proof, error) {
	v := &proof{k: k, d: d, p: p, info: info}
	switch {
	case wanted == discouraged:
	case info.Fingerprint:
		v.finger = true
	case info.PINSet:
		v.pin = true
	case wanted == required && info.PINCapable:
		return nil, &Error{Code: PINNotSet, Device: d}
	case wanted == required:
		return nil, &Error{Code: CannotVerify, Device: d}
	}
	return v, nil
}

// run does what may need the user's proof, again and again until it succeeds,
// or nothing is left to try.
func (v *proof) run(ctx context.Context, do func(finger bool, pin []byte) error) error {
	ask := PINRequest{Device: v.d}
	for wrongFingers := 0; ; {
		var pin []byte
		if v.pin {
			var err error
			if pin, err = v.ask(ctx, ask); err != nil {
				return err
			}
		}
		err := do(v.finger, pin)
		clear(pin)
		var over *Error
		var why status
		if err == nil || errors.As(err, &over) || !errors.As(err, &why) {
			return err
		}
		switch {
		case why == ctapPINRequired && !v.pin && v.info.PINSet:
			v.finger, v.pin = false, true
		case why == ctapPINRequired && v.info.PINCapable && !v.info.PINSet:
			return &Error{Code: PINNotSet, Device: v.d, cause: err}
		case why == ctapPINInvalid && v.pin:
			ask.Wrong = true
		case why == ctapFingerWrong && v.finger && wrongFingers+1 < fingers:
			wrongFingers++
			if v.p.Tell != nil {
				v.p.Tell(Progress{Step: StepTouch, Device: v.d, Again: true})
			}
		case (why == ctapFingerWrong || why == ctapFingerBlocked) && v.finger && v.info.PINSet:
			v.finger, v.pin = false, true
		default:
			return &Error{Code: why.code(), Device: v.d, cause: err}
		}
	}
}

// ask gets a PIN in the form in which keys take it: UTF-8 in normal form C, 4
// characters at least, 63 bytes at most (CTAP 2.1, section 6.5.1). What is no
// PIN is not shown to the key, which would count it as a try.
func (v *proof) ask(ctx context.Context, r PINRequest) ([]byte, error) {
	for {
		r.Tries = v.k.tries()
		v.p.tell(StepPIN, v.d)
		code := PINNeeded
		if r.Wrong {
			code = PINWrong
		}
		if v.p.PIN == nil {
			return nil, &Error{Code: code, Device: v.d, Tries: r.Tries}
		}
		typed, err := v.p.PIN(ctx, r)
		if err != nil {
			clear(typed)
			return nil, &Error{Code: code, Device: v.d, Tries: r.Tries, cause: err}
		}
		fit := utf8.Valid(typed) && !slices.Contains(typed, 0)
		// A copy even if nothing changes, so that each can be overwritten.
		pin := norm.NFC.Append(make([]byte, 0, 4*len(typed)), typed...)
		clear(typed)
		if fit && utf8.RuneCount(pin) >= 4 && len(pin) <= 63 {
			return pin, nil
		}
		clear(pin)
		r.Unfit = true
	}
}

func register(ctx context.Context, k authenticator, d Device, p Person, o creationOptions, clientDataHash []byte) (made, Info, error) {
	info, err := k.info()
	if err != nil {
		return made{}, info, err
	}
	c := creation{clientDataHash: clientDataHash, rp: o.RP, user: o.User}
	c.resident = o.Selection.ResidentKey == required || o.Selection.ResidentKey == preferred && info.Resident
	if c.resident && !info.Resident {
		return made{}, info, &Error{Code: CannotStore, Device: d}
	}
	algorithms := o.algorithms()
	if len(info.Algorithms) > 0 {
		algorithms = slices.DeleteFunc(algorithms, func(alg int) bool { return !slices.Contains(info.Algorithms, alg) })
	}
	if len(algorithms) == 0 {
		return made{}, info, &Error{Code: NoAlgorithm, Device: d}
	}
	v, err := newProof(k, d, p, info, o.Selection.UserVerification)
	if err != nil {
		return made{}, info, err
	}
	if c.exclude, err = onKey(k, o.RP.ID, ids(o.Exclude), info); err != nil {
		return made{}, info, err
	}
	var m made
	err = v.run(ctx, func(finger bool, pin []byte) error {
		c.finger = finger
		for {
			c.algorithm = algorithms[0]
			m, err = k.make(c, pin)
			switch {
			// A key that does not list its algorithms is asked for one after the other.
			case errors.Is(err, ctapUnsupportedAlg) && len(algorithms) > 1:
				algorithms = algorithms[1:]
			case errors.Is(err, ctapStoreFull) && o.Selection.ResidentKey == preferred && c.resident:
				c.resident = false
			default:
				return err
			}
		}
	})
	m.resident = c.resident
	return m, info, err
}

func signIn(ctx context.Context, k authenticator, d Device, p Person, o requestOptions, clientDataHash []byte) (signed, error) {
	info, err := k.info()
	if err != nil {
		return signed{}, err
	}
	a := assertion{clientDataHash: clientDataHash, rpID: o.RPID}
	given := ids(o.Allow)
	if len(given) == 0 && (info.U2FOnly || len(o.Allow) > 0) {
		return signed{}, &Error{Code: NotRegistered, Device: d}
	}
	v, err := newProof(k, d, p, info, o.UserVerification)
	if err != nil {
		return signed{}, err
	}
	if a.allow, err = onKey(k, o.RPID, given, info); err != nil {
		return signed{}, err
	}
	if len(given) > 0 && len(a.allow) == 0 {
		return signed{}, &Error{Code: NotRegistered, Device: d}
	}
	var all []signed
	err = v.run(ctx, func(finger bool, pin []byte) error {
		a.finger = finger
		all, err = k.assert(a, pin)
		return err
	})
	if err != nil {
		return signed{}, err
	}
	if len(all) == 1 || p.Choose == nil {
		return all[0], nil
	}
	accounts := []Account{}
	for _, s := range all {
		accounts = append(accounts, s.account)
	}
	n, err := p.Choose(ctx, accounts)
	if err != nil || n < 0 || n >= len(all) {
		return signed{}, &Error{Code: Cancelled, Device: d, cause: err}
	}
	return all[n], nil
}

// onKey cuts a list that is longer than the key takes at a time to the one
// credential of it that is on the key, or to none. It asks without a touch.
func onKey(k authenticator, rpID string, list [][]byte, info Info) ([][]byte, error) {
	if info.U2FOnly || len(list) <= info.maxList {
		return list, nil
	}
	for part := range slices.Chunk(list, info.maxList) {
		found, err := k.assert(assertion{clientDataHash: make([]byte, 32), rpID: rpID, allow: part, silent: true}, nil)
		switch {
		case err == nil:
			return [][]byte{found[0].id}, nil
		case !errors.Is(err, ctapNoCredentials):
			return nil, err
		}
	}
	return nil, nil
}
