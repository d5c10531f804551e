//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

// soft is a key in software that is plugged in where client looks.
type soft struct {
	*softkey.Key
	t    *testing.T
	link string
	plug *softkey.Plug
}

func newSoft(t *testing.T, config softkey.Config) *soft {
	t.Helper()
	k, err := softkey.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &soft{Key: k, t: t, link: filepath.Join(t.TempDir(), "key")}
	s.in()
	t.Cleanup(func() { s.out() })
	return s
}

func (s *soft) in() {
	s.t.Helper()
	plug, err := s.Plug(s.link)
	if err != nil {
		s.t.Fatal(err)
	}
	s.plug = plug
}

func (s *soft) out() {
	if s.plug != nil {
		s.plug.Out()
		s.plug = nil
	}
}

func looking(keys ...*soft) native.Client {
	var c native.Client
	for _, k := range keys {
		c.Paths = append(c.Paths, k.link)
	}
	return c
}

// site is a relying party, the real one, with one user.
type site struct {
	t *testing.T
	*webauthn.WebAuthn
	credentials []webauthn.Credential
}

func newSite(t *testing.T) *site {
	t.Helper()
	w, err := webauthn.New(&webauthn.Config{
		RPID: "wails.localhost", RPDisplayName: "Gatehouse", RPOrigins: []string{native.Origin},
		AttestationPreference: protocol.PreferDirectAttestation,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &site{t: t, WebAuthn: w}
}

func (*site) WebAuthnID() []byte                           { return []byte("handle-of-ada") }
func (*site) WebAuthnName() string                         { return "ada" }
func (*site) WebAuthnDisplayName() string                  { return "Ada Lovelace" }
func (s *site) WebAuthnCredentials() []webauthn.Credential { return s.credentials }

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// register runs a whole registration and keeps the credential.
func (s *site) register(ctx context.Context, c native.Client, p native.Person, options ...webauthn.RegistrationOption) (*webauthn.Credential, error) {
	s.t.Helper()
	creation, session, err := s.BeginRegistration(s, options...)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := c.Register(ctx, marshal(s.t, creation.Response), p)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		s.t.Fatalf("parse %s: %v", answer, detail(err))
	}
	credential, err := s.CreateCredential(s, *session, parsed)
	if err != nil {
		s.t.Fatalf("the relying party refuses %s: %v", answer, detail(err))
	}
	s.credentials = append(s.credentials, *credential)
	return credential, nil
}

func (s *site) mustRegister(c native.Client, p native.Person, options ...webauthn.RegistrationOption) *webauthn.Credential {
	s.t.Helper()
	credential, err := s.register(soon(s.t), c, p, options...)
	if err != nil {
		s.t.Fatal(err)
	}
	return credential
}

// signIn runs a whole sign-in of the user.
func (s *site) signIn(ctx context.Context, c native.Client, p native.Person, options ...webauthn.LoginOption) (*webauthn.Credential, error) {
	s.t.Helper()
	request, session, err := s.BeginLogin(s, options...)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := c.SignIn(ctx, marshal(s.t, request.Response), p)
	if err != nil {
		return nil, err
	}
	return s.validate(*session, answer)
}

func (s *site) validate(session webauthn.SessionData, answer []byte) (*webauthn.Credential, error) {
	s.t.Helper()
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, errors.Join(errRefused, err)
	}
	credential, err := s.ValidateLogin(s, session, parsed)
	if err != nil {
		return nil, errors.Join(errRefused, detail(err))
	}
	for n := range s.credentials {
		if string(s.credentials[n].ID) == string(credential.ID) {
			s.credentials[n] = *credential
		}
	}
	return credential, nil
}

// errRefused is what the relying party said no to.
var errRefused = errors.New("refused")

// detail adds what the library keeps for developers.
func detail(err error) error {
	var p *protocol.Error
	if errors.As(err, &p) {
		return errors.Join(err, errors.New(p.DevInfo))
	}
	return err
}

// soon is a context for what must not take long.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// types is a person who types these PINs, one after the other, and then gives
// up.
func types(pins ...string) *typist { return &typist{pins: pins} }

type typist struct {
	pins  []string
	given [][]byte
	asked []native.PINRequest
	steps []native.Step
	on    map[native.Step]func()
}

var errGaveUp = errors.New("gave up")

func (y *typist) person() native.Person {
	return native.Person{
		Tell: func(p native.Progress) {
			y.steps = append(y.steps, p.Step)
			if do := y.on[p.Step]; do != nil {
				do()
			}
		},
		PIN: func(_ context.Context, r native.PINRequest) ([]byte, error) {
			r.Device = native.Device{}
			y.asked = append(y.asked, r)
			if len(y.pins) == 0 {
				return nil, errGaveUp
			}
			pin := []byte(y.pins[0])
			y.pins, y.given = y.pins[1:], append(y.given, pin)
			return pin, nil
		},
	}
}

// told is the error, which must have the code.
func told(t *testing.T, err error, code native.Code) (e native.Error) {
	t.Helper()
	var p *native.Error
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return *p
}

// wants fails unless err has the code.
func wants(t *testing.T, err error, code native.Code) {
	t.Helper()
	_ = told(t, err, code)
}
