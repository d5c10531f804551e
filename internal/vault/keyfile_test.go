//go:build unix

package vault_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gatehouse/internal/vault"
)

func write(t *testing.T, path, text string, rights fs.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, rights); err != nil { // not subject to the umask
		t.Fatal(err)
	}
	return path
}

func TestReadKeyFile(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string) string
		want error
		says string
	}{
		{"0600", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys, 0o600) }, nil, ""},
		{"0400", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys, 0o400) }, nil, ""},
		{"0644", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys, 0o644) }, vault.ErrWide, "chmod 600"},
		{"0640", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys, 0o640) }, vault.ErrWide, "chmod 600"},
		{"0601", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys, 0o601) }, vault.ErrWide, "chmod 600"},
		{"0620", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys, 0o620) }, vault.ErrWide, "chmod 600"},
		{"missing", func(_ *testing.T, dir string) string { return dir + "/key" }, vault.ErrMissing, dirMark},
		{"empty", func(t *testing.T, dir string) string { return write(t, dir+"/key", "", 0o600) }, vault.ErrEmpty, "copy"},
		{"cut short", func(t *testing.T, dir string) string { return write(t, dir+"/key", bothKeys[:90], 0o600) }, vault.ErrTruncated, "copy"},
		{"malformed", func(t *testing.T, dir string) string { return write(t, dir+"/key", "hello\n", 0o600) }, vault.ErrMalformed, "copy"},
		{"huge", func(t *testing.T, dir string) string {
			return write(t, dir+"/key", strings.Repeat("#\n", 1<<20), 0o600)
		}, vault.ErrMalformed, "too long"},
		{"a directory", func(_ *testing.T, dir string) string { return dir }, vault.ErrMalformed, "not a file"},
		{"a pipe", func(t *testing.T, dir string) string {
			if err := syscall.Mkfifo(dir+"/key", 0o600); err != nil {
				t.Fatal(err)
			}
			return dir + "/key"
		}, vault.ErrMalformed, "not a file"},
		{"link to a narrow file", func(t *testing.T, dir string) string {
			return link(t, write(t, dir+"/elsewhere/key", bothKeys, 0o600), dir+"/key")
		}, nil, ""},
		{"link to a wide file", func(t *testing.T, dir string) string {
			return link(t, write(t, dir+"/elsewhere/key", bothKeys, 0o644), dir+"/key")
		}, vault.ErrWide, "elsewhere"},
		{"link into a wide directory", func(t *testing.T, dir string) string {
			write(t, dir+"/elsewhere/key", bothKeys, 0o600)
			chmod(t, dir+"/elsewhere", 0o777)
			return link(t, dir+"/elsewhere/key", dir+"/key")
		}, vault.ErrWide, "chmod 700"},
		{"link to nothing", func(t *testing.T, dir string) string { return link(t, dir+"/nowhere", dir+"/key") }, vault.ErrMissing, dirMark},
		{"directory where others write", func(t *testing.T, dir string) string {
			write(t, dir+"/key", bothKeys, 0o600)
			chmod(t, dir, 0o770)
			return dir + "/key"
		}, vault.ErrWide, "chmod 700"},
		{"directory that others read", func(t *testing.T, dir string) string {
			write(t, dir+"/key", bothKeys, 0o600)
			chmod(t, dir, 0o755)
			return dir + "/key"
		}, nil, ""},
		{"sticky directory", func(t *testing.T, dir string) string {
			write(t, dir+"/key", bothKeys, 0o600)
			chmod(t, dir, 0o777|fs.ModeSticky)
			return dir + "/key"
		}, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := test.make(t, t.TempDir())
			got, err := vault.ReadKeyFile(path)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil && (!strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path)) {
				t.Errorf("%q names neither the file nor what to do (%q)", err, test.says)
			}
			if err == nil && !got.Equal(ring(t, bothKeys)) {
				t.Error("it reads as other keys")
			}
		})
	}
}

// dirMark is in every path, for errors that need say no more than where.
const dirMark = "/key"

func link(t *testing.T, target, path string) string {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func chmod(t *testing.T, path string, rights fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, rights); err != nil {
		t.Fatal(err)
	}
}

func TestReadKeyFile_ofAStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, who alone can give a file away and read it then")
	}
	path := write(t, t.TempDir()+"/key", bothKeys, 0o600)
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.ReadKeyFile(path); err != nil {
		t.Errorf("root cannot read a user's key file: %v", err)
	}
	if err := vault.RewriteKeyFile(path, ring(t, bothKeys)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 65534 {
		t.Errorf("rewriting took the file away from its owner: it belongs to %d", owner)
	}
}

func TestCreateKeyFile(t *testing.T) {
	path := t.TempDir() + "/a/b/key"
	made := newRing(t, "ins_a")
	if err := vault.CreateKeyFile(path, made); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700 | fs.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has %v, want %v", name, info.Mode(), want)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# Keys of a Gatehouse installation.") {
		t.Errorf("the file does not say what it is:\n%s", text)
	}
	back, err := vault.ReadKeyFile(path)
	if err != nil || !back.Equal(made) {
		t.Errorf("it does not read as what was written (%v)", err)
	}
	if err := vault.CreateKeyFile(path, newRing(t, "ins_a")); !errors.Is(err, vault.ErrExists) {
		t.Errorf("a second time: got %v, want ErrExists", err)
	}
	if again, err := vault.ReadKeyFile(path); err != nil || !again.Equal(made) {
		t.Error("the key was overwritten")
	}
	dangling := link(t, filepath.Dir(path)+"/nowhere", filepath.Dir(path)+"/link")
	if err := vault.CreateKeyFile(dangling, made); !errors.Is(err, vault.ErrExists) {
		t.Errorf("through a link: got %v, want ErrExists", err)
	}
	wide := t.TempDir()
	chmod(t, wide, 0o777)
	if err := vault.CreateKeyFile(wide+"/key", made); !errors.Is(err, vault.ErrWide) {
		t.Errorf("where others write: got %v, want ErrWide", err)
	}
}

func TestRewriteKeyFile(t *testing.T) {
	dir := t.TempDir()
	old := newRing(t, "ins_a")
	if err := vault.CreateKeyFile(dir+"/real/key", old); err != nil {
		t.Fatal(err)
	}
	path := link(t, dir+"/real/key", dir+"/key")
	grown, err := old.Grow()
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.RewriteKeyFile(path, grown); err != nil {
		t.Fatal(err)
	}
	if got, err := vault.ReadKeyFile(dir + "/real/key"); err != nil || !got.Equal(grown) {
		t.Errorf("it does not read as what was written (%v)", err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	if err := vault.RewriteKeyFile(path, newRing(t, "ins_b")); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("another installation: got %v, want ErrWrongKey", err)
	}
	if err := vault.RewriteKeyFile(dir+"/none", grown); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
	left, err := os.ReadDir(dir + "/real")
	if err != nil || len(left) != 1 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}
