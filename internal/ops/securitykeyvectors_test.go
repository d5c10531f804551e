package ops_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/onetime"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	keytest "gatehouse/internal/securitykey/securitykeytest"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// vector is one of the test vectors of Web Authentication Level 3, section 16
// (https://www.w3.org/TR/webauthn-3/#sctn-test-vectors; W3C Document License),
// of the site https://example.org, in hexadecimal.
type vector struct {
	Section      string `json:"section"`
	Title        string `json:"title"`
	CredentialID octets `json:"credentialId"`
	PublicKey    octets `json:"publicKey"`
	Registration struct {
		Challenge         octets `json:"challenge"`
		ClientDataJSON    octets `json:"clientDataJSON"`
		AttestationObject octets `json:"attestationObject"`
	} `json:"registration"`
	Authentication struct {
		Challenge         octets `json:"challenge"`
		ClientDataJSON    octets `json:"clientDataJSON"`
		AuthenticatorData octets `json:"authenticatorData"`
		Signature         octets `json:"signature"`
	} `json:"authentication"`
}

type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

func (v vector) answer(response map[string]any) []byte {
	id := keytest.Text(v.CredentialID)
	data, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
	if err != nil {
		panic(err)
	}
	return data
}

func (v vector) registered() []byte {
	return v.answer(map[string]any{
		"clientDataJSON": keytest.Text(v.Registration.ClientDataJSON), "attestationObject": keytest.Text(v.Registration.AttestationObject),
	})
}

func (v vector) answered() []byte {
	return v.answer(map[string]any{
		"clientDataJSON": keytest.Text(v.Authentication.ClientDataJSON), "authenticatorData": keytest.Text(v.Authentication.AuthenticatorData),
		"signature": keytest.Text(v.Authentication.Signature),
	})
}

// rechallenge puts another challenge into a ceremony that waits. It needs the
// key of the vault: there is no other way to choose a challenge.
func (w *town) rechallenge(ceremony secret.Text, kind string, challenge []byte) {
	w.T.Helper()
	proof, err := onetime.Parse(ceremony)
	if err != nil {
		w.T.Fatal(err)
	}
	digest := proof.Digest(w.Vault.Digest)
	at := vault.Place{Table: "ceremonies", Column: "data", Row: digest}
	w.Write(func(tx store.WriteTx) error {
		row, err := tx.TakeCeremony(digest, kind)
		if err != nil {
			return err
		}
		plain, err := w.Vault.Open(at, row.Data)
		if err != nil {
			return err
		}
		var state map[string]any
		if err := json.Unmarshal(plain, &state); err != nil {
			return err
		}
		session := state["asked"].(map[string]any)["session"].(map[string]any)
		if was, err := base64.RawURLEncoding.DecodeString(session["challenge"].(string)); err != nil || len(was) != 32 {
			w.T.Errorf("the challenge has %d bytes: %v", len(was), err)
		}
		session["challenge"] = keytest.Text(challenge)
		if plain, err = json.Marshal(state); err != nil {
			return err
		}
		row.Data = w.Vault.Seal(at, plain)
		return tx.AddCeremony(digest, row)
	})
}

// The vectors of the standard, through the operations: registered, and then
// signed in with. Refused are what comes out of frames, algorithms that we do
// not ask for, and attestations of Apple's, Google's and TPM makers' formats:
// they do not end at those makers' certificates but at the standard's own.
func TestSecurityKeys_vectors(t *testing.T) {
	refused := map[string]struct{ registration, authentication bool }{
		"16.4": {true, true}, "16.5": {true, true}, "16.8": {true, false}, "16.9": {true, false},
		"16.13": {true, false}, "16.14": {true, false}, "16.15": {true, false},
	}
	text, err := os.ReadFile(filepath.Join("testdata", "webauthn-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) != 14 {
		t.Fatalf("%d vectors: %v", len(vectors), err)
	}
	for _, v := range vectors {
		t.Run(v.Section+" "+v.Title, func(t *testing.T) {
			w := &town{Place: opstest.New(t, opstest.Options{BaseURL: "https://example.org"})}
			w.otter = w.Found("otter", account.MFARequired)
			who := w.somebody(w.otter, opstest.Member{})
			c := who.Caller()
			r := w.asksForKey(c, "Vector")
			w.rechallenge(r.ceremony, "security_key", v.Registration.Challenge)
			_, err := w.confirmKey(c, r, v.registered())
			if refused[v.Section].registration {
				code(t, err, problem.SecurityKeyRefused)
				w.placeVector(who, v)
			} else {
				code(t, err, "ok")
			}
			ceremony, _ := w.waitsForKey(who, opstest.Somewhere)
			w.rechallenge(ceremony, "sign_in", v.Authentication.Challenge)
			_, err = w.tap(opstest.Somewhere, ceremony, v.answered())
			if refused[v.Section].authentication {
				code(t, err, problem.SecurityKeyRefused)
				return
			}
			code(t, err, "ok")
			var sessions []string
			w.Read(func(tx store.ReadTx) error {
				found, err := tx.SessionsOf(who.Ref)
				for _, s := range found {
					sessions = append(sessions, s.Means)
				}
				return err
			})
			if !slices.Contains(sessions, "password+security_key") {
				t.Errorf("sessions: %v", sessions)
			}
		})
	}
}

// placeVector registers the credential of a vector past the operations, which
// refused it.
func (w *town) placeVector(who *opstest.Person, v vector) {
	w.T.Helper()
	// Flags have the same place in both; those of an answer lack the credential.
	k, err := ops.SealKey(w.Vault, who.ID, "example.org", "Vector", securitykey.Credential{
		ID: v.CredentialID, PublicKey: v.PublicKey, Flags: v.Authentication.AuthenticatorData[32], AAGUID: "00000000-0000-0000-0000-000000000000",
	})
	if err != nil {
		w.T.Fatal(err)
	}
	w.Write(func(tx store.WriteTx) error { return tx.AddSecurityKey(who.Ref, k) })
}
