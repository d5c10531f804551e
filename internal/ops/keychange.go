package ops

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/apikey"
	"gatehouse/internal/calendar"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// maxKeys is how many keys a user can have, expired ones too.
const maxKeys = 100

// readPermissions reads those a key is given: named ones that its user has, and
// that whoever gives them holds (P2).
func readPermissions(f *field.Form, given []access.Permission, of, by access.Rights) access.Rights {
	var all []access.Permission
	for i, name := range given {
		at := fmt.Sprintf("permissions[%d]", i)
		p, ok := access.Parse(string(name))
		switch {
		case !ok:
			f.Add(at, field.Wrong(problem.Unknown, "There is no such permission."))
		case !of.Has(p):
			f.Add(at, field.Wrong(problem.NotGrantable, "The user of the key does not have the permission "+string(p)+"."))
		case !by.Has(p):
			f.Add(at, field.Wrong(problem.NotGrantable, "You do not have the permission "+string(p)+" yourself."))
		default:
			all = append(all, p)
		}
	}
	if len(given) == 0 {
		f.Add("permissions", field.Wrong(problem.Required, "Please choose at least one permission."))
	}
	return access.RightsOf(all...)
}

// lastDay is the day that a key ends with, unless somebody names one.
func lastDay(f *field.Form, now time.Time, raw string, otherwise calendar.Day) calendar.Day {
	if strings.TrimSpace(raw) == "" {
		return otherwise
	}
	return field.Read(f, "expiresOn", apikey.ParseExpiry(now), raw)
}

func (o *Operations) createKey(_ *op.Preparing, in CreateKeyInput) (op.Commit[KeyMade], error) {
	token := apikey.NewToken()
	digest := token.Digest(o.deps.Vault.Digest)
	return func(w *op.Writing[KeyMade]) op.Outcome[KeyMade] {
		whose := in.User
		if whose == "" {
			whose = w.Actor.User()
		}
		var form field.Form
		if whose == "" { // the console is nobody
			form.Add("user", field.Missing())
			return w.Fail(form.Err())
		}
		t, err := findTarget(w.Tx.ReadTx, w.Call, whose)
		if err != nil {
			return w.Fail(err)
		}
		about := op.Entry{Object: userObject(t.User)}
		if p := t.keeps(w.Actor); p != nil {
			return w.Refuse(p, about)
		}
		now := w.Tx.Now()
		k := apikey.Key{
			ID: id.NewKey(), Account: t.Account, User: t.ID, Shown: token.Shown(), Digest: digest, CreatedAt: now,
			Description: field.Read(&form, "description", apikey.ParseDescription, in.Description),
			Entry:       entry.Rules{Points: apikey.ReadChannels(&form, "channels", in.Channels), Ranges: entry.ReadRanges(&form, "ipRules", in.IPRules)},
			Rights:      readPermissions(&form, in.Permissions, t.rights, w.Actor.Rights()),
			Domains:     domain.ReadPatterns(&form, "domains", in.Domains),
			ExpiresAt:   lastDay(&form, now, in.ExpiresOn, calendar.On(now.AddDate(apikey.Years, 0, 0))).Ends(),
		}
		if len(k.Domains) == 0 {
			k.Domains = domain.Patterns{domain.All}
		}
		if err := form.Err(); ungrantable(err) {
			return w.Deny(err, about)
		} else if err != nil {
			return w.Fail(err)
		}
		if !t.MayAct(now) {
			return w.Refuse(problem.Newf(problem.Conflict, "%s is not active, and a key would not work. Please reactivate the user first.", t.Name), about)
		}
		if err := o.addKey(w.Tx, t, k); err != nil {
			return w.Deny(err, about)
		}
		about.Object, about.Detail = keyObject(k), describeKey(k)
		return w.Done(KeyMade{showKey(store.UserKey{Key: k, UserName: t.Name}, now), token.Reveal()}, about)
	}, nil
}

// addKey writes a key, unless its user has enough of them.
func (o *Operations) addKey(tx store.WriteTx, t target, k apikey.Key) error {
	n, err := tx.CountKeys(t.Ref())
	if err != nil {
		return fmt.Errorf("count keys: %w", err)
	}
	if n >= maxKeys {
		return problem.Newf(problem.Conflict, "%s has %d keys, and that is as many as there can be. Please delete those that are not used.", t.Name, n)
	}
	if err := tx.AddKey(t.Ref(), k); err != nil {
		return fmt.Errorf("add key: %w", err)
	}
	return nil
}

// describeKey is what the log says of a key that comes into being.
func describeKey(k apikey.Key) activity.Detail {
	d := keyDetail(k)
	d["channels"], d["permissions"], d["domains"] = k.Entry.Points.List(), k.Rights.Permissions(), k.Domains
	d["ipRules"], d["expiresAt"] = k.Entry.Ranges.Texts(), k.ExpiresAt
	return d
}

// changedKey ends an act with the key as it became.
func changedKey(w *op.Writing[Key], k id.Key, about op.Entry) op.Outcome[Key] {
	now, err := w.Tx.Key(w.Scope(), k)
	if err != nil {
		return w.Fail(fmt.Errorf("find key: %w", err))
	}
	return w.Done(showKey(now, w.Tx.Now()), about)
}

func updateKey(_ *op.Preparing, in UpdateKeyInput) (op.Commit[Key], error) {
	return func(w *op.Writing[Key]) op.Outcome[Key] {
		before, _, about, err := onKey(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		var form field.Form
		k := before.Key
		changed := activity.Detail{}
		in.apply(&form, w.Tx.Now(), &k, changed)
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if wider, ok := k.Narrower(before.Key); !ok {
			form.Add(wider, field.Wrong(problem.NotAllowed, "A key is only ever narrowed. Please create another one for more."))
			return w.Fail(form.Err())
		}
		if len(changed) == 0 {
			return changedKey(w, k.ID, about)
		}
		if err := w.Tx.UpdateKey(w.Scope(), k); err != nil {
			return w.Fail(fmt.Errorf("update key: %w", err))
		}
		about.Object = keyObject(k)
		for name, change := range changed {
			about.Detail[name] = change
		}
		return changedKey(w, k.ID, about)
	}, nil
}

// apply reads what is given into k, and notes what is wrong and what changed.
func (in UpdateKeyInput) apply(f *field.Form, now time.Time, k *apikey.Key, changed activity.Detail) {
	change(f, changed, "description", apikey.ParseDescription, in.Description, &k.Description)
	if in.Channels != nil {
		before := k.Entry.Points.Text()
		k.Entry.Points = apikey.ReadChannels(f, "channels", in.Channels)
		note(changed, "channels", before, k.Entry.Points.Text())
	}
	if in.Permissions != nil {
		before := k.Rights
		k.Rights = readPermissions(f, in.Permissions, k.Rights, k.Rights)
		if k.Rights != before {
			changed["permissions"] = activity.Detail{"before": before.Permissions(), "after": k.Rights.Permissions()}
		}
	}
	if in.Domains != nil {
		before := k.Domains
		if k.Domains = domain.ReadPatterns(f, "domains", in.Domains); len(k.Domains) == 0 {
			f.Add("domains", field.Missing())
		}
		if !slices.Equal(before, k.Domains) {
			changed["domains"] = activity.Detail{"before": before, "after": k.Domains}
		}
	}
	if in.IPRules != nil {
		before := k.Entry.Ranges.Text()
		k.Entry.Ranges = entry.ReadRanges(f, "ipRules", in.IPRules)
		note(changed, "ipRules", before, k.Entry.Ranges.Text())
	}
	if in.ExpiresOn != nil {
		before := k.ExpiresAt
		k.ExpiresAt = field.Read(f, "expiresOn", apikey.ParseExpiry(now), *in.ExpiresOn).Ends()
		note(changed, "expiresAt", before, k.ExpiresAt)
	}
}

func (o *Operations) rotateKey(_ *op.Preparing, in RotateKeyInput) (op.Commit[KeyMade], error) {
	token := apikey.NewToken()
	digest := token.Digest(o.deps.Vault.Digest)
	var form field.Form
	overlap := apikey.Overlap
	if in.OverlapHours != nil {
		if overlap = time.Duration(*in.OverlapHours) * time.Hour; *in.OverlapHours < 0 || *in.OverlapHours > int(apikey.MaxOverlap/time.Hour) {
			form.Add("overlapHours", field.Wrong(problem.NotAllowed, "The old key lives on for 0 to 720 hours."))
		}
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[KeyMade]) op.Outcome[KeyMade] {
		old, t, about, err := onKey(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		now := w.Tx.Now()
		switch {
		case old.Expired(now):
			return w.Refuse(problem.New(problem.Conflict, "This key is over. Please create another one."), about)
		case old.Successor != "":
			return w.Refuse(problem.New(problem.Conflict, "This key has a successor already. Please rotate that one."), about)
		}
		var form field.Form
		next := old.Key
		next.ID, next.Shown, next.Digest, next.CreatedAt, next.Last = id.NewKey(), token.Shown(), digest, now, apikey.Use{}
		next.ExpiresAt = lastDay(&form, now, in.ExpiresOn, calendar.On(now.Add(old.ExpiresAt.Sub(old.CreatedAt)))).Ends()
		if err := form.Err(); err != nil {
			return w.Fail(err)
		}
		if latest := apikey.LatestExpiry(now).Ends(); next.ExpiresAt.After(latest) {
			next.ExpiresAt = latest
		}
		if err := o.addKey(w.Tx, t, next); err != nil {
			return w.Deny(err, about)
		}
		ends := old.Key
		ends.Successor = next.ID
		if over := now.Add(overlap); over.Before(ends.ExpiresAt) {
			ends.ExpiresAt = over
		}
		if err := w.Tx.UpdateKey(w.Scope(), ends); err != nil {
			return w.Fail(fmt.Errorf("end the old key: %w", err))
		}
		about.Detail["successor"], about.Detail["successorShown"], about.Detail["oldEndsAt"], about.Detail["expiresAt"] = next.ID, next.Shown, ends.ExpiresAt, next.ExpiresAt
		return w.Done(KeyMade{showKey(store.UserKey{Key: next, UserName: t.Name}, now), token.Reveal()}, about)
	}, nil
}

func cutKey(_ *op.Preparing, in KeyID) (op.Commit[Key], error) {
	return func(w *op.Writing[Key]) op.Outcome[Key] {
		k, _, about, err := onKey(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		if k.Expired(w.Tx.Now()) {
			return w.Refuse(problem.New(problem.Conflict, "This key is over already."), about)
		}
		k.ExpiresAt = w.Tx.Now()
		if err := w.Tx.UpdateKey(w.Scope(), k.Key); err != nil {
			return w.Fail(fmt.Errorf("end key: %w", err))
		}
		return changedKey(w, k.ID, about)
	}, nil
}

func deleteKey(_ *op.Preparing, in KeyID) (op.Commit[None], error) {
	return func(w *op.Writing[None]) op.Outcome[None] {
		k, _, about, err := onKey(w, in.ID)
		if err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.DeleteKey(w.Scope(), k.ID); err != nil {
			return w.Fail(fmt.Errorf("delete key: %w", err))
		}
		return w.Done(None{}, about)
	}, nil
}

// ReopenInput says whose password works on API and ISProxy again, and why.
type ReopenInput struct {
	ID     id.User `json:"id"`
	Reason string  `json:"reason"`
}

// reopenAPIPassword undoes what the first key or second factor did (K5). Neither
// may be there: a password beside them would make them worth nothing.
func reopenAPIPassword(_ *op.Preparing, in ReopenInput) (op.Commit[User], error) {
	var form field.Form
	reason := field.Read(&form, "reason", field.Text(500), in.Reason)
	if err := form.Err(); err != nil {
		return nil, err
	}
	return func(w *op.Writing[User]) op.Outcome[User] {
		t, about, err := acting(w, in.ID, ReopenPassword)
		about.Detail = activity.Detail{"reason": reason}
		if err != nil {
			return w.Deny(err, about)
		}
		if err := w.Tx.OpenPasswords(t.Ref()); err != nil {
			return w.Fail(fmt.Errorf("let the password work again: %w", err))
		}
		return changed(w, t.ID, about)
	}, nil
}
