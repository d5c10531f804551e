package rest_test

import (
	"encoding/json"
	"testing"

	"gatehouse/internal/ops/opstest"
	keytest "gatehouse/internal/securitykey/securitykeytest"
)

// A page passes on what it gets, as an object, and sends what comes back, as an
// object: a key is registered, is a second factor, steps up, and signs in alone.
func TestLive_securityKeys(t *testing.T) {
	const origin = "https://gate.example"
	g := furnished(t)
	type asked struct {
		Ceremony string          `json:"ceremony"`
		State    string          `json:"state"`
		Methods  []string        `json:"methods"`
		Options  json.RawMessage `json:"options"`
	}
	send := func(c call, status int) (out asked, token string) {
		t.Helper()
		a := g.do(c)
		if a.status != status {
			t.Fatalf("%s %s: %d %s", c.method, c.path, a.status, a.body)
		}
		if status == 200 {
			if err := json.Unmarshal(a.body, &out); err != nil {
				t.Fatal(err)
			}
		}
		for _, cookie := range a.cookies {
			token = cookie.Value
		}
		return out, token
	}
	body := func(fields map[string]any) string {
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	post := func(path, token string, fields map[string]any, status int) (asked, string) {
		t.Helper()
		return send(call{method: "POST", path: "/api/v1" + path, token: token, body: body(fields)}, status)
	}
	token := g.anna.Token().Reveal()
	begun, _ := post("/profile/security-keys", token, map[string]any{"name": "Blue key"}, 200)
	challenge, _ := post("/profile/security-keys/challenge", token, map[string]any{"ceremony": begun.Ceremony}, 200)
	made := keytest.New(keytest.ES256, challenge.Options, origin)
	for _, wrong := range []any{"text", 7, []int{1}, true} {
		if a := g.do(call{method: "POST", path: "/api/v1/profile/security-keys/confirm", token: token, outside: true, body: body(map[string]any{"ceremony": "x", "credential": wrong})}); a.status != 422 {
			t.Errorf("credential %v: %d %s", wrong, a.status, a.body)
		}
	}
	_, token = post("/profile/security-keys/confirm", token, map[string]any{"ceremony": begun.Ceremony, "credential": json.RawMessage(made.JSON())}, 200)
	if token == "" {
		t.Fatal("the session has no new token")
	}

	in := map[string]any{"login": "anna", "password": opstest.Password}
	waits, _ := post("/session", "", in, 200)
	if waits.State != "second_factor_needed" || len(waits.Methods) != 3 {
		t.Fatalf("the sign-in: %+v", waits)
	}
	challenge, _ = post("/session/security-key", "", map[string]any{"ceremony": waits.Ceremony}, 200)
	_, signedIn := post("/session/second-factor", "", map[string]any{"ceremony": waits.Ceremony, "credential": json.RawMessage(made.Key.Sign(challenge.Options, origin).JSON())}, 200)
	if signedIn == "" {
		t.Fatal("nobody is signed in")
	}

	challenge, _ = post("/session/step-up/security-key", signedIn, map[string]any{}, 200)
	post("/session/step-up", signedIn, map[string]any{"ceremony": challenge.Ceremony, "credential": json.RawMessage(made.Key.Sign(challenge.Options, origin).JSON())}, 200)

	challenge, _ = send(call{method: "GET", path: "/api/v1/session/passkey"}, 200)
	answer := json.RawMessage(made.Key.Sign(challenge.Options, origin).JSON())
	out, alone := post("/session/passkey", "", map[string]any{"ceremony": challenge.Ceremony, "credential": answer}, 200)
	if alone == "" || out.State != "signed_in" {
		t.Fatalf("by passkey: %+v", out)
	}
	post("/session/passkey", "", map[string]any{"ceremony": challenge.Ceremony, "credential": answer}, 422)
	challenge, _ = send(call{method: "GET", path: "/api/v1/session/passkey"}, 200)
	wrong := made.Key.Sign(challenge.Options, origin)
	wrong.Auth.Flags = keytest.Present
	post("/session/passkey", "", map[string]any{"ceremony": challenge.Ceremony, "credential": json.RawMessage(wrong.JSON())}, 401)
}
