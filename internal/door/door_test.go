package door_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/door"
	"gatehouse/internal/id"
	"gatehouse/internal/isproxy"
	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// town is an installation with an ISProxy door.
type town struct {
	*opstest.Place
	keeper         *door.Keeper
	harbour, otter account.Account
	boss, tom      *opstest.Person // administrators of otter: with a second factor, without
	address        string          // of the door
}

func newTown(t *testing.T) *town {
	w := &town{Place: opstest.New(t, opstest.Options{})}
	w.harbour, w.otter = w.Found("harbour", account.MFARecommended), w.Found("otter", account.MFARecommended)
	w.boss = w.Join(w.otter, opstest.Member{Login: "boss", Role: "Admin", AdminUser: true})
	w.tom = w.Join(w.otter, opstest.Member{Login: "tom", Role: "Admin", NoFactor: true})
	w.keeper = door.New(w.Engine, w.Ops)
	server, err := isproxy.New(isproxy.Config{Keys: w.keeper, Source: everythingIsFree{}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 3)
	for _, run := range []func(){
		func() { w.DB.WatchRights(ctx) },
		func() { w.keeper.Watch(ctx) },
		func() { _ = server.Serve(ctx, l) },
	} {
		go func() {
			run()
			ended <- struct{}{}
		}()
	}
	t.Cleanup(func() {
		_ = server.Shutdown(context.Background())
		stop()
		for range 3 {
			<-ended
		}
	})
	return w
}

type everythingIsFree struct{}

func (everythingIsFree) Check(context.Context, string) (check.Answer, error) {
	return check.Answer{Status: check.Available}, nil
}

func (e everythingIsFree) TryCheck(string) (check.Answer, bool) {
	return check.Answer{Status: check.Available}, true
}

// client speaks the line protocol.
type client struct {
	t *testing.T
	net.Conn
	lines *bufio.Reader
}

func (w *town) dial() *client {
	w.T.Helper()
	c, err := net.Dial("tcp", w.address)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{w.T.(*testing.T), c, bufio.NewReader(c)}
}

func (c *client) ask(line, want string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, "%s\r\n", line); err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	got, err := c.lines.ReadString('\n')
	if got = strings.TrimSpace(got); err != nil || got != want {
		c.t.Fatalf("%s: %q (%v), want %q", line, got, err, want)
	}
}

// ended waits until the door has closed the connection.
func (c *client) ended() {
	c.t.Helper()
	rest, err := io.ReadAll(c.lines)
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		c.t.Fatal("the connection is open still")
	}
	if len(rest) > 0 {
		c.t.Errorf("it said %q before it closed", rest)
	}
}

// key makes one for tom.
func (w *town) key(change func(*ops.CreateKeyInput)) (string, ops.Key) {
	w.T.Helper()
	in := ops.CreateKeyInput{Description: "Shop", Channels: []string{"API", "ISPROXY"}, Permissions: []access.Permission{access.CheckDomain, "VIEW_DOMAIN"}}
	if change != nil {
		change(&in)
	}
	made := opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Create, in)
	return made.Secret.Reveal(), made.Key
}

// Whatever ends a key, its user, its account or the address it comes from, cuts
// what is open, at once.
func TestKeeper_liveConnection(t *testing.T) {
	for name, end := range map[string]func(w *town, k ops.Key){
		"deleted": func(w *town, k ops.Key) {
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Delete, ops.KeyID{ID: k.ID})
		},
		"cut": func(w *town, k ops.Key) {
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: k.ID})
		},
		"bound to another address": func(w *town, k ops.Key) {
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Update, ops.UpdateKeyInput{ID: k.ID, IPRules: []string{"203.0.113.0/24"}})
		},
		"user bound to another address": func(w *town, _ ops.Key) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: w.tom.ID, IPRules: []string{"203.0.113.0/24"}})
		},
		"without the channel": func(w *town, k ops.Key) {
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Update, ops.UpdateKeyInput{ID: k.ID, Channels: []string{"API"}})
		},
		"without the permission": func(w *town, k ops.Key) {
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Update, ops.UpdateKeyInput{ID: k.ID, Permissions: []access.Permission{"VIEW_DOMAIN"}})
		},
		"user has lost the permission": func(w *town, _ ops.Key) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: w.tom.ID, Roles: []id.Role{w.Role(w.otter, "Finance")}})
		},
		"user deactivated": func(w *town, _ ops.Key) {
			opstest.Must(w.Place, w.boss.Caller(), w.Ops.Users.Deactivate, ops.UserID{ID: w.tom.ID})
		},
		"account suspended": func(w *town, _ ops.Key) {
			opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Suspend, ops.AccountReason{ID: w.otter.ID, Reason: "Has not paid."})
		},
		"over": func(w *town, _ ops.Key) { w.Clock.Advance(366 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			text, k := w.key(nil)
			c, other := w.dial(), w.dial()
			c.ask("LOGIN "+text, "100 Login ok")
			c.ask("IS example.be", "example.be available")
			begun := time.Now()
			end(w, k)
			c.ended()
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			other.ask("LOGIN "+text, "400 Login failed")
		})
	}
}

// What another process commits counts here within a second.
func TestKeeper_anotherProcess(t *testing.T) {
	w := newTown(t)
	text, k := w.key(nil)
	c := w.dial()
	c.ask("LOGIN "+text, "100 Login ok")
	other := opstest.New(t, opstest.Options{Dir: w.Dir})
	opstest.Must(other, opstest.Console("otter"), other.Ops.Keys.Cut, ops.KeyID{ID: k.ID})
	begun := time.Now()
	c.ended()
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A key that is bound to domains asks about those; each refusal is in the log.
func TestKeeper_domains(t *testing.T) {
	w := newTown(t)
	text, k := w.key(func(in *ops.CreateKeyInput) { in.Domains = []string{"*.be"} })
	c := w.dial()
	c.ask("LOGIN "+text, "100 Login ok")
	c.ask("IS example.be", "example.be available")
	c.ask("IS EXAMPLE.COM", "EXAMPLE.COM error")
	c.ask("IS example.be.com", "example.be.com error")
	_ = c.Close()
	want := "isproxy.refused refused domain_refused by key Shop"
	until(t, "both refusals to be in the log", func() bool {
		n := 0
		for _, r := range w.Records() {
			if opstest.Brief(r) == want && r.Actor.ID == string(k.ID) && r.Source.Face == "isproxy" && r.Source.Address == "127.0.0.1" && strings.HasSuffix(r.Detail["domain"].(string), ".com") {
				n++
			}
		}
		return n == 2
	})
}

// Every question is counted, and nothing is written for each.
func TestKeeper_uses(t *testing.T) {
	w := newTown(t)
	text, k := w.key(nil)
	c := w.dial()
	c.ask("LOGIN "+text, "100 Login ok")
	before := len(w.Records())
	for n := range 50 {
		c.ask(fmt.Sprintf("IS n%d.be", n), fmt.Sprintf("n%d.be available", n))
	}
	_ = c.Close()
	until(t, "uses to be counted", func() bool {
		if err := w.Engine.WriteCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.Count(`SELECT COALESCE(SUM(uses), 0) FROM api_key_uses WHERE key_id = $1`, string(k.ID)) == 50
	})
	if n := len(w.Records()); n != before {
		t.Errorf("%d records for questions", n-before)
	}
}

// until waits for something that happens by itself.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestKeeper_wrongKeys(t *testing.T) {
	w := newTown(t)
	text, k := w.key(func(in *ops.CreateKeyInput) { in.Channels = []string{"API"} })
	strange := apikey.NewToken()
	revealed := strange.Reveal()
	for name, c := range map[string]struct {
		key    string
		reason problem.Code // in the log of its account
	}{
		"another channel": {text, problem.PointRefused},
		"nobody's":        {revealed.Reveal(), ""},
		"a slip":          {text[:len(text)-1] + "!", ""},
		"rubbish":         {"rubbish", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.Records())
			w.dial().ask("LOGIN "+c.key, "400 Login failed")
			all := w.Records()[before:]
			if c.reason == "" {
				if len(all) != 0 {
					t.Errorf("a stranger's try left %d records", len(all))
				}
				return
			}
			if len(all) != 1 || all[0].Reason != c.reason || all[0].Actor.ID != string(k.ID) {
				t.Errorf("the log has %v", brief(all))
			}
		})
	}
	w.Clock.Advance(time.Minute)
	w.Tidy()
	gathered := 0
	for _, r := range w.Records() {
		if n, ok := r.Detail["times"].(float64); ok && r.Source.Face == "isproxy" && r.Account == w.harbour.ID {
			gathered += int(n)
		}
	}
	if gathered != 3 {
		t.Errorf("%d tries of strangers are in the operator's log, want 3", gathered)
	}
}

func brief(all []activity.Record) (texts []string) {
	for _, r := range all {
		texts = append(texts, opstest.Brief(r))
	}
	return texts
}

// Rule K5: a password works at the doors only where its account allows it, from
// an address on its user's list, and until there is a key or a second factor.
func TestKeeper_password(t *testing.T) {
	allowed := func(w *town) {
		w.Exec(`UPDATE accounts SET api_passwords = TRUE WHERE id = $1`, string(w.otter.ID))
		w.Exec(`UPDATE users SET ip_rules = '127.0.0.0/8 192.0.2.0/24' WHERE id = $1`, string(w.tom.ID))
	}
	after := func(query string) func(*town) {
		return func(w *town) { allowed(w); w.Exec(query, string(w.tom.ID)) }
	}
	for name, c := range map[string]struct {
		before func(*town)
		login  string
		word   string
		reason problem.Code // in the log; empty: let in
	}{
		"where all is right":             {allowed, "otter/tom", opstest.Password, ""},
		"capitals in the login":          {allowed, "otter/TOM", opstest.Password, ""},
		"off for new accounts":           {after(`UPDATE accounts SET api_passwords = FALSE WHERE id = (SELECT account_id FROM users WHERE id = $1)`), "otter/tom", opstest.Password, problem.PasswordShut},
		"without a list of addresses":    {after(`UPDATE users SET ip_rules = '' WHERE id = $1`), "otter/tom", opstest.Password, problem.AddressRefused},
		"from elsewhere":                 {after(`UPDATE users SET ip_rules = '192.0.2.0/24' WHERE id = $1`), "otter/tom", opstest.Password, problem.AddressRefused},
		"without the access point":       {after(`UPDATE users SET access_points = 'WEB API' WHERE id = $1`), "otter/tom", opstest.Password, problem.PointRefused},
		"forced to have a second factor": {after(`UPDATE users SET force_mfa = TRUE WHERE id = $1`), "otter/tom", opstest.Password, problem.PasswordShut},
		"deactivated":                    {after(`UPDATE users SET state = 'deactivated' WHERE id = $1`), "otter/tom", opstest.Password, problem.KeyUserInactive},
		"with a second factor": {func(w *town) {
			allowed(w)
			w.Exec(`UPDATE users SET ip_rules = '127.0.0.0/8 192.0.2.0/24' WHERE id = $1`, string(w.boss.ID))
		}, "otter/boss", opstest.Password, problem.PasswordShut},
		"once it had a key": {func(w *town) {
			allowed(w)
			_, k := w.key(nil)
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Delete, ops.KeyID{ID: k.ID})
		}, "otter/tom", opstest.Password, problem.PasswordShut},
		"reopened by an administrator": {func(w *town) {
			allowed(w)
			_, k := w.key(nil)
			opstest.Must(w.Place, w.tom.Caller(), w.Ops.Keys.Delete, ops.KeyID{ID: k.ID})
			opstest.Must(w.Place, w.boss.Caller(), w.Ops.Users.ReopenAPIPassword, ops.ReopenInput{ID: w.tom.ID, Reason: "Old billing program."})
		}, "otter/tom", opstest.Password, ""},
		"a wrong password":    {allowed, "otter/tom", "wrong", problem.SignInFailed},
		"of another account":  {allowed, "harbour/tom", opstest.Password, problem.KeyRefused},
		"without the account": {allowed, "tom", opstest.Password, problem.KeyRefused},
		"nobody":              {allowed, "otter/nobody", opstest.Password, problem.KeyRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			c.before(w)
			w.Exec(`UPDATE counters SET value = value + 1 WHERE name = 'rights'`)
			hashes := w.Hashes.Load()
			conn := w.dial()
			line := "LOGIN " + c.login + " " + strings.ReplaceAll(c.word, " ", "_")
			if strings.Contains(c.word, " ") { // the protocol has no word with a blank in it
				_, err := w.keeper.VerifyPassword(t.Context(), c.login, secret.New(c.word), netip.MustParseAddr("127.0.0.1"))
				if (err == nil) != (c.reason == "") {
					t.Fatalf("let in: %v", err)
				}
			} else {
				conn.ask(line, "400 Login failed")
			}
			if n := w.Hashes.Load() - hashes; n != 1 {
				t.Errorf("%d hashes were computed", n)
			}
			all := w.Records()
			if c.reason == problem.KeyRefused { // a stranger
				if n := len(all); n != 0 {
					t.Errorf("%d records", n)
				}
				return
			}
			last := all[len(all)-1]
			switch {
			case c.reason == "" && opstest.Brief(last) != "password.accepted done by user "+w.tom.Name:
				t.Errorf("the log says %s", opstest.Brief(last))
			case c.reason != "" && last.Reason != c.reason:
				t.Errorf("the log says %s, want %s", opstest.Brief(last), c.reason)
			}
		})
	}
}

// Whoever came by a password is out with the first key or second factor, and
// with a new password; and it does not come back.
func TestKeeper_passwordOver(t *testing.T) {
	for name, end := range map[string]func(w *town){
		"first key": func(w *town) { w.key(nil) },
		"account allows it no more": func(w *town) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Account.Update, ops.UpdateAccountInput{APIPasswords: new(false)})
		},
		"address not on the list any more": func(w *town) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: w.tom.ID, IPRules: []string{"203.0.113.0/24"}})
		},
		"list emptied": func(w *town) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: w.tom.ID, IPRules: []string{""}})
		},
		"deactivated": func(w *town) {
			opstest.Must(w.Place, w.boss.Caller(), w.Ops.Users.Deactivate, ops.UserID{ID: w.tom.ID})
		},
		"second factor demanded": func(w *town) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Account.Update, ops.UpdateAccountInput{ForceMFA: new(true)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.Exec(`UPDATE accounts SET api_passwords = TRUE WHERE id = $1`, string(w.otter.ID))
			w.Exec(`UPDATE users SET ip_rules = '127.0.0.0/8 192.0.2.0/24' WHERE id = $1`, string(w.tom.ID))
			w.Exec(`UPDATE users SET password_hash = $2 WHERE id = $1`, string(w.tom.ID), w.HashOf("seven-herons-eat-fish"))
			c := w.dial()
			c.ask("LOGIN otter/tom seven-herons-eat-fish", "100 Login ok")
			c.ask("IS example.be", "example.be available")
			again := w.dial()
			hashes := w.Hashes.Load()
			again.ask("LOGIN otter/tom seven-herons-eat-fish", "100 Login ok")
			if n := w.Hashes.Load() - hashes; n != 0 {
				t.Errorf("%d hashes for a password that was right a moment ago", n)
			}
			end(w)
			c.ended()
			again.ended()
			w.dial().ask("LOGIN otter/tom seven-herons-eat-fish", "400 Login failed")
		})
	}
}

// A password that was right a moment ago is looked at anew once it is no more:
// it may have been set again, and else its account's log says why it is not.
func TestKeeper_passwordSetAgain(t *testing.T) {
	w := newTown(t)
	w.Exec(`UPDATE accounts SET api_passwords = TRUE WHERE id = $1`, string(w.otter.ID))
	w.Exec(`UPDATE users SET ip_rules = '127.0.0.0/8 192.0.2.0/24' WHERE id = $1`, string(w.tom.ID))
	set := func() {
		w.Exec(`UPDATE users SET password_hash = $2 WHERE id = $1`, string(w.tom.ID), w.HashOf("seven-herons-eat-fish"))
	}
	set()
	w.dial().ask("LOGIN otter/tom seven-herons-eat-fish", "100 Login ok")
	set() // with another salt
	w.dial().ask("LOGIN otter/tom seven-herons-eat-fish", "100 Login ok")

	w.key(nil)
	before := len(w.Records())
	w.dial().ask("LOGIN otter/tom seven-herons-eat-fish", "400 Login failed")
	all := w.Records()[before:]
	if len(all) != 1 || all[0].Account != w.otter.ID || all[0].Reason != problem.PasswordShut {
		t.Errorf("the log has %v", brief(all))
	}
}

// Guesses at the doors count like those at sign-in, unless the password is of no
// use there: then they tell nothing, and keep nobody out.
func TestKeeper_guesses(t *testing.T) {
	for name, open := range map[string]bool{"open": true, "shut": false} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			if open {
				w.Exec(`UPDATE accounts SET api_passwords = TRUE WHERE id = $1`, string(w.otter.ID))
				w.Exec(`UPDATE users SET ip_rules = '192.0.2.0/24' WHERE id = $1`, string(w.tom.ID))
			}
			from := access.Source{Face: access.FaceGateway, Address: netip.MustParseAddr("192.0.2.7")}
			for range 8 {
				if _, err := w.keeper.ByPassword(t.Context(), "otter/tom", secret.New("wrong"), from); !problem.Is(err, problem.KeyRefused) {
					t.Fatalf("a wrong password: %v", err)
				}
			}
			in := ops.SignInInput{Login: "tom", Password: secret.New(opstest.Password)}
			_, err := opstest.Do(w.Place, auth.Caller{Source: opstest.From("192.0.2.99")}, w.Ops.Session.SignIn, in)
			if blocked := problem.Is(err, problem.TooManyAttempts); blocked != open {
				t.Errorf("the user cannot sign in: %v", err)
			}
			if _, err := w.keeper.ByPassword(t.Context(), "otter/tom", secret.New(opstest.Password), from); !problem.Is(err, problem.KeyRefused) {
				t.Errorf("the right password while blocked: %v", err)
			}
		})
	}
}
