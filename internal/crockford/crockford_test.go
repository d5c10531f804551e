package crockford_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/crockford"
)

func TestFormat(t *testing.T) {
	all := make([]byte, 32)
	for value := range all {
		all[value] = byte(value)
	}
	tests := []struct {
		name   string
		groups []int
		want   string
	}{
		{"one group", nil, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"},
		{"rest in a last group", []int{4, 4}, "0123-4567-89ABCDEFGHJKMNPQRSTVWXYZ"},
		{"no empty group", []int{16, 16}, "0123456789ABCDEF-GHJKMNPQRSTVWXYZ"},
		{"larger than what is left", []int{30, 30}, "0123456789ABCDEFGHJKMNPQRSTVWX-YZ"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := crockford.Format(all, test.groups...); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       []byte
		err        error
	}{
		{"plain", "7ZQ", []byte{7, 31, 23}, nil},
		{"lower case", "7zq", []byte{7, 31, 23}, nil},
		{"O and o are zero", "0Oo", []byte{0, 0, 0}, nil},
		{"I and L are one", "1IiLl", []byte{1, 1, 1, 1, 1}, nil},
		{"groups", " 7-Z\u00a0\u2013Q\r\n", []byte{7, 31, 23}, nil},
		{"empty", "", []byte{}, nil},
		{"U is no symbol", "7U", nil, crockford.ErrSymbol},
		{"full-width digit", "\uff17", nil, crockford.ErrSymbol},
		{"Cyrillic letter", "\u0410", nil, crockford.ErrSymbol},
		{"long s, which folds to S elsewhere", "\u017f", nil, crockford.ErrSymbol},
		{"invalid UTF-8", "7\xff", nil, crockford.ErrSymbol},
		{"NUL", "7\x00", nil, crockford.ErrSymbol},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := crockford.Parse(test.text)
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("7ZQ0-1ilO")
	f.Add("\xff\u2014")
	f.Fuzz(func(t *testing.T, text string) {
		symbols, err := crockford.Parse(text)
		if err != nil {
			return
		}
		again, err := crockford.Parse(crockford.Format(symbols, 4, 4))
		if err != nil || !bytes.Equal(again, symbols) {
			t.Errorf("%q reads as %v and then as %v (%v)", text, symbols, again, err)
		}
	})
}
