package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
)

// MessageState is how a message in the outbox stands.
//
//	waiting ──▶ sending ──▶ sent
//	   │         │ ▲  └───▶ given_up
//	   │         ▼ │           ▲
//	   │        failed ────────┘ (too late)
//	   └──┬────────┘
//	      ▼
//	  cancelled
//
// Whoever is sending holds a lease; when that ends without a word, the process
// died, and the message is taken again, with the same Message-ID.
type MessageState string

// The states.
const (
	MessageWaiting   MessageState = "waiting"
	MessageSending   MessageState = "sending"
	MessageSent      MessageState = "sent"
	MessageFailed    MessageState = "failed" // and will be tried again
	MessageGivenUp   MessageState = "given_up"
	MessageCancelled MessageState = "cancelled"
)

// MessageStates lists them all.
func MessageStates() []MessageState {
	return []MessageState{MessageWaiting, MessageSending, MessageFailed, MessageSent, MessageGivenUp, MessageCancelled}
}

// Queued is a message in the outbox, without what it says.
type Queued struct {
	ID        id.Message
	Account   id.Account
	User      id.User // whom it is about; empty: nobody
	Kind      delivery.Kind
	Channel   delivery.Channel
	Recipient string
	State     MessageState
	Attempts  int
	Cause     delivery.Cause // of the last failure
	Said      string         // by the server
	QueuedAt  time.Time
	NextAt    time.Time // zero when it is over
	ExpiresAt time.Time
	EndedAt   time.Time // zero while it is not
}

// Lease is the right to send a message, and its sealed content.
type Lease struct {
	Queued
	Scope   access.Scope // of the message's account
	Content string
	Token   string
}

// Sending is what became of sending.
type Sending struct {
	State  MessageState
	Cause  delivery.Cause
	Said   string
	NextAt time.Time // when failed
}

const (
	queuedColumns = `id, account_id, user_id, kind, channel, recipient, state, attempts, cause, said, queued_at, next_at, expires_at, ended_at`

	insertMessage = `INSERT INTO outbox (id, account_id, user_id, kind, channel, recipient, state, content, attempts, cause, said, queued_at, next_at, expires_at, lease)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, 0, '', '', $8, $8, $9, '')`
	selectMessage = `SELECT ` + queuedColumns + ` FROM outbox WHERE account_id = $1 AND id = $2`
	nextMessage   = `SELECT next_at FROM outbox WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1`
	takeMessages  = `UPDATE outbox SET state = 'sending', lease = $1, next_at = $2, attempts = attempts + 1
		WHERE next_at <= $3 AND id IN (SELECT due.id FROM outbox due WHERE due.next_at <= $3 ORDER BY due.next_at, due.id LIMIT 0 + $4)
		RETURNING ` + queuedColumns + `, content, lease`
	settleMessage = `UPDATE outbox SET state = $4, cause = $5, said = $6, next_at = $7, ended_at = $8, lease = '',
		content = CASE WHEN $4 = 'failed' THEN content ELSE '' END
		WHERE account_id = $1 AND id = $2 AND lease = $3 AND state = 'sending'`
	hurryMessage  = `UPDATE outbox SET state = 'waiting', next_at = $3 WHERE account_id = $1 AND id = $2 AND state = 'failed'`
	cancelMessage = `UPDATE outbox SET state = 'cancelled', content = '', next_at = NULL, ended_at = $3, lease = ''
		WHERE account_id = $1 AND id = $2 AND state IN ('waiting', 'failed')`
	cancelAbout = `UPDATE outbox SET state = 'cancelled', content = '', next_at = NULL, ended_at = $2, lease = ''
		WHERE user_id = $1 AND next_at IS NOT NULL AND kind IN (`
	cancelWithin = `UPDATE outbox SET state = 'cancelled', content = '', next_at = NULL, ended_at = $2, lease = ''
		WHERE account_id = $1 AND user_id IS NOT NULL AND next_at IS NOT NULL AND kind IN (`
	countUnsent = `SELECT state, COUNT(*) FROM outbox WHERE next_at IS NOT NULL GROUP BY state`
	deleteEnded = `DELETE FROM outbox WHERE ended_at < $1`
)

func scanQueued(s scan, more ...any) (q Queued, err error) {
	var user sql.NullString
	var queued, expires int64
	var next, ended sql.NullInt64
	err = s(append([]any{
		&q.ID, &q.Account, &user, &q.Kind, &q.Channel, &q.Recipient, &q.State, &q.Attempts, &q.Cause, &q.Said, &queued, &next, &expires, &ended,
	}, more...)...)
	q.User, q.QueuedAt, q.NextAt, q.ExpiresAt, q.EndedAt = id.User(user.String), fromMS(queued), fromNullMS(next), fromMS(expires), fromNullMS(ended)
	return q, err
}

// QueueMessage puts a message into the outbox, its content sealed; it is sent
// when the transaction has committed.
func (tx WriteTx) QueueMessage(scope access.Scope, about UserRef, q Queued, content string) error {
	var user any
	if about.id != "" {
		user = string(about.id)
	}
	_, err := tx.exec(insertMessage, string(q.ID), string(scope.Account()), user, string(q.Kind), string(q.Channel), q.Recipient, content, ms(tx.now), ms(q.ExpiresAt))
	return err
}

// Message of the scope.
func (tx ReadTx) Message(scope access.Scope, m id.Message) (Queued, error) {
	return one(tx, func(s scan) (Queued, error) { return scanQueued(s) }, selectMessage, string(scope.Account()), string(m))
}

// NextMessage is when there is something to send; ErrNotFound when nothing
// waits.
func (tx ReadTx) NextMessage() (time.Time, error) {
	return one(tx, func(s scan) (time.Time, error) {
		n, err := value[int64](s)
		return fromMS(n), err
	}, nextMessage)
}

// TakeMessages leases what is due, of every account, for whoever sends it: of
// two who ask at once, one gets a message. Those that expired are among them.
func (tx WriteTx) TakeMessages(token string, until time.Time, most int) ([]Lease, error) {
	return list(tx.ReadTx, func(s scan) (l Lease, err error) {
		l.Queued, err = scanQueued(s, &l.Content, &l.Token)
		l.Scope = access.Within(l.Account)
		return l, err
	}, takeMessages, token, ms(until), ms(tx.now), most)
}

// SettleMessage notes what became of a message; ErrNotFound when the lease is
// no longer good, because it ended or the message was cancelled. The content of
// what is over is wiped.
func (tx WriteTx) SettleMessage(scope access.Scope, m id.Message, token string, s Sending) error {
	var next, ended any = nil, ms(tx.now)
	if s.State == MessageFailed {
		next, ended = ms(s.NextAt), nil
	}
	return tx.change(settleMessage, string(scope.Account()), string(m), token, string(s.State), string(s.Cause), s.Said, next, ended)
}

// HurryMessage has a message that failed tried again now; ErrNotFound when it
// is in another state.
func (tx WriteTx) HurryMessage(scope access.Scope, m id.Message) error {
	return tx.change(hurryMessage, string(scope.Account()), string(m), ms(tx.now))
}

// CancelMessage ends one that is not being sent; ErrNotFound when it is in
// another state.
func (tx WriteTx) CancelMessage(scope access.Scope, m id.Message) error {
	return tx.change(cancelMessage, string(scope.Account()), string(m), ms(tx.now))
}

// CancelLinks ends every message that was to let a user in with a link which is
// now dead, also one that is just being sent.
func (tx WriteTx) CancelLinks(u UserRef) error {
	return tx.cancelLinks(cancelAbout, string(u.id))
}

// CancelLinksWithin does so for all users of the scope's account.
func (tx WriteTx) CancelLinksWithin(scope access.Scope) error {
	return tx.cancelLinks(cancelWithin, string(scope.Account()))
}

// cancelLinks completes a statement that ends with the kinds.
func (tx WriteTx) cancelLinks(statement, whose string) error {
	args, marks := []any{whose, ms(tx.now)}, []string{}
	for _, k := range delivery.LetIn() {
		args = append(args, string(k))
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	_, err := tx.exec(statement+strings.Join(marks, ", ")+")", args...)
	return err
}

// Unsent counts the messages of the whole installation that are not over, by
// state: for whoever looks after it, who learns nothing of whom they are to.
func (tx ReadTx) Unsent() (map[MessageState]int, error) {
	counts := map[MessageState]int{}
	_, err := list(tx, func(s scan) (n int, err error) {
		var state MessageState
		err = s(&state, &n)
		counts[state] = n
		return n, err
	}, countUnsent)
	return counts, err
}

// DeleteEndedMessages removes what was over before a time.
func (tx WriteTx) DeleteEndedMessages(before time.Time) error {
	_, err := tx.exec(deleteEnded, ms(before))
	return err
}

// MessageFilter says which messages of a scope, in which order, and which page
// of them. What is nil filters nothing.
type MessageFilter struct {
	States []MessageState
	Kinds  []delivery.Kind
	Where  []listing.Condition // on fields of messageFields
	Order  MessageOrder        // newest first when empty
	Span
}

// MessageOrder is what messages are sorted by.
type MessageOrder string

// The orders.
const (
	FirstQueued MessageOrder = "queuedAt"
	LastQueued  MessageOrder = "-queuedAt"
)

// MessageOrders lists them all.
func MessageOrders() []MessageOrder { return []MessageOrder{FirstQueued, LastQueued} }

// messageFields are what messages can be filtered by besides, by the name of
// the field.
func messageFields() map[string]string {
	return map[string]string{
		"channel": "o.channel", "to": "lower(o.recipient)", "user": "coalesce(o.user_id, '')", "attempts": "o.attempts",
		"queuedAt": "o.queued_at", "expiresAt": "o.expires_at", "endedAt": "o.ended_at",
	}
}

// Messages lists the outbox of the scope's account. Ids are in the order in
// which messages were queued.
func (tx ReadTx) Messages(scope access.Scope, f MessageFilter) (Rows[Queued], error) {
	by := sorting{list: "outbox", order: string(cmp.Or(f.Order, LastQueued)), key: "o.id", id: "o.id"}
	w := walk{sorting: by, from: "outbox o", columns: queuedColumns}
	w.where = []string{"o.account_id = " + w.arg(string(scope.Account()))}
	if states := w.oneEach("o.state", texts(f.States)); len(states) == 1 {
		w.where = append(w.where, states...)
	} else {
		w.looked = either(states)
	}
	w.looked = append(w.looked, either(w.oneEach("o.kind", texts(f.Kinds)))...)
	w.filter(f.Where, messageFields())
	return walked(tx.interruptible(), w, f.Span, scanQueued)
}
