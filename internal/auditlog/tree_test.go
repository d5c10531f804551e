package auditlog_test

import (
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/auditlog"
)

// hashes keeps stored hashes where tlog wants them.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		if n >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not stored", n)
		}
		all[i] = h[n]
	}
	return all, nil
}

func (h hashes) read(index int64) (tlog.Hash, error) {
	all, err := h.ReadHashes([]int64{index})
	if err != nil {
		return tlog.Hash{}, err
	}
	return all[0], nil
}

func leaf(n int64) []byte { return fmt.Appendf(nil, `{"n":%d}`, n) }

// The tree stores the hashes that tlog stores, in the same places, and names
// the same root.
func TestTree(t *testing.T) {
	sizes := map[int64]bool{4095: true, 4096: true, 4097: true, 65_535: true, 65_536: true, 70_001: true}
	var tree auditlog.Tree
	var stored hashes
	for n := range int64(70_001) {
		if n <= 300 || sizes[n] {
			compare(t, &tree, stored, n)
		}
		want, err := tlog.StoredHashes(n, leaf(n), stored)
		if err != nil {
			t.Fatal(err)
		}
		got := tree.Append(leaf(n))
		if len(got) != len(want) {
			t.Fatalf("leaf %d stores %d hashes, want %d", n, len(got), len(want))
		}
		for i, h := range got {
			if h.Index != int64(len(stored)) || h.Hash != want[i] {
				t.Fatalf("leaf %d: hash %d is %v at %d, want %v at %d", n, i, h.Hash, h.Index, want[i], len(stored))
			}
			stored = append(stored, h.Hash)
		}
	}
}

func compare(t *testing.T, tree *auditlog.Tree, stored hashes, n int64) {
	t.Helper()
	want, err := tlog.TreeHash(n, stored)
	if err != nil {
		t.Fatal(err)
	}
	if tree.Size() != n || tree.Root() != want {
		t.Errorf("the root of %d leaves is %v, want %v", n, tree.Root(), want)
	}
	loaded, err := auditlog.LoadTree(n, stored.read)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Root() != want || loaded.Size() != n {
		t.Errorf("loaded, the root of %d leaves is %v, want %v", n, loaded.Root(), want)
	}
	grown, other := *tree, loaded
	grown.Append(leaf(n))
	other.Append(leaf(n))
	if grown.Root() != other.Root() {
		t.Errorf("a leaf more than %d: the loaded tree grows another way", n)
	}
	if tree.Size() != n || tree.Root() != want {
		t.Errorf("appending to a copy changed the tree of %d leaves", n)
	}
	if n > 0 {
		if _, err := auditlog.LoadTree(n, hashes(nil).read); err == nil {
			t.Errorf("a tree of %d leaves was loaded out of nothing", n)
		}
	}
}
