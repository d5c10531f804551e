package ops_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gatehouse/internal/account"
	"gatehouse/internal/notice"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
)

// Nothing of one account is visible in another (P2), operators included: every
// operation is asked by an administrator of one account about things of
// another, between any two of operator and customers, in both directions. The
// answer is as if there were no such thing, tells nothing of the other account,
// and leaves nothing in its log. Of other accounts, the operator sees what
// accounts.* says, and that tells of nobody but the admin user.
func TestMatrix_sideBySide(t *testing.T) {
	w := newTown(t)
	marks := map[string]string{}
	for _, a := range []account.Account{w.harbour, w.otter, w.heron} {
		w.somebody(a, opstest.Member{Role: "Admin", AdminUser: true})
		w.somethingHappens(a)
		marks[string(a.Handle)] = "@" + string(a.Handle) + ".example"
	}
	for _, pair := range [][2]account.Account{{w.harbour, w.otter}, {w.otter, w.harbour}, {w.otter, w.heron}, {w.heron, w.otter}} {
		home, abroad := pair[0], pair[1]
		t.Run(string(home.Handle)+" about "+string(abroad.Handle), func(t *testing.T) {
			w.abroad = &abroad
			defer func() { w.abroad = nil }()
			asked := 0
			for _, o := range w.Ops.Table().All() {
				i := o.Info()
				s := samples()[i.Name]
				operators := strings.HasPrefix(i.Name, "accounts.")
				switch {
				case i.Rule.Open(), i.Route == op.NoRoute:
					continue // those are about whoever shows a secret
				case operators && home.ID == w.harbour.ID:
					continue // below
				}
				ask := func(about string, input func(*town, asking) any) {
					who := w.somebody(home, opstest.Member{Role: "Admin"})
					a := asking{who.Caller(), home, who}
					in := input(w, a)
					records := w.Count(`SELECT COUNT(*) FROM activity WHERE account_id = $1`, string(abroad.ID))
					out, err := o.Invoke(t.Context(), w.Engine, a.Caller, func(v any) error {
						reflect.ValueOf(v).Elem().Set(reflect.ValueOf(in))
						return nil
					})
					asked++
					if err == nil && about == "foreign" && strings.Contains(i.Route, "{") {
						t.Errorf("%s reaches something of another account", i.Name)
					}
					text, failed := json.Marshal(out)
					if failed != nil {
						t.Fatal(failed)
					}
					if err != nil {
						text = []byte(err.Error())
					}
					for _, mark := range []string{marks[string(abroad.Handle)], string(abroad.ID), abroad.Name} {
						if strings.Contains(string(text), mark) {
							t.Errorf("%s %s tells of %s: %s", i.Name, about, mark, text)
						}
					}
					if n := w.Count(`SELECT COUNT(*) FROM activity WHERE account_id = $1`, string(abroad.ID)); n != records {
						t.Errorf("%s %s leaves a record in the other's log", i.Name, about)
					}
				}
				if operators {
					ask("foreign", s.own) // about an account of the operator's
					continue
				}
				ask("own", s.own)
				if s.foreign != nil {
					ask("foreign", s.foreign)
				}
			}
			if asked < 40 {
				t.Errorf("only %d questions were asked", asked)
			}
		})
	}
}

// What the operator sees of a customer: the record, the admin user and numbers.
func TestAccounts_showsNobodyElse(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	colleague := w.somebody(w.otter, opstest.Member{Role: "Support"})
	c := w.operator()
	for name, out := range map[string]any{
		"list": opstest.Must(w.Place, c, w.Ops.Accounts.List, ops.AccountList{}),
		"show": opstest.Must(w.Place, c, w.Ops.Accounts.Show, ops.AccountID{ID: w.otter.ID}),
	} {
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), admin.Name) {
			t.Errorf("%s does not name the admin user", name)
		}
		for _, secretive := range []string{colleague.Name, string(colleague.Login), string(colleague.ID), string(admin.ID)} {
			if strings.Contains(string(text), secretive) {
				t.Errorf("%s tells of %s", name, secretive)
			}
		}
	}
	// Nobody is found by anything but name and handle of the account.
	for _, q := range []string{string(colleague.Login), colleague.Name, "office@otter.example", string(admin.Login)} {
		if found := opstest.Must(w.Place, c, w.Ops.Accounts.List, ops.AccountList{Q: q}); len(found.Entities) != 0 {
			t.Errorf("%q finds %+v", q, found.Entities)
		}
	}
}

// What the operator does to a customer's admin user is told to that person, in
// their own account.
func TestNotices_byTheOperator(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	opstest.Must(w.Place, w.operator(), w.Ops.Accounts.ReissueAdmin, ops.ReissueAdminInput{ID: w.otter.ID})
	page := opstest.Must(w.Place, admin.Caller(), w.Ops.Profile.Notices, ops.NoticeList{})
	if len(page.Entities) != 1 || page.Entities[0].Kind != notice.LinkIssued {
		t.Fatalf("the admin user is told %+v", page.Entities)
	}
	if who := page.Entities[0].Who; !strings.Contains(who, w.harbour.Name) {
		t.Errorf("by %q, which does not name the operator %s", who, w.harbour.Name)
	}
}
