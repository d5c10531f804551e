package ops_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/calendar"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// newKey is what one gives to create a key that is good everywhere.
func newKey(permissions ...access.Permission) ops.CreateKeyInput {
	return ops.CreateKeyInput{Description: "Billing", Channels: []string{"API", "ISPROXY"}, Permissions: permissions}
}

// program is a caller with a key.
func (w *town) program(s secret.OneTime) auth.Caller {
	w.T.Helper()
	t, err := apikey.Parse(s.Reveal())
	if err != nil {
		w.T.Fatal(err)
	}
	return auth.Caller{Credential: auth.Key(w.Engine.Keyring(), t), Source: overREST("192.0.2.7")}
}

// overREST is where programs come from.
func overREST(address string) access.Source {
	s := opstest.From(address)
	s.Face = access.FaceREST
	return s
}

// keyOf writes a key with everything its user has, past the operation.
func (w *town) keyOf(p *opstest.Person, more func(*apikey.Key)) (id.Key, auth.Caller) {
	w.T.Helper()
	token := apikey.NewToken()
	k := apikey.Key{
		ID: id.NewKey(), Description: "Key of " + p.Name, Shown: token.Shown(), Digest: token.Digest(w.Vault.Digest),
		Entry: entry.Rules{Points: entry.OnlyPoints(entry.API, entry.ISProxy)}, Rights: access.AdminRole.Rights(true),
		Domains: domain.Patterns{domain.All}, ExpiresAt: w.Clock.Now().AddDate(1, 0, 0),
	}
	if more != nil {
		more(&k)
	}
	w.Write(func(tx store.WriteTx) error { return tx.AddKey(p.Ref, k) })
	return k.ID, w.program(token.Reveal())
}

func TestKeys_Create(t *testing.T) {
	w := newTown(t)
	tech := w.somebody(w.otter, opstest.Member{Role: "Tech"})
	in := ops.CreateKeyInput{
		Description: "  DNS   updater ", Channels: []string{"api"}, Permissions: []access.Permission{"UPDATE_DNS_ZONE", "VIEW_DNS_ZONE"},
		Domains: []string{"*.BE", "bücher.de"}, IPRules: []string{"192.0.2.0/24"}, ExpiresOn: "2026-12-31",
	}
	made := opstest.Must(w.Place, tech.Caller(), w.Ops.Keys.Create, in)
	if _, err := apikey.Parse(made.Secret.Reveal()); err != nil || !strings.HasPrefix(made.Secret.Reveal(), made.Shown) {
		t.Errorf("the secret is %q, shown as %q", made.Secret.Reveal(), made.Shown)
	}
	want := ops.Key{
		ID: made.ID, UserID: tech.ID, UserName: tech.Name, Description: "DNS updater", Shown: made.Shown, State: apikey.Active,
		Channels: []entry.Point{entry.API}, Permissions: []access.Permission{"VIEW_DNS_ZONE", "UPDATE_DNS_ZONE"}, Domains: []domain.Pattern{"*.be", "xn--bcher-kva.de"},
		IPRules: []string{"192.0.2.0/24"}, CreatedAt: w.Clock.Now(), ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, made.Key); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := w.LastRecord(); opstest.Brief(r) != "key.created done by user "+tech.Name || r.Object.ID != string(made.ID) || r.Detail["shown"] != made.Shown {
		t.Errorf("the log says %s: %v", opstest.Brief(r), r.Detail)
	}
	if diff := cmp.Diff([]ops.ListedKey{{Key: want, UsesByDay: make([]int64, 30)}}, opstest.Must(w.Place, tech.Caller(), w.Ops.Keys.List, ops.KeyList{}).Entities); diff != "" {
		t.Errorf("the list (-want +got):\n%s", diff)
	}
	if n := w.Count(`SELECT COUNT(*) FROM users WHERE id = $1 AND passwords_shut`, string(tech.ID)); n != 1 {
		t.Error("the user's password still works where keys do")
	}
	// A year, for every domain, from anywhere, unless somebody says otherwise.
	plain := opstest.Must(w.Place, tech.Caller(), w.Ops.Keys.Create, newKey("VIEW_DOMAIN"))
	if plain.ExpiresAt != calendar.On(w.Clock.Now().AddDate(1, 0, 0)).Ends() || !slices.Equal(plain.Domains, []domain.Pattern{"*"}) || len(plain.IPRules) != 0 {
		t.Errorf("unless said otherwise: %+v", plain.Key)
	}
}

// Everything that is wrong is said at once, and nothing has happened.
func TestKeys_Create_refused(t *testing.T) {
	w := newTown(t)
	tech := w.somebody(w.otter, opstest.Member{Role: "Tech"})
	for name, c := range map[string]struct {
		with func(*ops.CreateKeyInput)
		want []string
	}{
		"nothing": {func(in *ops.CreateKeyInput) { *in = ops.CreateKeyInput{} }, []string{"description:required", "channels:required", "permissions:required"}},
		"wrong": {func(in *ops.CreateKeyInput) {
			*in = ops.CreateKeyInput{
				Description: "a\x00b", Channels: []string{"WEB", "FTP"}, Permissions: []access.Permission{"EVERYTHING"}, Domains: []string{"*be", "example.be", "-"},
				IPRules: []string{"010.0.0.1"}, ExpiresOn: "2029-01-01",
			}
		}, []string{"description:bad_text", "channels[1]:unknown", "channels:not_allowed", "ipRules[0]:bad_address", "permissions[0]:unknown", "domains[0]:bad_format", "domains[2]:bad_format", "expiresOn:day_too_far"}},
		"over":              {func(in *ops.CreateKeyInput) { in.ExpiresOn = "2026-03-13" }, []string{"expiresOn:day_past"}},
		"more than one has": {func(in *ops.CreateKeyInput) { in.Permissions = []access.Permission{"VIEW_DOMAIN", "CREATE_DOMAIN"} }, []string{"permissions[1]:not_grantable"}},
		"over others":       {func(in *ops.CreateKeyInput) { in.Permissions = []access.Permission{access.ManageInstallation} }, []string{"permissions[0]:not_grantable"}},
	} {
		in := newKey("VIEW_DOMAIN")
		c.with(&in)
		_, err := opstest.Do(w.Place, tech.Caller(), w.Ops.Keys.Create, in)
		if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM api_keys`) + w.Count(`SELECT COUNT(*) FROM users WHERE id = $1 AND passwords_shut AND NOT EXISTS (SELECT 1 FROM authenticator_apps f WHERE f.user_id = users.id)`, string(tech.ID)); n != 0 {
		t.Errorf("something was written")
	}
}

// Keys of others take a permission of their own, and nobody makes one for
// somebody who holds more: with it, they would hold more (P3).
func TestKeys_ofOthers(t *testing.T) {
	w := newTown(t)
	tech, boss := w.somebody(w.otter, opstest.Member{Role: "Tech"}), w.somebody(w.otter, opstest.Member{Role: "Admin"})
	support := w.somebody(w.otter, opstest.Member{Role: "Support"})
	helper := w.somebody(w.otter, opstest.Member{})
	role := w.newRole("otter", access.ManageAPIKey, access.ManageUserAPIKey, access.ViewUser, "VIEW_PROCESS", "VIEW_DOMAIN", "CHECK_DOMAIN")
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(helper.Ref, role) })
	thin := w.somebody(w.otter, opstest.Member{})
	w.Write(func(tx store.WriteTx) error { return tx.GiveRole(thin.Ref, w.newRoleIn(tx, "otter", "VIEW_DOMAIN")) })
	bossKey, _ := w.keyOf(boss, nil)
	for name, c := range map[string]struct {
		by   *opstest.Person
		of   id.User
		give access.Permission
		want problem.Code
	}{
		"no right over others":  {tech, support.ID, "VIEW_DOMAIN", problem.Forbidden},
		"no right over keys":    {support, support.ID, "VIEW_DOMAIN", problem.Forbidden},
		"of somebody with less": {helper, thin.ID, "VIEW_DOMAIN", "ok"},
		"of somebody with more": {helper, boss.ID, "VIEW_DOMAIN", problem.Outranked},
		"what they do not have": {helper, thin.ID, "CHECK_DOMAIN", problem.InvalidFields},
		"an administrator":      {boss, tech.ID, "UPDATE_DNS_ZONE", "ok"},
	} {
		in := newKey(c.give)
		in.User = c.of
		_, err := opstest.Do(w.Place, c.by.Caller(), w.Ops.Keys.Create, in)
		if got := problem.Code(opstest.CodeOf(err)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	for name, act := range map[string]func(auth.Caller, id.Key) error{
		"show": func(c auth.Caller, k id.Key) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Keys.Show, ops.KeyID{ID: k})
			return err
		},
		"update": func(c auth.Caller, k id.Key) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Keys.Update, ops.UpdateKeyInput{ID: k, Description: new("Mine")})
			return err
		},
		"rotate": func(c auth.Caller, k id.Key) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: k})
			return err
		},
		"cut": func(c auth.Caller, k id.Key) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Keys.Cut, ops.KeyID{ID: k})
			return err
		},
		"delete": func(c auth.Caller, k id.Key) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Keys.Delete, ops.KeyID{ID: k})
			return err
		},
		"try": func(c auth.Caller, k id.Key) error {
			_, err := opstest.Do(w.Place, c, w.Ops.Keys.Try, ops.TryKeyInput{ID: k, Channel: "API", Address: "192.0.2.1"})
			return err
		},
	} {
		code(t, act(tech.Caller(), bossKey), problem.NotFound) // nobody learns that it is there
		if name != "show" && name != "try" {
			code(t, act(helper.Caller(), bossKey), problem.Outranked)
		}
	}
	if all := opstest.Must(w.Place, tech.Caller(), w.Ops.Keys.List, ops.KeyList{}).Entities; len(all) != 1 || all[0].UserID != tech.ID {
		t.Errorf("one without a right over others sees %+v", all)
	}
	opstest.Refused(w.Place, tech.Caller(), w.Ops.Keys.List, ops.KeyList{User: boss.ID}, problem.Forbidden)
	if all := opstest.Must(w.Place, boss.Caller(), w.Ops.Keys.List, ops.KeyList{}).Entities; len(all) != 3 {
		t.Errorf("an administrator sees %d keys", len(all))
	}
}

// newRoleIn is newRole within a transaction that is there already.
func (w *town) newRoleIn(tx store.WriteTx, of string, permissions ...access.Permission) id.Role {
	w.people++
	a := map[string]id.Account{"otter": w.otter.ID, "heron": w.heron.ID}[of]
	r := access.Role{ID: id.NewRole(), Account: a, Name: fmt.Sprint("Within ", w.people), Permissions: permissions}
	if err := tx.AddRole(r); err != nil {
		w.T.Fatal(err)
	}
	return r.ID
}

// The old key and its successor live side by side for a while; then, or at once
// when it has leaked, the old one is dead.
func TestKeys_Rotate(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	old := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Create, ops.CreateKeyInput{
		Description: "Billing", Channels: []string{"API"}, Permissions: []access.Permission{access.ViewUser}, Domains: []string{"*.be"}, IPRules: []string{"192.0.2.0/24"},
	})
	next := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: old.ID})
	same := next.Key
	same.ID, same.Shown, same.CreatedAt, same.ExpiresAt = old.ID, old.Shown, old.CreatedAt, old.ExpiresAt
	if diff := cmp.Diff(old.Key, same); diff != "" || next.Secret.Reveal() == old.Secret.Reveal() {
		t.Errorf("the successor differs (-old +new):\n%s", diff)
	}
	if w.works(w.program(old.Secret)) != "ok" || w.works(w.program(next.Secret)) != "ok" {
		t.Error("one of the two does not work")
	}
	_, err := opstest.Do(w.Place, who.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: old.ID})
	code(t, err, problem.Conflict)
	if d := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Show, ops.KeyID{ID: old.ID}); d.State != apikey.Rotated || d.Successor != next.ID || d.ExpiresAt != w.Clock.Now().Add(24*time.Hour) {
		t.Errorf("the old one is %+v", d.Key)
	}
	w.Clock.Advance(24*time.Hour - time.Millisecond)
	if got := w.works(w.program(old.Secret)); got != "ok" {
		t.Errorf("in the last moment: %s", got)
	}
	w.Clock.Advance(time.Millisecond)
	if got := w.works(w.program(old.Secret)); got != problem.KeyRefused {
		t.Errorf("after the overlap: %s", got)
	}
	at := w.program(next.Secret)
	now := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: next.ID, OverlapHours: new(0)})
	if w.works(at) != problem.KeyRefused || w.works(w.program(now.Secret)) != "ok" {
		t.Error("without overlap, the old one lives, or the new one does not")
	}
	for _, hours := range []int{-1, 721} {
		_, err := opstest.Do(w.Place, who.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: now.ID, OverlapHours: &hours})
		if diff := cmp.Diff([]string{"overlapHours:not_allowed"}, opstest.Violations(err)); diff != "" {
			t.Error(diff)
		}
	}
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: now.ID})
	_, err = opstest.Do(w.Place, who.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: now.ID})
	code(t, err, problem.Conflict)
}

// A key is narrowed, and never widened.
func TestKeys_Update(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	in := newKey(access.ViewUser, "VIEW_DOMAIN")
	in.Domains, in.IPRules, in.ExpiresOn = []string{"*.be", "example.com"}, []string{"192.0.2.0/24"}, "2026-12-31"
	made := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Create, in)
	program := w.program(made.Secret)
	for name, c := range map[string]struct {
		in   ops.UpdateKeyInput
		want []string
	}{
		"more rights":  {ops.UpdateKeyInput{Permissions: []access.Permission{access.ViewUser, "CREATE_DOMAIN"}}, []string{"permissions[1]:not_grantable"}},
		"more domains": {ops.UpdateKeyInput{Domains: []string{"*"}}, []string{"domains:not_allowed"}},
		"no domains":   {ops.UpdateKeyInput{Domains: []string{}}, []string{"domains:required"}},
		"anywhere":     {ops.UpdateKeyInput{IPRules: []string{""}}, []string{"ipRules:not_allowed"}},
		"later":        {ops.UpdateKeyInput{ExpiresOn: new("2027-01-01")}, []string{"expiresOn:not_allowed"}},
		"nothing left": {ops.UpdateKeyInput{Permissions: []access.Permission{}, Channels: []string{}}, []string{"channels:required", "permissions:required"}},
	} {
		c.in.ID = made.ID
		_, err := opstest.Do(w.Place, who.Caller(), w.Ops.Keys.Update, c.in)
		if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if w.works(program) != "ok" {
		t.Fatal("a refused change took something away")
	}
	got := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Update, ops.UpdateKeyInput{
		ID: made.ID, Description: new("Old billing"), Channels: []string{"API"}, Permissions: []access.Permission{"VIEW_DOMAIN"}, Domains: []string{"example.be"}, IPRules: []string{"192.0.2.7"}, ExpiresOn: new("2026-06-30"),
	})
	want := made.Key
	want.Description, want.Channels, want.Permissions, want.Domains, want.IPRules = "Old billing", []entry.Point{entry.API}, []access.Permission{"VIEW_DOMAIN"}, []domain.Pattern{"example.be"}, []string{"192.0.2.7"}
	want.ExpiresAt = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w.works(program) != problem.Forbidden { // from the next call on
		t.Error("what was taken away still works")
	}
}

// How often and how last a key was used is counted in memory, and written later;
// what was counted for a key that is gone hurts nobody.
func TestKeys_uses(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	k, c := w.keyOf(who, nil)
	gone, other := w.keyOf(who, nil)
	c.Source.Program = "WHMCS <b>"
	for range 3 {
		w.works(c)
	}
	w.Clock.Advance(24 * time.Hour)
	w.works(c)
	w.works(other)
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Delete, ops.KeyID{ID: gone})
	if n := w.Count(`SELECT COUNT(*) FROM api_key_uses`); n != 0 {
		t.Errorf("%d rows were written at once", n)
	}
	for range 2 { // the second time there is nothing to write
		if err := w.Engine.WriteCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Show, ops.KeyID{ID: k})
	today := calendar.On(w.Clock.Now())
	if diff := cmp.Diff([]store.DayUses{{Day: calendar.On(w.Clock.Now().Add(-24 * time.Hour)), Uses: 3}, {Day: today, Uses: 1}}, d.Uses); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if d.LastUsedAt == nil || !d.LastUsedAt.Equal(w.Clock.Now()) || d.LastAddress != "192.0.2.7" || d.LastProgram != "WHMCS <b>" || d.Stale {
		t.Errorf("last: %+v", d.Key)
	}
	listed := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.List, ops.KeyList{}).Entities
	days := map[id.Key][]int64{}
	for _, l := range listed {
		days[l.ID] = l.UsesByDay[len(l.UsesByDay)-3:]
	}
	if diff := cmp.Diff(map[id.Key][]int64{k: {0, 3, 1}}, days); diff != "" || len(listed[0].UsesByDay) != 30 {
		t.Errorf("uses in the list (-want +got):\n%s", diff)
	}
	w.Clock.Advance(91 * 24 * time.Hour)
	if d := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Show, ops.KeyID{ID: k}); !d.Stale {
		t.Error("not used for three months, it is not stale")
	}
}

// The test box answers as the doors do, and tells those who look after the key
// what its caller is not told.
func TestKeys_Try(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	k, _ := w.keyOf(who, func(k *apikey.Key) {
		k.Entry = entry.Rules{Points: entry.OnlyPoints(entry.API), Ranges: entry.RestoreRanges("192.0.2.0/24")}
		k.Domains = domain.Patterns{"*.be"}
	})
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for name, c := range map[string]struct {
		in   ops.TryKeyInput
		want problem.Code
	}{
		"in":             {ops.TryKeyInput{Channel: "API", Address: "192.0.2.9"}, ""},
		"may":            {ops.TryKeyInput{Channel: "API", Address: "192.0.2.9", Permission: "VIEW_DOMAIN", Domain: "Example.BE"}, ""},
		"no domain":      {ops.TryKeyInput{Channel: "API", Address: "192.0.2.9", Permission: "VIEW_DOMAIN"}, ""},
		"other domain":   {ops.TryKeyInput{Channel: "API", Address: "192.0.2.9", Permission: "VIEW_DOMAIN", Domain: "example.com"}, problem.DomainRefused},
		"user may not":   {ops.TryKeyInput{Channel: "API", Address: "192.0.2.9", Permission: "CREATE_DOMAIN", Domain: "example.be"}, problem.Forbidden},
		"other channel":  {ops.TryKeyInput{Channel: "ISPROXY", Address: "192.0.2.9"}, problem.PointRefused},
		"other address":  {ops.TryKeyInput{Channel: "API", Address: "198.51.100.1"}, problem.AddressRefused},
		"mapped address": {ops.TryKeyInput{Channel: "API", Address: "::ffff:192.0.2.9"}, ""},
	} {
		c.in.ID = k
		got := opstest.Must(w.Place, admin.Caller(), w.Ops.Keys.Try, c.in)
		if got.Code != c.want || got.Allowed != (c.want == "") || got.Allowed != (got.Detail == "") {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
	_, err := opstest.Do(w.Place, admin.Caller(), w.Ops.Keys.Try, ops.TryKeyInput{ID: k, Channel: "WEB", Address: "here", Permission: "X", Domain: "-"})
	if diff := cmp.Diff([]string{"channel:unknown", "address:bad_address", "domain:bad_format", "permission:unknown"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
	w.Clock.Advance(366 * 24 * time.Hour)
	if got := opstest.Must(w.Place, admin.Caller(), w.Ops.Keys.Try, ops.TryKeyInput{ID: k, Channel: "API", Address: "192.0.2.9"}); got.Code != problem.KeyExpired {
		t.Errorf("over: %+v", got)
	}
}

// Whoever goes takes the keys along: a deleted user's, and those of the person
// whose admin user somebody else takes over.
func TestKeys_goWithTheirUser(t *testing.T) {
	w := newTown(t)
	first := w.somebody(w.otter, opstest.Member{Role: "Admin", AdminUser: true})
	second := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	_, a := w.keyOf(first, nil)
	_, b := w.keyOf(second, nil)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Delete, ops.UserID{ID: second.ID})
	opstest.Must(w.Place, w.operator(), w.Ops.Accounts.HandOverAdmin, ops.HandOverInput{ID: w.otter.ID, Name: "Nora", Email: "nora@otter.example"})
	if w.works(a) != problem.KeyRefused || w.works(b) != problem.KeyRefused || w.Count(`SELECT COUNT(*) FROM api_keys`) != 0 {
		t.Error("a key outlived its user")
	}
}

// No answer but the one that makes it, and nothing that is kept, has the secret.
func TestKeys_secretOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	made := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Create, newKey("VIEW_DOMAIN"))
	rest := strings.TrimPrefix(made.Secret.Reveal(), made.Shown)
	w.works(w.program(made.Secret))
	for name, out := range map[string]any{
		"list": opstest.Must(w.Place, who.Caller(), w.Ops.Keys.List, ops.KeyList{}), "show": opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Show, ops.KeyID{ID: made.ID}),
		"log": w.Records(),
	} {
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), rest) {
			t.Errorf("%s has the secret", name)
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM api_keys WHERE digest LIKE '%' || $1 || '%' OR shown LIKE '%' || $1 || '%'`, rest); n != 0 {
		t.Error("the database has the secret")
	}
	if s := fmt.Sprintf("%v %+v %#v", made, made, made); strings.Contains(s, rest) {
		t.Error("printed, it has the secret")
	}
}

// Whoever gets a key made in their name, or loses one, hears of it.
func TestKeys_notices(t *testing.T) {
	w := newTown(t)
	boss, who := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{Role: "Tech"})
	in := newKey("VIEW_DOMAIN")
	in.User, in.Description = who.ID, "Billing <b>"
	made := opstest.Must(w.Place, boss.Caller(), w.Ops.Keys.Create, in)
	next := opstest.Must(w.Place, boss.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: made.ID})
	opstest.Must(w.Place, boss.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: next.ID})
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Delete, ops.KeyID{ID: made.ID}) // one's own doing is no news
	got := []string{}
	for _, n := range opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Notices, ops.NoticeList{}).Entities {
		got = append(got, string(n.Kind))
		if !strings.Contains(n.What, "Billing <b>") {
			t.Errorf("it says %q", n.What)
		}
	}
	if diff := cmp.Diff([]string{"key_ended", "key_made", "key_made"}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if n := w.Count(`SELECT COUNT(*) FROM notices WHERE user_id = $1`, string(boss.ID)); n != 0 {
		t.Error("the one who did it is told")
	}
}
