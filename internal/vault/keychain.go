package vault

import (
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

// keychainService is the name under which keychains show the entries.
const keychainService = "gatehouse"

// keychainPatience is how long the keychain may take. A D-Bus without a keychain
// behind it never answers, and neither does one that waits for its password.
const keychainPatience = 2 * time.Second

// Keychain keeps one text for each installation.
type Keychain interface {
	// Load returns the text. Errors wrap ErrMissing or ErrUnavailable.
	Load(installation string) (string, error)
	// Store writes the text over an older one. Errors wrap ErrUnavailable.
	Store(installation, text string) error
}

// SystemKeychain returns the keychain of the operating system: Secret Service,
// macOS Keychain or Windows Credential Manager.
func SystemKeychain() Keychain { return Patient(systemKeychain{}, keychainPatience) }

type systemKeychain struct{}

func (systemKeychain) Load(installation string) (string, error) {
	if err := keychainReachable(); err != nil {
		return "", err
	}
	text, err := keyring.Get(keychainService, installation)
	if errors.Is(err, keyring.ErrNotFound) {
		return "", ErrMissing
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return text, nil
}

func (systemKeychain) Store(installation, text string) error {
	if err := keychainReachable(); err != nil {
		return err
	}
	if err := keyring.Set(keychainService, installation, text); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// Patient returns a keychain that gives up waiting for another one, with
// ErrUnavailable. The call that it gave up goes on in the background, for want
// of a way to end it, and may still succeed: whoever stores must expect to find
// that text later.
func Patient(keychain Keychain, patience time.Duration) Keychain {
	return patient{keychain, patience}
}

type patient struct {
	keychain Keychain
	patience time.Duration
}

func (p patient) Load(installation string) (string, error) {
	return await(p.patience, func() (string, error) { return p.keychain.Load(installation) })
}

func (p patient) Store(installation, text string) error {
	_, err := await(p.patience, func() (struct{}, error) { return struct{}{}, p.keychain.Store(installation, text) })
	return err
}

func await[T any](patience time.Duration, ask func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1) // so that a late answer ends its goroutine
	go func() {
		value, err := ask()
		answers <- answer{value, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case got := <-answers:
		return got.value, got.err
	case <-timer.C:
		var none T
		return none, fmt.Errorf("%w: no answer within %s; it may be locked", ErrUnavailable, patience)
	}
}
