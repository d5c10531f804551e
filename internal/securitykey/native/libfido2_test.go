//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

// What C allocates, nobody collects: valgrind looks for what is lost, after
// ceremonies that end well and such that do not. There are many, so that no
// stale pointer in Go's memory makes the lost look kept.
func TestClient_memory(t *testing.T) {
	const inside = "GATEHOUSE_TEST_ROUNDS"
	if rounds, err := strconv.Atoi(os.Getenv(inside)); err == nil {
		ceremonies(t, rounds)
		return
	}
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		t.Fatal("valgrind is missing; build/scripts/setup.sh test installs it")
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Go moves its stacks about, which valgrind takes for faults: only leaks are
	// counted.
	cmd := exec.CommandContext(t.Context(), valgrind, "--leak-check=full", "--show-leak-kinds=definite", "--undef-value-errors=no", "--error-limit=no", "--num-callers=40",
		own, "-test.run=^TestClient_memory$", "-test.count=1")
	cmd.Env = append(os.Environ(), inside+"=20")
	out, err := cmd.CombinedOutput()
	lost := regexp.MustCompile(`definitely lost: ([0-9,]+) bytes`).FindSubmatch(out)
	if lost == nil || !strings.Contains(string(out), "PASS") {
		t.Fatalf("valgrind says nothing of leaks: %v\n%s", err, out)
	}
	if string(lost[1]) != "0" {
		t.Errorf("%s bytes are lost:\n%s", lost[1], out)
	}
}

func ceremonies(t *testing.T, rounds int) {
	k, old, s := newSoft(t, softkey.Config{PIN: "1234"}), newSoft(t, softkey.Config{U2F: softkey.U2FOnly}), newSite(t)
	registered := s.mustRegister(looking(k), types("1234").person())
	s.credentials = nil
	for range rounds {
		k.Forget()
		s.mustRegister(looking(k), types("1234").person())
		s.mustRegister(looking(old), types().person())
		_, err := s.signIn(t.Context(), looking(k), types("0000").person())
		wants(t, err, native.PINWrong)
		if _, err := s.signIn(t.Context(), looking(k), types("1234").person()); err != nil {
			t.Fatal(err)
		}
		s.credentials = append(s.credentials[:0], *registered)
		_, err = s.signIn(t.Context(), looking(old), types().person())
		wants(t, err, native.NotRegistered)
		s.credentials = nil
		if _, err := looking(k).Info(t.Context(), native.Device{Path: k.link}); err != nil {
			t.Fatal(err)
		}
		if _, err := (native.Client{}).Devices(); err != nil {
			t.Fatal(err)
		}
	}
}
