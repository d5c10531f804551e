package auditlog

import (
	"fmt"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// DamageKind is what happened to a log. Its number is the exit code of
// 'gatehouse audit verify' and never changes.
type DamageKind int

// The kinds of damage.
const (
	Changed    DamageKind = iota + 10 // a record, or what is stored with it, says something else than when it was written
	Missing                           // a record in the middle is gone
	Reordered                         // records are there, at other places
	Inserted                          // there are records that were never signed for
	Truncated                         // records at the end are gone
	Forked                            // the records fit together, and are not the ones that were signed
	Unsigned                          // a checkpoint is not signed by a key of this installation
	RolledBack                        // the log, or its head, is older than a checkpoint kept elsewhere
	Unkept                            // the records are right, and a checkpoint that was kept is gone
)

// A checkpoint is kept for good by the first commit that brings the log this
// far from the last one kept. Verify holds every log to it, so these may
// never be made smaller.
const (
	KeepRecords = 100
	KeepTime    = 5 * time.Minute
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

func damage(kind DamageKind, at int64, format string, args ...any) *Damage {
	return &Damage{kind, at, fmt.Sprintf(format, args...)}
}

// Entry is a record as it is stored: its leaf, whether the columns beside it
// repeat what the leaf says, when it was written (the same for all records of
// a commit), and the hashes stored when it was appended.
type Entry struct {
	Seq     int64
	Leaf    []byte
	Columns bool
	At      time.Time
	Hashes  []Stored
}

// own is the hash stored for the leaf itself.
func (e Entry) own() (tlog.Hash, bool) {
	for _, h := range e.Hashes {
		if h.Index == tlog.StoredHashIndex(0, e.Seq) {
			return h.Hash, true
		}
	}
	return tlog.Hash{}, false
}

// Kept is a signed checkpoint as it is stored.
type Kept struct {
	Size   int64
	At     time.Time
	Signed string
}

// Evidence is everything there is to verify.
type Evidence struct {
	Origin  string
	Known   note.Verifiers
	Entries iter.Seq2[Entry, error] // by Seq; may be asked for twice
	Hashes  int64                   // how many hashes are stored
	Kept    []Kept                  // those kept for good, by size
	Head    Kept                    // the newest; zero when the log is empty
	Anchor  string                  // a signed checkpoint kept elsewhere; may be empty
	Begun   bool                    // something happened that left a record
}

// Verify reads the whole log and returns its head. Damage is returned as
// *Damage; other errors are of reading.
func Verify(e Evidence) (Checkpoint, error) {
	points, err := e.checkpoints()
	if err != nil {
		return Checkpoint{}, err
	}
	var tree Tree
	var keeping keeping
	if err := points.at(&tree); err != nil {
		return Checkpoint{}, err
	}
	for entry, err := range e.Entries {
		if err != nil {
			return Checkpoint{}, fmt.Errorf("read the log: %w", err)
		}
		if err := e.check(&tree, entry, points.newest.Size); err != nil {
			return Checkpoint{}, err
		}
		keeping.add(entry, points.kept)
		if err := points.at(&tree); err != nil {
			return Checkpoint{}, err
		}
	}
	if n := tree.Size(); n < points.newest.Size {
		return Checkpoint{}, damage(Truncated, n, "%d records are signed for, and only %d are there.", points.newest.Size, n)
	}
	if tree.Size() == 0 && e.Begun {
		return Checkpoint{}, damage(Truncated, 0, "the installation is set up, and all records are gone.")
	}
	if more := e.Hashes - tlog.StoredHashIndex(0, tree.Size()); more != 0 {
		return Checkpoint{}, damage(Truncated, tree.Size(), "there are %d hashes of records that are not there.", more)
	}
	if points.head.Size < points.newest.Size {
		return Checkpoint{}, damage(RolledBack, points.head.Size, "its head is of %d records, and there is a checkpoint of %d.", points.head.Size, points.newest.Size)
	}
	return points.head, keeping.end(tree.Size())
}

// check appends one entry to the tree and compares what is stored with what
// comes out.
func (e Evidence) check(tree *Tree, entry Entry, signed int64) error {
	n := tree.Size()
	switch {
	case n >= signed:
		return damage(Inserted, entry.Seq, "record %d stands behind the last signed one.", entry.Seq)
	case entry.Seq != n:
		return damage(Missing, n, "record %d is missing.", n)
	}
	made := tree.Append(entry.Leaf)
	if own, ok := entry.own(); !ok {
		return damage(Changed, n, "the hash of record %d is gone.", n)
	} else if own != made[0].Hash {
		return e.explain(n, made[0].Hash, own)
	}
	if !entry.Columns {
		return damage(Changed, n, "record %d is listed under other values than it holds.", n)
	}
	for i, h := range made {
		if i >= len(entry.Hashes) || entry.Hashes[i] != h {
			return damage(Changed, n, "a hash stored above record %d is not what was written.", n)
		}
	}
	return nil
}

// explain looks through the whole log for where a record that does not belong
// at n comes from, and where the one that does has gone.
func (e Evidence) explain(n int64, found, written tlog.Hash) error {
	var elsewhere, goneElsewhere bool // the hash of found is stored, the record of written is there
	for entry, err := range e.Entries {
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if entry.Seq == n {
			continue
		}
		own, _ := entry.own()
		leaf := tlog.RecordHash(entry.Leaf)
		elsewhere = elsewhere || own == found && leaf != found
		goneElsewhere = goneElsewhere || leaf == written && own != written
	}
	switch {
	case elsewhere && goneElsewhere:
		return damage(Reordered, n, "record %d was written at another place.", n)
	case elsewhere:
		return damage(Missing, n, "record %d is missing, and another one stands in its place.", n)
	case goneElsewhere:
		return damage(Inserted, n, "record %d was never written; the one that was stands further on.", n)
	}
	return damage(Changed, n, "record %d is not what was written.", n)
}

// checkpoints are the verified ones.
type checkpoints struct {
	roots  map[int64]tlog.Hash
	kept   map[int64]time.Time // by size
	head   Checkpoint
	newest Checkpoint // the head, unless somebody put an older one in its place
}

func (e Evidence) checkpoints() (checkpoints, error) {
	c := checkpoints{roots: map[int64]tlog.Hash{}, kept: map[int64]time.Time{}}
	for _, k := range e.Kept {
		p, err := e.stored(k)
		if err == nil {
			err = c.add(p)
		}
		if err != nil {
			return c, err
		}
		c.kept[p.Size] = p.At
	}
	if e.Head.Signed != "" {
		p, err := e.stored(e.Head)
		if err == nil {
			err = c.add(p)
		}
		if err != nil {
			return c, err
		}
		c.head = p
	}
	if e.Anchor == "" {
		return c, nil
	}
	a, err := e.open(e.Anchor, "the checkpoint kept elsewhere")
	if err != nil {
		return c, err
	}
	if a.Size > c.newest.Size {
		return c, damage(RolledBack, a.Size, "it has %d records, and had %d at %s.", c.newest.Size, a.Size, a.At.Format(timeForm))
	}
	return c, c.add(a)
}

// add takes a checkpoint in; there is one root for each size.
func (c *checkpoints) add(p Checkpoint) error {
	if root, ok := c.roots[p.Size]; ok && root != p.Root {
		return damage(Forked, p.Size, "there are two checkpoints of its first %d records that say different things.", p.Size)
	}
	c.roots[p.Size] = p.Root
	if p.Size >= c.newest.Size {
		c.newest = p
	}
	return nil
}

// stored opens a checkpoint of the log and compares it with what it is stored
// under.
func (e Evidence) stored(k Kept) (Checkpoint, error) {
	p, err := e.open(k.Signed, fmt.Sprintf("the checkpoint of size %d", k.Size))
	if err == nil && (p.Size != k.Size || !p.At.Equal(k.At)) {
		err = damage(Changed, k.Size, "the checkpoint of size %d of %s is stored as that of size %d of %s.",
			p.Size, p.At.Format(timeForm), k.Size, k.At.Format(timeForm))
	}
	return p, err
}

func (e Evidence) open(signed, what string) (Checkpoint, error) {
	p, err := ParseCheckpoint(signed, e.Known)
	if err != nil {
		return p, damage(Unsigned, 0, "%s cannot be trusted: %v.", what, err)
	}
	if p.Origin != e.Origin {
		return p, damage(Unsigned, p.Size, "%s is of another installation.", what)
	}
	return p, nil
}

// at compares the tree with the checkpoint of its size, if there is one.
func (c checkpoints) at(tree *Tree) error {
	root, ok := c.roots[tree.Size()]
	if ok && root != tree.Root() {
		return damage(Forked, tree.Size(), "the first %d records are not the ones that were signed.", tree.Size())
	}
	return nil
}

// keeping follows when a checkpoint had to be kept. A commit is not recorded
// as such, but its records share their time: once one is due, it must be there
// before the time changes.
type keeping struct {
	size  int64 // the last kept
	at    time.Time
	due   bool
	dueAt time.Time
	lost  *Damage
}

func (k *keeping) add(e Entry, kept map[int64]time.Time) {
	if k.due && !e.At.Equal(k.dueAt) {
		k.missing(e.Seq)
		k.due, k.size, k.at = false, e.Seq, k.dueAt
	}
	if !k.due && (e.Seq+1-k.size >= KeepRecords || e.At.Sub(k.at) >= KeepTime) {
		k.due, k.dueAt = true, e.At
	}
	if at, ok := kept[e.Seq+1]; ok {
		k.due, k.size, k.at = false, e.Seq+1, at
	}
}

func (k *keeping) missing(size int64) {
	if k.lost == nil {
		k.lost = damage(Unkept, size, "the checkpoint that was kept of its first %d records, or of a few less, is gone.", size)
	}
}

// end returns what was found. It comes last: damage to the records matters
// more than damage to what proves them.
func (k *keeping) end(size int64) error {
	if k.due {
		k.missing(size)
	}
	if k.lost != nil {
		return k.lost
	}
	return nil
}
