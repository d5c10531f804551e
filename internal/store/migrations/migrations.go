// Package migrations holds the schema of each engine as numbered SQL files
// and says which a database still needs. Migrations go forward only; one that
// was applied is never edited, and its checksum proves it.
package migrations

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed sqlite/*.sql
var files embed.FS

// Migration is one step of a schema.
type Migration struct {
	Version  int
	Name     string
	SQL      string
	Checksum string // SHA-256 of SQL, in hex
}

// For lists the migrations of an engine ("sqlite") in order.
func For(engine string) ([]Migration, error) {
	entries, err := fs.ReadDir(files, engine) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", engine, err)
	}
	var all []Migration
	for i, e := range entries {
		number, name, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s/%s is not number %d", engine, e.Name(), i+1)
		}
		text, err := files.ReadFile(engine + "/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s/%s: %w", engine, e.Name(), err)
		}
		sum := sha256.Sum256(text)
		all = append(all, Migration{version, name, string(text), hex.EncodeToString(sum[:])})
	}
	return all, nil
}
