package calendar_test

import (
	"testing"
	"time"

	"gatehouse/internal/calendar"
	"gatehouse/internal/problem"
)

func TestParse(t *testing.T) {
	for raw, want := range map[string]problem.FieldCode{
		"2027-03-01": "", " 2027-03-01 ": "", "2028-02-29": "", "1985-01-01": "", "9999-12-31": "",
		"": problem.Required, "2027-02-29": problem.BadFormat, "2027-3-1": problem.BadFormat, "01.03.2027": problem.BadFormat, "1984-12-31": problem.BadFormat,
		"2027-03-01T00:00:00Z": problem.BadFormat, "10000-01-01": problem.BadFormat, "2027-03-01\x00": problem.BadFormat, "\xff": problem.BadFormat, "tomorrow": problem.BadFormat,
	} {
		got, err := calendar.Parse(raw)
		code := problem.FieldCode("")
		if err != nil {
			code = err.Code
		}
		if code != want || (err == nil) != (len(got) == len("2027-03-01")) {
			t.Errorf("%q: got %q, %v, want %q", raw, got, err, want)
		}
	}
}

func TestDay_Next(t *testing.T) {
	for day, want := range map[calendar.Day]calendar.Day{"2020-04-30": "2020-05-01", "2024-02-28": "2024-02-29", "2026-12-31": "2027-01-01"} {
		if got := day.Next(); got != want {
			t.Errorf("after %s comes %s, want %s", day, got, want)
		}
	}
}

// A day holds from midnight to midnight UTC, wherever somebody looks at the
// clock; none has neither begun nor anything left of it.
func TestDay(t *testing.T) {
	const day = calendar.Day("2027-03-01")
	brussels := time.FixedZone("", 3600)
	for name, c := range map[string]struct {
		day         calendar.Day
		now         time.Time
		begun, over bool
	}{
		"the moment before": {day, time.Date(2027, 2, 28, 23, 59, 59, 0, time.UTC), false, false},
		"the first moment":  {day, time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), true, false},
		"there already":     {day, time.Date(2027, 3, 1, 0, 30, 0, 0, brussels), false, false},
		"the last moment":   {day, time.Date(2027, 3, 1, 23, 59, 59, 999, time.UTC), true, false},
		"the moment after":  {day, time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC), true, true},
		"none":              {"", time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), false, true},
	} {
		if begun, over := c.day.Begun(c.now), c.day.Over(c.now); begun != c.begun || over != c.over {
			t.Errorf("%s: begun %v, over %v", name, begun, over)
		}
	}
	if got := calendar.On(time.Date(2027, 3, 2, 0, 30, 0, 0, brussels)); got != day {
		t.Errorf("half past midnight in Brussels is of %s in UTC", got)
	}
	if none := calendar.Day(""); !none.Begins().IsZero() || !none.Ends().IsZero() {
		t.Errorf("none lasts from %s to %s", none.Begins(), none.Ends())
	}
}
