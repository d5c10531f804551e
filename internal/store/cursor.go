package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/listing"
)

// ErrCursor is returned for a cursor that no page of that list gave in that
// order.
var ErrCursor = listing.ErrCursor

// Limits of pages.
const (
	MaxPage   = 200
	MaxOffset = 10_000
	MaxCount  = 10_000 // totals beyond are "more than"
)

// maxLooked is how many rows a page is looked for in, one by one, where no
// index knows what is asked for. A page that was not filled among so many ends
// there, and its cursor goes on.
const maxLooked = 20_000

// Total is how many there are, or that there are more than Count.
type Total struct {
	Count   int
	Minimum bool
}

// Span is the part of a list that a page is.
type Span struct {
	Limit     int    // at most MaxPage; 0 only counts
	Offset    int    // at most MaxOffset
	Cursor    string // of the page before; goes before Offset
	Uncounted bool   // the total is not wanted
}

// clipped keeps a span within its limits.
func (s Span) clipped() Span {
	s.Limit, s.Offset = min(max(s.Limit, 0), MaxPage), min(max(s.Offset, 0), MaxOffset)
	if s.Cursor != "" {
		s.Offset = 0
	}
	return s
}

// Rows are a page of a list.
type Rows[T any] struct {
	Rows       []T
	Total      Total
	NextCursor string // empty on the last page
}

// sorting is what a list is sorted by: a key, and an id for those of equal
// keys. The two may be the same column.
type sorting struct {
	list, order string // as cursors name them; with a minus in front of the order the other way round
	key, id     string // in SQL
	number      bool   // the key is a number; else a text
}

// clause to sort by, of rows whose columns are called so.
func (s sorting) clause(key, id string) string {
	way := ""
	if listing.Descends(s.order) {
		way = " DESC"
	}
	if key == id {
		return " ORDER BY " + id + way
	}
	return " ORDER BY " + key + way + ", " + id + way
}

// behind is the condition that a row comes after a cursor.
func (s sorting) behind(cursor string, arg func(any) string) (string, error) {
	c, err := listing.DecodeCursor(cursor, s.list, s.order)
	if err != nil {
		return "", err
	}
	if _, number := c.Key.(int64); number != s.number {
		return "", ErrCursor
	}
	than := " > "
	if listing.Descends(s.order) {
		than = " < "
	}
	if s.key == s.id {
		return s.id + than + arg(c.Key), nil
	}
	return "(" + s.key + ", " + s.id + ")" + than + "(" + arg(c.Key) + ", " + arg(c.ID) + ")", nil
}

// cursor of a row, by its key as it is stored: another version of this program
// may have folded it.
func (s sorting) cursor(key any, id string) string {
	if b, ok := key.([]byte); ok {
		key = string(b)
	}
	return listing.Cursor{Key: key, ID: id}.Encode(s.list, s.order)
}

// parts of a query being put together from a fixed set of texts; what callers
// give is in args alone.
type parts struct{ args []any }

func (p *parts) arg(v any) string {
	p.args = append(p.args, v)
	return fmt.Sprintf("$%d", len(p.args))
}

// walk is a list that is gone through row by row, in an order for which there
// is an index or few rows.
type walk struct {
	parts
	sorting
	sorts   string   // the field that has the key's values, if one has
	from    string   // tables
	columns string   // to read of each row
	where   []string // what an index answers; the scope is among them
	looked  []string // what is looked at in each row
}

// filter adds conditions on columns by the name of their field. They are looked
// at row by row; one on the key that is sorted by also bounds the walk.
func (w *walk) filter(conditions []listing.Condition, columns map[string]string) {
	for _, c := range conditions {
		w.looked = append(w.looked, w.condition(c, columns[c.Field]))
		if c.Field == w.sorts {
			w.where = append(w.where, w.bounds(c, w.key)...)
		}
	}
}

// condition in SQL, of a column.
func (p *parts) condition(c listing.Condition, column string) string {
	orNull := func(condition string) string { return "(" + column + " IS NULL OR " + condition + ")" }
	switch c.Operator {
	case listing.Null:
		return column + " IS NULL"
	case listing.NotNull:
		return column + " IS NOT NULL"
	case listing.In, listing.NotIn:
		if b, ok := c.Values[0].(bool); ok {
			return p.truth(c, column, b)
		}
		in := column + " IN (" + p.several(c.Values) + ")"
		if c.Operator == listing.NotIn {
			return orNull("NOT " + in)
		}
		return in
	case listing.Like, listing.NotLike:
		like := column + " LIKE " + p.arg(pattern(c.Values[0].(string))) + " ESCAPE '!'"
		if c.Operator == listing.NotLike {
			return orNull("NOT " + like)
		}
		return like
	case listing.Gt:
		return column + " > " + p.arg(c.Values[0])
	case listing.Gte:
		return column + " >= " + p.arg(c.Values[0])
	case listing.Lt:
		return column + " < " + p.arg(c.Values[0])
	case listing.Lte:
		return column + " <= " + p.arg(c.Values[0])
	case listing.Eq, listing.Ne: // are In and NotIn
	}
	panic("store: no SQL for the operator " + string(c.Operator))
}

func (p *parts) truth(c listing.Condition, column string, is bool) string {
	switch {
	case len(c.Values) > 1: // both there are
		return map[bool]string{true: "TRUE", false: "FALSE"}[c.Operator == listing.In]
	case is == (c.Operator == listing.In):
		return column
	}
	return "NOT " + column
}

// several values with commas between, repeated up to a power of two so that few
// different statements exist.
func (p *parts) several(values []any) string {
	n := 1
	for n < len(values) {
		n *= 2
	}
	var marks []string
	for i := range n {
		marks = append(marks, p.arg(values[min(i, len(values)-1)]))
	}
	return strings.Join(marks, ", ")
}

// pattern for LIKE, where only % is special.
func pattern(text string) string {
	return strings.NewReplacer("!", "!!", "_", "!_").Replace(text)
}

// bounds are conditions between which all rows lie of which c holds, for an
// index on the column; none where it has no ends.
func (p *parts) bounds(c listing.Condition, column string) []string {
	switch c.Operator {
	case listing.In:
		if _, ok := c.Values[0].(bool); ok {
			return nil
		}
		least, most := slices.MinFunc(c.Values, listing.Compare), slices.MaxFunc(c.Values, listing.Compare)
		return []string{column + " >= " + p.arg(least), column + " <= " + p.arg(most)}
	case listing.Gt, listing.Gte:
		return []string{column + " >= " + p.arg(c.Values[0])}
	case listing.Lt, listing.Lte:
		return []string{column + " <= " + p.arg(c.Values[0])}
	case listing.Like:
		if begins, _, _ := strings.Cut(c.Values[0].(string), "%"); begins != "" {
			return []string{column + " >= " + p.arg(begins), column + " < " + p.arg(begins+"\U0010FFFF")}
		}
	case listing.Eq, listing.Ne, listing.NotIn, listing.NotLike, listing.Null, listing.NotNull:
	}
	return nil
}

// fits is the column that tells whether a row is wanted.
func (w *walk) fits() string {
	if len(w.looked) == 0 {
		return "TRUE"
	}
	return "CASE WHEN " + strings.Join(w.looked, " AND ") + " THEN TRUE ELSE FALSE END"
}

// walked goes through a list for a page of it. read scans the columns of a row
// and what it is given besides.
func walked[T any](tx ReadTx, w walk, s Span, read func(scan, ...any) (T, error)) (page Rows[T], err error) {
	s, page.Rows = s.clipped(), []T{}
	counted := w
	where := slices.Clip(w.where)
	if s.Cursor != "" {
		behind, err := w.behind(s.Cursor, w.arg)
		if err != nil {
			return page, err
		}
		where = append(where, behind)
	}
	if s.Limit == 0 {
		if !s.Uncounted {
			page.Total, err = counted.count(tx)
		}
		return page, err
	}
	text := `SELECT ` + w.columns + `, ` + w.fits() + ` AS fits, ` + w.key + `, ` + w.id + ` FROM ` + w.from +
		` WHERE ` + strings.Join(where, " AND ") + w.clause(w.key, w.id) + ` LIMIT ` + strconv.Itoa(maxLooked)
	seen, found, more := 0, 0, false
	last := ""
	err = each(tx, func(sc scan) (bool, error) {
		var fits bool
		var key any
		var id string
		row, err := read(sc, &fits, &key, &id)
		if err != nil {
			return false, err
		}
		seen++
		if fits {
			found++
		}
		switch {
		case fits && found > s.Offset+s.Limit:
			more = true
			return false, nil
		case fits && found > s.Offset:
			page.Rows = append(page.Rows, row)
		}
		if !fits || found > s.Offset {
			last = w.cursor(key, id)
		}
		return true, nil
	}, text, w.args...)
	if err != nil {
		return page, err
	}
	cut := !more && seen == maxLooked
	if more || cut {
		page.NextCursor = last
	}
	switch {
	case s.Uncounted:
	case !more && !cut && s.Cursor == "": // that is all of them
		page.Total = Total{min(found, MaxCount), found > MaxCount}
	default:
		page.Total, err = counted.count(tx)
		if page.Total.Minimum {
			page.Total.Count = max(page.Total.Count, min(found, s.Offset+s.Limit))
		}
	}
	return page, err
}

// count to MaxCount, among those that a page is looked for in.
func (w *walk) count(tx ReadTx) (Total, error) {
	within := MaxCount
	if len(w.looked) > 0 {
		within = maxLooked
	}
	text := `SELECT COUNT(*), COUNT(CASE WHEN fits THEN 1 END) FROM (SELECT ` + w.fits() + ` AS fits FROM ` + w.from +
		` WHERE ` + strings.Join(w.where, " AND ") + w.clause(w.key, w.id) + ` LIMIT ` + strconv.Itoa(within+1) + `) counted`
	return one(tx, func(read scan) (t Total, err error) {
		var seen int
		err = read(&seen, &t.Count)
		t.Minimum, t.Count = seen > within || t.Count > MaxCount, min(t.Count, MaxCount)
		return t, err
	}, text, w.args...)
}
