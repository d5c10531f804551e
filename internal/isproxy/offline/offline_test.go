package offline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/isproxy/check"
	"gatehouse/internal/isproxy/offline"
)

const sample = "\ufeff# Names of Example Registry\r\n" + `
.be
.co.example
taken.be
Reserved.BE  taken  Reserved (by law), see https://example.org
premium.be	premium 1500 EUR
bücher.be
twice.be
twice.be available
free.be available
elsewhere.org taken
open.org available
`

func TestList(t *testing.T) {
	list, err := offline.Read(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	taken, available := check.Answer{Status: check.Taken}, check.Answer{Status: check.Available}
	for name, want := range map[string]check.Answer{
		"taken.be":         taken,
		"reserved.be":      {Status: check.Taken, Reason: "Reserved (by law), see https://example.org"},
		"premium.be":       {Status: check.Available, Premium: check.Premium{Price: "1500", Currency: "EUR"}},
		"xn--bcher-kva.be": taken,
		"twice.be":         available,
		"free.be":          available,
		"nobody.be":        available,
		"elsewhere.org":    taken,
		"open.org":         available,
		"shop.co.example":  available,
	} {
		if got, ok := list.Lookup(name); !ok || got != want {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"nobody.org", "www.taken.be", "be", "co.example", "x.example", "", "a.b.co.example"} {
		if got, ok := list.Lookup(name); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
	if list.Len() != 8 {
		t.Errorf("%d names", list.Len())
	}
}

func TestRead_wrong(t *testing.T) {
	_, err := offline.Read(strings.NewReader("good.be\nno domain\n-x.be\na.be perhaps\n.b_e\n.be all of it\nb.be premium\nc.be premium 12.5 EUR\nd.be premium 5 eur\ne.be available now\n"))
	var wrong *offline.Errors
	if !errors.As(err, &wrong) {
		t.Fatalf("the error is %v", err)
	}
	lines := []int{}
	for _, l := range wrong.Lines {
		lines = append(lines, l.Line)
	}
	if diff := cmp.Diff([]int{2, 3, 4, 5, 6, 7, 8, 9, 10}, lines); diff != "" {
		t.Error(diff, err)
	}
	_, err = offline.Read(strings.NewReader(strings.Repeat("no!\n", 1000)))
	if !errors.As(err, &wrong) || len(wrong.Lines) != 20 || wrong.More != 980 || !strings.HasSuffix(err.Error(), "and 980 more") {
		t.Errorf("%v", err)
	}
	if _, err = offline.Read(strings.NewReader("a.be\n" + strings.Repeat("x", 70_000))); !errors.As(err, &wrong) || wrong.Lines[0].Line != 2 {
		t.Errorf("a long line: %v", err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "names.txt")
	write := func(text string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := offline.Open(path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	write("???\n", time.Hour)
	if _, err := offline.Open(path, nil); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a wrong file: %v", err)
	}
	write(".be\na.be\n", time.Hour)
	f, err := offline.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	go f.Watch(t.Context(), time.Millisecond)
	is := func(name string, want check.Status) func() bool {
		return func() bool { a, err := f.Check(context.Background(), name); return err == nil && a.Status == want }
	}
	until(t, is("a.be", check.Taken))
	if !f.Passes("a.org") || f.Passes("a.be") {
		t.Error("what passes is wrong")
	}
	if _, err := f.Check(t.Context(), "a.org"); !errors.Is(err, check.ErrPass) {
		t.Errorf("a.org: %v", err)
	}
	write(".be\nb.be\n", time.Minute)
	until(t, is("a.be", check.Available))
	until(t, is("b.be", check.Taken))
	write("b.be broken\n", time.Second) // the one before stays
	write2 := filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(write2, []byte(".be\nc.be\nb.be\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !is("b.be", check.Taken)() {
		t.Error("a wrong file was taken")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !is("b.be", check.Taken)() {
		t.Error("the list was forgotten when its file went away")
	}
	if err := os.Rename(write2, path); err != nil {
		t.Fatal(err)
	}
	until(t, is("c.be", check.Taken))
}

func until(t *testing.T, happened func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen")
		}
	}
}

// A million names are found, and take little memory.
func TestList_million(t *testing.T) {
	const n = 1_000_000
	var text strings.Builder
	text.WriteString(".example\n")
	for i := range n {
		fmt.Fprintf(&text, "name-%07d.example\n", i)
	}
	var before, after runtime.MemStats
	in := strings.NewReader(text.String())
	runtime.GC()
	runtime.ReadMemStats(&before)
	list, err := offline.Read(in)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 48<<20 {
		t.Errorf("the list takes %d MiB", used>>20)
	}
	for i := range 2 * n {
		want := check.Taken
		if i >= n {
			want = check.Available
		}
		if a, ok := list.Lookup(fmt.Sprintf("name-%07d.example", i)); !ok || a.Status != want {
			t.Fatalf("name %d: %v, %v", i, a, ok)
		}
	}
	if list.Len() != n {
		t.Errorf("%d names", list.Len())
	}
}
