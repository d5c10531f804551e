package password_test

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/password"
	"gatehouse/internal/secret"
)

//go:embed listed.txt
var list string

// anna is who chooses in these tests.
func anna() password.About {
	return password.About{
		AccountHandle: "acme-web", AccountName: "Acme Web Hosting B.V.", Login: "adevries",
		Name: "Anna de Vries", Email: "anna.d+desk@acme.example",
	}
}

// codeOf returns the code of a refusal, or "" for a password that was accepted.
func codeOf(t testing.TB, text string, protection password.Protection, about password.About) password.Code {
	t.Helper()
	_, err := password.Choose(secret.New(text), protection, about)
	if err == nil {
		return ""
	}
	var refusal *password.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("%q: the error is a %T", text, err)
	}
	if len(text) > 8 && strings.Contains(refusal.Error(), text) {
		t.Errorf("%q is repeated in %q", text, refusal)
	}
	return refusal.Code
}

func TestChoose_Length(t *testing.T) {
	const odd = "kT9#vQ2!mX7&zR4" // 15 characters
	tests := []struct {
		name, text string
		protection password.Protection
		want       password.Code
	}{
		{"15", odd, password.Alone, ""},
		{"14", odd[:14], password.Alone, password.TooShort},
		{"14 with a second factor", odd[:14], password.WithSecondFactor, ""},
		{"8 with a second factor", odd[:8], password.WithSecondFactor, ""},
		{"7 with a second factor", odd[:7], password.WithSecondFactor, password.TooShort},
		{"empty", "", password.Alone, password.TooShort},
		{"empty with a second factor", "", password.WithSecondFactor, password.TooShort},
		{"unknown protection asks for most", odd[:14], password.Protection(9), password.TooShort},
		{"64", varied(64), password.Alone, ""},
		{"1024 bytes", varied(1024), password.Alone, ""},
		{"1025 bytes", varied(1025), password.Alone, password.TooLong},
		{"1 MiB", varied(1 << 20), password.Alone, password.TooLong},
		{"bytes count above", strings.Repeat("äöüßéèñåøœ", 51) + "abcde", password.Alone, password.TooLong},
		{"characters count below", "ключ от дома зелёный", password.Alone, ""},
		{"15 characters of 4 bytes", "🐘🦊🐙🦉🐳🦋🐝🦔🐢🦀🐌🦜🐡🦩🐏", password.Alone, ""},
		{"14 characters of 4 bytes", "🐘🦊🐙🦉🐳🦋🐝🦔🐢🦀🐌🦜🐡🦩", password.Alone, password.TooShort},
		{"15 code points are 14 in NFC", "kT9#vQ2!mX7&ze\u0301", password.Alone, password.TooShort},
		{"NFC longer than what was typed", strings.Repeat("\U0001d15e\U0001d15f\U0001d160\U0001d161", 64), password.Alone, password.TooLong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := codeOf(t, test.text, test.protection, anna()); got != test.want {
				t.Errorf("%.40q (%d characters): got %q, want %q", test.text, utf8.RuneCountInString(test.text), got, test.want)
			}
		})
	}
}

// varied returns size characters that repeat nothing.
func varied(size int) string {
	var text strings.Builder
	for number := 1; text.Len() < size; number++ {
		fmt.Fprintf(&text, "%x", number*number*7919)
	}
	return text.String()[:size]
}

func TestChoose_BadText(t *testing.T) {
	for name, text := range map[string]string{
		"NUL": "correct horse\x00battery", "NUL at the end": "correct horse battery staple\x00",
		"invalid UTF-8": "correct horse \xff battery", "half a character": "correct horse battery \xe2\x82",
		"surrogate": "correct horse \xed\xa0\x80 battery", "replacement character": "correct horse \ufffd battery",
	} {
		t.Run(name, func(t *testing.T) {
			if got := codeOf(t, text, password.Alone, password.About{}); got != password.BadText {
				t.Errorf("got %q, want %q", got, password.BadText)
			}
		})
	}
}

func TestChoose_Listed(t *testing.T) {
	refused := []string{
		// as they are, case and all
		"passwordpassword", "PasswordPassword", "1qaz2wsx3edc4rfv", "1234567890987654321", "qwerty123456789", "momsanaladventure",
		// surrounded by digits and symbols
		"password1234567", "!!!password!!!!!", "2026-Sunshine-2026", "dragon123456789!", "***monkey***2026", "abc123!!!!!!!!!", "  password      ",
		// repeated
		"dragondragondragon", "dragon-dragon-dragon", "hunter2hunter2hunter2", "Monkey1!Monkey1!Monkey1!", "sunshinesunshinesun", "xkq7xkq7xkq7xkq7",
		// letters as digits, accents, widths
		"p4ssw0rdp4ssw0rd", "P@$$w0rd2026!!!!", "pässwörd1234567", "ｐａｓｓｗｏｒｄ１２３４５６７", "m0nk3y!!!!!!!!!!!",
		// one after the other
		"footballmonkey99", "football-monkey-7", "iloveyouforever", "dragon2010shadow", "letmeinletmein!", "trustno1monkey1",
		// one character, few characters, rows
		"aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaab", "ababababababababa", "               ", "...............", "💩💩💩💩💩💩💩💩💩💩💩💩💩💩💩",
		"123456789012345", "987654321098765", "abcdefghijklmno", "qwertyuiopasdfgh", "qwertzuiopasdfgh", "azertyuiopqsdfg", "poiuytrewqlkjhgf",
		"aaaabbbbccccdddd", "1234abcd5678efgh", "!@#$%^&*()123456",
	}
	for _, text := range refused {
		if got := codeOf(t, text, password.Alone, anna()); got != password.Listed {
			t.Errorf("%q: got %q, want %q", text, got, password.Listed)
		}
	}
	for _, text := range []string{"password", "PASSWORD", "12345678", "sunshine", "p@ssw0rd", "qwertyui", "sunshine1", "trustno1", "00000000"} {
		if got := codeOf(t, text, password.WithSecondFactor, anna()); got != password.Listed {
			t.Errorf("%q with a second factor: got %q, want %q", text, got, password.Listed)
		}
	}
}

func TestChoose_Accepted(t *testing.T) {
	accepted := []string{
		"correct horse battery staple", "correcthorsebatterystaple", "four brown owls eat soup", "lantern-harbour-cobalt-7",
		"practice-harbour-lantern-42", "my dog buried 3 bones", "Ich mag keine Rosinen", "wir sehen uns am Deich",
		"kT9#vQ2!mX7&zR4", "837465920174659", "b7e1c04f9a52d836", "zNyT7wq2LmVc0Rxa", "vrPq-8sLm-2kTz-9xWb", "=h}7+^Vq;~2(<k:",
		"пять жёлтых слонов", "四頭の象が青い川を渡って歩いていく", "anna likes purple wombats", "the gatehouse is full of owls",
		" leading and trailing spaces ", "tab\tand\nnewline are text",
	}
	for _, text := range accepted {
		if got := codeOf(t, text, password.Alone, anna()); got != "" {
			t.Errorf("%q is refused: %s", text, got)
		}
	}
}

func TestChoose_Context(t *testing.T) {
	refused := []string{
		"gatehousegatehouse", "Gatehouse-2026-!!", "1234567gatehouse", "G4teh0use!!!!!!!!", "mygatehouse2026!", "gate.house.2026.!",
		"acmewebacmeweb1!", "acme-web-acme-web", "ACME web hosting 2026", "acmewebhostingbv", "Hosting_Acme_99999",
		"adevries12345678", "Adevries!Adevries", "adevriesgatehouse", "anna.de.vries.1990", "DeVriesAnna2026", "ånnâdeVriës12345",
		"anna.d+desk2026!", "annadesk annadesk", "gatehousepassword", "acmewebpassword1",
	}
	for _, text := range refused {
		if got := codeOf(t, text, password.Alone, anna()); got != password.Context {
			t.Errorf("%q: got %q, want %q", text, got, password.Context)
		}
	}
	tests := []struct {
		name, text string
		about      password.About
		want       password.Code
	}{
		{"product without any names", "gatehouse 20262026", password.About{}, password.Context},
		{"somebody else's name", "adevries ruw 4 kliff", password.About{Login: "bjansen"}, ""},
		{"short names are in words by chance", "x9-io-kT9#vQ2!mX7", password.About{Login: "io"}, ""},
		{"short numbers too", "kT9#vQ2!99X7&zR4", password.About{Login: "99"}, ""},
		{"numbers", "20481924-20481924", password.About{Login: "20481924"}, password.Context},
		{"domain of the address does not count", "wombat sings 4 owls", password.About{Email: "x@wombat.example"}, ""},
		{"empty login", "kT9#vQ2!mX7&zR4", password.About{Email: "@"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := codeOf(t, test.text, password.Alone, test.about); got != test.want {
				t.Errorf("%q: got %q, want %q", test.text, got, test.want)
			}
		})
	}
}

// TestChoose_ListCoversThePolicy shows that more than 3000 passwords that are
// long enough are refused for what they are, and that every entry counts.
func TestChoose_ListCoversThePolicy(t *testing.T) {
	entries := strings.Fields(list)
	if len(entries) != 46881 {
		t.Fatalf("%d entries", len(entries))
	}
	asTheyAre, long, last := 0, 0, ""
	for number, entry := range entries {
		if entry <= last || strings.ToLower(entry) != entry || len(entry) < 5 || len(entry) > 20 {
			t.Fatalf("%q is out of place", entry)
		}
		last = entry
		if len(entry) >= 15 {
			asTheyAre++
			if got := codeOf(t, entry, password.Alone, password.About{}); got != password.Listed {
				t.Errorf("%q: %q", entry, got)
			}
		}
		if len(entry) < 8 {
			continue
		}
		long++
		if number%5 > 0 { // all would take a minute and show no more
			continue
		}
		around := "!2026!?!"
		if strings.IndexFunc(entry, unicode.IsLetter) < 0 {
			around = "!?!?!?!?" // a number among numbers is no entry any more
		}
		for _, text := range []string{entry + entry, strings.ToUpper(entry) + around} {
			if got := codeOf(t, text, password.Alone, password.About{}); got != password.Listed {
				t.Errorf("%q: %q", text, got)
			}
		}
		if got := codeOf(t, entry, password.WithSecondFactor, password.About{}); got != password.Listed {
			t.Errorf("%q with a second factor: %q", entry, got)
		}
	}
	if asTheyAre != 41 || long != 17950 {
		t.Errorf("%d entries of 15 characters, %d of 8", asTheyAre, long)
	}
}

func FuzzChoose(f *testing.F) {
	f.Add("correct horse battery staple", "anna")
	f.Add("ｐａｓｓｗｏｒｄ\u0301!\xff\x00", "\x00")
	f.Fuzz(func(t *testing.T, text, name string) {
		about := password.About{Login: name, Name: name, Email: name}
		first := codeOf(t, text, password.Alone, about)
		if first == "" && (utf8.RuneCountInString(text) < 15 || len(text) > 1024 || !utf8.ValidString(text) || strings.Contains(text, "\x00")) {
			t.Errorf("%q is accepted", text)
		}
		if first == "" && codeOf(t, text, password.WithSecondFactor, about) != "" {
			t.Errorf("%q is refused with a second factor only", text)
		}
	})
}

func BenchmarkChoose(b *testing.B) {
	for _, size := range []int{20, 1024} {
		text := secret.New(varied(size))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := password.Choose(text, password.Alone, anna()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
