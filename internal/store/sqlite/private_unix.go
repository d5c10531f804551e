//go:build !windows

package sqlite

import (
	"fmt"
	"io/fs"
)

func private(path string, info fs.FileInfo) error {
	if wide := info.Mode().Perm() & 0o077; wide != 0 {
		return fmt.Errorf("%w (mode %04o); please run: chmod 600 '%s'", ErrWide, info.Mode().Perm(), path)
	}
	return nil
}

// privateDir refuses a folder in which others may put or replace files; that
// they may look up names in it gives them nothing.
func privateDir(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("others on this machine may write into its folder (mode %04o): %w; please run: chmod 700 '%s'", info.Mode().Perm(), ErrWide, path)
	}
	return nil
}
