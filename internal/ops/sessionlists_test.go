package ops_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
)

// holders are who the sessions of a page are of; with a star the caller's own.
func holders(page ops.Page[ops.OpenSession]) []string {
	all := []string{}
	for _, s := range page.Entities {
		name := s.UserName
		if s.Current {
			name += "*"
		}
		all = append(all, name)
	}
	return all
}

// Who is signed in to the account: those whose sessions are alive, the one last
// used first, and nobody of another account.
func TestSessions_List(t *testing.T) {
	w := newTown(t)
	support := w.somebody(w.otter, opstest.Member{Role: "Support"})
	one, two := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	one.Caller() // will be idle for too long
	w.Clock.Advance(time.Minute)
	kept := two.Caller()
	w.Clock.Advance(session.Idle - time.Minute)
	w.somebody(w.heron, opstest.Member{}).Caller()
	one.Caller()
	one.Caller()
	w.Clock.Advance(time.Second)
	c := support.Caller()
	list := func(in ops.SessionList) ops.Page[ops.OpenSession] {
		t.Helper()
		return opstest.Must(w.Place, c, w.Ops.Sessions.List, in)
	}
	all := []string{support.Name + "*", one.Name, one.Name, two.Name}
	for name, q := range map[string]struct {
		in    ops.SessionList
		want  []string
		total int
	}{
		"all":            {ops.SessionList{}, all, 4},
		"a page":         {ops.SessionList{Paging: ops.Paging{Limit: ptr(2)}}, all[:2], 4},
		"the next":       {ops.SessionList{Paging: ops.Paging{Limit: ptr(2), Offset: 2}}, all[2:], 4},
		"only counts":    {ops.SessionList{Paging: ops.Paging{Limit: ptr(0)}}, []string{}, 4},
		"behind the end": {ops.SessionList{Paging: ops.Paging{Offset: 10_000}}, []string{}, 4},
		"of a user":      {ops.SessionList{User: one.ID}, []string{one.Name, one.Name}, 2},
		"of a user, one": {ops.SessionList{User: one.ID, Paging: ops.Paging{Limit: ptr(1), Offset: 1}}, []string{one.Name}, 2},
		"of a user, two": {ops.SessionList{User: one.ID, Paging: ops.Paging{Offset: 2}}, []string{}, 2},
		"of oneself":     {ops.SessionList{User: support.ID}, []string{support.Name + "*"}, 1},
		"of nobody here": {ops.SessionList{User: w.somebody(w.otter, opstest.Member{}).ID}, []string{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := list(q.in)
			if diff := cmp.Diff(q.want, holders(got)); diff != "" || got.Pagination.Total != q.total || (got.Pagination.NextCursor != "") != (name == "a page") {
				t.Errorf("%+v (-want +got):\n%s", got.Pagination, diff)
			}
		})
	}
	for name, in := range map[string]ops.SessionList{
		"a large limit": {Paging: ops.Paging{Limit: ptr(201)}}, "an offset too far": {Paging: ops.Paging{Offset: 10_001}}, "a cursor": {Paging: ops.Paging{Cursor: "x"}},
	} {
		t.Run("refuses "+name, func(t *testing.T) { opstest.Refused(w.Place, c, w.Ops.Sessions.List, in, problem.InvalidRequest) })
	}
	got := list(ops.SessionList{User: two.ID}).Entities[0]
	want := ops.OpenSession{
		ID: got.ID, UserID: two.ID, UserName: two.Name, Face: "browser", Address: "192.0.2.7", Program: "test browser", Means: "password",
		SignedInAt: opstest.Epoch.Add(time.Minute), LastSeenAt: opstest.Epoch.Add(time.Minute), EndsAt: opstest.Epoch.Add(time.Minute + session.Absolute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	w.Clock.Advance(time.Second)
	w.profile(kept) // is seen again, and stands in front of the others
	if diff := cmp.Diff([]string{two.Name, support.Name + "*", one.Name, one.Name}, holders(list(ops.SessionList{}))); diff != "" {
		t.Errorf("after it was used (-want +got):\n%s", diff)
	}
}

// A session that is ended is dead at once, and only that one.
func TestSessions_End(t *testing.T) {
	w := newTown(t)
	admin, who, abroad := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{}), w.somebody(w.heron, opstest.Member{})
	c := admin.Caller()
	here, there := who.Caller(), who.Caller()
	all := opstest.Must(w.Place, c, w.Ops.Sessions.List, ops.SessionList{User: who.ID}).Entities
	opstest.Must(w.Place, c, w.Ops.Sessions.End, ops.SessionID{ID: all[0].ID})
	if r := w.LastRecord(); opstest.Brief(r) != "session.ended done by user "+admin.Name || r.Object.ID != string(who.ID) {
		t.Errorf("the log says %s of %s", opstest.Brief(r), r.Object.ID)
	}
	if w.alive(here) == w.alive(there) {
		t.Error("not exactly one of the two is alive")
	}
	opstest.Refused(w.Place, c, w.Ops.Sessions.End, ops.SessionID{ID: all[0].ID}, problem.NotFound)
	opstest.Refused(w.Place, c, w.Ops.Sessions.End, ops.SessionID{ID: w.sessionOf(abroad)}, problem.NotFound)
	opstest.Refused(w.Place, c, w.Ops.Sessions.End, ops.SessionID{ID: w.sessionOf(admin)}, problem.OwnRights)

	who.Caller()
	if got := opstest.Must(w.Place, c, w.Ops.Sessions.EndAll, ops.UserID{ID: who.ID}); got.Sessions != 2 {
		t.Errorf("%d sessions ended", got.Sessions)
	}
	if w.alive(here) || w.alive(there) {
		t.Error("one of them lives")
	}
	if got := opstest.Must(w.Place, c, w.Ops.Sessions.EndAll, ops.UserID{ID: who.ID}); got.Sessions != 0 {
		t.Errorf("%d more sessions ended", got.Sessions)
	}
	opstest.Refused(w.Place, c, w.Ops.Sessions.EndAll, ops.UserID{ID: abroad.ID}, problem.NotFound)
	opstest.Refused(w.Place, c, w.Ops.Sessions.EndAll, ops.UserID{ID: admin.ID}, problem.OwnRights)
}

// Of one's own sessions this one stands first; the others one ends by
// themselves or together, and those of nobody else.
func TestProfile_Sessions(t *testing.T) {
	w := newTown(t)
	who, other := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	mine := who.Caller()
	w.Clock.Advance(time.Second)
	callers := []auth.Caller{who.Caller(), who.Caller(), who.Caller()}
	foreign := w.sessionOf(other)
	page := opstest.Must(w.Place, mine, w.Ops.Profile.Sessions, ops.OwnSessions{})
	if diff := cmp.Diff([]string{who.Name + "*", who.Name, who.Name, who.Name}, holders(page)); diff != "" || page.Pagination.Total != 4 {
		t.Errorf("-want +got:\n%s", diff)
	}
	opstest.Refused(w.Place, mine, w.Ops.Profile.EndSession, ops.SessionID{ID: page.Entities[0].ID}, problem.Conflict)
	for _, s := range []id.Session{foreign, "", "ses_x", "' OR 1=1 --"} {
		opstest.Refused(w.Place, mine, w.Ops.Profile.EndSession, ops.SessionID{ID: s}, problem.NotFound)
	}
	opstest.Must(w.Place, mine, w.Ops.Profile.EndSession, ops.SessionID{ID: page.Entities[1].ID})
	if r := w.LastRecord(); opstest.Brief(r) != "session.ended done by user "+who.Name || r.Object.ID != string(page.Entities[1].ID) {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	dead := slices.DeleteFunc(slices.Clone(callers), w.alive)
	if len(dead) != 1 {
		t.Errorf("%d of the others are dead", len(dead))
	}
	if got := opstest.Must(w.Place, mine, w.Ops.Profile.EndOtherSessions, ops.None{}); got.Sessions != 2 {
		t.Errorf("%d sessions ended", got.Sessions)
	}
	if slices.ContainsFunc(callers, w.alive) || !w.alive(mine) {
		t.Error("one of the others lives, or this one does not")
	}
	if n := w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(other.ID)); n != 1 {
		t.Error("another's session ended")
	}
}

// Every way to say that somebody is out ends every session at the next call,
// over the same door.
func TestSessions_whatEndsThem(t *testing.T) {
	for name, act := range map[string]func(w *town, who *opstest.Person, here auth.Caller) error{
		"deactivated": func(w *town, who *opstest.Person, _ auth.Caller) error {
			return w.acts(who.ID)["deactivate"](opstest.Console("otter"))
		},
		"deleted": func(w *town, who *opstest.Person, _ auth.Caller) error {
			return w.acts(who.ID)["delete"](opstest.Console("otter"))
		},
		"reset": func(w *town, who *opstest.Person, _ auth.Caller) error {
			return w.acts(who.ID)["reset"](opstest.Console("otter"))
		},
		"new address": func(w *town, who *opstest.Person, _ auth.Caller) error {
			return w.acts(who.ID)["update"](opstest.Console("otter"))
		},
		"ended": func(w *town, who *opstest.Person, _ auth.Caller) error {
			return w.acts(who.ID)["end sessions"](opstest.Console("otter"))
		},
		"new password by link": func(w *town, who *opstest.Person, _ auth.Caller) error {
			issued := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID})
			return w.complete(again(issued.Code), wrongPassword)
		},
		"own password": func(w *town, _ *opstest.Person, here auth.Caller) error {
			_, err := w.changePassword(here, opstest.Password, wrongPassword)
			return err
		},
		"own address": func(w *town, _ *opstest.Person, here auth.Caller) error {
			_, err := opstest.Do(w.Place, here, w.Ops.Profile.Update, ops.UpdateProfileInput{Email: new("mine@otter.example")})
			return err
		},
		"another factor": func(w *town, _ *opstest.Person, here auth.Caller) error { w.pair(here, ""); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who, bystander := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{}).Caller()
			in := ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password), Code: who.Code()}
			there := with(opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in).SessionToken())
			w.Clock.Advance(time.Minute)
			here := who.Caller()
			if !w.alive(there) {
				t.Fatal("not signed in")
			}
			code(t, act(w, who, here), "ok")
			opstest.Refused(w.Place, there, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
			if !w.alive(bystander) {
				t.Error("somebody else's session ended")
			}
		})
	}
}

// Many at once end the same sessions: each is ended once.
func TestSessions_End_atOnce(t *testing.T) {
	w := newTown(t)
	admin, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller(), w.somebody(w.otter, opstest.Member{})
	s := w.sessionOf(who)
	got := atOnce(20, func(int) error {
		_, err := opstest.Do(w.Place, admin, w.Ops.Sessions.End, ops.SessionID{ID: s})
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "not_found": 19}, got); diff != "" {
		t.Error(fmt.Sprint("-want +got:\n", diff))
	}
}
