package apikey_test

import (
	"errors"
	"hash/crc32"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// base62 as the form of a key wants it, written anew for the test.
func base62(n uint32, width int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := ""
	for range width {
		text = string(digits[n%62]) + text
		n /= 62
	}
	return text
}

func TestNewToken(t *testing.T) {
	form := regexp.MustCompile(`^gate_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$`)
	seen, chars := map[string]bool{}, map[rune]int{}
	for range 500 {
		raw := apikey.NewToken().Reveal().Reveal()
		if !form.MatchString(raw) || seen[raw] {
			t.Fatalf("%q is no key, or one that was made before", raw)
		}
		seen[raw] = true
		body := raw[5:48]
		for _, c := range body {
			chars[c]++
		}
		if want := base62(crc32.ChecksumIEEE([]byte(body)), 6); raw[48:] != want {
			t.Errorf("%q ends in %q, want %q", raw, raw[48:], want)
		}
		if _, err := apikey.Parse(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, c := range chars { // 21,500 characters, 347 of each on average
		if len(chars) != 62 || c < 230 || c > 480 {
			t.Fatalf("the characters are not random: %v", chars)
		}
	}
}

// A known one: whoever else reads keys finds the same checksum.
func TestParse_known(t *testing.T) {
	body := strings.Repeat("0123456789", 4) + "ABC"
	raw := "gate_" + body + base62(crc32.ChecksumIEEE([]byte(body)), 6)
	got, err := apikey.Parse(raw)
	if err != nil || got.Reveal().Reveal() != raw || got.Shown() != "gate_012345" {
		t.Errorf("got %v, %v, shown as %q", got, err, got.Shown())
	}
}

func TestParse_refused(t *testing.T) {
	good := apikey.NewToken().Reveal().Reveal()
	swap := []byte(good)
	for i := 6; i < 48; i++ {
		if swap[i] != swap[i-1] {
			swap[i], swap[i-1] = swap[i-1], swap[i]
			break
		}
	}
	for name, raw := range map[string]string{
		"empty": "", "prefix alone": "gate_", "other prefix": "gait_" + good[5:], "upper prefix": "GATE_" + good[5:], "no prefix": good[5:],
		"short": good[:53], "long": good + "0", "space before": " " + good[:53], "line break": good[:53] + "\n", "swapped": string(swap),
		"wrong checksum": good[:48] + base62(crc32.ChecksumIEEE([]byte(good[5:48]))+1, 6), "hyphen": good[:20] + "-" + good[21:],
		"NUL": good[:20] + "\x00" + good[21:], "not UTF-8": good[:20] + "\xff" + good[21:], "two letters": good[:20] + "é" + good[22:],
	} {
		if _, err := apikey.Parse(raw); !errors.Is(err, apikey.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		} else if raw != "" && strings.Contains(err.Error(), raw) {
			t.Errorf("%s: the error repeats it", name)
		}
	}
	for i := 5; i < len(good); i++ { // every slip is found
		b := []byte(good)
		b[i] = map[bool]byte{true: 'x', false: 'y'}[b[i] != 'x']
		if _, err := apikey.Parse(string(b)); err == nil {
			t.Errorf("a slip at %d is not found", i)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(apikey.NewToken().Reveal().Reveal())
	f.Add("gate_")
	f.Fuzz(func(t *testing.T, raw string) {
		if got, err := apikey.Parse(raw); err == nil && got.Reveal().Reveal() != raw {
			t.Errorf("%q was read as something else", raw)
		}
	})
}

var now = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func TestParseExpiry(t *testing.T) {
	for raw, want := range map[string]problem.FieldCode{
		"2026-03-14": "", "2028-03-14": "", "": problem.Required, "2026-03-13": problem.DayPast, "2028-03-15": problem.DayTooFar, "tomorrow": problem.BadFormat,
	} {
		_, err := apikey.ParseExpiry(now)(raw)
		code := problem.FieldCode("")
		if err != nil {
			code = err.Code
		}
		if code != want {
			t.Errorf("%q: got %q, want %q", raw, code, want)
		}
	}
}

func TestReadChannels(t *testing.T) {
	for text, want := range map[string]string{"API": "", "api ISPROXY": "", "": "channels:required", "WEB": "channels:not_allowed", "API WEB": "channels:not_allowed", "FTP": "channels[0]:unknown"} {
		var form field.Form
		apikey.ReadChannels(&form, "channels", strings.Fields(text))
		got := ""
		for _, v := range problem.Of(form.Err()).Violations {
			got = v.Field + ":" + string(v.Code)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A key is narrowed, never widened.
func TestKey_Narrower(t *testing.T) {
	ranges := func(all ...string) entry.Ranges {
		var form field.Form
		r := entry.ReadRanges(&form, "", all)
		if form.Err() != nil {
			t.Fatal(form.Err())
		}
		return r
	}
	whole := apikey.Key{
		Entry: entry.Rules{Points: entry.OnlyPoints(entry.API, entry.ISProxy), Ranges: ranges("192.0.2.0/24", "2001:db8::/32")}, Rights: access.RightsOf("VIEW_DOMAIN", "RENEW_DOMAIN"),
		Domains: domain.Patterns{"*.be", "example.com"}, ExpiresAt: now,
	}
	for name, c := range map[string]struct {
		change func(*apikey.Key)
		wider  string
	}{
		"the same":         {func(*apikey.Key) {}, ""},
		"one channel":      {func(k *apikey.Key) { k.Entry.Points = entry.OnlyPoints(entry.API) }, ""},
		"one address":      {func(k *apikey.Key) { k.Entry.Ranges = ranges("192.0.2.7") }, ""},
		"a part of each":   {func(k *apikey.Key) { k.Entry.Ranges = ranges("192.0.2.0/25", "2001:db8:1::/48") }, ""},
		"from anywhere":    {func(k *apikey.Key) { k.Entry.Ranges = entry.Ranges{} }, "ipRules"},
		"a wider range":    {func(k *apikey.Key) { k.Entry.Ranges = ranges("192.0.0.0/16") }, "ipRules"},
		"another range":    {func(k *apikey.Key) { k.Entry.Ranges = ranges("192.0.2.0/24", "198.51.100.1") }, "ipRules"},
		"less":             {func(k *apikey.Key) { k.Rights = access.RightsOf("VIEW_DOMAIN") }, ""},
		"nothing":          {func(k *apikey.Key) { k.Rights = access.Rights{} }, ""},
		"more":             {func(k *apikey.Key) { k.Rights = access.RightsOf("VIEW_DOMAIN", "CREATE_DOMAIN") }, "permissions"},
		"one domain":       {func(k *apikey.Key) { k.Domains = domain.Patterns{"example.be"} }, ""},
		"below":            {func(k *apikey.Key) { k.Domains = domain.Patterns{"*.example.be", "example.com"} }, ""},
		"another domain":   {func(k *apikey.Key) { k.Domains = domain.Patterns{"*.be", "example.org"} }, "domains"},
		"the whole suffix": {func(k *apikey.Key) { k.Domains = domain.Patterns{"*.com"} }, "domains"},
		"every domain":     {func(k *apikey.Key) { k.Domains = domain.Patterns{"*"} }, "domains"},
		"sooner":           {func(k *apikey.Key) { k.ExpiresAt = now.Add(-time.Hour) }, ""},
		"later":            {func(k *apikey.Key) { k.ExpiresAt = now.Add(time.Millisecond) }, "expiresOn"},
		"another channel":  {func(k *apikey.Key) { k.Entry.Points = entry.Points{} }, "channels"},
	} {
		k := whole
		c.change(&k)
		if wider, ok := k.Narrower(whole); wider != c.wider || ok != (c.wider == "") {
			t.Errorf("%s: wider in %q, %v, want %q", name, wider, ok, c.wider)
		}
	}
	if _, ok := whole.Narrower(apikey.Key{Entry: whole.Entry, Rights: whole.Rights, Domains: domain.Patterns{domain.All}, ExpiresAt: now}); !ok {
		t.Error("bound to some domains is not narrower than bound to none")
	}
}

func TestKey_State(t *testing.T) {
	for name, c := range map[string]struct {
		key  apikey.Key
		want apikey.State
	}{
		"far away":        {apikey.Key{ExpiresAt: now.Add(15 * 24 * time.Hour)}, apikey.Active},
		"in two weeks":    {apikey.Key{ExpiresAt: now.Add(14 * 24 * time.Hour)}, apikey.Expiring},
		"the last moment": {apikey.Key{ExpiresAt: now.Add(time.Millisecond)}, apikey.Expiring},
		"over":            {apikey.Key{ExpiresAt: now}, apikey.Expired},
		"replaced":        {apikey.Key{ExpiresAt: now.Add(time.Hour), Successor: "key_2"}, apikey.Rotated},
		"replaced, over":  {apikey.Key{ExpiresAt: now, Successor: "key_2"}, apikey.Expired},
	} {
		if got := c.key.State(now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// What everybody may see of a key can be looked for; one character more is the
// beginning of a secret.
func TestLooks(t *testing.T) {
	token := apikey.NewToken()
	whole := token.Reveal().Reveal()
	shown := len(token.Shown())
	for text, want := range map[string]bool{whole: true, whole[:shown+1]: true, whole[:shown]: false, "gate_": false, "like:" + whole[:shown] + "%": false, "": false} {
		if got := apikey.Looks(text); got != want {
			t.Errorf("%d characters of a key: %v", len(text), got)
		}
	}
}
