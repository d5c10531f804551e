//go:build !windows

package sqlite

import (
	"fmt"
	"io/fs"
	"syscall"
)

func private(path string, info fs.FileInfo) error {
	if wide := info.Mode().Perm() & 0o077; wide != 0 {
		return fmt.Errorf("%w (mode %04o); please run: chmod 600 '%s'", ErrWide, info.Mode().Perm(), path)
	}
	return nil
}

// companion refuses a file beside the database that is not its owner's alone:
// in a folder such as /tmp anybody may have put it there.
func companion(path string, info, database fs.FileInfo) error {
	own, ok := info.Sys().(*syscall.Stat_t)
	main, ok2 := database.Sys().(*syscall.Stat_t)
	if !info.Mode().IsRegular() || !ok || !ok2 || own.Uid != main.Uid {
		return fmt.Errorf("%s does not belong to it: %w", path, ErrForeign)
	}
	return private(path, info)
}

// privateDir refuses a folder in which others may put or replace files; that
// they may look up names in it gives them nothing.
func privateDir(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("others on this machine may write into its folder (mode %04o): %w; please run: chmod 700 '%s'", info.Mode().Perm(), ErrWide, path)
	}
	return nil
}
