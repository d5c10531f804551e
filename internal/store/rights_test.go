package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/id"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

func TestReadTx_RightsOf(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	other := newHouse(t, db, "other")
	role := func(name string, builtIn access.BuiltIn, ps ...access.Permission) access.Role {
		r := access.Role{ID: id.NewRole(), Account: h.ID, Name: name, BuiltIn: builtIn, Permissions: ps}
		write(t, db, func(tx store.WriteTx) error { return tx.AddRole(r) })
		return r
	}
	none, activity := role("None", ""), role("Activity", "", access.ViewActivity, access.ViewUser)
	all, admin := role("All", access.AllRole), role("Admin", access.AdminRole)
	anna := h.users[0].ID
	rights := func(operator bool) access.Rights {
		return ask(t, db, func(tx store.ReadTx) (access.Rights, error) { return tx.RightsOf(store.RefTo(anna), operator) })
	}
	want := access.RightsOf(access.ViewUser)
	for _, c := range []struct {
		role access.Role
		adds access.Rights
	}{
		{none, access.Rights{}},
		{activity, access.RightsOf(access.ViewActivity)},
		{all, access.AllRole.Rights(false)},
		{admin, access.AdminRole.Rights(false)},
	} {
		write(t, db, func(tx store.WriteTx) error { return tx.GiveRole(store.RefTo(anna), c.role.ID) })
		want = want.Or(c.adds)
		if diff := cmp.Diff(want.Permissions(), rights(false).Permissions()); diff != "" {
			t.Errorf("after the role %s (-want +got):\n%s", c.role.Name, diff)
		}
	}
	if !rights(true).Has(access.ManageInstallation) || rights(false).Has(access.ManageInstallation) {
		t.Error("rights over the installation exist in the operator's account, and only there")
	}
	if got := ask(t, db, func(tx store.ReadTx) (access.Rights, error) { return tx.RightsOf(store.RefTo(h.users[1].ID), false) }); got != access.RightsOf(access.ViewUser) {
		t.Errorf("somebody else has %v", got.Permissions())
	}
	if got := ask(t, db, func(tx store.ReadTx) (access.Rights, error) { return tx.RightsOf(store.RefTo("nobody"), true) }); got != (access.Rights{}) {
		t.Errorf("nobody has %v", got.Permissions())
	}

	add := func(r access.Role) error {
		return db.Write(t.Context(), func(tx store.WriteTx) error { return tx.AddRole(r) })
	}
	wantErr(t, "a name in other letters", add(access.Role{ID: id.NewRole(), Account: h.ID, Name: "ADMÍN"}), store.ErrTaken)
	check(t, add(access.Role{ID: id.NewRole(), Account: other.ID, Name: "Admin"}))
	wantErr(t, "a role twice", db.Write(t.Context(), func(tx store.WriteTx) error { return tx.GiveRole(store.RefTo(anna), admin.ID) }), store.ErrTaken)
}

// Whoever decided on an older version of the rights decides again: everything
// that changes what somebody may do must move it.
func TestReadTx_RightsVersion(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	anna := h.users[0].ID
	sessions := []id.Session{id.NewSession(), id.NewSession(), id.NewSession()}
	write(t, db, func(tx store.WriteTx) error {
		errs := []error{tx.AddInstallation(store.Installation{ID: id.NewInstallation()})}
		for _, s := range sessions {
			errs = append(errs, tx.AddSession(store.RefTo(anna), session.Session{ID: s, User: anna, EndsAt: noon.Add(time.Hour)}, "digest-"+string(s)))
		}
		return errors.Join(errs...)
	})
	role := access.Role{ID: id.NewRole(), Account: h.ID, Name: "More"}
	for _, c := range []struct {
		what  string
		do    func(store.WriteTx) error
		moves bool
	}{
		{"add a role", func(tx store.WriteTx) error { return tx.AddRole(role) }, true},
		{"give a role", func(tx store.WriteTx) error { return tx.GiveRole(store.RefTo(anna), role.ID) }, true},
		{"set a password", func(tx store.WriteTx) error { return tx.SetPassword(store.RefTo(anna), "hash") }, true},
		{"switch an app on", func(tx store.WriteTx) error {
			return tx.AddAuthenticatorApp(store.RefTo(anna), store.AuthenticatorApp{ID: "app"})
		}, true},
		{"end a session", func(tx store.WriteTx) error { return tx.EndSession(store.RefTo(anna), sessions[0]) }, true},
		{"end the others", func(tx store.WriteTx) error {
			_, err := tx.EndOtherSessions(store.RefTo(anna), sessions[1])
			return err
		}, true},
		{"claim the installation", func(tx store.WriteTx) error { return tx.Claim(h.ID) }, true},
		{"end no others", func(tx store.WriteTx) error {
			_, err := tx.EndOtherSessions(store.RefTo(anna), sessions[1])
			return err
		}, false},
		{"touch a session", func(tx store.WriteTx) error { return tx.TouchSession(store.RefTo(anna), sessions[1]) }, false},
		{"leave a record", func(tx store.WriteTx) error { tx.Record(record(h.ID, "x")); return nil }, false},
		{"something undone", func(tx store.WriteTx) error { return errors.Join(tx.SetPassword(store.RefTo(anna), "x"), errMine) }, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			before := ask(t, db, store.ReadTx.RightsVersion)
			if err := db.Write(t.Context(), c.do); err != nil && !errors.Is(err, errMine) {
				t.Fatal(err)
			}
			if after := ask(t, db, store.ReadTx.RightsVersion); (after > before) != c.moves || after < before {
				t.Errorf("the version went from %d to %d", before, after)
			}
		})
	}
}

func TestWriteTx_AddUser(t *testing.T) {
	db, _ := open(t)
	h, other := newHouse(t, db, "harbour"), newHouse(t, db, "other")
	gone := h.person("Anna.Peeters", "Anna")
	gone.State = user.Deleted
	write(t, db, func(tx store.WriteTx) error { return addUser(tx, gone, "hash") })

	_, err := tryAsk(t, db, func(tx store.ReadTx) (store.Credentialed, error) { return tx.UserByLogin(gone.Login) })
	wantErr(t, "sign-in of a deleted user", err, store.ErrNotFound)
	_, err = tryAsk(t, db, func(tx store.ReadTx) (store.Listed, error) { return tx.User(h.scope(), gone.ID) })
	wantErr(t, "look at a deleted user", err, store.ErrNotFound)
	if p := ask(t, db, func(tx store.ReadTx) (store.UserPage, error) {
		return tx.Users(h.scope(), store.UserFilter{Limit: 9, Search: "anna"})
	}); p.Total.Count != 0 {
		t.Error("a deleted user is listed")
	}
	for _, login := range []user.Login{"Anna.Peeters", "anna.peeters", "ANNA.PEETERS", "ａnna.peeters"} {
		for _, in := range []house{h, other} {
			err := db.Write(t.Context(), func(tx store.WriteTx) error { return addUser(tx, in.person(string(login), "Anna II"), "") })
			wantErr(t, string(login)+" again, in "+string(in.Handle), err, store.ErrTaken)
		}
		if !ask(t, db, func(tx store.ReadTx) (bool, error) { return tx.LoginTaken(login) }) {
			t.Errorf("%s is said to be free", login)
		}
	}
	if ask(t, db, func(tx store.ReadTx) (bool, error) { return tx.LoginTaken("anna") }) {
		t.Error("a login that nobody had is said to be taken")
	}
	admins := []user.User{h.person("first", "First"), h.person("second", "Second")}
	admins[0].AdminUser, admins[1].AdminUser = true, true
	write(t, db, func(tx store.WriteTx) error { return addUser(tx, admins[0], "") })
	wantErr(t, "a second admin user", db.Write(t.Context(), func(tx store.WriteTx) error { return addUser(tx, admins[1], "") }), store.ErrTaken)
}

func TestWriteTx_SetPassword(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour")
	for state, want := range map[user.State]user.State{
		user.Invited: user.Active, user.Active: user.Active, user.Deactivated: user.Deactivated,
	} {
		u := h.person(string(state), "Somebody")
		u.State = state
		write(t, db, func(tx store.WriteTx) error { return addUser(tx, u, "") })
		write(t, db, func(tx store.WriteTx) error { return tx.SetPassword(store.RefTo(u.ID), "new") })
		find := func() store.Credentialed {
			return ask(t, db, func(tx store.ReadTx) (store.Credentialed, error) { return tx.UserByLogin(u.Login) })
		}
		if got := find(); got.State != want || got.PasswordHash != "new" {
			t.Errorf("%s: now %s with %q", state, got.State, got.PasswordHash)
		}
		for old, hash := range map[string]string{"another": "new", "new": "stronger"} {
			write(t, db, func(tx store.WriteTx) error { return tx.SetPassword(store.RefTo(u.ID), "new") })
			write(t, db, func(tx store.WriteTx) error { return tx.UpgradeHash(store.RefTo(u.ID), old, "stronger") })
			if got := find().PasswordHash; got != hash {
				t.Errorf("upgrade of %q: the hash is %q, want %q", old, got, hash)
			}
		}
	}
	wantErr(t, "nobody's password", db.Write(t.Context(), func(tx store.WriteTx) error { return tx.SetPassword(store.RefTo("nobody"), "x") }), store.ErrNotFound)
}

func TestWriteTx_Claim(t *testing.T) {
	db, _ := open(t)
	a, b := newHouse(t, db, "first"), newHouse(t, db, "second")
	_, err := tryAsk(t, db, store.ReadTx.Installation)
	wantErr(t, "a new database", err, store.ErrNotFound)
	add := func(tx store.WriteTx) error { return tx.AddInstallation(store.Installation{ID: "ins", Practice: true}) }
	write(t, db, add)
	wantErr(t, "a second installation", db.Write(t.Context(), add), store.ErrTaken)
	if in := ask(t, db, store.ReadTx.Installation); in.SetUp() || !in.Practice || in.ID != "ins" {
		t.Errorf("got %+v", in)
	}
	write(t, db, func(tx store.WriteTx) error { return tx.SetKeyCheck("check") })
	wantErr(t, "another key", db.Write(t.Context(), func(tx store.WriteTx) error { return tx.SetKeyCheck("other") }), store.ErrNotFound)
	write(t, db, func(tx store.WriteTx) error { return tx.Claim(a.ID) })
	wantErr(t, "a second claim", db.Write(t.Context(), func(tx store.WriteTx) error { return tx.Claim(b.ID) }), store.ErrNotFound)
	if in := ask(t, db, store.ReadTx.Installation); in.Operator != a.ID || in.KeyCheck != "check" {
		t.Errorf("got %+v", in)
	}
}
