package ops_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/user"
)

// forgot asks for a new password from an address.
func (w *town) forgot(login, address string) error {
	w.T.Helper()
	_, err := opstest.Do(w.Place, auth.Caller{Source: opstest.From(address)}, w.Ops.Password.Forgot, ops.ForgotInput{Login: login})
	return err
}

func (w *town) resend(s secret.Text) error {
	w.T.Helper()
	_, err := opstest.Do(w.Place, auth.Caller{Source: opstest.From(w.anywhere())}, w.Ops.Activation.Resend, ops.ActivationInput{Secret: s})
	return err
}

// links are the messages with links that wait for somebody, as "kind to".
func (w *town) links(a account.Account) []string {
	w.T.Helper()
	all := []string{}
	for _, m := range w.messages(a) {
		if m.State == "waiting" && m.Kind != delivery.Notice {
			all = append(all, fmt.Sprintf("%s to %s", m.Kind, m.Recipient))
		}
	}
	slices.Sort(all)
	return all
}

// expired is the token of a link whose time is over.
func (w *town) expired() secret.Text {
	w.T.Helper()
	token, _ := w.handed()
	w.Exec(`UPDATE activations SET link_expires_at = 1`)
	return token
}

// handed is the token of a link that was handed over, and whom it is for.
func (w *town) handed() (secret.Text, ops.Added) {
	w.T.Helper()
	w.people++
	in := w.newcomer(fmt.Sprintf("late%d", w.people))
	in.HandOver = true
	added := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, in)
	return tokenOf(w.T, added.Activation.Link), added
}

// The answer is the same for everybody, byte by byte; a mail gets whoever may
// have one, at their own address, and nothing tells anybody else.
func TestForgot_tellsNothing(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	locked := w.somebody(w.otter, opstest.Member{})
	for range 12 {
		if _, err := w.signIn(string(locked.Login), wrongPassword, w.anywhere()); err == nil {
			t.Fatal("a wrong password is right")
		}
	}
	everybody := map[string]struct {
		login  string
		mail   string
		record string // in the log of the account
	}{
		"active":       {login: string(w.somebody(w.otter, opstest.Member{}).Login), mail: "new_password", record: "password.forgotten done by anonymous"},
		"no factor":    {login: string(w.somebody(w.otter, opstest.Member{NoFactor: true}).Login), mail: "new_password", record: "password.forgotten done by anonymous"},
		"admin user":   {login: string(w.somebody(w.heron, opstest.Member{Role: "Admin", AdminUser: true}).Login), mail: "new_password", record: "password.forgotten done by anonymous"},
		"locked":       {login: string(locked.Login), mail: "new_password", record: "password.forgotten done by anonymous"},
		"invited":      {login: string(w.somebody(w.otter, opstest.Member{State: user.Invited}).Login), mail: "activation", record: "password.forgotten done by anonymous"},
		"deactivated":  {login: string(w.somebody(w.otter, opstest.Member{State: user.Deactivated}).Login), record: "password.forgotten refused forbidden by anonymous"},
		"deleted":      {login: string(w.somebody(w.otter, opstest.Member{State: user.Deleted}).Login)},
		"suspended":    {login: string(w.somebody(w.suspended, opstest.Member{}).Login), record: "password.forgotten refused forbidden by anonymous"},
		"unknown":      {login: "nobody.at.all"},
		"not a login":  {login: "<script>alert(1)</script>"},
		"control":      {login: "a\x00b\u202e"},
		"very long":    {login: strings.Repeat("x", 5000)},
		"other letter": {login: strings.ToUpper(string(w.somebody(w.otter, opstest.Member{}).Login)), mail: "new_password", record: "password.forgotten done by anonymous"},
	}
	for name, c := range everybody {
		t.Run(name, func(t *testing.T) {
			w.Exec(`DELETE FROM outbox`)
			records, hashes := len(w.Records()), w.Hashes.Load()
			out, err := opstest.Do(w.Place, auth.Caller{Source: opstest.From(w.anywhere())}, w.Ops.Password.Forgot, ops.ForgotInput{Login: c.login})
			body, _ := json.Marshal(out)
			if err != nil || string(body) != "{}" {
				t.Errorf("the answer is %s, %v", body, err)
			}
			var mails []string
			for _, a := range []account.Account{w.otter, w.heron, w.suspended} {
				mails = append(mails, w.links(a)...)
			}
			want := []string{}
			if c.mail != "" {
				login := strings.ToLower(c.login)
				_, handle, _ := strings.Cut(login, ".")
				want = append(want, c.mail+" to "+login+"@"+handle+".example")
			}
			if diff := cmp.Diff(want, append([]string{}, mails...)); diff != "" {
				t.Errorf("mails (-want +got):\n%s", diff)
			}
			got := []string{}
			for _, r := range w.Records()[records:] {
				got = append(got, opstest.Brief(r))
			}
			if diff := cmp.Diff(strings.TrimSpace(c.record), strings.Join(got, "; ")); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
			if n := w.Hashes.Load() - hashes; n != 0 {
				t.Errorf("%d hashes", n)
			}
		})
	}
	code(t, w.forgot("  ", "192.0.2.1"), problem.InvalidFields)
}

// The link chooses a new password, once; the older link is dead, the second
// factor is asked for as ever, and the person is told.
func TestForgot(t *testing.T) {
	w := newTown(t)
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	code(t, w.forgot(string(who.Login), "192.0.2.1"), "ok")
	w.round()
	older := linkIn(t, box.Wait(1)[0])
	_, err := w.signIn(string(who.Login), opstest.Password, "192.0.2.1")
	code(t, err, "ok") // the old password works until there is a new one

	w.Clock.Advance(time.Hour)
	code(t, w.forgot(string(who.Login), "192.0.2.1"), "ok")
	w.Exec(`DELETE FROM outbox WHERE kind = 'notice'`)
	w.round()
	link := linkIn(t, box.Wait(2)[1])
	code(t, w.complete(older, "a wholly new one, and long"), problem.ActivationDead)
	code(t, w.complete(link, "a wholly new one, and long"), "ok")
	code(t, w.complete(link, "a wholly other one, and long"), problem.ActivationDead)
	_, err = w.signIn(string(who.Login), opstest.Password, "192.0.2.1")
	code(t, err, problem.SignInFailed)
	out, err := w.signIn(string(who.Login), "a wholly new one, and long", "192.0.2.1")
	code(t, err, "ok")
	if out.State != ops.SecondFactorNeeded {
		t.Errorf("the sign-in is %s", out.State)
	}
	if got := w.heard(who); !slices.Contains(got, "password_reset by oneself") {
		t.Errorf("told %v", got)
	}
}

// Whoever asks again and again, in somebody's name, takes nothing from them:
// mails come seldom, the last link stays good, the sign-in stays open, and one
// address is stopped.
func TestForgot_throttled(t *testing.T) {
	w := newTown(t)
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	for range 200 {
		code(t, w.forgot(string(who.Login), w.anywhere()), "ok")
	}
	w.Reopen()
	w.Clock.Advance(5*time.Minute - time.Second)
	code(t, w.forgot(string(who.Login), w.anywhere()), "ok")
	w.round()
	first := box.Wait(1)
	code(t, w.check(linkIn(t, first[0])), "ok")
	w.Clock.Advance(time.Second)
	for _, wait := range []time.Duration{10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour} {
		for range 3 {
			code(t, w.forgot(string(who.Login), w.anywhere()), "ok")
		}
		w.Clock.Advance(wait - time.Second)
		code(t, w.forgot(string(who.Login), w.anywhere()), "ok")
		w.Clock.Advance(time.Second)
		w.round()
	}
	if n := len(box.Mails()); n != 6 {
		t.Errorf("%d mails came, want 6", n)
	}
	code(t, w.check(linkIn(t, box.Mails()[5])), "ok")
	w.Clock.Advance(25 * time.Hour)
	for range 2 {
		code(t, w.forgot(string(who.Login), w.anywhere()), "ok")
		w.Clock.Advance(5 * time.Minute)
	}
	w.round()
	if n := len(box.Mails()); n != 8 && n != 7 { // the older of the two may have been cancelled by the newer
		t.Errorf("%d mails came after a day's rest", n)
	}

	var blocked int
	for n := range 100 {
		if err := w.forgot(fmt.Sprintf("guess%d", n), "203.0.113.5"); problem.Is(err, problem.TooManyAttempts) {
			blocked++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if blocked != 40 {
		t.Errorf("%d of 100 were stopped, want 40", blocked)
	}
	_, err := w.signIn(string(who.Login), opstest.Password, "203.0.113.5")
	code(t, err, "ok") // asking closes nothing else
}

// Where no mail is sent nothing is: the link that somebody has stays good.
func TestForgot_withoutMail(t *testing.T) {
	w := newTown(t)
	token, added := w.handed()
	code(t, w.forgot(string(added.User.Login), "192.0.2.1"), "ok")
	code(t, w.check(token), "ok")
	w.Exec(`UPDATE activations SET link_expires_at = 1`)
	code(t, w.resend(token), "ok")
	if got := w.links(w.otter); len(got) != 0 {
		t.Errorf("mails %v", got)
	}
}

// A link that was good once brings a new one, to the user's own address, and
// all others bring nothing; the answer is the same.
func TestResend(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(w *town, token, paper secret.Text, who ops.Added) secret.Text // gives what is shown
		mails   []string
	}{
		"an expired link": {func(w *town, token, _ secret.Text, _ ops.Added) secret.Text {
			w.Clock.Advance(25 * time.Hour)
			return token
		}, []string{"activation to %s"}},
		"an expired code": {func(w *town, _, paper secret.Text, _ ops.Added) secret.Text {
			w.Clock.Advance(15 * 24 * time.Hour)
			return paper
		}, []string{"activation to %s"}},
		"a code that is good": {func(w *town, _, paper secret.Text, _ ops.Added) secret.Text {
			w.Clock.Advance(25 * time.Hour)
			return paper
		}, nil},
		"a link that is good": {func(_ *town, token, _ secret.Text, _ ops.Added) secret.Text { return token }, nil},
		"one that was replaced": {func(w *town, token, _ secret.Text, who ops.Added) secret.Text {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.User.ID, HandOver: true})
			w.Clock.Advance(25 * time.Hour)
			return token
		}, nil},
		"one that was used": {func(w *town, token, _ secret.Text, _ ops.Added) secret.Text {
			code(w.T, w.complete(token, opstest.Password), "ok")
			w.Clock.Advance(25 * time.Hour)
			return token
		}, nil},
		"of somebody deactivated": {func(w *town, token, _ secret.Text, who ops.Added) secret.Text {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Deactivate, ops.UserID{ID: who.User.ID})
			w.Clock.Advance(25 * time.Hour)
			return token
		}, nil},
		"of somebody deleted": {func(w *town, token, _ secret.Text, who ops.Added) secret.Text {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Delete, ops.UserID{ID: who.User.ID})
			w.Clock.Advance(25 * time.Hour)
			return token
		}, nil},
		"before another address": {func(w *town, token, _ secret.Text, who ops.Added) secret.Text {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.User.ID, Email: new("new@otter.example")})
			w.Clock.Advance(25 * time.Hour)
			return token
		}, nil},
		"one that was never": {func(*town, secret.Text, secret.Text, ops.Added) secret.Text {
			return secret.New(strings.Repeat("A", 43))
		}, nil},
		"no token at all": {func(*town, secret.Text, secret.Text, ops.Added) secret.Text {
			return secret.New("' OR 1=1 --")
		}, nil},
		"empty": {func(*town, secret.Text, secret.Text, ops.Added) secret.Text { return secret.New("") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.mailTo(1)
			w.people++
			in := w.newcomer("late")
			in.HandOver = true
			added := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, in)
			shown := c.prepare(w, tokenOf(t, added.Activation.Link), again(added.Activation.Code), added)
			for range 3 { // again at once brings nothing more
				code(t, w.resend(shown), "ok")
			}
			want := []string{}
			for _, m := range c.mails {
				want = append(want, fmt.Sprintf(m, added.User.Email))
			}
			if diff := cmp.Diff(want, w.links(w.otter)); diff != "" {
				t.Errorf("mails (-want +got):\n%s", diff)
			}
		})
	}
}

// With the link that expired one may ask again, when the mail did not come; the
// newest one works, and one that a person made ends it.
func TestResend_again(t *testing.T) {
	w := newTown(t)
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	token, added := w.handed()
	w.Clock.Advance(25 * time.Hour)
	for n := range 3 {
		code(t, w.resend(token), "ok")
		w.round()
		if got := len(box.Wait(n + 1)); got != n+1 {
			t.Errorf("%d mails", got)
		}
		w.Clock.Advance(30 * time.Minute)
		w.Reopen()
	}
	mails := box.Mails()
	code(t, w.check(linkIn(t, mails[1])), problem.ActivationDead)
	code(t, w.check(linkIn(t, mails[2])), "ok")
	code(t, w.check(token), problem.ActivationDead)

	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: added.User.ID, HandOver: true})
	w.Clock.Advance(2 * time.Hour)
	code(t, w.resend(token), "ok")
	if n := w.round(); n != 0 {
		t.Errorf("%d mails after somebody made a new one", n)
	}
	r := w.LastRecord()
	if slices.Contains([]string{"activation.resent"}, r.Event) {
		t.Errorf("the log says %s", opstest.Brief(r))
	}
}

// A slip in a typed code is told at once: there is nothing to learn from it.
func TestResend_mistyped(t *testing.T) {
	w := newTown(t)
	added := w.invite()
	typed := []byte(added.Activation.Code.Reveal())
	typed[0] = map[bool]byte{true: 'B', false: 'A'}[typed[0] == 'A']
	code(t, w.resend(secret.New(string(typed))), problem.InvalidFields)
}
