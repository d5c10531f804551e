package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
)

// accountsDB has the operator and accounts with these names, opened a day after
// each other from 29 April 2020 on.
func accountsDB(t *testing.T, names ...string) (*DB, access.Scope) {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "gatehouse", "gatehouse.db"), Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	operator := account.Account{ID: id.NewAccount(), Handle: "operator", Name: "Zz Operator", State: account.Open, MFAPolicy: account.MFARequired, OpenedAt: time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC)}
	err = db.Write(t.Context(), func(tx WriteTx) error {
		err := errors.Join(tx.AddInstallation(Installation{ID: id.NewInstallation()}), tx.AddAccount(operator), tx.Claim(operator.ID))
		for n, name := range names {
			a := account.Account{
				ID: id.NewAccount(), Handle: account.Handle(fmt.Sprintf("h%d", len(names)-n)), Name: name, State: account.States()[n%3],
				MFAPolicy: account.MFAByOpeningDate, OpenedAt: time.Date(2020, 4, 29+n, 12, 0, 0, 0, time.UTC),
			}
			err = errors.Join(err, tx.AddAccount(a))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, access.Within(operator.ID)
}

func handle(h string) []listing.Condition {
	return []listing.Condition{{Field: "handle", Operator: listing.In, Values: []any{h}}}
}

func TestAccounts_list(t *testing.T) {
	db, scope := accountsDB(t, "Émile Hosting", "anchor", "Zebra Names", "Élan", "Mare*", "Boat & Barge")
	ask := func(s access.Scope, f AccountFilter) (names []string, p AccountPage) {
		t.Helper()
		err := db.Read(t.Context(), func(tx ReadTx) (err error) {
			p, err = tx.Accounts(s, f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Accounts {
			names = append(names, a.Name)
		}
		return names, p
	}
	byName := []string{"anchor", "Boat & Barge", "Élan", "Émile Hosting", "Mare*", "Zebra Names", "Zz Operator"}
	reversed := slices.Clone(byName)
	slices.Reverse(reversed)
	required := []account.MFAPolicy{account.MFARequired}
	for _, test := range []struct {
		name   string
		filter AccountFilter
		want   []string
		total  int
	}{
		{"all", AccountFilter{}, byName, 7},
		{"backwards", AccountFilter{Order: "-name"}, reversed, 7},
		{"by handle", AccountFilter{Order: ByHandle}, []string{"Boat & Barge", "Mare*", "Élan", "Zebra Names", "anchor", "Émile Hosting", "Zz Operator"}, 7},
		{"the youngest first", AccountFilter{Order: "-openedAt"}, []string{"Zz Operator", "Boat & Barge", "Mare*", "Élan", "Zebra Names", "anchor", "Émile Hosting"}, 7},
		{"an accent", AccountFilter{Search: "ÉLA"}, []string{"Élan"}, 1},
		{"two words, one of the handle", AccountFilter{Search: "h6 host"}, []string{"Émile Hosting"}, 1},
		{"what GLOB takes for a pattern", AccountFilter{Search: "*"}, nil, 0},
		{"a handle", AccountFilter{Where: handle("h5")}, []string{"anchor"}, 1},
		{"a part of a handle is none", AccountFilter{Where: handle("h")}, nil, 0},
		{"a state", AccountFilter{States: []account.State{account.Suspended}}, []string{"anchor", "Mare*"}, 2},
		{"two states", AccountFilter{States: []account.State{account.Suspended, account.Closed}}, []string{"anchor", "Boat & Barge", "Mare*", "Zebra Names"}, 4},
		{"required", AccountFilter{Policies: required}, []string{"Boat & Barge", "Élan", "Mare*", "Zebra Names", "Zz Operator"}, 5},
		{"recommended", AccountFilter{Policies: []account.MFAPolicy{account.MFARecommended}}, []string{"anchor", "Émile Hosting"}, 2},
		{"either", AccountFilter{Policies: append(required, account.MFARecommended)}, byName, 7},
		{"state, policy and word", AccountFilter{States: []account.State{account.Open}, Policies: required, Search: "a"}, []string{"Élan", "Zz Operator"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := test.filter
			f.Limit = 50
			got, p := ask(scope, f)
			if diff := cmp.Diff(test.want, got); diff != "" || p.Total.Count != test.total || p.NextCursor != "" {
				t.Errorf("total %d, want %d (-want +got):\n%s", p.Total.Count, test.total, diff)
			}
			f.Limit = 0
			if _, p := ask(scope, f); p.Total.Count != test.total {
				t.Errorf("counted only, it is %d", p.Total.Count)
			}
			// In pages of two, by cursor and by offset, it is the same list.
			var paged, offset []string
			for f.Limit = 2; len(paged) < 20; {
				part, p := ask(scope, f)
				if paged = append(paged, part...); p.Total.Count != test.total {
					t.Errorf("a page says %d", p.Total.Count)
				}
				if f.Cursor = p.NextCursor; f.Cursor == "" {
					break
				}
			}
			for f.Cursor = ""; f.Offset < 10; f.Offset += 2 {
				part, _ := ask(scope, f)
				offset = append(offset, part...)
			}
			if !slices.Equal(paged, test.want) || !slices.Equal(offset, test.want) {
				t.Errorf("in pages: %v, by offset: %v", paged, offset)
			}
		})
	}
	// From every other scope there is nothing, and nothing to find.
	err := db.Read(t.Context(), func(tx ReadTx) error {
		customer, err := tx.AccountByHandle("h1")
		if err != nil {
			return err
		}
		for _, s := range []access.Scope{access.Within(customer.ID), {}, access.Within("' OR 1=1 --")} {
			for _, f := range []AccountFilter{{}, {Where: handle("h1")}, {Search: "a"}, {States: account.States()}, {Policies: append(required, account.MFARecommended)}} {
				for f.Limit = range 3 {
					if p, err := tx.Accounts(s, f); err != nil || len(p.Accounts) != 0 || p.Total.Count != 0 {
						t.Errorf("another scope sees %v of %d, %v", p.Accounts, p.Total.Count, err)
					}
				}
			}
			if _, _, err := tx.Customer(s, customer.ID); !errors.Is(err, ErrNotFound) {
				t.Errorf("another scope reaches an account: %v", err)
			}
		}
		for _, wrong := range []string{"x", ByHandle.sorting().cursor("a", "b"), AccountOrder("-openedAt").sorting().cursor("soon", "b"), UserOrder("-name").sorting().cursor("a", "b")} {
			if _, err := tx.Accounts(scope, AccountFilter{Order: "-openedAt", Cursor: wrong, Limit: 5}); !errors.Is(err, ErrCursor) {
				t.Errorf("the cursor %q: %v", wrong, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever is asked of the list, it walks an index in order and reads the rows
// of the page only.
func TestAccounts_plans(t *testing.T) {
	db, scope := accountsDB(t, "Anchor")
	states := []account.State{account.Suspended}
	for _, test := range []struct {
		filter AccountFilter
		want   string
	}{
		{AccountFilter{}, "accounts_by_name"},
		{AccountFilter{Order: "-name", Cursor: AccountOrder("-name").sorting().cursor("m", "acc_0")}, "accounts_by_name ((name_folded,id)<"},
		{AccountFilter{States: states, Search: "anch"}, "accounts_by_name"},
		{AccountFilter{Policies: []account.MFAPolicy{account.MFARequired}}, "accounts_by_name"},
		{AccountFilter{Order: ByHandle, States: states}, "accounts_by_handle"},
		{AccountFilter{Order: ByHandle, Cursor: ByHandle.sorting().cursor("m", "acc_0")}, "accounts_by_handle ((handle,id)>"},
		{AccountFilter{Order: "-openedAt", Policies: []account.MFAPolicy{account.MFARecommended}, Search: "a"}, "accounts_by_opening"},
	} {
		plans := plansOf(t, db, func(tx ReadTx) error {
			test.filter.Limit = 10
			_, err := tx.Accounts(scope, test.filter)
			return err
		})
		whole := ""
		for text, plan := range plans {
			whole += plan
			if strings.Contains(text, "SELECT a.row") && (strings.Contains(plan, "USE TEMP B-TREE") || !strings.Contains(plan, "COVERING INDEX accounts_by")) {
				t.Errorf("%+v: reads or sorts more than an index:\n%s\n%s", test.filter, text, plan)
			}
		}
		if !strings.Contains(whole, test.want) {
			t.Errorf("%+v never uses %s:\n%s", test.filter, test.want, whole)
		}
	}
}

// Accounts from before there were lists of them are found once the database was
// opened by a program that has some.
func TestAccounts_folded(t *testing.T) {
	db, scope := accountsDB(t, "Émile Hosting", "Anchor")
	path := "sqlite:" + databaseOf(t, db)
	err := db.Write(t.Context(), func(tx WriteTx) error {
		_, err := tx.exec(`UPDATE accounts SET name_folded = '', search = ''`)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := Open(context.Background(), path, Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	err = again.Read(t.Context(), func(tx ReadTx) error {
		p, err := tx.Accounts(scope, AccountFilter{Search: "emile h2", Limit: 5})
		if len(p.Accounts) != 1 {
			t.Errorf("found %+v", p.Accounts)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func databaseOf(t *testing.T, db *DB) (path string) {
	t.Helper()
	err := db.Read(t.Context(), func(tx ReadTx) (err error) {
		path, err = one(tx, value[string], `SELECT file FROM pragma_database_list WHERE name = 'main'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}
