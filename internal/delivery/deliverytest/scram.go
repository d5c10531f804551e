package deliverytest

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"
)

// scramServer is the server of SCRAM-SHA-256 (RFC 5802, 7677), without channel
// binding: it knows a key made of the password, and never hears the password.
type scramServer struct {
	user, password string
	done           func()

	step                            int
	nonce, clientFirst, serverFirst string
	salted                          []byte
}

const (
	scram       = "SCRAM-SHA-256"
	scramRounds = 4096
)

// Next takes what the client said and answers it.
func (s *scramServer) Next(said []byte) ([]byte, bool, error) {
	s.step++
	switch s.step {
	case 1:
		if said == nil { // nothing came with the command: it is asked for
			s.step = 0
			return []byte{}, false, nil
		}
		return s.first(string(said))
	case 2:
		return s.final(string(said))
	case 3:
		s.done()
		return nil, true, nil
	}
	return nil, true, errors.New("too many answers")
}

func (s *scramServer) first(said string) ([]byte, bool, error) {
	bare, ok := strings.CutPrefix(said, "n,,")
	user, nonce, found := strings.Cut(bare, ",r=")
	if !ok || !found || nonce == "" {
		return nil, true, fmt.Errorf("not the first message of SCRAM: %q", said)
	}
	if user != "n="+s.user {
		return nil, true, smtp.ErrAuthFailed
	}
	salt := []byte(rand.Text())
	salted, err := pbkdf2.Key(sha256.New, s.password, salt, scramRounds, sha256.Size)
	s.clientFirst, s.nonce, s.salted = bare, nonce+rand.Text(), salted
	s.serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(salt), scramRounds)
	return []byte(s.serverFirst), false, err
}

func (s *scramServer) final(said string) ([]byte, bool, error) {
	without, proof, ok := strings.Cut(said, ",p=")
	given, err := base64.StdEncoding.DecodeString(proof)
	if !ok || err != nil || without != "c=biws,r="+s.nonce || len(given) != sha256.Size {
		return nil, true, fmt.Errorf("not the last message of SCRAM: %q", said)
	}
	messages := s.clientFirst + "," + s.serverFirst + "," + without
	stored := sha256.Sum256(sum(s.salted, "Client Key"))
	for i, b := range sum(stored[:], messages) {
		given[i] ^= b
	}
	if key := sha256.Sum256(given); !hmac.Equal(key[:], stored[:]) {
		return nil, true, smtp.ErrAuthFailed
	}
	answer := sum(sum(s.salted, "Server Key"), messages)
	return []byte("v=" + base64.StdEncoding.EncodeToString(answer)), false, nil
}

func sum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
