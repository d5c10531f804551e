package vault_test

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/vault"
)

func TestParseKeyring(t *testing.T) {
	const key1, key2 = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "key 2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n"
	replace := func(old, with string) string { return strings.Replace(bothKeys, old, with, 1) }
	tests := []struct {
		name, text string
		want       error
	}{
		{"as written", bothKeys, nil},
		{"comments and empty lines", "# a\n\n" + replace("key 2", "# b\n\nkey 2") + "\n# c\n", nil},
		{"Windows line ends", strings.ReplaceAll(bothKeys, "\n", "\r\n"), nil},
		{"last line end missing", strings.TrimSuffix(bothKeys, "\n"), nil},
		{"empty", "", vault.ErrEmpty},
		{"only comments", "# key\n\n", vault.ErrEmpty},
		{"no end", strings.TrimSuffix(bothKeys, "end a0f7728249397629\n"), vault.ErrTruncated},
		{"only the first line", "gatehouse-keys 1\n", vault.ErrTruncated},
		{"half a key", bothKeys[:90], vault.ErrTruncated},
		{"half an end", bothKeys[:len(bothKeys)-5], vault.ErrTruncated},
		{"newer version", replace("gatehouse-keys 1", "gatehouse-keys 2"), vault.ErrMalformed},
		{"something else", "-----BEGIN PRIVATE KEY-----\nMC4\n", vault.ErrMalformed},
		{"key changed", replace("key 1 AAE", "key 1 AAF"), vault.ErrMalformed},
		{"number changed", replace("key 2", "key 3"), vault.ErrMalformed},
		{"installation changed", replace("ins_test", "ins_tesu"), vault.ErrMalformed},
		{"installation that climbs", replace("ins_test", "../etc"), vault.ErrMalformed},
		{"key missing", replace(key1, ""), vault.ErrMalformed},
		{"all keys missing", strings.Replace(replace(key1, ""), key2, "", 1), vault.ErrMalformed},
		{"keys in the wrong order", strings.Replace(replace(key1, ""), key2, key2+key1, 1), vault.ErrMalformed},
		{"key twice", replace(key2, key1), vault.ErrMalformed},
		{"key 0", replace("key 1", "key 0"), vault.ErrMalformed},
		{"short key", replace("GxwdHh8\n", "Gxwd\n"), vault.ErrMalformed},
		{"line after the end", bothKeys + "key 3 x\n", vault.ErrMalformed},
		{"two files in one", bothKeys + bothKeys, vault.ErrMalformed},
		{"NUL", replace("key 1", "\x00key 1"), vault.ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := vault.ParseKeyring(test.text)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "AAECAw") {
				t.Errorf("%q repeats a key", err)
			}
		})
	}
}

func TestNewKeyring(t *testing.T) {
	for _, id := range []string{"", "-a", "a b", "a/b", "..", "a+b", "a\nb", "ä", strings.Repeat("a", 65)} {
		if _, err := vault.NewKeyring(id); !errors.Is(err, vault.ErrMalformed) {
			t.Errorf("%q: got %v, want ErrMalformed", id, err)
		}
	}
	if newRing(t, "ins_a").Equal(newRing(t, "ins_a")) {
		t.Error("two new keyrings have the same key")
	}
	if _, err := (vault.Keyring{}).Grow(); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("an empty keyring grows (%v)", err)
	}
	if _, err := vault.New(vault.Keyring{}); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("a vault without keys opens (%v)", err)
	}
}

func FuzzParseKeyring(f *testing.F) {
	f.Add(bothKeys)
	f.Add(bothKeys[:90])
	f.Fuzz(func(t *testing.T, text string) {
		ring, err := vault.ParseKeyring(text)
		if err != nil {
			return
		}
		if _, err := vault.New(ring); err != nil {
			t.Errorf("%q parses but does not open: %v", text, err)
		}
	})
}
