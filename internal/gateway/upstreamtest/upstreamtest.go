// Package upstreamtest is a registrar's API for tests: a small Realtime Register
// v2 over loopback, with lists that filter and page, domains that are registered
// and renewed, errors in its shape, and ways to misbehave. It notes every request
// as it came. Only tests use it.
package upstreamtest

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/tlstest"
)

// Credential is what the API takes, as that of its first customer.
const Credential = "q7Zk+T1vX0/9mQ4bN8cL2pRw5sYd6uHf3gJaEoViK1M="

// Seen is a request as it came.
type Seen struct {
	Method  string
	Target  string // of the request line
	Host    string
	Header  http.Header
	Trailer http.Header
	Body    string
}

// Server is the API.
type Server struct {
	*httptest.Server
	Identity tlstest.Identity // of a server with TLS

	misbehave atomic.Pointer[http.HandlerFunc] // answers instead of the API

	mu          sync.Mutex
	seen        []Seen
	domains     map[string]domain
	credentials []string
	cut         chan struct{} // closed when a request is cut off by its client
}

type domain struct {
	DomainName  string   `json:"domainName"`
	Registry    string   `json:"registry"`
	Customer    string   `json:"customer"`
	Registrant  string   `json:"registrant"`
	Status      []string `json:"status"`
	AuthCode    string   `json:"authcode,omitempty"`
	AutoRenew   bool     `json:"autoRenew"`
	ExpiryDate  string   `json:"expiryDate"`
	CreatedDate string   `json:"createdDate"`
}

// New starts the API; with secure, over TLS for 127.0.0.1.
func New(t testing.TB, secure bool) *Server {
	t.Helper()
	s := &Server{domains: map[string]domain{}, credentials: []string{Credential}, cut: make(chan struct{}, 16)}
	for _, name := range []string{"example.be", "example.com", "otter.be", "xn--bcher-kva.de", "heron.com"} {
		s.domains[name] = made(name)
	}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	if secure {
		s.Identity = tlstest.New(t, "127.0.0.1")
		s.TLS = s.Identity.Server()
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func made(name string) domain {
	return domain{
		DomainName: name, Registry: "dnsbe", Customer: "acme", Registrant: "anna", Status: []string{"OK"}, AuthCode: "TRANSFER-ME-" + name,
		ExpiryDate: "2027-04-01T00:00:00Z", CreatedDate: "2020-04-01T00:00:00Z",
	}
}

// Close ends connections that hang, too.
func (s *Server) Close() {
	s.CloseClientConnections()
	s.Server.Close()
}

// Trust adds a customer's credential.
func (s *Server) Trust(credential string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credentials = append(s.credentials, credential)
}

// Seen gives the requests that came, and forgets them.
func (s *Server) Seen() []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.seen
	s.seen = nil
	return all
}

// Cut is told of each request whose client went away while it was answered.
func (s *Server) Cut() <-chan struct{} { return s.cut }

// Has reports whether a domain is registered.
func (s *Server) Has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.domains[name]
	return ok
}

// Instead has a handler answer until the test is over, or Properly is called.
func (s *Server) Instead(h http.HandlerFunc) { s.misbehave.Store(&h) }

// Properly has the API answer again.
func (s *Server) Properly() { s.misbehave.Store(nil) }

// WaitGone answers nothing until the client goes away, and tells Cut.
func (s *Server) WaitGone(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
		s.cut <- struct{}{}
	case <-time.After(20 * time.Second):
	}
}

// Echo repeats the request's headers in the answer's body, as a debugging server
// does.
func Echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	out, err := json.Marshal(map[string]any{"method": r.Method, "target": r.RequestURI, "headers": r.Header})
	if err != nil {
		panic(err)
	}
	w.Write(out) //nolint:errcheck // the client has gone
}

// Drop ends the connection in the middle of an answer.
func Drop(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, `{"domainName":"exa`) //nolint:errcheck // it ends here
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = append(body, "…"...)
	}
	s.mu.Lock()
	s.seen = append(s.seen, Seen{r.Method, r.RequestURI, r.Host, r.Header.Clone(), r.Trailer.Clone(), string(body)})
	known := slices.ContainsFunc(s.credentials, func(c string) bool { return slices.Equal(r.Header["Authorization"], []string{"ApiKey " + c}) })
	s.mu.Unlock()
	if f := s.misbehave.Load(); f != nil {
		(*f)(w, r)
		return
	}
	if !known {
		fail(w, http.StatusUnauthorized, "AuthenticationError", "Authentication failed")
		return
	}
	s.route(w, r, body)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, body []byte) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	switch {
	case r.URL.Path == "/v2/domains" && r.Method == http.MethodGet:
		s.list(w, r)
	case parts[0] == "domains" && len(parts) == 2:
		s.domain(w, r, parts[1], body)
	case parts[0] == "domains" && len(parts) == 3 && parts[2] == "check":
		answer(w, r, http.StatusOK, map[string]any{"available": !s.Has(parts[1])})
	case parts[0] == "domains" && len(parts) == 3 && r.Method == http.MethodPost && slices.Contains([]string{"renew", "update", "push-transfer"}, parts[2]):
		if !s.Has(parts[1]) {
			fail(w, http.StatusBadRequest, "ObjectDoesNotExist", "Domain "+parts[1]+" does not exist")
			return
		}
		w.Header().Set("X-Process-Id", "4711")
		answer(w, r, http.StatusOK, map[string]any{"expiryDate": "2028-04-01T00:00:00Z"})
	case parts[0] == "tlds", parts[0] == "countries", parts[0] == "customers", parts[0] == "dns", parts[0] == "processes", parts[0] == "hosts", parts[0] == "ssl":
		answer(w, r, http.StatusOK, map[string]any{"entities": []any{}, "pagination": map[string]int{"limit": 10, "offset": 0, "total": 0}})
	default:
		fail(w, http.StatusNotFound, "NotFound", "No such resource")
	}
}

func (s *Server) domain(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	s.mu.Lock()
	d, ok := s.domains[name]
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && ok:
		fail(w, http.StatusBadRequest, "ObjectExists", "Domain "+name+" is already registered")
	case r.Method == http.MethodPost:
		var in struct {
			Registrant string
			Period     int
		}
		if err := json.Unmarshal(body, &in); err != nil || in.Registrant == "" {
			violations(w, "registrant", "must not be empty")
			return
		}
		s.mu.Lock()
		s.domains[name] = made(name)
		s.mu.Unlock()
		w.Header().Set("Location", "/v2/domains/"+name)
		answer(w, r, http.StatusCreated, map[string]any{"domainName": name, "expiryDate": "2027-11-23T00:00:00Z"})
	case !ok:
		fail(w, http.StatusBadRequest, "ObjectDoesNotExist", "Domain "+name+" does not exist")
	case r.Method == http.MethodDelete:
		s.mu.Lock()
		delete(s.domains, name)
		s.mu.Unlock()
		w.WriteHeader(http.StatusOK)
	default:
		answer(w, r, http.StatusOK, d)
	}
}

// list filters as the API does: a filter that it does not know is an error.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	limit, offset := 10, 0
	keep := []func(domain) bool{}
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err := errors.Join(err, err2); err != nil {
			violations(w, rawName, "cannot be read")
			return
		}
		var n error
		switch name {
		case "":
		case "limit":
			limit, n = strconv.Atoi(value)
		case "offset":
			offset, n = strconv.Atoi(value)
		case "order", "fields", "total", "q", "export", "status", "autoRenew":
		case "domainName", "domainName:eq":
			keep = append(keep, func(d domain) bool { return d.DomainName == value })
		case "domainName:in":
			keep = append(keep, func(d domain) bool { return slices.Contains(strings.Split(value, ","), d.DomainName) })
		case "domainName:like":
			end := strings.TrimPrefix(value, "%")
			keep = append(keep, func(d domain) bool { return strings.HasSuffix(d.DomainName, end) })
		default:
			n = errors.New("unknown")
		}
		if n != nil {
			violations(w, name, "is not a filter")
			return
		}
	}
	s.mu.Lock()
	found := []domain{}
	for _, d := range s.domains {
		if !slices.ContainsFunc(keep, func(ok func(domain) bool) bool { return !ok(d) }) {
			found = append(found, d)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(found, func(a, b domain) int { return strings.Compare(a.DomainName, b.DomainName) })
	total := len(found)
	found = found[min(offset, total):min(offset+limit, total)]
	answer(w, r, http.StatusOK, map[string]any{"entities": found, "pagination": map[string]int{"limit": limit, "offset": offset, "total": total}})
}

func violations(w http.ResponseWriter, field, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"type":"ConstraintViolationException","message":"Invalid","violations":[{"field":%q,"message":%q,"value":null}]}`, field, message)
}

func fail(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"type": kind, "message": message}) //nolint:errcheck // the client has gone
}

// answer sends JSON, packed when that is asked for.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Set-Cookie", "JSESSIONID=upstream; Path=/")
	h.Set("Server", "stand-in")
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		z := gzip.NewWriter(w)
		z.Write(out) //nolint:errcheck // the client has gone
		z.Close()
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(status)
	w.Write(out) //nolint:errcheck // the client has gone
}
