package gate_test

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/gate"
	"gatehouse/internal/gateway/upstreamtest"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// bureau is a Desk whose doors somebody opens and closes.
type bureau struct {
	*opstest.Place
	doors *gate.Desk
	api   *upstreamtest.Server
	home  account.Account // the operator's
	boss  *opstest.Person // of it
	key   string          // of a program of the operator's account
	list  string          // of domains
}

func newBureau(t *testing.T) *bureau {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	b := &bureau{doors: gate.NewDesk(log), api: upstreamtest.New(t, false), list: filepath.Join(t.TempDir(), "names.txt")}
	if err := os.WriteFile(b.list, []byte(".be\nexample.be\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Place = opstest.New(t, opstest.Options{Place: ops.AtDesk, BaseURL: "-", Doors: b.doors, Switch: b.doors, Log: log})
	b.doors.Serve(b.Engine, b.Ops)
	t.Cleanup(b.doors.Quit)
	b.home = b.Found("harbour", account.MFARequired)
	b.boss = b.Join(b.home, opstest.Member{Login: "boss", Role: "Admin", AdminUser: true})
	opstest.Must(b.Place, b.boss.Caller(), b.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(upstreamtest.Credential)})
	made := opstest.Must(b.Place, b.boss.Caller(), b.Ops.Keys.Create, ops.CreateKeyInput{
		Description: "A program", Channels: []string{"API", "ISPROXY"}, Permissions: []access.Permission{"VIEW_DOMAIN", "VIEW_USER", "CHECK_DOMAIN"},
	})
	b.key = made.Secret.Reveal()
	return b
}

func (b *bureau) set() {
	b.T.Helper()
	opstest.Must(b.Place, b.boss.Caller(), b.Ops.Gate.Update, ops.UpdateGateInput{Upstream: &b.api.URL, Sources: []string{"list:" + b.list}})
}

func (b *bureau) do(o *op.Op[ops.None, ops.Gate]) ops.Gate {
	b.T.Helper()
	return opstest.Must(b.Place, b.boss.Caller(), o, ops.None{})
}

// get calls a door and gives the status; 0: nobody answers.
func (b *bureau) get(address string, header ...string) int {
	b.T.Helper()
	r, err := http.NewRequestWithContext(b.T.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.T.Fatal(err)
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
		if header[n] == "Host" {
			r.Host = header[n+1]
		}
	}
	r.Close = true
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer out.Body.Close()
	return out.StatusCode
}

// lines speaks to ISProxy until it closes; none: nobody answers.
func (b *bureau) lines(address string, say ...string) (said []string) {
	b.T.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil
	}
	defer c.Close()
	if _, err := fmt.Fprint(c, strings.Join(say, "\n")+"\n"); err != nil {
		b.T.Fatal(err)
	}
	for in := bufio.NewScanner(c); in.Scan(); {
		said = append(said, in.Text())
	}
	return said
}

// The doors of a Desk open for programs on the same computer, count what passes,
// and close again.
func TestDesk(t *testing.T) {
	b := newBureau(t)
	if got := b.do(b.Ops.Gate.Show); got.State != ops.DoorsClosed || !got.Switchable || got.HTTP != nil || got.Credentials != 1 {
		t.Errorf("before: %+v", got)
	}
	opstest.Refused(b.Place, b.boss.Caller(), b.Ops.Gate.Close, ops.None{}, problem.DoorsClosed)
	opstest.Refused(b.Place, b.boss.Caller(), b.Ops.Upstreams.Try, ops.None{}, problem.GatewayClosed)
	b.set()
	if b.doors.State().State != ops.DoorsClosed {
		t.Error("what is only set is open")
	}
	for round := range 2 { // what was closed opens again
		open := b.do(b.Ops.Gate.Open)
		if r := b.LastRecord(); r.Event != "gate.opened" || r.Detail["address"] != open.HTTP.Address || r.Detail["isproxy"] != open.ISProxy.Address {
			t.Errorf("the record is %+v", r)
		}
		for _, at := range []string{strings.TrimPrefix(open.HTTP.Address, "http://"), open.ISProxy.Address} {
			if host, _, err := net.SplitHostPort(at); err != nil || !net.ParseIP(host).IsLoopback() {
				t.Errorf("others reach %s", at)
			}
		}
		opstest.Refused(b.Place, b.boss.Caller(), b.Ops.Gate.Open, ops.None{}, problem.DoorsOpen)
		base, key := open.HTTP.Address, "ApiKey "+b.key
		for address, want := range map[string]int{"/v2/domains/example.be": 200, "/v2/nothing": 404, "/api/v1/users": 200, "/api/v1/session": 404, "/api/v1/installation": 404, "/": 404, "/healthz": 200} {
			if got := b.get(base+address, "Authorization", key); got != want {
				t.Errorf("%s by key: %d, want %d", address, got, want)
			}
		}
		for what, header := range map[string][]string{
			"nothing": {}, "a session": {"Cookie", "__Host-gatehouse=" + b.boss.Token().Reveal()}, "a name that leads here": {"Authorization", key, "Host", "evil.example"},
		} {
			if got := b.get(base+"/api/v1/users", header...); got == 200 {
				t.Errorf("%s is let in", what)
			}
		}
		if diff := cmp.Diff([]string{"100 Login ok", "free.be available"}, b.lines(open.ISProxy.Address, "LOGIN "+b.key, "IS free.be", "QUIT")); diff != "" {
			t.Errorf("ISProxy (-want +got):\n%s", diff)
		}
		now := b.do(b.Ops.Gate.Show)
		if g := now.Gateway; g.Requests != 2 || len(g.Minutes) == 0 || !cmp.Equal(g.Answered, []ops.DoorCount{{What: "2xx", N: 1}}) || !cmp.Equal(g.Refused, []ops.DoorCount{{What: "unknown_route", N: 1}}) {
			t.Errorf("round %d: the gateway counts %+v", round, g)
		}
		if l := now.ISProxy; l.Questions != 1 || l.LetIn != 1 || l.TLSRequired || !cmp.Equal(l.Sources, []string{"list:" + b.list}) {
			t.Errorf("round %d: ISProxy counts %+v", round, l)
		}
		if got := opstest.Must(b.Place, b.boss.Caller(), b.Ops.Upstreams.Try, ops.None{}); got.State != ops.UpstreamWorks {
			t.Errorf("the credential: %+v", got)
		}
		if got := b.do(b.Ops.Gate.Close); got.State != ops.DoorsClosing || b.LastRecord().Event != "gate.closed" {
			t.Errorf("closed: %+v", got)
		}
		b.doors.Quit()
		if got := b.get(base+"/v2/domains/example.be", "Authorization", key); got != 0 {
			t.Errorf("closed, it answers %d", got)
		}
		if got := b.lines(open.ISProxy.Address, "QUIT"); got != nil {
			t.Errorf("closed, ISProxy answers %q", got)
		}
		if got := b.do(b.Ops.Gate.Show); got.State != ops.DoorsClosed || got.Gateway != nil {
			t.Errorf("closed, it shows %+v", got)
		}
	}
}

// Without anything set there is REST alone, and what cannot be opened is said
// and changes nothing.
func TestDesk_Open_refused(t *testing.T) {
	b := newBureau(t)
	bare := b.do(b.Ops.Gate.Open)
	if bare.HTTP == nil || bare.Gateway != nil || bare.ISProxy != nil {
		t.Errorf("bare: %+v", bare)
	}
	b.do(b.Ops.Gate.Close)
	b.doors.Quit()
	b.set()
	if err := os.Remove(b.list); err != nil {
		t.Fatal(err)
	}
	before := len(b.Records())
	_, err := opstest.Do(b.Place, b.boss.Caller(), b.Ops.Gate.Open, ops.None{})
	if got := opstest.CodeOf(err); got != string(problem.SettingsStale) || !cmp.Equal(opstest.Violations(err), []string{"sources[0]:unknown"}) {
		t.Errorf("without its list: %v", err)
	}
	if b.doors.State().State != ops.DoorsClosed || len(b.Records()) != before {
		t.Error("something was opened, or is on record")
	}
}

// Of many who open at once one does, and whoever prepares and gives up leaves
// the doors as they were.
func TestDesk_Open_parallel(t *testing.T) {
	b := newBureau(t)
	opening, err := b.doors.Prepare(ops.DoorPlan{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.doors.Prepare(ops.DoorPlan{}); opstest.CodeOf(err) != string(problem.DoorsOpen) {
		t.Errorf("meanwhile: %v", err)
	}
	address := opening.State().HTTP.Address
	opening.Drop()
	if got := b.get(address + "/healthz"); got != 0 || b.doors.State().State != ops.DoorsClosed {
		t.Errorf("given up, it answers %d", got)
	}
	var all sync.WaitGroup
	answers := make(chan string, 8)
	for range cap(answers) {
		caller := b.boss.Caller()
		all.Go(func() {
			_, err := opstest.Do(b.Place, caller, b.Ops.Gate.Open, ops.None{})
			answers <- opstest.CodeOf(err)
		})
	}
	all.Wait()
	close(answers)
	got := map[string]int{}
	for a := range answers {
		got[a]++
	}
	if diff := cmp.Diff(map[string]int{"ok": 1, string(problem.DoorsOpen): 7}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	opened := 0
	for _, r := range b.Records() {
		if r.Event == "gate.opened" {
			opened++
		}
	}
	if opened != 1 {
		t.Errorf("%d openings are on record", opened)
	}
}

// A door that nobody could record stays shut.
func TestDesk_Open_unrecorded(t *testing.T) {
	b := newBureau(t)
	b.Exec(`CREATE TRIGGER stop BEFORE INSERT ON activity WHEN NEW.event = 'gate.opened' BEGIN SELECT RAISE(ABORT, 'no'); END`)
	_, err := opstest.Do(b.Place, b.boss.Caller(), b.Ops.Gate.Open, ops.None{})
	if err == nil || b.doors.State().State != ops.DoorsClosed {
		t.Errorf("opened without a record: %v", err)
	}
	b.Exec(`DROP TRIGGER stop`)
	b.do(b.Ops.Gate.Open)
}

// What doors open with is checked whole, by what the texts name here and now.
func TestGate_Update(t *testing.T) {
	b := newBureau(t)
	bad := filepath.Join(t.TempDir(), "root:secret.txt")
	if err := os.WriteFile(bad, []byte("root:$6$hash:1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	update := func(in ops.UpdateGateInput) error {
		_, err := opstest.Do(b.Place, b.boss.Caller(), b.Ops.Gate.Update, in)
		return err
	}
	for what, c := range map[string]struct {
		in   ops.UpdateGateInput
		want []string
	}{
		"all at once":          {ops.UpdateGateInput{Upstream: new("ftp://x"), Profile: new("relative.yaml"), Sources: []string{"nonsense", "list:" + b.list, "list:/nowhere"}}, []string{"profile:unknown", "upstream:bad_format", "sources[0]:bad_format", "sources[2]:unknown"}},
		"in clear":             {ops.UpdateGateInput{Upstream: new("http://api.example")}, []string{"upstream:bad_format"}},
		"with a password":      {ops.UpdateGateInput{Upstream: new("https://a:b@api.example")}, []string{"upstream:bad_format"}},
		"no profile":           {ops.UpdateGateInput{Upstream: new("https://api.example"), Profile: &bad}, []string{"profile:bad_format"}},
		"no list":              {ops.UpdateGateInput{Sources: []string{"list:" + bad}}, []string{"sources[0]:bad_format"}},
		"a profile of nothing": {ops.UpdateGateInput{Profile: &bad}, []string{"profile:not_allowed"}},
		"twice":                {ops.UpdateGateInput{Sources: []string{"rdap:", "rdap:"}}, []string{"sources[1]:duplicate"}},
		"no key":               {ops.UpdateGateInput{Sources: []string{"isproxy://is.example"}}, []string{"isproxyKey:required"}},
		"a key for nothing":    {ops.UpdateGateInput{ISProxyKey: secret.New("sesame")}, []string{"isproxyKey:not_allowed"}},
		"a key in clear":       {ops.UpdateGateInput{Sources: []string{"isproxy+plain://192.0.2.1"}, ISProxyKey: secret.New("sesame")}, []string{"sources[0]:bad_format"}},
		"a null":               {ops.UpdateGateInput{Upstream: new("https://api.example\x00")}, []string{"upstream:bad_text"}},
		"long":                 {ops.UpdateGateInput{Upstream: new("https://" + strings.Repeat("a", 600))}, []string{"upstream:too_long"}},
		"many":                 {ops.UpdateGateInput{Sources: strings.Fields("isproxy://a b c d e f g h i j k l m n o p q r")}, []string{"sources:too_many", "isproxyKey:required"}},
	} {
		err := update(c.in)
		if diff := cmp.Diff(c.want, opstest.Violations(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		if wrong, ok := errors.AsType[*problem.Problem](err); ok {
			for _, v := range wrong.Violations {
				if strings.Contains(v.Message, "$6$") || strings.Contains(v.Message, "a:b") {
					t.Errorf("%s: %s", what, v.Message)
				}
			}
		}
	}
	if got := b.do(b.Ops.Gate.Show).Settings; !cmp.Equal(got, ops.GateSettings{Sources: []string{}}) {
		t.Errorf("what is wrong was kept: %+v", got)
	}
}

// The key for another ISProxy is sealed for where it goes, and comes out for
// whoever opens doors alone.
func TestGate_Update_key(t *testing.T) {
	b := newBureau(t)
	const sesame = "open-sesame"
	system := auth.Caller{Credential: auth.System("doors"), Source: access.Source{Face: access.FaceSystem}}
	plan := func() ops.DoorPlan { return opstest.Must(b.Place, system, b.Ops.Gate.Plan, ops.None{}) }
	update := func(in ops.UpdateGateInput) error {
		_, err := opstest.Do(b.Place, b.boss.Caller(), b.Ops.Gate.Update, in)
		return err
	}
	here, there := []string{"list:" + b.list, "isproxy+plain://127.0.0.1:2999"}, []string{"isproxy+plain://127.0.0.1:2998"}
	if err := update(ops.UpdateGateInput{Sources: here, ISProxyKey: secret.New(sesame), ByItself: new(true)}); err != nil {
		t.Fatal(err)
	}
	if err := update(ops.UpdateGateInput{Upstream: &b.api.URL}); err != nil {
		t.Errorf("something else: %v", err)
	}
	if got := plan(); got.ISProxyKey.Reveal() != sesame || !got.ByItself || got.Upstream != b.api.URL || !cmp.Equal(got.Sources, here) {
		t.Errorf("the plan is %+v", got)
	}
	if diff := cmp.Diff([]string{"isproxyKey:required"}, opstest.Violations(update(ops.UpdateGateInput{Sources: there}))); diff != "" {
		t.Errorf("to another server (-want +got):\n%s", diff)
	}
	b.Exec(`UPDATE settings SET value = replace(value, '2999', '2998') WHERE name = 'gate'`)
	if _, err := opstest.Do(b.Place, system, b.Ops.Gate.Plan, ops.None{}); err == nil {
		t.Error("whoever edits the database gets the key sent elsewhere")
	}
	b.Exec(`UPDATE settings SET value = replace(value, '2998', '2999') WHERE name = 'gate'`)
	text := fmt.Sprintf("%+v %+v %d", b.do(b.Ops.Gate.Show), b.Records(), b.Count(`SELECT COUNT(*) FROM settings WHERE value LIKE '%sesame%'`))
	if strings.Contains(text, "sesame") || !strings.HasSuffix(text, " 0") {
		t.Error("the key can be seen")
	}
	if err := update(ops.UpdateGateInput{Sources: []string{" "}}); err != nil || len(plan().Sources) != 0 || !plan().ISProxyKey.IsZero() {
		t.Errorf("emptied: %v, %+v", err, plan())
	}
}

// Whoever may only manage the Gate sees and switches it, and has calls go nowhere
// else; people of other accounts do nothing of it.
func TestGate_rights(t *testing.T) {
	b := newBureau(t)
	opstest.Must(b.Place, b.boss.Caller(), b.Ops.Roles.Create, ops.CreateRoleInput{Name: "Porter", Permissions: []access.Permission{access.ManageGate}})
	porter := b.Join(b.home, opstest.Member{Login: "porter", Role: "Porter"})
	guest := b.Join(b.Found("otter", account.MFARequired), opstest.Member{Login: "guest", Role: "Admin"})
	opstest.Refused(b.Place, porter.Caller(), b.Ops.Gate.Update, ops.UpdateGateInput{Upstream: new("https://evil.example")}, problem.Outranked)
	opstest.Must(b.Place, porter.Caller(), b.Ops.Gate.Open, ops.None{})
	opstest.Refused(b.Place, guest.Caller(), b.Ops.Gate.Show, ops.None{}, problem.Forbidden)
	opstest.Refused(b.Place, guest.Caller(), b.Ops.Gate.Close, ops.None{}, problem.Forbidden)
	if got := opstest.Must(b.Place, porter.Caller(), b.Ops.Gate.Show, ops.None{}); got.State != ops.DoorsOpen {
		t.Errorf("the porter sees %+v", got)
	}
	opstest.Must(b.Place, porter.Caller(), b.Ops.Gate.Close, ops.None{})
}
