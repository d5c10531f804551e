package auditlog

import (
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// DamageKind is what happened to a log. Its number is the exit code of
// 'gatehouse audit verify' and never changes.
type DamageKind int

// The kinds of damage.
const (
	Changed    DamageKind = iota + 10 // a record says something else than when it was written
	Missing                           // a record in the middle is gone
	Reordered                         // records are there, at other places
	Inserted                          // there are records that no checkpoint covers
	Truncated                         // records at the end are gone
	Forked                            // the records fit together, and are not the ones that were signed
	Unsigned                          // a checkpoint is not signed by a key of this installation
	RolledBack                        // the log is older than a checkpoint kept elsewhere
)

// Damage is what verification found. It is an error.
type Damage struct {
	Kind DamageKind
	At   int64 // the record, or the size of the checkpoint
	Text string
}

func (d *Damage) Error() string { return "the activity log is damaged: " + d.Text }

// ExitCode of the command that found it.
func (d *Damage) ExitCode() int { return int(d.Kind) }

// Entry is a record as it is stored: its leaf, whether the columns beside it
// repeat what the leaf says, and the hashes stored when it was appended.
type Entry struct {
	Seq     int64
	Leaf    []byte
	Columns bool
	Hashes  []Stored
}

// Kept is a signed checkpoint as it is stored.
type Kept struct {
	Size   int64
	Signed string
}

// Evidence is everything there is to verify.
type Evidence struct {
	Origin  string
	Known   note.Verifiers
	Entries iter.Seq2[Entry, error] // by Seq
	Kept    []Kept                  // by size, the head last
	Anchor  string                  // a signed checkpoint kept elsewhere; may be empty
}

// Verify reads the whole log and returns its head. Damage is returned as
// *Damage; other errors are of reading.
func Verify(e Evidence) (Checkpoint, error) {
	points, err := e.checkpoints()
	if err != nil {
		return Checkpoint{}, err
	}
	var tree Tree
	if err := points.at(&tree); err != nil {
		return Checkpoint{}, err
	}
	for entry, err := range e.Entries {
		if err != nil {
			return Checkpoint{}, fmt.Errorf("read the log: %w", err)
		}
		if err := check(&tree, entry, points.head.Size); err != nil {
			return Checkpoint{}, err
		}
		if err := points.at(&tree); err != nil {
			return Checkpoint{}, err
		}
	}
	if tree.Size() < points.head.Size {
		return Checkpoint{}, &Damage{Truncated, tree.Size(), fmt.Sprintf("%d records are signed for, and only %d are there.", points.head.Size, tree.Size())}
	}
	return points.head, nil
}

// check appends one entry to the tree and compares what is stored with what
// comes out.
func check(tree *Tree, entry Entry, signed int64) error {
	n := tree.Size()
	switch {
	case n >= signed:
		return &Damage{Inserted, entry.Seq, fmt.Sprintf("record %d stands behind the last signed one.", entry.Seq)}
	case entry.Seq != n:
		return &Damage{Missing, n, fmt.Sprintf("record %d is missing.", n)}
	case !entry.Columns:
		return &Damage{Changed, n, fmt.Sprintf("record %d is listed under other values than it holds.", n)}
	}
	made := tree.Append(entry.Leaf)
	if len(entry.Hashes) == 0 || entry.Hashes[0] != made[0] {
		return &Damage{Changed, n, fmt.Sprintf("record %d is not what was written.", n)}
	}
	for i, h := range made {
		if i >= len(entry.Hashes) || entry.Hashes[i] != h {
			return &Damage{Forked, n, fmt.Sprintf("the tree above record %d does not fit the records.", n)}
		}
	}
	return nil
}

// checkpoints are the verified ones, by size.
type checkpoints struct {
	roots map[int64]tlog.Hash
	head  Checkpoint
}

func (e Evidence) checkpoints() (checkpoints, error) {
	c := checkpoints{roots: map[int64]tlog.Hash{}}
	for _, k := range e.Kept {
		p, err := e.open(k.Signed, k.Size)
		if err != nil {
			return c, err
		}
		if p.Size != k.Size {
			return c, &Damage{Changed, k.Size, fmt.Sprintf("the checkpoint of size %d is stored as that of size %d.", p.Size, k.Size)}
		}
		c.roots[p.Size] = p.Root
		if p.Size >= c.head.Size {
			c.head = p
		}
	}
	if e.Anchor == "" {
		return c, nil
	}
	a, err := e.open(e.Anchor, 0)
	if err != nil {
		return c, err
	}
	if a.Size > c.head.Size {
		return c, &Damage{RolledBack, a.Size, fmt.Sprintf("it has %d records, and had %d at %s.", c.head.Size, a.Size, a.At.Format(timeForm))}
	}
	if root, ok := c.roots[a.Size]; ok && root != a.Root {
		return c, &Damage{Forked, a.Size, fmt.Sprintf("its first %d records are not those of the checkpoint kept elsewhere.", a.Size)}
	}
	c.roots[a.Size] = a.Root
	return c, nil
}

func (e Evidence) open(signed string, size int64) (Checkpoint, error) {
	p, err := ParseCheckpoint(signed, e.Known)
	if err != nil {
		return p, &Damage{Unsigned, size, fmt.Sprintf("the checkpoint of size %d: %v.", size, err)}
	}
	if p.Origin != e.Origin {
		return p, &Damage{Unsigned, p.Size, fmt.Sprintf("the checkpoint of size %d is of another installation.", p.Size)}
	}
	return p, nil
}

// at compares the tree with the checkpoint of its size, if there is one.
func (c checkpoints) at(tree *Tree) error {
	root, ok := c.roots[tree.Size()]
	if ok && root != tree.Root() {
		return &Damage{Forked, tree.Size(), fmt.Sprintf("the first %d records are not the ones that were signed.", tree.Size())}
	}
	return nil
}
