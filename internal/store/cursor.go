package store

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrCursor is returned for a cursor that no page of that order gave.
var ErrCursor = fmt.Errorf("the cursor cannot be read")

// A cursor is opaque to callers: the order of the list, and the keys of the
// last row.
func encodeCursor(order, key, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(order + "\x00" + key + "\x00" + id))
}

func decodeCursor(cursor, order string) (key, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 || parts[0] != order || !utf8.Valid(raw) {
		return "", "", ErrCursor
	}
	return parts[1], parts[2], nil
}
