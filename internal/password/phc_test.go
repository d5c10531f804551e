package password_test

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/password"
	"gatehouse/internal/secret"
)

func TestHasher_Malformed(t *testing.T) {
	h := hasher(t, bare{}, cheap)
	good := stored(t, h, phrase)
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return strings.Replace(good, old, with, 1)
	}
	tag := good[strings.LastIndex(good, "$")+1:]
	for name, text := range map[string]string{
		"argon2i":                  replace("argon2id", "argon2i"),
		"bcrypt":                   "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"older version":            replace("v=19", "v=16"),
		"no version":               replace("$v=19", ""),
		"no keyid":                 replace(",keyid=AAE", ""),
		"empty keyid":              replace("keyid=AAE", "keyid="),
		"keyid 0":                  replace("keyid=AAE", "keyid=AAA"),
		"long keyid":               replace("keyid=AAE", "keyid=AAEC"),
		"keyid without name":       replace("keyid=AAE", "AAE"),
		"huge memory":              replace("m=8,", "m=4194304,"),
		"memory above the bound":   replace("m=8,", "m=262145,"),
		"memory below the bound":   replace("m=8,", "m=7,"),
		"memory that overflows":    replace("m=8,", "m=4294967304,"),
		"leading zero":             replace("m=8,", "m=08,"),
		"sign":                     replace("m=8,", "m=+8,"),
		"no pass":                  replace("t=1,", "t=0,"),
		"too many passes":          replace("t=1,", "t=11,"),
		"no lane":                  replace("p=1,", "p=0,"),
		"too many lanes":           replace("p=1,", "p=255,"),
		"lanes that wrap round":    replace("p=1,", "p=257,"),
		"other order":              replace("m=8,t=1", "t=1,m=8"),
		"one more parameter":       replace(",keyid", ",data=AAE,keyid"),
		"no salt":                  "$argon2id$v=19$m=8,t=1,p=1,keyid=AAE$$" + tag,
		"short tag":                strings.TrimSuffix(good, tag) + tag[:22],
		"long tag":                 good + "AAAA",
		"padded":                   good + "=",
		"stray bits":               good[:len(good)-1] + "B",
		"line break":               good[:len(good)-10] + "\n" + good[len(good)-10:],
		"line break at the end":    good + "\n",
		"space":                    " " + good,
		"one part more":            good + "$",
		"very long":                good + strings.Repeat("A", 1<<20),
		"NUL":                      good + "\x00",
		"url-safe base 64":         strings.TrimSuffix(good, tag) + "-" + tag[1:],
		"text that is no hash":     "secret",
		"only the separators":      "$$$$$",
		"plain password as a hash": phrase,
	} {
		t.Run(name, func(t *testing.T) {
			verdict, err := h.Verify(t.Context(), text, secret.New(phrase))
			if !errors.Is(err, password.ErrMalformed) || verdict.Match {
				t.Errorf("%.120q: %+v, %v", text, verdict, err)
			}
			if !h.NeedsRehash(text) {
				t.Error("it does not need to be replaced")
			}
		})
	}
}

func TestNewHasher_Bounds(t *testing.T) {
	for _, params := range []password.Params{
		{},
		{Memory: 7, Time: 1, Threads: 1},
		{Memory: 8, Time: 0, Threads: 1},
		{Memory: 8, Time: 1, Threads: 0},
		{Memory: 15, Time: 1, Threads: 2},
		{Memory: 1 << 20, Time: 1, Threads: 1},
		{Memory: 64, Time: 1, Threads: 5},
		{Memory: 64, Time: 11, Threads: 1},
	} {
		if _, err := password.NewHasher(bare{}, params); err == nil {
			t.Errorf("%+v is taken", params)
		}
	}
}

func FuzzVerify(f *testing.F) {
	h, err := password.NewHasher(bare{}, cheap)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("$argon2id$v=19$m=64,t=1,p=1,keyid=AAE$c29tZXNhbHRzb21lc2FsdA$XLeLg+p+JNgiFrQNsye8eofeXr30s6P3j/ke/9xgk/0")
	f.Add("$argon2id$v=19$m=8,t=1,p=1,keyid=//8$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 {
			return
		}
		needs := h.NeedsRehash(text) // parses, without the time of a hash
		if !needs && !strings.HasPrefix(text, "$argon2id$v=19$m=") {
			t.Errorf("%q passes for a hash", text)
		}
	})
}
