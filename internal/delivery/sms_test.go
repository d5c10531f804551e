package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/delivery"
	"gatehouse/internal/field"
	"gatehouse/internal/secret"
)

func sms() delivery.Message {
	return delivery.Message{Channel: delivery.SMS, ID: "msg_1", To: "+32470123456", Text: "“Otter” & Co: {secret} \"login\" ist\nanna\\%+=", Hidden: []secret.Text{secret.New("anna")}}
}

type call struct {
	method, path, query, kind, key, body string
}

// endpoint is a gateway that notes what it is sent.
func endpoint(t *testing.T, answer func(http.ResponseWriter, *http.Request)) (*httptest.Server, *[]call) {
	t.Helper()
	var calls []call
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls = append(calls, call{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Authorization") + r.Header.Get("X-Api-Key"), string(body)})
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s, &calls
}

// Whatever a text holds, it is a text where it arrives: in JSON, in a form, in
// an address.
func TestSendSMS(t *testing.T) {
	for _, e := range delivery.GatewayExamples() {
		t.Run(e.Name, func(t *testing.T) {
			server, calls := endpoint(t, nil)
			g := e.Gateway
			g.URL, g.Secret = server.URL+"/send", secret.New("canary-key")
			var form field.Form
			g = delivery.ParseGateway(&form, g)
			if err := form.Err(); err != nil {
				t.Fatalf("the example is refused: %v", err)
			}
			g.Secret = secret.New("canary-key")
			if err := delivery.SendSMS(t.Context(), g, sms()); err != nil {
				t.Fatal(err)
			}
			got := (*calls)[0]
			var to, text string
			if e.BodyType == delivery.JSONBody {
				var body map[string]string
				if err := json.Unmarshal([]byte(got.body), &body); err != nil {
					t.Fatalf("%s: %v", got.body, err)
				}
				to, text = body["to"], body["text"]
			} else {
				body, err := url.ParseQuery(got.body)
				if err != nil {
					t.Fatal(err)
				}
				to, text = body.Get("to"), body.Get("message")
			}
			if diff := cmp.Diff([]string{sms().To, sms().Text}, []string{to, text}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.HasSuffix(got.key, "canary-key") {
				t.Errorf("the key is %q", got.key)
			}
		})
	}
	t.Run("address", func(t *testing.T) {
		server, calls := endpoint(t, nil)
		g := delivery.Gateway{URL: server.URL + "/to/{to}?text={text}&key={secret}", Method: "GET", BodyType: delivery.NoBody, Secret: secret.New("a&b")}
		if err := delivery.SendSMS(t.Context(), g, sms()); err != nil {
			t.Fatal(err)
		}
		got := (*calls)[0]
		query, err := url.ParseQuery(got.query)
		if err != nil || query.Get("text") != sms().Text || query.Get("key") != "a&b" || got.path != "/to/+32470123456" || len(query) != 2 {
			t.Errorf("got %+v (%v)", got, err)
		}
	})
}

func TestSendSMS_refused(t *testing.T) {
	elsewhere, reached := endpoint(t, nil)
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		expect int
		want   string
	}{
		"other status than expected": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, 202, "refused for good"},
		"as expected":                {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }, 202, "taken"},
		"bad request": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no: anna canary-key", http.StatusBadRequest)
		}, 0, "refused for good"},
		"key refused":       {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who?", http.StatusUnauthorized) }, 0, "login_refused"},
		"too many":          {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "slow down", http.StatusTooManyRequests) }, 0, "busy"},
		"a fault of theirs": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusServiceUnavailable) }, 0, "busy"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, 0, "refused"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, strings.Repeat("x", 1<<22), 400) }, 0, "refused for good"},
		"gone":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "broken_off"},
		"slow":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "timed_out"},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := endpoint(t, c.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			g := delivery.Gateway{
				URL: server.URL, Method: "POST", BodyType: delivery.FormBody, Body: "to={to}&text={text}", Headers: []string{"X-Api-Key: {secret}"},
				Expect: c.expect, Secret: secret.New("canary-key"),
			}
			err := delivery.SendSMS(ctx, g, sms())
			if got := outcome(err); got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "anna") || len([]rune(err.Error())) > 400) {
				t.Errorf("it says %q", err)
			}
		})
	}
	if len(*reached) != 0 {
		t.Errorf("the other server was sent %v", *reached)
	}
}

// A gateway that would send a secret in clear, to a name that a message
// chooses, or as something that it does not escape, is refused, all faults at
// once.
func TestParseGateway(t *testing.T) {
	good := delivery.GatewayExamples()[0].Gateway
	for name, c := range map[string]struct {
		with func(*delivery.Gateway)
		want string
	}{
		"no TLS":                    {func(g *delivery.Gateway) { g.URL = "http://sms.example.com/" }, "url:bad_format"},
		"a password in the address": {func(g *delivery.Gateway) { g.URL = "https://a:b@sms.example.com/" }, "url:bad_format"},
		"a file":                    {func(g *delivery.Gateway) { g.URL = "file:///etc/passwd" }, "url:bad_format"},
		"a name that is filled in":  {func(g *delivery.Gateway) { g.URL = "https://{to}.example.com/" }, "url:bad_format"},
		"unknown placeholder":       {func(g *delivery.Gateway) { g.Body = `{"to":"{to}","text":"{text}","x":"{password}"}` }, "body:placeholder_unknown"},
		"no text":                   {func(g *delivery.Gateway) { g.Body = `{"to":"{to}"}` }, "body:placeholder_missing"},
		"not JSON":                  {func(g *delivery.Gateway) { g.Body = `{"to":{to},"text":"{text}"}` }, "body:bad_format"},
		"a header with a break":     {func(g *delivery.Gateway) { g.Headers = []string{"X-A: b\r\nX-C: d"} }, "headers:bad_text"},
		"a header without a name":   {func(g *delivery.Gateway) { g.Headers = []string{": x"} }, "headers:bad_format"},
		"the host":                  {func(g *delivery.Gateway) { g.Headers = []string{"Host: elsewhere.example"} }, "headers:not_allowed"},
		"a method":                  {func(g *delivery.Gateway) { g.Method = "TRACE" }, "method:unknown"},
		"a status":                  {func(g *delivery.Gateway) { g.Expect = 302 }, "expect:not_allowed"},
		"everything":                {func(g *delivery.Gateway) { *g = delivery.Gateway{Headers: []string{"x"}} }, "url:required method:unknown bodyType:unknown headers:bad_format body:placeholder_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			g := good
			c.with(&g)
			var form field.Form
			delivery.ParseGateway(&form, g)
			if got := violations(form.Err()); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// What a gateway repeats of the call does not show the secret, however requests
// write it.
func TestSendSMS_echo(t *testing.T) {
	const canary = `S3cr3t/of+"the"&gateway <key>`
	server, _ := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+" "+r.URL.RawQuery+" "+string(body))
	})
	for name, g := range map[string]delivery.Gateway{
		"query":  {URL: server.URL + "/?k={secret}&to={to}&text={text}", Method: http.MethodGet, BodyType: delivery.NoBody},
		"path":   {URL: server.URL + "/?{to}{text}", Method: http.MethodPost, BodyType: delivery.FormBody, Body: "k={secret}"},
		"header": {URL: server.URL + "/?{to}{text}", Method: http.MethodPost, BodyType: delivery.NoBody, Headers: []string{"Authorization: Bearer {secret}"}},
	} {
		g.Secret = secret.New(canary)
		err := delivery.SendSMS(t.Context(), g, sms())
		var f *delivery.Failure
		if !errors.As(err, &f) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, part := range []string{"S3cr3t", "gateway"} {
			if strings.Contains(f.Said, part) {
				t.Errorf("%s: it says %q", name, f.Said)
			}
		}
	}
}

// Link-local addresses are where clouds hand out the machine's own credentials.
func TestSendSMS_linkLocal(t *testing.T) {
	g := delivery.Gateway{URL: "https://169.254.169.254/latest/{to}{text}", Method: http.MethodGet, BodyType: delivery.NoBody}
	err := delivery.SendSMS(t.Context(), g, sms())
	var f *delivery.Failure
	if !errors.As(err, &f) || f.Cause != delivery.Refused || !strings.Contains(f.Said, "link-local") {
		t.Errorf("got %v", err)
	}
}
