package field_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// A form tells everything that is wrong at once.
func TestForm(t *testing.T) {
	var f field.Form
	if f.Err() != nil {
		t.Error("an empty form is in error")
	}
	if got := field.Read(&f, "name", field.Text(5), " Anna "); got != "Anna" || f.Err() != nil {
		t.Errorf("got %q, %v", got, f.Err())
	}
	field.Read(&f, "title", field.Text(5), "much too long")
	if got := field.Optional(&f, "note", field.Text(5), "  "); got != "" {
		t.Errorf("got %q", got)
	}
	field.Optional(&f, "nick", field.Text(5), "a\x00b")
	f.Add("login", field.Wrong(problem.Taken, "Taken."))
	p, ok := errors.AsType[*problem.Problem](f.Err())
	if !ok || p.Code != problem.InvalidFields {
		t.Fatalf("got %v", f.Err())
	}
	var got [][2]string
	for _, v := range p.Violations {
		got = append(got, [2]string{v.Field, string(v.Code)})
	}
	want := [][2]string{{"title", "too_long"}, {"nick", "bad_text"}, {"login", "taken"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrintable(t *testing.T) {
	for raw, want := range map[string]string{
		"Mozilla/5.0": "Mozilla/5.0",
		"a\nb\x1b[0m": "a·b·[0m",
		"x\u202ey":    "x·y",
		"a\xffb":      "a·b",
		"123456789":   "12345678",
		"üüüüüüüüüü":  "üüüüüüüü",
	} {
		if got := field.Printable(raw, 8); got != want && len(raw) < 9 || len([]rune(got)) > 8 {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}
