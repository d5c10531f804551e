package ops_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/access"
	"gatehouse/internal/auth"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	keytest "gatehouse/internal/securitykey/securitykeytest"
	"gatehouse/internal/signin"
)

// What keys are asked: by name, with a challenge of its own for each call, for
// two minutes, and of the kinds that we know.
func TestSecurityKeys_options(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c := who.Caller()
	var o keytest.Creation
	challenges := map[string]bool{}
	for _, from := range []auth.Caller{c, c, w.signsInAt(who, atDesk)} {
		if err := json.Unmarshal(w.asksForKey(from, "Blue key").options, &o); err != nil {
			t.Fatal(err)
		}
		challenges[o.Challenge] = true
		var algorithms []int
		for _, p := range o.Parameters {
			algorithms = append(algorithms, p.Alg)
		}
		want := map[access.Face]string{access.FaceBrowser: gateSite, access.FaceDesk: deskSite}[from.Source.Face]
		if o.RP.ID != want || o.RP.Name != "Gatehouse" || o.User.Name != string(who.Login) || o.User.DisplayName != who.Name {
			t.Errorf("asked by %+v for %+v", o.RP, o.User)
		}
		if len(o.Challenge) != 43 || o.Timeout != 120_000 || o.Attestation != "direct" || o.Selection.UserVerification != "preferred" || o.Selection.ResidentKey != "preferred" {
			t.Errorf("asked %+v", o)
		}
		if diff := cmp.Diff([]int{keytest.ES256, keytest.EdDSA, keytest.RS256}, algorithms); diff != "" {
			t.Errorf("algorithms: %s", diff)
		}
	}
	if len(challenges) != 3 {
		t.Errorf("%d challenges in three calls", len(challenges))
	}

	var r keytest.Request
	if err := json.Unmarshal(w.asksPasskey(opstest.Somewhere).Options, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Challenge) != 43 || r.Timeout != 120_000 || r.RPID != gateSite || r.UserVerification != "required" || len(r.Allow) != 0 {
		t.Errorf("a passkey is asked %+v", r)
	}
	_, key := w.keyFor(who, "Blue key")
	w.deskKeyFor(who, "Desk key")
	_, options := w.waitsForKey(who, opstest.Somewhere)
	r = keytest.Request{}
	if err := json.Unmarshal(options, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Allow) != 1 || r.Allow[0].ID != keytest.Text(key.ID) || r.UserVerification != "preferred" || r.RPID != gateSite {
		t.Errorf("at the Gate a key is asked %+v", r)
	}
}

// A key counts where it works, and nowhere else (M2). That it does not count
// lets nobody in who knows the password alone.
func TestSecurityKeys_elsewhere(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support", NoFactor: true})
	desk, deskKey := w.deskKeyFor(who, "Desk key")
	opstest.Must(w.Place, desk, w.Ops.Users.List, ops.UserList{})
	if p := w.profile(desk); p.MFA.State != signin.MFAOn || !p.SecurityKeys[0].WorksHere || p.SecurityKeys[0].Site != deskSite {
		t.Errorf("at the Desk: %+v", p)
	}

	// At the Gate the password is not enough.
	out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	if diff := cmp.Diff([]ops.Method{ops.RecoveryMethod}, out.Methods); diff != "" || out.State != ops.SecondFactorNeeded {
		t.Errorf("at the Gate the sign-in is %s, by %s", out.State, diff)
	}
	opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.BeginKey, ops.AskKeyInput{Ceremony: again(out.Ceremony)}, problem.SecurityKeyUnavailable)

	// With a recovery code one is in, and has to set up what works here.
	gate := w.signsInAt(who, opstest.Somewhere)
	opstest.Refused(w.Place, gate, w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
	shown := opstest.Must(w.Place, gate, w.Ops.Session.Show, ops.None{}).Session
	if shown.MFA.State != signin.MFASetupRequired {
		t.Errorf("at the Gate 2-factor authentication is %s", shown.MFA.State)
	}
	if p := w.profile(gate); p.MFA.State != signin.MFASetupRequired || p.SecurityKeys[0].WorksHere || p.User.MFA.State != signin.MFAOn {
		t.Errorf("at the Gate: %+v", p)
	}
	w.Reopen()
	gate, gateKey, codes := w.pairKey(gate, "Gate key")
	if len(codes) != 0 {
		t.Errorf("%d recovery codes beside those there are", len(codes))
	}
	opstest.Must(w.Place, gate, w.Ops.Users.List, ops.UserList{})

	// Now each works at its place.
	for from, key := range map[*access.Source]*keytest.Key{&atDesk: deskKey, &opstest.Somewhere: gateKey} {
		ceremony, options := w.waitsForKey(who, *from)
		_, err := w.tap(*from, ceremony, key.Sign(options, originOf(*from)).JSON())
		code(t, err, "ok")
	}
	ceremony, options := w.waitsForKey(who, opstest.Somewhere)
	_, err := w.tap(opstest.Somewhere, ceremony, deskKey.Sign(options, gateOrigin).JSON())
	code(t, err, problem.SecurityKeyRefused)
	// A challenge of the Desk is not answered at the Gate.
	ceremony, options = w.waitsForKey(who, atDesk)
	_, err = w.tap(opstest.Somewhere, ceremony, deskKey.Sign(options, deskOrigin).JSON())
	code(t, err, problem.CeremonyOver)
}

// When the Gate gets another name, its keys are of no use: people come in by
// recovery code and set up anew, and nobody by password alone.
func TestSecurityKeys_gateMoves(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{Role: "Support", NoFactor: true})
	c, key, codes := w.pairKey(who.Caller(), "Blue key")
	who.Recovery = codes
	asked := w.asksPasskey(opstest.Somewhere)
	w.Exec(`INSERT INTO settings (name, value) VALUES ('public_url', 'https://other.example')`)
	_, err := w.passkey(opstest.Somewhere, asked, key.Sign(asked.Options, gateOrigin).JSON())
	code(t, err, problem.CeremonyOver)
	asked = w.asksPasskey(opstest.Somewhere)
	_, err = w.passkey(opstest.Somewhere, asked, key.Sign(asked.Options, "https://other.example").JSON())
	code(t, err, problem.PasskeyRefused)
	out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	if diff := cmp.Diff([]ops.Method{ops.RecoveryMethod}, out.Methods); diff != "" {
		t.Errorf("methods: %s", diff)
	}
	opstest.Must(w.Place, c, w.Ops.Users.List, ops.UserList{}) // whoever is in stays in, where they signed in
	opstest.Refused(w.Place, w.signsInAt(who, opstest.Somewhere), w.Ops.Users.List, ops.UserList{}, problem.MFASetupRequired)
}

// The Desk's page that hands over to a browser has a port, which counts for that
// ceremony alone.
func TestSecurityKeys_handOff(t *testing.T) {
	w := newTown(t)
	who := w.somebody(w.otter, opstest.Member{})
	c := w.signsInAt(who, atDesk)
	handed := deskOrigin + ":34567"
	begun := opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "Blue key"})
	r := registration{ceremony: again(begun.Ceremony)}
	ask := func(port int) securitykey.JSON {
		return opstest.Must(w.Place, c, w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Ceremony: r.ceremony, Port: port}).Options
	}
	for _, origin := range []string{deskOrigin, deskOrigin + ":34568", "http://127.0.0.1:34567", "http://localhost:34567", "https://wails.localhost:34567", gateOrigin} {
		_, err := w.confirmKey(c, r, keytest.New(keytest.ES256, ask(34567), origin).JSON())
		if got := opstest.CodeOf(err); got != "security_key_refused" {
			t.Errorf("handed over, answered from %s: %s", origin, got)
		}
		r.ceremony = again(opstest.Must(w.Place, c, w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "Blue key"}).Ceremony)
	}
	_, err := w.confirmKey(c, r, keytest.New(keytest.ES256, ask(0), handed).JSON())
	code(t, err, problem.SecurityKeyRefused)
	answer := keytest.New(keytest.ES256, ask(34567), handed)
	_, err = w.confirmKey(c, r, answer.JSON())
	code(t, err, "ok")

	// One registration serves window and hand-off.
	from := auth.Caller{Source: atDesk}
	for port, origin := range map[int]string{0: deskOrigin, 40000: deskOrigin + ":40000"} {
		out := opstest.Must(w.Place, from, w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
		asked := opstest.Must(w.Place, from, w.Ops.Session.BeginKey, ops.AskKeyInput{Ceremony: again(out.Ceremony), Port: port})
		_, err := w.tap(atDesk, again(out.Ceremony), answer.Key.Sign(asked.Options, origin).JSON())
		code(t, err, "ok")
		passkey := opstest.Must(w.Place, from, w.Ops.Session.BeginPasskey, ops.PortInput{Port: port})
		_, err = w.passkey(atDesk, passkey, answer.Key.Sign(passkey.Options, origin).JSON())
		code(t, err, "ok")
	}

	for port, want := range map[int]string{-1: "port:bad_format", 65536: "port:bad_format"} {
		_, err := opstest.Do(w.Place, from, w.Ops.Session.BeginPasskey, ops.PortInput{Port: port})
		if diff := cmp.Diff([]string{want}, opstest.Violations(err)); diff != "" {
			t.Error(diff)
		}
	}
	for name, err := range map[string]error{
		"passkey":      errorOf(opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.BeginPasskey, ops.PortInput{Port: 34567})),
		"sign-in":      errorOf(opstest.Do(w.Place, opstest.Anybody(), w.Ops.Session.BeginKey, ops.AskKeyInput{Port: 34567})),
		"step-up":      errorOf(opstest.Do(w.Place, who.Caller(), w.Ops.Session.BeginStepUp, ops.PortInput{Port: 34567})),
		"registration": errorOf(opstest.Do(w.Place, who.Caller(), w.Ops.SecondFactors.AskKey, ops.AskKeyInput{Port: 34567})),
	} {
		if diff := cmp.Diff([]string{"port:not_allowed"}, opstest.Violations(err)); diff != "" {
			t.Errorf("%s, from a browser: %s", name, diff)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }

// Where no key works, everything says so, with a word why.
func TestSecurityKeys_nowhere(t *testing.T) {
	for name, c := range map[string]struct {
		base string
		why  securitykey.Why
	}{
		"an address":    {"http://127.0.0.1:8480", securitykey.IPAddress},
		"IPv6":          {"https://[2001:db8::1]", securitykey.IPAddress},
		"plain HTTP":    {"http://gate.example", securitykey.NotSecure},
		"nothing known": {"-", securitykey.NoAddress},
	} {
		t.Run(name, func(t *testing.T) {
			w := &town{Place: opstest.New(t, opstest.Options{BaseURL: c.base})}
			w.otter = w.Found("otter", "required")
			who := w.somebody(w.otter, opstest.Member{})
			in := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Installation.Show, ops.None{}).SecurityKeys
			if in.Works || in.Why != c.why || in.Site != "" || !strings.HasSuffix(in.Detail, ".") {
				t.Errorf("the installation says %+v", in)
			}
			opstest.Refused(w.Place, who.Caller(), w.Ops.SecondFactors.BeginKey, ops.BeginKeyInput{Name: "Blue key"}, problem.SecurityKeyUnavailable)
			opstest.Refused(w.Place, opstest.Anybody(), w.Ops.Session.BeginPasskey, ops.PortInput{}, problem.SecurityKeyUnavailable)
			// The Desk on the same database does not mind.
			if in := opstest.Must(w.Place, auth.Caller{Source: atDesk}, w.Ops.Installation.Show, ops.None{}).SecurityKeys; !in.Works || in.Site != deskSite || in.Detail != "" {
				t.Errorf("the Desk says %+v", in)
			}
		})
	}
	w := newTown(t)
	if in := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Installation.Show, ops.None{}).SecurityKeys; !in.Works || in.Site != gateSite {
		t.Errorf("the Gate says %+v", in)
	}
}
