package softkey

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Reports of CTAPHID (CTAP 2.1, section 11.2).
const (
	reportSize  = 64
	firstData   = reportSize - 7
	nextData    = reportSize - 5
	maxMessage  = firstData + 128*nextData
	broadcast   = 0xffffffff
	continueIn  = 500 * time.Millisecond
	keepalive   = 100 * time.Millisecond
	initialised = 0x80
)

// Commands of CTAPHID (section 11.2.9).
const (
	hidPing      = 0x01
	hidMsg       = 0x03
	hidInit      = 0x06
	hidWink      = 0x08
	hidCBOR      = 0x10
	hidCancel    = 0x11
	hidKeepalive = 0x3b
	hidError     = 0x3f
)

// Errors of CTAPHID.
const (
	hidInvalidCommand = 0x01
	hidInvalidLength  = 0x03
	hidInvalidSeq     = 0x04
	hidTimeout        = 0x05
	hidBusy           = 0x06
	hidInvalidChannel = 0x0b
)

// What INIT says that a key can do.
const (
	canWink = 0x01
	canCBOR = 0x04
	noMsg   = 0x08
)

// upNeeded is the state in a keepalive in which the key waits to be touched.
const upNeeded = 0x02

// message is what reports are put together to.
type message struct {
	channel uint32
	command byte
	length  int
	data    []byte
	seq     byte
	timer   *time.Timer
}

// session is the time from plugging in to pulling out.
type session struct {
	key   *Key
	ctx   context.Context // ends when the key is pulled out
	out   sync.Mutex
	wire  io.Writer
	work  sync.WaitGroup
	mu    sync.Mutex
	open  map[uint32]bool
	part  *message           // being put together
	busy  uint32             // the channel of the command under way, or 0
	abort context.CancelFunc // ends that command
}

// Serve plugs the key into wire, which carries reports of 64 bytes both ways,
// and answers until the wire ends or breaks. It returns nil at its end.
func (k *Key) Serve(ctx context.Context, wire io.ReadWriter) error {
	k.powerUp()
	ctx, out := context.WithCancel(ctx)
	s := &session{key: k, ctx: ctx, wire: wire, open: map[uint32]bool{}}
	defer s.work.Wait()
	defer out()
	report := make([]byte, reportSize)
	for {
		if _, err := io.ReadFull(wire, report); err != nil {
			if ctx.Err() != nil || errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read a report: %w", err)
		}
		s.take(report)
	}
}

// take adds a report to the message that it belongs to.
func (s *session) take(report []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := binary.BigEndian.Uint32(report)
	if report[4]&initialised == 0 {
		s.goOn(channel, report)
		return
	}
	command, length := report[4]&^initialised, int(binary.BigEndian.Uint16(report[5:]))
	if channel == broadcast && command != hidInit || channel != broadcast && !s.open[channel] {
		s.refuse(channel, hidInvalidChannel)
		return
	}
	if s.part != nil && s.part.channel == channel {
		// A new message where a rest was due: INIT is how a client starts again.
		s.drop()
		if command != hidInit {
			s.refuse(channel, hidInvalidSeq)
			return
		}
	}
	switch {
	case command == hidCancel:
		if s.busy == channel {
			s.abort()
		}
		return
	case command == hidInit:
		if s.busy == channel {
			s.abort()
		}
	case s.part != nil, s.busy != 0:
		s.refuse(channel, hidBusy)
		return
	}
	if length > maxMessage {
		s.refuse(channel, hidInvalidLength)
		return
	}
	m := &message{channel: channel, command: command, length: length, data: append([]byte(nil), report[7:7+min(length, firstData)]...)}
	if len(m.data) == length {
		s.dispatch(m)
		return
	}
	s.part = m
	m.timer = time.AfterFunc(continueIn, func() { s.expire(m) })
}

func (s *session) goOn(channel uint32, report []byte) {
	m := s.part
	if m == nil || m.channel != channel {
		return // a stray rest is ignored (section 11.2.5.4)
	}
	if report[4] != m.seq {
		s.drop()
		s.refuse(channel, hidInvalidSeq)
		return
	}
	m.seq++
	m.timer.Reset(continueIn)
	m.data = append(m.data, report[5:5+min(m.length-len(m.data), nextData)]...)
	if len(m.data) == m.length {
		s.drop()
		s.dispatch(m)
	}
}

func (s *session) drop() {
	s.part.timer.Stop()
	s.part = nil
}

func (s *session) expire(m *message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.part == m && s.ctx.Err() == nil {
		s.part = nil
		s.refuse(m.channel, hidTimeout)
	}
}

// dispatch answers at once what needs no touch, and gives the rest a goroutine,
// since a cancellation must be able to overtake it.
func (s *session) dispatch(m *message) {
	u2f := s.key.config.U2F
	switch {
	case m.command == hidInit && len(m.data) == 8:
		channel := m.channel
		if channel == broadcast {
			channel = s.key.newChannel()
			s.open[channel] = true
		}
		can := byte(canWink)
		if u2f != U2FOnly {
			can |= canCBOR
		}
		if u2f == U2FOff {
			can |= noMsg
		}
		answer := binary.BigEndian.AppendUint32(m.data, channel)
		s.send(m.channel, hidInit, append(answer, 2, 1, 0, 0, can))
	case m.command == hidInit:
		s.refuse(m.channel, hidInvalidLength)
	case m.command == hidPing:
		s.send(m.channel, hidPing, m.data)
	case m.command == hidWink:
		s.send(m.channel, hidWink, nil)
	case m.command == hidMsg && u2f != U2FOff:
		s.begin(m, func(context.Context) []byte { return s.key.apdu(m.data) })
	case m.command == hidCBOR && u2f != U2FOnly:
		s.begin(m, func(ctx context.Context) []byte {
			return s.key.command(&asking{ctx: ctx, say: func() { s.send(m.channel, hidKeepalive, []byte{upNeeded}) }}, m.data)
		})
	default:
		s.refuse(m.channel, hidInvalidCommand)
	}
}

func (s *session) begin(m *message, answer func(context.Context) []byte) {
	ctx, abort := context.WithCancel(s.ctx)
	s.busy, s.abort = m.channel, abort
	s.work.Go(func() {
		defer abort()
		data := answer(ctx)
		s.mu.Lock()
		s.busy = 0
		s.mu.Unlock()
		s.send(m.channel, m.command, data)
	})
}

func (s *session) refuse(channel uint32, code byte) { s.send(channel, hidError, []byte{code}) }

// send cuts an answer into reports. One that cannot be written is lost: the
// reader learns that the wire is gone.
func (s *session) send(channel uint32, command byte, data []byte) {
	s.out.Lock()
	defer s.out.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	report := make([]byte, reportSize)
	binary.BigEndian.PutUint32(report, channel)
	report[4] = command | initialised
	binary.BigEndian.PutUint16(report[5:], uint16(len(data)))
	done := copy(report[7:], data)
	_, err := s.wire.Write(report)
	for seq := byte(0); done < len(data) && err == nil; seq++ {
		clear(report[4:])
		report[4] = seq
		done += copy(report[5:], data[done:])
		_, err = s.wire.Write(report)
	}
}

func (k *Key) newChannel() uint32 {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.channels++
	return k.channels
}

// asking is how a command under way asks for a touch.
type asking struct {
	ctx context.Context
	say func() // sends a keepalive
}

// touched waits until somebody touches the key. Otherwise it returns the status
// that says why not.
func (k *Key) touched(a *asking) (status, bool) {
	tick, late := time.NewTicker(keepalive), time.NewTimer(k.config.TouchTimeout)
	defer tick.Stop()
	defer late.Stop()
	for {
		a.say()
		k.mu.Lock()
		yes, changed := k.takeTouch(), k.changed
		k.mu.Unlock()
		if yes {
			return 0, true
		}
		select {
		case <-a.ctx.Done():
			return statusCancelled, false
		case <-late.C:
			return statusActionTimeout, false
		case <-tick.C:
		case <-changed:
		}
	}
}

func (k *Key) takeTouch() bool {
	if k.auto {
		return true
	}
	if k.touches == 0 {
		return false
	}
	k.touches--
	return true
}
