package softkey

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// status is what an answer of CTAP2 begins with (CTAP 2.1, section 6.3).
type status byte

// The statuses that this key gives.
const (
	statusInvalidCommand     status = 0x01
	statusInvalidParameter   status = 0x02
	statusInvalidLength      status = 0x03
	statusInvalidCBOR        status = 0x12
	statusMissingParameter   status = 0x14
	statusLimit              status = 0x15
	statusExcluded           status = 0x19
	statusUnsupportedAlg     status = 0x26
	statusStoreFull          status = 0x28
	statusUnsupportedOption  status = 0x2b
	statusInvalidOption      status = 0x2c
	statusCancelled          status = 0x2d
	statusNoCredentials      status = 0x2e
	statusActionTimeout      status = 0x2f
	statusNotAllowed         status = 0x30
	statusPINInvalid         status = 0x31
	statusPINBlocked         status = 0x32
	statusPINAuthInvalid     status = 0x33
	statusPINAuthBlocked     status = 0x34
	statusPINNotSet          status = 0x35
	statusPINRequired        status = 0x36
	statusPINPolicy          status = 0x37
	statusUVBlocked          status = 0x3c
	statusInvalidSubcommand  status = 0x3e
	statusUVInvalid          status = 0x3f
	statusUnauthorizedPermit status = 0x40
)

// Commands of CTAP2 (section 6).
const (
	ctapMake      = 0x01
	ctapGet       = 0x02
	ctapInfo      = 0x04
	ctapPIN       = 0x06
	ctapReset     = 0x07
	ctapNext      = 0x08
	ctapSelection = 0x0b
)

type rpEntity struct {
	ID   string `cbor:"id"`
	Name string `cbor:"name,omitempty"`
}

type user struct {
	ID          []byte `cbor:"id"`
	Name        string `cbor:"name,omitempty"`
	DisplayName string `cbor:"displayName,omitempty"`
}

type parameter struct {
	Alg  int    `cbor:"alg"`
	Type string `cbor:"type"`
}

type descriptor struct {
	ID   []byte `cbor:"id"`
	Type string `cbor:"type"`
}

type information struct {
	Versions   []string        `cbor:"1,keyasint"`
	AAGUID     []byte          `cbor:"3,keyasint"`
	Options    map[string]bool `cbor:"4,keyasint"`
	MaxMessage uint            `cbor:"5,keyasint"`
	Protocols  []int           `cbor:"6,keyasint,omitempty"`
	MaxList    int             `cbor:"7,keyasint,omitempty"`
	Transports []string        `cbor:"9,keyasint,omitempty"`
	Algorithms []parameter     `cbor:"10,keyasint,omitempty"`
}

type creation struct {
	ClientDataHash []byte          `cbor:"1,keyasint"`
	RP             rpEntity        `cbor:"2,keyasint"`
	User           user            `cbor:"3,keyasint"`
	Parameters     []parameter     `cbor:"4,keyasint"`
	Exclude        []descriptor    `cbor:"5,keyasint,omitempty"`
	Options        map[string]bool `cbor:"7,keyasint,omitempty"`
	Auth           []byte          `cbor:"8,keyasint"`
	Protocol       int             `cbor:"9,keyasint,omitempty"`
}

type created struct {
	Format    string         `cbor:"1,keyasint"`
	AuthData  []byte         `cbor:"2,keyasint"`
	Statement map[string]any `cbor:"3,keyasint"`
}

type request struct {
	RPID           string          `cbor:"1,keyasint"`
	ClientDataHash []byte          `cbor:"2,keyasint"`
	Allow          []descriptor    `cbor:"3,keyasint,omitempty"`
	Options        map[string]bool `cbor:"5,keyasint,omitempty"`
	Auth           []byte          `cbor:"6,keyasint"`
	Protocol       int             `cbor:"7,keyasint,omitempty"`
}

type assertion struct {
	Credential descriptor `cbor:"1,keyasint"`
	AuthData   []byte     `cbor:"2,keyasint"`
	Signature  []byte     `cbor:"3,keyasint"`
	User       *user      `cbor:"4,keyasint,omitempty"`
	Count      int        `cbor:"5,keyasint,omitempty"`
}

// coseKey is a public key (RFC 9053): EC2 with X and Y, OKP with X alone.
type coseKey struct {
	Kty int    `cbor:"1,keyasint"`
	Alg int    `cbor:"3,keyasint"`
	Crv int    `cbor:"-1,keyasint"`
	X   []byte `cbor:"-2,keyasint"`
	Y   []byte `cbor:"-3,keyasint,omitempty"`
}

// encode writes CTAP2's canonical CBOR, the only form it allows (section 8).
func encode(v any) ([]byte, error) {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

func decode(data []byte, v any) error {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 4, IndefLength: cbor.IndefLengthForbidden}.DecMode()
	if err != nil {
		return err
	}
	return mode.Unmarshal(data, v)
}

func newSigner(alg int) (crypto.Signer, error) {
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("no key pairs for algorithm %d here", alg)
}

// sign signs as COSE says for the key's algorithm.
func sign(key crypto.Signer, data []byte) ([]byte, error) {
	if _, pure := key.(ed25519.PrivateKey); pure {
		return key.Sign(rand.Reader, data, crypto.Hash(0))
	}
	digest := sha256.Sum256(data)
	return key.Sign(rand.Reader, digest[:], crypto.SHA256)
}

func publicKey(key crypto.Signer) (coseKey, error) {
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := public.ECDH()
		if err != nil {
			return coseKey{}, err
		}
		return pointKey(ES256, point), nil
	case ed25519.PublicKey:
		return coseKey{Kty: 1, Alg: EdDSA, Crv: 6, X: public}, nil
	}
	return coseKey{}, errors.New("no COSE form of this key")
}

// pointKey is a point of P-256 as a COSE key.
func pointKey(alg int, point *ecdh.PublicKey) coseKey {
	raw := point.Bytes()
	return coseKey{Kty: 2, Alg: alg, Crv: 1, X: raw[1:33], Y: raw[33:]}
}

// maker is what the maker of a key puts into it to attest with.
type maker struct {
	key         crypto.Signer
	certificate []byte
}

// newMaker follows what WebAuthn asks of such certificates (Level 3, section
// 8.2.1): the names, no CA, and the model in an extension.
func newMaker(now time.Time, model [16]byte) (maker, error) {
	key, err := newSigner(ES256)
	if err != nil {
		return maker{}, err
	}
	aaguid, err := asn1.Marshal(model[:])
	if err != nil {
		return maker{}, err
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		BasicConstraintsValid: true,
		Subject: pkix.Name{
			Country: []string{"SE"}, Organization: []string{"Soft Key"},
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Soft Key",
		},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: aaguid}},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return maker{}, fmt.Errorf("make the maker's certificate: %w", err)
	}
	return maker{key, certificate}, nil
}
