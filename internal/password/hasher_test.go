package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"gatehouse/internal/password"
	"gatehouse/internal/secret"
	"gatehouse/internal/vault"
)

// cheap are the least costs that are allowed.
var cheap = password.Params{Memory: 8, Time: 1, Threads: 1}

const phrase = "correct horse battery staple"

func hasher(t testing.TB, pepper password.Pepper, params password.Params) *password.Hasher {
	t.Helper()
	h, err := password.NewHasher(pepper, params)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// keys returns a keyring and one that has grown out of it.
func keys(t testing.TB) (older, newer *vault.Vault) {
	t.Helper()
	ring, err := vault.NewKeyring("ins_a")
	if err != nil {
		t.Fatal(err)
	}
	grown, err := ring.Grow()
	if err != nil {
		t.Fatal(err)
	}
	older, err = vault.New(ring)
	if err != nil {
		t.Fatal(err)
	}
	newer, err = vault.New(grown)
	if err != nil {
		t.Fatal(err)
	}
	return older, newer
}

func chosen(t testing.TB, text string) password.Chosen {
	t.Helper()
	accepted, err := password.Choose(secret.New(text), password.Alone, password.About{})
	if err != nil {
		t.Fatal(err)
	}
	return accepted
}

func stored(t testing.TB, h *password.Hasher, text string) string {
	t.Helper()
	made, err := h.Hash(t.Context(), chosen(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func verify(t testing.TB, h *password.Hasher, stored, typed string) password.Verdict {
	t.Helper()
	verdict, err := h.Verify(t.Context(), stored, secret.New(typed))
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

// bare is a pepper that changes nothing, to compare with hashes made elsewhere.
type bare struct{}

func (bare) Newest() secret.KeyID { return 1 }
func (bare) PepperWith(_ secret.KeyID, password []byte) ([]byte, error) {
	return password, nil
}

// TestHasher_Reference verifies hashes made by the command argon2 of the
// reference implementation (Debian 0~20171227-0.3), into which the keyid was
// put. The first has the costs of Standard.
func TestHasher_Reference(t *testing.T) {
	for params, made := range map[password.Params]string{
		password.Standard():                "$argon2id$v=19$m=65536,t=3,p=1,keyid=AAE$c29tZXNhbHRzb21lc2FsdA$/41WtOKOUuHm2dM8h+yIGmuoRz4TWXLcS1bQ4CfBgRo",
		{Memory: 64, Time: 1, Threads: 1}:  "$argon2id$v=19$m=64,t=1,p=1,keyid=AAE$c29tZXNhbHRzb21lc2FsdA$XLeLg+p+JNgiFrQNsye8eofeXr30s6P3j/ke/9xgk/0",
		{Memory: 256, Time: 2, Threads: 4}: "$argon2id$v=19$m=256,t=2,p=4,keyid=AAE$c29tZXNhbHRzb21lc2FsdA$yhuZoASi+98hiGCX5MeYO9fepNxSO5JFnS+IiFOaU3g",
	} {
		h := hasher(t, bare{}, params)
		if verdict := verify(t, h, made, phrase); !verdict.Match || verdict.Stale {
			t.Errorf("%+v: %+v", params, verdict)
		}
		if verify(t, h, made, phrase+"r").Match {
			t.Errorf("%+v: another password matches", params)
		}
	}
}

// TestHasher_Standard hashes with the real costs.
func TestHasher_Standard(t *testing.T) {
	_, keys := keys(t)
	h := hasher(t, keys, password.Standard())
	made := stored(t, h, phrase)
	if want := "$argon2id$v=19$m=65536,t=3,p=1,keyid=AAI$"; !strings.HasPrefix(made, want) {
		t.Errorf("%s does not begin with %s", made, want)
	}
	if verdict := verify(t, h, made, phrase); verdict != (password.Verdict{Match: true}) {
		t.Errorf("got %+v", verdict)
	}
}

func TestHasher_Verify(t *testing.T) {
	_, keys := keys(t)
	h := hasher(t, keys, cheap)
	long := varied(1024)
	tests := []struct {
		name, chosen, typed string
		want                bool
	}{
		{"same", phrase, phrase, true},
		{"other case", phrase, "Correct horse battery staple", false},
		{"space at the end", phrase, phrase + " ", false},
		{"empty", phrase, "", false},
		{"difference in the last of 1024 bytes", long, long[:1023] + "x", false},
		{"1024 bytes", long, long, true},
		{"1025 bytes", long, long + "x", false},
		{"NUL at the end", phrase, phrase + "\x00", false},
		{"composed and decomposed", "caf\u00e9 au lait pour tous", "cafe\u0301 au lait pour tous", true},
		{"decomposed and composed", "cafe\u0301 au lait pour tous", "caf\u00e9 au lait pour tous", true},
		{"invalid UTF-8", phrase, phrase[:10] + "\xff", false},
		{"compatible forms are others", "ﬁne owls sing at dawn", "fine owls sing at dawn", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := verify(t, h, stored(t, h, test.chosen), test.typed).Match; got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	if stored(t, h, phrase) == stored(t, h, phrase) {
		t.Error("two hashes of one password are the same")
	}
}

func TestHasher_Stale(t *testing.T) {
	older, newer := keys(t)
	tests := []struct {
		name     string
		then     password.Params
		thenKeys *vault.Vault
		now      password.Params
		stale    bool
	}{
		{"same", password.Params{Memory: 64, Time: 2, Threads: 1}, newer, password.Params{Memory: 64, Time: 2, Threads: 1}, false},
		{"less memory", password.Params{Memory: 32, Time: 2, Threads: 1}, newer, password.Params{Memory: 64, Time: 2, Threads: 1}, true},
		{"fewer passes", password.Params{Memory: 64, Time: 1, Threads: 1}, newer, password.Params{Memory: 64, Time: 2, Threads: 1}, true},
		{"stronger", password.Params{Memory: 128, Time: 3, Threads: 2}, newer, password.Params{Memory: 64, Time: 2, Threads: 1}, false},
		{"older pepper", password.Params{Memory: 64, Time: 2, Threads: 1}, older, password.Params{Memory: 64, Time: 2, Threads: 1}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made := stored(t, hasher(t, test.thenKeys, test.then), phrase)
			now := hasher(t, newer, test.now)
			if verdict := verify(t, now, made, phrase); verdict != (password.Verdict{Match: true, Stale: test.stale}) {
				t.Errorf("got %+v, want stale %v", verdict, test.stale)
			}
			if verdict := verify(t, now, made, "another password"); verdict != (password.Verdict{}) {
				t.Errorf("a wrong password gets %+v", verdict)
			}
			if got := now.NeedsRehash(made); got != test.stale {
				t.Errorf("NeedsRehash says %v, want %v", got, test.stale)
			}
			again, err := now.Upgrade(t.Context(), secret.New(phrase))
			if err != nil {
				t.Fatal(err)
			}
			if verdict := verify(t, now, again, phrase); verdict != (password.Verdict{Match: true}) || now.NeedsRehash(again) {
				t.Errorf("after the upgrade: %+v", verdict)
			}
		})
	}
}

func TestHasher_WrongPepper(t *testing.T) {
	older, newer := keys(t)
	stranger, _ := keys(t)
	made := stored(t, hasher(t, older, cheap), phrase)
	if verify(t, hasher(t, stranger, cheap), made, phrase).Match {
		t.Error("it matches with another pepper")
	}
	made = stored(t, hasher(t, newer, cheap), phrase)
	if _, err := hasher(t, older, cheap).Verify(t.Context(), made, secret.New(phrase)); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("pepper that is not there: got %v, want ErrUnknownKey", err)
	}
}

// counting counts how often a pepper is asked for: once for each hash.
type counting struct {
	bare
	asked *int
}

func (c counting) PepperWith(key secret.KeyID, password []byte) ([]byte, error) {
	*c.asked++
	return c.bare.PepperWith(key, password)
}

func TestHasher_Nobody(t *testing.T) {
	asked := 0
	h := hasher(t, counting{asked: &asked}, cheap)
	for _, typed := range []string{phrase, "", "\xff", varied(5000)} {
		asked = 0
		if verdict := verify(t, h, "", typed); verdict != (password.Verdict{}) || asked != 1 {
			t.Errorf("%.10q: %+v after %d hashes, want none and 1", typed, verdict, asked)
		}
	}
	asked = 0
	if _, err := h.Verify(t.Context(), "$argon2id$rubbish", secret.New(phrase)); !errors.Is(err, password.ErrMalformed) || asked != 1 {
		t.Errorf("malformed: %v after %d hashes, want ErrMalformed and 1", err, asked)
	}
}

// gate is a pepper that lets nobody through while it is shut. It is asked by
// whoever holds a slot.
type gate struct {
	bare
	inside *atomic.Int32
	open   chan struct{}
}

func newGate() gate { return gate{inside: new(atomic.Int32), open: make(chan struct{})} }

func (g gate) PepperWith(key secret.KeyID, password []byte) ([]byte, error) {
	g.inside.Add(1)
	defer g.inside.Add(-1)
	<-g.open
	return g.bare.PepperWith(key, password)
}

const madeCheaply = "$argon2id$v=19$m=64,t=1,p=1,keyid=AAE$c29tZXNhbHRzb21lc2FsdA$XLeLg+p+JNgiFrQNsye8eofeXr30s6P3j/ke/9xgk/0"

func TestHasher_Slots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := newGate()
		h := hasher(t, gate, cheap)
		var signIns sync.WaitGroup
		var matched atomic.Int32
		for range 500 {
			signIns.Go(func() {
				verdict, err := h.Verify(t.Context(), madeCheaply, secret.New(phrase))
				if err != nil {
					t.Error(err)
				}
				if verdict.Match {
					matched.Add(1)
				}
			})
		}
		synctest.Wait()
		if inside := gate.inside.Load(); inside != password.Slots {
			t.Errorf("%d hashes at a time, want %d", inside, password.Slots)
		}
		close(gate.open)
		signIns.Wait()
		if matched.Load() != 500 {
			t.Errorf("%d of 500 matched", matched.Load())
		}
	})
}

func TestHasher_Waiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := newGate()
		h := hasher(t, gate, cheap)
		var busy sync.WaitGroup
		for range password.Slots {
			busy.Go(func() { verify(t, h, madeCheaply, phrase) })
		}
		ctx, cancel := context.WithCancel(t.Context())
		var failed atomic.Value
		synctest.Wait()
		go func() {
			_, err := h.Verify(ctx, madeCheaply, secret.New(phrase))
			failed.Store(err)
		}()
		synctest.Wait()
		if err := failed.Load(); err != nil {
			t.Fatalf("it did not wait (%v)", err)
		}
		cancel()
		synctest.Wait()
		if err, _ := failed.Load().(error); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was cancelled", err)
		}
		close(gate.open)
		busy.Wait()
		if !verify(t, h, madeCheaply, phrase).Match {
			t.Error("no slot was given back")
		}
		for range 20 { // there is a slot, but nobody to hash for
			if _, err := h.Hash(ctx, chosen(t, phrase)); !errors.Is(err, context.Canceled) {
				t.Fatalf("it hashed for nobody (%v)", err)
			}
		}
		if !verify(t, h, madeCheaply, phrase).Match {
			t.Error("no slot was given back")
		}
	})
}

// Who waits for a slot may have lost the right to an answer meanwhile.
func TestHasher_VerifyUnless(t *testing.T) {
	broken := errors.New("nobody knows")
	for name, c := range map[string]struct {
		moot bool
		err  error
		want password.Verdict
	}{
		"wanted":  {want: password.Verdict{Match: true, Stale: true}},
		"moot":    {moot: true, want: password.Verdict{Moot: true}},
		"unknown": {err: broken},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := newGate()
				h := hasher(t, gate, cheap)
				var busy sync.WaitGroup
				for range password.Slots {
					busy.Go(func() { verify(t, h, madeCheaply, phrase) })
				}
				synctest.Wait()
				var asked atomic.Int32
				var got password.Verdict
				var err error
				busy.Go(func() {
					got, err = h.VerifyUnless(t.Context(), func() (bool, error) {
						asked.Add(1)
						return c.moot, c.err
					}, madeCheaply, secret.New(phrase))
				})
				synctest.Wait()
				if asked.Load() != 0 {
					t.Error("it was asked before there was a slot")
				}
				close(gate.open)
				busy.Wait()
				if got.Stale = c.want.Stale; got != c.want || !errors.Is(err, c.err) || asked.Load() != 1 {
					t.Errorf("%+v, %v, asked %d times", got, err, asked.Load())
				}
				if !verify(t, h, madeCheaply, phrase).Match {
					t.Error("no slot was given back")
				}
			})
		})
	}
}

func TestChosen_PrintsNothing(t *testing.T) {
	accepted := chosen(t, phrase)
	if printed := fmt.Sprintf("%v %+v %#v", accepted, accepted, accepted); strings.Contains(printed, "horse") {
		t.Error(printed)
	}
}

func BenchmarkVerify(b *testing.B) {
	h := hasher(b, bare{}, password.Standard())
	made := "$argon2id$v=19$m=65536,t=3,p=1,keyid=AAE$c29tZXNhbHRzb21lc2FsdA$/41WtOKOUuHm2dM8h+yIGmuoRz4TWXLcS1bQ4CfBgRo"
	for name, stored := range map[string]string{"known": made, "nobody": ""} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				verify(b, h, stored, phrase)
			}
		})
	}
}
