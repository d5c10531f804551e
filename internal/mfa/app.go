// Package mfa holds the second factors that need nothing but arithmetic: the
// authenticator app (TOTP, RFC 6238) and recovery codes. That a code works only
// once is the business of whoever stores its step or its digest, and so are
// limits on guessing; the time is always given.
package mfa

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp/hotp"

	"gatehouse/internal/secret"
)

// What an authenticator app is told, and assumes when it is not (RFC 6238
// section 4, with the digest SHA-1 because apps ignore any other).
const (
	SecretSize = 20               // bytes of an AppSecret: the output of SHA-1, RFC 4226 section 4 R6
	Step       = 30 * time.Second // time a code is shown
	Digits     = 6                // digits of a code
)

// AppType is the kind of key to choose when it is typed over.
const AppType = "Time-based"

// ErrSecretSize is returned for an app secret that does not have SecretSize
// bytes. An empty one would accept the codes of an empty one.
var ErrSecretSize = errors.New("the secret of an authenticator app has the wrong size")

// ErrNameless is returned when an app could not show where a code belongs.
var ErrNameless = errors.New("an issuer and an account name are needed")

// AppSecret is what an authenticator app and Gatehouse share. The zero
// AppSecret matches no code.
type AppSecret struct{ key secret.Text }

// NewAppSecret returns a random secret.
func NewAppSecret() AppSecret {
	random := make([]byte, SecretSize)
	rand.Read(random)
	return AppSecret{secret.New(string(random))}
}

// ParseAppSecret takes the bytes that AppSecret.Reveal gave. The error is
// ErrSecretSize.
func ParseAppSecret(key []byte) (AppSecret, error) {
	if len(key) != SecretSize {
		return AppSecret{}, fmt.Errorf("%w: %d bytes, not %d", ErrSecretSize, len(key), SecretSize)
	}
	return AppSecret{secret.New(string(key))}, nil
}

// Reveal returns the bytes of the secret, to be sealed and stored.
func (s AppSecret) Reveal() []byte { return []byte(s.key.Reveal()) }

// base32 returns the secret as apps write it: base 32 of RFC 4648 without
// padding.
func (s AppSecret) base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.Reveal())
}

// MatchStep reports whether code is the one of the current or the previous step
// at now, and of which (RFC 6238 section 5.2; steps are counted from 1970).
// Spaces in the code are skipped; anything else but six ASCII digits does not
// match.
//
// A step must be accepted only once: store it where last_step < step, in the
// transaction that accepts it.
func MatchStep(app AppSecret, code secret.Text, now time.Time) (step int64, ok bool) {
	typed, clean := digits(code.Reveal())
	current := now.Unix() / int64(Step/time.Second)
	if !clean || len(app.Reveal()) != SecretSize || now.Unix() < 0 {
		return 0, false
	}
	key := app.base32()
	for _, candidate := range []int64{current, current - 1} {
		if candidate < 0 {
			continue
		}
		want, err := hotp.GenerateCode(key, uint64(candidate))
		// Both steps are always computed, so that the time tells nothing.
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(typed)) == 1 && !ok {
			step, ok = candidate, true
		}
	}
	return step, ok
}

// digits returns code without spaces, if that leaves six ASCII digits. The
// digits of other scripts are refused: they would be a second form of one code.
func digits(code string) (string, bool) {
	if len(code) > 64 {
		return "", false
	}
	plain := strings.Map(func(char rune) rune {
		if unicode.IsSpace(char) || char == '\u202f' {
			return -1
		}
		return char
	}, code)
	if len(plain) != Digits || strings.Trim(plain, "0123456789") != "" {
		return "", false
	}
	return plain, true
}

// App is what somebody needs to add the secret to an authenticator app, by
// camera or by hand. Its secrets marshal in clear: it is shown once.
type App struct {
	Issuer      string         `json:"issuer"`
	AccountName string         `json:"accountName"`
	Key         secret.OneTime `json:"key"`  // base 32 in groups of four
	Type        string         `json:"type"` // AppType
	URI         secret.OneTime `json:"uri"`  // otpauth://totp/…
	QR          QR             `json:"qr"`   // of the URI
}

// Provision returns how to add app to an authenticator app, which shows it as
// accountName at issuer. Colons separate the two in the URI and become spaces.
// It fails when a name is empty (ErrNameless), when the secret is zero
// (ErrSecretSize), or when the names are too long for a QR code.
func Provision(issuer, accountName string, app AppSecret) (App, error) {
	if len(app.Reveal()) != SecretSize {
		return App{}, fmt.Errorf("provision an authenticator app: %w", ErrSecretSize)
	}
	issuer, accountName = label(issuer), label(accountName)
	if issuer == "" || accountName == "" {
		return App{}, fmt.Errorf("provision an authenticator app: %w", ErrNameless)
	}
	uri := keyURI(issuer, accountName, app)
	qr, err := newQR(uri)
	if err != nil {
		return App{}, fmt.Errorf("provision an authenticator app: %w", err)
	}
	return App{
		Issuer:      issuer,
		AccountName: accountName,
		Key:         secret.NewOneTime(inFours(app.base32())),
		Type:        AppType,
		URI:         secret.NewOneTime(uri),
		QR:          qr,
	}, nil
}

// keyURI writes the otpauth URI that apps read from the QR code. pquerna/otp
// writes one too, but leaves & in the issuer as it is, so that an issuer could
// add parameters; and apps do not read + as a space.
func keyURI(issuer, accountName string, app AppSecret) string {
	query := url.Values{
		"secret":    {app.base32()},
		"issuer":    {issuer},
		"algorithm": {"SHA1"},
		"digits":    {strconv.Itoa(Digits)},
		"period":    {strconv.Itoa(int(Step / time.Second))},
	}
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(accountName) +
		"?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// label makes a name fit the label of an otpauth URI.
func label(name string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(name, ":", " ")), " ")
}

// inFours writes text in groups of four characters.
func inFours(text string) string {
	var groups strings.Builder
	for place, char := range text {
		if place > 0 && place%4 == 0 {
			groups.WriteByte(' ')
		}
		groups.WriteRune(char)
	}
	return groups.String()
}

// Code returns what an app with that secret shows at now: for practice data and
// for people who test. It fails when the secret is zero (ErrSecretSize).
func Code(app AppSecret, now time.Time) (secret.OneTime, error) {
	if len(app.Reveal()) != SecretSize {
		return secret.OneTime{}, ErrSecretSize
	}
	code, err := hotp.GenerateCode(app.base32(), uint64(now.Unix()/int64(Step/time.Second)))
	return secret.NewOneTime(code), err
}
