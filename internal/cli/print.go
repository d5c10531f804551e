package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/internal/field"
)

// print writes an answer: JSON as the REST API gives it, or lines for people.
func (e *env) print(out any) error {
	if e.json {
		return e.printJSON(out)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	var plain map[string]any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	entities := reflect.Indirect(reflect.ValueOf(out)).FieldByName("Entities")
	if !entities.IsValid() {
		printFields(w, "", reflect.ValueOf(out))
		return w.Flush()
	}
	if entities.Len() == 0 {
		fmt.Fprintln(e.err, "none")
		return nil
	}
	for n := range entities.Len() {
		if n == 0 {
			fmt.Fprintln(w, strings.Join(columns(entities.Index(n), true), "\t"))
		}
		fmt.Fprintln(w, strings.Join(columns(entities.Index(n), false), "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if next, _ := plain["pagination"].(map[string]any)["nextCursor"].(string); next != "" {
		fmt.Fprintf(e.err, "more: --cursor %s\n", next)
	}
	return nil
}

// columns of a row: its simple fields and the names in its lists.
func columns(row reflect.Value, heads bool) []string {
	var all []string
	for _, f := range reflect.VisibleFields(row.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || f.Type.Kind() == reflect.Map || f.Tag.Get("cli") == "-" || name == "permissions" || name == "description" {
			continue
		}
		if heads {
			all = append(all, strings.ToUpper(strings.ReplaceAll(flagName(name), "-", " ")))
		} else {
			all = append(all, cell(row.FieldByIndex(f.Index)))
		}
	}
	return all
}

// cell shows a value in one line. What the database holds was clean when it was
// written; whoever edits it must not get to speak to a terminal.
func cell(v reflect.Value) string { return field.Printable(text(v), math.MaxInt) }

func text(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "–"
		}
		v = v.Elem()
	}
	if t, ok := v.Interface().(time.Time); ok {
		return t.Local().Format("2006-01-02 15:04:05")
	}
	if once, ok := v.Interface().(interface{ Reveal() string }); ok {
		return once.Reveal()
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, name := range []string{"Name", "ID", "Face", "Permission", "State"} {
			if f := v.FieldByName(name); f.IsValid() && f.Kind() == reflect.String && f.String() != "" {
				return f.String()
			}
		}
		return "–"
	case reflect.Slice:
		var names []string
		for n := range v.Len() {
			names = append(names, text(v.Index(n)))
		}
		return strings.Join(names, ", ")
	}
	if s := fmt.Sprint(v.Interface()); s != "" {
		return s
	}
	return "–"
}

// printFields shows a single answer, a field a line, nested ones indented.
func printFields(w *tabwriter.Writer, indent string, v reflect.Value) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || !f.IsExported() || f.Tag.Get("cli") == "-" {
			continue
		}
		label := strings.ReplaceAll(flagName(name), "-", " ")
		value := v.FieldByIndex(f.Index)
		if value.Kind() == reflect.Pointer && !value.IsNil() {
			value = value.Elem()
		}
		_, once := value.Interface().(interface{ Reveal() string })
		_, isTime := value.Interface().(time.Time)
		if value.Kind() == reflect.Struct && !once && !isTime {
			fmt.Fprintf(w, "%s%s:\t\n", indent, label)
			printFields(w, indent+"  ", value)
			continue
		}
		fmt.Fprintf(w, "%s%s:\t%s\n", indent, label, cell(value))
	}
}
