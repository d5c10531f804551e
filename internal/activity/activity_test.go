package activity_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/activity"
	"gatehouse/internal/problem"
)

// The bytes of a record are hashed into the log: they may never change.
func TestRecord_Leaf(t *testing.T) {
	at := time.Date(2026, 3, 2, 13, 0, 0, 123_456_789, time.FixedZone("", 3600))
	for _, c := range []struct {
		name string
		r    activity.Record
		want string
	}{
		{
			"the least",
			activity.Record{At: at, Event: "user.added", Outcome: activity.Done, Actor: activity.Actor{Kind: "console"}, Source: activity.Source{Face: "cli"}},
			`{"v":1,"at":"2026-03-02T12:00:00.123Z","event":"user.added","outcome":"done","actor":{"kind":"console"},"object":{},"source":{"face":"cli"}}`,
		},
		{
			"everything",
			activity.Record{
				Seq: 7, At: at, Event: "user.added", Outcome: activity.Refused, Account: "acc_1",
				Actor: activity.Actor{Kind: "user", ID: "usr_1", Name: "Zoë <b>"}, Means: "password", Object: activity.Object{Kind: "user", ID: "usr_2", Name: "Bo"},
				Source: activity.Source{Face: "rest", Address: "192.0.2.1", Program: "curl"}, Reason: problem.Forbidden, Detail: activity.Detail{"b": 1, "a": "x"},
			},
			`{"v":1,"at":"2026-03-02T12:00:00.123Z","event":"user.added","outcome":"refused","account":"acc_1","actor":{"kind":"user","id":"usr_1","name":"Zoë \u003cb\u003e"},` +
				`"means":"password","object":{"kind":"user","id":"usr_2","name":"Bo"},"source":{"face":"rest","address":"192.0.2.1","program":"curl"},"reason":"forbidden","detail":{"a":"x","b":1}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			leaf, err := c.r.Leaf()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(leaf)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			back, err := activity.Parse(c.r.Seq, leaf)
			if err != nil {
				t.Fatal(err)
			}
			want := c.r
			want.Version, want.At = 1, at.UTC().Truncate(time.Millisecond)
			if want.Detail == nil {
				want.Detail = activity.Detail{}
			} else {
				want.Detail = activity.Detail{"b": 1.0, "a": "x"}
			}
			if diff := cmp.Diff(want, back); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
	for name, d := range map[string]any{"function": func() {}, "infinity": math.Inf(1)} {
		if _, err := (activity.Record{Detail: activity.Detail{"x": d}}).Leaf(); err == nil {
			t.Errorf("%s became a leaf", name)
		}
	}
}

func TestParse_refused(t *testing.T) {
	for _, leaf := range []string{"", "null", "[]", "{", `{"v":2}`, `{}`, `{"v":"1"}`, `{"v":1,"at":"noon"}`, `{"v":1} {}`, "\x00"} {
		if r, err := activity.Parse(0, []byte(leaf)); err == nil {
			t.Errorf("%q reads as %+v", leaf, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"v":1,"at":"2026-03-02T12:00:00.123Z","event":"user.added","outcome":"done","actor":{"kind":"console"},"object":{},"source":{"face":"cli"},"detail":{"a":[1,null,{"b":"\u2028"}]}}`))
	f.Add([]byte(`{"v":1,"at":"9999-12-31T23:59:59.999Z"}`))
	f.Add([]byte(`{"v":1,"detail":{"\ud800":1e308}}`))
	f.Fuzz(func(t *testing.T, leaf []byte) {
		r, err := activity.Parse(3, leaf)
		if err != nil {
			return
		}
		once, err := r.Leaf()
		if err != nil {
			return // a year that has five digits
		}
		again, err := activity.Parse(3, once)
		if err != nil {
			t.Fatalf("%q: what was read and written cannot be read: %v", leaf, err)
		}
		if twice, err := again.Leaf(); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%q: written as %s, then as %s (%v)", leaf, once, twice, err)
		}
	})
}
