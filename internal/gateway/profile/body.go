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
// find the same there: so in the objects on the way no key comes twice, in any
// case of letters, there is no byte order mark, and nothing behind the value.
func (m *Match) readBody(body []byte) *Refusal {
	if len(body) == 0 && len(m.Entry.body.needs()) == 0 {
		return nil
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return refuse(BadBody, "The body is not JSON, or not in UTF-8; please send one JSON object.")
	}
	if nested(body) > maxDepth {
		return refuse(BadBody, "The body is nested more than 64 deep; please send a flatter one.")
	}
	s := &scan{d: json.NewDecoder(bytes.NewReader(body)), m: m, found: map[*watched]bool{}}
	s.d.UseNumber()
	t, err := s.d.Token()
	if err != nil || t != json.Delim('{') {
		return refuse(BadBody, "The body is not a JSON object; please send one.")
	}
	if _, r := s.object(m.Entry.body); r != nil {
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

func broken() *Refusal {
	return refuse(BadBody, "The body is not JSON; please send one JSON object.")
}

// object reads from behind { to }, and tells whether anything is in it.
func (s *scan) object(w *watched) (full bool, _ *Refusal) {
	seen := map[string]string{} // keys as fold has them
	for s.d.More() {
		t, err := s.d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return false, broken()
		}
		if strings.ContainsFunc(key, strange) {
			return false, refuse(BadBody, "The body has the key "+quoted(key)+" with characters that cannot be shown; please leave it out.")
		}
		same := fold(key)
		if other, is := seen[same]; is {
			return false, refuse(BadBody, "The body has the keys "+quoted(other)+" and "+quoted(key)+" in one object; please send one of them.")
		}
		seen[same] = key
		if known, ok := w.folded[same]; ok && known != key {
			return false, refuse(BadBody, "The body has the key "+quoted(key)+"; please write it "+quoted(known)+".")
		}
		if r := s.value(w.keys[key]); r != nil {
			return false, r
		}
		full = true
	}
	if _, err := s.d.Token(); err != nil {
		return false, broken()
	}
	return full, nil
}

func (s *scan) array(w *watched) (full bool, _ *Refusal) {
	for s.d.More() {
		if r := s.value(w.item); r != nil {
			return false, r
		}
		full = true
	}
	if _, err := s.d.Token(); err != nil {
		return false, broken()
	}
	return full, nil
}

// value reads one and notes what the entry watches for.
func (s *scan) value(w *watched) *Refusal {
	if w == nil {
		// Nobody looks at what is in here, and going over it word by word would
		// take half a second of a body as large as it may be.
		var skipped json.RawMessage
		if s.d.Decode(&skipped) != nil {
			return broken()
		}
		return nil
	}
	t, err := s.d.Token()
	if err != nil {
		return broken()
	}
	there := true
	switch t := t.(type) {
	case nil:
		there = false
	case json.Delim:
		if w.domain || w.keys != nil && t != '{' || w.item != nil && t != '[' {
			return w.misshapen()
		}
		read := s.array
		if t == '{' {
			read = s.object
		}
		var r *Refusal
		if there, r = read(w); r != nil {
			return r
		}
	default:
		if w.keys != nil || w.item != nil {
			return w.misshapen()
		}
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

// nested is how deep valid JSON goes.
func nested(body []byte) (deepest int) {
	depth, text := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
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
