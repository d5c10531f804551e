package native_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/securitykey/native"
)

const (
	creationOptions = `{"rp":{"name":"Gatehouse","id":"wails.localhost"},"user":{"name":"ada","displayName":"Ada","id":"YWRh"},"challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7}],"timeout":120000}`
	requestOptions  = `{"challenge":"AAECAwQFBgcICQoLDA0ODw","timeout":120000,"rpId":"wails.localhost","allowCredentials":[{"type":"public-key","id":"AQID"}],"userVerification":"preferred"}`
)

// What makes no sense is refused before any key is looked for.
func TestClient_badOptions(t *testing.T) {
	for _, tt := range []struct{ name, options, old, fresh string }{
		{"no JSON", creationOptions, "{", ""},
		{"wrapped", creationOptions, creationOptions, `{"publicKey":` + creationOptions + `}`},
		{"another site", creationOptions, `"id":"wails.localhost"`, `"id":"example.com"`},
		{"the parent of our site", creationOptions, `"id":"wails.localhost"`, `"id":"localhost"`},
		{"no challenge", creationOptions, `"AAECAwQFBgcICQoLDA0ODw"`, `""`},
		{"challenge in another alphabet", creationOptions, `AAECAwQFBgcICQoLDA0ODw`, `AAECAwQFBgcICQoLDA0+/w`},
		{"challenge with padding", creationOptions, `AAECAwQFBgcICQoLDA0ODw`, `AAECAwQFBgcICQoLDA0ODw==`},
		{"challenge that is no string", creationOptions, `"AAECAwQFBgcICQoLDA0ODw"`, `17`},
		{"no user handle", creationOptions, `"YWRh"`, `""`},
		{"user handle of 65 bytes", creationOptions, `"YWRh"`, `"` + strings.Repeat("A", 87) + `"`},
		{"NUL in a name", creationOptions, `"displayName":"Ada"`, `"displayName":"Ada\u0000"`},
		{"another site", requestOptions, `"wails.localhost"`, `"example.com"`},
		{"no challenge", requestOptions, `"AAECAwQFBgcICQoLDA0ODw"`, `""`},
		{"credential that is no string", requestOptions, `"AQID"`, `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tt.options, tt.old) {
				t.Fatalf("%s has no %s", tt.options, tt.old)
			}
			changed := []byte(strings.Replace(tt.options, tt.old, tt.fresh, 1))
			act := native.Client{}.Register
			if tt.options == requestOptions {
				act = native.Client{}.SignIn
			}
			if _, err := act(context.Background(), changed, native.Person{}); !errors.Is(err, &native.Error{Code: native.BadOptions}) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("no origin", func(t *testing.T) {
		_, err := native.Client{Origin: "wails"}.Register(context.Background(), []byte(creationOptions), native.Person{})
		if !errors.Is(err, &native.Error{Code: native.BadOptions}) {
			t.Errorf("got %v", err)
		}
	})
}
