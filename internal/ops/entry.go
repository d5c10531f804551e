package ops

import (
	"fmt"
	"net/netip"
	"strings"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/session"
	"gatehouse/internal/store"
)

// Entry is by which access points and from which addresses a user may come in.
type Entry struct {
	AccessPoints []entry.Point `json:"accessPoints"`
	IPRules      []string      `json:"ipRules"` // addresses and ranges; none: from anywhere
}

func showEntry(r entry.Rules) Entry { return Entry{r.Points.List(), r.Ranges.Texts()} }

// entryInput is what a form says of them; nil stays as it is.
type entryInput struct{ points, ranges []string }

// apply reads what is given into r, and notes what is wrong and what changed.
func (in entryInput) apply(f *field.Form, r entry.Rules, changed activity.Detail) entry.Rules {
	before := r
	if in.points != nil {
		r.Points = entry.ReadPoints(f, "accessPoints", in.points)
	}
	if in.ranges != nil {
		r.Ranges = entry.ReadRanges(f, "ipRules", in.ranges)
	}
	if r.Points != before.Points {
		changed["accessPoints"] = activity.Detail{"before": before.Points.List(), "after": r.Points.List()}
	}
	if !r.Ranges.Equal(before.Ranges) {
		changed["ipRules"] = activity.Detail{"before": before.Ranges.Texts(), "after": r.Ranges.Texts()}
	}
	return r
}

// admits asks the guards of what an update changes in the ways a user comes in.
// Whoever changes their own must still be let in where they are.
func (t target) admits(c op.Call, after entry.Rules) *problem.Problem {
	if after.Points != t.Entry.Points {
		if p := t.guard(c.Actor, ChangePoints); p != nil {
			return p
		}
	}
	if after.Ranges.Equal(t.Entry.Ranges) {
		return nil
	}
	if p := t.guard(c.Actor, ChangeRanges); p != nil {
		return p
	}
	if t.ID == c.Actor.User() && !access.Enter(after, c.Source).Allowed {
		return problem.Newf(problem.SelfLockout, "This would lock you out: you come from %s, which is in none of these ranges. Please add it first.", orUnknown(c.Source.AddressText()))
	}
	return nil
}

func orUnknown(address string) string {
	if address == "" {
		return "an address that is not known"
	}
	return address
}

// turnOut ends the sessions of a user that a change of the ways in shuts out:
// all of them when the addresses change, and else those that came by an access
// point which is no longer theirs. One that may be empty stays.
func turnOut(tx store.WriteTx, u store.UserRef, before, after entry.Rules, but id.Session) error {
	if !after.Ranges.Equal(before.Ranges) {
		if _, err := tx.EndOtherSessions(u, but); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		return nil
	}
	if after.Points == before.Points {
		return nil
	}
	open, err := tx.SessionsOf(u)
	if err != nil {
		return fmt.Errorf("find sessions: %w", err)
	}
	for _, s := range open {
		if s.ID == but || access.Enter(after, sourceOf(s)).Allowed {
			continue
		}
		if err := tx.EndSession(u, s.ID); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
	}
	return nil
}

// sourceOf is where a session began.
func sourceOf(s session.Session) access.Source {
	from, _ := netip.ParseAddr(s.Address) // empty at a Desk
	return access.Source{Face: s.Face, Address: from, Program: s.Program}
}

// TestAddressInput asks whether a user could come in from an address.
type TestAddressInput struct {
	ID      id.User `json:"id"`
	Address string  `json:"address"`
	Rules   *string `json:"rules,omitempty"` // with commas, in place of the user's own: what a form holds before it is saved
}

// AddressTest is the answer.
type AddressTest struct {
	Address      string      `json:"address"` // in its one form
	Allowed      bool        `json:"allowed"` // by the IP rules
	Rule         string      `json:"rule"`    // that allows it; empty when there are no rules, or none does
	AccessPoints []PointTest `json:"accessPoints"`
}

// PointTest says whether the user could come to an access point from there.
type PointTest struct {
	AccessPoint entry.Point  `json:"accessPoint"`
	Allowed     bool         `json:"allowed"`
	Code        problem.Code `json:"code,omitempty"` // why not
}

// testAddress asks what decides when the user comes.
func testAddress(r *op.Reading, in TestAddressInput) (AddressTest, error) {
	u, err := r.Tx.User(r.Scope(), in.ID)
	if err != nil {
		return AddressTest{}, fmt.Errorf("find user: %w", err)
	}
	var form field.Form
	from := field.Read(&form, "address", entry.ParseAddress, in.Address)
	rules := u.Entry
	if in.Rules != nil {
		rules.Ranges = entry.ReadRanges(&form, "rules", strings.Split(*in.Rules, ","))
	}
	if err := form.Err(); err != nil {
		return AddressTest{}, err
	}
	out := AddressTest{Address: from.String(), Allowed: rules.Ranges.Allows(from), AccessPoints: []PointTest{}}
	out.Rule, _ = rules.Ranges.By(from)
	for _, p := range entry.AllPoints() {
		d := access.Reach(rules, p, from)
		out.AccessPoints = append(out.AccessPoints, PointTest{p, d.Allowed, d.Reason})
	}
	return out, nil
}
