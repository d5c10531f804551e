package ops_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"gatehouse/internal/auth"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
)

// Whoever can write to the database, but does not have its key, opens no
// session: not by a row of their own, and not by moving another's.
func TestSession_forged(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	session := w.sessionOf(admin)
	token := auth.NewToken()
	plain := sha256.Sum256([]byte(token.Reveal()))
	for _, digest := range []string{token.Reveal(), base64.RawURLEncoding.EncodeToString(plain[:]), "d1." + base64.RawURLEncoding.EncodeToString(plain[:])} {
		w.Exec(`UPDATE sessions SET token_digest = $1 WHERE id = $2`, digest, string(session))
		opstest.Refused(w.Place, auth.Caller{Credential: auth.Session(token), Source: opstest.Somewhere}, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	}
}
