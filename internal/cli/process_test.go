//go:build linux

package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/gateway/upstreamtest"
	"gatehouse/internal/id"
	"gatehouse/internal/isproxy/isproxytest"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
	"gatehouse/internal/tlstest"
)

// premises are an installation whose Gate runs as processes of its own, with a
// registrar's API behind it. The clock of the place follows that of the machine,
// since the processes have no other.
type premises struct {
	*opstest.Place
	t    *testing.T
	api  *upstreamtest.Server
	boss *opstest.Person
	list string // of taken domains

	identity *tlstest.Identity // of the Gate; nil: it is without TLS
}

func newPremises(t *testing.T) *premises {
	t.Helper()
	p := &premises{Place: opstest.New(t, opstest.Options{}), t: t, api: upstreamtest.New(t, false), list: filepath.Join(t.TempDir(), "taken.txt")}
	p.now()
	p.Found("harbour", account.MFARecommended)
	otter := p.Found("otter", account.MFARecommended)
	p.boss = p.Join(otter, opstest.Member{Login: "boss", Role: "Admin", AdminUser: true})
	opstest.Must(p.Place, p.boss.Caller(), p.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(upstreamtest.Credential)})
	if err := os.WriteFile(p.list, []byte(".be\nexample.be\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// now moves the clock of the place to where that of the machine is.
func (p *premises) now() { p.Clock.Advance(time.Since(p.Clock.Now())) }

// cookie of a session of the administrator, who has just proved who they are.
func (p *premises) cookie() string {
	p.t.Helper()
	p.now()
	return "__Host-gatehouse=" + p.boss.Token().Reveal()
}

// everywhere is a key for all doors.
var everywhere = ops.CreateKeyInput{
	Description: "Shop", Channels: []string{"API", "ISPROXY"},
	Permissions: []access.Permission{access.CheckDomain, access.ViewUser, "VIEW_DOMAIN", "CREATE_DOMAIN", "RENEW_DOMAIN"},
}

func (p *premises) newKey() ops.KeyMade {
	p.t.Helper()
	p.now()
	return opstest.Must(p.Place, p.boss.Caller(), p.Ops.Keys.Create, everywhere)
}

// command is the program, on this installation.
func (p *premises) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(p.t.Context(), os.Args[0], args...)
	c.Args[0] = "gatehouse"
	home := filepath.Join(p.Dir, "home")
	c.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
		"GATEHOUSE_DB=sqlite:"+p.Path, "GATEHOUSE_KEY_FILE="+filepath.Join(p.Dir, "keys", "gatehouse.key"))
	return c
}

// process is `gatehouse serve`.
type process struct {
	t                    *testing.T
	cmd                  *exec.Cmd
	http, lines, metrics string   // addresses
	errors               *os.File // what it said on standard error
	gone                 chan struct{}
}

var (
	linesAt   = regexp.MustCompile(`(?m)^ISProxy answers at (\S+)\.$`)
	metricsAt = regexp.MustCompile(`(?m)^Metrics are at http://(\S+)/metrics\.$`)
)

// serve starts it with all doors on ports of loopback, and waits until it is
// ready.
func (p *premises) serve(more ...string) *process {
	p.t.Helper()
	args := []string{
		"serve", "--listen", "127.0.0.1:0", "--isproxy", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
		"--upstream", p.api.URL, "--upstream", "list:" + p.list,
	}
	if p.identity != nil {
		chain, key := filepath.Join(p.Dir, "chain.pem"), filepath.Join(p.Dir, "key.pem")
		p.identity.Files(p.t, chain, key)
		args = append(args, "--tls-cert", chain, "--tls-key", key)
	}
	c := p.command(append(args, more...)...)
	s := &process{t: p.t, cmd: c, gone: make(chan struct{})}
	var err error
	// A file, and no pipe: what was written is there before the line that says ready.
	if s.errors, err = os.CreateTemp(p.t.TempDir(), "stderr"); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = s.errors.Close() })
	c.Stderr = s.errors
	out, err := c.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	ready, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		defer close(s.gone)
		_ = c.Wait()
	}()
	p.t.Cleanup(func() { s.end(syscall.SIGKILL) })
	m := address.FindStringSubmatch(ready)
	if err != nil || m == nil {
		<-s.gone
		p.t.Fatalf("it did not get ready (%v): %s", err, s.said())
	}
	_, s.http, _ = strings.Cut(m[1], "://")
	s.lines, s.metrics = linesAt.FindStringSubmatch(s.said())[1], metricsAt.FindStringSubmatch(s.said())[1]
	return s
}

// said is what it has written on standard error.
func (s *process) said() string {
	text, err := os.ReadFile(s.errors.Name())
	if err != nil {
		s.t.Error(err)
	}
	return string(text)
}

// end sends a signal and waits until the process has ended.
func (s *process) end(signal syscall.Signal) int {
	_ = s.cmd.Process.Signal(signal)
	<-s.gone
	return s.cmd.ProcessState.ExitCode()
}

// reply is what came of a request; a status of 0: none came.
type reply struct {
	status int
	body   string
}

// clients keep connections to a process.
type clients struct {
	http.Client
	at string
}

func (s *process) clients() *clients {
	t := &http.Transport{MaxIdleConnsPerHost: 8}
	s.t.Cleanup(t.CloseIdleConnections)
	return &clients{http.Client{Transport: t, Timeout: 20 * time.Second}, "http://" + s.http}
}

// do sends a request; by is a key or a cookie.
func (c *clients) do(method, path, by, body string) reply {
	r, err := http.NewRequest(method, c.at+path, strings.NewReader(body))
	if err != nil {
		return reply{body: err.Error()}
	}
	switch {
	case strings.HasPrefix(by, "gate_"):
		r.Header.Set("Authorization", "ApiKey "+by)
	case by != "":
		r.Header.Set("Cookie", by)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.Do(r)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{body: err.Error()}
	}
	return reply{answer.StatusCode, string(text)}
}

// opens says which doors a key opens, of REST, gateway and ISProxy.
func (s *process) opens(c *clients, key string) string {
	s.t.Helper()
	all := fmt.Sprintf("%d %d ", c.do("GET", "/api/v1/users?limit=1", key, "").status, c.do("GET", "/v2/domains/example.be", key, "").status)
	l := isproxytest.Dial(s.t, s.lines)
	defer l.Close()
	l.Send("LOGIN "+key, "QUIT")
	said, err := l.Line()
	if err != nil {
		s.t.Fatal(err)
	}
	return all + said
}

const (
	opensAll  = "200 200 100 Login ok"
	opensNone = "401 401 400 Login failed"
)

// madeKey is a key as REST gives it.
type madeKey struct {
	ID     id.Key
	Secret string
}

// makeKey over REST; false when that was not acknowledged.
func (c *clients) makeKey(cookie string) (k madeKey, why reply) {
	in, err := json.Marshal(everywhere)
	if err != nil {
		return k, reply{body: err.Error()}
	}
	r := c.do("POST", "/api/v1/keys", cookie, string(in))
	if r.status == http.StatusCreated {
		_ = json.Unmarshal([]byte(r.body), &k)
	}
	return k, r
}

// What is cut in one process is refused by every other on the same database,
// within a second, and live connections end.
func TestServe_twoProcesses(t *testing.T) {
	p := newPremises(t)
	one, two := p.serve(), p.serve()
	atOne, atTwo := one.clients(), two.clients()
	for name, end := range map[string]func(k madeKey){
		"cut":     func(k madeKey) { p.sure(atOne.do("POST", "/api/v1/keys/"+string(k.ID)+"/cut", p.cookie(), ""), 200) },
		"deleted": func(k madeKey) { p.sure(atOne.do("DELETE", "/api/v1/keys/"+string(k.ID), p.cookie(), ""), 200) },
		"suspended from the console, a third process": func(madeKey) {
			out, err := p.command("accounts", "suspend", string(p.boss.Account), "--reason", "Has not paid.", "--yes").CombinedOutput()
			if err != nil {
				t.Fatalf("%s", out)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.Exec(`UPDATE accounts SET state = 'open'`)
			k, why := atOne.makeKey(p.cookie())
			if k.Secret == "" {
				t.Fatal(why)
			}
			within(t, "the new key to open the other", time.Second, func() bool { return two.opens(atTwo, k.Secret) == opensAll })
			live := isproxytest.Dial(t, two.lines)
			live.Ask("LOGIN "+k.Secret, "100 Login ok")
			live.Ask("IS example.be", "example.be not available")
			end(k)
			begun := time.Now()
			if got := one.opens(atOne, k.Secret); got != opensNone {
				t.Errorf("where it was ended it opens %s", got)
			}
			var waiting sync.WaitGroup
			for door, path := range map[string]string{"REST": "/api/v1/users?limit=1", "the gateway": "/v2/domains/example.be"} {
				waiting.Go(func() {
					for time.Since(begun) < 5*time.Second && atTwo.do("GET", path, k.Secret, "").status != 401 {
						continue
					}
					if took := time.Since(begun); took > time.Second {
						t.Errorf("%s took %s", door, took)
					}
				})
			}
			live.Ended()
			if took := time.Since(begun); took > time.Second {
				t.Errorf("the live connection took %s", took)
			}
			waiting.Wait()
			if got := two.opens(atTwo, k.Secret); got != opensNone {
				t.Errorf("after a second it opens %s", got)
			}
		})
	}
	if a, b := one.end(syscall.SIGTERM), two.end(syscall.SIGINT); a != 0 || b != 0 {
		t.Errorf("they ended with %d and %d", a, b)
	}
}

func (p *premises) sure(r reply, status int) {
	p.t.Helper()
	if r.status != status {
		p.t.Fatalf("%d %s, want %d", r.status, r.body, status)
	}
}

// within waits for what another process does.
func within(t *testing.T, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain for %s", limit, what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Uses are in the database within seconds, so a kill costs no more than those;
// told to stop, a process writes all of them.
func TestServe_counts(t *testing.T) {
	p := newPremises(t)
	k := p.newKey()
	counted := func() int {
		return p.Count(`SELECT COALESCE(SUM(uses), 0) FROM api_key_uses WHERE key_id = '` + string(k.ID) + `'`)
	}
	call := func(s *process, n int) {
		t.Helper()
		c := s.clients()
		for range n {
			p.sure(c.do("GET", "/v2/domains/example.be", k.Secret.Reveal(), ""), 200)
		}
		l := isproxytest.Dial(t, s.lines)
		l.Ask("LOGIN "+k.Secret.Reveal(), "100 Login ok")
		for range n {
			l.Ask("IS free.be", "free.be available")
		}
		l.Send("QUIT")
		l.Ended()
	}
	s := p.serve()
	call(s, 20)
	within(t, "the uses to be written", 10*time.Second, func() bool { return counted() == 40 })
	call(s, 5)
	s.end(syscall.SIGKILL)
	if n := counted(); n < 40 || n > 50 {
		t.Errorf("killed, it has counted %d", n)
	}
	before := counted()
	s = p.serve()
	call(s, 7)
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.said())
	}
	if n := counted(); n != before+14 {
		t.Errorf("stopped, it has counted %d, want %d", n, before+14)
	}
}

// Told to stop while a call is under way, a process lets it come to its end.
func TestServe_stops(t *testing.T) {
	p := newPremises(t)
	key := p.newKey().Secret.Reveal()
	came, answer := make(chan struct{}), make(chan struct{})
	p.api.Instead(func(w http.ResponseWriter, _ *http.Request) {
		close(came)
		<-answer
		_, _ = io.WriteString(w, `{"expiryDate":"2028-04-01T00:00:00Z"}`)
	})
	s := p.serve()
	c := s.clients()
	got := make(chan reply)
	go func() { got <- c.do("POST", "/v2/domains/example.be/renew", key, "") }()
	<-came
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	within(t, "the door to close", 10*time.Second, func() bool {
		n, err := net.Dial("tcp", s.http)
		if err == nil {
			_ = n.Close()
		}
		return err != nil
	})
	close(answer)
	if r := <-got; r.status != 200 || !strings.Contains(r.body, "2028") {
		t.Errorf("%d %s", r.status, r.body)
	}
	<-s.gone
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.said())
	}
	if last := p.LastRecord(); last.Event != "gateway.answered" {
		t.Errorf("the last record is %s", opstest.Brief(last))
	}
}
