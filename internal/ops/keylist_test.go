package ops_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// A list can be asked for keys in a state: what it then holds is what the keys
// say of themselves, to the millisecond.
func TestKeys_List_states(t *testing.T) {
	w := newTown(t)
	who, stranger := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.heron, opstest.Member{Role: "Admin"})
	lasts := func(p *opstest.Person, name string, d time.Duration) {
		w.keyOf(p, func(k *apikey.Key) { k.Description, k.ExpiresAt = name, w.Clock.Now().Add(d) })
	}
	lasts(who, "over", 0)
	lasts(who, "nearly over", time.Millisecond)
	lasts(who, "soon", apikey.Soon)
	lasts(who, "later", apikey.Soon+time.Millisecond)
	lasts(stranger, "theirs", time.Hour)
	old, _ := w.keyOf(who, func(k *apikey.Key) { k.Description = "old" })
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: old})
	for asked, want := range map[listing.Filter][]string{
		"expired": {"over"}, "expiring": {"nearly over", "soon"}, "active": {"later", "old"}, "rotated": {"old"},
		"in:expired,rotated": {"old", "over"}, "ne:expired": {"later", "nearly over", "old", "old", "soon"}, "ne:expired\nne:active\nne:rotated\nne:expiring": nil,
	} {
		got := opstest.Must(w.Place, who.Caller(), w.Ops.Keys.List, ops.KeyList{State: asked, Order: store.ByDescription})
		var names []string
		for _, k := range got.Entities {
			names = append(names, k.Description)
			if len(want) == 1 && string(k.State) != string(asked) && asked != "in:expired,rotated" {
				t.Errorf("%s: %s says it is %s", asked, k.Description, k.State)
			}
		}
		if diff := cmp.Diff(want, names); diff != "" || got.Pagination.Total != len(want) {
			t.Errorf("%q, %d in all (-want +got):\n%s", asked, got.Pagination.Total, diff)
		}
	}
	if _, err := opstest.Do(w.Place, who.Caller(), w.Ops.Keys.List, ops.KeyList{State: "stolen"}); opstest.CodeOf(err) == "" {
		t.Error("a state that there is not is taken")
	}
}

// A page says on the spot why a key cannot be changed.
func TestKeys_Show_closed(t *testing.T) {
	w := newTown(t)
	boss, helper := w.somebody(w.otter, opstest.Member{Role: "Admin"}), w.somebody(w.otter, opstest.Member{})
	w.Write(func(tx store.WriteTx) error {
		return tx.GiveRole(helper.Ref, w.newRoleIn(tx, "otter", access.ManageAPIKey, access.ManageUserAPIKey))
	})
	bossKey, _ := w.keyOf(boss, nil)
	helperKey, _ := w.keyOf(helper, nil)
	for _, c := range []struct {
		by   *opstest.Person
		key  id.Key
		want problem.Code
	}{{helper, bossKey, problem.Outranked}, {helper, helperKey, ""}, {boss, bossKey, ""}, {boss, helperKey, ""}} {
		if got := opstest.Must(w.Place, c.by.Caller(), w.Ops.Keys.Show, ops.KeyID{ID: c.key}).Closed; got != c.want {
			t.Errorf("%s is told %q, want %q", c.by.Name, got, c.want)
		}
	}
}
