package ops_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/domain"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

const upstreamKey = "q7Zk+T1vX0/9mQ4bN8cL2pRw5sYd6uHf3gJaEoViK1M="

// credentialOf gives an account one.
func (w *town) credentialOf(a account.Account) {
	w.T.Helper()
	handle := a.Handle
	if a.ID == w.harbour.ID {
		handle = ""
	}
	opstest.Must(w.Place, opstest.Console(handle), w.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(upstreamKey)})
}

// callOf is a call of a program of the account, decided just now.
func (w *town) callOf(a account.Account) ops.GatewayCall {
	w.T.Helper()
	who := w.somebody(a, opstest.Member{Role: "Admin"})
	_, c := w.keyOf(who, nil)
	call := ops.GatewayCall{
		ID: id.NewCall(), Holder: "a process", Method: "POST", Path: "/v2/domains/example.be/renew",
		Permissions: []access.Permission{"RENEW_DOMAIN"}, Domains: []domain.Name{"example.be"}, Costs: true, Changes: true,
	}
	w.Read(func(tx store.ReadTx) (err error) {
		if call.Actor, err = auth.Resolve(tx, w.Vault, c); err == nil {
			call.Rights, err = tx.RightsVersion()
		}
		return err
	})
	return call
}

func gate() auth.Caller { return ops.GatewayCaller(overREST("192.0.2.7")) }

// The credential of an account is set, replaced and removed by whoever looks
// after its settings, and never comes out again.
func TestUpstreams(t *testing.T) {
	w := newTown(t)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	show := func() ops.Upstream { return opstest.Must(w.Place, boss.Caller(), w.Ops.Upstreams.Show, ops.None{}) }
	if diff := cmp.Diff(ops.Upstream{}, show()); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	opstest.Refused(w.Place, boss.Caller(), w.Ops.Upstreams.Remove, ops.None{}, problem.NotFound)
	opstest.Refused(w.Place, boss.Caller(), w.Ops.Upstreams.Try, ops.None{}, problem.GatewayClosed)
	set := opstest.Must(w.Place, boss.Caller(), w.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(upstreamKey)})
	now := w.Clock.Now()
	if diff := cmp.Diff(ops.Upstream{Set: true, SetAt: &now, SetBy: boss.Name}, set); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	r := w.LastRecord()
	if r.Event != "upstream.set" || r.Account != w.otter.ID || r.Object.Name != w.otter.Name || r.Detail["replaced"] != false {
		t.Errorf("the record is %+v", r)
	}
	// What is used is noted; an older use does not come after a newer one.
	w.Clock.Advance(time.Minute)
	for _, u := range []store.UpstreamUse{{At: now.Add(2 * time.Second), Status: 200}, {At: now.Add(time.Second), Status: 401}, {At: now.Add(-time.Second), Status: 500}} {
		u.Scope = access.Within(w.otter.ID)
		w.Write(func(tx store.WriteTx) error { return tx.NoteUpstreamUse(u) })
	}
	if got := show(); got.LastStatus != 200 || !got.LastUsedAt.Equal(now.Add(2*time.Second)) {
		t.Errorf("used: %+v", got)
	}
	opstest.Must(w.Place, boss.Caller(), w.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(strings.ToLower(upstreamKey))})
	if got := show(); got.LastUsedAt != nil || got.LastStatus != 0 || w.LastRecord().Detail["replaced"] != true {
		t.Errorf("replaced: %+v", got)
	}
	// Another account has none of it, and neither has the operator.
	heron := w.somebody(w.heron, opstest.Member{Role: "Admin"})
	if got := opstest.Must(w.Place, heron.Caller(), w.Ops.Upstreams.Show, ops.None{}); got.Set {
		t.Errorf("heron has %+v", got)
	}
	key := func(a account.Account) ops.UpstreamKey {
		return opstest.Must(w.Place, gate(), w.Ops.Upstreams.Use, ops.GatewayAccount{Account: a.ID})
	}
	if got := key(w.otter); got.Credential.Reveal() != strings.ToLower(upstreamKey) || !key(w.heron).Credential.IsZero() || !key(w.harbour).Credential.IsZero() {
		t.Errorf("the gateway gets another one")
	}
	before := key(w.otter).Rights
	w.Reopen()
	opstest.Must(w.Place, boss.Caller(), w.Ops.Upstreams.Remove, ops.None{})
	if got := key(w.otter); !got.Credential.IsZero() || got.Rights <= before {
		t.Errorf("removed, it is there, or the rights are those of before")
	}
}

func TestUpstreams_Set_refused(t *testing.T) {
	w := newTown(t)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	for text, want := range map[string]problem.FieldCode{
		"": problem.Required, "short": problem.TooShort, strings.Repeat("a", 501): problem.TooLong, "ApiKey " + upstreamKey: problem.BadText, upstreamKey + "\r\nX: y": problem.BadText,
		upstreamKey + "\x00": problem.BadText, "ключ-" + upstreamKey: problem.BadText, "gate_" + upstreamKey: problem.NotAllowed, strings.Repeat("a", 500): "", strings.Repeat("a", 16): "",
	} {
		_, err := opstest.Do(w.Place, boss.Caller(), w.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(text)})
		got := strings.Join(opstest.Violations(err), " ")
		if want != "" && got != "credential:"+string(want) || want == "" && err != nil {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
		if text != "" && err != nil && strings.Contains(err.Error(), text) {
			t.Errorf("%.30q is repeated", text)
		}
	}
}

// A credential that is moved to another account's row opens nothing.
func TestUpstreams_moved(t *testing.T) {
	w := newTown(t)
	w.credentialOf(w.otter)
	w.credentialOf(w.heron)
	w.Exec(`UPDATE upstreams SET credential = (SELECT u.credential FROM upstreams u WHERE u.account_id = $1) WHERE account_id = $2`, string(w.otter.ID), string(w.heron.ID))
	if _, err := opstest.Do(w.Place, gate(), w.Ops.Upstreams.Use, ops.GatewayAccount{Account: w.heron.ID}); opstest.CodeOf(err) == "ok" {
		t.Error("it opens")
	}
}

// An account that is closed leaves no credential behind; one that is suspended
// keeps it.
func TestUpstreams_closed(t *testing.T) {
	w := newTown(t)
	w.credentialOf(w.otter)
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Suspend, ops.AccountReason{ID: w.otter.ID, Reason: "Has not paid."})
	if n := w.Count(`SELECT COUNT(*) FROM upstreams`); n != 1 {
		t.Errorf("suspended: %d", n)
	}
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Close, ops.AccountReason{ID: w.otter.ID, Reason: "Gave up the business."})
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Close, ops.AccountReason{ID: w.heron.ID, Reason: "Never had one."})
	if n := w.Count(`SELECT COUNT(*) FROM upstreams`); n != 0 {
		t.Errorf("closed: %d", n)
	}
}

type probe struct{ out ops.UpstreamTried }

func (probe) About() (string, string) { return "A registry", "https://api.example/v2/" }

func (p probe) Try(_ context.Context, credential secret.Text) ops.UpstreamTried {
	if credential.Reveal() != upstreamKey {
		return ops.UpstreamTried{State: ops.UpstreamRefused, Status: 401}
	}
	return p.out
}

// standing is doors with a gateway before it.
type standing struct{ to probe }

func (standing) State() ops.DoorsShown           { return ops.DoorsShown{State: ops.DoorsOpen} }
func (s standing) Upstream() ops.UpstreamProbe   { return s.to }
func (standing) Check(*field.Form, ops.DoorPlan) {}

// What comes back from a try is answered, noted and recorded. The calls
// themselves are tried in package gateway, on a real server.
func TestUpstreams_Try(t *testing.T) {
	w := newTown(t)
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	d := ops.Dependencies{Vault: w.Vault, Doors: standing{probe{ops.UpstreamTried{State: ops.UpstreamWorks, Status: 200, Detail: "Fine."}}}}
	o := ops.New(d)
	opstest.Refused(w.Place, boss.Caller(), o.Upstreams.Try, ops.None{}, problem.Conflict)
	w.credentialOf(w.otter)
	got := opstest.Must(w.Place, boss.Caller(), o.Upstreams.Try, ops.None{})
	if got.State != ops.UpstreamWorks {
		t.Errorf("got %+v", got)
	}
	if r := w.LastRecord(); r.Event != "upstream.tried" || r.Detail["state"] != "works" || r.Detail["status"] != 200.0 {
		t.Errorf("the record is %+v", r)
	}
	shown := opstest.Must(w.Place, boss.Caller(), o.Upstreams.Show, ops.None{})
	if shown.LastStatus != 200 || shown.LastUsedAt == nil || shown.Profile != "A registry" || shown.Address != "https://api.example/v2/" {
		t.Errorf("shown %+v", shown)
	}
}

// What the gateway does is in the log of the account, by the key that called.
func TestGateway_log(t *testing.T) {
	w := newTown(t)
	call := w.callOf(w.otter)
	mark := len(w.Records())
	opstest.Must(w.Place, gate(), w.Ops.Gateway.Forward, call)
	opstest.Must(w.Place, gate(), w.Ops.Gateway.Settle, ops.GatewayAnswer{Call: call, Status: 200, Took: 1500 * time.Millisecond})
	opstest.Must(w.Place, gate(), w.Ops.Gateway.Settle, ops.GatewayAnswer{Call: call, Failure: "timeout"}) // it was taken for lost before
	by := " by key " + call.Actor.Name()
	if diff := cmp.Diff([]string{"gateway.called done" + by, "gateway.answered done" + by, "gateway.unanswered done" + by}, w.Since(mark)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A call whose process died is found, once, and the log says that no answer is
// known; one whose process lives is not, however long it takes.
func TestGateway_lost(t *testing.T) {
	w := newTown(t)
	dead, alive := w.callOf(w.otter), w.callOf(w.heron)
	alive.Holder = "another process"
	w.Read(func(tx store.ReadTx) (err error) {
		dead.Rights, err = tx.RightsVersion()
		return err
	})
	opstest.Must(w.Place, gate(), w.Ops.Gateway.Forward, dead)
	opstest.Must(w.Place, gate(), w.Ops.Gateway.Forward, alive)
	tidy := func(holder string) bool {
		t.Helper()
		return opstest.Must(w.Place, gate(), w.Ops.Gateway.Tidy, ops.GatewayHolder{Holder: holder}).Found
	}
	mark := len(w.Records())
	w.Clock.Advance(ops.GatewayHold - time.Second)
	if tidy("another process") || tidy("a third process") {
		t.Error("one is lost already")
	}
	w.Reopen()
	w.Clock.Advance(2 * time.Second)
	if !tidy("a third process") || tidy("a third process") {
		t.Error("not exactly one is lost")
	}
	if n := len(w.Records()) - mark; n != 1 {
		t.Fatalf("%d records", n)
	}
	if r := w.LastRecord(); r.Event != "gateway.lost" || r.Account != w.otter.ID || r.Object.ID != string(dead.ID) || r.Detail["user"] != string(dead.Actor.User()) {
		t.Errorf("the record is %+v", r)
	}
}

// A call that was decided on rights which its key or its account's credential no
// longer has is not put on record; when it was others' that changed, it is.
func TestGateway_rightsMoved(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *town, call *ops.GatewayCall)
		passes bool
	}{
		"of somebody else": {func(w *town, _ *ops.GatewayCall) { w.keyOf(w.somebody(w.otter, opstest.Member{}), nil) }, true},
		"the key is cut": {func(w *town, c *ops.GatewayCall) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Keys.Cut, ops.KeyID{ID: c.Actor.Key()})
		}, false},
		"the key is deleted": {func(w *town, c *ops.GatewayCall) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Keys.Delete, ops.KeyID{ID: c.Actor.Key()})
		}, false},
		"the key is narrowed": {func(w *town, c *ops.GatewayCall) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Keys.Update, ops.UpdateKeyInput{ID: c.Actor.Key(), Domains: []string{"*.com"}})
		}, false},
		"its user loses a right": {func(w *town, c *ops.GatewayCall) {
			w.Exec(`DELETE FROM user_roles WHERE user_id = $1`, string(c.Actor.User()))
			w.bump()
		}, false},
		"its user is deactivated": {func(w *town, c *ops.GatewayCall) {
			w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(c.Actor.User()))
			w.bump()
		}, false},
		"its account is suspended": {func(w *town, _ *ops.GatewayCall) {
			w.Exec(`UPDATE accounts SET state = 'suspended' WHERE handle = 'otter'`)
			w.bump()
		}, false},
		"its user may not come from there": {func(w *town, c *ops.GatewayCall) {
			w.Exec(`UPDATE users SET ip_rules = '198.51.100.0/24' WHERE id = $1`, string(c.Actor.User()))
			w.bump()
		}, false},
		"the credential is another": {func(w *town, _ *ops.GatewayCall) {
			boss := w.somebody(w.otter, opstest.Member{Role: "Admin"})
			opstest.Must(w.Place, boss.Caller(), w.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New("another-of-the-registrar")})
		}, false},
		"whoever calls has a password": {func(w *town, c *ops.GatewayCall) {
			caller := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
			w.Read(func(tx store.ReadTx) (err error) {
				c.Actor, err = auth.Resolve(tx, w.Vault, caller)
				return err
			})
			w.bump()
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			call := w.callOf(w.otter)
			c.change(w, &call)
			_, err := opstest.Do(w.Place, gate(), w.Ops.Gateway.Forward, call)
			if moved := err != nil && strings.Contains(err.Error(), ops.ErrRightsMoved.Error()); moved == c.passes || !moved && err != nil {
				t.Errorf("got %v", err)
			}
			if n := w.Count(`SELECT COUNT(*) FROM gateway_calls`); (n == 1) != c.passes {
				t.Errorf("%d calls are kept", n)
			}
		})
	}
}
