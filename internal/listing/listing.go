// Package listing is the language in which lists are asked for, as registrars'
// clients know it: field:operator=value, an order, a cursor. A list says in a
// table which fields it can be filtered by; what is not in the table is refused
// with a sentence that names what is.
//
// It knows no list, no SQL and no HTTP: store makes conditions of SQL out of
// what is parsed here, and lists that are short are filtered with Holds.
package listing

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/field"
	"gatehouse/internal/problem"
)

// Filter is what is asked of one field, as text: a value, or an operator, a
// colon and a value ("ne:active", "in:active,invited", "gte:2026-01-01",
// "null:"). Several are a line each. It filters nothing when it is empty.
type Filter string

// Operator compares a field with values.
type Operator string

// The operators. Of a field that is empty (null), no comparison holds but Ne,
// NotIn and NotLike.
const (
	Eq      Operator = "eq"
	Ne      Operator = "ne"
	Like    Operator = "like" // % stands for any text
	NotLike Operator = "not_like"
	Gt      Operator = "gt"
	Lt      Operator = "lt"
	Gte     Operator = "gte"
	Lte     Operator = "lte"
	Null    Operator = "null"
	NotNull Operator = "not_null"
	In      Operator = "in"
	NotIn   Operator = "not_in"
)

// Operators lists them all.
func Operators() []Operator {
	return []Operator{Eq, Ne, Like, NotLike, Gt, Lt, Gte, Lte, Null, NotNull, In, NotIn}
}

// Kind is what the values of a field are.
type Kind int

// The kinds.
const (
	Choice Kind = iota // one of a few words
	Text               // for people; compared folded
	ID                 // compared as it is
	Time               // RFC 3339, or a day
	Number
	Bool // 1 or true, 0 or false
)

// Field is a line of a list's table: something it can be filtered by.
type Field struct {
	Name     string
	Kind     Kind
	Values   []string            // of a Choice
	Fold     func(string) string // of a Text
	Nullable bool
}

// Operators that the field takes.
func (f Field) Operators() []Operator {
	var all []Operator
	switch f.Kind {
	case Choice:
		all = []Operator{Eq, Ne, In, NotIn}
	case Text, ID:
		all = []Operator{Eq, Ne, In, NotIn, Like, NotLike}
	case Time:
		all = []Operator{Eq, Ne, Gt, Lt, Gte, Lte}
	case Number:
		all = []Operator{Eq, Ne, In, NotIn, Gt, Lt, Gte, Lte}
	case Bool:
		all = []Operator{Eq, Ne}
	}
	if f.Nullable {
		all = append(all, Null, NotNull)
	}
	return all
}

// Limits of a filter: what it may ask for is work for everybody.
const (
	MaxValues    = 100 // of one field
	MaxLength    = 254 // of a value, in characters
	MaxWildcards = 4   // in a pattern
	maxLines     = 2 * MaxValues
)

// Condition is something that must hold of a field of every row. Eq and Ne are
// In and NotIn of one value. Values are strings (folded, of a Text), int64
// (milliseconds since 1970, of a Time) or bools; one but with In and NotIn, none
// with Null and NotNull.
type Condition struct {
	Field    string
	Operator Operator
	Values   []any
}

// Parse reads a filter of the field. What is asked with eq and in, however
// often, are alternatives; everything else must hold as well.
func (f Field) Parse(asked Filter) ([]Condition, error) {
	if asked == "" {
		return nil, nil
	}
	lines := strings.Split(string(asked), "\n")
	if len(lines) > maxLines {
		return nil, f.tooMany()
	}
	var all []Condition
	one := -1 // where the alternatives stand
	for _, line := range lines {
		c, err := f.condition(line)
		if err != nil {
			return nil, err
		}
		switch {
		case c.Operator != In || one < 0:
			if c.Operator == In {
				one = len(all)
			}
			all = append(all, c)
		default:
			all[one].Values = append(all[one].Values, c.Values...)
		}
	}
	values := 0
	for i, c := range all {
		values += len(c.Values)
		if c.Operator == In || c.Operator == NotIn {
			all[i].Values = once(c.Values)
		}
	}
	if values > MaxValues {
		return nil, f.tooMany()
	}
	return all, nil
}

func (f Field) tooMany() error {
	return wrong("The filter %s takes at most %d values.", f.Name, MaxValues)
}

func once(values []any) []any {
	var kept []any
	for _, v := range values {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}

func wrong(format string, args ...any) error {
	return problem.Newf(problem.InvalidRequest, format, args...)
}

// condition is one line. What stands before a colon is only an operator when
// there is one of that name: times have colons too.
func (f Field) condition(line string) (Condition, error) {
	operator, rest, ok := strings.Cut(line, ":")
	if !ok || !slices.Contains(Operators(), Operator(operator)) {
		operator, rest = string(Eq), line
	}
	c := Condition{Field: f.Name, Operator: Operator(operator)}
	if !slices.Contains(f.Operators(), c.Operator) {
		return c, wrong("The filter %s knows no %s; it takes %s.", f.Name, operator, Names(f.Operators()))
	}
	texts := []string{rest}
	switch c.Operator {
	case Null, NotNull:
		if rest != "" && rest != "1" && rest != "true" {
			return c, wrong("The filter %s takes no value with %s.", f.Name, operator)
		}
		return c, nil
	case In, NotIn:
		texts = strings.Split(rest, ",")
	case Eq:
		c.Operator = In
	case Ne:
		c.Operator = NotIn
	case Like, NotLike, Gt, Lt, Gte, Lte: // of the one value
	}
	if len(texts) > MaxValues {
		return c, f.tooMany()
	}
	for _, text := range texts {
		v, err := f.value(c.Operator, text)
		if err != nil {
			return c, err
		}
		c.Values = append(c.Values, v)
	}
	return c, nil
}

// Names of operators, as a sentence has them.
func Names(all []Operator) string {
	var names []string
	for _, o := range all {
		names = append(names, string(o))
	}
	return strings.Join(names, ", ")
}

// value reads one value.
func (f Field) value(o Operator, text string) (any, error) {
	if field.Clean(text) != nil {
		return nil, wrong("The filter %s contains characters that cannot be searched for.", f.Name)
	}
	if utf8.RuneCountInString(text) > MaxLength {
		return nil, wrong("The filter %s takes values of at most %d characters.", f.Name, MaxLength)
	}
	switch f.Kind {
	case Choice:
		if !slices.Contains(f.Values, text) {
			return nil, wrong("The filter %s knows these values: %s. Use in or not_in for several, with commas.", f.Name, strings.Join(f.Values, ", "))
		}
		return text, nil
	case Time:
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.UnixMilli(), nil
			}
		}
		return nil, wrong("The filter %s takes a time such as 2026-03-01T09:30:00Z, or a day such as 2026-03-01.", f.Name)
	case Number:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, wrong("The filter %s takes whole numbers.", f.Name)
		}
		return n, nil
	case Bool:
		switch text {
		case "1", "true":
			return true, nil
		case "0", "false":
			return false, nil
		}
		return nil, wrong("The filter %s takes true or false.", f.Name)
	case Text, ID:
	}
	if o == Like || o == NotLike {
		return f.pattern(text)
	}
	if f.Fold != nil {
		return f.Fold(text), nil
	}
	return text, nil
}

// pattern folds what is between the wildcards, and keeps spaces at its ends,
// which folding would take.
func (f Field) pattern(text string) (any, error) {
	for strings.Contains(text, "%%") {
		text = strings.ReplaceAll(text, "%%", "%")
	}
	if strings.Count(text, "%") > MaxWildcards {
		return nil, wrong("The filter %s takes at most %d times %%.", f.Name, MaxWildcards)
	}
	parts := strings.Split(text, "%")
	if f.Fold != nil {
		for i, part := range parts {
			if part != "" {
				const edge = "x"
				parts[i] = strings.TrimSuffix(strings.TrimPrefix(f.Fold(edge+part+edge), edge), edge)
			}
		}
	}
	return strings.Join(parts, "%"), nil
}
