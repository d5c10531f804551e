package rest_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"gatehouse/internal/mfa"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
)

// Every secret there is goes through every flow that takes it, right and
// wrong, whole and mangled. None of them may be found in the database, in what
// SQLite keeps beside it, in the log of the program or in the activity log.
func TestSecrets_leaveNoTrace(t *testing.T) {
	g := newGate(t)
	canaries := map[string]string{"password": opstest.Password, "wrong password": "canary guess of a password"}
	text := func(a answer, path ...string) string {
		t.Helper()
		var v any
		if err := json.Unmarshal(a.body, &v); err != nil || a.status != 200 && a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for _, p := range path {
			if list, ok := v.([]any); ok {
				v = list[0]
				continue
			}
			v = v.(map[string]any)[p]
		}
		return v.(string)
	}
	post := func(path, body, token string) answer {
		return g.do(call{method: "POST", path: "/api/v1" + path, body: body, token: token})
	}
	// mangled sends the same in ways that fail.
	mangled := func(path, body, token string) {
		for _, b := range []string{body[:len(body)-1], body + body, "[" + body + "]", strings.Replace(body, `{`, `{"extra":`+body+`,`, 1)} {
			if a := post(path, b, token); a.status < 300 || bytes.Contains(a.body, []byte("canary")) {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	app := func(name string, a answer) mfa.AppSecret {
		shown := text(a, "authenticatorApp", "key")
		plain := strings.ReplaceAll(shown, " ", "")
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
		if err != nil {
			t.Fatal(err)
		}
		canaries["key of the app of "+name] = plain
		canaries["key of the app of "+name+" as shown"] = shown
		canaries["key of the app of "+name+" in base64"] = base64.RawStdEncoding.EncodeToString(key)[:26]
		canaries["key of the app of "+name+" in base64url"] = base64.RawURLEncoding.EncodeToString(key)[:26]
		canaries["key of the app of "+name+" in hex"] = hex.EncodeToString(key)
		canaries["key of the app of "+name+" raw"] = string(key)
		s, err := mfa.ParseAppSecret(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	now := func(s mfa.AppSecret) string {
		c, err := mfa.Code(s, g.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c.Reveal()
	}

	setup := `{"accountHandle":"harbour","accountName":"Harbour","accountEmail":"o@harbour.example","login":"anna","name":"Anna Peeters","email":"anna@harbour.example","language":"en","password":"` + opstest.Password + `"}`
	mangled("/setup", setup, "")
	begun := post("/setup", setup, "")
	canaries["ceremony of set-up"] = text(begun, "ceremony")
	canaries["recovery code"] = text(begun, "recoveryCodes", "0")
	anna := app("anna", begun)
	confirm := `{"ceremony":"` + canaries["ceremony of set-up"] + `","code":"` + now(anna) + `"}`
	mangled("/setup/finish", confirm, "")
	done := post("/setup/finish", confirm, "")
	token := done.cookies[0].Value
	canaries["session of anna"] = token
	roles := g.do(call{method: "GET", path: "/api/v1/roles", token: token})
	added := post("/users", `{"login":"tom","name":"Tom","email":"t@harbour.example","language":"de","roles":["`+text(roles, "entities", "0", "id")+`"]}`, token)
	_, canaries["token of the link"], _ = strings.Cut(text(added, "activation", "link"), "?t=")
	canaries["code on paper"] = text(added, "activation", "code")
	mangled("/activation/check", `{"secret":"`+canaries["code on paper"]+`"}`, "")
	post("/activation/check", `{"secret":"`+canaries["token of the link"]+`"}`, "")
	activate := `{"secret":"` + canaries["code on paper"] + `","password":"` + opstest.Password + `"}`
	mangled("/activation/complete", activate, "")
	if a := post("/activation/complete", activate, ""); a.status != 200 {
		t.Fatalf("%s", a.body)
	}
	guess := `{"login":"tom","password":"` + canaries["wrong password"] + `"}`
	mangled("/session", guess, "")
	post("/session", guess, "")
	post("/session", `{"login":"nobody","password":"`+canaries["wrong password"]+`"}`, "")
	tom := post("/session", `{"login":"tom","password":"`+opstest.Password+`"}`, "").cookies[0].Value
	canaries["session of tom"] = tom
	begun = post("/profile/authenticator-apps", "", tom)
	canaries["ceremony of the app"] = text(begun, "ceremony")
	toms := app("tom", begun)
	renewed := post("/profile/authenticator-apps/confirm", `{"ceremony":"`+canaries["ceremony of the app"]+`","code":"`+now(toms)+`"}`, tom)
	canaries["session of tom, renewed"] = renewed.cookies[0].Value
	waiting := post("/session", `{"login":"anna","password":"`+opstest.Password+`"}`, "")
	canaries["ceremony of a sign-in"] = text(waiting, "ceremony")
	verify := `{"ceremony":"` + canaries["ceremony of a sign-in"] + `","recoveryCode":"` + canaries["recovery code"] + `"}`
	mangled("/session/second-factor", verify, "")
	post("/session/second-factor", verify, "")
	post("/session/second-factor", verify, "")
	g.do(call{method: "GET", path: "/api/v1/users?q=" + token, token: token + "x"})
	g.do(call{method: "GET", path: "/api/v1/nothing", token: token, outside: true})
	g.Tidy()
	// A fault of ours is logged with its cause; the secret of the call is not.
	g.Exec(`ALTER TABLE users RENAME TO users_gone`)
	if a := post("/session", `{"login":"anna","password":"`+opstest.Password+`"}`, ""); a.status != 500 || a.problem(t).Code != problem.Internal || bytes.Contains(a.body, []byte("users")) {
		t.Errorf("a fault of ours: %d %s", a.status, a.body)
	}
	g.Exec(`ALTER TABLE users_gone RENAME TO users`)

	places := map[string][]byte{"log of the program": g.log.bytes()}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(g.Path + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		places["gatehouse.db"+suffix] = b
	}
	var leaves bytes.Buffer
	for _, r := range g.Records() {
		leaf, err := r.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		leaves.Write(leaf)
	}
	places["activity"] = leaves.Bytes()
	for where, b := range places {
		for what, c := range canaries {
			if len(c) < 9 {
				t.Errorf("the canary %s is too short to be told from chance", what)
			}
			for _, form := range []string{c, strings.ReplaceAll(c, "-", "")} {
				if bytes.Contains(b, []byte(form)) {
					t.Errorf("%s is in the %s", what, where)
				}
			}
		}
	}
	// The search finds what is there.
	if !bytes.Contains(append(places["gatehouse.db"], places["gatehouse.db-wal"]...), []byte("Anna Peeters")) || !bytes.Contains(places["log of the program"], []byte("request failed")) {
		t.Error("the search finds nothing at all")
	}
}
