package securitykey_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/securitykey"
	"gatehouse/internal/securitykey/native"
)

// What the native client signs for has to be what the Desk asks for.
func TestAtDesk(t *testing.T) {
	if s := securitykey.AtDesk(0); s.Origin != native.Origin || s.ID != "wails.localhost" {
		t.Errorf("the Desk is %+v, and the client signs for %s", s, native.Origin)
	}
	if diff := cmp.Diff(securitykey.Site{ID: "wails.localhost", Origin: "http://wails.localhost:40123"}, securitykey.AtDesk(40123)); diff != "" {
		t.Error(diff)
	}
}

// The origin is what browsers write (URL Standard; HTML, "serialization of an
// origin").
func TestAtGate(t *testing.T) {
	for base, want := range map[string]securitykey.Site{
		"https://gate.example":            {ID: "gate.example", Origin: "https://gate.example"},
		"https://gate.example:443":        {ID: "gate.example", Origin: "https://gate.example"},
		"https://gate.example:8443":       {ID: "gate.example", Origin: "https://gate.example:8443"},
		"https://GATE.Example":            {ID: "gate.example", Origin: "https://gate.example"},
		"https://intranet":                {ID: "intranet", Origin: "https://intranet"},
		"https://zugang.müller.example":   {ID: "zugang.xn--mller-kva.example", Origin: "https://zugang.xn--mller-kva.example"},
		"http://localhost":                {ID: "localhost", Origin: "http://localhost"},
		"http://localhost:80":             {ID: "localhost", Origin: "http://localhost"},
		"http://localhost:8480":           {ID: "localhost", Origin: "http://localhost:8480"},
		"http://gate.localhost:8480":      {ID: "gate.localhost", Origin: "http://gate.localhost:8480"},
		"https://localhost:443":           {ID: "localhost", Origin: "https://localhost"},
		"https://1.gate.example":          {ID: "1.gate.example", Origin: "https://1.gate.example"},
		"https://0x7f.gate.example":       {ID: "0x7f.gate.example", Origin: "https://0x7f.gate.example"},
		"http://localhost:443":            {ID: "localhost", Origin: "http://localhost:443"},
		"https://gate.example:80":         {ID: "gate.example", Origin: "https://gate.example:80"},
		"https://xn--mller-kva.example:1": {ID: "xn--mller-kva.example", Origin: "https://xn--mller-kva.example:1"},
	} {
		got, why := securitykey.AtGate(base)
		if diff := cmp.Diff(want, got); diff != "" || why != "" {
			t.Errorf("%s: %s %s", base, why, diff)
		}
	}
	for base, want := range map[string]securitykey.Why{
		"": securitykey.NoAddress, "gate.example": securitykey.NoAddress, "https://": securitykey.NoAddress, "::": securitykey.NoAddress, "https://a_b": securitykey.NoAddress,
		"http://127.0.0.1:8480": securitykey.IPAddress, "https://192.0.2.1": securitykey.IPAddress, "https://[2001:db8::1]:8443": securitykey.IPAddress,
		"https://[::1]": securitykey.IPAddress, "https://2130706433": securitykey.IPAddress, "https://0x7f000001": securitykey.IPAddress, "https://127.1": securitykey.IPAddress,
		"http://gate.example": securitykey.NotSecure, "http://notlocalhost": securitykey.NotSecure, "http://localhost.example": securitykey.NotSecure,
		"wails://wails": securitykey.NotSecure, "ftp://localhost": securitykey.NotSecure,
	} {
		if s, why := securitykey.AtGate(base); why != want || s != (securitykey.Site{}) {
			t.Errorf("%s: %q, want %q", base, why, want)
		}
	}
	for _, why := range securitykey.Whys() {
		if why.String() == "" {
			t.Errorf("%s has no words", why)
		}
	}
}
