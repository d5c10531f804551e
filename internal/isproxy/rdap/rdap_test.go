package rdap_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/isproxy/rdap"
)

// registry is an RDAP server; what it answers depends on the name.
func registry(t *testing.T, asked *atomic.Int64) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		name := strings.TrimPrefix(r.URL.Path, "/rdap/domain/")
		say := func(status int, kind, text string) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		}
		const kind = "application/rdap+json; charset=utf-8"
		switch name {
		case "taken.be", "xn--bcher-kva.be":
			say(200, kind, fmt.Sprintf(`{"objectClassName":"domain","ldhName":"%s."}`, strings.ToUpper(name)))
		case "free.be":
			say(404, kind, `{"errorCode":404}`)
		case "silent.be":
			w.WriteHeader(404)
		case "page.be":
			say(200, "text/html", "<h1>Welcome</h1>")
		case "lost.be":
			say(404, "text/html", "<h1>Not found</h1>")
		case "other.be":
			say(200, kind, `{"objectClassName":"domain","ldhName":"taken.be"}`)
		case "entity.be":
			say(200, kind, `{"objectClassName":"entity"}`)
		case "wrong.be":
			say(400, kind, `{"errorCode":400}`)
		case "crash.be":
			say(500, kind, `{}`)
		case "huge.be":
			say(200, kind, `{"objectClassName":"domain","notices":"`+strings.Repeat("x", 8<<20)+`"}`)
		case "moved.be":
			http.Redirect(w, r, "/rdap/domain/moved.be/there", http.StatusFound)
		case "moved.be/there":
			say(200, kind, `{"objectClassName":"domain","ldhName":"moved.be"}`)
		case "loop.be":
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		case "busy.be":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			say(500, kind, "{}")
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestSource(t *testing.T) {
	var asked atomic.Int64
	s := registry(t, &asked)
	source, err := rdap.New(rdap.Config{Servers: map[string]string{"be": s.URL + "/rdap", ".co.example": s.URL}, PerSecond: 1000, Burst: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]check.Status{
		"taken.be": check.Taken, "xn--bcher-kva.be": check.Taken, "free.be": check.Available, "silent.be": check.Available,
		"wrong.be": check.Invalid, "moved.be": check.Taken,
	} {
		for range 2 {
			if a, err := source.Check(t.Context(), name); err != nil || a.Status != want {
				t.Errorf("%s: %v, %v", name, a.Status, err)
			}
		}
	}
	if n := asked.Load(); n > 6+1+1 { // a redirect; what is invalid is kept, too
		t.Errorf("the server was asked %d times", n)
	}
	for _, name := range []string{"page.be", "lost.be", "other.be", "entity.be", "crash.be", "huge.be", "loop.be"} {
		if a, err := source.Check(t.Context(), name); err == nil || errors.Is(err, check.ErrPass) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	for _, name := range []string{"a.org", "be", "a.example"} {
		if _, err := source.Check(t.Context(), name); !errors.Is(err, check.ErrPass) || !source.Passes(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if source.Passes("x.co.example") {
		t.Error("x.co.example passes")
	}
}

func TestSource_pause(t *testing.T) {
	var asked atomic.Int64
	s := registry(t, &asked)
	source, err := rdap.New(rdap.Config{Servers: map[string]string{"be": s.URL + "/rdap"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"busy.be", "taken.be", "free.be"} {
		if a, err := source.Check(t.Context(), name); !errors.Is(err, rdap.ErrBusy) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("a server that wanted a pause was asked %d times", asked.Load())
	}
}

func TestSource_rate(t *testing.T) {
	var asked atomic.Int64
	s := registry(t, &asked)
	source, err := rdap.New(rdap.Config{Servers: map[string]string{"be": s.URL + "/rdap"}, PerSecond: 0.01, Burst: 1, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := source.Check(t.Context(), "taken.be"); err != nil || a.Status != check.Taken {
		t.Errorf("%v, %v", a, err)
	}
	start := time.Now()
	if _, err := source.Check(t.Context(), "free.be"); !errors.Is(err, rdap.ErrBusy) || time.Since(start) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if a, err := source.Check(t.Context(), "taken.be"); err != nil || a.Status != check.Taken {
		t.Errorf("what is remembered: %v, %v", a, err)
	}
}

func TestSource_bootstrap(t *testing.T) {
	var asked, loaded atomic.Int64
	s := registry(t, &asked)
	broken := atomic.Bool{}
	iana := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		loaded.Add(1)
		if r.URL.Path != "/rdap/dns.json" || broken.Load() {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `{"version":"1.0","services":[[["be","nl"],["%s/rdap/"]],[["ftp"],["ftp://example.org/"]]]}`, s.URL)
	}))
	defer iana.Close()
	source, err := rdap.New(rdap.Config{Bootstrap: iana.URL + "/rdap"})
	if err != nil {
		t.Fatal(err)
	}
	if source.Passes("a.org") {
		t.Error("it passes before it knows")
	}
	if a, err := source.Check(t.Context(), "taken.be"); err != nil || a.Status != check.Taken {
		t.Errorf("%v, %v", a, err)
	}
	for _, name := range []string{"a.org", "a.ftp"} {
		if _, err := source.Check(t.Context(), name); !errors.Is(err, check.ErrPass) || !source.Passes(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if loaded.Load() != 1 {
		t.Errorf("the registry was loaded %d times", loaded.Load())
	}

	broken.Store(true)
	source, err = rdap.New(rdap.Config{Bootstrap: iana.URL + "/rdap"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := source.Check(t.Context(), "taken.be"); err == nil || errors.Is(err, check.ErrPass) {
			t.Errorf("without the registry: %v", err)
		}
	}
	if loaded.Load() != 2 {
		t.Errorf("the registry was asked for %d times", loaded.Load())
	}
}

func TestNew_wrong(t *testing.T) {
	for _, config := range []rdap.Config{
		{Servers: map[string]string{"be": "rdap.example"}},
		{Servers: map[string]string{"be": "ftp://rdap.example"}},
		{Servers: map[string]string{"be": "https://user:pw@rdap.example"}},
		{Servers: map[string]string{"b_e": "https://rdap.example"}},
		{Bootstrap: "https://rdap.example/?x=1"},
	} {
		if _, err := rdap.New(config); err == nil {
			t.Errorf("%v was taken", config)
		}
	}
}
