//go:build cgo && (desktop || dev)

package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"gatehouse/internal/securitykey/softkey"
)

// terminal is a command at a terminal, with somebody who types.
type terminal struct {
	t   *testing.T
	cmd *exec.Cmd
	tty *os.File
	out bytes.Buffer // standard output, which is no terminal

	mu   sync.Mutex
	seen strings.Builder
	more chan struct{}
}

// program is this test binary, as the product.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "gatehouse") // what testscript.Main goes by
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), link, args...)
}

func atTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	near, far, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, cmd: program(t, args...), tty: near, more: make(chan struct{}, 1)}
	x.cmd.Stdin, x.cmd.Stderr, x.cmd.Stdout = far, far, &x.out
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	t.Cleanup(func() { _ = near.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := near.Read(buffer)
			x.mu.Lock()
			x.seen.Write(buffer[:n])
			x.mu.Unlock()
			select {
			case x.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return x
}

func (x *terminal) screen() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen.String()
}

// until waits for the n-th place on the screen that says so.
func (x *terminal) until(text string, n int) {
	x.t.Helper()
	late := time.After(30 * time.Second)
	for strings.Count(x.screen(), text) < n {
		select {
		case <-x.more:
		case <-late:
			x.t.Fatalf("the terminal does not say %q: %s", text, x.screen())
		}
	}
}

func (x *terminal) types(text string) {
	x.t.Helper()
	if _, err := io.WriteString(x.tty, text); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) ends(code int) {
	x.t.Helper()
	_ = x.cmd.Wait()
	if got := x.cmd.ProcessState.ExitCode(); got != code {
		x.t.Errorf("it ends with %d, want %d: %s%s", got, code, x.screen(), x.out.String())
	}
}

func plugged(t *testing.T, c softkey.Config) (*softkey.Key, string) {
	t.Helper()
	k, err := softkey.New(c)
	if err != nil {
		t.Fatal(err)
	}
	plug, err := k.Plug(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plug.Out)
	return k, plug.Path()
}

// Somebody tries a key at a terminal: the PIN is asked for, and not shown.
func TestSecurityKey_terminal(t *testing.T) {
	const pin = "canary-6d2e"
	_, path := plugged(t, softkey.Config{PIN: pin})
	x := atTerminal(t, "securitykey", "test", "--fido-device", path)
	const prompt = "PIN of the key (it is not shown"
	x.until(prompt, 1)
	x.types("12\n")
	x.until("That can be no PIN", 1)
	x.until(prompt, 2)
	x.types("999999\n")
	x.until("That was not the PIN.", 1)
	x.until("tries left: 7", 1)
	x.types(pin + "\n")
	x.until("Please touch the key now", 1)
	x.until(prompt, 4) // for the sign-in
	x.types(pin + "\n")
	x.ends(0)
	if !strings.Contains(x.out.String(), "This key works with Gatehouse") || !strings.Contains(x.out.String(), path) {
		t.Errorf("it answers %s", x.out.String())
	}
	if strings.Contains(x.screen(), pin) || strings.Contains(x.screen(), "999999") {
		t.Errorf("a PIN is on the screen: %s", x.screen())
	}
}

// Ctrl-C at the PIN leaves the terminal as it was.
func TestSecurityKey_interrupted(t *testing.T) {
	_, path := plugged(t, softkey.Config{PIN: "1234"})
	cmd := atTerminal(t, "securitykey", "test", "--fido-device", path)
	cmd.until("PIN of the key", 1)
	if err := cmd.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.ends(1)
	if !strings.Contains(cmd.screen(), "cancelled; nothing was changed") {
		t.Errorf("it says %s", cmd.screen())
	}
}

func TestSecurityKey_exits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config softkey.Config
		tries  int
		stdin  string
		code   int
		says   string
	}{
		{"PIN by standard input", softkey.Config{PIN: "1234"}, 8, "1234\n1234\n", 0, "by PIN or finger"},
		{"no PIN", softkey.Config{}, 0, "", 0, "by touch alone"},
		{"U2F", softkey.Config{U2F: softkey.U2FOnly}, 0, "", 0, "by touch alone"},
		{"no PIN given", softkey.Config{PIN: "1234"}, 8, "", 1, "needs its PIN"},
		{"a wrong one", softkey.Config{PIN: "1234"}, 8, "4321\n", 1, "not the key's PIN. Tries left: 7"},
		{"the last one wrong", softkey.Config{PIN: "1234"}, 1, "4321\n", 1, "blocked for good"},
		{"nobody touches it", softkey.Config{TouchTimeout: 100 * time.Millisecond}, -1, "", 1, "nobody touched"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, path := plugged(t, tt.config)
			if tt.tries > 0 {
				k.SetTries(tt.tries)
			}
			k.TouchAlways(tt.tries >= 0)
			cmd := program(t, "securitykey", "test", "--fido-device", path)
			cmd.Stdin = strings.NewReader(tt.stdin)
			said, _ := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != tt.code || !strings.Contains(string(said), tt.says) {
				t.Errorf("it ends with %d: %s", cmd.ProcessState.ExitCode(), said)
			}
		})
	}
}

// The device may be named by the environment, and the answer be JSON.
func TestSecurityKey_JSON(t *testing.T) {
	_, one := plugged(t, softkey.Config{})
	_, other := plugged(t, softkey.Config{})
	for _, verb := range []string{"list", "test"} {
		cmd := program(t, "securitykey", verb, "--json")
		cmd.Env = append(os.Environ(), "GATEHOUSE_FIDO_DEVICE="+one+":"+other)
		text, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
		var answer struct {
			Keys []struct {
				Path      string `json:"path"`
				Permitted bool   `json:"permitted"`
			} `json:"keys"`
			SignedIn bool `json:"signedIn"`
		}
		if err := json.Unmarshal(text, &answer); err != nil || len(answer.Keys) != 2 || answer.Keys[1].Path != other || !answer.Keys[0].Permitted || answer.SignedIn != (verb == "test") {
			t.Errorf("%s: %s, %v", verb, text, err)
		}
		if regexp.MustCompile(`(?i)pin|credential`).Match(text) {
			t.Errorf("%s tells too much: %s", verb, text)
		}
	}
}
