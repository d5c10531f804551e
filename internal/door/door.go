// Package door lets programs in: by an API key, or by a password where that
// still works (rule K5). The API gateway and ISProxy ask it at every call, so it
// answers from memory, and what it remembers is worth nothing once the rights
// have changed. It knows neither protocol.
package door

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/isproxy"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/secret"
)

// Keeper stands at the doors of an installation. Watch has to run while any is
// open.
type Keeper struct {
	engine *op.Engine
	enter  *op.Op[ops.EnterInput, ops.Entered]
	secret [32]byte // under which passwords are remembered, for as long as the process runs

	mu        sync.Mutex
	passwords map[[32]byte]*password
	visits    map[*visit]struct{}

	turned chan turned
}

// password is one that was right, for as long as it is remembered.
type password struct {
	credential auth.Credential
	until      time.Time
}

// How long a password that was right is not hashed again, and how many of them
// are remembered. A changed one, or one that no program may use any more, is
// refused at once.
const (
	rememberFor   = 5 * time.Minute
	mostPasswords = 1000
)

// mostTurned is how many refusals wait for their record; what is more is only
// counted.
const mostTurned = 256

// New makes the keeper.
func New(e *op.Engine, o *ops.Operations) *Keeper {
	k := &Keeper{engine: e, enter: o.Password.Enter, passwords: map[[32]byte]*password{}, visits: map[*visit]struct{}{}, turned: make(chan turned, mostTurned)}
	rand.Read(k.secret[:])
	return k
}

// ByKey implements gateway.Keeper: it says who holds a key. One that is not good
// is an actor too, who is allowed nothing.
func (k *Keeper) ByKey(ctx context.Context, t apikey.Token, from access.Source) (access.Actor, error) {
	return k.who(ctx, auth.Caller{Credential: auth.Key(k.engine.Keyring(), t), Source: from})
}

// ByPassword implements gateway.Keeper: it says whose login and password these
// are, if a program may use them at the source. login is of the form
// customer/user. The error is a problem when they are not good, and then the log
// has it; any other says that nobody can tell now.
func (k *Keeper) ByPassword(ctx context.Context, login string, word secret.Text, from access.Source) (access.Actor, error) {
	c, err := k.verify(ctx, login, word, from)
	if err != nil {
		return access.Actor{}, err
	}
	return k.who(ctx, c)
}

func (k *Keeper) who(ctx context.Context, c auth.Caller) (access.Actor, error) {
	a, err := k.engine.Resolve(ctx, c)
	if err != nil {
		return a, fmt.Errorf("see who is at the door: %w", err)
	}
	return a, nil
}

// verify compares a password with that of the user, unless that was done a
// moment ago.
func (k *Keeper) verify(ctx context.Context, login string, word secret.Text, from access.Source) (auth.Caller, error) {
	mark := k.mark(login, word)
	c := auth.Caller{Source: from}
	if known := k.remembered(mark); known != nil {
		c.Credential = known
		switch a, err := k.who(ctx, c); {
		case err != nil:
			return c, err
		case a.Kind() != access.Anonymous:
			return c, nil
		}
		// It is good no more: why, and in whose log that belongs, is found out
		// as for any other.
		k.forget(mark)
		c.Credential = nil
	}
	customer, name, _ := strings.Cut(login, "/")
	in, err := op.Do(ctx, k.engine, c, k.enter, ops.EnterInput{Account: customer, Login: name, Password: word})
	if err != nil {
		return c, err
	}
	c.Credential = in.Credential()
	k.remember(mark, c.Credential)
	return c, nil
}

// mark stands for a login with its password. Nobody can get either out of it.
func (k *Keeper) mark(login string, word secret.Text) (m [32]byte) {
	h := hmac.New(sha256.New, k.secret[:])
	fmt.Fprintf(h, "%d:%s", len(login), login)
	h.Write([]byte(word.Reveal()))
	h.Sum(m[:0])
	return m
}

func (k *Keeper) remembered(mark [32]byte) auth.Credential {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.passwords[mark]
	switch {
	case !ok:
		return nil
	case k.engine.Now().After(p.until):
		delete(k.passwords, mark)
		return nil
	}
	return p.credential
}

func (k *Keeper) forget(mark [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.passwords, mark)
}

func (k *Keeper) remember(mark [32]byte, c auth.Credential) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.engine.Now()
	if len(k.passwords) >= mostPasswords {
		for m, p := range k.passwords {
			if now.After(p.until) {
				delete(k.passwords, m)
			}
		}
	}
	if len(k.passwords) < mostPasswords {
		k.passwords[mark] = &password{c, now.Add(rememberFor)}
	}
}

// atISProxy is where whoever comes by the line protocol is.
func atISProxy(from netip.Addr) access.Source {
	return access.Source{Face: access.FaceISProxy, Address: from.Unmap()}
}

// Verify implements isproxy.Keys.
func (k *Keeper) Verify(ctx context.Context, key secret.Text, from netip.Addr) (isproxy.Session, error) {
	credential := auth.BadKey()
	if t, err := apikey.Parse(key.Reveal()); err == nil {
		credential = auth.Key(k.engine.Keyring(), t)
	}
	return k.open(ctx, auth.Caller{Credential: credential, Source: atISProxy(from)})
}

// VerifyPassword implements isproxy.Keys.
func (k *Keeper) VerifyPassword(ctx context.Context, login string, word secret.Text, from netip.Addr) (isproxy.Session, error) {
	c, err := k.verify(ctx, login, word, atISProxy(from))
	if err != nil {
		return nil, err
	}
	return k.open(ctx, c)
}
