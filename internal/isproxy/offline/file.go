package offline

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"gatehouse/internal/isproxy/check"
)

// File is a source that answers from a file, and reads it again when it changes.
type File struct {
	path string
	log  *slog.Logger
	list atomic.Pointer[List]
	seen stamp // of Watch and Reload, which are not called at once
}

// stamp tells one state of a file from another.
type stamp struct {
	size     int64
	modified time.Time
}

// Open reads the file. The error wraps *Errors when lines of it are wrong.
func Open(path string, log *slog.Logger) (*File, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &File{path: path, log: log}
	if err := f.reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Watch looks every so often whether the file has changed, until ctx ends. A
// file is read when it has been the same for one look, so that one being written
// is left in peace; replacing it by renaming another one is better still. When
// it cannot be read, or a line is wrong, the list in use stays in use.
func (f *File) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var before, failed stamp
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := f.stamp()
		if err != nil || now == f.seen || now == failed || now != before {
			before = now
			continue
		}
		if err := f.reload(); err != nil {
			failed = now // told once
			f.log.Error("isproxy: the changed list of domains was not taken, the one before stays in use", "file", f.path, "error", err)
			continue
		}
		f.log.Info("isproxy: the list of domains was read again", "file", f.path, "names", f.Len())
	}
}

func (f *File) stamp() (stamp, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

func (f *File) reload() error {
	seen, err := f.stamp()
	if err != nil {
		return fmt.Errorf("open the list of domains: %w", err)
	}
	in, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("open the list of domains: %w", err)
	}
	defer in.Close()
	list, err := Read(in)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.list.Store(list)
	f.seen = seen
	return nil
}

// Len returns how many names the list in use has.
func (f *File) Len() int { return f.list.Load().Len() }

// TryCheck answers; nothing has to be waited for.
func (f *File) TryCheck(domain string) (check.Answer, bool) { return f.list.Load().Lookup(domain) }

// Passes reports whether the list says nothing about a name.
func (f *File) Passes(domain string) bool {
	_, ok := f.TryCheck(domain)
	return !ok
}

// Check answers, or returns check.ErrPass.
func (f *File) Check(_ context.Context, domain string) (check.Answer, error) {
	a, ok := f.TryCheck(domain)
	if !ok {
		return a, check.ErrPass
	}
	return a, nil
}
