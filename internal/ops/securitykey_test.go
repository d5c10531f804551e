package ops_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	keytest "gatehouse/internal/securitykey/securitykeytest"
	"gatehouse/internal/store"
)

// Where pages are, as browsers and the window say it.
const (
	gateSite   = "gate.example"
	gateOrigin = "https://gate.example"
	deskSite   = "wails.localhost"
	deskOrigin = "http://wails.localhost"
)

var atDesk = access.Source{Face: access.FaceDesk, Program: "test window"}

func originOf(s access.Source) string {
	if s.Face == access.FaceDesk {
		return deskOrigin
	}
	return gateOrigin
}

// registration is one that was asked for.
type registration struct {
	ceremony secret.Text
	codes    []secret.OneTime
	options  securitykey.JSON
}

// asksForKey begins a registration, as far as the tap.
func (w *town) asksForKey(c auth.Caller, name string) registration {
	w.T.Helper()
	begun := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: name})
	r := registration{ceremony: again(begun.Ceremony), codes: begun.RecoveryCodes}
	r.options = opstest.Must(w.Place, c, w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Ceremony: r.ceremony}).Options
	return r
}

func (w *town) confirmKey(c auth.Caller, r registration, answer []byte) (ops.Renewed, error) {
	w.T.Helper()
	return opstest.Do(w.Place, c, w.Ops.SecondFactors.ConfirmKey, ops.ConfirmKeyInput{Ceremony: r.ceremony, Credential: answer})
}

// pairKey registers a new key for whoever is signed in, and gives the new
// caller, the key and the recovery codes that came with it.
func (w *town) pairKey(c auth.Caller, name string) (auth.Caller, *keytest.Key, []secret.OneTime) {
	w.T.Helper()
	r := w.asksForKey(c, name)
	answer := keytest.New(keytest.ES256, r.options, originOf(c.Source))
	out, err := w.confirmKey(c, r, answer.JSON())
	if err != nil {
		w.T.Fatalf("register a security key: %v", err)
	}
	return auth.Caller{Credential: auth.Session(out.SessionToken()), Source: c.Source}, answer.Key, r.codes
}

// keyFor registers a key for somebody, at the Gate.
func (w *town) keyFor(who *opstest.Person, name string) (auth.Caller, *keytest.Key) {
	w.T.Helper()
	c, key, _ := w.pairKey(who.Caller(), name)
	return c, key
}

// signsInAt is somebody who signs in with a recovery code, if they have any.
func (w *town) signsInAt(who *opstest.Person, from access.Source) auth.Caller {
	w.T.Helper()
	out := opstest.Must(w.Place, auth.Caller{Source: from}, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	if out.State == ops.SecondFactorNeeded {
		last := len(who.Recovery) - 1
		in := ops.VerifyInput{Ceremony: again(out.Ceremony), RecoveryCode: again(who.Recovery[last])}
		who.Recovery = who.Recovery[:last]
		out = opstest.Must(w.Place, auth.Caller{Source: from}, w.Ops.Session.Verify, in)
	}
	return auth.Caller{Credential: auth.Session(out.SessionToken()), Source: from}
}

// deskKeyFor registers a key for somebody at the Desk.
func (w *town) deskKeyFor(who *opstest.Person, name string) (auth.Caller, *keytest.Key) {
	w.T.Helper()
	c, key, codes := w.pairKey(w.signsInAt(who, atDesk), name)
	who.Recovery = append(who.Recovery, codes...)
	return c, key
}

// placeKey writes a key past the operations and gives its id: a second factor
// beside the one that somebody has.
func (w *town) placeKey(who *opstest.Person) id.SecurityKey {
	w.T.Helper()
	k := store.SecurityKey{ID: id.NewSecurityKey(), Name: "Key", RPID: gateSite, AAGUID: "00000000-0000-0000-0000-000000000000"}
	if who == nil || len(who.App.Reveal()) == 0 {
		return k.ID
	}
	w.Write(func(tx store.WriteTx) (err error) {
		made, err := ops.SealKey(w.Vault, who.ID, gateSite, "Key "+string(k.ID), securitykey.Credential{ID: []byte(k.ID), AAGUID: k.AAGUID})
		k.ID = made.ID
		if err != nil {
			return err
		}
		return tx.AddSecurityKey(who.Ref, made)
	})
	return k.ID
}

// another person, of another account than the caller's.
func (w *town) another(a asking) asking {
	w.T.Helper()
	who := w.somebody(w.elsewhere(a), opstest.Member{})
	return asking{who.Caller(), w.elsewhere(a), who}
}

// keyBegun is the token of a registration that the caller began, if they may.
func (w *town) keyBegun(a asking) secret.Text {
	w.T.Helper()
	begun, err := opstest.Do(w.Place, a.Caller, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "Blue key"})
	if err != nil {
		return secret.New("nothing-begun")
	}
	return again(begun.Ceremony)
}

// keyAnswered is the answer of a new key, to the caller if they may.
func (w *town) keyAnswered(a asking) ops.ConfirmKeyInput {
	w.T.Helper()
	in := ops.ConfirmKeyInput{Ceremony: w.keyBegun(a), Credential: []byte("{}")}
	asked, err := opstest.Do(w.Place, a.Caller, w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Ceremony: in.Ceremony})
	if err == nil {
		in.Credential = keytest.New(keytest.ES256, asked.Options, originOf(a.Source)).JSON()
	}
	return in
}

// waitsForKey signs somebody in as far as the tap of a key.
func (w *town) waitsForKey(who *opstest.Person, from access.Source) (ceremony secret.Text, options securitykey.JSON) {
	w.T.Helper()
	c := auth.Caller{Source: from}
	out := opstest.Must(w.Place, c, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	ceremony = again(out.Ceremony)
	return ceremony, opstest.Must(w.Place, c, w.Ops.Session.BeginKey, ops.AskKeyInput{Ceremony: ceremony}).Options
}

func (w *town) tap(from access.Source, ceremony secret.Text, answer []byte) (ops.SignIn, error) {
	w.T.Helper()
	return opstest.Do(w.Place, auth.Caller{Source: from}, w.Ops.Session.Verify, ops.VerifyInput{Ceremony: ceremony, Credential: answer})
}

// asksPasskey begins a sign-in with a passkey alone.
func (w *town) asksPasskey(from access.Source) ops.KeyAsked {
	w.T.Helper()
	return opstest.Must(w.Place, auth.Caller{Source: from}, w.Ops.Session.BeginPasskey, ops.PortInput{})
}

func (w *town) passkey(from access.Source, asked ops.KeyAsked, answer []byte) (ops.SignIn, error) {
	w.T.Helper()
	return opstest.Do(w.Place, auth.Caller{Source: from}, w.Ops.Session.VerifyPasskey, ops.PasskeyInput{Ceremony: again(asked.Ceremony), Credential: answer})
}

func keyNames(p ops.Profile) []string {
	all := []string{}
	for _, k := range p.SecurityKeys {
		all = append(all, k.Name)
	}
	return all
}

// The first second factor is a key: ten codes come with it, the account opens,
// the other sessions end, and the person is told.
func TestSecurityKeys_first(t *testing.T) {
	for name, alg := range map[string]int{"ES256": keytest.ES256, "EdDSA": keytest.EdDSA, "RS256": keytest.RS256} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			who := w.somebody(w.otter, opstest.Member{Role: "Support", NoFactor: true})
			c, other := who.Caller(), who.Caller()
			opstest.Refused(w.Place, c, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
			r := w.asksForKey(c, "  Blue   key ")
			if len(r.codes) != 10 {
				t.Fatalf("%d recovery codes", len(r.codes))
			}
			opstest.Refused(w.Place, c, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired) // nothing is in force yet
			answer := keytest.New(alg, r.options, gateOrigin)
			answer.Self = true
			out, err := w.confirmKey(c, r, answer.JSON())
			code(t, err, "ok")
			c = with(out.SessionToken())
			if w.alive(other) {
				t.Error("the other session goes on")
			}
			if got := opstest.Brief(w.LastRecord()); got != "mfa.key_enabled done by user "+who.Name || w.LastRecord().Detail["name"] != "Blue key" {
				t.Errorf("the log says %s: %v", got, w.LastRecord().Detail)
			}
			if diff := cmp.Diff([]string{"security_key_added by oneself"}, w.heard(who)); diff != "" {
				t.Errorf("told: %s", diff)
			}
			opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{})
			p := w.profile(c)
			if diff := cmp.Diff([]string{"Blue key"}, keyNames(p)); diff != "" || p.RecoveryCodesLeft != 10 || p.MFA.State != "on" {
				t.Errorf("the profile: %s %d %s", diff, p.RecoveryCodesLeft, p.MFA.State)
			}
			k := p.SecurityKeys[0]
			if k.Site != gateSite || !k.WorksHere || k.Synced || k.SignsInAlone == nil || !*k.SignsInAlone || k.LastUsedAt != nil {
				t.Errorf("the key: %+v", k)
			}

			w.Clock.Advance(time.Minute)
			ceremony, options := w.waitsForKey(who, opstest.Somewhere)
			signed, err := w.tap(opstest.Somewhere, ceremony, answer.Key.Sign(options, gateOrigin).JSON())
			code(t, err, "ok")
			if signed.Session.MFA.State != "on" {
				t.Errorf("signed in, and 2-factor authentication is %s", signed.Session.MFA.State)
			}
			if r := w.LastRecord(); r.Event != "session.signed_in" || r.Means != "password+security_key" {
				t.Errorf("the log says %s by %s", r.Event, r.Means)
			}
			k = w.profile(with(signed.SessionToken())).SecurityKeys[0]
			if k.LastUsedAt == nil || !k.LastUsedAt.Equal(w.Clock.Now()) || k.LastUsedFrom != "192.0.2.7" || k.LastUsedFor != store.UsedAsSecondFactor {
				t.Errorf("last used: %+v", k)
			}
		})
	}
}
