package password

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"gatehouse/internal/secret"
)

// ErrMalformed is returned for a stored hash that this package did not write.
var ErrMalformed = errors.New("malformed password hash")

// Params are the costs of a hash (RFC 9106 section 3.1).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8  // lanes
}

// Standard returns the costs to be used outside of tests: argon2id with 64 MiB
// and three passes, as RFC 9106 section 4 recommends where memory is scarce. It
// has one lane and not four, because several people sign in at once: lanes would
// make them wait for each other and help nobody but an attacker with idle cores.
func Standard() Params { return Params{Memory: 64 << 10, Time: 3, Threads: 1} }

// Bounds of what is computed at all, so that a forged hash in the database
// cannot take the memory or the time of everybody.
const (
	maxMemory  = 256 << 10 // KiB
	maxTime    = 10
	maxThreads = 4
	saltSize   = 16 // bytes
	tagSize    = 32 // bytes
	maxPHC     = 160
)

// check returns an error for costs that are out of bounds.
func (p Params) check() error {
	switch {
	case p.Threads < 1 || p.Threads > maxThreads,
		p.Time < 1 || p.Time > maxTime,
		p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory:
		return fmt.Errorf("argon2id costs out of bounds: %+v", p)
	}
	return nil
}

// weaker reports whether p costs an attacker less than other.
func (p Params) weaker(other Params) bool {
	return p.Memory < other.Memory || p.Time < other.Time
}

// hash is a stored hash.
type hash struct {
	params Params
	key    secret.KeyID // of the pepper
	salt   [saltSize]byte
	tag    [tagSize]byte
}

// compute returns the tag for a peppered password.
func (h hash) compute(peppered []byte) [tagSize]byte {
	return [tagSize]byte(argon2.IDKey(peppered, h.salt[:], h.params.Time, h.params.Memory, h.params.Threads, tagSize))
}

// String returns the hash in the PHC string format, with the number of the
// pepper's key as keyid in two bytes:
//
//	$argon2id$v=19$m=65536,t=3,p=1,keyid=AAE$<salt>$<tag>
func (h hash) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d,keyid=%s$%s$%s", argon2.Version,
		h.params.Memory, h.params.Time, h.params.Threads,
		encode(binary.BigEndian.AppendUint16(nil, uint16(h.key))), encode(h.salt[:]), encode(h.tag[:]))
}

// parse reads what String writes and nothing else. The error is ErrMalformed and
// never repeats the text.
func parse(text string) (hash, error) {
	if len(text) > maxPHC {
		return hash{}, ErrMalformed
	}
	fields := strings.Split(text, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return hash{}, ErrMalformed
	}
	costs := strings.Split(fields[3], ",")
	if len(costs) != 4 {
		return hash{}, ErrMalformed
	}
	var h hash
	var threads uint32
	for place, cost := range []struct {
		name  string
		value *uint32
	}{{"m=", &h.params.Memory}, {"t=", &h.params.Time}, {"p=", &threads}} {
		digits, named := strings.CutPrefix(costs[place], cost.name)
		value, err := strconv.ParseUint(digits, 10, 20)
		if !named || err != nil {
			return hash{}, ErrMalformed
		}
		*cost.value = uint32(value)
	}
	if threads > maxThreads {
		return hash{}, ErrMalformed
	}
	h.params.Threads = uint8(threads)
	var key [2]byte
	for _, part := range []struct {
		text string
		into []byte
	}{{strings.TrimPrefix(costs[3], "keyid="), key[:]}, {fields[4], h.salt[:]}, {fields[5], h.tag[:]}} {
		decoded, err := base64.RawStdEncoding.Strict().DecodeString(part.text)
		if err != nil || copy(part.into, decoded) != len(part.into) {
			return hash{}, ErrMalformed
		}
	}
	h.key = secret.KeyID(binary.BigEndian.Uint16(key[:]))
	// One text for each hash: this refuses leading zeros, line breaks in base 64,
	// a missing keyid= and parts that are too long.
	if h.params.check() != nil || h.key == 0 || h.String() != text {
		return hash{}, ErrMalformed
	}
	return h, nil
}
