//go:build unix

package vault_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"

	"gatehouse/internal/vault"
)

// memory is a keychain in memory; fail is what it answers when it is set, and
// forget makes it lose what it is given.
type memory struct {
	entries map[string]string
	fail    error
	forget  bool
}

func (m *memory) Load(installation string) (string, error) {
	if m.fail != nil {
		return "", m.fail
	}
	text, ok := m.entries[installation]
	if !ok {
		return "", vault.ErrMissing
	}
	return text, nil
}

func (m *memory) Store(installation, text string) error {
	if m.fail != nil {
		return m.fail
	}
	if !m.forget {
		m.entries[installation] = text
	}
	return nil
}

const usual = "/gatehouse/keys/ins_test.key" // below the configuration directory

func TestUnlock_Fresh(t *testing.T) {
	tests := []struct {
		name     string
		keychain *memory
		keyFile  string
		want     vault.Source // Where without the directory
	}{
		{"keychain", &memory{}, "", vault.Source{Kind: vault.KindKeychain, Where: "service gatehouse, user ins_test"}},
		{"no keychain", nil, "", vault.Source{Kind: vault.KindKeyFile, Where: usual}},
		{"keychain that fails", &memory{fail: vault.ErrUnavailable}, "", vault.Source{Kind: vault.KindKeyFile, Where: usual}},
		{"keychain that forgets", &memory{forget: true}, "", vault.Source{Kind: vault.KindKeyFile, Where: usual}},
		{"key file", &memory{}, "/my/key", vault.Source{Kind: vault.KindKeyFile, Where: "/my/key"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			request := vault.Request{Installation: "ins_test", ConfigDir: dir, Fresh: true}
			if test.keychain != nil {
				test.keychain.entries = map[string]string{}
				request.Keychain = test.keychain
			}
			if test.keyFile != "" {
				request.KeyFile = dir + test.keyFile
			}
			made, source, err := vault.Unlock(request)
			if err != nil {
				t.Fatal(err)
			}
			shown := vault.Source{Kind: source.Kind, Where: strings.TrimPrefix(source.Where, dir)}
			if diff := cmp.Diff(test.want, shown); diff != "" {
				t.Error(diff)
			}
			if test.keyFile != "" && len(test.keychain.entries) > 0 {
				t.Error("a key was put into the keychain as well")
			}
			// The set-up may have died before it stored the key check value …
			if again, _, err := vault.Unlock(request); err != nil || again.KeyCheck() != made.KeyCheck() {
				t.Errorf("a second attempt makes another key (%v)", err)
			}
			// … and usually did not.
			request.Fresh, request.KeyCheck = false, made.KeyCheck()
			found, again, err := vault.Unlock(request)
			if err != nil || found.KeyCheck() != made.KeyCheck() || again != source {
				t.Errorf("later: %v, %v", again, err)
			}
		})
	}
}

func TestUnlock_Existing(t *testing.T) {
	keys := ring(t, bothKeys)
	check := open(t, keys).KeyCheck()
	other := keyText(t, newRing(t, "ins_test"))
	foreign := keyText(t, newRing(t, "ins_other"))
	tests := []struct {
		name     string
		keychain string // "-" is none, "!" does not answer
		file     string
		wide     bool
		want     string // kind of source
		err      error
	}{
		{"keychain", bothKeys, "", false, vault.KindKeychain, nil},
		{"file", "", bothKeys, false, vault.KindKeyFile, nil},
		{"file, no keychain", "-", bothKeys, false, vault.KindKeyFile, nil},
		{"file, keychain silent", "!", bothKeys, false, vault.KindKeyFile, nil},
		{"file, other key in the keychain", other, bothKeys, false, vault.KindKeyFile, nil},
		{"file, rubbish in the keychain", "rubbish\n", bothKeys, false, vault.KindKeyFile, nil},
		{"both", bothKeys, bothKeys, false, vault.KindKeychain, nil},
		{"keychain, other key in the file", bothKeys, other, false, vault.KindKeychain, nil},
		{"nothing", "", "", false, "", vault.ErrMissing},
		{"nothing, no keychain", "-", "", false, "", vault.ErrMissing},
		{"nothing, keychain silent", "!", "", false, "", vault.ErrMissing},
		{"keychain silent is said", "!", "", false, "", vault.ErrUnavailable},
		{"other key in the keychain", other, "", false, "", vault.ErrWrongKey},
		{"other key in the file", "", other, false, "", vault.ErrWrongKey},
		{"key of another installation", "", foreign, false, "", vault.ErrWrongKey},
		{"wide file", "", bothKeys, true, "", vault.ErrWide},
		{"file cut short", "", bothKeys[:90], false, "", vault.ErrTruncated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			request := vault.Request{Installation: "ins_test", ConfigDir: dir, KeyCheck: check}
			switch test.keychain {
			case "-":
			case "":
				request.Keychain = &memory{}
			case "!":
				request.Keychain = &memory{fail: vault.ErrUnavailable}
			default:
				request.Keychain = &memory{entries: map[string]string{"ins_test": test.keychain}}
			}
			if test.file != "" {
				rights := os.FileMode(0o600)
				if test.wide {
					rights = 0o644
				}
				write(t, dir+usual, test.file, rights)
			}
			v, source, err := vault.Unlock(request)
			if test.err == nil {
				if err != nil || source.Kind != test.want || v.VerifyKeyCheck(check) != nil {
					t.Fatalf("got %v, %v; want %s", source, err, test.want)
				}
				return
			}
			if !errors.Is(err, test.err) || v != nil {
				t.Fatalf("got %v, want %v", err, test.err)
			}
			places := []string{dir + usual, "--key-file"}
			if request.Keychain != nil {
				places = append(places, "service gatehouse, user ins_test")
			}
			for _, place := range places {
				if !strings.Contains(err.Error(), place) {
					t.Errorf("%q does not name %s", err, place)
				}
			}
			if _, err := os.Stat(dir + usual); test.file == "" && err == nil {
				t.Error("a key was made for an existing database")
			}
		})
	}
}

func TestUnlock_KeyFile(t *testing.T) {
	keys, dir := ring(t, bothKeys), t.TempDir()
	request := vault.Request{
		Installation: "ins_test", ConfigDir: dir, KeyFile: dir + "/my.key", KeyCheck: open(t, keys).KeyCheck(),
		Keychain: &memory{entries: map[string]string{"ins_test": bothKeys}},
	}
	write(t, dir+usual, bothKeys, 0o600)
	if _, _, err := vault.Unlock(request); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("a given key file is the only place; got %v", err)
	}
	if _, err := os.Stat(request.KeyFile); err == nil {
		t.Error("a key was made for an existing database")
	}
	write(t, request.KeyFile, bothKeys, 0o600)
	if _, source, err := vault.Unlock(request); err != nil || source.Where != request.KeyFile {
		t.Errorf("got %v, %v", source, err)
	}
}

func TestUnlock_refused(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name    string
		request vault.Request
		want    error
	}{
		{"no key check value", vault.Request{Installation: "ins_test", ConfigDir: dir}, vault.ErrMalformed},
		{"damaged key check value", vault.Request{Installation: "ins_test", ConfigDir: dir, KeyCheck: "k1.2.WOhHeO8GEztLzoYO2vwpZQ.AAAAAA"}, vault.ErrMalformed},
		{"nowhere", vault.Request{Installation: "ins_test", Fresh: true}, vault.ErrMissing},
		{"id that climbs", vault.Request{Installation: "../../x", ConfigDir: dir, Fresh: true}, vault.ErrMalformed},
	}
	write(t, dir+usual, bothKeys, 0o600)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := vault.Unlock(test.request); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// keyText returns what a key file holds for a keyring.
func keyText(t *testing.T, ring vault.Keyring) string {
	t.Helper()
	path := t.TempDir() + "/key"
	if err := vault.CreateKeyFile(path, ring); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// silent is a keychain that answers when it is released, like one that waits
// for a person.
type silent struct{ release chan struct{} }

func (s silent) Load(string) (string, error) { <-s.release; return bothKeys, nil }
func (s silent) Store(string, string) error  { <-s.release; return nil }

func TestPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keychain := silent{make(chan struct{})}
		guarded := vault.Patient(keychain, 2*time.Second)
		begin := time.Now()
		_, err := guarded.Load("ins_test")
		if !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		if err := guarded.Store("ins_test", ""); !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		if waited := time.Since(begin); waited != 4*time.Second {
			t.Errorf("two calls waited %s, want 4s", waited)
		}
		close(keychain.release) // the calls in the background must be able to end
		if text, err := guarded.Load("ins_test"); text != bothKeys || err != nil {
			t.Errorf("an answer in time: got %v", err)
		}
	})
}

func TestSystemKeychain(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	keyring.MockInit() // for this test binary; no other test asks the system
	keychain := vault.SystemKeychain()
	if _, err := keychain.Load("ins_test"); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("got %v, want ErrMissing", err)
	}
	if err := keychain.Store("ins_test", bothKeys); err != nil {
		t.Fatal(err)
	}
	if text, err := keychain.Load("ins_test"); err != nil || text != bothKeys {
		t.Errorf("it does not give back what it was given (%v)", err)
	}
	if text, err := keyring.Get("gatehouse", "ins_test"); err != nil || text != bothKeys {
		t.Errorf("the entry is not where it should be (%v)", err)
	}
	keyring.MockInitWithError(errors.New("locked"))
	if _, err := keychain.Load("ins_test"); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}
