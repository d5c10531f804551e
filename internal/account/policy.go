package account

import (
	"time"

	"gatehouse/internal/calendar"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// MFAPolicy says whether the users of an account need a second factor.
type MFAPolicy string

// The policies.
const (
	MFAByOpeningDate MFAPolicy = "by_opening_date" // what Rules say of accounts opened then
	MFARequired      MFAPolicy = "required"
	MFARecommended   MFAPolicy = "recommended"
)

// MFAPolicies lists them all.
func MFAPolicies() []MFAPolicy { return []MFAPolicy{MFAByOpeningDate, MFARequired, MFARecommended} }

// ParseMFAPolicy reads one of MFAPolicies.
func ParseMFAPolicy(raw string) (MFAPolicy, *field.Error) {
	for _, p := range MFAPolicies() {
		if raw == string(p) {
			return p, nil
		}
	}
	return "", field.Wrong(problem.Unknown, "Please choose one of: by_opening_date, required, recommended.")
}

// Rules are what the installation says about second factors in every account.
type Rules struct {
	RequiredAfter calendar.Day // accounts opened after this day need them; DefaultRequiredAfter when empty
	RequiredFrom  calendar.Day // from this day on, every account needs them; empty: none
}

// DefaultRequiredAfter is the day after which accounts have always been opened
// with a second factor required.
const DefaultRequiredAfter calendar.Day = "2020-04-30"

// After is RequiredAfter, or its default.
func (r Rules) After() calendar.Day {
	if r.RequiredAfter == "" {
		return DefaultRequiredAfter
	}
	return r.RequiredAfter
}

// RequiredBy says who demands a second factor.
type RequiredBy string

// Who demands it.
const (
	NotRequired     RequiredBy = ""
	ByPolicy        RequiredBy = "policy"        // of the account
	ByAdministrator RequiredBy = "administrator" // for this user, or for everybody in the account
	ByOperator      RequiredBy = "operator_date" // whose day has come
)

// Demand is what is demanded of a user, now and later.
type Demand struct {
	By   RequiredBy
	From calendar.Day // the day from which it will be; empty when it is now, or no day is set
}

// Policy is what the account's policy comes to: required or recommended.
func (a Account) Policy() MFAPolicy {
	switch {
	case a.MFAPolicy == MFARequired, a.MFAPolicy == MFARecommended:
		return a.MFAPolicy
	case a.OpenedAt.Before(a.Rules.After().Next().Begins()):
		return MFARecommended
	}
	return MFARequired
}

// Demands decides whether a second factor is demanded of a user of the account:
// by its policy, which goes by the day it was opened unless the operator said
// otherwise; by an administrator, who forced it on everybody or on this user;
// or by the operator, whose day for this account or for all of them has come.
// It is the one place that decides.
func (a Account) Demands(forced bool, now time.Time) Demand {
	switch {
	case a.Policy() == MFARequired:
		return Demand{By: ByPolicy}
	case a.ForceMFA || forced:
		return Demand{By: ByAdministrator}
	case a.MFAFrom.Begun(now), a.Rules.RequiredFrom.Begun(now):
		return Demand{By: ByOperator}
	}
	from := a.MFAFrom
	if all := a.Rules.RequiredFrom; from == "" || all != "" && all < from {
		from = all
	}
	return Demand{From: from}
}
