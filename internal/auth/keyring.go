package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/apikey"
	"gatehouse/internal/problem"
	"gatehouse/internal/store"
)

// Keyring knows the API keys of an installation in memory, for doors that cannot
// ask the database at every call. What it says is right as of the version of
// the rights that it was read at: whoever asks names the version of now, and
// what is older is read again. So a key that is revoked is dead with the commit
// that revokes it, and one that another process revokes as soon as its commit
// is seen here (store.DB.Rights).
type Keyring struct {
	db   *store.DB
	keys Keys

	bearers sync.Map // digest → *held
	known   atomic.Pointer[digests]
	loading sync.Mutex
}

// held is a key as of a version of the rights.
type held struct {
	version int64
	bearer  store.KeyBearer
}

// digests are those of all keys there are, as of a version of the rights: a key
// that is not among them is not asked for in the database.
type digests struct {
	version int64
	at      time.Time
	all     map[string]struct{}
}

// digestsRest is how long the list of all keys is not read anew, whatever
// changes: in between, the database is asked for one that is not on it.
const digestsRest = 250 * time.Millisecond

// NewKeyring makes one; it reads what it is asked for.
func NewKeyring(db *store.DB, keys Keys) *Keyring { return &Keyring{db: db, keys: keys} }

// Find the actor of a key, as of now, without a transaction of the caller's.
func (r *Keyring) Find(ctx context.Context, t apikey.Token) (access.Actor, error) {
	version, err := r.db.Rights(ctx)
	if err != nil {
		return access.Actor{}, fmt.Errorf("see whether rights have changed: %w", err)
	}
	b, err := r.find(t, version, func(f func(store.ReadTx) error) error { return r.db.Read(ctx, f) })
	return r.actor(b, err)
}

// within is Find in a transaction, in which the rights are of a version.
func (r *Keyring) within(tx store.ReadTx, t apikey.Token) (access.Actor, error) {
	version, err := tx.RightsVersion()
	if err != nil {
		return access.Actor{}, fmt.Errorf("read version of the rights: %w", err)
	}
	b, err := r.find(t, version, func(f func(store.ReadTx) error) error { return f(tx) })
	return r.actor(b, err)
}

func (r *Keyring) actor(b store.KeyBearer, err error) (access.Actor, error) {
	if errors.Is(err, store.ErrNotFound) {
		return access.NewUnknownKey(), nil
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("find key: %w", err)
	}
	return ActorOf(b, r.db.Now()), nil
}

// ActorOf a key that was found, as of now: times are asked here, and not when it
// was read, since a key ends by itself. For those who rehearse what a door would
// say, too.
func ActorOf(b store.KeyBearer, now time.Time) access.Actor {
	f := access.KeyFacts{
		Account: b.Account.ID, Operator: b.Operator, User: b.User.ID, Key: b.Key.ID, Name: b.Key.Description,
		Rights: b.Key.Effective(b.Rights), Entry: b.User.Entry, KeyEntry: b.Key.Entry, Domains: b.Key.Domains,
	}
	switch {
	case b.Key.Expired(now):
		f.Refused = problem.KeyExpired
	case !b.User.MayAct(now), b.Account.State != account.Open:
		f.Refused = problem.KeyUserInactive
	}
	return access.NewKey(f)
}

func (r *Keyring) find(t apikey.Token, version int64, read func(func(store.ReadTx) error) error) (store.KeyBearer, error) {
	for _, digest := range t.Digests(r.keys.Digests) {
		b, err := r.byDigest(digest, version, read)
		if !errors.Is(err, store.ErrNotFound) {
			return b, err
		}
	}
	return store.KeyBearer{}, store.ErrNotFound
}

func (r *Keyring) byDigest(digest string, version int64, read func(func(store.ReadTx) error) error) (b store.KeyBearer, err error) {
	if h, ok := r.bearers.Load(digest); ok && h.(*held).version >= version { // a newer one is even more right
		return h.(*held).bearer, nil
	}
	if known := r.known.Load(); known != nil && known.version >= version {
		if _, ok := known.all[digest]; !ok {
			return b, store.ErrNotFound
		}
	}
	err = read(func(tx store.ReadTx) error {
		now, err := tx.RightsVersion()
		if err != nil {
			return err
		}
		if b, err = tx.KeyByDigest(digest); err != nil {
			return errors.Join(err, r.reload(tx, now))
		}
		r.bearers.Store(digest, &held{now, b})
		return nil
	})
	return b, err
}

// reload reads the list of all keys, if it is older than the rights and nobody
// else is at it, and forgets keys that are gone.
func (r *Keyring) reload(tx store.ReadTx, version int64) error {
	if !r.loading.TryLock() {
		return nil
	}
	defer r.loading.Unlock()
	if was := r.known.Load(); was != nil && (was.version == version || time.Since(was.at) < digestsRest) {
		return nil
	}
	all, err := tx.KeyDigests()
	if err != nil {
		return fmt.Errorf("read all keys: %w", err)
	}
	next := &digests{version, time.Now(), make(map[string]struct{}, len(all))}
	for _, d := range all {
		next.all[d] = struct{}{}
	}
	r.bearers.Range(func(digest, _ any) bool {
		if _, ok := next.all[digest.(string)]; !ok {
			r.bearers.Delete(digest)
		}
		return true
	})
	r.known.Store(next)
	return nil
}

// Holder is the actor of a credential, if it is a key; false when it is none.
func (r *Keyring) Holder(ctx context.Context, c Credential) (access.Actor, bool, error) {
	switch c := c.(type) {
	case byKey:
		a, err := r.Find(ctx, c.token)
		return a, true, err
	case badKey:
		return access.NewUnknownKey(), true, nil
	}
	return access.Actor{}, false, nil
}

// Key is the credential of a program with an API key.
func Key(r *Keyring, t apikey.Token) Credential {
	if r == nil || t.IsZero() {
		return badKey{}
	}
	return byKey{r, t}
}

type byKey struct {
	ring  *Keyring
	token apikey.Token
}

func (c byKey) resolve(tx store.ReadTx, _ Keys) (access.Actor, error) {
	return c.ring.within(tx, c.token)
}

// BadKey is the credential of whoever sends something that is no key.
func BadKey() Credential { return badKey{} }

type badKey struct{}

func (badKey) resolve(store.ReadTx, Keys) (access.Actor, error) { return access.NewUnknownKey(), nil }
