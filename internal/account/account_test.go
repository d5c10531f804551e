package account_test

import (
	"strings"
	"testing"

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
