package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/rest"
)

// holder is what the bound structs share: the operations, and the session of
// whoever is signed in at this window. The session's token stays in Go; the
// page never sees it, and there are no cookies in the window.
type holder struct {
	engine *op.Engine
	ops    *ops.Operations

	mu    sync.Mutex
	token auth.Token
}

// Nouns are the structs to bind, one for each noun of the table.
func Nouns(e *op.Engine, o *ops.Operations) []any {
	h := &holder{engine: e, ops: o}
	return []any{
		&Installation{h}, &Setup{h}, &Activation{h}, &Session{h}, &Profile{h}, &SecondFactors{h}, &Users{h}, &ServiceUsers{h}, &Sessions{h}, &Permissions{h}, &Roles{h}, &Keys{h}, &Upstreams{h}, &Gate{h}, &Activity{h}, &Settings{h},
		&Delivery{h}, &Templates{h}, &Outbox{h}, &Password{h}, &HelpRequests{h},
		&Accounts{h}, &Account{h}, &BreakGlass{h}, &Coverage{h},
	}
}

// Problems gives errors of bound methods the form they have over REST.
func Problems(log *slog.Logger) func(error) any {
	return func(err error) any { return rest.Describe(context.Background(), log, "window", err) }
}

func (h *holder) caller() auth.Caller {
	h.mu.Lock()
	defer h.mu.Unlock()
	return auth.Caller{Credential: auth.Session(h.token), Source: access.Source{Face: access.FaceDesk, Program: "Gatehouse Desk"}}
}

// keep holds on to the token that an answer came with, or lets go of it.
func (h *holder) keep(out any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch v := out.(type) {
	case interface{ SessionToken() auth.Token }:
		if t := v.SessionToken(); !t.IsZero() {
			h.token = t
		}
	case interface{ EndsSession() }:
		h.token = auth.Token{}
	}
}

// call runs an operation for whoever sits at the window. A panic becomes an
// error, since Wails would leave the page waiting for ever.
func call[In, Out any](h *holder, o *op.Op[In, Out], in In) (out Out, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s: panic: %v", o.Info().Name, cause)
		}
	}()
	out, err = op.Do(context.Background(), h.engine, h.caller(), o, in)
	if err == nil {
		h.keep(out)
	}
	return out, err
}
