package auditlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint states what the log was at a moment.
type Checkpoint struct {
	Origin string // "gatehouse/" and the installation's id
	Size   int64
	Root   tlog.Hash
	At     time.Time // UTC, whole milliseconds
}

const timeForm = "2006-01-02T15:04:05.000Z"

// Sign writes the checkpoint as a signed note: origin, size, root, and the
// time as an extension line.
func (c Checkpoint) Sign(signer note.Signer) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\nat %s\n", c.Origin, c.Size, c.Root, c.At.UTC().Format(timeForm))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint of size %d: %w", c.Size, err)
	}
	return string(signed), nil
}

// ErrSignature is returned for a checkpoint that no known key signed.
var ErrSignature = errors.New("the checkpoint is not signed by a known key of this installation")

// ParseCheckpoint verifies and reads a signed checkpoint.
func ParseCheckpoint(signed string, known note.Verifiers) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 5 {
		return Checkpoint{}, fmt.Errorf("checkpoint has %d lines, not 4", len(lines)-1)
	}
	c := Checkpoint{Origin: lines[0]}
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return Checkpoint{}, fmt.Errorf("checkpoint size %q is no number", lines[1])
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint root: %w", err)
	}
	at, ok := strings.CutPrefix(lines[3], "at ")
	if c.At, err = time.Parse(timeForm, at); !ok || err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint time %q cannot be read", lines[3])
	}
	return c, nil
}
