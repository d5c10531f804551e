package isproxy

import (
	"io"
	"sync"

	"gatehouse/internal/isproxy/check"
)

// highWater is how many bytes of answers may wait before the connection reads no
// more questions.
const highWater = 32 << 10

// outbox gathers answers. They come from the goroutine that reads, and from
// those that had to ask; they are sent when no more input is waiting, so that
// the answers to a burst of questions go out together.
//
// One goroutine at a time writes, without the lock, and goes on until nothing is
// left: whoever adds meanwhile has nothing to do.
type outbox struct {
	w      io.Writer
	failed func(error) // told once, when a write failed
	own    []byte      // answers of the reader, which needs no lock for them

	mu      sync.Mutex
	room    sync.Cond
	buf     []byte // to be sent
	spare   []byte
	writing bool
	waiting bool // the reader waits for input: whoever adds sends
	err     error
}

func newOutbox(w io.Writer, failed func(error)) *outbox {
	o := &outbox{w: w, failed: failed}
	o.room.L = &o.mu
	return o
}

// text adds a line that is about no domain. Only the reader does. It goes to the
// others at once: no answer that is found later may come before it.
func (o *outbox) text(line string) {
	o.own = append(append(o.own, line...), "\r\n"...)
	o.mu.Lock()
	o.take()
	if len(o.buf) >= highWater/2 {
		o.send()
		return
	}
	o.mu.Unlock()
}

// answer adds an answer that was at hand. Only the reader does.
func (o *outbox) answer(a check.Answer, echo string, want check.Details) {
	o.own = a.AppendLine(o.own, echo, want)
	if len(o.own) >= highWater/2 {
		o.mu.Lock()
		o.take()
		o.send()
	}
}

// take puts the reader's answers to the others. It is called with the lock.
func (o *outbox) take() {
	if len(o.buf) == 0 {
		o.buf, o.own = o.own, o.buf
		return
	}
	o.buf = append(o.buf, o.own...)
	o.own = o.own[:0]
}

// late adds an answer that had to be waited for. Everybody may.
func (o *outbox) late(a check.Answer, echo string, want check.Details) {
	o.mu.Lock()
	o.buf = a.AppendLine(o.buf, echo, want)
	if o.waiting || len(o.buf) >= highWater {
		o.send()
		return
	}
	o.mu.Unlock()
}

// wait says that the reader is about to wait, and sends what there is.
func (o *outbox) wait() {
	o.mu.Lock()
	o.waiting = true
	o.take()
	o.send()
}

// resume says that the reader goes on.
func (o *outbox) resume() {
	o.mu.Lock()
	o.waiting = false
	o.mu.Unlock()
}

// flush sends what there is, and waits until others have sent theirs. Only the
// reader does.
func (o *outbox) flush() {
	o.mu.Lock()
	o.take()
	for o.writing {
		o.room.Wait()
	}
	o.send()
}

// send is called with the lock, and gives it back. When another goroutine
// writes it leaves the answers to that one, but holds the caller back while there
// are too many.
func (o *outbox) send() {
	for o.writing {
		if len(o.buf) < highWater || o.err != nil {
			o.mu.Unlock()
			return
		}
		o.room.Wait()
	}
	o.writing = true
	var failed error
	for len(o.buf) > 0 && o.err == nil {
		b := o.buf
		o.buf, o.spare = o.spare[:0], nil
		o.mu.Unlock()
		_, err := o.w.Write(b)
		o.mu.Lock()
		if cap(b) <= 2*highWater {
			o.spare = b
		}
		if err != nil {
			o.err, failed = err, err
		}
		o.room.Broadcast()
	}
	if o.err != nil {
		o.buf = nil // nobody will read it
	}
	o.writing = false
	o.room.Broadcast()
	o.mu.Unlock()
	if failed != nil {
		o.failed(failed)
	}
}

// release gives up the buffers of a connection that is idle.
func (o *outbox) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.writing && len(o.buf) == 0 && len(o.own) == 0 {
		o.own, o.buf, o.spare = nil, nil, nil
	}
}
