package ops_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	keytest "gatehouse/internal/securitykey/securitykeytest"
	"gatehouse/internal/store"
)

// A passkey signs in alone, and is two factors at once.
func TestPasskey(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support", NoFactor: true})
	_, key, _ := w.pairKey(who.Caller(), "Phone")
	asked := w.asksPasskey(opstest.Somewhere)
	if !asked.ExpiresAt.Equal(w.Clock.Now().Add(2 * time.Minute)) {
		t.Errorf("it may be answered until %v", asked.ExpiresAt)
	}
	w.Reopen()
	out, err := w.passkey(opstest.Somewhere, asked, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, "ok")
	c := with(out.SessionToken())
	opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{})
	if r := w.LastRecord(); r.Event != "session.signed_in" || r.Means != "passkey" || r.Actor.ID != string(who.ID) {
		t.Errorf("the log says %s by %s of %s", r.Event, r.Means, r.Actor.Name)
	}
	if k := w.profile(c).SecurityKeys[0]; k.LastUsedFor != store.UsedAsPasskey || k.LastUsedFrom != "192.0.2.7" {
		t.Errorf("last used: %+v", k)
	}
}

// Asking writes nothing, however often strangers do it.
func TestPasskey_askingLeavesNothing(t *testing.T) {
	w := newTown(t)
	count := func() int {
		return w.Count(`SELECT (SELECT COUNT(*) FROM ceremonies) + (SELECT COUNT(*) FROM activity) + (SELECT COUNT(*) FROM throttles) + (SELECT COUNT(*) FROM refusals)`)
	}
	before, challenges := count(), map[string]bool{}
	for range 100 {
		challenges[string(w.asksPasskey(opstest.Somewhere).Options)] = true
	}
	if count() != before || len(challenges) != 100 {
		t.Errorf("%d rows more, %d challenges", count()-before, len(challenges))
	}
}

// One change at a time: nobody is in, and the answer is the same whoever it is
// about, in code, words and field.
func TestPasskey_refused(t *testing.T) {
	type attempt struct {
		w   *town
		who *opstest.Person
		key *keytest.Key
		a   *keytest.Answer
		in  *ops.PasskeyInput
	}
	cases := map[string]func(attempt){}
	for name, change := range ofClient() {
		cases[name] = func(x attempt) { change(x.a) }
	}
	with := func(name string, f func(attempt)) { cases[name] = f }
	with("not verified", func(x attempt) { x.a.Auth.Flags &^= keytest.Verified })
	with("neither touched nor verified", func(x attempt) { x.a.Auth.Flags = 0 })
	with("no user handle", func(x attempt) { x.a.Handle = nil })
	with("empty user handle", func(x attempt) { x.a.Handle = []byte{} })
	with("handle of nobody", func(x attempt) { x.a.Handle = []byte("usr_nobody") })
	with("handle of somebody else", func(x attempt) { x.a.Handle = []byte(x.w.somebody(x.w.otter, opstest.Member{}).ID) })
	with("credential of nobody", func(x attempt) { x.key.ID = other(32) })
	with("signature: one bit", func(x attempt) { x.a.Signature = flipped(-1) })
	with("another key with its id", func(x attempt) {
		id := x.key.ID
		*x.key = *keytest.New(keytest.ES256, []byte(`{}`), "").Key
		x.key.ID = id
	})
	with("counter back", func(x attempt) { x.a.Auth.Count = 1; x.w.Exec(`UPDATE security_keys SET sign_count = 5`) })
	with("key of the Desk", func(x attempt) {
		_, key := x.w.deskKeyFor(x.who, "Desk key")
		*x.key = *key
	})
	state := func(state string) func(attempt) {
		return func(x attempt) { x.w.Exec(`UPDATE users SET state = $1 WHERE id = $2`, state, string(x.who.ID)) }
	}
	with("deactivated", state("deactivated"))
	with("deleted", state("deleted"))
	with("suspended", func(x attempt) {
		x.w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(x.w.otter.ID))
	})
	with("from where the user may not be", func(x attempt) { x.w.restrict(x.who, nil, []string{"198.51.100.0/24"}) })
	with("removed", func(x attempt) { x.w.Exec(`DELETE FROM security_keys`) })

	var said string
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{})
			_, key := w.keyFor(who, "Phone")
			asked := w.asksPasskey(opstest.Somewhere)
			in := ops.PasskeyInput{Ceremony: again(asked.Ceremony)}
			a := key.Sign(asked.Options, gateOrigin)
			change(attempt{w, who, key, a, &in})
			in.Credential = a.JSON()
			before := w.Count(`SELECT COUNT(*) FROM sessions`)
			_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.VerifyPasskey, in)
			code(t, err, problem.PasskeyRefused)
			p := problem.Of(err)
			if said == "" {
				said = p.Detail
			}
			if p.Detail != said || len(p.Violations) > 0 || p.RetryAfter != 0 {
				t.Errorf("this one says %q", p.Detail)
			}
			if w.Count(`SELECT COUNT(*) FROM sessions`) != before {
				t.Fatal("somebody is in")
			}
			if n := w.Count(`SELECT failures FROM throttles WHERE subject = 'address:192.0.2.7'`); n != 1 {
				t.Errorf("%d failures of the address are counted", n)
			}
		})
	}
}

// A challenge is answered once, within two minutes, and is ours.
func TestPasskey_challenges(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	_, key := w.keyFor(who, "Phone")
	asked := w.asksPasskey(opstest.Somewhere)
	answer := key.Sign(asked.Options, gateOrigin).JSON()
	in := ops.PasskeyInput{Ceremony: again(asked.Ceremony), Credential: answer}
	got := atOnce(10, func(int) error {
		_, err := op.Do(t.Context(), w.Engine, opstest.Anybody(), w.Ops.Session.VerifyPasskey, in)
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 1, "ceremony_over": 9}, got); diff != "" {
		t.Errorf("at once: %s", diff)
	}
	again2 := func() error {
		_, err := w.passkey(opstest.Somewhere, asked, answer)
		return err
	}
	code(t, again2(), problem.CeremonyOver)
	w.Reopen()
	code(t, again2(), problem.CeremonyOver)
	w.Clock.Advance(time.Hour)
	w.asksPasskey(opstest.Somewhere)
	w.askedForFactor(who) // which clears away what is over
	code(t, again2(), problem.CeremonyOver)
	w.Clock.Advance(-time.Hour) // and a clock that goes back does not revive it
	code(t, again2(), problem.ClockWrong)
	w.Clock.Advance(time.Hour)

	asked = w.asksPasskey(opstest.Somewhere)
	w.Clock.Advance(2*time.Minute - time.Millisecond)
	_, err := w.passkey(opstest.Somewhere, asked, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, "ok")
	asked = w.asksPasskey(opstest.Somewhere)
	late := key.Sign(asked.Options, gateOrigin).JSON()
	w.Clock.Advance(2 * time.Minute)
	_, err = w.passkey(opstest.Somewhere, asked, late)
	code(t, err, problem.CeremonyOver)

	// A wrong answer uses it up as well.
	asked = w.asksPasskey(opstest.Somewhere)
	wrong := key.Sign(asked.Options, gateOrigin)
	wrong.Signature = flipped(-1)
	_, err = w.passkey(opstest.Somewhere, asked, wrong.JSON())
	code(t, err, problem.PasskeyRefused)
	_, err = w.passkey(opstest.Somewhere, asked, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, problem.CeremonyOver)

	for name, ceremony := range map[string]secret.Text{
		"none": secret.New(""), "made up": secret.New("g1.1.AAAA"), "of a sign-in": w.askedForFactor(who),
		"cut short": secret.New(asked.Ceremony.Reveal()[:80]),
		"of another place in the database": secret.New(func() (sealed string) {
			w.Read(func(tx store.ReadTx) error {
				keys, err := tx.SecurityKeys(who.Ref)
				sealed = keys[0].Sealed
				return err
			})
			return sealed
		}()),
	} {
		if _, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.VerifyPasskey, ops.PasskeyInput{Ceremony: ceremony, Credential: answer}); opstest.CodeOf(err) != "ceremony_over" {
			t.Errorf("ceremony %s gives %s", name, opstest.CodeOf(err))
		}
	}

	// The second factor of a sign-in is no passkey, and the other way round.
	asked = w.asksPasskey(opstest.Somewhere)
	ceremony, options := w.waitsForKey(who, opstest.Somewhere)
	_, err = w.passkey(opstest.Somewhere, asked, key.Sign(options, gateOrigin).JSON())
	code(t, err, problem.PasskeyRefused)
	_, err = w.tap(opstest.Somewhere, ceremony, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, problem.SecurityKeyRefused)
}

// Wrong passwords of strangers do not close this way; wrong second factors do,
// which only somebody with the password can give, and only who has the key
// learns of it.
func TestPasskey_limits(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	_, key := w.keyFor(who, "Phone")
	for range 7 {
		w.signIn(string(who.Login), wrongPassword, w.anywhere()) //nolint:errcheck // it is wrong
	}
	from := func() access.Source { return opstest.From(w.anywhere()) }
	try := func(change func(*keytest.Answer)) error {
		at := from()
		asked := w.asksPasskey(at)
		a := key.Sign(asked.Options, gateOrigin)
		if change != nil {
			change(a)
		}
		_, err := w.passkey(at, asked, a.JSON())
		return err
	}
	code(t, try(nil), "ok")
	wrong := func(a *keytest.Answer) { a.Signature = flipped(-1) }
	for range 5 {
		code(t, try(wrong), problem.PasskeyRefused)
	}
	records := len(w.Records())
	code(t, try(wrong), problem.PasskeyRefused) // blocked, and nobody is told
	if n := len(w.Records()) - records; n != 0 {
		t.Errorf("%d records of somebody who knocks on", n)
	}
	w.Reopen()
	code(t, try(nil), problem.TooManyAttempts)
	w.Clock.Advance(30 * time.Second)
	code(t, try(nil), "ok")

	// An address that fails too often has to wait, with whatever it comes.
	at := opstest.From("203.0.113.9")
	for range 60 {
		asked := w.asksPasskey(at)
		stranger := keytest.New(keytest.ES256, []byte(`{"rp":{"id":"gate.example"}}`), "").Key
		stranger.Handle = []byte("usr_x")
		_, err := w.passkey(at, asked, stranger.Sign(asked.Options, gateOrigin).JSON())
		code(t, err, problem.PasskeyRefused)
	}
	asked := w.asksPasskey(at)
	_, err := w.passkey(at, asked, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, problem.TooManyAttempts)
}

// A sign-in from where there was none before is told, by passkey too.
func TestPasskey_newAddress(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	_, key := w.keyFor(who, "Phone")
	for _, address := range []string{"192.0.2.7", "203.0.113.5"} {
		asked := w.asksPasskey(opstest.From(address))
		_, err := w.passkey(opstest.From(address), asked, key.Sign(asked.Options, gateOrigin).JSON())
		code(t, err, "ok")
		w.Clock.Advance(time.Minute)
	}
	heard := w.heard(who)
	if len(heard) < 2 || heard[len(heard)-1] != "new_address by oneself" {
		t.Errorf("told: %v", heard)
	}
}
