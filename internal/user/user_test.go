package user_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
	"gatehouse/internal/user"
)

// reading is one line of a table: what somebody typed and what came of it.
type reading struct {
	what, raw, want string
	code            problem.FieldCode
}

func try[T ~string](t *testing.T, parse func(string) (T, *field.Error), table []reading) {
	t.Helper()
	for _, c := range table {
		t.Run(c.what, func(t *testing.T) {
			got, err := parse(c.raw)
			if c.code == "" {
				if err != nil || string(got) != c.want {
					t.Errorf("%q: got %q, %v, want %q", c.raw, got, err, c.want)
				}
				return
			}
			if err == nil || err.Code != c.code || got != "" {
				t.Fatalf("%q: got %q, %v, want %s", c.raw, got, err, c.code)
			}
			if !strings.HasSuffix(err.Message, ".") {
				t.Errorf("not a sentence: %q", err.Message)
			}
		})
	}
}

func TestParseLogin(t *testing.T) {
	try(t, user.ParseLogin, []reading{
		{what: "plain", raw: "anna.peeters", want: "anna.peeters"},
		{what: "as typed", raw: "Anna.Peeters", want: "Anna.Peeters"},
		{what: "spaces around", raw: "  anna\t\n", want: "anna"},
		{what: "e-mail address", raw: "anna+x@example.com", want: "anna+x@example.com"},
		{what: "digits", raw: "007", want: "007"},
		{what: "two characters", raw: "ab", want: "ab"},
		{what: "64 characters", raw: strings.Repeat("é", 64), want: strings.Repeat("é", 64)},
		{what: "accents", raw: "zoë.müller", want: "zoë.müller"},
		{what: "accents put together", raw: "zoe\u0308", want: "zoë"},
		{what: "other Latin letters", raw: "øystein-ŁukaszGroß", want: "øystein-ŁukaszGroß"},
		{what: "Vietnamese", raw: "nguyễn", want: "nguyễn"},
		{what: "full width", raw: "ａｄｍｉｎ", want: "ａｄｍｉｎ"},
		{what: "Kelvin for K", raw: "\u212aim", want: "Kim"},
		{what: "nothing", raw: "", code: problem.Required},
		{what: "only spaces", raw: " \u00a0\u3000", code: problem.Required},
		{what: "one character", raw: "a", code: problem.TooShort},
		{what: "65 characters", raw: strings.Repeat("a", 65), code: problem.TooLong},
		{what: "Cyrillic a", raw: "аdmin", code: problem.MixedScript},
		{what: "all Cyrillic", raw: "админ", code: problem.MixedScript},
		{what: "Greek omicron", raw: "b\u03bf", code: problem.MixedScript},
		{what: "Latin alpha", raw: "ɑdmin", code: problem.MixedScript},
		{what: "Latin script g", raw: "ɡert", code: problem.MixedScript},
		{what: "dotless i", raw: "admın", code: problem.MixedScript},
		{what: "dotted capital I", raw: "admİn", code: problem.MixedScript},
		{what: "small capitals", raw: "ᴀdmin", code: problem.MixedScript},
		{what: "click that looks like l", raw: "pauǀ", code: problem.MixedScript},
		{what: "Roman numeral", raw: "ⅰan", code: problem.NotAllowed},
		{what: "mathematical letters", raw: "𝐚dmin", code: problem.MixedScript},
		{what: "ligature", raw: "ﬁona", code: problem.MixedScript},
		{what: "Arabic digits", raw: "a١٢", code: problem.NotAllowed},
		{what: "space inside", raw: "anna peeters", code: problem.NotAllowed},
		{what: "dot in front", raw: ".anna", code: problem.NotAllowed},
		{what: "at in front", raw: "@anna", code: problem.NotAllowed},
		{what: "slash", raw: "a/b", code: problem.NotAllowed},
		{what: "quote", raw: "a'b", code: problem.NotAllowed},
		{what: "emoji", raw: "a🦊", code: problem.NotAllowed},
		{what: "accent alone", raw: "ab\u0301\u0301\u0301", code: problem.NotAllowed},
		{what: "NUL", raw: "admin\x00", code: problem.BadText},
		{what: "NUL inside", raw: "ad\x00min", code: problem.BadText},
		{what: "invalid UTF-8", raw: "admin\xff", code: problem.BadText},
		{what: "zero width space", raw: "ad\u200bmin", code: problem.BadText},
		{what: "soft hyphen", raw: "ad\u00admin", code: problem.BadText},
		{what: "right to left", raw: "nimda\u202e", code: problem.BadText},
	})
}

func TestLogin_Folded(t *testing.T) {
	for _, same := range [][]user.Login{
		{"anna", "ANNA", "Anna", "ａｎｎａ", "ＡＮＮＡ"},
		{"zoë", "ZOË", "Zoe\u0308"},
		{"a.b-c_d+e@f", "A.B-C_D+E@F"},
	} {
		for _, l := range same {
			if l.Folded() == "" || l.Folded() != same[0].Folded() {
				t.Errorf("%q folds to %q, and %q to %q", l, l.Folded(), same[0], same[0].Folded())
			}
		}
	}
	for _, pair := range [][2]user.Login{{"anna", "änna"}, {"gross", "groß"}, {"a.b", "ab"}, {"anna1", "anna2"}} {
		if pair[0].Folded() == pair[1].Folded() {
			t.Errorf("%q and %q are taken for one", pair[0], pair[1])
		}
	}
}

func TestParseEmail(t *testing.T) {
	long := strings.Repeat("a", 63)
	try(t, user.ParseEmail, []reading{
		{what: "plain", raw: "anna@example.com", want: "anna@example.com"},
		{what: "spaces around", raw: " anna@example.com\n", want: "anna@example.com"},
		{what: "capitals", raw: "Anna.Peeters@EXAMPLE.Com", want: "Anna.Peeters@example.com"},
		{what: "tag", raw: "anna+gate@mail.example.co.uk", want: "anna+gate@mail.example.co.uk"},
		{what: "IDN", raw: "anna@BÜCHER.example", want: "anna@bücher.example"},
		{what: "IDN as A-label", raw: "anna@xn--bcher-kva.example", want: "anna@bücher.example"},
		{what: "apostrophe", raw: "o'neill@example.com", want: "o'neill@example.com"},
		{what: "64 in front", raw: long + "a@example.com", want: long + "a@example.com"},
		{what: "nothing", raw: "", code: problem.Required},
		{what: "no at", raw: "anna.example.com", code: problem.BadFormat},
		{what: "no domain", raw: "anna@", code: problem.BadFormat},
		{what: "nobody", raw: "@example.com", code: problem.BadFormat},
		{what: "no dot", raw: "anna@localhost", code: problem.BadFormat},
		{what: "with a name", raw: "Anna <anna@example.com>", code: problem.BadFormat},
		{what: "in brackets", raw: "<anna@example.com>", code: problem.BadFormat},
		{what: "two", raw: "anna@example.com, bo@example.com", code: problem.BadFormat},
		{what: "two at", raw: "anna@bo@example.com", code: problem.BadFormat},
		{what: "quoted", raw: `"anna peeters"@example.com`, code: problem.BadFormat},
		{what: "comment", raw: "anna(x)@example.com", code: problem.BadFormat},
		{what: "address literal", raw: "anna@[192.0.2.1]", code: problem.BadFormat},
		{what: "empty label", raw: "anna@example..com", code: problem.BadFormat},
		{what: "dot at the end", raw: "anna@example.com.", code: problem.BadFormat},
		{what: "underscore", raw: "anna@ex_ample.com", code: problem.BadFormat},
		{what: "broken A-label", raw: "anna@xn--.example", code: problem.BadFormat},
		{what: "65 in front", raw: long + "aa@example.com", code: problem.BadFormat},
		{what: "long label", raw: "anna@" + long + "a.example", code: problem.BadFormat},
		{what: "too long", raw: "anna@" + strings.Repeat(long+".", 4) + "com", code: problem.TooLong},
		{what: "too long as A-labels", raw: "anna@" + strings.Repeat(strings.Repeat("ü", 25)+".", 4) + strings.Repeat(strings.Repeat("ö", 20)+".", 3) + "de", code: problem.TooLong},
		{what: "header in it", raw: "anna@example.com\r\nBcc: bo@example.com", code: problem.BadText},
		{what: "NUL", raw: "anna\x00@example.com", code: problem.BadText},
		{what: "invalid UTF-8", raw: "anna\xff@example.com", code: problem.BadText},
		{what: "direction mark", raw: "anna\u200f@example.com", code: problem.BadText},
	})
}

func TestParseMobile(t *testing.T) {
	try(t, user.ParseMobile, []reading{
		{what: "plain", raw: "+32470123456", want: "+32470123456"},
		{what: "as people write it", raw: " +32 (470) 12.34-56 ", want: "+32470123456"},
		{what: "00 in front", raw: "0032 470 12 34 56", want: "+32470123456"},
		{what: "(0) of the country", raw: "+32 (0)470 12 34 56", want: "+32470123456"},
		{what: "7 digits", raw: "+2901234", want: "+2901234"},
		{what: "15 digits", raw: "+123456789012345", want: "+123456789012345"},
		{what: "nothing", raw: "", code: problem.Required},
		{what: "only signs", raw: " -()", code: problem.Required},
		{what: "without country", raw: "0470123456", code: problem.BadFormat},
		{what: "country 0", raw: "+0470123456", code: problem.BadFormat},
		{what: "6 digits", raw: "+290123", code: problem.BadFormat},
		{what: "16 digits", raw: "+1234567890123456", code: problem.BadFormat},
		{what: "letters", raw: "+32470CALLME", code: problem.BadFormat},
		{what: "letters inside", raw: "+3247x123456", code: problem.BadFormat},
		{what: "two plus", raw: "++32470123456", code: problem.BadFormat},
		{what: "Arabic digits", raw: "+٣٢٤٧٠١٢٣٤٥٦", code: problem.BadFormat},
		{what: "NUL", raw: "+32470123456\x00", code: problem.BadFormat},
	})
}

func TestParseName(t *testing.T) {
	try(t, user.ParseName, []reading{
		{what: "plain", raw: "Zoë O'Neill-Müller", want: "Zoë O'Neill-Müller"},
		{what: "spaces", raw: "  Anna \u00a0  Peeters\n", want: "Anna Peeters"},
		{what: "any script", raw: "山田 太郎", want: "山田 太郎"},
		{what: "markup is text", raw: "<b>Anna</b>", want: "<b>Anna</b>"},
		{what: "120 characters", raw: strings.Repeat("ü", 120), want: strings.Repeat("ü", 120)},
		{what: "121 characters", raw: strings.Repeat("ü", 121), code: problem.TooLong},
		{what: "nothing", raw: " ", code: problem.Required},
		{what: "line break", raw: "Anna\nPeeters", code: problem.BadText},
		{what: "line separator", raw: "Anna\u2028Peeters", code: problem.BadText},
		{what: "escape", raw: "Anna\x1b[31m", code: problem.BadText},
		{what: "C1 control", raw: "Anna\u009b31m", code: problem.BadText},
		{what: "direction", raw: "Anna\u202eretsbew", code: problem.BadText},
		{what: "isolate", raw: "Anna\u2066x", code: problem.BadText},
		{what: "tag characters", raw: "Anna\U000e0041", code: problem.BadText},
		{what: "blank that is a letter", raw: "\u3164", code: problem.BadText},
		{what: "NUL", raw: "Anna\x00", code: problem.BadText},
		{what: "invalid UTF-8", raw: "Anna\xc3", code: problem.BadText},
	})
}

func TestParseLanguage(t *testing.T) {
	try(t, user.ParseLanguage, []reading{
		{what: "English", raw: "en", want: "en"},
		{what: "German", raw: "de", want: "de"},
		{what: "nothing", raw: "", code: problem.Required},
		{what: "another", raw: "xx", code: problem.Unknown},
		{what: "capitals", raw: "EN", code: problem.Unknown},
	})
}

func TestFold(t *testing.T) {
	for raw, want := range map[string]string{
		"":                    "",
		"Zoë MÜLLER":          "zoe muller",
		"Zoe\u0308":           "zoe",
		"Groß ẞ":              "gross ss",
		"Łukasz Øystein Đorđ": "lukasz oystein dord",
		"Æsop Œuvre Þór Ðað":  "aesop oeuvre thor dad",
		"İstanbul ılıca":      "istanbul ilica",
		"ﬁancé ａｂｃ １２":        "fiance abc 12",
		"O'Neill-Smith":       "o neill-smith",
		" a \t b\n":           "a b",
		"anna@x.y_z+1":        "anna@x.y_z+1",
		"!!!":                 "",
		"%a*b\"c":             "a b c",
		"ΟΔΥΣΣΕΎΣ οδυσσεύς":   "οδυσσευσ οδυσσευσ",
		"Иван":                "иван",
		"山田":                  "山田",
		"a\x00b\xffc":         "a b c",
		"a\u200bb":            "a b",
	} {
		if got := user.Fold(raw); got != want {
			t.Errorf("%q folds to %q, want %q", raw, got, want)
		}
	}
}

func seeds(f *testing.F) {
	for _, s := range []string{"", "anna", "Zoë MÜLLER", "аdmin", "Aİİ", "ﬁ ß İ ς", "\x00\xff", "anna@BÜCHER.example", "a@xn--bcher-kva.example", "a@xn--0.x", "\u0301", "ｱ\uff9e", "ﷺ"} {
		f.Add(s)
	}
}

func FuzzParseLogin(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw string) {
		l, err := user.ParseLogin(raw)
		if err != nil {
			return
		}
		n := utf8.RuneCountInString(string(l))
		if n < 2 || n > 64 || !utf8.ValidString(string(l)) || l.Folded() == "" {
			t.Errorf("%q was read as %q, which folds to %q", raw, l, l.Folded())
		}
		if again, err := user.ParseLogin(string(l)); err != nil || again != l {
			t.Errorf("%q was read as %q, and that as %q (%v)", raw, l, again, err)
		}
		if folded, err := user.ParseLogin(l.Folded()); err != nil || folded.Folded() != l.Folded() {
			t.Errorf("%q is kept as %q, which cannot be typed (%v)", raw, l.Folded(), err)
		}
	})
}

func FuzzParseEmail(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := user.ParseEmail(raw)
		if err != nil {
			return
		}
		if len(e) > 254 || strings.ContainsAny(string(e), " \r\n\x00<>,\"") || !utf8.ValidString(string(e)) {
			t.Errorf("%q was read as %q", raw, e)
		}
		if again, err := user.ParseEmail(string(e)); err != nil || again != e {
			t.Errorf("%q was read as %q, and that as %q (%v)", raw, e, again, err)
		}
	})
}

func FuzzFold(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw string) {
		once := user.Fold(raw)
		if !utf8.ValidString(once) || strings.TrimSpace(once) != once || strings.ContainsAny(once, "\x00\"%*~") || strings.Contains(once, "  ") {
			t.Errorf("%q folds to %q", raw, once)
		}
		if twice := user.Fold(once); twice != once {
			t.Errorf("%q folds to %q, and that to %q", raw, once, twice)
		}
	})
}
