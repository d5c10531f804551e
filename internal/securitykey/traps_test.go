package securitykey_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/securitykey"
	keytest "gatehouse/internal/securitykey/securitykeytest"
)

var gate, _ = securitykey.AtGate("https://gate.example")

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func ada(keys ...securitykey.Credential) securitykey.Person {
	return securitykey.Person{Handle: []byte("handle-of-ada"), Login: "ada", Name: "Ada Lovelace", Keys: keys}
}

// registered is a key of Ada's, and what is kept of it.
func registered(t *testing.T, change func(*keytest.Answer)) (*keytest.Key, securitykey.Credential) {
	t.Helper()
	asked, options, err := gate.Register(ada(), noon)
	if err != nil {
		t.Fatal(err)
	}
	a := keytest.New(keytest.ES256, options, gate.Origin)
	if change != nil {
		change(a)
	}
	c, err := asked.Registered(ada(), a.JSON())
	if err != nil {
		t.Fatal(err)
	}
	return a.Key, c
}

// answer asks Ada for one of her keys and judges what it answers.
func answer(t *testing.T, key *keytest.Key, c securitykey.Credential, change func(*keytest.Answer)) (securitykey.Pending, []byte, securitykey.Credential, error) {
	t.Helper()
	asked, options, err := gate.Ask(ada(c), noon)
	if err != nil {
		t.Fatal(err)
	}
	a := key.Sign(options, gate.Origin)
	if change != nil {
		change(a)
	}
	raw := a.JSON()
	read, err := securitykey.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	now, err := asked.Answered(ada(c), read)
	return asked, raw, now, err
}

// library judges the same answer with go-webauthn alone, set up as its manual
// says.
func library(t *testing.T, asked securitykey.Pending, raw []byte, c securitykey.Credential) (*webauthn.Credential, error) {
	t.Helper()
	w, err := webauthn.New(&webauthn.Config{RPID: gate.ID, RPDisplayName: "x", RPOrigins: []string{gate.Origin}})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	return w.ValidateLogin(person{c}, asked.Session, parsed)
}

type person struct{ c securitykey.Credential }

func (person) WebAuthnID() []byte          { return ada().Handle }
func (person) WebAuthnName() string        { return "ada" }
func (person) WebAuthnDisplayName() string { return "Ada" }
func (p person) WebAuthnCredentials() []webauthn.Credential {
	return []webauthn.Credential{{
		ID: p.c.ID, PublicKey: p.c.PublicKey, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(p.c.Flags)),
		Authenticator: webauthn.Authenticator{SignCount: p.c.Count},
	}}
}

// What go-webauthn lets pass, and we do not. When it no longer does, this fails,
// and what we do about it may go.
func TestTraps_library(t *testing.T) {
	for name, change := range map[string]func(*keytest.Answer){
		"an origin with more than an origin": func(a *keytest.Answer) { a.Client.Set("origin", "https://evil@gate.example/login?x#y") },
		"an origin in capitals":              func(a *keytest.Answer) { a.Client.Set("origin", "HTTPS://GATE.EXAMPLE") },
		"two origins": func(a *keytest.Answer) {
			a.Client.Set("origin", "https://evil.example")
			a.Client.Add("origin", gate.Origin)
		},
		"names in other letters": func(a *keytest.Answer) {
			a.Client.Add("ORIGIN", gate.Origin)
			a.Client.Set("origin", "https://evil.example")
		},
		"a counter that goes back": func(a *keytest.Answer) { a.Auth.Count = 3 },
		"a counter that stays":     func(a *keytest.Answer) { a.Auth.Count = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			key, c := registered(t, func(a *keytest.Answer) { a.Auth.Count = 5 })
			asked, raw, _, err := answer(t, key, c, change)
			if !errors.Is(err, securitykey.ErrRefused) && !errors.Is(err, securitykey.ErrCopied) {
				t.Errorf("we say %v", err)
			}
			if _, err := library(t, asked, raw, c); err != nil {
				t.Errorf("the library says no by itself now: %v", err)
			}
		})
	}
	t.Run("the same challenge again, and years later", func(t *testing.T) {
		key, c := registered(t, func(a *keytest.Answer) { a.Key.Still = true })
		key.Still = true
		key.Count = 0
		asked, raw, _, err := answer(t, key, c, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := library(t, asked, raw, c); err != nil {
				t.Errorf("the library says no by itself now: %v", err)
			}
		}
		if !asked.Until.Equal(noon.Add(securitykey.Wait)) || securitykey.Wait != 2*time.Minute || !asked.Session.Expires.IsZero() {
			t.Errorf("ours ends at %v", asked.Until)
		}
	})
	t.Run("a key that nothing can be verified with", func(t *testing.T) {
		asked, options, err := gate.Register(ada(), noon)
		if err != nil {
			t.Fatal(err)
		}
		a := keytest.New(keytest.ES256, options, gate.Origin)
		a.Auth.Public = keytest.Encode(map[int]any{1: 2, 3: keytest.ES256, -1: 1, -2: []byte{1}, -3: []byte{2}})
		if _, err := asked.Registered(ada(), a.JSON()); !errors.Is(err, securitykey.ErrRefused) {
			t.Errorf("we say %v", err)
		}
		w, err := webauthn.New(&webauthn.Config{RPID: gate.ID, RPDisplayName: "x", RPOrigins: []string{gate.Origin}})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := protocol.ParseCredentialCreationResponseBytes(a.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateCredential(person{}, asked.Session, parsed); err != nil {
			t.Errorf("the library says no by itself now: %v", err)
		}
	})
}

// The credential that comes back has what has to be kept: without it the counter
// would be compared with that of the registration for ever. All flags are kept,
// whether they were verified at this use or not.
func TestTraps_keepWhatComesBack(t *testing.T) {
	key, c := registered(t, func(a *keytest.Answer) { a.Auth.Flags |= keytest.Eligible; a.Auth.Count = 1 })
	key.Flags |= keytest.Eligible
	key.Count = 1
	_, _, now, err := answer(t, key, c, func(a *keytest.Answer) { a.Auth.Flags = keytest.Present | keytest.Eligible | keytest.BackedUp })
	if err != nil {
		t.Fatal(err)
	}
	if now.Count != 2 || now.Flags != keytest.Present|keytest.Verified|keytest.Eligible|keytest.BackedUp {
		t.Errorf("kept: counter %d, flags %08b", now.Count, now.Flags)
	}
	if !now.Synced() || !c.Synced() {
		t.Error("it is not said to be synced")
	}
	same := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Count" || p.String() == "Flags" }, cmp.Ignore())
	if diff := cmp.Diff(c, now, same); diff != "" {
		t.Errorf("something else changed: %s", diff)
	}
	// Eligible for backup is for life.
	if _, _, _, err := answer(t, key, now, func(a *keytest.Answer) { a.Auth.Flags &^= keytest.Eligible }); !errors.Is(err, securitykey.ErrRefused) {
		t.Errorf("no longer eligible: %v", err)
	}
}

// The RP ID goes with the ceremony, not with the process: one that was begun at
// the Gate is not answered at the Desk, whatever asks.
func TestTraps_site(t *testing.T) {
	key, c := registered(t, nil)
	asked, options, err := gate.Ask(ada(c), noon)
	if err != nil {
		t.Fatal(err)
	}
	a := key.Sign(options, securitykey.AtDesk(0).Origin)
	read, err := securitykey.Read(a.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asked.Answered(ada(c), read); !errors.Is(err, securitykey.ErrRefused) {
		t.Errorf("answered at the Desk: %v", err)
	}
	// It is kept as JSON, and is the same afterwards.
	data, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	var again securitykey.Pending
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	right := key.Sign(options, gate.Origin)
	if read, err = securitykey.Read(right.JSON()); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Answered(ada(c), read); err != nil {
		t.Errorf("after it was kept: %v", err)
	}
}

// The library's own choices would be more algorithms, and five minutes.
func TestTraps_version(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "github.com/go-webauthn/webauthn v0.18.2\n") {
		t.Error("go-webauthn is of another version: please read what this test is about again, and its changes")
	}
}

// A client cannot write what it likes into the database.
func TestRegistered_transports(t *testing.T) {
	_, c := registered(t, func(a *keytest.Answer) {
		a.Outer = func(o map[string]any) {
			response, _ := o["response"].(map[string]any)
			response["transports"] = []string{"usb", "usb", "nfc", "<script>", "carrier pigeon", strings.Repeat("x", 1000)}
		}
	})
	if diff := cmp.Diff([]string{"usb", "nfc"}, c.Transports); diff != "" {
		t.Error(diff)
	}
}

// What makers call their keys, where we know it.
func TestCredential_Model(t *testing.T) {
	if got := (securitykey.Credential{AAGUID: "cb69481e-8ff7-4039-93ec-0a2729a154a8"}).Model(); got != "YubiKey 5" {
		t.Errorf("it is called %q", got)
	}
	_, c := registered(t, nil)
	if c.AAGUID != "00000000-0000-0000-0000-000000000000" || c.Model() != "" {
		t.Errorf("a key that does not say is %q, %q", c.AAGUID, c.Model())
	}
}
