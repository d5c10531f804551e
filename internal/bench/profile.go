package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// fromDatabase is the part of a bare handler's speed that an answer must have
// which is read from the database.
const fromDatabase = 0.35

const profilePath = "/api/v1/profile"

// profile compares a read over a session with a handler that does nothing.
func (r *run) profile(ctx context.Context) error {
	dir, err := r.registrar(ctx, 36)
	if err != nil {
		return err
	}
	g, err := r.serve(ctx, dir)
	if err != nil {
		return err
	}
	cookie, err := r.signIn(ctx, g, dir)
	if err == nil {
		err = r.beside(ctx, g.address, comparison{"GET " + profilePath + " over a session", profilePath, http.Header{"Cookie": {cookie}}, http.StatusOK, fromDatabase})
	}
	return errors.Join(err, g.stop())
}

func ignoreExit(err error) error {
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return nil
	}
	return err
}

// comparison is of what the Gate answers with a bare handler that repeats it.
type comparison struct {
	name   string
	path   string
	header http.Header
	status int
	bar    float64 // the part of the bare handler's speed it must have
}

// beside runs one, round by round beside the bare handler.
func (r *run) beside(ctx context.Context, gate string, c comparison) error {
	same, err := fetch(ctx, gate, c.path, c.header)
	if err == nil && same.Status != c.status {
		err = fmt.Errorf("%s: %d %s", c.name, same.Status, same.Body)
	}
	if err != nil {
		return err
	}
	child, bare, err := startBare(ctx, same)
	if err != nil {
		return err
	}
	return errors.Join(r.race(ctx, gate, bare, c), child.Process.Kill(), ignoreExit(child.Wait()))
}

func (r *run) race(ctx context.Context, gate, bare string, c comparison) error {
	request := func(host string) []byte {
		text := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n", c.path, host)
		for name, values := range c.header {
			text = fmt.Appendf(text, "%s: %s\r\n", name, values[0])
		}
		return append(text, "\r\n"...)
	}
	var ours, theirs, ratios []float64
	for range r.rounds {
		a, err := load(ctx, bare, r.connections, r.round, request(bare), c.status)
		if err != nil {
			return fmt.Errorf("load the bare handler: %w", err)
		}
		b, err := load(ctx, gate, r.connections, r.round, request(gate), c.status)
		if err != nil {
			return fmt.Errorf("load the Gate: %w", err)
		}
		theirs, ours, ratios = append(theirs, a), append(ours, b), append(ratios, b/a)
	}
	r.table.note(fmt.Sprintf("bare net/http, the same bytes, %d connections", r.connections), "%.0f /s", median(theirs))
	r.table.note(c.name, "%.0f /s", median(ours))
	ratio := median(ratios)
	r.table.judge("  ratio", fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", c.bar), ratio >= c.bar)
	return nil
}

// signIn gives the cookie of a new session. A code works once, so a run that
// follows another at once waits for the next, or takes another person's.
func (r *run) signIn(ctx context.Context, g *gate, dir string) (string, error) {
	ways, err := r.ways(ctx, dir)
	if err != nil {
		return "", err
	}
	for _, w := range ways {
		body, err := json.Marshal(map[string]string{"login": w.Login, "password": w.Password, "code": w.Code})
		if err != nil {
			return "", err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.address+"/api/v1/session", bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", err
		}
		response.Body.Close()
		for _, c := range response.Cookies() {
			if response.StatusCode == http.StatusOK && c.Value != "" {
				return c.Name + "=" + c.Value, nil
			}
		}
	}
	return "", errors.New("nobody of the practice data could sign in; wait half a minute for the next codes")
}

// bareCommand is how this program starts itself as the bare server.
const bareCommand = "-serve-bare"

func startBare(ctx context.Context, same answer) (*exec.Cmd, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	input, err := json.Marshal(same)
	if err != nil {
		return nil, "", err
	}
	c := exec.CommandContext(ctx, self, bareCommand)
	c.Stderr = os.Stderr
	address, err := startChild(c, strings.NewReader(string(input)))
	if err != nil {
		return nil, "", fmt.Errorf("start the bare handler: %w", err)
	}
	return c, address, nil
}

// serveBare answers every request with what it read from in.
func serveBare(in io.Reader, out io.Writer) error {
	var same answer
	if err := json.NewDecoder(in).Decode(&same); err != nil {
		return err
	}
	delete(same.Header, "Date") // the server adds its own
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range same.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(same.Status)
		w.Write(same.Body) //nolint:errcheck // the client has gone
	}))
}
