package rest

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"gatehouse/internal/listing"
	"gatehouse/internal/ops"
)

// asFilter is what a query asks of a field, in the form that operations read: a
// line for each value, with its operator in front. The operator may stand with
// the name (status:ne=active) or in the value (status=ne:active); a value given
// without any and empty asks nothing, as the empty fields of a form do.
func asFilter(query url.Values, name string) (listing.Filter, error) {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(query)) {
		field, operator, with := strings.Cut(key, ":")
		if field != name {
			continue
		}
		if with && !slices.Contains(listing.Operators(), listing.Operator(operator)) {
			return "", unreadable("The filter %s knows no %q; operators are %s.", name, short(operator), listing.Names(listing.Operators()))
		}
		for _, value := range query[key] {
			switch {
			case strings.Contains(value, "\n"):
				return "", unreadable("The filter %s contains characters that cannot be searched for.", name)
			case value == "" && (!with || operator == string(listing.Eq)):
			case with:
				lines = append(lines, operator+":"+value)
			default:
				lines = append(lines, value)
			}
		}
	}
	return listing.Filter(strings.Join(lines, "\n")), nil
}

// filterOf is the line of a list's table for one of its fields.
func filterOf(in reflect.Type, name string) (listing.Field, bool) {
	list, ok := reflect.Zero(in).Interface().(ops.Filtered)
	if !ok {
		return listing.Field{}, false
	}
	table := list.Filters()
	i := slices.IndexFunc(table, func(f listing.Field) bool { return f.Name == name })
	if i < 0 {
		return listing.Field{}, false
	}
	return table[i], true
}

// filterText describes what a filter takes, in a sentence or two.
func filterText(f listing.Field) string {
	takes := map[listing.Kind]string{
		listing.Choice: "One of: " + strings.Join(f.Values, ", "), listing.Text: "A text, regardless of case and accents", listing.ID: "A text, exactly",
		listing.Time: "A time (RFC 3339) or a day", listing.Number: "A whole number", listing.Bool: "true or false",
	}[f.Kind]
	return takes + ". Operators: " + listing.Names(f.Operators()) + "."
}
