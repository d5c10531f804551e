package listing

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Holds reports whether the condition holds of a value: a string (folded as
// the condition is), int, int64, time or bool, or nil where there is none.
func (c Condition) Holds(v any) bool {
	switch n := v.(type) {
	case int:
		v = int64(n)
	case time.Time:
		v = n.UnixMilli()
	case *time.Time:
		if v = nil; n != nil {
			v = n.UnixMilli()
		}
	}
	switch c.Operator {
	case Null:
		return v == nil
	case NotNull:
		return v != nil
	case In:
		return slices.Contains(c.Values, v)
	case NotIn:
		return !slices.Contains(c.Values, v)
	case Like:
		return c.fits(v)
	case NotLike:
		return !c.fits(v)
	case Gt:
		return v != nil && Compare(v, c.Values[0]) > 0
	case Gte:
		return v != nil && Compare(v, c.Values[0]) >= 0
	case Lt:
		return v != nil && Compare(v, c.Values[0]) < 0
	case Lte:
		return v != nil && Compare(v, c.Values[0]) <= 0
	case Eq, Ne: // are In and NotIn
	}
	return false
}

func (c Condition) fits(v any) bool {
	s, ok := v.(string)
	return ok && matches(c.Values[0].(string), s)
}

// matches reports whether a text has the parts of a pattern, in their order.
func matches(pattern, s string) bool {
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return s == pattern
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}

// Compare two values of the same type: strings, int64 or bools.
func Compare(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return cmp.Compare(a, b)
	case int64:
		b, _ := b.(int64)
		return cmp.Compare(a, b)
	case bool:
		b, _ := b.(bool)
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	}
	return 0
}

// Take removes the conditions on a field from all, and gives them.
func Take(all []Condition, name string) (taken, left []Condition) {
	for _, c := range all {
		if c.Field == name {
			taken = append(taken, c)
		} else {
			left = append(left, c)
		}
	}
	return taken, left
}

// Among gives those of values of which every condition holds; nil when there
// are no conditions, empty when nothing can match.
func Among[T ~string](values []T, conditions []Condition) []T {
	if len(conditions) == 0 {
		return nil
	}
	kept := []T{}
	for _, v := range values {
		if !slices.ContainsFunc(conditions, func(c Condition) bool { return !c.Holds(string(v)) }) {
			kept = append(kept, v)
		}
	}
	return kept
}
