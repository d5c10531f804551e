package site

import (
	"net/http"
	"net/netip"

	"gatehouse/internal/entry"
)

// Behind has requests that come through trusted proxies carry the address of
// the client in RemoteAddr, where everything after it looks: rules about
// addresses, throttles and the log see one address and cannot disagree.
func Behind(proxies entry.Proxies, next http.Handler) http.Handler {
	if proxies.None() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			client := proxies.Client(peer.Addr(), r.Header.Values("X-Forwarded-For"))
			if client != peer.Addr().Unmap() {
				seen := *r
				seen.RemoteAddr = netip.AddrPortFrom(client, 0).String()
				r = &seen
			}
		}
		next.ServeHTTP(w, r)
	})
}
