package isproxy

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// errDraining ends reading when the door closes.
var errDraining = errors.New("the door closes")

// socketBuffer is what one read from the system can bring.
const socketBuffer = 16 << 10

// warm is how long a connection keeps its large buffers while nothing comes. It
// gets them when more comes than fits into the small one: clients that send one
// question and wait never do, nor do thousands that are idle.
const warm = 2 * time.Second

// socket reads from the network below TLS, with time-outs. It is the one place
// that knows when no more input is waiting, since crypto/tls takes several
// records at once: it tells so by onWait, and that is when answers are sent.
type socket struct {
	net.Conn
	writeTimeout time.Duration
	deadline     time.Time    // of the next line
	bulk         bool         // much may come: not before LOGIN, which anybody can leave out
	onWait       func()       // before it waits for the network
	onInput      func()       // when something came
	onIdle       func()       // when nothing came for a while
	pool         *sync.Pool   // of *[socketBuffer]byte
	draining     *atomic.Bool // read no more

	large  *[socketBuffer]byte
	small  [512]byte
	unread []byte // of large or small
	full   bool   // the last read filled what it was given: more is waiting
}

func (s *socket) Read(p []byte) (int, error) {
	if len(s.unread) == 0 {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.unread)
	s.unread = s.unread[n:]
	return n, nil
}

func (s *socket) fill() error {
	s.onWait()
	now := time.Now()
	if (s.full || s.large != nil) && s.deadline.Sub(now) > warm {
		if s.large == nil {
			s.large, _ = s.pool.Get().(*[socketBuffer]byte)
		}
		n, err := s.wait(now.Add(warm), s.large[:])
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || s.draining.Load() {
			return s.filled(s.large[:n], err)
		}
		s.release()
		s.onIdle()
	}
	n, err := s.wait(s.deadline, s.small[:])
	s.full = s.bulk && n == len(s.small)
	return s.filled(s.small[:n], err)
}

// wait sets the deadline before it looks whether to stop, and drain does it the
// other way round: whichever comes last, the reading ends.
func (s *socket) wait(deadline time.Time, p []byte) (int, error) {
	if err := s.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	if s.draining.Load() {
		return 0, errDraining
	}
	return s.Conn.Read(p)
}

func (s *socket) filled(data []byte, err error) error {
	if len(data) == 0 {
		return err
	}
	s.onInput()
	s.unread = data
	return nil
}

// Write bounds the time of each write.
func (s *socket) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.writeTimeout)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}

// drop forgets what has come but was not read.
func (s *socket) drop() { s.unread = nil }

// release gives the large buffer back. What went through it could have been a
// key, and the next connection is somebody else's.
func (s *socket) release() {
	if s.large != nil {
		clear(s.large[:])
		s.pool.Put(s.large)
		s.large, s.unread, s.full = nil, nil, false
	}
}

// linger tells the client that nothing more comes, and waits until it has
// closed: a socket closed with unread input takes back what was sent last.
func (s *socket) linger(limit time.Duration) {
	half, ok := s.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || s.SetReadDeadline(time.Now().Add(limit)) != nil {
		return
	}
	var waste [4 << 10]byte
	for {
		if _, err := s.Conn.Read(waste[:]); err != nil {
			return
		}
	}
}
