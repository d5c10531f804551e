package ops_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// shutOut is somebody without key and second factor who had one: their password
// works no more where keys do.
func (w *town) shutOut(a account.Account) *opstest.Person {
	w.T.Helper()
	p := w.somebody(a, opstest.Member{NoFactor: true})
	w.Write(func(tx store.WriteTx) error { return tx.ShutPasswords(p.Ref) })
	return p
}

// One way (K5): neither deleting the keys nor removing the factors opens it, but
// an administrator, with a reason, when neither is there any more.
func TestUsers_ReopenAPIPassword(t *testing.T) {
	w := newTown(t)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	who := w.somebody(w.otter, opstest.Member{Role: "Tech", NoFactor: true})
	shut := func() bool {
		return opstest.Must(w.Place, boss.Caller(), w.Ops.Users.Show, ops.UserID{ID: who.ID}).APIPasswordShut
	}
	in := ops.ReopenInput{ID: who.ID, Reason: "  An old program.  "}
	if shut() {
		t.Fatal("shut before there was anything")
	}
	// What the page is told beforehand is what would happen.
	refused := func(whose *opstest.Person, in ops.ReopenInput, want problem.Code) {
		t.Helper()
		all := opstest.Must(w.Place, boss.Caller(), w.Ops.Users.Show, ops.UserID{ID: whose.ID}).May
		at := slices.IndexFunc(all, func(m ops.May) bool { return m.Act == ops.ReopenPassword })
		if at < 0 || all[at].Allowed != (want == "") || all[at].Code != want {
			t.Errorf("the page is told %+v, want %q", all, want)
		}
		if want != "" {
			opstest.Refused(w.Place, boss.Caller(), w.Ops.Users.ReopenAPIPassword, in, want)
		}
		if own := opstest.Must(w.Place, whose.Caller(), w.Ops.Profile.Show, ops.None{}).APIPasswordShut; whose == who && own != shut() {
			t.Errorf("the profile says that the password is shut: %v", own)
		}
	}
	refused(who, in, problem.Conflict)
	k, _ := w.keyOf(who, nil)
	refused(who, in, problem.Conflict)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Keys.Delete, ops.KeyID{ID: k})
	if !shut() {
		t.Error("deleting the key opened it")
	}
	refused(boss, ops.ReopenInput{ID: boss.ID, Reason: "Mine."}, problem.OwnRights)
	refused(who, in, "")
	_, err := opstest.Do(w.Place, boss.Caller(), w.Ops.Users.ReopenAPIPassword, ops.ReopenInput{ID: who.ID, Reason: " "})
	if diff := cmp.Diff([]string{"reason:required"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
	opstest.Must(w.Place, boss.Caller(), w.Ops.Users.ReopenAPIPassword, in)
	if r := w.LastRecord(); shut() || r.Event != "user.api_password_reopened" || r.Detail["reason"] != "An old program." {
		t.Errorf("shut %v; the log says %s: %v", shut(), opstest.Brief(r), r.Detail)
	}
	w.Write(func(tx store.WriteTx) error {
		return tx.AddAuthenticatorApp(who.Ref, store.AuthenticatorApp{ID: id.NewAuthenticatorApp(), Name: "Phone", Secret: "sealed"})
	})
	if !shut() {
		t.Error("a second factor did not shut it")
	}
	refused(who, in, problem.Conflict)
}
