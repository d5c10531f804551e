package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Every query that takes a scope, over two accounts side by side: one sees its
// own, and nothing of the other.
func TestScope(t *testing.T) {
	db, _ := open(t)
	here, there := newHouse(t, db, "here", "Anna", "Bo"), newHouse(t, db, "there", "Anna", "Carla")
	write(t, db, func(tx store.WriteTx) error {
		for _, h := range []house{here, there} {
			boss := h.person("boss-"+string(h.Handle), "Boss")
			boss.AdminUser = h.Handle == there.Handle
			if _, err := tx.AddUser(boss, ""); err != nil {
				return err
			}
			r := record(h.ID, "user.added")
			r.Object.ID, r.Actor.ID = string(h.users[0].ID), string(h.users[1].ID)
			tx.Record(r)
		}
		tx.Record(record("", "access.refused")) // the installation's
		return nil
	})
	nobody, unknown := access.Scope{}, access.Within(id.NewAccount())

	t.Run("Account", func(t *testing.T) {
		a := ask(t, db, func(tx store.ReadTx) (account.Account, error) { return tx.Account(here.scope()) })
		if diff := cmp.Diff(here.Account, a); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, s := range []access.Scope{nobody, unknown} {
			_, err := tryAsk(t, db, func(tx store.ReadTx) (account.Account, error) { return tx.Account(s) })
			wantErr(t, "an account out of no scope", err, store.ErrNotFound)
		}
	})
	t.Run("User", func(t *testing.T) {
		u := ask(t, db, func(tx store.ReadTx) (store.Listed, error) { return tx.User(here.scope(), here.users[0].ID) })
		if u.Name != "Anna" || len(u.Roles) != 1 || u.Roles[0].ID != here.role.ID {
			t.Errorf("got %+v", u)
		}
		for what, c := range map[string]struct {
			s access.Scope
			u id.User
		}{
			"a foreign user":       {here.scope(), there.users[0].ID},
			"one's own from there": {there.scope(), here.users[0].ID},
			"nobody's scope":       {nobody, here.users[0].ID},
			"an unknown scope":     {unknown, here.users[0].ID},
			"no user":              {here.scope(), ""},
		} {
			_, err := tryAsk(t, db, func(tx store.ReadTx) (store.Listed, error) { return tx.User(c.s, c.u) })
			wantErr(t, what, err, store.ErrNotFound)
		}
	})
	t.Run("Users", func(t *testing.T) {
		for what, f := range map[string]store.UserFilter{
			"all": {}, "a name of both": {Search: "anna"}, "a name from there": {Search: "carla"}, "two letters": {Search: "ca"}, "one letter": {Search: "c"},
			"state": {States: []user.State{user.Active}}, "factor": {Factors: []store.SecondFactor{store.FactorNone}}, "role": {Role: there.role.ID}, "e-mail": {Search: "@there.example"},
		} {
			f.Limit = 100
			for _, s := range []access.Scope{here.scope(), nobody, unknown} {
				p, err := tryAsk(t, db, func(tx store.ReadTx) (store.UserPage, error) { return tx.Users(s, f) })
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v", what, err)
				}
				for _, u := range p.Users {
					if u.Account != s.Account() || u.Account == "" {
						t.Errorf("%s: user %s of account %s", what, u.Login, u.Account)
					}
				}
				if s != here.scope() && p.Total.Count != 0 {
					t.Errorf("%s: %d users in no scope", what, p.Total.Count)
				}
			}
		}
	})
	t.Run("Roles", func(t *testing.T) {
		roles := ask(t, db, func(tx store.ReadTx) ([]access.Role, error) { return tx.Roles(here.scope()) })
		if diff := cmp.Diff([]access.Role{here.role}, roles); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, s := range []access.Scope{nobody, unknown} {
			if r := ask(t, db, func(tx store.ReadTx) ([]access.Role, error) { return tx.Roles(s) }); r == nil || len(r) != 0 {
				t.Errorf("got %v", r)
			}
		}
	})
	t.Run("HasAdminUser", func(t *testing.T) {
		for s, want := range map[access.Scope]bool{here.scope(): false, there.scope(): true, nobody: false, unknown: false} {
			if got := ask(t, db, func(tx store.ReadTx) (bool, error) { return tx.HasAdminUser(s) }); got != want {
				t.Errorf("account %q has an admin user: %v", s.Account(), got)
			}
		}
	})
	t.Run("Activity", func(t *testing.T) {
		for what, f := range map[string]store.ActivityFilter{
			"all": {}, "event": {Where: is("event", "user.added")}, "foreign object": {Where: is("object", string(there.users[0].ID))}, "foreign actor": {Where: is("actor", string(there.users[1].ID))},
			"the installation's": {Where: is("event", "access.refused")}, "foreign person": {Person: string(there.users[0].ID)}, "refused": {Where: is("outcome", "refused")},
		} {
			f.Limit = 100
			for _, s := range []access.Scope{here.scope(), nobody, unknown} {
				p := ask(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) { return tx.Activity(s, f) })
				for _, r := range p.Rows {
					if r.Account != here.ID || s != here.scope() {
						t.Errorf("%s: a record of account %q in the scope of %q", what, r.Account, s.Account())
					}
				}
				if p.Total.Count != len(p.Rows) || p.Rows == nil {
					t.Errorf("%s: total %d, records %v", what, p.Total.Count, p.Rows)
				}
			}
		}
		p := ask(t, db, func(tx store.ReadTx) (store.Rows[activity.Record], error) {
			return tx.Activity(here.scope(), store.ActivityFilter{Span: store.Span{Limit: 9}})
		})
		if len(p.Rows) != 1 {
			t.Errorf("its own: %d records, want 1", len(p.Rows))
		}
	})
	t.Run("Sessions", func(t *testing.T) {
		mine, foreign := id.NewSession(), id.NewSession()
		write(t, db, func(tx store.WriteTx) error {
			open := func(s id.Session, u user.User) error {
				return tx.AddSession(store.RefTo(u.ID), session.Session{ID: s, User: u.ID, EndsAt: noon.Add(time.Hour)}, string(s))
			}
			return errors.Join(open(mine, here.users[0]), open(foreign, there.users[0]))
		})
		for s, want := range map[access.Scope][]id.Session{here.scope(): {mine}, there.scope(): {foreign}, nobody: {}, unknown: {}} {
			read(t, db, func(tx store.ReadTx) error {
				p, err := tx.Sessions(s, store.SessionFilter{Span: store.Span{Limit: 10}})
				if err != nil || p.Total.Count != len(want) || len(p.Rows) != len(want) || len(want) == 1 && p.Rows[0].ID != want[0] {
					t.Errorf("account %q has %d sessions: %v (%v)", s.Account(), p.Total.Count, p.Rows, err)
				}
				for _, of := range []id.Session{mine, foreign} {
					u, err := tx.SessionHolder(s, of)
					if held := len(want) == 1 && want[0] == of; held != (err == nil) || held && u.Account != s.Account() || !held && !errors.Is(err, store.ErrNotFound) {
						t.Errorf("account %q, a session of %q: %v", s.Account(), u.Account, err)
					}
				}
				return nil
			})
		}
	})
	t.Run("ActiveAdmins", func(t *testing.T) {
		admin := access.Role{ID: id.NewRole(), Account: there.ID, Name: "Admin", BuiltIn: access.AdminRole}
		write(t, db, func(tx store.WriteTx) error {
			return errors.Join(tx.AddRole(admin), tx.GiveRole(store.RefTo(there.users[0].ID), admin.ID))
		})
		for s, want := range map[access.Scope]int{here.scope(): 0, there.scope(): 1, nobody: 0, unknown: 0} {
			if n := ask(t, db, func(tx store.ReadTx) (int, error) { return tx.ActiveAdmins(s) }); n != want {
				t.Errorf("account %q has %d admins, want %d", s.Account(), n, want)
			}
		}
	})
	t.Run("GiveRole", func(t *testing.T) {
		err := db.Write(t.Context(), func(tx store.WriteTx) error { return tx.GiveRole(store.RefTo(here.users[0].ID), there.role.ID) })
		wantErr(t, "a foreign role", err, store.ErrNotFound)
	})
}
