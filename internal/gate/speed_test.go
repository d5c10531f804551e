package gate_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/apikey"
	"gatehouse/internal/gate"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
)

// BenchmarkREST is what a call costs without the network: answered from memory,
// from the database, and refused in both ways.
func BenchmarkREST(b *testing.B) {
	w := opstest.New(b, opstest.Options{})
	w.Found("harbour", account.MFARecommended)
	otter := w.Found("otter", account.MFARecommended)
	kay := w.Join(otter, opstest.Member{Login: "kay", Role: "Admin"})
	made := opstest.Must(w, kay.Caller(), w.Ops.Keys.Create, ops.CreateKeyInput{Description: "Shop", Channels: []string{"API"}, Permissions: []access.Permission{access.ViewUser}})
	key, stranger := made.Secret.Reveal(), apikey.NewToken().Reveal()
	listeners, err := gate.Listen("127.0.0.1:0", "", "")
	if err != nil {
		b.Fatal(err)
	}
	defer listeners.Close()
	g, err := gate.New(gate.Config{Listeners: listeners, Engine: w.Engine, Ops: w.Ops, Log: slog.New(slog.DiscardHandler), App: fstest.MapFS{"index.html": {Data: []byte("app")}}})
	if err != nil {
		b.Fatal(err)
	}
	go w.DB.WatchRights(b.Context())
	for name, c := range map[string]struct {
		path, key string
		status    int
	}{
		"memory":   {"/api/v1/profile", key, 200},
		"database": {"/api/v1/users?limit=1&total=false", key, 200},
		"slip":     {"/api/v1/profile", key[:20] + "!" + key[21:], 401},
		"stranger": {"/api/v1/profile", stranger.Reveal(), 401},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, c.path, nil)
				r.Host = listeners.HTTP.Addr().String()
				r.Header.Set("Authorization", "ApiKey "+c.key)
				answer := httptest.NewRecorder()
				g.Handler().ServeHTTP(answer, r)
				if answer.Code != c.status {
					b.Fatalf("%d %s", answer.Code, answer.Body)
				}
			}
		})
	}
}
