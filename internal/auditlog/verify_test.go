package auditlog_test

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gatehouse/internal/auditlog"
)

// Two checkpoints that say different things of the same records cannot both
// be true, whoever signed them. (Damage to files is tested in package store.)
func TestVerify_twoCheckpoints(t *testing.T) {
	signer, verifier := key(t, origin)
	var tree auditlog.Tree
	entry := auditlog.Entry{Leaf: leaf(0), Columns: true, At: point().At, Hashes: tree.Append(leaf(0))}
	signed := func(root tlog.Hash) auditlog.Kept {
		text, err := auditlog.Checkpoint{Origin: origin, Size: 1, Root: root, At: point().At}.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		return auditlog.Kept{Size: 1, At: point().At, Signed: text}
	}
	right, wrong := signed(tree.Root()), signed(tlog.RecordHash([]byte("another")))
	for name, c := range map[string]struct {
		kept, head auditlog.Kept
		anchor     string
		forked     bool
	}{
		"all the same":       {right, right, right.Signed, false},
		"another kept":       {wrong, right, "", true},
		"another head":       {right, wrong, "", true},
		"another anchor":     {right, right, wrong.Signed, true},
		"both, and not true": {wrong, wrong, "", true},
	} {
		_, err := auditlog.Verify(auditlog.Evidence{
			Origin: origin, Known: note.VerifierList(verifier), Kept: []auditlog.Kept{c.kept}, Head: c.head, Anchor: c.anchor, Hashes: 1,
			Entries: func(yield func(auditlog.Entry, error) bool) { yield(entry, nil) },
		})
		d, ok := errors.AsType[*auditlog.Damage](err)
		if c.forked != ok || ok && d.Kind != auditlog.Forked || !ok && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
