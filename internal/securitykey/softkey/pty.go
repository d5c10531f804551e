//go:build unix

package softkey

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Plug is a key that is plugged in: a pseudo-terminal in raw mode, which
// libfido2 opens like a device of the kernel's hidraw.
type Plug struct {
	path string
	link string
	key  *os.File // the key's end
	far  *os.File // the computer's end: were it closed with the last client, the key would see a hang-up
	stop context.CancelFunc
	done chan struct{}
}

// Plug plugs the key in. If link is not empty, it is made to lead to the
// device, so that a key that is plugged in again is found under the name it
// had.
func (k *Key) Plug(link string) (*Plug, error) {
	blocking, far, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	near, err := interruptible(blocking)
	if err != nil {
		_ = far.Close()
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	p := &Plug{path: far.Name(), link: link, key: near, far: far, done: make(chan struct{})}
	if _, err := term.MakeRaw(int(far.Fd())); err != nil {
		p.close()
		return nil, fmt.Errorf("set the pseudo-terminal to raw mode: %w", err)
	}
	if link != "" {
		if err := p.name(); err != nil {
			p.close()
			return nil, err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() {
		defer close(p.done)
		// What breaks the wire is pulling the key out, which is no failure.
		_ = k.Serve(ctx, hidraw{near})
	}()
	return p, nil
}

// interruptible is the same file in a form whose reading ends when it is closed:
// the library has left the one that it opened in blocking mode.
func interruptible(blocking *os.File) (*os.File, error) {
	defer func() { _ = blocking.Close() }()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), blocking.Name()), nil
}

// name puts the link in its place in one step: whoever waits for the key sees
// none, or one that leads somewhere.
func (p *Plug) name() error {
	fresh := filepath.Join(filepath.Dir(p.link), "."+filepath.Base(p.link))
	if err := os.Symlink(p.path, fresh); err != nil {
		return fmt.Errorf("name the key: %w", err)
	}
	if err := os.Rename(fresh, p.link); err != nil {
		return fmt.Errorf("name the key: %w", err)
	}
	return nil
}

// Path is where the key can be opened.
func (p *Plug) Path() string {
	if p.link != "" {
		return p.link
	}
	return p.path
}

// Out pulls the key out, in the middle of whatever it does.
func (p *Plug) Out() {
	p.stop()
	p.close()
	<-p.done
}

func (p *Plug) close() {
	if p.link != "" {
		_ = os.Remove(p.link)
	}
	_ = p.key.Close()
	_ = p.far.Close()
}

// hidraw has the form in which Linux hands reports to programs: what is written
// begins with the number of the report, which is 0, and what is read does not.
type hidraw struct{ file *os.File }

func (h hidraw) Read(report []byte) (int, error) {
	numbered := make([]byte, 1+reportSize)
	if _, err := io.ReadFull(h.file, numbered); err != nil {
		return 0, err
	}
	return copy(report, numbered[1:]), nil
}

func (h hidraw) Write(report []byte) (int, error) { return h.file.Write(report) }
