package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// While somebody gives a role to new users, it becomes stronger than the giver,
// or goes away: whatever comes first, nobody gets what was not the giver's.
func TestRoles_movedMeanwhile(t *testing.T) {
	w := newTown(t)
	manager, _ := w.manager("VIEW_DOMAIN")
	caller, console := manager.Caller(), opstest.Console("otter")
	for name, meanwhile := range map[string]func(id.Role) error{
		"made stronger": func(r id.Role) error {
			_, err := op.Do(t.Context(), w.Engine, console, w.Ops.Roles.Update, ops.UpdateRoleInput{ID: r, Permissions: []access.Permission{"VIEW_DOMAIN", "RENEW_DOMAIN"}})
			return err
		},
		"deleted": func(r id.Role) error {
			_, err := op.Do(t.Context(), w.Engine, console, w.Ops.Roles.Delete, ops.RoleID{ID: r})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				role := w.newRole("otter", "VIEW_DOMAIN")
				people := []ops.AddUserInput{w.colleague(role), w.colleague(role), w.colleague(role)}
				got := atOnce(4, func(n int) error {
					if n == 3 {
						return meanwhile(role)
					}
					_, err := op.Do(t.Context(), w.Engine, caller, w.Ops.Users.Add, people[n])
					return err
				})
				added := w.Count(`SELECT COUNT(*) FROM user_roles WHERE role_id = $1`, string(role))
				if got["ok"]+got["invalid_fields"]+got["role_in_use"] != 4 {
					t.Fatalf("they got %v", got)
				}
				// Whoever came after is refused: a further one is, too.
				_, err := opstest.Do(w.Place, caller, w.Ops.Users.Add, w.colleague(role))
				if got["role_in_use"] == 0 && problem.Of(err).Code != problem.InvalidFields || added > 3 {
					t.Fatalf("%d added, %v, and afterwards %v", added, got, err)
				}
			}
		})
	}
}

// Two write at once: every one of them decides on what the other has left.
// Nobody ends up with a right that was not given by somebody who held it, and
// whoever saw another role than there is changes nothing.
func TestRoles_Update_atOnce(t *testing.T) {
	w := newTown(t)
	one, two := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{Role: "Admin"})
	callers := []auth.Caller{one.Caller(), two.Caller()}
	t.Run("from what both saw", func(t *testing.T) {
		role := w.newRole("otter", "VIEW_DOMAIN")
		more := []access.Permission{"VIEW_HOST", "VIEW_CONTACT"}
		got := atOnce(20, func(n int) error {
			_, err := op.Do(t.Context(), w.Engine, callers[n%2], w.Ops.Roles.Update, ops.UpdateRoleInput{
				ID: role, Was: []access.Permission{"VIEW_DOMAIN"}, Permissions: []access.Permission{"VIEW_DOMAIN", more[n%2]},
			})
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "conflict": 19}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := w.role(role).Permissions; len(got) != 2 {
			t.Errorf("it has %v", got)
		}
	})
	t.Run("one name", func(t *testing.T) {
		got := atOnce(20, func(n int) error {
			_, err := op.Do(t.Context(), w.Engine, callers[n%2], w.Ops.Roles.Create, ops.CreateRoleInput{Name: "Only one"})
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "invalid_fields": 19}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("given and deleted", func(t *testing.T) {
		for range 10 {
			role, who := w.roleIn(w.otter), w.somebody(w.otter, opstest.Member{Role: "Support"})
			got := atOnce(2, func(n int) error {
				if n == 0 {
					_, err := op.Do(t.Context(), w.Engine, callers[0], w.Ops.Roles.Delete, ops.RoleID{ID: role})
					return err
				}
				_, err := op.Do(t.Context(), w.Engine, callers[1], w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Roles: []id.Role{role}})
				return err
			})
			if got["ok"] != 1 || got["role_in_use"]+got["invalid_fields"] != 1 {
				t.Fatalf("they got %v", got)
			}
		}
		if n := w.Count(`SELECT COUNT(*) FROM user_roles m WHERE NOT EXISTS (SELECT 1 FROM roles r WHERE r.id = m.role_id)`); n != 0 {
			t.Errorf("%d users have a role that is gone", n)
		}
	})
	t.Run("each takes from the other", func(t *testing.T) {
		a, ra := w.keeper()
		b, rb := w.keeper()
		callers := []auth.Caller{a.Caller(), b.Caller()}
		got := atOnce(2, func(n int) error {
			_, err := op.Do(t.Context(), w.Engine, callers[n], w.Ops.Roles.Update, ops.UpdateRoleInput{ID: []id.Role{rb, ra}[n], Permissions: []access.Permission{"VIEW_USER"}})
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "forbidden": 1}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// No way over roles leaves an account without an administrator, or makes one
// who is none.
func TestRoles_lastAdmin(t *testing.T) {
	w := newTown(t)
	last := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	admin := w.Role(w.otter, "Admin")
	console := opstest.Console("otter")
	copied := opstest.Must(w.Place, console, w.Ops.Roles.Create, ops.CreateRoleInput{Name: "Second", CopyOf: admin})
	w.holderOf(copied.ID)
	for name, err := range map[string]error{
		"emptied": w.set(console, admin),
		"deleted": func() error {
			_, err := opstest.Do(w.Place, console, w.Ops.Roles.Delete, ops.RoleID{ID: admin})
			return err
		}(),
		"renamed": func() error {
			_, err := opstest.Do(w.Place, console, w.Ops.Roles.Update, ops.UpdateRoleInput{ID: admin, Name: new("Second to none")})
			return err
		}(),
	} {
		if !problem.Is(err, problem.RoleFixed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A copy holds as much, and can be emptied at any time: it does not count.
	opstest.Refused(w.Place, console, w.Ops.Users.Deactivate, ops.UserID{ID: last.ID}, problem.LastAdmin)
	if w.activeAdmins() != 1 {
		t.Errorf("%d administrators", w.activeAdmins())
	}
}

func TestRoles_Preview(t *testing.T) {
	w := newTown(t)
	keeper, own := w.keeper("VIEW_PROCESS", "VIEW_DOMAIN", "VIEW_HOST")
	role := w.newRole("otter", "VIEW_PROCESS", "VIEW_DOMAIN")
	other := w.newRole("otter", "VIEW_HOST")
	plain, also := w.holderOf(role), w.holderOf(role, other)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(boss.Ref, role) })
	gone := w.holderOf(role)
	w.Write(func(tx store.WriteTx) error { return tx.DeleteUser(gone.Ref) })
	ps := func(all ...access.Permission) []access.Permission { return append([]access.Permission{}, all...) }
	user := func(u *opstest.Person, gains, loses []access.Permission) ops.AffectedUser {
		return ops.AffectedUser{ID: u.ID, Name: u.Name, Gains: gains, Loses: loses}
	}
	for name, c := range map[string]struct {
		role id.Role
		wish []access.Permission
		want ops.RolePreview
	}{
		"nothing": {role, ps("VIEW_DOMAIN", "VIEW_PROCESS"), ops.RolePreview{Added: ps(), Removed: ps(), Users: 3, First: []ops.AffectedUser{}, Allowed: true}},
		"more": {role, ps("VIEW_DOMAIN", "VIEW_PROCESS", "VIEW_HOST"), ops.RolePreview{
			Added: ps("VIEW_HOST"), Removed: ps(), Users: 3, Affected: 1, First: []ops.AffectedUser{user(plain, ps("VIEW_HOST"), ps())}, Allowed: true,
		}},
		"another": {role, ps("VIEW_PROCESS", "VIEW_HOST"), ops.RolePreview{
			Added: ps("VIEW_HOST"), Removed: ps("VIEW_DOMAIN"), Users: 3, Affected: 2, Allowed: true,
			First: []ops.AffectedUser{user(plain, ps("VIEW_HOST"), ps("VIEW_DOMAIN")), user(also, ps(), ps("VIEW_DOMAIN"))},
		}},
		"more than one holds": {other, ps("RENEW_DOMAIN", "VIEW_HOST"), ops.RolePreview{
			Added: ps("RENEW_DOMAIN"), Removed: ps(), Users: 1, Affected: 1, First: []ops.AffectedUser{user(also, ps("RENEW_DOMAIN"), ps())}, Code: problem.Forbidden,
		}},
		"one's own": {own, ps("MANAGE_ROLE", "VIEW_USER"), ops.RolePreview{
			Added: ps(), Removed: ps("VIEW_PROCESS", "VIEW_DOMAIN", "VIEW_HOST"), Users: 1, Affected: 1,
			First: []ops.AffectedUser{user(keeper, ps(), ps("VIEW_PROCESS", "VIEW_DOMAIN", "VIEW_HOST"))}, Code: problem.OwnRights,
		}},
		"built in": {w.Role(w.otter, "Finance"), ps("VIEW_PROCESS"), ops.RolePreview{}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "built in" {
				got := opstest.Must(w.Place, keeper.Caller(), w.Ops.Roles.Preview, ops.PreviewRoleInput{ID: w.Role(w.otter, "All"), Permissions: c.wish})
				if got.Allowed || got.Code != problem.RoleFixed {
					t.Errorf("got %+v", got)
				}
				return
			}
			records := len(w.Records())
			got := opstest.Must(w.Place, keeper.Caller(), w.Ops.Roles.Preview, ops.PreviewRoleInput{ID: c.role, Permissions: c.wish})
			if got.Allowed != (got.Detail == "") {
				t.Errorf("allowed %v: %q", got.Allowed, got.Detail)
			}
			c.want.Detail = got.Detail
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(w.Records()) != records {
				t.Error("it left a record")
			}
		})
	}
	_, err := opstest.Do(w.Place, keeper.Caller(), w.Ops.Roles.Preview, ops.PreviewRoleInput{ID: role, Permissions: ps("MANAGE_GATE")})
	if diff := cmp.Diff([]string{"permissions:unknown"}, opstest.Violations(err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// Who may not see users is told how many, and no names.
	blind := w.holderOf(w.newRole("otter", access.ManageRole, "VIEW_HOST"))
	got := opstest.Must(w.Place, blind.Caller(), w.Ops.Roles.Preview, ops.PreviewRoleInput{ID: other, Permissions: ps()})
	if got.Affected != 1 || len(got.First) != 0 {
		t.Errorf("got %+v", got)
	}
	// Of many, the first twenty are named.
	for range 25 {
		w.holderOf(other)
	}
	got = opstest.Must(w.Place, boss.Caller(), w.Ops.Roles.Preview, ops.PreviewRoleInput{ID: other, Permissions: ps()})
	byName := func(a, b ops.AffectedUser) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}
	if got.Users != 26 || got.Affected != 26 || len(got.First) != 20 || !slices.IsSortedFunc(got.First, byName) {
		t.Errorf("%d users, %d affected, %d named", got.Users, got.Affected, len(got.First))
	}
}

func TestRoles_List_users(t *testing.T) {
	w := newTown(t)
	tech := w.somebody(w.otter, opstest.Member{Role: "Support"})
	w.somebody(w.otter, opstest.Member{Role: "Support", State: "deactivated"})
	w.somebody(w.heron, opstest.Member{Role: "Support"})
	got := map[string]int{}
	for _, r := range opstest.Must(w.Place, tech.Caller(), w.Ops.Roles.List, ops.RoleList{}).Entities {
		got[r.Name] = r.Users
		if r.Mine != (r.Name == "Support") || r.UsersIsMinimum {
			t.Errorf("%s: mine %v, at least %v", r.Name, r.Mine, r.UsersIsMinimum)
		}
	}
	if diff := cmp.Diff(map[string]int{"Admin": 0, "All": 0, "Support": 2, "Tech": 0, "Finance": 0}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// There is an end to how many roles an account has.
func TestRoles_Create_most(t *testing.T) {
	w := newTown(t)
	console := opstest.Console("otter")
	for n := range 195 {
		opstest.Must(w.Place, console, w.Ops.Roles.Create, ops.CreateRoleInput{Name: fmt.Sprint("No ", n)})
	}
	opstest.Refused(w.Place, console, w.Ops.Roles.Create, ops.CreateRoleInput{Name: "One too many"}, problem.Conflict)
}
