package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Message is a mail or SMS of the account's outbox. What it says is never
// shown: it may hold a link that is for one person alone.
type Message struct {
	ID        id.Message         `json:"id"`
	Kind      delivery.Kind      `json:"kind"`
	Channel   delivery.Channel   `json:"channel"`
	To        string             `json:"to"`
	User      id.User            `json:"user,omitempty"` // whom it is about
	State     store.MessageState `json:"state"`
	Attempts  int                `json:"attempts"`
	Cause     delivery.Cause     `json:"cause,omitempty"` // of the last failure
	Said      string             `json:"said,omitempty"`  // by the server, then; of SMS for operators
	QueuedAt  time.Time          `json:"queuedAt"`
	NextTryAt *time.Time         `json:"nextTryAt"` // null: none comes
	ExpiresAt time.Time          `json:"expiresAt"`
	EndedAt   *time.Time         `json:"endedAt"` // null: it is not over
}

func showMessage(a access.Actor, q store.Queued) Message {
	m := Message{
		ID: q.ID, Kind: q.Kind, Channel: q.Channel, To: q.Recipient, User: q.User, State: q.State, Attempts: q.Attempts,
		Cause: q.Cause, Said: q.Said, QueuedAt: q.QueuedAt, ExpiresAt: q.ExpiresAt, EndedAt: orNil(q.EndedAt),
	}
	if q.Channel == delivery.SMS && !a.Operator() { // it may repeat what the operator pays with; the cause is for everybody
		m.Said = ""
	}
	if q.State != store.MessageSending { // then it is when the lease ends
		m.NextTryAt = orNil(q.NextAt)
	}
	return m
}

// OutboxList asks for a page of messages, newest first.
type OutboxList struct {
	Paging
	State     listing.Filter     `json:"state,omitempty"` // waiting, sending, failed, sent, given_up, cancelled
	Kind      listing.Filter     `json:"kind,omitempty"`
	Channel   listing.Filter     `json:"channel,omitempty"` // mail, sms
	To        listing.Filter     `json:"to,omitempty"`
	User      listing.Filter     `json:"user,omitempty"` // an id
	Attempts  listing.Filter     `json:"attempts,omitempty"`
	QueuedAt  listing.Filter     `json:"queuedAt,omitempty"`
	ExpiresAt listing.Filter     `json:"expiresAt,omitempty"`
	EndedAt   listing.Filter     `json:"endedAt,omitempty"` // null: it is not over
	Order     store.MessageOrder `json:"order,omitempty"`   // -queuedAt or queuedAt
}

// Filters implements Filtered.
func (OutboxList) Filters() []listing.Field {
	return []listing.Field{
		words("state", store.MessageStates()), words("kind", messageKinds()), words("channel", []delivery.Channel{delivery.Mail, delivery.SMS}),
		lowered("to"), exactly("user"), numbers("attempts"), times("queuedAt"), times("expiresAt"), orNull(times("endedAt")),
	}
}

func messageKinds() []delivery.Kind {
	var all []delivery.Kind
	for _, f := range delivery.Forms() {
		all = append(all, f.Kind)
	}
	return all
}

// MessageID names a message.
type MessageID struct {
	ID id.Message `json:"id"`
}

// Taken is what the courier goes out with.
type Taken struct {
	leases  []store.Lease
	mail    *delivery.MailServer
	gateway *delivery.Gateway
}

// Due is when there is something to send.
type Due struct {
	At *time.Time `json:"at"` // null: nothing waits
}

// Settled is what became of a message that was taken.
type Settled struct {
	lease store.Lease
	end   store.Sending
}

type outboxOps struct {
	List   *op.Op[OutboxList, Page[Message]]
	Retry  *op.Op[MessageID, Message]
	Cancel *op.Op[MessageID, Message]

	next   *op.Op[None, Due]
	take   *op.Op[None, Taken]
	settle *op.Op[Settled, None]
}

// What people may see and do here is about their own account, for whoever
// looks after its settings; an operator sees of other accounts' messages only
// how many wait (delivery.show), since addresses of people are theirs.
func (o *Operations) addOutbox() {
	o.Outbox.List = op.Read(&o.table, op.Spec{
		Name: "outbox.list", Route: "GET /outbox",
		Summary: "Mail and SMS to people of the account: what waits, what was sent, what failed and why. Never what they say.",
	}, op.Holds(access.ManageSettings), listOutbox)
	o.Outbox.Retry = op.Write(&o.table, op.Spec{
		Name: "outbox.retry", Route: "POST /outbox/{id}/retry", Event: "message.retried",
		Summary: "Try a message that failed again now.",
	}, op.Holds(access.ManageSettings), o.retryMessage)
	o.Outbox.Cancel = op.Write(&o.table, op.Spec{
		Name: "outbox.cancel", Route: "POST /outbox/{id}/cancel", Event: "message.cancelled",
		Summary: "Do not send a message that waits.",
	}, op.Holds(access.ManageSettings), cancelMessage)
	o.Outbox.next = op.Read(&o.table, op.Spec{
		Name: "outbox.next", Route: op.NoRoute, Summary: "When there is something to send.", Background: true,
	}, op.Job(), func(r *op.Reading, _ None) (Due, error) {
		at, err := r.Tx.NextMessage()
		if errors.Is(err, store.ErrNotFound) {
			return Due{}, nil
		}
		return Due{&at}, err
	})
	o.Outbox.take = op.Write(&o.table, op.Spec{
		Name: "outbox.take", Route: op.NoRoute, Event: "message.taken",
		Summary: "Take messages that are due, to send them.",
	}, op.Job(), o.takeMessages)
	o.Outbox.settle = op.Write(&o.table, op.Spec{
		Name: "outbox.settle", Route: op.NoRoute, Event: "message.sent", Also: []string{"message.failed", "message.given_up"},
		Summary: "Note what became of a message.",
	}, op.Job(), settleMessage)
}

func listOutbox(r *op.Reading, in OutboxList) (p Page[Message], err error) {
	limit, err := in.limit()
	if err != nil {
		return p, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.MessageOrders())); err != nil {
		return p, err
	}
	states, where := listing.Take(where, "state")
	kinds, where := listing.Take(where, "kind")
	f := store.MessageFilter{
		States: listing.Among(store.MessageStates(), states), Kinds: listing.Among(messageKinds(), kinds), Where: where, Order: in.Order, Span: in.span(limit),
	}
	if nothing(f.States) || nothing(f.Kinds) {
		return pageOf(in.Paging, limit, store.Total{}, "", []Message{}), nil
	}
	found, err := r.Tx.Messages(r.Scope(), f)
	if err != nil {
		return p, fmt.Errorf("list outbox: %w", err)
	}
	all := []Message{}
	for _, q := range found.Rows {
		all = append(all, showMessage(r.Actor, q))
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}

func messageObject(q store.Queued) activity.Object {
	return activity.Object{Kind: "message", ID: string(q.ID), Name: q.Recipient}
}

func (o *Operations) retryMessage(p *op.Preparing, in MessageID) (op.Commit[Message], error) {
	p.After(o.wakeCourier)
	return func(w *op.Writing[Message]) op.Outcome[Message] {
		return changeMessage(w, in.ID, w.Tx.HurryMessage, func(s store.MessageState) string {
			switch s {
			case store.MessageWaiting, store.MessageSending:
				return "This message is on its way already."
			case store.MessageSent:
				return "This message was sent already."
			case store.MessageGivenUp, store.MessageCancelled, store.MessageFailed:
			}
			return "This message is over, and what it said is gone. Please do again what it was about, such as issuing a new activation."
		})
	}, nil
}

func cancelMessage(_ *op.Preparing, in MessageID) (op.Commit[Message], error) {
	return func(w *op.Writing[Message]) op.Outcome[Message] {
		q, err := w.Tx.Message(w.Scope(), in.ID)
		if err != nil {
			return w.Fail(fmt.Errorf("find message: %w", err))
		}
		if q.Kind == delivery.Notice || q.Kind == delivery.NoticeBySMS { // or whoever took an account over could keep its owner from hearing of it
			return w.Refuse(problem.New(problem.Forbidden, "Notices tell people what was done to their sign-in; nobody keeps them back."), op.Entry{Object: messageObject(q), Detail: activity.Detail{"kind": q.Kind}})
		}
		return changeMessage(w, in.ID, w.Tx.CancelMessage, func(s store.MessageState) string {
			if s == store.MessageSending {
				return "This message is being sent right now. Please look again in a moment."
			}
			return "This message is over already."
		})
	}, nil
}

// changeMessage does something to a message that its state allows, or says why
// it does not.
func changeMessage(w *op.Writing[Message], m id.Message, act func(access.Scope, id.Message) error, why func(store.MessageState) string) op.Outcome[Message] {
	q, err := w.Tx.Message(w.Scope(), m)
	if err != nil {
		return w.Fail(fmt.Errorf("find message: %w", err))
	}
	about := op.Entry{Object: messageObject(q), Detail: activity.Detail{"kind": q.Kind}}
	if err := act(w.Scope(), m); errors.Is(err, store.ErrNotFound) {
		return w.Refuse(problem.New(problem.Conflict, why(q.State)), about)
	} else if err != nil {
		return w.Fail(fmt.Errorf("change message: %w", err))
	}
	if q, err = w.Tx.Message(w.Scope(), m); err != nil {
		return w.Fail(fmt.Errorf("find message: %w", err))
	}
	return w.Done(showMessage(w.Actor, q), about)
}
