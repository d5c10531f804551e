package isproxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/isproxy"
	"gatehouse/internal/isproxy/check"
)

func known() answers {
	return answers{
		"taken.be":   {Status: check.Taken, Reason: `In use (since 1999), by "a\b"`},
		"premium.be": {Status: check.Available, Premium: check.Premium{Price: "1500", Currency: "USD"}},
		"broken.be":  {},
		"evil.be":    {Status: check.Taken, Reason: "one\r\nevil2.be available"},
		"long.be":    {Status: check.Taken, Reason: strings.Repeat("é(", 2000)},
	}
}

// Each case is one connection: what is sent, and what must come, line by line.
func TestServer_dialogue(t *testing.T) {
	const login, ok = "LOGIN the-key", "100 Login ok"
	tests := map[string][]string{
		"one question":           {login, ok, "IS free.be", "free.be available", "IS taken.be", "taken.be not available"},
		"any case":               {"login the-key", ok, "iS free.be", "free.be available", "enABLE REASON", "100 OK"},
		"blanks":                 {"  LOGIN \t the-key  ", ok, "\tIS   free.be \t", "free.be available"},
		"error":                  {login, ok, "IS broken.be", "broken.be error"},
		"not authenticated":      {"IS free.be", "400 not authenticated", "IS", "400 not authenticated"},
		"wrong key":              {"LOGIN the-kez", "400 Login failed", "IS free.be", "400 not authenticated", login, ok},
		"no key":                 {"LOGIN", "400 Wrong number of arguments", "LOGIN a b c", "400 Wrong number of arguments", "LOGIN a b c d e", "400 Wrong number of arguments"},
		"twice":                  {login, ok, login, "400 Already authenticated", "LOGIN wrong", "400 Already authenticated", "LOGIN", "400 Already authenticated"},
		"password":               {"LOGIN shop/ann pass-word", ok, "IS free.be", "free.be available"},
		"wrong password":         {"LOGIN shop/ann pass-wort", "400 Login failed", "LOGIN shop/bob pass-word", "400 Login failed"},
		"details unasked":        {login, ok, "IS taken.be", "taken.be not available", "IS premium.be", "premium.be available"},
		"reason":                 {login, ok, "ENABLE reason", "100 OK", "IS taken.be", `taken.be not available (reason=In use \(since 1999\)\, by "a\\b")`, "IS premium.be", "premium.be available", "IS free.be", "free.be available"},
		"premium":                {login, ok, "ENABLE premium", "100 OK", "IS premium.be", "premium.be available (type=premium,price=1500,currency=USD)", "IS taken.be", "taken.be not available"},
		"enable before login":    {"ENABLE premium", "100 OK", login, ok, "IS premium.be", "premium.be available (type=premium,price=1500,currency=USD)"},
		"reason breaks no line":  {login, ok, "ENABLE reason", "100 OK", "IS evil.be", "evil.be not available (reason=one  evil2.be available)"},
		"enable what":            {"ENABLE", "400 Wrong number of arguments", "ENABLE reason premium", "400 Wrong number of arguments", "ENABLE magic", "400 Unknown option"},
		"unknown command":        {"HELO x", "400 Unknown command", "ISS free.be", "400 Unknown command", "ıs free.be", "400 Unknown command"},
		"empty lines":            {"", "\t", login, ok, "", "IS free.be", "free.be available"},
		"no domain":              {login, ok, "IS", "400 Wrong number of arguments", "IS a.be b.be", "400 Wrong number of arguments"},
		"control characters":     {"LOGIN the\x00key", "400 Invalid character", login, ok, "IS fr\x00ee.be", "400 Invalid character", "IS free.be\x7f", "400 Invalid character", "IS a.be\rIS b.be", "400 Invalid character"},
		"several CR":             {login + "\r\r", ok},
		"capitals":               {login, ok, "IS TaKen.BE", "TaKen.BE not available"},
		"dot at the end":         {login, ok, "IS taken.be.", "taken.be. not available"},
		"international":          {login, ok, "IS bücher.example", "xn--bcher-kva.example available", "IS xn--bcher-kva.example", "xn--bcher-kva.example available", "IS BÜCHER.example.", "xn--bcher-kva.example available"},
		"no such names":          {login, ok, "IS be", "be invalid domain", "IS -a.be", "-a.be invalid domain", "IS a-.be", "a-.be invalid domain", "IS a..be", "a..be invalid domain", "IS .be", ".be invalid domain", "IS .", ". invalid domain", "IS a_b.be", "a_b.be invalid domain", "IS 192.0.2.1", "192.0.2.1 invalid domain", "IS xn--a.be", "xn--a.be invalid domain"},
		"no names at all":        {login, ok, "IS (a,b).be", "_a_b_.be invalid domain", "IS <script>", "_script_ invalid domain", "IS \xff\xfe.be", "__.be invalid domain", "IS ☃\u202e.be", "__.be invalid domain", "IS " + strings.Repeat("ü", 70) + ".be", strings.Repeat("_", 70) + ".be invalid domain"},
		"long label":             {login, ok, "IS " + strings.Repeat("a", 63) + ".be", strings.Repeat("a", 63) + ".be available", "IS " + strings.Repeat("a", 64) + ".be", strings.Repeat("a", 64) + ".be invalid domain"},
		"TLS is not to be had":   {"STARTTLS", "400 TLS not available", login, ok, "IS free.be", "free.be available"},
		"STARTTLS with argument": {"STARTTLS now", "400 Wrong number of arguments"},
		"a door not allowed to":  {login, ok, "IS www.secret.be", "www.secret.be error", "IS WWW.Secret.be.", "WWW.Secret.be. error"},
	}
	keys := &keyring{key: "the-key", login: "shop/ann", password: "pass-word", forbid: "secret.be"}
	_, address := door(t, isproxy.Config{Keys: keys, Source: known()})
	for name, lines := range tests {
		t.Run(name, func(t *testing.T) {
			c := dial(t, address)
			for i := 0; i < len(lines); i++ {
				c.send(lines[i])
				if strings.TrimSpace(lines[i]) == "" {
					continue
				}
				i++
				c.expect(lines[i])
			}
			c.send("QUIT")
			c.ended()
		})
	}
}

// The same dialogues at once: everything is sent before anything is read.
func TestServer_pipelined(t *testing.T) {
	keys := &keyring{key: "the-key"}
	_, address := door(t, isproxy.Config{Keys: keys, Source: known()})
	for _, last := range []string{"QUIT", "CLOSE", "close"} {
		t.Run(last, func(t *testing.T) {
			const n = 5000
			before := keys.used.Load()
			c := dial(t, address)
			go func() {
				lines := []string{"LOGIN the-key"}
				for i := range n {
					lines = append(lines, fmt.Sprintf("IS name-%d.be", i))
				}
				_, _ = io.WriteString(c, strings.Join(append(lines, last, "IS after.be", ""), "\r\n"))
			}()
			c.expect("100 Login ok")
			for i := range n {
				c.expect(fmt.Sprintf("name-%d.be available", i))
			}
			c.ended()
			if got := keys.used.Load() - before; got != n {
				t.Errorf("%d uses were counted, not %d", got, n)
			}
		})
	}
}

func TestServer_longReason(t *testing.T) {
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known()})
	c := dial(t, address)
	c.ask("LOGIN the-key", "100 Login ok")
	c.ask("ENABLE reason", "100 OK")
	c.send("IS long.be")
	got := c.read()
	// One client in the wild reads 1023 bytes and takes the rest for another line.
	if len(got)+2 > 1023 || !strings.HasPrefix(got, `long.be not available (reason=é\(é\(`) || !strings.HasSuffix(got, ")") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	c.ask("IS free.be", "free.be available")
}

func TestServer_asTheyComplete(t *testing.T) {
	slow := make(chan struct{})
	source := asked(func(ctx context.Context, domain string) (check.Answer, error) {
		switch domain {
		case "slow.be":
			select {
			case <-slow:
			case <-ctx.Done():
				return check.Answer{}, ctx.Err()
			}
		case "fails.be":
			return check.Answer{Status: check.Available}, errors.New("nobody there")
		}
		return check.Answer{Status: check.Taken}, nil
	})
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: source})
	c := dial(t, address)
	c.ask("LOGIN the-key", "100 Login ok")
	c.send("IS slow.be", "IS quick.be")
	c.expect("quick.be not available")
	c.ask("IS fails.be", "fails.be error")
	c.send("QUIT") // pending answers still go out
	close(slow)
	c.expect("slow.be not available")
	c.ended()
}

// A client that half-closes after its last question gets its answers.
func TestServer_endOfInput(t *testing.T) {
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: asked(func(context.Context, string) (check.Answer, error) {
		return check.Answer{Status: check.Taken}, nil
	})})
	c := dial(t, address)
	c.send("LOGIN the-key", "IS a.be")
	if _, err := io.WriteString(c, "IS half-a-line.b"); err != nil {
		t.Fatal(err)
	}
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.expect("100 Login ok", "a.be not available")
	c.ended()
}

// However quickly an answer is found, it comes after those to the commands that
// stand before its question.
func TestServer_order(t *testing.T) {
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, MaxUnauthenticated: 1000, Source: asked(func(context.Context, string) (check.Answer, error) {
		return check.Answer{Status: check.Taken}, nil
	})})
	for range 200 {
		c := dial(t, address)
		c.send("LOGIN the-key", "IS a.be", "QUIT")
		c.expect("100 Login ok", "a.be not available")
		c.ended()
	}
}

func TestServer_backpressure(t *testing.T) {
	var under, most atomic.Int64
	release := make(chan struct{})
	source := asked(func(ctx context.Context, _ string) (check.Answer, error) {
		now := under.Add(1)
		for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
		}
		defer under.Add(-1)
		<-release
		return check.Answer{Status: check.Available}, nil
	})
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: source, MaxPending: 8, MaxPendingInAll: 12})
	a, b := dial(t, address), dial(t, address)
	const n = 500
	for _, c := range []*client{a, b} {
		c.ask("LOGIN the-key", "100 Login ok")
		lines := make([]string, n)
		for i := range lines {
			lines[i] = fmt.Sprintf("IS n%d.be", i)
		}
		c.send(lines...)
	}
	eventually(t, func() bool { return under.Load() == 12 })
	close(release)
	for _, c := range []*client{a, b} {
		got := map[string]bool{}
		for range n {
			got[c.read()] = true
		}
		if len(got) != n {
			t.Errorf("%d different answers to %d questions", len(got), n)
		}
	}
	if most.Load() != 12 {
		t.Errorf("%d questions were under way at once, and 12 may be", most.Load())
	}
}

// A client that asks and never reads is cut, and holds little memory until then.
func TestServer_neverReads(t *testing.T) {
	keys := &keyring{key: "the-key"}
	s, address := door(t, isproxy.Config{Keys: keys, Source: known(), WriteTimeout: 100 * time.Millisecond})
	c := dial(t, address)
	c.send("LOGIN the-key")
	question := []byte(strings.Repeat("IS free.be\r\n", 1000))
	for sent := 0; ; sent += len(question) {
		if _, err := c.Write(question); err != nil {
			if isTimeout(err) {
				t.Fatal("the connection was not cut")
			}
			break
		}
		if sent > 256<<20 {
			t.Fatal("256 MiB of questions were taken, and no answer was read")
		}
	}
	eventually(t, func() bool { return s.Figures().Connections == 0 })
}

func TestServer_longLines(t *testing.T) {
	_, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known()})
	fits := "HELO " + strings.Repeat("a", 8<<10-len("HELO \r\n"))
	for name, test := range map[string]struct {
		send string
		want []string
	}{
		"just fits":          {fits + "\r\nIS a.be\r\n", []string{"400 Unknown command", "400 not authenticated"}},
		"one more":           {fits + "a\r\nIS a.be\r\n", []string{"400 Line too long"}},
		"10 MiB":             {strings.Repeat("a", 10<<20) + "\r\n", []string{"400 Line too long"}},
		"10 MiB, no end":     {strings.Repeat("a", 10<<20), []string{"400 Line too long"}},
		"10 MiB of IS":       {"LOGIN the-key\r\nIS " + strings.Repeat("a.", 5<<20) + "be\r\n", []string{"100 Login ok", "400 Line too long"}},
		"10 MiB of NUL":      {strings.Repeat("\x00", 10<<20), []string{"400 Line too long"}},
		"8 KiB of one label": {"LOGIN the-key\r\nIS " + strings.Repeat("a", 8000) + "\r\n", []string{"100 Login ok", strings.Repeat("a", 255) + " invalid domain"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, address)
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(c, test.send)
				sent <- err
			}()
			c.expect(test.want...)
			if slices.Contains(test.want, "400 Line too long") {
				c.ended()
				_ = c.Close()
			}
			if err := <-sent; err != nil && isTimeout(err) {
				t.Errorf("the rest of the line was not taken: %v", err)
			}
		})
	}
}

func TestServer_wrongLogins(t *testing.T) {
	keys := &keyring{key: "the-key"}
	_, address := door(t, isproxy.Config{Keys: keys, Source: known()})
	c := dial(t, address)
	c.send("LOGIN 1", "LOGIN 2", "LOGIN a b", "LOGIN", "LOGIN 4", "LOGIN 5", "LOGIN the-key", "IS free.be")
	c.expect("400 Login failed", "400 Login failed", "400 Login failed", "400 Wrong number of arguments", "400 Login failed", "400 Login failed")
	c.ended()
	if n := keys.verified.Load(); n != 5 {
		t.Errorf("%d LOGINs were verified", n)
	}
	if from := keys.from.Load(); fmt.Sprint(from) != "127.0.0.1" {
		t.Errorf("the address is %v", from)
	}
}

func TestServer_revoked(t *testing.T) {
	keys := &keyring{key: "the-key"}
	started := make(chan struct{}, 10)
	ended := make(chan error, 10)
	source := asked(func(ctx context.Context, _ string) (check.Answer, error) {
		started <- struct{}{}
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return check.Answer{Status: check.Available}, nil
	})
	s, address := door(t, isproxy.Config{Keys: keys, Source: source})
	idle, busy := dial(t, address), dial(t, address)
	for _, c := range []*client{idle, busy} {
		c.ask("LOGIN the-key", "100 Login ok")
	}
	busy.send("IS a.be", "IS b.be")
	<-started
	<-started
	keys.revoke()
	idle.ended()
	busy.ended() // nothing of what was under way
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the question ended with %v", err)
		}
	}
	eventually(t, func() bool { return s.Figures().Connections == 0 })
}

// In the middle of a burst, no line after the cut is answered.
func TestServer_revokedMidPipeline(t *testing.T) {
	keys := &keyring{key: "the-key"}
	cut := make(chan struct{})
	var asked, after atomic.Int64
	source := prompt(func(string) check.Answer {
		switch n := asked.Add(1); {
		case n == 100:
			keys.revoke()
			<-cut // the client sees the end, while this question is being answered
		case n > 100:
			after.Add(1)
		}
		return check.Answer{Status: check.Available}
	})
	s, address := door(t, isproxy.Config{Keys: keys, Source: source})
	c := dial(t, address)
	c.send("LOGIN the-key", strings.TrimSuffix(strings.Repeat("IS free.be\r\n", 10_000), "\r\n"))
	_, _ = io.Copy(io.Discard, c.in)
	close(cut)
	eventually(t, func() bool { return s.Figures().Connections == 0 })
	if asked.Load() != 100 || after.Load() != 0 {
		t.Errorf("%d questions were asked, %d of them after the key was revoked", asked.Load(), after.Load())
	}
}

type prompt func(domain string) check.Answer

func (p prompt) Check(_ context.Context, domain string) (check.Answer, error) { return p(domain), nil }

func (p prompt) TryCheck(domain string) (check.Answer, bool) { return p(domain), true }

func TestServer_limits(t *testing.T) {
	s, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known(), MaxConnections: 25})
	var in []*client
	for range 20 {
		c := dial(t, address)
		c.ask("IS a.be", "400 not authenticated")
		in = append(in, c)
	}
	dial(t, address).ended() // the 21st stranger of this address
	for _, c := range in[:10] {
		c.ask("LOGIN the-key", "100 Login ok")
	}
	for range 5 { // those who are known do not count as strangers
		c := dial(t, address)
		c.ask("IS a.be", "400 not authenticated")
		in = append(in, c)
	}
	dial(t, address).ended() // the 26th in all
	if f := s.Figures(); f.Connections != 25 || f.Strangers != 15 {
		t.Errorf("%d connections, %d strangers", f.Connections, f.Strangers)
	}
	for _, c := range in {
		_ = c.Close()
	}
	eventually(t, func() bool { f := s.Figures(); return f.Connections+f.Strangers == 0 })
	dial(t, address).ask("LOGIN the-key", "100 Login ok")
}

func TestServer_shutdown(t *testing.T) {
	source := asked(func(ctx context.Context, domain string) (check.Answer, error) {
		if domain == "never.be" {
			<-ctx.Done()
		}
		return check.Answer{Status: check.Available}, ctx.Err()
	})
	t.Run("idle and strangers", func(t *testing.T) {
		s, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: source})
		in, stranger := dial(t, address), dial(t, address)
		in.send("LOGIN the-key", "IS a.be")
		in.expect("100 Login ok", "a.be available")
		stranger.ask("IS a.be", "400 not authenticated")
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		in.ended()
		stranger.ended()
	})
	t.Run("out of patience", func(t *testing.T) {
		s, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: source})
		c := dial(t, address)
		c.send("LOGIN the-key", "IS never.be")
		c.expect("100 Login ok")
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned %v", err)
		}
		c.ended()
	})
	t.Run("pending", func(t *testing.T) {
		release, started := make(chan struct{}), make(chan struct{}, 1)
		s, address := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: asked(func(context.Context, string) (check.Answer, error) {
			started <- struct{}{}
			<-release
			return check.Answer{Status: check.Taken}, nil
		})})
		c := dial(t, address)
		c.send("LOGIN the-key", "IS a.be")
		c.expect("100 Login ok")
		<-started
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(context.Background()) }()
		close(release)
		c.expect("a.be not available")
		c.ended()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestNew(t *testing.T) {
	for name, config := range map[string]isproxy.Config{
		"no keys":                    {Source: known()},
		"no source":                  {Keys: &keyring{}},
		"TLS demanded and not there": {Keys: &keyring{}, Source: known(), RequireTLS: true},
	} {
		if _, err := isproxy.New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestServer_severalListeners(t *testing.T) {
	s, first := door(t, isproxy.Config{Keys: &keyring{key: "the-key"}, Source: known()})
	ctx, cancel := context.WithCancel(context.Background())
	l := listen(t)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	c := dial(t, l.Addr().String())
	c.ask("LOGIN the-key", "100 Login ok")
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve returned %v", err)
	}
	c.ask("IS free.be", "free.be available") // what is open goes on
	dial(t, first).ask("LOGIN the-key", "100 Login ok")
	if diff := cmp.Diff(l.Close() != nil, true); diff != "" {
		t.Error("the listener was left open")
	}
}
