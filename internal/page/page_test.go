package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/page"
)

func TestSecure(t *testing.T) {
	for place, connect := range map[page.Place]bool{page.Window: false, page.Browser: true} {
		answer := httptest.NewRecorder()
		page.Secure(place)(page.Missing()).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/<b>", nil))

		policy := answer.Header().Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "form-action 'none'",
			"frame-ancestors 'none'", "require-trusted-types-for 'script'",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("policy %q lacks %q", policy, want)
			}
		}
		for _, never := range []string{"unsafe", "*", "data:", "blob:", "http"} {
			if strings.Contains(policy, never) {
				t.Errorf("policy %q holds %q", policy, never)
			}
		}
		if strings.Contains(policy, "connect-src 'self'") != connect {
			t.Errorf("policy of place %d: %q", place, policy)
		}
		if answer.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Error("no nosniff")
		}
		if answer.Code != http.StatusNotFound || strings.Contains(answer.Body.String(), "<b>") {
			t.Errorf("missing = %d %q", answer.Code, answer.Body)
		}
	}
}
