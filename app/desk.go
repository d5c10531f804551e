package app

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what SaveText takes, in bytes: an export of a large
// installation fits, a page gone wild does not fill the disk.
const maxText = 64 << 20

// maxLink bounds a link, in bytes. Mail programs cut longer ones.
const maxLink = 2048

// Desk are the few things that only a window can do. The page can call its
// methods before anybody has signed in; so each of them asks the person first
// (a dialog of the system) or does nothing that a browser would not do.
type Desk struct {
	save func(name string) (path string, err error)
	open func(url string) error
}

// SaveText asks the person where to put a file, proposing name, and writes text
// there. The file can be read by its owner only, since most of what is saved
// here are keys and recovery codes. Either the whole text is there afterwards
// or what was there before. It answers false when the person cancelled.
func (d *Desk) SaveText(name, text string) (bool, error) {
	if len(text) > maxText {
		return false, fmt.Errorf("the text has %d bytes; at most %d can be saved", len(text), maxText)
	}
	path, err := d.save(fileName(name))
	if err != nil {
		return false, fmt.Errorf("ask where to save: %w", err)
	}
	if path == "" {
		return false, nil
	}
	if err := writePrivate(path, text); err != nil {
		return false, fmt.Errorf("save the file: %w", err)
	}
	return true, nil
}

// OpenLink opens a web address or starts a mail in the person's own programs.
// It refuses every other scheme: the system would hand them to whatever program
// is registered for them.
func (d *Desk) OpenLink(link string) error {
	if err := checkLink(link); err != nil {
		return fmt.Errorf("open the link: %w", err)
	}
	return d.open(encodeForShells.Replace(link))
}

// encodeForShells encodes what Wails refuses, without a word to us, since a
// shell might act on it. In an address both forms mean the same.
var encodeForShells = strings.NewReplacer("!", "%21", "$", "%24", "(", "%28", ")", "%29", "*", "%2A", ";", "%3B",
	"<", "%3C", ">", "%3E", "{", "%7B", "|", "%7C", "}", "%7D", "~", "%7E")

func checkLink(link string) error {
	if len(link) > maxLink {
		return fmt.Errorf("it has %d bytes, at most %d are allowed", len(link), maxLink)
	}
	for _, r := range link {
		if r == utf8.RuneError || r <= ' ' || r > '~' || strings.ContainsRune("[]\\`", r) {
			return errors.New("it holds characters that an address has only in encoded form")
		}
	}
	address, err := url.Parse(link)
	if err != nil {
		return errors.New("it is not an address")
	}
	switch address.Scheme {
	case "https", "http":
		if address.Hostname() == "" {
			return errors.New("it names no host")
		}
		if address.User != nil {
			return errors.New("it holds a user name, which makes it look like another address")
		}
		return nil
	case "mailto":
		// Some mail programs attach local files on "?attach=".
		for field := range address.Query() {
			switch strings.ToLower(field) {
			case "subject", "body":
			default:
				return errors.New("a mail link may hold a subject and a body only")
			}
		}
		return nil
	default:
		return errors.New("only https, http and mailto are opened")
	}
}

// fileName makes a proposal for a file name that means the same on every
// system and cannot point anywhere: no path, no hidden file, no characters that
// the eye does not see.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, !unicode.IsGraphic(r):
			return -1
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '-'
		default:
			return r
		}
	}, name)
	name = strings.Trim(name, ". -")
	for len(name) > 100 {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if name == "" {
		return "gatehouse.txt"
	}
	return name
}

// writePrivate puts text at path with mode 0600 from the first moment on, by
// way of a new file beside it, so that an older file's wider mode, or a link
// that stands there, does not carry over.
func writePrivate(path, text string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".gatehouse-*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if _, err = file.WriteString(text); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
