package store_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/activity"
	"gatehouse/internal/listing"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

func names(users []store.Listed) []string {
	all := []string{}
	for _, u := range users {
		all = append(all, u.Name)
	}
	return all
}

// is the condition that a field has a value.
func is(field string, v any) []listing.Condition {
	return []listing.Condition{{Field: field, Operator: listing.In, Values: []any{v}}}
}

// at compares with so many seconds after noon.
func at(o listing.Operator, seconds int) []listing.Condition {
	return []listing.Condition{{Field: "at", Operator: o, Values: []any{noon.Add(time.Duration(seconds) * time.Second).UnixMilli()}}}
}

func TestReadTx_Users_pages(t *testing.T) {
	for _, limit := range []int{1, 7, store.MaxPage} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			db, _ := open(t)
			var everybody []string
			for n := range 25 { // many share a name, some have none that sorts
				everybody = append(everybody, []string{"Anna", "Änne", "Zoë", "!!!", "Bo"}[n%5])
			}
			h := newHouse(t, db, "harbour", everybody...)
			other := newHouse(t, db, "other", "Anna", "Bo")
			seen := map[string]int{}
			var order []string
			for filter, pages := (store.UserFilter{Limit: limit}), 0; ; pages++ {
				page := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) { return tx.Users(h.scope(), filter) })
				if len(page.Users) > limit {
					t.Fatalf("a page of %d users", len(page.Users))
				}
				for _, u := range page.Users {
					seen[string(u.ID)]++
					order = append(order, user.Fold(u.Name)+"\x00"+string(u.ID))
				}
				if page.NextCursor == "" {
					break
				}
				filter.Cursor = page.NextCursor
				if pages > 20 {
					continue
				}
				write(t, db, func(tx store.WriteTx) error { // while somebody pages, others are added
					if _, err := tx.AddUser(other.person(fmt.Sprintf("o%d", pages), "Anna"), ""); err != nil {
						return err
					}
					return addUser(tx, h.person(fmt.Sprintf("late%d", pages), "AAA"), "") // before everything shown
				})
			}
			for _, u := range h.users {
				if seen[string(u.ID)] != 1 {
					t.Errorf("%s %s was shown %d times", u.Name, u.ID, seen[string(u.ID)])
				}
			}
			if !slices.IsSorted(order) {
				t.Error("the pages are not in order of names")
			}
			for _, u := range other.users {
				if seen[string(u.ID)] != 0 {
					t.Errorf("a user of another account was shown")
				}
			}
		})
	}
}

func TestReadTx_Users_limits(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", slices.Repeat([]string{"Anna"}, store.MaxPage+5)...)
	for _, c := range []struct {
		name  string
		f     store.UserFilter
		users int
		next  bool
	}{
		{"only count", store.UserFilter{}, 0, false},
		{"negative", store.UserFilter{Limit: -3}, 0, false},
		{"too large", store.UserFilter{Limit: 1 << 40}, store.MaxPage, true},
		{"offset", store.UserFilter{Limit: 100, Offset: store.MaxPage}, 5, false},
		{"negative offset", store.UserFilter{Limit: 10, Offset: -1}, 10, true},
		{"offset beyond the end", store.UserFilter{Limit: 10, Offset: 1 << 40}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) { return tx.Users(h.scope(), c.f) })
			if len(p.Users) != c.users || (p.NextCursor != "") != c.next || p.Users == nil {
				t.Errorf("got %d users (nil: %v), cursor %q", len(p.Users), p.Users == nil, p.NextCursor)
			}
			if want := (store.Total{Count: store.MaxPage + 5}); p.Total != want {
				t.Errorf("total %v, want %v", p.Total, want)
			}
		})
	}
}

func TestReadTx_Users_cursor(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	encode := base64.RawURLEncoding.EncodeToString
	for _, nonsense := range []string{"?", "abc", "====", encode([]byte("no separator")), encode([]byte("users login\x00tanna\x00usr")), encode([]byte("users name\x00ta\xff\x00b")), strings.Repeat("A", 100_001)} {
		_, err := tryAsk(t, db, func(tx store.ReadTx) (store.UserPage, error) {
			return tx.Users(h.scope(), store.UserFilter{Limit: 10, Cursor: nonsense})
		})
		wantErr(t, fmt.Sprintf("%.20q", nonsense), err, store.ErrCursor)
	}
	// One that could be, but was never given, is only a place in the list.
	for cursor, want := range map[string][]string{
		encode([]byte("users name\x00t\x00")):             {"Anna", "Bo"},
		encode([]byte("users name\x00tanna\x00zzz")):      {"Bo"},
		encode([]byte("users name\x00t' OR 1=1 --\x00'")): {"Anna", "Bo"},
		encode([]byte("users name\x00tzzz\x00zz")):        {},
	} {
		p := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) {
			return tx.Users(h.scope(), store.UserFilter{Limit: 10, Cursor: cursor})
		})
		if diff := cmp.Diff(want, names(p.Users)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", cursor, diff)
		}
	}
	for _, nonsense := range []string{"x", "1e3", "7", encode([]byte("activity -at\x00n9223372036854775808\x00")), encode([]byte("activity -at\x00n 1\x00")), encode([]byte("activity -at\x00t1\x00")), encode([]byte("activity at\x00n1\x00"))} {
		_, err := tryAsk(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) {
			return tx.Activity(h.scope(), store.ActivityFilter{Span: store.Span{Limit: 10, Cursor: nonsense}})
		})
		wantErr(t, nonsense, err, store.ErrCursor)
	}
}

func TestReadTx_Users_search(t *testing.T) {
	db, _ := open(t)
	people := []string{"Zoë Müller", "Łukasz Groß", "Bjørn O'Neill-Æsop", "Anna Peeters", "Ann Xu", "Wu", "100% Real_Name", "Straße_x"}
	h := newHouse(t, db, "harbour", people...)
	newHouse(t, db, "other", "Quentin Zoë", "Xaverius Müller")
	all := slices.Clone(people)
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(user.Fold(a), user.Fold(b)) })
	long := strings.Repeat("donaudampfschiff", 7)
	write(t, db, func(tx store.WriteTx) error { return addUser(tx, h.person("long", long), "") })
	everybody := append(slices.Clone(all), long)
	slices.SortFunc(everybody, func(a, b string) int { return strings.Compare(user.Fold(a), user.Fold(b)) })
	for _, c := range []struct {
		what, search string
		want         []string
	}{
		{"no words", "", everybody},
		{"spaces", "   ", everybody},
		{"accents", "zoe muller", []string{"Zoë Müller"}},
		{"accents the other way", "ZOË MÜLLER", []string{"Zoë Müller"}},
		{"decomposed", "Zoe\u0308", []string{"Zoë Müller"}},
		{"letters written out", "gross", []string{"Łukasz Groß"}},
		{"stroke", "lukasz", []string{"Łukasz Groß"}},
		{"ligature", "aesop", []string{"Bjørn O'Neill-Æsop"}},
		{"apostrophe", "o'neill", []string{"Bjørn O'Neill-Æsop"}},
		{"case", "PEETERS", []string{"Anna Peeters"}},
		{"part of a word", "eeter", []string{"Anna Peeters"}},
		{"two letters", "wu", []string{"Wu"}},
		{"two letters in a longer word", "xu", []string{"Ann Xu"}},
		{"one letter", "z", []string{"Łukasz Groß", "Zoë Müller"}},
		{"one letter and a word", "z muller", []string{"Zoë Müller"}},
		{"several words in any order", "peeters anna", []string{"Anna Peeters"}},
		{"words that are not together", "anna xu", nil},
		{"login", "harbour3", []string{"Anna Peeters"}},
		{"e-mail", "harbour3@harbour.example", []string{"Anna Peeters"}},
		{"in every e-mail", "@harbour.example", everybody},
		{"another account's name", "quentin", nil},
		{"another account's letters", "qu", nil},
		{"another account's word with one here", "xaverius muller", nil},
		{"across words", "annapeeters", nil},
		{"letters in another order", "nana", nil},
		{"underscore is a letter", "l_n", []string{"100% Real_Name"}},
		{"underscore is no wildcard", "a_n", nil},
		{"percent is no wildcard", "%", nil},
		{"star is no wildcard", "*", nil},
		{"star behind letters", "ann*", []string{"Ann Xu", "Anna Peeters"}},
		{"number", "100", []string{"100% Real_Name"}},
		{"quotes", `"`, nil},
		{"FTS operators", "ann OR wu", nil},
		{"FTS column", "grams:ann", nil},
		{"FTS near", "NEAR(ann xu)", nil},
		{"FTS gram of another account", "2~que", nil},
		{"SQL", "' OR 1=1; DROP TABLE users; --", nil},
		{"NUL", "ann\x00xu", []string{"Ann Xu"}},
		{"invalid UTF-8", "wu\xff\xfe", []string{"Wu"}},
		{"emoji", "🦊", nil},
		{"Chinese", "漢字", nil},
		{"a long word", long, []string{long}},
		{"a longer one", long + "x", nil},
		{"many words", strings.Repeat("ann xu ", 5000), []string{"Ann Xu"}},
		{"many different words", manyWords(3000), nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) {
				return tx.Users(h.scope(), store.UserFilter{Search: c.search, Limit: store.MaxPage})
			})
			want := c.want
			if want == nil {
				want = []string{}
			}
			if diff := cmp.Diff(want, names(p.Users)); diff != "" {
				t.Errorf("%.40q (-want +got):\n%s", c.search, diff)
			}
			if p.Total.Count != len(want) {
				t.Errorf("total %d, want %d", p.Total.Count, len(want))
			}
		})
	}
}

func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "word%d ", i)
	}
	return b.String()
}

// Both ways of searching, through few matches and through many, find the same.
func TestReadTx_Users_searchMany(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("thousands of users take minutes under the race detector, and too long for -short; the plain run has them")
	}
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna Needle")
	other := newHouse(t, db, "other")
	write(t, db, func(tx store.WriteTx) error {
		for n := range store.MaxCount + 1 {
			if _, err := tx.AddUser(h.person(fmt.Sprintf("p%05d", n), "Maria Haystack"), ""); err != nil {
				return err
			}
		}
		return addUser(tx, other.person("o", "Maria Needle"), "")
	})
	for search, want := range map[string]store.Total{
		"":               {Count: store.MaxCount + 2},
		"maria":          {Count: 3, Minimum: true}, // as far as the page tells
		"needle":         {Count: 1},
		"maria needle":   {},
		"p0500":          {Count: 10},
		"haystack p0500": {Count: 10},
	} {
		p := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) {
			return tx.Users(h.scope(), store.UserFilter{Search: search, Limit: 3})
		})
		if p.Total != want {
			t.Errorf("%q: total %+v, want %+v", search, p.Total, want)
		}
		if got := len(p.Users); got != min(3, want.Count) {
			t.Errorf("%q: %d users on the page", search, got)
		}
	}
}

func TestReadTx_Activity_count(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("thousands of records take minutes under the race detector, and too long for -short; the plain run has them")
	}
	db, _ := open(t)
	h := newHouse(t, db, "harbour")
	write(t, db, func(tx store.WriteTx) error {
		for range store.MaxCount + 1 {
			tx.Record(record(h.ID, "user.added"))
		}
		tx.Record(record(h.ID, "user.deleted"))
		return nil
	})
	for event, want := range map[string]store.Total{
		"":             {Count: store.MaxCount, Minimum: true},
		"user.deleted": {Count: 1},
		"user.renamed": {},
	} {
		p := ask(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) {
			f := store.ActivityFilter{Span: store.Span{Limit: -1}}
			if event != "" {
				f.Where = is("event", event)
			}
			return tx.Activity(h.scope(), f)
		})
		if p.Total != want || len(p.Rows) != 0 {
			t.Errorf("%q: total %+v, want %+v (%d records)", event, p.Total, want, len(p.Rows))
		}
	}
}

func TestReadTx_Activity_pages(t *testing.T) {
	db, clock := open(t)
	h, other := newHouse(t, db, "harbour"), newHouse(t, db, "other")
	var want []int64
	for n := range 20 {
		clock.advance(time.Second)
		write(t, db, func(tx store.WriteTx) error {
			tx.Record(record(h.ID, fmt.Sprintf("e%d", n%2)))
			tx.Record(record(other.ID, "foreign"))
			tx.Record(record("", "installation"))
			return nil
		})
		want = append(want, int64(n*3))
	}
	slices.Reverse(want)
	var got []int64
	for f := (store.ActivityFilter{Span: store.Span{Limit: 3}}); ; {
		p := ask(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) { return tx.Activity(h.scope(), f) })
		for _, r := range p.Rows {
			got = append(got, r.Seq)
		}
		if f.Cursor = p.NextCursor; f.Cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pages (-want +got):\n%s", diff)
	}
	for what, c := range map[string]struct {
		f    store.ActivityFilter
		want []int64
	}{
		"event":    {store.ActivityFilter{Where: is("event", "e1")}, []int64{57, 51, 45, 39, 33, 27, 21, 15, 9, 3}},
		"since":    {store.ActivityFilter{Where: at(listing.Gte, 18)}, []int64{57, 54, 51}},
		"until":    {store.ActivityFilter{Where: at(listing.Lt, 3)}, []int64{3, 0}},
		"together": {store.ActivityFilter{Where: slices.Concat(is("event", "e1"), at(listing.Gte, 10), at(listing.Lt, 13))}, []int64{33, 27}},
		"foreign":  {store.ActivityFilter{Where: is("event", "foreign")}, nil},
	} {
		c.f.Limit = 50
		p := ask(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) { return tx.Activity(h.scope(), c.f) })
		var got []int64
		for _, r := range p.Rows {
			got = append(got, r.Seq)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || p.Total.Count != len(got) {
			t.Errorf("%s: total %d (-want +got):\n%s", what, p.Total.Count, diff)
		}
	}
}

// like is the condition that a field is like a pattern.
func like(field, pattern string) []listing.Condition {
	return []listing.Condition{{Field: field, Operator: listing.Like, Values: []any{pattern}}}
}
