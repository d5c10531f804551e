package profile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// watched is a place in a JSON body that somebody looks at, and the way to the
// places below it.
type watched struct {
	path     string // "/billables/*/product"
	keys     map[string]*watched
	folded   map[string]string // the keys as fold has them
	item     *watched          // of a list
	domain   bool
	required bool
	demands  []demand
}

// watchDomain adds a field with a domain, or with a list of them: "/name",
// "/san/*".
func (r *loader) watchDomain(e *Entry, n *yaml.Node) {
	if w := r.place(e, n); w != nil {
		w.domain = true
		w.required = !strings.Contains(n.Value, "*")
	}
}

// watch adds a field whose presence demands something.
func (r *loader) watch(e *Entry, n *yaml.Node, d demand) {
	if _, ok := r.text(n, "a field of the body"); !ok {
		return
	}
	if w := r.place(e, n); w != nil {
		w.demands = append(w.demands, d)
	}
}

func (r *loader) place(e *Entry, n *yaml.Node) *watched {
	if e.Method == "GET" {
		r.wrong(n, "A GET has no body; please name a segment of the path or a parameter.")
		return nil
	}
	rest, ok := strings.CutPrefix(n.Value, "/")
	parts := strings.Split(rest, "/")
	for _, part := range parts {
		ok = ok && (part == "*" || word(part))
	}
	if !ok || parts[0] == "*" || len(parts) > maxSegments {
		r.wrong(n, "Please write a field of the body with a / before each name, and * for each item of a list, such as /name or /billables/*/product.")
		return nil
	}
	if e.body == nil {
		e.body = &watched{}
	}
	w := e.body
	for _, part := range parts {
		at := w.path + "/" + part
		if part == "*" && w.keys != nil || part != "*" && w.item != nil || w.domain {
			r.wrong(n, "The field "+quoted(at)+" does not fit the others of this entry, where it is something else; please check them.")
			return nil
		}
		if part == "*" {
			if w.item == nil {
				w.item = &watched{path: at}
			}
			w = w.item
			continue
		}
		if w.keys == nil {
			w.keys, w.folded = map[string]*watched{}, map[string]string{}
		}
		if w.keys[part] == nil {
			if other, is := w.folded[fold(part)]; is {
				r.wrong(n, "The field "+quoted(at)+" is written "+quoted(w.path+"/"+other)+" elsewhere in this entry; please write both the way the upstream does.")
			}
			w.keys[part], w.folded[fold(part)] = &watched{path: at}, part
		}
		w = w.keys[part]
	}
	return w
}

// needs are the fields below w that a body must have.
func (w *watched) needs() []*watched {
	all := []*watched{}
	if w.required {
		all = append(all, w)
	}
	for _, next := range w.keys {
		all = append(all, next.needs()...)
	}
	slices.SortFunc(all, func(a, b *watched) int { return strings.Compare(a.path, b.path) })
	return all
}
