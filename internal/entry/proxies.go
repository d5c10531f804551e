package entry

import (
	"net/netip"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// Proxies are those whose word about where a request came from is taken. The
// zero Proxies are none: then nobody's is.
type Proxies struct{ trusted Ranges }

// ReadProxies reads a list of their addresses and ranges. It refuses to trust
// everybody: whoever is trusted can say they are anyone.
func ReadProxies(f *field.Form, name string, raw []string) Proxies {
	list := ReadRanges(f, name, raw)
	for _, p := range list.all {
		if p.Bits() == 0 {
			f.Add(name, field.Wrong(problem.NotAllowed, p.String()+" is everybody, and whoever is trusted can claim to come from anywhere; please name your proxies only."))
		}
	}
	return Proxies{list}
}

// None reports whether there is no proxy.
func (p Proxies) None() bool { return p.trusted.Empty() }

// Client is the address that a request came from: that of the peer, who cannot
// lie about it, or behind a trusted proxy what the header X-Forwarded-For says,
// of which all lines are given in their order.
//
// Every proxy adds whom it was called by at the end. So the list is read from
// the right, each entry only as long as a trusted one stands by it: the first
// that is not trusted is the client, and what is left of it is what the client
// claims. An entry that cannot be read stops the search as well, and the client
// is the proxy that wrote it: an address that is true, though not the one that
// was looked for. So does an empty one. When everyone is trusted, it is the one
// furthest away.
func (p Proxies) Client(peer netip.Addr, forwarded []string) netip.Addr {
	client := peer.Unmap()
	if !p.trusts(client) || len(forwarded) == 0 {
		return client
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			return client
		}
		if client = hop; !p.trusts(hop) {
			return client
		}
	}
	return client
}

func (p Proxies) trusts(a netip.Addr) bool {
	_, found := p.trusted.By(a)
	return found
}

// parseHop reads an entry in the forms that proxies write: an address, with a
// port or without, IPv6 in brackets or without.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	a, err := netip.ParseAddr(text)
	if err != nil {
		if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
			a, err = netip.ParseAddr(strings.TrimSuffix(inner, "]"))
			if err == nil && a.Is4() { // brackets are for IPv6 (RFC 3986, section 3.2.2)
				return netip.Addr{}, false
			}
		} else {
			var with netip.AddrPort
			with, err = netip.ParseAddrPort(text)
			a = with.Addr()
		}
	}
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}
