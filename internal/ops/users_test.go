package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/account"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/entry"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// newRole makes a role of an account with these permissions.
func (w *town) newRole(of string, permissions ...access.Permission) id.Role {
	w.T.Helper()
	w.people++
	r := access.Role{ID: id.NewRole(), Name: fmt.Sprint("Role ", w.people), Permissions: permissions}
	w.Write(func(tx store.WriteTx) error {
		a, err := tx.AccountByHandle(account.Handle(of))
		r.Account = a.ID
		if err != nil {
			return err
		}
		return tx.AddRole(r)
	})
	return r.ID
}

func (w *town) colleague(roles ...id.Role) ops.AddUserInput {
	w.people++
	login := fmt.Sprint("colleague", w.people)
	return ops.AddUserInput{Login: login, Name: "Cora Claes", Email: login + "@otter.example", Language: "de", Roles: roles}
}

// An administrator adds a colleague, hands over link and code, and the log
// says so.
func TestUsers_Add(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	in := w.colleague(w.Role(w.otter, "Support"), w.Role(w.otter, "Tech"), w.Role(w.otter, "Support"))
	in.Mobile, in.ForceMFA, in.Name = "0032 470/12.34.56", true, "  Cora   Claes "
	out := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Add, in)
	got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Show, ops.UserID{ID: out.User.ID}).User
	want := ops.User{
		ID: out.User.ID, Login: user.Login(in.Login), Name: "Cora Claes", Email: user.Email(in.Email), Mobile: "+32470123456", Language: "de", Kind: "person", Status: "invited",
		Roles: []ops.RoleRef{{ID: w.Role(w.otter, "Support"), Name: "Support"}, {ID: w.Role(w.otter, "Tech"), Name: "Tech"}},
		MFA:   ops.MFA{State: "setup_required", RequiredBy: "policy"}, ForceMFA: true, CreatedAt: w.Clock.Now(),
		Entry: ops.Entry{AccessPoints: []entry.Point{"WEB", "API", "ISPROXY"}, IPRules: []string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, out.User); diff != "" {
		t.Errorf("the answer differs from the list:\n%s", diff)
	}
	r := w.LastRecord()
	if opstest.Brief(r) != "user.added done by user "+admin.Name || r.Object.ID != string(out.User.ID) || r.Account != w.otter.ID {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
	// The person has to set up a second factor first, whatever the role.
	code(t, w.complete(again(out.Activation.Code), opstest.Password), "ok")
	in2, err := w.signIn(in.Login, opstest.Password, "192.0.2.1")
	if err != nil || in2.Session.MFA.State != "setup_required" || in2.Session.MFA.RequiredBy != "policy" {
		t.Errorf("signed in: %s", opstest.CodeOf(err))
	}
}

// Nobody gives what they do not hold (P2).
func TestUsers_Add_grantable(t *testing.T) {
	w := newTown(t)
	manager := w.somebody(w.otter, opstest.Member{})
	own := w.newRole("otter", access.ManageUser, access.ViewUser, "VIEW_DOMAIN")
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(manager.Ref, own) })
	for name, c := range map[string]struct {
		roles []id.Role
		want  []string
	}{
		"one's own":             {[]id.Role{own}, nil},
		"less":                  {[]id.Role{w.newRole("otter", "VIEW_DOMAIN")}, nil},
		"nothing":               {[]id.Role{w.newRole("otter")}, nil},
		"one permission more":   {[]id.Role{w.newRole("otter", access.ViewUser, "CREATE_DOMAIN")}, []string{"roles:not_grantable"}},
		"another one":           {[]id.Role{w.newRole("otter", "VIEW_CONTACT")}, []string{"roles:not_grantable"}},
		"admin":                 {[]id.Role{w.Role(w.otter, "Admin")}, []string{"roles:not_grantable"}},
		"all":                   {[]id.Role{w.Role(w.otter, "All")}, []string{"roles:not_grantable"}},
		"one of two":            {[]id.Role{own, w.Role(w.otter, "Admin")}, []string{"roles:not_grantable"}},
		"unknown":               {[]id.Role{"rol_00000000000000000000000000"}, []string{"roles:unknown"}},
		"another account's":     {[]id.Role{w.newRole("heron", "VIEW_DOMAIN")}, []string{"roles:unknown"}},
		"the operator's Admin":  {[]id.Role{w.Role(w.harbour, "Admin")}, []string{"roles:unknown"}},
		"empty id":              {[]id.Role{""}, []string{"roles:unknown"}},
		"none":                  {nil, []string{"roles:required"}},
		"an id that breaks SQL": {[]id.Role{"' OR 1=1 --"}, []string{"roles:unknown"}},
		"an id with NUL":        {[]id.Role{id.Role(string(own) + "\x00")}, []string{"roles:unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.inhabitants()
			_, err := opstest.Do(w.Place, manager.Caller(), w.Ops.Users.Add, w.colleague(c.roles...))
			if c.want == nil {
				code(t, err, "ok")
				return
			}
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if w.inhabitants() != before+1 { // the session that asked
				t.Error("somebody was added all the same")
			}
		})
	}
	// Of the permissions of the listed roles the same is said to people.
	for _, r := range opstest.Must(w.Place, manager.Caller(), w.Ops.Roles.List, ops.RoleList{}).Entities {
		covers := !slices.ContainsFunc(r.Permissions, func(p access.Permission) bool {
			return p != access.ManageUser && p != access.ViewUser && p != "VIEW_DOMAIN"
		})
		if r.Grantable != covers {
			t.Errorf("role %s is grantable: %v", r.Name, r.Grantable)
		}
	}
}

// A login is unique in the installation, whatever its case, and is never used
// again; everything that is wrong is said at once.
func TestUsers_Add_fields(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	abroad := w.somebody(w.heron, opstest.Member{})
	gone := w.somebody(w.otter, opstest.Member{State: user.Deleted})
	for name, c := range map[string]struct {
		change func(*ops.AddUserInput)
		want   []string
	}{
		"taken":              {func(in *ops.AddUserInput) { in.Login = string(admin.Login) }, []string{"login:taken"}},
		"in capitals":        {func(in *ops.AddUserInput) { in.Login = strings.ToUpper(string(admin.Login)) }, []string{"login:taken"}},
		"in full width":      {func(in *ops.AddUserInput) { in.Login = strings.Replace(string(admin.Login), "p", "ｐ", 1) }, []string{"login:taken"}},
		"in another account": {func(in *ops.AddUserInput) { in.Login = string(abroad.Login) }, []string{"login:taken"}},
		"of a deleted user":  {func(in *ops.AddUserInput) { in.Login = string(gone.Login) }, []string{"login:taken"}},
		"nothing": {func(in *ops.AddUserInput) { *in = ops.AddUserInput{} }, []string{
			"login:required", "name:required", "email:required", "language:required", "roles:required",
		}},
		"everything": {func(in *ops.AddUserInput) {
			*in = ops.AddUserInput{Login: string(admin.Login), Name: "a\nb", Email: "x", Language: "fr", Mobile: "abc", Roles: []id.Role{"x"}}
		}, []string{"name:bad_text", "email:bad_format", "language:unknown", "mobile:bad_format", "roles:unknown", "login:taken"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := w.colleague(w.Role(w.otter, "Support"))
			c.change(&in)
			_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Users.Add, in)
			code(t, err, problem.InvalidFields)
			if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("at once", func(t *testing.T) {
		in, caller := w.colleague(w.Role(w.otter, "Support")), admin.Caller()
		got := atOnce(10, func(n int) error {
			mine := in
			if n%2 == 1 {
				mine.Login = strings.ToUpper(in.Login)
			}
			_, err := op.Do(t.Context(), w.Engine, caller, w.Ops.Users.Add, mine)
			return err
		})
		if diff := cmp.Diff(map[string]int{"ok": 1, "invalid_fields": 9}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func logins(page ops.Page[ops.User]) []string {
	all := []string{}
	for _, u := range page.Entities {
		all = append(all, string(u.Login))
	}
	return all
}

func ptr(n int) *int { return &n }

// The list shows the account's users and nobody else, by name, a page at a
// time.
func TestUsers_List(t *testing.T) {
	w := &town{Place: opstest.New(t, opstest.Options{})}
	w.otter, w.heron = w.Found("otter", "required"), w.Found("heron", "required")
	admin := w.Join(w.otter, opstest.Member{Login: "anna", Role: "Admin"})
	for login, state := range map[string]user.State{"bart": user.Active, "chloe": user.Invited, "daan": user.Deactivated, "elif": user.Deleted, "bartje": user.Active} {
		w.Join(w.otter, opstest.Member{Login: login, State: state})
	}
	w.Join(w.heron, opstest.Member{Login: "zoe"})
	c := admin.Caller()
	for name, q := range map[string]struct {
		in    ops.UserList
		want  []string
		total int
	}{
		"all":               {ops.UserList{}, []string{"anna", "bart", "bartje", "chloe", "daan"}, 5},
		"limit":             {ops.UserList{Paging: ops.Paging{Limit: ptr(2)}}, []string{"anna", "bart"}, 5},
		"only counts":       {ops.UserList{Paging: ops.Paging{Limit: ptr(0)}}, []string{}, 5},
		"offset":            {ops.UserList{Paging: ops.Paging{Limit: ptr(2), Offset: 3}}, []string{"chloe", "daan"}, 5},
		"offset behind":     {ops.UserList{Paging: ops.Paging{Offset: 10_000}}, []string{}, 5},
		"active":            {ops.UserList{Status: "active"}, []string{"anna", "bart", "bartje"}, 3},
		"invited":           {ops.UserList{Status: "invited"}, []string{"chloe"}, 1},
		"deactivated":       {ops.UserList{Status: "deactivated"}, []string{"daan"}, 1},
		"q":                 {ops.UserList{Q: "bart"}, []string{"bart", "bartje"}, 2},
		"q in capitals":     {ops.UserList{Q: "BARTJE"}, []string{"bartje"}, 1},
		"q with accent":     {ops.UserList{Q: "chloé"}, []string{"chloe"}, 1},
		"q of one letter":   {ops.UserList{Q: "z"}, []string{}, 0},
		"q in the middle":   {ops.UserList{Q: "artj"}, []string{"bartje"}, 1},
		"q of two words":    {ops.UserList{Q: "peeters bartje"}, []string{"bartje"}, 1},
		"q with status":     {ops.UserList{Q: "peeters", Status: "invited"}, []string{"chloe"}, 1},
		"q like SQL":        {ops.UserList{Q: `" OR 1=1 --`}, []string{}, 0},
		"q like a wildcard": {ops.UserList{Q: "%"}, []string{}, 0},
		"q of another":      {ops.UserList{Q: "zoe"}, []string{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := opstest.Must(w.Place, c, w.Ops.Users.List, q.in)
			if diff := cmp.Diff(q.want, logins(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.Pagination.Total != q.total || got.Pagination.TotalIsMinimum {
				t.Errorf("total %d, want %d", got.Pagination.Total, q.total)
			}
		})
	}
	t.Run("cursor", func(t *testing.T) {
		var seen []string
		in := ops.UserList{Paging: ops.Paging{Limit: ptr(2)}}
		for range 4 {
			page := opstest.Must(w.Place, c, w.Ops.Users.List, in)
			seen = append(seen, logins(page)...)
			if in.Cursor = page.Pagination.NextCursor; in.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"anna", "bart", "bartje", "chloe", "daan"}, seen); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	for name, in := range map[string]ops.UserList{
		"limit too large": {Paging: ops.Paging{Limit: ptr(201)}}, "limit below": {Paging: ops.Paging{Limit: ptr(-1)}},
		"offset too large": {Paging: ops.Paging{Offset: 10_001}}, "offset below": {Paging: ops.Paging{Offset: -1}},
		"cursor": {Paging: ops.Paging{Cursor: "x"}}, "cursor of text": {Paging: ops.Paging{Cursor: "YWJj"}}, "status": {Status: "deleted"}, "no status": {Status: "x"},
		"q with NUL": {Q: "a\x00"}, "q no UTF-8": {Q: "\xff"}, "q with a direction mark": {Q: "a\u202eb"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			opstest.Refused(w.Place, c, w.Ops.Users.List, in, problem.InvalidRequest)
		})
	}
}

// The activity of one's own account, newest first, and of no other; filters
// narrow it down.
func TestActivity_List(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	c := admin.Caller()
	first := opstest.Must(w.Place, c, w.Ops.Users.Add, w.colleague(w.Role(w.otter, "Support")))
	w.Clock.Advance(time.Minute)
	second := w.invite()
	w.somethingHappens(w.heron)
	_, err := w.signIn("nobody", wrongPassword, "192.0.2.1")
	code(t, err, problem.SignInFailed)
	w.Tidy()
	at := w.Clock.Now()
	w.Clock.Advance(time.Minute)
	opstest.Must(w.Place, c, w.Ops.Session.SignOut, ops.None{})
	c = admin.Caller()
	list := func(in ops.ActivityList) []string {
		all := []string{}
		for _, r := range opstest.Must(w.Place, c, w.Ops.Activity.List, in).Entities {
			all = append(all, r.Event+" "+strings.TrimSpace(string(r.Actor.Kind)+" "+r.Object.ID))
		}
		return all
	}
	one, two := "user.added user "+string(first.User.ID), "user.added console "+string(second.User.ID)
	everything := list(ops.ActivityList{})
	if len(everything) != 3 || !strings.HasPrefix(everything[0], "session.signed_out user ses_") || everything[1] != two || everything[2] != one {
		t.Fatalf("the account's activity: %q", everything)
	}
	out := everything[0]
	for name, q := range map[string]struct {
		in   ops.ActivityList
		want []string
	}{
		"event":              {ops.ActivityList{Event: "user.added"}, []string{two, one}},
		"actor":              {ops.ActivityList{Actor: listing.Filter(admin.ID)}, []string{out, one}},
		"object":             {ops.ActivityList{Object: listing.Filter(first.User.ID)}, []string{one}},
		"since":              {ops.ActivityList{Since: at}, []string{out, two}},
		"until":              {ops.ActivityList{Until: at}, []string{one}},
		"since and until":    {ops.ActivityList{Since: at, Until: at.Add(time.Second)}, []string{two}},
		"all of them":        {ops.ActivityList{Event: "user.added", Actor: listing.Filter(admin.ID), Until: at}, []string{one}},
		"limit":              {ops.ActivityList{Paging: ops.Paging{Limit: ptr(1)}}, []string{out}},
		"offset":             {ops.ActivityList{Paging: ops.Paging{Offset: 1}}, []string{two, one}},
		"person":             {ops.ActivityList{Person: string(first.User.ID)}, []string{one}},
		"person who acted":   {ops.ActivityList{Person: string(admin.ID)}, []string{out, one}},
		"refused":            {ops.ActivityList{Outcome: "refused"}, []string{}},
		"only counts":        {ops.ActivityList{Paging: ops.Paging{Limit: ptr(0)}}, []string{}},
		"of nobody":          {ops.ActivityList{Actor: "x"}, []string{}},
		"the installation's": {ops.ActivityList{Event: "access.refused"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(q.want, list(q.in)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("cursor", func(t *testing.T) {
		in := ops.ActivityList{Paging: ops.Paging{Limit: ptr(2)}}
		page := opstest.Must(w.Place, c, w.Ops.Activity.List, in)
		in.Cursor = page.Pagination.NextCursor
		if diff := cmp.Diff([]string{one}, list(in)); diff != "" || page.Pagination.Total != 3 {
			t.Errorf("the second page of %d:\n%s", page.Pagination.Total, diff)
		}
	})
	for name, in := range map[string]ops.ActivityList{
		"an offset too far": {Paging: ops.Paging{Offset: 10_001}}, "a cursor of its own": {Paging: ops.Paging{Cursor: "x"}}, "a large limit": {Paging: ops.Paging{Limit: ptr(201)}},
		"what nobody is called": {Actor: "x\x00\xff"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			opstest.Refused(w.Place, c, w.Ops.Activity.List, in, problem.InvalidRequest)
		})
	}
}
