//go:build unix

package softkey_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"gatehouse/internal/securitykey/softkey"
)

func TestControl(t *testing.T) {
	k, err := softkey.New(softkey.Config{})
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "key")
	in, lines := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- k.Control(link, in, out) }()
	scan := bufio.NewScanner(answers)
	answer := func() string {
		t.Helper()
		if !scan.Scan() {
			t.Fatal("no answer")
		}
		return scan.Text()
	}
	if got := answer(); got != "ready "+link {
		t.Fatalf("got %q", got)
	}
	there := func() bool {
		_, err := os.Stat(link)
		return err == nil
	}
	for _, tt := range []struct {
		line, want string
		check      func() bool
	}{
		{"plug", "^ok$", there},
		{"unplug", "^ok$", func() bool { return !there() }},
		{"unplug", "^ok$", func() bool { return !there() }},
		{"plug", "^ok$", there},
		{"touch never", "^ok$", nil},
		{"touch once", "^ok$", nil},
		{"touch always", "^ok$", nil},
		{"pin 1234", "^ok$", nil},
		{"tries 3", "^ok$", func() bool { return k.Tries() == 3 }},
		{"tries none", "^error ", func() bool { return k.Tries() == 3 }},
		{"pin none", "^ok$", func() bool { return k.Tries() == 8 }},
		{"finger wrong", "^ok$", nil},
		{"counter 7", "^ok$", nil},
		{"counter -1", "^error ", nil},
		{"list", "^ok$", nil},
		{"add example.com YWRh ada", "^ok [A-Za-z0-9_-]{64}$", func() bool { return len(k.Credentials()) == 1 }},
		{"add example.com !!! ada", "^error ", func() bool { return len(k.Credentials()) == 1 }},
		{"list", "^ok [A-Za-z0-9_-]{64}$", nil},
		{"forget", "^ok$", func() bool { return len(k.Credentials()) == 0 }},
		{"jump", `^error "jump" is nothing to do$`, nil},
	} {
		fmt.Fprintln(lines, tt.line)
		if got := answer(); !regexp.MustCompile(tt.want).MatchString(got) || tt.check != nil && !tt.check() {
			t.Errorf("%s: got %q", tt.line, got)
		}
	}
	fmt.Fprintln(lines, "quit")
	if err := <-done; err != nil || there() {
		t.Errorf("it ends with %v, and the link is there: %t", err, there())
	}
}
