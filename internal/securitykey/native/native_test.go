//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

var passkey = webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
	ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
})

func only(algs ...int) webauthn.RegistrationOption {
	var list []protocol.CredentialParameter
	for _, alg := range algs {
		list = append(list, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(alg)})
	}
	return webauthn.WithCredentialParameters(list)
}

// Every kind of key registers and signs in, at the real relying party.
func TestClient_kindsOfKeys(t *testing.T) {
	model := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for _, tt := range []struct {
		name     string
		config   softkey.Config
		options  []webauthn.RegistrationOption
		format   string
		verified bool
		steps    []native.Step // of the registration
	}{
		{name: "no PIN", format: "packed", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "PIN", config: softkey.Config{PIN: "1234"}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepPIN, native.StepTouch}},
		{name: "PIN protocol 1", config: softkey.Config{PIN: "1234", PINProtocols: []int{1}}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepPIN, native.StepTouch}},
		{name: "CTAP 2.0", config: softkey.Config{PIN: "1234", PINProtocols: []int{1}, CTAP20: true}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepPIN, native.StepTouch}},
		{name: "fingerprint", config: softkey.Config{PIN: "1234", Fingerprint: true}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "fingerprint of CTAP 2.0", config: softkey.Config{CTAP20: true, Fingerprint: true}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "always verifies", config: softkey.Config{PIN: "1234", AlwaysUV: true}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepPIN, native.StepTouch}},
		{name: "U2F", config: softkey.Config{U2F: softkey.U2FOnly}, format: "fido-u2f", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "CTAP2 and U2F", config: softkey.Config{U2F: softkey.U2FToo}, format: "packed", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "certificate", config: softkey.Config{Attestation: softkey.AttestCertificate, AAGUID: model}, format: "packed", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "attests nothing", config: softkey.Config{Attestation: softkey.AttestNone}, format: "none", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "EdDSA", config: softkey.Config{Algorithms: []int{softkey.EdDSA}}, format: "packed", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "EdDSA preferred", options: []webauthn.RegistrationOption{only(-8, -7)}, format: "packed", steps: []native.Step{native.StepFound, native.StepTouch}},
		{name: "passkey", config: softkey.Config{PIN: "1234"}, options: []webauthn.RegistrationOption{passkey}, format: "packed", verified: true, steps: []native.Step{native.StepFound, native.StepPIN, native.StepTouch}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s, y := newSoft(t, tt.config), newSite(t), types("1234")
			credential := s.mustRegister(looking(k), y.person(), tt.options...)
			if credential.AttestationFormat != tt.format || credential.Flags.UserVerified != tt.verified || !credential.Flags.UserPresent {
				t.Errorf("got %s, %+v", credential.AttestationFormat, credential.Flags)
			}
			if d := cmp.Diff(tt.steps, y.steps); d != "" {
				t.Error(d)
			}
			if tt.config.AAGUID == model && !bytes.Equal(credential.Authenticator.AAGUID, model[:]) {
				t.Errorf("the model is %x", credential.Authenticator.AAGUID)
			}
			for range 2 {
				again, err := s.signIn(soon(t), looking(k), types("1234").person())
				if err != nil {
					t.Fatal(err)
				}
				if again.Authenticator.CloneWarning || again.Flags.UserVerified != tt.verified {
					t.Errorf("got %+v, %+v", again.Authenticator, again.Flags)
				}
			}
		})
	}
}

// A passkey signs in alone: no list, and the key says who it is.
func TestClient_SignIn_passkey(t *testing.T) {
	k, s := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t)
	credential := s.mustRegister(looking(k), types("1234").person(), passkey)
	for name, choose := range map[string]string{"newest": "", "chosen": "grace"} {
		t.Run(name, func(t *testing.T) {
			if _, err := k.Add("wails.localhost", []byte("handle-of-grace"), "grace"); err != nil {
				t.Fatal(err)
			}
			request, session, err := s.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
			if err != nil {
				t.Fatal(err)
			}
			var offered []string
			p := types("1234").person()
			if choose != "" {
				p.Choose = func(_ context.Context, all []native.Account) (int, error) {
					for _, a := range all {
						offered = append(offered, a.Name)
					}
					return slices.Index(offered, "ada"), nil
				}
			}
			answer, err := looking(k).SignIn(soon(t), marshal(t, request.Response), p)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
			if err != nil {
				t.Fatal(err)
			}
			if choose == "" {
				if string(parsed.Response.UserHandle) != "handle-of-grace" {
					t.Errorf("got %q", parsed.Response.UserHandle)
				}
				return
			}
			if !slices.Contains(offered, "grace") {
				t.Errorf("offered are %q", offered)
			}
			_, got, err := s.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
				if string(handle) != "handle-of-ada" {
					return nil, fmt.Errorf("handle %q", handle)
				}
				return s, nil
			}, *session, parsed)
			if err != nil || !bytes.Equal(got.ID, credential.ID) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// One change at a time to what a key answered, and the relying party refuses.
func TestClient_changes(t *testing.T) {
	k, s := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t)
	s.mustRegister(looking(k), types("1234").person())
	request, session, err := s.BeginLogin(s)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := looking(k).SignIn(soon(t), marshal(t, request.Response), types("1234").person())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.validate(*session, answer); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	flip := func(name string, at int) func(object) {
		return func(r object) {
			raw, err := base64.RawURLEncoding.DecodeString(r[name].(string))
			if err != nil {
				t.Fatal(err)
			}
			raw[(at+len(raw))%len(raw)] ^= 1
			r[name] = base64.RawURLEncoding.EncodeToString(raw)
		}
	}
	replace := func(old, fresh string) func(object) {
		return func(r object) {
			raw, err := base64.RawURLEncoding.DecodeString(r["clientDataJSON"].(string))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(raw, []byte(old)) {
				t.Fatalf("%q is not in %s", old, raw)
			}
			r["clientDataJSON"] = base64.RawURLEncoding.EncodeToString(bytes.Replace(raw, []byte(old), []byte(fresh), 1))
		}
	}
	for name, change := range map[string]func(object){
		"signature":      flip("signature", -1),
		"RP ID":          flip("authenticatorData", 0),
		"flags":          flip("authenticatorData", 32),
		"counter":        flip("authenticatorData", -1),
		"challenge":      replace(`"challenge":"`, `"challenge":"A`),
		"type":           replace("webauthn.get", "webauthn.create"),
		"origin":         replace("wails.localhost", "evil.localhost"),
		"port":           replace("wails.localhost", "wails.localhost:81"),
		"scheme":         replace("http:", "wails:"),
		"no user handle": func(r object) { r["userHandle"] = "c29tZWJvZHk" },
	} {
		t.Run(name, func(t *testing.T) {
			var whole object
			if err := json.Unmarshal(answer, &whole); err != nil {
				t.Fatal(err)
			}
			change(whole["response"].(object))
			if _, err := s.validate(*session, marshal(t, whole)); !errors.Is(err, errRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("another challenge", func(t *testing.T) {
		_, other, err := s.BeginLogin(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.validate(*other, answer); !errors.Is(err, errRefused) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a counter that goes back", func(t *testing.T) {
		k.SetCounter(0)
		got, err := s.signIn(soon(t), looking(k), types("1234").person())
		if err != nil || !got.Authenticator.CloneWarning {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestClient_whichKey(t *testing.T) {
	t.Run("a key of another site", func(t *testing.T) {
		for name, config := range map[string]softkey.Config{"CTAP2": {}, "U2F": {U2F: softkey.U2FOnly}} {
			t.Run(name, func(t *testing.T) {
				mine, other, s := newSoft(t, config), newSoft(t, config), newSite(t)
				s.mustRegister(looking(mine), types().person())
				if _, err := other.Add("example.com", []byte("ada"), "ada"); err != nil {
					t.Fatal(err)
				}
				_, err := s.signIn(soon(t), looking(other), types().person())
				wants(t, err, native.NotRegistered)
			})
		}
	})
	t.Run("no passkey on it", func(t *testing.T) {
		for name, config := range map[string]softkey.Config{"CTAP2": {PIN: "1234"}, "U2F": {U2F: softkey.U2FOnly}} {
			t.Run(name, func(t *testing.T) {
				k, s := newSoft(t, config), newSite(t)
				s.mustRegister(looking(k), types("1234").person())
				request, _, err := s.BeginDiscoverableLogin()
				if err != nil {
					t.Fatal(err)
				}
				_, err = looking(k).SignIn(soon(t), marshal(t, request.Response), types("1234").person())
				wants(t, err, native.NotRegistered)
			})
		}
	})
	t.Run("registered already", func(t *testing.T) {
		for name, config := range map[string]softkey.Config{"CTAP2": {PIN: "1234"}, "U2F": {U2F: softkey.U2FOnly}} {
			t.Run(name, func(t *testing.T) {
				k, s := newSoft(t, config), newSite(t)
				s.mustRegister(looking(k), types("1234").person())
				before := len(k.Credentials())
				_, err := s.register(soon(t), looking(k), types("1234").person(), webauthn.WithExclusions(webauthn.Credentials(s.credentials).CredentialDescriptors()))
				wants(t, err, native.AlreadyRegistered)
				if name == "CTAP2" && len(k.Credentials()) != before {
					t.Error("it made a credential")
				}
			})
		}
	})
	t.Run("more credentials than it takes in a list", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234", MaxList: 3}), newSite(t)
		mine := s.mustRegister(looking(k), types("1234").person())
		s.credentials = nil
		for range 20 {
			s.credentials = append(s.credentials, webauthn.Credential{ID: slices.Clone(mine.ID)})
			s.credentials[len(s.credentials)-1].ID[0]++
		}
		exclude := func() webauthn.RegistrationOption {
			return webauthn.WithExclusions(webauthn.Credentials(s.credentials).CredentialDescriptors())
		}
		_, err := s.signIn(soon(t), looking(k), types("1234").person())
		wants(t, err, native.NotRegistered)
		s.credentials = append(s.credentials, *mine)
		_, err = s.register(soon(t), looking(k), types("1234").person(), exclude())
		wants(t, err, native.AlreadyRegistered)
		if _, err := s.signIn(soon(t), looking(k), types("1234").person()); err != nil {
			t.Error(err)
		}
		s.credentials = s.credentials[:20]
		s.mustRegister(looking(k), types("1234").person(), exclude())
	})
	t.Run("no room", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234", Slots: 1}), newSite(t)
		if _, err := k.Add("example.com", []byte("ada"), "ada"); err != nil {
			t.Fatal(err)
		}
		_, err := s.register(soon(t), looking(k), types("1234").person(), passkey)
		wants(t, err, native.Full)
		s.mustRegister(looking(k), types("1234", "1234").person(), webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementPreferred))
	})
	t.Run("keeps no passkeys", func(t *testing.T) {
		for name, config := range map[string]softkey.Config{"CTAP2": {PIN: "1234", NoResident: true}, "U2F": {U2F: softkey.U2FOnly}} {
			t.Run(name, func(t *testing.T) {
				k, s := newSoft(t, config), newSite(t)
				_, err := s.register(soon(t), looking(k), types("1234").person(), passkey)
				wants(t, err, native.CannotStore)
			})
		}
	})
	t.Run("no algorithm in common", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{}), newSite(t)
		_, err := s.register(soon(t), looking(k), types().person(), only(-257))
		wants(t, err, native.NoAlgorithm)
	})
}

func TestClient_interrupted(t *testing.T) {
	kinds := map[string]softkey.Config{"CTAP2": {PIN: "1234"}, "U2F": {U2F: softkey.U2FOnly}}
	for name, config := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Run("cancelled", func(t *testing.T) {
				k, s, y := newSoft(t, config), newSite(t), types("1234")
				if throughLibrary && name == "U2F" {
					return // see wire_library.go
				}
				k.TouchAlways(false)
				ctx, cancel := context.WithCancel(soon(t))
				y.on = map[native.Step]func(){native.StepTouch: cancel}
				_, err := s.register(ctx, looking(k), y.person())
				wants(t, err, native.Cancelled)
				// The key does not go on asking, and is free.
				k.TouchAlways(true)
				s.mustRegister(looking(k), types("1234").person())
			})
			t.Run("out of time", func(t *testing.T) {
				k, s := newSoft(t, config), newSite(t)
				k.TouchAlways(false)
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				_, err := s.register(ctx, looking(k), types("1234").person())
				wants(t, err, native.TimedOut)
			})
			t.Run("pulled out", func(t *testing.T) {
				k, s, y := newSoft(t, config), newSite(t), types("1234")
				k.TouchAlways(false)
				y.on = map[native.Step]func(){native.StepTouch: k.out}
				_, err := s.register(soon(t), looking(k), y.person())
				if e := told(t, err, native.Unplugged); e.Device.Path != k.link {
					t.Errorf("got %+v", e)
				}
			})
		})
	}
	t.Run("the key's own time is over", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{TouchTimeout: 200 * time.Millisecond}), newSite(t)
		k.TouchAlways(false)
		_, err := s.register(soon(t), looking(k), types().person())
		wants(t, err, native.TimedOut)
	})
	t.Run("the options' time is over", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{}), newSite(t)
		k.TouchAlways(false)
		creation, _, err := s.BeginRegistration(s)
		if err != nil {
			t.Fatal(err)
		}
		creation.Response.Timeout = 300
		_, err = looking(k).Register(soon(t), marshal(t, creation.Response), types().person())
		wants(t, err, native.TimedOut)
	})
	t.Run("cancelled at the PIN", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t)
		ctx, cancel := context.WithCancel(soon(t))
		p := types().person()
		p.PIN = func(ctx context.Context, _ native.PINRequest) ([]byte, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}
		_, err := s.register(ctx, looking(k), p)
		wants(t, err, native.Cancelled)
	})
	t.Run("cancelled while the PIN is typed", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t)
		k.TouchAlways(false)
		ctx, cancel := context.WithCancel(soon(t))
		y := types("1234")
		y.on = map[native.Step]func(){native.StepPIN: cancel}
		_, err := s.register(ctx, looking(k), y.person())
		wants(t, err, native.Cancelled)
		if slices.Contains(y.steps, native.StepTouch) {
			t.Error("it asks to be touched all the same")
		}
		k.TouchAlways(true)
		s.mustRegister(looking(k), types("1234").person())
	})
	t.Run("pulled out at the PIN", func(t *testing.T) {
		k, s, y := newSoft(t, softkey.Config{PIN: "1234"}), newSite(t), types("1234")
		y.on = map[native.Step]func(){native.StepPIN: k.out}
		_, err := s.register(soon(t), looking(k), y.person())
		wants(t, err, native.Unplugged)
	})
}

func TestClient_devices(t *testing.T) {
	t.Run("plugged in while we wait", func(t *testing.T) {
		k, s, y := newSoft(t, softkey.Config{}), newSite(t), types()
		k.out()
		y.on = map[native.Step]func(){native.StepPlugIn: k.in}
		s.mustRegister(looking(k), y.person())
		if d := cmp.Diff([]native.Step{native.StepPlugIn, native.StepFound, native.StepTouch}, y.steps); d != "" {
			t.Error(d)
		}
	})
	t.Run("none", func(t *testing.T) {
		k, s := newSoft(t, softkey.Config{}), newSite(t)
		k.out()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := s.register(ctx, looking(k), types().person())
		wants(t, err, native.NoKey)
	})
	t.Run("none, cancelled", func(t *testing.T) {
		k, s, y := newSoft(t, softkey.Config{}), newSite(t), types()
		k.out()
		ctx, cancel := context.WithCancel(soon(t))
		y.on = map[native.Step]func(){native.StepPlugIn: cancel}
		_, err := s.register(ctx, looking(k), y.person())
		wants(t, err, native.Cancelled)
	})
	t.Run("no security key", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/dev/null", "/dev/zero", file} {
			if throughLibrary && path != "/dev/null" {
				continue // libfido2 reads /dev/zero for ever, and takes a file for a device that would not open
			}
			_, err := newSite(t).register(soon(t), native.Client{Paths: []string{path}}, types().person())
			wants(t, err, native.NotSecurityKey)
		}
	})
	t.Run("in use by another program", func(t *testing.T) {
		if throughLibrary {
			return // libfido2 does not say why it could not open a device
		}
		k, s, y := newSoft(t, softkey.Config{}), newSite(t), types()
		k.TouchAlways(false)
		var second error
		y.on = map[native.Step]func(){native.StepTouch: func() {
			_, second = looking(k).Info(soon(t), native.Device{Path: k.link})
			k.TouchOnce()
		}}
		s.mustRegister(looking(k), y.person())
		wants(t, second, native.Busy)
	})
	t.Run("info", func(t *testing.T) {
		k := newSoft(t, softkey.Config{PIN: "1234", Fingerprint: true})
		k.SetTries(3)
		got, err := looking(k).Info(soon(t), native.Device{Path: k.link})
		want := native.Info{PINSet: true, PINCapable: true, Fingerprint: true, Resident: true, Tries: 3, Algorithms: []int{-7, -8}, Transports: []string{"usb"}}
		if d := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "maxList" }, cmp.Ignore())); err != nil || d != "" {
			t.Error(err, d)
		}
		old := newSoft(t, softkey.Config{U2F: softkey.U2FOnly})
		if got, err := looking(old).Info(soon(t), native.Device{Path: old.link}); err != nil || !got.U2FOnly || got.PINCapable {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("found by itself", func(t *testing.T) {
		// Whatever is plugged in here: the library lists it without a fault.
		if _, err := (native.Client{}).Devices(); err != nil {
			t.Error(err)
		}
	})
}
