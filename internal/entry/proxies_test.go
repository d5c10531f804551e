package entry_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

func proxies(t testing.TB, texts ...string) entry.Proxies {
	t.Helper()
	var f field.Form
	p := entry.ReadProxies(&f, "proxies", texts)
	if err := f.Err(); err != nil {
		t.Fatal(problem.Of(err).Violations)
	}
	return p
}

// The proxies of these tests: one at the door, a network behind it, one by IPv6.
var doors = []string{"10.0.0.1", "10.9.0.0/16", "2001:db8:ffff::/48"}

func TestProxies_Client(t *testing.T) {
	const proxy, client = "10.0.0.1", "198.51.100.7"
	for _, c := range []struct {
		name, peer string
		lines      []string
		want       string
	}{
		{"nobody is between", client, nil, client},
		{"a stranger claims to be somebody", client, []string{"203.0.113.9"}, client},
		{"a stranger claims to be a proxy", client, []string{"10.0.0.1"}, client},
		{"a proxy says nothing", proxy, nil, proxy},
		{"a proxy names its client", proxy, []string{client}, client},
		{"a client claims to come for others", proxy, []string{"203.0.113.9, " + client}, client},
		{"a client claims many things", proxy, []string{"127.0.0.1, 10.0.0.1, ::1, 203.0.113.9, " + client}, client},
		{"two proxies", proxy, []string{client + ", 10.9.3.4"}, client},
		{"two proxies, and a client that claims to be a third", proxy, []string{"203.0.113.9, 10.9.3.4, " + client + ", 10.9.3.5"}, client},
		{"several headers", proxy, []string{"203.0.113.9", client}, client},
		{"several headers, two proxies", proxy, []string{"203.0.113.9", client + ", 10.9.3.4", "10.9.3.5"}, client},
		{"a claim in a header of its own", proxy, []string{"203.0.113.9, 10.9.3.4", client}, client},
		{"everybody is trusted", proxy, []string{"10.9.3.4, 10.9.3.5"}, "10.9.3.4"},
		{"a neighbour of the proxy", "10.0.0.2", []string{"203.0.113.9"}, "10.0.0.2"},
		{"IPv4 in IPv6, the peer", "::ffff:10.0.0.1", []string{client}, client},
		{"IPv4 in IPv6, the client", proxy, []string{"::ffff:198.51.100.7"}, client},
		{"IPv4 in IPv6, in hexadecimal", proxy, []string{"::FFFF:c633:6407"}, client},
		{"IPv4 in IPv6, a proxy on the way", proxy, []string{client + ", ::ffff:10.9.3.4"}, client},
		{"with a port", proxy, []string{"198.51.100.7:51234"}, client},
		{"a proxy with a port", proxy, []string{client + ", 10.9.3.4:8080"}, client},
		{"IPv6", proxy, []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 written at length", proxy, []string{"2001:0DB8:0000:0000:0000:0000:0000:0007"}, "2001:db8::7"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 in brackets with a port", proxy, []string{"[2001:db8::7]:51234"}, "2001:db8::7"},
		{"a proxy by IPv6", "2001:db8:ffff::1", []string{"2001:db8::7, [2001:db8:ffff::2]:443"}, "2001:db8::7"},
		{"spaces and tabs", proxy, []string{"\t203.0.113.9 ,  " + client + " \t"}, client},

		// From here on, something cannot be read: the one who wrote it is the client.
		{"leading zeros", proxy, []string{"010.0.0.1"}, proxy},
		{"leading zeros, claimed", proxy, []string{"010.0.0.1, " + client}, client},
		{"leading zeros, before a proxy", proxy, []string{client + ", 010.0.0.1, 10.9.3.4"}, "10.9.3.4"},
		{"a zone", proxy, []string{"fe80::1%eth0"}, proxy},
		{"a zone in brackets", proxy, []string{"[fe80::1%eth0]:80"}, proxy},
		{"an empty header", proxy, []string{""}, proxy},
		{"an empty element at the end", proxy, []string{"203.0.113.9, "}, proxy},
		{"an empty element in the middle", proxy, []string{"203.0.113.9,," + client}, client},
		{"an empty header after another", proxy, []string{"203.0.113.9", ""}, proxy},
		{"a word", proxy, []string{"unknown"}, proxy},
		{"an obfuscated name", proxy, []string{"203.0.113.9, _hidden, 10.9.3.4"}, "10.9.3.4"},
		{"a name", proxy, []string{"gate.example"}, proxy},
		{"a socket", proxy, []string{"203.0.113.9, unix:"}, proxy},
		{"a range", proxy, []string{"198.51.100.0/24"}, proxy},
		{"IPv4 in brackets", proxy, []string{"[198.51.100.7]"}, proxy},
		{"IPv6 with a port and no brackets", proxy, []string{"2001:db8:0:0:0:0:0:0:7:443"}, proxy},
		{"an unclosed bracket", proxy, []string{"[2001:db8::7"}, proxy},
		{"a port without number", proxy, []string{"198.51.100.7:"}, proxy},
		{"a port that is too large", proxy, []string{"198.51.100.7:65536"}, proxy},
		{"in quotation marks", proxy, []string{`"198.51.100.7"`}, proxy},
		{"as in the header Forwarded", proxy, []string{"for=198.51.100.7"}, proxy},
		{"separated by semicolons", proxy, []string{"203.0.113.9; " + client}, proxy},
		{"decimal", proxy, []string{"3325256711"}, proxy},
		{"hexadecimal", proxy, []string{"0xc6.0x33.0x64.0x07"}, proxy},
		{"short", proxy, []string{"198.51.7"}, proxy},
		{"NUL", proxy, []string{"198.51.100.7\x00"}, proxy},
		{"digits of another script", proxy, []string{"١٩٨.51.100.7"}, proxy},
	} {
		got := proxies(t, doors...).Client(netip.MustParseAddr(c.peer), c.lines)
		if got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: %s %q comes from %s, want %s", c.name, c.peer, c.lines, got, c.want)
		}
		if got := (entry.Proxies{}).Client(netip.MustParseAddr(c.peer), c.lines); got != netip.MustParseAddr(c.peer).Unmap() {
			t.Errorf("%s: with no proxy at all it comes from %s", c.name, got)
		}
	}
}

func TestReadProxies_everybody(t *testing.T) {
	for _, raw := range []string{"0.0.0.0/0", "::/0", "::ffff:0:0/96"} {
		var f field.Form
		entry.ReadProxies(&f, "proxies", []string{raw})
		if f.Err() == nil {
			t.Errorf("%s is trusted", raw)
		}
	}
}

// Whatever a stranger sends, they come from where they are; and whatever stands
// in front of what the proxy added, that is the client.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.9", "203.0.113.9, 10.9.3.4", "[2001:db8::7]:443", "unknown,,", "::ffff:10.0.0.1", "010.0.0.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, claim string) {
		p, client := proxies(t, doors...), netip.MustParseAddr("198.51.100.7")
		if got := p.Client(client, []string{claim}); got != client {
			t.Fatalf("a stranger comes from %s", got)
		}
		proxy := netip.MustParseAddr("10.0.0.1")
		for _, lines := range [][]string{{claim + ", 198.51.100.7"}, {claim, "198.51.100.7"}, {claim + ",198.51.100.7, 10.9.3.4"}} {
			if got := p.Client(proxy, lines); got != client {
				t.Fatalf("%q comes from %s", lines, got)
			}
		}
		if got := p.Client(proxy, []string{claim}); !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%q comes from %s", claim, got)
		}
		// A header splits wherever it has commas, and nowhere else.
		if got, want := p.Client(proxy, strings.Split(claim, ",")), p.Client(proxy, []string{claim}); got != want {
			t.Fatalf("%q: %s in several lines, %s in one", slices.Collect(strings.SplitSeq(claim, ",")), got, want)
		}
	})
}
