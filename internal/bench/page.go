package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// scrolled is how many users the list is scrolled through.
const scrolled = 100_000

// page measures the users screen in Chromium. Its bars are times, since that is
// what people feel; they are meant for a machine that does nothing else.
func (r *run) page(ctx context.Context) (err error) {
	dir, err := r.registrar(ctx, scrolled)
	if err != nil {
		return err
	}
	g, err := r.serve(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	ways, err := r.ways(ctx, dir)
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "node", "frontend/e2e/bench/page.mjs", "http://"+g.address, ways[0].Login, ways[0].Password, ways[0].Code)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("measure the page: %w", err)
	}
	var m struct {
		Ready, ReadySlow, Shift, Frame, Frame95, Palette, Search float64 // times in milliseconds
		Rows, Reached                                            int
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return fmt.Errorf("read what the page took: %w", err)
	}
	within := func(name string, ms float64, bar time.Duration) {
		d := time.Duration(ms * float64(time.Millisecond))
		r.table.judge(name, took(d), "≤ "+took(bar), d <= bar)
	}
	within("users screen ready", m.Ready, 500*time.Millisecond)
	within("the same, processor four times slower", m.ReadySlow, 1500*time.Millisecond)
	r.table.judge("layout shift", fmt.Sprintf("%.3f", m.Shift), "≤ 0.02", m.Shift <= 0.02)
	r.table.note("rows scrolled through", "%d", m.Reached)
	r.table.note("frame while scrolling", "%s", took(time.Duration(m.Frame*float64(time.Millisecond))))
	within("the same, 95th percentile", m.Frame95, 20*time.Millisecond)
	r.table.judge("most rows in the page", fmt.Sprint(m.Rows), "≤ 60", m.Rows <= 60)
	within("a key to the palette", m.Palette, 50*time.Millisecond)
	within("a key to what it finds", m.Search, 200*time.Millisecond)
	return nil
}
