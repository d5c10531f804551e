package gate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"gatehouse/internal/field"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/profile"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
)

// Doors tells the operations of a process what they want to know of its gate,
// which is made after them. It implements ops.Doors.
type Doors struct {
	log *slog.Logger

	mu      sync.Mutex
	gate    *Gate // nil: none is open
	closing bool
}

// NewDoors makes doors that are closed.
func NewDoors(log *slog.Logger) *Doors { return &Doors{log: log} }

// Use says which gate the doors are from now on; nil: they are closed.
func (d *Doors) Use(g *Gate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gate, d.closing = g, false
}

// State implements ops.Doors.
func (d *Doors) State() ops.DoorsShown {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gate == nil {
		return ops.DoorsShown{State: ops.DoorsClosed}
	}
	shown := d.gate.shown()
	if d.closing {
		shown.State = ops.DoorsClosing
	}
	return shown
}

// Upstream implements ops.Doors.
func (d *Doors) Upstream() ops.UpstreamProbe {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gate == nil || d.gate.config.Upstream == nil {
		return nil
	}
	return d.gate.config.Upstream
}

// Check implements ops.Doors. What is in files is not repeated: they could be
// any.
func (d *Doors) Check(form *field.Form, p ops.DoorPlan) {
	means, err := ReadProfile(p.Profile)
	switch {
	case err == nil && (p.Profile == "" || filepath.IsAbs(p.Profile)):
	case err == nil, !filepath.IsAbs(p.Profile), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		form.Add("profile", field.Wrong(problem.Unknown, "There is no such file on the machine that opens the doors, or it cannot be read. Please give its whole path."))
	default:
		d.log.Warn("a profile cannot be used", "file", p.Profile, "error", err)
		form.Add("profile", field.Wrong(problem.BadFormat, "This file is no profile of an API, or something in it is wrong; the log of this program says what."))
	}
	if p.Upstream != "" {
		if means == nil { // the address is looked at all the same
			means, err = profile.RealtimeRegister()
		}
		if means != nil {
			_, err = gateway.NewUpstream(gateway.Target{URL: p.Upstream, Profile: means})
		}
		if err != nil {
			form.Add("upstream", field.Wrong(problem.BadFormat, sentence(err)))
		}
	}
	for n, text := range p.Sources {
		name := fmt.Sprintf("sources[%d]", n)
		path, isList := strings.CutPrefix(text, kindList)
		opened, err := OpenSources([]string{text}, p.ISProxyKey, d.log)
		if err == nil {
			opened.Close()
		}
		switch {
		case err == nil && (!isList || filepath.IsAbs(path)):
		case err == nil, isList && (!filepath.IsAbs(path) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)):
			form.Add(name, field.Wrong(problem.Unknown, "There is no such list on the machine that opens the doors, or it cannot be read. Please give its whole path."))
		case isList:
			d.log.Warn("a list of domains cannot be used", "file", path, "error", err)
			form.Add(name, field.Wrong(problem.BadFormat, "A line of this list is wrong; the log of this program says which."))
		default:
			form.Add(name, field.Wrong(problem.BadFormat, sentence(err)))
		}
	}
}

// sentence makes one of an error that is written for people.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// ReadProfile reads what the routes of an API mean from the file at a path; the
// built-in profile where that is empty. Errors are sentences, each with its line.
func ReadProfile(path string) (*profile.Profile, error) {
	if path == "" {
		return profile.RealtimeRegister()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the profile: %w", err)
	}
	means, err := profile.Load(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return means, nil
}

// OpenUpstream makes the registrar's API at an address of what a profile says
// about it. Errors are sentences for whoever gave them.
func OpenUpstream(address, profilePath string) (*gateway.Upstream, error) {
	means, err := ReadProfile(profilePath)
	if err != nil {
		return nil, err
	}
	return gateway.NewUpstream(gateway.Target{URL: address, Profile: means})
}

// shown is the gate as people see it.
func (g *Gate) shown() ops.DoorsShown {
	c := g.config
	now := ops.DoorsShown{
		State: ops.DoorsOpen, Since: &g.since,
		HTTP: &ops.HTTPDoor{Address: c.Address(), URL: c.URL(), TLS: c.Certificate != nil, App: c.App != nil},
	}
	if c.Certificate != nil {
		until := c.Certificate.Expires().UTC()
		now.HTTP.CertificateUntil = &until
	}
	if g.gateway != nil {
		now.Gateway = shownGateway(c.Upstream, g.gateway.Figures())
	}
	if g.isproxy != nil {
		f := g.isproxy.Figures()
		now.ISProxy = &ops.ISProxyDoor{
			Address: c.Lines.Addr().String(), TLS: c.Certificate != nil, TLSRequired: g.linesNeedTLS(), Sources: slices.Clone(c.Sources.Names()),
			Connections: int64(f.Connections), Strangers: int64(f.Strangers), LetIn: f.LetIn, Refused: f.Refused, Questions: f.Questions,
		}
		if now.ISProxy.Sources == nil {
			now.ISProxy.Sources = []string{}
		}
	}
	return now
}

func shownGateway(to *gateway.Upstream, f gateway.Figures) *ops.GatewayDoor {
	name, address := to.About()
	shown := &ops.GatewayDoor{
		Profile: name, Upstream: address, Base: to.Base(), Requests: f.Requests, Open: f.Open, Lost: f.Lost,
		Answered: counts(f.Answered), Refused: counts(f.Refused), Failed: counts(f.Failed), Minutes: []ops.GatewayMinute{},
	}
	if ended := f.Requests - f.Open; ended > 0 {
		shown.Millis = int64(f.Seconds * 1000 / float64(ended))
	}
	for _, m := range f.Minutes {
		shown.Minutes = append(shown.Minutes, ops.GatewayMinute{At: m.At, Requests: m.Requests, Refused: m.Refused, Failed: m.Failed})
	}
	return shown
}

// counts are what happened, most often first.
func counts(by map[string]int64) []ops.DoorCount {
	all := []ops.DoorCount{}
	for _, what := range slices.Sorted(maps.Keys(by)) {
		all = append(all, ops.DoorCount{What: what, N: by[what]})
	}
	slices.SortStableFunc(all, func(a, b ops.DoorCount) int { return cmp.Compare(b.N, a.N) })
	return all
}
