// Package profile knows, from data, what the requests to an upstream mean: is
// the route known, which permissions does it need, which domains is it about,
// does it cost money, does it change anything. A Profile is read from a file
// (docs/gateway-profiles.md) and judges requests; what it allows it also writes
// anew, so that what is sent on is exactly what was judged.
//
// It is pure: no server, no store, no time, and nothing about who is asking but
// the patterns of domains that a key is bound to.
package profile

import (
	"slices"

	"gatehouse/internal/access"
)

// Limits of requests.
const (
	MaxPath       = 2 << 10 // bytes, as they come
	MaxQuery      = 8 << 10 // bytes, as they come and as they are sent
	MaxParameters = 200     // of a query
	MaxBody       = 1 << 20 // bytes, where a body is looked at
	maxDepth      = 64      // of JSON
	maxSegments   = 16      // of a path
	maxParams     = 6       // named segments of one route
	mediaType     = "application/json"
)

// Profile is what one upstream's routes mean. It does not change once it was
// read, and any number of requests may be matched at once.
type Profile struct {
	Name    string
	Base    string // "/v2/": every route begins with it
	Entries []*Entry

	selects string // the parameter that chooses fields of an answer; may be empty
	lists   lists
	root    node
}

// lists is how an upstream's lists are filtered.
type lists struct {
	controls []string // parameters that can widen nothing
	equal    []form   // the ways to name one value
	among    form     // the way to name several, with commas
	below    form     // the way to match an end, with % before it; may be missing
}

// form is a parameter's name with a place for the field: "{field}:in".
type form struct {
	before, after string
	given         bool
}

func (f form) of(field string) string { return f.before + field + f.after }

// Entry is what one route means.
type Entry struct {
	Line        int    // of the file
	Method      string // "POST"
	Pattern     string // "/v2/domains/{domain}/renew"
	Permissions []access.Permission
	Binding     Binding
	Costs       bool // always; a request may cost something without it, see Match
	Changes     bool
	Record      bool // reads that are recorded by choice
	List        bool
	Reveals     []Reveal

	params      []string // names of the named segments
	isDomain    []bool   // which of them are domains
	query       []string // parameters of a route that is no list
	queryDomain string   // the parameter with the domain
	known       []string // of a list: parameters that mean something and are no filter
	filter      *filter
	demands     []demand
	body        *watched // nil: nobody looks at bodies
}

// Route is the method and the pattern: "POST /v2/domains/{domain}/renew".
func (e *Entry) Route() string { return e.Method + " " + e.Pattern }

// Binding is what a key that is bound to domains may do with a route.
type Binding string

// The bindings.
const (
	ByDomain Binding = "domain" // the request names its domains: allowed when the key covers them all
	Free     Binding = "free"   // has nothing to do with anybody's domains: allowed
	Refuse   Binding = "refuse" // cannot be told: refused
	Filter   Binding = "filter" // a list: allowed when it is narrowed to the key's domains
)

// Reveal is a field of answers that a further permission is needed for. A
// caller who lacks it must not get the field: whoever sends the answer on takes
// it out, at any depth, or refuses the request.
type Reveal struct {
	Field      string
	Permission access.Permission
}

// filter is how a list is narrowed to domains.
type filter struct {
	field string
	// fixed are further parameters that go with every narrowed request, so that
	// the field means a domain's name in all that is found.
	fixed [][2]string
	// others are the fields that a narrowed list may be filtered by too.
	others []string
}

// demand is something in a request that asks for more than its route does.
type demand struct {
	permission access.Permission // empty: it costs, and that is all
	query      string            // a parameter that is there
	holds      string            // counts only when the text has this in it, whatever the case
	unless     []string          // does not count when the text is one of these
}

// ForwardedHeaders are the headers of a request that may be sent on. All others
// are left out, above all those that some servers take for another method,
// path, host or caller: X-HTTP-Method-Override, X-HTTP-Method,
// X-Method-Override, X-Original-URL, X-Rewrite-URL, X-Forwarded-*, Forwarded,
// X-Real-IP, Cookie, Authorization, Proxy-Authorization, Upgrade, and
// Content-Encoding, under which a body would say something else.
func ForwardedHeaders() []string {
	return []string{"Accept", "Accept-Language", "User-Agent", "If-None-Match", "If-Modified-Since"}
}

// node is a place in the tree of routes.
type node struct {
	literal  map[string]*node
	literals []string // its keys
	param    *node
	entries  []*Entry // by method
	domain   bool     // of a named segment: it is a domain, in every route
	first    int      // the line that said so
}

func (n *node) entry(method string) *Entry {
	for _, e := range n.entries {
		if e.Method == method {
			return e
		}
	}
	return nil
}

// methods of the routes that end here, for a refusal.
func (n *node) methods() []string {
	all := []string{}
	for _, e := range n.entries {
		all = append(all, e.Method)
	}
	slices.Sort(all)
	return all
}
