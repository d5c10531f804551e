package ops

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// SecurityKey is a security key or passkey of a user.
type SecurityKey struct {
	ID           id.SecurityKey   `json:"id"`
	Name         string           `json:"name"`
	Model        string           `json:"model"`        // what its maker calls it; empty when that is not known
	Site         string           `json:"site"`         // the only one it works at: a host, or wails.localhost for the Desk
	WorksHere    bool             `json:"worksHere"`    // where this is asked
	Synced       bool             `json:"synced"`       // its maker's service copies it to other devices
	SignsInAlone *bool            `json:"signsInAlone"` // without login and password; null: it did not say
	CreatedAt    time.Time        `json:"createdAt"`
	LastUsedAt   *time.Time       `json:"lastUsedAt"`   // null: never
	LastUsedFrom string           `json:"lastUsedFrom"` // an address; empty at a Desk
	LastUsedFor  store.KeyPurpose `json:"lastUsedFor"`  // empty: never used
}

// SecurityKeySite tells whether security keys work where this is asked, and
// else why not.
type SecurityKeySite struct {
	Works  bool            `json:"works"`
	Site   string          `json:"site"`             // empty where they do not work
	Why    securitykey.Why `json:"why,omitempty"`    // they do not
	Detail string          `json:"detail,omitempty"` // the same, in words
}

// site is where a call is made, as security keys see it. port is that of the
// page which the Desk serves to a browser for this ceremony; else 0.
func (o *Operations) site(tx store.ReadTx, from access.Source, port int) (securitykey.Site, securitykey.Why, error) {
	switch from.Face {
	case access.FaceDesk:
		return securitykey.AtDesk(port), "", nil
	case access.FaceBrowser, access.FaceREST:
		base, err := o.baseURL(tx)
		if err != nil {
			return securitykey.Site{}, "", err
		}
		s, why := securitykey.AtGate(base)
		return s, why, nil
	case access.FaceCLI, access.FaceSystem, access.FaceGateway, access.FaceISProxy:
	}
	return securitykey.Site{}, securitykey.NotHere, nil
}

// siteID is the RP ID of where a call is made; empty where no key works.
func (o *Operations) siteID(tx store.ReadTx, from access.Source) (string, error) {
	s, _, err := o.site(tx, from, 0)
	return s.ID, err
}

// keySite is where a ceremony is begun; a problem where none can be.
func (o *Operations) keySite(tx store.ReadTx, from access.Source, port int) (securitykey.Site, error) {
	s, why, err := o.site(tx, from, port)
	if err == nil && why != "" {
		err = problem.New(problem.SecurityKeyUnavailable, why.String())
	}
	return s, err
}

// readPort notes what is wrong with the port of a hand-off page. Only the Desk
// serves one.
func readPort(f *field.Form, from access.Source, port int) {
	switch {
	case port == 0:
	case from.Face != access.FaceDesk:
		f.Add("port", field.Wrong(problem.NotAllowed, "Only the Desk hands over to a browser; please leave this out."))
	case port < 1 || port > 65535:
		f.Add("port", field.Wrong(problem.BadFormat, "A port is a number from 1 to 65535."))
	}
}

// bound is what of a key is sealed: whoever can only write to the database can
// neither put a key of their own in the place of another's, nor move one to
// another user or site.
type bound struct {
	User       id.User                `json:"user"`
	Site       string                 `json:"site"`
	Credential securitykey.Credential `json:"credential"`
}

func keyPlace(k id.SecurityKey) vault.Place {
	return vault.Place{Table: "security_keys", Column: "sealed", Row: string(k)}
}

func credentialText(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sealKey makes what is kept of a new key.
func sealKey(v *vault.Vault, u id.User, site, name string, c securitykey.Credential) (store.SecurityKey, error) {
	plain, err := json.Marshal(bound{u, site, c})
	if err != nil {
		return store.SecurityKey{}, fmt.Errorf("encode security key: %w", err)
	}
	k := store.SecurityKey{
		ID: id.NewSecurityKey(), Name: name, RPID: site, Credential: credentialText(c.ID),
		KeyState:   store.KeyState{Count: c.Count, Flags: c.Flags},
		Transports: c.Transports, AAGUID: c.AAGUID, Attestation: c.Attestation, Format: c.Format, Discoverable: c.Discoverable,
	}
	k.Sealed = v.Seal(keyPlace(k.ID), plain)
	return k, nil
}

// openKey gives a key as the relying party knows it.
func openKey(v *vault.Vault, u id.User, k store.SecurityKey) (securitykey.Credential, error) {
	plain, err := v.Open(keyPlace(k.ID), k.Sealed)
	if err != nil {
		return securitykey.Credential{}, fmt.Errorf("open security key: %w", err)
	}
	var b bound
	if err := json.Unmarshal(plain, &b); err != nil {
		return securitykey.Credential{}, fmt.Errorf("read security key: %w", err)
	}
	if b.User != u || b.Site != k.RPID || credentialText(b.Credential.ID) != k.Credential {
		return securitykey.Credential{}, fmt.Errorf("the security key %s was moved in the database", k.ID)
	}
	c := b.Credential
	c.Count, c.Flags = k.Count, k.Flags
	c.Transports, c.AAGUID, c.Attestation, c.Format, c.Discoverable = k.Transports, k.AAGUID, k.Attestation, k.Format, k.Discoverable
	return c, nil
}

// keysAt are the keys of a user that work at a site, in two forms.
func (o *Operations) keysAt(tx store.ReadTx, u store.Listed, site string) (securitykey.Person, []store.SecurityKey, error) {
	p := securitykey.Person{Handle: []byte(u.ID), Login: string(u.Login), Name: u.Name}
	all, err := tx.SecurityKeys(u.Ref())
	if err != nil {
		return p, nil, fmt.Errorf("find security keys: %w", err)
	}
	here := slices.DeleteFunc(all, func(k store.SecurityKey) bool { return k.RPID != site })
	for _, k := range here {
		c, err := openKey(o.deps.Vault, u.ID, k)
		if err != nil {
			return p, nil, err
		}
		p.Keys = append(p.Keys, c)
	}
	return p, here, nil
}

func showSecurityKey(k store.SecurityKey, site string) SecurityKey {
	c := securitykey.Credential{AAGUID: k.AAGUID, Flags: k.Flags}
	return SecurityKey{
		ID: k.ID, Name: k.Name, Model: c.Model(), Site: k.RPID, WorksHere: k.RPID == site, Synced: c.Synced(), SignsInAlone: k.Discoverable,
		CreatedAt: k.CreatedAt, LastUsedAt: orNil(k.LastUsedAt), LastUsedFrom: k.LastUsedFrom, LastUsedFor: k.LastUsedFor,
	}
}

// Answers to a security key.
var (
	errKeyRefused = problem.New(problem.SecurityKeyRefused, "The security key's answer was not accepted. Please try again, with a key that is registered here.")
	errKeyCopied  = problem.New(problem.SecurityKeyCopied, "This security key was refused: it may have been copied. Please use another way, remove the key, and tell your administrator.")
	errKeyTaken   = problem.New(problem.SecurityKeyTaken, "This security key is registered already. Please use another one.")
	errNoKeyHere  = problem.New(problem.SecurityKeyUnavailable, "You have no security key that works here. Please use another way.")
)

// keyGuess is the answer of a security key, to a challenge that it has to fit.
type keyGuess struct {
	asked  *securitykey.Pending // nil: there was no challenge, or it was answered before
	answer securitykey.JSON
	use    store.KeyPurpose
}

// answering is the guess that an answer makes; nil when there is none.
func answering(asked *securitykey.Pending, answer securitykey.JSON, use store.KeyPurpose) *keyGuess {
	if answer.IsZero() {
		return nil
	}
	return &keyGuess{asked, answer, use}
}

// fresh reports whether a challenge may still be answered, at that site.
func fresh(asked *securitykey.Pending, now time.Time, site string) bool {
	return asked != nil && now.Before(asked.Until) && asked.Site.ID == site
}

// spendKey judges the answer of a user's security key, and keeps what it
// changed. The challenge was taken out of the database before.
func (o *Operations) spendKey(tx store.WriteTx, u store.Listed, g keyGuess, from access.Source) (refusal *problem.Problem, err error) {
	site, err := o.siteID(tx.ReadTx, from)
	if err != nil {
		return nil, err
	}
	if !fresh(g.asked, tx.Now(), site) {
		return errCeremonyOver, nil
	}
	answer, err := securitykey.Read(g.answer)
	if err != nil {
		return errKeyRefused, nil //nolint:nilerr // what cannot be an answer is a wrong one
	}
	person, keys, err := o.keysAt(tx.ReadTx, u, site)
	if err != nil {
		return nil, err
	}
	c, err := g.asked.Answered(person, answer)
	switch {
	case errors.Is(err, securitykey.ErrCopied):
		return errKeyCopied, nil
	case errors.Is(err, securitykey.ErrRefused):
		return errKeyRefused, nil
	case err != nil:
		return nil, fmt.Errorf("judge security key: %w", err)
	}
	i := slices.IndexFunc(person.Keys, func(k securitykey.Credential) bool { return bytes.Equal(k.ID, c.ID) })
	if err := tx.UseSecurityKey(u.Ref(), keys[i].ID, keys[i].KeyState, store.KeyState{Count: c.Count, Flags: c.Flags}, from.AddressText(), g.use); err != nil {
		return nil, fmt.Errorf("note use of security key: %w", err)
	}
	return nil, nil
}
