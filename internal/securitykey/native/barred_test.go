//go:build cgo && (desktop || dev) && linux

package native

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// A key that is there and may not be opened is told apart from none: where a
// rule of udev is missing, and where a sandbox keeps the device away.
func TestBarred(t *testing.T) {
	sys, dev := t.TempDir(), t.TempDir()
	for _, folder := range []string{filepath.Dir(sys), sys, dev} {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	plug := func(node, descriptor, uevent string, mode os.FileMode) {
		t.Helper()
		folder := filepath.Join(sys, node, "device")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"report_descriptor": descriptor, "uevent": uevent} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if mode != 0 {
			if err := os.WriteFile(filepath.Join(dev, node), nil, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	const key, mouse = "\x06\xd0\xf1\x09\x01\xa1\x01", "\x05\x01\x09\x02\xa1\x01"
	const yubico = "DRIVER=hid-generic\nHID_ID=0003:00001050:00000407\nHID_NAME=Yubico YubiKey OTP+FIDO+CCID\n"
	plug("hidraw0", mouse, "HID_NAME=Mouse\n", 0)
	plug("hidraw1", key, yubico, 0o400)
	plug("hidraw2", key, "", 0)
	plug("hidraw3", key, yubico, 0o666)

	if err := os.Chmod(filepath.Join(dev, "hidraw3"), 0o666); err != nil {
		t.Fatal(err)
	}

	// Root may open everything, so this thread becomes somebody else until the end.
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		before, err := unix.SetfsuidRetUid(65534)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := unix.Setfsuid(before); err != nil {
				t.Error(err)
			}
		}()
	}
	want := []Device{
		{Path: filepath.Join(dev, "hidraw1"), Name: "Yubico YubiKey OTP+FIDO+CCID", Vendor: 0x1050, Product: 0x0407},
		{Path: filepath.Join(dev, "hidraw2")},
	}
	if d := cmp.Diff(want, barred(sys, dev)); d != "" {
		t.Error(d)
	}
	if mayOpen(filepath.Join(dev, "hidraw1")) || !mayOpen(filepath.Join(dev, "hidraw3")) {
		t.Error("mayOpen does not ask for both reading and writing")
	}
}
