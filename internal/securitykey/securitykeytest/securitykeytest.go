// Package securitykeytest is a browser with a security key, in a few lines, for
// tests of a relying party: it answers options rightly, and a test changes one
// thing of the answer before it is signed, or after. (Package softkey is a key
// as libfido2 sees one; this is what a page would send.)
package securitykeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// COSE algorithms (RFC 9053).
const (
	ES256 = -7
	EdDSA = -8
	RS256 = -257
)

// Flags of authenticator data (WebAuthn, section 6.1).
const (
	Present  = 0x01
	Verified = 0x04
	Eligible = 0x08
	BackedUp = 0x10
	Attested = 0x40
)

// Key is one credential, and what was asked when it was made.
type Key struct {
	ID     []byte
	Alg    int
	Site   string
	Handle []byte
	Count  uint32 // of the last use; stays 0 when Still
	Still  bool
	Flags  byte // of every use: Present and Verified, mostly

	signer crypto.Signer
}

// Creation is what of creation options a key looks at.
type Creation struct {
	RP struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"user"`
	Challenge  string `json:"challenge"`
	Parameters []struct {
		Type string `json:"type"`
		Alg  int    `json:"alg"`
	} `json:"pubKeyCredParams"`
	Timeout   int          `json:"timeout"`
	Exclude   []Descriptor `json:"excludeCredentials"`
	Selection struct {
		ResidentKey      string `json:"residentKey"`
		UserVerification string `json:"userVerification"`
	} `json:"authenticatorSelection"`
	Attestation string `json:"attestation"`
}

// Request is what of request options a key looks at.
type Request struct {
	Challenge        string       `json:"challenge"`
	Timeout          int          `json:"timeout"`
	RPID             string       `json:"rpId"`
	Allow            []Descriptor `json:"allowCredentials"`
	UserVerification string       `json:"userVerification"`
}

// Descriptor names a credential.
type Descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports"`
}

// Member is a name of client data and its value, which may stand there twice.
type Member struct {
	Name  string
	Value any
}

// ClientData is what the browser says was asked (section 5.8.1).
type ClientData []Member

// Set gives a member another value, or adds it.
func (c *ClientData) Set(name string, value any) {
	for n := range *c {
		if (*c)[n].Name == name {
			(*c)[n].Value = value
			return
		}
	}
	c.Add(name, value)
}

// Add adds a member, whatever is there.
func (c *ClientData) Add(name string, value any) { *c = append(*c, Member{name, value}) }

// Drop leaves a member out.
func (c *ClientData) Drop(name string) {
	*c = slices.DeleteFunc(*c, func(m Member) bool { return m.Name == name })
}

func (c ClientData) json() []byte {
	text := []byte{'{'}
	for n, m := range c {
		if n > 0 {
			text = append(text, ',')
		}
		text = append(text, must(json.Marshal(m.Name))...)
		text = append(append(text, ':'), must(json.Marshal(m.Value))...)
	}
	return append(text, '}')
}

func clientData(kind, challenge, origin string) ClientData {
	return ClientData{{"type", kind}, {"challenge", challenge}, {"origin", origin}, {"crossOrigin", false}}
}

// AuthData is authenticator data (section 6.1). Public is a COSE_Key.
type AuthData struct {
	Hash   [32]byte
	Flags  byte
	Count  uint32
	AAGUID [16]byte
	ID     []byte
	Public []byte
	Rest   []byte // what follows
}

func (a AuthData) bytes(attested bool) []byte {
	b := append(slices.Clone(a.Hash[:]), a.Flags)
	b = binary.BigEndian.AppendUint32(b, a.Count)
	if attested {
		b = append(b, a.AAGUID[:]...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(a.ID)))
		b = append(append(b, a.ID...), a.Public...)
	}
	return append(b, a.Rest...)
}

// Answer is what comes back, taken apart. Functions that are nil change nothing.
type Answer struct {
	Key    *Key
	Client ClientData
	Auth   AuthData
	Self   bool   // a registration with packed self attestation instead of none
	Handle []byte // of an assertion; nil: none

	ClientBytes func([]byte) []byte
	AuthBytes   func([]byte) []byte // before it is signed
	Object      func([]byte) []byte // the attestation object
	Signature   func([]byte) []byte
	Outer       func(map[string]any) // the JSON

	make bool
}

// New is the answer of a new key to creation options, in a page of that origin.
func New(alg int, options []byte, origin string) *Answer {
	var o Creation
	check(json.Unmarshal(options, &o))
	k := &Key{ID: make([]byte, 32), Alg: alg, Site: o.RP.ID, Handle: decode(o.User.ID), Flags: Present | Verified}
	rand.Read(k.ID)
	switch alg {
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		check(err)
		k.signer = private
	case RS256:
		k.signer = must(rsa.GenerateKey(rand.Reader, 2048))
	default:
		k.signer = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	}
	return k.Again(options, origin)
}

// Again is the answer of a key that is there to creation options, as if it did
// not know them: no key would give it.
func (k *Key) Again(options []byte, origin string) *Answer {
	var o Creation
	check(json.Unmarshal(options, &o))
	return &Answer{
		Key: k, make: true, Client: clientData("webauthn.create", o.Challenge, origin),
		Auth: AuthData{Hash: sha256.Sum256([]byte(o.RP.ID)), Flags: k.Flags | Attested, Count: k.Count, ID: k.ID, Public: k.Public()},
	}
}

// Sign is the answer of the key to request options, in a page of that origin.
func (k *Key) Sign(options []byte, origin string) *Answer {
	var o Request
	check(json.Unmarshal(options, &o))
	if !k.Still {
		k.Count++
	}
	return &Answer{
		Key: k, Client: clientData("webauthn.get", o.Challenge, origin), Handle: k.Handle,
		Auth: AuthData{Hash: sha256.Sum256([]byte(o.RPID)), Flags: k.Flags, Count: k.Count},
	}
}

// Public is the key as a COSE_Key.
func (k *Key) Public() []byte {
	switch p := k.signer.Public().(type) {
	case *ecdsa.PublicKey:
		point := must(p.Bytes())
		return Encode(map[int]any{1: 2, 3: k.Alg, -1: 1, -2: point[1:33], -3: point[33:]})
	case ed25519.PublicKey:
		return Encode(map[int]any{1: 1, 3: k.Alg, -1: 6, -2: []byte(p)})
	case *rsa.PublicKey:
		return Encode(map[int]any{1: 3, 3: k.Alg, -1: p.N.Bytes(), -2: big.NewInt(int64(p.E)).Bytes()})
	}
	panic("no such key")
}

func (k *Key) sign(data []byte) []byte {
	if k.Alg == EdDSA {
		return must(k.signer.Sign(nil, data, crypto.Hash(0)))
	}
	sum := sha256.Sum256(data)
	return must(k.signer.Sign(rand.Reader, sum[:], crypto.SHA256))
}

// JSON is the answer as PublicKeyCredential.toJSON gives it.
func (a *Answer) JSON() []byte {
	client := changed(a.ClientBytes, a.Client.json())
	auth := changed(a.AuthBytes, a.Auth.bytes(a.make))
	hash := sha256.Sum256(client)
	signature := func() []byte { return changed(a.Signature, a.Key.sign(slices.Concat(auth, hash[:]))) }
	response := map[string]any{"clientDataJSON": Text(client), "authenticatorData": Text(auth)}
	if a.make {
		object := map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": auth}
		if a.Self {
			object["fmt"], object["attStmt"] = "packed", map[string]any{"alg": a.Key.Alg, "sig": signature()}
		}
		response["attestationObject"] = Text(changed(a.Object, Encode(object)))
		response["transports"] = []string{"usb"}
		response["publicKeyAlgorithm"] = a.Key.Alg
	} else {
		response["signature"] = Text(signature())
		if a.Handle != nil {
			response["userHandle"] = Text(a.Handle)
		}
	}
	outer := map[string]any{
		"id": Text(a.Key.ID), "rawId": Text(a.Key.ID), "type": "public-key", "response": response,
		"authenticatorAttachment": "cross-platform", "clientExtensionResults": map[string]any{},
	}
	if a.make {
		outer["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}}
	}
	if a.Outer != nil {
		a.Outer(outer)
	}
	return must(json.Marshal(outer))
}

func changed(f func([]byte) []byte, b []byte) []byte {
	if f == nil {
		return b
	}
	return f(slices.Clone(b))
}

// Encode writes CBOR as CTAP2 wants it.
func Encode(v any) []byte { return must(must(cbor.CTAP2EncOptions().EncMode()).Marshal(v)) }

// Text is base64url without padding.
func Text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(text string) []byte { return must(base64.RawURLEncoding.DecodeString(text)) }

func must[T any](v T, err error) T {
	check(err)
	return v
}

// check panics: only a test that is wrong itself gets here.
func check(err error) {
	if err != nil {
		panic(fmt.Sprintf("securitykeytest: %v", err))
	}
}
