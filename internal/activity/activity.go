// Package activity is the audit log's vocabulary: what a record says and the
// exact bytes it is kept as. A record's bytes are a leaf of the Merkle log
// (package auditlog), so their form is final: fields are only ever added, at
// the end, and left out when empty.
package activity

import (
	"encoding/json"
	"fmt"
	"time"

	"gatehouse/internal/id"
	"gatehouse/internal/problem"
)

// Outcome of an act.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // a rule said no; nothing else was changed
)

// Actor is who did it, as it was known at the time.
type Actor struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Object is what was acted on, with its name at the time.
type Object struct {
	Kind string `json:"kind,omitempty"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Source is where the call came from.
type Source struct {
	Face    string `json:"face"`
	Address string `json:"address,omitempty"`
	Program string `json:"program,omitempty"`
}

// Detail holds what else is worth knowing: fields before and after, counts.
// Secrets never go in.
type Detail map[string]any

// Record is one entry. Seq is its position in the log, counted from zero; it
// is not part of the leaf, since the position in the tree says it.
type Record struct {
	Seq     int64        `json:"-"`
	Version int          `json:"v"`
	At      time.Time    `json:"at"` // UTC, whole milliseconds
	Event   string       `json:"event"`
	Outcome Outcome      `json:"outcome"`
	Account id.Account   `json:"account,omitempty"` // whose log it is in; empty: the installation's
	Actor   Actor        `json:"actor"`
	Means   string       `json:"means,omitempty"` // how the actor proved who it is
	Object  Object       `json:"object"`
	Source  Source       `json:"source"`
	Reason  problem.Code `json:"reason,omitempty"` // when refused
	Detail  Detail       `json:"detail,omitempty"`
}

// version of the leaf format.
const version = 1

// Leaf encodes the record as it is stored and hashed.
func (r Record) Leaf() ([]byte, error) {
	r.Version = version
	r.At = r.At.UTC().Truncate(time.Millisecond)
	leaf, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode activity record %s: %w", r.Event, err)
	}
	return leaf, nil
}

// Parse reads a stored leaf back.
func Parse(seq int64, leaf []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(leaf, &r); err != nil {
		return Record{}, fmt.Errorf("read activity record %d: %w", seq, err)
	}
	if r.Version != version {
		return Record{}, fmt.Errorf("read activity record %d: version %d is newer than this program", seq, r.Version)
	}
	r.Seq = seq
	if r.Detail == nil {
		r.Detail = Detail{}
	}
	return r, nil
}
