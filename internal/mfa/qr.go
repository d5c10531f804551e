package mfa

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"

	"gatehouse/internal/secret"
)

// QR is a QR code as an SVG path.
type QR struct {
	// Size is the width and height in modules, quiet zone of four included.
	Size int `json:"size"`
	// Path is the d attribute of a path that fills the dark modules, one unit a
	// module. It says as much as the content does.
	Path secret.OneTime `json:"path"`
}

// newQR draws content at recovery level M (15 %).
func newQR(content string) (QR, error) {
	code, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return QR{}, fmt.Errorf("draw a QR code: %w", err)
	}
	rows := code.Bitmap()
	return QR{Size: len(rows), Path: secret.NewOneTime(path(rows))}, nil
}

// path draws each horizontal run of dark modules as one rectangle.
func path(rows [][]bool) string {
	var d strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); {
			run := 0
			for x+run < len(row) && row[x+run] {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", x, y, run, run)
			}
			x += run + 1
		}
	}
	return d.String()
}
