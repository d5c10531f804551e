package account_test

import (
	"testing"
	"time"

	"gatehouse/internal/calendar"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
)

// Whether a second factor is demanded, by whom, and from when: every source of
// a demand alone and against the others, and the seconds around midnight UTC.
func TestAccount_Demands(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	const noon = "2026-03-14T12:00:00Z"
	old, young := at("2020-04-30T23:59:59Z"), at("2020-05-01T00:00:00Z")
	byDate := account.MFAByOpeningDate
	policy := account.Demand{By: account.ByPolicy}
	admin := account.Demand{By: account.ByAdministrator}
	operator := account.Demand{By: account.ByOperator}
	from := func(d calendar.Day) account.Demand { return account.Demand{From: d} }
	for _, test := range []struct {
		name    string
		account account.Account
		forced  bool
		now     string
		want    account.Demand
	}{
		{"the last second of 30 April 2020", account.Account{MFAPolicy: byDate, OpenedAt: old}, false, noon, account.Demand{}},
		{"the first second of 1 May 2020", account.Account{MFAPolicy: byDate, OpenedAt: young}, false, noon, policy},
		{"the same moment, told elsewhere", account.Account{MFAPolicy: byDate, OpenedAt: young.In(time.FixedZone("west", -8*3600))}, false, noon, policy},
		{"nothing known", account.Account{}, false, noon, account.Demand{}},
		{"another day of the installation's, before", account.Account{MFAPolicy: byDate, OpenedAt: at("2024-12-31T23:59:59Z"), Rules: account.Rules{RequiredAfter: "2024-12-31"}}, false, noon, account.Demand{}},
		{"another day of the installation's, after", account.Account{MFAPolicy: byDate, OpenedAt: at("2025-01-01T00:00:00Z"), Rules: account.Rules{RequiredAfter: "2024-12-31"}}, false, noon, policy},
		{"old, and the operator requires it", account.Account{MFAPolicy: account.MFARequired, OpenedAt: old}, false, noon, policy},
		{"young, and the operator only recommends it", account.Account{MFAPolicy: account.MFARecommended, OpenedAt: young}, false, noon, account.Demand{}},
		{"recommended, forced on the user", account.Account{MFAPolicy: account.MFARecommended}, true, noon, admin},
		{"recommended, forced on everybody", account.Account{MFAPolicy: account.MFARecommended, ForceMFA: true}, false, noon, admin},
		{"policy goes before the administrator", account.Account{MFAPolicy: account.MFARequired, ForceMFA: true}, true, noon, policy},
		{"the account's day to come", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-04-01"}, false, noon, from("2026-04-01")},
		{"the last second before it", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-04-01"}, false, "2026-03-31T23:59:59Z", from("2026-04-01")},
		{"that second, told in the east, where it is the day", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-04-01"}, false, "2026-04-01T01:59:59+02:00", from("2026-04-01")},
		{"the first second of it", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-04-01"}, false, "2026-04-01T00:00:00Z", operator},
		{"that second, told in the west, where it is the eve", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-04-01"}, false, "2026-03-31T18:00:00-06:00", operator},
		{"the installation's day to come", account.Account{MFAPolicy: account.MFARecommended, Rules: account.Rules{RequiredFrom: "2026-04-01"}}, false, noon, from("2026-04-01")},
		{"the last second before that", account.Account{MFAPolicy: account.MFARecommended, Rules: account.Rules{RequiredFrom: "2026-04-01"}}, false, "2026-03-31T23:59:59Z", from("2026-04-01")},
		{"the first second of that", account.Account{MFAPolicy: account.MFARecommended, Rules: account.Rules{RequiredFrom: "2026-04-01"}}, false, "2026-04-01T00:00:00Z", operator},
		{"the earlier of two days is the account's", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-03-20", Rules: account.Rules{RequiredFrom: "2026-04-01"}}, false, noon, from("2026-03-20")},
		{"the earlier of two days is the installation's", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-05-01", Rules: account.Rules{RequiredFrom: "2026-04-01"}}, false, noon, from("2026-04-01")},
		{"one of two days has come", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-05-01", Rules: account.Rules{RequiredFrom: "2026-03-01"}}, false, noon, operator},
		{"the administrator goes before the day", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-03-01"}, true, noon, admin},
		{"forced now, whatever day is to come", account.Account{MFAPolicy: account.MFARecommended, MFAFrom: "2026-04-01"}, true, noon, admin},
		{"required now, whatever day is to come", account.Account{MFAPolicy: account.MFARequired, MFAFrom: "2026-04-01"}, false, noon, policy},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.account.Demands(test.forced, at(test.now))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
