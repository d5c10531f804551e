// Package securitykey is the relying party of WebAuthn Level 3: it makes the
// options that a page, the Desk's own client (package native) or the hand-off
// page pass on to a security key, and judges what comes back. It knows where
// it runs (Site) and nothing of users, databases and HTTP; that a challenge is
// used once, and that a credential belongs to one user, is for its callers to
// see to.
//
// go-webauthn does the work. What it leaves to others, or is more generous
// about than we are, is done here: the origin is compared letter by letter,
// client data has every name once, a new key must be one that can sign, and a
// counter that does not rise is an error.
package securitykey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
)

// Wait is how long a challenge may be answered.
const Wait = 2 * time.Minute

// What an answer may be long, in bytes. Attestations with a chain of
// certificates take some thousand.
const maxAnswer = 64 << 10

var (
	// ErrRefused is an answer that is not right, whatever it is that is wrong;
	// what wraps it says that, for us and not for who sent it.
	ErrRefused = errors.New("the security key's answer is not right")
	// ErrCopied is an answer that is right but for a counter that did not rise:
	// the key may exist twice (WebAuthn, section 6.1.1).
	ErrCopied = errors.New("the counter of the security key did not rise")
)

// JSON is an object that is passed through: the options that a page gives to
// parseCreationOptionsFromJSON or parseRequestOptionsFromJSON, and what
// PublicKeyCredential.toJSON made of the answer.
type JSON []byte

// MarshalJSON gives the object.
func (j JSON) MarshalJSON() ([]byte, error) { return json.RawMessage(j).MarshalJSON() }

// UnmarshalJSON takes it as it is; null is none.
func (j *JSON) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*j = nil
		return nil
	}
	*j = slices.Clone(data)
	return nil
}

// IsZero reports whether there is no object.
func (j JSON) IsZero() bool { return len(j) == 0 }

// Credential is what is kept of a key (WebAuthn, section 4: credential record).
type Credential struct {
	ID           []byte   `json:"id"`
	PublicKey    []byte   `json:"publicKey"` // COSE_Key (RFC 9052)
	Count        uint32   `json:"-"`
	Flags        byte     `json:"-"` // of authenticator data, all of them
	Transports   []string `json:"-"`
	AAGUID       string   `json:"-"` // a UUID; of zeros where the key does not say
	Attestation  string   `json:"-"` // type, such as basic_full
	Format       string   `json:"-"` // of the attestation statement
	Discoverable *bool    `json:"-"` // it can sign in alone; nil: it did not say
}

// Model is what the maker calls keys of this kind; empty when it is not known.
func (c Credential) Model() string { return models()[c.AAGUID] }

// Synced reports whether the key may be copied to other devices by its maker's
// service: a passkey of a phone or a password manager.
func (c Credential) Synced() bool {
	return protocol.AuthenticatorFlags(c.Flags).HasBackupEligible()
}

// Verified reports whether the key has verified its user, by PIN or finger, the
// last time it answered.
func (c Credential) Verified() bool { return protocol.AuthenticatorFlags(c.Flags).HasUserVerified() }

func (c Credential) library() (webauthn.Credential, error) {
	aaguid, err := uuid.Parse(c.AAGUID)
	if err != nil {
		return webauthn.Credential{}, fmt.Errorf("read AAGUID: %w", err)
	}
	l := webauthn.Credential{
		ID: c.ID, PublicKey: c.PublicKey, AttestationType: c.Attestation, AttestationFormat: c.Format,
		Flags:         webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(c.Flags)),
		Authenticator: webauthn.Authenticator{AAGUID: aaguid[:], SignCount: c.Count},
	}
	for _, t := range c.Transports {
		l.Transport = append(l.Transport, protocol.AuthenticatorTransport(t))
	}
	return l, nil
}

// Person is whose keys they are. Handle is what keys keep of the person: it
// must tell strangers nothing, and has 1 to 64 bytes. Keys are those of one site.
type Person struct {
	Handle []byte
	Login  string
	Name   string
	Keys   []Credential
}

// user is a Person as the library asks for one.
type user struct {
	Person
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.Handle }
func (u user) WebAuthnName() string                       { return u.Login }
func (u user) WebAuthnDisplayName() string                { return u.Name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func (p Person) library() (user, error) {
	u := user{Person: p}
	for _, k := range p.Keys {
		c, err := k.library()
		if err != nil {
			return u, err
		}
		u.credentials = append(u.credentials, c)
	}
	return u, nil
}

// Pending is a challenge that waits for its answer: what the answer is compared
// with. It is kept where nobody can write, and used once.
type Pending struct {
	Site    Site                 `json:"site"`
	Session webauthn.SessionData `json:"session"`
	Until   time.Time            `json:"until"`
}

// algorithms that keys may have, the best first (RFC 9053).
func algorithms() []protocol.CredentialParameter {
	all := []protocol.CredentialParameter{}
	for _, alg := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		all = append(all, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	return all
}

func (s Site) party() (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: s.ID, RPDisplayName: product, RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferDirectAttestation,
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: Wait, TimeoutUVD: Wait},
			Registration: webauthn.TimeoutConfig{Timeout: Wait, TimeoutUVD: Wait},
		},
		// Password managers answer more than they were asked, and nothing is
		// decided by what the client says of extensions.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

func (s Site) pending(session *webauthn.SessionData, options any, now time.Time) (Pending, JSON, error) {
	data, err := json.Marshal(options)
	if err != nil {
		return Pending{}, nil, fmt.Errorf("write options: %w", err)
	}
	return Pending{Site: s, Session: *session, Until: now.Add(Wait)}, data, nil
}

// Register asks for a new key of a person, but for one of those that are there.
func (s Site) Register(p Person, now time.Time) (Pending, JSON, error) {
	u, err := p.library()
	if err != nil {
		return Pending{}, nil, err
	}
	party, err := s.party()
	if err != nil {
		return Pending{}, nil, fmt.Errorf("be relying party: %w", err)
	}
	creation, session, err := party.BeginRegistration(u,
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(u.credentials).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.VerificationPreferred}),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementPreferred),
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()),
	)
	if err != nil {
		return Pending{}, nil, fmt.Errorf("begin registration: %w", err)
	}
	return s.pending(session, creation.Response, now)
}

// Ask asks for an answer of one of the person's keys, of which there must be
// one.
func (s Site) Ask(p Person, now time.Time) (Pending, JSON, error) {
	u, err := p.library()
	if err != nil {
		return Pending{}, nil, err
	}
	party, err := s.party()
	if err != nil {
		return Pending{}, nil, fmt.Errorf("be relying party: %w", err)
	}
	request, session, err := party.BeginLogin(u, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return Pending{}, nil, fmt.Errorf("ask for a security key: %w", err)
	}
	return s.pending(session, request.Response, now)
}

// AskAnybody asks for the answer of a key that says itself whose it is, and
// that has verified its user: it stands for password and second factor.
func (s Site) AskAnybody(now time.Time) (Pending, JSON, error) {
	party, err := s.party()
	if err != nil {
		return Pending{}, nil, fmt.Errorf("be relying party: %w", err)
	}
	request, session, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Pending{}, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.pending(session, request.Response, now)
}

// Registered judges the answer to Register. Errors wrap ErrRefused.
func (p Pending) Registered(who Person, answer JSON) (Credential, error) {
	u, err := who.library()
	if err != nil {
		return Credential{}, err
	}
	if len(answer) > maxAnswer {
		return Credential{}, refused(errors.New("far too long"))
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Credential{}, refused(err)
	}
	if err := p.clientData(parsed.Raw.AttestationResponse.ClientDataJSON, protocol.CreateCeremony); err != nil {
		return Credential{}, refused(err)
	}
	party, err := p.Site.party()
	if err != nil {
		return Credential{}, fmt.Errorf("be relying party: %w", err)
	}
	made, err := party.CreateCredential(u, p.Session, parsed)
	if err != nil {
		return Credential{}, refused(err)
	}
	if len(made.ID) < shortestID {
		return Credential{}, refused(errors.New("the id of the credential is too short to be unlike others"))
	}
	if err := usable(made.PublicKey); err != nil { // the library looks at it only where there is an attestation
		return Credential{}, refused(err)
	}
	aaguid, err := uuid.FromBytes(made.Authenticator.AAGUID)
	if err != nil {
		return Credential{}, refused(err)
	}
	c := Credential{
		ID: made.ID, PublicKey: made.PublicKey, Count: made.Authenticator.SignCount, Flags: made.Flags.MsgpByte(),
		AAGUID: aaguid.String(), Attestation: made.AttestationType, Format: made.AttestationFormat, Discoverable: made.Extensions.RK,
	}
	for _, t := range made.Transport {
		if known(t) && !slices.Contains(c.Transports, string(t)) {
			c.Transports = append(c.Transports, string(t))
		}
	}
	return c, nil
}

// shortestID of a credential, in bytes (WebAuthn, section 4: credential ID).
const shortestID = 16

// known keeps what a client may write into the database to what there is.
func known(t protocol.AuthenticatorTransport) bool {
	return slices.Contains([]protocol.AuthenticatorTransport{
		protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal,
	}, t)
}

// Answer is an answer to Ask or AskAnybody that can be read, and is not judged
// yet.
type Answer struct {
	parsed *protocol.ParsedCredentialAssertionData
}

// Credential that the answer says it is of.
func (a Answer) Credential() []byte { return a.parsed.RawID }

// Read reads an answer. Errors wrap ErrRefused.
func Read(answer JSON) (Answer, error) {
	if len(answer) > maxAnswer {
		return Answer{}, refused(errors.New("far too long"))
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Answer{}, refused(err)
	}
	return Answer{parsed}, nil
}

// Answered judges the answer to Ask, or to AskAnybody when who is whom the
// credential belongs to, and gives the credential as it has to be kept from now
// on. Errors wrap ErrRefused, or ErrCopied.
func (p Pending) Answered(who Person, a Answer) (Credential, error) {
	u, err := who.library()
	if err != nil {
		return Credential{}, err
	}
	if err := p.clientData(a.parsed.Raw.AssertionResponse.ClientDataJSON, protocol.AssertCeremony); err != nil {
		return Credential{}, refused(err)
	}
	party, err := p.Site.party()
	if err != nil {
		return Credential{}, fmt.Errorf("be relying party: %w", err)
	}
	var now *webauthn.Credential
	if len(p.Session.UserID) > 0 {
		now, err = party.ValidateLogin(u, p.Session, a.parsed)
	} else {
		now, err = party.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return u, nil }, p.Session, a.parsed)
	}
	if err != nil {
		return Credential{}, refused(err)
	}
	i := slices.IndexFunc(who.Keys, func(c Credential) bool { return bytes.Equal(c.ID, now.ID) })
	if i < 0 {
		return Credential{}, refused(errors.New("a credential of nobody"))
	}
	if now.Authenticator.CloneWarning {
		return who.Keys[i], fmt.Errorf("%w: %d after %d", ErrCopied, a.parsed.Response.AuthenticatorData.Counter, who.Keys[i].Count)
	}
	c := who.Keys[i]
	c.Count, c.Flags = now.Authenticator.SignCount, now.Flags.MsgpByte()
	return c, nil
}

// refused keeps what the library tells developers.
func refused(err error) error {
	if p, ok := errors.AsType[*protocol.Error](err); ok && p.DevInfo != "" {
		return fmt.Errorf("%w: %w: %s", ErrRefused, err, p.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
