package ops_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// acts are all that somebody can do to a user, for any caller.
func (w *town) acts(on id.User) map[string]func(auth.Caller) error {
	u := ops.UserID{ID: on}
	return map[string]func(auth.Caller) error{
		"update": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on, Email: new("mine@otter.example")})
			return err
		},
		"force": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: on, ForceMFA: new(true)})
			return err
		},
		"reissue": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Reissue, ops.ReissueInput{ID: u.ID})
			return err
		},
		"reset": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: on, Reason: "Lost the phone."})
			return err
		},
		"deactivate": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Deactivate, u)
			return err
		},
		"delete": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Delete, u)
			return err
		},
		"end sessions": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Sessions.EndAll, u)
			return err
		},
		"end a session": func(c auth.Caller) error {
			var found []ops.OpenSession
			for _, a := range []account.Handle{"otter", "heron", "harbour"} {
				found = append(found, opstest.Must(w.Place, opstest.Console(a), w.Ops.Sessions.List, ops.SessionList{Paging: ops.Paging{Limit: ptr(200)}}).Entities...)
			}
			n := slices.IndexFunc(found, func(s ops.OpenSession) bool { return s.UserID == on })
			_, err := opstest.Do(w.Place, c, w.Ops.Sessions.End, ops.SessionID{ID: found[n].ID})
			return err
		},
	}
}

// Nobody does anything to a user who holds more than they do (P3): whoever
// controls another's mailbox, factors or sessions controls the account. The
// attempt is kept, and nothing has changed.
func TestUsers_outranked(t *testing.T) {
	w := newTown(t)
	manager, own := w.manager()
	for name, more := range map[string]id.Role{
		"Admin":            w.Role(w.otter, "Admin"),
		"All":              w.Role(w.otter, "All"),
		"Support":          w.Role(w.otter, "Support"),
		"one right more":   w.newRole("otter", "VIEW_DOMAIN"),
		"a right to spend": w.newRole("otter", "RENEW_DOMAIN", access.ViewUser),
	} {
		t.Run(name, func(t *testing.T) {
			who := w.somebody(w.otter, opstest.Member{})
			w.Write(func(tx store.WriteTx) error { return tx.GiveRole(who.Ref, more) })
			w.Write(func(tx store.WriteTx) error { return tx.GiveRole(who.Ref, own) })
			session, before := who.Caller(), w.show(who.ID)
			for what, act := range w.acts(who.ID) {
				code(t, act(manager.Caller()), problem.Outranked)
				if r := w.LastRecord(); r.Outcome != "refused" || r.Reason != problem.Outranked || r.Object.ID != string(who.ID) {
					t.Errorf("%s: the log says %s", what, opstest.Brief(r))
				}
			}
			if diff := cmp.Diff(before, w.show(who.ID)); diff != "" || !w.alive(session) {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
	t.Run("deactivated", func(t *testing.T) {
		who := w.somebody(w.otter, opstest.Member{Role: "Admin", State: user.Deactivated})
		opstest.Refused(w.Place, manager.Caller(), w.Ops.Users.Reactivate, ops.UserID{ID: who.ID}, problem.Outranked)
	})
	// Whoever holds as much, or less, is theirs to manage.
	for name, role := range map[string]id.Role{"as much": own, "less": w.newRole("otter", access.ViewUser), "nothing": ""} {
		for what := range w.acts("") {
			t.Run(name+", "+what, func(t *testing.T) {
				who := w.somebody(w.otter, opstest.Member{})
				if role != "" {
					w.Write(func(tx store.WriteTx) error { return tx.GiveRole(who.Ref, role) })
				}
				who.Caller()
				code(t, w.acts(who.ID)[what](manager.Caller()), "ok")
			})
		}
	}
}

// The admin user of an account stays, keeps the role, and is let in again by
// the console alone; details another admin may change.
func TestUsers_adminUser(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	first := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	// About themselves they read that they stay, not that a colleague could do it.
	for name, want := range map[string]problem.Code{"delete": problem.AdminUser, "deactivate": problem.AdminUser, "reissue": problem.OwnRights, "reset": problem.OwnRights} {
		code(t, w.acts(first.ID)[name](first.Caller()), want)
	}
	c := admin.Caller()
	for name, act := range map[string]func(auth.Caller) error{
		"delete": w.acts(first.ID)["delete"], "deactivate": w.acts(first.ID)["deactivate"], "reissue": w.acts(first.ID)["reissue"], "reset": w.acts(first.ID)["reset"],
		"role taken": func(c auth.Caller) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: first.ID, Roles: []id.Role{w.Role(w.otter, "All"), w.Role(w.otter, "Support")}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			code(t, act(c), problem.AdminUser)
			if r := w.LastRecord(); r.Outcome != "refused" || r.Reason != problem.AdminUser {
				t.Errorf("the log says %s", opstest.Brief(r))
			}
			console := opstest.Console("otter")
			if name == "reissue" || name == "reset" {
				code(t, act(console), "ok")
				return
			}
			code(t, act(console), problem.AdminUser)
		})
	}
	opstest.Must(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: first.ID, Name: new("Nora Nieuw"), Roles: []id.Role{w.Role(w.otter, "Admin"), w.Role(w.otter, "Support")}})
}

// What belongs to another account is not there, for anybody, console included.
func TestUsers_foreign(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.heron, opstest.Member{Role: "Support"})
	who.Caller()
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	operator := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	for name, act := range w.acts(who.ID) {
		for _, c := range []auth.Caller{admin.Caller(), operator.Caller(), opstest.Console("otter"), opstest.Console("")} {
			records := len(w.Records())
			code(t, act(c), problem.NotFound)
			if len(w.Records()) != records {
				t.Errorf("%s: a record tells that there is something", name)
			}
		}
	}
	for _, unknown := range []id.User{"", "usr_x", "' OR 1=1 --", "a\x00"} {
		for name, act := range w.acts(unknown) {
			if name != "end a session" {
				code(t, act(admin.Caller()), problem.NotFound)
			}
		}
	}
}

func (w *town) activeAdmins() int {
	return w.Count(`SELECT COUNT(*) FROM users u JOIN user_roles m ON m.user_id = u.id JOIN roles r ON r.id = m.role_id
		WHERE r.account_id = $1 AND r.built_in = 'admin' AND u.state = 'active'`, string(w.otter.ID))
}

// An account is never left without anybody who can administer it, and the
// attempt is kept.
func TestUsers_lastAdmin(t *testing.T) {
	for name, act := range map[string]func(*town, auth.Caller, id.User) error{
		"deactivate": func(w *town, c auth.Caller, u id.User) error { return w.acts(u)["deactivate"](c) },
		"delete":     func(w *town, c auth.Caller, u id.User) error { return w.acts(u)["delete"](c) },
		"role taken": func(w *town, c auth.Caller, u id.User) error {
			_, err := op.Do(w.T.Context(), w.Engine, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: u, Roles: []id.Role{w.Role(w.otter, "All")}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true, State: user.Invited})
			last := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			w.somebody(w.otter, opstest.Member{Role: "Admin", State: user.Deactivated})
			session, before := last.Caller(), w.show(last.ID)
			code(t, act(w, opstest.Console("otter"), last.ID), problem.LastAdmin)
			if r := w.LastRecord(); r.Outcome != "refused" || r.Reason != problem.LastAdmin || r.Object.ID != string(last.ID) {
				t.Errorf("the log says %s", opstest.Brief(r))
			}
			if diff := cmp.Diff(before, w.show(last.ID)); diff != "" || !w.alive(session) {
				t.Errorf("something changed:\n%s", diff)
			}
			w.somebody(w.otter, opstest.Member{Role: "Admin"})
			code(t, act(w, opstest.Console("otter"), last.ID), "ok")
		})
	}
}

// Fifty times at once, two admins and the console take from each other what
// makes them admins: somebody is left at every moment.
func TestUsers_lastAdmin_atOnce(t *testing.T) {
	w := newTown(t)
	w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true, State: user.Invited})
	one, two := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{Role: "Admin"})
	all := w.Role(w.otter, "All")
	for round := range 6 {
		callers := []auth.Caller{one.Caller(), two.Caller()}
		console := opstest.Console("otter")
		got := atOnce(50, func(n int) error {
			c, u := callers[n%2], []id.User{two.ID, one.ID}[n%2]
			if round%2 == 1 {
				c = console
			}
			var err error
			switch (n/2 + round) % 3 {
			case 0:
				_, err = op.Do(t.Context(), w.Engine, c, w.Ops.Users.Deactivate, ops.UserID{ID: u})
			case 1:
				_, err = op.Do(t.Context(), w.Engine, c, w.Ops.Users.Delete, ops.UserID{ID: u})
			default:
				_, err = op.Do(t.Context(), w.Engine, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: u, Roles: []id.Role{all}})
			}
			return err
		})
		if w.activeAdmins() < 1 {
			t.Fatalf("round %d left nobody: %v", round, got)
		}
		if got["ok"] < 1 {
			t.Errorf("round %d changed nothing: %v", round, got)
		}
		for c := range got {
			if !slices.Contains([]string{"ok", "last_admin", "session_ended", "forbidden", "not_found", "conflict", "outranked", "step_up_required"}, c) {
				t.Errorf("round %d: %v", round, got)
			}
		}
		w.Exec(`UPDATE users SET state = 'deactivated' WHERE state = 'active' AND account_id = $1`, string(w.otter.ID))
		one, two = w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{Role: "Admin"})
	}
}
