package ops

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// OpenSession is a session as lists show it.
type OpenSession struct {
	ID         id.Session  `json:"id"`
	UserID     id.User     `json:"userId"`
	UserName   string      `json:"userName"`
	Current    bool        `json:"current"` // the caller's own, of this call
	Face       access.Face `json:"face"`
	Address    string      `json:"address"` // empty at a Desk
	Program    string      `json:"program"` // what it calls itself
	Means      string      `json:"means"`   // "password+authenticator_app"
	SignedInAt time.Time   `json:"signedInAt"`
	LastSeenAt time.Time   `json:"lastSeenAt"` // to the minute
	EndsAt     time.Time   `json:"endsAt"`
}

func showOpenSession(s session.Session, name string, current id.Session) OpenSession {
	return OpenSession{
		ID: s.ID, UserID: s.User, UserName: name, Current: s.ID == current, Face: s.Face, Address: s.Address, Program: s.Program,
		Means: s.Means, SignedInAt: s.SignedInAt, LastSeenAt: s.LastSeenAt, EndsAt: s.EndsAt,
	}
}

// SessionList asks for sessions of the account.
type SessionList struct {
	Paging
	SessionFilters
	User     id.User        `json:"user,omitempty"` // of this user only
	UserName listing.Filter `json:"userName,omitempty"`
}

// SessionFilters are what both one's own sessions and those of an account can be
// filtered and sorted by.
type SessionFilters struct {
	Face       listing.Filter     `json:"face,omitempty"`
	Address    listing.Filter     `json:"address,omitempty"`
	Means      listing.Filter     `json:"means,omitempty"`
	Program    listing.Filter     `json:"program,omitempty"`
	SignedInAt listing.Filter     `json:"signedInAt,omitempty"`
	LastSeenAt listing.Filter     `json:"lastSeenAt,omitempty"`
	EndsAt     listing.Filter     `json:"endsAt,omitempty"`
	Order      store.SessionOrder `json:"order,omitempty"` // lastSeenAt, signedInAt or userName; with - the other way round
}

// Filters implements Filtered.
func (SessionList) Filters() []listing.Field {
	return append(OwnSessions{}.Filters(), folded("userName"))
}

// OwnSessions asks for one's own sessions.
type OwnSessions struct {
	Paging
	SessionFilters
}

// Filters implements Filtered.
func (OwnSessions) Filters() []listing.Field {
	return []listing.Field{
		words("face", faces()), exactly("address"), exactly("means"), lowered("program"), times("signedInAt"), times("lastSeenAt"), times("endsAt"),
	}
}

// SessionID names a session.
type SessionID struct {
	ID id.Session `json:"id"`
}

// Ended says how many sessions were ended.
type Ended struct {
	Sessions int64 `json:"sessions"`
}

type sessionsOps struct {
	List   *op.Op[SessionList, Page[OpenSession]]
	End    *op.Op[SessionID, None]
	EndAll *op.Op[UserID, Ended]
}

func (o *Operations) addSessions() {
	o.Sessions.List = op.Read(&o.table, op.Spec{
		Name: "sessions.list", Route: "GET /sessions",
		Summary: "Who is signed in to the account right now, from where.",
	}, op.Holds(access.ViewUser).InPerson(), listSessions)
	o.Sessions.End = op.Write(&o.table, op.Spec{
		Name: "sessions.end", Route: "DELETE /sessions/{id}", Event: "session.ended", Destroys: true,
		Summary: "End somebody's session at once.",
	}, op.Holds(access.ManageUser).InPerson(), endSession)
	o.Sessions.EndAll = op.Write(&o.table, op.Spec{
		Name: "sessions.endAll", Route: "DELETE /users/{id}/sessions", Event: "session.all_ended", Destroys: true,
		Summary: "End every session of a user at once.",
	}, op.Holds(access.ManageUser).InPerson(), endAllSessions)
}

func listSessions(r *op.Reading, in SessionList) (Page[OpenSession], error) {
	if in.User != "" {
		u, err := r.Tx.User(r.Scope(), in.User)
		if err != nil {
			return Page[OpenSession]{}, fmt.Errorf("find user: %w", err)
		}
		return sessionPage(r, u, in)
	}
	limit, err := in.limit()
	if err != nil {
		return Page[OpenSession]{}, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.SessionOrders())); err != nil {
		return Page[OpenSession]{}, err
	}
	found, err := r.Tx.Sessions(r.Scope(), store.SessionFilter{Where: where, Order: in.Order, Span: in.span(limit)})
	if err != nil {
		return Page[OpenSession]{}, fmt.Errorf("list sessions: %w", err)
	}
	all := []OpenSession{}
	for _, s := range found.Rows {
		all = append(all, showOpenSession(s.Session, s.Name, r.Actor.Session()))
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}

// sessionPage is a page of the sessions of one user.
func sessionPage(r *op.Reading, u store.Listed, in SessionList) (Page[OpenSession], error) {
	all, err := sessionsOf(r.Tx, r.Call, u)
	if err != nil {
		return Page[OpenSession]{}, err
	}
	where, err := conditions(in)
	if err != nil {
		return Page[OpenSession]{}, err
	}
	return short[OpenSession]{
		name: "sessions of a user", orders: []string{"lastSeenAt", "signedInAt", "userName"},
		id: func(s OpenSession) string { return string(s.ID) }, text: func(OpenSession) string { return "" },
		value: func(s OpenSession, field string) any {
			return map[string]any{
				"userName": user.Fold(s.UserName), "face": string(s.Face), "address": s.Address, "means": s.Means, "program": lowerASCII(s.Program),
				"signedInAt": s.SignedInAt.UnixMilli(), "lastSeenAt": s.LastSeenAt.UnixMilli(), "endsAt": s.EndsAt.UnixMilli(),
			}[field]
		},
	}.page(all, asked{Paging: in.Paging, order: string(in.Order), where: where})
}

// sessionsOf a user, the caller's own first.
func sessionsOf(tx store.ReadTx, c op.Call, u store.Listed) ([]OpenSession, error) {
	found, err := tx.SessionsOf(u.Ref())
	if err != nil {
		return nil, fmt.Errorf("find sessions: %w", err)
	}
	all := []OpenSession{}
	for _, s := range found {
		all = append(all, showOpenSession(s, u.Name, c.Actor.Session()))
	}
	slices.SortStableFunc(all, func(a, b OpenSession) int {
		switch {
		case a.Current:
			return -1
		case b.Current:
			return 1
		}
		return 0
	})
	return all, nil
}

func endSession(_ *op.Preparing, in SessionID) (op.Commit[None], error) {
	return func(w *op.Writing[None]) op.Outcome[None] {
		u, err := w.Tx.SessionHolder(w.Scope(), in.ID)
		if err != nil {
			return w.Fail(fmt.Errorf("find session: %w", err))
		}
		t, about, err := acting(w, u.ID, EndSessions)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.EndSession(t.Ref(), in.ID); err != nil {
			return w.Fail(fmt.Errorf("end session: %w", err))
		}
		return w.Done(None{}, about)
	}, nil
}

func endAllSessions(_ *op.Preparing, in UserID) (op.Commit[Ended], error) {
	return func(w *op.Writing[Ended]) op.Outcome[Ended] {
		t, about, err := acting(w, in.ID, EndSessions)
		if err != nil {
			return w.Deny(err, about)
		}
		n, err := w.Tx.EndOtherSessions(t.Ref(), "")
		if err != nil {
			return w.Fail(fmt.Errorf("end sessions: %w", err))
		}
		about.Detail = activity.Detail{"sessionsEnded": n}
		return w.Done(Ended{n}, about)
	}, nil
}
