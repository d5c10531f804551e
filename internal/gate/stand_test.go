package gate_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/gate"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/gateway/upstreamtest"
	"gatehouse/internal/isproxy/isproxytest"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
	"gatehouse/internal/tlstest"
)

// stand is an installation with all doors open, on loopback.
type stand struct {
	*opstest.Place
	t      *testing.T
	api    *upstreamtest.Server
	boss   *opstest.Person
	config gate.Config
	log    *journal

	identity   tlstest.Identity
	chain, key string // its files
	hangup     chan os.Signal

	stop  context.CancelFunc
	ended chan error // what Run returned
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

// options of a stand; the zero value is without TLS, with a list behind ISProxy.
type options struct {
	secure bool
	source string // of ISProxy
	key    string // for it
	change func(*gate.Config)
}

func newStand(t *testing.T, o options) *stand {
	t.Helper()
	s := &stand{t: t, api: upstreamtest.New(t, false), log: &journal{}, hangup: make(chan os.Signal), ended: make(chan error, 1)}
	s.Place = opstest.New(t, opstest.Options{})
	s.Found("harbour", account.MFARecommended)
	otter := s.Found("otter", account.MFARecommended)
	s.boss = s.Join(otter, opstest.Member{Login: "boss", Role: "Admin", AdminUser: true})
	opstest.Must(s.Place, s.boss.Caller(), s.Ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New(upstreamtest.Credential)})
	means, err := profile.RealtimeRegister()
	must(t, err)
	up, err := gateway.NewUpstream(gateway.Target{URL: s.api.URL, Profile: means})
	must(t, err)
	log := slog.New(slog.NewTextHandler(s.log, nil))
	if o.source == "" {
		list := filepath.Join(t.TempDir(), "taken.txt")
		must(t, os.WriteFile(list, []byte(".be\nexample.be\n"), 0o600))
		o.source = "list:" + list
	}
	s.config = gate.Config{
		Engine: s.Engine, Ops: s.Ops, Log: log, App: fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>Gatehouse</title>")}},
		Public: &url.URL{Scheme: "https", Host: "gate.example"}, Upstream: up, Reload: s.hangup,
	}
	s.config.Sources, err = gate.OpenSources([]string{o.source}, secret.New(o.key), log)
	must(t, err)
	t.Cleanup(s.config.Sources.Close)
	s.identity, s.chain, s.key = tlstest.New(t, "gate.example"), filepath.Join(t.TempDir(), "chain.pem"), filepath.Join(t.TempDir(), "key.pem")
	if o.secure {
		s.identity.Files(t, s.chain, s.key)
		s.config.Certificate, err = gate.OpenCertificate(s.chain, s.key, log)
		must(t, err)
	}
	s.config.Listeners, err = gate.Listen("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0")
	must(t, err)
	if o.change != nil {
		o.change(&s.config)
	}
	s.run()
	return s
}

// run opens the doors until the test is over, or end is called.
func (s *stand) run() {
	s.t.Helper()
	g, err := gate.New(s.config)
	must(s.t, err)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ended <- g.Run(ctx)
	}()
	s.t.Cleanup(func() {
		stop()
		<-done
	})
}

// end closes the doors in good order.
func (s *stand) end() error {
	s.stop()
	return <-s.ended
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newKey of the account's admin, for all doors and domains.
func (s *stand) newKey(change func(*ops.CreateKeyInput)) ops.KeyMade {
	s.t.Helper()
	in := ops.CreateKeyInput{
		Description: "Shop", Channels: []string{"API", "ISPROXY"},
		Permissions: []access.Permission{access.CheckDomain, access.ViewUser, "VIEW_DOMAIN", "RENEW_DOMAIN", "CREATE_DOMAIN"},
	}
	if change != nil {
		change(&in)
	}
	return opstest.Must(s.Place, s.boss.Caller(), s.Ops.Keys.Create, in)
}

func (s *stand) httpAddress() string { return s.config.HTTP.Addr().String() }

// lines is a connection at ISProxy.
func (s *stand) lines() *isproxytest.Client {
	s.t.Helper()
	return s.linesAt(s.config.Lines.Addr().String())
}

func (s *stand) linesAt(address string) *isproxytest.Client {
	s.t.Helper()
	return isproxytest.Dial(s.t, address)
}

// answer is what a client got; a status of 0 is a connection that broke.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends one request over a connection of its own; headers are "Name: value".
func (s *stand) ask(line, key string, headers ...string) answer {
	s.t.Helper()
	return s.askAt(s.httpAddress(), line, key, headers...)
}

func (s *stand) askAt(address, line, key string, headers ...string) answer {
	s.t.Helper()
	if key != "" {
		headers = append(headers, "Authorization: ApiKey "+key)
	}
	if !strings.Contains(strings.Join(headers, "\n"), "Host: ") {
		headers = append(headers, "Host: gate.example")
	}
	return s.raw(address, line+" HTTP/1.1\r\nConnection: close\r\n"+strings.Join(headers, "\r\n")+"\r\n\r\n")
}

// raw sends bytes and reads one answer.
func (s *stand) raw(address, text string) answer {
	s.t.Helper()
	c := s.dial(address)
	defer c.Close()
	go func() { _, _ = io.WriteString(c, text) }() // the server may answer before it has read all
	return read(c)
}

func (s *stand) dial(address string) net.Conn {
	s.t.Helper()
	c, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", address)
	must(s.t, err)
	if s.config.Certificate != nil && address == s.httpAddress() {
		c = tls.Client(c, s.identity.Client("gate.example"))
	}
	must(s.t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

func read(c net.Conn) answer {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{r.StatusCode, r.Header, string(body)}
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }

// until waits for something that another goroutine does.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if ok() {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// refused reports that nobody listens.
func refused(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = c.Close()
	}
	e := &net.OpError{}
	return errors.As(err, &e)
}
