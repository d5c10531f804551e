package app

import (
	"strings"
	"testing"

	"gatehouse/internal/ops"
)

// Without an engine every call panics; the page must hear of it all the same.
func TestCall_panic(t *testing.T) {
	o := ops.New(ops.Dependencies{})
	h := &holder{ops: o}
	_, err := (&Installation{h}).Show(ops.None{})
	if err == nil || !strings.Contains(err.Error(), "installation.show: panic") {
		t.Errorf("Show = %v, want an error that names the operation", err)
	}
}
