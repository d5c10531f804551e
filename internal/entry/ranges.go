package entry

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// MaxRanges is how many ranges a user can have.
const MaxRanges = 100

// ParseRange reads an address, or a range in CIDR notation (RFC 4632, RFC
// 4291). IPv6 forms of IPv4 are the IPv4 they stand for. It refuses whatever
// could be read in two ways: leading zeros, which some programs take for octal;
// zones, which mean something else on every machine; and ranges whose address
// is not their first, where it is not clear whether the one or the many are
// meant.
func ParseRange(raw string) (netip.Prefix, *field.Error) {
	s := strings.TrimSpace(raw)
	if s == "" {
		return netip.Prefix{}, field.Missing()
	}
	if strings.Contains(s, "%") {
		return netip.Prefix{}, field.Wrong(problem.BadAddress, "An address here has no zone; please leave out the % and what follows.")
	}
	text, bits, isRange := strings.Cut(s, "/")
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, notAddress(s)
	}
	if !isRange {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	n, err := strconv.Atoi(bits)
	if err != nil || strconv.Itoa(n) != bits || n > a.BitLen() {
		return netip.Prefix{}, notAddress(s)
	}
	if a.Is4In6() {
		if n -= 96; n < 0 {
			return netip.Prefix{}, notAddress(s)
		}
		a = a.Unmap()
	}
	p := netip.PrefixFrom(a, n)
	if !p.IsValid() {
		return netip.Prefix{}, notAddress(s)
	}
	if meant := p.Masked(); meant != p {
		return netip.Prefix{}, field.Wrong(problem.HostBits, "This range begins at "+meant.Addr().String()+": please write "+meant.String()+" for all of it, or "+a.String()+" for this address alone.")
	}
	return p, nil
}

func notAddress(s string) *field.Error {
	head, _, _ := strings.Cut(s, "/")
	if octets := strings.Split(head, "."); len(octets) == 4 && slices.ContainsFunc(octets, func(o string) bool { return len(o) > 1 && o[0] == '0' }) {
		return field.Wrong(problem.BadAddress, "Some programs read numbers with leading zeros as octal; please write the address without them.")
	}
	return field.Wrong(problem.BadAddress, "This is neither an address nor a range; they look like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48.")
}

// ParseAddress reads one address, as ParseRange does.
func ParseAddress(raw string) (netip.Addr, *field.Error) {
	p, wrong := ParseRange(raw)
	if wrong == nil && !p.IsSingleIP() {
		wrong = field.Wrong(problem.BadAddress, "Please give one address, not a range.")
	}
	return p.Addr(), wrong
}

// rangeText is a range in its one form: a single address stands alone.
func rangeText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// Ranges is an allow-list of addresses. The zero Ranges has no entry, and
// allows every address.
type Ranges struct {
	all     []netip.Prefix
	damaged bool // it could not be read, and allows none
}

// ReadRanges reads a list of ranges that somebody typed and notes all that is
// wrong, each under its place in the list: "ipRules[2]". Empty lines count for
// nothing.
func ReadRanges(f *field.Form, name string, raw []string) Ranges {
	blank := func(text string) bool { return strings.TrimSpace(text) == "" }
	if len(slices.DeleteFunc(slices.Clone(raw), blank)) > MaxRanges {
		f.Add(name, field.Wrong(problem.TooMany, "A list has at most 100 addresses and ranges; please put neighbours together as ranges."))
		return Ranges{}
	}
	var all []netip.Prefix
	for i, text := range raw {
		if blank(text) {
			continue
		}
		p, wrong := ParseRange(text)
		if wrong == nil && slices.Contains(all, p) {
			wrong = field.Wrong(problem.Duplicate, rangeText(p)+" is in the list already.")
		}
		if wrong != nil {
			f.Add(indexed(name, i), wrong)
			continue
		}
		all = append(all, p)
	}
	return rangesOf(all)
}

func indexed(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

func rangesOf(all []netip.Prefix) Ranges {
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	return Ranges{all: all}
}

// RestoreRanges reads what Text gave. Whatever else it is given allows no
// address: a list that cannot be read must not stand open.
func RestoreRanges(text string) Ranges {
	if text == "" {
		return Ranges{}
	}
	var all []netip.Prefix
	for word := range strings.FieldsSeq(text) {
		p, wrong := ParseRange(word)
		if wrong != nil {
			return Ranges{damaged: true}
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return Ranges{damaged: true}
	}
	return rangesOf(all)
}

// Empty reports whether there is no range, so that every address is allowed.
func (r Ranges) Empty() bool { return len(r.all) == 0 && !r.damaged }

// Allows reports whether an address may be come from. No address is on no list.
func (r Ranges) Allows(a netip.Addr) bool {
	_, found := r.By(a)
	return found || r.Empty()
}

// By is the narrowest range that an address is in; false when it is in none.
func (r Ranges) By(a netip.Addr) (text string, found bool) {
	a = a.Unmap()
	narrowest := -1
	for _, p := range r.all {
		if p.Contains(a) && p.Bits() > narrowest {
			text, found, narrowest = rangeText(p), true, p.Bits()
		}
	}
	return text, found
}

// Texts of the ranges in order, never nil.
func (r Ranges) Texts() []string {
	texts := []string{}
	for _, p := range r.all {
		texts = append(texts, rangeText(p))
	}
	return texts
}

// Text is the list as it is stored.
func (r Ranges) Text() string { return strings.Join(r.Texts(), " ") }

// Equal reports whether two lists have the same ranges.
func (r Ranges) Equal(s Ranges) bool { return r.damaged == s.damaged && slices.Equal(r.all, s.all) }

// Holds reports whether every address that other allows is allowed by r. Of a
// range that only several of r's together hold it says no.
func (r Ranges) Holds(other Ranges) bool {
	if r.Empty() || other.damaged {
		return true
	}
	if other.Empty() {
		return false
	}
	return !slices.ContainsFunc(other.all, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(r.all, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
	})
}
