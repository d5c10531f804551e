package profile

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// route reads "POST /v2/domains/{domain}/renew".
func (r *loader) route(e *Entry, n *yaml.Node) bool {
	s, ok := r.text(n, "the route")
	if !ok {
		return false
	}
	method, pattern, _ := strings.Cut(s, " ")
	fail := func(text string) bool { r.wrong(n, text); return false }
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) || !strings.HasPrefix(pattern, "/") {
		return fail("Please give the route as a method and a path, such as GET /v2/domains; the methods are GET, POST, PUT, PATCH and DELETE.")
	}
	base := r.profile.Base
	if base != "" && (!strings.HasPrefix(pattern, base) || pattern == base) {
		return fail("The path does not begin with the base path " + base + " and go on from there; please write it out whole.")
	}
	segments := strings.Split(pattern[1:], "/")
	if len(segments) > maxSegments {
		return fail("The path has more than 16 segments; please shorten it.")
	}
	for _, segment := range segments {
		name, opened := strings.CutPrefix(segment, "{")
		name, closed := strings.CutSuffix(name, "}")
		switch {
		case opened && closed && word(name) && slices.Contains(e.params, name):
			return fail("The segment {" + name + "} is in the path twice; please give each its own name.")
		case opened && closed && word(name):
			e.params = append(e.params, name)
			e.isDomain = append(e.isDomain, false)
		case !literal(segment):
			return fail("The segment " + quoted(segment) + " is not one: a segment is a fixed text of letters, digits, dots, hyphens and underscores, or a name in braces such as {domain}; none is empty, and the path does not end in /.")
		}
	}
	if len(e.params) > maxParams {
		return fail("The path has more than 6 named segments; please shorten it.")
	}
	e.Method, e.Pattern = method, pattern
	return true
}

// literal reports whether s can be a fixed segment: nothing in it has a second
// way to be written.
func literal(s string) bool {
	for i := range len(s) {
		if !unreserved(s[i]) {
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}

// word reports whether s is a name of a segment, a parameter or a field.
func word(s string) bool {
	for i := range len(s) {
		if c := s[i]; !unreserved(c) || c == '~' || i == 0 && !alphabetic(c) {
			return false
		}
	}
	return s != ""
}

func alphabetic(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// unreserved are the characters of RFC 3986, 2.3, which nobody escapes.
func unreserved(c byte) bool {
	return alphabetic(c) || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// domainLike are names under which nobody would keep anything else.
func domainLike(name string) bool {
	return strings.EqualFold(name, "domain") || strings.EqualFold(name, "domainName")
}

func (r *loader) domain(e *Entry, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		s, ok := r.text(n, "the domain")
		switch {
		case s == "free":
			e.Binding = Free
		case ok && s != "refuse":
			r.wrong(n, "Please say where the domain is, such as {path: domain}, {body: /name} or {query: name}; or free, refuse, or {filter: name} for a list.")
		}
		return
	}
	e.Binding = ByDomain
	var f *filter
	within := func() *filter {
		if f == nil {
			f = &filter{}
		}
		return f
	}
	found := 0
	r.mapping(n, "domain", "path, body and query, or filter, with and fields", map[string]func(k, v *yaml.Node){
		"path": func(_, v *yaml.Node) {
			for _, item := range r.texts(v, "the name of a segment") {
				found++
				if i := slices.Index(e.params, item.Value); i >= 0 {
					e.isDomain[i] = true
				} else {
					r.wrong(item, "The path has no segment {"+item.Value+"}; please name one that it has.")
				}
			}
		},
		"body": func(_, v *yaml.Node) {
			for _, item := range r.texts(v, "a field of the body") {
				found++
				r.watchDomain(e, item)
			}
		},
		"query": func(_, v *yaml.Node) {
			found++
			e.queryDomain = r.parameter(v)
			if e.List {
				r.wrong(v, "A list is narrowed with filter; please use that in place of query.")
			}
		},
		"filter": func(_, v *yaml.Node) { within().field = r.parameter(v) },
		"with":   func(_, v *yaml.Node) { r.fixed(within(), v) },
		"fields": func(_, v *yaml.Node) {
			for _, item := range r.texts(v, "a field") {
				if s := r.parameter(item); s != "" {
					within().others = append(within().others, s)
				}
			}
		},
	})
	switch {
	case f != nil:
		r.filter(e, n, f, found)
	case found == 0 && n.Kind == yaml.MappingNode:
		r.wrong(n, "This says nothing about the domain; please name a segment of the path, a field of the body or a parameter.")
	}
}

func (r *loader) filter(e *Entry, n *yaml.Node, f *filter, found int) {
	e.Binding, e.filter, e.List = Filter, f, true
	l := r.profile.lists
	switch {
	case found > 0:
		r.wrong(n, "An entry has its domains in the request or is narrowed with filter; please keep one of them.")
	case f.field == "":
		r.wrong(n, "Please name the field of the list that has the domain: {filter: name}.")
	case e.Method != "GET":
		r.wrong(n, "Only a GET can be narrowed with filter; please say where the domain is, or refuse.")
	case !l.among.given || len(l.controls) == 0:
		r.wrong(n, "The profile does not say how its lists are filtered; please add lists with controls, equal and among.")
	}
	names := append([]string{f.field}, f.others...)
	for _, p := range f.fixed {
		names = append(names, p[0])
	}
	names = append(names, l.controls...)
	for i, a := range names {
		for _, b := range names[:i] {
			if strings.EqualFold(a, b) {
				r.wrong(n, "The name "+quoted(a)+" has two meanings for this list; please keep it in one of filter, with, fields and the controls of lists.")
			}
		}
	}
}

func (r *loader) fixed(f *filter, n *yaml.Node) {
	if !r.plain(n) {
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.wrong(n, "Please give what goes with every narrowed request as names and values, such as {type: domain}.")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := r.parameter(n.Content[i])
		v, ok := r.text(n.Content[i+1], "the value of a parameter")
		if ok && !word(v) {
			r.wrong(n.Content[i+1], "A value here begins with a letter and has letters, digits, dots, hyphens and underscores; please write one of those.")
		}
		f.fixed = append(f.fixed, [2]string{k, v})
	}
}

func (r *loader) reveals(e *Entry, n *yaml.Node) {
	if !r.plain(n) {
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.wrong(n, "Please give what answers reveal as fields and permissions, such as {authcode: VIEW_AUTHCODE}.")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := r.parameter(n.Content[i])
		for _, x := range e.Reveals {
			if name != "" && strings.EqualFold(x.Field, name) {
				r.wrong(n.Content[i], quoted(name)+" is here twice; please keep one.")
			}
		}
		if p, ok := r.permission(n.Content[i+1]); ok && name != "" {
			e.Reveals = append(e.Reveals, Reveal{name, p})
		}
	}
}

func (r *loader) demands(e *Entry, n *yaml.Node) {
	if !r.plain(n) {
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.wrong(n, "Please give the demands as a list, each such as {body: /billables, permission: UPDATE_DOMAIN_BILLABLE}.")
		return
	}
	for _, item := range n.Content {
		r.demand(e, item)
	}
}

func (r *loader) demand(e *Entry, n *yaml.Node) {
	var d demand
	var body, query *yaml.Node
	permitted := false
	r.mapping(n, "a demand", "body or query, permission, holds and unless", map[string]func(k, v *yaml.Node){
		"body":  func(_, v *yaml.Node) { body = v },
		"query": func(_, v *yaml.Node) { query = v },
		"permission": func(_, v *yaml.Node) {
			d.permission, _ = r.permission(v)
			permitted = true
		},
		"holds": func(_, v *yaml.Node) { d.holds, _ = r.text(v, "what the field holds") },
		"unless": func(_, v *yaml.Node) {
			for _, item := range r.texts(v, "a value") {
				d.unless = append(d.unless, item.Value)
			}
		},
	})
	switch {
	case n.Kind != yaml.MappingNode:
	case !permitted:
		r.wrong(n, "This demand names no permission; please add one.")
	case (body == nil) == (query == nil):
		r.wrong(n, "A demand is about one field of the body or about one parameter; please name one of the two.")
	case query != nil && (d.holds != "" || d.unless != nil):
		r.wrong(n, "A parameter counts when it is there, whatever it says; please leave out holds and unless.")
	case query != nil:
		d.query = r.parameter(query)
		e.demands = append(e.demands, d)
	default:
		r.watch(e, body, d)
	}
}

// plant puts an entry into the tree.
func (r *loader) plant(e *Entry) {
	n, param := &r.profile.root, 0
	for segment := range strings.SplitSeq(e.Pattern[1:], "/") {
		if segment[0] == '{' {
			if n.param == nil {
				n.param = &node{domain: e.isDomain[param], first: e.Line}
			}
			if n = n.param; n.domain != e.isDomain[param] {
				r.wrong(r.at[e], "The segment {"+e.params[param]+"} is a domain in one entry and not in another, compare line "+strconv.Itoa(n.first)+"; please say the same in both.")
			}
			param++
			continue
		}
		next := n.literal[segment]
		if next == nil {
			if other, is := foldIn(n.literals, segment); is {
				r.wrong(r.at[e], "The segment "+quoted(segment)+" is written "+quoted(other)+" in another entry; please write both the way the upstream does.")
			}
			if n.literal == nil {
				n.literal = map[string]*node{}
			}
			next = &node{}
			n.literal[segment], n.literals = next, append(n.literals, segment)
		}
		n = next
	}
	if other := n.entry(e.Method); other != nil {
		r.wrong(r.at[e], "This route matches the same requests as the one on line "+strconv.Itoa(other.Line)+"; please keep one of them.")
		return
	}
	n.entries = append(n.entries, e)
}
