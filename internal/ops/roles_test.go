package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// keeper is somebody who manages roles and holds little else.
func (w *town) keeper(more ...access.Permission) (*opstest.Person, id.Role) {
	w.T.Helper()
	role := w.newRole("otter", append([]access.Permission{access.ManageRole, access.ViewUser}, more...)...)
	return w.holderOf(role), role
}

func (w *town) holderOf(roles ...id.Role) *opstest.Person {
	w.T.Helper()
	who := w.somebody(w.otter, opstest.Member{})
	for _, r := range roles {
		w.Write(func(tx store.WriteTx) error { return tx.GiveRole(who.Ref, r) })
	}
	return who
}

func (w *town) role(r id.Role) ops.Role {
	w.T.Helper()
	return opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Roles.Show, ops.RoleID{ID: r})
}

// set gives a role exactly these permissions.
func (w *town) set(c auth.Caller, r id.Role, ps ...access.Permission) error {
	w.T.Helper()
	_, err := opstest.Do(w.Place, c, w.Ops.Roles.Update, ops.UpdateRoleInput{ID: r, Permissions: append([]access.Permission{}, ps...)})
	return err
}

func TestRoles_Create(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	tech := w.role(w.Role(w.otter, "Tech"))
	for name, c := range map[string]struct {
		in     ops.CreateRoleInput
		want   ops.Role
		detail map[string]any
	}{
		"empty": {
			ops.CreateRoleInput{Name: " Night  shift "},
			ops.Role{Name: "Night shift", Permissions: []access.Permission{}},
			map[string]any{"permissions": []any{}},
		},
		"with permissions, in any order": {
			ops.CreateRoleInput{Name: "Registry desk", Description: "Answers the registry.", Permissions: []access.Permission{"VIEW_USER", "VIEW_PROCESS", "VIEW_USER"}},
			ops.Role{Name: "Registry desk", Description: "Answers the registry.", Permissions: []access.Permission{"VIEW_PROCESS", "VIEW_USER"}},
			map[string]any{"permissions": []any{"VIEW_PROCESS", "VIEW_USER"}},
		},
		"as a copy": {
			ops.CreateRoleInput{Name: "Tech at night", CopyOf: tech.ID}, ops.Role{Name: "Tech at night", Permissions: tech.Permissions}, nil,
		},
		"hostile text is text": {
			ops.CreateRoleInput{Name: `<b onclick="x">'"; DROP TABLE roles; --</b>`, Description: "{{7*7}} %s ${x}"},
			ops.Role{Name: `<b onclick="x">'"; DROP TABLE roles; --</b>`, Description: "{{7*7}} %s ${x}", Permissions: []access.Permission{}},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := opstest.Must(w.Place, admin.Caller(), w.Ops.Roles.Create, c.in)
			c.want.ID, c.want.Grantable = got.ID, true
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, w.role(got.ID)); diff != "" {
				t.Errorf("what is kept (-want +got):\n%s", diff)
			}
			r := w.LastRecord()
			if opstest.Brief(r) != "role.created done by user "+admin.Name || r.Object != (activity.Object{Kind: "role", ID: string(got.ID), Name: got.Name}) {
				t.Errorf("the log says %s of %+v", opstest.Brief(r), r.Object)
			}
			if c.detail != nil {
				if diff := cmp.Diff(c.detail, plain(r.Detail)); diff != "" {
					t.Errorf("in detail (-want +got):\n%s", diff)
				}
			}
			if c.in.CopyOf != "" && r.Detail["copyOf"] != tech.Name {
				t.Errorf("the log does not say of what it is a copy: %v", r.Detail)
			}
		})
	}
}

// Everything that is wrong is said at once, and then there is no new role.
func TestRoles_Create_fields(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	keeper, _ := w.keeper()
	for name, c := range map[string]struct {
		by   *opstest.Person
		in   ops.CreateRoleInput
		want []string
	}{
		"empty":                     {admin, ops.CreateRoleInput{}, []string{"name:required"}},
		"taken":                     {admin, ops.CreateRoleInput{Name: "Tech"}, []string{"name:taken"}},
		"taken, in other letters":   {admin, ops.CreateRoleInput{Name: "tÉCH!"}, []string{"name:taken"}},
		"taken by a built-in one":   {admin, ops.CreateRoleInput{Name: "ADMÍN"}, []string{"name:taken"}},
		"nothing to tell it by":     {admin, ops.CreateRoleInput{Name: "***"}, []string{"name:not_allowed"}},
		"too long":                  {admin, ops.CreateRoleInput{Name: strings.Repeat("x", 61), Description: strings.Repeat("y", 201)}, []string{"name:too_long", "description:too_long"}},
		"NUL and a direction mark":  {admin, ops.CreateRoleInput{Name: "a\x00", Description: "a\u202eb"}, []string{"name:bad_text", "description:bad_text"}},
		"no such permission":        {admin, ops.CreateRoleInput{Name: "New", Permissions: []access.Permission{"VIEW_USER", "VIEW_ALL", ""}}, []string{"permissions:unknown"}},
		"over the installation":     {admin, ops.CreateRoleInput{Name: "New", Permissions: []access.Permission{"MANAGE_INSTALLATION"}}, []string{"permissions:unknown"}},
		"another account's":         {admin, ops.CreateRoleInput{Name: "New", CopyOf: w.Role(w.heron, "Tech")}, []string{"copyOf:unknown"}},
		"both":                      {admin, ops.CreateRoleInput{Name: "New", CopyOf: w.Role(w.otter, "Tech"), Permissions: []access.Permission{}}, []string{"copyOf:not_allowed"}},
		"everything":                {admin, ops.CreateRoleInput{Name: "tech", Description: "\x07", Permissions: []access.Permission{"x"}}, []string{"description:bad_text", "permissions:unknown", "name:taken"}},
		"more than one holds":       {keeper, ops.CreateRoleInput{Name: "New", Permissions: []access.Permission{"VIEW_USER", "VIEW_DOMAIN"}}, []string{"permissions:not_grantable"}},
		"a copy of more":            {keeper, ops.CreateRoleInput{Name: "New", CopyOf: w.Role(w.otter, "Admin")}, []string{"copyOf:not_grantable"}},
		"more, and under no name":   {keeper, ops.CreateRoleInput{Permissions: []access.Permission{"VIEW_DOMAIN"}}, []string{"name:required", "permissions:not_grantable"}},
		"the operator's, elsewhere": {admin, ops.CreateRoleInput{Name: "New", Permissions: []access.Permission{"OPEN_ACCOUNT"}}, []string{"permissions:unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.Count(`SELECT COUNT(*) FROM roles`)
			_, err := opstest.Do(w.Place, c.by.Caller(), w.Ops.Roles.Create, c.in)
			code(t, err, problem.InvalidFields)
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if w.Count(`SELECT COUNT(*) FROM roles`) != before {
				t.Error("there is a new role")
			}
			if c.by == keeper { // an attempt that the log keeps
				if got := opstest.Brief(w.LastRecord()); got != "role.created refused invalid_fields by user "+keeper.Name {
					t.Errorf("the log says %q", got)
				}
			}
		})
	}
	// The operator's account has them, and only its own roles hold them.
	operator := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	opstest.Must(w.Place, operator.Caller(), w.Ops.Roles.Create, ops.CreateRoleInput{Name: "Openers", Permissions: []access.Permission{"OPEN_ACCOUNT"}})
	opstest.Must(w.Place, operator.Caller(), w.Ops.Roles.Create, ops.CreateRoleInput{Name: "Tech of heron and otter"}) // names are per account
}

func TestRoles_Update(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for name, c := range map[string]struct {
		in     ops.UpdateRoleInput
		want   func(*ops.Role)
		detail activity.Detail
	}{
		"name":         {ops.UpdateRoleInput{Name: new("Night shift")}, func(r *ops.Role) { r.Name = "Night shift" }, activity.Detail{"name": change("Desk", "Night shift")}},
		"same letters": {ops.UpdateRoleInput{Name: new("DESK")}, func(r *ops.Role) { r.Name = "DESK" }, activity.Detail{"name": change("Desk", "DESK")}},
		"description":  {ops.UpdateRoleInput{Description: new("")}, func(r *ops.Role) { r.Description = "" }, activity.Detail{"description": change("Text.", "")}},
		"permissions": {
			ops.UpdateRoleInput{Permissions: []access.Permission{"VIEW_USER", "VIEW_PROCESS"}},
			func(r *ops.Role) { r.Permissions = []access.Permission{"VIEW_PROCESS", "VIEW_USER"} },
			activity.Detail{"permissions": change("VIEW_PROCESS VIEW_DOMAIN", "VIEW_PROCESS VIEW_USER"), "added": []any{"VIEW_USER"}, "removed": []any{"VIEW_DOMAIN"}},
		},
		"no permissions": {
			ops.UpdateRoleInput{Permissions: []access.Permission{}, Was: []access.Permission{"VIEW_DOMAIN", "VIEW_PROCESS"}},
			func(r *ops.Role) { r.Permissions = []access.Permission{} },
			activity.Detail{"permissions": change("VIEW_PROCESS VIEW_DOMAIN", ""), "added": []any{}, "removed": []any{"VIEW_PROCESS", "VIEW_DOMAIN"}},
		},
		"nothing": {ops.UpdateRoleInput{}, func(*ops.Role) {}, nil},
		"what is there": {
			ops.UpdateRoleInput{Name: new("Desk"), Description: new("Text."), Permissions: []access.Permission{"VIEW_DOMAIN", "VIEW_PROCESS"}}, func(*ops.Role) {}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := opstest.Must(w.Place, admin.Caller(), w.Ops.Roles.Create, ops.CreateRoleInput{Name: "Desk", Description: "Text.", Permissions: []access.Permission{"VIEW_DOMAIN", "VIEW_PROCESS"}})
			w.holderOf(before.ID)
			before.Users = 1
			c.in.ID = before.ID
			c.want(&before)
			got := opstest.Must(w.Place, admin.Caller(), w.Ops.Roles.Update, c.in)
			r := w.LastRecord()
			if diff := cmp.Diff(before, got); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, w.role(before.ID)); diff != "" {
				t.Errorf("what is kept (-want +got):\n%s", diff)
			}
			if opstest.Brief(r) != "role.updated done by user "+admin.Name || r.Object.ID != string(before.ID) || r.Object.Name != "Desk" {
				t.Errorf("the log says %s of %+v", opstest.Brief(r), r.Object)
			}
			if diff := cmp.Diff(plain(c.detail), plain(r.Detail)); diff != "" {
				t.Errorf("in detail (-want +got):\n%s", diff)
			}
			opstest.Must(w.Place, admin.Caller(), w.Ops.Roles.Update, ops.UpdateRoleInput{ID: before.ID, Name: new(fmt.Sprint("Done ", before.ID))})
		})
	}
}

// What is refused changes nothing; what is more than a slip, the log keeps.
func TestRoles_Update_refused(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	keeper, own := w.keeper("VIEW_PROCESS", "VIEW_DOMAIN")
	strong := w.newRole("otter", "VIEW_DOMAIN", "RENEW_DOMAIN")
	weak := w.newRole("otter", "VIEW_DOMAIN")
	as := func(id id.Role, ps ...access.Permission) ops.UpdateRoleInput {
		return ops.UpdateRoleInput{ID: id, Permissions: append([]access.Permission{}, ps...)}
	}
	for name, c := range map[string]struct {
		by     *opstest.Person
		in     ops.UpdateRoleInput
		want   problem.Code
		fields []string
		kept   bool
	}{
		"built in, renamed":       {admin, ops.UpdateRoleInput{ID: w.Role(w.otter, "Admin"), Name: new("Boss")}, problem.RoleFixed, nil, true},
		"built in, emptied":       {admin, as(w.Role(w.otter, "Admin")), problem.RoleFixed, nil, true},
		"built in, unchanged":     {admin, as(w.Role(w.otter, "All"), access.AllRole.Rights(false).Permissions()...), problem.RoleFixed, nil, true},
		"gives what is not held":  {keeper, as(weak, "VIEW_DOMAIN", "RENEW_DOMAIN"), problem.InvalidFields, []string{"permissions:not_grantable"}, true},
		"takes what is not held":  {keeper, as(strong, "VIEW_DOMAIN"), problem.InvalidFields, []string{"permissions:not_grantable"}, true},
		"swaps what is not held":  {keeper, as(strong, "VIEW_DOMAIN", "VIEW_HOST"), problem.InvalidFields, []string{"permissions:not_grantable"}, true},
		"and more is wrong":       {keeper, ops.UpdateRoleInput{ID: weak, Name: new(""), Permissions: []access.Permission{"VIEW_HOST"}}, problem.InvalidFields, []string{"name:required", "permissions:not_grantable"}, true},
		"renames a stronger one":  {keeper, ops.UpdateRoleInput{ID: strong, Name: new("Harmless")}, problem.Outranked, nil, true},
		"more for oneself":        {keeper, as(own, "VIEW_USER", "MANAGE_ROLE", "VIEW_PROCESS", "VIEW_DOMAIN", "MANAGE_USER"), problem.InvalidFields, []string{"permissions:not_grantable"}, true},
		"less for oneself":        {keeper, as(own, "VIEW_USER", "MANAGE_ROLE", "VIEW_PROCESS"), problem.OwnRights, nil, true},
		"over the installation":   {admin, as(weak, "VIEW_DOMAIN", "MANAGE_GATE"), problem.InvalidFields, []string{"permissions:unknown"}, false},
		"a name that is taken":    {admin, ops.UpdateRoleInput{ID: weak, Name: new("SUPPORT")}, problem.InvalidFields, []string{"name:taken"}, false},
		"everything":              {admin, ops.UpdateRoleInput{ID: weak, Name: new("\u200b"), Description: new("\n\x00"), Permissions: []access.Permission{"ALL"}}, problem.InvalidFields, []string{"name:bad_text", "description:bad_text", "permissions:unknown"}, false},
		"not as it was seen":      {admin, ops.UpdateRoleInput{ID: weak, Permissions: []access.Permission{}, Was: []access.Permission{}}, problem.Conflict, nil, false},
		"another account's":       {admin, as(w.Role(w.heron, "Tech")), problem.NotFound, nil, false},
		"nobody's":                {admin, as("rol_x' OR 1=1 --"), problem.NotFound, nil, false},
		"without the permission":  {w.somebody(w.otter, opstest.Member{Role: "All"}), as(weak), problem.Forbidden, nil, true},
		"while enrolling":         {w.somebody(w.otter, opstest.Member{Role: "Admin", NoFactor: true}), as(weak), problem.MFASetupRequired, nil, true},
		"the operator's own rank": {w.somebody(w.harbour, opstest.Member{Role: "Admin"}), as(weak), problem.NotFound, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := c
			caller := c.by.Caller()
			everything := func() []access.Role {
				var all []access.Role
				for _, a := range []access.Scope{access.Within(w.otter.ID), access.Within(w.heron.ID)} {
					w.Read(func(tx store.ReadTx) error {
						roles, err := tx.Roles(a)
						all = append(all, roles...)
						return err
					})
				}
				return all
			}
			before, records := everything(), len(w.Records())
			_, err := opstest.Do(w.Place, caller, w.Ops.Roles.Update, c.in)
			code(t, err, c.want)
			if diff := cmp.Diff(append([]string{}, c.fields...), opstest.Violations(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(before, everything()); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
			want := []string{}
			if c.kept {
				want = []string{"role.updated refused " + string(c.want) + " by user " + c.by.Name}
			}
			if diff := cmp.Diff(want, w.Since(records)); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
		})
	}
	// What one holds, one may take out of a stronger role; and out of one's own,
	// what one holds by another, too.
	code(t, w.set(keeper.Caller(), strong, "RENEW_DOMAIN"), "ok")
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(keeper.Ref, weak) })
	code(t, w.set(keeper.Caller(), own, "VIEW_USER", "MANAGE_ROLE", "VIEW_PROCESS"), "ok")
	code(t, w.set(keeper.Caller(), weak), problem.OwnRights)
}

// A proof that is too old opens the step-up, and nothing has happened.
func TestRoles_stepUp(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	spare := w.roleIn(w.otter)
	caller := admin.Caller()
	w.Clock.Advance(6 * 60e9)
	opstest.Refused(w.Place, caller, w.Ops.Roles.Create, ops.CreateRoleInput{Name: "New"}, problem.StepUpRequired)
	opstest.Refused(w.Place, caller, w.Ops.Roles.Delete, ops.RoleID{ID: spare}, problem.StepUpRequired)
	code(t, w.set(caller, spare), problem.StepUpRequired)
	opstest.Must(w.Place, caller, w.Ops.Roles.Preview, ops.PreviewRoleInput{ID: spare})
	if got := w.role(spare).Permissions; len(got) != 1 {
		t.Errorf("the role has %v", got)
	}
}

func TestRoles_Delete(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	keeper, own := w.keeper()
	used := w.newRole("otter", "VIEW_DOMAIN")
	who := w.holderOf(used)
	w.Write(func(tx store.WriteTx) error { return tx.SetState(who.Ref, "active", "deactivated") })
	for name, c := range map[string]struct {
		by   *opstest.Person
		role id.Role
		want problem.Code
		text string
	}{
		"built in":          {admin, w.Role(w.otter, "All"), problem.RoleFixed, "built in"},
		"in use":            {admin, used, problem.RoleInUse, "1 user has the role"},
		"one's own":         {keeper, own, problem.RoleInUse, "1 user has the role"},
		"stronger":          {keeper, w.newRole("otter", "RENEW_DOMAIN"), problem.Outranked, "permissions that you do not hold"},
		"another account's": {admin, w.roleIn(w.heron), problem.NotFound, ""},
		"nobody's":          {admin, "rol_x", problem.NotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.Count(`SELECT COUNT(*) FROM roles`) + w.Count(`SELECT COUNT(*) FROM role_permissions`)
			_, err := opstest.Do(w.Place, c.by.Caller(), w.Ops.Roles.Delete, ops.RoleID{ID: c.role})
			code(t, err, c.want)
			if !strings.Contains(problem.Of(err).Detail, c.text) {
				t.Errorf("it says %q", problem.Of(err).Detail)
			}
			if after := w.Count(`SELECT COUNT(*) FROM roles`) + w.Count(`SELECT COUNT(*) FROM role_permissions`); after != before {
				t.Error("something is gone")
			}
		})
	}
	w.holderOf(used)
	_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Roles.Delete, ops.RoleID{ID: used})
	if got := problem.Of(err).Detail; !strings.HasPrefix(got, "2 users have the role") {
		t.Errorf("it says %q", got)
	}
	w.Exec(`DELETE FROM user_roles WHERE role_id = $1`, string(used))
	w.Reopen()
	name := w.role(used).Name
	opstest.Must(w.Place, admin.Caller(), w.Ops.Roles.Delete, ops.RoleID{ID: used})
	r := w.LastRecord()
	if opstest.Brief(r) != "role.deleted done by user "+admin.Name || r.Object.Name != name {
		t.Errorf("the log says %s of %s", opstest.Brief(r), r.Object.Name)
	}
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Roles.Show, ops.RoleID{ID: used}, problem.NotFound)
	if n := w.Count(`SELECT COUNT(*) FROM role_permissions WHERE role_id = $1`, string(used)); n != 0 {
		t.Errorf("%d permissions of it are left", n)
	}
	opstest.Must(w.Place, admin.Caller(), w.Ops.Roles.Create, ops.CreateRoleInput{Name: name})
}

// What is put into a role or taken out counts at the next call of a session
// that is open, and nobody has to sign in again.
func TestRoles_Update_actsAtOnce(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	role := w.newRole("otter", "VIEW_DOMAIN")
	session := w.holderOf(role).Caller()
	list := func(want problem.Code) {
		t.Helper()
		_, err := opstest.Do(w.Place, session, w.Ops.Users.List, ops.UserList{})
		code(t, err, want)
	}
	list(problem.Forbidden)
	code(t, w.set(admin.Caller(), role, "VIEW_DOMAIN", "VIEW_USER"), "ok")
	list("ok")
	w.Reopen()
	list("ok")
	code(t, w.set(admin.Caller(), role, "VIEW_DOMAIN"), "ok")
	list(problem.Forbidden)
}
