package entry_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// ranges reads what has to be right.
func ranges(t testing.TB, texts ...string) entry.Ranges {
	t.Helper()
	var f field.Form
	r := entry.ReadRanges(&f, "ipRules", texts)
	if err := f.Err(); err != nil {
		t.Fatalf("%q: %v", texts, problem.Of(err).Violations)
	}
	return r
}

func TestParseRange(t *testing.T) {
	for _, c := range []struct{ raw, want, says string }{
		{"192.0.2.7", "192.0.2.7", ""},
		{" 192.0.2.7 ", "192.0.2.7", ""},
		{"192.0.2.7/32", "192.0.2.7", ""},
		{"192.0.2.0/24", "192.0.2.0/24", ""},
		{"10.0.0.0/8", "10.0.0.0/8", ""},
		{"0.0.0.0/0", "0.0.0.0/0", ""},
		{"2001:DB8::7", "2001:db8::7", ""},
		{"2001:0db8:0:0:0:0:0:7", "2001:db8::7", ""},
		{"2001:db8::/48", "2001:db8::/48", ""},
		{"2001:db8::7/128", "2001:db8::7", ""},
		{"::1", "::1", ""},
		{"::/0", "::/0", ""},
		{"::ffff:192.0.2.7", "192.0.2.7", ""},
		{"::FFFF:c000:207", "192.0.2.7", ""},
		{"::ffff:192.0.2.0/120", "192.0.2.0/24", ""},

		{"192.0.2.7/24", "host_bits", "192.0.2.0/24"},
		{"2001:db8::7/48", "host_bits", "2001:db8::/48"},
		{"::ffff:192.0.2.7/120", "host_bits", "192.0.2.0/24"},
		{"::ffff:192.0.2.0/24", "bad_address", ""}, // of the IPv6 form, that is far more than IPv4
		{"010.0.0.1", "bad_address", "leading zeros"},
		{"10.0.0.08/32", "bad_address", "leading zeros"},
		{"192.0.2.0/024", "bad_address", ""},
		{"192.0.2.0/+24", "bad_address", ""},
		{"192.0.2.0/33", "bad_address", ""},
		{"2001:db8::/129", "bad_address", ""},
		{"192.0.2.0/-1", "bad_address", ""},
		{"192.0.2.0/", "bad_address", ""},
		{"192.0.2.0/24/24", "bad_address", ""},
		{"192.0.2.0/255.255.255.0", "bad_address", ""},
		{"192.0.2.1-192.0.2.9", "bad_address", ""},
		{"192.0.2.*", "bad_address", ""},
		{"192.0.2", "bad_address", ""},
		{"3221225991", "bad_address", ""},
		{"0xc0.0.2.7", "bad_address", ""},
		{"256.0.0.1", "bad_address", ""},
		{"fe80::1%eth0", "bad_address", "zone"},
		{"fe80::%eth0/64", "bad_address", "zone"},
		{"[2001:db8::7]", "bad_address", ""},
		{"192.0.2.7:80", "bad_address", ""},
		{"gate.example", "bad_address", ""},
		{"<b>192.0.2.7</b>", "bad_address", ""},
		{"192.0.2.7\x00", "bad_address", ""},
		{"١٩٢.0.2.7", "bad_address", ""},
		{"", "required", ""},
		{" ", "required", ""},
	} {
		p, wrong := entry.ParseRange(c.raw)
		if wrong != nil {
			if string(wrong.Code) != c.want || !strings.Contains(wrong.Message, c.says) {
				t.Errorf("%q: %s %q, want %s", c.raw, wrong.Code, wrong.Message, c.want)
			}
			continue
		}
		if got := ranges(t, p.String()).Texts(); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%q is %v, want %s", c.raw, got, c.want)
		}
	}
}

func TestRanges_Allows(t *testing.T) {
	list := []string{"192.0.2.0/24", "192.0.2.64/26", "203.0.113.9", "2001:db8:1::/48"}
	for _, c := range []struct{ address, by string }{
		{"192.0.2.0", "192.0.2.0/24"},
		{"192.0.2.255", "192.0.2.0/24"},
		{"192.0.2.65", "192.0.2.64/26"},
		{"::ffff:192.0.2.7", "192.0.2.0/24"},
		{"203.0.113.9", "203.0.113.9"},
		{"2001:db8:1:ffff::1", "2001:db8:1::/48"},
		{"192.0.3.0", ""},
		{"203.0.113.8", ""},
		{"2001:db8:2::", ""},
		{"::192.0.2.7", ""}, // IPv4-compatible is not IPv4-mapped
		{"64:ff9b::192.0.2.7", ""},
		{"2001:db8:1::1%eth0", ""},
		{"", ""}, // where no address is known
	} {
		var a netip.Addr
		if c.address != "" {
			a = netip.MustParseAddr(c.address)
		}
		r := ranges(t, list...)
		by, found := r.By(a)
		if by != c.by || found != (c.by != "") || r.Allows(a) != found {
			t.Errorf("%q is let in by %q (%v, %v), want %q", c.address, by, found, r.Allows(a), c.by)
		}
		if !ranges(t).Allows(a) {
			t.Errorf("%q is refused by an empty list", c.address)
		}
	}
}

// What is stored and cannot be read must not stand open.
func TestRestoreRanges(t *testing.T) {
	anywhere := netip.MustParseAddr("192.0.2.7")
	for _, text := range []string{" ", "nonsense", "192.0.2.0/24 nonsense", "192.0.2.7/24", "\x00", ","} {
		if r := entry.RestoreRanges(text); r.Allows(anywhere) || r.Empty() {
			t.Errorf("%q lets somebody in", text)
		}
	}
	for _, list := range [][]string{{}, {"192.0.2.7"}, {"2001:db8::/32", "10.0.0.0/8", "192.0.2.0/25"}} {
		r := ranges(t, list...)
		if got := entry.RestoreRanges(r.Text()); !got.Equal(r) {
			t.Errorf("%q is restored as %q", r.Text(), got.Text())
		}
	}
}

func TestReadRanges_everyFault(t *testing.T) {
	var f field.Form
	entry.ReadRanges(&f, "ipRules", []string{"10.0.0.0/8", "", "nonsense", "10.0.0.0/8", "192.0.2.7/24", " ::ffff:10.0.0.0/104 "})
	got := []string{}
	for _, v := range problem.Of(f.Err()).Violations {
		got = append(got, v.Field+":"+string(v.Code))
	}
	if diff := cmp.Diff([]string{"ipRules[2]:bad_address", "ipRules[3]:duplicate", "ipRules[4]:host_bits", "ipRules[5]:duplicate"}, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	many := []string{}
	for n := range entry.MaxRanges {
		many = append(many, fmt.Sprintf("10.0.%d.0/24", n))
	}
	if got := ranges(t, many...).Texts(); len(got) != entry.MaxRanges {
		t.Errorf("%d of %d are kept", len(got), entry.MaxRanges)
	}
	var over field.Form
	entry.ReadRanges(&over, "ipRules", slices.Repeat([]string{"nonsense"}, 100_000))
	if v := problem.Of(over.Err()).Violations; len(v) != 1 || v[0].Code != problem.TooMany || v[0].Field != "ipRules" {
		t.Errorf("too many: %v", v)
	}
}

func TestRanges_order(t *testing.T) {
	a, b := ranges(t, "2001:db8::/32", "10.0.0.0/8", "10.0.0.0/16"), ranges(t, "10.0.0.0/16", "2001:db8::/32", "10.0.0.0/8")
	if diff := cmp.Diff([]string{"10.0.0.0/8", "10.0.0.0/16", "2001:db8::/32"}, a.Texts()); diff != "" || !a.Equal(b) {
		t.Errorf("order counts (-want +got):\n%s", diff)
	}
}

func TestPoints(t *testing.T) {
	if got := (entry.Points{}).Text(); got != "WEB API ISPROXY" {
		t.Errorf("a user has %q at first", got)
	}
	for _, c := range []struct {
		raw  []string
		want string
	}{
		{[]string{"WEB"}, "WEB"},
		{[]string{"isproxy", " api ", "API"}, "API ISPROXY"},
		{[]string{"WEB", "API", "ISPROXY"}, "WEB API ISPROXY"},
		{[]string{}, "accessPoints:required"},
		{[]string{"WEB", "FTP", ""}, "accessPoints[1]:unknown accessPoints[2]:unknown"},
	} {
		var f field.Form
		got := entry.ReadPoints(&f, "accessPoints", c.raw).Text()
		if err := f.Err(); err != nil {
			var all []string
			for _, v := range problem.Of(err).Violations {
				all = append(all, v.Field+":"+string(v.Code))
			}
			got = strings.Join(all, " ")
		}
		if got != c.want {
			t.Errorf("%q is %q, want %q", c.raw, got, c.want)
		}
	}
	for _, text := range []string{"", "FTP", "web", "WEBAPI"} {
		if got := entry.RestorePoints(text).List(); len(got) != 0 {
			t.Errorf("%q opens %v", text, got)
		}
	}
}

// Whatever is read has one form, which reads as itself; what an address is in
// does not depend on how either was written.
func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"192.0.2.7", "192.0.2.0/24", "::ffff:192.0.2.0/120", "2001:db8::/32", "010.0.0.1", "fe80::1%eth0", "192.0.2.7/24", "::/0", "1.2.3.4/", "::ffff:0:0/96"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, wrong := entry.ParseRange(raw)
		if wrong != nil {
			return
		}
		if p != p.Masked() || p.Addr().Is4In6() || p.Addr().Zone() != "" {
			t.Fatalf("%q is %s", raw, p)
		}
		r := ranges(t, raw)
		if again := ranges(t, r.Texts()...); !again.Equal(r) || !entry.RestoreRanges(r.Text()).Equal(r) {
			t.Fatalf("%q is %s, and then %s", raw, r.Text(), again.Text())
		}
		if !r.Allows(p.Addr()) || !r.Allows(netip.AddrFrom16(p.Addr().As16())) {
			t.Fatalf("%q does not hold its first address", raw)
		}
		if before := p.Addr().Prev(); before.IsValid() && r.Allows(before) {
			t.Fatalf("%q holds the address before it", raw)
		}
	})
}
