package ops

import (
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
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
	User id.User `json:"user,omitempty"` // of this user only
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
	}, op.Holds(access.ViewUser), listSessions)
	o.Sessions.End = op.Write(&o.table, op.Spec{
		Name: "sessions.end", Route: "DELETE /sessions/{id}", Event: "session.ended", Destroys: true,
		Summary: "End somebody's session at once.",
	}, op.Holds(access.ManageUser), endSession)
	o.Sessions.EndAll = op.Write(&o.table, op.Spec{
		Name: "sessions.endAll", Route: "DELETE /users/{id}/sessions", Event: "session.all_ended", Destroys: true,
		Summary: "End every session of a user at once.",
	}, op.Holds(access.ManageUser), endAllSessions)
}

func listSessions(r *op.Reading, in SessionList) (Page[OpenSession], error) {
	limit, err := in.limit()
	if err != nil {
		return Page[OpenSession]{}, err
	}
	if in.Cursor != "" {
		return Page[OpenSession]{}, store.ErrCursor // no page gives one
	}
	if in.User == "" {
		found, total, err := r.Tx.Sessions(r.Scope(), limit, in.Offset)
		if err != nil {
			return Page[OpenSession]{}, fmt.Errorf("list sessions: %w", err)
		}
		all := []OpenSession{}
		for _, s := range found {
			all = append(all, showOpenSession(s.Session, s.Name, r.Actor.Session()))
		}
		return pageOf(in.Paging, limit, store.Total{Count: total}, "", all), nil
	}
	u, err := r.Tx.User(r.Scope(), in.User)
	if err != nil {
		return Page[OpenSession]{}, fmt.Errorf("find user: %w", err)
	}
	all, err := sessionsOf(r.Tx, r.Call, u)
	if err != nil {
		return Page[OpenSession]{}, err
	}
	page := all[min(in.Offset, len(all)):]
	return pageOf(in.Paging, limit, store.Total{Count: len(all)}, "", page[:min(limit, len(page))]), nil
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
