package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/store"
)

// ActivityList asks for a page of the log, newest first.
type ActivityList struct {
	Paging
	Event   listing.Filter      `json:"event,omitempty"`   // "user.added"
	Outcome listing.Filter      `json:"outcome,omitempty"` // done or refused
	At      listing.Filter      `json:"at,omitempty"`
	Since   time.Time           `json:"since,omitzero"`
	Until   time.Time           `json:"until,omitzero"`
	Order   store.ActivityOrder `json:"order,omitempty"`  // -at or at
	Actor   listing.Filter      `json:"actor,omitempty"`  // an id
	Object  listing.Filter      `json:"object,omitempty"` // an id
	Person  string              `json:"person,omitempty"` // an id: actor or object
}

// Filters implements Filtered.
func (ActivityList) Filters() []listing.Field {
	return append(OwnActivity{}.Filters(), exactly("actor"), exactly("object"))
}

// OwnActivity asks for a page of what one did, and what was done to one.
type OwnActivity struct {
	Paging
	Event   listing.Filter      `json:"event,omitempty"`   // "user.added"
	Outcome listing.Filter      `json:"outcome,omitempty"` // done or refused
	At      listing.Filter      `json:"at,omitempty"`
	Since   time.Time           `json:"since,omitzero"`
	Until   time.Time           `json:"until,omitzero"`
	Order   store.ActivityOrder `json:"order,omitempty"` // -at or at
}

// Filters implements Filtered.
func (OwnActivity) Filters() []listing.Field {
	return []listing.Field{exactly("event"), words("outcome", []activity.Outcome{activity.Done, activity.Refused}), times("at")}
}

// within is since and until as conditions.
func (f ActivityList) within() (all []listing.Condition) {
	if !f.Since.IsZero() {
		all = append(all, listing.Condition{Field: "at", Operator: listing.Gte, Values: []any{f.Since.UnixMilli()}})
	}
	if !f.Until.IsZero() {
		all = append(all, listing.Condition{Field: "at", Operator: listing.Lt, Values: []any{f.Until.UnixMilli()}})
	}
	return all
}

// Record is an entry of the log.
type Record struct {
	Seq     int64            `json:"seq"` // its position in the whole log
	At      time.Time        `json:"at"`
	Event   string           `json:"event"`
	Outcome activity.Outcome `json:"outcome"`
	Actor   RecordActor      `json:"actor"`
	Means   string           `json:"means"`
	Object  Named            `json:"object"`
	Source  RecordSource     `json:"source"`
	Reason  string           `json:"reason"` // a problem's code, when refused
	Detail  activity.Detail  `json:"detail"`
}

// RecordActor is who acted, as it was called at the time.
type RecordActor struct {
	Kind access.Kind `json:"kind"`
	ID   string      `json:"id"`
	Name string      `json:"name"`
}

// Named is a thing as it was called at the time.
type Named struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// RecordSource is where a call came from.
type RecordSource struct {
	Face    access.Face `json:"face"`
	Address string      `json:"address"`
	Program string      `json:"program"`
}

type activityOps struct {
	List *op.Op[ActivityList, Page[Record]]
}

func (o *Operations) addActivity() {
	o.Activity.List = op.Read(&o.table, op.Spec{
		Name: "activity.list", Route: "GET /activity",
		Summary: "What happened in the account, newest first.",
	}, op.Holds(access.ViewActivity), listActivity)
}

func listActivity(r *op.Reading, in ActivityList) (Page[Record], error) { return records(r, in) }

// records of the log, in the caller's account.
func records(r *op.Reading, in ActivityList) (Page[Record], error) {
	limit, err := in.limit()
	if err != nil {
		return Page[Record]{}, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.ActivityOrders())); err != nil {
		return Page[Record]{}, err
	}
	f := store.ActivityFilter{Person: in.Person, Where: append(where, in.within()...), Order: in.Order, Span: in.span(limit)}
	found, err := r.Tx.Activity(r.Scope(), f)
	if err != nil {
		return Page[Record]{}, fmt.Errorf("list activity: %w", err)
	}
	all := []Record{}
	for _, e := range found.Rows {
		all = append(all, Record{
			Seq: e.Seq, At: e.At, Event: e.Event, Outcome: e.Outcome,
			Actor: RecordActor{access.Kind(e.Actor.Kind), e.Actor.ID, e.Actor.Name}, Means: e.Means, Object: Named(e.Object),
			Source: RecordSource{access.Face(e.Source.Face), e.Source.Address, e.Source.Program},
			Reason: string(e.Reason), Detail: e.Detail,
		})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}
