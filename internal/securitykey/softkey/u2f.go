package softkey

import (
	"encoding/binary"
	"slices"
)

// Instructions of U2F, as FIDO's "U2F Raw Message Formats" 1.2 has them.
const (
	u2fRegister     = 0x01
	u2fAuthenticate = 0x02
	u2fVersion      = 0x03
	u2fCheckOnly    = 0x07
	u2fNoPresence   = 0x08 // sign without a touch
)

// Status words of U2F.
const (
	swOK           = 0x9000
	swNoTouch      = 0x6985
	swWrongData    = 0x6a80
	swWrongLength  = 0x6700
	swInstruction  = 0x6d00
	swWrongClass   = 0x6e00
	apduHeader     = 7 // class, instruction, two parameters, length in three bytes
	registerLength = 64
)

func word(sw uint16, data ...byte) []byte { return binary.BigEndian.AppendUint16(data, sw) }

// apdu answers one command of U2F, in the extended length that CTAPHID uses.
func (k *Key) apdu(b []byte) []byte {
	if len(b) < 4 || b[0] != 0 {
		return word(swWrongClass)
	}
	instruction, how := b[1], b[2]
	if instruction == u2fVersion {
		return word(swOK, []byte("U2F_V2")...)
	}
	if len(b) < apduHeader || b[4] != 0 {
		return word(swWrongLength)
	}
	length := int(binary.BigEndian.Uint16(b[5:]))
	if len(b) < apduHeader+length {
		return word(swWrongLength)
	}
	data := b[apduHeader : apduHeader+length]
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case instruction == u2fRegister && length == registerLength:
		return k.register(data)
	case instruction == u2fAuthenticate && length > 64 && length == 65+int(data[64]):
		return k.authenticate(data, how)
	case instruction == u2fRegister, instruction == u2fAuthenticate:
		return word(swWrongLength)
	}
	return word(swInstruction)
}

// touchedNow is U2F's way: a command that finds nobody touching is refused, and
// the client asks again. So that the client sees the asking, even a key that is
// always touched refuses the first time.
func (k *Key) touchedNow() bool {
	if !k.asked {
		k.asked = true
		return false
	}
	if !k.takeTouch() {
		return false
	}
	k.asked = false
	return true
}

func (k *Key) register(data []byte) []byte {
	if !k.touchedNow() {
		return word(swNoTouch)
	}
	challenge, application := data[:32], data[32:]
	c, err := newCredential(ES256, [32]byte(application))
	if err != nil {
		return word(swWrongData)
	}
	public, err := publicKey(c.key)
	if err != nil {
		return word(swWrongData)
	}
	point := slices.Concat([]byte{4}, public.X, public.Y)
	signature, err := sign(k.makers.key, slices.Concat([]byte{0}, application, challenge, c.id, point))
	if err != nil {
		return word(swWrongData)
	}
	k.credentials = append(k.credentials, c)
	return word(swOK, slices.Concat([]byte{5}, point, []byte{byte(len(c.id))}, c.id, k.makers.certificate, signature)...)
}

func (k *Key) authenticate(data []byte, how byte) []byte {
	challenge, application, handle := data[:32], data[32:64], data[65:]
	found := k.find([32]byte(application), []descriptor{{ID: handle}})
	switch {
	case len(found) == 0:
		return word(swWrongData)
	case how == u2fCheckOnly:
		return word(swNoTouch)
	case how != u2fNoPresence && !k.touchedNow():
		return word(swNoTouch)
	}
	var present byte
	if how != u2fNoPresence {
		present = flagPresent
	}
	k.counter++
	answer := binary.BigEndian.AppendUint32([]byte{present}, k.counter)
	signature, err := sign(found[0].key, slices.Concat(application, answer, challenge))
	if err != nil {
		return word(swWrongData)
	}
	return word(swOK, append(answer, signature...)...)
}
