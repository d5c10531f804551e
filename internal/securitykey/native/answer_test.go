//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

// The answers have the members that a browser's toJSON gives, and no others;
// what was signed over is written as browsers write it (WebAuthn Level 3,
// sections 5.1 and 5.8.1.2).
func TestClient_answers(t *testing.T) {
	k, s := newSoft(t, softkey.Config{PIN: "1234", AAGUID: [16]byte{7}}), newSite(t)
	answer := func(data []byte, err error) (whole, response map[string]any) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &whole); err != nil {
			t.Fatal(err)
		}
		return whole, whole["response"].(map[string]any)
	}
	names := func(o map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(o)), " ") }
	text := func(v any) string {
		t.Helper()
		raw, err := base64.RawURLEncoding.DecodeString(v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	same := func(what, want, got string) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	const credential = "authenticatorAttachment clientExtensionResults id rawId response type"

	creation, _, err := s.BeginRegistration(s, passkey)
	if err != nil {
		t.Fatal(err)
	}
	options := marshal(t, creation.Response)
	options = append(options[:len(options)-1], `,"extensions":{"credProps":true}}`...)
	whole, response := answer(looking(k).Register(soon(t), options, types("1234").person()))
	same("credential", credential, names(whole))
	same("attestation", "attestationObject authenticatorData clientDataJSON publicKey publicKeyAlgorithm transports", names(response))
	same("extensions", `{"credProps":{"rk":true}}`, string(marshal(t, whole["clientExtensionResults"])))
	same("transports", `["usb"]`, string(marshal(t, response["transports"])))
	same("client data", `{"type":"webauthn.create","challenge":"`+creation.Response.Challenge.String()+`","origin":"http://wails.localhost","crossOrigin":false}`, text(response["clientDataJSON"]))
	if whole["id"] != whole["rawId"] || whole["type"] != "public-key" || whole["authenticatorAttachment"] != "cross-platform" || response["publicKeyAlgorithm"] != -7.0 {
		t.Errorf("got %v", whole)
	}

	request, _, err := s.BeginDiscoverableLogin()
	if err != nil {
		t.Fatal(err)
	}
	whole, response = answer(looking(k).SignIn(soon(t), marshal(t, request.Response), types("1234").person()))
	same("credential", credential, names(whole))
	same("assertion", "authenticatorData clientDataJSON signature userHandle", names(response))
	same("client data", `{"type":"webauthn.get","challenge":"`+request.Response.Challenge.String()+`","origin":"http://wails.localhost","crossOrigin":false}`, text(response["clientDataJSON"]))
	same("user", "handle-of-ada", text(response["userHandle"]))

	// Another origin is another site, and signed as such.
	other := looking(k)
	other.Origin = "https://gate.example.com:8443"
	creation.Response.RelyingParty.ID = "gate.example.com"
	_, response = answer(other.Register(soon(t), marshal(t, creation.Response), types("1234").person()))
	if got := text(response["clientDataJSON"]); !strings.Contains(got, `"origin":"https://gate.example.com:8443"`) {
		t.Errorf("got %s", got)
	}
	_, err = looking(k).Register(soon(t), marshal(t, creation.Response), types("1234").person())
	wants(t, err, native.BadOptions)

	// No attestation is passed on that nobody asked for.
	creation.Response.RelyingParty.ID, creation.Response.Attestation = "wails.localhost", "none"
	_, response = answer(looking(k).Register(soon(t), marshal(t, creation.Response), types("1234").person()))
	if object := text(response["attestationObject"]); !strings.HasPrefix(object, "\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData") {
		t.Errorf("got %x", object)
	}
}
