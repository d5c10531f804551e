// Package auditlog makes the activity log tamper-evident: an append-only
// Merkle tree (RFC 6962, as golang.org/x/mod/sumdb/tlog stores it) and signed
// checkpoints (the signed-note form of C2SP tlog-checkpoint). It is given
// leaves and hashes; it knows nothing of where they are kept nor of what a
// leaf says.
package auditlog

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Stored is one hash to keep, at the index that tlog gives it.
type Stored struct {
	Index int64
	Hash  tlog.Hash
}

// Tree is the right edge of the log: enough to append to it and to name its
// root, whatever its size. The zero Tree is the empty log.
type Tree struct {
	size  int64
	peaks [63]tlog.Hash // peaks[l] is the root of the full subtree of 2^l leaves, where bit l of size is set
}

// LoadTree reads the edge of a log of that size through a reader of stored
// hashes.
func LoadTree(size int64, read func(index int64) (tlog.Hash, error)) (Tree, error) {
	t := Tree{size: size}
	for level := range bits.Len64(uint64(size)) {
		if size>>level&1 == 0 {
			continue
		}
		h, err := read(tlog.StoredHashIndex(level, size>>level-1))
		if err != nil {
			return Tree{}, fmt.Errorf("read edge of the log at level %d: %w", level, err)
		}
		t.peaks[level] = h
	}
	return t, nil
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Append adds a leaf and returns the hashes to store, the leaf's own first.
func (t *Tree) Append(leaf []byte) []Stored {
	h := tlog.RecordHash(leaf)
	stored := []Stored{{tlog.StoredHashIndex(0, t.size), h}}
	level := 0
	for ; t.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(t.peaks[level], h)
		stored = append(stored, Stored{tlog.StoredHashIndex(level+1, t.size>>(level+1)), h})
	}
	t.peaks[level] = h
	t.size++
	return stored
}

// Root is the hash over all leaves (RFC 6962, section 2.1).
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		root, _ := tlog.TreeHash(0, nil) // the hash of nothing; reads nothing
		return root
	}
	level := bits.TrailingZeros64(uint64(t.size))
	root := t.peaks[level]
	for level++; level < bits.Len64(uint64(t.size)); level++ {
		if t.size>>level&1 == 1 {
			root = tlog.NodeHash(t.peaks[level], root)
		}
	}
	return root
}
