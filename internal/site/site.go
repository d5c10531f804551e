// Package site serves the single-page app to browsers and keeps hostile pages
// away: an exact list of host names, no cross-origin writes, and headers under
// which nothing but our own files runs.
package site

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/page"
	"gatehouse/internal/problem"
)

// Headers sets the headers of every answer to a browser.
func Headers(next http.Handler) http.Handler {
	secured := page.Secure(page.Browser)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		secured.ServeHTTP(w, r)
	})
}

// Guard lets requests through whose Host is exactly one of hosts, and that no
// page of another origin sent; the others refuse answers. A page that has its
// own name resolve to this machine (DNS rebinding) fails the first, any other
// the second.
func Guard(hosts []string, refuse func(http.ResponseWriter, *http.Request, error), next http.Handler) http.Handler {
	allowed := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		allowed[strings.ToLower(h)] = true
	}
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, problem.New(problem.CrossOrigin, "This was sent by a page that is not ours, and is not done."))
	}))
	protected := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed[strings.ToLower(r.Host)] {
			refuse(w, r, problem.New(problem.Misdirected, "This server does not answer to that name. Please use the address it was started with."))
			return
		}
		protected.ServeHTTP(w, r)
	})
}

// Hosts are the names under which a listener is reached: its own address, the
// loopback names if it is one, and the public name.
func Hosts(listen net.Addr, publicHost string) []string {
	hosts := []string{listen.String()}
	if host, port, err := net.SplitHostPort(listen.String()); err == nil {
		if ip := net.ParseIP(host); ip.IsLoopback() || ip.IsUnspecified() {
			for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
				hosts = append(hosts, net.JoinHostPort(name, port))
			}
		}
	}
	if publicHost != "" {
		hosts = append(hosts, publicHost)
	}
	for _, h := range hosts {
		// Browsers leave out the port that belongs to the scheme.
		if _, port, err := net.SplitHostPort(h); err == nil && (port == "80" || port == "443") {
			hosts = append(hosts, strings.TrimSuffix(h, ":"+port))
		}
	}
	return hosts
}

// Assets serves the built app: index.html at the root, every file under its
// name, compressed once at start.
func Assets(files fs.FS) (http.Handler, error) {
	served := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		a, err := load(files, name)
		served["/"+name] = a
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the app: %w", err)
	}
	if index, ok := served["/index.html"]; ok {
		served["/"] = index
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := served[r.URL.Path]
		switch {
		case !ok:
			http.Error(w, "There is nothing here. The app is at /.", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "This can only be read.", http.StatusMethodNotAllowed)
		default:
			a.serve(w, r)
		}
	}), nil
}

type asset struct {
	plain   []byte
	zipped  func() []byte // made when first asked for: to start must not take long; nil where it saves nothing
	kind    string
	lasting bool // its name changes with its content
}

func load(files fs.FS, name string) (asset, error) {
	plain, err := fs.ReadFile(files, name)
	if err != nil {
		return asset{}, err
	}
	a := asset{plain: plain, kind: mime.TypeByExtension(path.Ext(name)), lasting: strings.HasPrefix(name, "assets/")}
	if path.Ext(name) == ".woff2" || len(plain) < 512 {
		return a, nil
	}
	a.zipped = sync.OnceValue(func() []byte { return zip(plain) })
	return a, nil
}

// zip compresses as well as it can be done.
func zip(plain []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(plain)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // neither the level nor a buffer in memory can be wrong
	}
	return b.Bytes()
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	if a.lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := a.plain
	if a.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = a.zipped()
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		w.Write(body) //nolint:errcheck // the client has gone
	}
}
