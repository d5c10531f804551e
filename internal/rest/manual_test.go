package rest_test

import (
	"bytes"
	"net/http"
	"testing"

	"gatehouse/internal/op"
)

// The manual for people names every operation, and needs no script.
func TestManual(t *testing.T) {
	g := furnished(t)
	a := g.do(call{method: "GET", path: "/api/v1/", outside: true})
	for _, o := range g.Ops.Table().All() {
		if i := o.Info(); i.Route != op.NoRoute && !bytes.Contains(a.body, []byte(`id="`+i.Name+`"`)) {
			t.Errorf("the manual does not name %s", i.Name)
		}
	}
	if kind := a.header.Get("Content-Type"); a.status != 200 || kind != "text/html; charset=utf-8" || bytes.Contains(a.body, []byte("<script")) || bytes.Contains(a.body, []byte("style=")) {
		t.Errorf("the manual: %d %s", a.status, kind)
	}
	if a := g.do(call{method: "GET", path: "/api/v1/manual.css", outside: true}); a.status != 200 || a.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the manual's style: %d", a.status)
	}
	if a := g.do(call{method: "POST", path: "/api/v1/", outside: true}); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST to the manual: %d", a.status)
	}
}
