//go:build cgo && (desktop || dev) && linux && !libfido2hid

package native

/*
#include <fido.h>
#include <stdint.h>
#include <stdlib.h>

int native_use_reports(fido_dev_t *dev);
*/
import "C"

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/cgo"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Reports of CTAPHID, as far as one must know them to listen in (CTAP 2.1,
// section 11.2).
const (
	reportSize   = 64
	hidKeepalive = 0xbb
	hidMsg       = 0x83
	hidCancel    = 0x91
	upNeeded     = 2
	u2fRegister  = 1
	u2fSign      = 2
	u2fCheck     = 7
	u2fNoTouch   = 0x6985
)

const (
	// grace is how long a key may take to answer a cancellation.
	grace = time.Second
	// sharing is how long we wait for another program to be done with a key.
	sharing = 2 * time.Second
)

// wire carries reports between libfido2 and the kernel's device, in its stead:
// libfido2 would tell neither that the key now waits to be touched, nor a key
// that was pulled out from one that is silent, and a ceremony with a U2F key
// could not be cancelled at all.
type wire struct {
	ctx     context.Context
	dev     *C.fido_dev_t
	file    *os.File
	handle  cgo.Handle
	touch   func()
	stop    func() bool
	part    []byte // of a report that came in pieces
	broken  error
	choice  bool // the key is asked whether it is the one that is meant
	told    bool // that it is to be touched
	signing bool // U2F: what was sent needs a touch
	cbor    bool // a command of CTAP2 is under way, which a cancellation ends

	mu     sync.Mutex
	ending time.Time // when we stop waiting for the answer to a cancellation
}

func (k *key) connect(ctx context.Context, touch func()) error {
	file, err := openDevice(k.d)
	if err != nil {
		return err
	}
	w := &wire{ctx: ctx, dev: k.dev, file: file, touch: touch}
	if err := w.claim(k.d); err != nil {
		_ = file.Close()
		return err
	}
	// libfido2 opens a path; ours is the handle, written out.
	w.handle = cgo.NewHandle(w)
	var s scratch
	defer s.free()
	path := s.text([]byte(strconv.FormatUint(uint64(w.handle), 10)))
	k.wire = w
	w.stop = context.AfterFunc(ctx, w.wake)
	C.fido_dev_set_timeout(k.dev, C.int(openingTime.Milliseconds()))
	r := C.native_use_reports(k.dev)
	if r == C.FIDO_OK {
		r = C.fido_dev_open(k.dev, path)
	}
	if r == C.FIDO_OK {
		return nil
	}
	w.release()
	err = status(r)
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx, err, k.d)
	case errors.Is(w.broken, syscall.EIO) || errors.Is(w.broken, syscall.ENODEV):
		return &Error{Code: Unplugged, Device: k.d, cause: w.broken}
	}
	return &Error{Code: NotSecurityKey, Device: k.d, cause: errors.Join(err, w.broken)}
}

func openDevice(d Device) (*os.File, error) {
	file, err := os.OpenFile(d.Path, os.O_RDWR|syscall.O_NOCTTY, 0)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrPermission):
		return nil, &Error{Code: NotPermitted, Device: d, cause: err}
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.EIO):
		return nil, &Error{Code: Unplugged, Device: d, cause: err}
	case errors.Is(err, syscall.EBUSY):
		return nil, &Error{Code: Busy, Device: d, cause: err}
	default:
		return nil, &Error{Code: NotSecurityKey, Device: d, cause: err}
	}
	info, err := file.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice == 0 {
		err = errors.New("no device of the kernel's")
	}
	if err != nil {
		_ = file.Close()
		return nil, &Error{Code: NotSecurityKey, Device: d, cause: err}
	}
	return file, nil
}

// claim takes the lock that libfido2 takes too, so that two programs do not
// talk across each other.
func (w *wire) claim(d Device) error {
	late := time.After(sharing)
	for {
		err := w.lock()
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return &Error{Code: Failed, Device: d, cause: fmt.Errorf("lock the key: %w", err)}
		}
		select {
		case <-w.ctx.Done():
			return interrupted(w.ctx, err, d)
		case <-late:
			return &Error{Code: Busy, Device: d, cause: err}
		case <-time.After(look):
		}
	}
}

func (w *wire) lock() error {
	raw, err := w.file.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = raw.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	return errors.Join(err, locked)
}

func (k *key) disconnect() {
	if k.wire.choice {
		C.fido_dev_cancel(k.dev) // or it would go on blinking
	}
	C.fido_dev_close(k.dev)
	k.wire.release()
}

func (w *wire) release() {
	w.stop()
	// Once nothing can wake it any more, the file may go.
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.file.Close()
	w.handle.Delete()
}

// begin is before each command in which a key may ask to be touched.
func (w *wire) begin() error {
	w.told, w.signing = false, false
	return w.ctx.Err()
}

func (w *wire) choosing(yes bool) { w.choice = yes }

// fault is what broke the wire, or nil.
func (w *wire) fault(C.int) error { return w.broken }

// wake ends the reading that is under way: the context has ended.
func (w *wire) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.file.SetReadDeadline(time.Unix(1, 0))
}

// until sets when the next reading ends. It reports false when the ceremony is
// over and the key should be told so first.
func (w *wire) until(ms int) (told bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var end time.Time
	if ms >= 0 {
		end = time.Now().Add(time.Duration(ms) * time.Millisecond)
	}
	if w.ctx.Err() != nil {
		if w.ending.IsZero() {
			w.ending = time.Now().Add(grace)
			return false, nil
		}
		end = w.ending
	}
	return true, w.file.SetReadDeadline(end)
}

// read is libfido2's way to get a report. ms is -1 for as long as it takes.
func (w *wire) read(report []byte, ms int) bool {
	for {
		told, err := w.until(ms)
		if err != nil {
			w.broken = err
			return false
		}
		if !told {
			// The key answers the command with "cancelled"; one of U2F is given up.
			if !w.cbor || C.fido_dev_cancel(w.dev) != C.FIDO_OK {
				return false
			}
			continue
		}
		n, err := w.file.Read(report[len(w.part):])
		w.part = append(w.part, report[len(w.part):len(w.part)+n]...)
		switch {
		case len(w.part) == len(report):
			copy(report, w.part)
			w.part = w.part[:0]
			w.heard(report)
			return true
		case errors.Is(err, os.ErrDeadlineExceeded):
			if w.ctx.Err() == nil || !w.ending.IsZero() {
				return false
			}
		case err != nil:
			w.broken = err
			return false
		}
		copy(report, w.part)
	}
}

// heard looks for the moment in which the key begins to blink.
func (w *wire) heard(report []byte) {
	length := binary.BigEndian.Uint16(report[5:])
	switch {
	case w.told || w.choice:
		return
	case report[4] == hidKeepalive && report[7] == upNeeded:
	case report[4] == hidMsg && length == 2 && w.signing && binary.BigEndian.Uint16(report[7:]) == u2fNoTouch:
	default:
		return
	}
	w.told = true
	w.touch()
}

// write is libfido2's way to send a report, which begins with its number.
func (w *wire) write(numbered []byte) bool {
	report := numbered[1:]
	if begins := report[4]&0x80 != 0; begins {
		// What has been cancelled begins nothing more.
		if w.ctx.Err() != nil && report[4] != hidCancel {
			return false
		}
		w.cbor = report[4] != hidMsg
		w.signing = report[4] == hidMsg && (report[8] == u2fRegister || report[8] == u2fSign && report[9] != u2fCheck)
	}
	if _, err := w.file.Write(numbered); err != nil {
		w.broken = err
		return false
	}
	return true
}

//export nativeRead
func nativeRead(handle C.uintptr_t, buf *C.uchar, size C.size_t, ms C.int) C.int {
	w, ok := cgo.Handle(handle).Value().(*wire)
	if !ok || size != reportSize || !w.read(unsafe.Slice((*byte)(buf), int(size)), int(ms)) {
		return -1
	}
	return C.int(size)
}

//export nativeWrite
func nativeWrite(handle C.uintptr_t, buf *C.uchar, size C.size_t) C.int {
	w, ok := cgo.Handle(handle).Value().(*wire)
	if !ok || size != reportSize+1 || !w.write(unsafe.Slice((*byte)(buf), int(size))) {
		return -1
	}
	return C.int(size)
}
