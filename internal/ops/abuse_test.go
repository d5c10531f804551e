package ops_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/delivery"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// The secret of a gateway stands where it was given for, and nowhere else: who
// could move it into the text would read it on a phone.
func TestDelivery_UpdateSMS_secretStays(t *testing.T) {
	w := newTown(t)
	root := opstest.Console("")
	opstest.Must(w.Place, root, w.Ops.Delivery.UpdateSMS, ops.UpdateSMSInput{
		URL: new("https://sms.example.com/send"), Method: new("POST"), BodyType: new(delivery.JSONBody), Headers: []string{"X-Api-Key: {secret}"},
		Body: new(`{"to":"{to}","text":"{text}"}`), Secret: secret.New("canary sms secret"),
	})
	for name, in := range map[string]ops.UpdateSMSInput{
		"into the text":  {Body: new(`{"to":"{to}","text":"{text} {secret}"}`)},
		"another header": {Headers: []string{"X-Note: {secret}"}},
		"another path":   {URL: new("https://sms.example.com/echo")},
		"into the query": {URL: new("https://sms.example.com/send?k={secret}")},
	} {
		_, err := opstest.Do(w.Place, root, w.Ops.Delivery.UpdateSMS, in)
		if diff := cmp.Diff([]string{"secret:required"}, opstest.Violations(err)); diff != "" {
			t.Errorf("%s, without the secret (-want +got):\n%s", name, diff)
		}
	}
	opstest.Must(w.Place, root, w.Ops.Delivery.UpdateSMS, ops.UpdateSMSInput{Expect: new(202)})
}

// A file of authorities is small and holds certificates; of anything else
// nothing is told, not even that it is there.
func TestDelivery_UpdateMail_caFile(t *testing.T) {
	w := newTown(t)
	big := filepath.Join(t.TempDir(), "big.pem")
	if err := os.WriteFile(big, bytes.Repeat([]byte("x"), 300<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, file := range []string{big, "/proc/self/pagemap", "/dev/zero", "/etc/passwd", "/etc/nothing-here", t.TempDir(), "ca.pem"} {
		in := mailInput()
		in.CAFile = &file
		_, err := opstest.Do(w.Place, opstest.Console(""), w.Ops.Delivery.UpdateMail, in)
		if diff := cmp.Diff([]string{"caFile:unknown"}, opstest.Violations(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		said[problem.Of(err).Violations[0].Message] = true
	}
	if len(said) != 1 {
		t.Errorf("the answers differ: %v", said)
	}
}

// Nobody keeps back what tells people about their sign-in; and what servers say
// is the operator's to read.
func TestOutbox_notices(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	boss := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
	opstest.Must(w.Place, boss, w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Email: new("mine@evil.example")})
	all := opstest.Must(w.Place, boss, w.Ops.Outbox.List, ops.OutboxList{Kind: "notice"}).Entities
	if len(all) != 2 {
		t.Fatalf("%d notices wait", len(all))
	}
	for _, m := range all {
		opstest.Refused(w.Place, boss, w.Ops.Outbox.Cancel, ops.MessageID{ID: m.ID}, problem.Forbidden)
	}
	w.Exec(`UPDATE outbox SET state = 'failed', channel = 'sms', said = 'internal.harbour.example says no', cause = 'refused'`)
	for _, m := range opstest.Must(w.Place, boss, w.Ops.Outbox.List, ops.OutboxList{}).Entities {
		if m.Said != "" || m.Cause != "refused" {
			t.Errorf("a customer reads %q, %q", m.Said, m.Cause)
		}
	}
}

// A mailbox moves a few times a day and no more: each time two addresses that
// anybody may have typed get a mail.
func TestProfile_Update_mailboxMoves(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	move := func(n int) error {
		_, err := opstest.Do(w.Place, who.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Email: new(fmt.Sprintf("n%d@stranger.example", n))})
		return err
	}
	for n := range 5 {
		code(t, move(n), "ok")
	}
	code(t, move(6), problem.TooManyAttempts)
	opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Name: new("Still Me")})
	w.Clock.Advance(25 * time.Hour)
	code(t, move(7), "ok")
}
