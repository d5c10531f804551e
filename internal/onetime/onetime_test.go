package onetime_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/crockford"
	"gatehouse/internal/onetime"
	"gatehouse/internal/secret"
)

// plain is a digest that shows what it is given.
func plain(purpose string, data []byte) string { return purpose + ":" + string(data) }

func TestToken(t *testing.T) {
	token := onetime.NewToken()
	text := token.Reveal().Reveal()
	if len(text) != 43 {
		t.Errorf("a token has %d characters, want 43", len(text))
	}
	if text == onetime.NewToken().Reveal().Reveal() {
		t.Error("two tokens are the same")
	}
	parsed, err := onetime.Parse(secret.New(" " + text + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := parsed.(onetime.Token); !ok {
		t.Errorf("a token reads as %T", parsed)
	}
	if diff := cmp.Diff("onetime token:"+text, parsed.Digest(plain)); diff != "" {
		t.Error(diff)
	}
}

func TestCode(t *testing.T) {
	code := onetime.NewCode()
	text := code.Reveal().Reveal()
	if text == onetime.NewCode().Reveal().Reveal() {
		t.Error("two codes are the same")
	}
	var sizes []int
	for group := range strings.SplitSeq(text, "-") {
		sizes = append(sizes, len(group))
	}
	if diff := cmp.Diff([]int{4, 4, 4, 4, 5}, sizes); diff != "" {
		t.Errorf("groups of %s: %s", text, diff)
	}
	want := "onetime code:" + text
	for name, typed := range map[string]string{
		"as printed":    text,
		"lower case":    strings.ToLower(text),
		"no hyphens":    strings.ReplaceAll(text, "-", ""),
		"spaces":        strings.ReplaceAll(text, "-", "  "),
		"other dashes":  strings.ReplaceAll(text, "-", "\u2013"),
		"all separated": strings.Join(strings.Split(text, ""), " "),
		"O for 0":       strings.ReplaceAll(text, "0", "O"),
		"o for 0":       strings.ReplaceAll(text, "0", "o"),
		"I for 1":       strings.ReplaceAll(text, "1", "I"),
		"l for 1":       strings.ReplaceAll(text, "1", "l"),
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := onetime.Parse(secret.New(typed))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := parsed.(onetime.Code); !ok {
				t.Errorf("a code reads as %T", parsed)
			}
			if diff := cmp.Diff(want, parsed.Digest(plain)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// fixed is a code whose check symbol was worked out by hand: all symbols 0 but
// the last one before the check symbol, which is 1; a·1 is 2.
const fixed = "0000-0000-0000-0000-00012"

func TestParse(t *testing.T) {
	token := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 zero bytes
	tests := []struct {
		name, text string
		err        error
	}{
		{"code", fixed, nil},
		{"token", token, nil},
		{"wrong check symbol", "0000-0000-0000-0000-00013", onetime.ErrMistyped},
		{"wrong symbol", "0000-0000-0100-0000-00012", onetime.ErrMistyped},
		{"swapped", "0000-0000-0000-0000-00102", onetime.ErrMistyped},
		{"one missing", "0000-0000-0000-0000-0001", onetime.ErrMistyped},
		{"one too many", fixed + "0", onetime.ErrMistyped},
		{"U is no symbol", "U000-0000-0000-0000-00012", onetime.ErrMistyped},
		{"umlaut", "ü000-0000-0000-0000-00012", onetime.ErrMistyped},
		{"empty", "", onetime.ErrUnreadable},
		{"spaces", "  \t ", onetime.ErrUnreadable},
		{"a recovery code", "0000-0000-0000-0000", onetime.ErrUnreadable},
		{"six digits", "123456", onetime.ErrUnreadable},
		{"a sentence", "where do I find that code, please?", onetime.ErrUnreadable},
		{"a link", "https://desk.example/#/activate?t=" + token, onetime.ErrUnreadable},
		{"token too short", token[1:], onetime.ErrUnreadable},
		{"token too long", token + "A", onetime.ErrUnreadable},
		{"token with stray bits", token[1:] + "B", onetime.ErrUnreadable},
		{"token with a line break", token[:20] + "\n" + token[21:], onetime.ErrUnreadable},
		{"token of the other base 64", token[1:] + "+", onetime.ErrUnreadable},
		{"NUL", fixed + "\x00", onetime.ErrUnreadable},
		{"invalid UTF-8", "\xff" + fixed[1:], onetime.ErrUnreadable},
		{"very long", strings.Repeat("-", 1<<20) + fixed, onetime.ErrUnreadable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			proof, err := onetime.Parse(secret.New(test.text))
			if !errors.Is(err, test.err) || (err == nil) != (proof != nil) {
				t.Errorf("got %v, %v; want error %v", proof, err, test.err)
			}
		})
	}
}

// TestCode_CatchesSlips tries every wrong symbol in every place, and every swap
// of two places, on many codes. The check is linear, so these codes are no
// special ones.
func TestCode_CatchesSlips(t *testing.T) {
	for range 50 {
		symbols, err := crockford.Parse(onetime.NewCode().Reveal().Reveal())
		if err != nil {
			t.Fatal(err)
		}
		for place := range symbols {
			for wrong := range byte(32) {
				if wrong != symbols[place] {
					slip := slices.Clone(symbols)
					slip[place] = wrong
					wantMistyped(t, slip)
				}
			}
			for other := range place {
				if symbols[other] != symbols[place] {
					slip := slices.Clone(symbols)
					slip[place], slip[other] = slip[other], slip[place]
					wantMistyped(t, slip)
				}
			}
		}
	}
}

// TestCode_CatchesEverySwap tries every pair of different values in every two
// neighbouring places of one code.
func TestCode_CatchesEverySwap(t *testing.T) {
	for place := range 19 {
		for first := range byte(32) {
			for second := range byte(32) {
				if first == second {
					continue
				}
				symbols := withCheck(t, place, first, second)
				symbols[place], symbols[place+1] = symbols[place+1], symbols[place]
				wantMistyped(t, symbols)
			}
		}
	}
}

// withCheck returns a valid code with the two values at place, found by trying
// all check symbols: exactly one of them must fit.
func withCheck(t *testing.T, place int, first, second byte) []byte {
	t.Helper()
	symbols := make([]byte, 21)
	symbols[place], symbols[place+1] = first, second
	var found []byte
	for check := range byte(32) {
		symbols[20] = check
		if _, err := onetime.Parse(secret.New(crockford.Format(symbols))); err == nil {
			found = append(found, check)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d check symbols fit %v", len(found), symbols[:20])
	}
	symbols[20] = found[0]
	return symbols
}

func wantMistyped(t *testing.T, symbols []byte) {
	t.Helper()
	if _, err := onetime.Parse(secret.New(crockford.Format(symbols))); !errors.Is(err, onetime.ErrMistyped) {
		t.Fatalf("%v passes (%v)", symbols, err)
	}
}

func TestProof_PrintsNothing(t *testing.T) {
	token, code := onetime.NewToken(), onetime.NewCode()
	printed := fmt.Sprintf("%v %+v %#v %v %+v %#v", token, token, token, code, code, code)
	for _, text := range []string{token.Reveal().Reveal(), code.Reveal().Reveal()} {
		if strings.Contains(printed, text) {
			t.Errorf("%s shows in %s", text, printed)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(fixed)
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("\xff\u2014 o0il-U")
	f.Fuzz(func(t *testing.T, text string) {
		proof, err := onetime.Parse(secret.New(text))
		if err != nil {
			if !errors.Is(err, onetime.ErrMistyped) && !errors.Is(err, onetime.ErrUnreadable) {
				t.Errorf("unknown error %v", err)
			}
			return
		}
		var shown secret.OneTime
		switch proof := proof.(type) {
		case onetime.Token:
			shown = proof.Reveal()
		case onetime.Code:
			shown = proof.Reveal()
		}
		again, err := onetime.Parse(secret.New(shown.Reveal()))
		if err != nil || again.Digest(plain) != proof.Digest(plain) {
			t.Errorf("%q has no fixed form (%v)", text, err)
		}
	})
}
