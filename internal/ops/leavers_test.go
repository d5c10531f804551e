package ops_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/auth"
	"gatehouse/internal/id"
	"gatehouse/internal/ops"
	"gatehouse/internal/ops/opstest"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/user"
)

// unknownToSignIn holds the answer to a sign-in against that to a login that
// never was.
func (w *town) unknownToSignIn(t *testing.T, login user.Login) {
	t.Helper()
	_, never := w.signIn("nobody.here", opstest.Password, w.anywhere())
	hashes := w.Hashes.Load()
	_, err := w.signIn(string(login), opstest.Password, w.anywhere())
	if diff := cmp.Diff(problem.Of(never).Detail, problem.Of(err).Detail); diff != "" || opstest.CodeOf(err) != opstest.CodeOf(never) {
		t.Errorf("%s, and of an unknown login %s:\n%s", opstest.CodeOf(err), opstest.CodeOf(never), diff)
	}
	if n := w.Hashes.Load() - hashes; n != 1 {
		t.Errorf("%d hashes were computed", n)
	}
}

// Whoever is deactivated is out at the next call and stays out, whatever they
// hold in hand; who is reactivated comes back as they were.
func TestUsers_Deactivate(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	who := w.somebody(w.otter, opstest.Member{Role: "Support"})
	here, there, waiting := who.Caller(), who.Caller(), w.askedForFactor(who)
	link := tokenOf(t, opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID}).Link)

	got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Deactivate, ops.UserID{ID: who.ID})
	r := w.LastRecord()
	if got.Status != user.Deactivated || opstest.Brief(r) != "user.deactivated done by user "+admin.Name || r.Object.ID != string(who.ID) || r.Detail["sessionsEnded"] != float64(2) {
		t.Errorf("%s: %s %v", got.Status, opstest.Brief(r), r.Detail)
	}
	for _, c := range []auth.Caller{here, there} {
		opstest.Refused(w.Place, c, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	}
	_, err := w.verify(waiting, ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.SignInFailed)
	w.unknownToSignIn(t, who.Login)
	code(t, w.check(link), problem.ActivationDead)
	code(t, w.complete(link, wrongPassword), problem.ActivationDead)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.Deactivate, ops.UserID{ID: who.ID}, problem.Conflict)
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID}, problem.Conflict)

	if got := opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Reactivate, ops.UserID{ID: who.ID}); got.Status != user.Active {
		t.Errorf("comes back %s", got.Status)
	}
	if got := opstest.Brief(w.LastRecord()); got != "user.reactivated done by user "+admin.Name {
		t.Errorf("the log says %q", got)
	}
	if w.alive(here) {
		t.Error("a session came back")
	}
	opstest.Refused(w.Place, admin.Caller(), w.Ops.Users.Reactivate, ops.UserID{ID: who.ID}, problem.Conflict)
	in := ops.SignInInput{Login: string(who.Login), Password: secret.New(opstest.Password), Code: who.Code()}
	opstest.Must(w.Place, opstest.Anybody(), w.Ops.Session.SignIn, in)
}

// Whoever never came is invited again, by the link they have.
func TestUsers_Deactivate_invited(t *testing.T) {
	w := newTown(t)
	added := w.invite()
	link, u := tokenOf(t, added.Activation.Link), ops.UserID{ID: added.User.ID}
	opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Deactivate, u)
	code(t, w.check(link), problem.ActivationDead)
	code(t, w.check(again(added.Activation.Code)), problem.ActivationDead)
	code(t, w.complete(link, opstest.Password), problem.ActivationDead)
	if got := opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Reactivate, u); got.Status != user.Invited {
		t.Errorf("comes back %s", got.Status)
	}
	w.unknownToSignIn(t, added.User.Login)
	code(t, w.complete(link, opstest.Password), "ok")
}

// Deleting is for good: everything that is kept about the user goes but the
// login, which nobody gets again, and the name, for readers of the log.
func TestUsers_Delete(t *testing.T) {
	w := newTown(t)
	admin := w.somebody(w.otter, opstest.Member{Role: "Admin"})
	who := w.somebody(w.otter, opstest.Member{Role: "Support", ForceMFA: true})
	session, waiting := who.Caller(), w.askedForFactor(who)
	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Update, ops.UpdateUserInput{ID: who.ID, Mobile: new("+32470123456")})
	link := tokenOf(t, opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Reissue, ops.ReissueInput{ID: who.ID}).Link)

	opstest.Must(w.Place, admin.Caller(), w.Ops.Users.Delete, ops.UserID{ID: who.ID})
	r := w.LastRecord()
	if opstest.Brief(r) != "user.deleted done by user "+admin.Name || r.Object.ID != string(who.ID) || r.Object.Name != who.Name || r.Detail["login"] != string(who.Login) {
		t.Errorf("the log says %s of %+v: %v", opstest.Brief(r), r.Object, r.Detail)
	}
	opstest.Refused(w.Place, session, w.Ops.Profile.Show, ops.None{}, problem.SessionEnded)
	_, err := w.verify(waiting, ops.VerifyInput{Code: who.Code()})
	code(t, err, problem.SignInFailed)
	w.unknownToSignIn(t, who.Login)
	code(t, w.complete(link, wrongPassword), problem.ActivationDead)
	for _, q := range []string{string(who.Login), string(who.Email), who.Name} {
		if diff := cmp.Diff([]string{}, w.found(q)); diff != "" {
			t.Errorf("searching %q finds\n%s", q, diff)
		}
	}
	for name, n := range map[string]int{
		"factors":     w.Count(`SELECT COUNT(*) FROM authenticator_apps WHERE user_id = $1`, string(who.ID)),
		"codes":       w.Count(`SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1`, string(who.ID)),
		"roles":       w.Count(`SELECT COUNT(*) FROM user_roles WHERE user_id = $1`, string(who.ID)),
		"activations": w.Count(`SELECT COUNT(*) FROM activations WHERE user_id = $1`, string(who.ID)),
		"sessions":    w.Count(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, string(who.ID)),
		"details":     w.Count(`SELECT COUNT(*) FROM users WHERE id = $1 AND (email <> '' OR mobile <> '' OR search <> '' OR password_hash <> '' OR force_mfa)`, string(who.ID)),
	} {
		if n != 0 {
			t.Errorf("%d %s are still kept", n, name)
		}
	}
	if n := w.Count(`SELECT COUNT(*) FROM users WHERE id = $1 AND name = $2 AND login = $3`, string(who.ID), who.Name, string(who.Login)); n != 1 {
		t.Error("there is no tombstone")
	}
	for name, err := range map[string]error{
		"again": w.acts(who.ID)["delete"](admin.Caller()), "update": w.acts(who.ID)["update"](admin.Caller()), "reissue": w.acts(who.ID)["reissue"](admin.Caller()),
	} {
		if got := opstest.CodeOf(err); got != "not_found" {
			t.Errorf("%s gives %s", name, got)
		}
	}
	in := w.colleague(w.Role(w.otter, "Support"))
	in.Login = string(who.Login)
	_, err = opstest.Do(w.Place, admin.Caller(), w.Ops.Users.Add, in)
	if diff := cmp.Diff([]string{"login:taken"}, opstest.Violations(err)); diff != "" {
		t.Errorf("the login is given again:\n%s", diff)
	}
}

// Somebody who was invited and never came can be deleted as well; the link is
// dead.
func TestUsers_Delete_states(t *testing.T) {
	w := newTown(t)
	added := w.invite()
	gone := w.somebody(w.otter, opstest.Member{State: user.Deactivated})
	for _, u := range []id.User{added.User.ID, gone.ID} {
		opstest.Must(w.Place, opstest.Console("otter"), w.Ops.Users.Delete, ops.UserID{ID: u})
		opstest.Refused(w.Place, opstest.Console("otter"), w.Ops.Users.Show, ops.UserID{ID: u}, problem.NotFound)
	}
	code(t, w.complete(tokenOf(t, added.Activation.Link), opstest.Password), problem.ActivationDead)
}
