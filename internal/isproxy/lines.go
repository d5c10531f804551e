package isproxy

import (
	"bytes"
	"errors"
	"io"
)

// errLineTooLong is returned for a line over maxLine.
var errLineTooLong = errors.New("a line is too long")

// lines reads lines that end in LF. It keeps a small buffer, which is all that a
// connection without input holds, and a larger one only for a long line.
type lines struct {
	src   io.Reader
	buf   []byte
	r, w  int // what is read but not taken
	seen  int // of it, without a LF
	small [512]byte
}

// next returns the next line without its end, valid until the next call. What
// comes after the last LF is no line: it could be half a command.
func (l *lines) next() ([]byte, error) {
	for {
		if i := bytes.IndexByte(l.buf[l.r+l.seen:l.w], '\n'); i >= 0 {
			line := l.buf[l.r : l.r+l.seen+i]
			l.r, l.seen = l.r+l.seen+i+1, 0
			if len(line) >= maxLine {
				return nil, errLineTooLong
			}
			return line, nil
		}
		l.seen = l.w - l.r
		if l.seen >= maxLine {
			return nil, errLineTooLong
		}
		l.room()
		n, err := l.src.Read(l.buf[l.w:])
		l.w += n
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// room makes place for more.
func (l *lines) room() {
	switch {
	case l.r == l.w:
		l.buf, l.r, l.w = l.small[:], 0, 0
	case l.r > 0:
		l.w = copy(l.buf, l.buf[l.r:l.w])
		l.r = 0
	case l.w == len(l.buf):
		larger := make([]byte, min(2*len(l.buf), maxLine))
		copy(larger, l.buf)
		l.buf = larger
	}
}

// drop forgets what has come but was not taken.
func (l *lines) drop() { l.r, l.w, l.seen = 0, 0, 0 }
