//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

// mask is over a PIN in this process whenever native does not have it.
const mask = 0x55

// Once a PIN has been used, it is nowhere in the memory of this process, C's
// included, and was in no log of the library's. The key is in a process of its
// own, since it would remember the PIN.
func TestClient_PIN_forgotten(t *testing.T) {
	const inside = "GATEHOUSE_TEST_SOFT_KEY"
	if link := os.Getenv(inside); link != "" {
		k, err := softkey.New(softkey.Config{})
		if err == nil {
			err = k.Control(link, os.Stdin, os.Stdout)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Setenv("FIDO_DEBUG", "1")
	masked := make([]byte, 60)
	rand.Read(masked)
	for n := range masked {
		masked[n] = '0' + masked[n]%10 ^ mask
	}
	link := filepath.Join(t.TempDir(), "key")
	startKey(t, inside, link, masked)

	var used []byte
	p := types().person()
	p.PIN = func(_ context.Context, r native.PINRequest) ([]byte, error) {
		if r.Wrong {
			return nil, errGaveUp
		}
		used = make([]byte, len(masked))
		for n := range masked {
			used[n] = masked[n] ^ mask
		}
		if found := inMemory(t, masked[20:]); found == 0 {
			t.Error("the search does not find what is there")
		}
		return used, nil
	}
	var err error
	if log := stderr(t, func() { _, err = newSite(t).register(soon(t), native.Client{Paths: []string{link}}, p) }); log != "" {
		t.Errorf("libfido2 writes %s", log)
	}
	if err != nil {
		t.Fatal(err)
	}
	// Not from its beginning: that is where C's heap writes into what was freed.
	if found := inMemory(t, masked[20:]); found != 0 {
		t.Errorf("the PIN is in memory %d times", found)
	}
}

// startKey runs this test as another process, which is the key.
func startKey(t *testing.T, inside, link string, masked []byte) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), own, "-test.run=^TestClient_PIN_forgotten$", "-test.count=1")
	cmd.Env = append(os.Environ(), inside+"="+link)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	// Unbuffered and overwritten: this side keeps nothing of the line.
	line := append(make([]byte, 0, 128), "pin "...)
	for _, b := range masked {
		line = append(line, b^mask)
	}
	_, err = in.Write(append(line, '\n'))
	clear(line)
	lines := bufio.NewScanner(out)
	if err != nil || !lines.Scan() || !strings.HasPrefix(lines.Text(), "ready") || !lines.Scan() || lines.Text() != "ok" {
		t.Fatalf("the key says %q, %v", lines.Text(), err)
	}
}

// inMemory counts where the PIN is in what this process may write to.
func inMemory(t *testing.T, masked []byte) (found int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	buffer := make([]byte, 1<<20)
	defer clear(buffer) // or the next search finds what this one has read
	for line := range strings.SplitSeq(string(maps), "\n") {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || rights[:2] != "rw" {
			continue
		}
		for at := from; at < to; at += int64(len(buffer) - len(masked)) {
			n, err := memory.ReadAt(buffer[:min(int64(len(buffer)), to-at)], at)
			if err != nil && n == 0 {
				break
			}
			found += count(buffer[:n], masked)
		}
	}
	return found
}

// count compares under the mask: the PIN itself is written down nowhere.
func count(data, masked []byte) (found int) {
	for n := 0; n+len(masked) <= len(data); n++ {
		same := 0
		for same < len(masked) && data[n+same]^mask == masked[same] {
			same++
		}
		if same == len(masked) {
			found++
		}
	}
	return found
}

// stderr is what is written there meanwhile, by C too.
func stderr(t *testing.T, do func()) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	restore := redirect(t, 2, write)
	all := make(chan string)
	go func() {
		text, _ := io.ReadAll(read)
		all <- string(text)
	}()
	do()
	restore()
	_ = write.Close()
	return <-all
}

// redirect has a file descriptor lead to a file, until it is restored.
func redirect(t *testing.T, fd int, to *os.File) (restore func()) {
	t.Helper()
	before, err := unix.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup3(int(to.Fd()), fd, 0); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := unix.Dup3(before, fd, 0); err != nil {
			t.Error(err)
		}
		_ = unix.Close(before)
	}
}
