package ops_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// show is a user of the otter as the list has it.
func (w *town) show(u id.User) ops.User {
	w.T.Helper()
	return opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Show, ops.UserID{ID: u}).User
}

// found are the logins that a search finds at the otter.
func (w *town) found(q string) []string {
	w.T.Helper()
	return logins(opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.List, ops.UserList{Q: q}))
}

// Everything of a user but the login can be changed, each for itself; what is
// left out stays, and the log has before and after.
func TestUsers_Update(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	support, tech, finance := w.Role(w.otter, "Support"), w.Role(w.otter, "Tech"), w.Role(w.otter, "Finance")
	for name, c := range map[string]struct {
		in     ops.UpdateUserInput
		want   func(*ops.User)
		detail activity.Detail
	}{
		"name":     {ops.UpdateUserInput{Name: new("  Cora   Maes ")}, func(u *ops.User) { u.Name = "Cora Maes" }, activity.Detail{"name": change("Cora Claes", "Cora Maes")}},
		"email":    {ops.UpdateUserInput{Email: new("cora@New.Example")}, func(u *ops.User) { u.Email = "cora@new.example" }, activity.Detail{"email": change("cora@otter.example", "cora@new.example")}},
		"mobile":   {ops.UpdateUserInput{Mobile: new("0032 470/65.43.21")}, func(u *ops.User) { u.Mobile = "+32470654321" }, activity.Detail{"mobile": change("+32470123456", "+32470654321")}},
		"no more":  {ops.UpdateUserInput{Mobile: new(" ")}, func(u *ops.User) { u.Mobile = "" }, activity.Detail{"mobile": change("+32470123456", "")}},
		"language": {ops.UpdateUserInput{Language: new("en")}, func(u *ops.User) { u.Language = "en" }, activity.Detail{"language": change("de", "en")}},
		"force":    {ops.UpdateUserInput{ForceMFA: new(true)}, func(u *ops.User) { u.ForceMFA = true }, activity.Detail{"forceMfa": map[string]any{"before": false, "after": true}}},
		"roles": {ops.UpdateUserInput{Roles: []id.Role{tech, finance, tech}}, func(u *ops.User) {
			u.Roles = []ops.RoleRef{{ID: tech, Name: "Tech"}, {ID: finance, Name: "Finance"}}
		}, activity.Detail{"roles": map[string]any{"before": []any{"Finance", "Support"}, "after": []any{"Finance", "Tech"}}}},
		"nothing": {ops.UpdateUserInput{}, func(*ops.User) {}, nil},
		"what is there already": {
			ops.UpdateUserInput{Name: new("Cora Claes"), Email: new("cora@otter.example"), Language: new("de"), Mobile: new("+32470123456"), ForceMFA: new(false), Roles: []id.Role{finance, support}},
			func(*ops.User) {}, nil,
		},
		"two of them": {
			ops.UpdateUserInput{Name: new("Cora Maes"), Language: new("en")},
			func(u *ops.User) { u.Name, u.Language = "Cora Maes", "en" },
			activity.Detail{"name": change("Cora Claes", "Cora Maes"), "language": change("de", "en")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := w.colleague(support, finance)
			in.Mobile, in.Email = "+32470123456", "cora@otter.example"
			before := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Add, in).User
			c.in.ID = before.ID
			w.Clock.Advance(time.Minute)
			got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, c.in)
			r := w.LastRecord()
			c.want(&before)
			if diff := cmp.Diff(before, got); diff != "" {
				t.Errorf("the answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, w.show(before.ID)); diff != "" {
				t.Errorf("what is kept (-want +got):\n%s", diff)
			}
			if opstest.Brief(r) != "user.updated done by user "+admin.Name || r.Object.ID != string(before.ID) {
				t.Errorf("the log says %s", opstest.Brief(r))
			}
			if diff := cmp.Diff(plain(c.detail), plain(r.Detail)); diff != "" {
				t.Errorf("in detail (-want +got):\n%s", diff)
			}
		})
	}
}

func change(before, after string) map[string]any {
	return map[string]any{"before": before, "after": after}
}

// plain has nothing for what is empty.
func plain(d activity.Detail) map[string]any {
	if len(d) == 0 {
		return nil
	}
	return d
}

// Everything that is wrong is said at once, and then nothing has changed.
func TestUsers_Update_fields(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for name, c := range map[string]struct {
		in   ops.UpdateUserInput
		want []string
	}{
		"empty":            {ops.UpdateUserInput{Name: new(""), Email: new(" "), Language: new("")}, []string{"name:required", "email:required", "language:required"}},
		"everything":       {ops.UpdateUserInput{Name: new("a\nb"), Email: new("x"), Language: new("fr"), Mobile: new("abc"), Roles: []id.Role{"x"}}, []string{"name:bad_text", "email:bad_format", "language:unknown", "mobile:bad_format", "roles:unknown"}},
		"one of several":   {ops.UpdateUserInput{Name: new("Somebody Else"), Email: new("x"), ForceMFA: new(true), Roles: []id.Role{w.Role(w.otter, "Tech")}}, []string{"email:bad_format"}},
		"no role":          {ops.UpdateUserInput{Name: new("Somebody Else"), Roles: []id.Role{}}, []string{"roles:required"}},
		"a foreign role":   {ops.UpdateUserInput{Name: new("Somebody Else"), Roles: []id.Role{w.Role(w.heron, "Support")}}, []string{"roles:unknown"}},
		"NUL":              {ops.UpdateUserInput{Name: new("a\x00b")}, []string{"name:bad_text"}},
		"a direction mark": {ops.UpdateUserInput{Name: new("a\u202eb")}, []string{"name:bad_text"}},
	} {
		t.Run(name, func(t *testing.T) {
			who := w.somebody(w.otter, opstest.Member{Role: "Support"})
			session, before, records := who.Caller(), w.show(who.ID), len(w.Records())
			c.in.ID = who.ID
			_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Users.Update, c.in)
			code(t, err, problem.InvalidFields)
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(before, w.show(who.ID)); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
			if !w.alive(session) || len(w.Records()) != records {
				t.Error("it left a trace, or ended a session")
			}
		})
	}
}

// A new e-mail address ends the user's sessions and the link that waits:
// whoever reads the old mailbox may have both. Nothing else does.
func TestUsers_Update_email(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for name, c := range map[string]struct {
		in   ops.UpdateUserInput
		ends bool
	}{
		"new address":  {ops.UpdateUserInput{Email: new("elsewhere@otter.example")}, true},
		"the same":     {ops.UpdateUserInput{Email: new("same@otter.example")}, false},
		"another name": {ops.UpdateUserInput{Name: new("Somebody Else")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			who := w.somebody(w.otter, opstest.Member{Role: "Support"})
			opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Email: new("same@otter.example")})
			link := tokenOf(t, opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID}).Link)
			session := who.Caller()
			c.in.ID = who.ID
			opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, c.in)
			if w.alive(session) == c.ends {
				t.Errorf("the session is alive: %v", !c.ends)
			}
			want := problem.Code("ok")
			if c.ends {
				want = problem.ActivationDead
			}
			code(t, w.check(link), want)
		})
	}
}

// Who changes their own address there goes on, as in the profile.
func TestUsers_Update_ownEmail(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	here, there := admin.Caller(), admin.Caller()
	opstest.Must(w.Place, here, w.Ops.Users.Update, ops.UpdateUserInput{ID: admin.ID, Email: new("elsewhere@otter.example")})
	if !w.alive(here) || w.alive(there) {
		t.Errorf("this session is alive: %v, the other: %v", w.alive(here), w.alive(there))
	}
}

// A user is found by the name, login and address they have now, and by no
// other; in lists of a role they stand where the new name does.
func TestUsers_Update_search(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	who := w.somebody(w.otter, opstest.Member{Role: "Tech"})
	other := w.somebody(w.otter, opstest.Member{Role: "Tech"})
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Name: new("Zoë Quist"), Email: new("zoe@quist.example")})
	for q, want := range map[string][]string{
		"quist": {string(who.Login)}, "zoe": {string(who.Login)}, "q": {string(who.Login)}, "qu": {string(who.Login)}, "quist.ex": {string(who.Login)},
		string(who.Login): {string(who.Login)}, strings.Fields(who.Name)[0] + " peeters": {}, string(who.Email): {},
	} {
		if diff := cmp.Diff(want, w.found(q)); diff != "" {
			t.Errorf("searching %q (-want +got):\n%s", q, diff)
		}
	}
	tech := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.List, ops.UserList{Role: w.Role(w.otter, "Tech")})
	if diff := cmp.Diff([]string{string(other.Login), string(who.Login)}, logins(tech)); diff != "" {
		t.Errorf("the holders of the role (-want +got):\n%s", diff)
	}
}

// What is given or taken counts at the next call of a session that is open.
func TestUsers_Update_actsAtOnce(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	who := w.somebody(w.otter, opstest.Member{Role: "Finance"})
	session := who.Caller()
	list := func(want problem.Code) {
		t.Helper()
		_, err := opstest.Do(w.Place, session, w.Ops.Users.List, ops.UserList{})
		code(t, err, want)
	}
	set := func(role string) {
		t.Helper()
		opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Roles: []id.Role{w.Role(w.otter, role)}})
	}
	list(problem.Forbidden)
	set("Support")
	list("ok")
	set("Tech")
	list(problem.Forbidden)

	meadow := w.Found("meadow", "recommended")
	boss, plain := w.somebody(meadow, opstest.Member{Role: "Admin"}), w.somebody(meadow, opstest.Member{Role: "Support", NoFactor: true})
	session = plain.Caller()
	list("ok")
	opstest.Must(w.Place, boss.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: plain.ID, ForceMFA: new(true)})
	list(problem.MFASetupRequired)
	opstest.Must(w.Place, boss.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: plain.ID, ForceMFA: new(false)})
	list("ok")
}

// Nobody changes their own rights (P2): their details they may.
func TestUsers_Update_ownRights(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for name, in := range map[string]ops.UpdateUserInput{
		"fewer":  {Roles: []id.Role{w.Role(w.otter, "Support")}},
		"more":   {Roles: []id.Role{w.Role(w.otter, "Admin"), w.Role(w.otter, "Support")}},
		"forced": {ForceMFA: new(true)},
		"beside": {Name: new("Somebody Else"), Roles: []id.Role{w.Role(w.otter, "Support")}},
	} {
		t.Run(name, func(t *testing.T) {
			in.ID = admin.ID
			before := w.show(admin.ID)
			opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.Update, in, problem.OwnRights)
			if got := opstest.Brief(w.LastRecord()); got != "user.updated refused own_rights by user "+admin.Name {
				t.Errorf("the log says %q", got)
			}
			after := w.show(admin.ID)
			after.LastSeenAt = before.LastSeenAt
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{
		ID: admin.ID, Name: new("Somebody Else"), ForceMFA: new(false), Roles: []id.Role{w.Role(w.otter, "Admin")},
	})
}

// Nobody gives what they do not hold, and the attempt is kept.
func TestUsers_Update_ungrantable(t *testing.T) {
	w := newTown(t)
	manager, _ := w.manager("VIEW_DOMAIN")
	who := w.somebody(w.otter, opstest.Member{})
	before := w.show(who.ID)
	_, err := opstest.Do(w.Place, manager.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Name: new("Somebody Else"), Roles: []id.Role{w.Role(w.otter, "Admin")}})
	if diff := cmp.Diff([]string{"roles:not_grantable"}, opstest.Violations(err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	r := w.LastRecord()
	if opstest.Brief(r) != "user.updated refused invalid_fields by user "+manager.Name || r.Object.ID != string(who.ID) || len(r.Detail) != 0 {
		t.Errorf("the log says %s of %s: %v", opstest.Brief(r), r.Object.ID, r.Detail)
	}
	if diff := cmp.Diff(before, w.show(who.ID)); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	opstest.Must(w.Place, manager.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Roles: []id.Role{w.newRole("otter", "VIEW_DOMAIN")}})
}

// manager is somebody who manages users and holds little else.
func (w *town) manager(more ...access.Permission) (*opstest.Person, id.Role) {
	w.T.Helper()
	role := w.newRole("otter", append([]access.Permission{access.ManageUser, access.ViewUser}, more...)...)
	m := w.somebody(w.otter, opstest.Member{})
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(m.Ref, role) })
	return m, role
}

// What a user's page says that one may do is what happens when one tries.
func TestUsers_Show_may(t *testing.T) {
	w := newTown(t)
	admin, second := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{Role: "Admin"})
	manager, _ := w.manager()
	first := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	support := w.somebody(w.otter, opstest.Member{Role: "Support"})
	targets := map[string]func() *opstest.Person{
		"oneself":     nil,
		"an admin":    func() *opstest.Person { return second },
		"admin user":  func() *opstest.Person { return first },
		"nobody much": func() *opstest.Person { return w.somebody(w.otter, opstest.Member{}) },
		"invited":     func() *opstest.Person { return w.somebody(w.otter, opstest.Member{State: user.Invited}) },
		"deactivated": func() *opstest.Person { return w.somebody(w.otter, opstest.Member{State: user.Deactivated}) },
		"no factor":   func() *opstest.Person { return w.somebody(w.otter, opstest.Member{NoFactor: true}) },
		"shut out":    func() *opstest.Person { return w.shutOut(w.otter) },
	}
	for who, caller := range map[string]*opstest.Person{"admin": admin, "manager": manager, "support": support} {
		for name, target := range targets {
			for _, act := range ops.Acts() {
				t.Run(strings.Join([]string{who, name, string(act)}, ", "), func(t *testing.T) {
					u := caller
					if target != nil {
						u = target()
					}
					may := opstest.Must(w.Place, caller.Caller(), w.Ops.Users.Show, ops.UserID{ID: u.ID}).May
					n := slices.IndexFunc(may, func(m ops.May) bool { return m.Act == act })
					if n < 0 {
						t.Fatal("nothing is said of it")
					}
					want := problem.Code("ok")
					if !may[n].Allowed {
						want = may[n].Code
					}
					if allowed := may[n].Allowed; allowed != (may[n].Code == "") || allowed != (may[n].Detail == "") {
						t.Errorf("allowed %v, and %q: %q", allowed, may[n].Code, may[n].Detail)
					}
					if may[n].Allowed && (u == second || u == first) {
						return // they are needed as they are
					}
					code(t, w.act(caller, act, u), want)
				})
			}
		}
	}
}

// act tries something on a user.
func (w *town) act(by *opstest.Person, act ops.Act, on *opstest.Person) (err error) {
	w.T.Helper()
	c, u := by.Caller(), ops.UserID{ID: on.ID}
	switch act {
	case ops.UpdateUser:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on.ID, Name: new("Somebody Else")})
	case ops.ChangeRoles:
		w.people++
		role := w.newRole("otter", access.ViewUser)
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on.ID, Roles: []id.Role{role}})
	case ops.ChangeContact:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on.ID, Mobile: new("+32470123456")})
	case ops.ChangePoints:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on.ID, AccessPoints: []string{"WEB"}})
	case ops.ChangeRanges:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on.ID, IPRules: []string{"192.0.2.0/24"}})
	case ops.ReopenPassword:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.ReopenAPIPassword, ops.ReopenInput{ID: on.ID, Reason: "Old program."})
	case ops.DeactivateUser:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Deactivate, u)
	case ops.ReactivateUser:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Reactivate, u)
	case ops.DeleteUser:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Delete, u)
	case ops.ReissueUser:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.Reissue, ops.ReissueInput{ID: u.ID})
	case ops.ResetFactors:
		_, err = opstest.Do(w.Place, c, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: on.ID, Reason: "Lost the phone."})
	case ops.EndSessions:
		_, err = opstest.Do(w.Place, c, w.Ops.Sessions.EndAll, u)
	}
	return err
}
