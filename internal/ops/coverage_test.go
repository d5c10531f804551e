package ops_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/account"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/user"
)

// The report says of everybody what they have, and of nobody more; its numbers
// are those of its lines, whatever the account demands.
func TestCoverage_states(t *testing.T) {
	for name, c := range map[string]struct {
		policy account.MFAPolicy
		set    string // of the account
		want   ops.CoverageCounts
	}{
		"recommended":          {account.MFARecommended, "", ops.CoverageCounts{People: 5, On: 2, Overdue: 1, Off: 2, Invited: 1}},
		"required":             {account.MFARequired, "", ops.CoverageCounts{People: 5, On: 2, Overdue: 3, Invited: 1}},
		"from a day to come":   {account.MFARecommended, `mfa_from = '2026-04-01'`, ops.CoverageCounts{People: 5, On: 2, Overdue: 1, Due: 2, Invited: 1}},
		"from a day that came": {account.MFARecommended, `mfa_from = '2026-03-01'`, ops.CoverageCounts{People: 5, On: 2, Overdue: 3, Invited: 1}},
		"forced on everybody":  {account.MFARecommended, `force_mfa = TRUE`, ops.CoverageCounts{People: 5, On: 2, Overdue: 3, Invited: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			home := w.Found("home", c.policy)
			admin := w.Join(home, opstest.Member{Login: "admin", Role: "Admin", AdminUser: true})
			app := w.Join(home, opstest.Member{Login: "app"})
			w.Join(home, opstest.Member{Login: "bare", NoFactor: true})
			w.Join(home, opstest.Member{Login: "forced", NoFactor: true, ForceMFA: true})
			w.Join(home, opstest.Member{Login: "invited", State: user.Invited})
			w.Join(home, opstest.Member{Login: "gone", State: user.Deactivated, NoFactor: true})
			in := w.newService(home, app)
			in.Login = "robot"
			opstest.Must(w.Place, opstest.Console("home"), w.Ops.ServiceUsers.Add, in)
			if c.set != "" {
				w.Exec(`UPDATE accounts SET `+c.set+` WHERE id = $1`, string(home.ID))
			}
			opstest.Must(w.Place, app.Caller(), w.Ops.Session.Show, ops.None{})
			caller := admin.Caller()
			all := opstest.Must(w.Place, caller, w.Ops.Coverage.Show, ops.None{})
			if diff := cmp.Diff(c.want, all.CoverageCounts); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			counted := map[ops.Covered]int{}
			page := opstest.Must(w.Place, caller, w.Ops.Coverage.List, ops.CoverageList{})
			for _, row := range page.Entities {
				counted[row.State]++
				if has := row.AuthenticatorApps+row.SecurityKeys > 0; has != (row.State == ops.CoveredOn) || has != (row.RecoveryCodesLeft == 10) {
					t.Errorf("%s is %s with %d apps, %d codes", row.Login, row.State, row.AuthenticatorApps, row.RecoveryCodesLeft)
				}
				if row.Login == "robot" || row.Login == "gone" {
					t.Errorf("%s is in the report", row.Login)
				}
			}
			want := map[ops.Covered]int{ops.CoveredOn: c.want.On, ops.CoveredOverdue: c.want.Overdue, ops.CoveredDue: c.want.Due, ops.CoveredOff: c.want.Off}
			for s, n := range want {
				if counted[s] != n {
					t.Errorf("%d lines are %s, not %d", counted[s], s, n)
				}
			}
			across := opstest.Must(w.Place, opstest.Console(""), w.Ops.Accounts.Coverage, ops.AccountList{Q: "home"})
			if len(across.Entities) != 1 || across.Entities[0].CoverageCounts != c.want || !across.Entities[0].AdminSecondFactor || across.Entities[0].AdminName != admin.Name {
				t.Errorf("the operator sees %+v", across.Entities)
			}
		})
	}
}

// Operators learn numbers of other accounts, and whom they deal with; nothing of
// anybody else.
func TestCoverage_operatorsSeeNumbers(t *testing.T) {
	w := newTown(t)
	boss := w.adminUser(w.otter)
	clerk := w.somebody(w.otter, opstest.Member{})
	page := opstest.Must(w.Place, w.somebody(w.harbour, opstest.Member{Role: "Admin"}).Caller(), w.Ops.Accounts.Coverage, ops.AccountList{})
	raw, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{boss.Name: true, string(boss.Login): false, string(boss.Email): false, string(boss.ID): false, clerk.Name: false, string(clerk.ID): false} {
		if strings.Contains(string(raw), text) != want {
			t.Errorf("%q in %s: want %v", text, raw, want)
		}
	}
	opstest.Refused(w.Place, boss.Caller(), w.Ops.Accounts.Coverage, ops.AccountList{}, problem.Forbidden)
}

// Never signed in is said of who may come, and counted up to a bound.
func TestCoverage_neverSeen(t *testing.T) {
	w := newTown(t)
	admin := w.adminUser(w.otter)
	for n := range 3 {
		w.Join(w.otter, opstest.Member{Login: fmt.Sprintf("new%d", n), State: user.Invited})
	}
	w.Join(w.otter, opstest.Member{Login: "gone", State: user.Deactivated})
	w.Exec(`UPDATE users SET last_seen_at = $2 WHERE id = $1`, string(admin.ID), w.Clock.Now().UnixMilli())
	c := admin.Caller()
	s := opstest.Must(w.Place, c, w.Ops.Coverage.Show, ops.None{})
	page := opstest.Must(w.Place, c, w.Ops.Coverage.List, ops.CoverageList{LastSeenAt: "null:1"})
	if s.NeverSeen != 3 || s.NeverSeenIsMinimum || page.Pagination.Total != 3 || len(page.Entities) != 3 {
		t.Errorf("%+v, and %d lines of %d", s, len(page.Entities), page.Pagination.Total)
	}
}
