package gate

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// health answers those who ask whether the process lives, and whether it can
// serve: they come by whatever name, have no key, and learn nothing else.
func (g *Gate) health(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			say(w, r, http.StatusOK, "ok")
		case "/readyz":
			if why := g.unready(r.Context()); why != "" {
				say(w, r, http.StatusServiceUnavailable, why)
				return
			}
			say(w, r, http.StatusOK, "ok")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func say(w http.ResponseWriter, r *http.Request, status int, text string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		status, text = http.StatusMethodNotAllowed, "This can only be read."
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// unready says why nothing can be served now; empty when it can.
func (g *Gate) unready(ctx context.Context) string {
	if g.draining.Load() {
		return "stopping"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := g.config.Engine.Rights(ctx); err != nil {
		return "the database does not answer"
	}
	return ""
}

// metrics is for Prometheus. It tells how much passes through and nothing of
// whom, and is served at an address of its own: not to the public.
func (g *Gate) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), figures{g})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return g.health(mux)
}

// figures collects what the doors have counted.
type figures struct{ gate *Gate }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gatehouse_"+name, help, labels, nil)
}

var (
	gatewayCalls    = describe("gateway_calls_total", "Calls that came to the API gateway.")
	gatewayOpen     = describe("gateway_calls_open", "Calls under way at the API gateway.")
	gatewayAnswered = describe("gateway_answered_total", "Calls with the upstream's answer, by class of its status.", "status")
	gatewayRefused  = describe("gateway_refused_total", "Calls of which nothing was sent on, by cause.", "cause")
	gatewayFailed   = describe("gateway_failed_total", "Calls without a whole answer, by cause.", "cause")
	gatewayLeaks    = describe("gateway_leaks_total", "Answers out of which the upstream's credential was cut.")
	gatewayLost     = describe("gateway_lost_total", "Calls of dead processes, of which no answer is known.")
	gatewaySeconds  = describe("gateway_call_seconds", "How long calls took at the API gateway.")

	isproxyConnections = describe("isproxy_connections", "Connections open at the ISProxy door.", "login")
	isproxyLogins      = describe("isproxy_logins_total", "LOGIN commands at the ISProxy door.", "outcome")
	isproxyQuestions   = describe("isproxy_questions_total", "Domains asked about at the ISProxy door.")

	certificateExpires = describe("certificate_expires_seconds", "When the certificate in use ends, in seconds since 1970.")
)

// Describe implements prometheus.Collector.
func (f figures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		gatewayCalls, gatewayOpen, gatewayAnswered, gatewayRefused, gatewayFailed, gatewayLeaks, gatewayLost, gatewaySeconds,
		isproxyConnections, isproxyLogins, isproxyQuestions, certificateExpires,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (f figures) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if f.gate.gateway != nil {
		now := f.gate.gateway.Figures()
		count(gatewayCalls, now.Requests)
		gauge(gatewayOpen, float64(now.Open))
		for by, n := range now.Answered {
			count(gatewayAnswered, n, by)
		}
		for by, n := range now.Refused {
			count(gatewayRefused, n, by)
		}
		for by, n := range now.Failed {
			count(gatewayFailed, n, by)
		}
		count(gatewayLeaks, now.Leaks)
		count(gatewayLost, now.Lost)
		buckets, calls := map[float64]uint64{}, int64(0)
		for _, b := range now.Buckets {
			if b.Seconds > 0 {
				buckets[b.Seconds] = uint64(b.Calls)
			} else {
				calls = b.Calls
			}
		}
		to <- prometheus.MustNewConstHistogram(gatewaySeconds, uint64(calls), now.Seconds, buckets)
	}
	if f.gate.isproxy != nil {
		now := f.gate.isproxy.Figures()
		gauge(isproxyConnections, float64(now.Connections-now.Strangers), "done")
		gauge(isproxyConnections, float64(now.Strangers), "open")
		count(isproxyLogins, now.LetIn, "let in")
		count(isproxyLogins, now.Refused, "refused")
		count(isproxyQuestions, now.Questions)
	}
	if c := f.gate.config.Certificate; c != nil {
		gauge(certificateExpires, float64(c.Expires().Unix()))
	}
}
