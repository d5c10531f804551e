package ops_test

import (
	"encoding/base32"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/id"
	"gatehouse/internal/mfa"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/secret"
)

// setupInput is a set-up that is all right.
func setupInput() ops.SetupInput {
	return ops.SetupInput{Password: secret.New(opstest.Password), Founding: ops.Founding{
		AccountHandle: "harbour", AccountName: "Harbour Domains", AccountEmail: "office@harbour.example", AccountMobile: "+32 470 12 34 56",
		Login: "anna", Name: "Anna Peeters", Email: "anna@harbour.example", Language: "en",
	}}
}

// appOf adds a key to an authenticator app by hand, as somebody would who
// cannot scan.
func appOf(t testing.TB, shown ops.AuthenticatorApp) mfa.AppSecret {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(shown.Key.Reveal(), " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	app, err := mfa.ParseAppSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// codeOf is what an app shows.
func codeOf(t testing.TB, app mfa.AppSecret, at time.Time) secret.Text {
	t.Helper()
	shown, err := mfa.Code(app, at)
	if err != nil {
		t.Fatal(err)
	}
	return again(shown)
}

// tokenOf a link: what stands in its fragment.
func tokenOf(t testing.TB, link secret.OneTime) secret.Text {
	t.Helper()
	_, token, ok := strings.Cut(link.Reveal(), "/#/activate?t=")
	if !ok {
		t.Fatalf("the link has no token in its fragment")
	}
	return secret.New(token)
}

// again is a secret that an answer showed, typed in.
func again(shown secret.OneTime) secret.Text { return secret.New(shown.Reveal()) }

// invite adds a colleague at the otter and gives what to hand over.
func (w *town) invite() ops.Added {
	w.T.Helper()
	w.people++
	login := fmt.Sprintf("guest%d", w.people)
	return opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Add, ops.AddUserInput{
		Login: login, Name: "Guest Goossens", Email: login + "@otter.example", Language: "en", Roles: []id.Role{w.Role(w.otter, "Support")},
	})
}

// invitation is the token of a fresh link.
func (w *town) invitation() secret.Text {
	w.T.Helper()
	return tokenOf(w.T, w.invite().Activation.Link)
}

// askedForFactor signs somebody in as far as the second factor.
func (w *town) askedForFactor(who *opstest.Person) secret.Text {
	w.T.Helper()
	out := opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password)})
	if out.State != ops.SecondFactorNeeded {
		w.T.Fatalf("the sign-in of %s is %s", who.Login, out.State)
	}
	return again(out.Ceremony)
}
