//go:build cgo && (desktop || dev) && linux

package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/ops"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/securitykey/handoff"
	"gatehouse/internal/securitykey/softkey"
)

// canary is a PIN that nothing else looks like.
const canary = "pin-canary-91c4"

// keyDesk is a window's part for security keys, with soft keys plugged in.
type keyDesk struct {
	*SecurityKeys
	t      *testing.T
	steps  chan KeyStep
	events []string // all that went to the page, as JSON
	opened []string
	log    bytes.Buffer
}

func newKeyDesk(t *testing.T, keys ...*softkey.Key) *keyDesk {
	t.Helper()
	d := &keyDesk{t: t, steps: make(chan KeyStep, 100)}
	paths := []string{}
	for n, k := range keys {
		plug, err := k.Plug(filepath.Join(t.TempDir(), strconv.Itoa(n)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(plug.Out)
		paths = append(paths, plug.Path())
	}
	if len(keys) == 0 {
		paths = append(paths, filepath.Join(t.TempDir(), "none"))
	}
	tell := func(event string, data any) {
		text, err := json.Marshal(data)
		if err != nil || event != keyProgress {
			t.Errorf("event %q: %v", event, err)
		}
		d.events = append(d.events, string(text))
		d.steps <- data.(KeyStep)
	}
	open := func(url string) error { d.opened = append(d.opened, url); return nil }
	d.SecurityKeys = newSecurityKeys(paths, tell, open, slog.New(slog.NewJSONHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug - 8})))
	t.Cleanup(d.close)
	return d
}

func soft(t *testing.T, c softkey.Config) *softkey.Key {
	t.Helper()
	k, err := softkey.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var user = securitykey.Person{Handle: []byte("handle-of-ada"), Login: "ada", Name: "Ada"}

// registering is what a page sends to register a key.
func registering(t *testing.T, ceremony string) AskKeyInput {
	t.Helper()
	_, options, err := securitykey.AtDesk(0).Register(user, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return AskKeyInput{ceremony, handoff.Create, options}
}

// begin asks in the background; the outcome comes by the channel.
func (d *keyDesk) begin(in AskKeyInput) <-chan KeyOutcome {
	came := make(chan KeyOutcome, 1)
	go func() {
		out, err := d.Ask(in)
		if err != nil {
			out.Failure = "error: " + err.Error()
		}
		came <- out
	}()
	return came
}

func (d *keyDesk) came(c <-chan KeyOutcome) KeyOutcome {
	d.t.Helper()
	select {
	case out := <-c:
		return out
	case <-time.After(20 * time.Second):
		d.t.Fatal("the page still waits")
		return KeyOutcome{}
	}
}

// until reads steps to one of that name.
func (d *keyDesk) until(step string) KeyStep {
	d.t.Helper()
	for {
		select {
		case s := <-d.steps:
			if s.Step == step {
				return s
			}
		case <-time.After(20 * time.Second):
			d.t.Fatalf("no step %q", step)
		}
	}
}

func (d *keyDesk) enter(ceremony, pin string) {
	d.t.Helper()
	if _, err := d.EnterPIN(KeyPIN{ceremony, secret.New(pin)}); err != nil {
		d.t.Error(err)
	}
}

// A key registers with its PIN; what was typed is in no answer, event or log.
func TestSecurityKeys_PIN(t *testing.T) {
	d := newKeyDesk(t, soft(t, softkey.Config{PIN: canary}))
	in := registering(t, "one")
	came := d.begin(in)
	if s := d.until("pin"); s.Wrong || s.Unfit || s.Tries != 8 || s.Ceremony != "one" {
		t.Errorf("first: %+v", s)
	}
	d.enter("another", canary) // not for this ceremony
	d.enter("one", "12")
	if s := d.until("pin"); !s.Unfit || s.Wrong || s.Tries != 8 {
		t.Errorf("after what can be no PIN: %+v", s)
	}
	d.enter("one", strings.Repeat(canary, 1000))
	if s := d.until("pin"); !s.Unfit || s.Tries != 8 {
		t.Errorf("after one without end: %+v", s)
	}
	d.enter("one", canary+"!")
	if s := d.until("pin"); !s.Wrong || s.Tries != 7 {
		t.Errorf("after a wrong one: %+v", s)
	}
	d.enter("one", canary)
	d.enter("one", canary) // nobody asks any more
	d.until("touch")
	out := d.came(came)
	if out.Failure != "" || len(out.Answer) == 0 {
		t.Fatalf("got %+v", out)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%+v %#v %s", KeyPIN{"one", secret.New(canary)}, KeyPIN{"one", secret.New(canary)}, d.events)
	given, err := json.Marshal(KeyPIN{"one", secret.New(canary)})
	if err != nil {
		t.Fatal(err)
	}
	for name, seen := range map[string]string{"answer": string(text), "events": strings.Join(d.events, ""), "log": d.log.String(), "print": printed, "JSON": string(given)} {
		if strings.Contains(seen, canary) {
			t.Errorf("the PIN is in the %s: %s", name, seen)
		}
	}
}

func TestSecurityKeys_failures(t *testing.T) {
	t.Run("wrong until locked", func(t *testing.T) {
		d := newKeyDesk(t, soft(t, softkey.Config{PIN: "1234"}))
		came := d.begin(registering(t, "one"))
		for range 3 {
			d.until("pin")
			d.enter("one", "9999")
		}
		if out := d.came(came); out.Failure != "pin_locked" {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("cancelled at the touch", func(t *testing.T) {
		k := soft(t, softkey.Config{})
		k.TouchAlways(false)
		d := newKeyDesk(t, k)
		came := d.begin(registering(t, "one"))
		d.until("touch")
		for _, name := range []string{"another", "one"} {
			if _, err := d.Cancel(KeyCeremony{name}); err != nil {
				t.Error(err)
			}
		}
		if out := d.came(came); out.Failure != "cancelled" {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("cancelled before it began", func(t *testing.T) {
		d := newKeyDesk(t)
		if _, err := d.Cancel(KeyCeremony{"one"}); err != nil {
			t.Error(err)
		}
		if out := d.came(d.begin(registering(t, "one"))); out.Failure != "cancelled" {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("another begins", func(t *testing.T) {
		k := soft(t, softkey.Config{})
		k.TouchAlways(false)
		d := newKeyDesk(t, k)
		first := d.begin(registering(t, "one"))
		d.until("touch")
		second := d.begin(registering(t, "two"))
		if out := d.came(first); out.Failure != "cancelled" {
			t.Errorf("the first: %+v", out)
		}
		if s := d.until("touch"); s.Ceremony != "two" {
			t.Errorf("the key asks for %+v", s)
		}
		k.TouchOnce()
		if out := d.came(second); out.Failure != "" {
			t.Errorf("the second: %+v", out)
		}
	})
	t.Run("the window closes", func(t *testing.T) {
		d := newKeyDesk(t)
		came := d.begin(registering(t, "one"))
		d.until("plug_in")
		d.close()
		if out := d.came(came); out.Failure != "cancelled" {
			t.Errorf("got %+v", out)
		}
		if out := d.came(d.begin(registering(t, "two"))); out.Failure != "cancelled" {
			t.Errorf("begun in a window that is gone: %+v", out)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		d := newKeyDesk(t, soft(t, softkey.Config{}))
		for name, in := range map[string]AskKeyInput{
			"no name":      {"", handoff.Create, nil},
			"a long one":   {strings.Repeat("a", 65), handoff.Create, nil},
			"no kind":      {"one", "", nil},
			"far too long": {"one", handoff.Create, bytes.Repeat([]byte(" "), 1<<20)},
		} {
			if _, err := d.Ask(in); err == nil {
				t.Errorf("%s: taken", name)
			}
			if _, err := d.AskBrowser(in); err == nil {
				t.Errorf("%s: taken by the browser", name)
			}
		}
		if out, err := d.Ask(AskKeyInput{"one", handoff.Get, securitykey.JSON(`{"rpId":"bank.example","challenge":"AAAA"}`)}); err != nil || out.Failure != "bad_options" {
			t.Errorf("another site: %+v, %v", out, err)
		}
	})
}

// Of several accounts on a key, the one that is picked.
func TestSecurityKeys_accounts(t *testing.T) {
	k := soft(t, softkey.Config{PIN: "1234"})
	for _, name := range []string{"ada", "grace"} {
		if _, err := k.Add("wails.localhost", []byte("handle-of-"+name), name); err != nil {
			t.Fatal(err)
		}
	}
	d := newKeyDesk(t, k)
	_, options, err := securitykey.AtDesk(0).AskAnybody(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	came := d.begin(AskKeyInput{"one", handoff.Get, options})
	d.until("pin")
	d.enter("one", "1234")
	offered := d.until("account").Accounts
	names, pick := []string{}, -1
	for n, a := range offered {
		if names = append(names, a.Name); a.Name == "ada" {
			pick = n
		}
	}
	if _, err := d.Pick(KeyPick{"another", 1 - pick}); err != nil {
		t.Error(err)
	}
	if _, err := d.Pick(KeyPick{"one", pick}); err != nil {
		t.Error(err)
	}
	out := d.came(came)
	var answer struct {
		Response struct {
			UserHandle string `json:"userHandle"`
		} `json:"response"`
	}
	if err := json.Unmarshal(out.Answer, &answer); err != nil || answer.Response.UserHandle != "aGFuZGxlLW9mLWFkYQ" {
		t.Errorf("of %q: %+v, %v", names, out, err)
	}
}

func TestSecurityKeys_Devices(t *testing.T) {
	d := newKeyDesk(t, soft(t, softkey.Config{}), soft(t, softkey.Config{}))
	found, err := d.Devices(ops.None{})
	if err != nil || !found.InBuild || len(found.Devices) != 2 || !found.Devices[0].Permitted {
		t.Errorf("got %+v, %v", found, err)
	}
	none, err := newKeyDesk(t).Devices(ops.None{})
	if err != nil || none.Devices == nil || len(none.Devices) != 0 {
		t.Errorf("got %+v, %v", none, err)
	}
}

// The browser is opened at a page, which ends with the ceremony or the window.
func TestSecurityKeys_browser(t *testing.T) {
	listens := func(p KeyPage) bool {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}
	for name, end := range map[string]func(*keyDesk){
		"cancelled":         func(d *keyDesk) { _, _ = d.Cancel(KeyCeremony{"one"}) },
		"another begins":    func(d *keyDesk) { _, _ = d.OpenPage(KeyPageInput{"two", "de"}) },
		"the window closes": func(d *keyDesk) { d.close() },
	} {
		t.Run(name, func(t *testing.T) {
			d := newKeyDesk(t)
			p, err := d.OpenPage(KeyPageInput{"one", "de"})
			if err != nil || !strings.HasPrefix(p.Address, fmt.Sprintf("http://wails.localhost:%d/#", p.Port)) {
				t.Fatalf("got %+v, %v", p, err)
			}
			if len(d.opened) > 0 {
				t.Error("a browser was opened before there is anything to ask")
			}
			if _, err := d.AskBrowser(AskKeyInput{"two", handoff.Get, securitykey.JSON(`{}`)}); err == nil {
				t.Error("the page of another ceremony was used")
			}
			came := make(chan KeyOutcome, 1)
			go func() {
				out, _ := d.AskBrowser(AskKeyInput{"one", handoff.Get, securitykey.JSON(`{"challenge":"AAAA"}`)})
				came <- out
			}()
			for !listens(p) {
				t.Fatal("nothing listens")
			}
			end(d)
			if out := d.came(came); out.Failure != "cancelled" {
				t.Errorf("got %+v", out)
			}
			d.close()
			if listens(p) {
				t.Error("it still listens")
			}
			if diff := cmp.Diff([]string{p.Address}, d.opened); diff != "" && len(d.opened) > 0 {
				t.Error(diff)
			}
			if strings.Contains(d.log.String(), strconv.Itoa(p.Port)) {
				t.Errorf("the log holds the address: %s", d.log.String())
			}
		})
	}
}
