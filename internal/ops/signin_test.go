package ops_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/password"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

const wrongPassword = "another password, long enough"

// signIn tries a login and password from an address.
func (w *town) signIn(login, typed, address string) (ops.SignIn, error) {
	w.T.Helper()
	return opstest.Do(w.Place, auth.Caller{Source: opstest.From(address)}, w.Ops.Session.SignIn, ops.SignInInput{Login: login, Password: secret.New(typed)})
}

// anywhere is a new address for every call, so that only the login counts.
func (w *town) anywhere() string {
	w.people++
	return fmt.Sprintf("198.51.%d.%d", w.people/250, w.people%250+1)
}

func (w *town) verify(ceremony secret.Text, in ops.VerifyInput) (ops.SignIn, error) {
	w.T.Helper()
	in.Ceremony = ceremony
	return opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.Verify, in)
}

func code(t testing.TB, err error, want problem.Code) {
	t.Helper()
	if got := opstest.CodeOf(err); got != string(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Nobody learns from a sign-in whether a login exists or what is the matter
// with it: the same answer, the same work, and nothing for strangers to tell
// apart.
func TestSignIn_tellsNothing(t *testing.T) {
	w := newTown(t)
	active, another := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	deactivated := w.somebody(w.otter, opstest.Member{State: user.Deactivated})
	invited := w.somebody(w.otter, opstest.Member{State: user.Invited})
	suspended := w.somebody(w.suspended, opstest.Member{})
	deleted := w.somebody(w.otter, opstest.Member{State: user.Deleted})
	want := problem.New(problem.SignInFailed, "Login or password is not right. Please check both and try again.")
	for name, c := range map[string]struct{ login, password string }{
		"wrong password":              {string(active.Login), wrongPassword},
		"difference in the last byte": {string(active.Login), opstest.Password[:len(opstest.Password)-1] + "i"},
		"password with a space":       {string(active.Login), opstest.Password + " "},
		"no such login":               {"nobody.here", opstest.Password},
		"no possible login":           {"no body", opstest.Password},
		"login in Cyrillic":           {"аdmin", opstest.Password},
		"deactivated":                 {string(deactivated.Login), opstest.Password},
		"not activated":               {string(invited.Login), opstest.Password},
		"suspended account":           {string(suspended.Login), opstest.Password},
		"deleted":                     {string(deleted.Login), opstest.Password},
		"huge password":               {string(another.Login), strings.Repeat("x", 1<<20-100)},
		"NUL in password":             {string(another.Login), opstest.Password + "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.Hashes.Load()
			_, err := w.signIn(c.login, c.password, w.anywhere())
			code(t, err, problem.SignInFailed)
			got := problem.Of(err)
			if got.Detail != want.Detail || got.RetryAfter != 0 || len(got.Violations) != 0 {
				t.Errorf("the answer differs: %+v", got)
			}
			if n := w.Hashes.Load() - before; n != 1 {
				t.Errorf("%d hashes were computed, want 1", n)
			}
		})
	}
	before := w.Hashes.Load()
	out, err := w.signIn(strings.ToUpper(string(active.Login)), opstest.Password, w.anywhere())
	if err != nil || out.State != ops.SecondFactorNeeded || w.Hashes.Load()-before != 1 {
		t.Errorf("the right one, in capitals: %s, %s, %d hashes", out.State, opstest.CodeOf(err), w.Hashes.Load()-before)
	}
}

// What is left empty is said at once, for both fields.
func TestSignIn_missing(t *testing.T) {
	w := newTown(t)
	_, err := w.signIn("", "", "192.0.2.1")
	code(t, err, problem.InvalidFields)
	if diff := cmp.Diff([]string{"login:required", "password:required"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
	if w.Hashes.Load() != 0 {
		t.Error("a hash was computed")
	}
}

// Five guesses are free; then 30 seconds, doubling to an hour; after a hundred
// in a row no password is tried any more. Counters survive a restart, and an
// unknown login is treated as a known one is.
func TestSignIn_guessing(t *testing.T) {
	logins := map[string]func(*town) string{
		"known":   func(w *town) string { return string(w.somebody(w.otter, opstest.Member{NoFactor: true}).Login) },
		"unknown": func(*town) string { return "nobody.here" },
	}
	answers := map[string][]string{}
	for name, login := range logins {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			l := login(w)
			wait := 30 * time.Second
			for n := 1; n <= 100; n++ {
				_, err := w.signIn(l, wrongPassword, w.anywhere())
				code(t, err, problem.SignInFailed)
				if n == 7 || n == 50 {
					w.Reopen()
				}
				if n < 5 {
					continue
				}
				hashes := w.Hashes.Load()
				_, err = w.signIn(l, opstest.Password, w.anywhere()) // even the right one
				code(t, err, problem.TooManyAttempts)
				got := problem.Of(err)
				if n < 100 && got.RetryAfter != wait {
					t.Fatalf("after %d guesses the wait is %v, want %v", n, got.RetryAfter, wait)
				}
				if w.Hashes.Load() != hashes {
					t.Error("a password was tried while blocked")
				}
				answers[name] = append(answers[name], fmt.Sprint(got.Code, got.Detail, got.RetryAfter))
				w.Clock.Advance(wait - time.Millisecond)
				_, err = w.signIn(l, opstest.Password, w.anywhere())
				code(t, err, problem.TooManyAttempts)
				w.Clock.Advance(time.Millisecond)
				wait = min(2*wait, time.Hour)
			}
			w.Clock.Advance(400 * 24 * time.Hour)
			w.Tidy()
			w.Reopen()
			_, err := w.signIn(l, opstest.Password, w.anywhere())
			code(t, err, problem.TooManyAttempts)
		})
	}
	if diff := cmp.Diff(answers["known"], answers["unknown"]); diff != "" {
		t.Errorf("blocked logins look different when they exist (-known +unknown):\n%s", diff)
	}
}

// The right password puts the count back to nothing.
func TestSignIn_rightOneForgives(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	for range 3 {
		for range 4 {
			_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
			code(t, err, problem.SignInFailed)
		}
		if _, err := w.signIn(string(who.Login), opstest.Password, w.anywhere()); err != nil {
			t.Fatal(err)
		}
	}
}

// A hundred guesses at once count no more and no less than one after the
// other: five are tried, and the rest waits.
func TestSignIn_hundredAtOnce(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	var addresses []string
	for range 100 {
		addresses = append(addresses, w.anywhere())
	}
	got := atOnce(100, func(n int) error {
		_, err := w.signIn(string(who.Login), fmt.Sprint(wrongPassword, n), addresses[n])
		return err
	})
	if diff := cmp.Diff(map[string]int{"sign_in_failed": 5, "too_many_attempts": 95}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Guesses that come all at once, and are let in line before the first of them
// has failed, get no more hashes than they may have: an address must not keep
// everybody else waiting.
func TestSignIn_hashesAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		login   func(n int) string
		allowed int64
	}{
		"one login":               {func(int) string { return "nobody" }, 5},
		"one address, all logins": {func(n int) string { return fmt.Sprint("nobody", n) }, 60},
	} {
		t.Run(name, func(t *testing.T) {
			const knocks = 300
			w := newTown(t)
			w.HashWith(password.Params{Memory: 8 << 10, Time: 1, Threads: 1})
			before := w.Hashes.Load()
			atOnce(knocks, func(n int) error {
				_, err := w.signIn(c.login(n), wrongPassword, "203.0.113.5")
				return err
			})
			// A few more are computed while the last of the allowed is being counted.
			if n := w.Hashes.Load() - before; n < c.allowed || n > c.allowed+10 {
				t.Errorf("%d hashes were computed, and %d are allowed", n, c.allowed)
			}
		})
	}
}

// atOnce runs f n times in parallel and counts the answers.
func atOnce(n int, f func(n int) error) map[string]int {
	var all sync.WaitGroup
	var mu sync.Mutex
	start, got := make(chan struct{}), map[string]int{}
	for i := range n {
		all.Go(func() {
			<-start
			code := opstest.CodeOf(f(i))
			mu.Lock()
			defer mu.Unlock()
			got[code]++
		})
	}
	close(start)
	all.Wait()
	return got
}

// An address that fails at many logins has to wait, also for those it never
// tried; its neighbours do not. With IPv6 the whole /64 is one address.
func TestSignIn_addresses(t *testing.T) {
	for name, c := range map[string]struct{ from, same, other string }{
		"v4":         {"203.0.113.5", "::ffff:203.0.113.5", "203.0.113.6"},
		"v6":         {"2001:db8:1:1::1", "2001:db8:1:1:ffff::9", "2001:db8:1:2::1"},
		"link-local": {"fe80::1%eth0", "fe80::2%eth1", "2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{NoFactor: true})
			for n := range 60 {
				_, err := w.signIn(fmt.Sprint("nobody", n), wrongPassword, c.from)
				code(t, err, problem.SignInFailed)
			}
			_, err := w.signIn(string(who.Login), opstest.Password, c.from)
			code(t, err, problem.TooManyAttempts)
			_, err = w.signIn(string(who.Login), opstest.Password, c.same)
			code(t, err, problem.TooManyAttempts)
			if _, err = w.signIn(string(who.Login), opstest.Password, c.other); err != nil {
				t.Errorf("a neighbour: %s", opstest.CodeOf(err))
			}
			w.Clock.Advance(problem.Of(err).RetryAfter + 10*time.Second)
			if _, err = w.signIn(string(who.Login), opstest.Password, c.from); err != nil {
				t.Errorf("after the wait: %s", opstest.CodeOf(err))
			}
		})
	}
}

// While an address or a login is blocked, knocking on does not fill the log,
// whether or not the login exists.
func TestSignIn_blockedKnocksAreGathered(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	for range 5 {
		_, err := w.signIn(string(who.Login), wrongPassword, "192.0.2.9")
		code(t, err, problem.SignInFailed)
	}
	before := len(w.Records())
	for range 50 {
		_, err := w.signIn(string(who.Login), wrongPassword, "192.0.2.9")
		code(t, err, problem.TooManyAttempts)
	}
	if n := len(w.Records()) - before; n != 0 {
		t.Errorf("50 knocks at a blocked login left %d records", n)
	}
	w.Tidy()
	if r := w.LastRecord(); r.Reason != problem.TooManyAttempts || r.Detail["times"] != 50.0 {
		t.Errorf("gathered: %s, %v", opstest.Brief(r), r.Detail)
	}
}

// Somebody whose wait ends while the answer is being prepared is let in, and
// does not hear that the password was wrong: nobody had looked at it.
func TestSignIn_waitEndsMeanwhile(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	for range 5 {
		_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
		code(t, err, problem.SignInFailed)
	}
	w.Clock.Advance(30*time.Second - time.Millisecond)
	// The store asks the clock once for the caller, once to prepare, and once
	// for the commit; between the last two the wait ends.
	w.Clock.TickAfter(2, time.Millisecond)
	if _, err := w.signIn(string(who.Login), opstest.Password, w.anywhere()); err != nil {
		t.Error(opstest.CodeOf(err))
	}
}

// Every sign-in leaves a record in the account's log: who, by what means.
func TestSignIn_records(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	before := len(w.Records())
	_, err := w.signIn(string(who.Login), wrongPassword, "192.0.2.1")
	code(t, err, problem.SignInFailed)
	c := w.askedForFactor(who)
	_, err = w.verify(c, ops.VerifyInput{Code: secret.New("000000")})
	code(t, err, problem.CodeWrong)
	if _, err := w.verify(c, ops.VerifyInput{RecoveryCode: again(who.Recovery[0])}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"session.signed_in refused sign_in_failed by anonymous",
		"session.password_accepted done by anonymous",
		"session.signed_in refused code_wrong by anonymous",
		"session.signed_in done by user " + who.Name,
	}
	if diff := cmp.Diff(want, w.Since(before)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, r := range w.Records()[before:] {
		if r.Account != w.otter.ID {
			t.Errorf("%s is in the log of %q", opstest.Brief(r), r.Account)
		}
	}
	if m := w.LastRecord().Means; m != "password+recovery_code" {
		t.Errorf("means: %s", m)
	}
}

// A hash that is weaker than today's is replaced at the next sign-in, also
// when several sign-ins find it at once, or one waits for its second factor.
func TestSignIn_upgradesHash(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	hash := func() (kept string) {
		w.Read(func(tx store.ReadTx) error {
			u, err := tx.UserByLogin(who.Login)
			kept = u.PasswordHash
			return err
		})
		return kept
	}
	w.HashWith(password.Params{Memory: 16, Time: 2, Threads: 1})
	_, err := w.signIn(string(who.Login), wrongPassword, w.anywhere())
	code(t, err, problem.SignInFailed)
	if !strings.Contains(hash(), "m=8,t=1") {
		t.Error("a wrong password changed the hash")
	}
	waiting := w.askedForFactor(who)
	if !strings.Contains(hash(), "m=16,t=2") {
		t.Errorf("the hash is still %.40s", hash())
	}
	if _, err := w.verify(waiting, ops.VerifyInput{Code: who.Code()}); err != nil {
		t.Errorf("the sign-in that upgraded the hash: %s", opstest.CodeOf(err))
	}
	w.HashWith(password.Params{Memory: 32, Time: 2, Threads: 1})
	var addresses []string
	for range 20 {
		addresses = append(addresses, w.anywhere())
	}
	got := atOnce(20, func(n int) error {
		_, err := w.signIn(string(who.Login), opstest.Password, addresses[n])
		return err
	})
	if diff := cmp.Diff(map[string]int{"ok": 20}, got); diff != "" {
		t.Errorf("twenty right passwords at once (-want +got):\n%s", diff)
	}
	w.askedForFactor(who)
}

// One test pays what a password really costs.
func TestSignIn_standardCosts(t *testing.T) {
	w := &town{Place: opstest.New(t, opstest.Options{Hashing: password.Standard()})}
	w.harbour = w.Found("harbour", "required")
	who := w.somebody(w.harbour, opstest.Member{NoFactor: true})
	if out, err := w.signIn(string(who.Login), opstest.Password, "192.0.2.1"); err != nil || out.State != ops.SignedIn {
		t.Errorf("right: %s", opstest.CodeOf(err))
	}
	_, err := w.signIn(string(who.Login), wrongPassword, "192.0.2.1")
	code(t, err, problem.SignInFailed)
}

// When the clock has gone back, codes and links cannot be checked, and people
// hear that; passwords can. Two minutes are borne.
func TestClock_goneBack(t *testing.T) {
	w := newTown(t)
	who, noFactor := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{NoFactor: true})
	link := w.invitation()
	enrolling := noFactor.Caller()
	begun := opstest.Must(w.Place, enrolling, w.Ops.SecondFactors.BeginApp, ops.BeginAppInput{})
	app := appOf(t, begun.AuthenticatorApp)
	w.Clock.Advance(-2 * time.Minute)
	if _, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: who.Code()}); err != nil {
		t.Errorf("two minutes back: %s", opstest.CodeOf(err))
	}
	w.Clock.Advance(-58 * time.Minute)
	waiting := w.askedForFactor(who)
	_, err := w.verify(waiting, ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.ClockWrong)
	_, err = w.verify(waiting, ops.VerifyInput{RecoveryCode: again(who.Recovery[0])})
	code(t, err, problem.ClockWrong)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: link}, problem.ClockWrong)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: link, Password: secret.New(opstest.Password)}, problem.ClockWrong)
	opstest.Refused(w.Place, enrolling, w.Ops.SecondFactors.ConfirmApp, ops.ConfirmInput{Ceremony: again(begun.Ceremony), Code: codeOf(t, app, w.Clock.Now())}, problem.ClockWrong)
	w.Clock.Advance(time.Hour)
	if _, err := w.verify(w.askedForFactor(who), ops.VerifyInput{RecoveryCode: again(who.Recovery[0])}); err != nil {
		t.Errorf("with the clock set right: %s", opstest.CodeOf(err))
	}
	if _, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: link}); err != nil {
		t.Errorf("the link, with the clock set right: %s", opstest.CodeOf(err))
	}
}

// Ten years ahead, nothing that ends is left, and nothing breaks.
func TestClock_tenYearsAhead(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	caller, link := who.Caller(), w.invitation()
	w.Clock.Advance(10 * 365 * 24 * time.Hour)
	opstest.Refused(w.Place, caller, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Activation.Check, ops.ActivationInput{Secret: link}, problem.ActivationDead)
	if _, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: who.Code()}); err != nil {
		t.Error(opstest.CodeOf(err))
	}
}

// At the Desk there is no address; the logins are throttled all the same.
func TestSignIn_desk(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	desk := auth.Caller{Source: access.Source{Face: access.FaceDesk}}
	in := ops.SignInInput{Login: string(who.Login), Password: secret.New(wrongPassword)}
	for range 5 {
		opstest.Refused(w.Place, desk, w.Ops.Session.SignIn, in, problem.SignInFailed)
	}
	opstest.Refused(w.Place, desk, w.Ops.Session.SignIn, in, problem.TooManyAttempts)
}
