package ops_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

var itoa = strconv.Itoa

// linkIn is the token of the link that a mail holds.
func linkIn(t *testing.T, m deliverytest.Mail) secret.Text {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`https://gate\.example/#/activate\?t=([A-Za-z0-9_-]{43})`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("there is no link in %s", text)
	}
	return secret.New(string(found[1]))
}

// With mail, nobody but the person gets to see the link: it is not in the
// answer, nor in the log; what is sent leaves nothing of it behind.
func TestUsers_Add_mailed(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w := newTown(t)
	w.connect(box)
	added := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	a := added.Activation
	if a.Delivery != ops.Mailed || a.MailTo != "noor@otter.example" || !a.Link.IsZero() || !a.Code.IsZero() {
		t.Errorf("got %+v", a)
	}
	if r := w.LastRecord(); r.Detail["delivery"] != string(ops.Mailed) {
		t.Errorf("the log says %v", r.Detail)
	}
	w.round()
	m := box.Wait(1)[0]
	if m.To != "noor@otter.example" || !m.Encrypted || !strings.Contains(m.Header.Get("Subject"), "Zugang") {
		t.Errorf("came: %s, %v", m.To, m.Header)
	}
	got := w.messages(w.otter)[0]
	if got.State != store.MessageSent || !got.NextAt.IsZero() || got.EndedAt.IsZero() || w.Count(`SELECT COUNT(*) FROM outbox WHERE content <> '' OR lease <> ''`) != 0 {
		t.Errorf("afterwards: %+v", got)
	}
	if diff := cmp.Diff([]string{"message.taken done by system courier", "message.sent done by system courier"}, w.Since(len(w.Records())-2)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	done := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Activation.Complete, ops.CompleteInput{Secret: linkIn(t, m), Password: secret.New(opstest.Password)})
	if done.Login != "noor" {
		t.Errorf("the link is for %s", done.Login)
	}

	over := w.newcomer("otto")
	over.HandOver = true
	if a := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, over).Activation; a.Delivery != ops.HandOver || a.Link.IsZero() || a.Code.IsZero() {
		t.Errorf("to hand over: %+v", a)
	}
	if w.round() != 0 {
		t.Error("what is handed over was mailed too")
	}
}

// Without mail, or without an address for links, everything is handed over.
func TestUsers_Add_noMail(t *testing.T) {
	w := newTown(t)
	if a := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor")).Activation; a.Delivery != ops.HandOver || a.Link.IsZero() {
		t.Errorf("without mail: %+v", a)
	}
	p := opstest.New(t, opstest.Options{BaseURL: "-"})
	w = &town{Place: p}
	w.harbour = w.Found("harbour", "required")
	w.otter = w.Found("otter", "required")
	w.mailTo(1)
	if a := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor")).Activation; a.Delivery != ops.HandOver || a.Code.IsZero() {
		t.Errorf("without an address: %+v", a)
	}
}

// A newer link makes the older mail pointless, and so does whatever makes the
// link dead.
func TestOutbox_deadLinks(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(w *town, u ops.User)
		left int
	}{
		"re-issued": {func(w *town, u ops.User) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: u.ID})
		}, 1},
		"handed over": {func(w *town, u ops.User) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reissue, ops.ReissueInput{ID: u.ID, HandOver: true})
		}, 0},
		"other mailbox": {func(w *town, u ops.User) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Update, ops.UpdateUserInput{ID: u.ID, Email: new("new@otter.example")})
		}, 0},
		"deleted": {func(w *town, u ops.User) {
			opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Delete, ops.UserID{ID: u.ID})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.mailTo(1)
			u := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor")).User
			c.act(w, u)
			all := w.messages(w.otter)
			if first := all[len(all)-1]; first.State != store.MessageCancelled {
				t.Errorf("the first mail is %s", first.State)
			}
			if n := w.Count(`SELECT COUNT(*) FROM outbox WHERE next_at IS NOT NULL AND content <> ''`); n != c.left {
				t.Errorf("%d mails wait, want %d", n, c.left)
			}
		})
	}
}

// What fails is tried again, later and later, until its link is dead; then what
// it said is gone.
func TestOutbox_retries(t *testing.T) {
	w := newTown(t)
	w.mailTo(1) // nobody listens there
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	begun := w.Clock.Now()
	var waits []string
	for w.Clock.Now().Sub(begun) < 25*time.Hour {
		if w.round() != 1 {
			t.Fatalf("nothing was due after %v", w.Clock.Now().Sub(begun))
		}
		m := w.messages(w.otter)[0]
		if m.Cause != delivery.Unreachable {
			t.Errorf("because of %s", m.Cause)
		}
		if m.State != store.MessageFailed {
			break
		}
		wait := m.NextAt.Sub(w.Clock.Now())
		waits = append(waits, wait.String())
		w.Clock.Advance(wait - time.Millisecond)
		if n := w.round(); n != 0 {
			t.Fatalf("%d taken too early", n)
		}
		w.Clock.Advance(time.Millisecond)
	}
	if diff := cmp.Diff([]string{"1m0s", "2m0s", "4m0s", "8m0s", "16m0s", "32m0s", "1h0m0s", "1h0m0s"}, waits[:8]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m := w.messages(w.otter)[0]
	if m.State != store.MessageGivenUp || w.Count(`SELECT COUNT(*) FROM outbox WHERE content <> ''`) != 0 || w.Clock.Now().After(m.ExpiresAt) {
		t.Errorf("in the end: %+v", m)
	}
	if r := w.LastRecord(); r.Event != "message.given_up" || r.Account != w.otter.ID {
		t.Errorf("the log says %+v", r)
	}
}

// A process that was off for long does not send dead links.
func TestOutbox_expired(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true})
	w := newTown(t)
	w.mailTo(box.Port)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	w.Clock.Advance(24 * time.Hour)
	w.round()
	if m := w.messages(w.otter)[0]; m.State != store.MessageGivenUp || m.Cause != delivery.Expired || len(box.Mails()) != 0 {
		t.Errorf("got %+v, and %d mails", m, len(box.Mails()))
	}
}

// A server's "never" is taken at its word, and shown.
func TestOutbox_refusedForGood(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true, OnRcpt: func() error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "no such user"}
	}})
	w := newTown(t)
	w.mailTo(box.Port)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	w.round()
	list := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Outbox.List, ops.OutboxList{State: "given_up"})
	if len(list.Entities) != 1 {
		t.Fatalf("%d messages", len(list.Entities))
	}
	m := list.Entities[0]
	if m.Cause != delivery.RecipientRefused || m.Said != "550 no such user" || m.NextTryAt != nil || m.Attempts != 1 {
		t.Errorf("got %+v", m)
	}
	opstest.Refused(w.Place, opstest.Console("otter"), w.Ops.Outbox.Retry, ops.MessageID{ID: m.ID}, problem.Conflict)
	opstest.Refused(w.Place, opstest.Console("otter"), w.Ops.Outbox.Cancel, ops.MessageID{ID: m.ID}, problem.Conflict)
}

func TestOutbox_RetryCancel(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	otter := opstest.Console("otter")
	opstest.Must(w.Place, otter, w.Ops.Users.Add, w.newcomer("noor"))
	m := ops.MessageID{ID: w.messages(w.otter)[0].ID}
	opstest.Refused(w.Place, otter, w.Ops.Outbox.Retry, m, problem.Conflict) // it waits already
	w.round()
	if got := opstest.Must(w.Place, otter, w.Ops.Outbox.Retry, m); got.State != store.MessageWaiting || !got.NextTryAt.Equal(w.Clock.Now()) {
		t.Errorf("tried again: %+v", got)
	}
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true})
	w.mailTo(box.Port)
	w.round()
	opstest.Refused(w.Place, otter, w.Ops.Outbox.Retry, m, problem.Conflict) // it was sent
	opstest.Must(w.Place, otter, w.Ops.Users.Add, w.newcomer("otto"))
	m.ID = w.messages(w.otter)[0].ID
	if got := opstest.Must(w.Place, otter, w.Ops.Outbox.Cancel, m); got.State != store.MessageCancelled || got.NextTryAt != nil {
		t.Errorf("cancelled: %+v", got)
	}
	if w.round() != 0 || w.Count(`SELECT COUNT(*) FROM outbox WHERE content <> ''`) != 0 {
		t.Error("what was cancelled is still there")
	}
	opstest.Must(w.Place, otter, w.Ops.Users.Add, w.newcomer("olga"))
	opstest.Must(w.Place, ops.CourierCaller(), w.Ops.TakeOp(), ops.None{})
	m.ID = w.messages(w.otter)[0].ID
	opstest.Refused(w.Place, otter, w.Ops.Outbox.Cancel, m, problem.Conflict) // it is on its way
}

// Of an account's messages, only those who look after it see anything, and
// nobody sees what they say.
func TestOutbox_List(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	for _, login := range []string{"noor", "otto", "olga"} {
		opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer(login))
	}
	page := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Outbox.List, ops.OutboxList{Paging: ops.Paging{Limit: new(2)}})
	rest := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Outbox.List, ops.OutboxList{Paging: ops.Paging{Limit: new(2), Cursor: page.Pagination.NextCursor}})
	var to []string
	for _, m := range append(page.Entities, rest.Entities...) {
		to = append(to, m.To)
	}
	if diff := cmp.Diff([]string{"olga@otter.example", "otto@otter.example", "noor@otter.example"}, to); diff != "" || page.Pagination.Total != 3 || rest.Pagination.NextCursor != "" {
		t.Errorf("%+v (-want +got):\n%s", page.Pagination, diff)
	}
	for _, where := range []string{"heron", ""} {
		if got := opstest.Must(w.Place, opstest.Console("heron"), w.Ops.Outbox.List, ops.OutboxList{}); len(got.Entities) != 0 || got.Pagination.Total != 0 {
			t.Errorf("in %q: %+v", where, got)
		}
	}
	if d := opstest.Must(w.Place, opstest.Console(""), w.Ops.Delivery.Show, ops.None{}); d.Unsent.Waiting != 3 {
		t.Errorf("the operator sees %+v", d.Unsent)
	}
	opstest.Refused(w.Place, opstest.Console("otter"), w.Ops.Outbox.List, ops.OutboxList{State: "lost"}, problem.InvalidRequest)
	if got := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Outbox.List, ops.OutboxList{State: "ne:waiting"}); len(got.Entities) != 0 {
		t.Errorf("not waiting: %+v", got.Entities)
	}
	opstest.Refused(w.Place, opstest.Console("otter"), w.Ops.Outbox.List, ops.OutboxList{Paging: ops.Paging{Cursor: "x"}}, problem.InvalidRequest)
}

// Several processes on one database never send the same message.
func TestCourier_several(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true})
	w := newTown(t)
	w.mailTo(box.Port)
	const n = 30
	for i := range n {
		opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("n"+itoa(i)+"x"))
	}
	other := opstest.New(t, opstest.Options{Dir: w.Dir})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 4)
	for i := range 4 {
		p := w.Place
		if i%2 == 1 {
			p = other
		}
		go func() {
			p.Ops.Courier(p.Engine, slog.New(slog.DiscardHandler)).Run(ctx)
			ended <- struct{}{}
		}()
	}
	box.Wait(n)
	stop()
	for range 4 {
		<-ended
	}
	ids := map[string]int{}
	for _, m := range box.Mails() {
		ids[m.MessageID()]++
	}
	if len(ids) != n || len(box.Mails()) != n {
		t.Errorf("%d messages came in %d mails, want %d", len(ids), len(box.Mails()), n)
	}
	if left := w.Count(`SELECT COUNT(*) FROM outbox WHERE state <> 'sent'`); left != 0 {
		t.Errorf("%d are not noted as sent", left)
	}
}

// What is queued goes out at once, without anybody looking at a clock.
func TestCourier_wakes(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w := newTown(t)
	w.connect(box)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		w.Ops.Courier(w.Engine, slog.New(slog.DiscardHandler)).Run(ctx)
		close(ended)
	}()
	for i := range 3 {
		opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("n"+itoa(i)+"x"))
		box.Wait(i + 1)
	}
	stop()
	<-ended
}

// A message that was cancelled while it was being sent stays cancelled, and one
// whose lease ended is somebody else's.
func TestCourier_lateNews(t *testing.T) {
	w := newTown(t)
	settled := w.taken(w.otter)
	w.Exec(`UPDATE outbox SET state = 'cancelled', next_at = NULL, content = '', lease = ''`)
	opstest.Refused(w.Place, ops.CourierCaller(), w.Ops.SettleOp(), settled, problem.NotFound)
	if m := w.messages(w.otter)[0]; m.State != store.MessageCancelled {
		t.Errorf("it is %s", m.State)
	}
	settled = w.taken(w.otter)
	w.Clock.Advance(3 * time.Minute)
	again := opstest.Must(w.Place, ops.CourierCaller(), w.Ops.TakeOp(), ops.None{})
	opstest.Refused(w.Place, ops.CourierCaller(), w.Ops.SettleOp(), settled, problem.NotFound)
	opstest.Must(w.Place, ops.CourierCaller(), w.Ops.SettleOp(), again.Sent())
}

func TestOutbox_SMS(t *testing.T) {
	var got []string
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, string(body))
	}))
	t.Cleanup(gateway.Close)
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	u := who.User
	u.Mobile = "+32470123456"
	queue := func() (queued bool) {
		w.Write(func(tx store.WriteTx) (err error) {
			queued, err = w.Ops.QueueSMS(tx, u, who.Ref, delivery.LoginBySMS, tx.Now().Add(time.Hour))
			return err
		})
		return queued
	}
	if queue() {
		t.Error("an SMS was queued without a gateway")
	}
	w.textTo(gateway.URL)
	if !queue() || w.round() != 1 {
		t.Fatal("no SMS was queued")
	}
	want := `{"to":"+32470123456","text":"Otter Domains: your login is ` + string(u.Login) + `. The link to choose your password comes by mail."}`
	if diff := cmp.Diff([]string{want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	u.Mobile = ""
	if queue() {
		t.Error("an SMS was queued to nobody")
	}
}

// The support contact of the settings stands in what people get.
func TestOutbox_support(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true})
	w := newTown(t)
	w.mailTo(box.Port)
	w.Write(func(tx store.WriteTx) error { return tx.PutSetting("support_email", "help@harbour.example") })
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	w.round()
	if raw := string(box.Wait(1)[0].Raw); !strings.Contains(raw, "help@harbour.example") {
		t.Errorf("nobody to ask in %s", raw)
	}
}

// The token of a link and the password of the server are in no file and no log
// in clear: while a message waits, when it failed and what it said was repeated
// by the server, and when it was sent.
func TestOutbox_leavesNoTrace(t *testing.T) {
	var log bytes.Buffer
	fail := true
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword, OnData: func(m deliverytest.Mail, _ *smtp.Conn) error {
		if fail {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.NoEnhancedCode, Message: "not now: " + strings.Join(strings.Fields(string(m.Raw)), " ")[:400] + " " + linkIn(t, m).Reveal()}
		}
		return nil
	}})
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := &town{Place: opstest.New(t, opstest.Options{Log: logger})}
	w.harbour, w.otter = w.Found("harbour", "required"), w.Found("otter", "required")
	w.connect(box)
	courier := w.Ops.Courier(w.Engine, logger)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	var files [][]byte
	look := func() {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(w.Path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, b)
		}
	}
	look()
	if _, err := courier.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	look()
	failed := w.messages(w.otter)[0]
	fail = false
	w.Clock.Advance(time.Minute)
	if _, err := courier.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	look()
	token := linkIn(t, box.Wait(1)[0]).Reveal()
	files = append(files, log.Bytes(), []byte(failed.Said))
	for _, r := range w.Records() {
		leaf, err := r.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, leaf)
	}
	for n, b := range files {
		for what, canary := range map[string]string{"token": token, "password": mailPassword} {
			if bytes.Contains(b, []byte(canary)) {
				t.Errorf("the %s is in file %d", what, n)
			}
		}
	}
	if !bytes.Contains(files[1], []byte("noor@otter.example")) || !strings.Contains(failed.Said, "451 not now") {
		t.Errorf("the search finds nothing at all; the server said %q", failed.Said)
	}
}
