package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/notice"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Notice is something one was told about one's own sign-in.
type Notice struct {
	ID      id.Notice   `json:"id"`
	Kind    notice.Kind `json:"kind"`
	At      time.Time   `json:"at"`
	ReadAt  *time.Time  `json:"readAt"`  // null: not yet
	What    string      `json:"what"`    // happened, in words
	Who     string      `json:"who"`     // did it, in words
	Face    access.Face `json:"face"`    // by which it was done
	Address string      `json:"address"` // from which it was done; empty where there is none
	Program string      `json:"program"` // with which it was done, as it calls itself
	Advice  string      `json:"advice"`  // what to do if it should not be
}

// NoticeList asks for a page of notices, newest first.
type NoticeList struct {
	Paging
	Language string              `json:"language,omitempty"` // of the words; one's own when left out
	Kind     listing.Filter      `json:"kind,omitempty"`
	At       listing.Filter      `json:"at,omitempty"`
	ReadAt   listing.Filter      `json:"readAt,omitempty"` // null: not yet
	Face     listing.Filter      `json:"face,omitempty"`
	Address  listing.Filter      `json:"address,omitempty"`
	Order    store.ActivityOrder `json:"order,omitempty"` // -at or at
}

// Filters implements Filtered.
func (NoticeList) Filters() []listing.Field {
	return []listing.Field{words("kind", notice.Kinds()), times("at"), orNull(times("readAt")), words("face", faces()), exactly("address")}
}

func faces() []access.Face {
	return access.Faces()
}

// ReadNoticesInput names notices that one has read.
type ReadNoticesInput struct {
	IDs []id.Notice `json:"ids"` // at most 200
}

// Unread counts what one has not read, up to 99.
type Unread struct {
	Unread int `json:"unread"`
}

func (o *Operations) addOwnNotices() {
	o.Profile.Notices = op.Read(&o.table, op.Spec{
		Name: "profile.notices", Route: "GET /profile/notices",
		Summary: "What one was told about one's own sign-in: what was done, by whom, from where, and what to do if it should not be.",
	}, op.Oneself(), listNotices)
	o.Profile.ReadNotices = op.Write(&o.table, op.Spec{
		Name: "profile.readNotices", Route: "POST /profile/notices/read", Event: "notice.read",
		Summary: "Say that one has read notices. They stay in the list.",
	}, op.Oneself(), readNotices)
}

func listNotices(r *op.Reading, in NoticeList) (p Page[Notice], err error) {
	limit, err := in.limit()
	if err != nil {
		return p, err
	}
	var language user.Language
	if in.Language != "" {
		var form field.Form
		language = field.Read(&form, "language", user.ParseLanguage, in.Language)
		if err := form.Err(); err != nil {
			return p, err
		}
	} else {
		u, err := r.Tx.User(r.Scope(), r.Actor.User())
		if err != nil {
			return p, fmt.Errorf("find oneself: %w", err)
		}
		language = u.Language
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.ActivityOrders())); err != nil {
		return p, err
	}
	found, err := r.Tx.Notices(store.Self(r.Actor), store.NoticeFilter{Where: where, Order: in.Order, Span: in.span(limit)})
	if err != nil {
		return p, fmt.Errorf("list notices: %w", err)
	}
	all := []Notice{}
	for _, t := range found.Rows {
		w := t.Words(string(language))
		all = append(all, Notice{t.ID, t.Kind, t.At, orNil(t.ReadAt), w.What, w.Who, access.Face(t.Face), t.Address, t.Program, w.Advice})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}

func readNotices(_ *op.Preparing, in ReadNoticesInput) (op.Commit[Unread], error) {
	var form field.Form
	switch {
	case len(in.IDs) == 0:
		form.Add("ids", field.Missing())
	case len(in.IDs) > store.MaxPage:
		form.Add("ids", field.Wrong(problem.TooLong, fmt.Sprintf("Please name at most %d at a time.", store.MaxPage)))
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[Unread]) op.Outcome[Unread] {
		self := store.Self(w.Actor)
		for _, n := range in.IDs {
			if err := w.Tx.ReadNotice(self, n); err != nil {
				return w.Fail(fmt.Errorf("note that a notice was read: %w", err))
			}
		}
		left, err := w.Tx.UnreadNotices(self)
		if err != nil {
			return w.Fail(fmt.Errorf("count unread notices: %w", err))
		}
		return w.Done(Unread{left}, op.Entry{Detail: activity.Detail{"notices": len(in.IDs)}})
	}, nil
}
