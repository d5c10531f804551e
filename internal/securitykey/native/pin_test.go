//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

func TestClient_PIN(t *testing.T) {
	ask := func(tries int, wrong, unfit bool) native.PINRequest {
		return native.PINRequest{Tries: tries, Wrong: wrong, Unfit: unfit}
	}
	for _, tt := range []struct {
		name  string
		pins  []string
		code  native.Code // empty: it works
		tries int         // in the error
		asked []native.PINRequest
		left  int
	}{
		{"right", []string{"1234"}, "", 0, []native.PINRequest{ask(8, false, false)}, 8},
		{"wrong, then right", []string{"4321", "1234"}, "", 0, []native.PINRequest{ask(8, false, false), ask(7, true, false)}, 8},
		{"wrong, then none", []string{"4321"}, native.PINWrong, 7, []native.PINRequest{ask(8, false, false), ask(7, true, false)}, 7},
		{"none", nil, native.PINNeeded, 8, []native.PINRequest{ask(8, false, false)}, 8},
		{"three times wrong", []string{"4321", "4321", "4321"}, native.PINLocked, 0, []native.PINRequest{ask(8, false, false), ask(7, true, false), ask(6, true, false)}, 5},
		{"too short", []string{"123", "", "1234"}, "", 0, []native.PINRequest{ask(8, false, false), ask(8, false, true), ask(8, false, true)}, 8},
		{"too long", []string{strings.Repeat("1", 64), "1234"}, "", 0, []native.PINRequest{ask(8, false, false), ask(8, false, true)}, 8},
		{"with NUL", []string{"1234\x005", "1234"}, "", 0, []native.PINRequest{ask(8, false, false), ask(8, false, true)}, 8},
		{"not UTF-8", []string{"1234\xff", "1234"}, "", 0, []native.PINRequest{ask(8, false, false), ask(8, false, true)}, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s, y := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t), types(tt.pins...)
			_, err := s.register(soon(t), looking(k), y.person())
			if tt.code == "" && err != nil {
				t.Fatal(err)
			}
			if tt.code != "" {
				if e := told(t, err, tt.code); e.Tries != tt.tries || e.Device.Path != k.link {
					t.Errorf("got %+v", e)
				}
			}
			if d := cmp.Diff(tt.asked, y.asked); d != "" {
				t.Error(d)
			}
			if k.Tries() != tt.left {
				t.Errorf("%d tries are left", k.Tries())
			}
			for _, pin := range y.given {
				if !bytes.Equal(pin, make([]byte, len(pin))) {
					t.Errorf("a PIN stays in memory: %q", pin)
				}
			}
			for _, pin := range tt.pins {
				if err != nil && len(pin) > 3 && strings.Contains(fmt.Sprintf("%+v %#v", err, err), pin) {
					t.Errorf("a PIN is in %v", err)
				}
			}
		})
	}
	t.Run("locked until it is plugged in again", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t)
		_, err := s.register(soon(t), looking(k), types("0000", "0000", "0000").person())
		wants(t, err, native.PINLocked)
		_, err = s.register(soon(t), looking(k), types("1234").person())
		wants(t, err, native.PINLocked)
		k.out()
		k.in()
		s.mustRegister(looking(k), types("1234").person())
	})
	t.Run("blocked for good", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t)
		k.SetTries(1)
		_, err := s.register(soon(t), looking(k), types("0000").person())
		wants(t, err, native.PINBlocked)
		k.out()
		k.in()
		_, err = s.register(soon(t), looking(k), types("1234").person())
		wants(t, err, native.PINBlocked)
	})
	t.Run("expired", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234", PINExpired: true}), newSite(t)
		_, err := s.register(soon(t), looking(k), types("1234").person())
		wants(t, err, native.PINExpired)
	})
	t.Run("in normal form C", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "\u00fc\u00fc\u00fc\u00fc"}), newSite(t)
		s.mustRegister(looking(k), types("u\u0308u\u0308u\u0308u\u0308").person())
	})
	t.Run("none set, though required", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{}), newSite(t)
		_, err := s.register(soon(t), looking(k), types("1234").person(), passkey)
		wants(t, err, native.PINNotSet)
	})
	t.Run("none set, and the key insists", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{AlwaysUV: true}), newSite(t)
		_, err := s.register(soon(t), looking(k), types("1234").person())
		wants(t, err, native.PINNotSet)
	})
	t.Run("discouraged, but the key insists", func(t *testing.T) {
		k, s, y := newSoft(t, softkey.Config{PIN: "1234", AlwaysUV: true}), newSite(t), types("1234")
		s.mustRegister(looking(k), y.person(), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.VerificationDiscouraged}))
		if len(y.asked) != 1 {
			t.Errorf("asked %d times", len(y.asked))
		}
	})
	t.Run("required of a U2F key", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{U2F: softkey.U2FOnly}), newSite(t)
		s.mustRegister(looking(k), types().person())
		_, err := s.signIn(soon(t), looking(k), types().person(), webauthn.WithUserVerification(protocol.VerificationRequired))
		wants(t, err, native.CannotVerify)
	})
}

func TestClient_fingerprint(t *testing.T) {
	t.Run("wrong, then the PIN", func(t *testing.T) {
		k, s, y := newSoft(t, softkey.Config{Fingerprint: true, PIN: "1234"}), newSite(t), types("1234")
		k.SetFinger(false)
		if got := s.mustRegister(looking(k), y.person()); !got.Flags.UserVerified || len(y.asked) != 1 {
			t.Errorf("got %+v, asked %d times", got.Flags, len(y.asked))
		}
	})
	t.Run("wrong, and there is no PIN", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{Fingerprint: true}), newSite(t)
		k.SetFinger(false)
		_, err := s.register(soon(t), looking(k), types().person())
		wants(t, err, native.FingerBlocked)
	})
	t.Run("wrong, then right", func(t *testing.T) {
		k, s, y := newSoft(t, softkey.Config{Fingerprint: true, PIN: "1234"}), newSite(t), types()
		k.SetFinger(false)
		p := y.person()
		again := 0
		p.Tell = func(g native.Progress) {
			if g.Again {
				again++
				k.SetFinger(true)
			}
		}
		s.mustRegister(looking(k), p)
		if again != 1 || len(y.asked) != 0 {
			t.Errorf("%d times again, asked for a PIN %d times", again, len(y.asked))
		}
	})
}
