package profile

import (
	"slices"
	"strings"

	"gatehouse/internal/domain"
)

const upperHex = "0123456789ABCDEF"

// route walks the tree along the path, and writes the path anew where another
// way to write it could be read in another way.
func (m *Match) route(q Request) *Refusal {
	rest, ok := strings.CutPrefix(q.Path, "/")
	if !ok {
		return refuse(BadPath, "The path does not begin with /; please send a path such as "+m.profile.Base+"….")
	}
	if len(q.Path) > MaxPath {
		return refuse(BadPath, "The path is longer than 2048 bytes; please shorten it.")
	}
	// Real clients put one slash at the end; the upstream knows the path without.
	rest = strings.TrimSuffix(rest, "/")
	var (
		n       = &m.profile.root
		segment = [maxSegments]string{}
		count   = 0
		params  = 0
		same    = len(rest)+1 == len(q.Path)
	)
	for more := true; more; {
		var raw string
		raw, rest, more = strings.Cut(rest, "/")
		if count == maxSegments {
			return m.unknownRoute()
		}
		text, r := decodeSegment(raw)
		if r != nil {
			return r
		}
		sent := text
		if next := n.literal[text]; next != nil {
			n = next
		} else if n.param != nil {
			if known, is := foldIn(n.literals, text); is {
				return refuse(UnknownRoute, "The path has "+quoted(text)+"; please write it "+quoted(known)+".")
			}
			if n = n.param; n.domain {
				name, ok := domain.Read(text)
				if !ok {
					return refuse(BadDomain, quoted(text)+" in the path is not a domain name; please send one such as example.be, without a dot at the end.")
				}
				if r := m.about(name); r != nil {
					return r
				}
				text = string(name)
				sent = text
			} else if sent, ok = encodeSegment(text); !ok {
				return refuse(BadPath, quoted(text)+" in the path has characters that no name here has; please check it.")
			}
			m.Params[params] = text
			params++
		} else {
			return m.unknownRoute()
		}
		same = same && sent == raw
		segment[count] = sent
		count++
	}
	if len(n.entries) == 0 {
		return m.unknownRoute()
	}
	if m.Entry = n.entry(q.Method); m.Entry == nil {
		r := refuse(UnknownMethod, "This path is known with "+strings.Join(n.methods(), " and ")+" only; please use that, in capitals.")
		r.Methods = n.methods()
		return r
	}
	if m.Path = q.Path; !same {
		m.Path = "/" + strings.Join(segment[:count], "/")
	}
	return nil
}

func (m *Match) unknownRoute() *Refusal {
	return refuse(UnknownRoute, "This path is not in the profile "+quoted(m.profile.Name)+"; please check it, or have whoever runs this gateway add it.")
}

// decodeSegment undoes percent-encoding, once, and refuses what any server
// might take for an end of the segment, for its parameters or for a way up.
func decodeSegment(raw string) (string, *Refusal) {
	text, ok := decode(raw, false)
	switch {
	case !ok:
		return "", refuse(BadPath, "The path has a % that is not followed by two hexadecimal digits, or a character that must be written so; please mend it.")
	case text == "":
		return "", refuse(BadPath, "The path has an empty segment; please leave out the // and whatever is missing there.")
	case strings.Trim(text, ".") == "":
		return "", refuse(BadPath, "The path has a segment of dots; please send the path that is meant.")
	}
	for i := range len(text) {
		switch c := text[i]; c {
		case '/', '\\', ';', '%', '?', '#', 0x7f:
			return "", refuse(BadPath, "The path has a character, escaped or not, that could end a segment or be decoded twice; please leave it out.")
		default:
			if c < ' ' {
				return "", refuse(BadPath, "The path has a character that cannot be shown; please leave it out.")
			}
		}
	}
	return text, nil
}

// decode undoes percent-encoding once. Characters that RFC 3986 wants escaped
// are refused when they are not; what it gives is text itself when nothing is
// escaped.
func decode(text string, query bool) (string, bool) {
	plain := true
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '%':
			if i+2 >= len(text) || unhex(text[i+1]) < 0 || unhex(text[i+2]) < 0 {
				return "", false
			}
			plain = false
			i += 2
		case !literally(c, query):
			return "", false
		}
	}
	if plain {
		return text, true
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' {
			b = append(b, byte(unhex(text[i+1])<<4|unhex(text[i+2])))
			i += 2
			continue
		}
		b = append(b, text[i])
	}
	return string(b), true
}

// literally reports whether c may stand in a path or in a query as it is.
func literally(c byte, query bool) bool {
	if unreserved(c) {
		return true
	}
	switch c {
	case ':', '@', '!', '$', '\'', '(', ')', '*', '+', ',':
		return true
	case ';', '&', '=':
		return !query // a segment with ; is refused with a better sentence
	case '/', '?', '[', ']', '|':
		return query
	case '\\':
		return !query // likewise
	}
	return false
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// encodeSegment writes the value of a named segment the one way that we send
// it: handles, ids and names of things are ASCII, without spaces at the ends.
func encodeSegment(text string) (string, bool) {
	escape := false
	for i := range len(text) {
		switch c := text[i]; {
		case unreserved(c), c == '@', c == ':', c == ',':
		case c == ' ' && i > 0 && i < len(text)-1, c == '+', c == '=', c == '&', c == '$', c == '\'', c == '(', c == ')', c == '!':
			escape = true
		default:
			return "", false
		}
	}
	if !escape {
		return text, true
	}
	return string(escaped(nil, text)), true
}

// escaped appends text with everything escaped that has a meaning in a URL.
func escaped(b []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if unreserved(c) || c == '@' || c == ':' || c == ',' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	return b
}

func foldIn(all []string, s string) (string, bool) {
	i := slices.IndexFunc(all, func(known string) bool { return strings.EqualFold(known, s) })
	if i < 0 {
		return "", false
	}
	return all[i], true
}
