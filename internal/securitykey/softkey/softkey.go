// Package softkey is a security key in software, for tests only: it speaks
// CTAPHID reports, CTAP2 (with PIN/UV protocols 1 and 2) and U2F, as the
// specification CTAP 2.1 of the FIDO Alliance says, and keeps everything in
// memory. Behind a pseudo-terminal (Plug), libfido2 takes it for a real one, so
// that the library, the relying party and the window can be tried as they are.
//
// A test chooses its behaviour while it runs: nobody touches it, its PIN is
// blocked, it is pulled out, its counter goes back. It knows nothing of
// Gatehouse, and nothing that is delivered may use it.
package softkey

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"
)

// COSE algorithms that a key can have (RFC 9053).
const (
	ES256 = -7
	EdDSA = -8
)

// U2F says what a key has of CTAP1.
type U2F int

// What a key speaks.
const (
	U2FOff  U2F = iota // CTAP2 alone
	U2FToo             // CTAP2 and U2F
	U2FOnly            // a key from before CTAP2
)

// Attestation is how a key vouches for what it makes.
type Attestation int

// How a key attests (WebAuthn Level 3, section 6.5.3).
const (
	AttestSelf        Attestation = iota // packed, signed by the new credential
	AttestCertificate                    // packed, signed by the maker's key
	AttestNone
)

// Tries of a PIN: in all, and between two power-ups (CTAP 2.1, section 6.5.5.6).
const (
	maxTries     = 8
	maxBootTries = 3
)

// Config is what a key is made as, and cannot change later. The zero Config is
// a usual key: CTAP 2.1, ES256 and EdDSA, discoverable credentials, no PIN.
type Config struct {
	U2F          U2F
	CTAP20       bool  // no pinUvAuthToken: tokens have no permissions
	PINProtocols []int // in order of preference; none: 2, 1
	Algorithms   []int // none: ES256, EdDSA
	PIN          string
	PINExpired   bool // it wants another PIN before it gives a token
	Fingerprint  bool // it verifies its user by itself
	AlwaysUV     bool
	NoResident   bool
	Slots        int // discoverable credentials that fit; 0: any number
	MaxList      int // credentials that it takes in a list; 0: any number
	Attestation  Attestation
	AAGUID       [16]byte
	// TouchTimeout is how long it waits to be touched; 0: 30 s.
	TouchTimeout time.Duration
	// Now is the clock; nil: the system's.
	Now func() time.Time
}

// credential is one key pair.
type credential struct {
	id       []byte
	rp       [32]byte // SHA-256 of the RP ID: all that U2F knows of it
	user     user
	alg      int
	key      crypto.Signer
	resident bool
}

// Key is a security key. Its methods may be called while it is in use.
type Key struct {
	config  Config
	makers  maker
	mu      sync.Mutex
	changed chan struct{} // closed when somebody touches it, or is to

	auto    bool // touched whenever it asks
	touches int  // and so often besides
	asked   bool // a U2F command has found nobody touching

	pinHash     []byte
	tries       int
	bootTries   int
	fingerTries int
	badFinger   bool
	agreement   *ecdh.PrivateKey
	token       []byte
	permissions uint
	tokenRP     string
	poweredAt   time.Time

	credentials []*credential
	counter     uint32
	next        []assertion // what getNextAssertion has still to give
	channels    uint32
}

// New returns a key that is touched whenever it asks to be.
func New(config Config) (*Key, error) {
	if len(config.PINProtocols) == 0 {
		config.PINProtocols = []int{2, 1}
	}
	if len(config.Algorithms) == 0 {
		config.Algorithms = []int{ES256, EdDSA}
	}
	if config.TouchTimeout == 0 {
		config.TouchTimeout = 30 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	made, err := newMaker(config.Now(), config.AAGUID)
	if err != nil {
		return nil, err
	}
	k := &Key{config: config, makers: made, changed: make(chan struct{}), auto: true, tries: maxTries, fingerTries: maxBootTries}
	k.SetPIN(config.PIN)
	k.powerUp()
	return k, nil
}

// powerUp is what plugging in does.
func (k *Key) powerUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bootTries, k.next, k.asked = 0, nil, false
	k.poweredAt = k.config.Now()
	k.renewToken()
}

func (k *Key) renewToken() {
	// P-256 from crypto/rand cannot fail.
	k.agreement, _ = ecdh.P256().GenerateKey(rand.Reader)
	k.token = make([]byte, 32)
	rand.Read(k.token)
	k.permissions, k.tokenRP = 0, ""
}

// TouchAlways has somebody touch the key whenever it asks (true), or nobody
// any more (false).
func (k *Key) TouchAlways(yes bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.auto, k.touches = yes, 0
	k.announce()
}

// TouchOnce touches the key a single time: now if it is asking, else when it
// asks next.
func (k *Key) TouchOnce() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.auto = false
	k.touches++
	k.announce()
}

func (k *Key) announce() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// SetPIN gives the key another PIN with all tries, or none when it is empty.
func (k *Key) SetPIN(pin string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pinHash, k.tries, k.bootTries = nil, maxTries, 0
	if pin != "" {
		hash := sha256.Sum256([]byte(pin))
		k.pinHash = hash[:16]
	}
}

// SetTries leaves n tries of the PIN; with 0 it is blocked for good.
func (k *Key) SetTries(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tries = min(max(n, 0), maxTries)
}

// Tries are those that are left of the PIN.
func (k *Key) Tries() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tries
}

// SetFinger says whether the finger on the reader is the right one.
func (k *Key) SetFinger(right bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.badFinger = !right
}

// SetCounter has the next signature count n+1: a smaller n than before is what
// a relying party takes for a copy of the key.
func (k *Key) SetCounter(n uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counter = n
}

// Add puts a discoverable credential for a site on the key, as if it had been
// registered there, and returns its id.
func (k *Key) Add(rpID string, userID []byte, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, err := newCredential(ES256, sha256.Sum256([]byte(rpID)))
	if err != nil {
		return nil, err
	}
	c.user, c.resident = user{ID: userID, Name: name, DisplayName: name}, true
	k.credentials = append(k.credentials, c)
	return c.id, nil
}

// Forget removes all credentials, and nothing else.
func (k *Key) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.credentials, k.next = nil, nil
}

// Credentials are the ids on the key, oldest first.
func (k *Key) Credentials() [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := [][]byte{}
	for _, c := range k.credentials {
		ids = append(ids, slices.Clone(c.id))
	}
	return ids
}

// find returns the credentials of a site: those in the list, or all that are
// discoverable if there is no list; the newest first.
func (k *Key) find(rp [32]byte, list []descriptor) []*credential {
	var found []*credential
	for _, c := range k.credentials {
		listed := slices.ContainsFunc(list, func(d descriptor) bool { return string(d.ID) == string(c.id) })
		if c.rp == rp && (listed || list == nil && c.resident) {
			found = append(found, c)
		}
	}
	slices.Reverse(found)
	return found
}

func newCredential(alg int, rp [32]byte) (*credential, error) {
	key, err := newSigner(alg)
	if err != nil {
		return nil, fmt.Errorf("make a key pair: %w", err)
	}
	id := make([]byte, 48)
	rand.Read(id)
	return &credential{id: id, rp: rp, alg: alg, key: key}, nil
}
