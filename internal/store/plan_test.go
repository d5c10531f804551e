package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/user"
)

// Whatever is asked of the list of users, no statement may scan the table or
// sort an account: that is quick in every test and takes a second at a million.
func TestUsers_Plans(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "gatehouse", "gatehouse.db"), Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	home := account.Account{ID: id.NewAccount(), Handle: "home", Name: "Home", Email: "office@example.com", State: account.Open}
	role := access.Role{ID: id.NewRole(), Account: home.ID, Name: "Support"}
	active := []user.State{user.Active}
	err = db.Write(ctx, func(tx WriteTx) error {
		if err := errors.Join(tx.AddAccount(home), tx.AddRole(role)); err != nil {
			return err
		}
		for n := range manyMatches + 100 {
			login := fmt.Sprintf("anna%d", n)
			u := user.User{ID: id.NewUser(), Account: home.ID, Login: user.Login(login), Name: "Anna Peeters", Email: user.Email(login + "@example.com"), State: user.Active}
			if _, err := tx.AddUser(u, "", role.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const (
		byName   = "SEARCH u USING COVERING INDEX users_by_name (account_id=?"
		byState  = "SEARCH u USING COVERING INDEX users_by_state (account_id=? AND state=?"
		byFactor = "SEARCH u USING COVERING INDEX users_by_factor (account_id=? AND second_factor=?"
		byRole   = "SEARCH m USING COVERING INDEX user_roles_by_role (role_id=?"
		byGrams  = "SCAN user_grams VIRTUAL TABLE INDEX 0:M"
		byRow    = "SEARCH u USING INTEGER PRIMARY KEY (rowid=?)"
	)
	cursor := func(o UserOrder, key any) string { return o.sorting().cursor(key, "usr_0") }
	where := func(field string, o listing.Operator, values ...any) []listing.Condition {
		return []listing.Condition{{Field: field, Operator: o, Values: values}}
	}
	is := func(field string, values ...any) []listing.Condition { return where(field, listing.In, values...) }
	like := func(field, pattern string) []listing.Condition { return where(field, listing.Like, pattern) }
	since := func(field string) []listing.Condition { return where(field, listing.Gte, int64(5)) }
	for _, test := range []struct {
		name   string
		filter UserFilter
		want   []string
	}{
		{"everybody", UserFilter{}, []string{byName, byRow}},
		{"a later page", UserFilter{Cursor: cursor(ByName, "anna")}, []string{byName + " AND (name_folded,id)>(?,?))", byRow}},
		{"backwards", UserFilter{Order: "-name", Cursor: cursor("-name", "zzz")}, []string{byName + " AND (name_folded,id)<(?,?))", byRow}},
		{"an offset", UserFilter{Offset: 20}, []string{byName, byRow}},
		{"a state", UserFilter{States: active}, []string{byState, byRow}},
		{"a later page of a state", UserFilter{States: active, Cursor: cursor(ByName, "anna")}, []string{byState + " AND (name_folded,id)>(?,?))", byRow}},
		{"two states", UserFilter{States: append(active, user.Invited)}, []string{byState, "MERGE (UNION ALL)", byRow}},
		{"a factor", UserFilter{Factors: []SecondFactor{FactorNone}}, []string{byFactor, byRow}},
		{"service users", UserFilter{Factors: []SecondFactor{FactorService}}, []string{byFactor}},
		{"two kinds of no factor", UserFilter{Factors: []SecondFactor{FactorNone, FactorForced}}, []string{byFactor, "MERGE (UNION ALL)", byRow}},
		{"a state and a factor", UserFilter{States: active, Factors: []SecondFactor{FactorNone}}, []string{"users_by_state (account_id=? AND state=?", byRow}},
		{"several states and a factor", UserFilter{States: append(active, user.Invited), Factors: []SecondFactor{FactorNone}}, []string{byFactor, byRow}},
		{"several states and factors, a later page", UserFilter{States: append(active, user.Invited), Factors: []SecondFactor{FactorNone, FactorOn}, Cursor: cursor(ByName, "anna")}, []string{byFactor + " AND (name_folded,id)>(?,?))", "MERGE (UNION ALL)", byRow}},
		{"a role", UserFilter{Role: role.ID}, []string{byRole, byRow}},
		{"a later page of a role", UserFilter{Role: role.ID, Cursor: cursor(ByName, "anna")}, []string{byRole + " AND (name_folded,user_id)>(?,?))", byRow}},
		{"a role in a state", UserFilter{Role: role.ID, States: active}, []string{byRole, byRow}},
		{"by login", UserFilter{Order: ByLogin, Cursor: cursor(ByLogin, "anna")}, []string{"users_by_login (account_id=? AND (login_folded,id)>(?,?))"}},
		{"by login, in a state", UserFilter{Order: "-login", States: active}, []string{"users_by_login (account_id=?"}},
		{"by age", UserFilter{Order: "-createdAt", Cursor: cursor("-createdAt", int64(5))}, []string{"users_by_age (account_id=? AND (created_at,id)<(?,?))"}},
		{"by age, a role", UserFilter{Order: ByCreation, Role: role.ID}, []string{"users_by_age (account_id=?"}},
		{"last seen", UserFilter{Order: "-lastSeenAt", Factors: []SecondFactor{FactorOn}}, []string{"users_by_seen (account_id=?"}},
		{"a language", UserFilter{Where: is("language", "en")}, []string{"users_by_name (account_id=?"}},
		{"a language, in a state", UserFilter{Where: is("language", "en"), States: active}, []string{"users_by_state (account_id=? AND state=?"}},
		{"a language, in two states", UserFilter{Where: is("language", "en"), States: append(active, user.Invited)}, []string{"users_by_name (account_id=?"}},
		{"a language, of a role", UserFilter{Where: is("language", "en"), Role: role.ID, Cursor: cursor(ByName, "anna")}, []string{byRole + " AND (name_folded,user_id)>(?,?))"}},
		{"logins", UserFilter{Where: is("login", "anna7", "anna8")}, []string{"users_by_login (account_id=? AND login_folded=?)", byRow}},
		{"an e-mail address", UserFilter{Where: is("email", "anna77@example.com")}, []string{byGrams, "SCAN c VIRTUAL TABLE", byRow}},
		{"a part of an e-mail address", UserFilter{Where: like("email", "anna77%")}, []string{byGrams, "SCAN c VIRTUAL TABLE", byRow}},
		{"a part that many have", UserFilter{Where: like("email", "%example.com")}, []string{byGrams, byRow}},
		{"how a name begins", UserFilter{Where: like("name", "anna%")}, []string{byGrams, "name_folded>? AND name_folded<?", byRow}},
		{"since a day, by age", UserFilter{Where: since("createdAt"), Order: "-createdAt"}, []string{"users_by_age (account_id=? AND created_at>?)"}},
		{"since a day, by use", UserFilter{Where: since("lastSeenAt"), Order: BySeen}, []string{"users_by_seen (account_id=? AND <expr>>?)"}},
		{"since a day, by name", UserFilter{Where: since("createdAt")}, []string{"users_by_name (account_id=?", byRow}},
		{"one letter", UserFilter{Search: "a"}, []string{byName, byRow}},
		{"a word of many", UserFilter{Search: "peeters"}, []string{byGrams, byName, byRow}},
		{"a word of many in a state", UserFilter{Search: "peeters", States: active}, []string{byGrams, byState, byRow}},
		{"a word of many in a role", UserFilter{Search: "peeters", Role: role.ID}, []string{byGrams, byRole, byRow}},
		{"a word of few", UserFilter{Search: "anna77"}, []string{byGrams, "SCAN c VIRTUAL TABLE", byRow}},
		{"a word of few in a state", UserFilter{Search: "anna77", States: active}, []string{byGrams, byRow}},
		{"a word of few in a role", UserFilter{Search: "anna77", Role: role.ID}, []string{byGrams, byRow}},
		{"a later page of a word of few", UserFilter{Search: "anna77", Cursor: cursor(ByName, "anna")}, []string{byGrams, byRow}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plans := plansOf(t, db, func(tx ReadTx) error {
				test.filter.Limit = 10
				_, err := tx.Users(access.Within(home.ID), test.filter)
				return err
			})
			whole := ""
			for text, plan := range plans {
				whole += plan
				counted := strings.HasPrefix(plan, "CO-ROUTINE u\n") // the scan is of what was found
				if strings.Contains(plan, "SCAN u USING") || strings.Contains(plan, "SCAN u\n") && !counted {
					t.Errorf("scans the users:\n%s\n%s", text, plan)
				}
				// The few looked up by number are sorted, and a page's worth of
				// each branch; nothing else is.
				few := strings.Contains(plan, byRow) || strings.HasPrefix(plan, "MERGE (UNION ALL)") && strings.Count(text, "LIMIT $") == 3
				if strings.Contains(plan, "USE TEMP B-TREE") && !few {
					t.Errorf("sorts an account:\n%s\n%s", text, plan)
				}
			}
			for _, w := range test.want {
				if !strings.Contains(whole, w) {
					t.Errorf("never does %q:\n%s", w, whole)
				}
			}
		})
	}
}

// plansOf gives the query plan of every statement that f runs.
func plansOf(t *testing.T, db *DB, f func(ReadTx) error) map[string]string {
	t.Helper()
	plans := map[string]string{}
	err := db.Read(t.Context(), func(tx ReadTx) error {
		for text, s := range tx.c.stmts { // of an earlier question
			s.Close()
			delete(tx.c.stmts, text)
		}
		if err := f(tx); err != nil {
			return err
		}
		for _, text := range slices.Collect(maps.Keys(tx.c.stmts)) {
			var args []any
			for range strings.Count(text, "$") {
				args = append(args, "")
			}
			steps, err := list(tx, func(read scan) (string, error) {
				var id, parent, unused int
				var detail string
				err := read(&id, &parent, &unused, &detail)
				return detail, err
			}, "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				return err
			}
			plans[text] = strings.Join(steps, "\n") + "\n"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return plans
}
