package ops_test

import (
	"encoding/json"
	"log/slog"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// mailTo has mail sent to a port of this machine, without encryption.
func (w *town) mailTo(port int) {
	w.T.Helper()
	text, err := json.Marshal(map[string]any{"host": "127.0.0.1", "port": port, "security": "none", "from": "gate@harbour.example"})
	if err != nil {
		w.T.Fatal(err)
	}
	w.Write(func(tx store.WriteTx) error { return tx.PutSetting("mail", string(text)) })
}

// textTo has SMS sent to an address of this machine.
func (w *town) textTo(url string) {
	w.T.Helper()
	text, err := json.Marshal(map[string]any{"url": url, "method": "POST", "bodyType": "json", "body": `{"to":"{to}","text":"{text}"}`})
	if err != nil {
		w.T.Fatal(err)
	}
	w.Write(func(tx store.WriteTx) error { return tx.PutSetting("sms", string(text)) })
}

// connect sets up mail as an operator does.
func (w *town) connect(b *deliverytest.Mailbox) {
	w.T.Helper()
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Delivery.UpdateMail, ops.UpdateMailInput{
		Host: &b.Host, Port: &b.Port, Security: new(delivery.StartTLS), Username: new("gate"), Password: secret.New(mailPassword),
		From: new("gate@harbour.example"), FromName: new("Harbour Gate"), CAFile: &b.CAFile,
	})
}

const mailPassword = "canary mail password"

// waiting is a message of an account that waits.
func (w *town) waiting(a account.Account) id.Message {
	w.T.Helper()
	w.Exec(`DELETE FROM outbox WHERE next_at IS NOT NULL`)
	w.mailTo(1)
	w.Write(func(tx store.WriteTx) error {
		_, err := w.Ops.QueueMail(tx, access.Within(a.ID), "office@"+string(a.Handle)+".example", "Office", delivery.Test, nil, w.Clock.Now().Add(time.Hour))
		return err
	})
	var found id.Message
	w.Read(func(tx store.ReadTx) error {
		p, err := tx.Messages(access.Within(a.ID), store.MessageFilter{Span: store.Span{Limit: 1}})
		found = p.Rows[0].ID
		return err
	})
	return found
}

// taken is a message that the courier took.
func (w *town) taken(a account.Account) ops.Settled {
	w.T.Helper()
	w.waiting(a)
	return opstest.Must(w.Place, ops.CourierCaller(), w.Ops.TakeOp(), ops.None{}).Sent()
}

// round has the courier of this place go out once.
func (w *town) round() int {
	w.T.Helper()
	n, err := w.Ops.Courier(w.Engine, slog.New(slog.DiscardHandler)).Round(w.T.Context())
	if err != nil {
		w.T.Fatal(err)
	}
	return n
}

// messages of an account, newest first.
func (w *town) messages(a account.Account) []store.Queued {
	w.T.Helper()
	var found []store.Queued
	w.Read(func(tx store.ReadTx) error {
		p, err := tx.Messages(access.Within(a.ID), store.MessageFilter{Span: store.Span{Limit: 200}})
		found = p.Rows
		return err
	})
	return found
}

// newcomer is a colleague to add at the otter.
func (w *town) newcomer(login string) ops.AddUserInput {
	w.T.Helper()
	return ops.AddUserInput{Login: login, Name: "Noor Nieuw", Email: login + "@otter.example", Language: "de", Roles: []id.Role{w.Role(w.otter, "Support")}}
}
