package profile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/domain"
	"gatehouse/internal/field"
)

// parameter of a query. Sent is the value as it is sent on: a + stays one, as
// what it means is between the client and the upstream.
type parameter struct{ name, value, sent string }

// readQuery judges the parameters and writes them anew.
func (m *Match) readQuery(raw string) *Refusal {
	if raw == "" {
		return m.afterQuery()
	}
	if len(raw) > MaxQuery {
		return refuse(BadQuery, "The query is longer than 8192 bytes; please shorten it.")
	}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		if len(m.parameters) == MaxParameters {
			return refuse(BadQuery, "The query has more than 200 parameters; please send fewer.")
		}
		p, r := readParameter(part)
		if r != nil {
			return r
		}
		if r := m.parameter(&p); r != nil {
			return r
		}
		m.parameters = append(m.parameters, p)
	}
	m.Query = written(m.parameters)
	if len(m.Query) > MaxQuery {
		return refuse(BadQuery, "The query is longer than 8192 bytes when it is written in full; please shorten it.")
	}
	return m.afterQuery()
}

func readParameter(part string) (parameter, *Refusal) {
	rawName, rawValue, _ := strings.Cut(part, "=")
	name, ok := decode(rawName, true)
	rawValue = strings.ReplaceAll(rawValue, "=", "%3D")
	value, also := decode(rawValue, true)
	switch {
	case !ok || !also:
		return parameter{}, refuse(BadQuery, "The query has a % that is not followed by two hexadecimal digits, or a character that must be written so; please mend it.")
	case !filterName(name):
		return parameter{}, refuse(BadQuery, "The parameter "+quoted(name)+" is no name; a parameter is a name, for a list with an operator behind a colon, and is repeated for several values.")
	case !utf8.ValidString(value) || strings.ContainsFunc(value, field.Invisible):
		return parameter{}, refuse(BadQuery, "The parameter "+quoted(name)+" has characters that cannot be shown; please leave them out.")
	}
	return parameter{name, value, resent(rawValue)}, nil
}

// resent writes a value that can be decoded the one way that we send it.
func resent(raw string) string {
	plain := true
	for i := range len(raw) {
		plain = plain && (unreserved(raw[i]) || raw[i] == '+' || raw[i] == ',' || raw[i] == ':' || raw[i] == '@')
	}
	if plain {
		return raw
	}
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '+':
			b = append(b, c)
		case c == '%':
			b = escaped(b, string([]byte{byte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))}))
			i += 2
		default:
			b = append(b, escaped(nil, raw[i:i+1])...)
		}
	}
	return string(b)
}

// filterName reports whether s is a parameter's name, or one with an operator.
func filterName(s string) bool {
	name, operator, has := strings.Cut(s, ":")
	return word(name) && (!has || word(operator))
}

func written(all []parameter) string {
	size := len(all)
	for _, p := range all {
		size += len(p.name) + len(p.sent) + 1
	}
	b := make([]byte, 0, size)
	for i, p := range all {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, p.sent...)
	}
	return string(b)
}

// parameter judges one by what the entry says of its query.
func (m *Match) parameter(p *parameter) *Refusal {
	e := m.Entry
	for _, d := range e.demands {
		if d.query == p.name {
			m.demanded(d)
		}
	}
	switch {
	case p.name == m.profile.selects && e.Method == "GET":
		return nil
	case e.List:
		return m.listed(p)
	case p.name == e.queryDomain:
		name, ok := domain.Read(p.value)
		if !ok || strings.Contains(p.sent, "+") {
			return refuse(BadDomain, "The parameter "+quoted(p.name)+" is not a domain name; please send one such as example.be, without a dot at the end.")
		}
		p.value, p.sent = string(name), string(name)
		if m.has(p.name) {
			return refuse(BadQuery, "The parameter "+quoted(p.name)+" is here twice; please send it once.")
		}
		return m.about(name)
	case slices.Contains(e.query, p.name), slices.ContainsFunc(e.demands, func(d demand) bool { return d.query == p.name }):
		if m.has(p.name) {
			return refuse(BadQuery, "The parameter "+quoted(p.name)+" is here twice; please send it once.")
		}
		return nil
	}
	return refuse(BadQuery, "The parameter "+quoted(p.name)+" is not known for "+e.Route()+"; please leave it out, or have whoever runs this gateway add it to the profile.")
}

func (m *Match) has(name string) bool {
	return slices.ContainsFunc(m.parameters, func(p parameter) bool { return p.name == name })
}

// listed judges a parameter of a list: any filter goes, as it can only leave
// something out. Names that differ from one with a meaning by case do not.
func (m *Match) listed(p *parameter) *Refusal {
	base, _, operator := strings.Cut(p.name, ":")
	known := m.Entry.known
	if name, is := foldIn(known, base); is && (name != base || operator) {
		return refuse(BadQuery, "The list has no parameter "+quoted(p.name)+"; please write it "+quoted(name)+".")
	}
	// No field has a hyphen, and the parameters by which some servers take
	// another method or path for the real one do.
	if strings.Contains(p.name, "-") && !slices.Contains(known, p.name) {
		return refuse(BadQuery, "The parameter "+quoted(p.name)+" is no field of a list; please leave it out.")
	}
	return nil
}

// afterQuery works out what the query asks besides. Whoever filters or orders by a
// field that answers hide learns it too, and no taking out of fields helps against
// that. A field stays hidden where the client chose it away: whether the upstream
// heeds that is not known.
func (m *Match) afterQuery() *Refusal {
	e := m.Entry
	if e.queryDomain != "" && !m.has(e.queryDomain) {
		return refuse(BadQuery, "The parameter "+quoted(e.queryDomain)+" says what domain this is about; please add it.")
	}
	for _, v := range e.Reveals {
		for _, p := range m.parameters {
			base, _, _ := strings.Cut(p.name, ":")
			if p.name == m.profile.selects && p.name != "" {
				continue
			}
			if strings.EqualFold(base, v.Field) || strings.Contains(fold(p.value), fold(v.Field)) {
				m.demanded(demand{permission: v.Permission})
			}
		}
	}
	return nil
}
