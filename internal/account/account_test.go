package account_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/problem"
)

func TestParseHandle(t *testing.T) {
	for _, c := range []struct {
		raw, want string
		code      problem.FieldCode
	}{
		{"harbour", "harbour", ""},
		{" Harbour-2 \n", "harbour-2", ""},
		{"abc", "abc", ""},
		{strings.Repeat("a", 40), strings.Repeat("a", 40), ""},
		{"", "", problem.Required},
		{"ab", "", problem.BadFormat},
		{strings.Repeat("a", 41), "", problem.BadFormat},
		{"har bour", "", problem.BadFormat},
		{"har.bour", "", problem.BadFormat},
		{"har_bour", "", problem.BadFormat},
		{"häfen", "", problem.BadFormat},
		{"hаrbour", "", problem.BadFormat}, // Cyrillic а
		{"harbour\nx", "", problem.BadFormat},
		{"harbour\x00", "", problem.BadFormat},
		{"harbour\xff", "", problem.BadFormat},
		{"../../etc", "", problem.BadFormat},
	} {
		got, err := account.ParseHandle(c.raw)
		if string(got) != c.want || (err == nil) != (c.code == "") || err != nil && err.Code != c.code {
			t.Errorf("%q: got %q, %v, want %q, %s", c.raw, got, err, c.want, c.code)
		}
	}
}

// Accounts opened after 30 April 2020 need a second factor; older ones are
// advised to have one.
func TestPolicyOf(t *testing.T) {
	first := time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC)
	for opened, want := range map[time.Time]account.MFAPolicy{
		first:                       account.MFARequired,
		first.Add(-time.Nanosecond): account.MFARecommended,
		first.AddDate(5, 0, 0):      account.MFARequired,
		{}:                          account.MFARecommended,
	} {
		if got := account.PolicyOf(opened); got != want {
			t.Errorf("opened %s: %s, want %s", opened, got, want)
		}
	}
}
