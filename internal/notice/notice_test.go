package notice_test

import (
	"strings"
	"testing"

	"gatehouse/internal/notice"
)

// Every kind has words of its own in every language, by whoever it was done,
// and says what to do.
func TestWords(t *testing.T) {
	const general = "Something about your sign-in was changed."
	for _, language := range notice.Languages() {
		seen := map[string]notice.Kind{}
		for _, k := range notice.Kinds() {
			for _, by := range []notice.By{notice.Oneself, notice.Colleague, notice.Console, notice.Machine} {
				w := notice.Notice{Kind: k, By: by, ByName: "Anna", Face: "desk", Facts: notice.Facts{Whom: "Bob", Act: notice.FactorsReset, Left: 2}}.Words(language)
				if w.What == "" || w.Who == "" || w.Where == "" || w.Advice == "" {
					t.Errorf("%s by %s in %s: %+v", k, by, language, w)
				}
				if other, ok := seen[w.What]; ok && other != k || w.What == general {
					t.Errorf("%s and %s are told in the same words: %s", k, other, w.What)
				}
				seen[w.What] = k
				if by == notice.Oneself && !strings.Contains(w.Advice, "not you") && !strings.Contains(w.Advice, "nicht waren") && k != notice.CodesLow && k != notice.LinkIssued && k != notice.ConsoleActed && k != notice.BreakGlassOther && k != notice.KeyEnding && k != notice.KeyExpired { // nobody did these
					t.Errorf("%s in %s does not say what to do if it was not you: %s", k, language, w.Advice)
				}
			}
		}
	}
	if got := (notice.Notice{Kind: notice.NewAddress, By: notice.Oneself, Address: "192.0.2.7", Program: "Firefox"}).Words("tlh").Where; got != "192.0.2.7 (Firefox)" {
		t.Errorf("from %q", got)
	}
}

// What people typed stands in the words as they typed it.
func TestWords_facts(t *testing.T) {
	for _, c := range []struct {
		n    notice.Notice
		want string
	}{
		{notice.Notice{Kind: notice.FactorAdded, Facts: notice.Facts{Name: "<b>%s{link}"}}, "The authenticator app “<b>%s{link}” was added to your 2-factor authentication."},
		{notice.Notice{Kind: notice.CodesLow}, "A recovery code was used, and it was the last one."},
		{notice.Notice{Kind: notice.CodesLow, Facts: notice.Facts{Left: 1}}, "A recovery code was used. One is left."},
		{notice.Notice{Kind: notice.CodesLow, Facts: notice.Facts{Left: 3}}, "A recovery code was used. 3 are left."},
		{notice.Notice{Kind: notice.KeyEnding, Facts: notice.Facts{Name: "<b>{link}", Day: "2026-03-28"}}, "The API key “<b>{link}” of your user works until the end of 2026-03-28 (UTC). After that, programs that use it have no access."},
		{notice.Notice{Kind: notice.KeyExpired, Facts: notice.Facts{Name: "Shop", Day: "2026-03-28", Whom: "Job"}}, "The API key “Shop” of the service user Job, for which you answer, ended with 2026-03-28 (UTC). Programs that still use it no longer have access."},
		{notice.Notice{Kind: notice.RolesChanged, Facts: notice.Facts{Roles: []string{"Support", "Tech"}}}, "Your roles were changed. You now have: Support, Tech."},
	} {
		if got := c.n.Words("en").What; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
