package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// table is what was measured, in order.
type table struct {
	lines  []line
	missed int
}

type line struct {
	title    bool
	name     string
	measured string
	bar      string
	verdict  string
}

func (t *table) begin(s subject) {
	t.lines = append(t.lines, line{title: true, name: s.about})
}

// note adds a figure without a bar.
func (t *table) note(name, format string, args ...any) {
	t.lines = append(t.lines, line{name: name, measured: fmt.Sprintf(format, args...)})
}

// judge adds a figure with a bar, and whether it was met.
func (t *table) judge(name, measured, bar string, met bool) {
	verdict := "ok"
	if !met {
		verdict = "NOT"
		t.missed++
	}
	t.lines = append(t.lines, line{name: name, measured: measured, bar: bar, verdict: verdict})
}

func (t *table) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nname\tmeasured\tbar\t\n")
	for _, l := range t.lines {
		if l.title {
			fmt.Fprintf(w, "\t\t\t\n%s\t\t\t\n", l.name)
			continue
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.name, l.measured, l.bar, l.verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if t.missed > 0 {
		_, err := fmt.Fprintf(to, "\nBars NOT met in this run: %d.\n", t.missed)
		return err
	}
	_, err := fmt.Fprintln(to, "\nEvery bar was met in this run.")
	return err
}

// quantile of some measurements, which it sorts: 0.5 is the median.
func quantile[T float64 | time.Duration](all []T, q float64) T {
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}

func median[T float64 | time.Duration](all []T) T { return quantile(all, 0.5) }

// took shows a duration with three digits.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
