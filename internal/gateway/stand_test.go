package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/gateway/upstreamtest"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// stand is an installation with a gateway before a registrar's API.
type stand struct {
	*opstest.Place
	t           testing.TB
	api         *upstreamtest.Server
	gate        *gateway.Gateway
	front       *httptest.Server
	log         *journal
	otter       account.Account
	boss        *opstest.Person
	keeper      *keeper
	upstreamKey string
}

// keeper lets in by key, from memory, and by the one password it is told.
type keeper struct {
	ring     *auth.Keyring
	password func(login, password string) (access.Actor, error)
}

func (k *keeper) ByKey(ctx context.Context, t apikey.Token, _ access.Source) (access.Actor, error) {
	return k.ring.Find(ctx, t)
}

func (k *keeper) ByPassword(_ context.Context, login string, password secret.Text, _ access.Source) (access.Actor, error) {
	if k.password == nil {
		return access.Actor{}, problem.New(problem.KeyRefused, "No.")
	}
	return k.password(login, password.Reveal())
}

// journal is what was logged.
type journal struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.String()
}

// options of a stand.
type options struct {
	secure  bool
	target  func(*gateway.Target)
	config  func(*gateway.Config)
	profile string // text of one; the built-in one when empty
	place   opstest.Options
	server  func(*http.Server)
}

func newStand(t testing.TB, o options) *stand {
	t.Helper()
	s := &stand{t: t, api: upstreamtest.New(t, o.secure), log: &journal{}, upstreamKey: upstreamtest.Credential}
	s.Place = opstest.New(t, o.place)
	s.Found("harbour", account.MFARequired)
	s.otter = s.Found("otter", account.MFARequired)
	s.boss = s.Join(s.otter, opstest.Member{Login: "boss", Role: "Admin"})
	s.open(o)
	s.setCredential(s.upstreamKey)
	return s
}

// open makes the gateway, as a process does that starts.
func (s *stand) open(o options) {
	t := s.t
	t.Helper()
	p, err := profile.RealtimeRegister()
	if o.profile != "" {
		p, err = profile.Load([]byte(o.profile))
	}
	must(t, err)
	target := gateway.Target{URL: s.api.URL, Profile: p, Times: gateway.Times{Connect: 5 * time.Second, FirstByte: 5 * time.Second}}
	if o.secure {
		target.Authorities = s.api.Identity.Client("127.0.0.1").RootCAs
	}
	if o.target != nil {
		o.target(&target)
	}
	up, err := gateway.NewUpstream(target)
	must(t, err)
	s.keeper = &keeper{ring: s.Engine.Keyring()}
	c := gateway.Config{Upstream: up, Keeper: s.keeper, Engine: s.Engine, Ops: s.Ops, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	if o.config != nil {
		o.config(&c)
	}
	s.gate = gateway.New(c)
	s.front = httptest.NewUnstartedServer(s.gate.Before(http.NotFoundHandler()))
	s.front.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(s.log, nil), slog.LevelInfo)
	if o.server != nil {
		o.server(s.front.Config)
	}
	s.front.Start()
	t.Cleanup(s.front.Close)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stand) setCredential(text string) {
	s.t.Helper()
	opstest.Must(s.Place, s.boss.Caller(), s.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(text)})
}

// key of the account's admin, with every right and for every domain unless more
// says otherwise.
func (s *stand) key(more func(*apikey.Key)) (id.Key, string) {
	s.t.Helper()
	token := apikey.NewToken()
	k := apikey.Key{
		ID: id.NewKey(), Description: "Billing", Shown: token.Shown(), Digest: token.Digest(s.Vault.Digest),
		Entry: entry.Rules{Points: entry.OnlyPoints(entry.API)}, Rights: access.AdminRole.Rights(false),
		Domains: domain.Patterns{domain.All}, ExpiresAt: s.Clock.Now().AddDate(1, 0, 0),
	}
	if more != nil {
		more(&k)
	}
	s.Write(func(tx store.WriteTx) error { return tx.AddKey(s.boss.Ref, k) })
	return k.ID, token.Reveal().Reveal()
}

// scoped is a key that may read one domain and check, and is not bound otherwise.
func scoped(k *apikey.Key) {
	k.Rights = access.RightsOf("VIEW_DOMAIN", "CHECK_DOMAIN", "VIEW_TLD")
	k.Domains = domain.Patterns{"example.be"}
}

// answer is what a client got.
type answer struct {
	status  int
	header  http.Header
	trailer http.Header
	body    string
	err     error
}

// kind is the status and the type of an error: "403 AuthorizationError".
func (a answer) kind() string {
	var e struct{ Type string }
	if a.err != nil {
		return "broken"
	}
	if a.status < 300 || json.Unmarshal([]byte(a.body), &e) != nil {
		return fmt.Sprint(a.status)
	}
	return strings.TrimSpace(fmt.Sprint(a.status, " ", e.Type))
}

// call sends one request over a connection of its own; headers are "Name: value".
func (s *stand) call(key, line, body string, headers ...string) answer {
	s.t.Helper()
	return s.callFrom("127.0.0.1", key, line, body, headers...)
}

func (s *stand) callFrom(from, key, line, body string, headers ...string) answer {
	s.t.Helper()
	if body != "" {
		headers = append(headers, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if key != "" {
		headers = append([]string{"Authorization: ApiKey " + key}, headers...)
	}
	return s.raw(from, line+" HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\n"+strings.Join(append(headers, "\r\n"), "\r\n")+body)
}

// raw sends bytes and reads one answer.
func (s *stand) raw(from, text string) answer {
	s.t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(s.t.Context(), "tcp", s.front.Listener.Addr().String())
	must(s.t, err)
	defer c.Close()
	must(s.t, c.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(c, text)
	must(s.t, err)
	method, _, _ := strings.Cut(text, " ")
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return answer{err: err}
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	return answer{r.StatusCode, r.Header, r.Trailer, string(got), err}
}

// tale is what the log of the account says of calls, as "event reason cause", since
// a mark.
func (s *stand) tale(since int) []string {
	s.t.Helper()
	all := []string{}
	for _, r := range s.Records()[since:] {
		if strings.HasPrefix(r.Event, "gateway.") || r.Detail["operation"] == "gateway.forward" {
			text := r.Event[strings.Index(r.Event, ".")+1:]
			if r.Object.Name == "" {
				r.Object.Name, _ = r.Detail["call"].(string)
			}
			if r.Reason != "" {
				text += " " + string(r.Reason)
			}
			if cause, ok := r.Detail["cause"]; ok && cause != string(r.Reason) {
				text += " " + cause.(string)
			}
			all = append(all, text+": "+r.Object.Name)
		}
	}
	return all
}

func (s *stand) mark() int { s.t.Helper(); return len(s.Records()) }

// last record about a call.
func (s *stand) last() activity.Record {
	s.t.Helper()
	all := s.Records()
	for i := len(all) - 1; i >= 0; i-- {
		if strings.HasPrefix(all[i].Event, "gateway.") || all[i].Detail["operation"] == "gateway.forward" {
			return all[i]
		}
	}
	s.t.Fatal("the log has no call")
	return activity.Record{}
}

// say writes what a test is about; whether it came, the test sees.
func say(to io.Writer, text string) { _, _ = io.WriteString(to, text) }
