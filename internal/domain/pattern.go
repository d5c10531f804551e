package domain

import (
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// MaxPatterns is how many patterns a key can have.
const MaxPatterns = 100

// Pattern stands for some names:
//
//	example.be   this name and no other, not even www.example.be
//	*.be         every name that ends in .be, with one label before it or more, and not be itself
//	*            every name
//
// It is in the form of names: lower case, A-labels. The zero Pattern stands for
// none.
type Pattern string

// All is the pattern that stands for every name.
const All Pattern = "*"

// ParsePattern reads a pattern as a person writes it; see ParseName. The codes
// are required, too_long and bad_format.
func ParsePattern(raw string) (Pattern, *field.Error) {
	s := strings.TrimSpace(raw)
	switch {
	case s == "":
		return "", field.Missing()
	case s == string(All):
		return All, nil
	case len(s) > maxTyped:
		return "", field.Wrong(problem.TooLong, "A domain name has at most 253 characters; please check it.")
	}
	rest, below := strings.CutPrefix(s, "*.")
	if strings.Contains(rest, "*") {
		return "", field.Wrong(problem.BadFormat, "The * stands for whole labels at the beginning: please write *.be or *.example.be, or * for every domain.")
	}
	name, ok := typed(rest)
	switch {
	case !ok || !ldh(name) || !below && !strings.Contains(name, ".") || below && len(name) > maxName-2:
		return "", field.Wrong(problem.BadFormat, "Please give a domain such as example.be, *.example.be for everything below it, or * for every domain.")
	case below:
		return Pattern("*." + name), nil
	}
	return Pattern(name), nil
}

// Covers reports whether the pattern stands for the name.
func (p Pattern) Covers(n Name) bool {
	if n == "" || p == "" {
		return false
	}
	if p == All {
		return true
	}
	if suffix, below := p.Suffix(); below {
		return len(n) > len(suffix) && strings.HasSuffix(string(n), suffix)
	}
	return string(n) == string(p)
}

// Suffix is what the names end in that a pattern such as *.be stands for, with
// its dot: ".be". The pattern * and names have none.
func (p Pattern) Suffix() (string, bool) {
	if p == All {
		return "", false
	}
	return strings.CutPrefix(string(p), "*")
}

// holds reports whether p stands for everything that q does.
func (p Pattern) holds(q Pattern) bool {
	if p == All || p == q {
		return true
	}
	mine, below := p.Suffix()
	if !below || q == All {
		return false
	}
	if theirs, also := q.Suffix(); also {
		return strings.HasSuffix(theirs, mine)
	}
	return p.Covers(Name(q))
}

// Patterns are those that bind one key. None stand for no name at all: a key
// that is bound to nothing in particular has the pattern *.
type Patterns []Pattern

// ReadPatterns reads the patterns of a form, noting every error under name[0],
// name[1] and so on. Blank ones are left out, and those that others hold
// anyway stay: people put them there.
func ReadPatterns(f *field.Form, name string, raw []string) Patterns {
	all := Patterns{}
	for i, text := range raw {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if i >= MaxPatterns {
			f.Add(name, field.Wrong(problem.TooMany, "A key can have at most "+strconv.Itoa(MaxPatterns)+" domain patterns."))
			break
		}
		at := name + "[" + strconv.Itoa(i) + "]"
		p := field.Read(f, at, ParsePattern, text)
		if p != "" && slices.Contains(all, p) {
			f.Add(at, field.Wrong(problem.Duplicate, "This domain is in the list already."))
			continue
		}
		if p != "" {
			all = append(all, p)
		}
	}
	return all
}

// Covers reports whether one of the patterns stands for the name.
func (ps Patterns) Covers(n Name) bool {
	for _, p := range ps {
		if p.Covers(n) {
			return true
		}
	}
	return false
}

// Unbound reports whether the patterns stand for every name.
func (ps Patterns) Unbound() bool { return slices.Contains(ps, All) }

// Fewest are patterns that stand for the same names, without those that others
// hold, in the order they came.
func (ps Patterns) Fewest() Patterns {
	few := Patterns{}
	for i, p := range ps {
		held := func(j int, q Pattern) bool { return j != i && q.holds(p) && (q != p || j < i) }
		needed := p != ""
		for j, q := range ps {
			needed = needed && !held(j, q)
		}
		if needed {
			few = append(few, p)
		}
	}
	return few
}

// Hold reports whether one of the patterns stands for everything that q does.
func (ps Patterns) Hold(q Pattern) bool {
	return slices.ContainsFunc(ps, func(p Pattern) bool { return p.holds(q) })
}
