package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/gateway"
)

// benchConnections of clients at a time.
const benchConnections = 32

// BenchmarkGateway measures a GET through the gateway beside one through a bare
// reverse proxy with the same transport, in turn: the bar is 0.85 of it.
func BenchmarkGateway(b *testing.B) {
	s := newStand(b, options{config: func(c *gateway.Config) { c.Limits.PerSecond, c.Limits.Burst = 1e9, 1e9 }})
	_, key := s.key(nil)
	s.api.Instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		say(w, `{"domainName":"example.be","registry":"dnsbe","customer":"acme","registrant":"anna","status":["OK"],"autoRenew":true,"expiryDate":"2027-04-01T00:00:00Z"}`)
	})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // notes nothing
		w.Header().Set("Content-Type", "application/json")
		say(w, `{"domainName":"example.be","registry":"dnsbe","customer":"acme","registrant":"anna","status":["OK"],"autoRenew":true,"expiryDate":"2027-04-01T00:00:00Z"}`)
	}))
	defer api.Close()
	s.open(options{
		target: func(t *gateway.Target) { t.URL = api.URL },
		config: func(c *gateway.Config) { c.Limits.PerSecond, c.Limits.Burst = 1e9, 1e9 },
	})
	go s.DB.WatchRights(b.Context())
	to, err := url.Parse(api.URL)
	must(b, err)
	transport := &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 64, DisableCompression: true, WriteBufferSize: 16 << 10, ReadBufferSize: 16 << 10}
	bare := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) }})
	defer bare.Close()
	request := fmt.Sprintf("GET /v2/domains/example.be HTTP/1.1\r\nHost: gate.example\r\nAuthorization: ApiKey %s\r\nUser-Agent: bench\r\nAccept: application/json\r\n\r\n", key)
	var ratios, ours, theirs []float64
	for b.Loop() {
		t := pump(b, bare.Listener.Addr().String(), request)
		o := pump(b, s.front.Listener.Addr().String(), request)
		ratios, ours, theirs = append(ratios, o/t), append(ours, o), append(theirs, t)
	}
	slices.Sort(ratios)
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(ours[len(ours)/2], "calls/s")
	b.ReportMetric(theirs[len(theirs)/2], "bare/s")
	b.ReportMetric(0, "ns/op")
}

// pump sends a request over kept connections for a second, and gives how many
// answers came in one.
func pump(b *testing.B, address, request string) float64 {
	until := time.Now().Add(time.Second)
	began := time.Now()
	counts := make([]int, benchConnections)
	var all sync.WaitGroup
	for i := range counts {
		all.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			in := bufio.NewReader(c)
			for ; time.Now().Before(until); counts[i]++ {
				if _, err := io.WriteString(c, request); err != nil {
					b.Error(err)
					return
				}
				r, err := http.ReadResponse(in, nil)
				if err != nil || r.StatusCode != http.StatusOK {
					b.Errorf("got %v, %v", r, err)
					return
				}
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(began).Seconds()
}
