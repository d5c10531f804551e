package ops_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/activity"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
)

// The support contact is set by whoever runs the installation, seen by anybody,
// and all of it may be left out.
func TestSettings_support(t *testing.T) {
	w := newTown(t)
	operator := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	seen := func() ops.Support {
		t.Helper()
		return opstest.Must(w.Place, opstest.Anybody(), w.Ops.Installation.Show, ops.None{}).Support
	}
	if diff := cmp.Diff(ops.Support{}, seen()); diff != "" {
		t.Errorf("before anything is set (-want +got):\n%s", diff)
	}
	opstest.Must(w.Place, operator.Caller(), w.Ops.Settings.Update, ops.UpdateSettingsInput{
		PublicURL: new("https://gate.example"), SupportEmail: new(" help@Harbour.example "), SupportPhone: new("0032 (0)2 123 45 67"), SupportHours: new("Monday  to Friday, 9–17"),
	})
	want := ops.Support{Email: "help@harbour.example", Phone: "+3221234567", Hours: "Monday to Friday, 9–17"}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, c := range map[string]struct {
		in   ops.UpdateSettingsInput
		want []string
	}{
		"everything":  {ops.UpdateSettingsInput{PublicURL: new("x"), SupportEmail: new("x"), SupportPhone: new("112"), SupportHours: new("a\nb")}, []string{"publicUrl:bad_format", "supportEmail:bad_format", "supportPhone:bad_format", "supportHours:bad_text"}},
		"too long":    {ops.UpdateSettingsInput{SupportHours: new(strings.Repeat("x", 121)), SupportPhone: new("")}, []string{"supportHours:too_long"}},
		"a direction": {ops.UpdateSettingsInput{SupportEmail: new("he\u202elp@harbour.example")}, []string{"supportEmail:bad_text"}},
	} {
		_, err := opstest.Do(w.Place, operator.Caller(), w.Ops.Settings.Update, c.in)
		code(t, err, problem.InvalidFields)
		if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(want, seen()); diff != "" {
			t.Errorf("%s changed something:\n%s", name, diff)
		}
	}
	opstest.Must(w.Place, operator.Caller(), w.Ops.Settings.Update, ops.UpdateSettingsInput{SupportPhone: new("")})
	if diff := cmp.Diff(activity.Detail{"supportPhone": change("+3221234567", "")}, w.LastRecord().Detail); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	w.Reopen()
	want.Phone = ""
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Errorf("after one was taken out (-want +got):\n%s", diff)
	}
	if got := opstest.Must(w.Place, operator.Caller(), w.Ops.Settings.Show, ops.None{}); got.PublicURL != "https://gate.example" || got.SupportEmail != want.Email {
		t.Errorf("the settings are %+v", got)
	}
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Settings.Update, ops.UpdateSettingsInput{SupportEmail: new("mine@otter.example")}, problem.Forbidden)
}
