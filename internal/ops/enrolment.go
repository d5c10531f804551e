package ops

import (
	"fmt"
	"time"

	"gatehouse/internal/mfa"
	"gatehouse/internal/secret"
	"gatehouse/internal/store"
	"gatehouse/internal/vault"
)

// enrolmentWait is how long saving the recovery codes and pairing the app may
// take.
const enrolmentWait = 30 * time.Minute

// EnrolmentBegun is what has to be saved and scanned before an authenticator
// app can be switched on. Nothing is in force yet.
type EnrolmentBegun struct {
	Ceremony         secret.OneTime   `json:"ceremony"`
	ExpiresAt        time.Time        `json:"expiresAt"`
	RecoveryCodes    []secret.OneTime `json:"recoveryCodes"` // empty beside a second factor that has its codes
	AuthenticatorApp AuthenticatorApp `json:"authenticatorApp"`
}

// ConfirmInput answers a ceremony with the code that the new app shows.
type ConfirmInput struct {
	Ceremony secret.Text `json:"ceremony"`
	Code     secret.Text `json:"code"`
}

// enrolment is an app, and the recovery codes that come into force with it,
// until the app has shown its first code.
type enrolment struct {
	App      []byte   `json:"app"`
	Name     string   `json:"name"`
	Recovery []string `json:"recovery"` // digests; empty when the user has codes
}

// newEnrolment makes the secrets and what is shown of them.
func newEnrolment(v *vault.Vault, login, name string, withCodes bool) (enrolment, EnrolmentBegun, error) {
	app := mfa.NewAppSecret()
	e := enrolment{App: app.Reveal(), Name: name}
	begun := EnrolmentBegun{RecoveryCodes: []secret.OneTime{}}
	if withCodes {
		begun.RecoveryCodes, e.Recovery = recoveryCodes(v)
	}
	var err error
	begun.AuthenticatorApp, err = provision(product, login, app)
	return e, begun, err
}

// step is the one whose code the app has shown; a problem when the code is
// wrong.
func (e enrolment) step(tx store.ReadTx, code secret.Text) (int64, error) {
	if err := clockRight(tx); err != nil {
		return 0, err
	}
	app, err := mfa.ParseAppSecret(e.App)
	if err != nil {
		return 0, fmt.Errorf("read authenticator app: %w", err)
	}
	step, ok := mfa.MatchStep(app, code, tx.Now())
	if !ok {
		return 0, errCodeWrong
	}
	return step, nil
}

// complete puts app and codes in force.
func (e enrolment) complete(tx store.WriteTx, v *vault.Vault, u store.UserRef, step int64) error {
	if err := addApp(tx, v, u, e.Name, e.App, step); err != nil {
		return fmt.Errorf("add authenticator app: %w", err)
	}
	if len(e.Recovery) == 0 {
		return nil
	}
	if err := tx.ReplaceRecoveryCodes(u, e.Recovery); err != nil {
		return fmt.Errorf("keep recovery codes: %w", err)
	}
	return nil
}

// proving is the state of a ceremony that a code of the new app finishes.
type proving interface {
	step(tx store.ReadTx, code secret.Text) (int64, error)
}

// confirm takes a ceremony and gives its state and the step whose code the new
// app showed. After a wrong code it goes on.
func confirm[T proving](tx store.WriteTx, v *vault.Vault, kind ceremonyKind, in ConfirmInput) (state T, step int64, err error) {
	c, err := takeCeremony[T](tx, v, kind, in.Ceremony)
	if err != nil {
		return c.state, 0, err
	}
	if step, err = c.state.step(tx.ReadTx, in.Code); err != nil {
		if failed := c.again(tx); failed != nil {
			err = failed
		}
	}
	return c.state, step, err
}
