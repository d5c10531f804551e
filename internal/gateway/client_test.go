package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/apikey"
	"gatehouse/internal/domain"
)

// sdk puts on the wire what the registrar's own libraries do: with the base
// address changed to that of the gateway, and nothing else.
type sdk struct {
	t       *testing.T
	base    string // "http://…/v2/"
	key     string
	options sdkOptions
}

// sdkOptions are the ways in which these libraries differ.
type sdkOptions struct {
	agent   string
	slash   bool                     // one at the end of each path
	yes, no string                   // booleans in a query
	list    func(name string) string // name of a parameter that has several values
	empty   bool                     // sends Content-Type with a GET, too
}

func (c sdk) do(method, path string, query map[string]any, body any) (int, map[string]any) {
	c.t.Helper()
	values := url.Values{}
	for name, v := range query {
		switch v := v.(type) {
		case bool:
			values.Set(name, map[bool]string{true: c.options.yes, false: c.options.no}[v])
		case []string:
			for _, one := range v {
				values.Add(c.options.list(name), one)
			}
		default:
			values.Set(name, fmt.Sprint(v))
		}
	}
	if c.options.slash {
		path += "/"
	}
	target := c.base + path
	if len(values) > 0 {
		target += "?" + values.Encode()
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		must(c.t, err)
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, target, sent)
	must(c.t, err)
	r.Header.Set("Authorization", "ApiKey "+c.key)
	r.Header.Set("User-Agent", c.options.agent)
	r.Header.Set("Accept", "application/json")
	if body != nil || c.options.empty {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := http.DefaultClient.Do(r) // unpacks what is packed, as they do
	must(c.t, err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	must(c.t, err)
	out := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			c.t.Errorf("%s %s: %q is not JSON", method, path, text)
		}
	}
	return a.StatusCode, out
}

// A day's work of programs that know only the registrar, by each of their
// libraries: nothing but the address and the key is another.
func TestGateway_clients(t *testing.T) {
	for name, o := range map[string]sdkOptions{
		"PHP":        {agent: "realtimeregister-php", yes: "1", no: "0", list: func(name string) string { return name }},
		"TypeScript": {agent: "axios/1.7", yes: "true", no: "false", list: func(name string) string { return name }, empty: true},
		"with slash": {agent: "python-requests/2", slash: true, yes: "true", no: "false", list: func(name string) string { return name }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, options{secure: true})
			_, key := s.key(func(k *apikey.Key) { k.Domains = domain.Patterns{"*.be"} })
			c := sdk{t, s.front.URL + "/v2/", key, o}
			expect := func(what string, got, want int) {
				t.Helper()
				if got != want {
					t.Errorf("%s: %d, want %d", what, got, want)
				}
			}
			status, page := c.do("GET", "domains", map[string]any{"limit": 1, "offset": 1, "order": "-expiryDate", "total": true, "fields": []string{"domainName", "expiryDate"}, "status": []string{"OK"}}, nil)
			expect("list", status, 200)
			if list, ok := page["entities"].([]any); !ok || len(list) != 1 || page["pagination"].(map[string]any)["total"] != 2.0 {
				t.Errorf("the page is %v", page)
			}
			status, one := c.do("GET", "domains/example.be", nil, nil)
			expect("one", status, 200)
			if one["domainName"] != "example.be" {
				t.Errorf("one is %v", one)
			}
			status, free := c.do("GET", "domains/new.be/check", map[string]any{"renewPrice": true}, nil)
			expect("check", status, 200)
			if free["available"] != true {
				t.Errorf("it is %v", free)
			}
			status, _ = c.do("POST", "domains/new.be", map[string]any{"quote": false}, map[string]any{"customer": "acme", "registrant": "anna", "period": 12, "ns": []string{"ns1.example.be"}})
			expect("register", status, 201)
			status, problem := c.do("POST", "domains/second.be", nil, map[string]any{"customer": "acme"})
			expect("register without", status, 400)
			if problem["type"] != "ConstraintViolationException" || len(problem["violations"].([]any)) != 1 {
				t.Errorf("the problem is %v", problem)
			}
			status, problem = c.do("POST", "domains/other.com", nil, map[string]any{"customer": "acme", "registrant": "anna"})
			expect("register another", status, 403)
			if message, ok := problem["message"].(string); !ok || !strings.Contains(message, "other.com") || problem["type"] == "" {
				t.Errorf("the problem is %v", problem)
			}
			status, _ = c.do("POST", "domains/new.be/renew", nil, map[string]any{"period": 12})
			expect("renew", status, 200)
			status, _ = c.do("DELETE", "domains/new.be", nil, nil)
			expect("delete", status, 200)
			if s.api.Has("new.be") {
				t.Error("it is still there")
			}
			status, problem = c.do("GET", "domains/new.be", nil, nil)
			expect("what is gone", status, 400)
			if problem["type"] != "ObjectDoesNotExist" {
				t.Errorf("the problem is %v", problem)
			}
			for _, r := range s.api.Seen() {
				if r.Header.Get("User-Agent") != o.agent || strings.HasSuffix(strings.Split(r.Target, "?")[0], "/") {
					t.Errorf("the upstream saw %+v", r)
				}
			}
		})
	}
}
