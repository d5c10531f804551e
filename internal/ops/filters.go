package ops

import (
	"slices"
	"strings"

	"gatehouse/internal/problem"
)

// Choice filters a list by a field with a few values, as registrars' lists do:
// "active", or "ne:active", "in:active,invited", "not_in:invited". In a query
// the operator may stand with the name: status:in=active,invited.
type Choice string

// Choices of a field with these values.
func (c Choice) among(field string, all ...string) (chosen []string, err error) {
	if c == "" {
		return nil, nil
	}
	operator, rest, ok := strings.Cut(string(c), ":")
	if !ok {
		operator, rest = "eq", string(c)
	}
	values := strings.Split(rest, ",")
	for _, v := range values {
		if !slices.Contains(all, v) {
			return nil, problem.Newf(problem.InvalidRequest, "The filter %s knows these values: %s.", field, strings.Join(all, ", "))
		}
	}
	given := func(v string) bool { return slices.Contains(values, v) }
	switch { // each value once, however often it was given
	case operator == "in", operator == "eq" && len(values) == 1:
		return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !given(v) }), nil
	case operator == "not_in", operator == "ne" && len(values) == 1:
		return slices.DeleteFunc(slices.Clone(all), given), nil
	}
	return nil, problem.Newf(problem.InvalidRequest, "The filter %s takes eq and ne with one value, in and not_in with several.", field)
}

// choose reads a filter; nil when it filters nothing, empty when nothing can
// match.
func choose[T ~string](c Choice, field string, all []T) ([]T, error) {
	var names []string
	for _, v := range all {
		names = append(names, string(v))
	}
	chosen, err := c.among(field, names...)
	if chosen == nil || err != nil {
		return nil, err
	}
	values := []T{}
	for _, v := range chosen {
		values = append(values, T(v))
	}
	return values, nil
}
