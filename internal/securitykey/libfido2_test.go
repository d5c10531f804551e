//go:build cgo && (desktop || dev) && linux

package securitykey_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/internal/securitykey"
	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

// The Desk's own client, libfido2 and a key that speaks CTAP2 or U2F, with this
// relying party: registered, asked, and signed in alone. A second registration
// is left by the key itself.
func TestDesk_libfido2(t *testing.T) {
	for name, c := range map[string]struct {
		key   softkey.Config
		pin   string
		alone bool // it keeps credentials, and verifies its user
	}{
		"CTAP2 with a PIN": {softkey.Config{PIN: "2580", Attestation: softkey.AttestCertificate}, "2580", true},
		"CTAP2":            {softkey.Config{}, "", false},
		"EdDSA":            {softkey.Config{Algorithms: []int{softkey.EdDSA}}, "", false},
		"U2F":              {softkey.Config{U2F: softkey.U2FOnly}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := softkey.New(c.key)
			if err != nil {
				t.Fatal(err)
			}
			link := filepath.Join(t.TempDir(), "key")
			plug, err := key.Plug(link)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(plug.Out)
			client, who := native.Client{Paths: []string{link}}, native.Person{PIN: func(context.Context, native.PINRequest) ([]byte, error) { return []byte(c.pin), nil }}
			desk := securitykey.AtDesk(0)

			asked, options, err := desk.Register(ada(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			answer, err := client.Register(t.Context(), options, who)
			if err != nil {
				t.Fatal(err)
			}
			credential, err := asked.Registered(ada(), answer)
			if err != nil {
				t.Fatalf("%v: %s", err, answer)
			}

			if _, options, err = desk.Register(ada(credential), time.Now()); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Register(t.Context(), options, who); err == nil {
				t.Error("it is registered twice")
			}

			check := func(asked securitykey.Pending, options securitykey.JSON) {
				t.Helper()
				answer, err := client.SignIn(t.Context(), options, who)
				if err != nil {
					t.Fatal(err)
				}
				read, err := securitykey.Read(answer)
				if err != nil {
					t.Fatal(err)
				}
				if credential, err = asked.Answered(ada(credential), read); err != nil {
					t.Fatalf("%v: %s", err, answer)
				}
			}
			for range 2 {
				asked, options, err := desk.Ask(ada(credential), time.Now())
				if err != nil {
					t.Fatal(err)
				}
				check(asked, options)
			}
			if !c.alone {
				return
			}
			asked, options, err = desk.AskAnybody(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			check(asked, options)
		})
	}
}
