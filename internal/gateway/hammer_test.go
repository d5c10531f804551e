package gateway_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/store"
)

// hammer changes the rights of somebody else, again and again, until it is told to
// stop; it gives how often.
func (s *stand) hammer(ctx context.Context, other *opstest.Person) (changes *atomic.Int64, wait func()) {
	changes = &atomic.Int64{}
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			for ctx.Err() == nil {
				token := apikey.NewToken()
				k := apikey.Key{ID: id.NewKey(), Description: "Fleeting", Digest: token.Digest(s.Vault.Digest), ExpiresAt: s.Clock.Now().AddDate(1, 0, 0)}
				s.Write(func(tx store.WriteTx) error { return tx.AddKey(other.Ref, k) })
				s.Write(func(tx store.WriteTx) error { return tx.DeleteKey(access.Within(other.Account), k.ID) })
				changes.Add(2)
			}
		})
	}
	return changes, running.Wait
}

// However fast the rights of others change, calls that must be on record go
// through; and what the key itself loses it has lost at once, with the answer to
// whoever took it.
func TestGateway_hammer(t *testing.T) {
	s := newStand(t, options{})
	other := s.Join(s.otter, opstest.Member{Login: "other"})
	made, key := s.key(nil)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	changes, wait := s.hammer(ctx, other)
	defer wait()
	defer stop()
	const renew = "POST /v2/domains/example.be/renew"
	for n := range 40 {
		before := changes.Load()
		if got := s.call(key, renew, `{"period":12}`); got.status != 200 {
			t.Fatalf("call %d: %s %s, %d changes in between", n, got.kind(), got.body, changes.Load()-before)
		}
	}
	if n := len(s.api.Seen()); n != 40 {
		t.Errorf("the upstream saw %d calls", n)
	}
	if n := changes.Load(); n < 40 {
		t.Errorf("only %d changes of rights", n)
	}

	s.Write(func(tx store.WriteTx) error {
		k, err := tx.Key(access.Within(s.otter.ID), made)
		if err != nil {
			return err
		}
		k.Rights = access.RightsOf("VIEW_DOMAIN")
		return tx.UpdateKey(access.Within(s.otter.ID), k.Key)
	})
	if got := s.call(key, renew, `{"period":12}`); got.kind() != "403 AuthorizationError" {
		t.Errorf("narrowed: %s", got.kind())
	}
	_, whole := s.key(nil)
	if got := s.call(whole, renew, `{"period":12}`); got.status != 200 {
		t.Errorf("another key: %s", got.kind())
	}
	s.api.Seen()
	opstest.Must(s.Place, s.boss.Caller(), s.Ops.Upstreams.Remove, ops.None{})
	if got := s.call(whole, renew, `{"period":12}`); got.kind() != "503 ProviderUnavailable" {
		t.Errorf("without credential: %s", got.kind())
	}
	s.setCredential(s.upstreamKey)
	opstest.Must(s.Place, s.boss.Caller(), s.Ops.Keys.Cut, ops.KeyID{ID: made})
	if got := s.call(key, "GET /v2/domains/example.be", ""); got.kind() != "401 AuthenticationError" {
		t.Errorf("cut: %s", got.kind())
	}
	if n := len(s.api.Seen()); n != 0 {
		t.Errorf("the upstream saw %d calls that were refused", n)
	}
}
