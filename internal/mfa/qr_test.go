package mfa_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/skip2/go-qrcode"

	"gatehouse/internal/mfa"
)

// TestQR_Path fills the path into a bitmap and compares it with the code that
// it stands for.
func TestQR_Path(t *testing.T) {
	for _, account := range []string{"a", "anna@acme", strings.Repeat("long name ", 30)} {
		app, err := mfa.Provision("Gatehouse", account, rfcApp(t))
		if err != nil {
			t.Fatal(err)
		}
		code, err := qrcode.New(app.URI.Reveal(), qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		drawn := fill(t, app.QR.Size, app.QR.Path.Reveal())
		if diff := cmp.Diff(code.Bitmap(), drawn); diff != "" {
			t.Errorf("the path of %q draws something else: %s", account, diff)
		}
		for y, row := range drawn {
			for x, dark := range row {
				quiet := min(x, y, app.QR.Size-1-x, app.QR.Size-1-y) < 4
				if dark && quiet {
					t.Fatalf("dark module at %d, %d in the quiet zone", x, y)
				}
			}
		}
	}
}

// fill draws a path. It refuses runs that touch: they should have been one.
func fill(t *testing.T, size int, path string) [][]bool {
	t.Helper()
	rows := make([][]bool, size)
	for y := range rows {
		rows[y] = make([]bool, size)
	}
	for rectangle := range strings.SplitSeq(strings.TrimSuffix(path, "z"), "z") {
		var x, y, run, back int
		if _, err := fmt.Sscanf(rectangle, "M%d %dh%dv1h-%d", &x, &y, &run, &back); err != nil || run != back {
			t.Fatalf("rectangle %q: %v", rectangle, err)
		}
		if x > 0 && rows[y][x-1] {
			t.Fatalf("the run at %d, %d begins where another ends", x, y)
		}
		for place := x; place < x+run; place++ {
			rows[y][place] = true
		}
	}
	return rows
}
