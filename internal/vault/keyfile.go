package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"gatehouse/internal/secret"
)

// keyFileHead tells whoever finds the file what it is.
const keyFileHead = `# Keys of a Gatehouse installation. Whoever has this file and the database can
# read its secrets; without this file nobody can. Keep a copy in a safe place,
# apart from the backups of the database. Do not edit it.
`

// keyFileLimit is the size in bytes up to which a key file is read: more than a
// thousand keys.
const keyFileLimit = 64 << 10

// ReadKeyFile reads a key file. It refuses a file on which group or others have
// any right, that belongs to another user, or that they could replace, with
// ErrWide; a symbolic link is followed, and what counts are the rights of the
// file it leads to. Other errors wrap ErrMissing, ErrEmpty, ErrTruncated or
// ErrMalformed. All of them say what to do.
func ReadKeyFile(path string) (Keyring, error) {
	text, err := readKeyFile(path)
	if err != nil {
		return Keyring{}, err
	}
	ring, err := ParseKeyring(text)
	if err != nil {
		return Keyring{}, fmt.Errorf("read the key file %s: %w; bring back your copy of it", path, err)
	}
	return ring, nil
}

// ReadSecretFile reads a file that holds one secret and nothing else, such as the
// key for another server, under the same conditions as a key file.
func ReadSecretFile(path string) (secret.Text, error) {
	text, err := readKeyFile(path)
	if err != nil {
		return secret.Text{}, err
	}
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsFunc(text, unicode.IsSpace) {
		return secret.Text{}, fmt.Errorf("read the key file %s: it has to hold the key and nothing else: %w", path, ErrMalformed)
	}
	return secret.New(text), nil
}

func readKeyFile(path string) (string, error) {
	// Asked before opening, because opening a pipe waits for its other end.
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the key file %s: %w", path, ErrMissing)
	}
	if err != nil {
		return "", fmt.Errorf("read the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("read the key file %s: it is not a file: %w", path, ErrMalformed)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the key file: %w", err)
	}
	defer file.Close()
	opened, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("read the key file: %w", err)
	}
	if !os.SameFile(info, opened) {
		return "", fmt.Errorf("read the key file %s: it was replaced meanwhile; try again: %w", path, ErrWide)
	}
	if err := checkFile(path, opened); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(file, keyFileLimit+1))
	if err != nil {
		return "", fmt.Errorf("read the key file: %w", err)
	}
	if len(text) > keyFileLimit {
		return "", fmt.Errorf("read the key file %s: it is far too long: %w", path, ErrMalformed)
	}
	return string(text), nil
}

// checkFile checks the rights of a key file and of the directories in which
// others could put another file in its place.
func checkFile(path string, opened fs.FileInfo) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("follow the key file: %w", err)
	}
	if err := checkFileRights(target, opened); err != nil {
		return fmt.Errorf("read the key file %s: %w", path, err)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(target)} {
		if err := checkDirRights(dir); err != nil {
			return fmt.Errorf("read the key file %s: %w", path, err)
		}
	}
	return nil
}

// CreateKeyFile writes a new key file with rights 0600, and its directory with
// 0700 when there is none. It never overwrites: the error is ErrExists. When it
// returns, file and directory are on disk.
func CreateKeyFile(path string, ring Keyring) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of the key file: %w", err)
	}
	if err := checkDirRights(dir); err != nil {
		return fmt.Errorf("make the key file %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the key file %s: %w", path, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	if err := fillKeyFile(file, ring); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncDir(dir)
}

// RewriteKeyFile puts a keyring of the same installation into an existing key
// file, at once or not at all: a crash leaves the old file or the new one. A
// symbolic link stays one.
func RewriteKeyFile(path string, ring Keyring) error {
	old, err := ReadKeyFile(path)
	if err != nil {
		return err
	}
	if old.installation != ring.installation {
		return fmt.Errorf("rewrite the key file %s: it belongs to installation %s: %w", path, old.installation, ErrWrongKey)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("follow the key file: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return fmt.Errorf("rewrite the key file: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(target), ".gatehouse-keys-*") // 0600, O_EXCL
	if err != nil {
		return fmt.Errorf("rewrite the key file %s: %w", path, err)
	}
	temporary := file.Name()
	err = fillKeyFile(file, ring)
	if err == nil {
		err = keepOwner(temporary, info)
	}
	if err == nil {
		err = os.Rename(temporary, target)
	}
	if err != nil {
		return fmt.Errorf("rewrite the key file %s: %w", path, errors.Join(err, os.Remove(temporary)))
	}
	return syncDir(filepath.Dir(target))
}

// fillKeyFile writes, syncs and closes.
func fillKeyFile(file *os.File, ring Keyring) error {
	_, err := io.WriteString(file, keyFileHead+ring.text())
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return nil
}
