// Package calendar has days as people write them in forms and settings: the day
// on which an account was opened, from which a rule holds, with which a service
// user or a key ends.
package calendar

import (
	"strings"
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// Day is a day of the calendar: "2027-03-01" (ISO 8601). It lasts from midnight
// to midnight UTC. The empty Day is none. Days compare as texts do.
type Day string

const form = time.DateOnly

// On is the day that a moment falls on.
func On(t time.Time) Day { return Day(t.UTC().Format(form)) }

// Begins is the midnight with which the day begins; the zero time for none.
func (d Day) Begins() time.Time {
	t, err := time.Parse(form, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Ends is the first moment that is no longer of the day; the zero time for none.
func (d Day) Ends() time.Time {
	if t := d.Begins(); !t.IsZero() {
		return t.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// Next is the day after.
func (d Day) Next() Day { return On(d.Ends()) }

// Begun reports whether the day has begun; false for none.
func (d Day) Begun(now time.Time) bool { return d != "" && !now.Before(d.Begins()) }

// Over reports whether the day has passed; true for none.
func (d Day) Over(now time.Time) bool { return !now.Before(d.Ends()) }

// Parse reads a day between 1985, when the first domain was registered, and the
// year 9999. The codes are required and bad_format.
func Parse(raw string) (Day, *field.Error) {
	s := strings.TrimSpace(raw)
	if s == "" {
		return "", field.Missing()
	}
	t, err := time.Parse(form, s)
	if err != nil || t.Year() < 1985 {
		return "", field.Wrong(problem.BadFormat, "Please give the day as year-month-day, such as 2027-03-01.")
	}
	return On(t), nil
}

// ParseEnd reads the last day of something: today or later, and not after
// latest. The codes are those of Parse, day_past and day_too_far, which is told
// in these words.
func ParseEnd(now time.Time, latest Day, tooFar string) func(string) (Day, *field.Error) {
	return func(raw string) (Day, *field.Error) {
		switch d, err := Parse(raw); {
		case err != nil:
			return "", err
		case d.Over(now):
			return "", field.Wrong(problem.DayPast, "This day is over. Please choose today or a later one.")
		case d > latest:
			return "", field.Wrong(problem.DayTooFar, tooFar)
		default:
			return d, nil
		}
	}
}
