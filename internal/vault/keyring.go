package vault

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math"
	"regexp"
	"strings"

	"gatehouse/internal/secret"
)

// Keyring is the master keys of one installation, oldest first. It is a value:
// Grow returns another one. It prints as "…".
type Keyring struct {
	installation string
	keys         []master
}

type master struct {
	id  secret.KeyID
	key secret.Key
}

const (
	// keyringVersion is the first line of a keyring's text.
	keyringVersion = "gatehouse-keys 1"
	// installationForm is what an id of an installation looks like: it becomes
	// the name of a file and of a key of the log.
	installationForm = `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`
)

// NewKeyring returns a keyring with one random key, number 1. The id of the
// installation has 1 to 64 of A-Z, a-z, 0-9, _ and -, and begins with a letter
// or digit; the error for any other is ErrMalformed.
func NewKeyring(installation string) (Keyring, error) {
	if err := checkInstallation(installation); err != nil {
		return Keyring{}, err
	}
	return Keyring{installation, []master{{1, secret.NewKey()}}}, nil
}

func checkInstallation(id string) error {
	if !regexp.MustCompile(installationForm).MatchString(id) {
		return fmt.Errorf("%q is no id of an installation: %w", id, ErrMalformed)
	}
	return nil
}

// Installation returns the id of the installation that the keys belong to.
func (k Keyring) Installation() string { return k.installation }

// Grow returns a keyring with one random key more, which is the newest.
func (k Keyring) Grow() (Keyring, error) {
	if len(k.keys) == 0 {
		return Keyring{}, fmt.Errorf("add a key: the keyring has none: %w", ErrMissing)
	}
	newest := k.keys[len(k.keys)-1].id
	if newest == math.MaxUint16 {
		return Keyring{}, fmt.Errorf("add a key: %d is the last number", newest)
	}
	return Keyring{k.installation, append(k.keys[:len(k.keys):len(k.keys)], master{newest + 1, secret.NewKey()})}, nil
}

// Equal reports whether both keyrings have the same installation and keys.
func (k Keyring) Equal(other Keyring) bool {
	if k.installation != other.installation || len(k.keys) != len(other.keys) {
		return false
	}
	for place, key := range k.keys {
		if key.id != other.keys[place].id || !key.key.Equal(other.keys[place].key) {
			return false
		}
	}
	return true
}

// String returns "…".
func (Keyring) String() string { return secret.Mask }

// Format writes "…" for every verb.
func (Keyring) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, secret.Mask) }

// LogValue returns "…".
func (Keyring) LogValue() slog.Value { return slog.StringValue(secret.Mask) }

// text returns the keyring as lines that ParseKeyring reads:
//
//	gatehouse-keys 1
//	installation <id>
//	key <number> <base64url of 32 bytes>
//	end <SHA-256 of the lines above, the first 16 hex digits>
func (k Keyring) text() string {
	var lines strings.Builder
	fmt.Fprintln(&lines, keyringVersion)
	fmt.Fprintln(&lines, "installation", k.installation)
	for _, key := range k.keys {
		fmt.Fprintln(&lines, "key", uint16(key.id), base64.RawURLEncoding.EncodeToString(key.key.Reveal()))
	}
	return lines.String() + "end " + lineSum(lines.String()) + "\n"
}

func lineSum(lines string) string {
	full := sha256.Sum256([]byte(lines))
	return hex.EncodeToString(full[:8])
}

// ParseKeyring reads the text of a key file or of a keychain entry. Empty lines
// and lines that begin with # are skipped. Errors wrap ErrEmpty, ErrTruncated or
// ErrMalformed; they name a line and never repeat it.
func ParseKeyring(text string) (Keyring, error) {
	var ring Keyring
	var read strings.Builder // the lines that count, as text writes them
	expect := "version"
	lines := strings.Split(text, "\n")
	for place, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		wrong := fmt.Errorf("line %d: %w", place+1, ErrMalformed)
		if place == len(lines)-1 { // it has no end, so it may be half a line
			wrong = ErrTruncated
		}
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case expect == "version":
			if line != keyringVersion {
				return Keyring{}, fmt.Errorf("%w: it is not %q", wrong, keyringVersion)
			}
			expect = "installation"
		case expect == "installation" && word == "installation":
			if checkInstallation(rest) != nil {
				return Keyring{}, wrong
			}
			ring.installation, expect = rest, "key"
		case expect == "key" && word == "key":
			key, err := parseMaster(rest)
			if err != nil || len(ring.keys) > 0 && key.id <= ring.keys[len(ring.keys)-1].id {
				return Keyring{}, wrong
			}
			ring.keys = append(ring.keys, key)
		case expect == "key" && word == "end" && len(ring.keys) > 0:
			if rest != lineSum(read.String()) {
				return Keyring{}, fmt.Errorf("%w: the sum does not fit, so a line above was changed", wrong)
			}
			expect = "nothing"
		default:
			return Keyring{}, wrong
		}
		read.WriteString(line + "\n")
	}
	switch expect {
	case "version":
		return Keyring{}, ErrEmpty
	case "nothing":
		return ring, nil
	}
	return Keyring{}, ErrTruncated
}

// parseMaster reads "<number> <base64url>".
func parseMaster(text string) (master, error) {
	number, material, _ := strings.Cut(text, " ")
	id, err := parseKeyID(number)
	if err != nil {
		return master{}, err
	}
	decoded, err := decode(material)
	if err != nil {
		return master{}, err
	}
	key, err := secret.KeyFrom(decoded)
	return master{id, key}, err
}
