package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/id"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
)

func TestThrottle(t *testing.T) {
	db, clock := open(t)
	get := func(subject string) store.Throttle {
		return ask(t, db, func(tx store.ReadTx) (store.Throttle, error) { return tx.Throttle(subject) })
	}
	put := func(subject string, n int, until time.Time) {
		write(t, db, func(tx store.WriteTx) error {
			return tx.PutThrottle(subject, store.Throttle{Failures: n, BlockedUntil: until})
		})
	}
	if got := get("anna"); got != (store.Throttle{}) {
		t.Errorf("nothing was counted, and there is %+v", got)
	}
	put("anna", 5, noon.Add(30*time.Second))
	put("bo", 1, time.Time{})
	clock.advance(time.Minute)
	put("anna", 6, noon.Add(2*time.Hour))
	want := store.Throttle{Failures: 6, BlockedUntil: noon.Add(2 * time.Hour), UpdatedAt: noon.Add(time.Minute)}
	if diff := cmp.Diff(want, get("anna")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := get("bo"); got.Failures != 1 || !got.BlockedUntil.IsZero() {
		t.Errorf("somebody else has %+v", got)
	}
	write(t, db, func(tx store.WriteTx) error { return tx.DeleteColdThrottles(noon.Add(time.Hour)) })
	if get("anna").Failures != 6 || get("bo").Failures != 0 {
		t.Error("what still blocks is forgotten, or what is cold is not")
	}
	write(t, db, func(tx store.WriteTx) error { return tx.ClearThrottle("anna") })
	if get("anna").Failures != 0 {
		t.Error("a cleared count is there")
	}
}

func TestRefusals(t *testing.T) {
	db, clock := open(t)
	r := store.Refusal{Address: "192.0.2.1", Face: "rest", Operation: "users.list", Reason: "unauthenticated", Times: 1}
	elsewhere := r
	elsewhere.Address = "192.0.2.2"
	count := func(r store.Refusal, times int) {
		r.Minute = clock.now().Truncate(time.Minute)
		write(t, db, func(tx store.WriteTx) error {
			for range times {
				if _, err := tx.CountRefusal(r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	take := func(before time.Time) (got []store.Refusal) {
		write(t, db, func(tx store.WriteTx) (err error) { got, err = tx.TakeRefusals(before); return err })
		return got
	}
	count(r, 1000)
	clock.advance(59 * time.Second)
	count(r, 1)
	clock.advance(time.Second)
	count(r, 1)
	count(elsewhere, 2)
	r.Minute, r.Times = noon, 1001
	if diff := cmp.Diff([]store.Refusal{r}, take(clock.now())); diff != "" {
		t.Errorf("the minute that is over (-want +got):\n%s", diff)
	}
	r.Minute, r.Times = noon.Add(time.Minute), 1
	elsewhere.Minute, elsewhere.Times = r.Minute, 2
	if diff := cmp.Diff([]store.Refusal{r, elsewhere}, take(clock.now().Add(time.Minute))); diff != "" {
		t.Errorf("the next (-want +got):\n%s", diff)
	}
	if again := take(clock.now().Add(time.Hour)); len(again) != 0 {
		t.Errorf("taken twice: %v", again)
	}
}

func TestCeremony(t *testing.T) {
	db, clock := open(t)
	begin := func(digest, kind string) {
		write(t, db, func(tx store.WriteTx) error {
			return tx.AddCeremony(digest, store.Ceremony{Kind: kind, Data: "sealed", ExpiresAt: clock.now().Add(2 * time.Minute)})
		})
	}
	take := func(digest, kind string) (c store.Ceremony, err error) {
		err = db.Write(t.Context(), func(tx store.WriteTx) (err error) {
			c, err = tx.TakeCeremony(digest, kind)
			return err
		})
		return c, err
	}
	begin("d", "sign_in")
	begin("other", "sign_in")
	_, err := take("d", "enrol")
	wantErr(t, "one of another kind", err, store.ErrNotFound)

	var got [50]store.Ceremony
	var taken atomic.Int32
	inParallel(50, func(n int) {
		c, err := take("d", "sign_in")
		if err == nil {
			got[taken.Add(1)-1] = c
		}
	})
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
	want := store.Ceremony{Kind: "sign_in", Data: "sealed", ExpiresAt: noon.Add(2 * time.Minute)}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want.Attempts = 1 // it goes on
	write(t, db, func(tx store.WriteTx) error { return tx.AddCeremony("d", want) })
	again, err := take("d", "sign_in")
	check(t, err)
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("one that went on (-want +got):\n%s", diff)
	}
	begin("last", "sign_in")
	clock.advance(2*time.Minute - time.Millisecond)
	if _, err = take("other", "sign_in"); err != nil {
		t.Errorf("one that is not over: %v", err)
	}
	clock.advance(time.Millisecond)
	_, err = take("last", "sign_in")
	wantErr(t, "one that is over", err, store.ErrNotFound)
}

func TestActivation(t *testing.T) {
	db, clock := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	anna := h.users[0].ID
	put := func(n int) {
		write(t, db, func(tx store.WriteTx) error {
			return tx.PutActivation(store.RefTo(anna), store.Activation{
				Purpose: "activate", TokenDigest: fmt.Sprint("token", n), CodeDigest: fmt.Sprint("code", n),
				LinkExpiresAt: clock.now().Add(24 * time.Hour), CodeExpiresAt: clock.now().Add(14 * 24 * time.Hour),
			})
		})
	}
	token := func(d string) (store.FoundActivation, error) {
		return tryAsk(t, db, func(tx store.ReadTx) (store.FoundActivation, error) { return tx.ActivationByToken(d) })
	}
	code := func(d string) (store.FoundActivation, error) {
		return tryAsk(t, db, func(tx store.ReadTx) (store.FoundActivation, error) { return tx.ActivationByCode(d) })
	}
	good := func(what string, f store.FoundActivation, err error, expires time.Time) {
		t.Helper()
		if err != nil || f.User != anna || f.Scope != h.scope() || !f.ExpiresAt.Equal(expires) {
			t.Errorf("%s: %+v (%v)", what, f, err)
		}
	}
	dead := func(what string, _ store.FoundActivation, err error) {
		t.Helper()
		wantErr(t, what, err, store.ErrNotFound)
	}

	put(1)
	for range 3 { // looking does not use it up
		f, err := token("token1")
		good("link", f, err, noon.Add(24*time.Hour))
	}
	f, err := token("code1")
	dead("a code as a link", f, err)
	f, err = code("token1")
	dead("a link as a code", f, err)
	clock.advance(time.Minute)
	put(2)
	f, err = token("token1")
	dead("the older link", f, err)
	f, err = code("code1")
	dead("the older code", f, err)

	clock.advance(24*time.Hour - time.Millisecond)
	f, err = token("token2")
	good("link a moment before", f, err, noon.Add(time.Minute+24*time.Hour))
	clock.advance(time.Millisecond)
	f, err = token("token2")
	dead("link after a day", f, err)
	f, err = code("code2")
	good("code after a day", f, err, noon.Add(time.Minute+14*24*time.Hour))
	clock.advance(13*24*time.Hour - time.Millisecond)
	f, err = code("code2")
	good("code a moment before", f, err, noon.Add(time.Minute+14*24*time.Hour))
	clock.advance(time.Millisecond)
	f, err = code("code2")
	dead("code after 14 days", f, err)

	put(3)
	var used atomic.Int32
	inParallel(50, func(int) {
		if db.Write(t.Context(), func(tx store.WriteTx) error { return tx.EndActivation(store.RefTo(anna)) }) == nil {
			used.Add(1)
		}
	})
	if used.Load() != 1 {
		t.Errorf("used %d times", used.Load())
	}
	f, err = code("code3")
	dead("one that is used", f, err)
}

func TestSession(t *testing.T) {
	db, clock := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	anna, bo := h.users[0].ID, h.users[1].ID
	begin := func(u id.User, token string) id.Session {
		s := session.Session{ID: id.NewSession(), User: u, Face: "browser", Means: "password", Address: "192.0.2.1", Program: "Firefox", EndsAt: clock.now().Add(session.Absolute)}
		write(t, db, func(tx store.WriteTx) error { return tx.AddSession(store.RefTo(s.User), s, token) })
		return s.ID
	}
	opens := func(token string) bool {
		t.Helper()
		o, err := tryAsk(t, db, func(tx store.ReadTx) (store.Bearer, error) { return tx.SessionByToken(token) })
		if err != nil {
			wantErr(t, token, err, store.ErrNotFound)
		} else if o.Account.ID != h.ID {
			t.Errorf("%s opens a session of %+v", token, o)
		}
		return err == nil
	}
	renew := func(s id.Session, token string) {
		write(t, db, func(tx store.WriteTx) error {
			return tx.RenewSession(store.RefTo(anna), s, token, "password+authenticator_app", "gate.example")
		})
	}

	t.Run("the old token works for the overlap", func(t *testing.T) {
		s, foreign := begin(anna, "first"), begin(bo, "another's")
		clock.advance(time.Minute)
		renew(s, "second")
		clock.advance(session.IDOverlap - time.Millisecond)
		if !opens("first") || !opens("second") {
			t.Error("one of the two does not open the session within the overlap")
		}
		clock.advance(time.Millisecond)
		if opens("first") || !opens("second") {
			t.Error("the old one still opens the session, or the new one does not")
		}
		renew(s, "third")
		if !opens("second") {
			t.Error("the one before does not open the session within its overlap")
		}
		renew(s, "fourth")
		if opens("second") || opens("first") || !opens("third") || !opens("fourth") {
			t.Error("only the newest token and the one before it open a session")
		}
		o := ask(t, db, func(tx store.ReadTx) (store.Opened, error) { return tx.Session(store.RefTo(anna), s) })
		want := session.Session{
			ID: s, User: anna, Face: "browser", Means: "password+authenticator_app", Address: "192.0.2.1", Program: "Firefox", Site: "gate.example",
			SignedInAt: noon, SteppedUpAt: clock.now(), LastSeenAt: clock.now(), EndsAt: noon.Add(session.Absolute),
		}
		if diff := cmp.Diff(want, o.Session); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		write(t, db, func(tx store.WriteTx) error { return tx.EndSession(store.RefTo(anna), s) })
		if opens("third") || opens("fourth") {
			t.Error("an ended session opens")
		}
		wantErr(t, "end somebody else's", db.Write(t.Context(), func(tx store.WriteTx) error { return tx.EndSession(store.RefTo(anna), foreign) }), store.ErrNotFound)
		wantErr(t, "end it again", db.Write(t.Context(), func(tx store.WriteTx) error { return tx.EndSession(store.RefTo(anna), s) }), store.ErrNotFound)
	})

	t.Run("ending the others", func(t *testing.T) {
		keep := begin(anna, "keep")
		begin(anna, "a2")
		begin(anna, "a3")
		begin(bo, "bo")
		var n int64
		write(t, db, func(tx store.WriteTx) (err error) { n, err = tx.EndOtherSessions(store.RefTo(anna), keep); return err })
		if n != 2 || !opens("keep") || opens("a2") || opens("a3") || !opens("bo") {
			t.Errorf("%d ended", n)
		}
		write(t, db, func(tx store.WriteTx) (err error) { n, err = tx.EndOtherSessions(store.RefTo(anna), ""); return err })
		if n != 1 || opens("keep") || !opens("bo") {
			t.Errorf("%d ended", n)
		}
	})

	t.Run("the dead are swept", func(t *testing.T) {
		idle, used := begin(anna, "idle"), begin(bo, "used")
		clock.advance(session.Idle - time.Millisecond)
		write(t, db, func(tx store.WriteTx) error { return tx.TouchSession(store.RefTo(bo), used) })
		sweep := func() {
			write(t, db, func(tx store.WriteTx) error { return tx.DeleteDeadSessions(tx.Now()) })
		}
		sweep()
		if !opens("idle") {
			t.Error("swept a moment too early")
		}
		clock.advance(time.Millisecond)
		sweep()
		if opens("idle") || !opens("used") {
			t.Errorf("%s is there, or %s is not", idle, used)
		}
	})
}

func TestWriteTx_UseStep(t *testing.T) {
	db, clock := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	for _, u := range h.users {
		write(t, db, func(tx store.WriteTx) error {
			return tx.AddAuthenticatorApp(store.RefTo(u.ID), store.AuthenticatorApp{ID: id.AuthenticatorApp("app-" + string(u.ID)), Name: "Phone", Secret: "sealed", LastStep: 100})
		})
	}
	app := id.AuthenticatorApp("app-" + string(h.users[0].ID))
	use := func(step int64) (ok bool) {
		err := db.Write(t.Context(), func(tx store.WriteTx) (err error) {
			ok, err = tx.UseStep(store.RefTo(h.users[0].ID), app, step, "192.0.2.1")
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return ok
	}
	for _, c := range []struct {
		step int64
		want bool
	}{{100, false}, {99, false}, {102, true}, {102, false}, {101, false}, {103, true}} {
		if got := use(c.step); got != c.want {
			t.Errorf("step %d counts: %v", c.step, got)
		}
	}
	var won atomic.Int32
	inParallel(50, func(int) {
		if use(200) {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("50 with the same code: %d got in", won.Load())
	}
	apps := ask(t, db, func(tx store.ReadTx) ([]store.AuthenticatorApp, error) {
		return tx.AuthenticatorApps(store.RefTo(h.users[0].ID))
	})
	want := []store.AuthenticatorApp{{ID: app, Name: "Phone", Secret: "sealed", LastStep: 200, CreatedAt: clock.now(), LastUsedAt: clock.now(), LastUsedFrom: "192.0.2.1"}}
	if diff := cmp.Diff(want, apps); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if u := ask(t, db, func(tx store.ReadTx) (store.Listed, error) { return tx.User(h.scope(), h.users[0].ID) }); !u.HasFactor {
		t.Error("a user with an app is said to have no second factor")
	}
}

func TestWriteTx_UseRecoveryCode(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "harbour", "Anna", "Bo")
	anna, bo := h.users[0].ID, h.users[1].ID
	replace := func(u id.User, codes ...string) {
		write(t, db, func(tx store.WriteTx) error { return tx.ReplaceRecoveryCodes(store.RefTo(u), codes) })
	}
	use := func(u id.User, code string) (ok bool) {
		err := db.Write(t.Context(), func(tx store.WriteTx) (err error) { ok, err = tx.UseRecoveryCode(store.RefTo(u), code); return err })
		if err != nil {
			t.Error(err)
		}
		return ok
	}
	left := func(u id.User) int {
		return ask(t, db, func(tx store.ReadTx) (int, error) { return tx.RecoveryCodesLeft(store.RefTo(u)) })
	}
	replace(anna, "a", "b", "c")
	replace(bo, "x", "y")
	var won atomic.Int32
	inParallel(50, func(int) {
		if use(anna, "a") {
			won.Add(1)
		}
	})
	if won.Load() != 1 || left(anna) != 2 || left(bo) != 2 {
		t.Errorf("50 with the same code: %d got in, %d left", won.Load(), left(anna))
	}
	if use(anna, "x") || use(anna, "") || use(bo, "b") {
		t.Error("another user's code, or none, counts")
	}
	replace(anna, "d")
	if use(anna, "b") || left(anna) != 1 || !use(anna, "d") || left(anna) != 0 {
		t.Error("new codes do not replace the old")
	}
}

func inParallel(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
