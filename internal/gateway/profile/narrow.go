package profile

import (
	"slices"
	"strings"

	"gatehouse/internal/domain"
)

// narrowed is the list with only what the patterns stand for. The field with
// the domain is filtered exactly once in what is sent on, so that nothing
// depends on how the upstream joins two filters of one field; and of the other
// parameters only those are let through of which the profile says that they
// can but leave out.
func (m Match) narrowed(ps domain.Patterns) (Match, *Refusal) {
	f, l := m.Entry.filter, m.profile.lists
	kept := []parameter{}
	var names []domain.Name
	asked := false
	for _, p := range m.parameters {
		base, _, _ := strings.Cut(p.name, ":")
		equal := slices.ContainsFunc(l.equal, func(form form) bool { return form.of(f.field) == p.name })
		among := p.name == l.among.of(f.field)
		switch {
		case equal || among:
			if asked {
				return Match{}, refuse(NotNarrowed, "This key is bound to domains, and the filter on "+quoted(f.field)+" is here twice; please send it once.")
			}
			asked = true
			values := []string{p.value}
			if among {
				values = strings.Split(p.value, ",")
			}
			for _, value := range values {
				name, ok := domain.Read(value)
				if !ok || strings.Contains(p.sent, "+") {
					return Match{}, refuse(BadDomain, "The filter on "+quoted(f.field)+" is not a domain name; please send whole names.")
				}
				if !ps.Covers(name) {
					return Match{}, refuse(DomainRefused, "This key is not bound to "+string(name)+"; please use one that is.")
				}
				names = append(names, name)
			}
		case slices.Contains(l.controls, p.name), p.name == m.profile.selects, slices.Contains(f.others, base):
			kept = append(kept, p)
		default:
			return Match{}, refuse(NotNarrowed, "This key is bound to domains, and the list cannot be narrowed to them with the parameter "+quoted(p.name)+"; please leave it out, or name domains with "+l.among.of(f.field)+".")
		}
	}
	for _, fixed := range f.fixed {
		kept = append(kept, parameter{fixed[0], fixed[1], fixed[1]})
	}
	narrow, ok := l.byNames(f.field, names), true
	if !asked {
		narrow, ok = l.byPatterns(f.field, ps)
	}
	if !ok {
		return Match{}, refuse(NotNarrowed, "This key is bound to domains in more than one way, which one filter cannot say; please name domains with "+l.among.of(f.field)+".")
	}
	m.parameters = append(kept, narrow)
	m.Domains = names
	if m.Query = written(m.parameters); len(m.Query) > MaxQuery {
		return Match{}, refuse(NotNarrowed, "This key is bound to more domains than one request can name; please name some with "+l.among.of(f.field)+".")
	}
	return m, nil
}

func (l lists) byNames(field string, names []domain.Name) parameter {
	texts := []string{}
	for _, n := range names {
		texts = append(texts, string(n))
	}
	value := strings.Join(texts, ",")
	return parameter{l.among.of(field), value, value}
}

// byPatterns says the patterns in one filter, where that can be done: some
// names, or one end.
func (l lists) byPatterns(field string, ps domain.Patterns) (parameter, bool) {
	few := ps.Fewest()
	names := []domain.Name{}
	for _, p := range few {
		suffix, below := p.Suffix()
		if below && len(few) == 1 && l.below.given {
			return parameter{l.below.of(field), "%" + suffix, "%25" + suffix}, true
		}
		if below {
			return parameter{}, false
		}
		names = append(names, domain.Name(p))
	}
	return l.byNames(field, names), len(names) > 0
}
