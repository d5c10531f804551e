package cli

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"os/user"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/secret"
	users "gatehouse/internal/user"
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
	c := &cobra.Command{Use: flagName(verb), Short: info.Summary}
	parameters := info.Parameters()
	for _, name := range parameters {
		c.Use += " " + strings.ToUpper(name)
	}
	values := map[string]*[]string{}
	for _, f := range reflect.VisibleFields(info.In) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" || f.Tag.Get("cli") == "-" {
			continue
		}
		v := new([]string)
		values[name] = v
		switch kind := f.Type.Kind(); {
		case slices.Contains(parameters, name):
		case kind == reflect.Bool, kind == reflect.Pointer && f.Type.Elem().Kind() == reflect.Bool:
			c.Flags().Var(&boolFlag{v}, flagName(name), describe(info.In, f))
			c.Flags().Lookup(flagName(name)).NoOptDefVal = "true"
		default:
			c.Flags().StringArrayVar(v, flagName(name), nil, describe(info.In, f))
		}
	}
	var yes bool
	if info.Destroys {
		c.Flags().BoolVar(&yes, "yes", false, "do it: it cannot be undone")
	}
	c.Args = usageArgs(cobra.ExactArgs(len(parameters)))
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		for n, name := range parameters {
			*values[name] = args[n : n+1]
		}
		if info.Destroys && !yes {
			return errUsage{fmt.Errorf("%s cannot be undone; add --yes if you mean it", c.CommandPath())}
		}
		if err := e.askSecrets(info, values); err != nil {
			return err
		}
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
		fill := filling{ctx: c.Context(), at: i, caller: caller, values: values, positional: parameters}
		out, err := i.ops.Table().All()[at].Invoke(c.Context(), i.engine, caller, fill.in)
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

func describe(in reflect.Type, f reflect.StructField) string {
	secretly, must := isSecret(f)
	switch {
	case secretly && must:
		return "better left out: it is read from standard input then"
	case secretly:
		return "- reads it from standard input"
	case f.Type == reflect.TypeFor[listing.Filter]():
		return describeFilter(in, f)
	case f.Type == reflect.TypeFor[[]access.Permission]():
		return "with commas between, or given several times"
	case f.Type.Kind() == reflect.Slice:
		return "may be given several times"
	}
	return ""
}

// describeFilter says what a filter takes: "active, invited; also ne:…, in:…".
func describeFilter(in reflect.Type, f reflect.StructField) string {
	list, ok := reflect.Zero(in).Interface().(ops.Filtered)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	table := list.Filters()
	field := table[slices.IndexFunc(table, func(f listing.Field) bool { return f.Name == name })]
	text := "filter"
	if len(field.Values) > 0 {
		text = strings.Join(field.Values, ", ")
	}
	for n, o := range field.Operators() {
		if o != listing.Eq {
			text += map[bool]string{true: "; also ", false: ", "}[n == 1] + string(o) + ":…"
		}
	}
	return text
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

// filling sets an input's fields from arguments and flags. People know users by
// their login, accounts by their handle and roles by their name, so these stand
// for ids.
type filling struct {
	ctx        context.Context
	at         *installation
	caller     auth.Caller
	values     map[string]*[]string
	positional []string
}

func (l filling) in(in any) error {
	target := reflect.ValueOf(in).Elem()
	for _, f := range reflect.VisibleFields(target.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		v := l.values[name]
		if f.Anonymous || v == nil || len(*v) == 0 {
			continue
		}
		if f.Type == reflect.TypeFor[listing.Filter]() {
			target.FieldByIndex(f.Index).SetString(strings.Join(*v, "\n"))
			continue
		}
		texts, err := l.named(f.Type, *v)
		if err != nil {
			return err
		}
		if err := setField(target.FieldByIndex(f.Index), texts); err != nil {
			what := "--" + flagName(name)
			if slices.Contains(l.positional, name) {
				what = strings.ToUpper(name)
			}
			return errUsage{fmt.Errorf("%s cannot be %q", what, strings.Join(*v, ", "))}
		}
	}
	return nil
}

// named turns logins, handles and names of roles into ids; what nobody is called stays,
// and is not found.
func (l filling) named(t reflect.Type, texts []string) ([]string, error) {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	texts = slices.Clone(texts)
	switch t {
	case reflect.TypeFor[id.User]():
		for n, login := range texts {
			page, err := op.Do(l.ctx, l.at.engine, l.caller, l.at.ops.Users.List, ops.UserList{Q: login})
			if err != nil {
				return nil, err
			}
			for _, u := range page.Entities {
				if u.Login.Folded() == users.Login(login).Folded() {
					texts[n] = string(u.ID)
				}
			}
		}
	case reflect.TypeFor[id.Account]():
		for n, handle := range texts {
			page, err := op.Do(l.ctx, l.at.engine, l.caller, l.at.ops.Accounts.List, ops.AccountList{Handle: listing.Filter("eq:" + handle)})
			if err != nil {
				return nil, err
			}
			for _, a := range page.Entities {
				texts[n] = string(a.ID)
			}
		}
	case reflect.TypeFor[id.Role]():
		page, err := op.Do(l.ctx, l.at.engine, l.caller, l.at.ops.Roles.List, ops.RoleList{})
		if err != nil {
			return nil, err
		}
		for n, name := range texts {
			for _, r := range page.Entities {
				if users.Fold(r.Name) == users.Fold(name) {
					texts[n] = string(r.ID)
				}
			}
		}
	case reflect.TypeFor[access.Permission]():
		return permissionsIn(texts), nil
	}
	return texts, nil
}

// permissionsIn reads lists with commas between, in capitals or not; an empty
// one is none at all.
func permissionsIn(texts []string) []string {
	var all []string
	for _, text := range texts {
		for p := range strings.SplitSeq(text, ",") {
			if p = strings.TrimSpace(p); p != "" {
				all = append(all, strings.ToUpper(p))
			}
		}
	}
	return all
}

func setField(f reflect.Value, texts []string) error {
	if f.Kind() == reflect.Slice {
		f.Set(reflect.MakeSlice(f.Type(), 0, len(texts))) // not nil: it was given
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
	if f.Type() == reflect.TypeFor[secret.Text]() {
		f.Set(reflect.ValueOf(secret.New(texts[0])))
		return nil
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
