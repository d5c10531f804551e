package rest_test

import (
	"testing"
)

// Where a call came from is what the connection says, whatever headers claim:
// no proxy is configured, so none is believed.
func TestLive_forwarded(t *testing.T) {
	g := furnished(t)
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip", "X-Client-Ip", "Cf-Connecting-Ip"} {
		value := map[bool]string{false: "203.0.113.99", true: "for=203.0.113.99"}[name == "Forwarded"]
		g.do(call{method: "POST", path: "/api/v1/session", body: `{"login":"anna","password":"wrong wrong wrong"}`, header: map[string]string{name: value}})
		if r := g.LastRecord(); r.Event != "session.signed_in" || r.Source.Address != "127.0.0.1" {
			t.Errorf("%s: %s came from %q", name, r.Event, r.Source.Address)
		}
		g.Exec(`DELETE FROM throttles`)
	}
}

// Folders are not listed, and nothing lies in them but the page's own files.
func TestLive_folders(t *testing.T) {
	g := furnished(t)
	for _, path := range []string{"/assets", "/assets/", "/.git/config", "/.env", "/assets/../index.html", "/assets/%2e%2e/%2e%2e/etc/passwd", "/debug/pprof/", "/metrics", "/api/"} {
		if a := g.do(call{method: "GET", path: path, outside: true}); a.status == 200 {
			t.Errorf("%s: %d %.80s", path, a.status, a.body)
		}
	}
}
