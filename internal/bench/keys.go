package main

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
)

// What part of a bare handler's speed calls with a key must have: answered from
// memory; and refused, by the checksum alone, or as one that nobody knows.
const (
	fromMemory    = 0.65
	wrongChecksum = 0.8
	unknownKey    = 0.7
)

// keys compares calls with API keys with a handler that does nothing.
func (r *run) keys(ctx context.Context) (err error) {
	dir, err := r.registrar(ctx, 36)
	if err != nil {
		return err
	}
	p, err := open(ctx, dir)
	if err != nil {
		return err
	}
	key, id, err := newKey(ctx, p, "API", access.ViewUser)
	if err = errors.Join(err, p.close()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.forgetKey(ctx, dir, id)) }()
	g, err := r.serve(ctx, dir)
	if err != nil {
		return err
	}
	with := func(key string) http.Header { return http.Header{"Authorization": {"ApiKey " + key}} }
	slip, stranger := []byte(key), apikey.NewToken().Reveal()
	slip[20] ^= 1 // another letter or digit
	for _, c := range []comparison{
		{"GET " + profilePath + " by key, from memory", profilePath, with(key), http.StatusOK, fromMemory},
		{"GET /api/v1/users?limit=1 by key, from the database", "/api/v1/users?limit=1&total=false", with(key), http.StatusOK, fromDatabase},
		{"a key with a wrong checksum", profilePath, with(string(slip)), http.StatusUnauthorized, wrongChecksum},
		{"a key that nobody knows", profilePath, with(stranger.Reveal()), http.StatusUnauthorized, unknownKey},
	} {
		if err = r.beside(ctx, g.address, c); err != nil {
			break
		}
	}
	return errors.Join(err, g.stop())
}

// newKey makes somebody who may have it a key.
func newKey(ctx context.Context, p *place, channel string, permissions ...access.Permission) (text string, id ops.KeyID, err error) {
	c := console("")
	people, err := op.Do(ctx, p.engine, c, p.ops.Users.List, ops.UserList{})
	if err != nil {
		return "", id, err
	}
	for _, u := range people.Entities {
		made, failed := op.Do(ctx, p.engine, c, p.ops.Keys.Create, ops.CreateKeyInput{User: u.ID, Description: "Benchmark", Channels: []string{channel}, Permissions: permissions})
		if err = failed; err == nil {
			return made.Secret.Reveal(), ops.KeyID{ID: made.ID}, nil
		}
	}
	return "", id, errors.Join(err, errors.New("nobody may have such a key"))
}

func (r *run) forgetKey(ctx context.Context, dir string, k ops.KeyID) error {
	p, err := open(context.WithoutCancel(ctx), dir)
	if err != nil {
		return err
	}
	_, err = op.Do(context.WithoutCancel(ctx), p.engine, console(""), p.ops.Keys.Delete, k)
	return errors.Join(err, p.close())
}
