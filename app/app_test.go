package app

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"
)

func TestInstanceOf(t *testing.T) {
	one, other := InstanceOf("sqlite:/home/a/gatehouse.db"), InstanceOf("sqlite:/home/b/gatehouse.db")
	if one == other || one != InstanceOf("sqlite:/home/a/gatehouse.db") {
		t.Errorf("InstanceOf does not tell databases apart: %q, %q", one, other)
	}
	// What a name on the session bus may hold.
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(one) {
		t.Errorf("InstanceOf = %q", one)
	}
}

func TestProblemText(t *testing.T) {
	secret := errors.New("open /home/anna/gatehouse.db: disk I/O error")
	tests := []struct {
		name    string
		problem func(error) any
		code    string
	}{
		{name: "none given", code: "internal"},
		{name: "given", problem: func(error) any { return map[string]string{"code": "forbidden"} }, code: "forbidden"},
		{name: "cannot be written", problem: func(error) any { return func() {} }, code: "internal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got struct{ Code, Detail string }
			if err := json.Unmarshal([]byte(problemText(tt.problem, secret)), &got); err != nil || got.Code != tt.code {
				t.Errorf("problem = %+v, %v; want code %s", got, err, tt.code)
			}
		})
	}
}
