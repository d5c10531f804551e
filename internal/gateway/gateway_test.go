package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// A key does what it is for and nothing else, and the log says why it did not.
func TestGateway_scoped(t *testing.T) {
	for name, secure := range map[string]bool{"HTTP": false, "HTTPS": true} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, options{secure: secure})
			_, key := s.key(scoped)
			_, elsewhere := s.key(func(k *apikey.Key) { k.Entry.Ranges = entry.RestoreRanges("198.51.100.0/24") })
			_, isproxy := s.key(func(k *apikey.Key) { k.Entry.Points = entry.OnlyPoints(entry.ISProxy) })
			_, unfit := s.key(func(k *apikey.Key) { k.Domains = domain.Patterns{"*.be", "*.com"} })
			_, over := s.key(func(k *apikey.Key) { k.ExpiresAt = s.Clock.Now() })
			for _, c := range []struct{ key, line, body, want, logged string }{
				{key, "GET /v2/domains/example.be", "", "200", ""},
				{key, "GET /v2/domains/example.be/check", "", "200", ""},
				{key, "GET /v2/tlds/be/info", "", "200", ""},
				{key, "GET /v2/domains/example.com", "", "403 AuthorizationError", "refused domain_refused: GET /v2/domains/example.com"},
				{key, "GET /v2/domains", "", "200", ""},
				{key, "GET /v2/domains?domainName:like=%25", "", "403 AuthorizationError", "refused forbidden not_narrowed: GET /v2/domains"},
				{key, "GET /v2/dns/zones", "", "403 AuthorizationError", "refused forbidden: GET /v2/dns/zones"},
				{unfit, "GET /v2/domains", "", "403 AuthorizationError", "refused forbidden not_narrowed: GET /v2/domains"},
				{unfit, "GET /v2/customers/acme/contacts", "", "403 AuthorizationError", "refused forbidden route_refused: GET /v2/customers/acme/contacts"},
				{key, "POST /v2/domains/example.be", `{"registrant":"anna"}`, "403 AuthorizationError", "refused forbidden: POST /v2/domains/example.be"},
				{key, "DELETE /v2/domains/example.be", "", "403 AuthorizationError", "refused forbidden: DELETE /v2/domains/example.be"},
				{elsewhere, "GET /v2/domains/example.be", "", "401 AuthenticationError", "refused address_refused: GET /v2/domains/example.be"},
				{isproxy, "GET /v2/domains/example.be", "", "401 AuthenticationError", "refused point_refused: GET /v2/domains/example.be"},
				{over, "GET /v2/domains/example.be", "", "401 AuthenticationError", "refused key_expired: GET /v2/domains/example.be"},
				{key, "GET /v2/nothing", "", "404 UnknownRouteError", "refused not_found unknown_route: GET /v2/nothing"},
				{key, "PUT /v2/domains/example.be", "{}", "405 UnknownRouteError", "refused invalid_request unknown_method: PUT /v2/domains/example.be"},
				{key, "GET /v2/domains/example.be?x=1", "", "400 ConstraintViolationException", "refused invalid_request bad_query: GET /v2/domains/example.be"},
			} {
				s.api.Seen()
				mark := s.mark()
				got := s.call(c.key, c.line, c.body)
				if got.kind() != c.want {
					t.Errorf("%s: %s %s, want %s", c.line, got.kind(), got.body, c.want)
				}
				logged := strings.Join(s.tale(mark), "; ")
				if logged != c.logged {
					t.Errorf("%s: the log says %q, want %q", c.line, logged, c.logged)
				}
				seen := s.api.Seen()
				if (len(seen) == 1) != (c.want == "200") {
					t.Errorf("%s: the upstream saw %d requests", c.line, len(seen))
				}
				for _, r := range seen {
					if strings.Join(r.Header["Authorization"], "|") != "ApiKey "+s.upstreamKey {
						t.Errorf("%s: the upstream got %q", c.line, r.Header["Authorization"])
					}
				}
			}
			// The record of a refusal names the account's key, and where it was used.
			r := s.last()
			if r.Actor.Kind != "key" || r.Actor.Name != "Billing" || r.Account != s.otter.ID || r.Source.Face != "gateway" || r.Source.Address != "127.0.0.1" || r.Outcome != "refused" {
				t.Errorf("the record is %+v", r)
			}
		})
	}
}

// A list holds what the key may see and no more, and the transfer codes are not in
// it for whoever may not have them.
func TestGateway_narrowed(t *testing.T) {
	s := newStand(t, options{})
	_, bound := s.key(func(k *apikey.Key) {
		k.Domains = domain.Patterns{"*.be"}
		k.Rights = access.RightsOf("VIEW_DOMAIN")
	})
	_, all := s.key(nil)
	names := func(a answer) []string {
		var page struct{ Entities []map[string]any }
		must(t, json.Unmarshal([]byte(a.body), &page))
		found := []string{}
		for _, e := range page.Entities {
			text := e["domainName"].(string)
			if code, ok := e["authcode"]; ok {
				text += " " + code.(string)
			}
			found = append(found, text)
		}
		return found
	}
	if diff := cmp.Diff([]string{"example.be", "otter.be"}, names(s.call(bound, "GET /v2/domains?limit=50", ""))); diff != "" {
		t.Errorf("bound (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"otter.be"}, names(s.call(bound, "GET /v2/domains/?domainName:in=otter.be&limit=50", ""))); diff != "" {
		t.Errorf("asked for one (-want +got):\n%s", diff)
	}
	if got := names(s.call(all, "GET /v2/domains?limit=50", "")); len(got) != 5 || got[0] != "example.be TRANSFER-ME-example.be" {
		t.Errorf("whoever may see all gets %v", got)
	}
	if got := s.call(bound, "GET /v2/domains/example.be", ""); strings.Contains(got.body, "authcode") || !strings.Contains(got.body, `"expiryDate":"2027-04-01T00:00:00Z"`) {
		t.Errorf("one domain is %s", got.body)
	}
}

// What changes or costs something is on record before it is sent on and when it is
// over, with who, what, how, and what came of it.
func TestGateway_recorded(t *testing.T) {
	s := newStand(t, options{})
	keyID, key := s.key(nil)
	mark := s.mark()
	if got := s.call(key, "POST /v2/domains/new.be?quote=false", `{"registrant":"anna","period":12}`); got.status != 201 || got.header.Get("Location") != "/v2/domains/new.be" {
		t.Fatalf("got %+v", got)
	}
	if !s.api.Has("new.be") {
		t.Error("it was not registered")
	}
	s.call(key, "GET /v2/domains/new.be", "")                            // leaves nothing
	s.call(key, "POST /v2/domains/new.be", `{"registrant":"anna"}`)      // refused by the upstream
	s.call(key, "DELETE /v2/domains/other.be", "")                       // likewise
	s.call(key, "POST /v2/ssl/decodecsr", `{"csr":"x"}`)                 // asks only
	s.call(key, "POST /v2/domains/example.be/update", `{"ns":["a.be"]}`) // costs nothing
	want := []string{
		"called: POST /v2/domains/new.be", "answered: POST /v2/domains/new.be", "called: POST /v2/domains/new.be", "answered: POST /v2/domains/new.be",
		"called: DELETE /v2/domains/other.be", "answered: DELETE /v2/domains/other.be", "called: POST /v2/domains/example.be/update", "answered: POST /v2/domains/example.be/update",
	}
	if diff := cmp.Diff(want, s.tale(mark)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	all := s.Records()[mark:]
	begun, ended := all[0], all[1]
	if begun.Object.ID == "" || begun.Object != ended.Object || begun.Actor.ID != string(keyID) || ended.Actor != begun.Actor || begun.Means != "api_key" || begun.Account != s.otter.ID {
		t.Errorf("the records are %+v and %+v", begun, ended)
	}
	if diff := cmp.Diff(map[string]any{"permissions": []any{"CREATE_DOMAIN"}, "domains": []any{"new.be"}, "costs": true, "query": "quote=false", "user": string(s.boss.ID)}, map[string]any(begun.Detail)); diff != "" {
		t.Errorf("the detail (-want +got):\n%s", diff)
	}
	if ended.Detail["status"] != 201.0 || ended.Detail["milliseconds"] == nil || ended.Detail["cause"] != nil {
		t.Errorf("the end says %v", ended.Detail)
	}
	if n := s.Count(`SELECT COUNT(*) FROM gateway_calls`); n != 0 {
		t.Errorf("%d calls are open", n)
	}
	if _, costs := all[7].Detail["costs"]; costs {
		t.Errorf("an update without billables: %v", all[7].Detail)
	}
}

// Nothing is sent on that is not on record; and nothing is refused without one.
func TestGateway_noRecord(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	if got := s.call(key, "GET /v2/domains/example.be", ""); got.status != 200 {
		t.Fatal(got)
	}
	s.api.Seen()
	// Somebody has edited the log: no record can be added.
	s.Exec(`UPDATE log_head SET checkpoint = 'edited'`)
	for line, body := range map[string]string{"POST /v2/domains/new.be": `{"registrant":"anna"}`, "DELETE /v2/domains/example.be": "", "GET /v2/nothing": ""} {
		if got := s.call(key, line, body); got.kind() != "503 ProviderUnavailable" {
			t.Errorf("%s: %s %s", line, got.kind(), got.body)
		}
	}
	if seen := s.api.Seen(); len(seen) != 0 {
		t.Errorf("the upstream saw %v", seen)
	}
	if got := s.call(key, "GET /v2/domains/example.be", ""); got.status != 200 {
		t.Errorf("a read that leaves no record: %v", got)
	}
}

// Rights that change are in force with the next call, in the middle of one, too.
func TestGateway_atOnce(t *testing.T) {
	s := newStand(t, options{})
	keyID, key := s.key(nil)
	s.Join(s.otter, opstest.Member{Login: "second", Role: "Admin"})
	works := func(want string) {
		t.Helper()
		if got := s.call(key, "GET /v2/domains/example.be", ""); got.kind() != want {
			t.Fatalf("%s, want %s", got.kind(), want)
		}
	}
	works("200")
	other := strings.Repeat("Another+credential/of=", 2)
	s.api.Trust(other)
	s.api.Seen()
	s.setCredential(other)
	works("200")
	if got := s.api.Seen()[0].Header.Get("Authorization"); got != "ApiKey "+other {
		t.Errorf("the upstream got %q", got)
	}
	opstest.Must(s.Place, s.boss.Caller(), s.Ops.Upstreams.Remove, ops.None{})
	works("503 ProviderUnavailable")
	s.setCredential(other)
	works("200")
	// From another process: what this one sees within a moment, the record sees at once.
	s.Exec(`UPDATE api_keys SET permissions = 'VIEW_DOMAIN'`)
	if got := s.call(key, "DELETE /v2/domains/example.be", ""); got.kind() != "403 AuthorizationError" || !s.api.Has("example.be") {
		t.Errorf("after another process took the right: %s", got.kind())
	}
	opstest.Must(s.Place, opstest.Console(""), s.Ops.Accounts.Suspend, ops.AccountReason{ID: s.otter.ID, Reason: "Has not paid."})
	works("401 AuthenticationError")
	opstest.Must(s.Place, opstest.Console(""), s.Ops.Accounts.Reopen, ops.AccountID{ID: s.otter.ID})
	works("200")
	opstest.Must(s.Place, opstest.Console("otter"), s.Ops.Keys.Delete, ops.KeyID{ID: keyID})
	works("401 AuthenticationError")
}

// Whatever is wrong with what a caller shows, the answer is the same to the byte.
func TestGateway_callers(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(nil)
	_, over := s.key(func(k *apikey.Key) { k.ExpiresAt = s.Clock.Now() })
	none := s.call("", "GET /v2/domains/example.be", "")
	if none.kind() != "401 AuthenticationError" || none.header.Get("Www-Authenticate") != `ApiKey realm="gatehouse"` {
		t.Errorf("without a key: %+v", none)
	}
	for name, headers := range map[string][]string{
		"expired":     {"Authorization: ApiKey " + over},
		"unknown":     {"Authorization: ApiKey " + apikey.NewToken().Reveal().Reveal()},
		"slip":        {"Authorization: ApiKey " + key[:53] + "!"},
		"two headers": {"Authorization: ApiKey " + key, "Authorization: ApiKey " + key},
		"two in one":  {"Authorization: ApiKey " + key + ", ApiKey " + key},
		"no scheme":   {"Authorization: " + key},
		"other":       {"Authorization: Digest " + key},
		"basic":       {"Authorization: Basic b3R0ZXIvYm9zczpwYXNz"},
		"no basic":    {"Authorization: Basic !"},
		"empty":       {"Authorization: "},
		"proxy's":     {"Proxy-Authorization: ApiKey " + key},
		"cookie":      {"Cookie: __Host-gatehouse=" + key},
		"x-api-key":   {"X-Api-Key: " + key},
		"upstream's":  {"Authorization: ApiKey " + s.upstreamKey},
	} {
		got := s.call("", "GET /v2/domains/example.be", "", headers...)
		if got.status != none.status || got.body != none.body || got.header.Get("Www-Authenticate") != none.header.Get("Www-Authenticate") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, scheme := range []string{"ApiKey", "apikey", "Bearer", "bearer", "ApiKey "} {
		if got := s.call("", "GET /v2/domains/example.be", "", "Authorization: "+scheme+" "+key); got.status != 200 {
			t.Errorf("%s: %s", scheme, got.kind())
		}
	}
	if n := len(s.api.Seen()); n != 5 {
		t.Errorf("the upstream saw %d", n)
	}
	for _, line := range []string{"GET /v2/domains?apikey=" + key, "GET /v2/domains?q=%67" + key[1:], "GET /v2/domains?a=b&x=" + key} {
		if got := s.call(key, line, ""); got.kind() != "400 ConstraintViolationException" || strings.Contains(got.body, key) {
			t.Errorf("%s: %s", line, got.body)
		}
	}
	if strings.Contains(s.log.String(), key) {
		t.Error("the key is in the log of the program")
	}
}

// A user's password comes in where the keeper lets it.
func TestGateway_password(t *testing.T) {
	s := newStand(t, options{})
	_, key := s.key(scoped)
	token, err := apikey.Parse(key)
	must(t, err)
	s.keeper.password = func(login, password string) (access.Actor, error) {
		switch {
		case login == "otter/boss" && password == "right":
			return s.keeper.ring.Find(t.Context(), token)
		case login == "otter/slow":
			p := problem.New(problem.TooManyAttempts, "Too many wrong attempts.")
			p.RetryAfter = 90 * time.Second
			return access.Actor{}, p
		case login == "otter/broken":
			return access.Actor{}, store.ErrClosed
		}
		return access.Actor{}, problem.New(problem.SignInFailed, "No.")
	}
	basic := func(user string) answer {
		return s.call("", "GET /v2/domains/example.be", "", "Authorization: Basic "+user)
	}
	for user, want := range map[string]string{
		"b3R0ZXIvYm9zczpyaWdodA==": "200", "b3R0ZXIvYm9zczp3cm9uZw==": "401 AuthenticationError", "b3R0ZXIvc2xvdzp4": "429 AuthenticationRatelimitedError", "b3R0ZXIvYnJva2VuOng=": "503 ProviderUnavailable",
	} {
		if got := basic(user); got.kind() != want {
			t.Errorf("%s: %s, want %s", user, got.kind(), want)
		}
	}
	if got := basic("b3R0ZXIvc2xvdzp4"); got.header.Get("Retry-After") != "90" {
		t.Errorf("to wait: %q", got.header.Get("Retry-After"))
	}
}
