package listing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/listing"
	"gatehouse/internal/problem"
)

// table has a field of every kind.
func table() map[string]listing.Field {
	return map[string]listing.Field{
		"state": {Name: "state", Kind: listing.Choice, Values: []string{"active", "invited", "deleted"}},
		"name":  {Name: "name", Kind: listing.Text, Fold: strings.ToLower},
		"id":    {Name: "id", Kind: listing.ID},
		"at":    {Name: "at", Kind: listing.Time, Nullable: true},
		"users": {Name: "users", Kind: listing.Number},
		"mine":  {Name: "mine", Kind: listing.Bool},
	}
}

// What filters ask, of values for which they hold and of others.
func TestField_Parse(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, test := range []struct {
		field  string
		filter listing.Filter
		holds  []any
		not    []any
	}{
		{"state", "", []any{"active", "invited"}, nil},
		{"state", "active", []any{"active"}, []any{"invited", nil}},
		{"state", "eq:active\ninvited", []any{"active", "invited"}, []any{"deleted"}},
		{"state", "in:active,invited\nne:active", []any{"invited"}, []any{"active", "deleted"}},
		{"state", "ne:active\nne:invited", []any{"deleted", nil}, []any{"active", "invited"}},
		{"state", "not_in:active,invited", []any{"deleted"}, []any{"active", "invited"}},
		{"name", "Anna", []any{"anna"}, []any{"anna b", "Anna"}},
		{"name", "like:AN%", []any{"anna", "an"}, []any{"joanna", "", nil}},
		{"name", "like:%an%a", []any{"joanna", "ana"}, []any{"an", "ann"}},
		{"name", "like:an%na", []any{"anna", "anxna"}, []any{"ana"}},
		{"name", "like:a_na", []any{"a_na"}, []any{"anna"}},
		{"name", "like:%", []any{"", "x"}, []any{nil}},
		{"name", "not_like:an%", []any{"joanna", nil}, []any{"anna"}},
		{"name", "eq:like:x", []any{"like:x"}, []any{"x"}},
		{"name", "de:x", []any{"de:x"}, []any{"x"}},
		{"name", "in:a,b", []any{"a", "b"}, []any{"a,b"}},
		{"id", "X1", []any{"X1"}, []any{"x1"}},
		{"at", "gte:2026-03-01\nlt:2026-03-02", []any{day("2026-03-01")}, []any{day("2026-03-02"), day("2026-02-28"), nil}},
		{"at", "2026-03-01T00:00:00Z", []any{day("2026-03-01")}, []any{day("2026-03-02")}},
		{"at", "gt:2026-03-01T01:00:00+01:00", []any{day("2026-03-02")}, []any{day("2026-03-01")}},
		{"at", "lte:2026-03-01", []any{day("2026-03-01")}, []any{day("2026-03-02"), nil}},
		{"at", "null:", []any{nil, (*time.Time)(nil)}, []any{day("2026-03-01")}},
		{"at", "not_null:1", []any{day("2026-03-01")}, []any{nil}},
		{"users", "gt:3", []any{4}, []any{3, 2}},
		{"users", "in:3,4", []any{3, 4}, []any{5}},
		{"users", "-1", []any{-1}, []any{1}},
		{"mine", "1", []any{true}, []any{false}},
		{"mine", "ne:true", []any{false}, []any{true}},
	} {
		all, err := table()[test.field].Parse(test.filter)
		if err != nil {
			t.Errorf("%s %q: %v", test.field, test.filter, err)
			continue
		}
		holds := func(v any) bool {
			return !slices.ContainsFunc(all, func(c listing.Condition) bool { return !c.Holds(v) })
		}
		for _, v := range test.holds {
			if !holds(v) {
				t.Errorf("%s %q does not hold of %v", test.field, test.filter, v)
			}
		}
		for _, v := range test.not {
			if holds(v) {
				t.Errorf("%s %q holds of %v", test.field, test.filter, v)
			}
		}
	}
}

// What a table does not have is refused with a sentence that says what it has.
func TestField_Parse_refuses(t *testing.T) {
	for _, test := range []struct {
		field  string
		filter listing.Filter
		says   string
	}{
		{"state", "asleep", "active, invited, deleted"},
		{"state", "like:a%", "eq, ne, in, not_in"},
		{"state", "in:", "active, invited, deleted"},
		{"name", "gt:a", "eq, ne, in, not_in, like, not_like"},
		{"name", "null:", "eq, ne, in, not_in, like, not_like"},
		{"name", "a\x00", "characters"},
		{"name", "\xff", "characters"},
		{"name", "like:a\u202e%", "characters"},
		{"name", listing.Filter(strings.Repeat("ä", 255)), "254"},
		{"name", "like:%a%a%a%a%", "4 times"},
		{"name", listing.Filter("in:" + strings.Repeat("a,", 100) + "b"), "100 values"},
		{"name", listing.Filter(strings.Repeat("ne:a\n", 101)), "100 values"},
		{"name", listing.Filter(strings.Repeat("\n", 1_000_000)), "100 values"},
		{"at", "yesterday", "2026-03-01"},
		{"at", "like:2026", "eq, ne, gt, lt, gte, lte, null, not_null"},
		{"at", "null:no", "no value"},
		{"users", "1e3", "whole numbers"},
		{"users", "9223372036854775808", "whole numbers"},
		{"mine", "yes", "true or false"},
	} {
		_, err := table()[test.field].Parse(test.filter)
		if !problem.Is(err, problem.InvalidRequest) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.field) || len(err.Error()) > 300 {
			t.Errorf("%s %.30q: %v", test.field, test.filter, err)
		}
	}
}

// A cursor is good for its list and order, and for nothing else.
func TestCursor(t *testing.T) {
	for _, c := range []listing.Cursor{{Key: "anna", ID: "usr_1"}, {Key: "", ID: ""}, {Key: int64(-5), ID: "usr_1"}} {
		text := c.Encode("users", "-name")
		got, err := listing.DecodeCursor(text, "users", "-name")
		if diff := cmp.Diff(c, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for _, other := range [][2]string{{"users", "name"}, {"accounts", "-name"}, {"user", "s-name"}, {"", ""}} {
			if _, err := listing.DecodeCursor(text, other[0], other[1]); err == nil {
				t.Errorf("it is good for %q", other)
			}
		}
	}
}

// Whatever comes, parsing ends in conditions within the limits or in a sentence,
// and what was asked for of a value holds of it.
func FuzzField_Parse(f *testing.F) {
	for _, seed := range []string{"active", "in:a,b", "like:%a%_!", "ne:\n", "null:", "gte:2026-01-01\nlt:2027-01-01", "eq:in:x", "\x00", "\xff", "%%%%%%", ":", ",,,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, field := range table() {
			all, err := field.Parse(listing.Filter(text))
			if err != nil {
				if !problem.Is(err, problem.InvalidRequest) || len(err.Error()) > 300 {
					t.Fatalf("%s: %v", name, err)
				}
				continue
			}
			values := 0
			for _, c := range all {
				values += len(c.Values)
				if !slices.Contains([]listing.Operator{listing.Null, listing.NotNull}, c.Operator) && len(c.Values) == 0 {
					t.Fatalf("%s: no values in %+v", name, c)
				}
				for _, v := range c.Values {
					if c.Operator == listing.In && !c.Holds(v) || c.Operator == listing.NotIn && c.Holds(v) {
						t.Fatalf("%s: %+v of %v", name, c, v)
					}
				}
				c.Holds(nil)
			}
			if values > listing.MaxValues {
				t.Fatalf("%s: %d values", name, values)
			}
		}
	})
}
