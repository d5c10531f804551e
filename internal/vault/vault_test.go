package vault_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"gatehouse/internal/secret"
	"gatehouse/internal/vault"
)

// bothKeys is a keyring of the bytes 0 to 31 and 32 to 63. All expected values
// for it were computed with @noble/ciphers, @noble/hashes and @noble/curves,
// which share no code with this package: they pin the formats.
const bothKeys = `gatehouse-keys 1
installation ins_test
key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8
key 2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8
end a0f7728249397629
`

func ring(t testing.TB, text string) vault.Keyring {
	t.Helper()
	parsed, err := vault.ParseKeyring(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func open(t testing.TB, ring vault.Keyring) *vault.Vault {
	t.Helper()
	v, err := vault.New(ring)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fresh returns a vault with one random key.
func fresh(t testing.TB, installation string) *vault.Vault {
	t.Helper()
	return open(t, newRing(t, installation))
}

func newRing(t testing.TB, installation string) vault.Keyring {
	t.Helper()
	made, err := vault.NewKeyring(installation)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

var totp = vault.Place{Table: "user", Column: "totp", Row: "usr_1"}

func TestVault_Formats(t *testing.T) {
	v := open(t, ring(t, bothKeys))
	for _, sealed := range []string{
		"g1.1.ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7GHKqS75Yq1iewDcCPFlPsVoHaGBSjK3-57CmKj9s",
		"g1.2.ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7UeJg2bTCWbyLrA9KqolIbS5DJcgImU4z_ldVs7Uy",
	} {
		plain, err := v.Open(totp, sealed)
		if err != nil || string(plain) != "attack at dawn" {
			t.Errorf("%s opens as %q (%v)", sealed, plain, err)
		}
	}
	pepper, id := v.Pepper([]byte("correct horse"))
	older, err := v.PepperWith(1, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"pepper": hex.EncodeToString(pepper), "older": hex.EncodeToString(older), "id": id,
		"digests": v.Digests("onetime code", []byte("ABC")), "digest": v.Digest("onetime code", []byte("ABC")),
		"check": v.KeyCheck(), "log": v.LogKeys(), "origin": v.LogOrigin(),
	}
	want := map[string]any{
		"pepper":  "bf75ed90b230bf4fba56ca8be09dccfd23775de1f85bb00554677474b5a93fa5",
		"older":   "027cfc5d875c378caf2843fee0357aeca390e30ef9f4d2610c9bac1e8c02bfbc",
		"id":      secret.KeyID(2),
		"digest":  "d1.2.nnlD1m5uSxwkShgDvVwOr564dU9LIjWnfIJV5rNDSjM",
		"digests": []string{"d1.2.nnlD1m5uSxwkShgDvVwOr564dU9LIjWnfIJV5rNDSjM", "d1.1.BmOqy-AgHZ5h8nNlkvDISzQpEKvHyk3F890QxbnGHN0"},
		"check":   "k1.2.WOhHeO8GEztLzoYO2vwpZQ.wa4rcQ",
		"log": []string{
			"gatehouse/ins_test+617749b3+AWKa3RuhIJz/3GFQfiyiHU+pqUfF89k3gMTky+CO0qU1",
			"gatehouse/ins_test+7af84130+AcfB3bDXsmQNV0pZKD6+uhpWIsTWDprnwP4LKgWRYNnv",
		},
		"origin": "gatehouse/ins_test",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestVault_SealOpen(t *testing.T) {
	v := fresh(t, "ins_a")
	for _, plain := range []string{"", "x", strings.Repeat("long ", 20000), "\x00\xff"} {
		sealed, again := v.Seal(totp, []byte(plain)), v.Seal(totp, []byte(plain))
		if sealed == again {
			t.Error("sealing twice gives the same text")
		}
		if got, err := v.Open(totp, sealed); err != nil || string(got) != plain {
			t.Errorf("%.20q opens as %.20q (%v)", plain, got, err)
		}
		if len(plain) > 4 && strings.Contains(sealed, plain) {
			t.Errorf("%s shows the content", sealed)
		}
	}
}

func TestVault_Open_refused(t *testing.T) {
	v := fresh(t, "ins_a")
	sealed := v.Seal(totp, []byte("attack at dawn"))
	body := strings.TrimPrefix(sealed, "g1.1.")
	flip := func(place int) string {
		changed := []byte(sealed)
		changed[place] = map[bool]byte{true: 'B', false: 'A'}[changed[place] == 'A']
		return string(changed)
	}
	tests := []struct {
		name, sealed string
		place        vault.Place
		want         error
	}{
		{"other row", sealed, vault.Place{Table: "user", Column: "totp", Row: "usr_2"}, vault.ErrNotAuthentic},
		{"other column", sealed, vault.Place{Table: "user", Column: "mail", Row: "usr_1"}, vault.ErrNotAuthentic},
		{"other table", sealed, vault.Place{Table: "users", Column: "totp", Row: "usr_1"}, vault.ErrNotAuthentic},
		{"border of table and column moved", sealed, vault.Place{Table: "usert", Column: "otp", Row: "usr_1"}, vault.ErrNotAuthentic},
		{"border of column and row moved", sealed, vault.Place{Table: "user", Column: "totpu", Row: "sr_1"}, vault.ErrNotAuthentic},
		{"nonce changed", flip(7), totp, vault.ErrNotAuthentic},
		{"content changed", flip(45), totp, vault.ErrNotAuthentic},
		{"tag changed", flip(len(sealed) - 3), totp, vault.ErrNotAuthentic},
		{"cut short", sealed[:len(sealed)-4], totp, vault.ErrNotAuthentic},
		{"key that is not there", "g1.2." + body, totp, vault.ErrUnknownKey},
		{"key 0", "g1.0." + body, totp, vault.ErrMalformed},
		{"key with a leading zero", "g1.01." + body, totp, vault.ErrMalformed},
		{"key with a sign", "g1.+1." + body, totp, vault.ErrMalformed},
		{"key out of range", "g1.65537." + body, totp, vault.ErrMalformed},
		{"other version", "g2.1." + body, totp, vault.ErrMalformed},
		{"digest", "d1.1." + body, totp, vault.ErrMalformed},
		{"no version", body, totp, vault.ErrMalformed},
		{"padded", sealed + "=", totp, vault.ErrMalformed},
		{"line break", sealed[:20] + "\n" + sealed[20:], totp, vault.ErrMalformed},
		{"part too many", sealed + ".AAAA", totp, vault.ErrMalformed},
		{"shorter than nonce and tag", sealed[:5+52], totp, vault.ErrMalformed},
		{"empty", "", totp, vault.ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plain, err := v.Open(test.place, test.sealed)
			if !errors.Is(err, test.want) || plain != nil {
				t.Fatalf("got %q, %v; want %v", plain, err, test.want)
			}
			if !strings.Contains(err.Error(), test.place.Row) {
				t.Errorf("%q does not say where", err)
			}
		})
	}
	if _, err := fresh(t, "ins_a").Open(totp, sealed); !errors.Is(err, vault.ErrNotAuthentic) {
		t.Errorf("another key: got %v, want ErrNotAuthentic", err)
	}
}

func TestVault_Seal_incompletePlace(t *testing.T) {
	v := fresh(t, "ins_a")
	for _, place := range []vault.Place{{}, {"", "b", "c"}, {"a", "", "c"}, {"a", "b", ""}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v can be sealed", place)
				}
			}()
			v.Seal(place, nil)
		}()
	}
}

func TestVault_Grow(t *testing.T) {
	old := newRing(t, "ins_a")
	grown, err := old.Grow()
	if err != nil {
		t.Fatal(err)
	}
	before, after := open(t, old), open(t, grown)
	if before.Newest() != 1 || after.Newest() != 2 {
		t.Errorf("newest keys %d and %d, want 1 and 2", before.Newest(), after.Newest())
	}
	sealed := before.Seal(totp, []byte("x"))
	if _, err := after.Open(totp, sealed); err != nil {
		t.Errorf("an older key does not open any more: %v", err)
	}
	resealed := after.Seal(totp, []byte("x"))
	if id, err := vault.KeyOf(resealed); id != 2 || err != nil {
		t.Errorf("sealed with key %d (%v), want 2", id, err)
	}
	if _, err := before.Open(totp, resealed); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("got %v, want ErrUnknownKey", err)
	}
	if err := after.VerifyKeyCheck(before.KeyCheck()); err != nil {
		t.Errorf("the key check value of the older key: %v", err)
	}
	if diff := cmp.Diff(before.Digest("p", []byte("x")), after.Digests("p", []byte("x"))[1]); diff != "" {
		t.Errorf("what was stored before is not found: %s", diff)
	}
	if _, err := before.PepperWith(2, nil); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("got %v, want ErrUnknownKey", err)
	}
}

func TestVault_Digest_purposes(t *testing.T) {
	v, seen := fresh(t, "ins_a"), map[string]string{}
	for _, in := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"a", "b"}, {"\x01a", "bc"}} {
		digest := v.Digest(in[0], []byte(in[1]))
		if other, twice := seen[digest]; twice {
			t.Errorf("%q and %s have the same digest", in, other)
		}
		seen[digest] = fmt.Sprintf("%q", in)
	}
	if v.Digest("a", []byte("b")) == fresh(t, "ins_a").Digest("a", []byte("b")) {
		t.Error("digests do not depend on the key")
	}
}

func TestVault_VerifyKeyCheck(t *testing.T) {
	v := open(t, ring(t, bothKeys))
	value := v.KeyCheck()
	sameKeysElsewhere := fresh(t, "ins_other")
	tests := []struct {
		name, value string
		v           *vault.Vault
		want        error
	}{
		{"its own", value, v, nil},
		{"of an older key", "k1.1.o4n67w2KokcICRFtSsNBSw.-ABfsA", v, nil},
		{"another key", value, fresh(t, "ins_test"), vault.ErrWrongKey},
		{"another key of the same number", sameKeysElsewhere.KeyCheck(), fresh(t, "ins_other"), vault.ErrWrongKey},
		{"flipped bit", strings.Replace(value, "k1.2.W", "k1.2.X", 1), v, vault.ErrMalformed},
		{"flipped number", strings.Replace(value, "k1.2.", "k1.1.", 1), v, vault.ErrMalformed},
		{"cut short", value[:len(value)-2], v, vault.ErrMalformed},
		{"empty", "", v, vault.ErrMalformed},
		{"zeros", strings.Repeat("\x00", len(value)), v, vault.ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.v.VerifyKeyCheck(test.value)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestVault_Log(t *testing.T) {
	old := newRing(t, "ins_a")
	grown, err := old.Grow()
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, grown)
	for name, signer := range map[string]note.Signer{"before a rotation": open(t, old).LogSigner(), "after it": v.LogSigner()} {
		signed, err := note.Sign(&note.Note{Text: v.LogOrigin() + "\n1\n"}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if signer.Name() != "gatehouse/ins_a" {
			t.Errorf("the key is called %s", signer.Name())
		}
		if _, err := note.Open(signed, v.LogVerifiers()); err != nil {
			t.Errorf("signed %s: %v", name, err)
		}
		if _, err := note.Open(signed, fresh(t, "ins_a").LogVerifiers()); err == nil {
			t.Errorf("signed %s: a stranger's key verifies it", name)
		}
		changed := strings.Replace(string(signed), "\n1\n", "\n2\n", 1)
		if _, err := note.Open([]byte(changed), v.LogVerifiers()); err == nil {
			t.Errorf("signed %s: a changed note verifies", name)
		}
	}
}

func TestVault_PrintsNothing(t *testing.T) {
	keys := ring(t, bothKeys)
	v := open(t, keys)
	holder := struct {
		keys vault.Keyring
		v    *vault.Vault
	}{keys, v}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for name, value := range map[string]any{"keyring": keys, "vault": v, "holder": holder, "pointer": &holder} {
			printed := fmt.Sprintf(verb, value)
			for _, canary := range []string{"0 1 2 3 4 5", "0x1, 0x2", "000102030405", "AAECAw", `\x01\x02\x03`} {
				if strings.Contains(printed, canary) {
					t.Errorf("%s: %s prints %s", name, verb, printed)
				}
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys, err := vault.ParseKeyring(bothKeys)
	if err != nil {
		f.Fatal(err)
	}
	v := open(f, keys)
	good := "g1.1.ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7GHKqS75Yq1iewDcCPFlPsVoHaGBSjK3-57CmKj9s"
	f.Add(good)
	f.Add("g1.65535.")
	f.Fuzz(func(t *testing.T, sealed string) {
		if _, err := v.Open(totp, sealed); err == nil && sealed != good {
			t.Errorf("%q is a second form of a sealed text, or forged", sealed)
		}
		if v.VerifyKeyCheck(sealed) == nil {
			t.Errorf("%q passes as a key check value", sealed)
		}
	})
}
