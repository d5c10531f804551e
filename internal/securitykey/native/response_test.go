package native

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// authDataWith is authenticator data with this credential's public key.
func authDataWith(t *testing.T, key any) []byte {
	t.Helper()
	cose, err := cbor.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, attestedAt+16)
	data[flagsAt] = flagAttested
	data = binary.BigEndian.AppendUint16(data, 3)
	// What follows the key is extensions, and none of ours.
	return slices.Concat(data, []byte("id!"), cose, []byte{0xa0})
}

// The software key has no RSA, and makes no broken keys: these are written here.
func TestPublicKey(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	es256 := map[int]any{1: keyEC2, 3: algES256, -1: curveP256, -2: point[1:33], -3: point[33:]}
	with := func(number int, value any) map[int]any {
		changed := map[int]any{number: value}
		for n, v := range es256 {
			if n != number {
				changed[n] = v
			}
		}
		return changed
	}
	for _, tt := range []struct {
		name string
		key  any
		want any // nil: refused
		alg  int
	}{
		{"ES256", es256, &ec.PublicKey, algES256},
		{"EdDSA", map[int]any{1: keyOKP, 3: algEdDSA, -1: curveEd25519, -2: []byte(ed)}, ed, algEdDSA},
		{"RS256", map[int]any{1: keyRSA, 3: algRS256, -1: r.N.Bytes(), -2: big.NewInt(int64(r.E)).Bytes()}, &r.PublicKey, algRS256},
		{"point off the curve", with(-3, point[1:33]), nil, 0},
		{"short point", with(-2, point[1:32]), nil, 0},
		{"another curve", with(-1, 2), nil, 0},
		{"another algorithm", with(3, algRS256), nil, 0},
		{"another type", with(1, keyOKP), nil, 0},
		{"modulus instead of a curve", with(-1, []byte{1}), nil, 0},
		{"no map", 17, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			der, alg, err := publicKey(authDataWith(t, tt.key))
			if tt.want == nil {
				if err == nil {
					t.Errorf("got %x", der)
				}
				return
			}
			want, wantErr := x509.MarshalPKIXPublicKey(tt.want)
			if wantErr != nil {
				t.Fatal(wantErr)
			}
			if err != nil || !slices.Equal(der, want) || alg != tt.alg {
				t.Errorf("got %x, %d, %v", der, alg, err)
			}
		})
	}
	whole := authDataWith(t, es256)
	for n := range len(whole) - 1 {
		if _, _, err := publicKey(whole[:n]); err == nil {
			t.Errorf("%d bytes of %d are taken for a key", n, len(whole))
		}
	}
}

// Quotes, backslashes and controls are escaped, and nothing else (WebAuthn
// Level 3, section 5.8.1.1).
func TestClientData(t *testing.T) {
	got := string(clientData("webauthn.get", []byte{0xfb, 0xff}, "http://<é>&\"\\\n"))
	const want = `{"type":"webauthn.get","challenge":"-_8","origin":"http://<é>&\"\\\u000a","crossOrigin":false}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
