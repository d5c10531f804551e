package profile_test

import (
	"strings"
	"testing"

	"gatehouse/internal/gateway/profile"
)

// builtIn is the profile of Realtime Register.
func builtIn(t testing.TB) *profile.Profile {
	t.Helper()
	p, err := profile.RealtimeRegister()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// header of a file, with the entries to follow.
const header = `name: Test
base: /v2/
select: fields
lists: {controls: [limit, offset, order, q, total], equal: ["{field}", "{field}:eq"], among: "{field}:in", below: "{field}:like"}
entries:
`

// request is one as a client sends it: "GET /v2/domains?limit=1", and a body,
// which is JSON unless it says otherwise.
func request(line, body string) profile.Request {
	method, target, _ := strings.Cut(line, " ")
	path, query := profile.Split(target)
	q := profile.Request{Method: method, Path: path, Query: query}
	if body != "" {
		q.Length = int64(len(body))
		q.ContentType = []string{"application/json"}
		q.Body = func(limit int) ([]byte, error) { return []byte(body)[:min(len(body), limit+1)], nil }
	}
	return q
}

// told is a refusal as one line; empty for none.
func told(r *profile.Refusal) string {
	if r == nil {
		return ""
	}
	return string(r.Reason)
}
