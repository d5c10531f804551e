//go:build linux

package ops_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"gatehouse/internal/delivery/deliverytest"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/store"
)

// The test binary runs this test of itself again, as another process on the
// same installation.
const (
	envChild = "GATEHOUSE_TEST_CHILD" // queue, send
	envDir   = "GATEHOUSE_TEST_DIR"
)

// TestChild is that other process; as a test among others it does nothing.
func TestChild(t *testing.T) {
	what := os.Getenv(envChild)
	if what == "" {
		return
	}
	w := &town{Place: opstest.New(t, opstest.Options{Dir: os.Getenv(envDir)})}
	w.Read(func(tx store.ReadTx) (err error) {
		w.otter, err = tx.AccountByHandle("otter")
		return err
	})
	switch what {
	case "queue":
		opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
		fmt.Println("queued")
		<-t.Context().Done()
	case "send":
		w.Ops.Courier(w.Engine, slog.New(slog.DiscardHandler)).Run(t.Context())
	}
}

// child starts the other process; kill ends it without a word to anybody.
func (w *town) child(what string) (out *bufio.Reader, kill func()) {
	w.T.Helper()
	c := exec.CommandContext(w.T.Context(), os.Args[0], "-test.run=^TestChild$")
	c.Env = append(os.Environ(), envChild+"="+what, envDir+"="+w.Dir)
	c.Stderr = os.Stderr
	pipe, err := c.StdoutPipe()
	if err != nil {
		w.T.Fatal(err)
	}
	if err := c.Start(); err != nil {
		w.T.Fatal(err)
	}
	return bufio.NewReader(pipe), func() {
		if err := c.Process.Signal(syscall.SIGKILL); err != nil {
			w.T.Error(err)
		}
		c.Wait() //nolint:errcheck // it was killed
	}
}

// Killed after it queued a message, a process leaves it to the next.
func TestCourier_killedBeforeSending(t *testing.T) {
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true})
	w := newTown(t)
	w.mailTo(box.Port)
	out, kill := w.child("queue")
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal("the other process ended by itself")
		}
		if strings.TrimSpace(line) == "queued" {
			break
		}
	}
	kill()
	w.Reopen()
	w.round()
	if m := box.Wait(1)[0]; m.To != "noor@otter.example" {
		t.Errorf("it went to %s", m.To)
	}
	if m := w.messages(w.otter)[0]; m.State != store.MessageSent || m.Attempts != 1 {
		t.Errorf("got %+v", m)
	}
}

// Killed after the server has the message and before that was noted, a process
// leaves it to the next as well; whoever gets it twice sees that it is the same.
func TestCourier_killedBeforeNoting(t *testing.T) {
	came, killed := make(chan deliverytest.Mail), make(chan struct{})
	first := true
	box := deliverytest.New(t, deliverytest.Options{NoTLS: true, OnData: func(m deliverytest.Mail, _ *smtp.Conn) error {
		if first {
			first = false
			came <- m
			<-killed
		}
		return nil
	}})
	w := newTown(t)
	w.mailTo(box.Port)
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, w.newcomer("noor"))
	_, kill := w.child("send")
	before := <-came
	kill()
	close(killed)
	w.Reopen()
	if m := w.messages(w.otter)[0]; m.State != store.MessageSending {
		t.Fatalf("it is %s", m.State)
	}
	if w.round() != 0 {
		t.Error("it was taken before the lease of the dead ended")
	}
	w.Clock.Advance(3 * time.Minute)
	w.round()
	all := box.Wait(2)
	if after := all[len(all)-1]; after.MessageID() != before.MessageID() || after.MessageID() == "" {
		t.Errorf("it came as %s and as %s", before.MessageID(), after.MessageID())
	}
	if m := w.messages(w.otter)[0]; m.State != store.MessageSent || m.Attempts != 2 {
		t.Errorf("got %+v", m)
	}
}
