package native

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// clientData is what is signed, byte for byte as browsers write it: relying
// parties may compare instead of parsing (WebAuthn Level 3, sections 5.8.1.1
// and 5.8.1.2). The page of the Desk is nobody's frame, so crossOrigin is false.
func clientData(kind string, challenge []byte, origin string) []byte {
	return []byte(`{"type":` + ccdString(kind) +
		`,"challenge":` + ccdString(base64.RawURLEncoding.EncodeToString(challenge)) +
		`,"origin":` + ccdString(origin) +
		`,"crossOrigin":false}`)
}

// ccdString is CCDToString of section 5.8.1.1, which escapes less than
// encoding/json.
func ccdString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= 0x20:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func hash(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}
