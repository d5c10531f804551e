package softkey

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"
)

// platform is the other side of the PIN/UV protocols.
type platform struct {
	t        *testing.T
	k        *Key
	protocol int
}

func (p platform) command(data []byte) []byte {
	return p.k.command(&asking{ctx: context.Background(), say: func() {}}, data)
}

func (p platform) pin(r pinRequest, answer *pinAnswer) status {
	p.t.Helper()
	r.Protocol = p.protocol
	data, err := encode(r)
	if err != nil {
		p.t.Fatal(err)
	}
	got := p.command(append([]byte{ctapPIN}, data...))
	if len(got) > 1 && answer != nil {
		if err := decode(got[1:], answer); err != nil {
			p.t.Fatal(err)
		}
	}
	return status(got[0])
}

// secrets agrees on them, and returns the public key that goes with a request.
func (p platform) secrets() (secretPair, *coseKey) {
	p.t.Helper()
	var answer pinAnswer
	if why := p.pin(pinRequest{Subcommand: pinAgreement}, &answer); why != 0 {
		p.t.Fatalf("agreement: %#x", why)
	}
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	s, err := share(p.protocol, own, answer.Agreement)
	if err != nil {
		p.t.Fatal(err)
	}
	public := pointKey(-25, own.PublicKey())
	return s, &public
}

func (p platform) seal(s secretPair, plain []byte) []byte {
	p.t.Helper()
	sealed, err := s.encrypt(plain)
	if err != nil {
		p.t.Fatal(err)
	}
	return sealed
}

// change sets the PIN, or changes it when there is an old one.
func (p platform) change(old, fresh string) status {
	p.t.Helper()
	s, public := p.secrets()
	padded := make([]byte, 64)
	copy(padded, fresh)
	r := pinRequest{Subcommand: pinSet, Agreement: public, NewPIN: p.seal(s, padded)}
	if old != "" {
		hash := sha256.Sum256([]byte(old))
		r.Subcommand, r.PINHash = pinChange, p.seal(s, hash[:16])
	}
	r.Auth = authenticate(p.protocol, s.mac, slices.Concat(r.NewPIN, r.PINHash))
	return p.pin(r, nil)
}

func (p platform) token(pin string, permissions uint) ([]byte, status) {
	p.t.Helper()
	s, public := p.secrets()
	hash := sha256.Sum256([]byte(pin))
	var answer pinAnswer
	why := p.pin(pinRequest{Subcommand: pinTokenByPIN, Agreement: public, PINHash: p.seal(s, hash[:16]), Permissions: permissions, RPID: "example.com"}, &answer)
	if why != 0 {
		return nil, why
	}
	token, err := s.decrypt(answer.Token)
	if err != nil {
		p.t.Fatal(err)
	}
	return token, 0
}

// create makes a credential with this token.
func (p platform) create(token []byte, rpID string) status {
	p.t.Helper()
	hash := make([]byte, 32)
	data, err := encode(creation{
		ClientDataHash: hash, RP: rpEntity{ID: rpID}, User: user{ID: []byte{1}}, Parameters: []parameter{{ES256, "public-key"}},
		Auth: authenticate(p.protocol, token, hash), Protocol: p.protocol,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return status(p.command(append([]byte{ctapMake}, data...))[0])
}

func TestClientPIN(t *testing.T) {
	for _, protocol := range []int{1, 2} {
		k, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		p := platform{t, k, protocol}
		wants := func(what string, got, want status) {
			t.Helper()
			if got != want {
				t.Errorf("protocol %d: %s: %#x, want %#x", protocol, what, got, want)
			}
		}
		_, why := p.token("1234", permitMake)
		wants("token without a PIN", why, statusPINNotSet)
		wants("change without a PIN", p.change("1234", "5678"), statusPINNotSet)
		wants("short PIN", p.change("", "123"), statusPINPolicy)
		wants("long PIN", p.change("", strings.Repeat("1", 64)), statusPINPolicy)
		wants("first PIN", p.change("", "1234"), 0)
		wants("first PIN again", p.change("", "5678"), statusPINAuthInvalid)
		wants("change with the wrong one", p.change("0000", "5678"), statusPINInvalid)
		wants("change", p.change("1234", "5678"), 0)
		_, why = p.token("1234", permitMake)
		wants("old PIN", why, statusPINInvalid)
		token, why := p.token("5678", permitMake)
		wants("new PIN", why, 0)
		_, why = p.token("5678", 0)
		wants("no permission", why, statusInvalidParameter)
		_, why = p.token("5678", 0x40)
		wants("permission that this key does not know", why, statusUnauthorizedPermit)
		wants("another site", p.create(token, "example.net"), statusPINAuthInvalid)
		wants("made up", p.create(make([]byte, 32), "example.com"), statusPINAuthInvalid)
		wants("its own site", p.create(token, "example.com"), 0)
		wants("once more", p.create(token, "example.com"), statusPINAuthInvalid)
		token, _ = p.token("5678", permitGet)
		wants("permission for something else", p.create(token, "example.com"), statusPINAuthInvalid)
		token, _ = p.token("5678", permitMake)
		wants("replaced by a wrong PIN", p.change("0000", "9999"), statusPINInvalid)
		wants("a token from before", p.create(token, "example.com"), statusPINAuthInvalid)

		// Every try counts, over power-ups too, until none is left.
		for n := 1; n < maxTries; n++ {
			if k.bootTries >= maxBootTries {
				_, why = p.token("5678", permitMake)
				wants("locked", why, statusPINAuthBlocked)
				k.powerUp()
			}
			_, _ = p.token("0000", permitMake)
			if got := k.Tries(); got != maxTries-1-n {
				t.Fatalf("protocol %d: %d tries are left after %d", protocol, got, n+1)
			}
		}
		k.powerUp()
		_, why = p.token("5678", permitMake)
		wants("blocked", why, statusPINBlocked)
	}
}

func TestReset(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	k, err := New(Config{PIN: "1234", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Add("example.com", []byte{1}, "ada"); err != nil {
		t.Fatal(err)
	}
	p := platform{t, k, 2}
	now = now.Add(resetWithin + time.Second)
	if got := p.command([]byte{ctapReset}); status(got[0]) != statusNotAllowed || len(k.Credentials()) != 1 {
		t.Errorf("late: %x", got)
	}
	k.powerUp()
	if got := p.command([]byte{ctapReset}); got[0] != 0 || len(k.Credentials()) != 0 || k.information().Options["clientPin"] {
		t.Errorf("in time: %x", got)
	}
}
