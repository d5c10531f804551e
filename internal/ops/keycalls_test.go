package ops_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/entry"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
)

// works reports what a key gets at an operation that takes VIEW_USER.
func (w *town) works(c auth.Caller) problem.Code {
	_, err := opstest.Do(w.Place, c, w.Ops.Users.List, ops.UserList{})
	return problem.Code(opstest.CodeOf(err))
}

// A key does what both it and its user may, at every call anew; whatever is
// wrong with it, the answer is the same, and the log says which.
func TestKey_calls(t *testing.T) {
	refused := problem.KeyRefused
	for name, c := range map[string]struct {
		key    func(*apikey.Key)
		change func(w *town, who *opstest.Person, k id.Key)
		from   string
		want   problem.Code
		reason problem.Code // in the log
	}{
		"good":           {nil, nil, "", "ok", ""},
		"one permission": {func(k *apikey.Key) { k.Rights = access.RightsOf(access.ViewUser) }, nil, "", "ok", ""},
		"another":        {func(k *apikey.Key) { k.Rights = access.RightsOf("VIEW_DOMAIN") }, nil, "", problem.Forbidden, problem.Forbidden},
		"user lost it":   {nil, func(w *town, who *opstest.Person, _ id.Key) { w.changeRole(who, "Finance") }, "", problem.Forbidden, problem.Forbidden},
		"no REST":        {func(k *apikey.Key) { k.Entry.Points = entry.OnlyPoints(entry.ISProxy) }, nil, "", refused, problem.PointRefused},
		"user without REST": {nil, func(w *town, who *opstest.Person, _ id.Key) {
			w.Exec(`UPDATE users SET access_points = 'WEB' WHERE id = $1`, string(who.ID))
			w.bump()
		}, "", refused, problem.PointRefused},
		"from elsewhere": {func(k *apikey.Key) { k.Entry.Ranges = entry.RestoreRanges("198.51.100.0/24") }, nil, "", refused, problem.AddressRefused},
		"from there":     {func(k *apikey.Key) { k.Entry.Ranges = entry.RestoreRanges("198.51.100.0/24") }, nil, "198.51.100.9", "ok", ""},
		"user elsewhere": {nil, func(w *town, who *opstest.Person, _ id.Key) {
			w.Exec(`UPDATE users SET ip_rules = '203.0.113.0/24' WHERE id = $1`, string(who.ID))
			w.bump()
		}, "", refused, problem.AddressRefused},
		"expired":         {nil, func(w *town, _ *opstest.Person, _ id.Key) { w.Clock.Advance(366 * 24 * time.Hour) }, "", refused, problem.KeyExpired},
		"the last moment": {nil, func(w *town, _ *opstest.Person, _ id.Key) { w.Clock.Advance(365*24*time.Hour - time.Millisecond) }, "", "ok", ""},
		"cut": {nil, func(w *town, who *opstest.Person, k id.Key) {
			opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: k})
		}, "", refused, problem.KeyExpired},
		"deactivated": {nil, func(w *town, who *opstest.Person, _ id.Key) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Deactivate, ops.UserID{ID: who.ID})
		}, "", refused, problem.KeyUserInactive},
		"suspended": {nil, func(w *town, _ *opstest.Person, _ id.Key) {
			opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Suspend, ops.AccountReason{ID: w.otter.ID, Reason: "Has not paid."})
		}, "", refused, problem.KeyUserInactive},
		"must enrol": {nil, func(w *town, who *opstest.Person, _ id.Key) { // keys keep working (K5)
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost."})
		}, "", "ok", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			w.somebody(w.otter, opstest.Member{Role: "Admin"})
			k, c2 := w.keyOf(who, c.key)
			if c.from != "" {
				c2.Source = overREST(c.from)
			}
			if c.change != nil {
				if got := w.works(c2); got != "ok" {
					t.Fatalf("before: %s", got)
				}
				c.change(w, who, k)
			}
			if got := w.works(c2); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if c.reason == "" {
				return
			}
			r := w.LastRecord()
			if r.Reason != c.reason || r.Actor.Kind != "key" || r.Actor.ID != string(k) || r.Account != w.otter.ID {
				t.Errorf("the log says %s of %s", opstest.Brief(r), r.Actor.ID)
			}
		})
	}
}

func (w *town) changeRole(who *opstest.Person, role string) {
	w.T.Helper()
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Roles: []id.Role{w.Role(w.otter, role)}})
}

// bump says that rights have changed, after a statement that did it by itself.
func (w *town) bump() {
	w.T.Helper()
	w.Exec(`UPDATE counters SET value = value + 1 WHERE name = 'rights'`)
}

// A key that nobody knows, or that is gone, is no key; strangers with one are
// counted and leave no record each.
func TestKey_unknown(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	k, good := w.keyOf(who, nil)
	before := len(w.Records())
	for name, c := range map[string]auth.Credential{
		"never made": auth.Key(w.Engine.Keyring(), apikey.NewToken()), "none": auth.BadKey(), "empty": auth.Key(w.Engine.Keyring(), apikey.Token{}),
	} {
		if got := w.works(auth.Caller{Credential: c, Source: overREST("192.0.2.7")}); got != problem.KeyRefused {
			t.Errorf("%s: %s", name, got)
		}
		opstest.Refused(w.Place, auth.Caller{Credential: c, Source: overREST("192.0.2.7")}, w.Ops.Installation.Show, ops.None{}, problem.KeyRefused) // also where anybody may
	}
	if n := len(w.Records()); n != before {
		t.Errorf("%d records", n-before)
	}
	if got := w.works(good); got != "ok" {
		t.Errorf("the good one: %s", got)
	}
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Delete, ops.KeyID{ID: k})
	if got := w.works(good); got != problem.KeyRefused {
		t.Errorf("deleted: %s", got)
	}
	found, err := w.Engine.Keyring().Find(t.Context(), apikey.NewToken())
	if err != nil || found.Refused() != problem.KeyRefused {
		t.Errorf("from memory: %v, %v", found.Refused(), err)
	}
}

// The doors' memory is right with the commit that changes something.
func TestKeyring_Find(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	w.somebody(w.otter, opstest.Member{Role: "Admin"})
	made := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Create, newKey(access.ViewUser, "VIEW_DOMAIN"))
	token, err := apikey.Parse(made.Secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	find := func() access.Actor {
		t.Helper()
		a, err := w.Engine.Keyring().Find(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := find(); a.Refused() != "" || a.Key() != made.ID || a.Rights() != access.RightsOf(access.ViewUser, "VIEW_DOMAIN") || a.User() != who.ID {
		t.Errorf("found %+v", a)
	}
	w.changeRole(who, "Support")
	if a := find(); a.Rights() != access.RightsOf(access.ViewUser, "VIEW_DOMAIN") {
		t.Errorf("Support has both: %v", a.Rights().Permissions())
	}
	w.changeRole(who, "Finance")
	if a := find(); !a.Rights().Empty() {
		t.Errorf("Finance has neither: %v", a.Rights().Permissions())
	}
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Keys.Delete, ops.KeyID{ID: made.ID})
	if a := find(); a.Refused() != problem.KeyRefused {
		t.Errorf("deleted, it is %v", a.Refused())
	}
}

// What a key may never do, whatever it holds: what decides who may do what.
func TestKey_inPerson(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	_, c := w.keyOf(who, nil)
	for _, o := range w.Ops.Table().All() {
		i := o.Info()
		noun, _, _ := strings.Cut(i.Name, ".")
		inPerson := i.Rule.StepUp() || slices.Contains([]string{"keys", "roles", "secondFactors", "sessions", "settings"}, noun)
		if inPerson && i.Rule.Keys() {
			t.Errorf("%s can be done by key", i.Name)
		}
	}
	opstest.Refused(w.Place, c, w.Ops.Keys.Create, newKey(access.ViewUser), problem.InPerson)
	opstest.Refused(w.Place, c, w.Ops.Roles.List, ops.RoleList{}, problem.InPerson)
	opstest.Refused(w.Place, c, w.Ops.Profile.Update, ops.UpdateProfileInput{Name: new("X")}, problem.InPerson)
	if p := opstest.Must(w.Place, c, w.Ops.Profile.Show, ops.None{}); p.User.Login != who.Login {
		t.Errorf("its own profile is %+v", p)
	}
}

// Who a key is, is answered from memory: of now when any right has changed, and
// never older than a second.
func TestKey_profileFromMemory(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	k, c := w.keyOf(who, nil)
	show := func() ops.Profile {
		t.Helper()
		return opstest.Must(w.Place, c, w.Ops.Profile.Show, ops.None{})
	}
	if show().User.Name != who.Name {
		t.Fatal("not its user")
	}
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Name: new("Another Name")})
	if got := show().User.Name; got != "Another Name" {
		t.Errorf("after a change, the name is %s", got)
	}
	w.Exec(`DELETE FROM recovery_codes WHERE user_id = $1`, string(who.ID)) // which changes nobody's rights
	if got := show().RecoveryCodesLeft; got != 10 {
		t.Errorf("%d codes: it was read from the database", got)
	}
	w.Clock.Advance(time.Second)
	if got := show().RecoveryCodesLeft; got != 0 {
		t.Errorf("%d codes: it is older than a second", got)
	}
	if err := w.Engine.WriteCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.Count(`SELECT COALESCE(SUM(uses), 0) FROM api_key_uses WHERE key_id = $1`, string(k)); n != 4 {
		t.Errorf("%d uses were counted", n)
	}
	elsewhere := c
	elsewhere.Source = overREST("203.0.113.9")
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, IPRules: []string{"192.0.2.0/24"}})
	show()
	opstest.Refused(w.Place, elsewhere, w.Ops.Profile.Show, ops.None{}, problem.KeyRefused)
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: k})
	opstest.Refused(w.Place, c, w.Ops.Profile.Show, ops.None{}, problem.KeyRefused)
}

// Whoever makes keys need not see users: what there is to give is no secret.
func TestKeys_byTech(t *testing.T) {
	w := newTown(t)
	c := w.somebody(w.otter, opstest.Member{Role: "Tech"}).Caller()
	catalogue := opstest.Must(w.Place, c, w.Ops.Permissions.List, ops.PermissionList{}).Entities
	held := []access.Permission{}
	for _, p := range catalogue {
		if p.Installation {
			t.Errorf("a customer is told of %s", p.Permission)
		}
		if p.Held {
			held = append(held, p.Permission)
		}
	}
	if !slices.Contains(held, access.ManageAPIKey) || slices.Contains(held, access.ViewUser) {
		t.Errorf("Tech is said to hold %v", held)
	}
	made := opstest.Must(w.Place, c, w.Ops.Keys.Create, newKey("VIEW_DOMAIN", "UPDATE_DOMAIN"))
	in := ops.UpdateKeyInput{ID: made.ID, Permissions: []access.Permission{"VIEW_DOMAIN"}}
	if k := opstest.Must(w.Place, c, w.Ops.Keys.Update, in); !slices.Equal(k.Permissions, in.Permissions) {
		t.Errorf("it was narrowed to %v", k.Permissions)
	}
	next := opstest.Must(w.Place, c, w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: made.ID})
	if old := opstest.Must(w.Place, c, w.Ops.Keys.Show, ops.KeyID{ID: made.ID}); old.Successor != next.ID {
		t.Errorf("its successor is %q, want %q", old.Successor, next.ID)
	}
	program := w.program(next.Secret)
	all := opstest.Must(w.Place, program, w.Ops.Permissions.List, ops.PermissionList{}).Entities
	if len(all) != len(catalogue) {
		t.Errorf("a key is told of %d permissions, want %d", len(all), len(catalogue))
	}
	for _, p := range all {
		if p.Held != (p.Permission == "VIEW_DOMAIN") {
			t.Errorf("of %s the key is told that it holds it: %v", p.Permission, p.Held)
		}
	}
	opstest.Must(w.Place, c, w.Ops.Keys.Cut, ops.KeyID{ID: next.ID})
	opstest.Refused(w.Place, program, w.Ops.Permissions.List, ops.PermissionList{}, problem.KeyRefused)
	opstest.Must(w.Place, c, w.Ops.Keys.Delete, ops.KeyID{ID: next.ID})
	opstest.Refused(w.Place, c, w.Ops.Keys.Show, ops.KeyID{ID: next.ID}, problem.NotFound)
}
