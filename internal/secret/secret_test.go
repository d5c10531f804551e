package secret_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatehouse/internal/secret"
)

const canary = "canary-7Hq2-wren"

// hidden has its secrets where fmt cannot call their methods.
type hidden struct {
	text    secret.Text
	oneTime secret.OneTime
	key     secret.Key
}

// shown has them where everybody can.
type shown struct {
	Text secret.Text
	Key  secret.Key
}

func TestSecrets_PrintNothing(t *testing.T) {
	key, err := secret.KeyFrom([]byte(canary + canary)[:secret.KeySize])
	if err != nil {
		t.Fatal(err)
	}
	text, oneTime := secret.New(canary), secret.NewOneTime(canary)
	values := map[string]any{
		"text": text, "pointer to text": &text, "one time": oneTime, "key": key,
		"hidden":  hidden{text, oneTime, key},
		"pointer": &hidden{text, oneTime, key},
		"shown":   shown{text, key},
		"slice":   []secret.Text{text},
		"map":     map[string]secret.OneTime{"a": oneTime},
		"nested":  struct{ in any }{hidden{text, oneTime, key}},
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%o", "%b", "% x", "%#x", "%20s", "%t"}
	for name, value := range values {
		for _, verb := range verbs {
			t.Run(name+"/"+verb, func(t *testing.T) {
				wantSilent(t, fmt.Sprintf(verb, value))
			})
		}
		t.Run(name+"/print", func(t *testing.T) {
			wantSilent(t, fmt.Sprint(value))
			wantSilent(t, fmt.Errorf("sign in with %v: %w", value, errors.New("no")).Error())
		})
		t.Run(name+"/slog", func(t *testing.T) {
			var out bytes.Buffer
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value, slog.Any("again", value))
			if name != "map" { // a one-time secret in a JSON log would be its marshalled form
				slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
			}
			wantSilent(t, out.String())
		})
	}
	for _, value := range []any{text, oneTime, key} {
		if got := fmt.Sprintf("%v", value); got != secret.Mask {
			t.Errorf("%T prints %q, want %q", value, got, secret.Mask)
		}
	}
}

func wantSilent(t *testing.T, printed string) {
	t.Helper()
	numbers := strings.Trim(strings.ReplaceAll(fmt.Sprint([]byte(canary)), ",", ""), "[]")
	for _, form := range []string{
		canary, hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))),
		fmt.Sprintf("% x", canary), numbers,
	} {
		if strings.Contains(printed, form) {
			t.Errorf("the secret shows in %q", printed)
		}
	}
}

func TestText_JSON(t *testing.T) {
	var in struct {
		Password secret.Text `json:"password"`
		Absent   secret.Text `json:"absent,omitzero"`
	}
	if err := json.Unmarshal([]byte(`{"password":"`+canary+`"}`), &in); err != nil {
		t.Fatal(err)
	}
	if got := in.Password.Reveal(); got != canary {
		t.Errorf("read %q, want %q", got, canary)
	}
	out, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), `{"password":"…"}`; got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
}

func TestText_UnmarshalJSON(t *testing.T) {
	tests := []struct {
		name, json, want string
		err              error
	}{
		{"string", `"a b"`, "a b", nil},
		{"empty", `""`, "", nil},
		{"escapes", `"\u00e9\n"`, "é\n", nil},
		{"null keeps what was there", `null`, "before", nil},
		{"number", `12345`, "before", secret.ErrNotText},
		{"object", `{"a":"` + canary + `"}`, "before", secret.ErrNotText},
		{"list", `["` + canary + `"]`, "before", secret.ErrNotText},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, oneTime := secret.New("before"), secret.NewOneTime("before")
			for _, err := range []error{json.Unmarshal([]byte(test.json), &text), json.Unmarshal([]byte(test.json), &oneTime)} {
				if !errors.Is(err, test.err) {
					t.Errorf("got error %v, want %v", err, test.err)
				}
				if err != nil {
					wantSilent(t, err.Error())
				}
			}
			if text.Reveal() != test.want || oneTime.Reveal() != test.want {
				t.Errorf("read %q and %q, want %q", text.Reveal(), oneTime.Reveal(), test.want)
			}
		})
	}
}

func TestOneTime_JSON(t *testing.T) {
	out, err := json.Marshal(secret.NewOneTime(canary))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), `"`+canary+`"`; got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
	var back secret.OneTime
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if !back.Equal(secret.NewOneTime(canary)) {
		t.Error("a one-time secret does not survive JSON")
	}
}

func TestEqual(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"a", "a", true},
		{"a", "b", false},
		{"a", "ab", false},
		{"", "a", false},
		{canary + "1", canary + "2", false},
	}
	for _, test := range tests {
		if got := secret.New(test.a).Equal(secret.New(test.b)); got != test.want {
			t.Errorf("%q equal to %q: %v, want %v", test.a, test.b, got, test.want)
		}
		if got := secret.NewOneTime(test.a).Equal(secret.NewOneTime(test.b)); got != test.want {
			t.Errorf("one time: %q equal to %q: %v, want %v", test.a, test.b, got, test.want)
		}
	}
	if !(secret.Text{}).IsZero() || !secret.New("").IsZero() || secret.New("a").IsZero() {
		t.Error("IsZero must tell the empty text from others")
	}
	if !(secret.Text{}).Equal(secret.New("")) {
		t.Error("the zero text is the empty text")
	}
}

func TestKey(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33, 64} {
		if _, err := secret.KeyFrom(make([]byte, size)); err == nil {
			t.Errorf("a key of %d bytes was taken", size)
		}
	}
	a, b := secret.NewKey(), secret.NewKey()
	if a.Equal(b) {
		t.Error("two new keys are the same")
	}
	material := a.Reveal()
	same, err := secret.KeyFrom(material)
	if err != nil {
		t.Fatal(err)
	}
	clear(material)
	if !same.Equal(a) {
		t.Error("a key must not share memory with what it was made of")
	}
	if !(secret.Key{}).IsZero() || a.IsZero() {
		t.Error("only the zero key is zero")
	}
	if out, _ := json.Marshal(a); string(out) != `"…"` {
		t.Errorf("a key marshals to %s", out)
	}
}
