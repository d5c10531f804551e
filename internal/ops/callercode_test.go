package ops_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/notice"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// phones are those to which a real gateway delivers.
type phones struct {
	mu  sync.Mutex
	got []struct{ To, Text string }
}

// phones begins a gateway and has SMS sent to it.
func (w *town) phones() *phones {
	w.T.Helper()
	p := &phones{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct{ To, Text string }
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil {
			w.T.Error(err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, m)
	}))
	w.T.Cleanup(server.Close)
	w.textTo(server.URL)
	return p
}

var callerCode = regexp.MustCompile(`\d{4} \d{4}`)

// readOut is the code that arrived last, and the number it went to.
func (p *phones) readOut(w *town) (code secret.Text, to string) {
	w.T.Helper()
	w.round()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.got) == 0 {
		w.T.Fatal("no SMS came")
	}
	last := p.got[len(p.got)-1]
	return secret.New(callerCode.FindString(last.Text)), last.To
}

// wrong is a code that is not that one.
func wrong(code secret.Text) secret.Text {
	if strings.HasPrefix(code.Reveal(), "0") {
		return secret.New("1" + code.Reveal()[1:])
	}
	return secret.New("0" + code.Reveal()[1:])
}

func (w *town) send(c auth.Caller, who *opstest.Person) ops.AdminHelp {
	w.T.Helper()
	return opstest.Must(w.Place, c, w.Ops.AdminHelp.Send, ops.AccountID{ID: who.Account})
}

func (w *town) typeCode(c auth.Caller, who *opstest.Person, code secret.Text) string {
	w.T.Helper()
	_, err := opstest.Do(w.Place, c, w.Ops.AdminHelp.Check, ops.CallerCodeInput{ID: who.Account, Code: code})
	return opstest.CodeOf(err)
}

func (w *town) reset(c auth.Caller, who *opstest.Person) string {
	w.T.Helper()
	_, err := opstest.Do(w.Place, c, w.Ops.AdminHelp.Reset, ops.AccountReason{ID: who.Account, Reason: "Lost the phone."})
	return opstest.CodeOf(err)
}

func (w *town) want(what, got, want string) {
	w.T.Helper()
	if got != want {
		w.T.Errorf("%s gives %s, want %s", what, got, want)
	}
}

// The whole way: a code to the registered number, read out, typed, and only then
// the reset, which lets nobody in and is told to everybody.
func TestCaller_wholeWay(t *testing.T) {
	w := newTown(t)
	w.mailTo(1)
	p, who := w.phones(), w.lockedOut()
	session := who.Caller() // somebody is in there, perhaps with the lost phone
	operator := w.operator()

	page := opstest.Must(w.Place, operator, w.Ops.AdminHelp.List, ops.AdminHelpList{State: "open"})
	if len(page.Entities) != 1 || page.Entities[0].Account.ID != who.Account || page.Entities[0].User != "" || !page.Entities[0].PasswordShown {
		t.Fatalf("the board shows %+v", page.Entities)
	}
	shown := opstest.Must(w.Place, operator, w.Ops.AdminHelp.Show, ops.AccountID{ID: who.Account})
	if shown.Person.Mobile != "+32•••••••56" || strings.Contains(shown.Person.Email, string(who.Login)) || shown.Person.AuthenticatorApps != 1 || shown.Person.RecoveryCodesLeft != 10 {
		t.Errorf("the operator sees %+v", shown.Person)
	}
	if shown.Blocked == nil || shown.Blocked.Code != problem.CallerUnproven || !shown.Code.SMS {
		t.Errorf("before the proof: %+v %+v", shown.Blocked, shown.Code)
	}
	w.want("a reset without proof", w.reset(operator, who), "caller_unproven")

	if sent := w.send(operator, who); sent.Code.State != ops.CallerSent || sent.Code.TriesLeft != 5 {
		t.Errorf("sent: %+v", sent.Code)
	}
	code, to := p.readOut(w)
	if to != number {
		t.Errorf("it went to %s", to)
	}
	w.want("a reset with a code that nobody read out", w.reset(operator, who), "caller_unproven")
	w.want("the right code", w.typeCode(operator, who, code), "ok")
	before := len(w.Records())
	w.want("the reset", w.reset(operator, who), "ok")

	if after := opstest.Must(w.Place, operator, w.Ops.AdminHelp.Show, ops.AccountID{ID: who.Account}); after.Request != nil || after.Person.AuthenticatorApps+after.Person.RecoveryCodesLeft != 0 {
		t.Errorf("afterwards: %+v", after)
	}
	w.want("a second reset", w.reset(operator, who), "conflict")
	opstest.Refused(w.Place, session, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	if in := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)}); in.Session == nil || in.Session.MFA.State != "setup_required" {
		t.Errorf("the next sign-in gives %+v", in)
	}
	_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New("no password at all")})
	w.want("a sign-in without the password", opstest.CodeOf(err), "sign_in_failed")

	// In both logs, with the reason; in the account's own without the operator's person.
	both := w.Records()[before : before+2]
	for _, r := range both {
		if r.Event != "account.admin_factors_reset" || r.Detail["reason"] != "Lost the phone." {
			t.Errorf("%+v", r)
		}
	}
	if both[0].Account == both[1].Account || both[1].Actor.Kind != "operator" {
		t.Errorf("%s", w.Since(before)[:2])
	}
	if n := w.Count(`SELECT COUNT(*) FROM notices WHERE user_id = $1 AND kind = $2`, string(who.ID), string(notice.FactorsReset)); n != 1 {
		t.Errorf("%d notices", n)
	}
	if n := w.Count(`SELECT COUNT(DISTINCT channel) FROM outbox WHERE user_id = $1 AND kind LIKE 'notice%'`, string(who.ID)); n != 2 {
		t.Errorf("the person is told by %d channels, want mail and SMS", n)
	}
}

// What a code is not good for.
func TestCaller_refused(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(w *town, operator auth.Caller, who *opstest.Person, code secret.Text) string // between sending and typing
		want  string                                                                            // of the code afterwards
		reset string                                                                            // afterwards
	}{
		"a wrong code": {func(w *town, o auth.Caller, who *opstest.Person, code secret.Text) string {
			return w.typeCode(o, who, wrong(code))
		}, "ok", "ok"},
		"another operator": {func(w *town, _ auth.Caller, who *opstest.Person, code secret.Text) string {
			return w.typeCode(w.operator(), who, code)
		}, "ok", "ok"},
		"the console": {func(w *town, _ auth.Caller, who *opstest.Person, code secret.Text) string {
			return w.typeCode(opstest.Console(""), who, code)
		}, "ok", "ok"},
		"another account": {func(w *town, o auth.Caller, _ *opstest.Person, code secret.Text) string {
			other := w.lockedOut()
			w.send(o, other)
			return w.typeCode(o, other, code)
		}, "ok", "ok"},
		"after ten minutes": {func(w *town, _ auth.Caller, _ *opstest.Person, _ secret.Text) string {
			w.Clock.Advance(10 * time.Minute)
			return ""
		}, "caller_code_over", "step_up_required"},
		"used": {func(w *town, o auth.Caller, who *opstest.Person, code secret.Text) string {
			return w.typeCode(o, who, code)
		}, "caller_code_over", "ok"},
		"a newer one": {func(w *town, o auth.Caller, who *opstest.Person, _ secret.Text) string {
			w.send(o, who)
			return ""
		}, "code_wrong", "caller_unproven"},
		"a colleague's newer one": {func(w *town, _ auth.Caller, who *opstest.Person, _ secret.Text) string {
			w.send(w.operator(), who)
			return ""
		}, "caller_code_over", "caller_unproven"},
		"another number by now": {func(w *town, _ auth.Caller, who *opstest.Person, _ secret.Text) string {
			opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Mobile: new("+32 470 99 99 99")})
			return ""
		}, "caller_code_over", "caller_unproven"},
		"declined": {func(w *town, o auth.Caller, who *opstest.Person, _ secret.Text) string {
			opstest.Must(w.Place, o, w.Ops.AdminHelp.Decline, ops.AccountReason{ID: who.Account, Reason: "No."})
			return ""
		}, "conflict", "conflict"},
		"another request by now": {func(w *town, o auth.Caller, who *opstest.Person, _ secret.Text) string {
			opstest.Must(w.Place, o, w.Ops.AdminHelp.Decline, ops.AccountReason{ID: who.Account, Reason: "No."})
			w.stuck(who)
			return ""
		}, "caller_code_over", "caller_unproven"},
		"a restart": {func(w *town, _ auth.Caller, _ *opstest.Person, _ secret.Text) string {
			w.Reopen()
			return ""
		}, "ok", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			p, who, operator := w.phones(), w.lockedOut(), w.operator()
			w.send(operator, who)
			code, _ := p.readOut(w)
			got := c.do(w, operator, who, code)
			if name != "used" && got == "ok" {
				t.Errorf("it is taken")
			}
			w.want("the code afterwards", w.typeCode(operator, who, code), c.want)
			w.want("the reset", w.reset(operator, who), c.reset)
		})
	}
}

// Five wrong ones, also after a restart in between, and the code is dead.
func TestCaller_tries(t *testing.T) {
	w := newTown(t)
	p, who, operator := w.phones(), w.lockedOut(), w.operator()
	w.send(operator, who)
	code, _ := p.readOut(w)
	for n := range 5 {
		if n == 3 {
			w.Reopen()
		}
		want := "code_wrong"
		if n == 4 {
			want = "caller_code_over"
		}
		w.want(fmt.Sprint("try ", n+1), w.typeCode(operator, who, wrong(code)), want)
	}
	w.want("the right one, too late", w.typeCode(operator, who, code), "caller_code_over")
	w.want("the reset", w.reset(operator, who), "caller_unproven")
	_, err := opstest.Do(w.Place, operator, w.Ops.AdminHelp.Check, ops.CallerCodeInput{ID: who.Account, Code: secret.New("12a4")})
	if got := fmt.Sprint(opstest.Violations(err)); got != "[code:bad_format]" {
		t.Error(got)
	}
}

// Of many at once with the right code one is taken, and of many resets one.
func TestCaller_atOnce(t *testing.T) {
	w := newTown(t)
	p, who, operator := w.phones(), w.lockedOut(), w.operator()
	w.send(operator, who)
	code, _ := p.readOut(w)
	for _, act := range []func() string{func() string { return w.typeCode(operator, who, code) }, func() string { return w.reset(operator, who) }} {
		var all sync.WaitGroup
		var taken atomic.Int64
		for range 20 {
			all.Go(func() {
				if act() == "ok" {
					taken.Add(1)
				}
			})
		}
		all.Wait()
		if taken.Load() != 1 {
			t.Errorf("%d were taken", taken.Load())
		}
	}
}

// A proof is for now, not for tomorrow, and takes a fresh proof of the operator
// as well.
func TestCaller_proofEnds(t *testing.T) {
	w := newTown(t)
	p, who, operator := w.phones(), w.lockedOut(), w.operator()
	w.send(operator, who)
	code, _ := p.readOut(w)
	w.want("the code", w.typeCode(operator, who, code), "ok")
	w.want("by a colleague", w.reset(w.operator(), who), "caller_unproven")
	w.Clock.Advance(6 * time.Minute)
	w.want("without a step-up", w.reset(operator, who), "step_up_required")
	w.Clock.Advance(10 * time.Minute)
	w.Exec(`UPDATE sessions SET stepped_up_at = $1, last_seen_at = $1`, w.Clock.Now().UnixMilli())
	w.want("after a quarter of an hour", w.reset(operator, who), "caller_unproven")
}

// SMS cost money and disturb people: three in an hour, eight in a day.
func TestCaller_sendingIsLimited(t *testing.T) {
	w := newTown(t)
	p, who := w.phones(), w.lockedOut()
	sent := 0
	for range 30 {
		for range 5 {
			if _, err := opstest.Do(w.Place, w.operator(), w.Ops.AdminHelp.Send, ops.AccountID{ID: who.Account}); err == nil {
				sent++
			} else if !problem.Is(err, problem.TooManyAttempts) || problem.Of(err).RetryAfter <= 0 {
				t.Fatal(err)
			}
		}
		w.Clock.Advance(40 * time.Minute)
	}
	for w.round() > 0 {
	}
	if sent != 8 || len(p.got) > sent {
		t.Errorf("%d were sent within 20 hours, %d arrived", sent, len(p.got))
	}
}

// Nobody but the operator, of nobody but an admin user of another account.
func TestCaller_whose(t *testing.T) {
	w := newTown(t)
	w.phones()
	who := w.lockedOut()
	plain := w.somebody(w.otter, opstest.Member{Role: "Support"})
	w.stuck(plain)
	operator := w.operator()
	for what, c := range map[string]struct {
		caller auth.Caller
		in     ops.AccountID
		want   string
	}{
		"a plain user's account, without admin user": {operator, ops.AccountID{ID: w.otter.ID}, "conflict"},
		"an admin of the account":                    {w.somebody(w.account(who), opstest.Member{Role: "Admin"}).Caller(), ops.AccountID{ID: who.Account}, "forbidden"},
		"the admin user, of oneself":                 {who.Caller(), ops.AccountID{ID: who.Account}, "forbidden"},
		"another customer's admin":                   {w.somebody(w.heron, opstest.Member{Role: "Admin"}).Caller(), ops.AccountID{ID: who.Account}, "forbidden"},
		"somebody enrolling":                         {w.somebody(w.harbour, opstest.Member{Role: "Admin", NoFactor: true}).Caller(), ops.AccountID{ID: who.Account}, "mfa_setup_required"},
		"nobody":                                     {opstest.Anybody(), ops.AccountID{ID: who.Account}, "unauthenticated"},
		"no account":                                 {operator, ops.AccountID{ID: "acc_none"}, "not_found"},
	} {
		_, err := opstest.Do(w.Place, c.caller, w.Ops.AdminHelp.Send, c.in)
		w.want(what, opstest.CodeOf(err), c.want)
	}
	// An operator resets no other user's: the one operation there is does not find any.
	_, err := opstest.Do(w.Place, operator, w.Ops.Users.ResetSecondFactors, ops.ResetInput{ID: plain.ID, Reason: "x"})
	w.want("a plain user of another account", opstest.CodeOf(err), "not_found")
	// The operator's own admin user is the console's to help.
	root := w.somebody(w.harbour, opstest.Member{Role: "Admin", AdminUser: true})
	w.stuck(root)
	for _, by := range []auth.Caller{root.Caller(), operator} {
		_, err = opstest.Do(w.Place, by, w.Ops.AdminHelp.Send, ops.AccountID{ID: w.harbour.ID})
		w.want("the operator's own admin user", opstest.CodeOf(err), "operator_account")
	}
	if n := w.Count(`SELECT COUNT(*) FROM outbox`); n != 0 {
		t.Errorf("%d SMS wait", n)
	}
}

// Where no SMS can be sent, it is said what else there is.
func TestCaller_noSMS(t *testing.T) {
	w := newTown(t)
	who, operator := w.lockedOut(), w.operator()
	if shown := opstest.Must(w.Place, operator, w.Ops.AdminHelp.Show, ops.AccountID{ID: who.Account}); shown.Code.SMS {
		t.Error("SMS are said to be set up")
	}
	_, err := opstest.Do(w.Place, operator, w.Ops.AdminHelp.Send, ops.AccountID{ID: who.Account})
	if !problem.Is(err, problem.Unavailable) || !strings.Contains(err.Error(), "sheet") {
		t.Error(err)
	}
	w.phones()
	w.Exec(`UPDATE users SET mobile = '' WHERE id = $1`, string(who.ID))
	_, err = opstest.Do(w.Place, operator, w.Ops.AdminHelp.Send, ops.AccountID{ID: who.Account})
	if !problem.Is(err, problem.Conflict) || !strings.Contains(err.Error(), "sheet") {
		t.Error(err)
	}
	// The official number of the account counts then, and it is said so.
	opstest.Must(w.Place, operator, w.Ops.Accounts.Update, ops.UpdateCustomerInput{ID: who.Account, Mobile: new("+32 470 00 00 01")})
	shown := opstest.Must(w.Place, operator, w.Ops.AdminHelp.Show, ops.AccountID{ID: who.Account})
	if !shown.Person.MobileOfficial || shown.Person.MobileChangedAt == nil {
		t.Errorf("%+v", shown.Person)
	}
}

// A number that became the registered one a short time ago is pointed out.
func TestCaller_newNumber(t *testing.T) {
	w := newTown(t)
	who, operator := w.lockedOut(), w.operator
	at := func() *time.Time {
		return opstest.Must(w.Place, operator(), w.Ops.AdminHelp.Show, ops.AccountID{ID: who.Account}).Person.MobileChangedAt
	}
	if at() != nil {
		t.Error("a number from the beginning is said to be new")
	}
	changed := w.Clock.Now()
	opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Mobile: new("+32 470 99 99 99")})
	w.Clock.Advance(time.Hour)
	opstest.Must(w.Place, who.Caller(), w.Ops.Profile.Update, ops.UpdateProfileInput{Name: new("Same Number")})
	if got := at(); got == nil || !got.Equal(changed) {
		t.Errorf("changed at %v, want %v", got, changed)
	}
	w.Clock.Advance(30 * 24 * time.Hour)
	if at() != nil {
		t.Error("a number of thirty days is said to be new")
	}
}

// The operator writes down who calls without having been at the sign-in, which
// proves as little as anything else that is said on the telephone.
func TestCaller_recorded(t *testing.T) {
	w := newTown(t)
	p, who, operator := w.phones(), w.lockedOut(), w.operator()
	record := func(c auth.Caller) (ops.AdminHelp, error) {
		return opstest.Do(w.Place, c, w.Ops.AdminHelp.Record, ops.RecordHelpInput{ID: who.Account, What: "Calls: phone and password are gone."})
	}
	_, err := record(operator)
	w.want("beside an open request", opstest.CodeOf(err), "conflict")
	opstest.Must(w.Place, operator, w.Ops.AdminHelp.Decline, ops.AccountReason{ID: who.Account, Reason: "Will call."})
	out, err := record(operator)
	if err != nil || out.Request == nil || out.Request.PasswordShown || out.Request.RecordedBy == "" {
		t.Fatalf("%v %+v", err, out)
	}
	w.want("a reset", w.reset(operator, who), "caller_unproven")
	w.send(operator, who)
	code, _ := p.readOut(w)
	w.want("the code", w.typeCode(operator, who, code), "ok")
	w.want("a reset", w.reset(operator, who), "ok")
}

// Neither log, nor database, nor outbox tells a code.
func TestCaller_codeStaysSecret(t *testing.T) {
	w := newTown(t)
	p, who, operator := w.phones(), w.lockedOut(), w.operator()
	answer := w.send(operator, who)
	code, _ := p.readOut(w)
	w.want("the code", w.typeCode(operator, who, code), "ok")
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range w.Records() {
		more, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	for _, form := range []string{code.Reveal(), strings.ReplaceAll(code.Reveal(), " ", "")} {
		if form == "" || strings.Contains(string(text), form) {
			t.Errorf("the code %q is told", form)
		}
		for _, column := range []string{"outbox.content", "outbox.said", "caller_proofs.digest", "help_requests.what", "activity.leaf"} {
			table, name, _ := strings.Cut(column, ".")
			if n := w.Count(`SELECT COUNT(*) FROM `+table+` WHERE `+name+` LIKE $1`, "%"+form+"%"); n > 0 {
				t.Errorf("%s holds the code", column)
			}
		}
	}
}

// account of somebody.
func (w *town) account(who *opstest.Person) (a account.Account) {
	w.T.Helper()
	w.Read(func(tx store.ReadTx) (err error) {
		a, err = tx.AccountOf(who.Ref)
		return err
	})
	return a
}
