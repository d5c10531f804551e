package ops

import (
	"maps"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/notice"
	"gatehouse/internal/op"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// QueueSMS queues an SMS as operations do.
func (o *Operations) QueueSMS(tx store.WriteTx, u user.User, ref store.UserRef, k delivery.Kind, expires time.Time, hidden ...secret.Text) (bool, error) {
	to := byMail(u, ref)
	to.address = string(u.Mobile)
	return o.queueSMS(tx, to, k, nil, expires, hidden...)
}

// QueueMail queues a mail to an address of an account.
func (o *Operations) QueueMail(tx store.WriteTx, scope access.Scope, address, name string, k delivery.Kind, v delivery.Values, expires time.Time) (bool, error) {
	return o.queueMail(tx, recipient{scope: scope, address: address, name: name, language: "en"}, k, v, expires)
}

// SealKey makes what is kept of a security key.
var SealKey = sealKey

// TakeOp is what the courier takes messages with.
func (o *Operations) TakeOp() *op.Op[None, Taken] { return o.Outbox.take }

// IDs of what was taken.
func (t Taken) IDs() (all []id.Message) {
	for _, l := range t.leases {
		all = append(all, l.ID)
	}
	return all
}

// Sent says that everything that was taken was sent; for the matrix.
func (t Taken) Sent() Settled {
	return Settled{t.leases[0], store.Sending{State: store.MessageSent}}
}

// CourierCaller is the courier.
var CourierCaller = courierCaller

// SettleOp is what the courier notes the outcome with.
func (o *Operations) SettleOp() *op.Op[Settled, None] { return o.Outbox.settle }

// TellingsOf an event, by kind; and why nobody is told of it, when nobody is.
func TellingsOf(event string) (kinds []notice.Kind, reason string) {
	for _, t := range tellings()[event] {
		kinds = append(kinds, t.kind)
	}
	return kinds, untold()[event]
}

// ToldEvents are the events that tell somebody something or are said not to.
func ToldEvents() (all []string) {
	return slices.Concat(slices.Collect(maps.Keys(tellings())), slices.Collect(maps.Keys(untold())))
}
