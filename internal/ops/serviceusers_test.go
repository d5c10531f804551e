package ops_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/calendar"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/entry"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// inDays is a day so many days from now.
func (w *town) inDays(n int) string { return string(calendar.On(w.Clock.Now().AddDate(0, 0, n))) }

// newService is a service user that is all right.
func (w *town) newService(of account.Account, owner *opstest.Person) ops.AddServiceUserInput {
	w.people++
	return ops.AddServiceUserInput{
		Login: fmt.Sprintf("billing%d", w.people), Name: "Billing job", Purpose: "Renews what is paid.",
		Owner: owner.ID, ExpiresOn: w.inDays(365), Roles: []id.Role{w.Role(of, "Finance")},
	}
}

// service adds a service user past the rights of people.
func (w *town) service(of account.Account, owner *opstest.Person) ops.User {
	w.T.Helper()
	return opstest.Must(w.Place, opstest.Console(of.Handle), w.Ops.ServiceUsers.Add, w.newService(of, owner))
}

func TestServiceUsers_Add(t *testing.T) {
	w := newTown(t)
	admin, owner := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	in := w.newService(w.otter, owner)
	in.IPRules = []string{"192.0.2.0/24"}
	got := opstest.Must(w.Place, admin.Caller(), w.Ops.ServiceUsers.Add, in)
	want := ops.User{
		ID: got.ID, Kind: user.Service, Login: user.Login(in.Login), Name: "Billing job", Status: user.Active,
		Roles: []ops.RoleRef{{ID: in.Roles[0], Name: "Finance"}}, MFA: ops.MFA{State: "off"},
		Service: &ops.ServiceTerms{Owner: ops.UserName{ID: owner.ID, Name: owner.Name}, ExpiresOn: calendar.Day(in.ExpiresOn), Purpose: in.Purpose},
		Entry:   ops.Entry{AccessPoints: []entry.Point{entry.API, entry.ISProxy}, IPRules: []string{"192.0.2.0/24"}}, CreatedAt: got.CreatedAt,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the answer (-want +got):\n%s", diff)
	}
	shown := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Show, ops.UserID{ID: got.ID})
	if diff := cmp.Diff(want, shown.User); diff != "" || shown.Activation != nil {
		t.Errorf("users.show (-want +got):\n%s", diff)
	}
	r := w.LastRecord()
	if opstest.Brief(r) != "serviceUser.added done by user "+admin.Name || r.Object.ID != string(got.ID) || r.Detail["owner"] != owner.Name {
		t.Errorf("the log says %s %v", opstest.Brief(r), r.Detail)
	}
	owned := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Show, ops.UserID{ID: owner.ID}).ServiceUsers
	if diff := cmp.Diff([]ops.UserName{{ID: got.ID, Name: got.Name}}, owned); diff != "" {
		t.Errorf("what the owner answers for:\n%s", diff)
	}
}

// All that is wrong is said at once, and nothing is left behind.
func TestServiceUsers_Add_refused(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	owner := w.somebody(w.otter, opstest.Member{})
	service, stranger := w.service(w.otter, owner), w.somebody(w.heron, opstest.Member{})
	for name, c := range map[string]struct {
		spoil func(in *ops.AddServiceUserInput)
		want  map[string]problem.FieldCode
	}{
		"nothing": {func(in *ops.AddServiceUserInput) { *in = ops.AddServiceUserInput{} }, map[string]problem.FieldCode{
			"login": "required", "name": "required", "expiresOn": "required", "owner": "required", "roles": "required",
		}},
		"a login that was used":       {func(in *ops.AddServiceUserInput) { in.Login = string(owner.Login) }, map[string]problem.FieldCode{"login": "taken"}},
		"yesterday":                   {func(in *ops.AddServiceUserInput) { in.ExpiresOn = w.inDays(-1) }, map[string]problem.FieldCode{"expiresOn": "day_past"}},
		"more than two years":         {func(in *ops.AddServiceUserInput) { in.ExpiresOn = w.inDays(732) }, map[string]problem.FieldCode{"expiresOn": "day_too_far"}},
		"no day":                      {func(in *ops.AddServiceUserInput) { in.ExpiresOn = "2027-02-30" }, map[string]problem.FieldCode{"expiresOn": "bad_format"}},
		"never":                       {func(in *ops.AddServiceUserInput) { in.ExpiresOn = "99999-01-01" }, map[string]problem.FieldCode{"expiresOn": "bad_format"}},
		"an owner of another account": {func(in *ops.AddServiceUserInput) { in.Owner = stranger.ID }, map[string]problem.FieldCode{"owner": "not_active_person"}},
		"an owner who is nobody":      {func(in *ops.AddServiceUserInput) { in.Owner = "usr_none" }, map[string]problem.FieldCode{"owner": "not_active_person"}},
		"an owner who has not come": {func(in *ops.AddServiceUserInput) {
			in.Owner = w.somebody(w.otter, opstest.Member{State: user.Invited}).ID
		}, map[string]problem.FieldCode{"owner": "not_active_person"}},
		"an owner who is out": {func(in *ops.AddServiceUserInput) {
			in.Owner = w.somebody(w.otter, opstest.Member{State: user.Deactivated}).ID
		}, map[string]problem.FieldCode{"owner": "not_active_person"}},
		"an owner that is a program": {func(in *ops.AddServiceUserInput) { in.Owner = service.ID }, map[string]problem.FieldCode{"owner": "not_active_person"}},
		"the access point of people": {func(in *ops.AddServiceUserInput) { in.AccessPoints = []string{"API", "WEB"} }, map[string]problem.FieldCode{"accessPoints": "not_allowed"}},
		"no access point":            {func(in *ops.AddServiceUserInput) { in.AccessPoints = []string{} }, map[string]problem.FieldCode{"accessPoints": "required"}},
		"hostile text":               {func(in *ops.AddServiceUserInput) { in.Name, in.Purpose = "a\u202eb", "c\x00d" }, map[string]problem.FieldCode{"name": "bad_text", "purpose": "bad_text"}},
		"a role of another account":  {func(in *ops.AddServiceUserInput) { in.Roles = []id.Role{w.Role(w.heron, "Finance")} }, map[string]problem.FieldCode{"roles": "unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := w.newService(w.otter, owner)
			c.spoil(&in)
			before := w.Count(`SELECT COUNT(*) FROM users`)
			_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.ServiceUsers.Add, in)
			got := map[string]problem.FieldCode{}
			for _, v := range problem.Of(err).Violations {
				got[v.Field] = v.Code
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := w.Count(`SELECT COUNT(*) FROM users`); n != before {
				t.Errorf("%d users more", n-before)
			}
		})
	}
}

// clerk may manage users, and holds little else.
func (w *town) clerk() *opstest.Person {
	w.T.Helper()
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Roles.Create, ops.CreateRoleInput{Name: "Clerk", Permissions: []access.Permission{access.ViewUser, access.ManageUser}})
	return w.somebody(w.otter, opstest.Member{Role: "Clerk"})
}

// Nobody gives a program what they do not hold, nor touches one that holds more
// than they do.
func TestServiceUsers_rights(t *testing.T) {
	w := newTown(t)
	clerk, owner := w.clerk(), w.somebody(w.otter, opstest.Member{})
	c := clerk.Caller()
	in := w.newService(w.otter, owner)
	_, err := opstest.Do(w.Place, c, w.Ops.ServiceUsers.Add, in)
	code(t, err, problem.InvalidFields)
	if r := w.LastRecord(); opstest.Brief(r) != "serviceUser.added refused invalid_fields by user "+clerk.Name {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	in.Roles = []id.Role{w.Role(w.otter, "Clerk")}
	low := opstest.Must(w.Place, c, w.Ops.ServiceUsers.Add, in)
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: low.ID, Roles: []id.Role{w.Role(w.otter, "Admin")}}, problem.InvalidFields)
	high := w.service(w.otter, owner)
	for name, try := range map[string]func() error{
		"rename": func() error {
			_, err := opstest.Do(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: high.ID, Name: new("Mine")})
			return err
		},
		"own": func() error {
			_, err := opstest.Do(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: high.ID, Owner: &clerk.ID})
			return err
		},
		"own all": func() error {
			_, err := opstest.Do(w.Place, c, w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: owner.ID, Owner: clerk.ID})
			return err
		},
		"delete": func() error {
			_, err := opstest.Do(w.Place, c, w.Ops.Users.Delete, ops.UserID{ID: high.ID})
			return err
		},
	} {
		if err := try(); opstest.CodeOf(err) != string(problem.Outranked) {
			t.Errorf("%s gives %s", name, opstest.CodeOf(err))
		}
	}
	// Of two, the one that is out of reach keeps both where they are.
	if n := w.Count(`SELECT COUNT(*) FROM users WHERE owner_id = $1`, string(owner.ID)); n != 2 {
		t.Errorf("the owner answers for %d", n)
	}
}

// Another account's service users and owners do not exist.
func TestServiceUsers_tenancy(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	theirs, mine := w.somebody(w.heron, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	foreign, own := w.service(w.heron, theirs), w.service(w.otter, mine)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: foreign.ID, Name: new("Mine")}, problem.NotFound)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: own.ID, Owner: &theirs.ID}, problem.InvalidFields)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: theirs.ID, Owner: mine.ID}, problem.NotFound)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: mine.ID, Owner: theirs.ID}, problem.InvalidFields)
}

func TestServiceUsers_Update(t *testing.T) {
	w := newTown(t)
	admin, owner, next := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	s, c := w.service(w.otter, owner), admin.Caller()
	got := opstest.Must(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{
		ID: s.ID, Name: new("DNS job"), Purpose: new(""), Owner: &next.ID, ExpiresOn: new(w.inDays(10)), Roles: []id.Role{w.Role(w.otter, "Tech")},
		AccessPoints: []string{"API"}, IPRules: []string{"2001:db8::/48"},
	})
	want := s
	want.Name, want.Roles = "DNS job", []ops.RoleRef{{ID: w.Role(w.otter, "Tech"), Name: "Tech"}}
	want.Service = &ops.ServiceTerms{Owner: ops.UserName{ID: next.ID, Name: next.Name}, ExpiresOn: calendar.Day(w.inDays(10))}
	want.Entry = ops.Entry{AccessPoints: []entry.Point{entry.API}, IPRules: []string{"2001:db8::/48"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r := w.LastRecord()
	if diff := cmp.Diff(map[string]any{"before": owner.Name, "after": next.Name}, r.Detail["owner"]); diff != "" || r.Event != "serviceUser.updated" {
		t.Errorf("the log says %s: %v", opstest.Brief(r), r.Detail)
	}
	// Neither kind is changed as if it were the other.
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: owner.ID, Owner: &next.ID, ExpiresOn: new(w.inDays(1))}, problem.ServiceUser)
	opstest.Refused(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: s.ID, Email: new("mine@otter.example")}, problem.ServiceUser)
	opstest.Refused(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: s.ID, ForceMFA: new(true)}, problem.ServiceUser)
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: s.ID, AccessPoints: []string{"WEB"}}, problem.InvalidFields)
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: s.ID, Owner: &s.ID}, problem.InvalidFields)
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: s.ID, ExpiresOn: new("")}, problem.InvalidFields)
	if now := opstest.Must(w.Place, c, w.Ops.Users.Show, ops.UserID{ID: s.ID}).User; !cmp.Equal(want, now) {
		t.Errorf("a refusal changed something:\n%s", cmp.Diff(want, now))
	}
}

// What makes no sense for a program is refused, and said beforehand.
func TestServiceUsers_guards(t *testing.T) {
	w := newTown(t)
	admin, owner := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	s, c := w.service(w.otter, owner), admin.Caller()
	opstest.Refused(w.Place, c, w.Ops.Users.Reissue, ops.ReissueInput{ID: s.ID, HandOver: true}, problem.ServiceUser)
	opstest.Refused(w.Place, c, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: s.ID, Reason: "Lost."}, problem.ServiceUser)
	opstest.Refused(w.Place, c, w.Ops.Sessions.EndAll, ops.UserID{ID: s.ID}, problem.ServiceUser)
	var refused []ops.Act
	for _, m := range opstest.Must(w.Place, c, w.Ops.Users.Show, ops.UserID{ID: s.ID}).May {
		if m.Code == problem.ServiceUser {
			refused = append(refused, m.Act)
		}
	}
	if diff := cmp.Diff([]ops.Act{ops.ReissueUser, ops.ResetFactors, ops.ReopenPassword, ops.EndSessions}, refused); diff != "" {
		t.Errorf("users.show says:\n%s", diff)
	}
	// Off and on again: it comes back as it was, and waits for no activation.
	opstest.Must(w.Place, c, w.Ops.Users.Deactivate, ops.UserID{ID: s.ID})
	if got := opstest.Must(w.Place, c, w.Ops.Users.Reactivate, ops.UserID{ID: s.ID}); got.Status != user.Active || got.Kind != user.Service {
		t.Errorf("comes back %s %s", got.Status, got.Kind)
	}
	opstest.Must(w.Place, c, w.Ops.Users.Delete, ops.UserID{ID: s.ID})
	opstest.Refused(w.Place, c, w.Ops.Users.Show, ops.UserID{ID: s.ID}, problem.NotFound)
	in := w.newService(w.otter, owner)
	in.Login = string(s.Login)
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.Add, in, problem.InvalidFields)
}

// Nobody signs in as one: who tries hears what an unknown login gives, and the
// database itself keeps sessions, passwords and factors away.
func TestServiceUsers_signIn(t *testing.T) {
	w := newTown(t)
	s := w.service(w.otter, w.somebody(w.otter, opstest.Member{}))
	w.unknownToSignIn(t, s.Login)
	_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(s.Login), Password: secret.New("")})
	code(t, err, problem.InvalidFields)
	find := func(tx store.ReadTx) store.UserRef {
		found, err := tx.User(access.Within(w.otter.ID), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		return found.Ref()
	}
	for name, write := range map[string]func(tx store.WriteTx) error{
		"a password": func(tx store.WriteTx) error { return tx.SetPassword(find(tx.ReadTx), w.HashOf(opstest.Password)) },
		"a session": func(tx store.WriteTx) error {
			return tx.AddSession(find(tx.ReadTx), session.Session{ID: id.NewSession(), Face: access.FaceREST, EndsAt: tx.Now().Add(time.Hour)}, "digest")
		},
		"an activation": func(tx store.WriteTx) error {
			return tx.PutActivation(find(tx.ReadTx), store.Activation{Purpose: "activate", TokenDigest: "t", CodeDigest: "c"})
		},
		"a second factor": func(tx store.WriteTx) error {
			return tx.AddAuthenticatorApp(find(tx.ReadTx), store.AuthenticatorApp{ID: id.NewAuthenticatorApp(), Secret: "x"})
		},
		"forced 2-factor authentication": func(tx store.WriteTx) error { return tx.ForceMFA(find(tx.ReadTx)) },
	} {
		if err := w.DB.Write(t.Context(), write); err == nil {
			t.Errorf("it got %s", name)
		}
	}
}

// An owner stays until the service users have another, and a new one can be
// given to all of them at once.
func TestServiceUsers_owner(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	leaver, next := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	one, two := w.service(w.otter, leaver), w.service(w.otter, leaver)
	c := admin.Caller()
	out := ops.UserID{ID: leaver.ID}
	opstest.Must(w.Place, c, w.Ops.Users.Deactivate, ops.UserID{ID: one.ID}) // one that is off counts
	for range 2 {
		opstest.Refused(w.Place, c, w.Ops.Users.Deactivate, out, problem.OwnsServiceUsers)
		opstest.Refused(w.Place, c, w.Ops.Users.Delete, out, problem.OwnsServiceUsers)
		w.Reopen()
	}
	if r := w.LastRecord(); opstest.Brief(r) != "user.deleted refused owns_service_users by user "+admin.Name {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	refused := map[ops.Act]problem.Code{}
	for _, m := range opstest.Must(w.Place, c, w.Ops.Users.Show, out).May {
		refused[m.Act] = m.Code
	}
	if refused[ops.DeactivateUser] != problem.OwnsServiceUsers || refused[ops.DeleteUser] != problem.OwnsServiceUsers {
		t.Errorf("users.show says %v", refused)
	}
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: leaver.ID, Owner: leaver.ID}, problem.Conflict)
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: leaver.ID, Owner: two.ID}, problem.InvalidFields)
	got := opstest.Must(w.Place, c, w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: leaver.ID, Owner: next.ID})
	if r := w.LastRecord(); got.ServiceUsers != 2 || r.Event != "serviceUser.handed_over" || r.Object.ID != string(leaver.ID) {
		t.Errorf("%d handed over: %s %v", got.ServiceUsers, opstest.Brief(r), r.Detail)
	}
	opstest.Refused(w.Place, c, w.Ops.ServiceUsers.HandOver, ops.HandOverServiceUsersInput{ID: leaver.ID, Owner: next.ID}, problem.Conflict)
	opstest.Must(w.Place, c, w.Ops.Users.Delete, out)
	opstest.Refused(w.Place, c, w.Ops.Users.Delete, ops.UserID{ID: next.ID}, problem.OwnsServiceUsers)
	for _, s := range []ops.User{one, two} {
		opstest.Must(w.Place, c, w.Ops.Users.Delete, ops.UserID{ID: s.ID})
	}
	opstest.Must(w.Place, c, w.Ops.Users.Delete, ops.UserID{ID: next.ID})
}

// Of two who at once give somebody a service user and let them go, one is late.
func TestServiceUsers_ownerParallel(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	here, there := admin.Caller(), admin.Caller()
	for range 8 {
		owner := w.somebody(w.otter, opstest.Member{})
		in := w.newService(w.otter, owner)
		var both sync.WaitGroup
		var added, left error
		both.Go(func() { _, added = opstest.Do(w.Place, here, w.Ops.ServiceUsers.Add, in) })
		both.Go(func() { _, left = opstest.Do(w.Place, there, w.Ops.Users.Deactivate, ops.UserID{ID: owner.ID}) })
		both.Wait()
		if (added == nil) == (left == nil) {
			t.Errorf("added: %v, deactivated: %v", added, left)
		}
	}
}

// A program with the role Admin is no administrator: nobody can sign in as it.
func TestServiceUsers_lastAdmin(t *testing.T) {
	w := newTown(t)
	only := w.somebody(w.heron, opstest.Member{Role: "Admin"})
	in := w.newService(w.heron, only)
	in.Roles = []id.Role{w.Role(w.heron, "Admin")}
	c := opstest.Console("heron")
	for _, u := range opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{Role: in.Roles[0], Paging: ops.Paging{Limit: ptr(200)}}).Entities {
		if u.ID != only.ID && !u.AdminUser {
			opstest.Must(w.Place, c, w.Ops.Users.Delete, ops.UserID{ID: u.ID})
		}
	}
	admins := w.Count(`SELECT COUNT(*) FROM users u JOIN user_roles m ON m.user_id = u.id WHERE m.role_id = $1 AND u.state = 'active'`, string(in.Roles[0]))
	s := opstest.Must(w.Place, c, w.Ops.ServiceUsers.Add, in)
	_, err := opstest.Do(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: only.ID, Roles: []id.Role{w.Role(w.heron, "Support")}})
	if want := map[bool]problem.Code{true: problem.LastAdmin, false: "ok"}[admins == 1]; opstest.CodeOf(err) != string(want) {
		t.Errorf("of %d administrators one goes: %s", admins, opstest.CodeOf(err))
	}
	opstest.Must(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: s.ID, Roles: []id.Role{w.Role(w.heron, "Support")}})
}

// The last day counts to its midnight; after that a program is over until
// somebody gives it another.
func TestServiceUsers_expiry(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	in := w.newService(w.otter, w.somebody(w.otter, opstest.Member{}))
	in.ExpiresOn = w.inDays(0)
	s := opstest.Must(w.Place, admin.Caller(), w.Ops.ServiceUsers.Add, in)
	if s.Service.Expired {
		t.Error("it is over on its last day")
	}
	w.Clock.Advance(24 * time.Hour)
	c := admin.Caller()
	if now := opstest.Must(w.Place, c, w.Ops.Users.Show, ops.UserID{ID: s.ID}); !now.User.Service.Expired {
		t.Error("it goes on after its last day")
	}
	// A name can be changed meanwhile; the day that stays is not asked about again.
	opstest.Must(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: s.ID, Name: new("Old job"), ExpiresOn: &in.ExpiresOn})
	if got := opstest.Must(w.Place, c, w.Ops.ServiceUsers.Update, ops.UpdateServiceUserInput{ID: s.ID, ExpiresOn: new(w.inDays(730))}); got.Service.Expired {
		t.Error("it is over with a new day")
	}
}

func TestUsers_List_kind(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	owner := w.somebody(w.otter, opstest.Member{NoFactor: true})
	s := w.service(w.otter, owner)
	off := w.service(w.otter, owner)
	c := admin.Caller()
	opstest.Must(w.Place, c, w.Ops.Users.Deactivate, ops.UserID{ID: off.ID})
	names := func(in ops.UserList) (logins []string) {
		page := opstest.Must(w.Place, c, w.Ops.Users.List, in)
		for _, u := range page.Entities {
			if u.Kind == user.Service {
				logins = append(logins, string(u.Login))
			}
		}
		if page.Pagination.Total != len(page.Entities) {
			t.Errorf("%+v: %d of %d", in, len(page.Entities), page.Pagination.Total)
		}
		slices.Sort(logins)
		return logins
	}
	both := []string{string(s.Login), string(off.Login)}
	for _, test := range []struct {
		in   ops.UserList
		want []string
	}{
		{ops.UserList{}, both},
		{ops.UserList{Kind: "service"}, both},
		{ops.UserList{Kind: "in:person,service"}, both},
		{ops.UserList{Kind: "person"}, nil},
		{ops.UserList{Kind: "ne:service"}, nil},
		{ops.UserList{Kind: "service", Status: "active"}, both[:1]},
		{ops.UserList{Kind: "service", Role: w.Role(w.otter, "Finance")}, both},
		{ops.UserList{Kind: "service", Role: w.Role(w.otter, "Tech")}, nil},
		{ops.UserList{Kind: "service", Order: "-createdAt"}, both},
		{ops.UserList{Kind: "service", Q: "billing"}, both},
		{ops.UserList{Kind: "service", MFA: "off"}, nil},
		{ops.UserList{MFA: "in:on,off,setup_required"}, nil},
		{ops.UserList{Kind: "not_in:person,service"}, nil},
	} {
		if diff := cmp.Diff(test.want, names(test.in)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.in, diff)
		}
	}
	for _, u := range opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{Kind: "service"}).Entities {
		if u.Kind != user.Service || u.Service == nil || u.Service.Owner.Name != owner.Name {
			t.Errorf("the list of service users has %+v", u)
		}
	}
	_, err := opstest.Do(w.Place, auth.Caller{Credential: c.Credential, Source: c.Source}, w.Ops.Users.List, ops.UserList{Kind: "robot"})
	code(t, err, problem.InvalidRequest)
}
