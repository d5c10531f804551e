package ops_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	diffing "github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// What a filter with a few values takes, and what it means.
func TestUsers_List_choices(t *testing.T) {
	w := &town{Place: opstest.New(t, opstest.Options{})}
	w.otter = w.Found("otter", "required")
	for login, state := range map[string]user.State{"anna": user.Active, "bart": user.Active, "chloe": user.Invited, "daan": user.Deactivated, "elif": user.Deleted} {
		w.Join(w.otter, opstest.Member{Login: login, State: state})
	}
	everybody := []string{"anna", "bart", "chloe", "daan"}
	for choice, want := range map[listing.Filter][]string{
		"": everybody, "active": {"anna", "bart"}, "eq:active": {"anna", "bart"}, "in:active": {"anna", "bart"},
		"in:active,invited": {"anna", "bart", "chloe"}, "in:invited,active": {"anna", "bart", "chloe"}, "in:active,active": {"anna", "bart"},
		"in:invited,active,deactivated": everybody, "ne:active": {"chloe", "daan"}, "not_in:active": {"chloe", "daan"},
		"not_in:active,invited": {"daan"}, "not_in:active,invited,deactivated": {},
	} {
		got := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.List, ops.UserList{Status: choice})
		if diff := diffing.Diff(want, logins(got)); diff != "" || got.Pagination.Total != len(want) || got.Entities == nil {
			t.Errorf("%q, %d in total (-want +got):\n%s", choice, got.Pagination.Total, diff)
		}
	}
	for _, choice := range []listing.Filter{
		"x", "deleted", "in:active,deleted", "ACTIVE", "active,invited", "eq:active,invited", "ne:active,invited", "in:", "eq:", "ne:", "not_in:", "in:active,", ",", ":", ":active",
		"like:active", "gt:active", "IN:active", "in:in:active", "in: active", "active ", "active\x00", "\xff", "' OR 1=1 --",
	} {
		_, err := opstest.Do(w.Place, opstest.Console("otter"), w.Ops.Users.List, ops.UserList{Status: choice})
		if got := opstest.CodeOf(err); got != "invalid_request" {
			t.Errorf("status %q gives %s", choice, got)
		}
		_, err = opstest.Do(w.Place, opstest.Console("otter"), w.Ops.Users.List, ops.UserList{MFA: choice})
		if got := opstest.CodeOf(err); got != "invalid_request" {
			t.Errorf("mfa %q gives %s", choice, got)
		}
	}
}

// matches is what a choice means.
func matches(choice listing.Filter, value string) bool {
	operator, values, ok := strings.Cut(string(choice), ":")
	if !ok {
		operator, values = "eq", string(choice)
	}
	return slices.Contains(strings.Split(values, ","), value) != (operator == "ne" || operator == "not_in")
}

// The filter by second factor finds who is shown to stand so, whatever the
// policy, whoever is forced and whatever they have; alone and beside others.
func TestUsers_List_mfa(t *testing.T) {
	choices := []listing.Filter{
		"on", "off", "setup_required", "ne:on", "ne:off", "ne:setup_required", "in:on,off", "in:off,setup_required", "in:on,setup_required",
		"in:on,off,setup_required", "not_in:on,off", "not_in:on,off,setup_required",
	}
	for _, policy := range []account.MFAPolicy{account.MFARequired, account.MFARecommended} {
		t.Run(string(policy), func(t *testing.T) {
			w := newTown(t)
			home := w.Found("meadow", policy)
			for n := range 24 {
				w.somebody(home, opstest.Member{ForceMFA: n&1 > 0, NoFactor: n&2 > 0, State: user.States()[n/4%3], Role: []string{"Tech", ""}[n/12]})
			}
			c, tech := opstest.Console("meadow"), w.Role(home, "Tech")
			all := opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{}).Entities
			for name, q := range map[string]struct {
				in   ops.UserList
				also func(ops.User) bool
			}{
				"alone":         {ops.UserList{}, func(ops.User) bool { return true }},
				"with a state":  {ops.UserList{Status: "ne:active"}, func(u ops.User) bool { return u.Status != user.Active }},
				"with a role":   {ops.UserList{Role: tech}, func(u ops.User) bool { return len(u.Roles) == 1 }},
				"with a search": {ops.UserList{Q: "meadow p1"}, func(u ops.User) bool { return strings.Contains(string(u.Login), "p1") }},
				"in an order":   {ops.UserList{Order: "-login"}, func(ops.User) bool { return true }},
			} {
				for _, choice := range choices {
					q.in.MFA = choice
					want := []string{}
					for _, u := range all {
						if matches(choice, string(u.MFA.State)) && q.also(u) {
							want = append(want, string(u.Login))
						}
					}
					page := opstest.Must(w.Place, c, w.Ops.Users.List, q.in)
					got := logins(page)
					slices.Sort(got)
					slices.Sort(want)
					if diff := diffing.Diff(want, got); diff != "" || page.Pagination.Total != len(want) {
						t.Errorf("%s %s, %d in total (-want +got):\n%s", choice, name, page.Pagination.Total, diff)
					}
				}
			}
		})
	}
}

// Whoever has the role, and nobody else; a role that is not of the account
// nobody has.
func TestUsers_List_role(t *testing.T) {
	w := newTown(t)
	tech, support := w.somebody(w.otter, opstest.Member{Role: "Tech"}), w.somebody(w.otter, opstest.Member{Role: "Support"})
	w.somebody(w.otter, opstest.Member{Role: "Tech", State: user.Deleted})
	w.somebody(w.heron, opstest.Member{Role: "Tech"})
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(support.Ref, w.Role(w.otter, "Finance")) })
	for name, q := range map[string]struct {
		in   ops.UserList
		want []string
	}{
		"one":               {ops.UserList{Role: w.Role(w.otter, "Tech")}, []string{string(tech.Login)}},
		"one of two":        {ops.UserList{Role: w.Role(w.otter, "Finance")}, []string{string(support.Login)}},
		"by login":          {ops.UserList{Role: w.Role(w.otter, "Finance"), Order: "login"}, []string{string(support.Login)}},
		"in a state":        {ops.UserList{Role: w.Role(w.otter, "Tech"), Status: "invited"}, []string{}},
		"found":             {ops.UserList{Role: w.Role(w.otter, "Tech"), Q: string(tech.Login)}, []string{string(tech.Login)}},
		"not found":         {ops.UserList{Role: w.Role(w.otter, "Tech"), Q: string(support.Login)}, []string{}},
		"nobody's":          {ops.UserList{Role: w.Role(w.otter, "All")}, []string{}},
		"another account's": {ops.UserList{Role: w.Role(w.heron, "Tech")}, []string{}},
		"foreign, by login": {ops.UserList{Role: w.Role(w.heron, "Tech"), Order: "-login"}, []string{}},
		"foreign, found":    {ops.UserList{Role: w.Role(w.heron, "Tech"), Q: "peeters"}, []string{}},
		"unknown":           {ops.UserList{Role: "' OR 1=1 --"}, []string{}},
		"with NUL":          {ops.UserList{Role: w.Role(w.otter, "Tech") + "\x00"}, []string{}},
	} {
		got := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.List, q.in)
		if diff := diffing.Diff(q.want, logins(got)); diff != "" || got.Pagination.Total != len(q.want) {
			t.Errorf("%s, %d in total (-want +got):\n%s", name, got.Pagination.Total, diff)
		}
	}
}

// crowd is an account of people many of whom share a name, a moment of birth
// and one of being seen.
func crowd(t *testing.T, seed uint64, size int) (*town, *rand.Rand) {
	w, random := newTown(t), rand.New(rand.NewPCG(seed, 1))
	for n := range size {
		w.stranger(n, random)
		if random.IntN(3) == 0 {
			w.Clock.Advance(time.Millisecond)
		}
	}
	return w, random
}

// stranger is somebody at random, seen or never seen.
func (w *town) stranger(n int, random *rand.Rand) id.User {
	w.T.Helper()
	names := []string{"Anna", "Änne", "anna", "Zoë Müller", "!!!", "Bo", "BO"}
	u := user.User{
		ID: id.NewUser(), Account: w.otter.ID, Login: user.Login(fmt.Sprintf("%s%d", []string{"z", "A", "m"}[random.IntN(3)], n)),
		Name: names[random.IntN(len(names))], Email: "x@otter.example", Language: "en", State: user.States()[random.IntN(3)], ForceMFA: random.IntN(2) == 0,
	}
	var roles []id.Role
	if random.IntN(2) == 0 {
		roles = append(roles, w.Role(w.otter, "Tech"))
	}
	w.Write(func(tx store.WriteTx) error {
		ref, err := tx.AddUser(u, "", roles...)
		if err == nil && random.IntN(3) > 0 {
			err = tx.Seen(ref)
		}
		return err
	})
	return u.ID
}

// inOrder compares users as an order of the list does.
func inOrder(order store.UserOrder) func(a, b ops.User) int {
	seen := func(u ops.User) int64 {
		if u.LastSeenAt == nil {
			return 0
		}
		return u.LastSeenAt.UnixMilli()
	}
	return func(a, b ops.User) int {
		var by int
		switch strings.TrimPrefix(string(order), "-") {
		case "login":
			by = cmp.Compare(a.Login.Folded(), b.Login.Folded())
		case "createdAt":
			by = a.CreatedAt.Compare(b.CreatedAt)
		case "lastSeenAt":
			by = cmp.Compare(seen(a), seen(b))
		default:
			by = cmp.Compare(user.Fold(a.Name), user.Fold(b.Name))
		}
		by = cmp.Or(by, cmp.Compare(a.ID, b.ID))
		if strings.HasPrefix(string(order), "-") {
			return -by
		}
		return by
	}
}

// Page by page, in every order and with every filter, everybody comes exactly
// once and in that order, also while others are added.
func TestUsers_List_everyOrder(t *testing.T) {
	for seed := range uint64(2) {
		w, random := crowd(t, seed, 50)
		c, size := opstest.Console("otter"), 50
		for _, order := range append(store.UserOrders(), "") {
			for _, filter := range []ops.UserList{
				{},
				{Status: "in:active,invited"},
				{MFA: "setup_required"},
				{Role: w.Role(w.otter, "Tech")},
				{Role: w.Role(w.otter, "Tech"), Status: "ne:active"},
				{Q: "an"},
				{Q: "a"},
				{Q: "otter an", Status: "ne:invited"},
				{Q: "an", Role: w.Role(w.otter, "Tech")},
			} {
				filter.Order = order
				whole := filter
				whole.Limit = ptr(200)
				want := opstest.Must(w.Place, c, w.Ops.Users.List, whole)
				if !slices.IsSortedFunc(want.Entities, inOrder(order)) {
					t.Fatalf("seed %d, %+v: not in order: %q", seed, filter, logins(want))
				}
				if want.Pagination.Total != len(want.Entities) || want.Pagination.NextCursor != "" {
					t.Fatalf("seed %d, %+v: %+v of %d", seed, filter, want.Pagination, len(want.Entities))
				}
				seen, late := w.pageThrough(t, c, filter, 1+random.IntN(20), func() id.User { size++; return w.stranger(size, random) })
				early := slices.DeleteFunc(slices.Clone(seen), func(u ops.User) bool { return late[u.ID] })
				if diff := diffing.Diff(logins(want), logins(ops.Page[ops.User]{Entities: early})); diff != "" {
					t.Fatalf("seed %d, %+v: page by page (-whole +pages):\n%s", seed, filter, diff)
				}
				if !slices.IsSortedFunc(seen, inOrder(order)) {
					t.Fatalf("seed %d, %+v: the pages are not in order", seed, filter)
				}
			}
		}
	}
}

// pageThrough follows the cursors, and has somebody added meanwhile.
func (w *town) pageThrough(t *testing.T, c auth.Caller, in ops.UserList, limit int, add func() id.User) (seen []ops.User, late map[id.User]bool) {
	t.Helper()
	late = map[id.User]bool{}
	in.Limit = ptr(limit)
	for n := 0; ; n++ {
		page := opstest.Must(w.Place, c, w.Ops.Users.List, in)
		seen = append(seen, page.Entities...)
		if in.Cursor = page.Pagination.NextCursor; in.Cursor == "" {
			return seen, late
		}
		if n > 500 {
			t.Fatal("the pages do not end")
		}
		if n == 0 {
			late[add()] = true
		}
	}
}

// A cursor is good in the order of the page that gave it, and in no other.
func TestUsers_List_foreignCursors(t *testing.T) {
	w, _ := crowd(t, 7, 6)
	c := opstest.Console("otter")
	for _, from := range store.UserOrders() {
		cursor := opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{Order: from, Paging: ops.Paging{Limit: ptr(2)}}).Pagination.NextCursor
		for _, to := range store.UserOrders() {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.List, ops.UserList{Order: to, Paging: ops.Paging{Cursor: cursor}})
			want := problem.Code("ok")
			if from != to {
				want = problem.InvalidRequest
			}
			code(t, err, want)
		}
	}
	for _, order := range []store.UserOrder{"email", "--name", "NAME", "name ", "-", "name;DROP", "u.login"} {
		opstest.Refused(w.Place, c, w.Ops.Users.List, ops.UserList{Order: order}, problem.InvalidRequest)
	}
}

// Whoever does not want the total is not told one.
func TestUsers_List_uncounted(t *testing.T) {
	w, _ := crowd(t, 8, 9)
	counted := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.List, ops.UserList{Paging: ops.Paging{Limit: ptr(4), Total: new(true)}})
	without := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.List, ops.UserList{Paging: ops.Paging{Limit: ptr(4), Total: new(false)}})
	if counted.Pagination.Total != 9 || counted.Pagination.TotalIsMinimum || !without.Pagination.TotalIsMinimum || without.Pagination.Total >= 9 {
		t.Errorf("%+v, and uncounted %+v", counted.Pagination, without.Pagination)
	}
	if diff := diffing.Diff(counted.Entities, without.Entities); diff != "" || counted.Pagination.NextCursor != without.Pagination.NextCursor {
		t.Errorf("the pages differ:\n%s", diff)
	}
}

// What lists filter by is what is true, after every kind of change: how users
// stand with second factors, and under which name they hold their roles.
func TestUsers_List_marks(t *testing.T) {
	w := newTown(t)
	home := w.Found("meadow", "recommended")
	console, tech := opstest.Console("meadow"), w.Role(home, "Tech")
	join := func(m opstest.Member) *opstest.Person { m.Role = "Tech"; return w.somebody(home, m) }
	update := func(who *opstest.Person, in ops.UpdateUserInput) {
		in.ID = who.ID
		opstest.Must(w.Place, console, w.Ops.Users.Update, in)
	}
	for name, act := range map[string]func(m opstest.Member){
		"add":    func(m opstest.Member) { join(m) },
		"force":  func(m opstest.Member) { update(join(m), ops.UpdateUserInput{ForceMFA: new(true)}) },
		"let be": func(m opstest.Member) { update(join(m), ops.UpdateUserInput{ForceMFA: new(false)}) },
		"rename": func(m opstest.Member) { update(join(m), ops.UpdateUserInput{Name: new("Zoë Quist")}) },
		"new role": func(m opstest.Member) {
			update(join(m), ops.UpdateUserInput{Name: new("Ann"), Roles: []id.Role{tech, w.Role(home, "Support")}})
		},
		"first app": func(m opstest.Member) { m.NoFactor = true; w.pair(join(m).Caller(), "") },
		"more apps": func(m opstest.Member) { c, _, _ := w.pair(join(m).Caller(), ""); w.pair(c, "Tablet") },
		"forced, then an app, then let be": func(m opstest.Member) {
			m.NoFactor, m.ForceMFA = true, true
			who := join(m)
			w.pair(who.Caller(), "")
			update(who, ops.UpdateUserInput{ForceMFA: new(false)})
		},
		"remove one": func(m opstest.Member) {
			c, _, _ := w.pair(join(m).Caller(), "")
			c, _, _ = w.pair(c, "Tablet")
			opstest.Must(w.Place, c, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: w.profile(c).AuthenticatorApps[0].ID})
		},
		"disable": func(m opstest.Member) {
			m.ForceMFA = false
			c, _, _ := w.pair(join(m).Caller(), "")
			opstest.Must(w.Place, c, w.Ops.SecondFactors.Disable, ops.None{})
		},
		"reset": func(m opstest.Member) {
			m.NoFactor = false
			opstest.Must(w.Place, console, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: join(m).ID, Reason: "Lost the phone."})
		},
		"reset, and let be": func(m opstest.Member) {
			m.NoFactor = false
			who := join(m)
			opstest.Must(w.Place, console, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost the phone."})
			update(who, ops.UpdateUserInput{ForceMFA: new(false)})
		},
		"delete": func(m opstest.Member) { opstest.Must(w.Place, console, w.Ops.Users.Delete, ops.UserID{ID: join(m).ID}) },
		"deactivate": func(m opstest.Member) {
			opstest.Must(w.Place, console, w.Ops.Users.Deactivate, ops.UserID{ID: join(m).ID})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range 4 {
				act(opstest.Member{ForceMFA: n&1 > 0, NoFactor: n&2 > 0})
			}
			if n := w.Count(`SELECT COUNT(*) FROM users u WHERE u.second_factor <> CASE
				WHEN EXISTS (SELECT 1 FROM authenticator_apps a WHERE a.user_id = u.id) THEN 'on' WHEN u.force_mfa THEN 'forced' ELSE 'none' END`); n != 0 {
				t.Errorf("%d users stand otherwise than their mark says", n)
			}
			if n := w.Count(`SELECT COUNT(*) FROM users u JOIN user_roles m ON m.user_id = u.id WHERE m.name_folded <> u.name_folded`); n != 0 {
				t.Errorf("%d roles are held under another name", n)
			}
		})
	}
}
