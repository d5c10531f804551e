package softkey

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// Flags of authenticator data (WebAuthn Level 3, section 6.1).
const (
	flagPresent  = 0x01
	flagVerified = 0x04
	flagAttested = 0x40
)

// resetWithin is how soon after power-up a key may be reset (CTAP 2.1,
// section 6.6).
const resetWithin = 10 * time.Second

func fail(why status) []byte { return []byte{byte(why)} }

// succeed is status 0 and the answer, if there is one.
func succeed(answer any) []byte {
	if answer == nil {
		return []byte{0}
	}
	data, err := encode(answer)
	if err != nil {
		return fail(statusInvalidParameter)
	}
	return append([]byte{0}, data...)
}

// command answers one command of CTAP2.
func (k *Key) command(a *asking, data []byte) []byte {
	if len(data) == 0 {
		return fail(statusInvalidLength)
	}
	name, data := data[0], data[1:]
	if name != ctapNext {
		k.mu.Lock()
		k.next = nil
		k.mu.Unlock()
	}
	switch name {
	case ctapInfo:
		return succeed(k.information())
	case ctapMake:
		return parse(data, func(r creation) []byte { return k.create(a, r) })
	case ctapGet:
		return parse(data, func(r request) []byte { return k.assert(a, r) })
	case ctapNext:
		return k.assertNext()
	case ctapPIN:
		return parse(data, func(r pinRequest) []byte { return k.clientPIN(a, r) })
	case ctapReset:
		return k.reset(a)
	case ctapSelection:
		if why, ok := k.touched(a); !ok {
			return fail(why)
		}
		return succeed(nil)
	}
	return fail(statusInvalidCommand)
}

func parse[R any](data []byte, answer func(R) []byte) []byte {
	var r R
	if decode(data, &r) != nil {
		return fail(statusInvalidCBOR)
	}
	return answer(r)
}

func (k *Key) information() information {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.config
	i := information{
		Versions: []string{"FIDO_2_0"}, AAGUID: c.AAGUID[:], MaxMessage: 1200,
		MaxList: c.MaxList, Protocols: c.PINProtocols, Transports: []string{"usb"},
		Options: map[string]bool{"rk": !c.NoResident, "up": true, "plat": false, "clientPin": k.pinHash != nil},
	}
	for _, alg := range c.Algorithms {
		i.Algorithms = append(i.Algorithms, parameter{alg, "public-key"})
	}
	if c.U2F == U2FToo {
		i.Versions = append(i.Versions, "U2F_V2")
	}
	if !c.CTAP20 {
		i.Versions = append(i.Versions, "FIDO_2_1")
		i.Options["pinUvAuthToken"] = true
		i.Options["makeCredUvNotRqd"] = !c.AlwaysUV
		i.Options["alwaysUv"] = c.AlwaysUV
	}
	if c.Fingerprint {
		i.Options["uv"] = true
	}
	return i
}

// protected reports whether the user can be asked to prove who they are.
func (k *Key) protected() bool { return k.pinHash != nil || k.config.Fingerprint }

// chosen answers a request with an empty pinUvAuthParam, by which clients before
// CTAP 2.1 ask which key is meant (section 6.1.2, step 1).
func (k *Key) chosen(a *asking) []byte {
	if why, ok := k.touched(a); !ok {
		return fail(why)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pinHash == nil {
		return fail(statusPINNotSet)
	}
	return fail(statusPINInvalid)
}

// create is authenticatorMakeCredential (section 6.1).
func (k *Key) create(a *asking, r creation) []byte {
	if r.Auth != nil && len(r.Auth) == 0 {
		return k.chosen(a)
	}
	if len(r.ClientDataHash) != sha256.Size || r.RP.ID == "" || len(r.User.ID) == 0 || len(r.Parameters) == 0 {
		return fail(statusMissingParameter)
	}
	if k.config.MaxList > 0 && len(r.Exclude) > k.config.MaxList {
		return fail(statusLimit)
	}
	first := slices.IndexFunc(r.Parameters, func(p parameter) bool {
		return p.Type == "public-key" && slices.Contains(k.config.Algorithms, p.Alg)
	})
	if first < 0 {
		return fail(statusUnsupportedAlg)
	}
	verified, why := k.admit(r.Options, func() (bool, status) {
		return k.verified(r.Protocol, r.Auth, r.ClientDataHash, permitMake, r.RP.ID)
	}, true)
	if why != 0 {
		return fail(why)
	}
	k.mu.Lock()
	excluded := len(r.Exclude) > 0 && len(k.find(sha256.Sum256([]byte(r.RP.ID)), r.Exclude)) > 0
	k.mu.Unlock()
	if why, ok := k.touched(a); !ok {
		return fail(why)
	}
	if excluded {
		return fail(statusExcluded)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spend()
	c, why := k.keep(r, r.Parameters[first].Alg)
	if why != 0 {
		return fail(why)
	}
	answer, err := k.attest(c, r.ClientDataHash, verified)
	if err != nil {
		return fail(statusInvalidParameter)
	}
	return succeed(answer)
}

// admit checks the options of a request, and whether it proves its user as far
// as the key insists.
func (k *Key) admit(options map[string]bool, verify func() (bool, status), making bool) (bool, status) {
	k.mu.Lock()
	defer k.mu.Unlock()
	resident := options["rk"]
	switch up, given := options["up"]; {
	case making && given && !up:
		return false, statusInvalidOption
	case resident && !making:
		return false, statusUnsupportedOption
	case resident && k.config.NoResident:
		return false, statusUnsupportedOption
	case options["uv"] && !k.config.Fingerprint:
		return false, statusInvalidOption
	}
	verified, why := verify()
	if why != 0 {
		return false, why
	}
	if options["uv"] && !verified {
		if k.badFinger {
			return false, statusUVInvalid
		}
		verified = true
	}
	silent := !making && !upWanted(options)
	needed := k.config.AlwaysUV && !silent || making && k.protected() && (resident || k.config.CTAP20)
	if needed && !verified {
		return false, statusPINRequired
	}
	return verified, 0
}

func upWanted(options map[string]bool) bool {
	up, given := options["up"]
	return up || !given
}

// keep makes a credential; a discoverable one takes the place of the same
// user's at the same site.
func (k *Key) keep(r creation, alg int) (*credential, status) {
	c, err := newCredential(alg, sha256.Sum256([]byte(r.RP.ID)))
	if err != nil {
		return nil, statusUnsupportedAlg
	}
	c.user, c.resident = r.User, r.Options["rk"]
	if c.resident {
		others := slices.DeleteFunc(slices.Clone(k.credentials), func(old *credential) bool {
			return old.resident && old.rp == c.rp && string(old.user.ID) == string(c.user.ID)
		})
		taken := 0
		for _, old := range others {
			if old.resident {
				taken++
			}
		}
		if k.config.Slots > 0 && taken >= k.config.Slots {
			return nil, statusStoreFull
		}
		k.credentials = others
	}
	k.credentials = append(k.credentials, c)
	return c, 0
}

func (k *Key) attest(c *credential, clientDataHash []byte, verified bool) (created, error) {
	public, err := publicKey(c.key)
	if err != nil {
		return created{}, err
	}
	cose, err := encode(public)
	if err != nil {
		return created{}, err
	}
	k.counter++
	data := k.authData(c.rp, true, verified)
	data[32] |= flagAttested
	data = append(data, k.config.AAGUID[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(c.id)))
	data = slices.Concat(data, c.id, cose)
	answer := created{Format: "packed", AuthData: data, Statement: map[string]any{}}
	by, alg := c.key, c.alg
	switch k.config.Attestation {
	case AttestNone:
		answer.Format = "none"
		return answer, nil
	case AttestSelf:
	case AttestCertificate:
		by, alg = k.makers.key, ES256
		answer.Statement["x5c"] = [][]byte{k.makers.certificate}
	}
	signature, err := sign(by, slices.Concat(data, clientDataHash))
	answer.Statement["alg"], answer.Statement["sig"] = alg, signature
	return answer, err
}

func (k *Key) authData(rp [32]byte, present, verified bool) []byte {
	var flags byte
	if present {
		flags |= flagPresent
	}
	if verified {
		flags |= flagVerified
	}
	return binary.BigEndian.AppendUint32(append(rp[:], flags), k.counter)
}

// assert is authenticatorGetAssertion (section 6.2).
func (k *Key) assert(a *asking, r request) []byte {
	if r.Auth != nil && len(r.Auth) == 0 {
		return k.chosen(a)
	}
	if len(r.ClientDataHash) != sha256.Size || r.RPID == "" {
		return fail(statusMissingParameter)
	}
	if k.config.MaxList > 0 && len(r.Allow) > k.config.MaxList {
		return fail(statusLimit)
	}
	verified, why := k.admit(r.Options, func() (bool, status) {
		return k.verified(r.Protocol, r.Auth, r.ClientDataHash, permitGet, r.RPID)
	}, false)
	if why != 0 {
		return fail(why)
	}
	up := upWanted(r.Options)
	if up {
		if why, ok := k.touched(a); !ok {
			return fail(why)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	found := k.find(sha256.Sum256([]byte(r.RPID)), r.Allow)
	if len(found) == 0 {
		return fail(statusNoCredentials)
	}
	if up {
		k.spend()
		k.counter++
	}
	if r.Allow != nil {
		found = found[:1]
	}
	answers := []assertion{}
	for _, c := range found {
		answer, err := k.signFor(c, r.ClientDataHash, up, verified)
		if err != nil {
			return fail(statusInvalidParameter)
		}
		// Names are for choosing, and for a user who has proved who they are.
		if c.resident {
			answer.User = &user{ID: c.user.ID}
			if verified && len(found) > 1 {
				answer.User = &c.user
			}
		}
		answers = append(answers, answer)
	}
	if len(answers) > 1 {
		answers[0].Count = len(answers)
	}
	k.next = answers[1:]
	return succeed(answers[0])
}

func (k *Key) signFor(c *credential, clientDataHash []byte, present, verified bool) (assertion, error) {
	data := k.authData(c.rp, present, verified)
	signature, err := sign(c.key, slices.Concat(data, clientDataHash))
	return assertion{Credential: descriptor{c.id, "public-key"}, AuthData: data, Signature: signature}, err
}

func (k *Key) assertNext() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.next) == 0 {
		return fail(statusNotAllowed)
	}
	answer := k.next[0]
	k.next = k.next[1:]
	return succeed(answer)
}

// reset is authenticatorReset (section 6.6).
func (k *Key) reset(a *asking) []byte {
	k.mu.Lock()
	late := k.config.Now().Sub(k.poweredAt) > resetWithin
	k.mu.Unlock()
	if late {
		return fail(statusNotAllowed)
	}
	if why, ok := k.touched(a); !ok {
		return fail(why)
	}
	k.Forget()
	k.SetPIN("")
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counter, k.fingerTries = 0, maxBootTries
	k.renewToken()
	return succeed(nil)
}
