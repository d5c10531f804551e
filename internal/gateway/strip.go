package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// Limits of an answer out of which fields are taken.
const (
	maxValue = 4 << 20 // bytes of one text or number
	maxDepth = 256
)

var (
	errNoJSON  = errors.New("the answer is not JSON, though it says so")
	errTooDeep = errors.New("the answer is nested too deeply, or has too long a text")
)

// stripped is JSON without some fields, at any depth and in any case of letters.
// It is read and written anew word by word: no more of it is kept than one word.
type stripped struct {
	src    io.Reader
	fields []string

	d       *json.Decoder
	meter   *meter
	out     bytes.Buffer
	encoder *json.Encoder
	open    []level
	skipped int // levels of a value that is left out; the first one counts too
	skip    bool
	whole   bool // the one value there is has begun
	ended   error
}

// level is an object or a list that is open.
type level struct {
	object bool
	key    bool // a key comes next, or the end
	some   bool // something was written in it
}

// meter lets no more be read than the longest value may have.
type meter struct {
	src  io.Reader
	left int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooDeep
	}
	n, err := m.src.Read(p)
	m.left -= int64(n)
	return n, err
}

func (s *stripped) Read(p []byte) (int, error) {
	if s.d == nil {
		s.meter = &meter{src: s.src, left: maxValue}
		s.d = json.NewDecoder(s.meter)
		s.d.UseNumber()
		s.encoder = json.NewEncoder(&s.out)
		s.encoder.SetEscapeHTML(false)
	}
	for s.out.Len() < len(p) && s.ended == nil {
		s.meter.left = maxValue
		s.ended = s.word()
	}
	if s.out.Len() > 0 {
		return s.out.Read(p)
	}
	return 0, s.ended
}

// word reads the next word and writes it, if it is to be seen.
func (s *stripped) word() error {
	t, err := s.d.Token()
	switch {
	case errors.Is(err, io.EOF) && len(s.open) == 0:
		return io.EOF
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			return errNoJSON
		}
		return err
	}
	if d, ok := t.(json.Delim); ok && (d == '}' || d == ']') {
		return s.close(byte(d))
	}
	var in *level
	if n := len(s.open); n > 0 {
		in = &s.open[n-1]
	}
	if in != nil && in.object && in.key {
		return s.key(in, t)
	}
	if in != nil && in.object {
		in.key = true
	}
	hidden := s.skip || s.skipped > 0
	s.skip = false
	if in != nil && !in.object && !hidden {
		s.comma(in)
	}
	if in == nil {
		if s.whole {
			return errNoJSON // a second value
		}
		s.whole = true
	}
	if d, opens := t.(json.Delim); opens {
		return s.begin(byte(d), hidden)
	}
	if hidden {
		return nil
	}
	return s.put(t)
}

func (s *stripped) begin(with byte, hidden bool) error {
	if len(s.open) >= maxDepth {
		return errTooDeep
	}
	s.open = append(s.open, level{object: with == '{', key: with == '{'})
	if hidden {
		s.skipped++
		return nil
	}
	s.out.WriteByte(with)
	return nil
}

func (s *stripped) key(in *level, t json.Token) error {
	name, ok := t.(string)
	if !ok {
		return errNoJSON
	}
	in.key = false
	if s.skipped > 0 {
		return nil
	}
	if slices.ContainsFunc(s.fields, func(f string) bool { return strings.EqualFold(f, name) }) {
		s.skip = true
		return nil
	}
	s.comma(in)
	if err := s.put(name); err != nil {
		return err
	}
	s.out.WriteByte(':')
	return nil
}

func (s *stripped) comma(in *level) {
	if in.some {
		s.out.WriteByte(',')
	}
	in.some = true
}

func (s *stripped) close(end byte) error {
	s.open = s.open[:len(s.open)-1]
	if s.skipped > 0 {
		s.skipped--
		return nil
	}
	s.out.WriteByte(end)
	return nil
}

// put writes a text, number, true, false or null.
func (s *stripped) put(v any) error {
	if err := s.encoder.Encode(v); err != nil {
		return err
	}
	s.out.Truncate(s.out.Len() - 1) // the encoder ends lines
	return nil
}
