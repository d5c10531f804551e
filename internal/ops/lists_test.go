package ops_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/delivery"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

// entity of a list as clients get it.
type entity map[string]any

// name of a row, by which it is told from others.
func (r entity) name() string {
	for _, key := range []string{"id", "seq", "permission"} {
		if v, ok := r[key]; ok {
			return fmt.Sprint(v)
		}
	}
	return fmt.Sprint(r["kind"], " ", r["language"])
}

// value of a field as conditions compare it.
func (r entity) value(t *testing.T, f listing.Field) any {
	v := r[f.Name]
	if m, ok := v.(map[string]any); ok { // the object of a record, the status of mfa
		if v = m["id"]; f.Name == "mfa" {
			v = m["state"]
		}
	}
	switch n := v.(type) {
	case nil:
		if f.Nullable {
			return nil
		}
		return ""
	case float64:
		return int64(n)
	case string:
		if f.Kind == listing.Time {
			at, err := time.Parse(time.RFC3339, n)
			if err != nil {
				t.Fatal(err)
			}
			return at.UnixMilli()
		}
		if f.Fold != nil {
			return f.Fold(n)
		}
	}
	return v
}

// listed is a list of the table, and how it is sorted.
type listed struct {
	any    op.Any
	caller auth.Caller
	orders []string
}

// ask for a page, with these fields of the input set.
func (l listed) ask(w *town, fields map[string]any) (rows []entity, p ops.Pagination, err error) {
	w.T.Helper()
	out, err := l.any.Invoke(context.Background(), w.Engine, l.caller, func(in any) error {
		raw, err := json.Marshal(fields)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, in)
	})
	if err != nil {
		return nil, p, err
	}
	raw, err := json.Marshal(out)
	if err != nil {
		w.T.Fatal(err)
	}
	var page struct {
		Entities   []entity
		Pagination ops.Pagination
	}
	if err := json.Unmarshal(raw, &page); err != nil || page.Entities == nil {
		w.T.Fatalf("%v in %.100s", err, raw)
	}
	return page.Entities, page.Pagination, nil
}

func named(rows []entity) []string {
	names := []string{}
	for _, r := range rows {
		names = append(names, r.name())
	}
	return names
}

func (l listed) filters() []listing.Field {
	return reflect.Zero(l.any.Info().In).Interface().(ops.Filtered).Filters()
}

// crowded is two accounts side by side with the same of everything, and every
// list, asked by an administrator of one of them or by the operator.
func crowded(t *testing.T) (*town, map[string]listed) {
	w := newTown(t)
	w.mailTo(1)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	var told []id.Notice
	for n := range 7 {
		for _, a := range []account.Account{w.otter, w.heron} {
			who := w.somebody(a, opstest.Member{Role: []string{"Tech", "Support", ""}[n%3], State: user.States()[n%3], ForceMFA: n%2 > 0, NoFactor: n%4 > 1})
			if n%3 == 0 {
				who.Caller()
			}
			told = w.told(admin)
			k, _ := w.keyOf(who, func(k *apikey.Key) { k.Description = []string{"Billing 100%", "dns_updater", "Ünder <b>"}[n%3] })
			if n%2 == 0 {
				w.Write(func(tx store.WriteTx) error {
					return tx.NoteKeyUses([]store.KeyUse{{Key: k, Day: "2026-03-14", Uses: 1, Last: apikey.Use{At: w.Clock.Now(), Address: "192.0.2.7"}}})
				})
			}
			kind := []delivery.Kind{delivery.Test, delivery.Activation}[n%2]
			w.Write(func(tx store.WriteTx) error {
				q := store.Queued{ID: id.NewMessage(), Kind: kind, Channel: delivery.Mail, Recipient: fmt.Sprintf("P%d@%s.example", n, a.Handle), ExpiresAt: w.Clock.Now().Add(time.Hour)}
				if err := tx.QueueMessage(access.Within(a.ID), who.Ref, q, "sealed"); err != nil || n%3 > 0 {
					return err
				}
				return tx.CancelMessage(access.Within(a.ID), q.ID)
			})
			w.asked(who, n == 0, []store.HelpState{store.HelpOpen, store.HelpDeclined}[n%2])
			opstest.Must(w.Place, opstest.Console(a.Handle), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Name: new([]string{"Ånna 100%", "O'Neill_x", "bo"}[n%3])})
		}
		w.Clock.Advance(time.Minute)
	}
	mine, console := admin.Caller(), opstest.Console("")
	opstest.Must(w.Place, mine, w.Ops.Profile.ReadNotices, ops.ReadNoticesInput{IDs: told[:2]})
	at := []string{"at", "-at"}
	known := map[string]listed{
		"users.list": {orders: []string{"name", "-name", "login", "-login", "createdAt", "-createdAt", "lastSeenAt", "-lastSeenAt"}}, "accounts.list": {caller: console, orders: []string{"name", "-handle", "openedAt"}},
		"coverage.list": {orders: []string{"name", "-login", "createdAt", "-lastSeenAt"}}, "accounts.coverage": {caller: console, orders: []string{"name", "-handle", "openedAt"}},
		"keys.list":     {orders: []string{"createdAt", "-createdAt", "description", "expiresAt", "-userName"}},
		"activity.list": {orders: at}, "profile.activity": {orders: at}, "profile.notices": {orders: at}, "outbox.list": {orders: []string{"queuedAt", "-queuedAt"}},
		"helpRequests.list": {orders: []string{"askedAt", "-askedAt"}}, "accounts.listHelp": {caller: console, orders: []string{"askedAt", "-askedAt"}},
		"sessions.list": {orders: []string{"lastSeenAt", "-lastSeenAt", "-signedInAt", "userName"}}, "profile.sessions": {orders: []string{"-lastSeenAt"}},
		"roles.list": {orders: []string{"name", "-name", "users"}}, "permissions.list": {orders: []string{"permission", "-group"}}, "templates.list": {caller: console, orders: []string{"kind", "-language"}},
	}
	for _, o := range w.Ops.Table().All() {
		i := o.Info()
		if _, ok := i.Out.FieldByName("Entities"); !ok {
			continue
		}
		l, ok := known[i.Name]
		if _, filtered := reflect.Zero(i.In).Interface().(ops.Filtered); !ok || !filtered {
			t.Errorf("the list %s does not keep to the conventions, or is not tested here", i.Name)
			delete(known, i.Name)
			continue
		}
		if l.any = o; l.caller == (auth.Caller{}) {
			l.caller = mine
		}
		known[i.Name] = l
	}
	return w, known
}

// Every filter of every list with every operator it takes gives the rows of
// which it holds, and never one of another account's; what it does not take is
// refused.
func TestLists_everyOperator(t *testing.T) {
	w, lists := crowded(t)
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			all, _, err := l.ask(w, map[string]any{"limit": 200})
			if err != nil || len(all) == 0 {
				t.Fatal(len(all), err)
			}
			if raw, err := json.Marshal(all); err != nil || !strings.HasPrefix(name, "accounts.list") && name != "accounts.coverage" && strings.Contains(string(raw), "heron") {
				t.Errorf("it tells of another account (%v): %s", err, raw)
			}
			for _, f := range l.filters() {
				for _, o := range listing.Operators() {
					if !slices.Contains(f.Operators(), o) {
						_, _, err := l.ask(w, map[string]any{f.Name: string(o) + ":x"})
						if !problem.Is(err, problem.InvalidRequest) || !strings.Contains(err.Error(), listing.Names(f.Operators())) {
							t.Errorf("%s:%s gives %v", f.Name, o, err)
						}
						continue
					}
					for _, v := range valuesOf(f, o, all) {
						filter := string(o) + ":" + v
						conditions, err := f.Parse(listing.Filter(filter))
						if err != nil {
							t.Fatalf("%s=%s: %v", f.Name, filter, err)
						}
						want := slices.DeleteFunc(slices.Clone(all), func(r entity) bool { return !conditions[0].Holds(r.value(t, f)) })
						got, p, err := l.ask(w, map[string]any{f.Name: filter, "limit": 200})
						if err != nil {
							t.Fatalf("%s=%s: %v", f.Name, filter, err)
						}
						if diff := cmp.Diff(named(want), named(got)); diff != "" || p.Total != len(want) || p.TotalIsMinimum || p.NextCursor != "" {
							t.Errorf("%s=%s, %+v (-want +got):\n%s", f.Name, filter, p, diff)
						}
						if _, p, err := l.ask(w, map[string]any{f.Name: filter, "limit": 0}); err != nil || p.Total != len(want) {
							t.Errorf("%s=%s counts %d, not %d (%v)", f.Name, filter, p.Total, len(want), err)
						}
					}
				}
			}
		})
	}
}

// valuesOf gives values to filter by: some that rows have, and hostile ones.
func valuesOf(f listing.Field, o listing.Operator, all []entity) []string {
	if o == listing.Null || o == listing.NotNull {
		return []string{"", "1"}
	}
	var have []string
	for _, r := range all {
		v := r[f.Name]
		if m, ok := v.(map[string]any); ok {
			if v = m["id"]; f.Name == "mfa" {
				v = m["state"]
			}
		}
		switch n := v.(type) {
		case string:
			have = append(have, n)
		case float64, bool:
			have = append(have, fmt.Sprint(n))
		}
	}
	slices.Sort(have)
	have = slices.Compact(have)
	switch f.Kind {
	case listing.Choice:
		have = f.Values
	case listing.Time:
		have = append([]string{"1970-01-01", "2026-03-14"}, have[:min(len(have), 3)]...)
	case listing.Text, listing.ID:
		have = append(have[:min(len(have), 3):min(len(have), 3)], "", "'; DROP TABLE users; --", `\`, "_", "!", "a_b", "*", "[a-z]*", strings.Repeat("ä", 254))
		if o == listing.Like || o == listing.NotLike {
			for _, v := range slices.Clone(have) {
				if letters := []rune(v); len(letters) > 2 && len(letters) < 100 {
					have = append(have, string(letters[:2])+"%", "%"+string(letters[1:]), "%"+string(letters[1:len(letters)-1])+"%", string(letters[:1])+"%"+string(letters[2:]))
				}
			}
			have = append(have, "%", "%%%%%%", "%e%", "% %", "%_%")
		}
	case listing.Number, listing.Bool:
		have = append(have, "0")
	}
	if o == listing.In || o == listing.NotIn {
		have = append(have, strings.Join(have, ","))
	}
	return have
}

// Page by page, in every order and behind every filter, every row comes exactly
// once; and a cursor is good nowhere else.
func TestLists_pages(t *testing.T) {
	w, lists := crowded(t)
	cursors := map[string]string{}
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			filters := []map[string]any{{}}
			for _, f := range l.filters() {
				switch f.Kind {
				case listing.Text:
					filters = append(filters, map[string]any{f.Name: "not_like:%zz%"})
				case listing.Time:
					filters = append(filters, map[string]any{f.Name: "gte:2020-01-01\nlt:2040-01-01"})
				case listing.Choice, listing.ID, listing.Number, listing.Bool:
				}
			}
			for _, order := range append([]string{""}, l.orders...) {
				for _, ask := range filters {
					ask["order"], ask["limit"] = order, 200
					delete(ask, "cursor")
					whole, _, err := l.ask(w, ask)
					if err != nil {
						t.Fatalf("%v: %v", ask, err)
					}
					var paged []entity
					ask["limit"] = max(1, len(whole)/4)
					for range 20 {
						some, p, err := l.ask(w, ask)
						if err != nil || p.Total != len(whole) {
							t.Fatalf("%v: %d in total, not %d (%v)", ask, p.Total, len(whole), err)
						}
						if paged = append(paged, some...); p.NextCursor == "" {
							break
						}
						ask["cursor"] = p.NextCursor
						cursors[name+" "+order] = p.NextCursor
					}
					if diff := cmp.Diff(named(whole), named(paged)); diff != "" {
						t.Errorf("%v (-whole +pages):\n%s", ask, diff)
					}
				}
			}
			if _, _, err := l.ask(w, map[string]any{"order": "colour"}); !problem.Is(err, problem.InvalidRequest) {
				t.Errorf("an order it does not have gives %v", err)
			}
		})
	}
	for from, cursor := range cursors {
		for name, l := range lists {
			for _, order := range l.orders {
				list, given, _ := strings.Cut(from, " ")
				same := list == name || strings.HasSuffix(list, ".activity") && strings.HasPrefix(name, "activity.") || strings.HasPrefix(list, "activity.") && strings.HasSuffix(name, ".activity")
				if same && (given == order || given == "") { // one log; and without an order it is the usual one
					continue
				}
				if _, _, err := l.ask(w, map[string]any{"order": order, "cursor": cursor}); !problem.Is(err, problem.InvalidRequest) {
					t.Errorf("the cursor of %s is taken by %s in the order %s: %v", from, name, order, err)
				}
			}
		}
	}
}
