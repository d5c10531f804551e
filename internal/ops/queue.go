package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
	"gatehouse/internal/vault"
)

// recipient of a message: a user, or an address of an account.
type recipient struct {
	scope    access.Scope // whose outbox it waits in
	about    store.UserRef
	name     string
	login    user.Login
	address  string // or number
	language user.Language
}

// byMail is a user at their address.
func byMail(u user.User, ref store.UserRef) recipient {
	return recipient{access.Within(u.Account), ref, u.Name, u.Login, string(u.Email), u.Language}
}

// letter is the sealed content of a message in the outbox.
type letter struct {
	MessageID string    `json:"messageId"`
	Name      string    `json:"name"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Hidden    []string  `json:"hidden"`
	Date      time.Time `json:"date"`
}

func letterPlace(m id.Message) vault.Place {
	return vault.Place{Table: "outbox", Column: "content", Row: string(m)}
}

// stamp is a time as messages say it, to people anywhere.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// messageID is fixed when a message is made, so that one which may have gone
// out twice is the same message twice.
func messageID(m id.Message, from string) string {
	_, domain, _ := strings.Cut(from, "@")
	return string(m) + "@" + domain
}

// write fills the text of a message. What every message may name is filled in
// by itself: who it is to, the organisation, whom to ask.
func (o *Operations) write(tx store.ReadTx, to recipient, k delivery.Kind, v delivery.Values) (m delivery.Message, err error) {
	t, err := template(tx, k, string(to.language))
	if err != nil {
		return m, err
	}
	a, err := tx.Account(to.scope)
	if err != nil {
		return m, fmt.Errorf("find account of message: %w", err)
	}
	all := delivery.Values{"name": to.name, "login": string(to.login), "organisation": a.Name}
	if all["support"], err = supportLine(tx); err != nil {
		return m, err
	}
	for name, value := range v {
		all[name] = value
	}
	form, _ := delivery.FormOf(k)
	m = delivery.Message{Channel: form.Channel, To: to.address, Name: to.name, Date: tx.Now()}
	m.Subject, m.Text = t.Write(all)
	return m, nil
}

// supportLine is whom to ask, in one line; empty when nobody is named.
func supportLine(tx store.ReadTx) (string, error) {
	var parts []string
	for _, name := range []string{"support_email", "support_phone", "support_hours"} {
		text, err := tx.Setting(name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", fmt.Errorf("find support contact: %w", err)
		}
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", "), nil
}

// queueMail has a mail sent once the transaction has committed, until it
// expires; false when mail is not set up. What is hidden is seen by the
// recipient alone, whatever servers repeat. The operation that calls it asks
// for o.wakeCourier afterwards.
func (o *Operations) queueMail(tx store.WriteTx, to recipient, k delivery.Kind, v delivery.Values, expires time.Time, hidden ...secret.Text) (bool, error) {
	server, err := o.mailServer(tx.ReadTx)
	if err != nil || server == nil || to.address == "" {
		return false, err
	}
	return true, o.queue(tx, to, k, v, expires, server.From, hidden)
}

// queueSMS is queueMail for an SMS.
func (o *Operations) queueSMS(tx store.WriteTx, to recipient, k delivery.Kind, v delivery.Values, expires time.Time, hidden ...secret.Text) (bool, error) {
	gateway, err := o.smsGateway(tx.ReadTx)
	if err != nil || gateway == nil || to.address == "" {
		return false, err
	}
	return true, o.queue(tx, to, k, v, expires, "", hidden)
}

func (o *Operations) queue(tx store.WriteTx, to recipient, k delivery.Kind, v delivery.Values, expires time.Time, from string, hidden []secret.Text) error {
	m, err := o.write(tx.ReadTx, to, k, v)
	if err != nil {
		return err
	}
	q := store.Queued{ID: id.NewMessage(), Kind: k, Channel: m.Channel, Recipient: to.address, ExpiresAt: expires}
	l := letter{MessageID: string(q.ID), Name: m.Name, Subject: m.Subject, Text: m.Text, Date: tx.Now()}
	if m.Channel == delivery.Mail {
		l.MessageID = messageID(q.ID, from)
	}
	for _, h := range hidden {
		l.Hidden = append(l.Hidden, h.Reveal())
	}
	plain, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if err := tx.QueueMessage(to.scope, to.about, q, o.deps.Vault.Seal(letterPlace(q.ID), plain)); err != nil {
		return fmt.Errorf("queue message: %w", err)
	}
	return nil
}

// unseal reads a message that was taken from the outbox.
func (o *Operations) unseal(l store.Lease) (m delivery.Message, err error) {
	plain, err := o.deps.Vault.Open(letterPlace(l.ID), l.Content)
	if err != nil {
		return m, err
	}
	var read letter
	if err := json.Unmarshal(plain, &read); err != nil {
		return m, fmt.Errorf("decode message: %w", err)
	}
	m = delivery.Message{
		Channel: l.Channel, ID: read.MessageID, To: l.Recipient, Name: read.Name, Subject: read.Subject, Text: read.Text, Date: read.Date,
	}
	for _, h := range read.Hidden {
		m.Hidden = append(m.Hidden, secret.New(h))
	}
	return m, nil
}
