package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDesk_SaveText(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "codes.txt")
	// An older file that everybody can read, behind a link.
	if err := os.WriteFile(filepath.Join(folder, "old"), []byte("older and longer"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("old", path); err != nil {
		t.Fatal(err)
	}
	var proposed string
	desk := &Desk{save: func(name string) (string, error) { proposed = name; return path, nil }}

	saved, err := desk.SaveText("../codes.txt", "ABCD")
	if err != nil || !saved {
		t.Fatalf("SaveText = %v, %v", saved, err)
	}
	if proposed != "codes.txt" {
		t.Errorf("proposed name = %q", proposed)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode = %v, %v; want a file 0600", info.Mode(), err)
	}
	if text, _ := os.ReadFile(path); string(text) != "ABCD" {
		t.Errorf("text = %q", text)
	}
	if names, _ := os.ReadDir(folder); len(names) != 2 {
		t.Errorf("left behind: %v", names)
	}
}

func TestDesk_SaveText_refused(t *testing.T) {
	folder := t.TempDir()
	tests := []struct {
		name string
		path string
		fail error
		text string
		ok   bool
	}{
		{name: "cancelled", path: "", ok: true},
		{name: "dialog fails", fail: errors.New("no window")},
		{name: "no such folder", path: filepath.Join(folder, "gone", "x.txt")},
		{name: "a folder stands there", path: folder},
		{name: "too long", path: filepath.Join(folder, "x.txt"), text: strings.Repeat("a", maxText+1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			desk := &Desk{save: func(string) (string, error) { return tt.path, tt.fail }}
			saved, err := desk.SaveText("x.txt", tt.text)
			if (err == nil) != tt.ok || saved {
				t.Errorf("SaveText = %v, %v", saved, err)
			}
			if names, _ := os.ReadDir(folder); len(names) != 0 {
				t.Errorf("left behind: %v", names)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	tests := map[string]string{
		"recovery codes.txt":          "recovery codes.txt",
		"Schlüssel für Zoë.txt":       "Schlüssel für Zoë.txt",
		"../../etc/passwd":            "etc-passwd",
		`C:\windows\x.exe`:            "C--windows-x.exe",
		".bashrc":                     "bashrc",
		"codes\u202Etxt.exe":          "codestxt.exe",
		"a\x00b\nc":                   "abc",
		"\xff":                        "gatehouse.txt",
		"":                            "gatehouse.txt",
		"...":                         "gatehouse.txt",
		strings.Repeat("ü", 200):      strings.Repeat("ü", 50),
		"report 2026-01-01 10:00.csv": "report 2026-01-01 10-00.csv",
	}
	for in, want := range tests {
		if got := fileName(in); got != want {
			t.Errorf("fileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDesk_OpenLink(t *testing.T) {
	tests := map[string]bool{
		"https://example.com/a?b=c#d":             true,
		"http://127.0.0.1:8480/":                  true,
		"mailto:support@example.com":              true,
		"mailto:a@example.com?subject=Help":       true,
		"mailto:a@example.com?attach=/etc/passwd": false,
		"mailto:a@example.com?Attach=x&subject=y": false,
		"file:///etc/passwd":                      false,
		"javascript:alert(1)":                     false,
		"data:text/html,x":                        false,
		"ssh://host":                              false,
		"HTTPS://example.com":                     true,
		"https://":                                false,
		"https://good.example@evil.example/":      false,
		"//example.com":                           false,
		"example.com":                             false,
		"":                                        false,
		" https://example.com":                    false,
		"https://example.com/\n":                  false,
		"https://exаmple.com/":                    false, // Cyrillic а
		"https://example.com/" + strings.Repeat("a", maxLink): false,
	}
	for link, want := range tests {
		opened := ""
		desk := &Desk{open: func(url string) error { opened = url; return nil }}
		err := desk.OpenLink(link)
		if (err == nil) != want || (opened != "") != want {
			t.Errorf("OpenLink(%q) = %v, opened %q; want allowed %v", link, err, opened, want)
		}
	}
}

func TestDesk_OpenLink_encodes(t *testing.T) {
	opened := ""
	desk := &Desk{open: func(url string) error { opened = url; return nil }}
	if err := desk.OpenLink("https://example.com/~anna/a(b)?c=d;e!&f=g"); err != nil {
		t.Fatal(err)
	}
	if want := "https://example.com/%7Eanna/a%28b%29?c=d%3Be%21&f=g"; opened != want {
		t.Errorf("opened %q, want %q", opened, want)
	}
}
