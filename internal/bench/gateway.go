package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"

	"gatehouse/internal/access"
	"gatehouse/internal/apikey"
	"gatehouse/internal/auth"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
)

// throughGateway is the part of a bare reverse proxy's speed that the gateway
// must have.
const throughGateway = 0.85

const gatewayPath = "/v2/domains/example.be"

// gateway compares a GET through the gateway with one through a reverse proxy
// that has the same transport and asks nobody. Both are in this process; what
// they stand before is in another.
func (r *run) gateway(ctx context.Context) error {
	dir, err := r.registrar(ctx, 36)
	if err != nil {
		return err
	}
	p, err := open(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(r.withUpstream(ctx, p), p.close())
}

func (r *run) withUpstream(ctx context.Context, p *place) error {
	upstream, address, err := startBare(ctx, answer{
		http.StatusOK,
		http.Header{"Content-Type": {"application/json"}},
		[]byte(`{"domainName":"example.be","registry":"dnsbe","customer":"acme","registrant":"anna","status":["OK"],"autoRenew":true,"expiryDate":"2027-04-01T00:00:00Z"}`),
	})
	if err != nil {
		return err
	}
	err = r.compareGateway(ctx, p, "http://"+address)
	return errors.Join(err, upstream.Process.Kill(), ignoreExit(upstream.Wait()))
}

// keepsKeys lets in by key alone.
type keepsKeys struct{ ring *auth.Keyring }

func (k keepsKeys) ByKey(ctx context.Context, t apikey.Token, _ access.Source) (access.Actor, error) {
	return k.ring.Find(ctx, t)
}

func (keepsKeys) ByPassword(context.Context, string, secret.Text, access.Source) (access.Actor, error) {
	return access.Actor{}, problem.New(problem.KeyRefused, "There are keys only.")
}

func (r *run) compareGateway(ctx context.Context, p *place, upstream string) (err error) {
	key, forget, err := programKey(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget()) }()
	meaning, err := profile.RealtimeRegister()
	if err != nil {
		return err
	}
	to, err := gateway.NewUpstream(gateway.Target{URL: upstream, Profile: meaning})
	if err != nil {
		return err
	}
	g := gateway.New(gateway.Config{
		Upstream: to, Keeper: keepsKeys{p.engine.Keyring()}, Engine: p.engine, Ops: p.ops, Limits: gateway.Limits{PerSecond: 1e9, Burst: 1e9},
	})
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go p.db.WatchRights(watching)
	ours, err := listen(ctx, g)
	if err != nil {
		return err
	}
	defer ours.Close()
	theirs, err := bareProxy(ctx, upstream)
	if err != nil {
		return err
	}
	defer theirs.Close()
	var fast, gated, ratios []float64
	for range r.rounds {
		a, err := load(ctx, theirs.Addr, r.connections, r.round, gatewayRequest(theirs.Addr, key), http.StatusOK)
		if err != nil {
			return fmt.Errorf("load the bare proxy: %w", err)
		}
		b, err := load(ctx, ours.Addr, r.connections, r.round, gatewayRequest(ours.Addr, key), http.StatusOK)
		if err != nil {
			return fmt.Errorf("load the gateway: %w", err)
		}
		fast, gated, ratios = append(fast, a), append(gated, b), append(ratios, b/a)
	}
	r.table.note(fmt.Sprintf("bare reverse proxy, the same transport, %d connections", r.connections), "%.0f /s", median(fast))
	r.table.note("GET "+gatewayPath+" through the gateway", "%.0f /s", median(gated))
	ratio := median(ratios)
	r.table.judge("  ratio", fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", throughGateway), ratio >= throughGateway)
	return nil
}

func gatewayRequest(host, key string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: ApiKey %s\r\nUser-Agent: bench\r\nAccept: application/json\r\n\r\n", gatewayPath, host, key)
}

// programKey gives the operator account a credential and one of its people a key;
// forget removes the key again.
func programKey(ctx context.Context, p *place) (key string, forget func() error, err error) {
	c := console("")
	if _, err := op.Do(ctx, p.engine, c, p.ops.Upstreams.Set, ops.SetUpstreamInput{Credential: secret.New("a-credential-of-nobody")}); err != nil {
		return "", nil, err
	}
	key, id, err := newKey(ctx, p, "API", "VIEW_DOMAIN", "VIEW_AUTHCODE")
	return key, func() error {
		_, err := op.Do(context.WithoutCancel(ctx), p.engine, c, p.ops.Keys.Delete, id)
		return err
	}, err
}

// listen serves on a port of loopback.
func listen(ctx context.Context, h http.Handler) (*http.Server, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &http.Server{Addr: l.Addr().String(), Handler: h}
	go s.Serve(l) //nolint:errcheck // until it is closed
	return s, nil
}

// pool lends buffers, as the gateway's does.
type pool struct{ sync.Pool }

func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *pool) Put(b []byte) { p.Pool.Put(&b) }

func bareProxy(ctx context.Context, upstream string) (*http.Server, error) {
	to, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	return listen(ctx, &httputil.ReverseProxy{
		Transport:  &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 64, DisableCompression: true, WriteBufferSize: 16 << 10, ReadBufferSize: 16 << 10},
		Rewrite:    func(p *httputil.ProxyRequest) { p.SetURL(to) },
		BufferPool: &pool{},
	})
}
