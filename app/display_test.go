//go:build !windows && !darwin

package app

import (
	"net"
	"path/filepath"
	"testing"
)

func TestDisplay(t *testing.T) {
	folder := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(folder, "wayland-7"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })

	wayland := []struct {
		display, folder string
		want            bool
	}{
		{"wayland-7", folder, true},
		{filepath.Join(folder, "wayland-7"), "", true},
		{"wayland-8", folder, false},
		{"wayland-7", "", false},
		{"", folder, false},
	}
	for _, tt := range wayland {
		if got := waylandAnswers(tt.display, tt.folder); got != tt.want {
			t.Errorf("waylandAnswers(%q, %q) = %v", tt.display, tt.folder, got)
		}
	}
	for _, display := range []string{"", ":", "0", ":x", ":-1", ":32767", ":32767.0", "unix:32767", "../../x:1"} {
		if x11Answers(display) {
			t.Errorf("x11Answers(%q) = true", display)
		}
	}
}
