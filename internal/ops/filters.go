package ops

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/listing"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// Filtered is the input of a list that can be filtered: each of its fields of
// the type listing.Filter has a line in its table.
type Filtered interface{ Filters() []listing.Field }

// conditions reads the filters of a list's input.
func conditions(in Filtered) (all []listing.Condition, err error) {
	v, table := reflect.ValueOf(in), in.Filters()
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Type != reflect.TypeFor[listing.Filter]() {
			continue
		}
		asked := v.FieldByIndex(f.Index).Interface().(listing.Filter)
		if asked == "" {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		i := slices.IndexFunc(table, func(l listing.Field) bool { return l.Name == name })
		some, err := table[i].Parse(asked) // that there is a line is tested
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// The kinds of lines in the tables of lists.

func words[T ~string](name string, values []T) listing.Field {
	f := listing.Field{Name: name, Kind: listing.Choice}
	for _, v := range values {
		f.Values = append(f.Values, string(v))
	}
	return f
}

func folded(name string) listing.Field {
	return listing.Field{Name: name, Kind: listing.Text, Fold: user.Fold}
}

// lowered is a text of ASCII, of which no folded copy is kept.
func lowered(name string) listing.Field {
	return listing.Field{Name: name, Kind: listing.Text, Fold: lowerASCII}
}

func exactly(name string) listing.Field { return listing.Field{Name: name, Kind: listing.ID} }
func times(name string) listing.Field   { return listing.Field{Name: name, Kind: listing.Time} }
func numbers(name string) listing.Field { return listing.Field{Name: name, Kind: listing.Number} }
func truths(name string) listing.Field  { return listing.Field{Name: name, Kind: listing.Bool} }

func orNull(f listing.Field) listing.Field {
	f.Nullable = true
	return f
}

// lowerASCII does what LOWER of every SQL does.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// foldLogin is how logins are compared; what cannot be one, or is a part of one,
// as near as can be.
func foldLogin(s string) string { return cmp.Or(user.Login(s).Folded(), strings.ToLower(s)) }

// knownOrder refuses an order that a list does not have.
func knownOrder[T ~string](order T, all []T) error {
	if order == "" || slices.Contains(all, order) {
		return nil
	}
	var names []string
	for _, o := range all {
		if !listing.Descends(string(o)) {
			names = append(names, string(o))
		}
	}
	return problem.Newf(problem.InvalidRequest, "This list can be ordered by %s; put - in front for the other way round.", strings.Join(names, ", "))
}

// searchable refuses what cannot be searched for.
func searchable(q string) error {
	if field.Clean(q) != nil {
		return problem.New(problem.InvalidRequest, "The search contains characters that cannot be searched for.")
	}
	return nil
}

// nothing reports whether values were chosen, and none is left.
func nothing[T any](chosen []T) bool { return chosen != nil && len(chosen) == 0 }

// short is a list that is short enough to be filtered and sorted here. It comes
// whole unless a limit is given.
type short[T any] struct {
	name   string
	orders []string // which the list can be asked for in; else it is in its own
	id     func(T) string
	value  func(row T, field string) any // as conditions compare it, and orders
	text   func(T) string                // that q looks in
}

// asked is how a short list is asked for a page.
type asked struct {
	Paging
	q, order string
	where    []listing.Condition
}

func (l short[T]) page(all []T, ask asked) (Page[T], error) {
	none := Page[T]{}
	if _, err := ask.limit(); err != nil {
		return none, err
	}
	limit := len(all)
	if ask.Limit != nil {
		limit = *ask.Limit
	}
	if err := knownOrder(ask.order, listing.BothWays(l.orders...)); err != nil {
		return none, err
	}
	if err := searchable(ask.q); err != nil {
		return none, err
	}
	found := l.sorted(l.found(all, ask), ask.order)
	total := store.Total{Count: len(found)}
	if ask.uncounted() {
		total = store.Total{}
	}
	left := found[min(ask.Offset, len(found)):]
	if ask.Cursor != "" {
		i, err := l.behind(found, ask)
		if err != nil {
			return none, err
		}
		left = found[i:]
	}
	rows := append([]T{}, left[:min(limit, len(left))]...)
	next := ""
	if len(rows) > 0 && len(left) > len(rows) {
		last := rows[len(rows)-1]
		next = listing.Cursor{Key: l.key(last, ask.order), ID: l.id(last)}.Encode(l.name, ask.order)
	}
	return pageOf(ask.Paging, limit, total, next, rows), nil
}

func (l short[T]) key(row T, order string) any {
	if order == "" {
		return ""
	}
	switch v := l.value(row, listing.OrderOf(order)).(type) {
	case int:
		return int64(v)
	default:
		return v
	}
}

func (l short[T]) found(all []T, ask asked) []T {
	words := strings.Fields(user.Fold(ask.q))
	return slices.DeleteFunc(slices.Clone(all), func(row T) bool {
		text := user.Fold(l.text(row))
		return slices.ContainsFunc(ask.where, func(c listing.Condition) bool { return !c.Holds(l.value(row, c.Field)) }) ||
			slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) ||
			len(words) == 0 && strings.TrimSpace(ask.q) != "" // "%" asks for something, and nothing has it
	})
}

func (l short[T]) sorted(rows []T, order string) []T {
	if order != "" {
		slices.SortFunc(rows, func(a, b T) int { return l.compare(l.key(a, order), l.id(a), l.key(b, order), l.id(b), order) })
	}
	return rows
}

func (l short[T]) compare(key any, id string, otherKey any, otherID, order string) int {
	by := cmp.Or(listing.Compare(key, otherKey), cmp.Compare(id, otherID))
	if listing.Descends(order) {
		return -by
	}
	return by
}

// behind is where the rows after the cursor begin. In its own order a list has
// nothing to compare, so the row has to be there still.
func (l short[T]) behind(rows []T, ask asked) (int, error) {
	c, err := listing.DecodeCursor(ask.Cursor, l.name, ask.order)
	if err != nil {
		return 0, err
	}
	if ask.order == "" {
		i := slices.IndexFunc(rows, func(row T) bool { return l.id(row) == c.ID })
		if i < 0 {
			return 0, listing.ErrCursor
		}
		return i + 1, nil
	}
	i := slices.IndexFunc(rows, func(row T) bool { return l.compare(l.key(row, ask.order), l.id(row), c.Key, c.ID, ask.order) > 0 })
	if i < 0 {
		i = len(rows)
	}
	return i, nil
}
