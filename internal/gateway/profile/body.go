package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/internal/domain"
	"gatehouse/internal/field"
)

// readBody judges a body by what the entry watches. Every reader of JSON must
// find the same in it: so no key twice in an object, none that differs from a
// watched one only by case, no byte order mark, nothing behind the value.
func (m *Match) readBody(body []byte) *Refusal {
	if len(body) == 0 && len(m.Entry.body.needs()) == 0 {
		return nil
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return refuse(BadBody, "The body is not JSON, or not in UTF-8; please send one JSON object.")
	}
	s := &scan{d: json.NewDecoder(bytes.NewReader(body)), m: m, found: map[*watched]bool{}}
	s.d.UseNumber()
	t, err := s.d.Token()
	if err != nil || t != json.Delim('{') {
		return refuse(BadBody, "The body is not a JSON object; please send one.")
	}
	if _, r := s.object(m.Entry.body, 1); r != nil {
		return r
	}
	if _, err := s.d.Token(); !errors.Is(err, io.EOF) {
		return refuse(BadBody, "The body goes on after its JSON object; please send one and nothing else.")
	}
	for _, w := range m.Entry.body.needs() {
		if !s.found[w] {
			return refuse(BadBody, "The body does not have the field "+quoted(w.path)+", which says what domain this is about; please add it.")
		}
	}
	return nil
}

// scan is one reading of a body.
type scan struct {
	d     *json.Decoder
	m     *Match
	found map[*watched]bool
}

var errBroken = &Refusal{BadBody, "The body is not JSON; please send one JSON object."}

// object reads from behind { to }, and tells whether anything is in it.
func (s *scan) object(w *watched, depth int) (full bool, _ *Refusal) {
	if depth > maxDepth {
		return false, refuse(BadBody, "The body is nested more than 64 deep; please send a flatter one.")
	}
	keys := map[string]bool{}
	var folded map[string]bool
	if w != nil && w.keys != nil {
		folded = map[string]bool{}
	}
	for s.d.More() {
		t, err := s.d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return false, errBroken
		}
		if keys[key] {
			return false, refuse(BadBody, "The body has the key "+quoted(key)+" twice in one object; please send it once.")
		}
		keys[key] = true
		var next *watched
		if folded != nil {
			if strings.ContainsFunc(key, strange) {
				return false, refuse(BadBody, "The body has the key "+quoted(key)+" with characters that cannot be shown; please leave it out.")
			}
			same := fold(key)
			if folded[same] {
				return false, refuse(BadBody, "The body has two keys that differ from "+quoted(key)+" only by case; please send one.")
			}
			folded[same] = true
			if known, ok := w.folded[same]; ok && known != key {
				return false, refuse(BadBody, "The body has the key "+quoted(key)+"; please write it "+quoted(known)+".")
			}
			next = w.keys[key]
		}
		if r := s.value(next, depth); r != nil {
			return false, r
		}
		full = true
	}
	if _, err := s.d.Token(); err != nil {
		return false, errBroken
	}
	return full, nil
}

func (s *scan) array(w *watched, depth int) (full bool, _ *Refusal) {
	if depth > maxDepth {
		return false, refuse(BadBody, "The body is nested more than 64 deep; please send a flatter one.")
	}
	var item *watched
	if w != nil {
		item = w.item
	}
	for s.d.More() {
		if r := s.value(item, depth); r != nil {
			return false, r
		}
		full = true
	}
	if _, err := s.d.Token(); err != nil {
		return false, errBroken
	}
	return full, nil
}

// value reads one and notes what the entry watches for.
func (s *scan) value(w *watched, depth int) *Refusal {
	t, err := s.d.Token()
	if err != nil {
		return errBroken
	}
	there := true
	switch t := t.(type) {
	case nil:
		there = false
	case json.Delim:
		wrongShape := w != nil && (w.domain || w.keys != nil && t != '{' || w.item != nil && t != '[')
		if wrongShape {
			return w.misshapen()
		}
		read := s.array
		if t == '{' {
			read = s.object
		}
		var r *Refusal
		if there, r = read(w, depth+1); r != nil {
			return r
		}
	default:
		if w != nil && (w.keys != nil || w.item != nil) {
			return w.misshapen()
		}
	}
	if w == nil {
		return nil
	}
	text, isText := t.(string)
	if w.domain {
		name, ok := domain.Read(text)
		if !isText || !ok || string(name) != text {
			return refuse(BadDomain, "The field "+quoted(w.path)+" is not a domain name; please send a text in lower case, with xn-- for letters beyond a to z and without a dot at the end.")
		}
		s.found[w] = true
		return s.m.about(name)
	}
	if there {
		for _, d := range w.demands {
			if d.counts(text, isText) {
				s.m.demanded(d)
			}
		}
	}
	return nil
}

func (w *watched) misshapen() *Refusal {
	shape := "a text"
	switch {
	case w.keys != nil:
		shape = "an object"
	case w.item != nil:
		shape = "a list"
	}
	reason := BadBody
	if w.domain {
		reason = BadDomain
	}
	return refuse(reason, "The field "+quoted(w.path)+" must be "+shape+"; please send it so.")
}

// counts reports whether a value that is there is one that is asked about. What
// is not a text could become one: then it counts.
func (d demand) counts(text string, isText bool) bool {
	if isText && slices.Contains(d.unless, text) {
		return false
	}
	return d.holds == "" || !isText || strings.Contains(fold(text), fold(d.holds))
}

// strange are characters that some readers drop or replace.
func strange(r rune) bool { return field.Invisible(r) || r == utf8.RuneError }

// fold makes texts equal that differ by case only, as widely as anybody could
// mean it: K, k and the sign for kelvin are one.
func fold(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return strings.ToUpper(s) // the least of their kind are the capitals
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}

// isJSON reports whether the headers say that a body is JSON in UTF-8, once.
func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	if contentType[0] == mediaType {
		return true
	}
	kind, params, err := mime.ParseMediaType(contentType[0])
	if err != nil || kind != mediaType {
		return false
	}
	charset, has := params["charset"]
	return len(params) == 0 || len(params) == 1 && has && strings.EqualFold(charset, "utf-8")
}
