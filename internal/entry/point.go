// Package entry says by which ways, and from where, a user may come in: access
// points and the ranges of addresses on a user's IP rules, and how the address
// of a client is found behind proxies. It decides nothing by itself: package
// access asks it. It knows no database and no HTTP.
package entry

import (
	"slices"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// Point is an access point, a way into the registrar's systems.
type Point string

// The access points.
const (
	Web     Point = "WEB"     // the app, in a browser and at the Desk
	API     Point = "API"     // programs over REST
	ISProxy Point = "ISPROXY" // the door for domain checks
)

// AllPoints lists them, in the order in which people see them.
func AllPoints() []Point { return []Point{Web, API, ISProxy} }

// Points is a set of access points. The zero Points is every one, which is what
// a user has until somebody says otherwise.
type Points struct{ shut [3]bool }

// OnlyPoints is the set of these.
func OnlyPoints(open ...Point) Points {
	var p Points
	for i, point := range AllPoints() {
		p.shut[i] = !slices.Contains(open, point)
	}
	return p
}

// RestorePoints reads what Text gave. What it does not know, it leaves out.
func RestorePoints(text string) Points {
	var open []Point
	for word := range strings.FieldsSeq(text) {
		open = append(open, Point(word))
	}
	return OnlyPoints(open...)
}

// ReadPoints reads a list of access points that somebody typed, in any case and
// order. At least one is needed: to keep a user out, one deactivates it.
func ReadPoints(f *field.Form, name string, raw []string) Points {
	var open []Point
	for i, text := range raw {
		point := Point(strings.ToUpper(strings.TrimSpace(text)))
		if !slices.Contains(AllPoints(), point) {
			f.Add(indexed(name, i), field.Wrong(problem.Unknown, "The access points are WEB, API and ISPROXY."))
		}
		open = append(open, point)
	}
	if len(raw) == 0 {
		f.Add(name, field.Wrong(problem.Required, "Please choose at least one access point. To keep a user out, deactivate it."))
	}
	return OnlyPoints(open...)
}

// Has reports whether the point is in the set.
func (p Points) Has(point Point) bool {
	i := slices.Index(AllPoints(), point)
	return i >= 0 && !p.shut[i]
}

// List of the set, never nil.
func (p Points) List() []Point {
	return slices.DeleteFunc(AllPoints(), func(point Point) bool { return !p.Has(point) })
}

// Text is the set as it is stored.
func (p Points) Text() string {
	var words []string
	for _, point := range p.List() {
		words = append(words, string(point))
	}
	return strings.Join(words, " ")
}

// Rules are what binds a user when coming in. The zero Rules bind nobody.
type Rules struct {
	Points Points
	Ranges Ranges
}

// Equal reports whether two rules say the same.
func (r Rules) Equal(s Rules) bool { return r.Points == s.Points && r.Ranges.Equal(s.Ranges) }
