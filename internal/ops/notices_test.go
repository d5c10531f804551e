package ops_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/delivery"
	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/id"
	"gatehouse/internal/notice"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// told leaves a notice for somebody and gives the ids of all.
func (w *town) told(who *opstest.Person) []id.Notice {
	w.T.Helper()
	if who == nil {
		return []id.Notice{"not_none"}
	}
	w.Write(func(tx store.WriteTx) error {
		return tx.Tell(who.Ref, notice.Notice{Kind: notice.CodesReplaced, By: notice.Oneself})
	})
	all := []id.Notice{}
	for _, n := range w.notices(who) {
		all = append(all, n.ID)
	}
	return all
}

// notices of somebody, oldest first.
func (w *town) notices(who *opstest.Person) (all []store.Told) {
	w.T.Helper()
	w.Read(func(tx store.ReadTx) (err error) {
		p, err := tx.Notices(who.Ref, store.NoticeFilter{Span: store.Span{Limit: 200}})
		all = p.Rows
		return err
	})
	slices.Reverse(all)
	return all
}

// heard is what somebody was told in the app, as "kind by", oldest first.
func (w *town) heard(who *opstest.Person) []string {
	w.T.Helper()
	all := []string{}
	for _, n := range w.notices(who) {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s by %s %s", n.Kind, n.By, n.ByName)))
	}
	return all
}

// letters are the notices in the outbox about somebody, by address.
func (w *town) letters(who *opstest.Person) []string {
	w.T.Helper()
	all := []string{}
	for _, m := range w.messages(w.accountOf(who)) {
		if m.User == who.ID && m.Kind == delivery.Notice {
			all = append(all, m.Recipient)
		}
	}
	slices.Sort(all)
	return all
}

// Every event about somebody's sign-in tells the person something, or is said
// to tell nothing, and why: whoever adds one has to decide.
func TestNotices_everyEventIsDecided(t *testing.T) {
	w := newTown(t)
	about := []string{"user", "profile", "password", "mfa", "session", "activation", "notice", "account", "key"}
	var there []string
	for _, o := range w.Ops.Table().All() {
		there = append(there, o.Info().Event)
		there = append(there, o.Info().Also...)
	}
	for _, event := range there {
		noun, _, _ := strings.Cut(event, ".")
		kinds, reason := ops.TellingsOf(event)
		if slices.Contains(about, noun) && (len(kinds) > 0) == (reason != "") {
			t.Errorf("%s tells %v, or nothing because %q: please decide in notices.go", event, kinds, reason)
		}
	}
	for _, event := range ops.ToldEvents() {
		if !slices.Contains(there, event) {
			t.Errorf("no operation leaves the event %s", event)
		}
	}
	var used []notice.Kind
	for _, event := range ops.ToldEvents() {
		kinds, _ := ops.TellingsOf(event)
		used = append(used, kinds...)
	}
	for _, k := range notice.Kinds() {
		elsewhere := k == notice.ConsoleActed || k == notice.HandedOver // not by this table
		if !elsewhere && !slices.Contains(used, k) {
			t.Errorf("nothing tells %s", k)
		}
	}
}

// Whatever is done to somebody's sign-in is told to that person, in the app and
// by mail, with who did it.
func TestNotices_kinds(t *testing.T) {
	admin := func(w *town) (*opstest.Person, auth.Caller) {
		who := w.somebody(w.otter, opstest.Member{Role: "Admin"})
		return who, who.Caller()
	}
	// A sign-in from home, so that everything after it is not the first one.
	settle := func(w *town, who *opstest.Person) {
		w.Exec(`UPDATE users SET last_seen_at = $2 WHERE id = $1`, string(who.ID), w.Clock.Now().UnixMilli())
	}
	byAdmin := func(kind notice.Kind, act func(w *town, c auth.Caller, who *opstest.Person)) (func(*town, *opstest.Person) string, notice.Kind) {
		return func(w *town, who *opstest.Person) string {
			boss, c := admin(w)
			act(w, c, who)
			return "colleague " + boss.Name
		}, kind
	}
	type telling struct {
		act   func(w *town, who *opstest.Person) string // gives by whom
		kind  notice.Kind
		mails []string // to whom besides the user's address now; nil for that alone
		none  bool     // no mail: another one tells
	}
	of := func(act func(*town, *opstest.Person) string, kind notice.Kind) telling {
		return telling{act: act, kind: kind}
	}
	oneself := func(kind notice.Kind, act func(w *town, c auth.Caller, who *opstest.Person)) telling {
		return telling{kind: kind, act: func(w *town, who *opstest.Person) string {
			act(w, who.Caller(), who)
			return "oneself"
		}}
	}
	changeEmail := of(byAdmin(notice.EmailChanged, func(w *town, c auth.Caller, who *opstest.Person) {
		opstest.Must(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Email: new("new@otter.example")})
	}))
	changeEmail.mails = []string{"new@otter.example"}
	mailed := of(byAdmin(notice.LinkIssued, func(w *town, c auth.Caller, who *opstest.Person) {
		opstest.Must(w.Place, c, w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID})
	}))
	mailed.none = true
	for name, c := range map[string]telling{
		"own password": oneself(notice.PasswordChanged, func(w *town, c auth.Caller, _ *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Profile.ChangePassword, ops.ChangePasswordInput{Current: secret.New(opstest.Password), Password: secret.New(opstest.Password + "!")})
		}),
		"a second app": oneself(notice.FactorAdded, func(w *town, c auth.Caller, _ *opstest.Person) { w.pair(c, "Tablet") }),
		"an app less": oneself(notice.FactorRemoved, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.SecondFactors.RemoveApp, ops.AppID{ID: w.secondAppOf(who)})
		}),
		"all factors off": oneself(notice.FactorsOff, func(w *town, c auth.Caller, _ *opstest.Person) {
			w.Exec(`UPDATE accounts SET mfa_policy = 'recommended' WHERE id = $1`, string(w.otter.ID))
			opstest.Must(w.Place, c, w.Ops.SecondFactors.Disable, ops.None{})
		}),
		"codes anew": oneself(notice.CodesReplaced, func(w *town, c auth.Caller, _ *opstest.Person) {
			begun := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginCodes, ops.None{})
			opstest.Must(w.Place, c, w.Ops.SecondFactors.ConfirmCodes, ops.CeremonyInput{Ceremony: again(begun.Ceremony)})
		}),
		"own address": {kind: notice.EmailChanged, mails: []string{"other@otter.example"}, act: func(w *town, who *opstest.Person) string {
			opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Email: new("other@otter.example")})
			return "oneself"
		}},
		"by link": oneself(notice.PasswordReset, func(w *town, _ auth.Caller, who *opstest.Person) {
			_, c := admin(w)
			out := opstest.Must(w.Place, c, w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID, HandOver: true})
			w.Exec(`DELETE FROM notices`)
			w.Exec(`DELETE FROM outbox`)
			code(w.T, w.complete(tokenOf(w.T, out.Link), opstest.Password+"?"), "ok")
		}),
		"few codes at sign-in": oneself(notice.CodesLow, func(w *town, _ auth.Caller, who *opstest.Person) {
			w.Exec(`UPDATE recovery_codes SET used_at = 1 WHERE user_id = $1 AND digest NOT IN (SELECT digest FROM recovery_codes WHERE user_id = $1 ORDER BY digest LIMIT 3)`, string(who.ID))
			w.spendCode(who)
		}),
		"few codes at step-up": oneself(notice.CodesLow, func(w *town, c auth.Caller, who *opstest.Person) {
			w.Exec(`UPDATE recovery_codes SET used_at = 1 WHERE user_id = $1 AND digest NOT IN (SELECT digest FROM recovery_codes WHERE user_id = $1 ORDER BY digest LIMIT 4)`, string(who.ID))
			for _, code := range who.Recovery {
				_, err := opstest.Do(w.Place, c, w.Ops.Session.StepUp, ops.StepUpInput{Password: secret.New(opstest.Password), RecoveryCode: again(code)})
				if err == nil {
					return
				}
				w.Clock.Advance(time.Minute)
			}
			w.T.Fatal("no code works")
		}),
		"address by an admin": changeEmail,
		"roles": of(byAdmin(notice.RolesChanged, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Roles: []id.Role{w.Role(w.otter, "Tech")}})
		})),
		"factor demanded": of(byAdmin(notice.FactorDemanded, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, ForceMFA: new(true)})
		})),
		"factors reset": of(byAdmin(notice.FactorsReset, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost the phone."})
		})),
		"link handed over": of(byAdmin(notice.LinkIssued, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID, HandOver: true})
		})),
		"link mailed": mailed,
		"a session": of(byAdmin(notice.SessionEnded, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Sessions.End, ops.SessionID{ID: w.sessionOf(who)})
		})),
		"all sessions": of(byAdmin(notice.SessionsEnded, func(w *town, c auth.Caller, who *opstest.Person) {
			opstest.Must(w.Place, c, w.Ops.Sessions.EndAll, ops.UserID{ID: who.ID})
		})),
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.mailTo(1)
			who := w.somebody(w.otter, opstest.Member{Role: "Support"})
			bystander := w.somebody(w.otter, opstest.Member{Role: "Support"})
			settle(w, who)
			by := c.act(w, who)
			if diff := cmp.Diff([]string{string(c.kind) + " by " + by}, w.heard(who)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			want := append([]string{string(who.Email)}, c.mails...)
			if c.none {
				want = []string{}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, w.letters(who)); diff != "" {
				t.Errorf("mailed to (-want +got):\n%s", diff)
			}
			if got := w.heard(bystander); len(got) != 0 {
				t.Errorf("somebody else was told %v", got)
			}
			if n := w.notices(who)[0]; n.Address != "192.0.2.7" || n.Program != "test browser" || n.Face != "browser" || !n.At.Equal(w.Clock.Now()) {
				t.Errorf("from %q with %q at %s", n.Address, n.Program, n.At)
			}
		})
	}
}

// spendCode signs somebody in with a recovery code that is unused.
func (w *town) spendCode(who *opstest.Person) {
	w.T.Helper()
	for _, c := range who.Recovery {
		out, err := w.verify(w.askedForFactor(who), ops.VerifyInput{RecoveryCode: again(c)})
		if err == nil && out.State == ops.SignedIn {
			w.Exec(`DELETE FROM notices WHERE kind = 'new_address'`)
			w.Exec(`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT (SELECT COUNT(*) - 1 FROM outbox))`)
			return
		}
		w.Clock.Advance(time.Hour)
	}
	w.T.Fatal("no code works")
}

// What one does to one's own sessions, what was refused and what failed tells
// nobody anything.
func TestNotices_nothing(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	c := who.Caller()
	other := w.sessionOf(who)
	opstest.Must(w.Place, c, w.Ops.Profile.EndSession, ops.SessionID{ID: other})
	opstest.Must(w.Place, c, w.Ops.Profile.EndOtherSessions, ops.None{})
	opstest.Must(w.Place, c, w.Ops.Profile.Update, ops.UpdateProfileInput{Name: new("Otto Otter")})
	_, err := opstest.Do(w.Place, c, w.Ops.Profile.ChangePassword, ops.ChangePasswordInput{Current: secret.New(wrongPassword), Password: secret.New(opstest.Password + "!")})
	code(t, err, problem.PasswordWrong)
	opstest.Refused(w.Place, w.somebody(w.otter, opstest.Member{Role: "Support"}).Caller(), w.Ops.Sessions.EndAll, ops.UserID{ID: who.ID}, problem.Forbidden)
	opstest.Refused(w.Place, c, w.Ops.SecondFactors.Disable, ops.None{}, problem.MFARequired)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	opstest.Refused(w.Place, w.somebody(w.heron, opstest.Member{Role: "Admin"}).Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "x"}, problem.NotFound)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: admin.ID, Reason: "x"}, problem.OwnRights)
	if got := slices.Concat(w.heard(who), w.heard(admin), w.letters(who)); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

// Without the notice nothing is done: both are in one transaction.
func TestNotices_sameTransaction(t *testing.T) {
	for _, table := range []string{"notices", "outbox"} {
		t.Run(table, func(t *testing.T) {
			w := newTown(t)
			w.mailTo(1)
			who := w.somebody(w.otter, opstest.Member{Role: "Support"})
			c, records := who.Caller(), len(w.Records())
			w.Exec(`CREATE TRIGGER broken BEFORE INSERT ON ` + table + ` BEGIN SELECT RAISE(ABORT, 'broken'); END`)
			in := ops.ChangePasswordInput{Current: secret.New(opstest.Password), Password: secret.New(opstest.Password + "!")}
			if _, err := opstest.Do(w.Place, c, w.Ops.Profile.ChangePassword, in); !strings.HasPrefix(opstest.CodeOf(err), "internal") {
				t.Fatalf("the answer is %v", err)
			}
			w.Exec(`DROP TRIGGER broken`)
			if n := len(w.Records()) - records; n != 0 {
				t.Errorf("%d records", n)
			}
			opstest.Must(w.Place, c, w.Ops.Profile.ChangePassword, in) // the old password still works
			if diff := cmp.Diff([]string{"password_changed by oneself"}, w.heard(who)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if got := w.letters(who); len(got) != 1 {
				t.Errorf("mails to %v", got)
			}
		})
	}
}

// Many at once, committed together and run again when one of them fails: each
// is told once.
func TestNotices_onceUnderLoad(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"}).Caller()
	var all []*opstest.Person
	for range 12 {
		all = append(all, w.somebody(w.otter, opstest.Member{Role: "Support"}))
	}
	var wait sync.WaitGroup
	for range 2 { // the second one finds nothing to reset
		for _, who := range all {
			wait.Go(func() {
				_, err := opstest.Do(w.Place, admin, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Lost."})
				if got := opstest.CodeOf(err); got != "ok" && got != string(problem.Conflict) {
					t.Errorf("reset gives %s", got)
				}
			})
		}
	}
	wait.Wait()
	for _, who := range all {
		if got, mails := w.heard(who), w.letters(who); len(got) != 1 || len(mails) != 1 {
			t.Errorf("told %v, mailed to %v", got, mails)
		}
	}
}

// Without mail there is the app; and the mail is in the user's own language.
func TestNotices_mail(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	opstest.Must(w.Place, admin.Caller(), w.Ops.Sessions.EndAll, ops.UserID{ID: who.ID})
	if got := w.letters(who); len(got) != 0 || len(w.heard(who)) != 1 {
		t.Errorf("mails to %v, told %v", got, w.heard(who))
	}
	box := deliverytest.New(t, deliverytest.Options{Password: mailPassword})
	w.connect(box)
	w.Exec(`UPDATE users SET language = 'de' WHERE id = $1`, string(who.ID))
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: who.ID, Reason: "Telefon verloren {link} <b>"})
	if n := w.round(); n != 1 {
		t.Fatalf("%d messages went out", n)
	}
	text := textOf(t, box.Wait(1)[0])
	for _, want := range []string{
		"zweiten Faktoren und Wiederherstellungscodes wurden entfernt", "Telefon verloren {link} ", "Wer: " + admin.Name,
		"Von wo: 192.0.2.7", "fragen Sie Ihren Administrator", "2026-03-14 09:26 UTC",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "<b>") && !strings.Contains(text, "&lt;b&gt;") {
		t.Errorf("a reason is markup:\n%s", text)
	}
}

// What the console does to an operator is told to all operators, and to nobody
// else.
func TestNotices_console(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	struck := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	operator := w.somebody(w.harbour, opstest.Member{Role: "Admin"})
	clerk := w.somebody(w.harbour, opstest.Member{Role: "Support"})
	gone := w.somebody(w.harbour, opstest.Member{Role: "Admin", State: user.Deactivated})
	foreign := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	opstest.Must(w.Place, opstest.Console(""), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: struck.ID, Reason: "Locked out."})
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: foreign.ID, Reason: "Locked out."})
	for who, want := range map[*opstest.Person][]string{
		struck: {"factors_reset by console root"}, operator: {"console_acted by console root"}, clerk: {}, gone: {},
		foreign: {"factors_reset by console root"},
	} {
		if diff := cmp.Diff(want, w.heard(who)); diff != "" {
			t.Errorf("%s was told (-want +got):\n%s", who.Name, diff)
		}
		if got := w.letters(who); len(got) != len(want) {
			t.Errorf("%s: mails to %v", who.Name, got)
		}
	}
	page := opstest.Must(w.Place, operator.Caller(), w.Ops.Profile.Notices, ops.NoticeList{})
	if want := "Somebody at the command line acted on the operator " + struck.Name + ": the second factors were removed. Reason given: Locked out."; page.Entities[0].What != want {
		t.Errorf("it says %q", page.Entities[0].What)
	}
}

// One's own notices, newest first, in the language one reads; nobody else's.
func TestNotices_list(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c := who.Caller()
	status := func() int {
		return opstest.Must(w.Place, c, w.Ops.Session.Show, ops.None{}).Session.UnreadNotices
	}
	for range 5 {
		w.told(who)
	}
	theirs := w.told(w.somebody(w.otter, opstest.Member{}))
	mine := w.told(who)
	var got []id.Notice
	cursor := ""
	for range 4 {
		page := opstest.Must(w.Place, c, w.Ops.Profile.Notices, ops.NoticeList{Paging: ops.Paging{Limit: new(2), Cursor: cursor}, Language: "de"})
		for _, n := range page.Entities {
			got = append(got, n.ID)
			if n.What != "Sie haben neue Wiederherstellungscodes. Die alten gelten nicht mehr." || n.ReadAt != nil {
				t.Errorf("it says %q, read %v", n.What, n.ReadAt)
			}
		}
		if page.Pagination.Total != 6 {
			t.Errorf("%d in all", page.Pagination.Total)
		}
		if cursor = page.Pagination.NextCursor; cursor == "" {
			break
		}
	}
	slices.Reverse(got)
	if diff := cmp.Diff(mine, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	opstest.Refused(w.Place, c, w.Ops.Profile.Notices, ops.NoticeList{Language: "tlh"}, problem.InvalidFields)
	opstest.Refused(w.Place, c, w.Ops.Profile.Notices, ops.NoticeList{Paging: ops.Paging{Cursor: "x"}}, problem.InvalidRequest)

	opstest.Refused(w.Place, c, w.Ops.Profile.ReadNotices, ops.ReadNoticesInput{}, problem.InvalidFields)
	opstest.Refused(w.Place, c, w.Ops.Profile.ReadNotices, ops.ReadNoticesInput{IDs: make([]id.Notice, 201)}, problem.InvalidFields)
	opstest.Refused(w.Place, c, w.Ops.Profile.ReadNotices, ops.ReadNoticesInput{IDs: []id.Notice{mine[0], theirs[0]}}, problem.NotFound)
	if n := status(); n != 6 {
		t.Errorf("%d unread after a refusal", n)
	}
	for range 2 {
		if left := opstest.Must(w.Place, c, w.Ops.Profile.ReadNotices, ops.ReadNoticesInput{IDs: mine[:4]}); left.Unread != 2 || status() != 2 {
			t.Errorf("%d left, the session says %d", left.Unread, status())
		}
	}
	w.Clock.Advance(401 * 24 * time.Hour)
	w.Tidy()
	if n := w.Count(`SELECT COUNT(*) FROM notices`); n != 0 {
		t.Errorf("%d notices are kept for ever", n)
	}
}

// Of whoever is deleted nothing of it stays.
func TestNotices_leaveWithTheUser(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{NoFactor: true})
	_, err := w.signIn(string(who.Login), opstest.Password, "192.0.2.1")
	code(t, err, "ok")
	w.told(who)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Delete, ops.UserID{ID: who.ID})
	if n := w.Count(`SELECT (SELECT COUNT(*) FROM notices WHERE user_id = $1) + (SELECT COUNT(*) FROM networks WHERE user_id = $1)`, string(who.ID)); n != 0 {
		t.Errorf("%d rows stay", n)
	}
}

// accountOf somebody.
func (w *town) accountOf(who *opstest.Person) (a account.Account) {
	w.T.Helper()
	w.Read(func(tx store.ReadTx) (err error) {
		a, err = tx.Account(access.Within(who.Account))
		return err
	})
	return a
}

// textOf a mail: what people read of it.
func textOf(t testing.TB, m deliverytest.Mail) string {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
