package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/secret"
)

// secrets are the ways in which an upstream may repeat a credential: as it is,
// and as JSON, a URL or HTML write its signs. It prints as "…".
type secrets struct {
	texts   [][]byte
	longest int
}

// Format writes "…" for every verb.
func (*secrets) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, secret.Mask) }

// newSecrets knows a credential when it sees it.
func newSecrets(credential secret.Text) *secrets {
	s := &secrets{}
	raw := credential.Reveal()
	for _, text := range []string{
		raw, url.QueryEscape(raw), url.PathEscape(raw), strings.NewReplacer("+", "%2b", "=", "%3d", "/", "%2f").Replace(raw),
		strings.ReplaceAll(raw, "/", `\/`),
		strings.NewReplacer("+", `\u002b`, "=", `\u003d`, "/", `\u002f`).Replace(raw),
		strings.NewReplacer("+", `\u002B`, "=", `\u003D`, "/", `\u002F`).Replace(raw),
		strings.NewReplacer("+", "&#43;", "=", "&#61;", "/", "&#47;").Replace(raw),
		strings.NewReplacer("+", "&#x2B;", "=", "&#x3D;", "/", "&#x2F;").Replace(raw),
		strings.NewReplacer("+", "&#43;", "=", "&#61;").Replace(raw),
		strings.NewReplacer("+", "%2B", "=", "%3D").Replace(raw), strings.NewReplacer("=", "%3D").Replace(raw),
	} {
		if !slices.ContainsFunc(s.texts, func(known []byte) bool { return string(known) == text }) {
			s.texts = append(s.texts, []byte(text))
			s.longest = max(s.longest, len(text))
		}
	}
	return s
}

// cut covers every credential in b, byte by byte, so that lengths stay true.
func (s *secrets) cut(b []byte) (found bool) {
	for _, text := range s.texts {
		for from := 0; ; {
			at := bytes.Index(b[from:], text)
			if at < 0 {
				break
			}
			found = true
			from += at
			for i := range text {
				b[from+i] = '*'
			}
			from += len(text)
		}
	}
	return found
}

// begun is how many bytes at the end of b may be the beginning of a credential.
func (s *secrets) begun(b []byte) (most int) {
	for _, text := range s.texts {
		tail := b[max(0, len(b)-len(text)+1):]
		for len(tail) > most {
			at := bytes.IndexByte(tail, text[0])
			if at < 0 {
				break
			}
			if tail = tail[at:]; bytes.HasPrefix(text, tail) {
				most = max(most, len(tail))
				break
			}
			tail = tail[1:]
		}
	}
	return most
}

// clean covers credentials in headers, and removes those that are named so.
func (s *secrets) clean(h http.Header) (found bool) {
	for name, values := range h {
		if s.within(name) {
			delete(h, name)
			found = true
			continue
		}
		for i, v := range values {
			if s.within(v) {
				b := []byte(v)
				s.cut(b)
				values[i] = string(b)
				found = true
			}
		}
	}
	return found
}

func (s *secrets) within(text string) bool {
	if len(text) < len(s.texts[0]) {
		return false
	}
	for _, known := range s.texts {
		if strings.Contains(text, string(known)) {
			return true
		}
	}
	// Names of headers have come in another case than they were sent in.
	return len(text) == len(s.texts[0]) && strings.EqualFold(text, string(s.texts[0]))
}

// scrubbed is a body without credentials. What could be the beginning of one is
// kept back until more of it has come; everything else goes on at once.
type scrubbed struct {
	src     io.Reader
	secrets *secrets
	found   func()
	told    bool

	kept  []byte // looked at; the last `held` bytes are kept back
	held  int
	ended error
}

func (s *scrubbed) Read(p []byte) (int, error) {
	for {
		if ready := len(s.kept) - s.held; ready > 0 {
			n := copy(p, s.kept[:ready])
			s.kept = s.kept[n:]
			return n, nil
		}
		if s.ended != nil {
			if !errors.Is(s.ended, io.EOF) { // part of a credential may be all that was to come
				return 0, s.ended
			}
			if s.held > 0 {
				s.held = 0
				continue
			}
			return 0, io.EOF
		}
		n, err := s.src.Read(p)
		if err != nil {
			s.ended = err
		}
		if n == 0 {
			if err == nil {
				return 0, nil
			}
			continue
		}
		if s.held == 0 { // most answers never leave this branch
			s.look(p[:n])
			hold := s.secrets.begun(p[:n])
			if s.kept, s.held = append(s.kept[:0:0], p[n-hold:n]...), hold; n > hold {
				return n - hold, nil
			}
			continue
		}
		s.kept = append(append(make([]byte, 0, len(s.kept)+n), s.kept...), p[:n]...)
		s.look(s.kept)
		s.held = s.secrets.begun(s.kept)
	}
}

func (s *scrubbed) look(b []byte) {
	if s.secrets.cut(b) && !s.told {
		s.told = true
		s.found()
	}
}
