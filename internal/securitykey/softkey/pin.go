package softkey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"unicode/utf8"
)

// Subcommands of clientPIN (CTAP 2.1, section 6.5.5).
const (
	pinRetries    = 0x01
	pinAgreement  = 0x02
	pinSet        = 0x03
	pinChange     = 0x04
	pinToken      = 0x05
	pinTokenByUV  = 0x06
	pinUVRetries  = 0x07
	pinTokenByPIN = 0x09
)

// Permissions of a token (section 6.5.5.7).
const (
	permitMake = 0x01
	permitGet  = 0x02
)

type pinRequest struct {
	Protocol    int      `cbor:"1,keyasint,omitempty"`
	Subcommand  int      `cbor:"2,keyasint"`
	Agreement   *coseKey `cbor:"3,keyasint,omitempty"`
	Auth        []byte   `cbor:"4,keyasint,omitempty"`
	NewPIN      []byte   `cbor:"5,keyasint,omitempty"`
	PINHash     []byte   `cbor:"6,keyasint,omitempty"`
	Permissions uint     `cbor:"9,keyasint,omitempty"`
	RPID        string   `cbor:"10,keyasint,omitempty"`
}

type pinAnswer struct {
	Agreement  *coseKey `cbor:"1,keyasint,omitempty"`
	Token      []byte   `cbor:"2,keyasint,omitempty"`
	Retries    *int     `cbor:"3,keyasint,omitempty"`
	PowerCycle *bool    `cbor:"4,keyasint,omitempty"`
	UVRetries  *int     `cbor:"5,keyasint,omitempty"`
}

// secretPair is what both sides of a PIN/UV protocol share (sections 6.5.6
// and 6.5.7).
type secretPair struct {
	protocol  int
	mac, seal []byte
}

func share(protocol int, own *ecdh.PrivateKey, peer *coseKey) (secretPair, error) {
	if peer == nil || len(peer.X) != 32 || len(peer.Y) != 32 {
		return secretPair{}, errors.New("no point of P-256")
	}
	point, err := ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, peer.X, peer.Y))
	if err != nil {
		return secretPair{}, err
	}
	z, err := own.ECDH(point)
	if err != nil {
		return secretPair{}, err
	}
	if protocol == 1 {
		both := sha256.Sum256(z)
		return secretPair{1, both[:], both[:]}, nil
	}
	salt := make([]byte, 32)
	mac, err := hkdf.Key(sha256.New, z, salt, "CTAP2 HMAC key", 32)
	if err != nil {
		return secretPair{}, err
	}
	seal, err := hkdf.Key(sha256.New, z, salt, "CTAP2 AES key", 32)
	return secretPair{2, mac, seal}, err
}

func (s secretPair) encrypt(plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.seal)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize) // zero in protocol 1
	sealed := make([]byte, len(plain))
	if s.protocol == 2 {
		rand.Read(iv)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, plain)
	if s.protocol == 2 {
		return append(iv, sealed...), nil
	}
	return sealed, nil
}

func (s secretPair) decrypt(sealed []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.seal)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	if s.protocol == 2 && len(sealed) >= aes.BlockSize {
		iv, sealed = sealed[:aes.BlockSize], sealed[aes.BlockSize:]
	}
	if len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return nil, errors.New("no whole blocks")
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, sealed)
	return plain, nil
}

// authenticate is the pinUvAuthParam of a message.
func authenticate(protocol int, key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	if sum := h.Sum(nil); protocol == 2 {
		return sum
	} else {
		return sum[:16]
	}
}

// clientPIN is authenticatorClientPIN (section 6.5.5).
func (k *Key) clientPIN(a *asking, r pinRequest) []byte {
	if r.Subcommand == pinTokenByUV && k.config.Fingerprint {
		if why, ok := k.touched(a); !ok {
			return fail(why)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch r.Subcommand {
	case pinRetries:
		tries, cycle := k.tries, k.bootTries >= maxBootTries
		return succeed(pinAnswer{Retries: &tries, PowerCycle: &cycle})
	case pinUVRetries:
		tries := k.fingerTries
		return succeed(pinAnswer{UVRetries: &tries})
	}
	if !slices.Contains(k.config.PINProtocols, r.Protocol) {
		return fail(statusInvalidParameter)
	}
	if r.Subcommand == pinAgreement {
		public := pointKey(-25, k.agreement.PublicKey())
		return succeed(pinAnswer{Agreement: &public})
	}
	if r.Agreement == nil {
		return fail(statusMissingParameter)
	}
	secrets, err := share(r.Protocol, k.agreement, r.Agreement)
	if err != nil {
		return fail(statusInvalidParameter)
	}
	switch r.Subcommand {
	case pinSet, pinChange:
		return k.changePIN(secrets, r)
	case pinToken:
		return k.tokenByPIN(secrets, r, permitMake|permitGet)
	case pinTokenByPIN:
		if k.config.CTAP20 || r.Permissions == 0 {
			return fail(statusInvalidParameter)
		}
		if r.Permissions&^(permitMake|permitGet) != 0 {
			return fail(statusUnauthorizedPermit)
		}
		return k.tokenByPIN(secrets, r, r.Permissions)
	case pinTokenByUV:
		return k.tokenByUV(secrets, r)
	}
	return fail(statusInvalidSubcommand)
}

func (k *Key) changePIN(secrets secretPair, r pinRequest) []byte {
	change := r.Subcommand == pinChange
	if change && k.pinHash == nil {
		return fail(statusPINNotSet)
	}
	if !change && k.pinHash != nil || !hmac.Equal(r.Auth, authenticate(r.Protocol, secrets.mac, slices.Concat(r.NewPIN, r.PINHash))) {
		return fail(statusPINAuthInvalid)
	}
	if change {
		if why := k.checkPIN(secrets, r.PINHash); why != 0 {
			return fail(why)
		}
	}
	padded, err := secrets.decrypt(r.NewPIN)
	if err != nil || len(padded) != 64 {
		return fail(statusInvalidParameter)
	}
	pin := bytes.TrimRight(padded, "\x00")
	if utf8.RuneCount(pin) < 4 || len(pin) > 63 {
		return fail(statusPINPolicy)
	}
	hash := sha256.Sum256(pin)
	k.pinHash, k.tries, k.bootTries = hash[:16], maxTries, 0
	k.renewToken()
	return succeed(nil)
}

// checkPIN counts a try before it compares, so that pulling the key out saves
// none (section 6.5.5.7.1).
func (k *Key) checkPIN(secrets secretPair, sealed []byte) status {
	switch {
	case k.pinHash == nil:
		return statusPINNotSet
	case k.tries == 0:
		return statusPINBlocked
	case k.bootTries >= maxBootTries:
		return statusPINAuthBlocked
	}
	k.tries--
	hash, err := secrets.decrypt(sealed)
	if err == nil && hmac.Equal(hash, k.pinHash) {
		k.tries, k.bootTries = maxTries, 0
		return 0
	}
	k.renewToken()
	k.bootTries++
	switch {
	case k.tries == 0:
		return statusPINBlocked
	case k.bootTries >= maxBootTries:
		return statusPINAuthBlocked
	}
	return statusPINInvalid
}

func (k *Key) tokenByPIN(secrets secretPair, r pinRequest, permissions uint) []byte {
	if why := k.checkPIN(secrets, r.PINHash); why != 0 {
		return fail(why)
	}
	if k.config.PINExpired {
		return fail(statusPINPolicy) // forcePINChange of CTAP 2.1
	}
	return k.giveToken(secrets, permissions, r.RPID)
}

func (k *Key) tokenByUV(secrets secretPair, r pinRequest) []byte {
	switch {
	case !k.config.Fingerprint || k.config.CTAP20:
		return fail(statusInvalidSubcommand)
	case k.fingerTries == 0:
		return fail(statusUVBlocked)
	case k.badFinger:
		if k.fingerTries--; k.fingerTries == 0 {
			return fail(statusUVBlocked)
		}
		return fail(statusUVInvalid)
	}
	k.fingerTries = maxBootTries
	return k.giveToken(secrets, r.Permissions, r.RPID)
}

func (k *Key) giveToken(secrets secretPair, permissions uint, rpID string) []byte {
	k.token = make([]byte, 32)
	rand.Read(k.token)
	k.permissions, k.tokenRP = permissions, rpID
	sealed, err := secrets.encrypt(k.token)
	if err != nil {
		return fail(statusInvalidParameter)
	}
	return succeed(pinAnswer{Token: sealed})
}

// verified checks a pinUvAuthParam against the token: the user is verified when
// there is one and it fits.
func (k *Key) verified(protocol int, auth, message []byte, permission uint, rpID string) (bool, status) {
	switch {
	case auth == nil:
		return false, 0
	case protocol == 0:
		return false, statusMissingParameter
	case !slices.Contains(k.config.PINProtocols, protocol):
		return false, statusInvalidParameter
	case k.permissions&permission == 0,
		k.tokenRP != "" && k.tokenRP != rpID,
		!hmac.Equal(auth, authenticate(protocol, k.token, message)):
		return false, statusPINAuthInvalid
	}
	k.tokenRP = rpID
	return true, 0
}

// spend takes the permissions from a token, once it has been used and the key
// touched (section 6.5.5.7). Before CTAP 2.1 a token lasted until power-down.
func (k *Key) spend() {
	if !k.config.CTAP20 {
		k.permissions = 0
	}
}
