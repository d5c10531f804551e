package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	keytest "gatehouse/internal/securitykey/securitykeytest"
)

// One counter for all second factors: a key adds no guesses, and a restart
// neither.
func TestSecurityKeys_guessing(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	_, key := w.keyFor(who, "Blue key")
	wrong := func() error {
		ceremony, options := w.waitsForKey(who, opstest.Somewhere)
		a := key.Sign(options, gateOrigin)
		a.Signature = flipped(-1)
		_, err := w.tap(opstest.Somewhere, ceremony, a.JSON())
		return err
	}
	for n := range 5 {
		if n%2 == 0 {
			code(t, wrong(), problem.SecurityKeyRefused)
			continue
		}
		_, err := w.verify(w.askedForFactor(who), ops.VerifyInput{Code: secret.New("000000")})
		code(t, err, problem.CodeWrong)
	}
	w.Reopen()
	ceremony, options := w.waitsForKey(who, opstest.Somewhere)
	right := key.Sign(options, gateOrigin).JSON()
	_, err := w.tap(opstest.Somewhere, ceremony, right)
	code(t, err, problem.TooManyAttempts)
	_, err = w.verify(w.askedForFactor(who), ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.TooManyAttempts)
	w.Clock.Advance(30 * time.Second)
	ceremony, options = w.waitsForKey(who, opstest.Somewhere)
	_, err = w.tap(opstest.Somewhere, ceremony, key.Sign(options, gateOrigin).JSON())
	code(t, err, "ok")
}

// A counter that does not rise is refused and logged, and nobody is in; keys
// that do not count are none of it.
func TestSecurityKeys_counter(t *testing.T) {
	for name, c := range map[string]struct {
		before, after uint32
		code          problem.Code
	}{
		"rises by one":   {7, 8, "ok"},
		"jumps":          {7, 70_000, "ok"},
		"the same":       {7, 7, problem.SecurityKeyCopied},
		"one back":       {7, 6, problem.SecurityKeyCopied},
		"back to zero":   {7, 0, problem.SecurityKeyCopied},
		"none, and none": {0, 0, "ok"},
		"begins":         {0, 1, "ok"},
		"wraps around":   {4_294_967_295, 0, problem.SecurityKeyCopied},
		"to the largest": {4_294_967_294, 4_294_967_295, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{NoFactor: true})
			caller := who.Caller()
			r := w.asksForKey(caller, "Blue key")
			answer := keytest.New(keytest.ES256, r.options, gateOrigin)
			answer.Auth.Count = c.before
			_, err := w.confirmKey(caller, r, answer.JSON())
			code(t, err, "ok")
			ceremony, options := w.waitsForKey(who, opstest.Somewhere)
			a := answer.Key.Sign(options, gateOrigin)
			a.Auth.Count = c.after
			_, err = w.tap(opstest.Somewhere, ceremony, a.JSON())
			code(t, err, c.code)
			want := c.after
			if c.code != "ok" {
				want = c.before
				if got := opstest.Brief(w.LastRecord()); got != "session.signed_in refused security_key_copied by anonymous" || w.LastRecord().Object.ID != string(who.ID) {
					t.Errorf("the log says %s", got)
				}
				if n := w.Count(`SELECT failures FROM throttles WHERE subject = $1`, "factor:"+string(who.ID)); n != 1 {
					t.Errorf("%d guesses are counted", n)
				}
			}
			if n := w.Count(`SELECT sign_count FROM security_keys`); n != int(want) {
				t.Errorf("the counter is %d, want %d", n, want)
			}
		})
	}
}

// Whoever can only write to the database can neither give somebody a key of
// their own nor move one: what is sealed says whose it is, and where.
func TestSecurityKeys_moved(t *testing.T) {
	for name, query := range map[string]string{
		"to another user":       `UPDATE security_keys SET user_id = $1 WHERE user_id = $2`,
		"another public key":    `UPDATE security_keys SET sealed = (SELECT sealed FROM security_keys WHERE user_id = $2) WHERE user_id = $1`,
		"another credential id": `UPDATE security_keys SET credential_id = 'AAAA' WHERE user_id = $1 AND $2 <> ''`,
		"to another site":       `UPDATE security_keys SET rp_id = 'gate.example' WHERE user_id IN ($1, $2)`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			victim, thief := w.somebody(w.otter, opstest.Member{}), w.somebody(w.otter, opstest.Member{})
			_, key := w.keyFor(thief, "Red key")
			if name == "to another site" {
				w.deskKeyFor(victim, "Blue key")
			} else {
				w.keyFor(victim, "Blue key")
			}
			w.Exec(query, string(victim.ID), string(thief.ID))
			out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(victim.Login), Password: secret.New(opstest.Password)})
			_, err := opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.BeginKey, ops.AskKeyInput{Ceremony: again(out.Ceremony)})
			if got := opstest.CodeOf(err); !strings.HasPrefix(got, "internal: ") {
				t.Errorf("asking for the key gives %s", got)
			}
			asked := w.asksPasskey(opstest.Somewhere)
			a := key.Sign(asked.Options, gateOrigin)
			a.Handle = []byte(victim.ID)
			signed, err := w.passkey(opstest.Somewhere, asked, a.JSON())
			if err == nil || !signed.SessionToken().IsZero() {
				t.Error("somebody is in")
			}
		})
	}
}

// Answers and challenges cannot be left out, and an object is needed.
func TestSecurityKeys_nothing(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c, _ := w.keyFor(who, "Blue key")
	_, err := opstest.Do(w.Place, c, w.Ops.SecondFactors.ConfirmKey, ops.ConfirmKeyInput{})
	if diff := cmp.Diff([]string{"credential:required"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
	_, err = opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.VerifyPasskey, ops.PasskeyInput{})
	if diff := cmp.Diff([]string{"credential:required"}, opstest.Violations(err)); diff != "" {
		t.Error(diff)
	}
	for _, answer := range []securitykey.JSON{[]byte(`[]`), []byte(`7`), []byte(`"x"`), []byte(`{}`), []byte(`{"id":`), []byte("\xff")} {
		ceremony, _ := w.waitsForKey(who, opstest.Somewhere)
		_, err := w.tap(opstest.Somewhere, ceremony, answer)
		code(t, err, problem.SecurityKeyRefused)
		w.Exec(`DELETE FROM throttles`)
	}
	// Without a question there is no answer.
	_, err = w.tap(opstest.Somewhere, w.askedForFactor(who), []byte(`{}`))
	code(t, err, problem.CeremonyOver)
}
