package store_test

import (
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/store"
)

// Messages stay in their account: whoever names one of another reaches nothing.
func TestScope_Outbox(t *testing.T) {
	db, _ := open(t)
	here, there := newHouse(t, db, "here", "Anna"), newHouse(t, db, "there", "Bo")
	q := store.Queued{ID: id.NewMessage(), Kind: delivery.Activation, Channel: delivery.Mail, Recipient: "anna@here.example", ExpiresAt: noon.Add(time.Hour)}
	write(t, db, func(tx store.WriteTx) error {
		return tx.QueueMessage(here.scope(), store.RefTo(here.users[0].ID), q, "sealed")
	})
	for name, s := range map[string]access.Scope{"another account": there.scope(), "no account": {}} {
		_, err := tryAsk(t, db, func(tx store.ReadTx) (store.Queued, error) { return tx.Message(s, q.ID) })
		wantErr(t, name+": Message", err, store.ErrNotFound)
		if p := ask(t, db, func(tx store.ReadTx) (store.Rows[store.Queued], error) {
			return tx.Messages(s, store.MessageFilter{Span: store.Span{Limit: 10}})
		}); len(p.Rows) != 0 || p.Total.Count != 0 {
			t.Errorf("%s: %+v", name, p)
		}
		for what, act := range map[string]func(store.WriteTx) error{
			"CancelMessage": func(tx store.WriteTx) error { return tx.CancelMessage(s, q.ID) },
			"HurryMessage":  func(tx store.WriteTx) error { return tx.HurryMessage(s, q.ID) },
			"SettleMessage": func(tx store.WriteTx) error {
				return tx.SettleMessage(s, q.ID, "", store.Sending{State: store.MessageSent})
			},
		} {
			wantErr(t, name+": "+what, db.Write(t.Context(), act), store.ErrNotFound)
		}
	}
	// A link of somebody else's makes no message pointless.
	write(t, db, func(tx store.WriteTx) error { return tx.CancelLinks(store.RefTo(there.users[0].ID)) })
	write(t, db, func(tx store.WriteTx) error { return tx.CancelLinks(store.UserRef{}) })
	if m := ask(t, db, func(tx store.ReadTx) (store.Queued, error) { return tx.Message(here.scope(), q.ID) }); m.State != store.MessageWaiting || m.User != here.users[0].ID {
		t.Errorf("got %+v", m)
	}
}

// What was over long ago goes away; what waits stays, however old.
func TestDeleteEndedMessages(t *testing.T) {
	db, _ := open(t)
	h := newHouse(t, db, "here", "Anna")
	queue := func() id.Message {
		q := store.Queued{ID: id.NewMessage(), Kind: delivery.Notice, Channel: delivery.Mail, Recipient: "a@b.example", ExpiresAt: noon.Add(time.Hour)}
		write(t, db, func(tx store.WriteTx) error { return tx.QueueMessage(h.scope(), store.UserRef{}, q, "sealed") })
		return q.ID
	}
	over, waits := queue(), queue()
	write(t, db, func(tx store.WriteTx) error { return tx.CancelMessage(h.scope(), over) })
	write(t, db, func(tx store.WriteTx) error { return tx.DeleteEndedMessages(tx.Now().Add(time.Second)) })
	_, err := tryAsk(t, db, func(tx store.ReadTx) (store.Queued, error) { return tx.Message(h.scope(), over) })
	wantErr(t, "what was over", err, store.ErrNotFound)
	ask(t, db, func(tx store.ReadTx) (store.Queued, error) { return tx.Message(h.scope(), waits) })
}
