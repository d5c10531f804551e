package ops

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/activity"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/calendar"
	"gatehouse/internal/domain"
	"gatehouse/internal/entry"
	"gatehouse/internal/field"
	"gatehouse/internal/id"
	"gatehouse/internal/listing"
	"gatehouse/internal/op"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
)

// Key is an API key as people see it: never its secret.
type Key struct {
	ID          id.Key              `json:"id"`
	UserID      id.User             `json:"userId"`
	UserName    string              `json:"userName"`
	Description string              `json:"description"`
	Shown       string              `json:"shown"` // beginning of the secret, by which it is recognised
	State       apikey.State        `json:"state"`
	Channels    []entry.Point       `json:"channels"`    // API, ISPROXY
	Permissions []access.Permission `json:"permissions"` // that it was given; what its user has lost, it has lost too
	Domains     []domain.Pattern    `json:"domains"`     // *: all
	IPRules     []string            `json:"ipRules"`     // empty: from anywhere
	CreatedAt   time.Time           `json:"createdAt"`
	ExpiresAt   time.Time           `json:"expiresAt"`
	Successor   id.Key              `json:"successor"`  // empty: none
	LastUsedAt  *time.Time          `json:"lastUsedAt"` // null: never
	LastAddress string              `json:"lastAddress"`
	LastProgram string              `json:"lastProgram"` // what it calls itself
	Stale       bool                `json:"stale"`       // not used for 90 days
}

func showKey(k store.UserKey, now time.Time) Key {
	last := k.Last.At
	if last.IsZero() {
		last = k.CreatedAt
	}
	return Key{
		ID: k.ID, UserID: k.User, UserName: k.UserName, Description: k.Description, Shown: k.Shown, State: k.State(now), Channels: k.Entry.Points.List(),
		Permissions: k.Rights.Permissions(), Domains: append([]domain.Pattern{}, k.Domains...), IPRules: k.Entry.Ranges.Texts(),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, Successor: k.Successor,
		LastUsedAt: orNil(k.Last.At), LastAddress: k.Last.Address, LastProgram: k.Last.Program, Stale: now.Sub(last) > apikey.Stale,
	}
}

// ListedKey is a key in a list.
type ListedKey struct {
	Key
	UsesByDay []int64 `json:"usesByDay" cli:"-"` // of the last thirty days, today last
}

// KeyDetail is everything that may be known of a key.
type KeyDetail struct {
	Key
	Effective []access.Permission `json:"effective"`    // what it can do now: what both it and its user have
	Uses      []store.DayUses     `json:"uses" cli:"-"` // by day, of the last thirty; days without are left out
	Works     bool                `json:"works"`        // it is not over, and its user and account are active
	Code      problem.Code        `json:"code"`         // why it does not; empty when it does
	Closed    problem.Code        `json:"closed"`       // why the caller may not change it; empty when they may
	Narrowed  bool                `json:"narrowed"`     // its user has lost a permission that it was given
}

// KeyID names a key.
type KeyID struct {
	ID id.Key `json:"id"`
}

// KeyList asks for keys: one's own, or with MANAGE_USER_API_KEY those of
// everybody.
type KeyList struct {
	Paging
	User        id.User        `json:"user,omitempty"`  // of this user only
	State       listing.Filter `json:"state,omitempty"` // active, expiring (within 14 days), rotated, expired
	Description listing.Filter `json:"description,omitempty"`
	UserName    listing.Filter `json:"userName,omitempty"`
	Shown       listing.Filter `json:"shown,omitempty"`
	CreatedAt   listing.Filter `json:"createdAt,omitempty"`
	ExpiresAt   listing.Filter `json:"expiresAt,omitempty"`
	LastUsedAt  listing.Filter `json:"lastUsedAt,omitempty"`
	Order       store.KeyOrder `json:"order,omitempty"` // createdAt, description, expiresAt or userName; with - the other way round
}

// Filters implements Filtered.
func (KeyList) Filters() []listing.Field {
	return []listing.Field{words("state", apikey.States()), folded("description"), folded("userName"), exactly("shown"), times("createdAt"), times("expiresAt"), orNull(times("lastUsedAt"))}
}

// CreateKeyInput is a new key.
type CreateKeyInput struct {
	User        id.User             `json:"user,omitempty"`      // whose; one's own when left out
	Description string              `json:"description"`         // the program that will hold it
	Channels    []string            `json:"channels"`            // API, ISPROXY
	Permissions []access.Permission `json:"permissions"`         // of those its user has
	Domains     []string            `json:"domains,omitempty"`   // example.be, *.be; all when left out
	IPRules     []string            `json:"ipRules,omitempty"`   // addresses and ranges; none: from anywhere
	ExpiresOn   string              `json:"expiresOn,omitempty"` // the last day; in a year when left out, in two at most
}

// KeyMade is a key with its secret, which is shown this once.
type KeyMade struct {
	Key
	Secret secret.OneTime `json:"secret"`
}

// MadeID implements op.Made.
func (k KeyMade) MadeID() string { return string(k.ID) }

// UpdateKeyInput narrows a key; what is left out stays. Nothing widens one.
type UpdateKeyInput struct {
	ID          id.Key              `json:"id"`
	Description *string             `json:"description,omitempty"`
	Channels    []string            `json:"channels,omitempty"`
	Permissions []access.Permission `json:"permissions,omitempty"`
	Domains     []string            `json:"domains,omitempty"`
	IPRules     []string            `json:"ipRules,omitempty"`
	ExpiresOn   *string             `json:"expiresOn,omitempty"`
}

// RotateKeyInput says which key gets a successor.
type RotateKeyInput struct {
	ID           id.Key `json:"id"`
	OverlapHours *int   `json:"overlapHours,omitempty"` // how long the old one lives on, 0 to 720; 24 when left out
	ExpiresOn    string `json:"expiresOn,omitempty"`    // of the successor; it lives as long as the old one when left out
}

// TryKeyInput asks what a key would be allowed to do.
type TryKeyInput struct {
	ID         id.Key            `json:"id"`
	Channel    entry.Point       `json:"channel"`              // API or ISPROXY
	Address    string            `json:"address"`              // from where
	Permission access.Permission `json:"permission,omitempty"` // empty: whether it gets in at all
	Domain     string            `json:"domain,omitempty"`
}

// Tried is what would happen.
type Tried struct {
	Allowed bool         `json:"allowed"`
	Code    problem.Code `json:"code,omitempty"`   // why not
	Detail  string       `json:"detail,omitempty"` // the same, in words
}

type keyOps struct {
	List   *op.Op[KeyList, Page[ListedKey]]
	Show   *op.Op[KeyID, KeyDetail]
	Create *op.Op[CreateKeyInput, KeyMade]
	Update *op.Op[UpdateKeyInput, Key]
	Rotate *op.Op[RotateKeyInput, KeyMade]
	Cut    *op.Op[KeyID, Key]
	Delete *op.Op[KeyID, None]
	Try    *op.Op[TryKeyInput, Tried]

	tell *op.Op[None, None]
}

func (o *Operations) addKeys() {
	rule := op.Holds(access.ManageAPIKey)
	o.Keys.List = op.Read(&o.table, op.Spec{
		Name: "keys.list", Route: "GET /keys",
		Summary: "One's own API keys; with MANAGE_USER_API_KEY, those of everybody in the account.",
	}, rule.InPerson(), listKeys)
	o.Keys.Show = op.Read(&o.table, op.Spec{
		Name: "keys.show", Route: "GET /keys/{id}",
		Summary: "One API key: what it can do now, and how often it was used.",
	}, rule.InPerson(), showKeyDetail)
	o.Keys.Create = op.Write(&o.table, op.Spec{
		Name: "keys.create", Route: "POST /keys", Event: "key.created", Creates: "/keys/{id}",
		Summary: "Create an API key for a program. Its secret is in the answer, once. From the first key on, the user's password no longer works on API and ISProxy.",
	}, rule.SteppedUp(), o.createKey)
	o.Keys.Update = op.Write(&o.table, op.Spec{
		Name: "keys.update", Route: "PATCH /keys/{id}", Event: "key.updated",
		Summary: "Rename an API key, or narrow what it can do. Nothing widens one.",
	}, rule.SteppedUp(), updateKey)
	o.Keys.Rotate = op.Write(&o.table, op.Spec{
		Name: "keys.rotate", Route: "POST /keys/{id}/rotate", Event: "key.rotated",
		Summary: "Give an API key a successor with the same rights, whose secret is in the answer, once. The old one lives on for a while.",
	}, rule.SteppedUp(), o.rotateKey)
	o.Keys.Cut = op.Write(&o.table, op.Spec{
		Name: "keys.cut", Route: "POST /keys/{id}/cut", Event: "key.cut", Destroys: true,
		Summary: "End an API key at once, as when it has leaked. It stays in the list.",
	}, rule.SteppedUp(), cutKey)
	o.Keys.Delete = op.Write(&o.table, op.Spec{
		Name: "keys.delete", Route: "DELETE /keys/{id}", Event: "key.deleted", Destroys: true,
		Summary: "Delete an API key: whatever still uses it no longer has access, at once.",
	}, rule.SteppedUp(), deleteKey)
	o.Keys.Try = op.Read(&o.table, op.Spec{
		Name: "keys.try", Route: "POST /keys/{id}/try",
		Summary: "What an API key would be allowed to do from an address, answered as the doors would. Nothing is counted.",
	}, rule.InPerson(), o.tryKey)
}

func keyObject(k apikey.Key) activity.Object {
	return activity.Object{Kind: "key", ID: string(k.ID), Name: k.Description}
}

// othersKeys says why the caller may not look after keys of other users; nil
// when they may.
func othersKeys(a access.Actor) *problem.Problem {
	if a.Rights().Has(access.ManageUserAPIKey) {
		return nil
	}
	return problem.New(problem.Forbidden, "Keys of other users take the permission "+string(access.ManageUserAPIKey)+".")
}

// findKey finds a key that the caller may see: one's own or, for whoever looks
// after others', of the account. Of others nobody learns that they are there.
func findKey(tx store.ReadTx, c op.Call, k id.Key) (store.UserKey, error) {
	found, err := tx.Key(c.Scope(), k)
	if err == nil && found.User != c.Actor.User() && othersKeys(c.Actor) != nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return found, fmt.Errorf("find key: %w", err)
	}
	return found, nil
}

// onKey is what acts on a key begin with: the key and its user, past the guards.
func onKey[Out any](w *op.Writing[Out], k id.Key) (store.UserKey, target, op.Entry, error) {
	found, err := findKey(w.Tx.ReadTx, w.Call, k)
	if err != nil {
		return found, target{}, op.Entry{}, err
	}
	about := op.Entry{Object: keyObject(found.Key), Detail: keyDetail(found.Key)}
	t, err := findTarget(w.Tx.ReadTx, w.Call, found.User)
	if err != nil {
		return found, t, about, err
	}
	if p := t.keeps(w.Actor); p != nil {
		return found, t, about, p
	}
	return found, t, about, nil
}

// keyDetail is by what the log names a key besides its description.
func keyDetail(k apikey.Key) activity.Detail {
	return activity.Detail{"user": k.User, "shown": k.Shown}
}

// keeps says why the caller may not look after the user's keys; nil when they
// may. With a key of somebody who holds more, one would hold more (P3).
func (t target) keeps(a access.Actor) *problem.Problem {
	if t.ID == a.User() {
		return nil
	}
	if p := othersKeys(a); p != nil {
		return p
	}
	if !a.Rights().Covers(t.rights) {
		return problem.Newf(problem.Outranked, "%s holds permissions that you do not hold yourself. Please ask an administrator who does.", t.Name)
	}
	return nil
}

func listKeys(r *op.Reading, in KeyList) (Page[ListedKey], error) {
	limit, err := in.limit()
	if err != nil {
		return Page[ListedKey]{}, err
	}
	where, err := conditions(in)
	if err := errors.Join(err, knownOrder(in.Order, store.KeyOrders())); err != nil {
		return Page[ListedKey]{}, err
	}
	if p := othersKeys(r.Actor); p != nil {
		if in.User != "" && in.User != r.Actor.User() {
			return Page[ListedKey]{}, p
		}
		in.User = r.Actor.User()
	}
	states, where := listing.Take(where, "state")
	f := store.KeyFilter{User: in.User, States: listing.Among(apikey.States(), states), Where: where, Order: in.Order, Span: in.span(limit)}
	if nothing(f.States) {
		return pageOf(in.Paging, limit, store.Total{}, "", []ListedKey{}), nil
	}
	found, err := r.Tx.Keys(r.Scope(), f)
	if err != nil {
		return Page[ListedKey]{}, fmt.Errorf("list keys: %w", err)
	}
	ids := []id.Key{}
	for _, k := range found.Rows {
		ids = append(ids, k.ID)
	}
	now := r.Tx.Now()
	uses, err := r.Tx.KeysUses(r.Scope(), ids, firstShown(now))
	if err != nil {
		return Page[ListedKey]{}, fmt.Errorf("read uses of keys: %w", err)
	}
	all := []ListedKey{}
	for _, k := range found.Rows {
		all = append(all, ListedKey{showKey(k, now), usesByDay(uses[k.ID], now)})
	}
	return pageOf(in.Paging, limit, found.Total, found.NextCursor, all), nil
}

// usesShown is for how many days the chart of a key goes back.
const usesShown = 30

// firstShown is the day that it begins with.
func firstShown(now time.Time) calendar.Day { return calendar.On(now.AddDate(0, 0, 1-usesShown)) }

// usesByDay lays uses out by the days of the chart.
func usesByDay(uses []store.DayUses, now time.Time) []int64 {
	all := make([]int64, usesShown)
	days := map[calendar.Day]int64{}
	for _, u := range uses {
		days[u.Day] = u.Uses
	}
	for i := range all {
		all[i] = days[calendar.On(now.AddDate(0, 0, 1-usesShown+i))]
	}
	return all
}

func showKeyDetail(r *op.Reading, in KeyID) (d KeyDetail, err error) {
	k, err := findKey(r.Tx, r.Call, in.ID)
	if err != nil {
		return d, err
	}
	b, err := r.Tx.KeyBearer(r.Scope(), k.ID)
	if err != nil {
		return d, fmt.Errorf("find user of key: %w", err)
	}
	now := r.Tx.Now()
	d = KeyDetail{Key: showKey(k, now), Effective: k.Effective(b.Rights).Permissions(), Narrowed: !b.Rights.Covers(k.Rights)}
	d.Code = auth.ActorOf(b, now).Refused()
	d.Works = d.Code == ""
	t, err := findTarget(r.Tx, r.Call, k.User)
	if err != nil {
		return d, err
	}
	if p := t.keeps(r.Actor); p != nil {
		d.Closed = p.Code
	}
	if d.Uses, err = r.Tx.KeyUses(r.Scope(), k.ID, firstShown(now)); err != nil {
		return d, fmt.Errorf("read uses of key: %w", err)
	}
	if d.Uses == nil {
		d.Uses = []store.DayUses{}
	}
	return d, nil
}

// tryKey asks what the doors ask, of the key as it is.
func (o *Operations) tryKey(r *op.Reading, in TryKeyInput) (t Tried, err error) {
	k, err := findKey(r.Tx, r.Call, in.ID)
	if err != nil {
		return t, err
	}
	var form field.Form
	face, known := map[entry.Point]access.Face{entry.API: access.FaceGateway, entry.ISProxy: access.FaceISProxy}[in.Channel]
	if !known {
		form.Add("channel", field.Wrong(problem.Unknown, "Please choose API or ISPROXY."))
	}
	from := access.Source{Face: face}
	from.Address = field.Read(&form, "address", entry.ParseAddress, in.Address)
	on := field.Optional(&form, "domain", domain.ParseName, in.Domain)
	may := access.Known
	if in.Permission != "" {
		var ok bool
		if may, ok = access.Parse(string(in.Permission)); !ok {
			form.Add("permission", field.Wrong(problem.Unknown, "There is no such permission."))
		}
	}
	if err := form.Err(); err != nil {
		return t, err
	}
	b, err := r.Tx.KeyBearer(r.Scope(), k.ID)
	if err != nil {
		return t, fmt.Errorf("find user of key: %w", err)
	}
	a := auth.ActorOf(b, r.Tx.Now())
	if d := access.Use(a, from); !d.Allowed { // here the reason may be told
		return Tried{false, d.Reason, whyKeyRefused(d.Reason)}, nil
	}
	d := access.Authorize(a, may, on, from)
	return Tried{d.Allowed, d.Reason, d.Text}, nil
}

// whyKeyRefused says to those who look after a key what its caller is not told.
func whyKeyRefused(c problem.Code) string {
	return map[problem.Code]string{
		problem.KeyExpired:      "This key is over.",
		problem.KeyUserInactive: "The user of this key, or their account, is not active.",
		problem.PointRefused:    "This key or its user does not have this channel.",
		problem.AddressRefused:  "The IP rules of this key, or of its user, do not hold this address.",
	}[c]
}
