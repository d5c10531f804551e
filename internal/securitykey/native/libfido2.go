//go:build cgo && (desktop || dev) && (linux || darwin)

package native

/*
#cgo pkg-config: libfido2
#include <fido.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// libfido2 takes an interrupted system call for a broken key, and Go's runtime
// and the window's toolkit send signals: while the library works, this thread
// gets none but those that a fault in it would raise.
static void calm(sigset_t *before) {
	sigset_t all;
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

static int calm_make(fido_dev_t *d, fido_cred_t *c, const char *pin) {
	sigset_t before;
	calm(&before);
	int r = fido_dev_make_cred(d, c, pin);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int calm_assert(fido_dev_t *d, fido_assert_t *a, const char *pin) {
	sigset_t before;
	calm(&before);
	int r = fido_dev_get_assert(d, a, pin);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void drop(const char *line) { (void)line; }

// FIDO_DEBUG in the environment has the library write what goes over the wire
// to stderr; ours is no place for that.
static void quiet(void) {
	fido_init(0);
	fido_set_log_handler(drop);
}

// wipe overwrites what free alone would leave, in a way that no compiler takes
// out.
static void wipe(volatile char *p, size_t n) {
	while (n--) *p++ = 0;
}
*/
import "C"

import (
	"context"
	"errors"
	"runtime"
	"time"
	"unsafe"

	"github.com/fxamacker/cbor/v2"
)

// present says whether this build can speak to keys.
const present = true

const (
	// mostDevices is how many keys are looked at.
	mostDevices = 16
	// openingTime is how long a device may take to say that it is a key.
	openingTime = 3 * time.Second
	// usualList is how many credentials a key takes in a list, if it does not
	// say: as many as fit into the messages of the smallest.
	usualList = 8
)

// key is a device that libfido2 has open. libfido2 keeps settings for each
// thread, so the goroutine stays on one from open to close.
type key struct {
	dev  *C.fido_dev_t
	wire *wire
	d    Device
}

func open(ctx context.Context, d Device, p Person) (authenticator, error) {
	runtime.LockOSThread()
	C.quiet()
	k := &key{dev: C.fido_dev_new(), d: d}
	if k.dev == nil {
		runtime.UnlockOSThread()
		return nil, &Error{Code: Failed, Device: d, cause: errors.New("no memory")}
	}
	if err := k.connect(ctx, func() { p.tell(StepTouch, d) }); err != nil {
		C.fido_dev_free(&k.dev)
		runtime.UnlockOSThread()
		return nil, err
	}
	C.fido_dev_set_timeout(k.dev, -1) // the context says when it is over
	return k, nil
}

func (k *key) close() {
	k.disconnect()
	C.fido_dev_free(&k.dev)
	runtime.UnlockOSThread()
}

// answer is the error of a call of libfido2: what happened to the wire comes
// before what the library makes of it.
func (k *key) answer(r C.int) error {
	if r == C.FIDO_OK {
		return nil
	}
	if err := k.wire.fault(r); err != nil && r < 0 {
		return &Error{Code: Unplugged, Device: k.d, cause: err}
	}
	return status(r)
}

func (k *key) info() (Info, error) {
	i := Info{Algorithms: []int{}, Transports: []string{}, maxList: usualList}
	if !bool(C.fido_dev_is_fido2(k.dev)) {
		i.U2FOnly, i.Algorithms = true, []int{algES256}
		return i, nil
	}
	c := C.fido_cbor_info_new()
	if c == nil {
		return i, status(C.FIDO_ERR_INTERNAL)
	}
	defer C.fido_cbor_info_free(&c)
	if err := k.answer(C.fido_dev_get_cbor_info(k.dev, c)); err != nil {
		return i, k.failure(err)
	}
	i.PINSet = bool(C.fido_dev_has_pin(k.dev))
	i.PINCapable = bool(C.fido_dev_supports_pin(k.dev))
	i.Fingerprint = bool(C.fido_dev_has_uv(k.dev))
	for n := range C.fido_cbor_info_algorithm_count(c) {
		i.Algorithms = append(i.Algorithms, int(C.fido_cbor_info_algorithm_cose(c, n)))
	}
	for _, t := range unsafe.Slice(C.fido_cbor_info_transports_ptr(c), C.fido_cbor_info_transports_len(c)) {
		i.Transports = append(i.Transports, C.GoString(t))
	}
	count := C.fido_cbor_info_options_len(c)
	names, values := unsafe.Slice(C.fido_cbor_info_options_name_ptr(c), count), unsafe.Slice(C.fido_cbor_info_options_value_ptr(c), count)
	for n, name := range names {
		if C.GoString(name) == "rk" {
			i.Resident = bool(values[n])
		}
	}
	if most := int(C.fido_cbor_info_maxcredcntlst(c)); most > 0 {
		i.maxList = min(most, usualList)
	}
	i.Tries = k.tries()
	return i, nil
}

// failure makes the error of a call outside a proof one of this package.
func (k *key) failure(err error) error {
	var why status
	if errors.As(err, &why) {
		return &Error{Code: why.code(), Device: k.d, cause: err}
	}
	return err
}

// tries left of the PIN; 0 if there is none, or if the key does not say.
func (k *key) tries() int {
	var n C.int
	if !bool(C.fido_dev_has_pin(k.dev)) || C.fido_dev_get_retry_count(k.dev, &n) != C.FIDO_OK {
		return 0
	}
	return int(n)
}

// scratch is memory of C's that is freed at the end of a call, overwritten
// first, since a PIN may have been in it.
type scratch []scrap

type scrap struct {
	p unsafe.Pointer
	n C.size_t
}

// text is a C string with these bytes; nil stays NULL.
func (s *scratch) text(b []byte) *C.char {
	if b == nil {
		return nil
	}
	n := C.size_t(len(b) + 1)
	p := C.calloc(1, n)
	copy(unsafe.Slice((*byte)(p), len(b)), b)
	*s = append(*s, scrap{p, n})
	return (*C.char)(p)
}

func (s *scratch) free() {
	for _, one := range *s {
		C.wipe((*C.char)(one.p), one.n)
		C.free(one.p)
	}
}

// span is what C reads during one call.
func span(b []byte) (*C.uchar, C.size_t) {
	return (*C.uchar)(unsafe.SliceData(b)), C.size_t(len(b))
}

func goBytes(p *C.uchar, n C.size_t) []byte {
	return C.GoBytes(unsafe.Pointer(p), C.int(n))
}

// each makes settings until one is refused.
func each(settings ...func() C.int) error {
	for _, set := range settings {
		if r := set(); r != C.FIDO_OK {
			return status(r)
		}
	}
	return nil
}

func (k *key) make(c creation, pin []byte) (made, error) {
	cred := C.fido_cred_new()
	if cred == nil {
		return made{}, status(C.FIDO_ERR_INTERNAL)
	}
	defer C.fido_cred_free(&cred)
	var s scratch
	defer s.free()
	rpID, rpName := s.text([]byte(c.rp.ID)), s.text([]byte(c.rp.Name))
	name, display := s.text([]byte(c.user.Name)), s.text([]byte(c.user.DisplayName))
	digest, digestLen := span(c.clientDataHash)
	handle, handleLen := span(c.user.ID)
	err := each(
		func() C.int { return C.fido_cred_set_type(cred, C.int(c.algorithm)) },
		func() C.int { return C.fido_cred_set_clientdata_hash(cred, digest, digestLen) },
		func() C.int { return C.fido_cred_set_rp(cred, rpID, rpName) },
		func() C.int { return C.fido_cred_set_user(cred, handle, handleLen, name, display, nil) },
		func() C.int { return C.fido_cred_set_rk(cred, option(c.resident)) },
		func() C.int { return C.fido_cred_set_uv(cred, option(c.finger)) },
	)
	for _, id := range c.exclude {
		p, n := span(id)
		err = errors.Join(err, each(func() C.int { return C.fido_cred_exclude(cred, p, n) }))
	}
	if err != nil {
		return made{}, err
	}
	if err := k.wire.begin(); err != nil {
		return made{}, err
	}
	if err := k.answer(C.calm_make(k.dev, cred, s.text(pin))); err != nil {
		return made{}, err
	}
	m := made{
		id:        goBytes(C.fido_cred_id_ptr(cred), C.fido_cred_id_len(cred)),
		statement: goBytes(C.fido_cred_attstmt_ptr(cred), C.fido_cred_attstmt_len(cred)),
		format:    C.GoString(C.fido_cred_fmt(cred)),
	}
	m.authData, err = unwrap(goBytes(C.fido_cred_authdata_ptr(cred), C.fido_cred_authdata_len(cred)))
	return m, err
}

func (k *key) assert(a assertion, pin []byte) ([]signed, error) {
	x := C.fido_assert_new()
	if x == nil {
		return nil, status(C.FIDO_ERR_INTERNAL)
	}
	defer C.fido_assert_free(&x)
	var s scratch
	defer s.free()
	rpID := s.text([]byte(a.rpID))
	digest, digestLen := span(a.clientDataHash)
	err := each(
		func() C.int { return C.fido_assert_set_clientdata_hash(x, digest, digestLen) },
		func() C.int { return C.fido_assert_set_rp(x, rpID) },
		func() C.int { return C.fido_assert_set_uv(x, option(a.finger)) },
	)
	if a.silent {
		err = errors.Join(err, each(func() C.int { return C.fido_assert_set_up(x, C.FIDO_OPT_FALSE) }))
	}
	for _, id := range a.allow {
		p, n := span(id)
		err = errors.Join(err, each(func() C.int { return C.fido_assert_allow_cred(x, p, n) }))
	}
	if err != nil {
		return nil, err
	}
	if !a.silent {
		if err := k.wire.begin(); err != nil {
			return nil, err
		}
	}
	if err := k.answer(C.calm_assert(k.dev, x, s.text(pin))); err != nil {
		return nil, err
	}
	all := []signed{}
	for n := range C.fido_assert_count(x) {
		one := signed{
			id:        goBytes(C.fido_assert_id_ptr(x, n), C.fido_assert_id_len(x, n)),
			signature: goBytes(C.fido_assert_sig_ptr(x, n), C.fido_assert_sig_len(x, n)),
			account: Account{
				UserHandle:  goBytes(C.fido_assert_user_id_ptr(x, n), C.fido_assert_user_id_len(x, n)),
				Name:        C.GoString(C.fido_assert_user_name(x, n)),
				DisplayName: C.GoString(C.fido_assert_user_display_name(x, n)),
			},
		}
		if len(one.id) == 0 && len(a.allow) == 1 {
			one.id = a.allow[0] // a key may leave out what can be no other (CTAP 2.1, section 6.2.2)
		}
		if len(one.signature) == 0 {
			continue // U2F: one of the list that is not on the key
		}
		if one.authData, err = unwrap(goBytes(C.fido_assert_authdata_ptr(x, n), C.fido_assert_authdata_len(x, n))); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, ctapNoCredentials
	}
	return all, nil
}

// unwrap takes authenticator data out of the byte string of CBOR in which
// libfido2 keeps it.
func unwrap(wrapped []byte) (data []byte, err error) {
	err = cbor.Unmarshal(wrapped, &data)
	return data, err
}

// option leaves to the key what is not wanted: some refuse a false.
func option(yes bool) C.fido_opt_t {
	if yes {
		return C.FIDO_OPT_TRUE
	}
	return C.FIDO_OPT_OMIT
}

func (k *key) beginChoice() error {
	k.wire.choosing(true)
	return k.answer(C.fido_dev_get_touch_begin(k.dev))
}

func (k *key) chosen(within time.Duration) (bool, error) {
	var touched C.int
	r := C.fido_dev_get_touch_status(k.dev, &touched, C.int(within.Milliseconds()))
	if err := k.wire.fault(C.FIDO_OK); err != nil {
		return false, err
	}
	if status(r).code() == TimedOut {
		return false, k.beginChoice() // it has waited long enough; we have not
	}
	if touched != 0 {
		k.wire.choosing(false)
	}
	return touched != 0, k.answer(r)
}
