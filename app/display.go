//go:build !windows && !darwin

package app

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// DisplayAvailable tells whether there is a display that answers. A variable
// that names a display which is gone (an old terminal session, an ended
// tunnel) does not count, since GTK would end the process over it.
func DisplayAvailable() bool {
	return waylandAnswers(os.Getenv("WAYLAND_DISPLAY"), os.Getenv("XDG_RUNTIME_DIR")) ||
		x11Answers(os.Getenv("DISPLAY"))
}

func waylandAnswers(display, runtimeDir string) bool {
	if display == "" {
		return false
	}
	if !filepath.IsAbs(display) {
		if runtimeDir == "" {
			return false
		}
		display = filepath.Join(runtimeDir, display)
	}
	return answers("unix", display)
}

// x11Answers takes a display as X(7) writes it: [host]:number[.screen].
func x11Answers(display string) bool {
	colon := strings.LastIndexByte(display, ':')
	if colon < 0 {
		return false
	}
	host := display[:colon]
	number, _, _ := strings.Cut(display[colon+1:], ".")
	n, err := strconv.ParseUint(number, 10, 15)
	if err != nil {
		return false
	}
	if host == "" || host == "unix" {
		socket := "/tmp/.X11-unix/X" + number
		// The second is Linux' abstract namespace, used where /tmp is private.
		return answers("unix", socket) || answers("unix", "@"+socket)
	}
	return answers("tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.FormatUint(6000+n, 10)))
}

func answers(network, address string) bool {
	connection, err := net.DialTimeout(network, address, 2*time.Second)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
