package profile

import (
	_ "embed"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse/internal/access"
)

//go:embed realtimeregister.yaml
var realtimeRegister []byte

// RealtimeRegister is the built-in profile, of Realtime Register's REST API v2.
func RealtimeRegister() (*Profile, error) { return Load(realtimeRegister) }

// Load reads a profile from the text of a file (docs/gateway-profiles.md). The
// error is a Faults with everything that is wrong.
func Load(text []byte) (*Profile, error) {
	r := &loader{profile: &Profile{}, at: map[*Entry]*yaml.Node{}}
	if doc := r.parse(text); doc != nil {
		r.document(doc)
	}
	if len(r.faults) > 0 {
		return nil, r.faults.sorted()
	}
	return r.profile, nil
}

// loader makes a profile of a file's document.
type loader struct {
	reader
	profile *Profile
	at      map[*Entry]*yaml.Node
}

func (r *loader) document(doc *yaml.Node) {
	parts := map[string]*yaml.Node{}
	keep := func(k, v *yaml.Node) { parts[k.Value] = v }
	r.mapping(doc, "a profile", "name, base, select, lists and entries", map[string]func(k, v *yaml.Node){
		"name": keep, "base": keep, "select": keep, "lists": keep, "entries": keep,
	})
	for _, name := range []string{"name", "base", "entries"} {
		if doc.Kind == yaml.MappingNode && parts[name] == nil {
			r.wrong(doc, "The key "+quoted(name)+" is missing; a profile needs name, base and entries.")
		}
	}
	if v := parts["name"]; v != nil {
		r.profile.Name, _ = r.text(v, "the name of the profile")
	}
	if v := parts["base"]; v != nil {
		r.base(v)
	}
	if v := parts["select"]; v != nil {
		r.profile.selects = r.parameter(v)
	}
	if v := parts["lists"]; v != nil {
		r.lists(v)
	}
	if v := parts["entries"]; v != nil {
		r.entries(v)
	}
}

func (r *loader) base(n *yaml.Node) {
	s, ok := r.text(n, "the base path")
	if !ok {
		return
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(s, "/"), "/")
	good := s == "/" || s == "/"+inner+"/" && inner != ""
	for part := range strings.SplitSeq(inner, "/") {
		good = good && (s == "/" || literal(part))
	}
	if !good {
		r.wrong(n, "Please give the base path as it is at the upstream, with a / at both ends, such as /v2/.")
		return
	}
	r.profile.Base = s
}

func (r *loader) lists(n *yaml.Node) {
	l := &r.profile.lists
	one := func(to *form) func(k, v *yaml.Node) { return func(_, v *yaml.Node) { *to = r.form(v) } }
	r.mapping(n, "lists", "controls, equal, among and below", map[string]func(k, v *yaml.Node){
		"controls": func(_, v *yaml.Node) {
			for _, item := range r.texts(v, "a parameter") {
				if s := r.parameter(item); s != "" {
					l.controls = append(l.controls, s)
				}
			}
		},
		"equal": func(_, v *yaml.Node) {
			for _, item := range r.texts(v, "a parameter") {
				if f := r.form(item); f.given {
					l.equal = append(l.equal, f)
				}
			}
		},
		"among": one(&l.among),
		"below": one(&l.below),
	})
}

// form reads "{field}:in".
func (r *loader) form(n *yaml.Node) form {
	s, ok := r.text(n, "the parameter")
	if !ok {
		return form{}
	}
	before, after, found := strings.Cut(s, "{field}")
	if !found || !filterName(before+"x"+after) {
		r.wrong(n, "Please write the parameter with {field} in the place of the field's name, such as {field}:in.")
		return form{}
	}
	return form{before, after, true}
}

func (r *loader) parameter(n *yaml.Node) string {
	s, ok := r.text(n, "the parameter")
	if ok && !word(s) {
		r.wrong(n, "The parameter "+quoted(s)+" is no name; it begins with a letter and has letters, digits, dots, hyphens and underscores.")
		return ""
	}
	return s
}

func (r *loader) entries(n *yaml.Node) {
	if !r.plain(n) {
		return
	}
	switch {
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		r.wrong(n, "Please give the entries as a list, each beginning with - route:.")
		return
	case len(n.Content) > MaxEntries:
		r.wrong(n.Content[MaxEntries], "A profile has at most 2000 entries; please leave out what is not used.")
		return
	}
	for _, item := range n.Content {
		if e := r.entry(item); e != nil {
			r.plant(e)
			r.profile.Entries = append(r.profile.Entries, e)
		}
	}
}

// entry reads one; nil when it has no route that could be planted.
func (r *loader) entry(n *yaml.Node) *Entry {
	parts := map[string]*yaml.Node{}
	keep := func(k, v *yaml.Node) { parts[k.Value] = v }
	names := []string{"route", "permission", "domain", "list", "query", "costs", "changes", "record", "reveals", "demands"}
	known := map[string]func(k, v *yaml.Node){}
	for _, name := range names {
		known[name] = keep
	}
	r.mapping(n, "an entry", strings.Join(names[:len(names)-1], ", ")+" and "+names[len(names)-1], known)
	if n.Kind != yaml.MappingNode {
		return nil
	}
	e := &Entry{Line: n.Line, Binding: Refuse}
	if parts["route"] == nil {
		r.wrong(n, "This entry has no route; please give one, such as route: GET /v2/domains.")
		return nil
	}
	if !r.route(e, parts["route"]) {
		return nil
	}
	r.at[e] = parts["route"]
	if v := parts["permission"]; v == nil {
		r.wrong(n, "This entry has no permission; please name one of the catalogue's, such as VIEW_DOMAIN.")
	} else {
		for _, item := range r.texts(v, "a permission") {
			if p, ok := r.permission(item); ok {
				e.Permissions = append(e.Permissions, p)
			}
		}
	}
	r.flags(e, parts)
	if v := parts["query"]; v != nil {
		r.query(e, v)
	}
	if v := parts["domain"]; v != nil {
		r.domain(e, v)
	}
	for i, name := range e.params {
		if domainLike(name) && !e.isDomain[i] {
			r.wrong(parts["route"], "The segment {"+name+"} sounds like a domain and is not said to be one; please add domain: {path: "+name+"}, or call it something else.")
		}
	}
	r.costs(e, n, parts["costs"])
	if v := parts["reveals"]; v != nil {
		r.reveals(e, v)
	}
	if v := parts["demands"]; v != nil {
		r.demands(e, v)
	}
	if e.List {
		e.known = slices.Clone(r.profile.lists.controls)
		if r.profile.selects != "" {
			e.known = append(e.known, r.profile.selects)
		}
		for _, d := range e.demands {
			e.known = append(e.known, d.query)
		}
	}
	return e
}

func (r *loader) flags(e *Entry, parts map[string]*yaml.Node) {
	e.Changes = e.Method != "GET"
	if v := parts["changes"]; v != nil {
		e.Changes = r.truth(v, "changes")
		if !e.Changes && e.Method != "GET" && e.Method != "POST" {
			r.wrong(v, "A "+e.Method+" changes something; please leave this key out.")
		}
	}
	if v := parts["record"]; v != nil {
		e.Record = r.truth(v, "record")
		if e.Changes {
			r.wrong(v, "What changes something is always recorded; please leave this key out.")
		}
	}
	if v := parts["list"]; v != nil {
		e.List = r.truth(v, "list")
		if e.List && e.Method != "GET" {
			r.wrong(v, "Only a GET can be a list; please leave this key out.")
		}
	}
}

func (r *loader) permission(n *yaml.Node) (access.Permission, bool) {
	s, ok := r.text(n, "a permission")
	if !ok {
		return "", false
	}
	p, ok := access.Parse(s)
	if !ok {
		r.wrong(n, quoted(s)+" is no permission of the catalogue; please check how it is spelt.")
		return "", false
	}
	if d := definition(p); d.Installation {
		r.wrong(n, quoted(s)+" is a right over this installation, which no program at the gateway has; please take another.")
		return "", false
	}
	return p, true
}

func definition(p access.Permission) access.Definition {
	all := access.Catalogue()
	return all[slices.IndexFunc(all, func(d access.Definition) bool { return d.Permission == p })]
}

func (r *loader) query(e *Entry, n *yaml.Node) {
	for _, item := range r.texts(n, "a parameter") {
		if s := r.parameter(item); s != "" {
			e.query = append(e.query, s)
		}
	}
	if e.List {
		r.wrong(n, "A list may be asked with any filter; please leave the key query out, or the key list.")
	}
}

func (r *loader) costs(e *Entry, entry, n *yaml.Node) {
	if n == nil {
		for _, p := range e.Permissions {
			if definition(p).Costs {
				r.wrong(entry, "The permission "+string(p)+" costs money; please say costs: always, costs: never, or costs: {body: /field}.")
				return
			}
		}
		return
	}
	if n.Kind == yaml.MappingNode {
		r.mapping(n, "costs", "body", map[string]func(k, v *yaml.Node){
			"body": func(_, v *yaml.Node) { r.watch(e, v, demand{}) },
		})
		return
	}
	s, ok := r.text(n, "costs")
	switch {
	case s == "always":
		e.Costs = true
	case ok && s != "never":
		r.wrong(n, "Please say costs: always, costs: never, or costs: {body: /field} for what costs only with that field.")
	}
}
