//go:build cgo && (desktop || dev) && (darwin || libfido2hid)

package native

/*
#include <fido.h>
*/
import "C"

import (
	"context"
	"sync"
	"time"
)

// late is how much longer than the ceremony libfido2 waits, in milliseconds, so
// that it is the context that ends it.
const late = 300

// wire leaves the reports to libfido2, which knows how macOS hands them out.
// (The tag libfido2hid has Linux do the same, for tests.) What is lost: a U2F
// key that nobody touches is given up only when the time is over, not when the
// person cancels; and "touch it now" comes when the command begins.
type wire struct {
	ctx    context.Context
	touch  func()
	choice bool
	stop   func() bool

	mu   sync.Mutex
	dev  *C.fido_dev_t
	open bool
}

func (k *key) connect(ctx context.Context, touch func()) error {
	C.fido_dev_set_timeout(k.dev, C.int(openingTime.Milliseconds()))
	var s scratch
	defer s.free()
	if r := C.fido_dev_open(k.dev, s.text([]byte(k.d.Path))); r != C.FIDO_OK {
		switch {
		case ctx.Err() != nil:
			return interrupted(ctx, status(r), k.d)
		case r == C.FIDO_ERR_INTERNAL: // the device would not open
			return &Error{Code: NotPermitted, Device: k.d, cause: status(r)}
		}
		return &Error{Code: NotSecurityKey, Device: k.d, cause: status(r)}
	}
	w := &wire{ctx: ctx, dev: k.dev, touch: touch, open: true}
	w.stop = context.AfterFunc(ctx, func() {
		for w.cancel() {
			<-time.After(look)
		}
	})
	k.wire = w
	return nil
}

// cancel may come while another thread waits for the key; libfido2 then only
// sends one more report. A key passes over a cancellation that comes between
// two commands, so there has to be another until the device is closed: cancel
// reports whether it is still open.
func (w *wire) cancel() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		C.fido_dev_cancel(w.dev)
	}
	return w.open
}

func (k *key) disconnect() {
	k.wire.stop()
	if k.wire.choice {
		k.wire.cancel()
	}
	k.wire.mu.Lock()
	defer k.wire.mu.Unlock()
	k.wire.open = false
	C.fido_dev_close(k.dev)
}

func (w *wire) begin() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if end, ok := w.ctx.Deadline(); ok {
		C.fido_dev_set_timeout(w.dev, C.int(max(time.Until(end), 0).Milliseconds())+late)
	}
	w.touch()
	return nil
}

func (w *wire) choosing(yes bool) { w.choice = yes }

// fault takes a wire that broke before the time was over for a key that was
// pulled out.
func (w *wire) fault(r C.int) error {
	if w.ctx.Err() == nil && (r == C.FIDO_ERR_RX || r == C.FIDO_ERR_TX || r == C.FIDO_ERR_INTERNAL) {
		return status(r)
	}
	return nil
}
