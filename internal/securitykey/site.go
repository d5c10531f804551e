package securitykey

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// product is what keys and browsers call the one that asks.
const product = "Gatehouse"

// Site is where keys are used: the RP ID, which a key is bound to for good, and
// the one origin that answers may come from. The zero Site is nowhere.
type Site struct {
	ID     string `json:"id"`
	Origin string `json:"origin"`
}

// desk is the RP ID of every Desk, so that a key registered in a webview works
// with the native client and the hand-off page as well.
const desk = "wails.localhost"

// AtDesk is the window. With a port, it is the hand-off page that the Desk
// serves there to a browser, for one ceremony.
func AtDesk(port int) Site {
	s := Site{ID: desk, Origin: "http://" + desk}
	if port != 0 {
		s.Origin += ":" + strconv.Itoa(port)
	}
	return s
}

// Why security keys do not work at a place; empty where they do.
type Why string

// The reasons.
const (
	NoAddress Why = "no_address" // nobody said under which address browsers find the Gate
	IPAddress Why = "ip_address"
	NotSecure Why = "not_secure" // plain HTTP
	NotHere   Why = "not_here"   // the command line, a door for programs
)

// Whys lists them all.
func Whys() []Why { return []Why{NoAddress, IPAddress, NotSecure, NotHere} }

// String is the reason in a sentence that says what to do.
func (w Why) String() string {
	switch w {
	case NoAddress:
		return "Security keys are bound to the name of a site, and this Gate was not told its own. Please set its public address."
	case IPAddress:
		return "Security keys are bound to the name of a site, and do not work where it is opened by an IP address. Please give the Gate a host name as its public address."
	case NotSecure:
		return "Browsers use security keys over HTTPS only, but for localhost. Please give the Gate a certificate and an https address."
	case NotHere:
		return "Security keys work in the window and in browsers. Please sign in there."
	}
	return ""
}

// AtGate is what browsers find under a public URL, which operations parsed.
func AtGate(public string) (Site, Why) {
	u, err := url.Parse(public)
	if err != nil || u.Hostname() == "" {
		return Site{}, NoAddress
	}
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err == nil || numeric(host) {
		return Site{}, IPAddress
	}
	host, err = idna.Lookup.ToASCII(host)
	if err != nil {
		return Site{}, NoAddress
	}
	usual := "443"
	switch {
	case u.Scheme == "http" && (host == "localhost" || strings.HasSuffix(host, ".localhost")):
		usual = "80"
	case u.Scheme != "https":
		return Site{}, NotSecure
	}
	s := Site{ID: host, Origin: u.Scheme + "://" + host}
	if port := u.Port(); port != "" && port != usual {
		s.Origin = u.Scheme + "://" + net.JoinHostPort(host, port)
	}
	return s, ""
}

// numeric reports whether browsers take the host for an IPv4 address: its last
// part is a number (URL Standard, "ends in a number").
func numeric(host string) bool {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := parts[len(parts)-1]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil {
		return true
	}
	return strings.Trim(last, "0123456789") == ""
}
