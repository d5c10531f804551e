package cli

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/user"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
)

// nounCommands makes a command of every operation that the console may run:
// 'gatehouse users add --login …' is users.add.
func (e *env) nounCommands() []*cobra.Command {
	nouns := map[string]*cobra.Command{}
	var all []*cobra.Command
	// The table is the same whatever it works on; this one is never run.
	for _, o := range ops.New(ops.Dependencies{}).Table().All() {
		info := o.Info()
		if !info.Rule.Console() || info.Route == op.NoRoute { // those have commands of their own
			continue
		}
		noun, verb, _ := strings.Cut(info.Name, ".")
		if nouns[noun] == nil {
			nouns[noun] = group(&cobra.Command{Use: flagName(noun), Short: "Operations on " + strings.ReplaceAll(flagName(noun), "-", " ")})
			nouns[noun].PersistentFlags().StringVar(&e.account, "account", "", "handle of the account to act in; else the operator's")
			all = append(all, nouns[noun])
		}
		nouns[noun].AddCommand(e.operationCommand(info, verb))
	}
	return all
}

func (e *env) operationCommand(info op.Info, verb string) *cobra.Command {
	c := &cobra.Command{Use: flagName(verb), Short: info.Summary, Args: usageArgs(cobra.NoArgs)}
	values := map[string]*[]string{}
	for _, f := range reflect.VisibleFields(info.In) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		v := new([]string)
		values[name] = v
		switch kind := f.Type.Kind(); {
		case kind == reflect.Bool:
			c.Flags().Var(&boolFlag{v}, flagName(name), describe(f))
			c.Flags().Lookup(flagName(name)).NoOptDefVal = "true"
		default:
			c.Flags().StringArrayVar(v, flagName(name), nil, describe(f))
		}
	}
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		caller, err := e.caller()
		if err != nil {
			return err
		}
		i, err := e.open(c.Context(), opening{place: ops.AtDesk, mustExist: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		at := slices.IndexFunc(i.ops.Table().All(), func(o op.Any) bool { return o.Info().Name == info.Name })
		out, err := i.ops.Table().All()[at].Invoke(c.Context(), i.engine, caller, func(in any) error { return fill(in, values) })
		if err != nil {
			return err
		}
		return e.print(out)
	}
	return c
}

// boolFlag lets --force-mfa stand alone.
type boolFlag struct{ v *[]string }

func (b *boolFlag) String() string     { return "" }
func (b *boolFlag) Type() string       { return "" }
func (b *boolFlag) Set(s string) error { *b.v = []string{s}; return nil }

func describe(f reflect.StructField) string {
	if f.Type.Kind() == reflect.Slice {
		return "may be given several times"
	}
	return ""
}

// caller is the console, acting in an account.
func (e *env) caller() (auth.Caller, error) {
	var handle account.Handle
	if e.account != "" {
		h, err := account.ParseHandle(e.account)
		if err != nil {
			return auth.Caller{}, errUsage{fmt.Errorf("--account: %s", err.Message)}
		}
		handle = h
	}
	name := "console"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return auth.Caller{
		Credential: auth.Console(handle, name),
		Source:     access.Source{Face: access.FaceCLI, Program: "gatehouse " + Version},
	}, nil
}

// fill sets the input's fields from flags.
func fill(in any, values map[string]*[]string) error {
	target := reflect.ValueOf(in).Elem()
	for _, f := range reflect.VisibleFields(target.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		v := values[name]
		if f.Anonymous || v == nil || len(*v) == 0 {
			continue
		}
		if err := setField(target.FieldByIndex(f.Index), *v); err != nil {
			return errUsage{fmt.Errorf("--%s cannot be %q", flagName(name), strings.Join(*v, ", "))}
		}
	}
	return nil
}

func setField(f reflect.Value, texts []string) error {
	if f.Kind() == reflect.Slice {
		for _, t := range texts {
			item := reflect.New(f.Type().Elem()).Elem()
			if err := setField(item, []string{t}); err != nil {
				return err
			}
			f.Set(reflect.Append(f, item))
		}
		return nil
	}
	if len(texts) != 1 {
		return errors.New("given more than once")
	}
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.New(f.Type().Elem()))
		f = f.Elem()
	}
	if u, ok := f.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(texts[0]))
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(texts[0])
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(texts[0])
		f.SetBool(b)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(texts[0])
		f.SetInt(int64(n))
		return err
	}
	return errors.New("has no text form")
}

// flagName of a JSON name: accountHandle is account-handle.
func flagName(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

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
		if name == "" || name == "-" || f.Type.Kind() == reflect.Map || name == "permissions" || name == "description" {
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
		for _, name := range []string{"Name", "ID", "Face"} {
			if f := v.FieldByName(name); f.IsValid() && f.String() != "" {
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
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		label := strings.ReplaceAll(flagName(name), "-", " ")
		value := v.FieldByIndex(f.Index)
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
