package ops

import (
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/op"
	"gatehouse/internal/store"
)

// ActivityList asks for a page of the log, newest first.
type ActivityList struct {
	Paging
	Event   string    `json:"event,omitempty"`   // "user.added"
	Outcome Choice    `json:"outcome,omitempty"` // done or refused
	Actor   string    `json:"actor,omitempty"`   // an id
	Object  string    `json:"object,omitempty"`  // an id
	Person  string    `json:"person,omitempty"`  // an id: actor or object
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until,omitzero"`
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
	outcomes, err := choose(in.Outcome, "outcome", []activity.Outcome{activity.Done, activity.Refused})
	if err != nil {
		return Page[Record]{}, err
	}
	f := store.ActivityFilter{
		Event: in.Event, Actor: in.Actor, Object: in.Object, Person: in.Person, Since: in.Since, Until: in.Until,
		Limit: limit, Offset: in.Offset, Cursor: in.Cursor, Uncounted: in.uncounted(),
	}
	switch {
	case outcomes == nil, len(outcomes) > 1: // both there are
	case len(outcomes) == 1:
		f.Outcome = outcomes[0]
	default:
		return pageOf(in.Paging, limit, store.Total{}, "", []Record{}), nil
	}
	found, err := r.Tx.Activity(r.Scope(), f)
	if err != nil {
		return Page[Record]{}, fmt.Errorf("list activity: %w", err)
	}
	all := []Record{}
	for _, e := range found.Records {
		all = append(all, Record{
			Seq: e.Seq, At: e.At, Event: e.Event, Outcome: e.Outcome,
			Actor: RecordActor{access.Kind(e.Actor.Kind), e.Actor.ID, e.Actor.Name}, Means: e.Means, Object: Named(e.Object),
			Source: RecordSource{access.Face(e.Source.Face), e.Source.Address, e.Source.Program},
			Reason: string(e.Reason), Detail: e.Detail,
		})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}
