package vault

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Kinds of sources.
const (
	KindKeyFile  = "key file"
	KindKeychain = "keychain"
)

// Source is where the keys in use come from, for people to see.
type Source struct {
	Kind  string // KindKeyFile or KindKeychain
	Where string // the path, or "service gatehouse, user <installation id>"
}

// String returns "key file /path" or "keychain, service …".
func (s Source) String() string {
	if s.Kind == KindKeychain {
		return s.Kind + ", " + s.Where
	}
	return s.Kind + " " + s.Where
}

// Request says whose keys are wanted and where they may be.
type Request struct {
	Installation string   // id of the installation, as the database has it
	KeyFile      string   // path given by --key-file; "" looks in the usual places
	ConfigDir    string   // os.UserConfigDir; "" where there is none
	Keychain     Keychain // nil where none should be asked
	Fresh        bool     // the database is new: make a key when there is none
	KeyCheck     string   // key check value of the database; only a fresh one has none
}

// Unlock finds the keys of an installation and returns a vault for them.
//
// With KeyFile, that file is the only place. Without, the places are the
// keychain and then <ConfigDir>/gatehouse/keys/<installation>.key, and the keys
// must fit KeyCheck: an entry that was left behind somewhere does not hide the
// right one. For a fresh database keys are made in KeyFile, else in the keychain
// when it gives back what it was given, else in that file; keys already there
// are used, since they are of an earlier attempt.
//
// Errors wrap ErrMissing, ErrWrongKey or those of ReadKeyFile, and name all the
// places.
func Unlock(request Request) (*Vault, Source, error) {
	if err := checkInstallation(request.Installation); err != nil {
		return nil, Source{}, err
	}
	if !request.Fresh && request.KeyCheck == "" {
		return nil, Source{}, fmt.Errorf("the database has no key check value, so it is damaged: %w", ErrMalformed)
	}
	places := request.places()
	if len(places) == 0 {
		return nil, Source{}, fmt.Errorf("no place for the key; say where it is with --key-file: %w", ErrMissing)
	}
	if request.Fresh {
		return request.make(places)
	}
	return request.find(places)
}

// place is somewhere keys can be.
type place struct {
	source Source
	load   func() (Keyring, error)
	store  func(Keyring) error
}

// places returns where to look, in order.
func (r Request) places() []place {
	if r.KeyFile != "" {
		return []place{keyFilePlace(r.KeyFile)}
	}
	var places []place
	if r.Keychain != nil {
		places = append(places, keychainPlace(r.Keychain, r.Installation))
	}
	if r.ConfigDir != "" {
		places = append(places, keyFilePlace(filepath.Join(r.ConfigDir, "gatehouse", "keys", r.Installation+".key")))
	}
	return places
}

func keyFilePlace(path string) place {
	return place{
		source: Source{KindKeyFile, path},
		load:   func() (Keyring, error) { return ReadKeyFile(path) },
		store:  func(ring Keyring) error { return CreateKeyFile(path, ring) },
	}
}

func keychainPlace(keychain Keychain, installation string) place {
	load := func() (Keyring, error) {
		text, err := keychain.Load(installation)
		if err != nil {
			return Keyring{}, fmt.Errorf("ask the keychain: %w", err)
		}
		ring, err := ParseKeyring(text)
		if err != nil {
			return Keyring{}, fmt.Errorf("read the entry in the keychain: %w", err)
		}
		return ring, nil
	}
	store := func(ring Keyring) error {
		if err := keychain.Store(installation, ring.text()); err != nil {
			return fmt.Errorf("put the key into the keychain: %w", err)
		}
		back, err := load()
		if err == nil && !back.Equal(ring) {
			err = fmt.Errorf("%w: it does not give back what it was given", ErrUnavailable)
		}
		return err
	}
	return place{Source{KindKeychain, "service " + keychainService + ", user " + installation}, load, store}
}

// find returns the first vault that fits the key check value.
func (r Request) find(places []place) (*Vault, Source, error) {
	var failures []error
	for _, place := range places {
		v, err := r.open(place)
		if err == nil {
			return v, place.source, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", place.source, err))
	}
	return nil, Source{}, fmt.Errorf("no key for installation %s; bring it back from your copy, or say where it is with --key-file:\n%w",
		r.Installation, errors.Join(failures...))
}

// open loads the keys of a place and checks that they are the right ones.
func (r Request) open(place place) (*Vault, error) {
	ring, err := place.load()
	if err != nil {
		return nil, err
	}
	if ring.installation != r.Installation {
		return nil, fmt.Errorf("it belongs to installation %s: %w", ring.installation, ErrWrongKey)
	}
	v, err := New(ring)
	if err != nil {
		return nil, err
	}
	if r.KeyCheck != "" {
		if err := v.VerifyKeyCheck(r.KeyCheck); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// make opens or makes keys in the first place that works.
func (r Request) make(places []place) (*Vault, Source, error) {
	var failures []error
	for _, place := range places {
		v, err := r.open(place)
		if errors.Is(err, ErrMissing) {
			v, err = r.create(place)
		}
		if err == nil {
			return v, place.source, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", place.source, err))
	}
	return nil, Source{}, fmt.Errorf("make a key for installation %s: %w", r.Installation, errors.Join(failures...))
}

func (r Request) create(place place) (*Vault, error) {
	ring, err := NewKeyring(r.Installation)
	if err != nil {
		return nil, err
	}
	if err := place.store(ring); err != nil {
		return nil, err
	}
	return New(ring)
}
