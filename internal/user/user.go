// Package user holds what a user of an account is and how its fields are
// read. It knows no SQL and no HTTP.
package user

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/problem"
)

// State of a user.
//
//	invited ──activation──▶ active
//	   ▲ │                   │ ▲
//	   │ └────deactivate──┐  │ │
//	   │                  ▼  ▼ │
//	   └──reactivate── deactivated
//
// From each of the three a user can be deleted, and never comes back.
type State string

// The states.
const (
	Invited     State = "invited"     // added, and has not chosen a password yet
	Active      State = "active"      // may sign in
	Deactivated State = "deactivated" // may not, for now
	Deleted     State = "deleted"     // a tombstone, so that the login is never used again
)

// Deactivate says what a user in the state becomes by deactivating; false
// when that cannot be done.
func (s State) Deactivate() (State, bool) { return Deactivated, s == Invited || s == Active }

// Reactivate is the way back: to active for whoever has a password.
func (s State) Reactivate(hasPassword bool) (State, bool) {
	if hasPassword {
		return Active, s == Deactivated
	}
	return Invited, s == Deactivated
}

// States a list can show.
func States() []State { return []State{Invited, Active, Deactivated} }

// User is a person, or a program of theirs, in exactly one account.
type User struct {
	ID         id.User
	Account    id.Account
	Login      Login
	Name       string
	Email      Email
	Mobile     Mobile
	Language   Language
	State      State
	AdminUser  bool // the first user of the account
	ForceMFA   bool // an administrator demands a second factor of this user
	Entry      entry.Rules
	Terms      Terms // of a service user
	CreatedAt  time.Time
	LastSeenAt time.Time // zero: never
}

// Login is a user's name at sign-in, as it was typed when the user was added.
type Login string

// Longest login, in characters.
const maxLogin = 64

// ParseLogin reads a login: 2 to 64 Latin letters, digits and . _ - @ +,
// beginning with a letter or digit. One script only, and of that only letters
// that languages are written in, so that no login can be mistaken for another.
func ParseLogin(raw string) (Login, *field.Error) {
	s := norm.NFC.String(strings.TrimSpace(raw))
	if s == "" {
		return "", field.Missing()
	}
	if err := field.Clean(s); err != nil {
		return "", err
	}
	if n := utf8.RuneCountInString(s); n < 2 {
		return "", field.Wrong(problem.TooShort, "A login has at least 2 characters.")
	} else if n > maxLogin {
		return "", field.Wrong(problem.TooLong, "A login has at most 64 characters.")
	}
	for i, r := range s {
		switch {
		case plainLatin(r), r >= '0' && r <= '9':
		case i > 0 && strings.ContainsRune("._-@+", r):
		case unicode.IsLetter(r):
			return "", field.Wrong(problem.MixedScript, "A login uses Latin letters only, so that nobody can imitate another login.")
		default:
			return "", field.Wrong(problem.NotAllowed, "A login consists of letters, digits and . _ - @ + and begins with a letter or digit.")
		}
	}
	l := Login(s)
	if l.Folded() == "" {
		return "", field.Wrong(problem.NotAllowed, "A login consists of letters, digits and . _ - @ + and begins with a letter or digit.")
	}
	return l, nil
}

// plainLatin reports whether r is a letter from a to z, with accents or not, in
// either width, or one of the few others that Latin alphabets have. The rest
// of the script is there for phoneticians, and for imitating: ɑ, ɡ, ı, ᴀ; and
// İ, which in small letters cannot be told from i.
func plainLatin(r rune) bool {
	if r == 'İ' {
		return false
	}
	if r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ' {
		return true
	}
	for i, part := range []rune(norm.NFD.String(string(r))) {
		letter := part >= 'a' && part <= 'z' || part >= 'A' && part <= 'Z' || strings.ContainsRune("ßæœøđðþłŋħÆŒØĐÐÞŁŊĦ", part)
		if i == 0 && !letter || i > 0 && !unicode.Is(unicode.Mn, part) {
			return false
		}
	}
	return true
}

// Folded is the form in which logins are unique: case and width mapped (RFC
// 8265, UsernameCaseMapped). Empty when there is none.
func (l Login) Folded() string {
	s, err := precis.UsernameCaseMapped.String(string(l))
	if err != nil {
		return ""
	}
	return s
}

// ParseName reads a person's name: one line of at most 120 characters.
func ParseName(raw string) (string, *field.Error) { return field.Text(120)(raw) }

// Email is an address to which mail can be sent; the domain is lower case.
type Email string

// ParseEmail reads an e-mail address (RFC 5322 addr-spec, without comments or
// quoting), at most 254 characters (RFC 5321).
func ParseEmail(raw string) (Email, *field.Error) {
	s := strings.TrimSpace(raw)
	if s == "" {
		return "", field.Missing()
	}
	if err := field.Clean(s); err != nil {
		return "", err
	}
	bad := field.Wrong(problem.BadFormat, "This is not an e-mail address; it looks like anna@example.com.")
	if len(s) > 254 {
		return "", field.Wrong(problem.TooLong, "An e-mail address has at most 254 characters.")
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return "", bad
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	if len(local) > 64 || strings.ContainsAny(local, "\" ") || !strings.Contains(domain, ".") {
		return "", bad
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || slices.ContainsFunc(strings.Split(ascii, "."), func(label string) bool { return label == "" || len(label) > 63 }) {
		return "", bad
	}
	domain, err = idna.Lookup.ToUnicode(ascii)
	if err != nil {
		return "", bad
	}
	s = local + "@" + strings.ToLower(domain)
	if len(s) > 254 || len(local)+1+len(ascii) > 254 {
		return "", field.Wrong(problem.TooLong, "An e-mail address has at most 254 characters.")
	}
	return Email(s), nil
}

// Mobile is a telephone number in international form (E.164), "+32470123456".
type Mobile string

// ParseMobile reads a mobile number; spaces, dots, dashes, slashes and
// brackets between digits are left out, as is the (0) that is only dialled
// within a country, and 00 in front is +.
func ParseMobile(raw string) (Mobile, *field.Error) {
	s := strings.NewReplacer("(0)", "", " ", "", ".", "", "-", "", "/", "", "(", "", ")", "").Replace(strings.TrimSpace(raw))
	if s == "" {
		return "", field.Missing()
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", field.Wrong(problem.BadFormat, "Please give the number with its country code, such as +32 470 12 34 56.")
	}
	return Mobile(s), nil
}

// Language of the screens and messages a user gets.
type Language string

// Languages are those that there are texts for.
func Languages() []Language { return []Language{"en", "de"} }

// ParseLanguage reads one of Languages.
func ParseLanguage(raw string) (Language, *field.Error) {
	if raw == "" {
		return "", field.Missing()
	}
	for _, l := range Languages() {
		if string(l) == raw {
			return l, nil
		}
	}
	return "", field.Wrong(problem.Unknown, "Please choose one of the languages offered.")
}
