package mfa_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/mfa"
	"gatehouse/internal/secret"
)

func plain(purpose string, data []byte) string { return purpose + ":" + string(data) }

func TestNewRecoveryCodes(t *testing.T) {
	codes := mfa.NewRecoveryCodes()
	if len(codes) != 10 {
		t.Fatalf("%d codes, want 10", len(codes))
	}
	form := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$`) // 16 symbols: 80 bits
	seen := map[string]bool{}
	for _, code := range codes {
		text := code.Reveal().Reveal()
		if !form.MatchString(text) || seen[text] {
			t.Errorf("code %q", text)
		}
		seen[text] = true
		if strings.Contains(fmt.Sprintf("%v %+v %#v", code, code, codes), text) {
			t.Errorf("%s shows in print", text)
		}
		back, err := mfa.ParseRecoveryCode(secret.New(text))
		if err != nil || back.Digest(plain) != code.Digest(plain) {
			t.Errorf("%s does not read as itself (%v)", text, err)
		}
	}
}

func TestParseRecoveryCode(t *testing.T) {
	const want = "recovery code:01AB-CDEF-GHJK-MNPQ"
	tests := []struct {
		name, text, want string
	}{
		{"as printed", "01AB-CDEF-GHJK-MNPQ", want},
		{"lower case", "01ab-cdef-ghjk-mnpq", want},
		{"spaces", " 01ab cdef ghjk mnpq ", want},
		{"no groups", "01ABCDEFGHJKMNPQ", want},
		{"O and I", "OIAB-CDEF-GHJK-MNPQ", want},
		{"o and l", "olab-cdef-ghjk-mnpq", want},
		{"too short", "01AB-CDEF-GHJK-MNP", ""},
		{"too long", "01AB-CDEF-GHJK-MNPQ0", ""},
		{"U", "U1AB-CDEF-GHJK-MNPQ", ""},
		{"empty", "", ""},
		{"NUL", "01AB-CDEF-GHJK-MNPQ\x00", ""},
		{"very long", strings.Repeat(" ", 1<<20) + "01AB-CDEF-GHJK-MNPQ", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, err := mfa.ParseRecoveryCode(secret.New(test.text))
			if test.want == "" {
				if !errors.Is(err, mfa.ErrRecoveryCode) {
					t.Fatalf("got %v, want ErrRecoveryCode", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, code.Digest(plain)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
