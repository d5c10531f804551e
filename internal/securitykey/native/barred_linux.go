//go:build cgo && (desktop || dev)

package native

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// usageFIDO is how a report descriptor names the usage page of security keys
// (CTAP 2.1, section 11.2.8.2).
var usageFIDO = []byte{0x06, 0xd0, 0xf1}

// mayOpen reports whether this process may read and write a file.
func mayOpen(path string) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK|unix.W_OK, unix.AT_EACCESS) == nil
}

// barred finds the keys that are plugged in and may not be opened, which
// libfido2 passes over as if they were not there. What a device is stands in
// sysfs, which everybody may read; in a sandbox the device itself may be
// missing.
func barred(sys, dev string) []Device {
	nodes, err := filepath.Glob(filepath.Join(sys, "hidraw*"))
	if err != nil {
		return nil
	}
	var all []Device
	for _, node := range nodes {
		path := filepath.Join(dev, filepath.Base(node))
		descriptor, err := os.ReadFile(filepath.Join(node, "device", "report_descriptor"))
		if err != nil || !bytes.HasPrefix(descriptor, usageFIDO) || mayOpen(path) {
			continue
		}
		d := Device{Path: path}
		d.describe(filepath.Join(node, "device", "uevent"))
		all = append(all, d)
	}
	return all
}

// describe reads what the kernel knows of a device: lines such as
// HID_ID=0003:00001050:00000407 and HID_NAME=Yubico YubiKey.
func (d *Device) describe(uevent string) {
	text, err := os.ReadFile(uevent)
	if err != nil {
		return
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte("="))
		switch string(name) {
		case "HID_NAME":
			d.Name = string(value)
		case "HID_ID":
			var bus, vendor, product uint32
			if _, err := fmt.Sscanf(string(value), "%x:%x:%x", &bus, &vendor, &product); err == nil {
				d.Vendor, d.Product = uint16(vendor), uint16(product)
			}
		}
	}
}
