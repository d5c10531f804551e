package listing

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrCursor is returned for a cursor that no page of that list gave in that
// order.
var ErrCursor = errors.New("the cursor cannot be read")

// Cursor is where a page ended: the key that the list is sorted by, a string or
// an int64, and the id of the row. It is opaque to callers.
type Cursor struct {
	Key any
	ID  string
}

// Encode it for a list and its order.
func (c Cursor) Encode(list, order string) string {
	key, kind := "", "t"
	switch k := c.Key.(type) {
	case string:
		key = k
	case int64:
		key, kind = strconv.FormatInt(k, 10), "n"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{list + " " + order, kind + key, c.ID}, "\x00")))
}

// DecodeCursor reads a cursor of that list and order.
func DecodeCursor(text, list, order string) (Cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 || parts[0] != list+" "+order || parts[1] == "" || !utf8.Valid(raw) {
		return Cursor{}, ErrCursor
	}
	c := Cursor{Key: parts[1][1:], ID: parts[2]}
	switch parts[1][0] {
	case 't':
		return c, nil
	case 'n':
		if c.Key, err = strconv.ParseInt(parts[1][1:], 10, 64); err == nil {
			return c, nil
		}
	}
	return Cursor{}, ErrCursor
}

// Descends reports whether an order goes the other way round: it has a minus in
// front.
func Descends(order string) bool { return strings.HasPrefix(order, "-") }

// OrderOf is what an order sorts by, without the minus.
func OrderOf(order string) string { return strings.TrimPrefix(order, "-") }

// BothWays gives every one of names, and with a minus in front.
func BothWays[T ~string](names ...T) []T {
	var all []T
	for _, n := range names {
		all = append(all, n, "-"+n)
	}
	return all
}
