package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const mebibyte = 1 << 20

// program measures the binary itself.
func (r *run) program(ctx context.Context) error {
	binary, err := r.build(ctx)
	if err != nil {
		return err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	r.table.note("size", "%.1f MiB", float64(info.Size())/mebibyte)
	dir, err := r.registrar(ctx, 36)
	if err != nil {
		return err
	}
	var starts []time.Duration
	var memory []float64
	for range r.rounds + 1 {
		g, err := r.serve(ctx, dir)
		if err != nil {
			return err
		}
		<-time.After(300 * time.Millisecond) // idle means that start-up has settled
		resident, err := residentMemory(g.process.Process.Pid)
		if err := g.stop(); err != nil {
			return err
		}
		if err == nil {
			memory = append(memory, resident)
		}
		starts = append(starts, g.start)
	}
	r.table.note("start to ready line", "%s", took(median(starts[1:]))) // the first read the disk
	if len(memory) > 0 {
		r.table.note("memory when idle (RSS)", "%.1f MiB", median(memory)/mebibyte)
	}
	return nil
}

// build makes the binary as servers get it.
func (r *run) build(ctx context.Context) (string, error) {
	if r.binary != "" {
		return r.binary, nil
	}
	binary, err := filepath.Abs(filepath.Join(r.cache, "gatehouse"))
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("build gatehouse (run this from the top folder of the project): %w", err)
	}
	r.binary = binary
	return binary, nil
}

// gate is a running 'gatehouse serve'.
type gate struct {
	process *exec.Cmd
	address string // host and port
	start   time.Duration
}

// serve starts the Gate on a free port of loopback.
func (r *run) serve(ctx context.Context, dir string, more ...string) (*gate, error) {
	binary, err := r.build(ctx)
	if err != nil {
		return nil, err
	}
	g := &gate{process: exec.CommandContext(ctx, binary, slices.Concat(at(dir), []string{"serve", "--listen", "127.0.0.1:0"}, more)...)}
	began := time.Now()
	ready, err := startChild(g.process, nil)
	if err != nil {
		return nil, fmt.Errorf("start the Gate: %w", err)
	}
	g.start = time.Since(began)
	_, address, found := strings.Cut(ready, "://")
	if !found {
		return nil, fmt.Errorf("start the Gate: it said %q", ready)
	}
	g.address = address
	return g, nil
}

func (g *gate) stop() error { return stopChild(g.process) }

// startChild starts a process with something to read and waits for its first
// line.
func startChild(c *exec.Cmd, input *strings.Reader) (string, error) {
	if input != nil {
		c.Stdin = input
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := c.Start(); err != nil {
		return "", err
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.Process.Kill() //nolint:errcheck // it has ended, or does now
		return "", fmt.Errorf("it ended before it was ready: %w", c.Wait())
	}
	return strings.TrimSpace(first), nil
}

func stopChild(c *exec.Cmd) error {
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return c.Wait()
}

// residentMemory of a process in bytes, where the system tells (Linux).
func residentMemory(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(rest + " ?")[0], 64)
	return kib * 1024, err
}
