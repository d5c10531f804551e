package site_test

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/site"
)

// The names are those that browsers send: without the port that belongs to the
// scheme.
func TestHosts(t *testing.T) {
	for name, c := range map[string]struct {
		listen, public string
		want           []string
	}{
		"loopback":              {"127.0.0.1:8480", "", []string{"127.0.0.1:8480", "[::1]:8480", "localhost:8480"}},
		"all addresses":         {"[::]:8480", "gate.example", []string{"127.0.0.1:8480", "[::1]:8480", "[::]:8480", "gate.example", "localhost:8480"}},
		"one address":           {"192.0.2.1:8480", "gate.example:8480", []string{"192.0.2.1:8480", "gate.example:8480"}},
		"port of http":          {"127.0.0.1:80", "", []string{"127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80", "localhost", "localhost:80"}},
		"port of https":         {"192.0.2.1:443", "gate.example:443", []string{"192.0.2.1", "192.0.2.1:443", "gate.example", "gate.example:443"}},
		"port that looks alike": {"192.0.2.1:8080", "", []string{"192.0.2.1:8080"}},
	} {
		got := site.Hosts(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.listen)), c.public)
		slices.Sort(got)
		if diff := cmp.Diff(c.want, slices.Compact(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
