package native

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Attestation statement formats (WebAuthn Level 3, section 8).
const (
	formatPacked = "packed"
	formatU2F    = "fido-u2f"
	formatNone   = "none"
)

// credentialJSON is PublicKeyCredential.toJSON: RegistrationResponseJSON and
// AuthenticationResponseJSON (Level 3, section 5.1).
type credentialJSON[R any] struct {
	ID                      base64url  `json:"id"`
	RawID                   base64url  `json:"rawId"`
	Response                R          `json:"response"`
	AuthenticatorAttachment string     `json:"authenticatorAttachment"`
	ClientExtensionResults  extensions `json:"clientExtensionResults"`
	Type                    string     `json:"type"`
}

type extensions struct {
	CredProps *credProps `json:"credProps,omitempty"`
}

type credProps struct {
	Resident bool `json:"rk"`
}

type attestationJSON struct {
	ClientDataJSON     base64url `json:"clientDataJSON"`
	AuthenticatorData  base64url `json:"authenticatorData"`
	Transports         []string  `json:"transports"`
	PublicKey          base64url `json:"publicKey,omitempty"`
	PublicKeyAlgorithm int       `json:"publicKeyAlgorithm"`
	AttestationObject  base64url `json:"attestationObject"`
}

type assertionJSON struct {
	ClientDataJSON    base64url `json:"clientDataJSON"`
	AuthenticatorData base64url `json:"authenticatorData"`
	Signature         base64url `json:"signature"`
	UserHandle        base64url `json:"userHandle,omitempty"`
}

func credentialOf[R any](id []byte, response R, e extensions) credentialJSON[R] {
	return credentialJSON[R]{
		ID: id, RawID: id, Response: response, Type: publicKeyType,
		AuthenticatorAttachment: "cross-platform", ClientExtensionResults: e,
	}
}

func registration(o creationOptions, m made, info Info, data []byte) ([]byte, error) {
	object, err := attestationObject(m, o.Attestation)
	if err != nil {
		return nil, &Error{Code: Failed, cause: fmt.Errorf("rebuild the attestation: %w", err)}
	}
	key, alg, err := publicKey(m.authData)
	if err != nil {
		return nil, &Error{Code: Failed, cause: fmt.Errorf("read the new public key: %w", err)}
	}
	transports := []string{"usb"}
	if len(info.Transports) > 0 {
		transports = slices.Compact(slices.Sorted(slices.Values(info.Transports)))
	}
	var e extensions
	if o.Extensions.CredProps {
		e.CredProps = &credProps{Resident: m.resident}
	}
	return json.Marshal(credentialOf(m.id, attestationJSON{
		ClientDataJSON: data, AuthenticatorData: m.authData, Transports: transports,
		PublicKey: key, PublicKeyAlgorithm: alg, AttestationObject: object,
	}, e))
}

func authentication(s signed, data []byte) credentialJSON[assertionJSON] {
	return credentialOf(s.id, assertionJSON{
		ClientDataJSON: data, AuthenticatorData: s.authData, Signature: s.signature, UserHandle: s.account.UserHandle,
	}, extensions{})
}

// attestationObject puts together what libfido2 took apart (Level 3, section
// 6.5.4). The relying party gets no attestation that it did not ask for, and
// none of a kind that we could not pass on whole.
func attestationObject(m made, conveyance string) ([]byte, error) {
	format, statement := formatNone, map[string]any{}
	if wanted := conveyance == "direct" || conveyance == "indirect" || conveyance == "enterprise"; wanted && (m.format == formatPacked || m.format == formatU2F) {
		format = m.format
		if err := cbor.Unmarshal(m.statement, &statement); err != nil {
			return nil, err
		}
		if format == formatU2F {
			delete(statement, "alg") // libfido2's own: section 8.6 knows only x5c and sig
		}
	}
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(map[string]any{"fmt": format, "attStmt": statement, "authData": m.authData})
}

// Where authenticator data has what (Level 3, section 6.1).
const (
	flagsAt       = 32
	attestedAt    = 37
	idLengthAt    = attestedAt + 16
	idAt          = idLengthAt + 2
	flagAttested  = 0x40
	keyOKP        = 1
	keyEC2        = 2
	keyRSA        = 3
	curveP256     = 1
	curveEd25519  = 6
	maxRSAModulus = 1024 // bytes
)

// coseKey has a key's parameters under their numbers, which mean different
// things for different types (RFC 9053, section 7; RFC 8230, section 4).
type coseKey struct {
	Type   int             `cbor:"1,keyasint"`
	Alg    int             `cbor:"3,keyasint"`
	First  cbor.RawMessage `cbor:"-1,keyasint"` // curve, or modulus
	Second []byte          `cbor:"-2,keyasint"` // x, or exponent
	Third  []byte          `cbor:"-3,keyasint"` // y
}

// publicKey reads the new key out of authenticator data, and returns it as
// SubjectPublicKeyInfo with its algorithm: getPublicKey and
// getPublicKeyAlgorithm (Level 3, section 5.2.1.1).
func publicKey(authData []byte) ([]byte, int, error) {
	if len(authData) < idAt || authData[flagsAt]&flagAttested == 0 {
		return nil, 0, errors.New("the key gave no credential")
	}
	at := idAt + int(binary.BigEndian.Uint16(authData[idLengthAt:]))
	if len(authData) < at {
		return nil, 0, errors.New("the credential is cut short")
	}
	var k coseKey
	if _, err := cbor.UnmarshalFirst(authData[at:], &k); err != nil {
		return nil, 0, err
	}
	public, err := k.public()
	if err != nil {
		return nil, 0, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	return der, k.Alg, err
}

func (k coseKey) public() (any, error) {
	var curve int
	var modulus []byte
	into := any(&curve)
	if k.Type == keyRSA {
		into = &modulus
	}
	if err := cbor.Unmarshal(k.First, into); err != nil {
		return nil, err
	}
	switch {
	case k.Type == keyEC2 && k.Alg == algES256 && curve == curveP256:
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, k.Second, k.Third))
	case k.Type == keyOKP && k.Alg == algEdDSA && curve == curveEd25519 && len(k.Second) == ed25519.PublicKeySize:
		return ed25519.PublicKey(k.Second), nil
	case k.Type == keyRSA && k.Alg == algRS256 && len(modulus) <= maxRSAModulus && len(k.Second) <= 4:
		exponent := int(new(big.Int).SetBytes(k.Second).Int64())
		return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: exponent}, nil
	}
	return nil, fmt.Errorf("type %d with algorithm %d is no public key we know", k.Type, k.Alg)
}
