package ops_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/apikey"
	"gatehouse/internal/calendar"
	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/id"
	"gatehouse/internal/notice"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/store"
)

const day = 24 * time.Hour

// endsIn gives somebody a key that was made long ago and whose last day is so many
// days from now.
func (w *town) endsIn(who *opstest.Person, days int) id.Key {
	w.T.Helper()
	k, _ := w.keyOf(who, func(k *apikey.Key) {
		k.ExpiresAt = calendar.On(w.Clock.Now().AddDate(0, 0, days)).Ends()
	})
	w.Exec(`UPDATE api_keys SET created_at = $2 WHERE id = $1`, string(k), w.Clock.Now().AddDate(-1, 0, 0).UnixMilli())
	return k
}

// ends is a key of somebody in an account, of whose end nobody was told.
func (w *town) ends(a account.Account) { w.endsIn(w.somebody(a, opstest.Member{Role: "Tech"}), 3) }

// remind has people told what comes by itself.
func (w *town) remind() int {
	w.T.Helper()
	n, err := w.Ops.Courier(w.Engine, slog.New(slog.DiscardHandler)).Remind(w.T.Context())
	if err != nil {
		w.T.Error(err)
	}
	return n
}

// Whoever has a key hears of its end two weeks ahead, and when it is over: once
// each, whatever runs in between.
func TestKeys_end(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Tech"})
	k := w.endsIn(who, 30)
	expect := func(at string, want ...string) {
		t.Helper()
		w.remind()
		if diff := cmp.Diff(append([]string{}, want...), w.heard(who)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", at, diff)
		}
	}
	const soon, over = "key_ending by machine", "key_expired by machine"
	expect("a month ahead")
	w.Clock.Advance(16 * day)
	expect("fifteen days ahead")
	w.Clock.Advance(day)
	expect("two weeks ahead", soon)
	w.Reopen()
	expect("after a restart", soon)
	w.Clock.Advance(5 * day)
	expect("later", soon)
	w.Clock.Advance(10 * day)
	expect("over", soon, over)
	w.Reopen()
	w.Clock.Advance(day)
	expect("after that", soon, over)

	told := w.notices(who)
	if f := told[0].Facts; f.Name != "Key of "+who.Name || f.Day != "2026-04-13" || f.Whom != "" {
		t.Errorf("it speaks of %+v", f)
	}
	var log []string
	for _, r := range w.Records() {
		if r.Object.ID == string(k) {
			log = append(log, opstest.Brief(r)+" "+string(r.Account))
		}
	}
	want := []string{"key.end_announced done by system courier " + string(w.otter.ID), "key.expired done by system courier " + string(w.otter.ID)}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// Who cut, rotated or deleted a key knows that it is over, and so does who made a
// short one; who cannot come in is told nothing.
func TestKeys_end_untold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *town, who *opstest.Person)
		want   []notice.Kind
	}{
		"nothing":      {func(*town, *opstest.Person) {}, []notice.Kind{notice.KeyEnding, notice.KeyExpired}},
		"rotated":      {func(w *town, who *opstest.Person) { w.rotate(who) }, nil},
		"cut":          {func(w *town, who *opstest.Person) { w.cut(who) }, nil},
		"rotated, cut": {func(w *town, who *opstest.Person) { w.rotate(who); w.cut(who) }, nil},
		"short": {func(w *town, who *opstest.Person) {
			w.Exec(`UPDATE api_keys SET created_at = expires_at - 14 * 86400000`)
		}, []notice.Kind{notice.KeyExpired}},
		"deactivated": {func(w *town, who *opstest.Person) {
			w.Exec(`UPDATE users SET state = 'deactivated' WHERE id = $1`, string(who.ID))
		}, nil},
		"not activated": {func(w *town, who *opstest.Person) {
			w.Exec(`UPDATE users SET state = 'invited' WHERE id = $1`, string(who.ID))
		}, nil},
		"suspended": {func(w *town, who *opstest.Person) {
			w.Exec(`UPDATE accounts SET state = 'suspended' WHERE id = $1`, string(who.Account))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{Role: "Tech"})
			w.endsIn(who, 10)
			c.change(w, who)
			w.remind()
			w.Clock.Advance(12 * day)
			w.remind()
			var got []notice.Kind
			for _, n := range w.notices(who) {
				if n.By == notice.Machine {
					got = append(got, n.Kind)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func (w *town) onlyKey(who *opstest.Person) (k id.Key) {
	w.T.Helper()
	for _, one := range opstest.Must(w.Place, who.Caller(), w.Ops.Keys.List, ops.KeyList{}).Entities {
		if one.State != apikey.Active {
			k = one.ID
		}
	}
	return k
}

func (w *town) rotate(who *opstest.Person) {
	w.T.Helper()
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Rotate, ops.RotateKeyInput{ID: w.onlyKey(who)})
}

func (w *town) cut(who *opstest.Person) {
	w.T.Helper()
	opstest.Must(w.Place, who.Caller(), w.Ops.Keys.Cut, ops.KeyID{ID: w.onlyKey(who)})
}

// When nothing ran for a while, nothing is lost: what ended meanwhile is told as
// ended, for as long as it is of use.
func TestKeys_end_late(t *testing.T) {
	w := newTown(t)
	first, second, third := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
	w.endsIn(first, 5)
	w.endsIn(second, 25)
	w.endsIn(third, 35)
	w.Clock.Advance(30 * day)
	w.remind()
	for who, want := range map[*opstest.Person][]string{first: {}, second: {"key_expired by machine"}, third: {"key_ending by machine"}} {
		if diff := cmp.Diff(want, w.heard(who)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who.Name, diff)
		}
	}
}

// Many keys that end on one day are told of one by one, each once, by however many
// processes.
func TestKeys_end_many(t *testing.T) {
	w := newTown(t)
	var all []*opstest.Person
	for range 12 {
		who := w.somebody(w.otter, opstest.Member{Role: "Tech"})
		w.endsIn(who, 3)
		all = append(all, who)
	}
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() { w.remind() })
	}
	running.Wait()
	for _, who := range all {
		if diff := cmp.Diff([]string{"key_ending by machine"}, w.heard(who)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who.Name, diff)
		}
	}
	if n := w.remind(); n != 0 {
		t.Errorf("%d were told again", n)
	}
}

// Of the keys of a service user hears who answers for it, with its name; and the
// mail has a text of its own.
func TestKeys_end_service(t *testing.T) {
	w := newTown(t)
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	owner := w.somebody(w.otter, opstest.Member{Role: "Support"})
	program := w.service(w.otter, owner)
	w.Exec(`UPDATE users SET name = 'Job {link} <b>' WHERE id = $1`, string(program.ID))
	w.Exec(`UPDATE users SET language = 'de' WHERE id = $1`, string(owner.ID))
	it := &opstest.Person{}
	w.Read(func(tx store.ReadTx) error {
		u, err := tx.User(access.Within(w.otter.ID), program.ID)
		it.User, it.Ref, it.Name = u.User, u.Ref(), "it"
		return err
	})
	w.endsIn(it, 3)
	if n := w.remind(); n != 1 {
		t.Fatalf("%d were told", n)
	}
	if diff := cmp.Diff([]string{"key_ending by machine"}, w.heard(owner)); diff != "" {
		t.Errorf("the owner (-want +got):\n%s", diff)
	}
	if n := w.Count(`SELECT COUNT(*) FROM notices WHERE user_id = $1`, string(program.ID)); n != 0 {
		t.Error("a program is told")
	}
	if n := w.round(); n != 1 {
		t.Fatalf("%d messages went out", n)
	}
	if m := w.messages(w.otter)[0]; m.Kind != delivery.KeyEnd || m.User != owner.ID {
		t.Errorf("the mail is %+v", m)
	}
	text := textOf(t, box.Wait(1)[0])
	for _, want := range []string{"„Key of it“ des Dienstbenutzers Job {link} ", "bis zum Ende des Tages 2026-03-17 (UTC)", "erneuern Sie ihn unter API-Schlüssel"} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "<b>") && !strings.Contains(text, "&lt;b&gt;") {
		t.Errorf("a name is markup:\n%s", text)
	}
}

// An operator can write the mail anew, and sees how it reads.
func TestKeys_end_template(t *testing.T) {
	w := newTown(t)
	operator := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	for _, language := range delivery.Languages() {
		in := ops.TemplateInput{Kind: delivery.KeyEnd, Language: language, Subject: "{key}: {day}", Text: "{what}\n\n{advice}"}
		seen := opstest.Must(w.Place, operator.Caller(), w.Ops.Templates.Preview, in)
		if seen.Subject != "Billing: 2026-03-28" || !strings.Contains(seen.Text, "Billing") || strings.ContainsAny(seen.Subject+seen.Text, "{}") {
			t.Errorf("%s reads %+v", language, seen)
		}
	}
}
