package securitykey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Sizes of RSA keys, in bits: shorter ones can be broken, and longer ones keep
// everybody waiting.
const (
	shortestRSA = 2048
	longestRSA  = 8192
)

const p256Bytes = 32

// usable refuses a public key that nothing could ever be verified with, or that
// is of another kind than its algorithm: who registers it has no second factor,
// and must not be taken for somebody who has.
func usable(cose []byte) error {
	key, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return fmt.Errorf("read public key: %w", err)
	}
	switch k := key.(type) {
	case webauthncose.EC2PublicKeyData:
		if k.Algorithm != int64(webauthncose.AlgES256) || k.Curve != int64(webauthncose.P256) || len(k.XCoord) != p256Bytes || len(k.YCoord) != p256Bytes {
			return errors.New("the key is no P-256 key for ES256")
		}
		if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, k.XCoord, k.YCoord)); err != nil {
			return fmt.Errorf("read P-256 key: %w", err)
		}
		return nil
	case webauthncose.OKPPublicKeyData: // of the right length, the library sees to it
		if k.Algorithm != int64(webauthncose.AlgEdDSA) || k.Curve != int64(webauthncose.Ed25519) {
			return errors.New("the key is no Ed25519 key for EdDSA")
		}
		return nil
	case webauthncose.RSAPublicKeyData:
		bits := new(big.Int).SetBytes(k.Modulus).BitLen()
		if k.Algorithm != int64(webauthncose.AlgRS256) || bits < shortestRSA || bits > longestRSA {
			return errors.New("the key is no RSA key for RS256 of a size that is taken")
		}
		return nil
	}
	return errors.New("the key is of no kind that was asked for")
}
