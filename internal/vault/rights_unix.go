//go:build unix

package vault

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkFileRights refuses a file on which group or others have any right, and
// one of a stranger, who could widen the rights at any time. Root may read the
// files of everybody; everybody may use a file of root that they can read.
func checkFileRights(path string, info fs.FileInfo) error {
	if rights := info.Mode().Perm(); rights&0o077 != 0 {
		return fmt.Errorf("%w: %s has %04o; run: chmod 600 '%s'", ErrWide, path, rights, path)
	}
	owner, user := int(info.Sys().(*syscall.Stat_t).Uid), os.Geteuid()
	if owner != user && owner != 0 && user != 0 {
		return fmt.Errorf("%w: %s belongs to user %d, and you are %d; make a copy of your own", ErrWide, path, owner, user)
	}
	return nil
}

// checkDirRights refuses a directory in which group or others can replace files.
// Where the sticky bit is set they can only replace their own.
func checkDirRights(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the directory of the key file: %w", err)
	}
	if rights := info.Mode().Perm(); rights&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%w: its directory %s has %04o, so others can replace it; run: chmod 700 '%s'", ErrWide, dir, rights, dir)
	}
	return nil
}

// keepOwner gives a file the owner and group of an older one: root must not take
// the key away from the user whose service needs it.
func keepOwner(path string, older fs.FileInfo) error {
	stat := older.Sys().(*syscall.Stat_t)
	if int(stat.Uid) == os.Geteuid() {
		return nil
	}
	return os.Chown(path, int(stat.Uid), int(stat.Gid))
}

// syncDir makes the name of a file in dir survive a power cut.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the directory of the key file: %w", err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync the directory of the key file: %w", err)
	}
	return nil
}
