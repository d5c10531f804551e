package mfa_test

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"gatehouse/internal/mfa"
	"gatehouse/internal/secret"
)

// rfcSecret is the seed for SHA-1 of RFC 6238, appendix B.
const rfcSecret = "12345678901234567890"

func rfcApp(t testing.TB) mfa.AppSecret {
	t.Helper()
	app, err := mfa.ParseAppSecret([]byte(rfcSecret))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// TestMatchStep_RFC6238 has the SHA-1 rows of appendix B. They show eight
// digits; a code of six digits is their last six (RFC 4226 section 5.3).
func TestMatchStep_RFC6238(t *testing.T) {
	rows := []struct {
		seconds, step int64
		code          string
	}{
		{59, 0x1, "94287082"},
		{1111111109, 0x23523EC, "07081804"},
		{1111111111, 0x23523ED, "14050471"},
		{1234567890, 0x273EF07, "89005924"},
		{2000000000, 0x3F940AA, "69279037"},
		{20000000000, 0x27BC86AA, "65353130"},
	}
	app := rfcApp(t)
	for _, row := range rows {
		t.Run(row.code, func(t *testing.T) {
			step, ok := mfa.MatchStep(app, secret.New(row.code[2:]), time.Unix(row.seconds, 0))
			if !ok || step != row.step {
				t.Errorf("got step %#x, %v; want %#x", step, ok, row.step)
			}
			if _, ok := mfa.MatchStep(app, secret.New(row.code), time.Unix(row.seconds, 0)); ok {
				t.Error("eight digits pass")
			}
		})
	}
}

func TestMatchStep_Window(t *testing.T) {
	app, code := rfcApp(t), secret.New("050471") // of step 0x23523ED, which begins at 1111111110
	begin := time.Unix(1111111110, 0)
	tests := []struct {
		name  string
		after time.Duration
		want  bool
	}{
		{"one step early", -time.Second, false},
		{"a step and more early", -31 * time.Second, false},
		{"first second", 0, true},
		{"last moment", 30*time.Second - 1, true},
		{"previous step", 30 * time.Second, true},
		{"end of previous step", 60*time.Second - 1, true},
		{"two steps late", 60 * time.Second, false},
		{"a day late", 24 * time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			step, ok := mfa.MatchStep(app, code, begin.Add(test.after))
			if ok != test.want {
				t.Errorf("got %v, want %v", ok, test.want)
			}
			if ok && step != 0x23523ED {
				t.Errorf("step %#x, want %#x", step, 0x23523ED)
			}
		})
	}
}

func TestMatchStep_Typing(t *testing.T) {
	app, now := rfcApp(t), time.Unix(1111111111, 0)
	tests := []struct {
		name, code string
		want       bool
	}{
		{"plain", "050471", true},
		{"two groups", "050 471", true},
		{"spaces everywhere", " 0 5\t0\u00a04\u202f7 1\n", true},
		{"empty", "", false},
		{"only spaces", "      ", false},
		{"five digits", "05047", false},
		{"seven digits", "0504711", false},
		{"leading zero missing", "50471", false},
		{"wrong last digit", "050472", false},
		{"wrong first digit", "150471", false},
		{"letter for a digit", "O50471", false},
		{"hyphen", "050-471", false},
		{"sign", "+50471", false},
		{"full-width digits", "\uff10\uff15\uff10\uff14\uff17\uff11", false},
		{"Arabic digits", "\u0660\u0665\u0660\u0664\u0667\u0661", false},
		{"NUL", "050471\x00", false},
		{"very long", "050471" + strings.Repeat(" ", 1<<20), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, ok := mfa.MatchStep(app, secret.New(test.code), now); ok != test.want {
				t.Errorf("%q: got %v, want %v", test.code, ok, test.want)
			}
		})
	}
}

// TestMatchStep_EmptySecret guards against a trap of the library: it validates
// the code of an empty secret.
func TestMatchStep_EmptySecret(t *testing.T) {
	now := time.Unix(1111111111, 0)
	code, err := totp.GenerateCode("", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := mfa.MatchStep(mfa.AppSecret{}, secret.New(code), now); ok {
		t.Error("the code of an empty secret passes")
	}
	if _, ok := mfa.MatchStep(rfcApp(t), secret.New("755224"), time.Unix(0, 0)); !ok {
		t.Error("the first step of all does not match (RFC 4226 appendix D, count 0)")
	}
	if _, ok := mfa.MatchStep(rfcApp(t), secret.New("755224"), time.Unix(-1, 0)); ok {
		t.Error("a time before 1970 passes")
	}
	for _, size := range []int{0, 1, 10, 16, 19, 21, 64} {
		if _, err := mfa.ParseAppSecret(make([]byte, size)); !errors.Is(err, mfa.ErrSecretSize) {
			t.Errorf("a secret of %d bytes: got %v, want ErrSecretSize", size, err)
		}
	}
}

func TestNewAppSecret(t *testing.T) {
	app, other := mfa.NewAppSecret(), mfa.NewAppSecret()
	if len(app.Reveal()) != 20 || string(app.Reveal()) == string(other.Reveal()) {
		t.Error("a new secret must be 20 bytes of its own")
	}
	if printed := fmt.Sprintf("%v %+v %#v", app, app, app); strings.Contains(printed, string(app.Reveal())) || strings.Contains(printed, fmt.Sprint(app.Reveal())) {
		t.Errorf("the secret shows in %s", printed)
	}
}

func TestProvision(t *testing.T) {
	app := rfcApp(t)
	got, err := mfa.Provision("Gatehouse", "anna@acme", app)
	if err != nil {
		t.Fatal(err)
	}
	if want := "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"; got.Key.Reveal() != want {
		t.Errorf("key %q, want %q", got.Key.Reveal(), want)
	}
	if got.Type != "Time-based" || got.Issuer != "Gatehouse" || got.AccountName != "anna@acme" {
		t.Errorf("got %+v", got)
	}
	uri, err := url.Parse(got.URI.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/Gatehouse:anna@acme" {
		t.Errorf("the URI is %s", uri)
	}
	want := url.Values{
		"secret": {base32.StdEncoding.EncodeToString([]byte(rfcSecret))},
		"issuer": {"Gatehouse"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"},
	}
	if diff := cmp.Diff(want, uri.Query()); diff != "" {
		t.Error(diff)
	}
	out, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(out, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"issuer", "accountName", "key", "type", "uri", "qr"} {
		if text, isText := fields[name].(string); fields[name] == nil || isText && (text == "" || text == secret.Mask) {
			t.Errorf("%s is %v in %s", name, fields[name], out)
		}
	}
	if printed := fmt.Sprintf("%+v", got); strings.Contains(printed, "GEZD") || strings.Contains(printed, "M4 4h7") {
		t.Errorf("the secret shows in %s", printed)
	}
}

func TestProvision_Names(t *testing.T) {
	tests := []struct {
		name, issuer, account, path string
		fails                       bool
	}{
		{"spaces and letters of any script", "Müller & Söhne", "ánna", "/Müller & Söhne:ánna", false},
		{"colon", "Desk: west", "a:b", "/Desk west:a b", false},
		{"another secret", "Acme&secret=AAAA", "anna&issuer=Bank", "/Acme&secret=AAAA:anna&issuer=Bank", false},
		{"plus and per cent", "A+B", "100%", "/A+B:100%", false},
		{"question mark and slash", "Who?", "a/b?c#d", "/Who?:a/b?c#d", false},
		{"no issuer", " : ", "anna", "", true},
		{"no account", "Gatehouse", "", "", true},
		{"too long for a QR code", "Gatehouse", strings.Repeat("x", 4000), "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := mfa.Provision(test.issuer, test.account, mfa.NewAppSecret())
			if test.fails {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			uri, err := url.Parse(got.URI.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.path, uri.Path); diff != "" {
				t.Error(diff)
			}
			if key, err := otp.NewKeyFromURL(got.URI.Reveal()); err != nil || key.Secret() == "AAAA" || strings.Contains(uri.RawQuery, "+") {
				t.Errorf("the URI %s says too much (%v)", uri, err)
			}
			if uri.Query().Get("issuer")+":"+got.AccountName != strings.TrimPrefix(uri.Path, "/") {
				t.Errorf("label and issuer differ in %s", uri)
			}
		})
	}
	if _, err := mfa.Provision("Gatehouse", "anna", mfa.AppSecret{}); !errors.Is(err, mfa.ErrSecretSize) {
		t.Errorf("zero secret: got %v", err)
	}
}
